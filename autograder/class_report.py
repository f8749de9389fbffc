"""What came out of grading a class: points, slips, causes and likenesses, read off the records.

Nothing here depends on when or in which order submissions were graded, except the times.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbgrader.coursedir import CourseDirectory

from autograder.exercises import EXERCISES
from autograder.grading import Grade
from autograder.likeness import Likeness, alike
from autograder.records import problem_path, read_record, record_path
from autograder.submissions import Submission, find_submissions, open_gradebook

_MARK, _INDENT = "  ✗ ", 6 * " "  # of a report's lines


@dataclass(frozen=True, kw_only=True)
class ClassReport:
    """A chapter's grades.

    Attributes:
        chapter: Its name.
        grades: By student, for every check cell; the automatic points, without late penalties
            and what is graded by hand.
        problems: By student, why the last submission could not be graded.
        likenesses: Answers that several students gave.
    """

    chapter: str
    grades: dict[str, list[Grade]]
    problems: dict[str, str]
    likenesses: list[Likeness]

    @property
    def exercises(self) -> list[str]:
        """The names of the exercises, in the order of the notebook."""
        names = (grade.exercise for grades in self.grades.values() for grade in grades)
        return list(dict.fromkeys(name for name in names if name))

    def of(self, exercise: str) -> list[Grade]:
        """All students' grades for an exercise."""
        every = (grade for grades in self.grades.values() for grade in grades)
        return [grade for grade in every if grade.exercise == exercise]

    def causes(self, exercise: str) -> Counter[str]:
        """Why points were lost, and in how many answers; an answer can have several causes."""
        return Counter(cause for grade in self.of(exercise) for cause in causes(grade))

    def slips(self, exercise: str) -> Counter[str]:
        """The causes that are slips which the exercise knows."""
        known = {slip.says.splitlines()[0] for slip in EXERCISES[exercise].slips}
        found = self.causes(exercise)
        return Counter({cause: n for cause, n in found.items() if cause in known})


def causes(grade: Grade) -> list[str]:
    """The first line of each thing that the student was told about what is wrong."""
    if grade.points == grade.maximum:
        return []
    found, failed = [], False
    for line in grade.feedback.splitlines():
        if failed and line.startswith(_INDENT):
            found.append(line.strip())
        failed = line.startswith(_MARK)
    return list(dict.fromkeys(found)) or [grade.feedback.splitlines()[-1].strip()]


def class_report(course: CourseDirectory, chapter: str) -> ClassReport:
    """Reads a chapter's report off the records of all that handed it in.

    Raises:
        CourseError: If nobody did.
    """
    grades, problems, answers = {}, {}, {}
    for submission in find_submissions(course, chapters=[chapter]):
        student, root = submission.student, Path(course.root)
        record = read_record(record_path(root, chapter, student, chapter))
        if record is not None:
            grades[student] = record.grades
            answers[student] = dict(_answers(course, submission))
        problem = problem_path(root, chapter, student)
        if problem.is_file():
            problems[student] = problem.read_text(encoding="utf-8")
    with open_gradebook(course) as gradebook:
        cells = gradebook.find_notebook(chapter, chapter).source_cells
        handed_out = {cell.name: cell.source for cell in cells}
        code = {cell.name for cell in cells if cell.cell_type == "code"}
    return ClassReport(
        chapter=chapter,
        grades=grades,
        problems=problems,
        likenesses=alike(answers, handed_out=handed_out, code=code),
    )


def _answers(course: CourseDirectory, submission: Submission) -> Iterator[tuple[str, str]]:
    """The cells with answers of a graded notebook."""
    folder = course.format_path(course.autograded_directory, submission.student, submission.chapter)
    path = Path(folder, submission.notebook.name)
    if not path.is_file():
        return
    for cell in nbformat.read(path, as_version=4).cells:
        marks = cell.metadata.get("nbgrader", {})
        if marks.get("solution"):
            yield marks["grade_id"], cell.source
