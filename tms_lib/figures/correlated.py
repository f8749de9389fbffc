"""Correlated and anticorrelated features: which arrangements they prefer."""

from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from tms_lib.correlation import sample_anticorrelated, sample_correlated
from tms_lib.evaluation import expected_loss
from tms_lib.figures._shared import Best, at_density, keep_best, page
from tms_lib.figures.reproduction import Reproduction, equal, within
from tms_lib.geometry import canonicalize_2d
from tms_lib.models import ReLUOutputModel
from tms_lib.plots import plot_curves, plot_features_2d, plot_weights
from tms_lib.sets import cosines_within_sets
from tms_lib.training import TrainConfig, train

_THREE_PAIRS = torch.tensor([0.6, 0.5, 0.3, 0.2, 0.15, 0.1, 0.05, 0.02])  # densities
_DRAWN = (1, 3, 5, 7)


def correlated_features(*, seed: int = 0) -> Reproduction:
    """Sets of features that come together, or that exclude each other, and their directions."""
    generator = torch.Generator().manual_seed(seed)
    pairs = partial(sample_correlated, set_size=2)
    excluding = partial(sample_anticorrelated, set_size=2, probability_of="set")
    tens = partial(sample_correlated, set_size=10)
    few = torch.tensor([0.05])
    two = _best(pairs, few, n_sets=2, n_hidden=2, n_seeds=8, generator=generator)
    opposite = _best(excluding, few, n_sets=2, n_hidden=2, n_seeds=16, generator=generator)
    three = _best(pairs, _THREE_PAIRS, n_sets=3, n_hidden=2, n_seeds=16, generator=generator)
    large = _best(tens, few, n_sets=2, n_hidden=10, n_seeds=8, generator=generator)
    figure, axes = page(2, 4, width=4, height=3.8)
    for best, title, ax in (
        (two, "two correlated pairs", axes[0]),
        (opposite, "two anticorrelated pairs", axes[1]),
    ):
        plot_features_2d(canonicalize_2d(best.parameters["W"][0]), ax=ax)
        ax.set_title(title)
    for k, ax in zip(_DRAWN, axes[2:6], strict=True):
        plot_features_2d(canonicalize_2d(three.parameters["W"][k]), ax=ax)
        ax.set_title(f"three correlated pairs, {at_density(_THREE_PAIRS[k].item())}")
    side_by_side = cosines_within_sets(three.parameters["W"], set_size=2)
    n_collapsed = (side_by_side > 0.95).sum((-2, -1))
    plot_curves(_THREE_PAIRS, n_collapsed[None].float(), labels=["pairs collapsed"], ax=axes[6])
    axes[6].set(xlabel="density $1 - S$", ylabel="pairs side by side, of three")
    plot_weights(large.parameters["W"][0], large.parameters["b"][0], ax=axes[7])
    axes[7].set_title("two correlated sets of ten, $m = 10$")
    figure.suptitle(
        "Pairs are 0 1, 2 3, 4 5; $I_i = 1$, best of 8 or 16; $1 - S = 0.05$ where not given"
    )
    ten = cosines_within_sets(large.parameters["W"], set_size=10)
    claims = [
        within(
            "two correlated pairs: orthogonal within a pair; |cosine|",
            cosines_within_sets(two.parameters["W"], set_size=2).abs(),
            high=0.15,
        ),
        within(
            "two anticorrelated pairs: antipodal within a pair; cosine",
            cosines_within_sets(opposite.parameters["W"], set_size=2),
            high=-0.95,
        ),
        within(
            "three correlated pairs, 1-S >= 0.5: side by side as in PCA; pairs",
            n_collapsed[:2],
            low=3,
        ),
        within("1-S = 0.2 to 0.1: some collapsed; pairs", n_collapsed[3:6], low=1, high=2),
        equal("1-S = 0.02: none collapsed; pairs", n_collapsed[-1:], needed=[0]),
        within(
            "two sets of ten in ten dimensions: orthogonal within a set; mean |cosine|",
            ten.abs().mean(),
            high=0.1,
        ),
    ]
    return Reproduction(figure, claims)


def _best(
    draw: Callable[..., Float[Tensor, "instances batch features"]],
    densities: Float[Tensor, " settings"],
    *,
    n_sets: int,
    n_hidden: int,
    n_seeds: int,
    generator: torch.Generator,
) -> Best:
    """The best ReLU output model for sets of features at each density."""
    p = densities.repeat_interleave(n_seeds).unsqueeze(-1).expand(-1, n_sets)
    sample = partial(draw, p)
    n_features = sample(1, generator=generator.clone_state()).shape[-1]
    importance = torch.ones(n_features)
    model = ReLUOutputModel(
        n_instances=len(p), n_features=n_features, n_hidden=n_hidden, generator=generator
    )
    config = TrainConfig(n_steps=2_000, batch_size=512)
    train(model, sample, importance=importance, generator=generator, config=config)
    losses = expected_loss(
        model, sample, importance=importance, n_samples=2**16, generator=generator
    )
    return keep_best(model, losses.unflatten(0, (-1, n_seeds)))
