"""What samplers of independent features are checked with: calls, and statistics of a batch."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call, call
from autograder.exercise import Draw
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


def error_of_shares(call: Call) -> Tensor:
    """Six standard errors of the shares of active rows: each is sqrt(q (1 - q) / N)."""
    q = densities(call)
    return SIGMAS * (q * (1 - q) / call.args[1]).sqrt()


def share_active(x: Tensor, _call: Call) -> Tensor:
    return (x != 0).double().mean(-2)


def share_active_and_share_nan(x: Tensor, call: Call) -> Tensor:
    """NaN is not 0 and so counts as active; the second share tells the two apart."""
    return torch.stack([share_active(x, call), x.isnan().double().mean(-2)])


def mean_of_active(x: Tensor, _call: Call) -> Tensor:
    return x.double().sum(-2) / (x != 0).sum(-2).clamp(min=1)


def between_rows(x: Tensor, _call: Call) -> Tensor:
    """Correlation of a feature's activity one row and half a batch later.

    1 for a feature that never varies, and 2 if no feature is ever 0: that is another slip.
    """
    active = (x != 0).double()
    constant = (active == active[..., :1, :]).all(-2)
    centred = F.normalize(active - active.mean(-2, keepdim=True), dim=-2)
    lags = [(centred * centred.roll(lag, -2)).sum(-2) for lag in (1, x.shape[-2] // 2)]
    return torch.where(constant, 1.0 + active.min(), torch.stack(lags))


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


def values_of_pairs(x: Tensor, _call: Call) -> Tensor:
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


def zero_pairs(call: Call) -> Tensor:
    n_instances, n_features = call.args[0].shape
    return torch.zeros(n_instances, n_features, n_instances, n_features, dtype=torch.float64)


def least_active(call: Call) -> Tensor:
    """The number of rows in which the rarest feature is active, less six standard errors."""
    p = densities(call).min()
    return call.args[1] * p - SIGMAS * (call.args[1] * p * (1 - p)).sqrt()
