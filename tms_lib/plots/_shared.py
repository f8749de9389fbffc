"""What several kinds of picture need: axes, heat maps, colour bars, and a log axis of sparsity."""

from typing import Literal

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.image import AxesImage
from torch import Tensor

MARKERS = "osD^vP"
DASHES = ("-", "--", "-.", ":")


def axes_or_new(ax: Axes | None) -> Axes:
    """`ax`, or the axes of a new figure."""
    return ax if ax is not None else plt.subplots(layout="constrained")[1]


def array(values: Tensor) -> np.ndarray:
    """What matplotlib can draw of a tensor, wherever it is and whatever it belongs to."""
    return values.detach().cpu().numpy()


def shades(n: int) -> np.ndarray:
    """n colours from dark to light, the lightest still visible on a white page."""
    return plt.get_cmap("viridis")(np.linspace(0, 0.85, n))


def signed_heat_map(
    table: Float[Tensor, "rows columns"], ax: Axes, *, aspect: Literal["equal", "auto"] = "equal"
) -> AxesImage:
    """Colours around 0 that reach at least 1, and a minus on clearly negative entries."""
    table = table.detach().cpu()
    limit = max(1.0, table.nan_to_num().abs().max().item())
    image = ax.imshow(table.numpy(), cmap="RdBu", vmin=-limit, vmax=limit, aspect=aspect)
    row, column = (table < -0.1 * limit).nonzero().T.numpy()
    ink = ["white" if dark else "black" for dark in table[row, column] < -0.5 * limit]
    ax.hlines(row, column - 0.25, column + 0.25, colors=ink, lw=1)
    return image


def add_colorbar(
    colors: ScalarMappable,
    ax: Axes,
    *,
    label: str = "",
    extend: Literal["neither", "max"] = "neither",
) -> None:
    """A narrow colour bar to the right of `ax`, as tall as what it draws."""
    beside = ax.inset_axes((1.04, 0, 0.04, 1))
    ax.figure.colorbar(colors, cax=beside, label=label, extend=extend)


def sparsity_axis(ax: Axes) -> None:
    """Makes x the log axis of 1/(1 - S): sparser to the right."""
    ax.set_xscale("log")
    ax.set_xlabel("$1/(1 - S)$")


def sparsity(
    feature_probability: Float[Tensor, " instances"],
) -> np.ndarray:
    """1/(1 - S), which is 1/p.

    Raises:
        ValueError: If a probability is not in (0, 1]; 0 has no place on a log axis.
    """
    check_density(feature_probability)
    return 1 / array(feature_probability)


def check_density(feature_probability: Float[Tensor, "*shape"]) -> None:
    """Raise a ValueError unless every probability is in (0, 1]."""
    in_range = (feature_probability > 0) & (feature_probability <= 1)
    if not in_range.all():
        wrong = feature_probability[~in_range][0].item()
        raise ValueError(
            f"feature_probability must lie in (0, 1] to be drawn on a log axis; got {wrong:g}. "
            "(It is the density 1 - S, not 1/(1 - S).)"
        )
