"""Pictures of what a model did with its features: W^T W, norms, directions in two and three
dimensions. Feature 0 is on top, the most important one where importance falls with the index.
"""

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.patches import Circle
from matplotlib.ticker import MaxNLocator
from mpl_toolkits.mplot3d.axes3d import Axes3D
from torch import Tensor

from tms_lib.metrics import check_finite, feature_norm, superposition
from tms_lib.models import gram
from tms_lib.plots._shared import add_colorbar, array, axes_or_new, signed_heat_map


def plot_weights(
    W: Float[Tensor, "hidden features"], b: Float[Tensor, " features"], *, ax: Axes | None = None
) -> Axes:
    """Heat map of W^T W, with b as one more column beside it.

    The colour scale is centred at 0 and reaches at least 1, so that pictures compare. Clearly
    negative entries carry a minus sign.
    """
    check_finite(W)
    check_finite(b, name="b")
    ax = axes_or_new(ax)
    n = W.shape[-1]
    gap = torch.full((n, 1), torch.nan)
    table = torch.cat([gram(W.detach()).cpu(), gap, b.detach().cpu().unsqueeze(-1)], dim=-1)
    image = signed_heat_map(table, ax)
    add_colorbar(image, ax)
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
    check_finite(W)
    ax = axes_or_new(ax)
    W = W.detach().cpu()
    scale = ScalarMappable(Normalize(0, 1, clip=True), cmap="viridis")
    colors = scale.to_rgba(superposition(W).numpy())
    ax.barh(range(len(colors)), feature_norm(W).numpy(), height=0.85, color=colors)
    ax.set_ylim(len(colors) - 0.5, -0.5)
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel(r"norm $\|W_i\|$")
    ax.set_ylabel("feature $i$")
    label = r"superposition $\sum_{j \neq i} (\hat W_i \cdot W_j)^2$"
    add_colorbar(scale, ax, label=label, extend="max")
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
    ax = axes_or_new(ax)
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
        add_colorbar(scale, ax, label="importance $I_i$")
    return ax


def plot_features_3d(
    W: Float[Tensor, "3 features"],
    *,
    ax: Axes3D | None = None,
) -> Axes3D:
    """Each feature's direction in a model with three hidden dimensions, and its number.

    Thick lines connect features that are neighbours: hardly further apart (a quarter) than
    either's nearest. So the edges of regular polytopes and of bipyramids are drawn. Features
    shorter than a tenth are left out. `ax` must have been made with `projection="3d"`.
    """
    check_finite(W)
    if ax is None:
        ax = plt.figure(layout="constrained").add_subplot(projection="3d")
    corners = W.detach().cpu().T
    is_there = corners.norm(dim=-1) > 0.1
    for i in is_there.nonzero().squeeze(-1).tolist():
        x, y, z = corners[i].tolist()
        ax.plot([0, x], [0, y], [0, z], color="0.7", lw=1)
        ax.text(1.15 * x, 1.15 * y, 1.15 * z, str(i), ha="center", va="center")
    corners = corners[is_there]
    distance = torch.cdist(corners, corners).fill_diagonal_(torch.inf)
    nearest = distance.amin(-1, keepdim=True)
    near = distance <= 1.25 * torch.maximum(nearest, nearest.T)
    for i, j in near.triu(1).nonzero().tolist():
        ax.plot(*array(corners[[i, j]].T), color="black", lw=2)
    ax.plot(*array(corners.T), "o", color="black")
    ax.set_aspect("equal")
    ax.set(xticklabels=[], yticklabels=[], zticklabels=[])
    ax.set_xlabel("$h_0$", labelpad=-10)
    ax.set_ylabel("$h_1$", labelpad=-10)
    ax.set_zlabel("$h_2$", labelpad=-10)
    ax.view_init(elev=20, azim=25)
    return ax
