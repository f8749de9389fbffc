"""Calls that several exercises of chapter 4 are checked with: linear models and their features."""

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.exercise import Draw


def models_with_importance(draw: Draw) -> Iterator[Call]:
    # as many instances as features: torch then lets a wrong axis broadcast without a word
    for shape, n_hidden in (((5, 5), 2), ((3, 6), 4)):
        instances, n = shape
        yield call(
            draw.normal(instances, n_hidden, n),
            feature_probability=draw.uniform(*shape, low=0.1),
            importance=draw.uniform(*shape, low=0.2, high=2.0),
        )


def one_model_with_importance(draw: Draw) -> Iterator[Call]:
    for instances in ((1,), (), (2, 3)):
        yield call(
            draw.normal(*instances, 2, 4),
            feature_probability=draw.uniform(*instances, 4, low=0.1),
            importance=draw.uniform(*instances, 4, low=0.2, high=2.0),
        )


def shared_settings(draw: Draw) -> Iterator[Call]:
    """Densities and importances that all instances share, and one model at many densities."""
    W, importance = draw.normal(3, 2, 5), draw.uniform(5, low=0.2, high=2.0)
    yield call(W, feature_probability=draw.uniform(5, low=0.1), importance=importance)
    yield call(W, feature_probability=draw.uniform(3, 1, low=0.1), importance=importance)
    yield call(W[0], feature_probability=draw.uniform(4, 1, low=0.1), importance=importance)


def with_edges(draw: Draw) -> Iterator[Call]:
    """Features that are never or always active, of no importance, or with a zero column."""
    W = draw.normal(2, 3, 5)
    W[:, :, 2] = 0.0
    importance = torch.tensor([1.0, 0.5, 2.0, 0.0, 0.3])
    p = torch.tensor([[0.0, 1.0, 0.4, 0.7, 0.2], [1.0, 0.3, 1.0, 0.0, 0.0]])
    yield call(W, feature_probability=p, importance=importance)
    yield call(torch.zeros(1, 2, 5), feature_probability=p[1:], importance=importance)


def in_thirds(draw: Draw) -> Iterator[Call]:
    """Numbers that float32 does not have, in float64."""
    yield call(
        draw.normal(4, 2, 5).double() / 3,
        feature_probability=draw.uniform(4, 5, low=0.3, high=3.0).double() / 3,
        importance=draw.uniform(4, 5, low=0.6, high=6.0).double() / 3,
    )


def mixed_spaces(draw: Draw, *instances: int, n_hidden: int, n_features: int) -> Tensor:
    """Random weights, neither orthogonal nor normalised, and never nearly of a lower rank."""
    rows = torch.linalg.qr(draw.normal(*instances, n_features, n_hidden)).Q.mT
    turn = torch.linalg.qr(draw.normal(*instances, n_hidden, n_hidden)).Q
    sizes = draw.uniform(*instances, n_hidden, 1, low=0.4, high=2.0)
    return turn @ (sizes * rows)
