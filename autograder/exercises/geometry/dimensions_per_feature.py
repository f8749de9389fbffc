"""The exercise `dimensions_per_feature`: hidden dimensions over the squared Frobenius norm."""

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from autograder.exercises.superposition._shared import one_instance, random_weights
from tms_lib import metrics


def _small_models(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([[2.0, 0.0, 1.0], [0.0, 1.0, 1.0]]))
    yield call(torch.tensor([[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, -1.0]]))


def _nothing_represented(draw: Draw) -> Iterator[Call]:
    W = draw.normal(2, 3, 4)
    W[1] = 0.0
    yield call(W)


def _does_not_square_the_norm(W: Tensor) -> Tensor:
    return W.shape[-2] / (W**2).sum((-2, -1)).sqrt()


def _features_per_dimension(W: Tensor) -> Tensor:
    return (W**2).sum((-2, -1)) / W.shape[-2]


def _divides_the_features(W: Tensor) -> Tensor:
    return W.shape[-1] / (W**2).sum((-2, -1))


def _counts_long_columns(W: Tensor) -> Tensor:
    return W.shape[-2] / ((W**2).sum(-2).sqrt() > 0.5).sum(-1)


def _one_for_all_models(W: Tensor) -> Tensor:
    return W.shape[-2] / (W**2).sum()


def _one_for_each_feature(W: Tensor) -> Tensor:
    return W.shape[-2] / (W**2).sum(-2)


def _mean_of_the_squares(W: Tensor) -> Tensor:
    return W.shape[-2] / (W**2).mean((-2, -1))


def _largest_singular_value(W: Tensor) -> Tensor:
    return W.shape[-2] / torch.linalg.matrix_norm(W, ord=2) ** 2


def _sum_of_the_norms(W: Tensor) -> Tensor:
    return W.shape[-2] / (W**2).sum(-2).sqrt().sum(-1)


def _adds_to_the_denominator(W: Tensor) -> Tensor:
    return W.shape[-2] / ((W**2).sum((-2, -1)) + 1e-6)


def _per_feature_as_trace(W: Tensor) -> Tensor:
    covered = torch.einsum("...hf,...hf->...", W, W)
    return torch.full_like(covered, W.size(-2)) / covered


EXERCISE = Exercise(
    reference=metrics.dimensions_per_feature,
    points=1,
    minutes=6,
    difficulty=1,
    checks=(
        equals_reference("small models that you can do by hand", _small_models),
        equals_reference("random weights, several instances", random_weights, weight=2),
        equals_reference("one instance, and no instance axis", one_instance),
        equals_reference("a model that represents nothing gets infinity", _nothing_represented),
        *contract(random_weights, gradients=["W"]),
    ),
    slips=(
        Slip(
            answer=_does_not_square_the_norm,
            says="You divided by the Frobenius norm itself. Divide by its square, the sum of all "
            "squared weights.",
        ),
        Slip(
            answer=_features_per_dimension,
            says="This is the inverse, features per dimension. Divide m by the sum.",
        ),
        Slip(
            answer=_divides_the_features,
            says="You divided n, the number of features. m is the number of hidden dimensions: "
            "the last axis of W but one.",
        ),
        Slip(
            answer=_counts_long_columns,
            says="You counted features above a threshold. The sum of squares counts them without "
            "one: a half-represented feature weighs less than 1.",
        ),
        Slip(
            answer=_one_for_all_models,
            says="You summed over the instances too. Each model has a number of its own.",
        ),
        Slip(
            answer=_one_for_each_feature,
            says="You divided by each feature's squared norm. There is one number per model: sum "
            "over the features as well.",
        ),
        Slip(
            answer=_mean_of_the_squares,
            says="You took the mean of the squared weights. The Frobenius norm sums them.",
        ),
        Slip(
            answer=_largest_singular_value,
            says="You took the spectral norm, the largest singular value. The Frobenius norm is "
            "the root of the sum of all squares.",
        ),
        Slip(
            answer=_sum_of_the_norms,
            says="You added the norms of the columns. Add their squares.",
        ),
        Slip(
            answer=_adds_to_the_denominator,
            says="You added a small number to the sum. A model that represents nothing has "
            "infinitely many dimensions per feature, and torch divides by 0 without help.",
        ),
    ),
    also_right=_per_feature_as_trace,
)
