"""Weights whose columns are the corners of regular shapes, built by hand for the tests."""

import math

import torch
from torch import Tensor

DIGON = torch.tensor([[1.0, -1.0]], dtype=torch.float64)


def polygon(n: int, radius: float = 1.0) -> Tensor:
    """The n corners of a regular polygon, as the columns of a (2, n) W."""
    angle = 2 * math.pi * torch.arange(n, dtype=torch.float64) / n
    return radius * torch.stack([angle.cos(), angle.sin()])


def tetrahedron() -> Tensor:
    """The corners of a cube of which no two are neighbours."""
    corners = [[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]
    return torch.tensor(corners, dtype=torch.float64).T


def square_antiprism() -> Tensor:
    """Two squares, one turned by 45 degrees, of radius^2 2/3 and at heights of +-sqrt(1/3).

    Then W W^T = 8/3 times the identity: 8 / 2 * 2/3 across and 8 * 1/3 along the axis.
    """
    angle = math.pi / 4 * torch.tensor([0, 2, 4, 6, 1, 3, 5, 7], dtype=torch.float64)
    height = torch.tensor([1, 1, 1, 1, -1, -1, -1, -1], dtype=torch.float64) / math.sqrt(3)
    return torch.stack([math.sqrt(2 / 3) * angle.cos(), math.sqrt(2 / 3) * angle.sin(), height])
