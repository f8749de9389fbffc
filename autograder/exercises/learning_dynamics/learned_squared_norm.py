"""The exercise `learned_squared_norm`: how a feature grows that nothing disturbs."""

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import theory


def _by_hand(_draw: Draw) -> Iterator[Call]:
    # 8 c t = 0, 1 and 3: 1 / (1 + 9), 1 / (1 + 9 / e) and 1 / (1 + 9 / e^3)
    tenth = torch.full((1,), 0.1)
    yield call(torch.tensor([0.0, 1.0, 3.0]), start=tenth, cost=torch.full((1,), 1 / 8))


def _courses(draw: Draw) -> Iterator[Call]:
    # time in rows, features in columns; 8 c t from 0 to 12
    yield call(
        draw.uniform(6, 1, high=15.0),
        start=draw.uniform(4, low=0.01, high=0.6),
        cost=draw.uniform(4, low=0.02, high=0.1),
    )
    yield call(
        draw.uniform(4, high=8.0),
        start=draw.uniform(4, low=0.01, high=0.3),
        cost=draw.uniform(4, low=0.05, high=0.15),
    )


def _one_course(draw: Draw) -> Iterator[Call]:
    yield call(
        draw.uniform(1, high=8.0), start=draw.uniform(1, low=0.05, high=0.3), cost=draw.uniform(1)
    )
    yield call(draw.uniform(high=8.0), start=draw.uniform(low=0.05, high=0.3), cost=draw.uniform())
    yield call(
        draw.uniform(3, 1, 1, high=8.0),
        start=draw.uniform(2, 1, low=0.05, high=0.3),
        cost=draw.uniform(5),
    )


def _fixed_points(draw: Draw) -> Iterator[Call]:
    # absent and complete features stay so; one that costs nothing does too
    yield call(
        draw.uniform(3, 1, high=8.0),
        start=torch.tensor([0.0, 1.0, 0.3]),
        cost=torch.tensor([0.2, 0.1, 0.0]),
    )


def _tiny_starts(draw: Draw) -> Iterator[Call]:
    # from 1e-4 down to 1e-10, each at a time at which it is about halfway
    start = 10.0 ** -draw.uniform(6, low=4.0, high=10.0)
    cost = draw.uniform(6, low=0.05, high=0.2)
    halfway = -start.log() / (8 * cost)
    yield call(halfway * draw.uniform(6, low=0.95, high=1.1), start=start, cost=cost)


def _long_times(draw: Draw) -> Iterator[Call]:
    # 8 c t above 1600: too much for exp(8 c t), also in float64
    yield call(
        1000 * draw.uniform(3, 1, low=1.0, high=2.0),
        start=torch.tensor([1e-12, 1.0]),
        cost=draw.uniform(2, low=0.2),
    )
    yield call(
        1000 * draw.uniform(4, low=1.0, high=2.0),
        start=draw.uniform(4, low=0.05, high=0.3),
        cost=draw.uniform(4, low=0.2),
    )


def _rate_of_the_norm(time: Tensor, *, start: Tensor, cost: Tensor) -> Tensor:
    return start / (start + (1 - start) * torch.exp(-4 * cost * time))


def _falls(time: Tensor, *, start: Tensor, cost: Tensor) -> Tensor:
    return start / (start + (1 - start) * torch.exp(8 * cost * time))


def _without_limit(time: Tensor, *, start: Tensor, cost: Tensor) -> Tensor:
    return start * torch.exp(8 * cost * time)


def _stops_at_one(time: Tensor, *, start: Tensor, cost: Tensor) -> Tensor:
    return (start * torch.exp(8 * cost * time)).clamp(max=1)


def _norm_itself(time: Tensor, *, start: Tensor, cost: Tensor) -> Tensor:
    return (start / (start + (1 - start) * torch.exp(-8 * cost * time))).sqrt()


def _start_is_a_norm(time: Tensor, *, start: Tensor, cost: Tensor) -> Tensor:
    return start**2 / (start**2 + (1 - start**2) * torch.exp(-8 * cost * time))


def _starts_at_a_half(time: Tensor, *, start: Tensor, cost: Tensor) -> Tensor:
    return 1 / (1 + torch.exp(-8 * cost * time)) + 0 * start


def _one_in_place_of_the_rest(time: Tensor, *, start: Tensor, cost: Tensor) -> Tensor:
    return start / (start + torch.exp(-8 * cost * time))


def _approaches_straight(time: Tensor, *, start: Tensor, cost: Tensor) -> Tensor:
    return 1 - (1 - start) * torch.exp(-8 * cost * time)


def _remaining_loss(time: Tensor, *, start: Tensor, cost: Tensor) -> Tensor:
    return cost * (1 - start / (start + (1 - start) * torch.exp(-8 * cost * time))) ** 2


def _forgets_the_cost(time: Tensor, *, start: Tensor, cost: Tensor) -> Tensor:
    return start / (start + (1 - start) * torch.exp(-8 * time)) + 0 * cost


def _overflows(time: Tensor, *, start: Tensor, cost: Tensor) -> Tensor:
    growth = torch.exp(8 * cost * time)
    return start * growth / (1 - start + start * growth)


def _shifted_sigmoid(time: Tensor, *, start: Tensor, cost: Tensor) -> Tensor:
    return torch.sigmoid(torch.log(start) - torch.log1p(-start) + 8 * cost * time)


EXERCISE = Exercise(
    reference=theory.learned_squared_norm,
    points=2,
    minutes=10,
    difficulty=2,
    checks=(
        equals_reference("three times, by hand", _by_hand),
        equals_reference("times, starts and costs that broadcast", _courses, weight=2),
        equals_reference("one feature, one time, and more axes", _one_course),
        equals_reference("what is 0 or 1, or costs nothing, stays", _fixed_points),
        equals_reference("tiny starts", _tiny_starts),
        equals_reference("after a long time it is 1", _long_times),
        *contract(_courses),
    ),
    slips=(
        Slip(
            answer=_rate_of_the_norm,
            says="Your rate is 4 c, that of the norm. The squared norm grows twice as fast: 8 c.",
        ),
        Slip(
            answer=_falls,
            says="Your feature is forgotten in the course of time. The exponent is negative.",
        ),
        Slip(
            answer=_without_limit,
            says="Your feature grows without limit. That is right while u is small; near 1 the "
            "factor 1 - u stops the growth.",
        ),
        Slip(
            answer=_stops_at_one,
            says="You cut off exponential growth at 1. It slows down before: solve "
            "u' = 8 c u (1 - u).",
        ),
        Slip(
            answer=_norm_itself,
            says="You took a root at the end. The result is the squared norm u.",
        ),
        Slip(
            answer=_start_is_a_norm,
            says="You squared the start. It is a squared norm already.",
        ),
        Slip(
            answer=_starts_at_a_half,
            says="Your feature starts at 1/2 whatever start is. At t = 0 the result must be start.",
        ),
        Slip(
            answer=_one_in_place_of_the_rest,
            says="You forgot the factor 1 - start of the exponential, so that the result at t = 0 "
            "is not start.",
        ),
        Slip(
            answer=_approaches_straight,
            says="You solved u' = 8 c (1 - u). The factor u is missing: a feature that is nearly "
            "absent hardly grows.",
        ),
        Slip(
            answer=_remaining_loss,
            says="You returned the loss that is left, c (1 - u)^2. Return u.",
        ),
        Slip(
            answer=_forgets_the_cost,
            says="You left the cost out of the exponent. Features that cost more are learned "
            "faster.",
        ),
        Slip(
            answer=_overflows,
            says="Your exponential becomes infinite for long times, and the fraction NaN. With "
            "the negative exponent it becomes 0.",
        ),
    ),
    also_right=_shifted_sigmoid,
)
