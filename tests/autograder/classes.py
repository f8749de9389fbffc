"""A course of one small chapter, and students who hand it in."""

import shutil
from pathlib import Path

import nbformat
from nbformat import NotebookNode, v4
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI

from autograder.build import course_config
from autograder.exercises import find

CHAPTER = "demo"
POINTS = {name: find(name).points for name in ("density", "gram")}
RIGHT = {
    "density": "def density(sparsity):\n    return 1 - sparsity",
    "gram": "def gram(W):\n    return W.mT @ W",
}
WRONG = {**RIGHT, "gram": "def gram(W):\n    return W @ W.mT"}
STUB = dict.fromkeys(POINTS, "raise NotImplementedError()")


def notebook(answers: dict[str, str], *, chapter: str = CHAPTER) -> NotebookNode:
    """A notebook with these answers, and their checks."""
    schema = {"schema_version": 3, "task": False}
    cells = []
    for name, source in answers.items():
        answer = {**schema, "grade_id": name, "grade": False, "solution": True, "locked": False}
        check = {**schema, "grade_id": f"check-{name}", "grade": True, "solution": False}
        check |= {"locked": True, "points": POINTS[name]}
        cells.append(v4.new_code_cell(source, metadata={"nbgrader": answer}))
        cells.append(v4.new_code_cell(f'check("{name}")', metadata={"nbgrader": check}))
    return v4.new_notebook(cells=cells, metadata={"tms": {"chapter": chapter}})


def write(content: NotebookNode, path: Path) -> None:
    """Writes a notebook in a folder of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(content, path)


def submission(root: Path, student: str) -> Path:
    """Where a student's notebook goes."""
    return root / "course" / "submitted" / student / CHAPTER / f"{CHAPTER}.ipynb"


def new_course(repository: Path, root: Path) -> Path:
    """A course with the chapter released and nobody's submission; gives its root."""
    (root / "course" / "chapters").mkdir(parents=True)
    config = (repository / "course" / "nbgrader_config.py").read_text()
    config += '\nc.IsolatedExecute.isolation = "process"\n'
    (root / "course" / "nbgrader_config.py").write_text(config)
    solution = "### BEGIN SOLUTION\npass\n### END SOLUTION"
    source = notebook(dict.fromkeys(POINTS, solution))
    write(source, root / "course" / "source" / CHAPTER / f"{CHAPTER}.ipynb")
    result = NbGraderAPI(config=course_config(root)).generate_assignment(CHAPTER)
    assert result["success"], result
    return root


def scores(root: Path, student: str) -> dict[str, float | None]:
    """What the gradebook has for a student."""
    with Gradebook(f"sqlite:///{root}/course/gradebook.db", "toy-models") as gradebook:
        graded = gradebook.find_submission(CHAPTER, student)
        return {g.name: g.auto_score for notebook in graded.notebooks for g in notebook.grades}


def copy_course(root: Path, to: Path) -> Path:
    """The same course elsewhere."""
    shutil.copytree(root, to, symlinks=True)
    return to
