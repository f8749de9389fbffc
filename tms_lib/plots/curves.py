"""Several curves in one picture: losses that cross, and vulnerability against sparsity.

Lines differ in marker and dash as well as colour, so that they can be told apart in greyscale.
"""

from collections.abc import Sequence

from jaxtyping import Float, Int
from matplotlib.axes import Axes
from torch import Tensor

from tms_lib.plots._shared import (
    DASHES,
    MARKERS,
    array,
    axes_or_new,
    shades,
    sparsity,
    sparsity_axis,
)

_MARKS = 12  # per line; more of them would hide it


def plot_curves(
    x: Float[Tensor, " points"] | Int[Tensor, " points"],
    y: Float[Tensor, "curves points"],
    *,
    labels: Sequence[str],
    ax: Axes | None = None,
) -> Axes:
    """Several curves over the same x, such as losses over training. NaN leaves a gap.

    Raises:
        ValueError: If there is not one label per curve.
    """
    if len(labels) != len(y):
        raise ValueError(f"labels must name each of the {len(y)} curves; got {len(labels)}.")
    ax = axes_or_new(ax)
    every = max(1, len(x) // _MARKS)
    for k, (label, color) in enumerate(zip(labels, shades(len(y)), strict=True)):
        ax.plot(
            array(x),
            array(y[k]),
            label=label,
            color=color,
            linestyle=DASHES[k % len(DASHES)],
            marker=MARKERS[k % len(MARKERS)],
            markersize=5,
            markeredgecolor="black",
            markeredgewidth=0.5,
            markevery=(k * every // len(y), every),  # marks of curves that agree stay visible
        )
    ax.legend()
    return ax


def plot_vulnerability(
    vulnerability: Float[Tensor, "attacks instances"],
    *,
    dimensions_per_feature: Float[Tensor, " instances"],
    feature_probability: Float[Tensor, " instances"],
    labels: Sequence[str],
    ax: Axes | None = None,
) -> Axes:
    """Vulnerability to one or more attacks beside features per dimension, against 1/(1 - S).

    Both are 1 for a model without superposition, so that they share an axis.

    Args:
        vulnerability: How much an attack raises each model's loss, over how much it raises the
            loss of a model without superposition.
        dimensions_per_feature: Of the same models; one over it is drawn.
        feature_probability: Of the same models.
        labels: One name per attack.
        ax: Where to draw; a new figure if none.

    Raises:
        ValueError: If there is not one label per attack, or a density is not in (0, 1].
    """
    if len(labels) != len(vulnerability):
        raise ValueError(
            f"labels must name each of the {len(vulnerability)} attacks; got {len(labels)}."
        )
    x = sparsity(feature_probability)
    ax = axes_or_new(ax)
    ax.plot(x, 1 / array(dimensions_per_feature), color="0.6", lw=5, label="features per dimension")
    curves = [f"vulnerability, {label}" for label in labels]
    plot_curves(1 / feature_probability, vulnerability, labels=curves, ax=ax)
    ax.axhline(1, color="black", lw=0.8)
    sparsity_axis(ax)
    ax.set_ylabel("times the model without superposition")
    return ax
