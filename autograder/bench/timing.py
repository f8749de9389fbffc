"""How long something takes, on a machine that may be doing other things too."""

import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import torch

T = TypeVar("T")
_SHORTEST = 0.3  # seconds of one measurement


def seconds_per_step(run: Callable[[int], None], *, device: torch.device) -> float:
    """How long a step takes, where `run(n)` does n of them.

    The least of three measurements, which other work on the machine disturbs least.
    """
    run(3)  # what is done only once is not counted
    n_steps = 1
    while timed(partial(run, n_steps), device=device)[0] < _SHORTEST:
        n_steps *= 2
    return min(timed(partial(run, n_steps), device=device)[0] for _ in range(3)) / n_steps


def timed(work: Callable[[], T], *, device: torch.device) -> tuple[float, T]:
    """Seconds that some work takes, also what it leaves to a GPU, and its result."""
    start = time.perf_counter()
    result = work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start, result
