"""Answers that no slip names: wrong ones lose points, unusual right ones keep them all."""

import pytest
import torch
from answers import RIGHT, WRONG
from test_every_exercise import report_on

from autograder.exercises import EXERCISES, find


def each(answers):
    return [
        pytest.param(EXERCISES[name], answer, id=f"{name}-{getattr(answer, '__name__', 'object')}")
        for name in EXERCISES
        for answer in answers[name]
    ]


@pytest.mark.parametrize(("exercise", "answer"), each(WRONG))
def test_wrong_answer_loses_points(exercise, answer):
    report = report_on(exercise, answer)
    assert report.points < exercise.points, str(report)
    assert "✗" in str(report)


@pytest.mark.parametrize(("exercise", "answer"), each(RIGHT))
def test_unusual_right_answer_earns_full_points(exercise, answer):
    report = report_on(exercise, answer)
    assert report.points == exercise.points, str(report)


@pytest.mark.parametrize(
    ("name", "claim"),
    [
        ("relax", "each model goes down to the minimum below it, and the losses are theirs"),
        ("train_phase_grid", "the models are the best for their point, and the losses theirs"),
    ],
)
def test_weights_too_large_to_have_a_loss_are_no_minimum(name, claim):
    exercise = find(name)

    def huge(*args, **kwargs):
        return tuple(torch.full_like(t, 1e38) for t in exercise.reference(*args, **kwargs))

    problems = {r.check.claim: r.problem for r in report_on(exercise, huge).results}
    assert "not finite" in (problems[claim] or "")


def test_every_exercise_has_some_of_both():
    for name in EXERCISES:
        # of experiments fewer: telling what is wrong with one takes seconds
        assert len(WRONG[name]) >= (4 if name == "train_over_densities" else 6), name
        assert len(RIGHT[name]) >= 2, name
