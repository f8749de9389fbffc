"""Grades a class: the notebooks side by side, the gradebook by nbgrader and by one process alone.

For each submission the coordinator restores the notebook as nbgrader does and hands its cells to a
pool. When the grades are back, it has nbgrader autograde the submission as always, with the grades
at hand instead of a sandbox. So the gradebook, the autograded notebooks and the records are those
of `nbgrader autograde`, and what is finished stays finished if grading is interrupted.
"""

import glob
import io
import logging
import os
import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SAWarning

from autograder.errors import CourseError
from autograder.grading import Grade
from autograder.nbgrader_plugin import IsolatedExecute, grading_api
from autograder.pools import Pool
from autograder.records import problem_path, read_record, record_path, write_problem
from autograder.submissions import (
    LOCKED,
    Submission,
    check_assignment,
    is_locked,
    open_gradebook,
    restored,
)
from autograder.tasks import Task
from autograder.workers import ISOLATIONS


class Status(StrEnum):
    """What became of a submission."""

    GRADED = "graded"
    UNCHANGED = "unchanged"
    FAILED = "not graded"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a submission, and why it could not be graded if it could not."""

    submission: Submission
    status: Status
    problem: str = ""


class EnterGrades(IsolatedExecute):
    """Puts grades at hand into a notebook, in IsolatedExecute's place."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.at_hand: dict[str, list[Grade]] = {}

    def grades(self, task: Task) -> list[Grade]:
        """The grades of this very notebook.

        Raises:
            CourseError: If they are of another.
        """
        if task.key not in self.at_hand:
            raise CourseError("The submission changed while it was graded. Grade it again.")
        return self.at_hand.pop(task.key)


def open_course(root: Path, *, isolation: str | None = None) -> CourseDirectory:
    """The course's folder, with its settings.

    Args:
        root: The folder that holds `course`.
        isolation: Replaces that of the settings.

    Raises:
        CourseError: If the settings do not grade in isolation.
    """
    if isolation not in (None, *ISOLATIONS):
        raise CourseError(f"--isolation must be one of {', '.join(ISOLATIONS)}; got {isolation!r}.")
    config = grading_api(root).config
    if isolation is not None:
        config.IsolatedExecute.isolation = isolation
    return CourseDirectory(config=config)


def grade_class(
    course: CourseDirectory, submissions: Sequence[Submission], *, pool: Pool, force: bool = False
) -> Iterator[Outcome]:
    """Grades submissions; gives each as soon as its grade is in the gradebook.

    Args:
        course: From `open_course`.
        submissions: What to grade.
        pool: Where the notebooks are graded.
        force: Whether to grade also those that did not change since they were graded.

    Raises:
        CourseError: If there is no gradebook of this course.
    """
    entered = _Entered(course, {submission.chapter for submission in submissions})
    execute = EnterGrades(parent=course)
    keys: dict[Submission, str] = {}

    def finish(submission: Submission, result: list[Grade] | Exception) -> Outcome:
        try:
            if isinstance(result, Exception):
                raise result
            execute.at_hand = {keys[submission]: result}
            _autograde(course, execute, submission)
        except Exception as error:  # ours as well: the rest of the class is graded
            return _failed(course, submission, error)
        _problem_path(course, submission).unlink(missing_ok=True)
        return Outcome(submission=submission, status=Status.GRADED)

    for submission in submissions:
        try:
            entered.check(submission.chapter)
            task = execute.task(restored(course, submission))
        except Exception as error:  # whatever can be wrong with a file
            yield _failed(course, submission, error)
            continue
        keys[submission] = task.key
        record = read_record(_record_path(course, submission))
        if force or record is None or record.key != task.key:
            pool.submit(submission, task)
        elif entered.has(submission, record.grades):
            yield Outcome(submission=submission, status=Status.UNCHANGED)
        else:  # interrupted before it was written, or another gradebook
            yield finish(submission, record.grades)
        while pool.full:
            yield from (finish(*result) for result in pool.results())
    while pool.busy:
        yield from (finish(*result) for result in pool.results())


def report_folder(course: CourseDirectory, chapter: str) -> Path:
    """Where a chapter's report stands."""
    return Path(course.root) / "reports" / chapter


@contextmanager
def alone(course: CourseDirectory) -> Iterator[None]:
    """Keeps a second grading of the same course out; the lock goes with its process.

    Raises:
        CourseError: If one is going on.
    """
    if sys.platform == "win32":
        raise CourseError(
            "Submissions can be graded on Linux and macOS only; on Windows, in WSL 2."
        )
    import fcntl

    path = Path(course.root) / "grading" / "lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise CourseError(
                f"This course is being graded already, by process {file.read() or '?'} of this or "
                "another machine. Wait for it, or end it: what it has graded is not lost."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


class _Entered:
    """What the gradebook had when grading began."""

    def __init__(self, course: CourseDirectory, chapters: Iterable[str]) -> None:
        self._course = course
        self._problems: dict[str, CourseError] = {}
        self._scores: dict[tuple[str, str], dict[str, float | None]] = {}
        self._submitted: dict[tuple[str, str], object] = {}
        with open_gradebook(course) as gradebook:
            for chapter in chapters:
                try:
                    check_assignment(gradebook, chapter)
                except CourseError as error:
                    self._problems[chapter] = error
                    continue
                for entry in gradebook.assignment_submissions(chapter):
                    place = chapter, entry.student.id
                    self._submitted[place] = entry.timestamp
                    self._scores[place] = {
                        grade.name: grade.auto_score
                        for notebook in entry.notebooks
                        for grade in notebook.grades
                    }

    def check(self, chapter: str) -> None:
        """Raises what is wrong with the gradebook's entry for a chapter."""
        if chapter in self._problems:
            raise self._problems[chapter]

    def has(self, submission: Submission, grades: Sequence[Grade]) -> bool:
        """Whether these very grades, and this submission's time, are in the gradebook."""
        place = submission.chapter, submission.student
        scores = self._scores.get(place, {})
        folder = self._course.format_path(
            self._course.autograded_directory, submission.student, submission.chapter
        )
        return (
            Path(folder, submission.notebook.name).is_file()
            and all(scores.get(grade.cell) == grade.points for grade in grades)
            and self._course.get_existing_timestamp(str(submission.folder))
            == self._submitted.get(place)
        )


def _autograde(course: CourseDirectory, execute: EnterGrades, submission: Submission) -> None:
    """`nbgrader autograde` for one submission, with grades at hand.

    Raises:
        CourseError: If nbgrader fails; the message is the end of its log.
    """
    names = {"assignment_id": submission.chapter, "student_id": glob.escape(submission.student)}
    converter = Autograde(coursedir=CourseDirectory(parent=course, **names), parent=course)
    converter.force = True
    ours = f"{IsolatedExecute.__module__}.{IsolatedExecute.__name__}"
    steps = [execute if step == ours else step for step in converter.autograde_preprocessors]
    converter.set_trait("autograde_preprocessors", steps)
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    converter.log.addHandler(handler)
    try:
        with warnings.catch_warnings(action="ignore", category=SAWarning):  # at its own code
            converter.start()
    except NbGraderException:
        lines = [line for line in log.getvalue().splitlines() if line.strip()]
        raised = [line for line in lines if re.match(r"[\w.]+(Error|Exception|Entry):", line)]
        raise CourseError(f"nbgrader says: {(raised or lines or ['nothing'])[-1]}") from None
    finally:
        converter.log.removeHandler(handler)


def _failed(course: CourseDirectory, submission: Submission, error: Exception) -> Outcome:
    problem = str(error) if isinstance(error, CourseError) else f"{type(error).__name__}: {error}"
    if isinstance(error, BrokenExecutor):
        problem = "The process that graded it was ended, twice. Is there enough memory?"
    if is_locked(error):
        problem = LOCKED
    write_problem(_problem_path(course, submission), problem)
    return Outcome(submission=submission, status=Status.FAILED, problem=problem)


def _record_path(course: CourseDirectory, submission: Submission) -> Path:
    name = submission.chapter
    return record_path(Path(course.root), name, submission.student, name)


def _problem_path(course: CourseDirectory, submission: Submission) -> Path:
    return problem_path(Path(course.root), submission.chapter, submission.student)
