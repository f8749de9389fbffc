"""Computation in Superposition: absolute values, with enough neurons and with too few."""

import torch

from tms_lib.evaluation import expected_loss
from tms_lib.figures._shared import keep_best, page
from tms_lib.figures.reproduction import Reproduction, within
from tms_lib.models import AbsoluteValueModel
from tms_lib.neurons import canonical_neurons, sort_neurons
from tms_lib.plots import plot_weight_graph, plot_weight_matrix, plot_weight_stack
from tms_lib.sampling import FeatureSampler
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
