"""The dimensionality of features: against sparsity, and over training.

Lines across the picture are the fractions of the paper's shapes, each with its name.
"""

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from torch import Tensor

from tms_lib.geometry import SHAPE_DIMENSIONALITY
from tms_lib.plots._shared import array, axes_or_new, shades, sparsity, sparsity_axis

_LINE_OF_TEXT = 0.055  # the height of a name, in a picture three inches high


def plot_dimensionality(
    D: Float[Tensor, "instances features"],
    *,
    dimensions_per_feature: Float[Tensor, " instances"],
    feature_probability: Float[Tensor, " instances"],
    ax: Axes | None = None,
) -> Axes:
    """Every feature's dimensionality, and the dimensions per feature, against 1/(1 - S).

    Each instance has a column of dots, one per feature, sorted from left to right so that
    features with the same value make a level stroke. The curve is the dimensions per feature.

    Raises:
        ValueError: If a density is not in (0, 1].
    """
    x = sparsity(feature_probability)
    ax = axes_or_new(ax)
    _draw_fractions(ax)
    n_features = D.shape[-1]
    gaps = np.diff(np.unique(np.log(x)))
    width = 0.8 * gaps.min(initial=0.5)
    spread = width * ((np.arange(n_features) + 0.5) / n_features - 0.5)
    columns = x[:, np.newaxis] * np.exp(spread)
    dots = array(D.sort(-1, descending=True).values)
    ax.plot(
        columns.ravel(),
        dots.ravel(),
        color="black",
        linestyle="none",
        marker="o",
        markersize=3,
        markeredgewidth=0,
        zorder=3,
        label="dimensionality $D_i$",
    )
    ax.plot(
        x,
        array(dimensions_per_feature),
        color="tab:blue",
        linewidth=2,
        marker="s",
        markerfacecolor="white",
        label=r"dimensions per feature $m / \|W\|_F^2$",
    )
    sparsity_axis(ax)
    ax.set(ylim=(-0.02, 1.1), ylabel="dimensionality")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False)
    return ax


def plot_trajectories(
    D: Float[Tensor, "snapshots features"],
    *,
    steps: Int[Tensor, " snapshots"],
    ax: Axes | None = None,
) -> Axes:
    """Every feature's dimensionality over training; dark lines end high, light ones low."""
    ax = axes_or_new(ax)
    _draw_fractions(ax)
    place = D[-1].argsort(descending=True, stable=True).tolist()
    for i, color in zip(place, shades(len(place)), strict=True):
        ax.plot(array(steps), array(D[:, i]), color=color, lw=0.8)
    ax.set(ylim=(-0.02, 1.1), xlabel="step", ylabel="dimensionality $D_i$")
    return ax


def _draw_fractions(ax: Axes) -> None:
    """A line across `ax` for every shape, with its name at the right."""
    rising = sorted(SHAPE_DIMENSIONALITY.items(), key=lambda item: item[1])
    free = 0.0  # where the next name has room
    for (shape, fraction), color in zip(rising, shades(len(rising)), strict=True):
        ax.axhline(float(fraction), color=color, lw=1, zorder=0)
        place = max(float(fraction), free)
        free = place + _LINE_OF_TEXT
        name = f"{fraction} {shape}"
        ax.text(1.02, place, name, transform=ax.get_yaxis_transform(), va="center", fontsize=8)
