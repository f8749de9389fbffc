"""The exercise `phase_losses`: all candidate solutions, for two features or three."""

# ruff: noqa: ARG001  (a wrong answer keeps the reference's signature)

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Cases, Draw, Exercise, Slip
from autograder.exercises.phase_change._shared import (
    edge_values,
    grid_by_hand,
    grids,
    grids_in_thirds,
    points,
)
from tms_lib import theory


def _for(n_features: int, cases: Cases) -> Cases:
    def calls(draw: Draw) -> Iterator[Call]:
        for found in cases(draw):
            yield call(*found.args, n_features=n_features)

    return calls


def _for_both(cases: Cases) -> Cases:
    def calls(draw: Draw) -> Iterator[Call]:
        for n_features in (2, 3):
            yield from _for(n_features, cases)(draw)

    return calls


def _ignored_and_dedicated_exchanged(
    feature_probability: Tensor, relative_importance: Tensor, *, n_features: int
) -> Tensor:
    p, r = feature_probability, relative_importance
    variance = p / 3 - p**2 / 4
    losses = [variance * torch.ones_like(r), r * variance, (1 + r) * p**2 / 6]
    if n_features == 3:
        losses.append(p**2 / 3 * torch.ones_like(r))
    return torch.stack(losses, dim=-1)


def _always_three(
    feature_probability: Tensor, relative_importance: Tensor, *, n_features: int
) -> Tensor:
    p, r = feature_probability, relative_importance
    variance = p / 3 - p**2 / 4
    losses = [r * variance, variance * torch.ones_like(r), (1 + r) * p**2 / 6]
    return torch.stack(losses, dim=-1)


def _always_four(
    feature_probability: Tensor, relative_importance: Tensor, *, n_features: int
) -> Tensor:
    p, r = feature_probability, relative_importance
    variance, one = p / 3 - p**2 / 4, torch.ones_like(r)
    losses = [r * variance, variance * one, (1 + r) * p**2 / 6, one * p**2 / 3]
    return torch.stack(losses, dim=-1)


def _others_weigh_r(
    feature_probability: Tensor, relative_importance: Tensor, *, n_features: int
) -> Tensor:
    p, r = feature_probability, relative_importance
    variance = p / 3 - p**2 / 4
    losses = [r * variance, variance * torch.ones_like(r), (1 + r) * p**2 / 6]
    if n_features == 3:
        losses.append((1 + r) * p**2 / 6)
    return torch.stack(losses, dim=-1)


def _others_charged_once(
    feature_probability: Tensor, relative_importance: Tensor, *, n_features: int
) -> Tensor:
    p, r = feature_probability, relative_importance
    variance, one = p / 3 - p**2 / 4, torch.ones_like(r)
    losses = [r * variance, variance * one, (1 + r) * p**2 / 6]
    if n_features == 3:
        losses.append(one * p**2 / 6)
    return torch.stack(losses, dim=-1)


def _ignores_both_others(
    feature_probability: Tensor, relative_importance: Tensor, *, n_features: int
) -> Tensor:
    p, r = feature_probability, relative_importance
    variance, one = p / 3 - p**2 / 4, torch.ones_like(r)
    losses = [r * variance, (n_features - 1) * variance * one, (1 + r) * p**2 / 6]
    if n_features == 3:
        losses.append(one * p**2 / 3)
    return torch.stack(losses, dim=-1)


def _third_is_ignored(
    feature_probability: Tensor, relative_importance: Tensor, *, n_features: int
) -> Tensor:
    p, r = feature_probability, relative_importance
    variance, one = p / 3 - p**2 / 4, torch.ones_like(r)
    left_out = n_features - 2
    losses = [r * variance, variance * one, (1 + r) * p**2 / 6 + left_out * variance]
    if n_features == 3:
        losses.append(one * p**2 / 3 + r * variance)
    return torch.stack(losses, dim=-1)


def _dedicated_weighs_r(
    feature_probability: Tensor, relative_importance: Tensor, *, n_features: int
) -> Tensor:
    p, r = feature_probability, relative_importance
    variance, one = p / 3 - p**2 / 4, torch.ones_like(r)
    losses = [r * variance, r * variance, (1 + r) * p**2 / 6]
    if n_features == 3:
        losses.append(one * p**2 / 3)
    return torch.stack(losses, dim=-1)


def _answer_without_bias(
    feature_probability: Tensor, relative_importance: Tensor, *, n_features: int
) -> Tensor:
    p, r = feature_probability, relative_importance
    one = torch.ones_like(r)
    losses = [r * p / 3, one * p / 3, (1 + r) * p**2 / 6]
    if n_features == 3:
        losses.append(one * p**2 / 3)
    return torch.stack(losses, dim=-1)


def _candidates_first(
    feature_probability: Tensor, relative_importance: Tensor, *, n_features: int
) -> Tensor:
    p, r = feature_probability, relative_importance
    variance, one = p / 3 - p**2 / 4, torch.ones_like(r)
    losses = [r * variance, variance * one, (1 + r) * p**2 / 6]
    if n_features == 3:
        losses.append(one * p**2 / 3)
    return torch.stack(losses, dim=0)


def _losses_by_weights(
    feature_probability: Tensor, relative_importance: Tensor, *, n_features: int
) -> Tensor:
    # a row for each candidate: how often 1 and r count among the ignored, and among a pair
    table = [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 1], [0, 0, 2, 0]][: n_features + 1]
    p, r = torch.broadcast_tensors(feature_probability, relative_importance)
    alone, shared = p * (4 - 3 * p) / 12, p * p / 6
    parts = torch.stack([alone, alone * r, shared, shared * r], dim=-1)
    return parts @ torch.tensor(table, dtype=parts.dtype, device=parts.device).T


EXERCISE = Exercise(
    reference=theory.phase_losses,
    points=2,
    minutes=10,
    difficulty=2,
    checks=(
        equals_reference("two features, by hand", _for(2, grid_by_hand)),
        equals_reference("two features, on grids", _for(2, grids)),
        equals_reference("three features, by hand", _for(3, grid_by_hand)),
        equals_reference("three features, on grids", _for(3, grids)),
        equals_reference("single points, and one value for all", _for_both(points)),
        equals_reference("p = 0, p = 1 and r = 0", _for_both(edge_values)),
        *contract(_for_both(grids_in_thirds)),
    ),
    slips=(
        Slip(
            answer=_ignored_and_dedicated_exchanged,
            says="You exchanged the first two. Candidate 0 ignores the extra feature and costs r "
            "times the variance; candidate 1 keeps it.",
        ),
        Slip(
            answer=_always_three,
            says="You always give three candidates. With three features the two others can share "
            "a dimension, which is the fourth.",
        ),
        Slip(
            answer=_always_four,
            says="You always give four candidates. With two features there is only one other, so "
            "no two others can share.",
        ),
        Slip(
            answer=_others_weigh_r,
            says="You gave the pair of the others the importance r. Both others have importance "
            "1, so their pair is antipodal_loss at r = 1.",
        ),
        Slip(
            answer=_others_charged_once,
            says="You charged one of the two others. In their pair both outputs miss, and each "
            "counts once.",
        ),
        Slip(
            answer=_ignores_both_others,
            says="You ignored both others. There is one feature too many, so one of them has to "
            "go; the second keeps its dimension.",
        ),
        Slip(
            answer=_third_is_ignored,
            says="You ignored the third feature beside a pair. The pair needs one dimension, so "
            "the third has the other one to itself.",
        ),
        Slip(
            answer=_dedicated_weighs_r,
            says="Your candidate 1 depends on r. It ignores one of the others, whose importance "
            "is 1.",
        ),
        Slip(
            answer=_answer_without_bias,
            says="You took E[x^2] = p/3 for an ignored feature. Its bias answers the mean, so "
            "it costs the variance p/3 - p^2/4.",
        ),
        Slip(
            answer=_candidates_first,
            says="Your candidates are the first axis. Stack them along the last, behind the grid.",
        ),
    ),
    also_right=_losses_by_weights,
)
