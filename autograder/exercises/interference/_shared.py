"""Calls that several exercises of chapter 5 are checked with: lines of every kind.

Gains stay away from 0 unless they are 0: an answer may divide by them and lose digits. The
smallest others are 0.05, which costs none that float32 cannot spare even if it divides twice.
"""

from collections.abc import Iterator

import torch

from autograder.answer import Call, call
from autograder.exercise import Check, Draw, Trial, in_double


def rising_lines(draw: Draw) -> Iterator[Call]:
    """From below zero: some get above it, some do not. And from above."""
    gain = draw.uniform(3, 5, low=0.2, high=2.0)
    yield call(gain, -gain * draw.uniform(3, 5, low=0.1, high=0.9))
    yield call(gain, -gain * draw.uniform(3, 5, low=1.1, high=2.0))
    yield call(gain, draw.uniform(3, 5, low=0.1, high=1.0))


def falling_lines(draw: Draw) -> Iterator[Call]:
    """From above zero: some get below it, some do not. And from below."""
    gain = -draw.uniform(3, 5, low=0.2, high=2.0)
    yield call(gain, -gain * draw.uniform(3, 5, low=0.1, high=0.9))
    yield call(gain, -gain * draw.uniform(3, 5, low=1.1, high=2.0))
    yield call(gain, -draw.uniform(3, 5, low=0.1, high=1.0))


def flat_lines(draw: Draw) -> Iterator[Call]:
    """Lines without slope, among others, and lines with hardly any."""
    gain = torch.tensor([0.0, 0.0, 0.0, 0.0, 1.0, -1.0])
    yield call(gain, torch.tensor([0.5, -0.5, 2.0, -1.0, -0.5, 0.5]))
    yield call(gain, torch.tensor([1.0, -1.0]).repeat(3) * draw.uniform(6, low=0.1, high=0.9))
    little = torch.tensor([1.0, 1.0, -1.0, -1.0]) * draw.uniform(4, low=0.05, high=0.09)
    yield call(little, torch.tensor([1.0, -0.5, 1.0, -0.5]) * draw.uniform(4, low=0.1, high=0.9))
    yield call(little, -little * draw.uniform(4, low=0.2, high=0.8))


def flat_and_nearly_flat_lines(draw: Draw) -> Iterator[Call]:
    """For answers that divide by the gain once at most: that costs few digits also at 0.005."""
    yield from flat_lines(draw)
    little = torch.tensor([1.0, 1.0, -1.0, -1.0]) * draw.uniform(4, low=0.005, high=0.009)
    yield call(little, torch.tensor([1.0, -0.5, 1.0, -0.5]) * draw.uniform(4, low=0.1, high=0.9))
    yield call(little, -little * draw.uniform(4, low=0.2, high=0.8))


def lines_of_any_shape(draw: Draw) -> Iterator[Call]:
    """One value, one instance, several axes; and gains and biases that broadcast."""
    for gain_shape, bias_shape in (
        ((), ()),
        ((1,), (1,)),
        ((1, 4), (1, 4)),
        ((2, 3, 4), (2, 3, 4)),
        ((4, 1), (3,)),
        ((5,), ()),
        ((), (3, 1)),
    ):
        sign = 1 - 2 * (draw.uniform(*gain_shape) < 0.5).float()
        gain = sign * draw.uniform(*gain_shape, low=0.2, high=2.0)
        yield call(gain, draw.uniform(*bias_shape, low=-1.0, high=1.0))


def lines_of_all_kinds(draw: Draw) -> Iterator[Call]:
    """Rising and falling lines, of which each may cross zero or not."""
    sign = torch.tensor([1.0, -1.0]).repeat(4)
    gain = sign * draw.uniform(3, 8, low=0.2, high=2.0)
    crossing = torch.tensor([0.4, 0.6, -0.3, -0.7, 1.4, 1.8, 0.2, 0.9])
    yield call(gain, -gain * crossing * draw.uniform(3, 8, low=0.8, high=1.1))


def flat_lines_have_gradients() -> Check:
    """Where g = 0 gradients need not be exact, but one NaN would spoil a whole training."""

    def run(trial: Trial, draw: Draw) -> None:
        for lines in map(in_double, flat_lines(draw)):
            keys = [trial.exercise.keys(lines)[name] for name in ("gain", "bias")]
            gradients = trial.answer.outcome(lines, wrt=keys).gradients
            assert all(gradients[key].isfinite().all() for key in keys), (
                "A gradient of a flat line, g = 0, is NaN or infinite. torch.where differentiates "
                "both of its branches, also the one that it does not choose. Put another number "
                "in place of a gain of 0 before you divide by it."
            )

    return Check(claim="gradients of flat lines are finite", run=run, assumes_value=True)
