"""The exercise `antipodal_loss`: what it costs if two features share one dimension."""

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


def _charges_the_extra_only(feature_probability: Tensor, relative_importance: Tensor) -> Tensor:
    return relative_importance * feature_probability**2 / 6


def _charges_the_first_only(feature_probability: Tensor, relative_importance: Tensor) -> Tensor:
    return feature_probability**2 / 6 * torch.ones_like(relative_importance)


def _equally_important(feature_probability: Tensor, relative_importance: Tensor) -> Tensor:
    return feature_probability**2 / 3 * torch.ones_like(relative_importance)


def _one_third(feature_probability: Tensor, relative_importance: Tensor) -> Tensor:
    return (1 + relative_importance) * feature_probability**2 / 3


def _squares_the_mean_minimum(feature_probability: Tensor, relative_importance: Tensor) -> Tensor:
    return (1 + relative_importance) * feature_probability**2 / 9


def _variance_of_the_minimum(feature_probability: Tensor, relative_importance: Tensor) -> Tensor:
    return (1 + relative_importance) * feature_probability**2 / 18


def _takes_the_maximum(feature_probability: Tensor, relative_importance: Tensor) -> Tensor:
    return (1 + relative_importance) * feature_probability**2 / 2


def _always_both(feature_probability: Tensor, relative_importance: Tensor) -> Tensor:
    return (1 + relative_importance) / 6 * torch.ones_like(feature_probability)


def _density_not_squared(feature_probability: Tensor, relative_importance: Tensor) -> Tensor:
    return (1 + relative_importance) * feature_probability / 6


def _one_of_two_active(feature_probability: Tensor, relative_importance: Tensor) -> Tensor:
    p = feature_probability
    return (1 + relative_importance) * 2 * p * (1 - p) / 6


def _without_relu(feature_probability: Tensor, relative_importance: Tensor) -> Tensor:
    return (1 + relative_importance) * feature_probability / 3


def _pair_from_the_sparsity(feature_probability: Tensor, relative_importance: Tensor) -> Tensor:
    return (1 + relative_importance) * (1 - feature_probability) ** 2 / 6


def _by_the_larger_one(feature_probability: Tensor, relative_importance: Tensor) -> Tensor:
    # given the larger value v of the two, density 2v, the smaller is uniform on [0, v]: v^2 / 3
    mean_square = 2 / 3 * (1 / 4)
    both = feature_probability * feature_probability
    return both * mean_square + both * mean_square * relative_importance


EXERCISE = Exercise(
    reference=theory.antipodal_loss,
    points=3,
    minutes=12,
    difficulty=3,
    checks=(
        equals_reference("a small grid that you can do by hand", grid_by_hand),
        equals_reference("grids of densities and importances", grids, weight=2),
        equals_reference("single points, and one value for all", points),
        equals_reference("p = 0, p = 1 and r = 0", edge_values),
        *contract(grids_in_thirds),
    ),
    slips=(
        Slip(
            answer=_charges_the_extra_only,
            says="You charged the extra feature only. Both outputs miss by min(x, y): one counts "
            "once, the other r times.",
        ),
        Slip(
            answer=_charges_the_first_only,
            says="You charged the first feature only. The output of the extra one misses by "
            "min(x, y) too, and counts r times.",
        ),
        Slip(
            answer=_equally_important,
            says="You counted both outputs once. The extra feature's error counts r times.",
        ),
        Slip(
            answer=_one_third,
            says="You used 1/3. That is the mean of min(x, y), or of x^2. The mean of "
            "min(x, y)^2 is smaller.",
        ),
        Slip(
            answer=_squares_the_mean_minimum,
            says="You squared the mean of min(x, y), which is 1/3. Take the mean of the square.",
        ),
        Slip(
            answer=_variance_of_the_minimum,
            says="You took the variance of min(x, y). Without a bias nothing answers its mean: "
            "the whole mean square is lost.",
        ),
        Slip(
            answer=_takes_the_maximum,
            says="You used the larger of the two values. Output x - y misses x by y, and output 0 "
            "misses y by y: the smaller one.",
        ),
        Slip(
            answer=_always_both,
            says="You left out how often it happens. Both are active with probability p^2; else "
            "nothing is lost.",
        ),
        Slip(
            answer=_density_not_squared,
            says="You used p. The pair fails if *both* are active, which has probability p^2.",
        ),
        Slip(
            answer=_one_of_two_active,
            says="You charged the inputs with exactly one active feature. Those come back "
            "exactly; the pair fails if both are active.",
        ),
        Slip(
            answer=_without_relu,
            says="You forgot the ReLU. It sets the negative output to 0, so that a feature alone "
            "costs nothing.",
        ),
        Slip(
            answer=_pair_from_the_sparsity,
            says="You put the sparsity S where p belongs. The argument is the density p = 1 - S "
            "already.",
        ),
    ),
    also_right=_by_the_larger_one,
)
