"""Pictures of toy models. Each function draws arrays on one Axes and returns it.

They can be read in greyscale and by colour-blind readers: colours differ in lightness, and where
dark stands for both signs, a minus marks the negative one. Feature 0 is on top, the most
important one where importance falls with the index.
"""

from collections.abc import Sequence
from typing import Literal

import matplotlib.pyplot as plt
import numpy as np
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.patches import Circle
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from tms_lib.metrics import check_finite, feature_norm, superposition
from tms_lib.models import gram


def plot_weights(
    W: Float[Tensor, "hidden features"], b: Float[Tensor, " features"], *, ax: Axes | None = None
) -> Axes:
    """Heat map of W^T W, with b as one more column beside it.

    The colour scale is centred at 0 and reaches at least 1, so that pictures compare. Clearly
    negative entries carry a minus sign.
    """
    check_finite(W)
    check_finite(b, name="b")
    ax = ax if ax is not None else plt.subplots(layout="constrained")[1]
    n = W.shape[-1]
    gap = torch.full((n, 1), torch.nan)
    table = torch.cat([gram(W.detach()).cpu(), gap, b.detach().cpu().unsqueeze(-1)], dim=-1)
    limit = max(1.0, table.nan_to_num().abs().max().item())
    image = ax.imshow(table.numpy(), cmap="RdBu", vmin=-limit, vmax=limit)
    row, column = (table < -0.1 * limit).nonzero().T.numpy()
    ink = ["white" if dark else "black" for dark in table[row, column] < -0.5 * limit]
    ax.hlines(row, column - 0.25, column + 0.25, colors=ink, lw=1)
    _add_colorbar(image, ax)
    ax.set_xticks([(n - 1) / 2, n + 1], ["$W^T W$", "$b$"])
    ax.tick_params(axis="x", length=0)
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylabel("feature $i$")
    return ax


def plot_feature_norms(W: Float[Tensor, "hidden features"], *, ax: Axes | None = None) -> Axes:
    """Bars as long as the norm of each feature, coloured by its superposition.

    Dark bars have their direction to themselves, light ones share it. Superposition above 1
    has the colour of 1.
    """
    ax = ax if ax is not None else plt.subplots(layout="constrained")[1]
    W = W.detach().cpu()
    scale = ScalarMappable(Normalize(0, 1, clip=True), cmap="viridis")
    colors = scale.to_rgba(superposition(W).numpy())
    ax.barh(range(len(colors)), feature_norm(W).numpy(), height=0.85, color=colors)
    ax.set_ylim(len(colors) - 0.5, -0.5)
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel(r"norm $\|W_i\|$")
    ax.set_ylabel("feature $i$")
    label = r"superposition $\sum_{j \neq i} (\hat W_i \cdot W_j)^2$"
    _add_colorbar(scale, ax, label=label, extend="max")
    return ax


def plot_features_2d(
    W: Float[Tensor, "2 features"],
    *,
    importance: Float[Tensor, " features"] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Each feature's direction in a model with two hidden dimensions, and its number.

    With `importance`, dark features are important and light ones are not. Features shorter
    than a tenth have a dot but no number. The faint circle has radius 1.
    """
    check_finite(W)
    ax = ax if ax is not None else plt.subplots(layout="constrained")[1]
    W = W.detach().cpu()
    norm = feature_norm(W)
    # from 0, since the lightest colours of a scale are lost on a white page
    weight = torch.ones_like(norm) if importance is None else importance.detach().cpu()
    scale = ScalarMappable(Normalize(0, weight.max().item() or 1.0), cmap="viridis_r")
    colors = scale.to_rgba(weight.numpy())
    limit = 1.3 * max(1.0, norm.max().item())
    ax.add_patch(Circle((0, 0), 1, fill=False, color="0.85"))
    for i, (x, y) in enumerate(W.T.tolist()):
        ax.plot([0, x], [0, y], color=colors[i], marker="o", markevery=[1], lw=2)
        if norm[i] > 0.1:
            far = 1 + 0.1 * limit / norm[i].item()  # just past the tip
            ax.text(far * x, far * y, str(i), ha="center", va="center")
    ax.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
    ax.set(xlabel="hidden dimension 0", ylabel="hidden dimension 1")
    if importance is not None:
        _add_colorbar(scale, ax, label="importance $I_i$")
    return ax


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
    ax = ax if ax is not None else plt.subplots(layout="constrained")[1]
    drawn, marked = sampled.detach().cpu().numpy(), predicted.detach().cpu().numpy()
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
            marker="osD^v"[d % 5],
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


def _add_colorbar(
    colors: ScalarMappable,
    ax: Axes,
    *,
    label: str = "",
    extend: Literal["neither", "max"] = "neither",
) -> None:
    """A narrow colour bar to the right of `ax`, as tall as what it draws."""
    beside = ax.inset_axes((1.04, 0, 0.04, 1))
    ax.figure.colorbar(colors, cax=beside, label=label, extend=extend)
