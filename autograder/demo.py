"""Plays a small class through nbgrader's own commands and `tms grade`: `tms demo`.

Five students submit every chapter. The course is built and graded in a fresh folder; what comes out
of the gradebook is compared with what each student must get.
"""

import csv
import inspect
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.answer import LocalAnswer
from autograder.build import chapters
from autograder.checks import grade
from autograder.errors import CourseError
from autograder.exercise import Exercise
from autograder.exercises import CHAPTERS
from autograder.masters import read_master, solution_notebook, source_notebook
from autograder.sandbox import missing

# Each is an exercise and the name of one of its slips.
COMMON_SLIPS = {
    "sample_features": "_same_draw_twice",
    "relu_output": "_bias_after_relu",
    "weighted_mse": "_mean_over_features",
    "superposition": "_counts_itself",
}


@dataclass(frozen=True, kw_only=True)
class Student:
    """A member of the demonstration's class.

    Attributes:
        name: The student's id.
        story: What they hand in.
        answer: The source of their answer to an exercise, given the solution's; None leaves the
            stub as it is.
        expected: The points that this answer deserves.
    """

    name: str
    story: str
    answer: Callable[[Exercise, str], str | None]
    expected: Callable[[Exercise], float]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the demonstration's table."""

    student: str
    chapter: str
    points: float
    expected: float
    maximum: float

    @property
    def as_expected(self) -> bool:
        """Whether the grade is the one that the answers deserve."""
        return abs(self.points - self.expected) < 0.005


def students() -> list[Student]:
    """The class."""
    looping = next(iter(CHAPTERS.values()))[0].name
    middle = [exercises[len(exercises) // 2].name for exercises in CHAPTERS.values()]
    return [
        Student(
            name="ada",
            story="everything right, written differently from the reference; answers in words too",
            answer=lambda exercise, _: source_of(exercise.also_right, exercise.name),
            expected=lambda exercise: exercise.points,
        ),
        Student(
            name="ben",
            story=f"common slips in {', '.join(COMMON_SLIPS)}",
            answer=_with_slips,
            expected=_with_slips_expected,
        ),
        Student(
            name="cleo",
            story="the release, untouched",
            answer=lambda _exercise, _solution: None,
            expected=lambda _: 0,
        ),
        Student(
            name="dan",
            story=f"right, but the cells of {', '.join(middle)} raise",
            answer=lambda e, solution: "1 / 0\n\n" + solution if e.name in middle else solution,
            expected=lambda exercise: 0 if exercise.name in middle else exercise.points,
        ),
        Student(
            name="eve",
            story=f"right, but {looping} loops without end",
            answer=lambda e, solution: _endless(e, solution) if e.name == looping else solution,
            expected=lambda exercise: 0 if exercise.name == looping else exercise.points,
        ),
    ]


def source_of(answer: Callable[..., Any], name: str) -> str:
    """The source of a function or class with another name, to paste into a notebook."""
    source = textwrap.dedent(inspect.getsource(answer))
    return re.sub(rf"^(def|class) {answer.__name__}\(", rf"\1 {name}(", source, count=1)


def run_demo(root: Path, folder: Path) -> Iterator[str | list[Row]]:
    """Plays the class in `folder`; yields each step's name before it, and the table at the end.

    Raises:
        CourseError: If a command of nbgrader fails.
    """
    course = folder / "course"
    yield "building the course"
    solutions = _prepare(root, course)
    for chapter in solutions:
        yield f"{chapter}: releasing"
        _nbgrader(course, "generate_assignment", chapter, "--create")
        _nbgrader(course, "release_assignment", chapter)
    yield "five students write their answers"
    desks = _write_notebooks(course, folder, solutions)
    with ThreadPoolExecutor(2) as both:  # what leaves the gradebook alone, two at a time
        yield "submitting and collecting"
        list(both.map(lambda chapter: _hand_in(course, desks, chapter), solutions))
        first, *others = solutions
        yield f"grading {first}: nbgrader autograde"
        _nbgrader(course, "autograde", first, "--create")
        if others:
            yield "grading the other chapters: tms grade"
            _run(course, "autograder", "grade", *others, f"--isolation={_isolation()}")
        yield "writing feedback"
        list(both.map(lambda name: _nbgrader(course, "generate_feedback", name), solutions))
    yield "exporting the grades"
    _nbgrader(course, "export", "--to", str(folder / "grades.csv"))
    yield _table(folder / "grades.csv")


def _prepare(root: Path, course: Path) -> dict[str, NotebookNode]:
    """Makes a course in a folder of its own; returns the solution notebook of each chapter."""
    course.mkdir()
    exchange = course.parent / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)  # nbgrader insists that everyone can write there
    config = (root / "course" / "nbgrader_config.py").read_text(encoding="utf-8")
    config += f"\nc.IsolatedExecute.isolation = {_isolation()!r}\n"
    (course / "nbgrader_config.py").write_text(
        f"{config}\n{_exchange_settings(exchange)}\n"
        # every student of the demonstration submits as whoever runs it
        "c.CollectApp.check_owner = False\nc.ExchangeCollect.check_owner = False\n",
        encoding="utf-8",
    )
    shutil.copytree(root / "course" / "chapters", course / "chapters")
    solutions = {}
    for chapter in chapters(course.parent):
        cells = read_master(course / "chapters" / f"{chapter}.py")
        solutions[chapter] = solution_notebook(cells, chapter)
        path = course / "source" / chapter / f"{chapter}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(source_notebook(cells, chapter), path)
    return solutions


def _isolation() -> str:
    """The best there is: these students are ours, and who tries the demo need install nothing."""
    return "process" if missing() else "bubblewrap"


def _exchange_settings(exchange: Path) -> str:
    return f"c.Exchange.root = {str(exchange)!r}\nc.Exchange.cache = {str(exchange / 'cache')!r}"


def _write_notebooks(
    course: Path, folder: Path, solutions: dict[str, NotebookNode]
) -> dict[str, Path]:
    """Puts every chapter with a student's answers on the student's desk; returns the desks."""
    desks = {}
    for student in students():
        desk = desks[student.name] = folder / "students" / student.name
        desk.mkdir(parents=True)
        (desk / "nbgrader_config.py").write_text(
            "c = get_config()\nc.CourseDirectory.course_id = 'toy-models'\n"
            f"{_exchange_settings(folder / 'exchange')}\n",
            encoding="utf-8",
        )
        for chapter, solution in solutions.items():
            shutil.copytree(course / "release" / chapter, desk / chapter)
            path = desk / chapter / f"{chapter}.ipynb"
            notebook = nbformat.read(path, as_version=4)
            _write_answers(notebook, solution, student, chapter)
            nbformat.write(notebook, path)
    return desks


def _hand_in(course: Path, desks: dict[str, Path], chapter: str) -> None:
    for name, desk in desks.items():
        _nbgrader(desk, "submit", chapter, f"--student={name}")
    _nbgrader(course, "collect", chapter)


def _write_answers(
    notebook: NotebookNode, solution: NotebookNode, student: Student, chapter: str
) -> None:
    solutions = {cell["id"]: cell.source for cell in solution.cells}
    exercises = {exercise.name: exercise for exercise in CHAPTERS[chapter]}
    for cell in notebook.cells:
        exercise = exercises.get(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
        if exercise is not None:
            cell.source = student.answer(exercise, solutions[cell["id"]]) or cell.source
        elif cell.metadata["tms"]["kind"] == "written" and student.name == "ada":
            cell.source = solutions[cell["id"]]


def _with_slips(exercise: Exercise, solution: str) -> str:
    if exercise.name not in COMMON_SLIPS:
        return solution
    return source_of(_slip(exercise), exercise.name)


def _with_slips_expected(exercise: Exercise) -> float:
    if exercise.name not in COMMON_SLIPS:
        return exercise.points
    namespace = {exercise.name: _slip(exercise)}
    answer = LocalAnswer(exercise.name, namespace, seconds=exercise.seconds)
    report = grade(exercise, answer, seed=0)
    assert report.points < exercise.points, f"a slip earns full points:\n{report}"
    return report.points


def _slip(exercise: Exercise) -> Callable[..., Any]:
    wanted = COMMON_SLIPS[exercise.name]
    return next(s.answer for s in exercise.slips if s.answer.__name__ == wanted)


def _endless(exercise: Exercise, solution: str) -> str:
    definition = solution[: solution.index('"""')].rstrip()
    assert definition.endswith(":"), exercise.name
    return f"{definition}\n    while True:\n        pass\n"


def _nbgrader(folder: Path, *arguments: str) -> None:
    """Runs one of nbgrader's commands as an instructor or a student would, in their folder."""
    _run(folder, "nbgrader", *arguments)


def _run(folder: Path, module: str, *arguments: str) -> None:
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CourseError(
            f"`{module} {' '.join(arguments)}` in {folder} ended with {done.returncode}:\n"
            f"{done.stdout[-2000:]}{done.stderr[-4000:]}"
        )


def _table(export: Path) -> list[Row]:
    class_ = {student.name: student for student in students()}
    rows = []
    with export.open(newline="", encoding="utf-8") as file:
        for line in csv.DictReader(file):
            student = class_[line["student_id"]]
            exercises = CHAPTERS[line["assignment"]]
            rows.append(
                Row(
                    student=student.name,
                    chapter=line["assignment"],
                    points=float(line["raw_score"]),
                    expected=sum(map(student.expected, exercises)),
                    maximum=float(line["max_score"]),
                )
            )
    return rows
