"""Calls that several exercises of chapter 3 are checked with: weights, and linear models."""

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.exercise import Draw
from tms_lib.features import feature_moments


def random_weights(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(3, 2, 5))
    yield call(draw.normal(2, 4, 7) * draw.uniform(2, 1, 7, low=0.2, high=3.0))


def one_instance(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(1, 2, 4))
    yield call(draw.normal(3, 6))
    yield call(draw.normal(2, 1, 3))
    yield call(draw.normal(2, 3, 4, 4))  # any number of instance axes, as many rows as columns


def _separate(draw: Draw, p: Tensor) -> Tensor:
    """Importances that make the costs I_i Var[x_i] clearly different, in a random order.

    The order is neither that of the importances nor that of the densities.
    """
    *instances, n = p.shape
    order = torch.argsort(draw.uniform(*instances, n), dim=-1)
    cost = (order + draw.uniform(*instances, n, low=0.8, high=1.2)) / n
    return cost / feature_moments(p).variance


def small_linear(_draw: Draw) -> Iterator[Call]:
    # costs .0586, .0833, .0567, .1042, .0617: the most important, the first, and the one with
    # the largest second moment are all others than the one to keep
    yield call(
        torch.tensor([0.1, 1.0, 0.2, 0.5, 0.1]),
        importance=torch.tensor([1.9, 1.0, 1.0, 1.0, 2.0]),
        n_hidden=1,
    )
    # costs .0933, .0208, .0521
    yield call(torch.tensor([0.4, 0.5, 0.5]), importance=torch.tensor([1.0, 0.2, 0.5]), n_hidden=2)


def one_density(draw: Draw) -> Iterator[Call]:
    p = draw.uniform(4, 1, low=0.05, high=1.0).expand(4, 7).clone()
    yield call(p, importance=_separate(draw, p), n_hidden=3)


def every_density_its_own(draw: Draw) -> Iterator[Call]:
    for shape, n_hidden in (((4, 6), 2), ((2, 8), 5)):
        p = draw.uniform(*shape, low=0.05, high=1.0)
        yield call(p, importance=_separate(draw, p), n_hidden=n_hidden)


def one_linear_instance(draw: Draw) -> Iterator[Call]:
    for shape in ((1, 7), (8,), (2, 3, 7)):
        p = draw.uniform(*shape, low=0.05, high=1.0)
        yield call(p, importance=_separate(draw, p), n_hidden=3)


def axes_that_broadcast(draw: Draw) -> Iterator[Call]:
    """A density for each instance, importances for all of them, and the other way round."""
    p = draw.uniform(3, 1, low=0.05, high=1.0)
    importance = _separate(draw, torch.ones(6))
    yield call(p, importance=importance, n_hidden=2)
    yield call(torch.full((1,), 0.3), importance=importance * p, n_hidden=4)


def edges(draw: Draw) -> Iterator[Call]:
    # a feature that is never active costs nothing; without room to spare nothing is ignored
    p = torch.tensor([[0.0, 1.0, 0.4, 0.7]])
    cost = torch.tensor([[9.0, 3.0, 2.0, 1.0]]) + draw.uniform(1, 4, low=0.0, high=0.5)
    importance = cost / torch.where(p > 0, feature_moments(p).variance, torch.ones_like(p))
    yield call(p, importance=importance, n_hidden=2)
    yield call(p[:, 1:], importance=importance[:, 1:], n_hidden=3)


def in_thirds(draw: Draw) -> Iterator[Call]:
    """In float64, with numbers that float32 does not have."""
    p = draw.uniform(3, 5, low=0.2, high=3.0).double() / 3
    yield call(p, importance=_separate(draw, p), n_hidden=2)
