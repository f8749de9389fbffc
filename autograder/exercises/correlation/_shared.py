"""What the checks of both samplers of sets share: calls, and statistics of a batch."""

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call
from autograder.exercise import Draw
from autograder.exercises.sparse_features._shared import correlation, off_diagonal

N = 20_000


def uneven(draw: Draw, *shape: int, low: float, high: float) -> Tensor:
    """Distinct numbers in both axes, so that one taken from elsewhere shows."""
    size = torch.Size(shape).numel()
    steps = torch.linspace(low, high, size)[torch.argsort(draw.uniform(size))]
    return steps.reshape(shape)


def of_sets(x: Tensor, call: Call) -> Tensor:
    """From `*instances batch features` to `*instances batch sets members`."""
    return x.unflatten(-1, (-1, call.kwargs["set_size"]))


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


def between_rows(x: Tensor, call: Call) -> Tensor:
    """Correlation of a set's presence one row and half a batch later; 1 if it never varies."""
    present = (of_sets(x, call) != 0).any(-1).double()
    constant = (present == present[..., :1, :]).all(-2)
    centred = F.normalize(present - present.mean(-2, keepdim=True), dim=-2)
    lags = [(centred * centred.roll(lag, -2)).sum(-2) for lag in (1, x.shape[-2] // 2)]
    return torch.where(constant, 1.0, torch.stack(lags))


def between_sets(x: Tensor, call: Call) -> Tensor:
    """Correlations of all features with those of other sets, and of other instances."""
    n_instances, _, n_features = x.shape
    columns = x.transpose(0, 1).flatten(1)  # one for each feature of each instance
    set_of = torch.arange(n_instances * n_features) // call.kwargs["set_size"]
    return correlation(columns) * (set_of != set_of.unsqueeze(-1))


def values_within_sets(x: Tensor, call: Call) -> Tensor:
    """Correlations of the values of two features of a set, over the rows in which it is present.

    In standard errors, 1 / sqrt(rows), so that it compares whatever the probabilities are.
    """
    rows = of_sets(x.double(), call).transpose(-3, -2)  # *instances sets batch members
    active = (rows != 0).double()
    both = (active.mT @ active).clamp(min=1)
    mean = rows.mT @ active / both  # [i, j]: of i where both are active
    variance = (rows**2).mT @ active / both - mean**2
    covariance = rows.mT @ rows / both - mean * mean.mT
    # the variance of a constant is 0 up to rounding
    scale = torch.where(variance > 1e-9, variance, torch.inf).sqrt()
    return off_diagonal(both.sqrt() * covariance / scale / scale.mT)


def least_active(call: Call, feature_probability: Tensor) -> Tensor:
    """A number of active rows that chance hardly ever falls short of."""
    expected = call.args[1] * feature_probability.double()
    return expected - 6 * expected.sqrt()
