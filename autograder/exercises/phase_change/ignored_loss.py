"""The exercise `ignored_loss`: what it costs to leave the extra feature out."""

import torch
from torch import Tensor

from autograder.claims import contract, equals_reference
from autograder.exercise import Exercise, Slip
from autograder.exercises.phase_change._shared import (
    edge_values,
    grid_by_hand,
    grids,
    grids_in_thirds,
    points,
)
from tms_lib import theory


def _answers_zero(feature_probability: Tensor, relative_importance: Tensor) -> Tensor:
    return relative_importance * feature_probability / 3


def _answers_one_half(feature_probability: Tensor, relative_importance: Tensor) -> Tensor:
    p = feature_probability
    return relative_importance * (p / 12 + (1 - p) / 4)


def _varies_if_active_only(feature_probability: Tensor, relative_importance: Tensor) -> Tensor:
    return relative_importance * feature_probability / 12


def _without_importance(feature_probability: Tensor, relative_importance: Tensor) -> Tensor:
    p = feature_probability
    return (p / 3 - p**2 / 4) * torch.ones_like(relative_importance)


def _from_the_sparsity(feature_probability: Tensor, relative_importance: Tensor) -> Tensor:
    S = 1 - feature_probability
    return relative_importance * (S / 3 - S**2 / 4)


def _subtracts_the_mean(feature_probability: Tensor, relative_importance: Tensor) -> Tensor:
    p = feature_probability
    return relative_importance * (p / 3 - p / 2)


def _adds_the_squared_mean(feature_probability: Tensor, relative_importance: Tensor) -> Tensor:
    p = feature_probability
    return relative_importance * (p / 3 + p**2 / 4)


def _charges_the_kept_one(feature_probability: Tensor, relative_importance: Tensor) -> Tensor:
    p = feature_probability
    return (1 + relative_importance) * (p / 3 - p**2 / 4)


def _mean_over_the_features(feature_probability: Tensor, relative_importance: Tensor) -> Tensor:
    p = feature_probability
    return relative_importance * (p / 3 - p**2 / 4) / 2


def _squares_the_importance(feature_probability: Tensor, relative_importance: Tensor) -> Tensor:
    p = feature_probability
    return relative_importance**2 * (p / 3 - p**2 / 4)


def _standard_deviation(feature_probability: Tensor, relative_importance: Tensor) -> Tensor:
    p = feature_probability
    return relative_importance * (p / 3 - p**2 / 4).sqrt()


def _over_active_and_absent(feature_probability: Tensor, relative_importance: Tensor) -> Tensor:
    # the variance of an active value, and both kinds around their common mean
    p = feature_probability
    mean = p / 2
    squares = p * (1 / 12 + (1 / 2 - mean) ** 2) + (1 - p) * mean**2
    return torch.mul(squares, relative_importance)


EXERCISE = Exercise(
    reference=theory.ignored_loss,
    points=2,
    minutes=8,
    difficulty=1,
    checks=(
        equals_reference("a small grid that you can do by hand", grid_by_hand),
        equals_reference("grids of densities and importances", grids, weight=2),
        equals_reference("single points, and one value for all", points),
        equals_reference("p = 0, p = 1 and r = 0", edge_values),
        *contract(grids_in_thirds),
    ),
    slips=(
        Slip(
            answer=_answers_zero,
            says="You took E[x^2] = p/3, the cost of answering 0. The bias answers the mean, so "
            "only the variance is lost.",
        ),
        Slip(
            answer=_answers_one_half,
            says="You answered 1/2, the mean of an active feature. The mean over all inputs, "
            "zeros included, is p/2.",
        ),
        Slip(
            answer=_varies_if_active_only,
            says="p / 12 is the spread of the active values alone. x also varies because it is "
            "often 0: its variance is p/3 - p^2/4.",
        ),
        Slip(
            answer=_without_importance,
            says="You left out r. The feature that is ignored is the extra one, and its error "
            "counts r times.",
        ),
        Slip(
            answer=_from_the_sparsity,
            says="You put the sparsity S where p belongs. The argument is the density p = 1 - S "
            "already.",
        ),
        Slip(
            answer=_subtracts_the_mean,
            says="You subtracted the mean p/2. The variance is E[x^2] minus the *square* of "
            "the mean, p^2/4.",
        ),
        Slip(
            answer=_adds_the_squared_mean,
            says="You added the square of the mean. The variance subtracts it: the bias removes "
            "that part of the error.",
        ),
        Slip(
            answer=_charges_the_kept_one,
            says="You charged the kept feature as well. It has the dimension to itself and comes "
            "back exactly.",
        ),
        Slip(
            answer=_mean_over_the_features,
            says="You divided by the number of features. Our loss is a sum over features.",
        ),
        Slip(
            answer=_squares_the_importance,
            says="You squared r. The error is squared, its weight is not.",
        ),
        Slip(
            answer=_standard_deviation,
            says="You took the standard deviation. A squared error costs the variance.",
        ),
    ),
    also_right=_over_active_and_absent,
)
