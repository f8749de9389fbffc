"""The Geometry of Uniform Superposition, and Relationship to Adversarial Robustness."""

from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor

from tms_lib.adversarial import (
    attack_size,
    per_example_attack,
    relative_vulnerability,
    universal_attack,
)
from tms_lib.features import sample_features
from tms_lib.figures._shared import on_all_cores, page
from tms_lib.figures.reproduction import Reproduction, within
from tms_lib.geometry import Shape, recognise_shapes
from tms_lib.metrics import dimensionality, dimensions_per_feature, feature_norm
from tms_lib.models import ReLUOutputModel
from tms_lib.plots import plot_dimensionality, plot_vulnerability
from tms_lib.sampling import FeatureSampler
from tms_lib.training import TrainConfig, train


def feature_geometry(*, seed: int = 0) -> Reproduction:
    """Dimensions per feature and every D_i against sparsity: n = 400, m = 30, I_i = 1."""
    densities = 20.0 ** -torch.linspace(0, 1, 20)
    W, _ = _train(
        densities.unsqueeze(-1).expand(-1, 400),
        n_hidden=30,
        config=TrainConfig(n_steps=3_000, batch_size=512, lr=5e-3),
        seed=seed,
    )
    D, per_feature = dimensionality(W), dimensions_per_feature(W)
    figure, (ax,) = page(1, 1, width=11, height=6)
    plot_dimensionality(D, dimensions_per_feature=per_feature, feature_probability=densities, ax=ax)
    ax.set_title("$n = 400$, $m = 30$, $I_i = 1$", pad=30)  # above the legend
    sparsity = 1 / densities
    dense, pairs = sparsity < 1.4, (sparsity > 2.5) & (sparsity < 3.6)
    solids = (sparsity > 4.5) & (sparsity < 5)
    found = [component.shape for W_k in W for component in recognise_shapes(W_k)]
    claims = [
        within("sticky at 1: m/|W|^2 for 1/(1-S) < 1.4", per_feature[dense], low=0.97, high=1.03),
        within(
            "sticky at 1/2: m/|W|^2 for 1/(1-S) in 2.5 to 3.6",
            per_feature[pairs],
            low=0.47,
            high=0.57,
        ),
        within(
            "all features in digons there, D_i = 1/2; part of them",
            _part_near(D[pairs], W[pairs], [1 / 2]),
            low=0.85,
        ),
        within(
            "1/(1-S) = 4.8: D_i is 2/5 (pentagons) or 3/8 (square antiprisms); part",
            _part_near(D[solids], W[solids], [2 / 5, 3 / 8]),
            low=0.4,
        ),
        within("D_i = 2/5 there; part", _part_near(D[solids], W[solids], [2 / 5]), low=0.1),
        within("D_i = 3/8 there; part", _part_near(D[solids], W[solids], [3 / 8]), low=0.1),
        within(
            "no line at 1 where features are dense: highest D_i at 1-S = 1", D[0].max(), high=0.5
        ),
        within("the D_i of a model add up to m; sum / m", D.sum(-1) / 30, low=0.98, high=1.001),
        within(
            "not reproduced: D_i = 3/4 and 2/3; tetrahedra and triangles in all models",
            torch.tensor([found.count(shape) for shape in (Shape.TETRAHEDRON, Shape.TRIANGLE)]),
            high=5,
        ),
    ]
    return Reproduction(figure, claims)


def adversarial_robustness(*, seed: int = 0) -> Reproduction:
    """Vulnerability to attacks and features per dimension against sparsity: n = 100, m = 10."""
    densities = torch.logspace(0, -1.2, 11)
    p = densities.unsqueeze(-1).expand(-1, 100)
    config = TrainConfig(n_steps=2_500, batch_size=256)
    W, b = _train(p, n_hidden=10, config=config, seed=seed)
    x = sample_features(p, 2_048, generator=torch.Generator().manual_seed(seed))
    attacked = {
        "W": W,
        "b": b,
        "importance": torch.ones(100),
        "size": attack_size(x, fraction=0.1),
    }
    vulnerability = torch.stack(
        [
            relative_vulnerability(x, attack(x, **attacked), **attacked, feature_probability=p)
            for attack in (universal_attack, per_example_attack)
        ]
    )
    per_feature = dimensions_per_feature(W)
    figure, (ax,) = page(1, 1, width=8, height=5)
    plot_vulnerability(
        vulnerability,
        dimensions_per_feature=per_feature,
        feature_probability=densities,
        labels=["one direction for all inputs", "a direction per input"],
        ax=ax,
    )
    ax.set_title("$n = 100$, $m = 10$, $I_i = 1$; attacks of 0.1 of the mean input's length")
    one, each = vulnerability
    claims = [
        within(
            "dense: no more vulnerable than without superposition",
            vulnerability[:, 0],
            low=0.9,
            high=1.1,
        ),
        within("one direction: over 3 times as vulnerable in the end", one[-1], low=3),
        within("a direction per input: the same", each[-1], low=3),
        within(
            "vulnerability tracks features per dimension: rank correlation",
            torch.stack([_rank_correlation(v, 1 / per_feature) for v in vulnerability]),
            low=0.95,
        ),
        within(
            "one direction: vulnerability / features per dimension",
            one * per_feature,
            low=0.5,
            high=2,
        ),
    ]
    return Reproduction(figure, claims)


def _train(
    p: Float[Tensor, "instances features"], *, n_hidden: int, config: TrainConfig, seed: int
) -> tuple[Float[Tensor, "instances {n_hidden} features"], Float[Tensor, "instances features"]]:
    """W and b of a ReLU output model for each row of densities; all importances are 1."""
    n_instances, n_features = p.shape

    def train_at(place: int) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(seed * n_instances + place)
        model = ReLUOutputModel(
            n_instances=1, n_features=n_features, n_hidden=n_hidden, generator=generator
        )
        train(
            model,
            FeatureSampler(p[place : place + 1]),
            importance=torch.ones(n_features),
            generator=generator,
            config=config,
        )
        return model.W.detach(), model.b.detach()

    W, b = zip(*on_all_cores(train_at, n_parts=n_instances), strict=True)
    return torch.cat(W), torch.cat(b)


def _part_near(
    D: Float[Tensor, "instances features"],
    W: Float[Tensor, "instances hidden features"],
    fractions: Iterable[float],
) -> float:
    """Of the features represented, the part whose dimensionality is close to a fraction.

    Close is half of 2/5 - 3/8, so that no value is close to both.
    """
    D = D[feature_norm(W) > 0.5]
    near = torch.stack([(D - fraction).abs() < 0.0125 for fraction in fractions])
    return near.any(0).float().mean().item()


def _rank_correlation(x: Float[Tensor, " values"], y: Float[Tensor, " values"]) -> Tensor:
    """Spearman's: the correlation of the ranks."""
    ranks = torch.stack([values.argsort().argsort().float() for values in (x, y)])
    return torch.corrcoef(ranks)[0, 1]
