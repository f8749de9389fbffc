"""The exercise `gradient_attack`: projected gradient ascent from the worst direction.

The path is prescribed to the step, so values can be compared. A difference in rounding could send
it over a kink of a ReLU or not; in float64, where the cases are, that is as good as impossible.
Where a gradient all but vanishes, though, its direction has fewer digits, and so has the path.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

import tms_lib
from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, in_double
from autograder.exercises.adversarial_examples._shared import (
    attackable,
    losses_under,
    outputs_too_low,
)
from autograder.exercises.adversarial_examples.gradient_attack_slips import SLIPS


def _with_steps(some: Call, n_steps: int) -> Call:
    return call(*some.args, **some.kwargs, n_steps=n_steps)


def _one_step_by_hand(_draw: Draw) -> Iterator[Call]:
    # W^T W is diag(4, 1): the gradient turns from the second output towards the first
    W, b = torch.tensor([[[2.0, 0.0], [0.0, 1.0]]]), torch.tensor([[-3.0, 0.0]])
    x = torch.tensor([[[1.0, 0.5], [1.0, 0.25]]])
    importance = torch.tensor([1.0, 20.0])
    yield call(x, W=W, b=b, importance=importance, size=torch.tensor([0.1]), n_steps=1)


def _few_steps(draw: Draw) -> Iterator[Call]:
    for n_steps in (1, 3):
        yield _with_steps(attackable(draw, 4, n_rows=4, n_hidden=2, n_features=5), n_steps)
    yield _with_steps(attackable(draw, 2, n_rows=3, n_hidden=3, n_features=6), 2)


def _lone_models(draw: Draw) -> Iterator[Call]:
    for instances in ((1,), (), (2, 3)):  # any number of instance axes
        some = attackable(draw, *instances, n_rows=4, n_hidden=2, n_features=4)
        yield _with_steps(some, 2)


def _from_the_inside(draw: Draw) -> Iterator[Call]:
    """Where every direction helps, the worst is the 0 of the feature that is ignored.

    The path starts there, goes against all directions, and is at its best not always at its end.
    """
    some = outputs_too_low(draw)
    for n_steps in (1, 2, 6):
        yield _with_steps(some, n_steps)


def _sharp_turns(draw: Draw) -> Iterator[Call]:
    """Attacks that step over the place where an output falls silent, and back."""
    for _ in range(2):  # of these inputs, a few in a hundred do that
        some = attackable(draw, 150, n_rows=2, n_hidden=2, n_features=6)
        some.kwargs["b"][:] = -draw.uniform(150, 6, low=0.2, high=0.6)
        yield _with_steps(some, 4)
    # here the second output speaks from h = 0.9 on: the first step silences it, the next does not
    some = call(
        torch.tensor([[[0.353, 0.4], [0.0, 0.1]]]),
        W=torch.tensor([[[1.0, 0.5]]]),
        b=torch.tensor([[0.0, -0.45]]),
        importance=torch.tensor([1.0, 6.0]),
        size=torch.tensor([0.4]),
    )
    yield _with_steps(in_double(some), 2)


def _no_size(draw: Draw) -> Iterator[Call]:
    some = attackable(draw, 3, n_rows=4, n_hidden=2, n_features=5)
    some.kwargs["size"][1] = 0.0
    yield _with_steps(some, 2)


def _without_n_steps(draw: Draw) -> Iterator[Call]:
    yield attackable(draw, 3, n_rows=4, n_hidden=2, n_features=5)


def _in_single(value: Any, _call: Call) -> Tensor:
    """For many paths: one of 400 draws has some of which sums in another order keep 8 digits."""
    return value.float()


def _one_input_after_another(x, *, W, b, importance, size, n_steps=20):
    weight = importance.expand(b.shape)
    found = tms_lib.per_example_attack(x, W=W, b=b, importance=importance, size=size).clone()
    flat = [t.reshape(-1, *t.shape[b.ndim - 1 :]) for t in (x, W, b, weight, size, found)]
    for inputs, W_k, b_k, weight_k, radius, attacks in zip(*flat, strict=True):
        G = W_k.mT @ W_k
        for row, attack in zip(inputs, attacks, strict=True):
            path = [attack.clone()]
            for _ in range(n_steps):
                before = G @ (row + path[-1]) + b_k
                error = torch.relu(before) - row
                uphill = G @ (2 * weight_k * error * (before > 0))
                length = uphill.norm()
                step = radius / 4 * uphill / torch.where(length > 0, length, 1.0)
                there = path[-1] + step
                outside = there.norm() > radius
                shrink = torch.where(outside, radius / torch.where(outside, there.norm(), 1.0), 1.0)
                path.append(there * shrink)
            losses = [(weight_k * (torch.relu(G @ (row + a) + b_k) - row) ** 2).sum() for a in path]
            attack.copy_(path[int(torch.stack(losses).argmax())])
    return found


EXERCISE = Exercise(
    reference=tms_lib.gradient_attack,
    points=4,
    minutes=22,
    difficulty=4,
    seconds=20,
    checks=(
        equals_reference("one step, by hand", _one_step_by_hand),
        equals_reference("a few steps, several instances", _few_steps, weight=3),
        equals_reference("one instance keeps its axis, and none needs one", _lone_models),
        equals_reference("paths that start at 0, inside the ball", _from_the_inside, weight=2),
        equals_reference(
            "paths whose best point is not the last", _sharp_turns, measure=_in_single, weight=3
        ),
        equals_reference("an attack of size 0", _no_size),
        equals_reference("the result is cut from the graph", _one_step_by_hand, cut=True),
        # after many steps an attack may still turn where its loss has all but settled
        equals_reference("20 steps if nothing is said", _without_n_steps, measure=losses_under),
        *contract(_few_steps),
    ),
    slips=SLIPS,
    also_right=_one_input_after_another,
)
