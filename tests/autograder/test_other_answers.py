"""Answers that no slip names: wrong ones lose points, unusual right ones keep them all."""

import pytest
from answers import RIGHT, WRONG
from test_every_exercise import report_on

from autograder.exercises import EXERCISES


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


def test_every_exercise_has_some_of_both():
    for name in EXERCISES:
        # of experiments fewer: telling what is wrong with one takes seconds
        assert len(WRONG[name]) >= (4 if name == "train_over_densities" else 6), name
        assert len(RIGHT[name]) >= 2, name
