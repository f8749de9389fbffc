# ruff: noqa: ARG001  (every figure takes a seed; nothing is random here)
"""Mathematical Understanding and Geometry: polygons and polytopes, made by hand."""

import math
from fractions import Fraction

import torch
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d.axes3d import Axes3D

from tms_lib.figures._shared import page
from tms_lib.figures.reproduction import Reproduction, equal, within
from tms_lib.metrics import dimensionality
from tms_lib.plots import plot_curves, plot_features_2d, plot_features_3d
from tms_lib.theory import (
    best_polygon,
    one_active_terms,
    polytope,
    polytope_dimensionality,
    regular_polygon,
)

_CORNERS = list(range(2, 9))
_SIZES = range(4, 9)
_POLYTOPES = (
    "triangle",
    "square",
    "pentagon",
    "tetrahedron",
    "octahedron",
    "square antiprism",
    "triangular bipyramid",
    "pentagonal bipyramid",
)


def polygons(*, seed: int = 0) -> Reproduction:
    """The loss of regular polygons, given one active feature: feature benefit and interference."""
    losses = torch.tensor(
        [
            [best_polygon(k, n_features=n).loss if k <= n else math.nan for k in _CORNERS]
            for n in _SIZES
        ]
    )
    terms = torch.tensor([_terms(k, n_features=8) for k in _CORNERS]).T
    figure, (left, right) = page(1, 2, width=5, height=4)
    corners = torch.tensor(_CORNERS)
    plot_curves(corners, losses, labels=[f"$n = {n}$" for n in _SIZES], ax=left)
    left.set(title="the loss of the best $k$-gon", ylabel="loss, given one active feature")
    plot_curves(
        corners,
        torch.cat([terms, terms.sum(0, keepdim=True)]),
        labels=["feature benefit", "interference", "loss"],
        ax=right,
    )
    right.set(title="$n = 8$, in two parts", ylabel="loss, given one active feature")
    for ax in (left, right):
        ax.set_xlabel("corners $k$ of the polygon")
    figure.suptitle("$m = 2$, $I_i = 1$, other features dropped")
    best = corners[losses.nan_to_num(math.inf).argmin(-1)]
    pentagon = best_polygon(5, n_features=5)
    claims = [
        equal("best k for n = 4 ... 8: all features up to 7", best, needed=[4, 5, 6, 7, 7]),
        within("k = 4, two digons: negative interference is free; loss", losses[0, 2], high=1e-6),
        within("k = 5: bias, to cut off positive interference", pentagon.bias, high=-0.1),
        within("k = 5: radius, to make up for the bias", pentagon.radius, low=1.1),
        within("n = 8: benefit falls with k; changes", terms[0].diff(), high=0),
        within("n = 8: interference rises from k = 5 on; changes", terms[1, 3:].diff(), low=0),
    ]
    return Reproduction(figure, claims)


def polytopes(*, seed: int = 0) -> Reproduction:
    """The shapes that features form, and their dimensionalities."""
    figure = Figure(figsize=(13, 7), layout="constrained")
    claims, totals = [], []
    for k, name in enumerate(_POLYTOPES):
        W = polytope(name)
        D = dimensionality(W)
        if len(W) == 2:
            ax = figure.add_subplot(2, 4, k + 1)
            plot_features_2d(W, ax=ax)
        else:
            ax = figure.add_subplot(2, 4, k + 1, projection="3d")
            assert isinstance(ax, Axes3D)
            plot_features_3d(W, ax=ax)
        fractions = sorted({Fraction(value).limit_denominator(8) for value in D.tolist()})
        ax.set_title(f"{name}\n$D_i$: {', '.join(map(str, fractions))}")
        claims.append(
            equal(
                f"{name}: D_i",
                D,
                needed=polytope_dimensionality(name).tolist(),
                tolerance=1e-5,
            )
        )
        totals.append(D.sum() / len(W))
    whole = torch.stack(totals)
    claims.append(within("the D_i add up to m; sum / m", whole, low=1 - 1e-5, high=1 + 1e-5))
    return Reproduction(figure, claims)


def _terms(n_corners: int, *, n_features: int) -> tuple[float, float]:
    """Feature benefit and interference of the best polygon with so many corners."""
    best = best_polygon(n_corners, n_features=n_features)
    W = best.radius * regular_polygon(n_corners, n_features=n_features)
    b = torch.full((n_features,), best.dropped_bias)
    b[:n_corners] = best.bias
    terms = one_active_terms(W, b, importance=torch.ones(n_features))
    return terms.feature_benefit.item(), terms.interference.item()
