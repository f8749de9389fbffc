"""How each grade came about: what was graded in isolation, on file beside the gradebook.

The gradebook has a score, not where it came from. A submission graded by stock nbgrader, or through
its API without the course's settings, leaves a score there that no record confirms.
"""

import dataclasses
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook

from autograder.errors import CourseError
from autograder.grading import Grade
from autograder.tasks import read_grades


@dataclass(frozen=True, kw_only=True)
class Record:
    """How a notebook was graded.

    Attributes:
        key: That of its task.
        grades: What came out.
    """

    key: str
    grades: list[Grade]


def record_path(course: Path, assignment: str, student: str, notebook: str) -> Path:
    """Where a notebook's record stands; students' files are never copied there."""
    return course / "grading" / assignment / student / f"{notebook}.json"


def write_record(path: Path, *, key: str, grades: Sequence[Grade]) -> None:
    """Writes down how a notebook's check cells were graded."""
    content = {"key": key, "grades": [dataclasses.asdict(grade) for grade in grades]}
    _write(path, json.dumps(content, indent=1, ensure_ascii=False))


def read_record(path: Path) -> Record | None:
    """A notebook's record; None if there is none, or none that can be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Record(key=str(content["key"]), grades=read_grades(content["grades"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def problem_path(course: Path, assignment: str, student: str) -> Path:
    """Where it stands why a submission could not be graded."""
    return course / "grading" / assignment / student / "problem.txt"


def write_problem(path: Path, problem: str) -> None:
    """Writes down why a submission could not be graded."""
    _write(path, problem)


def unprotected(course: Path, gradebook: Gradebook, assignment: str) -> Iterator[str]:
    """The grades that were not made in a sandbox, one sentence each."""
    for submission in gradebook.assignment_submissions(assignment):
        for notebook in submission.notebooks:
            path = record_path(course, assignment, submission.student.id, notebook.name)
            record = read_record(path)
            given = {grade.cell: grade for grade in record.grades} if record else {}
            for grade in notebook.grades:
                if grade.cell.cell_type != "code" or not grade.auto_score:
                    continue  # written answers are graded by hand, and nobody forges a zero
                ours = given.get(grade.name)
                what = f"{submission.student.id}, {assignment}, {grade.name}: {grade.auto_score:g}"
                if ours is None or ours.points != grade.auto_score:
                    yield f"{what} points were not given by the isolated checks"
                elif ours.isolation != "bubblewrap":
                    yield f"{what} points were given without a sandbox ({ours.isolation})"


def refuse_unprotected(course: Path, gradebook: Gradebook, assignment: str) -> None:
    """Accepts an assignment's grades only if all were made in a sandbox.

    Raises:
        CourseError: If one was not; the message lists them.
    """
    found = list(unprotected(course, gradebook, assignment))
    if found:
        raise CourseError(
            "These grades were not made in isolation. Grade them again with the course's "
            "nbgrader_config.py:\n  " + "\n  ".join(found)
        )


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(content, encoding="utf-8")
    partial.replace(path)
