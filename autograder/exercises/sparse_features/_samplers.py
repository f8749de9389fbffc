"""What samplers of features are checked with: calls, statistics of a batch, and claims."""

import math
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import matches_theory
from autograder.exercise import Cases, Check, Draw
from autograder.exercises.sparse_features._shared import SIGMAS, correlation, off_diagonal

_N = 10_000


def some_shapes(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(3, 4, low=0.2, high=0.8), 5, generator=draw.generator())
    yield call(draw.uniform(1, 4, low=0.2, high=0.8), 6, generator=draw.generator())
    yield call(draw.uniform(5, low=0.2, high=0.8), 1, generator=draw.generator())
    yield call(draw.uniform(2, 3, low=0.2, high=0.8).double(), 4, generator=draw.generator())
    yield call(draw.uniform(2, 3, 4, low=0.2, high=0.8), 5, generator=draw.generator())


def small_batches(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(2, 3, low=0.3, high=0.7), 50, generator=draw.generator())


def never_and_always(draw: Draw) -> Iterator[Call]:
    p = torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0]])
    yield call(p, 2000, generator=draw.generator())


def batches_of_four(draw: Draw) -> Iterator[Call]:
    yield call(torch.full((300, 300), 0.5), 4, generator=draw.generator())


def uneven_densities(draw: Draw) -> Iterator[Call]:
    # 0.2 and more, so that pairs of features are both active often enough to correlate values;
    # distinct in both axes, so that a density taken from elsewhere shows
    steps = torch.linspace(0.2, 0.8, 12)[torch.randperm(12, generator=draw.generator())]
    yield call(steps.reshape(3, 4), _N, generator=draw.generator())


def uneven_densities_and_no_instances(draw: Draw) -> Iterator[Call]:
    yield from uneven_densities(draw)
    yield call(torch.tensor([0.7, 0.2, 0.4]), _N, generator=draw.generator())


def densities(call: Call) -> Tensor:
    """The first argument, exactly."""
    return call.args[0].double()


def error_of_shares(call: Call, q: Tensor) -> Tensor:
    """Six standard errors of shares of rows with the probabilities q: each sqrt(q (1 - q) / N)."""
    return SIGMAS * (q * (1 - q) / call.args[1]).sqrt()


def least_active(call: Call, q: Tensor) -> Tensor:
    """In how many rows what has the probability q is active, less six standard errors."""
    return call.args[1] * (q - error_of_shares(call, q))


def outside_unit_interval(x: Tensor, _call: Call) -> Tensor:
    return (~((x >= 0) & (x <= 1))).double().mean()


def share_active(x: Tensor, _call: Call) -> Tensor:
    return (x != 0).double().mean(-2)


def share_active_and_share_nan(x: Tensor, call: Call) -> Tensor:
    """NaN is not 0 and so counts as active; the second share tells the two apart."""
    return torch.stack([share_active(x, call), x.isnan().double().mean(-2)])


def mean_of_active(x: Tensor, _call: Call) -> Tensor:
    return x.double().sum(-2) / (x != 0).sum(-2).clamp(min=1)


def share_per_quarter(x: Tensor, _call: Call) -> Tensor:
    quarters = [((x > q / 4) & (x <= (q + 1) / 4)).sum(-2) for q in range(4)]
    return torch.stack(quarters).double() / (x != 0).sum(-2).clamp(min=1)


def between_rows(x: Tensor, _call: Call) -> Tensor:
    """Correlation of a feature's activity one row and half a batch later.

    1 for a feature that never varies, and 2 if no feature is ever 0: that is another slip.
    """
    active = (x != 0).double()
    constant = (active == active[..., :1, :]).all(-2)
    centred = F.normalize(active - active.mean(-2, keepdim=True), dim=-2)
    found = [(later * earlier).sum(-2) for later, earlier in _lagged(centred)]
    return torch.where(constant, 1.0 + active.min(), torch.stack(found))


def centred_between_rows(centred: Tensor, active: Tensor, *, variance: float) -> Tensor:
    """Correlation of a feature's values one row and half a batch later, where both are active.

    In standard errors, 1 / sqrt(rows).

    Args:
        centred: The values less their mean.
        active: Which of them count.
        variance: Theirs.
    """
    found = []
    pairs = zip(_lagged(centred * active), _lagged(active), strict=True)
    for (later, earlier), (is_later, is_earlier) in pairs:
        rows = (is_later & is_earlier).sum(-2).clamp(min=1)
        found.append((later * earlier).sum(-2) / rows.sqrt() / variance)
    return torch.stack(found)


def values_between_rows(x: Tensor, _call: Call) -> Tensor:
    """`centred_between_rows` of values from [0, 1]."""
    return centred_between_rows(x.double() - 1 / 2, x != 0, variance=1 / 12)


def _lagged(rows: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """All rows that have a later one, and that one: the next, and the one half a batch later.

    Not around the end: half a batch later, every pair would count twice.
    """
    for lag in (1, rows.shape[-2] // 2):
        yield rows[..., lag:, :], rows[..., :-lag, :]


def spread_of_counts(x: Tensor, _call: Call) -> Tensor:
    """Mean squared deviation from 2 of the number of active rows out of 4."""
    return (((x != 0).double().sum(-2) - 2) ** 2).mean()


def activity_of_features(x: Tensor, _call: Call) -> Tensor:
    return off_diagonal(correlation((x != 0).double()))


def _across_instances(x: Tensor) -> Tensor:
    """From `instances batch features` to one column per feature of each instance."""
    return x.transpose(0, 1).flatten(1)


def activity_of_instances(x: Tensor, _call: Call) -> Tensor:
    n_instances, _, n_features = x.shape
    pairs = correlation(_across_instances((x != 0).double()))
    pairs = pairs.reshape(n_instances, n_features, n_instances, n_features)
    return pairs * ~torch.eye(n_instances, dtype=torch.bool)[:, None, :, None]


def where_both_active(columns: Tensor) -> Tensor:
    """Correlation of the values of two columns over the rows in which both are active.

    In standard errors, 1 / sqrt(rows), so that it compares whatever the densities are.
    """
    x = columns.double()
    active = (x != 0).double()
    both = (active.mT @ active).clamp(min=1)
    mean = x.mT @ active / both  # [i, j]: of i where both are active
    variance = (x**2).mT @ active / both - mean**2
    covariance = x.mT @ x / both - mean * mean.mT
    # the variance of a constant is 0 up to rounding
    scale = torch.where(variance > 1e-9, variance, torch.inf).sqrt()
    return off_diagonal(both.sqrt() * covariance / scale / scale.mT)


def values_of_pairs(x: Tensor, _call: Call) -> Tensor:
    n_instances, _, n_features = x.shape
    pairs = where_both_active(_across_instances(x))
    return pairs.reshape(n_instances, n_features, n_instances, n_features)


def zero_pairs(call: Call) -> Tensor:
    n_instances, n_features = call.args[0].shape
    return torch.zeros(n_instances, n_features, n_instances, n_features, dtype=torch.float64)


def uniform_values(
    cases: Cases, probability: Callable[[Call], Tensor], *, weights: tuple[int, int]
) -> tuple[Check, ...]:
    """That values are uniform on [0, 1].

    Args:
        cases: Makes the calls.
        probability: Of each feature, for a call.
        weights: Of the mean, and of the quarters.
    """
    return (
        matches_theory(
            "active values have the mean 1/2",
            cases,
            measure=mean_of_active,
            expected=lambda call: torch.full_like(probability(call), 0.5),
            # a uniform number has the variance 1/12
            tolerance=lambda call: SIGMAS * (1 / 12 / least_active(call, probability(call))).sqrt(),
            weight=weights[0],
        ),
        matches_theory(
            "a quarter of the active values lies in each quarter of [0, 1]",
            cases,
            measure=share_per_quarter,
            expected=lambda call: torch.full((4, *probability(call).shape), 0.25).double(),
            tolerance=lambda call: SIGMAS * (3 / 16 / least_active(call, probability(call))).sqrt(),
            weight=weights[1],
        ),
    )


# of samplers that draw every feature of every row by itself
INDEPENDENT = (
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
)
