"""The exercise `per_example_attack`: for each input the direction that raises its own loss most."""

import torch

import tms_lib
from autograder.exercise import Exercise, Slip
from autograder.exercises.adversarial_examples._shared import ATTACK_CHECKS


def _one_for_all_inputs(x, *, W, b, importance, size):
    attack = tms_lib.universal_attack(x, W=W, b=b, importance=importance, size=size)
    return attack.expand(x.shape)


def _universal_attack_itself(x, *, W, b, importance, size):
    return tms_lib.universal_attack(x, W=W, b=b, importance=importance, size=size)


def _least_harmful(x, *, W, b, importance, size):
    losses = tms_lib.losses_by_direction(x, W=W, b=b, importance=importance, size=size)
    best = losses.argmin(-1, keepdim=True)
    return size[..., None, None] * tms_lib.attack_directions(W).take_along_dim(best, dim=-2)


def _of_length_one(x, *, W, b, importance, size):
    losses = tms_lib.losses_by_direction(x, W=W, b=b, importance=importance, size=size)
    worst = losses.argmax(-1, keepdim=True)
    return tms_lib.attack_directions(W).take_along_dim(worst, dim=-2)


def _judged_at_length_one(x, *, W, b, importance, size):
    one = torch.ones_like(size)
    losses = tms_lib.losses_by_direction(x, W=W, b=b, importance=importance, size=one)
    worst = losses.argmax(-1, keepdim=True)
    return size[..., None, None] * tms_lib.attack_directions(W).take_along_dim(worst, dim=-2)


def _without_importance(x, *, W, b, importance, size):
    equal = torch.ones_like(importance)
    losses = tms_lib.losses_by_direction(x, W=W, b=b, importance=equal, size=size)
    worst = losses.argmax(-1, keepdim=True)
    return size[..., None, None] * tms_lib.attack_directions(W).take_along_dim(worst, dim=-2)


def _worst_input_of_each_direction(x, *, W, b, importance, size):
    losses = tms_lib.losses_by_direction(x, W=W, b=b, importance=importance, size=size)
    worst = losses.argmax(-2).unsqueeze(-1)
    return size[..., None, None] * tms_lib.attack_directions(W).take_along_dim(worst, dim=-2)


def _direction_of_the_largest_feature(x, *, W, b, importance, size):  # noqa: ARG001  (no losses)
    largest = x.argmax(-1, keepdim=True)
    return size[..., None, None] * tms_lib.attack_directions(W).take_along_dim(largest, dim=-2)


def _longest_row(x, *, W, b, importance, size):  # noqa: ARG001  (it does not look at the losses)
    longest = torch.linalg.vector_norm(W.mT @ W, dim=-1, keepdim=True).argmax(-2, keepdim=True)
    attack = size[..., None, None] * tms_lib.attack_directions(W).take_along_dim(longest, dim=-2)
    return attack.expand(x.shape)


def _the_other_way(x, *, W, b, importance, size):
    losses = tms_lib.losses_by_direction(x, W=W, b=b, importance=importance, size=size)
    worst = losses.argmax(-1, keepdim=True)
    return -size[..., None, None] * tms_lib.attack_directions(W).take_along_dim(worst, dim=-2)


def _adds_the_inputs(x, *, W, b, importance, size):
    losses = tms_lib.losses_by_direction(x, W=W, b=b, importance=importance, size=size)
    worst = losses.argmax(-1, keepdim=True)
    return x + size[..., None, None] * tms_lib.attack_directions(W).take_along_dim(worst, dim=-2)


def _row_as_it_is(x, *, W, b, importance, size):
    losses = tms_lib.losses_by_direction(x, W=W, b=b, importance=importance, size=size)
    worst = losses.argmax(-1, keepdim=True)
    return size[..., None, None] * (W.mT @ W).take_along_dim(worst, dim=-2)


def _compares_with_the_attacked_input(x, *, W, b, importance, size):
    directions = tms_lib.attack_directions(W)
    losses = []
    for direction in directions.unbind(-2):
        attacked = x + size[..., None, None] * direction.unsqueeze(-2)
        x_hat = tms_lib.relu_output(attacked, W=W, b=b)
        losses.append((importance.unsqueeze(-2) * (attacked - x_hat) ** 2).sum(-1))
    worst = torch.stack(losses, dim=-1).argmax(-1, keepdim=True)
    return size[..., None, None] * directions.take_along_dim(worst, dim=-2)


def _keeps_the_worst_so_far(x, *, W, b, importance, size):
    rows = W.mT @ W
    length = (rows**2).sum(-1, keepdim=True).sqrt()
    directions = rows / torch.where(length > 0, length, 1.0)
    attack = torch.zeros_like(x)
    highest = torch.full_like(x[..., :1], -1.0)  # any loss is higher
    for i in range(W.shape[-1]):
        change = size[..., None, None] * directions[..., i : i + 1, :]
        error = (x - tms_lib.relu_output(x + change, W=W, b=b)) ** 2
        loss = (importance.unsqueeze(-2) * error).sum(-1, keepdim=True)
        attack = torch.where(loss >= highest, change, attack)
        highest = torch.maximum(loss, highest)
    return attack


EXERCISE = Exercise(
    reference=tms_lib.per_example_attack,
    points=2,
    minutes=8,
    difficulty=2,
    checks=ATTACK_CHECKS,
    slips=(
        Slip(
            answer=_one_for_all_inputs,
            says="You gave all inputs the same change. Here each input has a worst direction of "
            "its own: do not average over the batch.",
        ),
        Slip(
            answer=_universal_attack_itself,
            says="You returned the universal attack, one row for all inputs. Here each input has a "
            "row of its own.",
        ),
        Slip(
            answer=_least_harmful,
            says="You chose the direction with the smallest loss. An attack wants the largest.",
        ),
        Slip(
            answer=_of_length_one,
            says="Your attacks have length 1. Multiply the directions by the instance's size.",
        ),
        Slip(
            answer=_judged_at_length_one,
            says="You compared the directions at length 1. Which one is worst may depend on the "
            "size: compare attacks of the size that you use.",
        ),
        Slip(
            answer=_without_importance,
            says="You compared losses without importances. An error counts as its feature does.",
        ),
        Slip(
            answer=_worst_input_of_each_direction,
            says="You looked for the worst input of each direction. Look for the worst direction "
            "of each input: the maximum over the last axis of the losses.",
        ),
        Slip(
            answer=_direction_of_the_largest_feature,
            says="You attacked the output of each input's largest feature. Compare the losses: "
            "another direction may raise the loss more.",
        ),
        Slip(
            answer=_longest_row,
            says="You chose the longest row of W^T W. It moves one output most; what counts is "
            "the loss of the input.",
        ),
        Slip(
            answer=_the_other_way,
            says="Your attacks go against the directions. Add size times the direction that was "
            "judged.",
        ),
        Slip(
            answer=_adds_the_inputs,
            says="You returned the attacked inputs. Return the changes alone.",
        ),
        Slip(
            answer=_row_as_it_is,
            says="You multiplied the rows of W^T W by the size. Their length is not 1: take the "
            "rows of attack_directions(W).",
        ),
        Slip(
            answer=_compares_with_the_attacked_input,
            says="You judged directions by the error against the attacked input. The target is "
            "the clean x.",
        ),
    ),
    also_right=_keeps_the_worst_so_far,
)
