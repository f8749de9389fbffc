"""Tests of tms_lib.figures.reproduction."""

import math

import pytest
import torch

from tms_lib.figures.reproduction import equal, within


@pytest.mark.parametrize(
    ("values", "holds"),
    [([1.0, 2.0], True), ([0.9, 1.5], False), ([1.5, 2.1], False), ([1.5, math.nan], False)],
)
def test_all_values_must_lie_within_the_bounds(values, holds):
    assert within("", torch.tensor(values), low=1, high=2).holds == holds


@pytest.mark.parametrize(
    ("bounds", "needed"),
    [
        ({"low": 0.5}, "at least 0.5"),
        ({"high": 3}, "at most 3"),
        ({"low": 0.5, "high": 3}, "0.5 to 3"),
        ({"low": 2, "high": 2}, "2"),
    ],
)
def test_the_bounds_are_put_into_words(bounds, needed):
    assert within("", 1.0, **bounds).needed == needed


@pytest.mark.parametrize(
    ("values", "holds"),
    [([0.52, 0.9], True), ([0.6, 0.9], False), ([0.5], False), ([0.5, math.nan], False)],
)
def test_values_must_equal_those_needed_up_to_the_tolerance(values, holds):
    assert equal("", torch.tensor(values), needed=[0.5, 0.9], tolerance=0.05).holds == holds


def test_runs_are_counted_and_many_values_become_a_range():
    assert within("", torch.tensor([0.5, 0.5, 0.5, 2, 2]), low=0).measured == "3 x 0.5, 2, 2"
    assert within("", torch.linspace(2, -1, 40), low=0).measured == "-1 to 2"
