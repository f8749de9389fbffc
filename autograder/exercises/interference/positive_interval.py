"""The exercise `positive_interval`: where a line is positive between 0 and 1."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from autograder.exercises.interference._shared import (
    falling_lines,
    flat_and_nearly_flat_lines,
    lines_of_all_kinds,
    lines_of_any_shape,
    rising_lines,
)
from tms_lib import theory


def _lines_by_hand(_draw: Draw) -> Iterator[Call]:
    gain = torch.tensor([2.0, -2.0, 1.0, -1.0, 0.5])
    yield call(gain, torch.tensor([-0.5, 1.0, 0.5, -0.5, -1.0]))


def _length_and_moment(ends: Any, _call: Call) -> Tensor:
    """Both are 0 for every empty interval. And how far the ends lie outside [0, 1]: never."""
    start, end = ends
    outside = [x - x.clamp(0, 1) for x in ends]
    return torch.stack([end - start, (end - start) * (start + end) / 2, *outside])


def _beyond_the_ends(gain: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    gain, bias = torch.broadcast_tensors(gain, bias)
    crossing = -bias / torch.where(gain == 0, 1, gain)
    start = torch.where(gain > 0, crossing, torch.where((gain == 0) & (bias < 0), 1, 0))
    return start, torch.where(gain < 0, crossing, 1)


def _always_rising(gain: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    gain, bias = torch.broadcast_tensors(gain, bias)
    start = (-bias / torch.where(gain == 0, 1e-9, gain)).clamp(0, 1)
    return start, torch.ones_like(start)


def _ends_exchanged(gain: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    gain, bias = torch.broadcast_tensors(gain, bias)
    crossing = (-bias / torch.where(gain == 0, 1e-9, gain)).clamp(0, 1)
    start, end = torch.where(gain >= 0, crossing, 0), torch.where(gain < 0, crossing, 1)
    return end, start


def _where_negative(gain: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    gain, bias = torch.broadcast_tensors(gain, bias)
    crossing = (-bias / torch.where(gain == 0, 1e-9, gain)).clamp(0, 1)
    return torch.where(gain < 0, crossing, 0), torch.where(gain >= 0, crossing, 1)


def _crossing_with_the_wrong_sign(gain: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    gain, bias = torch.broadcast_tensors(gain, bias)
    crossing = (bias / torch.where(gain == 0, 1e-9, gain)).clamp(0, 1)
    return torch.where(gain >= 0, crossing, 0), torch.where(gain < 0, crossing, 1)


def _bias_not_divided(gain: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    gain, bias = torch.broadcast_tensors(gain, bias)
    crossing = torch.where(gain < 0, bias, -bias).clamp(0, 1)
    return torch.where(gain >= 0, crossing, 0), torch.where(gain < 0, crossing, 1)


def _upside_down(gain: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    gain, bias = torch.broadcast_tensors(gain, bias)
    crossing = (-gain / torch.where(bias == 0, 1e-9, bias)).clamp(0, 1)
    return torch.where(gain >= 0, crossing, 0), torch.where(gain < 0, crossing, 1)


def _never_means_always(gain: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    gain, bias = torch.broadcast_tensors(gain, bias)
    crossing = -bias / torch.where(gain == 0, 1e-9, gain)
    inside = (crossing > 0) & (crossing < 1)
    start = torch.where(inside & (gain > 0), crossing, 1.0 * ((gain == 0) & (bias < 0)))
    return start, torch.where(inside & (gain < 0), crossing, 1)


def _never_lies_beyond_one(gain: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    gain, bias = torch.broadcast_tensors(gain, bias)
    crossing = (-bias / torch.where(gain == 0, 1e-9, gain)).clamp(min=0)
    start = torch.where(gain >= 0, crossing, 0)
    return start, torch.maximum(start, torch.where(gain < 0, crossing.clamp(max=1), 1))


def _flat_is_never(gain: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    gain, bias = torch.broadcast_tensors(gain, bias)
    crossing = (-bias / torch.where(gain == 0, 1, gain)).clamp(0, 1)
    return torch.where(gain > 0, crossing, 0), torch.where(gain < 0, crossing, (gain != 0) * 1.0)


def _flat_is_always(gain: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    gain, bias = torch.broadcast_tensors(gain, bias)
    crossing = (-bias / torch.where(gain == 0, 1, gain)).clamp(0, 1)
    return torch.where(gain > 0, crossing, 0), torch.where(gain < 0, crossing, 1)


def _not_a_number_for_flat(gain: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    gain, bias = torch.broadcast_tensors(gain, bias)
    crossing = (-bias * gain / gain**2).clamp(0, 1)
    return torch.where(gain < 0, 0, crossing), torch.where(gain > 0, 1, crossing)


def _length_only(gain: Tensor, bias: Tensor) -> Tensor:
    gain, bias = torch.broadcast_tensors(gain, bias)
    crossing = (-bias / torch.where(gain == 0, 1e-9, gain)).clamp(0, 1)
    return torch.where(gain >= 0, 1 - crossing, crossing)


def _from_the_heights_at_both_ends(gain: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    at_zero, at_one = bias + 0 * gain, bias + gain
    tall = (at_zero.abs() + at_one.abs()).clamp(min=1e-30)
    # by similar triangles: the part of a crossing line that lies above zero
    share = (at_zero.clamp(min=0) + at_one.clamp(min=0)) / tall
    start = torch.where((at_zero < 0) & (at_one > 0), 1 - share, torch.zeros_like(share))
    end = torch.where((at_zero < 0) & (at_one > 0), torch.ones_like(share), share)
    return start, torch.where((at_zero > 0) & (at_one > 0), torch.ones_like(end), end)


EXERCISE = Exercise(
    reference=theory.positive_interval,
    points=2,
    minutes=8,
    difficulty=2,
    checks=(
        equals_reference(
            "five lines that you can draw", _lines_by_hand, measure=_length_and_moment
        ),
        equals_reference("lines that rise", rising_lines, measure=_length_and_moment),
        equals_reference("lines that fall", falling_lines, measure=_length_and_moment),
        equals_reference("flat lines", flat_and_nearly_flat_lines, measure=_length_and_moment),
        equals_reference(
            "single values, several axes, and shapes that broadcast",
            lines_of_any_shape,
            measure=_length_and_moment,
        ),
        *contract(lines_of_all_kinds, measure=_length_and_moment),
    ),
    slips=(
        Slip(
            answer=_beyond_the_ends,
            says="Your interval leaves [0, 1]: a line may cross zero outside, and x does not go "
            "there. Clamp the crossing to [0, 1].",
        ),
        Slip(
            answer=_always_rising,
            says="You treated every line as one that rises. If the gain is negative, the line is "
            "positive *before* it crosses zero.",
        ),
        Slip(
            answer=_ends_exchanged,
            says="You returned the end before the start.",
        ),
        Slip(
            answer=_where_negative,
            says="You returned where the line is negative. The output is cut off there.",
        ),
        Slip(
            answer=_crossing_with_the_wrong_sign,
            says="Your crossing has the wrong sign: g x + b = 0 at x = -b / g.",
        ),
        Slip(
            answer=_bias_not_divided,
            says="You did not divide by the gain: g x + b = 0 at x = -b / g.",
        ),
        Slip(
            answer=_upside_down,
            says="You divided the gain by the bias. g x + b = 0 at x = -b / g.",
        ),
        Slip(
            answer=_never_means_always,
            says="You took a line that does not cross zero in [0, 1] for positive everywhere. It "
            "may as well be negative everywhere: then start and end are equal.",
        ),
        Slip(
            answer=_never_lies_beyond_one,
            says="Your interval is empty where the line is positive nowhere, but it lies beyond "
            "x = 1. Start and end must be in [0, 1] there too.",
        ),
        Slip(
            answer=_flat_is_never,
            says="You gave flat lines an empty interval. With g = 0 and b > 0 the line is "
            "positive everywhere.",
        ),
        Slip(
            answer=_flat_is_always,
            says="You gave flat lines the whole of [0, 1]. With g = 0 and b < 0 the line is "
            "positive nowhere.",
        ),
        Slip(
            answer=_not_a_number_for_flat,
            says="You divide by the gain, and 0 / 0 is NaN. A flat line needs a case of its own: "
            "its bias decides.",
        ),
        Slip(
            answer=_length_only,
            says="You returned the length of the interval. Return the tuple (start, end).",
        ),
    ),
    also_right=_from_the_heights_at_both_ends,
)
