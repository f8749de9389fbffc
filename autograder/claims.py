"""The claims that checks make: builders that turn cases into `Check`s.

Every claim starts from the value: an answer with a wrong value earns nothing for leaving its
arguments alone or for keeping float64.
"""

import itertools
import re
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import torch
from torch import Tensor

from autograder.answer import AnswerError, Call, LocalAnswer, Outcome, value_of
from autograder.compare import agrees, difference, form_difference
from autograder.exercise import Cases, Check, Draw, Exercise, Trial, in_double

Measure = Callable[[Any, Call], Any]


class WrongValueError(AssertionError):
    """The answer's value is not the reference's; the message is for the student.

    Attributes:
        public: What may be told if the inputs are secret.
    """

    def __init__(self, message: str, *, public: str) -> None:
        super().__init__(message)
        self.public = public


def equals_reference(
    claim: str,
    cases: Cases,
    *,
    measure: Measure | None = None,
    weight: int = 1,
    cut: bool = False,
) -> Check:
    """The answer's value is the reference's in every case.

    Args:
        claim: The line in the report.
        cases: Makes the calls.
        measure: Compares `measure(value, call)` instead of the values, where right answers may
            differ, as solutions that are the same up to a rotation.
        weight: Share of the points.
        cut: Whether the value must be cut from the graph.
    """

    def run(trial: Trial, draw: Draw) -> None:
        for call in cases(draw):
            _right_value(trial, call, measure=measure)
            if cut:
                _is_cut(trial, call)

    return Check(claim=claim, run=run, weight=weight)


def matches_theory(
    claim: str,
    cases: Cases,
    *,
    measure: Measure,
    expected: Callable[[Call], Any],
    tolerance: Callable[[Call], Any],
    weight: int = 1,
    cut: bool = False,
) -> Check:
    """A statistic of the answer's value is what theory says, within a derived tolerance.

    Args:
        claim: The line in the report.
        cases: Makes the calls.
        measure: The statistic: a tensor made from the value and its call.
        expected: Its exact value for a call.
        tolerance: Largest absolute difference for a call; choose it so that a right answer fails
            with a probability below one in ten thousand, and say how in a comment.
        weight: Share of the points.
        cut: Whether the value must be cut from the graph.
    """

    def run(trial: Trial, draw: Draw) -> None:
        for call in cases(draw):
            value, _ = _right_form(trial, call)
            theory, error = expected(call), tolerance(call)
            problem = difference(measure(value, call), theory, tolerance=error)
            if problem:
                _fail(
                    trial,
                    call,
                    value,
                    problem,
                    public="The result is further from theory than chance explains.",
                    measure=measure,
                    tolerance=error,
                    theory=theory,
                )
            if cut:
                _is_cut(trial, call)

    return Check(claim=claim, run=run, weight=weight)


def holds(
    claim: str,
    cases: Cases,
    *,
    problem: Callable[[Any, Call], str | None],
    weight: int = 1,
    cut: bool = False,
) -> Check:
    """The answer's value has a property, for values that are neither unique nor a statistic.

    Args:
        claim: The line in the report.
        cases: Makes the calls.
        problem: Says in a sentence what is wrong with a value of any form, or None. A slip is
            recognised by the same sentence, so it holds no number that depends on chance.
        weight: Share of the points.
        cut: Whether the value must be cut from the graph.
    """

    def run(trial: Trial, draw: Draw) -> None:
        for call in cases(draw):
            value = _outcome(trial, call).value
            found = problem(value, call)
            if found:
                _fail(trial, call, value, found, public=_needed(found), measure=problem)
            if cut:
                _is_cut(trial, call)

    return Check(claim=claim, run=run, weight=weight)


def keeps_arguments(cases: Cases, *, measure: Measure | None = None) -> Check:
    """The answer does not change its arguments in place."""

    def run(trial: Trial, draw: Draw) -> None:
        for call in cases(draw):
            changed = call.changed(_outcome(trial, call).after)
            if changed:
                names = {key: name for name, key in trial.exercise.keys(call).items()}
                name = names.get(changed[0], changed[0])
                raise AssertionError(
                    f"Your function changed its argument {name} in place, "
                    "so the caller's tensor is no longer what it was. Work on a copy."
                )
            _right_value(trial, call, measure=measure)

    return Check(claim="the arguments are left as they were", run=run, assumes_value=True)


def keeps_double(cases: Cases, *, measure: Measure | None = None) -> Check:
    """With float64 arguments the answer computes in float64."""

    def run(trial: Trial, draw: Draw) -> None:
        for call in map(in_double, cases(draw)):
            _right_value(trial, call, measure=measure)

    return Check(claim="float64 in, float64 out, at full precision", run=run)


def passes_gradients(cases: Cases, *names: str) -> Check:
    """Gradients with respect to the named arguments, or parameters as ".W", are the reference's."""

    def run(trial: Trial, draw: Draw) -> None:
        for call in map(in_double, cases(draw)):
            _right_value(trial, call)
            keys = trial.exercise.keys(call)
            wrt = [keys.get(name, name) for name in names]
            got = trial.answer.outcome(call, wrt=wrt).gradients
            expected = _reference(trial.exercise).outcome(call, wrt=wrt).gradients
            for name, key in zip(names, wrt, strict=True):
                problem = difference(got[key], expected[key])
                if problem:
                    wrong = f"The gradient with respect to {name.removeprefix('.')} is wrong."
                    raise WrongValueError(f"{wrong} {problem}", public=wrong)

    claim = f"gradients flow to {' and '.join(name.removeprefix('.') for name in names)}"
    return Check(claim=claim, run=run, assumes_value=True)


def keeps_device(cases: Cases, *, measure: Measure | None = None) -> Check:
    """New tensors are made on the arguments' device."""

    def run(trial: Trial, draw: Draw) -> None:
        for call in itertools.islice(cases(draw), 1):
            _right_value(trial, call, measure=measure)
            assert not trial.answer.mixes_devices(call), (
                "Your function makes a tensor on the default device, so it fails when its "
                "arguments are on a GPU. Pass device=... from an argument, or use a *_like one."
            )

    return Check(claim="it works on any device", run=run, assumes_value=True)


def uses_generator(cases: Cases) -> Check:
    """Randomness comes from the generator and from nothing else."""

    def run(trial: Trial, draw: Draw) -> None:
        for call in cases(draw):
            first, again = (_right_form(trial, call)[0] for _ in range(2))
            assert agrees(again, first), (
                "Two calls with equally seeded generators gave different results. "
                "Pass generator=generator to every random function that you call."
            )
            other = _outcome(
                trial,
                call.map(lambda v: draw.generator() if isinstance(v, torch.Generator) else v),
            ).value
            assert not agrees(other, first), (
                "Two calls with differently seeded generators gave the same result. "
                "Draw every random number from the generator as it comes, and seed nothing."
            )
            later = _outcome(trial, call.map(_drawn_from)).value
            assert not agrees(later, first), (
                "A generator that has been drawn from gave the same result as a fresh one with its "
                "seed. Draw every random number from the generator as it comes, and seed nothing."
            )
            assert call.drawn(_outcome(trial, call).after), (
                "Your function leaves the generator as it was, so the next call would give the "
                "same result again. Draw from the generator itself, not from a copy."
            )

    return Check(claim="randomness comes from the generator", run=run, assumes_value=True)


def _drawn_from(argument: Any) -> Any:
    if not isinstance(argument, torch.Generator):
        return argument
    later = argument.clone_state()
    torch.rand(10, generator=later)
    return later


def _is_cut(trial: Trial, call: Call) -> None:
    assert not _outcome(trial, call).in_graph, (
        "Your result is still part of the graph, so it drags the whole computation along, and "
        "its numbers cannot be changed or plotted. Call .detach() on every part that you return."
    )


def _outcome(trial: Trial, call: Call) -> Outcome:
    try:
        return trial.answer.outcome(call)
    except AnswerError as error:
        if not error.value:
            raise
        (value,) = error.value
        form = form_difference(value, trial.expected(call), axes=_axes(trial.exercise))
        public = _needed(form) if form else error.public
        _fail(trial, call, value, form or str(error), public=public)


def _right_form(trial: Trial, call: Call) -> tuple[Any, Any]:
    """The answer's value and the reference's, once they agree in type, shape and dtype."""
    value = _outcome(trial, call).value
    expected = trial.expected(call)
    problem = form_difference(value, expected, axes=_axes(trial.exercise))
    if problem:
        _fail(trial, call, value, problem, public=_needed(problem))
    return value, expected


def _right_value(trial: Trial, call: Call, *, measure: Measure | None = None) -> None:
    value, expected = _right_form(trial, call)
    if measure:
        problem = difference(measure(value, call), measure(expected, call))
    else:
        problem = difference(value, expected)
    if problem:
        _fail(trial, call, value, problem, public=_WRONG, measure=measure)


def _needed(form: str) -> str:
    """What a sentence on the form says before it comes to what the answer gave."""
    return form.partition("; got")[0].removesuffix(".") + "."


_WRONG = "A value is not the expected one."


def _fail(
    trial: Trial,
    call: Call,
    value: Any,
    problem: str,
    *,
    public: str,
    measure: Measure | None = None,
    tolerance: Any = None,
    theory: Any = None,
) -> NoReturn:
    """Raises with the sentence of the slip that gives this value, and the difference.

    A slip that gives another wrong value is no suspect any more, so that slow exercises run each
    slip about once. One that is right here may still explain what is wrong elsewhere.
    """
    problem += _input(trial.exercise, call)
    right = theory if theory is not None else trial.expected(call)
    if measure and theory is None:
        right = measure(right, call)
    for slip in tuple(trial.suspects):
        try:
            slipped = value_of(slip.answer, call)
            same_form = form_difference(value, slipped) is None
            ours, slips = value, slipped
            if measure and same_form:
                ours, slips = measure(value, call), measure(slipped, call)
            # both values may be random, so twice the tolerance of one against theory
            wider = None if tolerance is None else 2 * torch.as_tensor(tolerance)
            alike = same_form and agrees(ours, slips, tolerance=wider)
            is_right = same_form and agrees(slips, right, tolerance=tolerance)
        except Exception:  # a slip may well fail on a case that it was not made for
            continue
        if alike and not is_right:
            raise WrongValueError(f"{slip.says}\n{problem}", public=slip.says)
        if not is_right:
            trial.suspects.remove(slip)
    raise WrongValueError(problem, public=public)


def _input(exercise: Exercise, call: Call) -> str:
    """The arguments in a sentence: values where they are few, else shapes."""
    arguments = dict(call.items())
    named = [(name, arguments[key]) for name, key in exercise.keys(call).items()]
    named += [(step.place, step.args[0]) for step in call.steps if step.do == "set"]
    texts = [
        f"{name} {_in_words(value)}"
        for name, value in named
        if not isinstance(value, torch.Generator)
    ]
    return f" Input: {', '.join(texts)}." if texts else ""


def _in_words(value: Any) -> str:
    if not isinstance(value, Tensor):
        return f"= {value!r}"
    if value.numel() > 6:
        return f"of shape {tuple(value.shape)}"
    exact = value.double().mul(1e6).round() / 1e6 if value.is_floating_point() else value
    return f"= {exact.tolist()}"


def _reference(exercise: Exercise) -> LocalAnswer:
    return LocalAnswer(exercise.name, {exercise.name: exercise.reference}, seconds=exercise.seconds)


def _axes(exercise: Exercise) -> str:
    annotation: Any = exercise.reference.__annotations__.get("return")
    return re.sub("[{}]", "", getattr(annotation, "dim_str", "")).strip()


def contract(
    cases: Cases, *, gradients: Sequence[str] = (), measure: Measure | None = None
) -> tuple[Check, ...]:
    """What is asked of every deterministic function: arguments kept, float64, device, gradients.

    With a `measure`, values are compared by it, as in `equals_reference`; gradients are not.
    """
    checks = (
        keeps_arguments(cases, measure=measure),
        keeps_double(cases, measure=measure),
        keeps_device(cases, measure=measure),
    )
    return (*checks, passes_gradients(cases, *gradients)) if gradients else checks
