"""The exercise `attack_size`: a fraction of the mean length of the inputs."""

from collections.abc import Iterator

import torch
from torch import Tensor

import tms_lib
from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from autograder.exercises.adversarial_examples._shared import batch


def _small_batches(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([[[3.0, 4.0], [0.0, 0.0], [0.0, 1.0]]]), fraction=0.1)
    yield call(torch.tensor([[[0.0, 1.0], [0.6, 0.8], [2.0, 0.0]]]), fraction=0.5)


def _batches(draw: Draw) -> Iterator[Call]:
    yield call(batch(draw, 4, 6, 5), fraction=0.1)
    yield call(batch(draw, 3, 3, 3) * draw.uniform(3, 1, 1, low=0.2, high=3.0), fraction=0.8)


def _lone_batches(draw: Draw) -> Iterator[Call]:
    yield call(batch(draw, 1, 6, 5), fraction=0.2)
    yield call(batch(draw, 7, 4), fraction=0.2)
    yield call(batch(draw, 2, 3, 4, 5), fraction=0.2)  # any number of instance axes
    yield call(batch(draw, 3, 1, 4), fraction=1.5)


def _sparse_batches(draw: Draw) -> Iterator[Call]:
    x = batch(draw, 3, 6, 4)
    x[0, [1, 2, 5]] = 0.0
    x[2] = 0.0
    yield call(x, fraction=0.3)


def _length_of_the_mean(x: Tensor, *, fraction: float) -> Tensor:
    return fraction * torch.linalg.vector_norm(x.mean(-2), dim=-1)


def _longest_input(x: Tensor, *, fraction: float) -> Tensor:
    return fraction * torch.linalg.vector_norm(x, dim=-1).amax(-1)


def _for_each_input(x: Tensor, *, fraction: float) -> Tensor:
    return fraction * torch.linalg.vector_norm(x, dim=-1)


def _one_for_all_instances(x: Tensor, *, fraction: float) -> Tensor:
    return fraction * torch.linalg.vector_norm(x, dim=-1).mean()


def _without_the_zero_inputs(x: Tensor, *, fraction: float) -> Tensor:
    length = torch.linalg.vector_norm(x, dim=-1)
    return fraction * length.sum(-1) / (length > 0).sum(-1).clamp(min=1)


def _root_of_the_mean_square(x: Tensor, *, fraction: float) -> Tensor:
    return fraction * (x**2).sum(-1).mean(-1).sqrt()


def _mean_square(x: Tensor, *, fraction: float) -> Tensor:
    return fraction * (x**2).sum(-1).mean(-1)


def _sum_of_the_entries(x: Tensor, *, fraction: float) -> Tensor:
    return fraction * x.sum(-1).mean(-1)


def _over_the_batch(x: Tensor, *, fraction: float) -> Tensor:
    return fraction * torch.linalg.vector_norm(x, dim=-2).mean(-1)


def _length_of_the_batch(x: Tensor, *, fraction: float) -> Tensor:
    return fraction * torch.linalg.vector_norm(x, dim=(-2, -1))


def _forgets_the_fraction(x: Tensor, *, fraction: float) -> Tensor:  # noqa: ARG001  (the slip)
    return torch.linalg.vector_norm(x, dim=-1).mean(-1)


def _input_by_input(x: Tensor, *, fraction: float) -> Tensor:
    total = torch.zeros_like(x[..., 0, 0])
    for row in x.unbind(-2):
        total = total + (row * row).sum(-1).sqrt() * fraction
    return total / x.shape[-2]


EXERCISE = Exercise(
    reference=tms_lib.attack_size,
    points=1,
    minutes=5,
    difficulty=1,
    checks=(
        equals_reference("small batches that you can do by hand", _small_batches),
        equals_reference("several instances", _batches, weight=2),
        equals_reference("one instance keeps its axis, and none needs one", _lone_batches),
        equals_reference("inputs that are 0 count as well", _sparse_batches),
        *contract(_batches),
    ),
    slips=(
        Slip(
            answer=_length_of_the_mean,
            says="You took the length of the mean input. First the length of each, then the mean.",
        ),
        Slip(
            answer=_longest_input,
            says="You took the longest input. The size is a fraction of the mean length.",
        ),
        Slip(
            answer=_for_each_input,
            says="You stopped before the mean over the batch: there is one size per instance.",
        ),
        Slip(
            answer=_one_for_all_instances,
            says="You averaged over the instances, too. Each has a size of its own: its inputs "
            "may be longer than another's.",
        ),
        Slip(
            answer=_without_the_zero_inputs,
            says="You left out the inputs that are 0. They count, with length 0.",
        ),
        Slip(
            answer=_root_of_the_mean_square,
            says="You averaged the squared lengths and took the root at the end. Take each "
            "input's root first, then average the lengths.",
        ),
        Slip(
            answer=_mean_square,
            says="You averaged the squared lengths. A length is the root of the sum of squares.",
        ),
        Slip(
            answer=_sum_of_the_entries,
            says="You added up the entries of each input. Its length is the root of the sum of "
            "squares.",
        ),
        Slip(
            answer=_over_the_batch,
            says="You took lengths over the batch axis. An input is a row: its length runs over "
            "the features, the last axis.",
        ),
        Slip(
            answer=_length_of_the_batch,
            says="You took one length of the whole batch, which grows with the number of inputs. "
            "Take each input's length, then the mean.",
        ),
        Slip(
            answer=_forgets_the_fraction,
            says="You returned the mean length. Multiply it by fraction.",
        ),
    ),
    also_right=_input_by_input,
)
