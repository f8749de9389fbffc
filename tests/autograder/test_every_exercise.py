"""What is true of every exercise: right answers pass, wrong ones fail and are told why."""

import functools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.answer import LocalAnswer
from autograder.checks import Report, grade
from autograder.exercise import Exercise
from autograder.exercises import EXERCISES

every_exercise = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)


def report_on(exercise: Exercise, answer: Any, seed: int = 0) -> Report:
    namespace = {exercise.name: answer}
    local = LocalAnswer(exercise.name, namespace, seconds=exercise.seconds)
    return grade(exercise, local, seed=seed)


@every_exercise
def test_reference_earns_full_points(exercise, regrading_seed):
    report = report_on(exercise, exercise.reference, regrading_seed)
    assert report.points == exercise.points, str(report)


@every_exercise
def test_differently_written_answer_earns_full_points(exercise, regrading_seed):
    report = report_on(exercise, exercise.also_right, regrading_seed)
    assert report.points == exercise.points, str(report)


@every_exercise
def test_untouched_stub_earns_nothing_and_is_told_so_once(exercise):
    def stub(*_args: Any, **_kwargs: Any) -> None:
        raise NotImplementedError

    report = report_on(exercise, stub)
    assert report.points == 0
    assert str(report).count("Not written yet") == 1


@every_exercise
def test_missing_answer_earns_nothing(exercise):
    report = grade(exercise, LocalAnswer(exercise.name, {}, seconds=1.0), seed=0)
    assert report.points == 0
    assert "is not defined" in str(report)


SLIPS = [
    pytest.param(exercise, slip, id=f"{exercise.name}-{slip.answer.__name__}")
    for exercise in EXERCISES.values()
    for slip in exercise.slips
]


@pytest.mark.parametrize(("exercise", "slip"), SLIPS)
def test_slip_loses_points_and_is_told_its_own_sentence(exercise, slip):
    report = report_on(exercise, slip.answer)
    assert report.points < exercise.points, str(report)
    assert slip.says in str(report), str(report)
    others = [other.says for other in exercise.slips if other.says in str(report)]
    assert others[0] == slip.says, f"told first: {others[0]}\n{report}"


@every_exercise
def test_has_at_least_three_slips_with_sentences_of_their_own(exercise):
    sentences = {slip.says for slip in exercise.slips}
    assert len(sentences) == len(exercise.slips) >= 3


# Wrong in the same way whatever the exercise asks for.


def adds_an_axis(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(adds_an_axis, value))
    return value[None] if isinstance(value, Tensor) else [value]


def drops_one_instance(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(drops_one_instance, value))
    return value.squeeze() if isinstance(value, Tensor) else None


def detaches(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(detaches, value))
    return value.detach() if isinstance(value, Tensor) else value


def in_single_precision(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(in_single_precision, value))
    floating = isinstance(value, Tensor) and value.is_floating_point()
    return value.float().to(value.dtype) if floating else value


class EqualToEverything:
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]  # equal objects would need equal hashes


class TensorEqualToEverything(Tensor):
    def __eq__(self, other: object) -> Any:
        return torch.ones(self.shape, dtype=torch.bool)

    __hash__ = Tensor.__hash__


def altered(exercise: Exercise, alter: Callable[..., Any]) -> Callable[..., Any]:
    """The reference, altered; of a class, what it makes of its input."""
    reference: Any = exercise.reference
    if isinstance(reference, type):
        return type(exercise.name, (reference,), {"forward": alter(vars(reference)["forward"])})
    return alter(reference)


def after(change: Callable[[Any], Any]) -> Callable[..., Any]:
    """Makes a function whose result is changed."""

    def alter(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def answer(*args: Any, **kwargs: Any) -> Any:
            return change(function(*args, **kwargs))

        return answer

    return alter


def is_bool(value: Any) -> bool:
    return isinstance(value, Tensor) and value.dtype == torch.bool


def claims(exercise: Exercise) -> str:
    return " ".join(check.claim for check in exercise.checks)


@every_exercise
@pytest.mark.parametrize("change", [adds_an_axis, drops_one_instance])
def test_rejects_a_wrong_shape_that_broadcasts(exercise, change):
    report = report_on(exercise, altered(exercise, after(change)))
    assert report.points < exercise.points, str(report)


@every_exercise
@pytest.mark.parametrize(
    "change", [lambda _: EqualToEverything(), lambda _: TensorEqualToEverything(torch.ones(2))]
)
def test_rejects_an_object_that_equals_everything(exercise, change):
    report = report_on(exercise, after(change)(exercise.reference))
    assert report.points == 0, str(report)


@every_exercise
def test_rejects_an_answer_that_changes_its_arguments(exercise):
    def alter(function: Callable[..., Any]) -> Callable[..., Any]:
        def answer(*args: Any, **kwargs: Any) -> Any:
            value = function(*args, **kwargs)
            for argument in (*args, *kwargs.values()):
                if is_bool(argument):
                    argument.logical_not_()
                elif isinstance(argument, Tensor):
                    argument.detach().mul_(0.5).add_(0.25)
            return value

        return answer

    report = report_on(exercise, altered(exercise, alter))
    takes_tensors = "arguments are left as they were" in claims(exercise)
    assert takes_tensors == ("changed its argument" in str(report)), str(report)
    assert not takes_tensors or report.points < exercise.points


@every_exercise
@pytest.mark.parametrize(
    ("change", "claim", "told"),
    [
        (detaches, "gradients flow", "No gradient flows"),
        (in_single_precision, "at full precision", "differ"),
    ],
)
def test_rejects_a_broken_contract(exercise, change, claim, told):
    if claim not in claims(exercise):
        pytest.skip(f"the exercise does not claim that {claim}")
    report = report_on(exercise, altered(exercise, after(change)))
    assert report.points < exercise.points, str(report)
    assert told in str(report)


@every_exercise
def test_rejects_tensors_on_the_default_device(exercise):
    def on_cpu(value: Any) -> Any:
        if not isinstance(value, Tensor) or not (value.is_floating_point() or is_bool(value)):
            return value
        nothing = torch.zeros(value.shape, dtype=value.dtype)
        return value | nothing if is_bool(value) else value + nothing

    def answer(*args: Any, **kwargs: Any) -> Any:
        return exercise.reference(*map(on_cpu, args), **{k: on_cpu(v) for k, v in kwargs.items()})

    if "works on any device" not in claims(exercise):
        pytest.skip("the exercise does not claim to work on any device")
    report = report_on(exercise, answer)
    assert report.points < exercise.points, str(report)
    assert "on the default device" in str(report)
