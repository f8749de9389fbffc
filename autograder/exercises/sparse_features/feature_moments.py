"""The exercise `feature_moments`: mean, second moment and variance of a sparse feature."""

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import features


def _moments_by_hand(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([1.0, 0.5]))


def _densities(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(3, 4, low=0.1))
    yield call(draw.uniform(1, 5, low=0.1))
    yield call(draw.uniform(low=0.1))


def _extreme_densities(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([[0.0, 1.0]]))


def _moments_of_active(feature_probability: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    one = torch.ones_like(feature_probability)
    return one / 2, one / 3, one / 12


def _scales_the_uniform_variance(feature_probability: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    p = feature_probability
    return p / 2, p / 3, p / 12


def _second_moment_for_variance(feature_probability: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    p = feature_probability
    return p / 2, p / 3, p / 3


def _squares_the_mean(feature_probability: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    p = feature_probability
    return p / 2, p**2 / 4, p / 3 - p**2 / 4


def _squares_the_density(feature_probability: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    p = feature_probability
    return p / 2, p**2 / 3, p**2 / 12


def _squares_only_the_half(feature_probability: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    p = feature_probability
    return p / 2, p / 3, p / 3 - 1 / 4


def _mean_not_squared(feature_probability: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    p = feature_probability
    return p / 2, p / 3, p / 3 - p / 2


def _moments_of_a_coin(feature_probability: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    p = feature_probability
    return p.clone(), p.clone(), p * (1 - p)


def _moments_of_sparsity(feature_probability: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    p = 1 - feature_probability
    return p / 2, p / 3, p / 3 - p**2 / 4


def _variance_before_second_moment(feature_probability: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    p = feature_probability
    return p / 2, p / 3 - p**2 / 4, p / 3


def _standard_deviation(feature_probability: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    p = feature_probability
    return p / 2, p / 3, (p / 3 - p**2 / 4).sqrt()


def _moments_by_total_variance(feature_probability: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    mean = 0.5 * feature_probability
    # the law of total variance: within "active", and between "active" and "inactive"
    variance = feature_probability / 12 + feature_probability * (1 - feature_probability) / 4
    return mean, variance + mean**2, variance


EXERCISE = Exercise(
    reference=features.feature_moments,
    points=2,
    minutes=8,
    difficulty=2,
    checks=(
        equals_reference("p = 1 and p = 1/2 by hand", _moments_by_hand),
        equals_reference("the mean comes first", _densities, measure=lambda moments, _: moments[0]),
        equals_reference(
            "then the second moment", _densities, measure=lambda moments, _: moments[:2]
        ),
        equals_reference("and then the variance", _densities, weight=2),
        equals_reference("p = 0 and p = 1", _extreme_densities),
        *contract(_densities),
    ),
    slips=(
        Slip(
            answer=_moments_of_active,
            says="These are the moments of a feature that is always active. "
            "The zeros count too: they come with probability 1 - p.",
        ),
        Slip(
            answer=_scales_the_uniform_variance,
            says="Your variance is p/12 = p/3 - p/4. Subtract the squared mean, "
            "(p/2)^2 = p^2/4: p is squared too.",
        ),
        Slip(
            answer=_second_moment_for_variance,
            says="You gave E[x^2] for the variance. Subtract the squared mean.",
        ),
        Slip(
            answer=_squares_the_mean,
            says="Your second moment is E[x]^2. It is E[x^2], the mean of the squares.",
        ),
        Slip(
            answer=_squares_the_density,
            says="Your second moment has p^2. Squaring x changes how large it is, not how often "
            "it is active: p stays as it is.",
        ),
        Slip(
            answer=_squares_only_the_half,
            says="You subtracted 1/4, the squared mean of the active values. "
            "The mean over all samples is p/2, and all of it is squared.",
        ),
        Slip(
            answer=_mean_not_squared,
            says="You subtracted the mean. The variance is E[x^2] minus the squared mean.",
        ),
        Slip(
            answer=_moments_of_a_coin,
            says="These are the moments of a feature that is 0 or 1. "
            "An active feature is uniform on [0, 1].",
        ),
        Slip(
            answer=_moments_of_sparsity,
            says="You took p for the sparsity. feature_probability is the density: "
            "p = 1 is always active.",
        ),
        Slip(
            answer=_variance_before_second_moment,
            says="The order is mean, second moment, variance. You swapped the last two.",
        ),
        Slip(
            answer=_standard_deviation,
            says="You took the square root: that is the standard deviation, not the variance.",
        ),
    ),
    also_right=_moments_by_total_variance,
)
