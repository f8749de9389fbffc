"""Pictures of hidden-layer models: what each neuron reads and writes.

A row of W is a neuron. Draw W1 of a model with two matrices as it is, and W2 transposed where a
function asks for neurons in rows.
"""

from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import Normalize
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from tms_lib.metrics import check_finite, superposition
from tms_lib.neurons import polysemanticity
from tms_lib.plots._shared import add_colorbar, array, axes_or_new, shades, signed_heat_map

_GAP = 0.2  # between the bars of two neurons
_FAINT = 0.02  # parts of the tallest bar that are too thin to have an outline


def plot_neurons(
    W: Float[Tensor, "hidden features"],
    *,
    order: Int[Tensor, " hidden"] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Stacked absolute weights of each neuron, as in the paper's plots of absolute value models.

    A bar's parts are features, the largest at the bottom. Dark ones have their direction to
    themselves, light ones share it (superposition above 1 has the colour of 1). Behind a bar
    the page is the greyer the more polysemantic its neuron.

    Args:
        W: Weights of one model; row k is neuron k.
        order: Neurons from left to right, as `sort_neurons` gives them; their own order if none.
        ax: Where to draw; a new figure if none.
    """
    check_finite(W)
    ax = axes_or_new(ax)
    W = W.detach().cpu()
    scale = ScalarMappable(Normalize(0, 1, clip=True), cmap="viridis")
    colors = scale.to_rgba(superposition(W).numpy())
    W = W if order is None else W[order.cpu()]
    for k, shade in enumerate(polysemanticity(W).tolist()):
        ax.axvspan(k - 0.5, k + 0.5, color=str(1 - 0.3 * shade), lw=0, zorder=0)
    size, feature = W.abs().sort(-1, descending=True)
    top = size.cumsum(-1)
    parts = [
        _part(k, bottom=(top[k, j] - size[k, j]).item(), height=size[k, j].item())
        for k, j in np.ndindex(*size.shape)
    ]
    tallest = top.max().item() or 1.0
    outline = array(0.4 * (size > _FAINT * tallest)).ravel()
    ax.add_collection(
        PolyCollection(
            parts, facecolors=colors[feature.ravel()], edgecolors="black", linewidths=outline
        )
    )
    # the lightest colour needs a border against the page
    ax.bar(range(len(W)), array(top[:, -1]), 1 - _GAP, fill=False, edgecolor="black", lw=0.8)
    ax.set(xlim=(-0.5, len(W) - 0.5), ylim=(0, 1.05 * tallest))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("neuron, in the order drawn" if order is not None else "neuron $k$")
    ax.set_ylabel("absolute weights, stacked")
    add_colorbar(scale, ax, label="superposition of the feature", extend="max")
    return ax


def plot_weight_matrix(
    W: Float[Tensor, "rows columns"],
    *,
    rows: Literal["neuron", "feature"] = "neuron",
    ax: Axes | None = None,
) -> Axes:
    """Heat map of a weight matrix: W1 with a row per neuron, or W2 with a row per feature.

    The colour scale is centred at 0 and reaches at least 1, so that pictures compare. Clearly
    negative entries carry a minus sign.
    """
    check_finite(W)
    ax = axes_or_new(ax)
    add_colorbar(signed_heat_map(W, ax, aspect="auto"), ax, label="weight")
    names = ("neuron $k$", "feature $i$")
    ylabel, xlabel = names if rows == "neuron" else reversed(names)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True))
    return ax


def plot_weight_stack(W: Float[Tensor, "hidden features"], *, ax: Axes | None = None) -> Axes:
    """The weights of each neuron, stacked: positive ones up from 0, negative ones down.

    Each feature has a colour and, where it fits, its number. For models with few features.
    """
    check_finite(W)
    ax = axes_or_new(ax)
    W = W.detach().cpu()
    n_features = W.shape[-1]
    colors = shades(n_features)
    up, down = W.clamp(min=0).cumsum(-1), W.clamp(max=0).cumsum(-1)
    fits = 0.06 * (up[:, -1] - down[:, -1]).max()  # a number in a part this tall
    for i in range(n_features):
        weight = W[:, i]
        bottom = torch.where(weight > 0, up[:, i], down[:, i]) - weight
        bars = ax.bar(
            range(len(W)),
            array(weight),
            width=1 - _GAP,
            bottom=array(bottom),
            color=colors[i],
            edgecolor="black",
            linewidth=0.4,
            label=f"feature {i}",
        )
        ink = "white" if i < n_features / 2 else "black"
        names = [str(i) if tall else "" for tall in weight.abs() > fits]
        ax.bar_label(bars, names, label_type="center", color=ink)
    ax.axhline(0, color="black", lw=0.8)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(xlabel="neuron $k$", ylabel="weights, stacked by feature")
    return ax


def plot_weight_graph(
    W1: Float[Tensor, "hidden features"],
    *,
    W2: Float[Tensor, "outputs hidden"] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The weights as lines from features to neurons and, with `W2`, on to outputs.

    The thicker a line, the larger the weight, within each matrix. Positive ones are dark and
    solid, negative ones light and dashed. Weights below a twentieth of their matrix's largest
    are left out.
    """
    check_finite(W1, name="W1")
    layers = [("feature", W1.shape[1]), ("neuron", W1.shape[0])]
    matrices = [W1.detach().cpu()]
    if W2 is not None:
        check_finite(W2, name="W2")
        layers.append(("output", W2.shape[0]))
        matrices.append(W2.detach().cpu())
    ax = axes_or_new(ax)
    tallest = max(size for _, size in layers)
    for place, matrix in enumerate(matrices):
        strength = matrix.abs() / (matrix.abs().max().item() or 1.0)
        ends, widths, colors, dashes = [], [], [], []
        for to, start in (strength > 0.05).nonzero().tolist():
            left = (place, _height(start, matrix.shape[1], tallest))
            ends.append([left, (place + 1, _height(to, matrix.shape[0], tallest))])
            widths.append(4 * strength[to, start].item())
            colors.append("#053061" if matrix[to, start] > 0 else "#d6604d")
            dashes.append("solid" if matrix[to, start] > 0 else "dashed")
        ax.add_collection(
            LineCollection(ends, linewidths=widths, colors=colors, linestyles=dashes, zorder=1)
        )
    for place, (name, size) in enumerate(layers):
        for i in range(size):
            y = _height(i, size, tallest)
            ax.plot(place, y, "o", ms=15, mfc="white", mec="black", label=f"{name} {i}")
            ax.text(place, y, str(i), ha="center", va="center")
    ax.set(xlim=(-0.3, len(layers) - 0.7), ylim=(tallest - 0.4, -0.6), yticks=[])
    ax.set_xticks(range(len(layers)), [f"{name}s" for name, _ in layers])
    ax.tick_params(axis="x", length=0)
    ax.spines[:].set_visible(False)
    return ax


def _part(k: int, *, bottom: float, height: float) -> list[tuple[float, float]]:
    """The corners of a part of neuron k's bar."""
    left, right = k - (1 - _GAP) / 2, k + (1 - _GAP) / 2
    top = bottom + height
    return [(left, bottom), (right, bottom), (right, top), (left, top)]


def _height(i: int, size: int, tallest: int) -> float:
    """Where node i of a layer stands, if all layers are centred on the tallest one."""
    return i * tallest / size + (tallest / size - 1) / 2
