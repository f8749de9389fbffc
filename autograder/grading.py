"""Grades a notebook in isolation: the one function that nbgrader's plugin and the command share.

Cells run in the order of the notebook, and every exercise is graded where its check stands, or
after its answer if somebody moved the check above it. Which exercise a check belongs to, and what
it is worth, is read off the cell's metadata, which nbgrader restored.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode

from autograder.borrowed import library_aliases, says_reference
from autograder.checks import grade, refused
from autograder.errors import CourseError
from autograder.exercise import Check, Exercise
from autograder.exercises import EXERCISES
from autograder.problems import AnswerError, BorrowedError
from autograder.remote import RemoteAnswer, Session
from autograder.secret import with_private
from autograder.workers import Workers

_WEAKER = "Graded without a sandbox (isolation: process)."


@dataclass(frozen=True, kw_only=True)
class Grade:
    """What an answer earned.

    Attributes:
        exercise: Its name, or "" if the cell is no exercise's check.
        cell: The check's grade_id.
        points: From 0 to the cell's points.
        maximum: The cell's points.
        isolation: How the answer was run.
        feedback: For the student: no inputs, no expected values.
        report: For the instructor: everything.
        seconds: How long it took.
    """

    exercise: str
    cell: str
    points: float
    maximum: float
    isolation: str
    feedback: str
    report: str
    seconds: float


def grade_notebook(
    notebook: NotebookNode,
    *,
    workers: Workers,
    seed: int,
    private: Mapping[str, Sequence[Check]] | None = None,
) -> list[Grade]:
    """Runs a notebook's answers and grades its exercises; one grade for every check cell.

    Args:
        notebook: As nbgrader restored it.
        workers: Where the answers run.
        seed: Of the checks' inputs.
        private: The instructor's own checks, by exercise.
    """
    session = Session(workers)
    run = _Run(session, workers.isolation, seed, private or {})
    try:
        for cell in _in_turn(notebook.cells):
            if is_check(cell):
                run.grade(cell)
            elif _is_run(cell):
                run.execute(cell)
    finally:
        session.close()
    return run.grades


def is_check(cell: NotebookNode) -> bool:
    """Whether the cell is graded by its output."""
    marks = _marks(cell, "nbgrader")
    is_graded = marks.get("grade", False) and not marks.get("solution", False)
    return cell.cell_type == "code" and is_graded


def _is_run(cell: NotebookNode) -> bool:
    """Students' own cells are run, explore cells are not; a tag cannot make one of another."""
    kind = _marks(cell, "tms").get("kind")
    return cell.cell_type == "code" and not (kind == "explore" and "nbgrader" not in cell.metadata)


def _grade_id(cell: NotebookNode) -> str:
    return _marks(cell, "nbgrader").get("grade_id", "")


def _marks(cell: NotebookNode, key: str) -> dict[str, Any]:
    """The metadata under a key; students can put anything there."""
    marks = cell.metadata.get(key)
    return marks if isinstance(marks, dict) else {}


def _in_turn(cells: Sequence[NotebookNode]) -> list[NotebookNode]:
    """The cells in their order, but no check before its answer."""
    answers = {_grade_id(cell): index for index, cell in enumerate(cells) if not is_check(cell)}

    def turn(index: int) -> tuple[int, int]:
        answer = answers.get(_grade_id(cells[index]).removeprefix("check-"), -1)
        return (answer, 1) if is_check(cells[index]) and answer > index else (index, 0)

    return [cells[index] for index in sorted(range(len(cells)), key=turn)]


class _Run:
    def __init__(
        self, session: Session, isolation: str, seed: int, private: Mapping[str, Sequence[Check]]
    ) -> None:
        self.grades: list[Grade] = []
        self._session = session
        self._isolation = isolation
        self._seed = seed
        self._private = private
        self._problems: dict[str, AnswerError] = {}
        self._aliases: set[str] = set()

    def execute(self, cell: NotebookNode) -> None:
        name = _grade_id(cell)
        problem = self._session.run_cell(cell.source)
        if name in EXERCISES and says_reference(cell.source, name, aliases=self._aliases):
            problem = BorrowedError(BorrowedError.sentence)
        if problem is not None:
            self._problems[name] = problem
        self._aliases |= library_aliases(cell.source)

    def grade(self, cell: NotebookNode) -> None:
        started = time.monotonic()
        name = _grade_id(cell).removeprefix("check-")
        maximum = float(cell.metadata["nbgrader"].get("points", 0))
        points, feedback, report = 0.0, "", ""
        if name in EXERCISES:
            points, feedback, report = self._judge(with_private(EXERCISES[name], self._private))
        else:
            feedback = report = f"{_grade_id(cell)!r} is the check of no exercise of this course."
        if self._isolation == "process":
            feedback, report = f"{_WEAKER}\n{feedback}", f"{_WEAKER}\n{report}"
        self.grades.append(
            Grade(
                exercise=name if name in EXERCISES else "",
                cell=_grade_id(cell),
                points=min(max(points, 0.0), maximum),
                maximum=maximum,
                isolation=self._isolation,
                feedback=feedback,
                report=report,
                seconds=time.monotonic() - started,
            )
        )

    def _judge(self, exercise: Exercise) -> tuple[float, str, str]:
        """Points, feedback and report of an exercise."""
        problem = self._problems.get(exercise.name)
        if isinstance(problem, BorrowedError):
            report = refused(exercise, problem)
            return report.points, report.feedback, str(report)
        answer = RemoteAnswer(
            exercise.name,
            self._session,
            seconds=exercise.seconds,
            reference=exercise.reference,
        )
        try:
            report = grade(exercise, answer, seed=self._seed)
        except CourseError:
            raise  # there is no sandbox any more
        except Exception as error:  # ours: it must not cost the rest of the class its grades
            sentence = "The check itself failed. This is no fault of yours; your instructor knows."
            fault = f"{exercise.name}: the check failed with {type(error).__name__}: {error}"
            return 0.0, f"{exercise.name}: not graded\n  {sentence}", fault
        feedback, full = report.feedback, str(report)
        if problem is not None:
            feedback += f"\nThe cell with the answer: {_of_cell(problem.public)}"
            full += f"\nThe cell with the answer: {_of_cell(str(problem))}"
        return report.points, feedback, full


def _of_cell(text: str) -> str:
    text = text.replace("Your function", "it", 1).replace("Your answer", "it", 1)
    return text.replace("\n", "\n  ")  # or what an answer says could pass for a report
