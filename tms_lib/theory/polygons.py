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

    The other features have weight 0. Two corners make a digon, an antipodal pair.

    Raises:
        ValueError: If `n_corners` is not between 2 and `n_features`.

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
    bias b is found numerically: the best point of a grid, polished. A feature that is not
    represented answers a constant c, which costs 1/3 - c + c^2 where it is active and c^2 for
    each of the n - 1 others, so that c = 1 / (2 n) is best.

    Up to four corners nothing is lost: the neighbours' interference is not positive. Beyond,
    features have norms above 1 and negative biases that cut their neighbours off.

    Raises:
        ValueError: If `n_corners` is not between 2 and `n_features`.

    >>> square, pentagon = (best_polygon(k, n_features=5) for k in (4, 5))
    >>> round(square.loss, 5), round(pentagon.loss, 5)
    (0.05667, 0.01583)
    """
    _check_corners(n_corners, n_features)
    others = torch.arange(1, n_corners, dtype=torch.float64)
    cosine = torch.cos(2 * math.pi * others / n_corners)

    def loss_of_corner(gain: Tensor, bias: Tensor) -> Tensor:
        across = interference_error(gain.unsqueeze(-1) * cosine, bias.unsqueeze(-1))
        return own_error(gain, bias) + across.sum(-1)

    gains = torch.linspace(0, 4, 41, dtype=torch.float64)  # squared radii
    biases = torch.linspace(-3, 0.5, 36, dtype=torch.float64)
    grid = torch.cartesian_prod(gains, biases).unbind(-1)
    best = loss_of_corner(*grid).argmin()
    gain, bias = (values[best].clone().requires_grad_() for values in grid)
    optimiser = torch.optim.LBFGS(
        [gain, bias],
        max_iter=100,
        tolerance_grad=1e-10,
        tolerance_change=0,  # the default stops after three digits of the bias
        line_search_fn="strong_wolfe",
    )

    def step() -> Tensor:
        optimiser.zero_grad()
        loss = loss_of_corner(gain, bias)
        loss.backward()
        return loss

    optimiser.step(step)
    corner = loss_of_corner(gain, bias).item()
    dropped = 1 / 3 - 1 / (4 * n_features)
    return BestPolygon(
        radius=math.sqrt(gain.item()),
        bias=bias.item(),
        dropped_bias=1 / (2 * n_features),
        loss=(n_corners * corner + (n_features - n_corners) * dropped) / n_features,
    )


def _check_corners(n_corners: int, n_features: int) -> None:
    if not 2 <= n_corners <= n_features:
        raise ValueError(
            f"n_corners must lie between 2 and the {n_features} features; got {n_corners}."
        )
