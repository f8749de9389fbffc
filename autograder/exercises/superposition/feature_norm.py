"""The exercise `feature_norm`: the length of each feature's column of W."""

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from autograder.exercises.superposition._shared import one_instance, random_weights
from tms_lib import metrics


def _small_weights(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([[3.0, 0.0, 1.0], [4.0, 2.0, 1.0]]))


def _row_norms(W: Tensor) -> Tensor:
    return (W**2).sum(-1).sqrt()


def _norm_squared(W: Tensor) -> Tensor:
    return (W**2).sum(-2)


def _norm_of_absolute_values(W: Tensor) -> Tensor:
    return W.abs().sum(-2)


def _norm_over_instances(W: Tensor) -> Tensor:
    return (W**2).sum(0).sqrt()


def _mean_instead_of_sum(W: Tensor) -> Tensor:
    return (W**2).mean(-2).sqrt()


def _one_norm_per_model(W: Tensor) -> Tensor:
    return (W**2).sum((-2, -1)).sqrt()


def _norm_as_root_of_the_diagonal(W: Tensor) -> Tensor:
    return torch.diagonal(W.transpose(-2, -1) @ W, dim1=-2, dim2=-1).sqrt()


EXERCISE = Exercise(
    reference=metrics.feature_norm,
    points=1,
    minutes=5,
    difficulty=1,
    checks=(
        equals_reference("a small case that you can do by hand", _small_weights),
        equals_reference("random weights, several instances", random_weights, weight=2),
        equals_reference("one instance, and no instance axis", one_instance),
        *contract(random_weights, gradients=["W"]),
    ),
    slips=(
        Slip(
            answer=_row_norms,
            says="You measured rows: how much goes into each hidden dimension. "
            "A feature is a column of W.",
        ),
        Slip(
            answer=_norm_squared,
            says="This is the squared norm. Take the root of the sum.",
        ),
        Slip(
            answer=_norm_of_absolute_values,
            says="You summed absolute values. The norm is the root of the sum of squares.",
        ),
        Slip(
            answer=_mean_instead_of_sum,
            says="You took the mean of the squares. The norm has their sum under the root.",
        ),
        Slip(
            answer=_norm_over_instances,
            says="You summed over the first axis, the instances. Sum over the hidden "
            "dimensions, the last axis but one.",
        ),
        Slip(
            answer=_one_norm_per_model,
            says="You summed over all weights of a model. There is one norm per feature.",
        ),
    ),
    also_right=_norm_as_root_of_the_diagonal,
)
