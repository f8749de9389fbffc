"""Runs an exercise's checks on an answer, as pytest items, and reports.

`check("name")` is what a notebook calls; `grade` is what everything else calls.
"""

import inspect
import linecache
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from autograder.answer import Answer, LocalAnswer
from autograder.borrowed import says_reference
from autograder.claims import WrongValueError
from autograder.exercise import Check, Exercise, Trial
from autograder.exercises import find
from autograder.guards import torch_defaults
from autograder.problems import AnswerError, BorrowedError, FinalError
from tms_lib.threads import threads


@dataclass(frozen=True, kw_only=True)
class Result:
    """The outcome of one check.

    Attributes:
        check: The check.
        problem: What the student is told; None if the check passed.
        public: What may be told instead if the inputs are secret.
        value_is_wrong: Whether the problem is that a value differs from the reference's.
    """

    check: Check
    problem: str | None = None
    public: str | None = None
    value_is_wrong: bool = False


@dataclass(frozen=True, kw_only=True)
class Report:
    """The outcomes of all checks of an exercise. Its string is what the student reads.

    In grading, the student reads `feedback` instead: it has no input, no expected value and no
    words of the answer's own, which could quote them.
    """

    exercise: Exercise
    results: tuple[Result, ...]

    @property
    def points(self) -> float:
        """Points earned: the passed checks' share of the exercise's points."""
        total = sum(result.check.weight for result in self.results)
        passed = sum(result.check.weight for result in self.results if result.problem is None)
        return round(self.exercise.points * passed / total, 2)

    def __str__(self) -> str:
        return self._text([result.problem for result in self.results])

    @property
    def feedback(self) -> str:
        """The report for a student whose answer was graded on inputs that stay secret."""
        return self._text([result.public for result in self.results])

    def _text(self, problems: Sequence[str | None]) -> str:
        lines = [f"{self.exercise.name}: {self.points:g} of {self.exercise.points:g} points"]
        told: set[str] = set()
        for result, problem in zip(self.results, problems, strict=True):
            lines.append(f"  {'✓' if problem is None else '✗'} {result.check.claim}")
            if problem is None:
                continue
            headline, *details = problem.splitlines() or [""]
            if result.check.assumes_value and result.value_is_wrong and told:
                headline, details = "Not tested: the values come first.", []
            # the same exception again differs only in the sizes that it mentions
            key = headline.partition(":")[0] if headline.startswith("Your function") else headline
            if key not in told:
                lines += [f"      {line}" for line in (headline, *details)]
                told.add(key)
        text = "\n".join(lines)
        is_class = inspect.isclass(self.exercise.reference)
        return text.replace("Your function", "Your class") if is_class else text


def check(name: str, namespace: Mapping[str, Any] | None = None, *, seed: int = 0) -> float:
    """Checks an answer, prints the report and returns the points earned.

    Args:
        name: The exercise, which is also the name of the answer's function.
        namespace: Where to find the answer; by default the caller's globals.
        seed: Of the inputs.

    Raises:
        ValueError: If there is no such exercise.
    """
    exercise = find(name)
    if namespace is None:
        frame = inspect.currentframe()
        assert frame is not None
        assert frame.f_back is not None
        namespace = frame.f_back.f_globals
    answer = LocalAnswer(name, namespace, seconds=exercise.seconds, reference=exercise.reference)
    if says_reference(_cell(namespace.get(name)), name):
        report = refused(exercise, BorrowedError(BorrowedError.sentence))
    else:
        report = grade(exercise, answer, seed=seed)
    print(report)
    # what a progress bar overwrote is not shown
    printed = [line.rpartition("\r")[2] for line in answer.printed.getvalue().split("\n")]
    printed = [_short(line) for line in printed if line.strip()]
    if printed:
        print("Your function printed:", *printed[:10], sep="\n  ")
    if len(printed) > 10:
        print(f"  ... and {len(printed) - 10} more lines")
    return report.points


def _cell(answer: Any) -> str:
    """The source of the notebook's cell that defines an answer; "" where a file does."""
    if inspect.isclass(answer):
        answer = next(filter(inspect.isfunction, vars(answer).values()), None)
    code = getattr(inspect.unwrap(answer), "__code__", None) if callable(answer) else None
    if code is None or os.path.exists(code.co_filename):
        return ""
    return "".join(linecache.getlines(code.co_filename))


def _short(line: str, width: int = 120) -> str:
    return line if len(line) <= width else line[: width - 4] + " ..."


def grade(exercise: Exercise, answer: Answer, *, seed: int) -> Report:
    """Runs all checks of an exercise; the inputs follow from the seed."""
    run = _Run(exercise, answer, seed)
    # answers compute little at a time: more threads would only wait
    with pytest.MonkeyPatch.context() as environment, threads(1), torch_defaults():
        for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
            environment.delenv(name, raising=False)
        status = pytest.main([*_PYTEST_ARGUMENTS], plugins=[run])
    if run.fault is not None:
        raise run.fault
    if status == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if isinstance(run.over, BorrowedError):
        return refused(exercise, run.over)  # what it earned before that is not its own either
    assert len(run.results) == len(exercise.checks), f"pytest stopped with {status!r}"
    return Report(exercise=exercise, results=tuple(run.results))


def refused(exercise: Exercise, problem: AnswerError) -> Report:
    """The report on an answer that earns nothing, whatever its checks would say."""
    results = (
        Result(check=check, problem=str(problem), public=problem.public)
        for check in exercise.checks
    )
    return Report(exercise=exercise, results=tuple(results))


# Nothing of the folder, the environment or the installed plugins may change a grade.
_PYTEST_ARGUMENTS = [
    "--config-file",
    os.devnull,
    "--rootdir",
    os.path.dirname(__file__),
    "--noconftest",
    "--disable-plugin-autoload",
    *(
        f"-pno:{name}"
        for name in (
            "terminal",
            "capture",
            "logging",
            "warnings",
            "cacheprovider",
            "faulthandler",
            "unraisableexception",
            "threadexception",
            "doctest",
            "junitxml",
        )
    ),
]


class _Item(pytest.Item):
    """One check as a pytest item."""

    def __init__(self, *, check: Check, run: "_Run", **kwargs: Any) -> None:
        super().__init__(name=check.claim, **kwargs)
        self.check = check
        self.run = run

    def runtest(self) -> None:
        if self.run.over is not None:
            raise self.run.over
        draw = self.run.trial.exercise.draw(self.check, self.run.seed)
        self.check.run(self.run.trial, draw)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:  # noqa: ARG002  (pytest passes it)
        return str(excinfo.value)  # pytest's own, with the source of every frame, takes 50 ms


class _Run:
    """A pytest plugin that collects the checks of one exercise and keeps their outcomes."""

    def __init__(self, exercise: Exercise, answer: Answer, seed: int) -> None:
        self.trial = Trial(exercise, answer)
        self.seed = seed
        self.results: list[Result] = []
        self.over: Exception | None = None  # why the remaining checks need not run
        self.fault: BaseException | None = None  # an exception of ours, not of the answer

    def pytest_collection(self, session: pytest.Session) -> bool:
        session.items = [
            _Item.from_parent(session, check=check, run=self)
            for check in self.trial.exercise.checks
        ]
        session.testscollected = len(session.items)
        return True

    def pytest_runtest_makereport(self, item: _Item, call: pytest.CallInfo[None]) -> None:
        if call.when != "call":
            return
        error = call.excinfo.value if call.excinfo else None
        if isinstance(error, FinalError):
            self.over = error  # the other checks would only say the same again
        if error is not None and not isinstance(error, AssertionError):
            self.fault = self.fault or error
        self.results.append(
            Result(
                check=item.check,
                problem=None if error is None else str(error),
                public=None if error is None else _public(error),
                value_is_wrong=isinstance(error, WrongValueError),
            )
        )


def _public(error: BaseException) -> str:
    """What may be told without the inputs. Plain assertions of the checks quote none."""
    public = isinstance(error, AnswerError | WrongValueError)
    return error.public if public else str(error)
