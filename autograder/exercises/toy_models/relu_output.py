"""The exercise `relu_output`: what the ReLU model returns, ReLU(W^T W x + b)."""

import torch
from torch import Tensor

import tms_lib
from autograder.claims import contract, equals_reference
from autograder.exercise import Exercise, Slip
from autograder.exercises.toy_models._shared import (
    lone_models,
    model_by_hand,
    random_models,
    with_zeros,
)


def _relu_without_bias(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:  # noqa: ARG001  (the reference's signature)
    return torch.relu(x @ W.mT @ W)


def _relu_minus_bias(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    return torch.relu(x @ W.mT @ W - b.unsqueeze(-2))


def _bias_after_relu(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    return torch.relu(x @ W.mT @ W) + b.unsqueeze(-2)


def _relu_on_hidden(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    return torch.relu(x @ W.mT) @ W + b.unsqueeze(-2)


def _relu_twice(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    return torch.relu(torch.relu(x @ W.mT) @ W + b.unsqueeze(-2))


def _no_relu(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    return x @ W.mT @ W + b.unsqueeze(-2)


def _absolute_value(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    return (x @ W.mT @ W + b.unsqueeze(-2)).abs()


def _clamped_at_one(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    return (x @ W.mT @ W + b.unsqueeze(-2)).clamp(0, 1)


def _relu_by_instance(x: Tensor, *, W: Tensor, b: Tensor) -> Tensor:
    before = torch.einsum("...hi,...hj,...bj->...bi", W, W, x) + b[..., None, :]
    return torch.where(before > 0, before, torch.zeros_like(before))


EXERCISE = Exercise(
    reference=tms_lib.relu_output,
    points=2,
    minutes=10,
    difficulty=1,
    checks=(
        equals_reference("an antipodal pair, by hand", model_by_hand),
        equals_reference("random models, several instances", random_models, weight=2),
        equals_reference("one instance keeps its axis, and none needs one", lone_models),
        equals_reference("a zero column and a zero input leave the bias, if positive", with_zeros),
        *contract(random_models, gradients=["W", "b"]),
    ),
    slips=(
        Slip(
            answer=_no_relu,
            says="You left out the ReLU: your outputs can be negative.",
        ),
        Slip(
            answer=_relu_without_bias,
            says="You left out the bias. It is added before the ReLU.",
        ),
        Slip(
            answer=_relu_minus_bias,
            says="You subtracted the bias. It is added: x' = ReLU(W^T W x + b).",
        ),
        Slip(
            answer=_bias_after_relu,
            says="You added the bias after the ReLU. Inside, a negative bias can silence small "
            "interference; outside, it only shifts the output.",
        ),
        Slip(
            answer=_relu_on_hidden,
            says="You applied the ReLU to the hidden vector h. h stays linear; "
            "the ReLU acts on the output.",
        ),
        Slip(
            answer=_relu_twice,
            says="You applied a ReLU to the hidden vector as well. Only the output has one.",
        ),
        Slip(
            answer=_absolute_value,
            says="You took the absolute value. A ReLU turns negative numbers into 0.",
        ),
        Slip(
            answer=_clamped_at_one,
            says="You also cut the outputs off at 1. A ReLU has no upper limit.",
        ),
    ),
    also_right=_relu_by_instance,
)
