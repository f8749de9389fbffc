"""The exercise `linear_descent`: W recorded over gradient descent on a loss without noise."""

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise
from autograder.exercises.learning_dynamics.linear_descent_slips import SLIPS
from tms_lib import dynamics
from tms_lib.features import feature_moments


def _one_feature(_draw: Draw) -> Iterator[Call]:
    one = torch.ones(1)
    yield call(0.5 * one[None], feature_probability=one, importance=one, lr=1.0, n_steps=2, every=1)


def _descent(draw: Draw, *shape: int, n_steps: int, every: int) -> Call:
    """Every feature and instance has a density and an importance of its own."""
    *instances, _, n_features = shape
    return call(
        0.4 * draw.normal(*shape),
        feature_probability=draw.uniform(*instances, n_features, low=0.2),
        importance=draw.uniform(*instances, n_features, low=0.3, high=1.5),
        lr=0.2,
        n_steps=n_steps,
        every=every,
    )


def _descents(draw: Draw) -> Iterator[Call]:
    yield _descent(draw, 3, 2, 5, n_steps=6, every=2)
    yield _descent(draw, 2, 4, 3, n_steps=5, every=1)


def _one_descent(draw: Draw) -> Iterator[Call]:
    yield _descent(draw, 1, 2, 4, n_steps=4, every=2)
    yield _descent(draw, 3, 6, n_steps=3, every=1)
    yield _descent(draw, 2, 2, 3, 3, n_steps=3, every=3)  # any number of instance axes


def _uneven_records(draw: Draw) -> Iterator[Call]:
    yield _descent(draw, 2, 2, 4, n_steps=7, every=3)
    yield _descent(draw, 2, 3, 4, n_steps=2, every=5)
    yield _descent(draw, 2, 3, 4, n_steps=0, every=1)


def _shared_settings(draw: Draw) -> Iterator[Call]:
    """Densities and importances that instances or features share."""
    for p_shape, importance_shape in (((4,), (4,)), ((3, 1), (4,)), ((1, 4), (3, 1))):
        yield call(
            0.4 * draw.normal(3, 2, 4),
            feature_probability=draw.uniform(*p_shape, low=0.2),
            importance=draw.uniform(*importance_shape, low=0.3, high=1.5),
            lr=0.2,
            n_steps=4,
            every=2,
        )


def _written_by_hand(
    W: Tensor,
    *,
    feature_probability: Tensor,
    importance: Tensor,
    lr: float,
    n_steps: int,
    every: int,
) -> Tensor:
    # The best bias leaves sum_ij I_i sigma_j^2 M_ij^2 with M = 1 - W^T W.
    variance = feature_moments(feature_probability).variance
    weight = importance.unsqueeze(-1) * variance.unsqueeze(-2)
    record = W.new_empty(1 + n_steps // every, *W.shape)
    record[0] = W
    for step in range(n_steps):
        gap = torch.eye(W.shape[-1], dtype=W.dtype, device=W.device) - W.mT @ W
        pull = weight * gap
        W = W + 2 * lr * W @ (pull + pull.mT)
        if (step + 1) % every == 0:
            record[(step + 1) // every] = W
    return record


EXERCISE = Exercise(
    reference=dynamics.linear_descent,
    points=3,
    minutes=15,
    difficulty=3,
    checks=(
        equals_reference("one feature, two steps, by hand", _one_feature),
        equals_reference("random weights, several instances", _descents, weight=2),
        equals_reference("one instance, and no instance axis", _one_descent),
        equals_reference("settings that instances share", _shared_settings),
        equals_reference("records that do not end with the last step", _uneven_records, weight=2),
        equals_reference("the snapshots are cut from the graph", _descents, cut=True),
        *contract(_descents),
    ),
    slips=SLIPS,
    also_right=_written_by_hand,
)
