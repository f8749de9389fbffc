"""The exercise `sample_features`: a batch in which features are active with probability p."""

import torch
from torch import Tensor

from autograder.claims import keeps_arguments, matches_theory, uses_generator
from autograder.exercise import Exercise
from autograder.exercises.sparse_features._samplers import (
    INDEPENDENT,
    densities,
    error_of_shares,
    never_and_always,
    outside_unit_interval,
    share_active,
    share_active_and_share_nan,
    small_batches,
    some_shapes,
    uneven_densities,
    uneven_densities_and_no_instances,
    uniform_values,
    values_between_rows,
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
            "each feature of each instance is active in a fraction p of the rows",
            uneven_densities_and_no_instances,
            measure=share_active,
            expected=densities,
            tolerance=lambda call: error_of_shares(call, densities(call)),
            weight=8,
        ),
        *uniform_values(uneven_densities, densities, weights=(8, 4)),
        *INDEPENDENT,
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
