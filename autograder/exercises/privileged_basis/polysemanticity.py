"""The exercise `polysemanticity`: the part of a neuron that is not about its largest feature."""

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from autograder.exercises.privileged_basis._shared import (
    dead_neurons,
    one_model_of_neurons,
    random_neurons,
)
from tms_lib import neurons


def _neurons_by_hand(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([[0.0, 3.0, 0.0], [1.0, 0.0, -1.0], [2.0, -1.0, 1.0]]))


def _equal_weights(draw: Draw) -> Iterator[Call]:
    """Neurons of 1, 2, ... features, all of the same absolute weight."""
    size = draw.uniform(2, 5, 1, low=0.1, high=5.0)
    signs = torch.where(draw.uniform(2, 5, 6) < 0.5, -1.0, 1.0)
    yield call(size * signs * torch.ones(5, 6).tril())


def _scaled_neurons(draw: Draw) -> Iterator[Call]:
    # a small number added below the line would show
    yield call(draw.normal(2, 3, 5) * torch.tensor([[1e-8], [1.0], [1e8]]))


def _absolute_shares(W: Tensor) -> Tensor:
    size = W.abs()
    total = size.sum(-1)
    share = size.amax(-1) / torch.where(total > 0, total, 1.0)
    return torch.where(total > 0, 1 - share, 0.0)


def _by_columns(W: Tensor) -> Tensor:
    squared = W**2
    total = squared.sum(-2)
    share = squared.amax(-2) / torch.where(total > 0, total, 1.0)
    return torch.where(total > 0, 1 - share, 0.0)


def _largest_share(W: Tensor) -> Tensor:
    squared = W**2
    total = squared.sum(-1)
    return squared.amax(-1) / torch.where(total > 0, total, 1.0)


def _root_of_the_share(W: Tensor) -> Tensor:
    total = (W**2).sum(-1).sqrt()
    share = W.abs().amax(-1) / torch.where(total > 0, total, 1.0)
    return torch.where(total > 0, 1 - share, 0.0)


def _largest_positive(W: Tensor) -> Tensor:
    total = (W**2).sum(-1)
    share = W.amax(-1) ** 2 / torch.where(total > 0, total, 1.0)
    return torch.where(total > 0, 1 - share, 0.0)


def _no_number_for_dead(W: Tensor) -> Tensor:
    squared = W**2
    return 1 - squared.amax(-1) / squared.sum(-1)


def _one_for_dead(W: Tensor) -> Tensor:
    squared = W**2
    total = squared.sum(-1)
    return 1 - squared.amax(-1) / torch.where(total > 0, total, 1.0)


def _epsilon_below(W: Tensor) -> Tensor:
    squared = W**2
    total = squared.sum(-1)
    return torch.where(total > 0, 1 - squared.amax(-1) / (total + 1e-6), 0.0)


def _second_over_first(W: Tensor) -> Tensor:
    top = (W**2).topk(2, dim=-1).values
    return top[..., 1] / torch.where(top[..., 0] > 0, top[..., 0], 1.0)


def _others_over_largest(W: Tensor) -> Tensor:
    squared = W**2
    largest = squared.amax(-1)
    return (squared.sum(-1) - largest) / torch.where(largest > 0, largest, 1.0)


def _one_per_model(W: Tensor) -> Tensor:
    squared = W**2
    total = squared.sum(-1)
    share = squared.amax(-1) / torch.where(total > 0, total, 1.0)
    return torch.where(total > 0, 1 - share, 0.0).mean(-1)


def _share_of_the_model(W: Tensor) -> Tensor:
    squared = W**2
    total = squared.sum((-2, -1)).unsqueeze(-1)
    share = squared.amax(-1) / torch.where(total > 0, total, 1.0)
    return torch.where(total > 0, 1 - share, 0.0)


def _others_after_sorting(W: Tensor) -> Tensor:
    ordered = W.pow(2).sort(dim=-1, descending=True).values
    total = ordered.sum(-1)
    return ordered[..., 1:].sum(-1) / total.where(total != 0, torch.ones_like(total))


EXERCISE = Exercise(
    reference=neurons.polysemanticity,
    points=2,
    minutes=10,
    difficulty=2,
    checks=(
        equals_reference("three neurons, by hand", _neurons_by_hand),
        equals_reference("random weights, several instances", random_neurons, weight=2),
        equals_reference("one instance, and no instance axis", one_model_of_neurons),
        equals_reference("k equal weights give 1 - 1/k", _equal_weights),
        equals_reference("a dead neuron gets 0", dead_neurons),
        equals_reference("scaling a neuron changes nothing", _scaled_neurons),
        *contract(random_neurons, gradients=["W"]),
    ),
    slips=(
        Slip(
            answer=_absolute_shares,
            says="You compared absolute weights. Compare squares, or many tiny weights add up to "
            "something.",
        ),
        Slip(
            answer=_by_columns,
            says="You compared within columns, the features. A neuron is a row of W.",
        ),
        Slip(
            answer=_largest_share,
            says="You returned the share of the largest feature. The measure is 1 minus that "
            "share.",
        ),
        Slip(
            answer=_root_of_the_share,
            says="You divided the largest weight by the norm. Both are squared first.",
        ),
        Slip(
            answer=_largest_positive,
            says="You took the largest weight with its sign. Square first: -3 is larger than 2.",
        ),
        Slip(
            answer=_no_number_for_dead,
            says="A dead neuron gives 0 / 0, which is NaN. It serves no feature and gets 0.",
        ),
        Slip(
            answer=_one_for_dead,
            says="You gave a dead neuron 1. It serves no feature and gets 0.",
        ),
        Slip(
            answer=_epsilon_below,
            says="You added a small number below the line. That changes neurons with small "
            "weights. Treat a sum of 0 by itself.",
        ),
        Slip(
            answer=_second_over_first,
            says="You compared the second feature with the first. All others count together.",
        ),
        Slip(
            answer=_others_over_largest,
            says="You divided by the largest square. Divide by the sum of all squares, the largest "
            "included.",
        ),
        Slip(
            answer=_one_per_model,
            says="You averaged over the neurons. Each neuron has a value of its own.",
        ),
        Slip(
            answer=_share_of_the_model,
            says="You divided by the squares of the whole model. Divide by those of the neuron.",
        ),
    ),
    also_right=_others_after_sorting,
)
