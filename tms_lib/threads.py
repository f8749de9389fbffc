"""How many threads a step of many small models should use on a CPU."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

_WORTH_SHARING = 2**26  # multiplications, from where threads save more time than they wait


@contextmanager
def threads_for(model: nn.Module, *, batch_size: int) -> Iterator[None]:
    """One thread for a small step, torch's own number for a large one; then as before.

    Threads that wait for each other make small steps several times slower, and tens of times on
    a busy machine.
    """
    n_threads = torch.get_num_threads()
    n_parameters = sum(parameter.numel() for parameter in model.parameters())
    if n_parameters * batch_size < _WORTH_SHARING:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for whatever the work; then as before.

    For work that shares the cores with its like, or whose rounding must not depend on them.
    """
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)
