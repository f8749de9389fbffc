"""Calls that several exercises of chapter 6 are checked with: densities and importances."""

from collections.abc import Iterator

import torch

from autograder.answer import Call, call
from autograder.exercise import Draw


def grid_by_hand(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([[1.0], [0.5]]), torch.tensor([0.5, 1.0, 6.0]))


def grids(draw: Draw) -> Iterator[Call]:
    # as many rows as columns, so that exchanged axes keep the shape
    yield call(draw.uniform(4, 1), draw.uniform(4, low=0.1, high=8.0))
    yield call(draw.uniform(5, 1), draw.uniform(3, low=0.1, high=8.0))
    yield call(draw.uniform(1, 3), draw.uniform(4, 1, low=0.1, high=8.0))


def points(draw: Draw) -> Iterator[Call]:
    """One point, points without a grid, and one value for all."""
    yield call(draw.uniform(), draw.uniform(low=0.1, high=8.0))
    yield call(draw.uniform(6), draw.uniform(6, low=0.1, high=8.0))
    yield call(draw.uniform(2, 3, 4), draw.uniform(low=0.1, high=8.0))
    yield call(draw.uniform(), draw.uniform(1, 4, low=0.1, high=8.0))


def edge_values(draw: Draw) -> Iterator[Call]:
    p = torch.tensor([[0.0], [1.0], [0.3]])
    yield call(p, torch.cat([torch.zeros(1), draw.uniform(2, low=0.1, high=8.0)]))


def grids_in_thirds(draw: Draw) -> Iterator[Call]:
    """In float64, with numbers that float32 does not have."""
    yield call(draw.uniform(4, 1).double() / 3, draw.uniform(3, low=0.1, high=8.0).double() / 3)
