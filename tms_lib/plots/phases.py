"""Maps over relative importance and density: which solution is best where, or how large a value is.

Both axes are logarithmic: importance grows to the right, density upwards, so that the sparse
end is at the bottom.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch
from torch import Tensor

from tms_lib.plots._shared import add_colorbar, array, axes_or_new, check_density, shades


def plot_phase_diagram(
    phase: Int[Tensor, "densities importances"],
    *,
    feature_probability: Float[Tensor, " densities"],
    importance: Float[Tensor, " importances"],
    labels: Sequence[str],
    ax: Axes | None = None,
) -> Axes:
    """Which of several kinds of solution there is at each density and relative importance.

    Colours go from dark to light in the order of `labels`. Curves, such as the boundaries that
    theory predicts, can be drawn on the axes that are returned.

    Args:
        phase: Numbers of the kinds, indices into `labels`.
        feature_probability: The density of each row, rising or falling.
        importance: The relative importance of each column, rising or falling.
        labels: One name per kind.
        ax: Where to draw; a new figure if none.

    Raises:
        ValueError: If a phase has no label, or an axis is not fit for a log scale.
    """
    if len(labels) <= phase.max() or phase.min() < 0:
        raise ValueError(
            f"labels must name every phase; got {len(labels)} labels and phases from "
            f"{phase.min()} to {phase.max()}."
        )
    ax = axes_or_new(ax)
    colors = shades(len(labels))
    x, y = _log_edges(importance, feature_probability)
    cells = ListedColormap(colors)
    ax.pcolormesh(x, y, array(phase), cmap=cells, vmin=-0.5, vmax=len(labels) - 0.5)
    handles = [
        Patch(facecolor=color, edgecolor="black", label=label)
        for color, label in zip(colors, labels, strict=True)
    ]
    ax.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False)
    _name_axes(ax)
    return ax


def plot_phase_map(
    values: Float[Tensor, "densities importances"],
    *,
    feature_probability: Float[Tensor, " densities"],
    importance: Float[Tensor, " importances"],
    label: str,
    ax: Axes | None = None,
) -> Axes:
    """A number at each density and relative importance, such as a loss or a norm.

    Raises:
        ValueError: If an axis is not fit for a log scale.
    """
    ax = axes_or_new(ax)
    x, y = _log_edges(importance, feature_probability)
    add_colorbar(ax.pcolormesh(x, y, array(values), cmap="viridis"), ax, label=label)
    _name_axes(ax)
    return ax


def _log_edges(
    importance: Float[Tensor, " importances"], feature_probability: Float[Tensor, " densities"]
) -> tuple[np.ndarray, np.ndarray]:
    """The borders of the cells, half-way between their centres on a log scale."""
    check_density(feature_probability)
    if not (importance > 0).all():
        raise ValueError(
            f"importance must be positive to be drawn on a log axis; got {importance.min():g}."
        )
    return (
        _edges(np.log(array(importance)), name="importance"),
        _edges(np.log(array(feature_probability)), name="feature_probability"),
    )


def _edges(log_centres: np.ndarray, *, name: str) -> np.ndarray:
    """Centres on a log scale to borders on the plain one."""
    steps = np.diff(log_centres)
    if len(steps) == 0 or not ((steps > 0).all() or (steps < 0).all()):
        raise ValueError(
            f"{name} must rise or fall over at least two values; got "
            f"{np.exp(log_centres).round(4).tolist()}. (One value per row or column of the map.)"
        )
    between = log_centres[1:] - steps / 2
    first, last = log_centres[0] - steps[0] / 2, log_centres[-1] + steps[-1] / 2
    return np.exp(np.concatenate([[first], between, [last]]))


def _name_axes(ax: Axes) -> None:
    ax.set(xscale="log", yscale="log")
    ax.set(xlabel="relative importance", ylabel="density $1 - S$")
