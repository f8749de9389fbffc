"""Superposition in a Privileged Basis: the neurons of ReLU hidden layer models of the identity."""

import torch
from jaxtyping import Float
from torch import Tensor

from tms_lib.features import geometric_importance
from tms_lib.figures._shared import Best, at_density, best_models, on_all_cores, page
from tms_lib.figures.reproduction import Claim, Reproduction, equal, within
from tms_lib.metrics import count_represented
from tms_lib.models import ReLUHiddenModel
from tms_lib.neurons import features_per_neuron, sort_neurons
from tms_lib.plots import plot_neurons, plot_weight_matrix
from tms_lib.training import TrainConfig

_DENSITIES = torch.tensor([0.5, 0.3, 0.2, 0.15, 0.12, 0.06, 0.03])
_N_SEEDS = 60


def privileged_basis(*, seed: int = 0) -> Reproduction:
    """Neurons from monosemantic to polysemantic: n = 10, m = 5, I_i = 0.75^i, best of many.

    The paper keeps the best of 1000 models. Of 60, solutions whose losses differ by less than
    noise decide how many neurons are monosemantic at 1 - S = 0.2 (the paper has 3) and 0.12 (1).
    """
    importance = geometric_importance(0.75, 10)

    def train_at(place: int) -> Best:
        return best_models(
            ReLUHiddenModel,
            _DENSITIES[place : place + 1].unsqueeze(-1).expand(-1, 10),
            n_hidden=5,
            importance=importance,
            n_seeds=_N_SEEDS,
            config=TrainConfig(n_steps=2_500, batch_size=256),
            generator=torch.Generator().manual_seed(seed * len(_DENSITIES) + place),
        )

    found = on_all_cores(train_at, n_parts=len(_DENSITIES))
    W = torch.cat([best.parameters["W"] for best in found])
    figure, (*bars, matrix) = page(2, 4, width=4.2, height=3.2)
    for W_k, density, ax in zip(W, _DENSITIES.tolist(), bars, strict=True):
        order = sort_neurons(W_k, importance=importance)
        plot_neurons(W_k, order=order, ax=ax).set_title(at_density(density))
    # what a feature alone turns on
    plot_weight_matrix(W[-1].relu(), ax=matrix).set_title(
        f"$\\mathrm{{ReLU}}(W)$, {at_density(_DENSITIES[-1].item())}"
    )
    figure.suptitle(
        f"$h = \\mathrm{{ReLU}}(W x)$, $n = 10$, $m = 5$, $I_i = 0.75^i$, best of {_N_SEEDS}"
    )
    return Reproduction(figure, _claims(W))


def _claims(W: Float[Tensor, "densities hidden features"]) -> list[Claim]:
    alone = (features_per_neuron(W) == 1).sum(-1)  # neurons of one feature, by density
    represented = count_represented(W)
    # a negative weight turns nothing on
    pairs = W[-1] > 0.5 * W[-1].amax(0)
    return [
        equal("one-feature neurons at 1-S = 0.5, 0.3", alone[:2], needed=[5, 3]),
        within("one-feature neurons at 1-S = 0.2, 0.15", alone[2:4], low=2, high=3),
        within("one-feature neurons at 1-S = 0.12", alone[4], low=1, high=2),
        equal("one-feature neurons at 1-S = 0.06, 0.03", alone[5:], needed=[0, 0]),
        equal("features represented at 1-S = 0.5, 0.3", represented[:2], needed=[5, 6]),
        equal("features represented at 1-S = 0.15, 0.12", represented[3:5], needed=[7, 7]),
        within("features represented at 1-S = 0.06", represented[5], low=8, high=9),
        within("1-S = 0.03: neurons that each feature turns on", pairs.sum(0), low=2, high=2),
        equal(
            "1-S = 0.03: different pairs, all that five neurons have",
            torch.tensor([len(pairs.T.unique(dim=0))]),
            needed=[10],
        ),
    ]
