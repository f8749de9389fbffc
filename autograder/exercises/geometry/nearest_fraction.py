"""The exercise `nearest_fraction`: which of some fractions each value stands for."""

# ruff: noqa: ARG001  (a wrong answer keeps the reference's signature)

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import geometry


def _some_by_hand(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([0.498, 0.45, 0.401, 0.372]), torch.tensor([0.375, 0.4, 0.5]))


def _around(draw: Draw, fractions: Tensor, *shape: int, tolerance: float) -> Tensor:
    """Values well within the tolerance of a fraction, half of them, or well outside."""
    which = (draw.uniform(*shape) * len(fractions)).long()
    offset = tolerance * draw.uniform(*shape, low=0.0, high=0.8)
    offset = torch.where(draw.uniform(*shape) < 0.5, offset, 2 * tolerance - offset)
    sign = torch.where(draw.uniform(*shape) < 0.5, -1.0, 1.0)
    return fractions[which] + sign * offset


def _many_values(draw: Draw) -> Iterator[Call]:
    # the steps between the fractions are more than four tolerances; in no order
    fractions = torch.tensor([0.5, 0.95, 0.1, 0.3, 0.7]) + draw.uniform(5, low=-0.02, high=0.02)
    for shape in ((3, 12), (20,), (2, 3, 8)):
        D = _around(draw, fractions, *shape, tolerance=0.03)
        yield call(D, fractions, tolerance=0.03)


def _one_instance_or_value(draw: Draw) -> Iterator[Call]:
    fractions = torch.tensor([0.4, 0.0, 0.75])
    yield call(_around(draw, fractions, 1, 12, tolerance=0.05), fractions, tolerance=0.05)
    yield call(torch.tensor(0.41), fractions, tolerance=0.05)
    yield call(torch.tensor([0.41, 0.5]), fractions[:1], tolerance=0.05)


def _default_tolerance(draw: Draw) -> Iterator[Call]:
    fractions = torch.tensor([1 / 3, 0.0, 1.0, 3 / 4, 2 / 3])
    yield call(_around(draw, fractions, 2, 20, tolerance=0.01), fractions)


def _close_fractions(_draw: Draw) -> Iterator[Call]:
    # both are within the tolerance; first one in front, then the other
    yield call(torch.tensor([0.39, 0.38, 0.42, 0.36]), torch.tensor([0.375, 0.4]), tolerance=0.05)
    yield call(torch.tensor([0.39, 0.38, 0.42, 0.36]), torch.tensor([0.4, 0.375]), tolerance=0.05)


def _at_the_tolerance(_draw: Draw) -> Iterator[Call]:
    # binary fractions, so that no rounding decides
    D = torch.tensor([0.375, 0.625, 0.6875, 0.3125, 0.59375])
    yield call(D, torch.tensor([0.5]), tolerance=0.125)


def _precise_values(draw: Draw) -> Iterator[Call]:
    fractions = torch.tensor([2.0, 1.5, 1.0, 0.0]).double() / 3
    offset = draw.uniform(3, 6, low=-0.02, high=0.02).double()
    which = (draw.uniform(3, 6) * 4).long()
    yield call(fractions[which] + offset, fractions, tolerance=0.05)


def _always_nearest(D: Tensor, fractions: Tensor, *, tolerance: float = 0.01) -> Tensor:
    return fractions[(D.unsqueeze(-1) - fractions).abs().argmin(-1)]


def _index_of_the_fraction(D: Tensor, fractions: Tensor, *, tolerance: float = 0.01) -> Tensor:
    closest, which = (D.unsqueeze(-1) - fractions).abs().min(-1)
    return torch.where(closest <= tolerance, which.to(D.dtype), torch.nan)


def _zero_for_none(D: Tensor, fractions: Tensor, *, tolerance: float = 0.01) -> Tensor:
    closest, which = (D.unsqueeze(-1) - fractions).abs().min(-1)
    return torch.where(closest <= tolerance, fractions[which], 0.0)


def _itself_if_none(D: Tensor, fractions: Tensor, *, tolerance: float = 0.01) -> Tensor:
    closest, which = (D.unsqueeze(-1) - fractions).abs().min(-1)
    return torch.where(closest <= tolerance, fractions[which], D)


def _itself_if_near(D: Tensor, fractions: Tensor, *, tolerance: float = 0.01) -> Tensor:
    closest = (D.unsqueeze(-1) - fractions).abs().amin(-1)
    return torch.where(closest <= tolerance, D, torch.nan)


def _below_the_tolerance(D: Tensor, fractions: Tensor, *, tolerance: float = 0.01) -> Tensor:
    closest, which = (D.unsqueeze(-1) - fractions).abs().min(-1)
    return torch.where(closest < tolerance, fractions[which], torch.nan)


def _relative_distance(D: Tensor, fractions: Tensor, *, tolerance: float = 0.01) -> Tensor:
    closest, which = (D.unsqueeze(-1) - fractions).abs().min(-1)
    near = closest <= tolerance * fractions[which]
    return torch.where(near, fractions[which], torch.nan)


def _signed_distance(D: Tensor, fractions: Tensor, *, tolerance: float = 0.01) -> Tensor:
    closest, which = (D.unsqueeze(-1) - fractions).min(-1)
    return torch.where(closest <= tolerance, fractions[which], torch.nan)


def _next_one_below(D: Tensor, fractions: Tensor, *, tolerance: float = 0.01) -> Tensor:
    distance = D.unsqueeze(-1) - fractions
    closest, which = torch.where(distance >= 0, distance, torch.inf).min(-1)
    return torch.where(closest <= tolerance, fractions[which], torch.nan)


def _first_within(D: Tensor, fractions: Tensor, *, tolerance: float = 0.01) -> Tensor:
    within = (D.unsqueeze(-1) - fractions).abs() <= tolerance
    first = within.to(torch.int64).argmax(-1)
    return torch.where(within.any(-1), fractions[first], torch.nan)


def _fixed_tolerance(D: Tensor, fractions: Tensor, *, tolerance: float = 0.01) -> Tensor:
    closest, which = (D.unsqueeze(-1) - fractions).abs().min(-1)
    return torch.where(closest <= 0.01, fractions[which], torch.nan)


def _is_near(D: Tensor, fractions: Tensor, *, tolerance: float = 0.01) -> Tensor:
    return (D.unsqueeze(-1) - fractions).abs().amin(-1) <= tolerance


def _distance_itself(D: Tensor, fractions: Tensor, *, tolerance: float = 0.01) -> Tensor:
    closest = (D.unsqueeze(-1) - fractions).abs().amin(-1)
    return torch.where(closest <= tolerance, closest, torch.nan)


def _fraction_after_fraction(D: Tensor, fractions: Tensor, *, tolerance: float = 0.01) -> Tensor:
    best = torch.full_like(D, torch.nan)
    distance = torch.full_like(D, torch.inf)
    for fraction in fractions.unbind():
        gap = (D - fraction).abs()
        better = (gap <= tolerance) & (gap < distance)
        best, distance = best.where(~better, fraction), distance.where(~better, gap)
    return best


EXERCISE = Exercise(
    reference=geometry.nearest_fraction,
    points=2,
    minutes=10,
    difficulty=2,
    checks=(
        equals_reference("a few values, by hand", _some_by_hand),
        equals_reference("many values, fractions in any order", _many_values, weight=2),
        equals_reference("one instance, one value, one fraction", _one_instance_or_value),
        equals_reference("the tolerance is 0.01 if none is given", _default_tolerance),
        equals_reference("of two fractions within the tolerance, the nearer", _close_fractions),
        equals_reference("a distance equal to the tolerance is within", _at_the_tolerance),
        *contract(_precise_values),
    ),
    slips=(
        Slip(
            answer=_always_nearest,
            says="You gave every value its nearest fraction. One that is further away than the "
            "tolerance stands for none, and gets NaN.",
        ),
        Slip(
            answer=_index_of_the_fraction,
            says="You returned the position of the fraction. Return the fraction itself: "
            "fractions[position].",
        ),
        Slip(
            answer=_zero_for_none,
            says="You gave 0 to values that are near no fraction. 0 is a fraction like others; "
            "these get NaN.",
        ),
        Slip(
            answer=_itself_if_none,
            says="You left values that are near no fraction as they are. They get NaN.",
        ),
        Slip(
            answer=_itself_if_near,
            says="You returned the values. Return the fraction that each one stands for.",
        ),
        Slip(
            answer=_below_the_tolerance,
            says="You left out a distance that equals the tolerance. It is within.",
        ),
        Slip(
            answer=_relative_distance,
            says="You compared the relative distance. The tolerance is the largest |D - f| itself.",
        ),
        Slip(
            answer=_signed_distance,
            says="You compared D - f with its sign, so the largest fraction always wins. Take the "
            "absolute value first.",
        ),
        Slip(
            answer=_next_one_below,
            says="You looked for a fraction below the value only. It may lie on either side.",
        ),
        Slip(
            answer=_first_within,
            says="You took the first fraction within the tolerance. If there are several, take "
            "the nearest.",
        ),
        Slip(
            answer=_fixed_tolerance,
            says="You compared with 0.01 whatever the caller asks. Use the argument tolerance.",
        ),
        Slip(
            answer=_is_near,
            says="You said which values are near a fraction. Return the fractions, and NaN for "
            "the others.",
        ),
        Slip(
            answer=_distance_itself,
            says="You returned the distance to the fraction. Return the fraction.",
        ),
    ),
    also_right=_fraction_after_fraction,
)
