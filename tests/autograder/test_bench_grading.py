import nbformat
import pytest
from rich.console import Console

from autograder.bench import grading
from autograder.bench.command import classes_table
from autograder.bench.grading import ClassTimes, class_times
from autograder.build import course_root
from autograder.errors import CourseError

CHAPTER = "01_sparse_features"

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore:unclosed")


@pytest.mark.slow
def test_both_ways_give_the_same_points(repository):
    times = class_times(repository, CHAPTER, n_submissions=3)
    assert times.n_equal == times.n_submissions == 3
    assert times.stock_seconds > 0
    assert times.our_seconds > 0
    assert times.our_memory > 2**27


def test_the_class_is_mixed_and_explores_nothing(repository, tmp_path):
    grading._make_class(repository, tmp_path, CHAPTER, 8)
    assert course_root(tmp_path / "course") == tmp_path
    answers = []
    for path in sorted(tmp_path.glob("course/submitted/*/*/*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        assert all(cell.metadata["tms"]["kind"] != "explore" for cell in cells)
        answers.append([c.source for c in cells if c.metadata["tms"]["kind"] == "answer"])
    assert len(answers) == 8
    right, also_right, slips, stubs, *others = map(tuple, answers)
    assert len({right, also_right, slips, stubs}) == 4
    assert all("NotImplementedError" in source for source in stubs)
    assert others[:2] == [right, also_right]
    assert others[2] != slips  # the next slip of each exercise
    assert others[3] == stubs


def test_the_memory_of_children_counts(tmp_path):
    fill = "import time; x = b'1' * 10**8; time.sleep(1)"
    both = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {fill!r}])"
    seconds, memory = grading._timed(tmp_path, ["-c", both])
    assert seconds > 1
    assert memory > 10**8


def test_a_command_that_fails_is_told_with_its_output(tmp_path):
    with pytest.raises(CourseError, match=r"ended with 1:\n(.|\n)*no such luck"):
        grading._timed(tmp_path, ["-c", "raise SystemExit('no such luck')"])


def test_an_empty_class_is_refused(repository):
    with pytest.raises(CourseError, match="--submissions must be at least 1; got 0"):
        class_times(repository, CHAPTER, n_submissions=0)


def test_the_table_holds_what_was_measured():
    row = ClassTimes(
        n_submissions=10,
        stock_seconds=30.0,
        our_seconds=8.0,
        our_memory=3 * 2**29,
        isolation="bubblewrap",
        n_equal=9,
    )
    console = Console(record=True, width=200)
    console.print(classes_table([row], chapter=CHAPTER, n_jobs=2))
    (line,) = [line for line in console.export_text().splitlines() if "9 of 10" in line]
    numbers = [part.strip() for part in line.strip("│ ").split("│")]
    assert numbers == ["10", "30.0", "8.0", "3.75", "3.00", "0.80", "1.50", "9 of 10"]
