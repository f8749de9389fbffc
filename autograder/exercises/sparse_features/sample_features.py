"""The exercise `sample_features`: a batch in which features are active with probability p."""

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import keeps_arguments, matches_theory, uses_generator
from autograder.exercise import Draw, Exercise
from autograder.exercises.sparse_features._shared import SIGMAS, correlation, off_diagonal
from autograder.exercises.sparse_features.sample_features_slips import SLIPS
from tms_lib import features

_N = 10_000


def _some_shapes(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(3, 4, low=0.2, high=0.8), 5, generator=draw.generator())
    yield call(draw.uniform(1, 4, low=0.2, high=0.8), 6, generator=draw.generator())
    yield call(draw.uniform(5, low=0.2, high=0.8), 1, generator=draw.generator())
    yield call(draw.uniform(2, 3, low=0.2, high=0.8).double(), 4, generator=draw.generator())
    yield call(draw.uniform(2, 3, 4, low=0.2, high=0.8), 5, generator=draw.generator())


def _small_batches(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(2, 3, low=0.3, high=0.7), 50, generator=draw.generator())


def _never_and_always(draw: Draw) -> Iterator[Call]:
    p = torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0]])
    yield call(p, 2000, generator=draw.generator())


def _batches_of_four(draw: Draw) -> Iterator[Call]:
    yield call(torch.full((300, 300), 0.5), 4, generator=draw.generator())


def _uneven_densities(draw: Draw) -> Iterator[Call]:
    # 0.2 and more, so that pairs of features are both active often enough to correlate values;
    # distinct in both axes, so that a density taken from elsewhere shows
    steps = torch.linspace(0.2, 0.8, 12)[torch.randperm(12, generator=draw.generator())]
    yield call(steps.reshape(3, 4), _N, generator=draw.generator())


def _uneven_densities_and_no_instances(draw: Draw) -> Iterator[Call]:
    yield from _uneven_densities(draw)
    yield call(torch.tensor([0.7, 0.2, 0.4]), _N, generator=draw.generator())


def _p(call: Call) -> Tensor:
    return call.args[0].double()


def _outside_unit_interval(x: Tensor, _call: Call) -> Tensor:
    return (~((x >= 0) & (x <= 1))).double().mean()


def _share_active(x: Tensor, _call: Call) -> Tensor:
    return (x != 0).double().mean(-2)


def _share_active_and_share_nan(x: Tensor, call: Call) -> Tensor:
    """NaN is not 0 and so counts as active; the second share tells the two apart."""
    return torch.stack([_share_active(x, call), x.isnan().double().mean(-2)])


def _mean_of_active(x: Tensor, _call: Call) -> Tensor:
    return x.double().sum(-2) / (x != 0).sum(-2).clamp(min=1)


def _share_per_quarter(x: Tensor, _call: Call) -> Tensor:
    quarters = [((x > q / 4) & (x <= (q + 1) / 4)).sum(-2) for q in range(4)]
    return torch.stack(quarters).double() / (x != 0).sum(-2).clamp(min=1)


def _between_rows(x: Tensor, _call: Call) -> Tensor:
    """Correlation of a feature's activity one row and half a batch later.

    1 for a feature that never varies, and 2 if no feature is ever 0: that is another slip.
    """
    active = (x != 0).double()
    constant = (active == active[..., :1, :]).all(-2)
    centred = F.normalize(active - active.mean(-2, keepdim=True), dim=-2)
    lags = [(centred * centred.roll(lag, -2)).sum(-2) for lag in (1, x.shape[-2] // 2)]
    return torch.where(constant, 1.0 + active.min(), torch.stack(lags))


def _spread_of_counts(x: Tensor, _call: Call) -> Tensor:
    """Mean squared deviation from 2 of the number of active rows out of 4."""
    return (((x != 0).double().sum(-2) - 2) ** 2).mean()


def _activity_of_features(x: Tensor, _call: Call) -> Tensor:
    return off_diagonal(correlation((x != 0).double()))


def _across_instances(x: Tensor) -> Tensor:
    """From `instances batch features` to one column per feature of each instance."""
    return x.transpose(0, 1).flatten(1)


def _activity_of_instances(x: Tensor, _call: Call) -> Tensor:
    n_instances, _, n_features = x.shape
    pairs = correlation(_across_instances((x != 0).double()))
    pairs = pairs.reshape(n_instances, n_features, n_instances, n_features)
    return pairs * ~torch.eye(n_instances, dtype=torch.bool)[:, None, :, None]


def _values_of_pairs(x: Tensor, _call: Call) -> Tensor:
    """Correlation of the values of two features over the rows in which both are active.

    In standard errors, 1 / sqrt(rows), so that it compares whatever the densities are.
    """
    n_instances, _, n_features = x.shape
    x = _across_instances(x.double())
    active = (x != 0).double()
    both = (active.T @ active).clamp(min=1)
    mean = x.T @ active / both  # [i, j]: of i where both are active
    variance = (x**2).T @ active / both - mean**2
    covariance = x.T @ x / both - mean * mean.T
    # the variance of a constant is 0 up to rounding
    scale = torch.where(variance > 1e-9, variance, torch.inf).sqrt()
    pairs = off_diagonal(both.sqrt() * covariance / scale / scale.T)
    return pairs.reshape(n_instances, n_features, n_instances, n_features)


def _zero_pairs(call: Call) -> Tensor:
    n_instances, n_features = call.args[0].shape
    return torch.zeros(n_instances, n_features, n_instances, n_features, dtype=torch.float64)


def _least_active(call: Call) -> Tensor:
    """The number of rows in which the rarest feature is active, less six standard errors."""
    p = _p(call).min()
    return call.args[1] * p - SIGMAS * (call.args[1] * p * (1 - p)).sqrt()


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
            _some_shapes,
            measure=_outside_unit_interval,
            expected=lambda _: torch.zeros((), dtype=torch.float64),
            tolerance=lambda _: 0.0,
        ),
        matches_theory(
            "p = 0 is never active, p = 1 always",
            _never_and_always,
            measure=_share_active_and_share_nan,
            expected=lambda call: torch.stack([_p(call), torch.zeros_like(_p(call))]),
            # torch.rand is exactly 0 once in 2^24: at p = 1, 3 zeros in 2000 have chance 3e-13
            tolerance=lambda call: _p(call) * 2.5 / call.args[1],
        ),
        matches_theory(
            "rows are drawn one by one: activity is uncorrelated with the next row's "
            "and with the row half a batch later",
            _uneven_densities,
            measure=_between_rows,
            expected=lambda call: torch.zeros(2, *call.args[0].shape, dtype=torch.float64),
            # a correlation over N independent pairs has the standard error 1 / sqrt(N)
            tolerance=lambda call: SIGMAS / math.sqrt(call.args[1]),
        ),
        matches_theory(
            "of 4 rows with p = 1/2, the number of active ones has the variance 1",
            _batches_of_four,
            measure=_spread_of_counts,
            expected=lambda _: torch.ones((), dtype=torch.float64),
            # squared deviations are 0, 1, 4 with chances 6, 8, 2 of 16: their variance is 3/2;
            # 300 of them, not 300 x 300, so that shared draws, which are another slip, pass
            tolerance=lambda _: SIGMAS * math.sqrt(1.5 / 300),
        ),
        matches_theory(
            "each feature of each instance is active in a fraction p of the rows",
            _uneven_densities_and_no_instances,
            measure=_share_active,
            expected=_p,
            # a share q of N draws has the standard error sqrt(q (1 - q) / N)
            tolerance=lambda call: SIGMAS * (_p(call) * (1 - _p(call)) / call.args[1]).sqrt(),
            weight=8,
        ),
        matches_theory(
            "active values have the mean 1/2",
            _uneven_densities,
            measure=_mean_of_active,
            expected=lambda call: torch.full_like(_p(call), 0.5),
            # a uniform number has the variance 1/12
            tolerance=lambda call: SIGMAS * (1 / 12 / _least_active(call)).sqrt(),
            weight=8,
        ),
        matches_theory(
            "a quarter of the active values lies in each quarter of [0, 1]",
            _uneven_densities,
            measure=_share_per_quarter,
            expected=lambda call: torch.full((4, *call.args[0].shape), 0.25, dtype=torch.float64),
            tolerance=lambda call: SIGMAS * (1 / 4 * 3 / 4 / _least_active(call)).sqrt(),
            weight=4,
        ),
        matches_theory(
            "two features are active independently of each other",
            _uneven_densities,
            measure=_activity_of_features,
            expected=lambda _: torch.zeros(3, 4, 4, dtype=torch.float64),
            tolerance=lambda call: SIGMAS / math.sqrt(call.args[1]),
            weight=4,
        ),
        matches_theory(
            "two instances are active independently of each other",
            _uneven_densities,
            measure=_activity_of_instances,
            expected=_zero_pairs,
            tolerance=lambda call: SIGMAS / math.sqrt(call.args[1]),
            weight=2,
        ),
        matches_theory(
            "where two features are active, the correlation of their values is 0 "
            "within six standard errors",
            _uneven_densities,
            measure=_values_of_pairs,
            expected=_zero_pairs,
            tolerance=lambda _: SIGMAS,
            weight=2,
        ),
        keeps_arguments(_small_batches, measure=_outside_unit_interval),
        uses_generator(_small_batches),
    ),
    slips=SLIPS,
    also_right=_mask_times_value,
)
