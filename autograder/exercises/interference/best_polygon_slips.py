"""Wrong answers to `best_polygon`, and the sentences that explain them."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

import tms_lib
from autograder.exercise import Slip

Polygon = tuple[float, float, float, float]


def _corner_loss(radius: Tensor, bias: Tensor, cosine: Tensor) -> Tensor:
    gain = radius**2
    across = tms_lib.interference_error(gain.unsqueeze(-1) * cosine, bias.unsqueeze(-1)).sum(-1)
    return tms_lib.own_error(gain, bias) + across


def _search(
    n_corners: int,
    *,
    loss_of: Callable[[Tensor, Tensor, Tensor], Tensor] = _corner_loss,
    radius: float | None = None,
    bias: float | None = None,
    first: int = 1,
    last: int | None = None,
) -> tuple[float, float, float]:
    """Radius, bias and loss of a corner: the best point of a grid, then of ever finer ones.

    A radius or bias that is given stays. `first` and `last` say which neighbours count.
    """
    neighbours = torch.arange(first, (n_corners - 1 if last is None else last) + 1).double()
    cosine = torch.cos(2 * math.pi * neighbours / n_corners)
    offset, width, least = torch.linspace(-1, 1, 21).double(), 1.5, math.inf
    r, b = 1.5 if radius is None else radius, -0.5 if bias is None else bias
    while width > 1e-8:
        radii = torch.tensor([r]).double() if radius is not None else r + width * offset
        biases = torch.tensor([b]).double() if bias is not None else b + width * offset
        grid = torch.cartesian_prod(radii, biases)
        loss = loss_of(grid[:, 0], grid[:, 1], cosine)
        (r, b), least = grid[loss.argmin()].tolist(), loss.min().item()
        width /= 2
    return r, b, least


def _polygon(n_corners: int, n_features: int, corner: tuple[float, float, float]) -> Polygon:
    radius, bias, loss = corner
    left_out = (n_features - n_corners) * (1 / 3 - 1 / (4 * n_features))
    return radius, bias, 1 / (2 * n_features), (n_corners * loss + left_out) / n_features


def _without_bias(n_corners: int, *, n_features: int) -> Polygon:
    return _polygon(n_corners, n_features, _search(n_corners, bias=0.0))


def _radius_one(n_corners: int, *, n_features: int) -> Polygon:
    return _polygon(n_corners, n_features, _search(n_corners, radius=1.0))


def _negative_interference_costs(n_corners: int, *, n_features: int) -> Polygon:
    def loss_of(radius: Tensor, bias: Tensor, cosine: Tensor) -> Tensor:
        g, b = radius.unsqueeze(-1) ** 2 * cosine, bias.unsqueeze(-1)
        return tms_lib.own_error(radius**2, bias) + (g**2 / 3 + g * b + b**2).sum(-1)

    return _polygon(n_corners, n_features, _search(n_corners, loss_of=loss_of))


def _counts_itself(n_corners: int, *, n_features: int) -> Polygon:
    return _polygon(n_corners, n_features, _search(n_corners, first=0))


def _half_of_the_neighbours(n_corners: int, *, n_features: int) -> Polygon:
    return _polygon(n_corners, n_features, _search(n_corners, last=n_corners // 2))


def _no_interference(n_corners: int, *, n_features: int) -> Polygon:
    return _polygon(n_corners, n_features, _search(n_corners, last=0))


def _interference_divided_by_n(n_corners: int, *, n_features: int) -> Polygon:
    def loss_of(radius: Tensor, bias: Tensor, cosine: Tensor) -> Tensor:
        g, b = radius.unsqueeze(-1) ** 2 * cosine, bias.unsqueeze(-1)
        across = tms_lib.interference_error(g, b).sum(-1)
        return tms_lib.own_error(radius**2, bias) + across / n_features

    return _polygon(n_corners, n_features, _search(n_corners, loss_of=loss_of))


def _gain_for_the_radius(n_corners: int, *, n_features: int) -> Polygon:
    radius, bias, dropped_bias, loss = _polygon(n_corners, n_features, _search(n_corners))
    return radius**2, bias, dropped_bias, loss


def _sign_of_the_bias(n_corners: int, *, n_features: int) -> Polygon:
    radius, bias, dropped_bias, loss = _polygon(n_corners, n_features, _search(n_corners))
    return radius, -bias, dropped_bias, loss


def _sum_over_active(n_corners: int, *, n_features: int) -> Polygon:
    radius, bias, dropped_bias, loss = _polygon(n_corners, n_features, _search(n_corners))
    return radius, bias, dropped_bias, n_features * loss


def _one_corner_only(n_corners: int, *, n_features: int) -> Polygon:
    radius, bias, loss = _search(n_corners)
    return radius, bias, 1 / (2 * n_features), loss


def _mean_over_corners(n_corners: int, *, n_features: int) -> Polygon:
    radius, bias, loss = _search(n_corners)
    left_out = (n_features - n_corners) * (1 / 3 - 1 / (4 * n_features))
    return radius, bias, 1 / (2 * n_features), (n_corners * loss + left_out) / n_corners


def _dropped_for_free(n_corners: int, *, n_features: int) -> Polygon:
    radius, bias, loss = _search(n_corners)
    return radius, bias, 1 / (2 * n_features), n_corners * loss / n_features


def _dropped_answer_nothing(n_corners: int, *, n_features: int) -> Polygon:
    radius, bias, loss = _search(n_corners)
    left_out = (n_features - n_corners) / 3
    return radius, bias, 0.0, (n_corners * loss + left_out) / n_features


def _dropped_answer_one_half(n_corners: int, *, n_features: int) -> Polygon:
    radius, bias, loss = _search(n_corners)
    left_out = (n_features - n_corners) * (1 / 3 - 1 / 2 + n_features / 4)
    return radius, bias, 1 / 2, (n_corners * loss + left_out) / n_features


def _best_constant_where_active(n_corners: int, *, n_features: int) -> Polygon:
    radius, bias, loss = _search(n_corners)
    left_out = (n_features - n_corners) / 12
    return radius, bias, 1 / 2, (n_corners * loss + left_out) / n_features


SLIPS = (
    Slip(
        answer=_without_bias,
        says="You left the bias at 0. From five corners on a negative bias pays: search over both.",
    ),
    Slip(
        answer=_radius_one,
        says="You left the radius at 1. An output with a negative bias needs a gain above 1: "
        "search over both.",
    ),
    Slip(
        answer=_negative_interference_costs,
        says="You let negative interference cost something. The ReLU makes it free: use "
        "interference_error.",
    ),
    Slip(
        answer=_counts_itself,
        says="You counted the corner among its own neighbours. The sum begins at j = 1.",
    ),
    Slip(
        answer=_half_of_the_neighbours,
        says="You counted the neighbours on one side only. The sum runs over all k - 1 other "
        "corners, on both sides.",
    ),
    Slip(
        answer=_no_interference,
        says="You left out the interference. Each of the k - 1 other corners adds its "
        "interference_error.",
    ),
    Slip(
        answer=_interference_divided_by_n,
        says="You divided the interference by n once more. The errors of all outputs add up; the "
        "mean is over which feature is active.",
    ),
    Slip(
        answer=_gain_for_the_radius,
        says="You returned the gain. The radius is its root.",
    ),
    Slip(
        answer=_sign_of_the_bias,
        says="Your bias has the other sign. In this course it is added, so one that cuts off is "
        "negative.",
    ),
    Slip(
        answer=_sum_over_active,
        says="Your loss is n times too large: it is a mean over which of the n features is active.",
    ),
    Slip(
        answer=_one_corner_only,
        says="Your loss is that of an active corner. With probability (n - k) / n the active "
        "feature is one that was dropped.",
    ),
    Slip(
        answer=_mean_over_corners,
        says="You divided by the number of corners. Any of the n features may be the active one.",
    ),
    Slip(
        answer=_dropped_for_free,
        says="You left out the dropped features. Each of them costs 1/3 - c + n c^2, at c = 1 / "
        "(2 n).",
    ),
    Slip(
        answer=_dropped_answer_nothing,
        says="Your dropped features answer 0. A small constant is better: minimise "
        "1/3 - c + n c^2.",
    ),
    Slip(
        answer=_dropped_answer_one_half,
        says="Your dropped features answer 1/2, also while others are active. That is the mean of "
        "an *active* feature: minimise 1/3 - c + n c^2.",
    ),
    Slip(
        answer=_best_constant_where_active,
        says="You forgot that a constant is shown while the other n - 1 features are active too: "
        "minimise 1/3 - c + n c^2.",
    ),
)
