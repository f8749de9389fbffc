"""The exercise `regular_polygon`: features on the corners of a regular polygon."""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import equals_reference
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import theory


def _square(_draw: Draw) -> Iterator[Call]:
    yield call(4, n_features=4)


def _all_features(draw: Draw) -> Iterator[Call]:
    for k in (5, 6, draw.integer(7, 12)):
        yield call(k, n_features=k)


def _some_features(draw: Draw) -> Iterator[Call]:
    yield call(5, n_features=8)
    k = draw.integer(3, 9)
    yield call(k, n_features=k + draw.integer(1, 5))


def _few_corners(_draw: Draw) -> Iterator[Call]:
    yield call(1, n_features=1)
    yield call(2, n_features=2)
    yield call(1, n_features=4)
    yield call(2, n_features=5)


def _dot_products(W: Any, _call: Call) -> Tensor:
    """They tell a polygon from others, but not how it is turned."""
    return W.mT @ W


def _with_angles(angle: Tensor, n_features: int) -> Tensor:
    W = torch.zeros(2, n_features)
    W[:, : len(angle)] = torch.stack([angle.cos(), angle.sin()])
    return W


def _last_corner_is_the_first(n_corners: int, *, n_features: int) -> Tensor:
    return _with_angles(torch.linspace(0, 2 * math.pi, n_corners), n_features)


def _angles_in_degrees(n_corners: int, *, n_features: int) -> Tensor:
    return _with_angles(360 * torch.arange(n_corners) / n_corners, n_features)


def _half_a_turn(n_corners: int, *, n_features: int) -> Tensor:
    return _with_angles(math.pi * torch.arange(n_corners) / n_corners, n_features)


def _one_corner_for_each_feature(
    n_corners: int,  # noqa: ARG001  (that is the slip)
    *,
    n_features: int,
) -> Tensor:
    return _with_angles(2 * math.pi * torch.arange(n_features) / n_features, n_features)


def _corners_of_a_larger_polygon(n_corners: int, *, n_features: int) -> Tensor:
    return _with_angles(2 * math.pi * torch.arange(n_corners) / n_features, n_features)


def _two_features_on_a_corner(n_corners: int, *, n_features: int) -> Tensor:
    return _with_angles(2 * math.pi * torch.arange(n_features) / n_corners, n_features)


def _only_the_corners(
    n_corners: int,
    *,
    n_features: int,  # noqa: ARG001  (that is the slip)
) -> Tensor:
    return _with_angles(2 * math.pi * torch.arange(n_corners) / n_corners, n_corners)


def _corners_in_rows(n_corners: int, *, n_features: int) -> Tensor:
    return _with_angles(2 * math.pi * torch.arange(n_corners) / n_corners, n_features).mT


def _corners_last(n_corners: int, *, n_features: int) -> Tensor:
    W = _with_angles(2 * math.pi * torch.arange(n_corners) / n_corners, n_features)
    return W.roll(n_features - n_corners, dims=-1)


def _wrong_dtype(n_corners: int, *, n_features: int) -> Tensor:
    return _with_angles(2 * math.pi * torch.arange(n_corners) / n_corners, n_features).double()


def _norm_of_the_frame(n_corners: int, *, n_features: int) -> Tensor:
    W = _with_angles(2 * math.pi * torch.arange(n_corners) / n_corners, n_features)
    return W * math.sqrt(2 / n_corners)


def _corner_by_corner(n_corners: int, *, n_features: int) -> Tensor:
    columns = []
    for i in range(n_features):
        turn = math.radians(360 * i / n_corners - 90)  # a polygon that stands on a corner
        columns.append([math.cos(turn), math.sin(turn)] if i < n_corners else [0.0, 0.0])
    return torch.tensor(columns).T


EXERCISE = Exercise(
    reference=theory.regular_polygon,
    points=1,
    minutes=5,
    difficulty=1,
    checks=(
        equals_reference("a square, by hand", _square, measure=_dot_products),
        equals_reference("all features on corners", _all_features, measure=_dot_products),
        equals_reference("more features than corners", _some_features, measure=_dot_products),
        equals_reference("one corner, and two", _few_corners, measure=_dot_products),
    ),
    slips=(
        Slip(
            answer=_last_corner_is_the_first,
            says="Your last corner lies on the first: linspace(0, 2 pi, k) includes both ends, "
            "which are the same angle. Use 2 pi * arange(k) / k.",
        ),
        Slip(
            answer=_angles_in_degrees,
            says="Your angles are in degrees. torch.cos and torch.sin take radians: a full turn "
            "is 2 pi.",
        ),
        Slip(
            answer=_half_a_turn,
            says="Your corners lie on half of the circle: a full turn is 2 pi, not pi.",
        ),
        Slip(
            answer=_one_corner_for_each_feature,
            says="You made a corner for every feature. There are n_corners of them, and the other "
            "features get zero columns.",
        ),
        Slip(
            answer=_corners_of_a_larger_polygon,
            says="You divided the turn by n_features. k corners are 2 pi / k apart.",
        ),
        Slip(
            answer=_two_features_on_a_corner,
            says="You went around again with the features that are left, so that two share a "
            "corner. They get zero columns.",
        ),
        Slip(
            answer=_only_the_corners,
            says="You left out the features that have no corner. They get zero columns, so that W "
            "has n_features columns.",
        ),
        Slip(
            answer=_corners_in_rows,
            says="You put the corners into rows. They are columns, as features are in W.",
        ),
        Slip(
            answer=_corners_last,
            says="You gave the corners to the last features. They belong to the first.",
        ),
        Slip(
            answer=_wrong_dtype,
            says="Your weights are float64. Make them float32, torch's own default.",
        ),
        Slip(
            answer=_norm_of_the_frame,
            says="Your corners are shorter than 1. Cosine and sine give unit vectors already.",
        ),
    ),
    also_right=_corner_by_corner,
)
