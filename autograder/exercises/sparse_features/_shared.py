"""What the checks of chapter 1's random exercises share: the tolerance, and correlations."""

import torch
import torch.nn.functional as F
from torch import Tensor

# Statistical tolerances are six standard errors: a normal number is farther off with probability
# 2e-9, and no report makes more than 500 such comparisons.
SIGMAS = 6.0


def correlation(columns: Tensor) -> Tensor:
    """Correlations of columns over the rows; a constant column correlates with none."""
    centred = columns.double() - columns.double().mean(-2, keepdim=True)
    normed = F.normalize(centred, dim=-2)
    return normed.mT @ normed


def off_diagonal(square: Tensor) -> Tensor:
    return square * ~torch.eye(square.shape[-1], dtype=torch.bool)
