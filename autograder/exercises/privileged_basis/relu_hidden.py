"""The exercise `relu_hidden`: the identity model with ReLU neurons."""

from collections.abc import Iterator

import torch
from torch import Tensor

import tms_lib
from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip


def _pair_by_hand(_draw: Draw) -> Iterator[Call]:
    x = torch.tensor([[[0.7, 0.0], [0.0, 0.3]]])
    W = torch.tensor([[[1.0, -1.0]]])
    yield call(x, W=W, b=torch.tensor([[0.1, 0.5]]))
    yield call(x, W=W, b=torch.tensor([[-0.2, 1.0]]), c=torch.tensor([[0.4]]))


def _models_with_hidden_biases(draw: Draw) -> Iterator[Call]:
    # as many instances as samples: torch then lets a bias meet the batch axis without a word
    for shape in ((4, 4, 5), (3, 6, 5)):
        n_instances, _, n = shape
        yield call(
            draw.uniform(*shape),
            W=draw.normal(n_instances, 3, n),
            b=draw.normal(n_instances, n),
            c=draw.normal(n_instances, 3),
        )


def _models_without_hidden_biases(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(4, 4, 5), W=draw.normal(4, 3, 5), b=draw.normal(4, 5))
    yield call(draw.normal(3, 6, 4), W=draw.normal(3, 4, 4), b=draw.normal(3, 4), c=None)


def _lone_hidden_models(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(1, 6, 5), W=draw.normal(1, 2, 5), b=draw.normal(1, 5))
    yield call(draw.normal(7, 4), W=draw.normal(3, 4), b=draw.normal(4), c=draw.normal(3))
    x, W = draw.normal(2, 3, 6, 5), draw.normal(2, 3, 2, 5)  # any number of instance axes
    yield call(x, W=W, b=draw.normal(2, 3, 5), c=draw.normal(2, 3, 2))


def _with_zero_columns(draw: Draw) -> Iterator[Call]:
    W = draw.normal(2, 3, 5)
    W[0, :, 1] = 0.0
    yield call(draw.normal(2, 6, 5), W=W, b=draw.normal(2, 5))
    yield call(torch.zeros(2, 6, 5), W=W, b=draw.normal(2, 5), c=draw.normal(2, 3))


def _hidden_stays_linear(x: Tensor, *, W: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:
    h = x @ W.mT
    h = h if c is None else h + c.unsqueeze(-2)
    return torch.relu(h @ W + b.unsqueeze(-2))


def _output_stays_linear(x: Tensor, *, W: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:
    h = x @ W.mT
    h = torch.relu(h if c is None else h + c.unsqueeze(-2))
    return h @ W + b.unsqueeze(-2)


def _no_output_bias(x: Tensor, *, W: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:  # noqa: ARG001  (the slip)
    h = x @ W.mT
    h = torch.relu(h if c is None else h + c.unsqueeze(-2))
    return torch.relu(h @ W)


def _subtracts_b(x: Tensor, *, W: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:
    h = x @ W.mT
    h = torch.relu(h if c is None else h + c.unsqueeze(-2))
    return torch.relu(h @ W - b.unsqueeze(-2))


def _b_after_relu(x: Tensor, *, W: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:
    h = x @ W.mT
    h = torch.relu(h if c is None else h + c.unsqueeze(-2))
    return torch.relu(h @ W) + b.unsqueeze(-2)


def _no_hidden_bias(x: Tensor, *, W: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:  # noqa: ARG001  (the slip)
    return torch.relu(torch.relu(x @ W.mT) @ W + b.unsqueeze(-2))


def _hidden_bias_outside(x: Tensor, *, W: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:
    h = torch.relu(x @ W.mT)
    h = h if c is None else h + c.unsqueeze(-2)
    return torch.relu(h @ W + b.unsqueeze(-2))


def _returns_neurons(x: Tensor, *, W: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:  # noqa: ARG001  (the slip)
    h = x @ W.mT
    return torch.relu(h if c is None else h + c.unsqueeze(-2))


def _rectifies_the_product(x: Tensor, *, W: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:
    out = x @ torch.relu(W.mT @ W)
    out = out if c is None else out + (c.unsqueeze(-2) @ W)
    return torch.relu(out + b.unsqueeze(-2))


def _outputs_meet_batch(x: Tensor, *, W: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:
    h = x @ W.mT
    h = torch.relu(h if c is None else h + c.unsqueeze(-2))
    return torch.relu(h @ W + b)


def _sum_over_neurons(x: Tensor, *, W: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:
    out = b.unsqueeze(-2) + torch.zeros_like(x)
    for k in range(W.shape[-2]):
        row = W[..., k, :].unsqueeze(-2)
        before = (x * row).sum(-1, keepdim=True)
        if c is not None:
            before = before + c[..., k, None, None]
        out = out + torch.where(before > 0, before, 0.0) * row
    return out.clamp(min=0)


EXERCISE = Exercise(
    reference=tms_lib.relu_hidden,
    points=2,
    minutes=8,
    difficulty=2,
    checks=(
        equals_reference("one neuron, by hand", _pair_by_hand),
        equals_reference("with hidden biases, several instances", _models_with_hidden_biases),
        equals_reference("without hidden biases", _models_without_hidden_biases, weight=2),
        equals_reference("one instance keeps its axis, and none needs one", _lone_hidden_models),
        equals_reference("a zero column and a zero input", _with_zero_columns),
        *contract(_models_with_hidden_biases, gradients=["W", "b", "c"]),
    ),
    slips=(
        Slip(
            answer=_hidden_stays_linear,
            says="You left out the ReLU of the neurons: this is the ReLU output model. Here h goes "
            "through a ReLU too.",
        ),
        Slip(
            answer=_output_stays_linear,
            says="You left out the ReLU at the output. This model has two: one at the neurons, one "
            "at the output.",
        ),
        Slip(
            answer=_no_output_bias,
            says="You left out the output bias b. It is added before the last ReLU.",
        ),
        Slip(
            answer=_subtracts_b,
            says="You subtracted the output bias. It is added: x' = ReLU(W^T h + b).",
        ),
        Slip(
            answer=_b_after_relu,
            says="You added the output bias after the ReLU. It belongs inside.",
        ),
        Slip(
            answer=_no_hidden_bias,
            says="You left out the hidden bias c. If there is one, the neurons are ReLU(W x + c).",
        ),
        Slip(
            answer=_hidden_bias_outside,
            says="You added the hidden bias after the neurons' ReLU. It belongs inside.",
        ),
        Slip(
            answer=_returns_neurons,
            says="You returned the neurons. Read the features back from them: ReLU(W^T h + b).",
        ),
        Slip(
            answer=_rectifies_the_product,
            says="You applied the ReLU to W^T W. It acts on the neurons' values, sample by sample.",
        ),
        Slip(
            answer=_outputs_meet_batch,
            says="Your output biases met the batch axis: instance k's went to sample k. Give b a "
            "batch axis with unsqueeze(-2).",
        ),
    ),
    also_right=_sum_over_neurons,
)
