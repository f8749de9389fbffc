"""Grading's place in nbgrader: what runs instead of some of its own preprocessors."""

import json
import re
from pathlib import Path
from typing import Any, cast

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode, from_dict, v4
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from nbgrader.nbgraderformat import SCHEMA_VERSION
from nbgrader.preprocessors import DeduplicateIds, NbGraderPreprocessor, OverwriteCells
from nbgrader.utils import is_grade
from traitlets import Enum, Unicode
from traitlets.config.loader import PyFileConfigLoader

from autograder.errors import CourseError
from autograder.grading import Grade, is_check
from autograder.records import record_path, write_record
from autograder.secret import DEFAULT_SEED, FILE, VARIABLE, grading_seed
from autograder.tasks import Task, grade_task, read_grades, task_of
from autograder.workers import ISOLATIONS

# What begins a tag, unless it is one of those that the course's own text has, or a link.
_TAG = re.compile(r"""<(?=[a-zA-Z/!?])(?!/?(details|summary)>|https?://[^\s<>"']*>)""")
# What runs when somebody follows a link, with every way to write a letter of it otherwise.
_RUNS = re.compile(r"(?:javascript|vbscript)(?=[\s\\]*:)|\\(?=href)", re.IGNORECASE)
_LETTER = re.compile(r"&(?=#|[a-zA-Z0-9]+;)(?!amp;(?!#|[a-zA-Z0-9]+;)|(?:lt|gt|quot|nbsp);)")


class DropUnreadable(DeduplicateIds):
    """Makes an ordinary cell of each copy, and of each whose metadata is not of this version.

    nbgrader stops at such a cell, and the rest of the class is not graded. It cannot write
    characters that are no text either: half of a pair stands for nothing, and becomes "?".
    """

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        text = json.dumps(nb, ensure_ascii=False).encode("utf-8", "replace")
        nb = cast(NotebookNode, from_dict(json.loads(text)))
        self._drop(nb)
        nb, resources = super().preprocess(nb, resources)
        self._drop(nb)  # of copies, nbgrader keeps the last and empties the metadata of the others
        return nb, resources

    def _drop(self, nb: NotebookNode) -> None:
        for cell in nb.cells:
            metadata = cell.metadata.get("nbgrader")
            named = isinstance(metadata, dict) and isinstance(metadata.get("grade_id"), str)
            if not named or metadata.get("schema_version") != SCHEMA_VERSION:
                cell.metadata.pop("nbgrader", None)


class HarmlessText(NbGraderPreprocessor):
    """Lets text cells have no HTML but the tags for folding, and links to other pages only.

    The formgrader shows text as it is: a script in it would grade as the instructor who reads it.
    """

    def preprocess_cell(
        self,
        cell: NotebookNode,
        resources: ResourcesDict,
        index: int,  # noqa: ARG002  (nbconvert passes it)
    ) -> tuple[NotebookNode, ResourcesDict]:
        if cell.cell_type != "code":
            text = _TAG.sub("< ", cell.source)  # a formula reads the same
            text = _LETTER.sub("& ", text)
            cell.source = _RUNS.sub(lambda found: f"{found[0]} ", text)
        return cell, resources


class RestoreChecks(OverwriteCells):
    """Restores what students cannot change, and puts graded cells that they deleted at the end.

    nbgrader leaves them out, or puts them back only if the cell above is still there. It stops at
    a cell with a name of the student's own, and at a check that is marked as something else.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_missing_cells = True

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, cell_index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        if "nbgrader" in cell.metadata:
            notebook = self.gradebook.find_notebook(self.notebook_id, self.assignment_id)
            name = cell.metadata["nbgrader"].get("grade_id")
            source = {known.name: known for known in notebook.source_cells}.get(name)
            if source is None:
                del cell.metadata["nbgrader"]
                return cell, resources
            points = {known.name: known.max_score for known in notebook.grade_cells}
            marks = {
                "schema_version": SCHEMA_VERSION,
                "grade_id": name,
                "grade": name in points,
                "solution": name in {known.name for known in notebook.solution_cells},
                "task": name in {known.name for known in notebook.task_cells},
                "locked": source.locked,
            }
            cell.metadata["nbgrader"] = NotebookNode(marks)
            if name in points:
                cell.metadata["nbgrader"]["points"] = points[name]
        return super().preprocess_cell(cell, resources, cell_index)

    def add_missing_grade_cells(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        notebook = self.gradebook.find_notebook(self.notebook_id, self.assignment_id)
        present = {cell.metadata.nbgrader["grade_id"] for cell in nb.cells if is_grade(cell)}
        solutions = {cell.name for cell in notebook.solution_cells}
        sources = {cell.name: cell for cell in notebook.source_cells}
        for graded in notebook.grade_cells:
            if graded.name not in present:
                self.log.warning("The graded cell '%s' is missing; it is added again", graded.name)
                cell = self.missing_cell_transform(
                    sources[graded.name], graded.max_score, is_solution=graded.name in solutions
                )
                cell["id"] = graded.name
                nb.cells.append(cell)
        return nb, resources


class OwnFilesOnly(NbGraderPreprocessor):
    """Lets of a submission only its notebooks through, and files that the assignment itself has.

    nbgrader copies what stands beside a notebook, also what a link there points to.
    """

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        names = resources["nbgrader"]
        course = CourseDirectory(parent=self)
        student, assignment = names["student"], names["assignment"]
        submitted = Path(course.format_path(course.submitted_directory, student, assignment))
        notebook = submitted / f"{names['notebook']}.ipynb"
        for path in (notebook, submitted, submitted.parent):
            if path.is_symlink():
                raise CourseError(f"{path} is a link; a submission must be a file of its own.")
        source = Path(course.format_path(course.source_directory, ".", assignment))
        graded = Path(course.format_path(course.autograded_directory, student, assignment))
        for path in sorted(graded.rglob("*")):
            relative = path.relative_to(graded)
            ours = relative == Path("timestamp.txt") and not (submitted / relative).is_symlink()
            is_data = path.suffix != ".ipynb" and not ours and not (source / relative).is_file()
            if is_data and not path.is_dir():
                self.log.warning("%s is no file of the assignment; it is left out", relative)
                path.unlink()
        return nb, resources


class IsolatedExecute(NbGraderPreprocessor):
    """Grades a notebook in isolation, in the place of nbgrader's Execute.

    Every check cell gets the report as its output and the score as its result.
    """

    isolation = Enum(
        ISOLATIONS,
        default_value="bubblewrap",
        help="How answers are kept apart: bubblewrap, or process, which is weaker.",
    ).tag(config=True)
    private_checks = Unicode(
        "", help="A folder of Python modules with checks of the instructor's own."
    ).tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        task = self.task(nb)
        grades = self.grades(task)
        by_cell = {grade.cell: grade for grade in grades}
        for cell in filter(is_check, nb.cells):
            grade = by_cell[cell.metadata["nbgrader"]["grade_id"]]
            self.log.info("%s: %g of %g", grade.cell, grade.points, grade.maximum)
            cell.outputs = [
                v4.new_output("stream", name="stdout", text=f"{grade.feedback}\n"),
                v4.new_output("execute_result", data={"text/plain": repr(grade.points)}),
            ]
        if "nbgrader" in resources:
            names = resources["nbgrader"]
            path = record_path(
                self._course, names["assignment"], names["student"], names["notebook"]
            )
            write_record(path, key=task.key, grades=grades)
        return nb, resources

    def task(self, nb: NotebookNode) -> Task:
        """What there is to grade, with this course's settings."""
        private = self.private_checks
        if private:
            private = str(self._course / Path(private).expanduser())
        return task_of(nb, seed=grading_seed(), isolation=self.isolation, private=private)

    def grades(self, task: Task) -> list[Grade]:
        """Grades a notebook here and now."""
        if task.seed == DEFAULT_SEED:
            self.log.warning(
                "The graded inputs are those that students can see: set %s or write a secret to %s",
                VARIABLE,
                FILE,
            )
        return read_grades(grade_task(task, str(self._course)))

    @property
    def _course(self) -> Path:
        return Path(CourseDirectory(parent=self).root)


def grading_api(root: Path) -> NbGraderAPI:
    """nbgrader's API with the course's settings; without them it would run students' code as you.

    Args:
        root: The folder that holds `course`.

    Raises:
        CourseError: If the settings do not grade in isolation.
    """
    config = PyFileConfigLoader("nbgrader_config.py", path=str(root / "course")).load_config()
    name = f"{IsolatedExecute.__module__}.{IsolatedExecute.__name__}"
    if name not in config.Autograde.get("autograde_preprocessors", ()):
        raise CourseError(
            f"{root / 'course' / 'nbgrader_config.py'} does not grade in isolation: "
            f"c.Autograde.autograde_preprocessors must have {name} in Execute's place."
        )
    return NbGraderAPI(config=config)
