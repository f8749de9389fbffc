"""Calls that several exercises of chapter 12 are checked with: circuits, and what they compute."""

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.exercise import Draw


def circuits(draw: Draw) -> Iterator[Call]:
    """W1 and W2 of several instances; outputs and features may differ in number."""
    yield call(draw.normal(3, 4, 5), draw.normal(3, 5, 4))
    yield call(draw.normal(2, 6, 3), draw.normal(2, 4, 6))
    # as many neurons as features and instances, so that no mistaken axis shows in the shape
    yield call(draw.normal(4, 4, 4), draw.normal(4, 4, 4))


def lone_circuits(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(1, 4, 5), draw.normal(1, 5, 4))
    yield call(draw.normal(4, 3), draw.normal(2, 4))
    yield call(draw.normal(3, 1), draw.normal(1, 3))
    yield call(draw.normal(2, 3, 4, 5), draw.normal(2, 3, 5, 4))  # any number of instance axes


def in_thirds(draw: Draw) -> Iterator[Call]:
    """With numbers that float32 does not have, for float64."""
    yield call(draw.normal(2, 4, 3).double() / 3, draw.normal(2, 5, 4).double() / 3)


def behaviour(W1: Tensor, W2: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What a circuit adds up to: the same in any order and scale of neurons.

    For each feature alone, on its positive and on its negative side, and for 64 fixed inputs.
    """
    x = Draw(0).uniform(W1.shape[-1], 64, low=-1.0, high=1.0)
    # not by `side_responses`, which refuses weights that are not finite: here they are just wrong
    return W2 @ torch.relu(W1), W2 @ torch.relu(-W1), W2 @ torch.relu(W1 @ x.to(W1))
