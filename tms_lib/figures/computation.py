"""Computation in Superposition: absolute values, with enough neurons and with too few."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from tms_lib.evaluation import expected_loss
from tms_lib.features import geometric_importance
from tms_lib.figures._shared import DENSITIES, Best, at_density, keep_best, on_all_cores, page
from tms_lib.figures.reproduction import Claim, Reproduction, equal, within
from tms_lib.models import AbsoluteValueModel
from tms_lib.neurons import canonical_neurons, features_per_neuron, sort_neurons
from tms_lib.plots import (
    plot_curves,
    plot_neurons,
    plot_weight_graph,
    plot_weight_matrix,
    plot_weight_stack,
)
from tms_lib.recipes import train_absolute_value
from tms_lib.sampling import FeatureSampler
from tms_lib.theory import linear_optimal_loss
from tms_lib.training import TrainConfig, train


def absolute_value_small(*, seed: int = 0) -> Reproduction:
    """The absolute value of three features with six neurons, as matrix, as stack and as graph."""
    generator = torch.Generator().manual_seed(seed)
    importance = torch.ones(3)
    model = AbsoluteValueModel(n_instances=16, n_features=3, n_hidden=6, generator=generator)
    sample = FeatureSampler(torch.ones(16, 3), signed=True)
    train(
        model,
        sample,
        importance=importance,
        generator=generator,
        config=TrainConfig(n_steps=3_000, batch_size=256),
        target=torch.abs,
    )
    loss = expected_loss(
        model,
        sample,
        importance=importance,
        n_samples=2**15,
        generator=generator,
        target=torch.abs,
    )
    best = keep_best(model, loss.unsqueeze(0))
    W1, W2 = canonical_neurons(best.parameters["W1"][0], best.parameters["W2"][0])
    order = sort_neurons(W1, importance=importance)
    W1, W2 = W1[order], W2[:, order]
    figure, (matrix, stack, graph) = page(1, 3, width=4.4, height=4)
    plot_weight_matrix(W1, ax=matrix).set_title("$W_1$ as matrix")
    plot_weight_stack(W1, ax=stack).set_title("$W_1$ as stack")
    plot_weight_graph(W1, W2=W2, ax=graph).set_title("$W_1$ and $W_2$ as graph")
    figure.suptitle(
        "$y = \\mathrm{ReLU}(W_2\\, \\mathrm{ReLU}(W_1 x) + b)$, $n = 3$, $m = 6$, $1 - S = 1$, "
        "each neuron scaled to a largest weight of 1"
    )
    own = W1.abs() > 0.5
    sides = torch.stack([(W1 > 0.5).sum(0), (W1 < -0.5).sum(0)])
    claims = [
        within("loss of the best of 16", best.loss, high=1e-3),
        within("neurons for the two sides of each feature", sides, low=1, high=1),
        within("a neuron's other input weights", W1[~own].abs(), high=0.05),
        within("weights from neurons to their own outputs", W2.mT[own], low=0.95, high=1.05),
        within("weights from neurons to other outputs", W2.mT[~own].abs(), high=0.05),
        within("biases", best.parameters["b"].abs(), high=0.05),
    ]
    return Reproduction(figure, claims)


def absolute_value(*, seed: int = 0) -> Reproduction:
    """The absolute value of n = 100 features with m = 40 neurons, I_i = 0.8^i, best of three.

    Each neuron's weights, sorted by the importance of its largest feature, from dense to sparse
    features. The paper does not say how it trained. Here `train_absolute_value` does, from the
    plain start and with two helps that are gone by half of the steps; without them, sparse
    features are mostly lost.

    The yardstick is the best that is known without superposition: two neurons for each of the
    20 most important features, and the mean p/2 as an answer for the others.
    """
    importance = geometric_importance(0.8, 100)

    def train_at(place: int) -> Best:
        generator = torch.Generator().manual_seed(seed * len(DENSITIES) + place)
        p = DENSITIES[place].expand(3, 100)
        model, _ = train_absolute_value(p, importance=importance, n_hidden=40, generator=generator)
        loss = expected_loss(
            model,
            FeatureSampler(p, signed=True),
            importance=importance,
            n_samples=2**15,
            generator=generator,
            target=torch.abs,
        )
        return keep_best(model, loss.unsqueeze(0))

    found = on_all_cores(train_at, n_parts=len(DENSITIES))
    W1, _ = canonical_neurons(
        *(torch.cat([best.parameters[name] for best in found]) for name in ("W1", "W2"))
    )
    # two neurons to a feature: see `monosemantic_circuit`
    by_hand = linear_optimal_loss(DENSITIES[:, None], importance=importance, n_hidden=20)
    ratio = torch.cat([best.loss for best in found]) / by_hand
    alone = (features_per_neuron(W1) == 1).sum(-1)
    figure, (*bars, summary) = page(4, 2, width=7, height=2.5)
    for W1_k, density, ax in zip(W1, DENSITIES.tolist(), bars, strict=True):
        order = sort_neurons(W1_k, importance=importance)
        plot_neurons(W1_k, order=order, ax=ax).set_title(at_density(density))
    plot_curves(
        1 / DENSITIES,
        torch.stack([alone / 40, ratio]),
        labels=["part of the neurons with one feature", "loss / loss by hand, no superposition"],
        ax=summary,
    )
    summary.set(xscale="log", xlabel="$1/(1 - S)$", ylim=(0, None))
    figure.suptitle(
        "$n = 100$, $m = 40$, $I_i = 0.8^i$, trained with two helps, best of 3; "
        "$W_1$, each neuron scaled to a largest weight of 1"
    )
    return Reproduction(figure, _claims(W1, alone=alone, ratio=ratio))


def _claims(
    W1: Float[Tensor, "densities hidden features"],
    *,
    alone: Int[Tensor, " densities"],
    ratio: Float[Tensor, " densities"],
) -> list[Claim]:
    return [
        within("trained with two helps: loss / loss by hand without superposition", ratio, high=2),
        within("1-S = 0.003, 0.001: less than half of it", ratio[-2:], high=0.5),
        within("1-S = 1, 0.3: (nearly) all of 40 neurons have one feature", alone[:2], low=38),
        within(
            "1-S = 1, 0.3: two neurons for a feature; features served",
            _n_served(W1[:2]),
            low=18,
            high=22,
        ),
        within("1-S = 0.1: a few neurons have more", 40 - alone[2], low=1, high=12),
        equal("1-S = 0.001: neurons with one feature", alone[-1:], needed=[0]),
        within(
            "1-S = 0.001: highly polysemantic; median of features per neuron",
            features_per_neuron(W1[-1]).median(),
            low=5,
        ),
        within("the sparser, the fewer neurons with one feature; changes", alone.diff(), high=0),
    ]


def _n_served(
    W1: Float[Tensor, "densities hidden features"],
) -> Int[Tensor, " densities"]:
    """How many features are some neuron's largest one."""
    return torch.tensor([len(largest.unique()) for largest in W1.abs().argmax(-1)])
