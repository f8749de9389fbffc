"""What a class handed in: finds the submissions, and reads each as nbgrader would grade it.

Whatever is wrong with one submission is a `CourseError` with a sentence for the instructor.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from autograder.errors import CourseError
from autograder.exercises import EXERCISES

LOCKED = (
    "Another program is writing into the gradebook. Wait until it is done, or end it, and grade "
    "again: what is graded is not lost."
)
_LARGEST = 2**26  # bytes of a file


@dataclass(frozen=True, kw_only=True, order=True)
class Submission:
    """A chapter handed in by a student."""

    chapter: str
    student: str
    folder: Path

    @property
    def notebook(self) -> Path:
        """The one notebook of the chapter."""
        return self.folder / f"{self.chapter}.ipynb"


def find_submissions(
    course: CourseDirectory, *, chapters: Sequence[str] = (), students: Sequence[str] = ()
) -> list[Submission]:
    """All submissions in order of chapters and students, or those of some.

    A student in `students` who handed in none of the chapters gets one whose folder is not there.

    Raises:
        CourseError: If there is no submission, or none of a chapter in `chapters`.
    """
    pattern = course.format_path(course.submitted_directory, "*", "*")
    top = Path(course.root)
    found = []
    expression = course.format_path(
        course.submitted_directory, r"(?P<student>[^/]+)", r"(?P<chapter>[^/]+)", escape=True
    )
    for path in sorted(top.glob(str(Path(pattern).relative_to(top)))):
        match = re.fullmatch(expression, str(path))
        if match and path.is_dir() and not path.name.startswith("."):
            found.append(Submission(**match.groupdict(), folder=path))
    if not found:
        raise CourseError(
            f"There is no submission {pattern}. Run `nbgrader collect CHAPTER`, or put what "
            "students hand in into such folders yourself."
        )
    there = sorted({submission.chapter for submission in found})
    for chapter in chapters:
        if chapter not in there:
            raise CourseError(
                f"Nobody handed in a chapter {chapter!r}. There is: {', '.join(there)}."
            )
    asked = [s for s in found if s.chapter in (chapters or there)]
    if students:
        asked = [s for s in asked if s.student in students]
        for student in set(students) - {submission.student for submission in asked}:
            for chapter in chapters or there:
                path = course.format_path(course.submitted_directory, student, chapter)
                asked.append(Submission(chapter=chapter, student=student, folder=Path(path)))
    return sorted(asked)


def open_gradebook(course: CourseDirectory) -> Gradebook:
    """The course's gradebook.

    Raises:
        CourseError: If there is none, it cannot be read, or it is another course's.
    """
    path = make_url(course.db_url).database
    if course.db_url.startswith("sqlite") and path and not Path(path).is_file():
        raise CourseError(
            f"There is no gradebook {path}. Run `tms build`, and in the course's folder "
            "`nbgrader generate_assignment CHAPTER --force` for each chapter."
        )
    engine = create_engine(course.db_url)
    try:
        with engine.connect() as connection:  # nbgrader would add the course to any gradebook
            known = connection.scalars(text("SELECT id FROM course ORDER BY id")).all()
    except SQLAlchemyError as error:
        if is_locked(error):
            raise CourseError(LOCKED) from None
        raise CourseError(
            f"The gradebook {course.db_url} cannot be read: {str(error).splitlines()[0]}. If an "
            "older nbgrader made it, run `nbgrader db upgrade`."
        ) from None
    finally:
        engine.dispose()
    if course.course_id not in known:
        raise CourseError(
            f"The gradebook {course.db_url} is not of the course {course.course_id!r} but of "
            f"{', '.join(map(repr, known))}. Is c.CourseDirectory.db_url right?"
        )
    return Gradebook(course.db_url, course.course_id)


def is_locked(error: Exception) -> bool:
    """Whether the gradebook, a file of SQLite's, is another program's at the moment."""
    return isinstance(error, SQLAlchemyError) and "database is locked" in str(error)


def check_assignment(gradebook: Gradebook, chapter: str) -> None:
    """Makes sure that the gradebook has the chapter of this course.

    Raises:
        CourseError: If it does not.
    """
    try:
        (notebook,) = gradebook.find_assignment(chapter).notebooks
    except (MissingEntry, ValueError):
        raise CourseError(
            f"The gradebook has no assignment {chapter} of one notebook. Run `tms build`, and in "
            f"the course's folder `nbgrader generate_assignment {chapter} --force`."
        ) from None
    names = [cell.name.removeprefix("check-") for cell in notebook.grade_cells]
    if notebook.name != chapter or not any(name in EXERCISES for name in names):
        raise CourseError(
            f"The gradebook's {chapter} has none of this course's exercises. Is it the gradebook "
            "of another course?"
        )


def restored(course: CourseDirectory, submission: Submission) -> NotebookNode:
    """The submitted notebook after nbgrader's sanitising, with everything as the gradebook has it.

    Raises:
        CourseError: If it cannot be graded; the message says why.
    """
    handed_in = _read(submission)
    converter = Autograde(coursedir=course, parent=course)
    exporter = NotebookExporter(parent=converter, config=converter.config)
    for preprocessor in converter.sanitize_preprocessors:
        exporter.register_preprocessor(preprocessor)
    resources = converter.init_single_notebook_resources(str(submission.notebook))
    text, _ = exporter.from_filename(str(submission.notebook), resources=resources)
    notebook = nbformat.reads(text, as_version=4)
    _check_time(course, submission)
    _check_chapter(submission, handed_in, notebook)
    return notebook


def _read(submission: Submission) -> NotebookNode:
    path, chapter = submission.notebook, submission.chapter
    if not submission.folder.is_dir():
        raise CourseError(f"{submission.student} handed in nothing for {chapter}.")
    # nbgrader copies the whole folder, whatever a link there points to
    for other in (submission.folder, *submission.folder.rglob("*")):
        if other.is_symlink():
            raise CourseError(f"{other} is a link; a submission must be files of its own.")
        if not (other.is_file() or other.is_dir()):
            raise CourseError(f"{other} is neither a file nor a folder.")
        size = other.stat().st_size
        if size > _LARGEST and not other.is_dir():
            raise CourseError(f"{other} has {size} bytes; at most {_LARGEST} are read.")
    if not path.is_file():
        others = sorted(other.name for other in submission.folder.glob("*.ipynb"))
        there = f"Instead there is: {', '.join(others)}." if others else "It has no notebook."
        raise CourseError(f"{submission.folder} has no {path.name}. {there}")
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except Exception as error:  # nbformat has no common base for what it raises
        problem = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise CourseError(f"{path} is no Jupyter notebook: {problem[:200]}") from None
    return notebook


def _check_time(course: CourseDirectory, submission: Submission) -> None:
    try:
        course.get_existing_timestamp(str(submission.folder))
    except Exception:  # nbgrader's own mistake: it calls a function that is not there
        raise CourseError(
            f"{submission.folder / 'timestamp.txt'} must hold a time, as 2026-01-31 12:00:00 UTC."
        ) from None


def _check_chapter(submission: Submission, handed_in: NotebookNode, notebook: NotebookNode) -> None:
    """A notebook of another chapter, or of no chapter, would only earn zeros."""
    tms = handed_in.metadata.get("tms")
    told = tms.get("chapter") if isinstance(tms, dict) else None
    ours, theirs = _marks(notebook), _marks(handed_in)
    if told not in (None, submission.chapter):
        raise CourseError(f"{submission.notebook} is the notebook of the chapter {told!r}.")
    if told is None and not any(mark in ours for mark in theirs):
        raise CourseError(
            f"{submission.notebook} is not this assignment's notebook: it has none of its cells."
        )


def _marks(notebook: NotebookNode) -> list[Any]:
    """The names of nbgrader's cells; in what a student handed in they can be anything."""
    marks = (cell.metadata.get("nbgrader") for cell in notebook.cells)
    return [mark.get("grade_id") for mark in marks if isinstance(mark, dict)]
