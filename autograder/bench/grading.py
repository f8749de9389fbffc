"""Grades the same class by stock `nbgrader autograde` and by `tms grade`, in one run.

The notebooks have no explore cells: grading here skips them, and stock nbgrader would run their
plots and long training. So both do the same work.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI

from autograder.build import course_config
from autograder.demo import source_of
from autograder.errors import CourseError
from autograder.exercises import CHAPTERS
from autograder.masters import read_master, solution_notebook, source_notebook
from autograder.sandbox import missing
from autograder.warden import descendants

N_JOBS = 2
_STOCK = "c = get_config()\nc.CourseDirectory.course_id = 'toy-models'\n"


@dataclass(frozen=True, kw_only=True)
class ClassTimes:
    """How long a class took each way.

    Attributes:
        n_submissions: Its size.
        stock_seconds: By `nbgrader autograde`.
        our_seconds: By `tms grade` with `N_JOBS` jobs.
        our_memory: Bytes that it and all its processes used at most, or 0 where that is not known.
        isolation: Its isolation.
        n_equal: Submissions with the same points from both.
    """

    n_submissions: int
    stock_seconds: float
    our_seconds: float
    our_memory: int
    isolation: str
    n_equal: int

    @property
    def ratio(self) -> float:
        """How many times as many notebooks are graded in the same time."""
        return self.stock_seconds / self.our_seconds


def class_times(root: Path, chapter: str, *, n_submissions: int) -> ClassTimes:
    """Makes a class in a temporary folder and grades it both ways.

    Args:
        root: The folder that holds `course`.
        chapter: What all hand in.
        n_submissions: By turns right, right in another way, with a slip in each exercise, and
            not begun.

    Raises:
        CourseError: If there is no such chapter, no submission, or a command fails.
    """
    if n_submissions < 1:
        raise CourseError(f"--submissions must be at least 1; got {n_submissions}.")
    isolation = "process" if missing() else "bubblewrap"
    with tempfile.TemporaryDirectory(prefix="tms-bench-") as folder:
        ours, stock = Path(folder, "ours"), Path(folder, "stock")
        _make_class(root, ours, chapter, n_submissions)
        shutil.copytree(ours, stock)
        (stock / "course" / "nbgrader_config.py").write_text(_STOCK, encoding="utf-8")
        stock_seconds, _ = _timed(stock / "course", ["-m", "nbgrader", "autograde", chapter])
        command = ["-m", "autograder", "grade", chapter, f"--jobs={N_JOBS}"]
        our_seconds, our_memory = _timed(ours / "course", [*command, f"--isolation={isolation}"])
        points, stock_points = _points(ours, chapter), _points(stock, chapter)
    return ClassTimes(
        n_submissions=n_submissions,
        stock_seconds=stock_seconds,
        our_seconds=our_seconds,
        our_memory=our_memory,
        isolation=isolation,
        n_equal=sum(points[student] == stock_points[student] for student in stock_points),
    )


def _make_class(root: Path, to: Path, chapter: str, n_submissions: int) -> None:
    master = root / "course" / "chapters" / f"{chapter}.py"
    course = to / "course"
    (course / "chapters").mkdir(parents=True)
    shutil.copy(master, course / "chapters")
    shutil.copy(root / "course" / "nbgrader_config.py", course)
    cells = [cell for cell in read_master(master) if cell.kind != "explore"]
    source = course / "source" / chapter / f"{chapter}.ipynb"
    source.parent.mkdir(parents=True)
    nbformat.write(source_notebook(cells, chapter), source)
    config = course_config(to)
    config.Application.log_level = "ERROR"
    result = NbGraderAPI(config=config).generate_assignment(chapter, create=True)
    if not result["success"]:
        raise CourseError(f"nbgrader cannot release {chapter}:\n{result['log']}")
    solutions = {cell["id"]: cell.source for cell in solution_notebook(cells, chapter).cells}
    release = course / "release" / chapter / f"{chapter}.ipynb"
    for k in range(n_submissions):
        notebook = nbformat.read(release, as_version=4)
        _write_answers(notebook, solutions, chapter, k)
        path = course / "submitted" / f"student{k:04}" / chapter / release.name
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)


def _write_answers(notebook: NotebookNode, solutions: dict[str, str], chapter: str, k: int) -> None:
    exercises = {exercise.name: exercise for exercise in CHAPTERS[chapter]}
    for cell in notebook.cells:
        exercise = exercises.get(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
        if exercise is None:
            continue
        if k % 4 == 0:
            cell.source = solutions[cell["id"]]
        elif k % 4 == 1:
            cell.source = source_of(exercise.also_right, exercise.name)
        elif k % 4 == 2:
            slip = exercise.slips[k // 4 % len(exercise.slips)]
            cell.source = source_of(slip.answer, exercise.name)


def _timed(folder: Path, arguments: list[str]) -> tuple[float, int]:
    """Seconds of a command of Python's, and the most memory that it and its children used."""
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        most = [0]
        watching = threading.Thread(target=_watch, args=(process, most))
        watching.start()
        output, _ = process.communicate()
        watching.join()
    if process.returncode != 0:
        raise CourseError(
            f"{' '.join(arguments)} ended with {process.returncode}:\n{output[-4000:]}"
        )
    return time.perf_counter() - start, most[0]


def _watch(process: subprocess.Popen[str], most: list[int]) -> None:
    while process.poll() is None:
        most[0] = max(most[0], sum(map(_memory, (process.pid, *descendants(process.pid)))))
        time.sleep(0.25)


def _memory(pid: int) -> int:
    """Bytes of a process; what it shares with others counts in part for each, if that is told."""
    folder = Path("/proc", str(pid))
    try:
        for line in (folder / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return 1024 * int(line.split()[1])
    except OSError:  # it has ended, or it is a student's and tells nobody
        pass
    try:
        return int((folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def _points(root: Path, chapter: str) -> dict[str, float]:
    with Gradebook(f"sqlite:///{root}/course/gradebook.db", "toy-models") as gradebook:
        graded = gradebook.assignment_submissions(chapter)
        return {submission.student.id: float(submission.score or 0) for submission in graded}
