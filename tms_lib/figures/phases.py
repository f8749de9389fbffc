"""Superposition as a Phase Change: theory, trained models, and where they differ."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from tms_lib.evaluation import best_of_seeds
from tms_lib.figures._shared import page
from tms_lib.figures.reproduction import Reproduction, within
from tms_lib.metrics import feature_norm
from tms_lib.models import ReLUOutputModel
from tms_lib.phase_grid import train_phase_grid
from tms_lib.plots import plot_phase_diagram, plot_phase_map
from tms_lib.sampling import FeatureSampler
from tms_lib.theory import (
    Phase,
    classify_solution,
    expected_relu_loss,
    phase_losses,
    superposition_boundary,
)
from tms_lib.training import TrainConfig, train

_LABELS = ["ignored", "dedicated", "in a pair", "others in a pair"]
_N_SEEDS = 8
_HIGHEST_RATIO = 1.1  # in the picture; a few models that ended badly would hide the rest
_AT_A_TIME = 512  # models whose exact loss is computed at once, to bound memory


def phase_change(*, seed: int = 0) -> Reproduction:
    """Two features in one dimension: 32 x 32 importances and densities, the best of 8 models."""
    densities, importances = torch.logspace(-2, 0, 32), torch.logspace(-1, 1, 32)
    W, _, loss = train_phase_grid(
        densities,
        importances,
        n_seeds=_N_SEEDS,
        n_steps=400,
        lr=0.1,
        generator=torch.Generator().manual_seed(seed),
    )
    return _compare(W, loss, densities=densities, importances=importances)


def phase_change_in_two_dimensions(*, seed: int = 0) -> Reproduction:
    """Three features in two dimensions: 24 x 24 importances and densities, the best of 8 models."""
    densities, importances = torch.logspace(-2, 0, 24), torch.logspace(-1, 1, 24)
    p, r = torch.meshgrid(densities, importances, indexing="ij")
    p = p.flatten().repeat_interleave(_N_SEEDS).unsqueeze(-1).expand(-1, 3)
    r = r.flatten().repeat_interleave(_N_SEEDS)
    importance = torch.stack([torch.ones_like(r), torch.ones_like(r), r], dim=-1)
    generator = torch.Generator().manual_seed(seed)
    model = ReLUOutputModel(n_instances=len(p), n_features=3, n_hidden=2, generator=generator)
    config = TrainConfig(n_steps=1_000, batch_size=64, lr=2e-2)
    train(model, FeatureSampler(p), importance=importance, generator=generator, config=config)
    W, b = model.W.detach(), model.b.detach()
    parts = (values.split(_AT_A_TIME) for values in (W, b, p, importance))
    loss = torch.cat(
        [
            expected_relu_loss(W, b, feature_probability=p, importance=importance)
            for W, b, p, importance in zip(*parts, strict=True)
        ]
    ).unflatten(0, (-1, _N_SEEDS))
    best = best_of_seeds(W.unflatten(0, loss.shape), loss)
    grid = (len(densities), len(importances))
    return _compare(
        best.unflatten(0, grid),
        loss.amin(-1).unflatten(0, grid),
        densities=densities,
        importances=importances,
    )


def _compare(
    W: Float[Tensor, "densities importances hidden features"],
    loss: Float[Tensor, "densities importances"],
    *,
    densities: Float[Tensor, " densities"],
    importances: Float[Tensor, " importances"],
) -> Reproduction:
    n_hidden, n_features = W.shape[-2:]
    candidates = phase_losses(densities.unsqueeze(-1), importances, n_features=n_features)
    least, second = candidates.sort(-1).values[..., :2].unbind(-1)
    theory, trained = candidates.argmin(-1), classify_solution(W)
    agrees = _fate(theory) == _fate(trained)
    figure, axes = page(1, 3, width=4.6, height=4.9)
    grid = {"feature_probability": densities, "importance": importances}
    labels = _LABELS[: candidates.shape[-1]]
    plot_phase_diagram(theory, **grid, labels=labels, ax=axes[0])
    plot_phase_diagram(trained, **grid, labels=labels, ax=axes[1])
    ratio = loss / least
    label = f"trained loss / loss in theory, at most {_HIGHEST_RATIO:g}"
    plot_phase_map(ratio.clamp(max=_HIGHEST_RATIO), **grid, label=label, ax=axes[2])
    row, column = agrees.logical_not().nonzero().T
    axes[2].plot(importances[column], densities[row], "x", color="white", ms=5)
    boundary = superposition_boundary(importances, n_features=n_features)
    titles = ("theory", "trained models", "difference (x: in kind)")
    for ax, title in zip(axes, titles, strict=True):
        ax.plot(importances, boundary, color="white", linestyle="--")
        ax.set_xlabel("relative importance of the extra feature")
        ax.set_title(title, pad=45)  # above the legend
    figure.suptitle(
        f"What becomes of the extra feature: $n = {n_features}$, $m = {n_hidden}$, "
        f"best of {_N_SEEDS} at each point"
    )
    is_clear = second > 1.05 * least
    norm = feature_norm(W)[..., -1]
    is_sharp = (norm < 0.2) | (norm > 0.8)
    claims = [
        within(
            "the extra feature ends as in theory, where losses differ by over 5 %; part of points",
            agrees[is_clear].float().mean(),
            low=0.95,
        ),
        within(
            "first order: it is there or not, its norm not in 0.2 to 0.8; part of points",
            is_sharp.float().mean(),
            low=0.95,
        ),
        within("trained loss / loss in theory: median", ratio.median(), low=0.95, high=1.01),
    ]
    return Reproduction(figure, claims)


def _fate(phase: Int[Tensor, "*grid"]) -> Int[Tensor, "*grid"]:
    """The phase, if it does not matter how the other features make room for the extra one.

    With three features, two of them alike, mixtures of theirs are as good as ignoring one where
    features are dense, so that training ends in any.
    """
    return phase.where(phase != Phase.OTHERS_SUPERPOSED, Phase.DEDICATED)
