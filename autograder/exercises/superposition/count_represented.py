"""The exercise `count_represented`: how many features have a norm above the threshold."""

# ruff: noqa: ARG001  (a wrong answer keeps the reference's signature)

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import equals_reference, keeps_arguments, keeps_device
from autograder.exercise import Draw, Exercise, Slip
from autograder.exercises.superposition._shared import one_instance
from tms_lib import metrics


def _small_counts(_draw: Draw) -> Iterator[Call]:
    # of nine columns five are longer than 0.5, and one of these has no such weight
    row = [0.6, 0.9, 0.45, 0.0, 0.6, 0.0, 0.3, 0.1, 0.2]
    yield call(torch.tensor([row, [0.8, 0.0, 0.45, -0.7, 0.6, 0.4, 0.3, 0.0, 0.1]]))


def _columns(draw: Draw, norms: Tensor, n_hidden: int) -> Tensor:
    """Weights with these norms, `*instances features`, in random directions."""
    directions = F.normalize(draw.normal(*norms.shape[:-1], n_hidden, norms.shape[-1]), dim=-2)
    return directions * norms.unsqueeze(-2)


def _random_counts(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(6, 2, 5))
    # norms whose squares lie on the other side of 0.5 in every instance, and long ones
    norms = draw.uniform(3, 7, low=0.52, high=0.68)
    norms[:, 0] = draw.uniform(3, low=0.1, high=0.4)
    norms[0, 1] = 0.2
    norms[2, 2] = 3.0
    yield call(_columns(draw, norms, 4))


def _other_threshold(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(5, 3, 8), threshold=1.5)


def _norm_at_the_threshold(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([[[0.5, -2.0, 0.3, 0.2]]]))


def _counts_from_the_threshold(W: Tensor, *, threshold: float = 0.5) -> Tensor:
    return ((W**2).sum(-2).sqrt() >= threshold).sum(-1)


def _counts_squared_norms(W: Tensor, *, threshold: float = 0.5) -> Tensor:
    return ((W**2).sum(-2) > threshold).sum(-1)


def _counts_all_instances_together(W: Tensor, *, threshold: float = 0.5) -> Tensor:
    return ((W**2).sum(-2).sqrt() > threshold).sum()


def _counts_dimensions(W: Tensor, *, threshold: float = 0.5) -> Tensor:
    return ((W**2).sum(-1).sqrt() > threshold).sum(-1)


def _counts_weights(W: Tensor, *, threshold: float = 0.5) -> Tensor:
    return (W.abs() > threshold).sum((-2, -1))


def _sums_norms(W: Tensor, *, threshold: float = 0.5) -> Tensor:
    norms = (W**2).sum(-2).sqrt()
    return (norms * (norms > threshold)).sum(-1)


def _marks_instead_of_counting(W: Tensor, *, threshold: float = 0.5) -> Tensor:
    return (W**2).sum(-2).sqrt() > threshold


def _forgets_the_threshold(W: Tensor, *, threshold: float = 0.5) -> Tensor:
    return ((W**2).sum(-2).sqrt() > 0.5).sum(-1)


def _counts_the_ignored(W: Tensor, *, threshold: float = 0.5) -> Tensor:
    return ((W**2).sum(-2).sqrt() <= threshold).sum(-1)


def _count_with_loops(W: Tensor, *, threshold: float = 0.5) -> Tensor:
    total = torch.zeros(W.shape[:-2], dtype=torch.int64, device=W.device)
    for i in range(W.shape[-1]):
        length = torch.linalg.norm(W[..., i], dim=-1)
        total += length.gt(threshold).long()
    return total


EXERCISE = Exercise(
    reference=metrics.count_represented,
    points=1,
    minutes=5,
    difficulty=1,
    checks=(
        equals_reference("a small case that you can do by hand", _small_counts),
        equals_reference("random weights, several instances", _random_counts, weight=2),
        equals_reference("one instance, and no instance axis", one_instance),
        equals_reference("another threshold", _other_threshold),
        equals_reference("a norm at the threshold does not count", _norm_at_the_threshold),
        keeps_arguments(_random_counts),
        keeps_device(_random_counts),
    ),
    slips=(
        Slip(
            answer=_counts_from_the_threshold,
            says="You counted a norm that equals the threshold. It must exceed it.",
        ),
        Slip(
            answer=_counts_squared_norms,
            says="You compared squared norms with the threshold. Compare the norms.",
        ),
        Slip(
            answer=_counts_all_instances_together,
            says="You added the instances. Each model has a count of its own.",
        ),
        Slip(
            answer=_counts_dimensions,
            says="You counted rows of W, the hidden dimensions. Features are columns.",
        ),
        Slip(
            answer=_counts_weights,
            says="You counted single weights. Count columns by their norm.",
        ),
        Slip(
            answer=_sums_norms,
            says="You added the norms. Each represented feature counts 1.",
        ),
        Slip(
            answer=_marks_instead_of_counting,
            says="You said which features are represented. Add them up: True counts 1.",
        ),
        Slip(
            answer=_counts_the_ignored,
            says="You counted the features below the threshold: those are ignored.",
        ),
        Slip(
            answer=_forgets_the_threshold,
            says="You compared with 0.5 whatever the caller asks. Use the argument threshold.",
        ),
    ),
    also_right=_count_with_loops,
)
