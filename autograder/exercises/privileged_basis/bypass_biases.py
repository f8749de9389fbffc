"""The exercise `bypass_biases`: the biases at which the hidden ReLU never acts."""

# ruff: noqa: ARG001  (a wrong answer keeps the reference's signature)

from collections.abc import Iterator

import torch
from torch import Tensor

import tms_lib
from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from tms_lib.models import relu_hidden


def _biases_by_hand(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([[1.0, -1.0]]), torch.tensor([0.25, 0.0]))
    yield call(torch.tensor([[1.0, -2.0, -0.5], [0.0, 1.0, -1.0]]), torch.tensor([0.0, 0.5, -1.0]))


def _random_weights(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(3, 4, 6), draw.normal(3, 6))
    yield call(draw.normal(2, 5, 5), draw.normal(2, 5))  # as many neurons as features


def _one_model(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(1, 3, 5), draw.normal(1, 5))
    yield call(draw.normal(4, 6), draw.normal(6))
    yield call(draw.normal(2, 3, 2, 4), draw.normal(2, 3, 4))  # any number of instance axes


def _rows_of_one_sign(draw: Draw) -> Iterator[Call]:
    W = draw.normal(2, 4, 5)
    W[:, 0] = W[:, 0].abs()
    W[:, 1] = -W[:, 1].abs()
    W[:, 2] = 0.0
    yield call(W, draw.normal(2, 5))


def _outputs(value: tuple[Tensor, Tensor], call: Call) -> Tensor:
    """What the model gives at x = 0, at each feature alone, at all of them, and at half of each."""
    W = call.args[0]
    n = W.shape[-1]
    one = torch.eye(n, dtype=W.dtype)
    x = torch.cat([0 * one[:1], one, 1 - one, 0 * one[:1] + 1, 0.5 * one])
    return relu_hidden(x.expand(*W.shape[:-2], *x.shape), W=W, b=value[0], c=value[1])


def _largest_negative(W: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    c = (-W).clamp(min=0).amax(-1)
    return b - (W * c.unsqueeze(-1)).sum(-2), c


def _all_weights(W: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    c = W.abs().sum(-1)
    return b - (W * c.unsqueeze(-1)).sum(-2), c


def _minus_the_sum(W: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    c = -W.sum(-1)
    return b - (W * c.unsqueeze(-1)).sum(-2), c


def _positive_weights(W: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    c = W.clamp(min=0).sum(-1)
    return b - (W * c.unsqueeze(-1)).sum(-2), c


def _negative_biases(W: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    c = W.clamp(max=0).sum(-1)
    return b - (W * c.unsqueeze(-1)).sum(-2), c


def _mean_input(W: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    c = (-W).clamp(min=0).sum(-1) / 2
    return b - (W * c.unsqueeze(-1)).sum(-2), c


def _keeps_b(W: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    return b.clone(), (-W).clamp(min=0).sum(-1)


def _adds_the_shift(W: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    c = (-W).clamp(min=0).sum(-1)
    return b + (W * c.unsqueeze(-1)).sum(-2), c


def _forgets_b(W: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    c = (-W).clamp(min=0).sum(-1)
    return -(W * c.unsqueeze(-1)).sum(-2), c


def _shift_without_weights(W: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    c = (-W).clamp(min=0).sum(-1)
    return b - c.sum(-1, keepdim=True), c


def _exchanged(W: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    c = (-W).clamp(min=0).sum(-1)
    return c, b - (W * c.unsqueeze(-1)).sum(-2)


def _bias_per_feature(W: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    c = (-W).clamp(min=0).sum(-2)
    return b - c, c


def _by_masks(W: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    least = torch.einsum("...ki,...ki->...k", W, (W < 0).to(W.dtype))  # of each neuron's input
    return torch.einsum("...ki,...k->...i", W, least) + b, least.abs()


EXERCISE = Exercise(
    reference=tms_lib.bypass_biases,
    points=3,
    minutes=15,
    difficulty=3,
    checks=(
        equals_reference("small cases by hand", _biases_by_hand),
        equals_reference(
            "the model becomes ReLU(W^T W x + b)", _random_weights, measure=_outputs, weight=2
        ),
        equals_reference("the least such biases, several instances", _random_weights, weight=2),
        equals_reference("one instance, and no instance axis", _one_model),
        equals_reference("neurons with weights of one sign, and dead ones", _rows_of_one_sign),
        *contract(_random_weights),
    ),
    slips=(
        Slip(
            answer=_largest_negative,
            says="Your c_k makes up for one feature only. All features with negative weights may "
            "be active together: add them up.",
        ),
        Slip(
            answer=_all_weights,
            says="Your c is larger than needed: you counted positive weights too. The least input "
            "has only the features with negative weights active.",
        ),
        Slip(
            answer=_minus_the_sum,
            says="You let all features be active. The least input has only those with negative "
            "weights active; the others are 0.",
        ),
        Slip(
            answer=_positive_weights,
            says="You added up the positive weights, which give the largest input. The least one "
            "comes from the negative weights.",
        ),
        Slip(
            answer=_negative_biases,
            says="Your c has the wrong sign. It has to lift the least input, which is negative, up "
            "to 0.",
        ),
        Slip(
            answer=_mean_input,
            says="You set the features with negative weights to 1/2, their mean. The bias must "
            "hold for every x, also where all of them are 1.",
        ),
        Slip(
            answer=_keeps_b,
            says="You left the output biases as they were. What c adds to the outputs, b' has to "
            "take away.",
        ),
        Slip(
            answer=_adds_the_shift,
            says="You added W^T c to the output biases. The neurons have added it already: "
            "subtract it.",
        ),
        Slip(
            answer=_forgets_b,
            says="You lost the old b. The new output bias is b - W^T c.",
        ),
        Slip(
            answer=_shift_without_weights,
            says="You subtracted the sum of c. Neuron k's bias reaches output i with the weight "
            "W_ki.",
        ),
        Slip(
            answer=_exchanged,
            says="You returned c before b'. First the output biases, then the hidden ones.",
        ),
        Slip(
            answer=_bias_per_feature,
            says="You added along columns, which gives one number per feature. c has one number "
            "per neuron: add along rows.",
        ),
    ),
    also_right=_by_masks,
)
