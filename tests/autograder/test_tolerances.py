"""Statistical checks allow what they say: right answers scatter by a fifth or sixth of it."""

import math
from collections import defaultdict

import pytest
import torch

from autograder import claims
from autograder.answer import LocalAnswer
from autograder.compare import difference
from autograder.exercise import Trial
from autograder.exercises import EXERCISES
from tms_lib.threads import threads

STATISTICAL = {
    name: checks
    for name, exercise in EXERCISES.items()
    if (checks := [c for c in exercise.checks if c.run.__qualname__.startswith("matches_theory")])
}


@pytest.mark.parametrize("name", STATISTICAL)
def test_right_answers_scatter_by_a_fifth_of_the_tolerance_or_less(name, monkeypatch):
    exercise, found = EXERCISES[name], defaultdict(list)

    def seen(got, expected, *, tolerance=None, **settings):
        if tolerance is not None:
            off = (got.double() - expected) / torch.as_tensor(tolerance)
            # a lag, an instance, a quarter: each of them by itself
            for number, part in enumerate(off if off.ndim > 1 else [off]):
                found[check.claim, off.shape, number].append(part.flatten())
        return difference(got, expected, tolerance=tolerance, **settings)

    monkeypatch.setattr(claims, "difference", seen)
    with threads(1):
        for seed in range(40 if exercise.seconds <= 10 else 4):
            for check in STATISTICAL[name]:
                trial = Trial(exercise, LocalAnswer(name, {name: exercise.reference}, seconds=100))
                check.run(trial, exercise.draw(check, seed))
    for (claim, *_), parts in found.items():
        off = torch.cat(parts)
        off = off[off.isfinite() & (off != 0)]  # what is exact, or cannot be, has no scatter
        if len(off) >= 100:
            # the root mean square of k normal numbers has the standard error 1 / sqrt(2 k)
            most = (1 + 3 / math.sqrt(2 * len(off))) / 5
            assert (off**2).mean().sqrt() < most, claim
