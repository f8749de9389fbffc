"""Calls that several exercises of chapter 11 are checked with: weights whose rows are neurons."""

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.exercise import Draw


def random_neurons(draw: Draw) -> Iterator[Call]:
    # one neuron's weights are much larger than another's, and as many neurons as features
    yield call(draw.normal(3, 4, 6) * draw.uniform(3, 4, 1, low=0.2, high=3.0))
    yield call(draw.normal(2, 5, 5))


def one_model_of_neurons(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(1, 3, 4))
    yield call(draw.normal(4, 3))
    yield call(draw.normal(2, 1, 5))
    yield call(draw.normal(2, 3, 3, 4))  # any number of instance axes


def dead_neurons(draw: Draw) -> Iterator[Call]:
    W = draw.normal(3, 3, 5)
    W[0, 1] = 0.0
    W[2] = 0.0
    yield call(W)


def eighths(draw: Draw, *shape: int, low: float, high: float) -> Tensor:
    """Multiples of 1/8, whose sums of products are exact in any order."""
    return torch.round(8 * draw.uniform(*shape, low=low, high=high)) / 8
