"""Computation in Superposition: asymmetric superposition and inhibition, made by hand.

The circuits here give |x_0| for x_0 > 0, and |x_i| for x_i < 0 and any other i. The other side
of a feature would have a neuron of its own.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from tms_lib.circuits import asymmetric_circuit
from tms_lib.figures._shared import page
from tms_lib.figures.reproduction import Claim, Reproduction, equal, within
from tms_lib.losses import weighted_row_mse
from tms_lib.models import relu_embed
from tms_lib.plots import plot_curves, plot_weight_graph
from tms_lib.sampling import FeatureSampler


class _Circuit(NamedTuple):
    """Weights by neuron: what each reads, `neurons features`, and writes, `neurons outputs`."""

    reads: Tensor
    writes: Tensor

    def before_relu(self, x: Float[Tensor, "batch features"]) -> Float[Tensor, "batch features"]:
        return relu_embed(x, self.reads) @ self.writes


_W1, _W2 = asymmetric_circuit(torch.tensor(2.0), margin=1.0)
_EQUAL = _Circuit(torch.tensor([[1.0, -1.0]]), torch.tensor([[1.0, 1.0]]))
_ASYMMETRIC = _Circuit(_W1[:1], _W2.mT[:1])
_INHIBITED = _Circuit(_W1, _W2.mT)
_MUTUAL = _Circuit(
    torch.tensor([[2.0, -0.5, 0.0], [2.0, 0.0, -0.5]]),
    torch.tensor([[0.25, 2.0, -2.5], [0.25, -2.5, 2.0]]),
)


def asymmetric_superposition(*, seed: int = 0) -> Reproduction:
    """A neuron that two features share, and the inhibition which makes that possible.

    The neuron reads the positive side of feature 0 and the negative side of feature 1. With
    weights 2 and -1/2 in, and 1/2 and 2 out, feature 0 disturbs output 1 heavily and feature 1
    hardly disturbs output 0. A second neuron, which feature 0 turns on, drives output 1 below
    zero, where the output ReLU ends the matter. This is the paper's motif.

    An inhibitor costs as much as a neuron for feature 1 alone. It pays if it has other work too:
    in the last column, which is not the paper's, two neurons inhibit each other, and together
    serve a side each of three features.
    """
    circuits = {
        "equal weights": _EQUAL,
        "asymmetric weights": _ASYMMETRIC,
        "with an inhibitor": _INHIBITED,
        "inhibiting each other": _MUTUAL,
    }
    figure, axes = page(2, 4, width=4.2, height=3.5)
    for k, (name, circuit) in enumerate(circuits.items()):
        title = "\n".join([name, *_in_words(circuit)])
        plot_weight_graph(circuit.reads, W2=circuit.writes.T, ax=axes[k])
        axes[k].set_title(title, fontsize="medium")
        _plot_outputs(circuit, ax=axes[k + 4])
    figure.suptitle("$y = \\mathrm{ReLU}(W_2\\, \\mathrm{ReLU}(W_1 x))$, weights made by hand")
    claims = [
        within(
            "all four: a feature alone gets its output right; y_i / |x_i|",
            torch.cat([_alone(circuit).relu().diagonal() for circuit in circuits.values()]),
            low=1,
            high=1,
        ),
        _interference("equal weights", _EQUAL, needed=[1.0, 1.0]),
        _interference("asymmetric weights", _ASYMMETRIC, needed=[4.0, 1 / 4]),
        _interference("with an inhibitor", _INHIBITED, needed=[-1.0, 1 / 4]),
        _interference("inhibiting each other", _MUTUAL, needed=[-1.0, 1 / 8]),
        within(
            "three features in 5 neurons, 1-S = 0.01: loss / loss of leaving out a side",
            _part_of_loss_left(seed=seed),
            high=0.1,
        ),
    ]
    return Reproduction(figure, claims)


def _interference(name: str, circuit: _Circuit, *, needed: list[float]) -> Claim:
    alone = _alone(circuit)
    return equal(
        f"{name}: x_0 = 1 adds to output 1, x_1 = -1 to output 0, before the output ReLU",
        torch.stack([alone[0, 1], alone[1, 0]]),
        needed=needed,
    )


def _alone(circuit: _Circuit) -> Float[Tensor, "features outputs"]:
    """What each feature alone, at the end of its side, does to the outputs, before their ReLU."""
    return circuit.before_relu(torch.eye(circuit.reads.shape[1]) * _sides(circuit))


def _sides(circuit: _Circuit) -> Float[Tensor, " features"]:
    """The sign of each feature on the side that is served."""
    return torch.tensor([1.0] + [-1.0] * (circuit.reads.shape[1] - 1))


def _in_words(circuit: _Circuit) -> list[str]:
    """A line for each neuron."""
    return [
        f"neuron {k}: reads {_listed(reads)}, writes {_listed(writes)}"
        for k, (reads, writes) in enumerate(zip(*circuit, strict=True))
    ]


def _listed(weights: Float[Tensor, " weights"]) -> str:
    return ", ".join(f"{weight:g}" for weight in weights.tolist())


def _plot_outputs(circuit: _Circuit, *, ax: Axes) -> None:
    """The first two outputs, for feature 0 alone and for feature 1 alone."""
    size = torch.linspace(0, 1, 49)
    # a feature alone: all is linear on its side
    slopes = _alone(circuit).relu()[:2, :2].flatten()
    labels = [f"$y_{j}$ if $x_{i} {side} 0$" for i, side in enumerate("><") for j in range(2)]
    plot_curves(size, slopes.unsqueeze(-1) * size, labels=labels, ax=ax)
    ax.set(xlabel="$|x_i|$ of the only active feature", ylabel="output")


def _part_of_loss_left(*, seed: int) -> Float[Tensor, ""]:
    """Loss of whole absolute values, over that of a model with as many neurons, each for a side.

    Both have 5 neurons for the six sides of three features: here two serve three sides, there a
    side has none.
    """
    sample = FeatureSampler(torch.full((3,), 0.01), signed=True)
    x, weight = sample(2**16, generator=torch.Generator().manual_seed(seed))
    sides = _sides(_MUTUAL)
    served = torch.relu(_MUTUAL.before_relu(x) + torch.relu(-sides * x))
    left_out = torch.cat([x[:, :2].abs(), x[:, 2:].relu()], dim=-1)
    ours, theirs = (
        weighted_row_mse(x.abs(), y, importance=torch.ones(3), weight=weight)
        for y in (served, left_out)
    )
    return ours / theirs
