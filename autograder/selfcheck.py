"""Runs a notebook's answers against its checks, for self-study: `tms check NOTEBOOK`.

No gradebook and no isolation: the notebook runs as its author.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.errors import CourseError
from autograder.exercises import CHAPTERS, find
from autograder.kernel import execute


@dataclass(frozen=True, kw_only=True)
class Score:
    """The outcome of one check cell."""

    name: str
    points: float
    maximum: int
    report: str


def selfcheck(path: Path, *, seconds_per_cell: int = 60) -> Iterator[Score]:
    """Runs a notebook without its explore cells; yields a score for each exercise of its chapter.

    The notebook on disk is not changed.

    Raises:
        CourseError: If the file is no notebook of this course.
    """
    notebook = _read(path)
    chapter = notebook.metadata["tms"]["chapter"]
    notebook.cells = [cell for cell in notebook.cells if _kind(cell) != "explore"]
    execute(notebook, path.parent, seconds_per_cell=seconds_per_cell, allow_errors=True)
    cells = {_checked(cell): cell for cell in notebook.cells if _kind(cell) == "check"}
    for exercise in CHAPTERS[chapter]:
        points, report = 0.0, "The cell with its check is missing."
        if exercise.name in cells:
            points, report = _outcome(cells[exercise.name])
        yield Score(
            name=exercise.name, points=points, maximum=find(exercise.name).points, report=report
        )


def _read(path: Path) -> NotebookNode:
    if not path.is_file():
        raise CourseError(f"There is no file {path}.")
    try:
        notebook = nbformat.read(path, as_version=4)
    except (ValueError, AttributeError, KeyError) as error:
        raise CourseError(f"{path} is not a Jupyter notebook: {error}") from None
    chapter = notebook.metadata.get("tms", {}).get("chapter")
    if chapter not in CHAPTERS:
        raise CourseError(
            f"{path} is not a notebook of this course: its chapter is {chapter!r}. "
            f"There are: {', '.join(CHAPTERS)}."
        )
    return notebook


def _kind(cell: NotebookNode) -> str:
    return cell.metadata.get("tms", {}).get("kind", "")


def _checked(cell: NotebookNode) -> str:
    """The exercise's name in `check("name")`."""
    return cell.source.partition('"')[2].partition('"')[0]


def _outcome(cell: NotebookNode) -> tuple[float, str]:
    report = "".join(out.text for out in cell.outputs if out.get("name") == "stdout")
    for output in cell.outputs:
        if output.output_type == "execute_result":
            return float(output.data["text/plain"]), report
        if output.output_type == "error":
            report += f"{output.ename}: {output.evalue}"
    return 0.0, report or "The check did not run."
