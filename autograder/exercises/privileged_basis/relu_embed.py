"""The exercise `relu_embed`: the neurons of a hidden layer, ReLU(W x + c)."""

from collections.abc import Iterator

import torch
from torch import Tensor

import tms_lib
from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip


def _neurons_by_hand(_draw: Draw) -> Iterator[Call]:
    x = torch.tensor([[[1.0, 0.0], [0.5, 1.0]]])
    W = torch.tensor([[[1.0, -1.0], [0.5, 2.0], [-1.0, 0.0]]])
    yield call(x, W)
    yield call(x, W, c=torch.tensor([[0.5, -1.0, 0.25]]))


def _neurons_with_biases(draw: Draw) -> Iterator[Call]:
    # as many instances as samples: torch then lets a bias meet the batch axis without a word
    yield call(draw.uniform(4, 4, 5), draw.normal(4, 3, 5), c=draw.normal(4, 3))
    yield call(draw.normal(3, 6, 5), draw.normal(3, 2, 5), c=draw.normal(3, 2))


def _neurons_without_biases(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(3, 6, 5), draw.normal(3, 4, 5))
    yield call(draw.normal(3, 6, 4), draw.normal(3, 4, 4), c=None)


def _lone_neurons(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(1, 6, 5), draw.normal(1, 2, 5), c=draw.normal(1, 2))
    yield call(draw.normal(7, 4), draw.normal(3, 4), c=draw.normal(3))
    yield call(draw.normal(7, 4), draw.normal(1, 4))
    yield call(draw.normal(2, 3, 6, 5), draw.normal(2, 3, 4, 5), c=draw.normal(2, 3, 4))


def _dead_or_empty(draw: Draw) -> Iterator[Call]:
    W = draw.normal(2, 3, 5)
    W[0, 1] = 0.0
    yield call(draw.normal(2, 6, 5), W, c=draw.normal(2, 3))
    yield call(torch.zeros(2, 6, 5), W, c=draw.normal(2, 3))


def _linear_neurons(x: Tensor, W: Tensor, *, c: Tensor | None = None) -> Tensor:
    h = x @ W.mT
    return h if c is None else h + c.unsqueeze(-2)


def _ignores_c(x: Tensor, W: Tensor, *, c: Tensor | None = None) -> Tensor:  # noqa: ARG001  (the slip)
    return torch.relu(x @ W.mT)


def _subtracts_c(x: Tensor, W: Tensor, *, c: Tensor | None = None) -> Tensor:
    h = x @ W.mT
    return torch.relu(h if c is None else h - c.unsqueeze(-2))


def _c_after_relu(x: Tensor, W: Tensor, *, c: Tensor | None = None) -> Tensor:
    h = torch.relu(x @ W.mT)
    return h if c is None else h + c.unsqueeze(-2)


def _c_meets_batch(x: Tensor, W: Tensor, *, c: Tensor | None = None) -> Tensor:
    h = x @ W.mT
    return torch.relu(h if c is None else h + c)


def _rectifies_weights(x: Tensor, W: Tensor, *, c: Tensor | None = None) -> Tensor:
    h = x @ torch.relu(W).mT
    return h if c is None else h + c.unsqueeze(-2)


def _absolute_neurons(x: Tensor, W: Tensor, *, c: Tensor | None = None) -> Tensor:
    h = x @ W.mT
    return (h if c is None else h + c.unsqueeze(-2)).abs()


def _decodes_as_well(x: Tensor, W: Tensor, *, c: Tensor | None = None) -> Tensor:
    h = x @ W.mT
    return torch.relu(h if c is None else h + c.unsqueeze(-2)) @ W


def _one_neuron_at_a_time(x: Tensor, W: Tensor, *, c: Tensor | None = None) -> Tensor:
    neurons = []
    for k in range(W.shape[-2]):
        before = torch.einsum("...bi,...i->...b", x, W[..., k, :])
        if c is not None:
            before = before + c[..., k, None]
        neurons.append(before.clamp(min=0))
    return torch.stack(neurons, dim=-1)


EXERCISE = Exercise(
    reference=tms_lib.relu_embed,
    points=1,
    minutes=7,
    difficulty=1,
    checks=(
        equals_reference("three neurons, by hand", _neurons_by_hand),
        equals_reference("with hidden biases, several instances", _neurons_with_biases, weight=2),
        equals_reference("without hidden biases", _neurons_without_biases),
        equals_reference("one instance keeps its axis, and none needs one", _lone_neurons),
        equals_reference("a zero row and a zero input leave the bias, if positive", _dead_or_empty),
        *contract(_neurons_with_biases, gradients=["W", "c"]),
    ),
    slips=(
        Slip(
            answer=_linear_neurons,
            says="You left out the ReLU: your neurons can be negative.",
        ),
        Slip(
            answer=_ignores_c,
            says="You left out the hidden bias c. It is added before the ReLU.",
        ),
        Slip(
            answer=_subtracts_c,
            says="You subtracted the hidden bias. It is added: ReLU(W x + c).",
        ),
        Slip(
            answer=_c_after_relu,
            says="You added the hidden bias after the ReLU. It belongs inside, where it decides "
            "when the neuron switches on.",
        ),
        Slip(
            answer=_c_meets_batch,
            says="Your biases met the batch axis: instance k's went to sample k. Give c a batch "
            "axis with unsqueeze(-2).",
        ),
        Slip(
            answer=_rectifies_weights,
            says="You applied the ReLU to the weights. Apply it to the sum W x + c.",
        ),
        Slip(
            answer=_absolute_neurons,
            says="You took the absolute value. A ReLU turns negative numbers into 0.",
        ),
        Slip(
            answer=_decodes_as_well,
            says="You went on to the outputs. Stop at the neurons, before W^T.",
        ),
    ),
    also_right=_one_neuron_at_a_time,
)
