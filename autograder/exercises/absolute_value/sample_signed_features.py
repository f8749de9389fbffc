"""The exercise `sample_signed_features`: sparse features that can be negative."""

import torch
from torch import Tensor

import tms_lib
from autograder.answer import Call
from autograder.claims import keeps_arguments, matches_theory, uses_generator
from autograder.exercise import Exercise
from autograder.exercises.absolute_value.sample_signed_features_slips import SLIPS
from autograder.exercises.sparse_features._samplers import (
    INDEPENDENT,
    centred_between_rows,
    densities,
    error_of_shares,
    least_active,
    mean_of_active,
    never_and_always,
    share_active,
    share_active_and_share_nan,
    small_batches,
    some_shapes,
    uneven_densities,
    uneven_densities_and_no_instances,
    values_of_pairs,
    zero_pairs,
)
from autograder.exercises.sparse_features._shared import SIGMAS
from tms_lib import features


def _outside_minus_one_to_one(x: Tensor, _call: Call) -> Tensor:
    return (~((x >= -1) & (x <= 1))).double().mean()


def _share_per_quarter(x: Tensor, _call: Call) -> Tensor:
    """Of the active values, in [-1, -1/2), [-1/2, 0), (0, 1/2] and (1/2, 1]."""
    large, positive = x.abs() > 0.5, x > 0
    quarters = [large & ~positive, ~large & (x < 0), ~large & positive, large & positive]
    counts = torch.stack([quarter.sum(-2) for quarter in quarters])
    return counts.double() / (x != 0).sum(-2).clamp(min=1)


def _mean_square_of_active(x: Tensor, _call: Call) -> Tensor:
    return (x.double() ** 2).sum(-2) / (x != 0).sum(-2).clamp(min=1)


def _values_between_rows(x: Tensor, _call: Call) -> Tensor:
    """`centred_between_rows` of the values, then of their sizes."""
    sizes = x.double().abs() - 1 / 2
    return torch.cat(
        [
            centred_between_rows(x.double(), x != 0, variance=1 / 3),
            centred_between_rows(sizes, x != 0, variance=1 / 12),
        ]
    )


def _sizes_of_pairs(x: Tensor, call: Call) -> Tensor:
    return values_of_pairs(x.abs(), call)


def _size_times_sign(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    size = tms_lib.sample_features(feature_probability, n_samples, generator=generator)
    return torch.where(torch.rand(size.shape, generator=generator) < 0.5, -size, size)


EXERCISE = Exercise(
    reference=features.sample_signed_features,
    points=3,
    minutes=10,
    difficulty=2,
    checks=(
        matches_theory(
            "the shape is (instances, batch, features), the dtype is p's, values lie in [-1, 1]",
            some_shapes,
            measure=_outside_minus_one_to_one,
            expected=lambda _: torch.zeros((), dtype=torch.float64),
            tolerance=lambda _: 0.0,
        ),
        matches_theory(
            "p = 0 is never active, p = 1 always",
            never_and_always,
            measure=share_active_and_share_nan,
            expected=lambda call: torch.stack([densities(call), torch.zeros_like(densities(call))]),
            # a value is exactly 0 once in 2^24: at p = 1, 3 zeros in 2000 have chance 3e-13
            tolerance=lambda call: densities(call) * 2.5 / call.args[1],
        ),
        matches_theory(
            "each feature of each instance is active in a fraction p of the rows",
            uneven_densities_and_no_instances,
            measure=share_active,
            expected=densities,
            tolerance=lambda call: error_of_shares(call, densities(call)),
            weight=6,
        ),
        matches_theory(
            "a quarter of the active values lies in each quarter of [-1, 1]",
            uneven_densities,
            measure=_share_per_quarter,
            expected=lambda call: torch.full((4, *call.args[0].shape), 0.25, dtype=torch.float64),
            tolerance=lambda call: SIGMAS * (3 / 16 / least_active(call, densities(call))).sqrt(),
            weight=6,
        ),
        matches_theory(
            "active values have the mean 0",
            uneven_densities,
            measure=mean_of_active,
            expected=lambda call: torch.zeros_like(densities(call)),
            # uniform on [-1, 1] has the variance 1/3
            tolerance=lambda call: SIGMAS * (1 / 3 / least_active(call, densities(call))).sqrt(),
            weight=6,
        ),
        matches_theory(
            "and their squares have the mean 1/3",
            uneven_densities,
            measure=_mean_square_of_active,
            expected=lambda call: torch.full_like(densities(call), 1 / 3),
            # squares have the variance 1/5 - 1/9
            tolerance=lambda call: SIGMAS * (4 / 45 / least_active(call, densities(call))).sqrt(),
            weight=2,
        ),
        *INDEPENDENT,
        matches_theory(
            "active values and their sizes are uncorrelated with the next row's "
            "and with those half a batch later",
            uneven_densities,
            measure=_values_between_rows,
            expected=lambda call: torch.zeros(4, *call.args[0].shape, dtype=torch.float64),
            tolerance=lambda _: SIGMAS,
        ),
        matches_theory(
            "where two features are active, the correlation of their sizes is 0 as well",
            uneven_densities,
            measure=_sizes_of_pairs,
            expected=zero_pairs,
            tolerance=lambda _: SIGMAS,
            weight=2,
        ),
        keeps_arguments(small_batches, measure=_outside_minus_one_to_one),
        uses_generator(small_batches),
    ),
    slips=SLIPS,
    also_right=_size_times_sign,
)
