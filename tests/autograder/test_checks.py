import os

import pytest
import torch

from autograder import check
from autograder.answer import LocalAnswer, call
from autograder.checks import grade
from autograder.claims import contract, equals_reference, matches_theory, uses_generator
from autograder.exercise import Check, Draw, Exercise, Slip, in_double
from autograder.exercises import EXERCISES


def double(x):
    return 2 * x


def triple(x):
    return 3 * x


def some(draw: Draw):
    yield call(draw.normal(2, 3))


def small(_draw: Draw):
    yield call(torch.tensor([1.0]))


DOUBLE = Exercise(
    reference=double,
    points=4,
    minutes=1,
    difficulty=1,
    checks=(
        equals_reference("by hand", small),
        equals_reference("in general", some, weight=3),
        *contract(some, gradients=["x"]),
    ),
    slips=(Slip(answer=triple, says="You tripled."),),
    also_right=lambda x: x + x,
)


def report_on(answer, exercise=DOUBLE, seed=0):
    local = LocalAnswer(exercise.name, {exercise.name: answer}, seconds=1.0)
    return grade(exercise, local, seed=seed)


def test_points_are_the_passed_checks_share():
    # right for one entry only: 1 of 8 weights, "by hand"
    report = report_on(lambda x: 2 * x if x.numel() == 1 else 0 * x)
    assert report.points == round(4 / 8, 2)


def test_a_slip_is_told_once_with_the_first_difference():
    text = str(report_on(triple))
    assert text.count("You tripled.") == 1
    assert "got 3, expected 2" in text
    assert "Input: x = [1.0]" in text


def test_claims_that_assume_the_value_are_not_explained_before_it():
    text = str(report_on(lambda x: x * 0 + 1))
    assert "Not tested: the values come first." in text


def test_the_inputs_follow_from_the_seed_and_the_claim():
    check = DOUBLE.checks[1]
    a, b, c = (DOUBLE.draw(check, seed).normal(3) for seed in (0, 0, 1))
    assert torch.equal(a, b)
    assert not torch.equal(a, c)
    assert not torch.equal(a, DOUBLE.draw(DOUBLE.checks[0], 0).normal(3))


def test_a_fault_of_the_checks_is_raised_and_costs_no_points():
    def broken(*_):
        raise KeyError("ours")

    exercise = Exercise(
        reference=double,
        points=1,
        minutes=1,
        difficulty=1,
        checks=(Check(claim="broken", run=broken),),
        slips=(),
        also_right=double,
    )
    with pytest.raises(KeyError, match="ours"):
        report_on(double, exercise)


def noise(n, *, generator):
    return torch.rand(n, generator=generator)


def draws(draw: Draw):
    yield call(100, generator=draw.generator())


NOISE = Exercise(
    reference=noise,
    points=2,
    minutes=1,
    difficulty=1,
    checks=(
        matches_theory(
            "the mean is 1/2",
            draws,
            measure=lambda x, _: x.mean(),
            expected=lambda _: torch.tensor(0.5),
            tolerance=lambda _: 6 * (1 / 12 / 100) ** 0.5,
        ),
        uses_generator(draws),
    ),
    slips=(
        Slip(
            answer=lambda n, *, generator: noise(n, generator=generator).sort()[0], says="Sorted."
        ),
        Slip(answer=lambda n, *, generator: noise(n, generator=generator) / 4, says="Quartered."),
    ),
    also_right=noise,
)


@pytest.mark.parametrize(
    ("answer", "points", "told"),
    [
        (noise, 2, ""),
        (lambda n, *, generator: 1 - noise(n, generator=generator), 2, ""),
        (lambda n, *, generator: torch.rand(n), 1, "different results"),  # noqa: ARG005  (the reference's signature)
        (lambda n, *, generator: noise(n, generator=torch.Generator()), 1, "the same result"),  # noqa: ARG005  (the reference's signature)
        (lambda n, *, generator: noise(n, generator=generator) / 4, 1, "Quartered."),
        (lambda n, *, generator: noise(n + 1, generator=generator), 0, "shape must be"),
    ],
)
def test_random_answers_are_judged_by_their_statistics_and_generator(answer, points, told):
    report = report_on(answer, NOISE)
    assert report.points == points, str(report)
    assert told in str(report)


def test_a_slip_that_agrees_with_theory_explains_no_deviation_from_it():
    # 0.3 is outside six standard errors, 0.173, but within twelve of the sorted numbers' mean
    report = report_on(lambda n, *, generator: noise(n, generator=generator) - 0.3, NOISE)
    assert report.points < 2
    assert "Sorted." not in str(report)


def test_two_checks_with_one_claim_are_refused():
    with pytest.raises(ValueError, match="same claim"):
        Exercise(
            reference=double,
            points=1,
            minutes=1,
            difficulty=1,
            checks=(equals_reference("a", some), equals_reference("a", some)),
            slips=(),
            also_right=double,
        )


# `check` itself, as a notebook calls it


def test_check_takes_the_answer_from_the_callers_globals(capsys):
    exercise = next(iter(EXERCISES.values()))
    points = eval(f"check({exercise.name!r})", {"check": check, exercise.name: exercise.also_right})
    assert points == exercise.points
    out = capsys.readouterr().out
    assert f"{exercise.name}: {exercise.points} of {exercise.points} points" in out


def test_check_shows_at_most_ten_printed_lines(capsys):
    exercise = next(iter(EXERCISES.values()))

    def answer(*args, **kwargs):
        print("line\n" * 50)
        return exercise.also_right(*args, **kwargs)

    check(exercise.name, {exercise.name: answer})
    out = capsys.readouterr().out
    assert out.count("  line") == 10
    assert "more lines" in out


def test_check_names_the_nearest_exercise():
    name = next(iter(EXERCISES))
    with pytest.raises(ValueError, match=f"Did you mean '{name}'"):
        check(name + "x")


def test_check_is_not_influenced_by_the_folder_or_the_environment(monkeypatch, tmp_path):
    (tmp_path / "conftest.py").write_text("raise SystemExit")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --nonsense")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTEST_ADDOPTS", "--maxfail=1")
    monkeypatch.setenv("PYTEST_PLUGINS", "nonsense")
    assert len(report_on(triple).results) == len(DOUBLE.checks)
    assert os.environ["PYTEST_ADDOPTS"] == "--maxfail=1"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("    2 * x", "got None. Is there a `return`?"),
        ("    return [1.0]", "A torch.Tensor was needed; got 1 values"),
        ("    return (2 * x).sum()", "The shape must be (1,)"),
        ("    return 3 * x[..., :1]", "You tripled."),
    ],
)
def test_a_result_against_the_annotations_is_explained_by_its_value(body, told):
    # as in the notebooks, where jaxtyping enforces the annotations
    namespace: dict[str, object] = {}
    exec(
        "from beartype import beartype\nfrom jaxtyping import Float, jaxtyped\n"
        "from torch import Tensor\n@jaxtyped(typechecker=beartype)\n"
        f'def double(x: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:\n{body}\n',
        namespace,
    )
    assert told in str(report_on(namespace["double"]))


# A notebook, or an answer, that changes settings


def test_settings_of_the_notebook_play_no_role_and_are_restored():
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    torch.set_grad_enabled(False)
    try:
        points = [report_on(double).points, report_on(noise, NOISE).points]
        now = torch.get_default_dtype(), torch.get_default_device().type, torch.is_grad_enabled()
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_default_device(None)
        torch.set_grad_enabled(True)
    assert points == [4, 2]
    assert now == (torch.float64, "meta", False)


def test_an_answer_that_changes_settings_is_graded_rightly():
    def answer(x):
        torch.set_default_dtype(torch.float64)
        torch.set_printoptions(precision=1)
        torch.manual_seed(0)
        return x + x

    try:
        assert report_on(answer).points == 4
        assert "expected 2" in str(report_on(triple))
    finally:
        torch.set_printoptions(profile="default")


def test_an_answer_that_exits_gets_a_report():
    text = str(report_on(lambda _: exit()))
    assert "0 of 4 points" in text
    assert "raised SystemExit" in text


def test_the_students_interrupt_stops_the_check():
    def interrupted(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        report_on(interrupted)


def test_a_long_line_and_a_progress_bar_are_shown_briefly(capsys):
    exercise = next(iter(EXERCISES.values()))

    def answer(*args, **kwargs):
        print("x" * 10_000)
        for step in range(100):
            print(f"\rstep {step}", end="")
        print()
        return exercise.also_right(*args, **kwargs)

    check(exercise.name, {exercise.name: answer})
    out = capsys.readouterr().out
    assert "step 99" in out
    assert "step 5" not in out
    assert max(map(len, out.splitlines())) < 150


WITHOUT_STATE = [
    (lambda n, *, generator: noise(n, generator=generator.clone_state()), "not from a copy"),
    (
        lambda n, *, generator: noise(n, generator=generator.manual_seed(generator.initial_seed())),
        "drawn from",
    ),
]


@pytest.mark.parametrize(("answer", "told"), WITHOUT_STATE)
def test_random_answers_continue_where_the_generator_stands(answer, told):
    report = report_on(answer, NOISE)
    assert report.points == 1, str(report)
    assert told in str(report)


# What students read when their answers were graded on inputs that stay secret


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (triple, "You tripled."),
        (lambda x: 2 * x + 1, "A value is not the expected one."),
        (lambda x: torch.zeros(5, 7, 9), "The shape must be (1,)."),  # noqa: ARG005  (the reference's signature)
        (lambda x: 1 / 0, "raised ZeroDivisionError"),  # noqa: ARG005  (the reference's signature)
    ],
)
def test_feedback_says_what_is_wrong_without_a_number_of_input_or_result(answer, told):
    feedback = report_on(answer).feedback
    assert told in feedback
    for secret in ("Input", "got", "expected 2", "[1.0]", "5, 7, 9"):
        assert secret not in feedback


def test_feedback_has_no_words_of_the_answers_own():
    def answer(x):
        raise type(f"Held{x.numel()}", (ValueError,), {})(str(x.tolist()))

    report = report_on(answer)
    assert "Held1: [1.0]" in str(report)
    assert "Your function raised an exception." in report.feedback
    assert "Held" not in report.feedback
    assert "1.0" not in report.feedback


def test_feedback_on_a_gradient_names_the_argument_only():
    feedback = report_on(lambda x: 2 * x + (x - x.detach())).feedback
    assert "The gradient with respect to x is wrong." in feedback
    assert "got" not in feedback


def test_a_detour_of_one_argument_through_float32_shows():
    arguments = in_double(call(torch.tensor([1.0, 0.3, 0.3, -7.0, 0.0]), scale=2.5))
    (values,) = arguments.args
    assert arguments.kwargs == {"scale": 2.5}
    assert values.dtype == torch.float64
    assert values[1] == values[2] < values[0] < 1
    error = (values[:4].float().double() / values[:4] - 1).abs()
    assert (error > 2e-8).all()  # twice what the comparison of float64 allows
