"""The exercise `sample_correlated`: sets of features that are present together or not at all."""

from collections.abc import Iterator

import torch
from torch import Tensor

import tms_lib
from autograder.answer import Call, call
from autograder.claims import keeps_arguments, matches_theory, uses_generator
from autograder.exercise import Draw, Exercise
from autograder.exercises.correlation._shared import (
    N,
    of_sets,
    uneven,
    uniform_and_independent,
    values_within_sets,
)
from autograder.exercises.correlation.sample_correlated_slips import SLIPS
from autograder.exercises.sparse_features._samplers import (
    error_of_shares,
    outside_unit_interval,
    share_active,
    share_active_and_share_nan,
)
from autograder.exercises.sparse_features._shared import SIGMAS


def _some_shapes(draw: Draw) -> Iterator[Call]:
    p = draw.uniform(3, 4, low=0.2, high=0.8)
    yield call(p, 5, set_size=2, generator=draw.generator())
    yield call(p[:1], 6, set_size=3, generator=draw.generator())
    yield call(p[0], 1, set_size=2, generator=draw.generator())
    yield call(p[:2, :1], 7, set_size=4, generator=draw.generator())
    yield call(p.double(), 4, set_size=1, generator=draw.generator())
    yield call(p.reshape(2, 3, 2), 4, set_size=2, generator=draw.generator())


def _small_batches(draw: Draw) -> Iterator[Call]:
    p = draw.uniform(2, 3, low=0.3, high=0.7)
    yield call(p, 50, set_size=2, generator=draw.generator())


def _never_and_always(draw: Draw) -> Iterator[Call]:
    p = torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0]])
    yield call(p, 2000, set_size=2, generator=draw.generator())


def _uneven_sets(draw: Draw) -> Iterator[Call]:
    # 0.25 and more, so that sets are present often enough to correlate values; as many sets as
    # members, and then not
    p = uneven(draw, 3, 2, low=0.25, high=0.75)
    yield call(p, N, set_size=2, generator=draw.generator())
    yield call(p, N, set_size=3, generator=draw.generator())


def _p(call: Call) -> Tensor:
    """The probability of each feature."""
    return call.args[0].double().repeat_interleave(call.kwargs["set_size"], -1)


def _partly_present(x: Tensor, call: Call) -> Tensor:
    """The share of the rows in which some features of a set are active, and some are not."""
    active = of_sets(x, call) != 0
    return (active.any(-1) & ~active.all(-1)).double().mean(-2)


def _no_value_correlation(call: Call) -> Tensor:
    k = call.kwargs["set_size"]
    return torch.zeros(*call.args[0].shape, k, k, dtype=torch.float64)


def _set_by_set(
    probability: Tensor, n_samples: int, *, set_size: int, generator: torch.Generator
) -> Tensor:
    sets = []
    for p in probability.unbind(-1):
        size = (n_samples, *p.shape, 1)
        present = torch.bernoulli(p.expand(size[:-1]), generator=generator).unsqueeze(-1)
        value = torch.rand(*size[:-1], set_size, generator=generator, dtype=p.dtype)
        sets.append(present * value)
    return torch.cat(sets, dim=-1).movedim(0, -2)


EXERCISE = Exercise(
    reference=tms_lib.sample_correlated,
    points=3,
    minutes=12,
    difficulty=3,
    checks=(
        matches_theory(
            "the shape is (instances, batch, features), the dtype is p's, values lie in [0, 1]",
            _some_shapes,
            measure=outside_unit_interval,
            expected=lambda _: torch.zeros((), dtype=torch.float64),
            tolerance=lambda _: 0.0,
        ),
        matches_theory(
            "p = 0 is never present, p = 1 always",
            _never_and_always,
            measure=share_active_and_share_nan,
            expected=lambda call: torch.stack([_p(call), torch.zeros_like(_p(call))]),
            # torch.rand is exactly 0 once in 2^24: at p = 1, 3 zeros in 2000 have chance 3e-13
            tolerance=lambda call: _p(call) * 2.5 / call.args[1],
        ),
        matches_theory(
            "each set is present in a fraction p of the rows",
            _uneven_sets,
            measure=share_active,
            expected=_p,
            tolerance=lambda call: error_of_shares(call, _p(call)),
            weight=4,
        ),
        matches_theory(
            "the features of a set are present together, or none is",
            _uneven_sets,
            measure=_partly_present,
            expected=lambda call: torch.zeros_like(call.args[0]).double(),
            # a value that is exactly 0 by chance, once in 2^24, leaves a row partly present: of
            # 4e5 values, 6 such rows have a chance below 1e-12
            tolerance=lambda call: 5.5 / call.args[1],
            weight=6,
        ),
        matches_theory(
            "where a set is present, the correlation of two values is 0 within six standard errors",
            _uneven_sets,
            measure=values_within_sets,
            expected=_no_value_correlation,
            tolerance=lambda _: SIGMAS,
            weight=6,
        ),
        *uniform_and_independent(_uneven_sets, _p),
        keeps_arguments(_small_batches, measure=outside_unit_interval),
        uses_generator(_small_batches),
    ),
    slips=SLIPS,
    also_right=_set_by_set,
)
