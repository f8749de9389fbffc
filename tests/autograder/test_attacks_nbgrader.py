"""A class in which many cheat, graded by `nbgrader autograde` with the course's own settings."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from attacks import ATTACKS, World, notebook
from attacks.filing import LOOT
from nbgrader.api import Gradebook

from autograder.sandbox import missing

# One or two of every kind; each takes nbgrader seconds.
CHOSEN = (
    "replaces_the_checking_function",
    "formats_text_as_a_score",
    "signals_everybody",
    "leaves_hooks_for_the_end",
    "reads_files_of_the_instructor",
    "reads_other_submissions",
    "writes_files_of_the_instructor",
    "writes_into_the_gradebook",
    "writes_from_a_detached_process",
    "asks_somebody_for_the_answer",
    "forks_daemons_without_end",
    "calls_the_reference_by_another_name",
    "ends_its_process",
    "is_no_python",
)
RIGHT = {"gram": LOOT, "embed": LOOT}
HIDDEN = "solutions.py", "seed", "private/checks.py", "submitted/other/answers.py"
STUB = "### BEGIN SOLUTION\npass\n### END SOLUTION"


def nbgrader(course: Path, *arguments: str) -> None:
    environment = {
        **os.environ,
        "HOME": str(course),
        "TMS_SEED": "a secret",
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-W", "ignore", "-m", "nbgrader", *arguments]
    done = subprocess.run(
        command, cwd=course, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


def write(cells: nbformat.NotebookNode, path: Path) -> None:
    path.parent.mkdir(parents=True)
    nbformat.write(cells, path)


def state(course: Path) -> dict[Path, str]:
    """Every file that grading itself does not write."""
    ours = ("gradebook.db", "autograded", "grading", ".cache")
    return {
        path: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in course.rglob("*")
        if path.is_file() and path.relative_to(course).parts[0] not in ours
    }


@pytest.fixture(scope="module")
def graded(repository: Path, tmp_path_factory: pytest.TempPathFactory):
    """The course's folder, and what was in it before and after the class was graded."""
    if missing():
        pytest.skip(f"no sandbox on this machine: {missing()}")
    course = tmp_path_factory.mktemp("course")
    shutil.copy(repository / "course" / "nbgrader_config.py", course)
    for name in HIDDEN:
        (course / name).parent.mkdir(parents=True, exist_ok=True)
        (course / name).write_text(LOOT)
    write(notebook(dict.fromkeys(RIGHT, STUB)), course / "source" / "demo" / "demo.ipynb")
    nbgrader(course, "generate_assignment", "demo")
    world = World(root=course, repository=repository, port=9, free_port=9)
    students = {name: ATTACKS[name].notebook(world) for name in CHOSEN}
    for student, made in {**students, "a-honest": notebook({}), "z-right": notebook(RIGHT)}.items():
        write(made, course / "submitted" / student / "demo" / "demo.ipynb")
    for path in (course, *course.rglob("*")):
        path.chmod(0o777)
    before = state(course)
    nbgrader(course, "autograde", "demo")
    return course, before, state(course)


def scores(course: Path, student: str) -> dict[str, float]:
    with Gradebook(f"sqlite:///{course}/gradebook.db", "toy-models") as gradebook:
        (submitted,) = gradebook.find_submission("demo", student).notebooks
        assert all(grade.manual_score is None for grade in submitted.grades)
        return {grade.name.removeprefix("check-"): grade.score for grade in submitted.grades}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # nbgrader's own use of its database warns
@pytest.mark.parametrize("student", CHOSEN)
def test_a_cheat_earns_what_the_honest_part_deserves(graded, student):
    course, _, _ = graded
    honest = scores(course, "a-honest")
    assert honest["density"] == 1
    assert 0 < honest["gram"] < 1
    assert scores(course, student) == honest | dict.fromkeys(ATTACKS[student].costs, 0.0)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_whoever_comes_last_has_all_points(graded):
    course, _, _ = graded
    assert scores(course, "z-right") == {"density": 1, "gram": 1, "embed": 2}


@pytest.mark.slow
def test_no_file_was_changed_and_no_process_is_left(graded):
    _, before, after = graded
    assert after == before
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert "sleep 97531" not in running.stdout
