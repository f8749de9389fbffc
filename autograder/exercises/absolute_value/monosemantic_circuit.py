"""The exercise `monosemantic_circuit`: an absolute-value model made by hand."""

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call
from autograder.claims import contract, equals_reference
from autograder.exercise import Cases, Draw, Exercise, Slip
from autograder.exercises.absolute_value._shared import behaviour
from autograder.exercises.superposition import _shared as linear
from tms_lib import circuits


def _two_neurons_each(cases: Cases) -> Cases:
    """The calls of `linear_optimum`, with two neurons in place of each hidden dimension."""

    def doubled(draw: Draw) -> Iterator[Call]:
        for call in cases(draw):
            n_hidden = 2 * call.kwargs["n_hidden"]
            yield Call(args=call.args, kwargs={**call.kwargs, "n_hidden": n_hidden})

    return doubled


def _function(value: Any, _call: Call) -> Any:
    """What the circuit computes: it stays the same in any order and scale of neurons."""
    W1, W2, b = value
    return *behaviour(W1, W2), b


def _one_neuron_each(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor, Tensor]:
    p, _ = torch.broadcast_tensors(feature_probability, importance)
    served = (importance * (p / 3 - p**2 / 4)).argsort(dim=-1, descending=True)[..., :n_hidden]
    own = F.one_hot(served, p.shape[-1]).to(p.dtype)
    W1 = F.pad(own, (0, 0, 0, n_hidden - own.shape[-2]))
    return W1, W1.mT, p / 2 * (1 - own.sum(-2))


def _same_side_twice(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor, Tensor]:
    p, _ = torch.broadcast_tensors(feature_probability, importance)
    served = (importance * (p / 3 - p**2 / 4)).argsort(dim=-1, descending=True)[
        ..., : n_hidden // 2
    ]
    own = F.one_hot(served, p.shape[-1]).to(p.dtype)
    W1 = torch.cat([own, own], dim=-2)
    return W1, W1.mT, p / 2 * (1 - own.sum(-2))


def _gives_x_back(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor, Tensor]:
    p, _ = torch.broadcast_tensors(feature_probability, importance)
    served = (importance * (p / 3 - p**2 / 4)).argsort(dim=-1, descending=True)[
        ..., : n_hidden // 2
    ]
    own = F.one_hot(served, p.shape[-1]).to(p.dtype)
    W1 = torch.cat([own, -own], dim=-2)
    return W1, W1.mT, p / 2 * (1 - own.sum(-2))


def _halves_the_outputs(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor, Tensor]:
    p, _ = torch.broadcast_tensors(feature_probability, importance)
    served = (importance * (p / 3 - p**2 / 4)).argsort(dim=-1, descending=True)[
        ..., : n_hidden // 2
    ]
    own = F.one_hot(served, p.shape[-1]).to(p.dtype)
    W1 = torch.cat([own, -own], dim=-2)
    return W1, W1.abs().mT / 2, p / 2 * (1 - own.sum(-2))


def _serves_the_first(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor, Tensor]:
    p, _ = torch.broadcast_tensors(feature_probability, importance)
    own = torch.eye(p.shape[-1], dtype=p.dtype)[: n_hidden // 2].expand(*p.shape[:-1], -1, -1)
    W1 = torch.cat([own, -own], dim=-2)
    return W1, W1.abs().mT, p / 2 * (1 - own.sum(-2))


def _serves_the_important(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor, Tensor]:
    p, weight = torch.broadcast_tensors(feature_probability, importance)
    served = weight.argsort(dim=-1, descending=True)[..., : n_hidden // 2]
    own = F.one_hot(served, p.shape[-1]).to(p.dtype)
    W1 = torch.cat([own, -own], dim=-2)
    return W1, W1.abs().mT, p / 2 * (1 - own.sum(-2))


def _serves_the_least_costly(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor, Tensor]:
    p, _ = torch.broadcast_tensors(feature_probability, importance)
    served = (importance * (p / 3 - p**2 / 4)).argsort(dim=-1)[..., : n_hidden // 2]
    own = F.one_hot(served, p.shape[-1]).to(p.dtype)
    W1 = torch.cat([own, -own], dim=-2)
    return W1, W1.abs().mT, p / 2 * (1 - own.sum(-2))


def _variance_of_x(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor, Tensor]:
    p, _ = torch.broadcast_tensors(feature_probability, importance)
    served = (importance * p / 3).argsort(dim=-1, descending=True)[..., : n_hidden // 2]
    own = F.one_hot(served, p.shape[-1]).to(p.dtype)
    W1 = torch.cat([own, -own], dim=-2)
    return W1, W1.abs().mT, p / 2 * (1 - own.sum(-2))


def _no_bias(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor, Tensor]:
    p, _ = torch.broadcast_tensors(feature_probability, importance)
    served = (importance * (p / 3 - p**2 / 4)).argsort(dim=-1, descending=True)[
        ..., : n_hidden // 2
    ]
    own = F.one_hot(served, p.shape[-1]).to(p.dtype)
    W1 = torch.cat([own, -own], dim=-2)
    return W1, W1.abs().mT, torch.zeros_like(p)


def _bias_everywhere(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor, Tensor]:
    p, _ = torch.broadcast_tensors(feature_probability, importance)
    served = (importance * (p / 3 - p**2 / 4)).argsort(dim=-1, descending=True)[
        ..., : n_hidden // 2
    ]
    own = F.one_hot(served, p.shape[-1]).to(p.dtype)
    W1 = torch.cat([own, -own], dim=-2)
    return W1, W1.abs().mT, p / 2


def _mean_of_the_active(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor, Tensor]:
    p, _ = torch.broadcast_tensors(feature_probability, importance)
    served = (importance * (p / 3 - p**2 / 4)).argsort(dim=-1, descending=True)[
        ..., : n_hidden // 2
    ]
    own = F.one_hot(served, p.shape[-1]).to(p.dtype)
    W1 = torch.cat([own, -own], dim=-2)
    return W1, W1.abs().mT, (1 - own.sum(-2)) / 2


def _circuit_with_loops(
    feature_probability: Tensor, *, importance: Tensor, n_hidden: int
) -> tuple[Tensor, Tensor, Tensor]:
    p = feature_probability + 0 * importance
    cost = (p / 3 - p**2 / 4) * importance
    W1 = torch.zeros(*p.shape[:-1], n_hidden, p.shape[-1], dtype=p.dtype, device=p.device)
    b = p / 2
    left = cost.clone()
    for k in range(0, n_hidden, 2):
        best = left.argmax(-1, keepdim=True)
        # each pair of neurons at a scale of its own
        W1[..., k, :].scatter_(-1, best, 2.0)
        W1[..., k + 1, :].scatter_(-1, best, -0.5)
        b = b.scatter(-1, best, 0.0)
        left = left.scatter(-1, best, -1.0)
    W2 = torch.where(W1 != 0, 1 / W1.abs().clamp(min=0.25), 0.0).mT
    return W1, W2, b


EXERCISE = Exercise(
    reference=circuits.monosemantic_circuit,
    points=3,
    minutes=15,
    difficulty=3,
    checks=(
        equals_reference(
            "small cases by hand", _two_neurons_each(linear.small_linear), measure=_function
        ),
        equals_reference(
            "one density for all", _two_neurons_each(linear.one_density), measure=_function
        ),
        equals_reference(
            "every feature its own density",
            _two_neurons_each(linear.every_density_its_own),
            measure=_function,
            weight=2,
        ),
        equals_reference(
            "one instance, and no instance axis",
            _two_neurons_each(linear.one_linear_instance),
            measure=_function,
        ),
        equals_reference(
            "p = 0, p = 1, and m = 2n where all are served",
            _two_neurons_each(linear.edges),
            measure=_function,
        ),
        equals_reference(
            "axes of size 1 and missing axes broadcast",
            _two_neurons_each(linear.axes_that_broadcast),
            measure=_function,
        ),
        *contract(_two_neurons_each(linear.in_thirds), measure=_function),
    ),
    slips=(
        Slip(
            answer=_one_neuron_each,
            says="You gave each feature one neuron. That computes its positive side only; the "
            "negative side needs a second neuron.",
        ),
        Slip(
            answer=_same_side_twice,
            says="Both neurons of a feature read it with the same sign. One must read -x.",
        ),
        Slip(
            answer=_gives_x_back,
            says="Your neurons write with the sign they read with, so the outputs before the ReLU "
            "are x. Both must write with +1.",
        ),
        Slip(
            answer=_halves_the_outputs,
            says="Your outputs are half of |x|. Only one of the two neurons is on at a time, so "
            "each writes with weight 1.",
        ),
        Slip(
            answer=_serves_the_first,
            says="You served the first m/2 features. Serve those with the largest I_i Var|x_i|; "
            "nothing says that they come first.",
        ),
        Slip(
            answer=_serves_the_important,
            says="You served the most important features. With densities of their own, features "
            "also differ in variance: compare I_i Var|x_i|.",
        ),
        Slip(
            answer=_serves_the_least_costly,
            says="You served the features that cost least. Serve the costly ones.",
        ),
        Slip(
            answer=_variance_of_x,
            says="You compared I_i p_i/3, the variance of x_i. What the output misses is |x_i|, "
            "whose mean is not 0.",
        ),
        Slip(
            answer=_no_bias,
            says="Your biases are 0. The mean of x_i is 0, but the mean of |x_i| is not, and for a "
            "feature without neurons it is the best answer.",
        ),
        Slip(
            answer=_bias_everywhere,
            says="You gave a bias to the served features as well. They come out exactly, so any "
            "bias on them is an error.",
        ),
        Slip(
            answer=_mean_of_the_active,
            says="Your bias is 1/2, the mean of |x_i| where it is active. The zeros count too.",
        ),
    ),
    also_right=_circuit_with_loops,
)
