"""Regular polygons: n features of equal importance in two dimensions, one of them active.

With one feature active, each k-gon has a best radius and biases, and each n a best k. Features
that are not in the polygon have weight 0 and answer a constant.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from tms_lib.theory.one_active import interference_error, own_error


def regular_polygon(n_corners: int, *, n_features: int) -> Float[Tensor, "2 {n_features}"]:
    r"""Weights that put the first features on the corners of a regular polygon.

    $$W_i = (\cos(2 \pi i / k), \, \sin(2 \pi i / k)), \quad i < k$$

    The other features have weight 0. Two corners make a digon, an antipodal pair; one is a
    feature alone.

    Raises:
        ValueError: If `n_corners` is not between 1 and `n_features`.

    >>> regular_polygon(2, n_features=3).round()
    tensor([[ 1., -1.,  0.],
            [ 0.,  0.,  0.]])
    """
    _check_corners(n_corners, n_features)
    angle = 2 * math.pi * torch.arange(n_corners, dtype=torch.float64) / n_corners
    W = torch.zeros(2, n_features)
    W[:, :n_corners] = torch.stack([angle.cos(), angle.sin()])
    return W


class BestPolygon(NamedTuple):
    """The best solution that has its features on a regular polygon.

    Attributes:
        radius: The norm of the features in the polygon.
        bias: Their bias.
        dropped_bias: The bias of the features that are not in it.
        loss: Given one active feature, any of the n with equal probability.
    """

    radius: float
    bias: float
    dropped_bias: float
    loss: float


def best_polygon(n_corners: int, *, n_features: int) -> BestPolygon:
    r"""The best k-gon for n features of importance 1 in two dimensions, one of them active.

    $$\min_{r, b} \; \frac{k}{n} \Big[ A(r^2, b)
        + \sum_{j=1}^{k-1} B(r^2 \cos(2 \pi j / k), b) \Big]
        + \frac{n - k}{n} \Big( \frac13 - \frac{1}{4 n} \Big)$$

    A and B are `own_error` and `interference_error`. The minimum over the radius r and the
    bias b is found numerically: the best point of a grid, around it a finer grid, and so on. A
    feature that is not represented answers a constant c, which costs 1/3 - c + c^2 where it is
    active and c^2 for each of the n - 1 others, so that c = 1 / (2 n) is best.

    Up to four corners nothing is lost: the neighbours' interference is not positive. Beyond,
    features have norms above 1 and negative biases that cut their neighbours off.

    Raises:
        ValueError: If `n_corners` is not between 1 and `n_features`.

    >>> square, pentagon = (best_polygon(k, n_features=5) for k in (4, 5))
    >>> round(square.loss, 5), round(pentagon.loss, 5)
    (0.05667, 0.01583)
    """
    _check_corners(n_corners, n_features)
    others = torch.arange(1, n_corners, dtype=torch.float64)
    cosine = torch.cos(2 * math.pi * others / n_corners)
    offsets = torch.cartesian_prod(*2 * [torch.linspace(-1, 1, 21, dtype=torch.float64)])
    centre, width, least = torch.tensor([1.5, -0.5], dtype=torch.float64), 1.5, math.inf
    while width > 1e-12:
        grid = centre + width * offsets
        gain, bias = grid[:, 0] ** 2, grid[:, 1]
        across = interference_error(gain.unsqueeze(-1) * cosine, bias.unsqueeze(-1)).sum(-1)
        corner = own_error(gain, bias) + across
        centre, width, least = grid[corner.argmin()], width / 2, corner.min().item()
    dropped = 1 / 3 - 1 / (4 * n_features)
    loss = (n_corners * least + (n_features - n_corners) * dropped) / n_features
    radius, bias = centre.tolist()
    return BestPolygon(radius, bias, 1 / (2 * n_features), loss)


def _check_corners(n_corners: int, n_features: int) -> None:
    if not 1 <= n_corners <= n_features:
        raise ValueError(
            f"n_corners must lie between 1 and the {n_features} features; got {n_corners}."
        )
