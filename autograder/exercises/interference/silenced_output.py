"""The exercise `silenced_output`: what it costs an output to be silent up to a threshold."""

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import theory


def _thresholds_by_hand(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([0.0, 0.25, 0.4]))


def _thresholds(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(3, 4, high=0.9))


def _thresholds_of_any_shape(draw: Draw) -> Iterator[Call]:
    for shape in ((), (1,), (5,), (1, 2, 3)):
        yield call(draw.uniform(*shape, high=0.9))


def _thresholds_near_one(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(5, low=0.94, high=0.96))  # gains from 24 to 37


def _gain_stays_one(threshold: Tensor) -> tuple[Tensor, Tensor]:
    t = threshold
    return torch.ones_like(t), t**3 / 3 + t**2 * (1 - t)


def _reaches_one_at_one(threshold: Tensor) -> tuple[Tensor, Tensor]:
    return 1 / (1 - threshold), threshold**2 / 3


def _bias_fixed(threshold: Tensor) -> tuple[Tensor, Tensor]:
    t = threshold
    gain = 2 * (1 + t + t**2) / ((1 - t) * (2 + t))
    product, square = (1 - t) ** 2 * (2 + t) / 6, (1 - t) ** 3 / 3
    return gain, 1 / 3 - 2 * gain * product + gain**2 * square


def _without_relu(threshold: Tensor) -> tuple[Tensor, Tensor]:
    t = threshold
    product, square = 1 / 3 - t / 2, 1 / 3 - t + t**2
    return product / square, 1 / 3 - product**2 / square


def _same_mean(threshold: Tensor) -> tuple[Tensor, Tensor]:
    t = threshold
    gain = 1 / (1 - t) ** 2
    product, square = (1 - t) ** 2 * (2 + t) / 6, (1 - t) ** 3 / 3
    return gain, 1 / 3 - 2 * gain * product + gain**2 * square


def _same_mean_above(threshold: Tensor) -> tuple[Tensor, Tensor]:
    t = threshold
    gain = (1 + t) / (1 - t)
    product, square = (1 - t) ** 2 * (2 + t) / 6, (1 - t) ** 3 / 3
    return gain, 1 / 3 - 2 * gain * product + gain**2 * square


def _silent_part_for_free(threshold: Tensor) -> tuple[Tensor, Tensor]:
    t = threshold
    return (2 + t) / (2 * (1 - t)), t**2 * (3 + t) / 12 - t**3 / 3


def _mean_above_the_threshold(threshold: Tensor) -> tuple[Tensor, Tensor]:
    t = threshold
    return (2 + t) / (2 * (1 - t)), (t**2 * (3 + t) / 12 - t**3 / 3) / (1 - t)


def _threshold_not_scaled(threshold: Tensor) -> tuple[Tensor, Tensor]:
    # b = -t: the line g x - t crosses zero at t / g, so the best gain has to be searched
    t = threshold.double()
    gain = torch.linspace(1, 3, 20_001, dtype=torch.float64)
    gain = gain.reshape(-1, *[1] * t.ndim)
    s = (t / gain).clamp(max=1)
    error = 1 / 3 - gain * (1 - s) ** 2 * (2 + s) / 3 + gain**2 * (1 - s) ** 3 / 3
    best = error.min(0)
    return gain.flatten()[best.indices].to(threshold), best.values.to(threshold)


def _bias_for_the_gain(threshold: Tensor) -> tuple[Tensor, Tensor]:
    t = threshold
    return -t * (2 + t) / (2 * (1 - t)), t**2 * (3 + t) / 12


def _error_first(threshold: Tensor) -> tuple[Tensor, Tensor]:
    t = threshold
    return t**2 * (3 + t) / 12, (2 + t) / (2 * (1 - t))


def _gain_only(threshold: Tensor) -> Tensor:
    return (2 + threshold) / (2 * (1 - threshold))


def _as_a_projection(threshold: Tensor) -> tuple[Tensor, Tensor]:
    # the part of x that lies along [x - t]; both integrals over s = x - t from 0 to 1 - t
    s = 1 - threshold
    along = s.pow(3) / 3 + threshold * s.pow(2) / 2
    length = s.pow(3) / 3
    gain = along / length
    return gain, 1 / 3 - gain * along


EXERCISE = Exercise(
    reference=theory.silenced_output,
    points=3,
    minutes=12,
    difficulty=4,
    checks=(
        equals_reference(
            "the gain at t = 0, 0.25 and 0.4, by hand",
            _thresholds_by_hand,
            measure=lambda value, _: value[0],
        ),
        equals_reference("the gain", _thresholds, measure=lambda value, _: value[0], weight=2),
        equals_reference("the error", _thresholds, measure=lambda value, _: value[1], weight=2),
        equals_reference("thresholds near 1", _thresholds_near_one),
        equals_reference("single values, and several axes", _thresholds_of_any_shape),
        *contract(_thresholds),
    ),
    slips=(
        Slip(
            answer=_gain_stays_one,
            says="You left the gain at 1. The output then stays t too low above the threshold; a "
            "larger gain makes up for a part of it.",
        ),
        Slip(
            answer=_reaches_one_at_one,
            says="Your output is right at x = 1, and too low everywhere below it. The least mean "
            "square lets it be too high near 1.",
        ),
        Slip(
            answer=_bias_fixed,
            says="You kept b fixed when you set the derivative to zero. Here t is fixed, and "
            "b = -g t moves with the gain: the derivative of g (x - t) by g is x - t.",
        ),
        Slip(
            answer=_without_relu,
            says="You integrated g (x - t) from 0. Below the threshold the output is 0, so the "
            "gain matters from t to 1 only.",
        ),
        Slip(
            answer=_same_mean,
            says="You chose the gain that makes the mean error 0. The least mean *square* has "
            "another: weigh the error with x - t.",
        ),
        Slip(
            answer=_same_mean_above,
            says="You chose the gain that makes the mean error above the threshold 0. The least "
            "mean *square* has another: weigh the error with x - t.",
        ),
        Slip(
            answer=_silent_part_for_free,
            says="You left out the error below the threshold. Nothing comes out there, which costs "
            "the integral of x^2 from 0 to t.",
        ),
        Slip(
            answer=_mean_above_the_threshold,
            says="You took the mean over x > t only. The error is a mean over all of [0, 1], and "
            "below the threshold it is x^2.",
        ),
        Slip(
            answer=_threshold_not_scaled,
            says="You used the bias -t. Then the output is silent up to t / g. To be silent up to "
            "t it needs b = -g t.",
        ),
        Slip(
            answer=_bias_for_the_gain,
            says="You returned the bias -g t. Return the gain g.",
        ),
        Slip(
            answer=_error_first,
            says="You returned the error first. The gain comes first.",
        ),
        Slip(
            answer=_gain_only,
            says="You returned the gain alone. The error at this gain is needed too.",
        ),
    ),
    also_right=_as_a_projection,
)
