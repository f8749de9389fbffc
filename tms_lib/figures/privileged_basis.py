"""Superposition in a Privileged Basis: the neurons of ReLU hidden layer models of the identity."""

import os
from concurrent.futures import ThreadPoolExecutor

import torch

from tms_lib.features import geometric_importance
from tms_lib.figures._shared import Best, at_density, best_models, page
from tms_lib.figures.reproduction import Reproduction, equal, within
from tms_lib.metrics import count_represented
from tms_lib.models import ReLUHiddenModel
from tms_lib.neurons import features_per_neuron, sort_neurons
from tms_lib.plots import plot_neurons
from tms_lib.threads import one_thread
from tms_lib.training import TrainConfig

_DENSITIES = torch.tensor([0.5, 0.3, 0.15, 0.12, 0.06, 0.03])
_N_SEEDS = 60


def privileged_basis(*, seed: int = 0) -> Reproduction:
    """Neurons from monosemantic to polysemantic: n = 10, m = 5, I_i = 0.75^i, best of many."""
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

    with one_thread(), ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(train_at, range(len(_DENSITIES))))
    W = torch.cat([best.parameters["W"] for best in found])
    figure, axes = page(2, 3, width=4.2, height=3.2)
    for W_k, density, ax in zip(W, _DENSITIES.tolist(), axes, strict=True):
        order = sort_neurons(W_k, importance=importance)
        plot_neurons(W_k, order=order, ax=ax).set_title(at_density(density))
    figure.suptitle(
        f"$h = \\mathrm{{ReLU}}(W x)$, $n = 10$, $m = 5$, $I_i = 0.75^i$, best of {_N_SEEDS}"
    )
    monosemantic = (features_per_neuron(W) == 1).sum(-1)
    claims = [
        equal(
            "one-feature neurons at 1-S = 0.5, 0.3, 0.15",
            monosemantic[:3],
            needed=[5, 3, 2],
        ),
        within("one-feature neurons at 1-S = 0.12", monosemantic[3], low=1, high=2),
        equal("one-feature neurons at 1-S = 0.06, 0.03", monosemantic[4:], needed=[0, 0]),
        equal("1-S = 0.5: a neuron for each of the top m", count_represented(W[:1]), needed=[5]),
        within("1-S = 0.06: more features than neurons", count_represented(W[4]), low=8),
    ]
    return Reproduction(figure, claims)
