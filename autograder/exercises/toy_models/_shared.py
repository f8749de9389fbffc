"""Calls that both models of chapter 2 are checked with."""

from collections.abc import Iterator

import torch

from autograder.answer import Call, call
from autograder.exercise import Draw


def model_by_hand(_draw: Draw) -> Iterator[Call]:
    x = torch.tensor([[[0.7, 0.0], [0.0, 0.3]]])
    yield call(x, W=torch.tensor([[[1.0, -1.0]]]), b=torch.tensor([[0.0, 0.0]]))
    yield call(x, W=torch.tensor([[[1.0, -1.0]]]), b=torch.tensor([[-0.2, 0.5]]))


def random_models(draw: Draw) -> Iterator[Call]:
    # as many instances as samples: torch then lets a bias meet the batch axis without a word
    yield call(draw.uniform(4, 4, 5), W=draw.normal(4, 2, 5), b=draw.normal(4, 5))
    yield call(draw.normal(3, 6, 5), W=draw.normal(3, 2, 5), b=draw.normal(3, 5))


def lone_models(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(1, 6, 5), W=draw.normal(1, 2, 5), b=draw.normal(1, 5))
    yield call(draw.normal(7, 4), W=draw.normal(3, 4), b=draw.normal(4))
    # any number of instance axes
    yield call(draw.normal(2, 3, 6, 5), W=draw.normal(2, 3, 2, 5), b=draw.normal(2, 3, 5))


def with_zeros(draw: Draw) -> Iterator[Call]:
    W = draw.normal(2, 3, 5)
    W[0, :, 1] = 0.0
    yield call(draw.normal(2, 6, 5), W=W, b=draw.normal(2, 5))
    yield call(torch.zeros(2, 6, 5), W=W, b=draw.normal(2, 5))
