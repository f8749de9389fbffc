"""How each grade came about: what was graded in isolation, on file beside the gradebook.

The gradebook has a score, not where it came from. A submission graded by stock nbgrader, or through
its API without the course's settings, leaves a score there that no record confirms.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from autograder.errors import CourseError
from autograder.grading import Grade


def record_path(course: Path, assignment: str, student: str, notebook: str) -> Path:
    """Where a notebook's record stands; students' files are never copied there."""
    return course / "grading" / assignment / student / f"{notebook}.json"


def write_record(path: Path, grades: Sequence[Grade]) -> None:
    """Writes down how a notebook's check cells were graded."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        grade.cell: {
            "points": grade.points,
            "isolation": grade.isolation,
            "report": grade.report,
            "seconds": round(grade.seconds, 3),
        }
        for grade in grades
    }
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
    partial.replace(path)


def unprotected(course: Path, gradebook: Gradebook, assignment: str) -> Iterator[str]:
    """The grades that were not made in a sandbox, one sentence each."""
    for submission in gradebook.assignment_submissions(assignment):
        for notebook in submission.notebooks:
            path = record_path(course, assignment, submission.student.id, notebook.name)
            record = _read(path)
            for grade in notebook.grades:
                if grade.cell.cell_type != "code" or not grade.auto_score:
                    continue  # written answers are graded by hand, and nobody forges a zero
                entry = record.get(grade.name, {})
                what = f"{submission.student.id}, {assignment}, {grade.name}: {grade.auto_score:g}"
                if entry.get("points") != grade.auto_score:
                    yield f"{what} points were not given by the isolated checks"
                elif entry.get("isolation") != "bubblewrap":
                    yield f"{what} points were given without a sandbox ({entry['isolation']})"


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


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
