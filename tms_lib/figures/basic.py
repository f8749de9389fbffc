"""Demonstrating Superposition: what linear and ReLU output models do as features get sparser."""

import torch
from jaxtyping import Float
from torch import Tensor

from tms_lib.features import geometric_importance
from tms_lib.figures._shared import DENSITIES, at_density, best_models, gaps_2d, page
from tms_lib.figures.reproduction import Claim, Reproduction, equal, within
from tms_lib.geometry import Shape, canonicalize_2d, recognise_shapes
from tms_lib.metrics import FeatureKind, classify_features, count_represented, feature_norm
from tms_lib.models import LinearModel, ReLUOutputModel
from tms_lib.plots import plot_feature_norms, plot_features_2d, plot_weights
from tms_lib.theory import linear_expected_loss, linear_optimal_loss
from tms_lib.training import TrainConfig


def linear_and_relu(*, seed: int = 0) -> Reproduction:
    """W^T W, b and norms of a linear and of ReLU output models: n = 20, m = 5, I_i = 0.7^i."""
    return _linear_and_relu(n_features=20, n_hidden=5, base=0.7, n_steps=2_000, seed=seed)


def linear_and_relu_large(*, seed: int = 0) -> Reproduction:
    """The same for n = 80, m = 20, I_i = 0.9^i: a rescaled version of the small picture."""
    return _linear_and_relu(n_features=80, n_hidden=20, base=0.9, n_steps=3_000, seed=seed)


def five_features(*, seed: int = 0) -> Reproduction:
    """Five features in two dimensions: two of them, then two antipodal pairs, then a pentagon."""
    densities = torch.tensor([1.0, 0.2, 0.1])
    importance = geometric_importance(0.9, 5)
    best = best_models(
        ReLUOutputModel,
        densities.unsqueeze(-1).expand(-1, 5),
        n_hidden=2,
        importance=importance,
        n_seeds=16,
        config=TrainConfig(n_steps=2_000, batch_size=256),
        generator=torch.Generator().manual_seed(seed),
    )
    W = canonicalize_2d(best.parameters["W"])
    figure, axes = page(1, 3, width=4.2, height=3.6)
    for W_k, density, ax in zip(W, densities.tolist(), axes, strict=True):
        plot_features_2d(W_k, importance=importance, ax=ax).set_title(at_density(density))
    figure.suptitle("$n = 5$, $m = 2$, $I_i = 0.9^i$, best of 16")
    dense, pairs, pentagon = (gaps_2d(W_k) for W_k in W)
    return Reproduction(
        figure,
        [
            equal(
                "features represented at 1-S = 1, 0.2, 0.1", count_represented(W), needed=[2, 4, 5]
            ),
            within("1-S = 1: orthogonal; degrees between them", dense.amin(), low=85, high=95),
            within(
                "1-S = 0.2: two antipodal pairs; degrees between neighbours", pairs, low=85, high=95
            ),
            within("1-S = 0.1: a pentagon; degrees between neighbours", pentagon, low=67, high=77),
        ],
    )


def _linear_and_relu(
    *, n_features: int, n_hidden: int, base: float, n_steps: int, seed: int
) -> Reproduction:
    generator = torch.Generator().manual_seed(seed)
    importance = geometric_importance(base, n_features)
    p = DENSITIES.unsqueeze(-1).expand(-1, n_features)
    linear, relu = (
        best_models(
            make_model,
            p,
            n_hidden=n_hidden,
            importance=importance,
            n_seeds=n_seeds,
            config=TrainConfig(n_steps=n_steps, batch_size=256),
            generator=generator,
        ).parameters
        for make_model, n_seeds in ((LinearModel, 1), (ReLUOutputModel, 3))
    )
    figure, axes = page(2, 8, width=3.3, height=3)
    titles = [
        "linear, any density",
        *(f"ReLU, {at_density(density)}" for density in DENSITIES.tolist()),
    ]
    W, b = (torch.cat([linear[name][:1], relu[name]]) for name in ("W", "b"))
    for k, title in enumerate(titles):
        plot_weights(W[k], b[k], ax=axes[k]).set_title(title)
        plot_feature_norms(W[k], ax=axes[k + 8])
    figure.suptitle(f"$n = {n_features}$, $m = {n_hidden}$, $I_i = {base}^i$")
    claims = _claims_of_linear(linear["W"], linear["b"], p=p, importance=importance)
    return Reproduction(figure, claims + _claims_of_relu(relu["W"], relu["b"]))


def _claims_of_linear(
    W: Float[Tensor, "densities hidden features"],
    b: Float[Tensor, "densities features"],
    *,
    p: Float[Tensor, "densities features"],
    importance: Float[Tensor, " features"],
) -> list[Claim]:
    n_hidden = W.shape[-2]
    kept, ignored = feature_norm(W).tensor_split([n_hidden], dim=-1)
    loss = linear_expected_loss(W, b, feature_probability=p, importance=importance)
    optimum = linear_optimal_loss(p, importance=importance, n_hidden=n_hidden)
    answer = (b / (p / 2))[:, n_hidden:].mean(-1)
    return [
        within(
            f"linear, every density: keeps the top {n_hidden}; their norms",
            kept,
            low=0.95,
            high=1.05,
        ),
        within("linear, every density: ignores the rest; their norms", ignored, low=0, high=0.1),
        within(
            "linear: answers the mean for ignored features; b / (p/2)", answer, low=0.9, high=1.1
        ),
        within(
            "linear: as good as linear gets; loss / least loss",
            loss / optimum,
            low=0.999,
            high=1.01,
        ),
    ]


def _claims_of_relu(
    W: Float[Tensor, "densities hidden features"], b: Float[Tensor, "densities features"]
) -> list[Claim]:
    n_hidden = W.shape[-2]
    kind = classify_features(W)
    n_dedicated = (kind == FeatureKind.DEDICATED).sum(-1)
    n_represented = count_represented(W)
    place = torch.arange(W.shape[-1], dtype=torch.float32)
    moderate = kind[1]  # 1 - S = 0.3
    first, later = (
        place[moderate == which].mean() for which in (FeatureKind.DEDICATED, FeatureKind.SUPERPOSED)
    )
    shapes = [c.shape for c in recognise_shapes(W[1]) if c.shape is not Shape.DEDICATED]
    in_pairs = shapes.count(Shape.DIGON) / len(shapes)
    return [
        equal(
            "ReLU, 1-S = 1: a dimension for each of the top m", n_dedicated[:1], needed=[n_hidden]
        ),
        within(
            "ReLU, 1-S = 0.3: the least important share dimensions first; places after the others",
            later - first,
            low=1,
        ),
        within("ReLU, 1-S = 0.3: in antipodal pairs; part of the shapes", in_pairs, low=0.8),
        equal(
            "ReLU, 1-S <= 0.01: all share; features that do not", n_dedicated[-3:], needed=[0, 0, 0]
        ),
        Claim(
            "ReLU: the sparser, the more features; twice m in the end",
            measured=", ".join(map(str, n_represented.tolist())),
            needed=f"from {n_hidden} to {2 * n_hidden} or more",
            holds=bool(n_represented[0] == n_hidden and n_represented[-1] >= 2 * n_hidden),
        ),
        within("ReLU, 1-S <= 0.01: negative biases; the lowest", b[-3:].amin(-1), high=-0.1),
    ]
