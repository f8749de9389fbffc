"""How many threads torch uses on a CPU for a piece of work."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import torch
from torch import nn

_WORTH_SHARING = 2**26  # multiplications, from where threads save more time than they wait


@contextmanager
def threads(number: int) -> Iterator[None]:
    """This number of threads; then as before.

    One is for small work, for work that shares the cores with its like, and where rounding must
    not depend on the cores. New threads of Python take the number over.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def threads_for(model: nn.Module, *, batch_size: int) -> AbstractContextManager[None]:
    """One thread for a small step, torch's own number for a large one; then as before.

    Threads that wait for each other make small steps several times slower, and tens of times on
    a busy machine.
    """
    n_parameters = sum(parameter.numel() for parameter in model.parameters())
    is_small = n_parameters * batch_size < _WORTH_SHARING
    return threads(1 if is_small else torch.get_num_threads())
