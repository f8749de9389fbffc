"""The exercise `interference_error`: what an active feature costs at another one's output."""

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise
from autograder.exercises.interference._shared import (
    falling_lines,
    flat_and_nearly_flat_lines,
    flat_lines_have_gradients,
    lines_of_all_kinds,
    lines_of_any_shape,
    rising_lines,
)
from autograder.exercises.interference.interference_error_slips import SLIPS
from tms_lib import theory


def _integrals_by_hand(_draw: Draw) -> Iterator[Call]:
    # 1/3, 0, 1/6, 1/24, 7/3, 0
    gain = torch.tensor([1.0, -1.0, 2.0, -1.0, 1.0, 0.5])
    yield call(gain, torch.tensor([0.0, 0.0, -1.0, 0.5, 1.0, -0.5]))


def _without_bias(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(6, low=0.2, high=2.0), torch.zeros(6))
    yield call(-draw.uniform(6, low=0.2, high=2.0), torch.zeros(6))


def _from_differences_of_cubes(gain: Tensor, bias: Tensor) -> Tensor:
    flat = gain == 0
    cubes = torch.relu(gain + bias) ** 3 - torch.relu(bias) ** 3
    return torch.where(flat, torch.relu(bias) ** 2, cubes / (3 * torch.where(flat, 1.0, gain)))


EXERCISE = Exercise(
    reference=theory.interference_error,
    points=3,
    minutes=10,
    difficulty=3,
    checks=(
        equals_reference("six integrals, by hand", _integrals_by_hand),
        equals_reference("without bias", _without_bias),
        equals_reference("lines that rise", rising_lines),
        equals_reference("lines that fall", falling_lines),
        equals_reference("flat lines", flat_and_nearly_flat_lines),
        equals_reference(
            "single values, several axes, and shapes that broadcast", lines_of_any_shape
        ),
        *contract(lines_of_all_kinds, gradients=["gain", "bias"]),
        flat_lines_have_gradients(),
    ),
    slips=SLIPS,
    also_right=_from_differences_of_cubes,
)
