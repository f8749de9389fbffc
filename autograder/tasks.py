"""The grading of one notebook as a task: plain data that another process or machine can carry out.

A task holds all that its grades depend on, so equal tasks have equal grades, and its key tells
whether anything changed since a notebook was graded.
"""

import dataclasses
import functools
import hashlib
import importlib.metadata
import json
import math
import platform
import threading
from dataclasses import dataclass, field
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any, cast, get_type_hints

import nbformat
from nbformat import NotebookNode

import autograder
import tms_lib
from autograder.errors import CourseError
from autograder.grading import Grade, grade_notebook
from autograder.secret import private_checks
from autograder.workers import Workers

_one_at_a_time = threading.Lock()  # a worker of a cluster may run tasks in several threads
_kept: dict[tuple[str, str], Workers] = {}  # one at most


@dataclass(frozen=True, kw_only=True)
class Task:
    """A notebook to grade.

    Attributes:
        cells: What is graded of the notebook, as nbgrader restored it, in JSON.
        seed: Of the checks' inputs.
        isolation: How the answers are run.
        private: The folder with the instructor's own checks, or "".
        code: The version of everything that grades.
    """

    cells: str = field(repr=False)
    seed: int = field(repr=False)  # a secret, and a cluster's logs show arguments
    isolation: str
    private: str
    code: str

    @property
    def key(self) -> str:
        """Equal for tasks with equal grades."""
        what = {**dataclasses.asdict(self), "private": bool(self.private)}
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def task_of(notebook: NotebookNode, *, seed: int, isolation: str, private: str) -> Task:
    """The task of grading a notebook here, with this version of the grader.

    Args:
        notebook: As nbgrader restored it.
        seed: Of the checks' inputs.
        isolation: How the answers are run.
        private: The folder with the instructor's own checks, or "".
    """
    cells = [
        {
            "cell_type": cell.cell_type,
            "source": cell.source,
            "metadata": {k: cell.metadata[k] for k in ("nbgrader", "tms") if k in cell.metadata},
        }
        for cell in notebook.cells
    ]
    return Task(
        cells=json.dumps(cells, sort_keys=True),
        seed=seed,
        isolation=isolation,
        private=private,
        code=code_version(private),
    )


def grade_task(task: Task, course: str) -> list[dict[str, Any]]:
    """Grades a notebook in this process; the grades are plain data, for `read_grades`.

    Args:
        task: What to grade.
        course: The folder with the submissions, which students' processes do not see.

    Raises:
        CourseError: If there is no isolation here, or another version of the grader.
    """
    if code_version(task.private) != task.code:
        raise CourseError(
            f"On {platform.node()}, the grader in {autograder.__path__[0]}, its private checks or "
            "torch are of another version than where the grades are collected. Install the same."
        )
    notebook = cast(NotebookNode, nbformat.from_dict({"cells": json.loads(task.cells)}))
    private = private_checks(Path(task.private)) if task.private else {}
    with _one_at_a_time:
        workers = _workers(task.isolation, course)
        try:
            grades = grade_notebook(notebook, workers=workers, seed=task.seed, private=private)
        except CourseError:
            _end_workers()  # the next notebook starts anew
            raise
    return [dataclasses.asdict(grade) for grade in grades]


def read_grades(data: Any) -> list[Grade]:
    """Grades that were plain data, from a file or another machine.

    Raises:
        ValueError: If they have not the form of grades.
    """
    if type(data) is not list or not all(type(entry) is dict for entry in data):
        raise ValueError("grades must be a list of dictionaries.")
    types = get_type_hints(Grade)
    for entry in data:
        if {key: type(value) for key, value in entry.items()} != types:
            raise ValueError(f"a grade must have the fields {types}; got {entry}.")
        if not (math.isfinite(entry["points"]) and 0 <= entry["points"] <= entry["maximum"]):
            raise ValueError(f"points must lie in [0, {entry['maximum']}]; got {entry['points']}.")
    return [Grade(**entry) for entry in data]


@functools.lru_cache
def code_version(private: str) -> str:
    """A hash of all that grades: the grader, the library, the private checks and torch.

    Args:
        private: The folder with the instructor's own checks, or "".
    """
    versions = [platform.python_version(), *map(importlib.metadata.version, ("torch", "numpy"))]
    digest = hashlib.sha256(" ".join(versions).encode())
    folders = [Path(package.__path__[0]) for package in (autograder, tms_lib)]
    for folder in [*folders, *([Path(private)] if private else [])]:
        for path in sorted(folder.rglob("*.py")):
            digest.update(f"\0{path.relative_to(folder)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _workers(isolation: str, course: str) -> Workers:
    """The workers of this process: they take seconds to start, so all notebooks share them."""
    place = isolation, course
    if place not in _kept:
        _end_workers()
        _kept[place] = Workers(isolation=isolation, hidden=[Path(course)])
        Finalize(None, _end_workers, exitpriority=0)  # unlike atexit also in a pool's process
    return _kept[place]


def _end_workers() -> None:
    while _kept:
        _kept.popitem()[1].close()
