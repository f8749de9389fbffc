"""The exercise `features_per_neuron`: how many features each neuron serves."""

# ruff: noqa: ARG001  (a wrong answer keeps the reference's signature)

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import equals_reference, keeps_arguments, keeps_device
from autograder.exercise import Draw, Exercise, Slip
from autograder.exercises.privileged_basis._shared import (
    dead_neurons,
    one_model_of_neurons,
    random_neurons,
)
from tms_lib import neurons


def _counts_by_hand(_draw: Draw) -> Iterator[Call]:
    # the counts 1, 3 and 2: a negative weight counts, one of 0.3 does not count beside a 2
    yield call(torch.tensor([[2.0, 0.3, 0.0, 0.4], [-1.0, 0.9, -0.4, 0.1], [0.1, 0.0, 0.0, -0.2]]))


def _other_fractions(draw: Draw) -> Iterator[Call]:
    for threshold in (0.6, 0.1, 0.0):
        yield call(draw.normal(3, 4, 6), threshold=threshold)


def _scaled_neurons(draw: Draw) -> Iterator[Call]:
    scale = torch.tensor([1e-8, 1.0, 50.0]).unsqueeze(-1)
    yield call(draw.normal(2, 3, 7) * scale)


def _weights_at_the_threshold(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([[[2.0, 0.5, -0.5], [1.0, -0.5, 0.25], [-4.0, 1.0, 1.5]]]))


def _per_feature(W: Tensor, *, threshold: float = 0.25) -> Tensor:
    size = W.abs()
    return (size > threshold * size.amax(-2, keepdim=True)).sum(-2)


def _only_positive_weights(W: Tensor, *, threshold: float = 0.25) -> Tensor:
    least = threshold * W.abs().amax(-1, keepdim=True)
    return W.gt(least).sum(-1)


def _largest_with_its_sign(W: Tensor, *, threshold: float = 0.25) -> Tensor:
    return (W.abs() > threshold * W.amax(-1, keepdim=True)).sum(-1)


def _absolute_threshold(W: Tensor, *, threshold: float = 0.25) -> Tensor:
    return (W.abs() > threshold).sum(-1)


def _largest_of_the_model(W: Tensor, *, threshold: float = 0.25) -> Tensor:
    size = W.abs()
    return (size > threshold * size.amax((-2, -1), keepdim=True)).sum(-1)


def _largest_of_the_column(W: Tensor, *, threshold: float = 0.25) -> Tensor:
    size = W.abs()
    return (size > threshold * size.amax(-2, keepdim=True)).sum(-1)


def _includes_the_threshold(W: Tensor, *, threshold: float = 0.25) -> Tensor:
    size = W.abs()
    return (size >= threshold * size.amax(-1, keepdim=True)).sum(-1)


def _share_of_the_neuron(W: Tensor, *, threshold: float = 0.25) -> Tensor:
    size = W.abs()
    return (size > threshold * size.sum(-1, keepdim=True)).sum(-1)


def _compares_squares(W: Tensor, *, threshold: float = 0.25) -> Tensor:
    squared = W**2
    return (squared > threshold * squared.amax(-1, keepdim=True)).sum(-1)


def _fixed_quarter(W: Tensor, *, threshold: float = 0.25) -> Tensor:
    size = W.abs()
    return (size > 0.25 * size.amax(-1, keepdim=True)).sum(-1)


def _marks_the_features(W: Tensor, *, threshold: float = 0.25) -> Tensor:
    size = W.abs()
    return size > threshold * size.amax(-1, keepdim=True)


def _sum_over_neurons(W: Tensor, *, threshold: float = 0.25) -> Tensor:
    size = W.abs()
    return (size > threshold * size.amax(-1, keepdim=True)).sum((-2, -1))


def _others_only(W: Tensor, *, threshold: float = 0.25) -> Tensor:
    size = W.abs()
    return (size > threshold * size.amax(-1, keepdim=True)).sum(-1) - 1


def _after_division(W: Tensor, *, threshold: float = 0.25) -> Tensor:
    largest = torch.linalg.vector_norm(W, ord=float("inf"), dim=-1, keepdim=True)
    share = W / largest.where(largest > 0, torch.ones_like(largest))
    return share.abs().gt(threshold).long().sum(dim=-1)


EXERCISE = Exercise(
    reference=neurons.features_per_neuron,
    points=2,
    minutes=8,
    difficulty=2,
    checks=(
        equals_reference("three neurons, by hand", _counts_by_hand),
        equals_reference("random weights, several instances", random_neurons, weight=2),
        equals_reference("one instance, and no instance axis", one_model_of_neurons),
        equals_reference("another threshold", _other_fractions),
        equals_reference("a weight at the threshold does not count", _weights_at_the_threshold),
        equals_reference("a dead neuron serves none", dead_neurons),
        equals_reference("scaling a neuron changes nothing", _scaled_neurons),
        keeps_arguments(random_neurons),
        keeps_device(random_neurons),
    ),
    slips=(
        Slip(
            answer=_per_feature,
            says="You counted neurons for each feature. Count features for each neuron: along a "
            "row of W.",
        ),
        Slip(
            answer=_only_positive_weights,
            says="You counted positive weights only. A negative weight serves its feature too: "
            "compare absolute values.",
        ),
        Slip(
            answer=_largest_with_its_sign,
            says="You took the largest weight with its sign. Take the largest absolute value.",
        ),
        Slip(
            answer=_absolute_threshold,
            says="You compared the weights with the threshold itself. It is a fraction of the "
            "neuron's largest weight.",
        ),
        Slip(
            answer=_largest_of_the_model,
            says="You compared with the largest weight of the whole model. Each neuron has a "
            "largest weight of its own.",
        ),
        Slip(
            answer=_largest_of_the_column,
            says="You compared each weight with the largest of its column. Compare it with the "
            "largest of its row, the neuron.",
        ),
        Slip(
            answer=_includes_the_threshold,
            says="You counted weights that equal the threshold, among them all the zeros of a dead "
            "neuron. A weight must exceed it.",
        ),
        Slip(
            answer=_share_of_the_neuron,
            says="You compared with the sum of the neuron's weights. Compare with its largest.",
        ),
        Slip(
            answer=_compares_squares,
            says="You compared squares. Compare absolute weights: 0.4 is more than a quarter of "
            "1, its square is not.",
        ),
        Slip(
            answer=_fixed_quarter,
            says="You compared with a quarter whatever the caller asks. Use the argument "
            "threshold.",
        ),
        Slip(
            answer=_marks_the_features,
            says="You said which features each neuron serves. Add them up: True counts 1.",
        ),
        Slip(
            answer=_sum_over_neurons,
            says="You added up the neurons. Each neuron has a count of its own.",
        ),
        Slip(
            answer=_others_only,
            says="You left out the neuron's largest feature. A monosemantic neuron serves 1.",
        ),
    ),
    also_right=_after_division,
)
