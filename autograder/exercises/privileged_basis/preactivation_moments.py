"""The exercise `preactivation_moments`: mean and standard deviation of each neuron's input."""

from collections.abc import Iterator

import torch
from torch import Tensor

import tms_lib
from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip


def _moments_by_hand(_draw: Draw) -> Iterator[Call]:
    # the variances of the features are 1/12, 1/12 and 5/48
    W = torch.tensor([[[3.0, -4.0, 0.0], [0.0, 0.0, 2.0]]])
    yield call(W, feature_probability=torch.tensor([[1.0, 1.0, 0.5]]))


def _random_inputs(draw: Draw) -> Iterator[Call]:
    for shape in ((3, 4, 6), (2, 5, 5)):  # the second has as many neurons as features
        p = draw.uniform(shape[0], shape[-1], low=0.05, high=1.0)
        yield call(draw.normal(*shape), feature_probability=p)


def _one_model(draw: Draw) -> Iterator[Call]:
    for shape in ((1, 3, 5), (4, 6), (2, 3, 2, 4)):
        p = draw.uniform(*shape[:-2], shape[-1], low=0.05, high=1.0)
        yield call(draw.normal(*shape), feature_probability=p)


def _shared_densities(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(3, 2, 5), feature_probability=draw.uniform(5, low=0.05))
    yield call(draw.normal(3, 2, 5), feature_probability=draw.uniform(3, 1, low=0.05))
    yield call(draw.normal(4, 5), feature_probability=draw.uniform(1, low=0.05))


def _never_and_always(draw: Draw) -> Iterator[Call]:
    W = draw.normal(2, 3, 4)
    W[0, 1] = 0.0
    yield call(W, feature_probability=torch.tensor([[0.0, 1.0, 0.0, 0.3], [0.0, 0.0, 0.0, 0.0]]))


def _mean_of_active(W: Tensor, *, feature_probability: Tensor) -> tuple[Tensor, Tensor]:
    p = feature_probability.unsqueeze(-2)
    variance = (W**2 * (p / 3 - p**2 / 4)).sum(-1)
    return (W / 2).sum(-1), variance.sqrt()


def _density_as_mean(W: Tensor, *, feature_probability: Tensor) -> tuple[Tensor, Tensor]:
    p = feature_probability.unsqueeze(-2)
    variance = (W**2 * (p / 3 - p**2 / 4)).sum(-1)
    return (W * p).sum(-1), variance.sqrt()


def _absolute_weights(W: Tensor, *, feature_probability: Tensor) -> tuple[Tensor, Tensor]:
    p = feature_probability.unsqueeze(-2)
    variance = (W**2 * (p / 3 - p**2 / 4)).sum(-1)
    return (W.abs() * p / 2).sum(-1), variance.sqrt()


def _second_moments(W: Tensor, *, feature_probability: Tensor) -> tuple[Tensor, Tensor]:
    p = feature_probability.unsqueeze(-2)
    return (W * p / 2).sum(-1), (W**2 * p / 3).sum(-1).sqrt()


def _scaled_uniform_variance(W: Tensor, *, feature_probability: Tensor) -> tuple[Tensor, Tensor]:
    p = feature_probability.unsqueeze(-2)
    return (W * p / 2).sum(-1), (W**2 * p / 12).sum(-1).sqrt()


def _adds_deviations(W: Tensor, *, feature_probability: Tensor) -> tuple[Tensor, Tensor]:
    p = feature_probability.unsqueeze(-2)
    return (W * p / 2).sum(-1), (W.abs() * (p / 3 - p**2 / 4).sqrt()).sum(-1)


def _weights_not_squared(W: Tensor, *, feature_probability: Tensor) -> tuple[Tensor, Tensor]:
    p = feature_probability.unsqueeze(-2)
    return (W * p / 2).sum(-1), (W.abs() * (p / 3 - p**2 / 4)).sum(-1).sqrt()


def _no_root(W: Tensor, *, feature_probability: Tensor) -> tuple[Tensor, Tensor]:
    p = feature_probability.unsqueeze(-2)
    return (W * p / 2).sum(-1), (W**2 * (p / 3 - p**2 / 4)).sum(-1)


def _averages(W: Tensor, *, feature_probability: Tensor) -> tuple[Tensor, Tensor]:
    p = feature_probability.unsqueeze(-2)
    variance = (W**2 * (p / 3 - p**2 / 4)).mean(-1)
    return (W * p / 2).mean(-1), variance.sqrt()


def _deviation_first(W: Tensor, *, feature_probability: Tensor) -> tuple[Tensor, Tensor]:
    p = feature_probability.unsqueeze(-2)
    variance = (W**2 * (p / 3 - p**2 / 4)).sum(-1)
    return variance.sqrt(), (W * p / 2).sum(-1)


def _square_of_the_sum(W: Tensor, *, feature_probability: Tensor) -> tuple[Tensor, Tensor]:
    p = feature_probability.unsqueeze(-2)
    return (W * p / 2).sum(-1), (W * (p / 3 - p**2 / 4).sqrt()).sum(-1).abs()


def _with_matrix_products(W: Tensor, *, feature_probability: Tensor) -> tuple[Tensor, Tensor]:
    p = feature_probability.expand(*W.shape[:-2], W.shape[-1])
    mean = torch.einsum("...ki,...i->...k", W, p) / 2
    covariance = torch.diag_embed(p * (4 - 3 * p) / 12)
    return mean, (W @ covariance @ W.mT).diagonal(dim1=-2, dim2=-1).clamp(min=0).sqrt()


EXERCISE = Exercise(
    reference=tms_lib.preactivation_moments,
    points=2,
    minutes=10,
    difficulty=2,
    checks=(
        equals_reference("two neurons, by hand", _moments_by_hand),
        equals_reference("every feature with its density", _random_inputs, weight=2),
        equals_reference("one instance, and no instance axis", _one_model),
        equals_reference("densities that broadcast", _shared_densities),
        equals_reference("features that are never or always active", _never_and_always),
        *contract(_random_inputs),
    ),
    slips=(
        Slip(
            answer=_mean_of_active,
            says="Your mean takes every feature as active. A feature that is active with "
            "probability p has the mean p / 2.",
        ),
        Slip(
            answer=_density_as_mean,
            says="You took p for the mean of a feature. An active feature is 1/2 on average, so "
            "the mean is p / 2.",
        ),
        Slip(
            answer=_absolute_weights,
            says="You averaged with absolute weights. A negative weight lowers the mean: keep its "
            "sign.",
        ),
        Slip(
            answer=_second_moments,
            says="You took E[x_i^2] for the variance. Subtract the squared mean: p / 3 - p^2 / 4.",
        ),
        Slip(
            answer=_scaled_uniform_variance,
            says="You took p / 12 for the variance. Whether a feature is active varies too: "
            "p / 3 - p^2 / 4.",
        ),
        Slip(
            answer=_adds_deviations,
            says="You added standard deviations. For independent features variances add up; take "
            "the root at the end.",
        ),
        Slip(
            answer=_weights_not_squared,
            says="Your variance has the weights to the first power. W x has the variance "
            "W^2 Var[x].",
        ),
        Slip(
            answer=_no_root,
            says="You returned the variance. The standard deviation is its root.",
        ),
        Slip(
            answer=_averages,
            says="You averaged over the features. A neuron's input is their sum.",
        ),
        Slip(
            answer=_deviation_first,
            says="You returned the standard deviation before the mean. The mean comes first.",
        ),
        Slip(
            answer=_square_of_the_sum,
            says="You let deviations of opposite sign cancel. The features vary independently: "
            "square each term, then add.",
        ),
    ),
    also_right=_with_matrix_products,
)
