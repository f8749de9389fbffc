"""How many features are active at once: predicted and sampled."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from tms_lib.plots._shared import MARKERS, array, axes_or_new


def plot_active_counts(
    predicted: Float[Tensor, "densities counts"],
    sampled: Float[Tensor, "densities counts"],
    *,
    labels: Sequence[str],
    ax: Axes | None = None,
) -> Axes:
    """P(k features are active) for several densities: bars sampled, marks predicted.

    Counts k beyond which nothing reaches 0.001 are cut off.

    Raises:
        ValueError: If there is not one label per density.
    """
    if len(labels) != len(predicted):
        raise ValueError(
            f"labels must name each of the {len(predicted)} densities; got {len(labels)}."
        )
    ax = axes_or_new(ax)
    drawn, marked = array(sampled), array(predicted)
    k = np.arange(drawn.shape[-1])
    last = k[((drawn >= 1e-3) | (marked >= 1e-3)).any(0)].max()
    width = 0.8 / len(labels)
    for d, label in enumerate(labels):
        color = plt.get_cmap("viridis")(0.9 * (d + 0.5) / len(labels))
        place = k + (d - (len(labels) - 1) / 2) * width
        ax.bar(place, drawn[d], width, color=color, alpha=0.6, label=f"{label}, sampled")
        ax.plot(
            place,
            marked[d],
            color=color,
            marker=MARKERS[d % len(MARKERS)],
            markerfacecolor="white",
            lw=1,
            label=f"{label}, predicted",
        )
    ax.set_xlim(-0.6, last + 0.6)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("active features $k$")
    ax.set_ylabel("$P(k)$")
    ax.legend()
    return ax
