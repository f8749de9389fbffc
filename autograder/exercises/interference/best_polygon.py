"""The exercise `best_polygon`: the best radius and biases of a polygon, found by searching."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

import tms_lib
from autograder.answer import Call, call
from autograder.claims import matches_theory
from autograder.exercise import Check, Draw, Exercise
from autograder.exercises.interference.best_polygon_slips import SLIPS
from tms_lib import theory


def _square(_draw: Draw) -> Iterator[Call]:
    yield call(4, n_features=6)


def _few_corners(draw: Draw) -> Iterator[Call]:
    yield call(1, n_features=draw.integer(2, 4))
    yield call(2, n_features=draw.integer(3, 5))
    yield call(3, n_features=3)


def _all_in_the_polygon(draw: Draw) -> Iterator[Call]:
    yield call(5, n_features=5)
    k = draw.integer(6, 8)
    yield call(k, n_features=k)


def _some_dropped(draw: Draw) -> Iterator[Call]:
    k = draw.integer(5, 7)
    yield call(k, n_features=k + draw.integer(1, 3))


def _number(value: Any) -> float:
    """A Python number, or a tensor of one; NaN for anything else, which no check accepts."""
    if isinstance(value, Tensor):
        return float(value.item()) if value.numel() == 1 else math.nan
    return float(value) if isinstance(value, int | float) else math.nan


def _numbers(which: slice) -> Callable[[Any, Call], Tensor]:
    def measure(value: Any, _call: Call) -> Tensor:
        return torch.tensor([_number(v) for v in value[which]], dtype=torch.float64)

    return measure


# Twice what the prompt asks for. The valley is flat: a loss too high by 1e-5 is easily 0.005 away.
_TOLERANCE = torch.tensor([0.01, 0.02, 1e-4, 2e-5], dtype=torch.float64)


def _near(
    claim: str, cases: Callable[[Draw], Iterator[Call]], which: slice, *, weight: int = 1
) -> Check:
    def best(call: Call) -> Tensor:
        found = theory.best_polygon(*call.args, **call.kwargs)
        return torch.tensor(found[which], dtype=torch.float64)

    return matches_theory(
        claim,
        cases,
        measure=_numbers(which),
        expected=best,
        tolerance=lambda _: _TOLERANCE[which],
        weight=weight,
    )


def _by_descent(n_corners: int, *, n_features: int) -> tuple[float, float, float, float]:
    angle = 2 * math.pi * torch.arange(n_corners, dtype=torch.float64) / n_corners
    W = torch.zeros(2, n_features, dtype=torch.float64)
    W[:, :n_corners] = torch.stack([angle.cos(), angle.sin()])
    is_corner = torch.arange(n_features) < n_corners
    other = 1 / (2 * n_features)

    def loss_at(theta: Tensor) -> Tensor:
        radius, bias = theta.unsqueeze(-1).unbind(-2)
        b = torch.where(is_corner, bias, other)
        equal = torch.ones(n_features, dtype=torch.float64)
        return tms_lib.one_active_loss(radius.unsqueeze(-1) * W, b, importance=equal)

    radii, biases = torch.linspace(0.8, 1.8, 11).double(), torch.linspace(-1.5, 0.1, 17).double()
    starts = torch.cartesian_prod(radii, biases)
    theta = starts[loss_at(starts).argmin()].clone().requires_grad_()  # in the right valley
    optimiser = torch.optim.LBFGS(
        [theta], max_iter=200, tolerance_change=1e-14, line_search_fn="strong_wolfe"
    )

    def step() -> Tensor:
        optimiser.zero_grad()
        value = loss_at(theta)
        value.backward()
        return value

    optimiser.step(step)
    radius, bias = theta.tolist()
    return radius, bias, other, loss_at(theta).item()


EXERCISE = Exercise(
    reference=theory.best_polygon,
    points=4,
    minutes=18,
    difficulty=4,
    checks=(
        _near("a square among six features: radius and bias", _square, slice(0, 2)),
        _near("radius and bias, all features in the polygon", _all_in_the_polygon, slice(0, 2)),
        _near("the loss, all features in the polygon", _all_in_the_polygon, slice(3, 4)),
        _near("constant and loss, some dropped", _some_dropped, slice(2, 4), weight=2),
        _near("one corner, two and three", _few_corners, slice(0, 4)),
    ),
    slips=SLIPS,
    also_right=_by_descent,
    seconds=30.0,
)
