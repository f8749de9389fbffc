"""The exercise `one_active_terms`: what a model loses when one feature is active, in two parts."""

from collections.abc import Iterator

import torch
from torch import Tensor

import tms_lib
from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise
from autograder.exercises.interference.one_active_terms_slips import SLIPS
from tms_lib import theory


def _models_by_hand(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([[1.0, -1.0]]), torch.zeros(2), importance=torch.tensor([3.0, 6.0]))
    # from feature 1, output 0 shows 2 x, and from feature 0, output 1 shows [2 x - 1]
    W, b = torch.tensor([[1.0, 2.0]]), torch.tensor([0.0, -1.0])
    yield call(W, b, importance=torch.tensor([6.0, 6.0]))


def _models(draw: Draw) -> Iterator[Call]:
    # as many instances as features: torch then lets a wrong axis broadcast without a word
    for shape, n_hidden in (((5, 5), 2), ((3, 6), 4)):
        instances, n = shape
        yield call(
            draw.normal(instances, n_hidden, n),
            0.5 * draw.normal(*shape),
            importance=draw.uniform(*shape, low=0.2, high=2.0),
        )


def _lone_models(draw: Draw) -> Iterator[Call]:
    for instances in ((1,), (), (2, 3)):
        yield call(
            draw.normal(*instances, 2, 4),
            0.5 * draw.normal(*instances, 4),
            importance=draw.uniform(*instances, 4, low=0.2, high=2.0),
        )
    yield call(draw.normal(3, 1), draw.normal(1), importance=draw.uniform(1))


def _shared_settings(draw: Draw) -> Iterator[Call]:
    """Importances and biases that all instances share, and one W with several biases."""
    W, b = draw.normal(3, 2, 5), 0.5 * draw.normal(3, 5)
    yield call(W, b, importance=draw.uniform(5, low=0.2, high=2.0))
    yield call(W, b, importance=draw.uniform(3, 1, low=0.2, high=2.0))
    yield call(W, b[0], importance=draw.uniform(3, 5, low=0.2, high=2.0))
    yield call(W[0], b, importance=draw.uniform(5, low=0.2, high=2.0))


def _edges(draw: Draw) -> Iterator[Call]:
    """Zero columns, no importance, biases that silence or drown everything."""
    W, b = draw.normal(3, 2, 5), 0.5 * draw.normal(3, 5)
    W[0, :, 1:3] = 0.0
    W[2] = 0.0
    b[1, :2], b[1, 2:] = -20.0, 5.0
    yield call(W, b, importance=torch.tensor([1.0, 0.5, 0.0, 2.0, 0.3]))


def _active_feature_by_feature(
    W: Tensor, b: Tensor, *, importance: Tensor
) -> tuple[Tensor, Tensor]:
    n = W.shape[-1]
    b, importance = torch.broadcast_tensors(b, importance)
    benefit, interference = [], []
    for i in range(n):
        gains = (W * W[..., i : i + 1]).sum(-2)  # of all outputs, with feature i active
        weight = importance.expand(gains.shape) if gains.ndim > importance.ndim else importance
        benefit.append(weight[..., i] * tms_lib.own_error(gains[..., i], b[..., i]))
        caused = weight * tms_lib.interference_error(gains, b)
        interference.append(caused[..., :i].sum(-1) + caused[..., i + 1 :].sum(-1))
    return torch.stack(benefit, -1).mean(-1), torch.stack(interference, -1).mean(-1)


EXERCISE = Exercise(
    reference=theory.one_active_terms,
    points=4,
    minutes=12,
    difficulty=3,
    checks=(
        equals_reference("two features in one dimension, by hand", _models_by_hand),
        equals_reference(
            "the feature benefit comes first", _models, measure=lambda terms, _: terms[0]
        ),
        equals_reference(
            "and then the interference", _models, measure=lambda terms, _: terms[1], weight=2
        ),
        equals_reference("one instance, and no instance axis", _lone_models),
        equals_reference("axes of size 1 and missing axes broadcast", _shared_settings),
        equals_reference("zero columns, no importance, large biases", _edges),
        *contract(_models),
    ),
    slips=SLIPS,
    also_right=_active_feature_by_feature,
)
