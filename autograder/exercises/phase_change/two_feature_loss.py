"""The exercise `two_feature_loss`: the exact loss, a sum over which features are active."""

from collections.abc import Iterator

import torch
from torch import Tensor

import tms_lib
from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise
from autograder.exercises.phase_change.two_feature_loss_slips import SLIPS
from tms_lib import theory


def _models_by_hand(_draw: Draw) -> Iterator[Call]:
    p, importance = torch.tensor([0.4, 0.2]), torch.tensor([1.0, 3.0])
    for W, b in (
        ([[1.0, 0.5]], [0.0, 0.0]),  # nothing is cut off: E[y^2] / 4 + 3 E[(x / 2 - 3 y / 4)^2]
        ([[1.0, 0.0]], [0.0, 0.1]),  # 3 (0.2 / 3 - 0.01)
        ([[0.0, 1.0]], [0.2, 0.0]),  # 0.4 / 3 - 0.04
        ([[1.0, -1.0]], [0.0, 0.0]),  # (1 + 3) 0.4 0.2 / 6
    ):
        yield call(torch.tensor(W), torch.tensor(b), feature_probability=p, importance=importance)


def _two_feature_models(draw: Draw) -> Iterator[Call]:
    for n_instances, n_hidden in ((4, 1), (3, 2)):
        yield call(
            draw.normal(n_instances, n_hidden, 2),
            0.5 * draw.normal(n_instances, 2),
            feature_probability=draw.uniform(n_instances, 2),
            importance=draw.uniform(n_instances, 2, high=3.0),
        )


def _pairs_and_their_biases(draw: Draw) -> Iterator[Call]:
    """Opposite weights with biases of either sign, as they come out of training."""
    size = draw.uniform(6, 1, 2, low=0.7, high=1.2)
    yield call(
        size * torch.tensor([1.0, -1.0]),
        draw.uniform(6, 2, low=-0.3, high=0.3),
        feature_probability=draw.uniform(6, 2, low=0.05),
        importance=draw.uniform(6, 2, low=0.1, high=3.0),
    )


def _lone_models(draw: Draw) -> Iterator[Call]:
    for instances in ((1,), (), (2, 3)):
        yield call(
            draw.normal(*instances, 1, 2),
            0.5 * draw.normal(*instances, 2),
            feature_probability=draw.uniform(*instances, 2),
            importance=draw.uniform(*instances, 2, high=3.0),
        )


def _broadcasting_models(draw: Draw) -> Iterator[Call]:
    """One density for both features, importances for all instances; one model on a grid."""
    yield call(
        draw.normal(4, 1, 2),
        0.5 * draw.normal(4, 2),
        feature_probability=draw.uniform(4, 1),
        importance=draw.uniform(2, high=3.0),
    )
    yield call(
        draw.normal(1, 2),
        0.5 * draw.normal(2),
        feature_probability=draw.uniform(3, 1, 1),
        importance=draw.uniform(4, 2, high=3.0),
    )


def _extreme_models(draw: Draw) -> Iterator[Call]:
    p = torch.tensor([[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.4]])
    W, b = draw.normal(4, 1, 2), 0.5 * draw.normal(4, 2)
    importance = draw.uniform(4, 2, low=0.1, high=3.0)
    yield call(W, b, feature_probability=p, importance=importance)
    W = W.clone()
    W[0, 0, 0] = W[1, 0, 1] = 0.0
    W[2] = 0.0
    half = draw.uniform(4, 2, low=0.3, high=0.9)
    yield call(W, b.abs(), feature_probability=half, importance=importance)


def _loss_by_patterns(
    W: Tensor, b: Tensor, *, feature_probability: Tensor, importance: Tensor
) -> Tensor:
    p, importance = torch.broadcast_tensors(feature_probability, importance)
    p, importance = p.expand(*p.shape[:-1], 2), importance.expand(*importance.shape[:-1], 2)
    W_0, W_1 = W[..., 0], W[..., 1]
    overlap = (W_0 * W_1).sum(-1)
    total = 0
    for i, norm_squared in ((0, (W_0**2).sum(-1)), (1, (W_1**2).sum(-1))):
        for self_active in (True, False):
            for other_active in (True, False):
                if self_active and other_active:
                    error = tms_lib.both_active_error(norm_squared, overlap, bias=b[..., i])
                elif self_active:
                    error = tms_lib.own_error(norm_squared, b[..., i])
                elif other_active:
                    error = tms_lib.interference_error(overlap, b[..., i])
                else:
                    error = torch.relu(b[..., i]) ** 2
                here = p[..., i] if self_active else 1 - p[..., i]
                there = p[..., 1 - i] if other_active else 1 - p[..., 1 - i]
                total = total + importance[..., i] * here * there * error
    return total


EXERCISE = Exercise(
    reference=theory.two_feature_loss,
    points=4,
    minutes=20,
    difficulty=3,
    checks=(
        equals_reference("small cases, by hand", _models_by_hand),
        equals_reference("random models, several instances", _two_feature_models, weight=2),
        equals_reference("opposite weights, biases of either sign", _pairs_and_their_biases),
        equals_reference("one instance, and no instance axis", _lone_models),
        equals_reference("axes of size 1 and missing axes broadcast", _broadcasting_models),
        equals_reference("p = 0, p = 1, and zero columns", _extreme_models),
        *contract(_two_feature_models, gradients=["W", "b"]),
    ),
    slips=SLIPS,
    also_right=_loss_by_patterns,
)
