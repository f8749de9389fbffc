"""The exercise `sample_features`: a batch in which features are active with probability p."""

import math

import torch
from torch import Tensor

from autograder.claims import keeps_arguments, matches_theory, uses_generator
from autograder.exercise import Exercise
from autograder.exercises.sparse_features._samplers import (
    activity_of_features,
    activity_of_instances,
    batches_of_four,
    between_rows,
    densities,
    error_of_shares,
    least_active,
    mean_of_active,
    never_and_always,
    outside_unit_interval,
    share_active,
    share_active_and_share_nan,
    share_per_quarter,
    small_batches,
    some_shapes,
    spread_of_counts,
    uneven_densities,
    uneven_densities_and_no_instances,
    values_between_rows,
    values_of_pairs,
    zero_pairs,
)
from autograder.exercises.sparse_features._shared import SIGMAS
from autograder.exercises.sparse_features.sample_features_slips import SLIPS
from tms_lib import features


def _mask_times_value(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability
    size = (n_samples, *p.shape)
    values = torch.rand(size, generator=generator, dtype=p.dtype, device=p.device)
    active = torch.bernoulli(p.expand(size), generator=generator)
    return (values * active).movedim(0, -2)


EXERCISE = Exercise(
    reference=features.sample_features,
    points=3,
    minutes=14,
    difficulty=3,
    checks=(
        matches_theory(
            "the shape is (instances, batch, features), the dtype is p's, values lie in [0, 1]",
            some_shapes,
            measure=outside_unit_interval,
            expected=lambda _: torch.zeros((), dtype=torch.float64),
            tolerance=lambda _: 0.0,
        ),
        matches_theory(
            "p = 0 is never active, p = 1 always",
            never_and_always,
            measure=share_active_and_share_nan,
            expected=lambda call: torch.stack([densities(call), torch.zeros_like(densities(call))]),
            # torch.rand is exactly 0 once in 2^24: at p = 1, 3 zeros in 2000 have chance 3e-13
            tolerance=lambda call: densities(call) * 2.5 / call.args[1],
        ),
        matches_theory(
            "rows are drawn one by one: activity is uncorrelated with the next row's "
            "and with the row half a batch later",
            uneven_densities,
            measure=between_rows,
            expected=lambda call: torch.zeros(2, *call.args[0].shape, dtype=torch.float64),
            # a correlation over N independent pairs has the standard error 1 / sqrt(N)
            tolerance=lambda call: SIGMAS / math.sqrt(call.args[1]),
        ),
        matches_theory(
            "of 4 rows with p = 1/2, the number of active ones has the variance 1",
            batches_of_four,
            measure=spread_of_counts,
            expected=lambda _: torch.ones((), dtype=torch.float64),
            # squared deviations are 0, 1, 4 with chances 6, 8, 2 of 16: their variance is 3/2;
            # 300 of them, not 300 x 300, so that shared draws, which are another slip, pass
            tolerance=lambda _: SIGMAS * math.sqrt(1.5 / 300),
        ),
        matches_theory(
            "each feature of each instance is active in a fraction p of the rows",
            uneven_densities_and_no_instances,
            measure=share_active,
            expected=densities,
            tolerance=lambda call: error_of_shares(call, densities(call)),
            weight=8,
        ),
        matches_theory(
            "active values have the mean 1/2",
            uneven_densities,
            measure=mean_of_active,
            expected=lambda call: torch.full_like(densities(call), 0.5),
            # a uniform number has the variance 1/12
            tolerance=lambda call: SIGMAS * (1 / 12 / least_active(call, densities(call))).sqrt(),
            weight=8,
        ),
        matches_theory(
            "a quarter of the active values lies in each quarter of [0, 1]",
            uneven_densities,
            measure=share_per_quarter,
            expected=lambda call: torch.full((4, *call.args[0].shape), 0.25, dtype=torch.float64),
            tolerance=lambda call: SIGMAS * (3 / 16 / least_active(call, densities(call))).sqrt(),
            weight=4,
        ),
        matches_theory(
            "two features are active independently of each other",
            uneven_densities,
            measure=activity_of_features,
            expected=lambda _: torch.zeros(3, 4, 4, dtype=torch.float64),
            tolerance=lambda call: SIGMAS / math.sqrt(call.args[1]),
            weight=4,
        ),
        matches_theory(
            "two instances are active independently of each other",
            uneven_densities,
            measure=activity_of_instances,
            expected=zero_pairs,
            tolerance=lambda call: SIGMAS / math.sqrt(call.args[1]),
            weight=2,
        ),
        matches_theory(
            "where two features are active, the correlation of their values is 0 "
            "within six standard errors",
            uneven_densities,
            measure=values_of_pairs,
            expected=zero_pairs,
            tolerance=lambda _: SIGMAS,
            weight=2,
        ),
        matches_theory(
            "active values are uncorrelated with the next row's and with those half a batch later",
            uneven_densities,
            measure=values_between_rows,
            expected=lambda call: torch.zeros(2, *call.args[0].shape, dtype=torch.float64),
            tolerance=lambda _: SIGMAS,
            weight=2,
        ),
        keeps_arguments(small_batches, measure=outside_unit_interval),
        uses_generator(small_batches),
    ),
    slips=SLIPS,
    also_right=_mask_times_value,
)
