"""The exercise `own_error`: what a feature's own output makes of it."""

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise
from autograder.exercises.interference._shared import (
    falling_lines,
    flat_lines,
    flat_lines_have_gradients,
    lines_of_all_kinds,
    lines_of_any_shape,
    rising_lines,
)
from autograder.exercises.interference.own_error_slips import SLIPS
from tms_lib import theory


def _errors_by_hand(_draw: Draw) -> Iterator[Call]:
    # 0, 1/12, 1/12, 1/3, 1/12
    gain = torch.tensor([1.0, 0.5, 2.0, -1.0, 0.0])
    yield call(gain, torch.tensor([0.0, 0.0, -1.0, 0.5, 0.5]))


def _without_bias(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(6, low=0.2, high=2.0), torch.zeros(6))
    yield call(-draw.uniform(6, low=0.2, high=2.0), torch.zeros(6))


def _from_three_integrals(gain: Tensor, bias: Tensor) -> Tensor:
    # x^2 - 2 x [g x + b] + [g x + b]^2, each with its antiderivative
    flat = gain == 0
    g = torch.where(flat, 1.0, gain)
    at_zero, at_one = torch.relu(bias), torch.relu(gain + bias)
    cubes = at_one**3 - at_zero**3
    square = torch.where(flat, at_zero**2, cubes / (3 * g))
    product = torch.where(flat, at_zero / 2, at_one**2 / (2 * g) - cubes / (6 * g**2))
    return 1 / 3 - 2 * product + square


EXERCISE = Exercise(
    reference=theory.own_error,
    points=3,
    minutes=12,
    difficulty=3,
    checks=(
        equals_reference("five integrals, by hand", _errors_by_hand),
        equals_reference("without bias", _without_bias),
        equals_reference("lines that rise", rising_lines),
        equals_reference("lines that fall", falling_lines),
        equals_reference("flat lines", flat_lines),
        equals_reference(
            "single values, several axes, and shapes that broadcast", lines_of_any_shape
        ),
        *contract(lines_of_all_kinds, gradients=["gain", "bias"]),
        flat_lines_have_gradients(),
    ),
    slips=SLIPS,
    also_right=_from_three_integrals,
)
