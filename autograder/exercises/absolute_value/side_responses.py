"""The exercise `side_responses`: what each feature alone does to each output."""

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from autograder.exercises.absolute_value._shared import circuits, in_thirds, lone_circuits
from tms_lib import circuits as reference


def _responses_by_hand(_draw: Draw) -> Iterator[Call]:
    W1 = torch.tensor([[2.0, -0.5], [1.0, 0.0]])
    yield call(W1, torch.tensor([[0.5, 0.0], [2.0, -5.0]]))
    yield call(torch.tensor([[1.0], [-1.0]]), torch.tensor([[1.0, 1.0]]))


def _dead_neurons(draw: Draw) -> Iterator[Call]:
    W1, W2 = draw.normal(2, 5, 3), draw.normal(2, 3, 5)
    W1[0, 1] = 0.0
    W2[1, :, 3] = 0.0
    yield call(W1, W2)
    yield call(torch.zeros(2, 5, 3), W2)


def _no_relu(W1: Tensor, W2: Tensor) -> tuple[Tensor, Tensor]:
    return W2 @ W1, -(W2 @ W1)


def _relu_on_the_product(W1: Tensor, W2: Tensor) -> tuple[Tensor, Tensor]:
    return torch.relu(W2 @ W1), torch.relu(-(W2 @ W1))


def _cuts_the_outputs(W1: Tensor, W2: Tensor) -> tuple[Tensor, Tensor]:
    return torch.relu(W2 @ torch.relu(W1)), torch.relu(W2 @ torch.relu(-W1))


def _signed_negative_side(W1: Tensor, W2: Tensor) -> tuple[Tensor, Tensor]:
    return W2 @ torch.relu(W1), -(W2 @ torch.relu(-W1))


def _negative_of_the_positive(W1: Tensor, W2: Tensor) -> tuple[Tensor, Tensor]:
    positive = W2 @ torch.relu(W1)
    return positive, -positive


def _negative_weights_out(W1: Tensor, W2: Tensor) -> tuple[Tensor, Tensor]:
    return torch.relu(W2) @ torch.relu(W1), torch.relu(-W2) @ torch.relu(-W1)


def _sides_exchanged(W1: Tensor, W2: Tensor) -> tuple[Tensor, Tensor]:
    return W2 @ torch.relu(-W1), W2 @ torch.relu(W1)


def _outputs_in_columns(W1: Tensor, W2: Tensor) -> tuple[Tensor, Tensor]:
    return (W2 @ torch.relu(W1)).mT, (W2 @ torch.relu(-W1)).mT


def _sizes_of_the_weights(W1: Tensor, W2: Tensor) -> tuple[Tensor, Tensor]:
    both = W2 @ W1.abs()
    return both, both


def _all_features_at_once(W1: Tensor, W2: Tensor) -> tuple[Tensor, Tensor]:
    n = W1.shape[-1]
    at_once = W1.sum(-1, keepdim=True).expand(*W1.shape[:-1], n)
    return W2 @ torch.relu(at_once), W2 @ torch.relu(-at_once)


def _one_feature_after_another(W1: Tensor, W2: Tensor) -> tuple[Tensor, Tensor]:
    sides = []
    for sign in (1, -1):
        columns = []
        for i in range(W1.shape[-1]):
            hidden = (sign * W1[..., i]).clamp(min=0)
            columns.append((W2 * hidden.unsqueeze(-2)).sum(-1))
        sides.append(torch.stack(columns, dim=-1))
    return sides[0], sides[1]


EXERCISE = Exercise(
    reference=reference.side_responses,
    points=2,
    minutes=10,
    difficulty=2,
    checks=(
        equals_reference("small circuits that you can do by hand", _responses_by_hand),
        equals_reference("random circuits, several instances", circuits, weight=2),
        equals_reference("one instance keeps its axis, and none needs one", lone_circuits),
        equals_reference("dead neurons add nothing", _dead_neurons),
        *contract(in_thirds),
    ),
    slips=(
        Slip(
            answer=_no_relu,
            says="You left out the neurons' ReLU. Without it the two sides would only differ in "
            "sign.",
        ),
        Slip(
            answer=_relu_on_the_product,
            says="You applied the ReLU to W2 W1. It acts on the neurons, that is on W1, before W2 "
            "adds them up.",
        ),
        Slip(
            answer=_cuts_the_outputs,
            says="You applied the output ReLU. The responses are what comes before it: inhibition "
            "shows as a negative number.",
        ),
        Slip(
            answer=_signed_negative_side,
            says="You gave the negative side a minus sign. It is what x_i = -1 does to the "
            "outputs, and for an absolute value that is +1.",
        ),
        Slip(
            answer=_negative_of_the_positive,
            says="Your negative side is minus the positive one. x_i = -1 turns on other neurons "
            "than x_i = 1: ReLU(-W1).",
        ),
        Slip(
            answer=_negative_weights_out,
            says="You cut W2 by its sign. W2 stays as it is on both sides; the sign of the input "
            "decides in W1 which neurons are on.",
        ),
        Slip(
            answer=_sides_exchanged,
            says="You exchanged the sides. The positive side comes first.",
        ),
        Slip(
            answer=_outputs_in_columns,
            says="Your outputs are columns. Rows are outputs, columns are features.",
        ),
        Slip(
            answer=_sizes_of_the_weights,
            says="You used |W1|, which turns neurons on for both sides of a feature. ReLU(W1) is "
            "for one side, ReLU(-W1) for the other.",
        ),
        Slip(
            answer=_all_features_at_once,
            says="You turned all features on together. Each column is one feature alone.",
        ),
    ),
    also_right=_one_feature_after_another,
)
