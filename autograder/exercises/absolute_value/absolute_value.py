"""The exercise `absolute_value`: what the absolute-value model returns."""

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import models


def _circuits_by_hand(_draw: Draw) -> Iterator[Call]:
    x = torch.tensor([[0.5, -1.0], [-0.25, 1.0]])
    W1 = torch.tensor([[1.0, 0.0], [-2.0, 0.5], [0.0, -1.0]])
    W2 = torch.tensor([[1.0, 0.5, -1.0], [0.5, -1.0, 1.0]])
    yield call(x, W1=W1, W2=W2, b=torch.tensor([0.2, -0.1]))
    x, W1 = torch.tensor([[0.5], [-0.25]]), torch.tensor([[1.0], [-1.0]])
    yield call(x, W1=W1, W2=torch.tensor([[1.0, 1.0]]), b=torch.tensor([0.0]))


def _random_circuits(draw: Draw) -> Iterator[Call]:
    # as many instances, samples, neurons and features: torch lets any of them meet
    four = {"W1": draw.normal(4, 4, 4), "W2": draw.normal(4, 4, 4), "b": draw.normal(4, 4)}
    yield call(draw.normal(4, 4, 4), **four)
    three = {"W1": draw.normal(3, 2, 5), "W2": draw.normal(3, 5, 2), "b": draw.normal(3, 5)}
    yield call(draw.normal(3, 6, 5), **three)


def _lone_circuits(draw: Draw) -> Iterator[Call]:
    for instances in ((1,), (), (2, 3)):  # any number of instance axes
        yield call(
            draw.normal(*instances, 6, 3),
            W1=draw.normal(*instances, 4, 3),
            W2=draw.normal(*instances, 3, 4),
            b=draw.normal(*instances, 3),
        )


def _without_input(draw: Draw) -> Iterator[Call]:
    circuit = {"W1": draw.normal(2, 4, 3), "W2": draw.normal(2, 3, 4), "b": draw.normal(2, 3)}
    yield call(torch.zeros(2, 3, 3), **circuit)
    yield call(draw.normal(2, 3, 3), **circuit | {"W1": torch.zeros(2, 4, 3)})


def _no_hidden_relu(x: Tensor, *, W1: Tensor, W2: Tensor, b: Tensor) -> Tensor:
    return torch.relu(x @ W1.mT @ W2.mT + b.unsqueeze(-2))


def _no_output_relu(x: Tensor, *, W1: Tensor, W2: Tensor, b: Tensor) -> Tensor:
    return torch.relu(x @ W1.mT) @ W2.mT + b.unsqueeze(-2)


def _no_relu_at_all(x: Tensor, *, W1: Tensor, W2: Tensor, b: Tensor) -> Tensor:
    return x @ W1.mT @ W2.mT + b.unsqueeze(-2)


def _tied(x: Tensor, *, W1: Tensor, W2: Tensor, b: Tensor) -> Tensor:  # noqa: ARG001  (unused: that is the slip)
    return torch.relu(torch.relu(x @ W1.mT) @ W1 + b.unsqueeze(-2))


def _no_bias(x: Tensor, *, W1: Tensor, W2: Tensor, b: Tensor) -> Tensor:  # noqa: ARG001  (unused: that is the slip)
    return torch.relu(torch.relu(x @ W1.mT) @ W2.mT)


def _minus_bias(x: Tensor, *, W1: Tensor, W2: Tensor, b: Tensor) -> Tensor:
    return torch.relu(torch.relu(x @ W1.mT) @ W2.mT - b.unsqueeze(-2))


def _bias_after_relu(x: Tensor, *, W1: Tensor, W2: Tensor, b: Tensor) -> Tensor:
    return torch.relu(torch.relu(x @ W1.mT) @ W2.mT) + b.unsqueeze(-2)


def _absolute_neurons(x: Tensor, *, W1: Tensor, W2: Tensor, b: Tensor) -> Tensor:
    return torch.relu((x @ W1.mT).abs() @ W2.mT + b.unsqueeze(-2))


def _absolute_outputs(x: Tensor, *, W1: Tensor, W2: Tensor, b: Tensor) -> Tensor:
    return (torch.relu(x @ W1.mT) @ W2.mT + b.unsqueeze(-2)).abs()


def _the_target_itself(x: Tensor, *, W1: Tensor, W2: Tensor, b: Tensor) -> Tensor:  # noqa: ARG001  (unused: that is the slip)
    return x.abs()


def _weights_not_transposed(x: Tensor, *, W1: Tensor, W2: Tensor, b: Tensor) -> Tensor:
    return torch.relu(torch.relu(x @ W1) @ W2 + b.unsqueeze(-2))


def _first_instance_writes(x: Tensor, *, W1: Tensor, W2: Tensor, b: Tensor) -> Tensor:
    return torch.relu(torch.relu(x @ W1.mT) @ W2[0].mT + b.unsqueeze(-2))


def _columns_of_samples(x: Tensor, *, W1: Tensor, W2: Tensor, b: Tensor) -> Tensor:
    hidden = torch.einsum("...hi,...bi->...hb", W1, x).clamp(min=0)
    before = torch.einsum("...ih,...hb->...ib", W2, hidden) + b[..., None]
    return torch.where(before > 0, before, torch.zeros_like(before)).mT


EXERCISE = Exercise(
    reference=models.absolute_value,
    points=2,
    minutes=8,
    difficulty=1,
    checks=(
        equals_reference("small circuits that you can do by hand", _circuits_by_hand),
        equals_reference("random circuits, several instances", _random_circuits, weight=2),
        equals_reference("one instance keeps its axis, and none needs one", _lone_circuits),
        equals_reference("without input, or dead neurons: the bias, if positive", _without_input),
        *contract(_random_circuits, gradients=["W1", "W2", "b"]),
    ),
    slips=(
        Slip(
            answer=_no_hidden_relu,
            says="You left out the ReLU of the neurons. Without it the hidden layer is linear, "
            "and no absolute value can come out.",
        ),
        Slip(
            answer=_no_output_relu,
            says="You left out the ReLU of the outputs: yours can be negative.",
        ),
        Slip(
            answer=_no_relu_at_all,
            says="You left out both ReLUs. There is one on the neurons and one on the outputs.",
        ),
        Slip(
            answer=_tied,
            says="You used W1 for the way back, as in the models before. This model has a W2 of "
            "its own.",
        ),
        Slip(
            answer=_no_bias,
            says="You left out the bias. It is added before the output ReLU.",
        ),
        Slip(
            answer=_minus_bias,
            says="You subtracted the bias. It is added.",
        ),
        Slip(
            answer=_bias_after_relu,
            says="You added the bias after the output ReLU. It belongs inside.",
        ),
        Slip(
            answer=_absolute_neurons,
            says="You took absolute values of the neurons. They have ReLUs; the absolute value "
            "is what the weights must make out of them.",
        ),
        Slip(
            answer=_absolute_outputs,
            says="You took absolute values of the outputs. They have ReLUs: what is negative "
            "becomes 0.",
        ),
        Slip(
            answer=_the_target_itself,
            says="You returned |x| without looking at the weights. That is what the model should "
            "learn; compute what these weights give.",
        ),
        Slip(
            answer=_weights_not_transposed,
            says="You multiplied with W1 and W2 as they are. Samples are rows, so h = W1 x is "
            "x @ W1.mT, and likewise for W2.",
        ),
        Slip(
            answer=_first_instance_writes,
            says="You used the first instance's W2 for all. Each instance has its own.",
        ),
    ),
    also_right=_columns_of_samples,
)
