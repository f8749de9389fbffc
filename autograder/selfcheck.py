"""Runs a notebook's answers against its checks, for self-study: `tms check NOTEBOOK`.

No gradebook and no isolation: the notebook runs as its author.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.errors import CourseError
from autograder.exercises import CHAPTERS
from autograder.kernel import execute


@dataclass(frozen=True, kw_only=True)
class Score:
    """The outcome of one check cell."""

    name: str
    points: float
    maximum: int
    report: str


def selfcheck(path: Path) -> Iterator[Score]:
    """Runs a notebook without its explore cells; yields a score for each exercise of its chapter.

    The notebook on disk is not changed.

    Raises:
        CourseError: If the file is no notebook of this course.
    """
    notebook = _read(path)
    chapter = notebook.metadata["tms"]["chapter"]
    notebook.cells = [cell for cell in notebook.cells if _tag(cell).get("kind") != "explore"]
    execute(notebook, path.parent, seconds_per_cell=120, allow_errors=True)
    checks = (cell for cell in notebook.cells if _tag(cell).get("kind") == "check")
    cells = {_tag(cell).get("name"): cell for cell in checks}
    for exercise in CHAPTERS[chapter]:
        cell = cells.get(exercise.name)
        points, report = _outcome(cell) if cell else (0.0, "The cell with its check is missing.")
        yield Score(name=exercise.name, points=points, maximum=exercise.points, report=report)


def _read(path: Path) -> NotebookNode:
    if not path.is_file():
        raise CourseError(f"There is no file {path}.")
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat has no common base for what it raises
        raise CourseError(f"{path} is not a Jupyter notebook: {error}") from None
    chapter = notebook.metadata.get("tms", {}).get("chapter")
    if chapter not in CHAPTERS:
        raise CourseError(
            f"{path} is not a notebook of this course: its chapter is {chapter!r}. "
            f"There are: {', '.join(CHAPTERS)}."
        )
    return notebook


def _tag(cell: NotebookNode) -> dict[str, str]:
    return cell.metadata.get("tms", {})


def _outcome(cell: NotebookNode) -> tuple[float, str]:
    report = "".join(out.text for out in cell.outputs if out.get("name") == "stdout")
    for output in cell.outputs:
        if output.output_type == "execute_result":
            return float(output.data["text/plain"]), report
        if output.output_type == "error":
            report += f"{output.ename}: {output.evalue}"
    return 0.0, report or "The check did not run."
