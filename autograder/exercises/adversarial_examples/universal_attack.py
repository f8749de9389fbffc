"""The exercise `universal_attack`: the direction that raises the loss of the whole batch most."""

import torch

import tms_lib
from autograder.exercise import Exercise, Slip
from autograder.exercises.adversarial_examples._shared import ATTACK_CHECKS


def _worst_for_each_input(x, *, W, b, importance, size):
    losses = tms_lib.losses_by_direction(x, W=W, b=b, importance=importance, size=size)
    worst = losses.argmax(-1, keepdim=True)
    return size[..., None, None] * tms_lib.attack_directions(W).take_along_dim(worst, dim=-2)


def _least_harmful(x, *, W, b, importance, size):
    losses = tms_lib.losses_by_direction(x, W=W, b=b, importance=importance, size=size)
    best = losses.mean(-2, keepdim=True).argmin(-1, keepdim=True)
    return size[..., None, None] * tms_lib.attack_directions(W).take_along_dim(best, dim=-2)


def _of_length_one(x, *, W, b, importance, size):
    losses = tms_lib.losses_by_direction(x, W=W, b=b, importance=importance, size=size)
    worst = losses.mean(-2, keepdim=True).argmax(-1, keepdim=True)
    return tms_lib.attack_directions(W).take_along_dim(worst, dim=-2)


def _judged_at_length_one(x, *, W, b, importance, size):
    one = torch.ones_like(size)
    losses = tms_lib.losses_by_direction(x, W=W, b=b, importance=importance, size=one)
    worst = losses.mean(-2, keepdim=True).argmax(-1, keepdim=True)
    return size[..., None, None] * tms_lib.attack_directions(W).take_along_dim(worst, dim=-2)


def _longest_row(x, *, W, b, importance, size):  # noqa: ARG001  (it does not look at the losses)
    rows = W.mT @ W
    longest = torch.linalg.vector_norm(rows, dim=-1, keepdim=True).argmax(-2, keepdim=True)
    return size[..., None, None] * tms_lib.attack_directions(W).take_along_dim(longest, dim=-2)


def _without_importance(x, *, W, b, importance, size):
    equal = torch.ones_like(importance)
    losses = tms_lib.losses_by_direction(x, W=W, b=b, importance=equal, size=size)
    worst = losses.mean(-2, keepdim=True).argmax(-1, keepdim=True)
    return size[..., None, None] * tms_lib.attack_directions(W).take_along_dim(worst, dim=-2)


def _one_for_all_instances(x, *, W, b, importance, size):
    losses = tms_lib.losses_by_direction(x, W=W, b=b, importance=importance, size=size)
    worst = int(losses.flatten(0, -2).mean(0).argmax())
    return size[..., None, None] * tms_lib.attack_directions(W)[..., worst : worst + 1, :]


def _worst_single_loss(x, *, W, b, importance, size):
    losses = tms_lib.losses_by_direction(x, W=W, b=b, importance=importance, size=size)
    worst = losses.amax(-2, keepdim=True).argmax(-1, keepdim=True)
    return size[..., None, None] * tms_lib.attack_directions(W).take_along_dim(worst, dim=-2)


def _drops_the_batch_axis(x, *, W, b, importance, size):
    losses = tms_lib.losses_by_direction(x, W=W, b=b, importance=importance, size=size)
    worst = losses.mean(-2, keepdim=True).argmax(-1, keepdim=True)
    attack = size[..., None, None] * tms_lib.attack_directions(W).take_along_dim(worst, dim=-2)
    return attack.squeeze(-2)


def _repeats_it_for_each_input(x, *, W, b, importance, size):
    losses = tms_lib.losses_by_direction(x, W=W, b=b, importance=importance, size=size)
    worst = losses.mean(-2, keepdim=True).argmax(-1, keepdim=True)
    attack = size[..., None, None] * tms_lib.attack_directions(W).take_along_dim(worst, dim=-2)
    return attack.expand(x.shape)


def _the_other_way(x, *, W, b, importance, size):
    losses = tms_lib.losses_by_direction(x, W=W, b=b, importance=importance, size=size)
    worst = losses.mean(-2, keepdim=True).argmax(-1, keepdim=True)
    return -size[..., None, None] * tms_lib.attack_directions(W).take_along_dim(worst, dim=-2)


def _adds_the_inputs(x, *, W, b, importance, size):
    losses = tms_lib.losses_by_direction(x, W=W, b=b, importance=importance, size=size)
    worst = losses.mean(-2, keepdim=True).argmax(-1, keepdim=True)
    return x + size[..., None, None] * tms_lib.attack_directions(W).take_along_dim(worst, dim=-2)


def _row_as_it_is(x, *, W, b, importance, size):
    losses = tms_lib.losses_by_direction(x, W=W, b=b, importance=importance, size=size)
    worst = losses.mean(-2, keepdim=True).argmax(-1, keepdim=True)
    return size[..., None, None] * (W.mT @ W).take_along_dim(worst, dim=-2)


def _compares_with_the_attacked_input(x, *, W, b, importance, size):
    directions = tms_lib.attack_directions(W)
    losses = []
    for direction in directions.unbind(-2):
        attacked = x + size[..., None, None] * direction.unsqueeze(-2)
        x_hat = tms_lib.relu_output(attacked, W=W, b=b)
        losses.append(tms_lib.weighted_mse(attacked, x_hat, importance=importance))
    worst = torch.stack(losses, dim=-1).argmax(-1)[..., None, None]
    return size[..., None, None] * directions.take_along_dim(worst, dim=-2)


def _keeps_the_worst_so_far(x, *, W, b, importance, size):
    rows = W.mT @ W
    length = (rows**2).sum(-1, keepdim=True).sqrt()
    directions = rows / torch.where(length > 0, length, 1.0)
    attack = torch.zeros_like(directions[..., :1, :])
    highest = torch.full_like(attack[..., :1], -1.0)  # any loss is higher
    for i in range(W.shape[-1]):
        change = size[..., None, None] * directions[..., i : i + 1, :]
        x_hat = tms_lib.relu_output(x + change, W=W, b=b)
        loss = tms_lib.weighted_mse(x, x_hat, importance=importance)[..., None, None]
        attack = torch.where(loss > highest, change, attack)
        highest = torch.maximum(loss, highest)
    return attack


EXERCISE = Exercise(
    reference=tms_lib.universal_attack,
    points=3,
    minutes=15,
    difficulty=3,
    checks=ATTACK_CHECKS,
    slips=(
        Slip(
            answer=_worst_for_each_input,
            says="You chose a direction for each input. This attack has one for all of them: "
            "average the losses over the batch before you compare directions.",
        ),
        Slip(
            answer=_least_harmful,
            says="You chose the direction with the smallest loss. An attack wants the largest.",
        ),
        Slip(
            answer=_of_length_one,
            says="Your attack has length 1. Multiply the direction by the instance's size.",
        ),
        Slip(
            answer=_judged_at_length_one,
            says="You compared the directions at length 1. Which one is worst may depend on the "
            "size: compare attacks of the size that you use.",
        ),
        Slip(
            answer=_longest_row,
            says="You chose the longest row of W^T W. It moves one output most; what counts is "
            "the loss of the whole batch.",
        ),
        Slip(
            answer=_without_importance,
            says="You compared losses without importances. An error counts as its feature does.",
        ),
        Slip(
            answer=_one_for_all_instances,
            says="You chose one direction for all instances. Each model has a worst one of its "
            "own.",
        ),
        Slip(
            answer=_worst_single_loss,
            says="You compared the worst input of each direction. The attack is judged by its "
            "mean loss over the batch.",
        ),
        Slip(
            answer=_drops_the_batch_axis,
            says="Your attack has no batch axis. Keep one of size 1, so that x + attack "
            "broadcasts over the inputs and not over the instances.",
        ),
        Slip(
            answer=_repeats_it_for_each_input,
            says="You repeated the attack for each input. One row is enough: a batch axis of "
            "size 1 broadcasts.",
        ),
        Slip(
            answer=_the_other_way,
            says="Your attack goes against the direction. Add size times the direction that was "
            "judged.",
        ),
        Slip(
            answer=_adds_the_inputs,
            says="You returned the attacked inputs. Return the change alone.",
        ),
        Slip(
            answer=_row_as_it_is,
            says="You multiplied the row of W^T W by the size. Its length is not 1: take the row "
            "of attack_directions(W).",
        ),
        Slip(
            answer=_compares_with_the_attacked_input,
            says="You judged directions by the error against the attacked inputs. The target is "
            "the clean x.",
        ),
    ),
    also_right=_keeps_the_worst_so_far,
)
