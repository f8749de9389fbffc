"""The exercise `canonical_neurons`: every neuron at the same scale, and the same function."""

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from autograder.exercises.absolute_value._shared import circuits, in_thirds, lone_circuits
from tms_lib import neurons


def _neurons_by_hand(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([[0.5], [-2.0]]), torch.tensor([[2.0, 0.5]]))
    yield call(torch.tensor([[1.0, -4.0]]), torch.tensor([[3.0], [-1.0]]))


def _dead_neurons(draw: Draw) -> Iterator[Call]:
    W1, W2 = draw.normal(2, 5, 3), draw.normal(2, 3, 5)
    W1[0, 1] = 0.0
    W1[1, 3] = 1e-20 * W1[1, 3]  # tiny is not dead
    yield call(W1, W2)
    yield call(torch.zeros(2, 5, 3), W2)


def _leaves_w2(W1: Tensor, W2: Tensor) -> tuple[Tensor, Tensor]:
    largest = W1.abs().amax(-1)
    scale = torch.where(largest > 0, largest, 1.0)
    return W1 / scale.unsqueeze(-1), W2


def _divides_both(W1: Tensor, W2: Tensor) -> tuple[Tensor, Tensor]:
    largest = W1.abs().amax(-1)
    scale = torch.where(largest > 0, largest, 1.0)
    return W1 / scale.unsqueeze(-1), W2 / scale.unsqueeze(-2)


def _largest_with_its_sign(W1: Tensor, W2: Tensor) -> tuple[Tensor, Tensor]:
    largest = W1.gather(-1, W1.abs().argmax(-1, keepdim=True)).squeeze(-1)
    scale = torch.where(largest != 0, largest, 1.0)
    return W1 / scale.unsqueeze(-1), W2 * scale.unsqueeze(-2)


def _largest_of_the_positive(W1: Tensor, W2: Tensor) -> tuple[Tensor, Tensor]:
    largest = W1.amax(-1)
    scale = torch.where(largest > 0, largest, 1.0)
    return W1 / scale.unsqueeze(-1), W2 * scale.unsqueeze(-2)


def _unit_norm(W1: Tensor, W2: Tensor) -> tuple[Tensor, Tensor]:
    norm = (W1**2).sum(-1).sqrt()
    scale = torch.where(norm > 0, norm, 1.0)
    return W1 / scale.unsqueeze(-1), W2 * scale.unsqueeze(-2)


def _scales_w2_by_output(W1: Tensor, W2: Tensor) -> tuple[Tensor, Tensor]:
    largest = W2.abs().amax(-2)
    scale = torch.where(largest > 0, largest, 1.0)
    return W1 * scale.unsqueeze(-1), W2 / scale.unsqueeze(-2)


def _one_scale_for_the_model(W1: Tensor, W2: Tensor) -> tuple[Tensor, Tensor]:
    largest = W1.abs().amax((-2, -1), keepdim=True)
    scale = torch.where(largest > 0, largest, 1.0)
    return W1 / scale, W2 * scale


def _scales_the_features(W1: Tensor, W2: Tensor) -> tuple[Tensor, Tensor]:
    largest = W1.abs().amax(-2, keepdim=True)
    scale = torch.where(largest > 0, largest, 1.0)
    return W1 / scale, W2


def _scales_the_rows_of_w2(W1: Tensor, W2: Tensor) -> tuple[Tensor, Tensor]:
    largest = W1.abs().amax(-1)
    scale = torch.where(largest > 0, largest, 1.0)
    return W1 / scale.unsqueeze(-1), W2 * scale.unsqueeze(-1)


def _divides_by_zero(W1: Tensor, W2: Tensor) -> tuple[Tensor, Tensor]:
    scale = W1.abs().amax(-1)
    return W1 / scale.unsqueeze(-1), W2 * scale.unsqueeze(-2)


def _kills_the_dead(W1: Tensor, W2: Tensor) -> tuple[Tensor, Tensor]:
    largest = W1.abs().amax(-1)
    scale = torch.where(largest > 0, largest, 1.0)
    return W1 / scale.unsqueeze(-1), W2 * largest.unsqueeze(-2)


def _a_small_number_below(W1: Tensor, W2: Tensor) -> tuple[Tensor, Tensor]:
    scale = W1.abs().amax(-1) + 1e-8
    return W1 / scale.unsqueeze(-1), W2 * scale.unsqueeze(-2)


def _neuron_after_neuron(W1: Tensor, W2: Tensor) -> tuple[Tensor, Tensor]:
    W1, W2 = W1.clone(), W2.clone()
    for k in range(W1.shape[-2]):
        size = torch.linalg.vector_norm(W1[..., k, :], ord=float("inf"), dim=-1, keepdim=True)
        size = size + (size == 0)
        W1[..., k, :] /= size
        W2[..., :, k] *= size
    return W1, W2


EXERCISE = Exercise(
    reference=neurons.canonical_neurons,
    points=2,
    minutes=10,
    difficulty=2,
    checks=(
        equals_reference("small circuits that you can do by hand", _neurons_by_hand),
        equals_reference("random circuits, several instances", circuits, weight=2),
        equals_reference("one instance keeps its axis, and none needs one", lone_circuits),
        equals_reference("a zero row keeps its column", _dead_neurons),
        *contract(in_thirds),
    ),
    slips=(
        Slip(
            answer=_leaves_w2,
            says="You left W2 as it was, so the circuit computes something else. What you take out "
            "of row k of W1, put into column k of W2.",
        ),
        Slip(
            answer=_divides_both,
            says="You divided W2 as well. Divide W1, multiply W2: their product must stay.",
        ),
        Slip(
            answer=_largest_with_its_sign,
            says="You divided by the largest weight with its sign. ReLU(-z) is not -ReLU(z): only "
            "positive factors pass a ReLU. Take its absolute value.",
        ),
        Slip(
            answer=_largest_of_the_positive,
            says="You took the maximum without absolute values. A neuron's largest weight may be "
            "negative.",
        ),
        Slip(
            answer=_unit_norm,
            says="You gave the rows norm 1. Their largest absolute weight should be 1.",
        ),
        Slip(
            answer=_scales_w2_by_output,
            says="You scaled by the weights that go out. The largest weight that goes *in*, in row "
            "k of W1, becomes 1.",
        ),
        Slip(
            answer=_one_scale_for_the_model,
            says="You used one scale for the whole model. Every neuron has its own.",
        ),
        Slip(
            answer=_scales_the_features,
            says="You scaled the columns of W1, which are features. Neurons are its rows.",
        ),
        Slip(
            answer=_scales_the_rows_of_w2,
            says="You scaled the rows of W2, which are outputs. Neuron k is its column k.",
        ),
        Slip(
            answer=_divides_by_zero,
            says="You divided a zero row by 0, which is NaN. Leave that neuron as it is.",
        ),
        Slip(
            answer=_kills_the_dead,
            says="You multiplied a dead neuron's column with 0. It keeps its column.",
        ),
        Slip(
            answer=_a_small_number_below,
            says="You added a small number to the scale. It moves every weight a little, and "
            "shrinks the column of a dead neuron. Use torch.where for the zero rows.",
        ),
    ),
    also_right=_neuron_after_neuron,
)
