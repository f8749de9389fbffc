"""What random exercises are checked with: the tolerance, correlations, and the start of weights."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call, call
from autograder.exercise import Draw

# Statistical tolerances are six standard errors: a normal number is farther off with probability
# 2e-9, and no report makes more than 5,000 such comparisons.
SIGMAS = 6.0


def correlation(columns: Tensor) -> Tensor:
    """Correlations of columns over the rows; a constant column correlates with none."""
    centred = columns.double() - columns.double().mean(-2, keepdim=True)
    normed = F.normalize(centred, dim=-2)
    return normed.mT @ normed


def off_diagonal(square: Tensor) -> Tensor:
    return square * ~torch.eye(square.shape[-1], dtype=torch.bool)


def sizes(draw: Draw, n_instances: int, n_hidden: int, n_features: int) -> Call:
    """The call that asks for new weights, or for a new model."""
    return call(
        n_instances=n_instances,
        n_hidden=n_hidden,
        n_features=n_features,
        generator=draw.generator(),
    )


def glorot(call: Call) -> float:
    """The standard deviation that new weights should have."""
    return math.sqrt(2 / (call.kwargs["n_hidden"] + call.kwargs["n_features"]))


def n_weights(call: Call) -> int:
    """Of one instance."""
    return call.kwargs["n_hidden"] * call.kwargs["n_features"]


_EDGES = torch.tensor([-1.0, -0.5, 0.0, 0.5, 1.0], dtype=torch.float64)
NORMAL_SHARES = 0.5 * (1 + torch.erf(_EDGES / math.sqrt(2)))


def shares_below(W: Tensor) -> Tensor:
    """Shares of the weights below -1, -1/2, 0, 1/2 and 1 of their own root mean square."""
    edges = (W.double() ** 2).mean().sqrt() * _EDGES
    return (W.double().unsqueeze(-1) < edges).double().flatten(0, -2).mean(0)


def error_of_normal_shares(call: Call) -> Tensor:
    """Six standard errors of `NORMAL_SHARES`: a share q of N has sqrt(q (1 - q) / N)."""
    n = call.kwargs["n_instances"] * n_weights(call)
    return SIGMAS * (NORMAL_SHARES * (1 - NORMAL_SHARES) / n).sqrt()
