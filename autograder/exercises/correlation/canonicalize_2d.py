"""The exercise `canonicalize_2d`: one form for all rotations and reflections of a solution."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

import tms_lib
from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise
from autograder.exercises.correlation.canonicalize_2d_slips import SLIPS


def _by_hand(_draw: Draw) -> Iterator[Call]:
    # feature 0 points along the diagonal, 1 to the left of it; then 1 to the right
    yield call(torch.tensor([[2.0, -1.0], [2.0, 1.0]]))
    yield call(torch.tensor([[2.0, 1.0], [2.0, -1.0]]))


def _turned(draw: Draw, *instances: int, n_features: int = 5) -> Tensor:
    """Long columns, turned at random, of which no other is near the first one's axis.

    So no rounding decides which column counts, and every one is clearly above or below.
    """
    start = draw.uniform(*instances, 1, high=2 * math.pi)
    away = draw.uniform(*instances, n_features - 1, low=0.4, high=math.pi - 0.4)
    side = torch.where(draw.uniform(*instances, n_features - 1) < 0.5, -1.0, 1.0)
    angle = torch.cat([start, start + side * away], dim=-1)
    length = draw.uniform(*instances, n_features, low=0.8, high=1.2)
    return length.unsqueeze(-2) * torch.stack([angle.cos(), angle.sin()], dim=-2)


def _random_solutions(draw: Draw) -> Iterator[Call]:
    yield call(_turned(draw, 12))
    yield call(_turned(draw, 8, n_features=3))


def _lone_solutions(draw: Draw) -> Iterator[Call]:
    yield call(_turned(draw, 1))
    yield call(_turned(draw, n_features=4))
    yield call(_turned(draw, 2, 3))


def _first_features_short(draw: Draw) -> Iterator[Call]:
    W = _turned(draw, 8)
    # 0 is a third of the first long one, or less; 1 is there, but not the longest
    W[..., 0] *= 0.25
    W[..., 1] *= 0.9
    W[..., 3] *= 1.2
    W[:4, :, 1] *= 0.1
    yield call(W)
    yield call(1e-3 * W)


def _nearly_on_the_axis(draw: Draw) -> Iterator[Call]:
    # feature 1 is opposite to 0, or beside it, up to noise: it cannot decide what is above
    W = _turned(draw, 8)
    along = torch.where(draw.uniform(8, 1) < 0.5, -1.0, 1.0) * W[..., 0]
    across = torch.stack([-W[:, 1, 0], W[:, 0, 0]], dim=-1)
    W[..., 1] = along + draw.uniform(8, 1, low=-0.02, high=0.02) * across
    # feature 2 is too short to decide
    W[..., 2] *= 0.04
    yield call(W)


def _on_a_line_or_nowhere(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([[[0.0, 0.0, 0.0], [-1.0, 2.0, 0.0]], [[0.0] * 3, [0.0] * 3]]))


def _near_the_thresholds(draw: Draw) -> Iterator[Call]:
    """Columns a little below and above half the largest norm, and a tenth of it off the axis."""
    yield call(torch.tensor([[0.0, 2.0, 1.0], [1.0, 0.0, 1.0]]))  # exactly half
    n = 8
    size = draw.uniform(n, 1, low=0.3, high=3.0)
    # short, the first long one, hardly off the axis, clearly off, the longest
    x = torch.tensor([0.44, 0.55, -0.4, 0.3, -0.8]).expand(n, -1)
    y = torch.tensor([-0.09, 0.0, 0.09, 0.12, -0.6]).repeat(n, 1)
    y[:, :3] *= torch.where(draw.uniform(n, 1) < 0.5, -1.0, 1.0)
    y = y * torch.where(draw.uniform(n, 1) < 0.5, -1.0, 1.0)
    angle = draw.uniform(n, 1, high=2 * math.pi)
    c, s = size * angle.cos(), size * angle.sin()
    yield call(torch.stack([c * x - s * y, s * x + c * y], dim=-2))


def _gram(W: Tensor, _call: Call) -> Tensor:
    return W.mT @ W


def _first_column(W: Tensor, _call: Call) -> Tensor:
    return W[..., 0]


def _with_complex_numbers(W: Tensor) -> Tensor:
    points = torch.complex(W[..., 0, :], W[..., 1, :])
    largest = points.abs().amax(-1, keepdim=True)
    is_long = (points.abs() >= largest / 2) & (largest > 0)
    # a falling ramp marks the first of several
    ramp = torch.arange(W.shape[-1], 0, -1, device=W.device)
    first = torch.argmax(is_long * ramp, dim=-1, keepdim=True)
    chosen = points.gather(-1, first)
    unit = chosen / torch.where(chosen.abs() > 0, chosen.abs(), 1)
    turned = points * unit.conj()
    clear = turned.imag.abs() > largest / 10
    decides = torch.argmax(clear * ramp, dim=-1, keepdim=True)
    sign = torch.sign(turned.imag.gather(-1, decides))
    sign = torch.where(clear.any(-1, keepdim=True), sign, torch.ones_like(sign))
    return torch.stack([turned.real, sign * turned.imag], dim=-2)


EXERCISE = Exercise(
    reference=tms_lib.canonicalize_2d,
    points=4,
    minutes=18,
    difficulty=4,
    checks=(
        equals_reference("two features by hand", _by_hand),
        equals_reference("W^T W stays as it was", _random_solutions, measure=_gram, weight=2),
        equals_reference(
            "a long first feature lies on the positive x axis",
            _random_solutions,
            measure=_first_column,
            weight=2,
        ),
        equals_reference("random solutions, several instances", _random_solutions, weight=3),
        equals_reference("one instance, and no instance axis", _lone_solutions),
        equals_reference("short features do not decide the rotation", _first_features_short),
        equals_reference(
            "features near the axis do not decide the reflection", _nearly_on_the_axis
        ),
        equals_reference(
            "half the largest norm is long, and more than a tenth of it is clearly off",
            _near_the_thresholds,
        ),
        equals_reference("all features on a line, or all zero", _on_a_line_or_nowhere),
        *contract(_random_solutions),
    ),
    slips=SLIPS,
    also_right=_with_complex_numbers,
)
