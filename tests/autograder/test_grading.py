import dataclasses

import pytest
from nbformat import v4

from autograder.errors import CourseError
from autograder.exercise import Check
from autograder.exercises import find
from autograder.grading import grade_notebook
from autograder.sandbox import Limits
from autograder.secret import DEFAULT_SEED, grading_seed, private_checks, with_private
from autograder.workers import Workers

SETUP = "import torch\nimport tms_lib"
RIGHT = {
    "density": "def density(sparsity):\n    return 1 - sparsity",
    "gram": "def gram(W):\n    return W.mT @ W",
    "embed": "def embed(x, W):\n    return x @ W.mT",
}


@pytest.fixture(scope="module")
def workers():
    limits = Limits(seconds_per_cell=2.0, memory=2**29)
    with Workers(isolation="process", limits=limits) as started:
        yield started


def cell(source, grade_id, **marks):
    schema = {"schema_version": 3, "grade": False, "solution": False, "locked": False}
    return v4.new_code_cell(
        source, metadata={"nbgrader": {**schema, "grade_id": grade_id, "task": False, **marks}}
    )


def graded(workers, answers, *, seed=1, private=None):
    cells = [v4.new_code_cell(SETUP)]
    for name, source in answers.items():
        cells.append(cell(source, name, solution=True))
        points = find(name).points
        cells.append(cell("", f"check-{name}", grade=True, locked=True, points=points))
    notebook = v4.new_notebook(cells=cells)
    grades = grade_notebook(notebook, workers=workers, seed=seed, private=private)
    assert [grade.exercise for grade in grades] == list(answers)
    return {grade.exercise: grade for grade in grades}


def full(grade):
    return grade.points == grade.maximum == find(grade.exercise).points


def test_right_answers_earn_full_points(workers):
    assert all(map(full, graded(workers, RIGHT).values()))


DISASTERS = {
    "the cell ends its process": "import os; os._exit(1)",
    "the call ends its process": "def gram(W):\n    import os; os._exit(1)",
    "the call crashes": "def gram(W):\n    import ctypes; ctypes.string_at(0)",
    "the cell loops": "while True: pass",
    "the cell raises": "1 / 0",
    "the cell is no Python": "def gram(W)\n    return W",
    "the cell breaks torch and ends": "torch.Tensor.__matmul__ = None\nimport os; os._exit(1)",
}


@pytest.mark.parametrize("source", DISASTERS.values(), ids=DISASTERS)
def test_a_disaster_costs_its_own_exercise_and_is_told(workers, source):
    grades = graded(workers, {**RIGHT, "gram": source})
    assert full(grades["density"])
    assert full(grades["embed"])
    assert grades["gram"].points == 0
    assert len(grades["gram"].feedback.splitlines()) > 2
    assert "/" not in grades["gram"].feedback.replace("1 / 0", "")  # a path


BORROWED = {
    "imported": "from tms_lib import gram",
    "called": "def gram(W):\n    return tms_lib.gram(W)",
    "called by another name": "g = vars(tms_lib)['gr' + 'am']\ndef gram(W):\n    return g(W)",
    "from the solutions": "try:\n    import solutions\nexcept ImportError:\n    pass\n"
    + RIGHT["gram"],
}


@pytest.mark.parametrize("source", BORROWED.values(), ids=BORROWED)
def test_an_answer_that_is_the_librarys_earns_nothing_and_is_told(workers, source):
    grades = graded(workers, {**RIGHT, "gram": source})
    assert full(grades["density"])
    assert full(grades["embed"])
    assert grades["gram"].points == 0
    assert "Write it yourself" in grades["gram"].feedback
    assert grades["gram"].feedback == grades["gram"].report


def test_an_answer_may_use_the_rest_of_the_library(workers):
    source = "def gram(W):\n    return tms_lib.embed(W.mT, W.mT)"
    assert all(map(full, graded(workers, {**RIGHT, "gram": source}).values()))


def test_an_answer_is_graded_before_later_cells_replace_its_helper(workers):
    answers = {
        "density": "def helper(s):\n    return 1 - s\n\n"
        "def density(sparsity):\n    return helper(sparsity)",
        "gram": f"helper = None\n{RIGHT['gram']}",
    }
    assert all(map(full, graded(workers, answers).values()))


def test_grading_twice_gives_the_same_grades_and_reports(workers):
    answers = {**RIGHT, "gram": "def gram(W):\n    return W @ W.mT"}
    first, second = (graded(workers, answers) for _ in range(2))
    for name, grade in first.items():
        again = dataclasses.replace(second[name], seconds=grade.seconds)
        assert again == grade


def test_feedback_has_no_inputs_and_the_instructors_report_has(workers):
    answers = {"gram": "def gram(W):\n    return 2 * W.mT @ W"}
    grade = graded(workers, answers)["gram"]
    assert "Input: W" in grade.report
    assert "Input" not in grade.feedback
    assert "expected" not in grade.feedback.replace("not the expected one", "")


def test_an_answer_that_quotes_its_arguments_is_not_quoted(workers):
    answers = {"gram": "def gram(W):\n    raise ValueError(f'secret {W.tolist()}')"}
    grade = graded(workers, answers)["gram"]
    assert "secret" in grade.report
    assert "Your function raised ValueError." in grade.feedback
    assert "secret [" not in grade.feedback


def claim(run):
    return {"gram": [Check(claim="the instructor's own", run=run)]}


def test_private_checks_count(workers):
    def run(_trial, _draw):
        raise AssertionError("Not what I meant.")

    grade = graded(workers, RIGHT, private=claim(run))["gram"]
    assert 0 < grade.points < grade.maximum
    assert "the instructor's own" in grade.feedback


def test_a_fault_of_a_check_is_the_instructors_to_see(workers):
    def run(_trial, _draw):
        raise KeyError("at /home/instructor")

    grades = graded(workers, RIGHT, private=claim(run))
    assert "KeyError" in grades["gram"].report
    assert "/home" not in grades["gram"].feedback
    assert "no fault of yours" in grades["gram"].feedback
    assert full(grades["embed"])


def test_the_seed_comes_from_the_variable_or_the_file(monkeypatch, tmp_path):
    monkeypatch.delenv("TMS_SEED", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert grading_seed() == DEFAULT_SEED
    path = tmp_path / ".config" / "tms" / "seed"
    path.parent.mkdir(parents=True)
    path.write_text("a secret\n")
    from_file = grading_seed()
    assert from_file != DEFAULT_SEED
    monkeypatch.setenv("TMS_SEED", "a secret")
    assert grading_seed() == from_file
    monkeypatch.setenv("TMS_SEED", "another")
    assert grading_seed() != from_file


def test_private_checks_come_from_a_folder_of_modules(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from autograder.exercise import Check\n"
        "CHECKS = {'gram': [Check(claim='mine', run=lambda trial, draw: None)]}\n"
    )
    found = private_checks(tmp_path)
    claims = [check.claim for check in with_private(find("gram"), found).checks]
    assert claims == [*(check.claim for check in find("gram").checks), "mine"]
    assert with_private(find("embed"), found) is find("embed")


def test_a_folder_without_checks_is_refused(tmp_path):
    (tmp_path / "empty.py").write_text("")
    with pytest.raises(CourseError, match="needs CHECKS"):
        private_checks(tmp_path)
    with pytest.raises(CourseError, match="no folder"):
        private_checks(tmp_path / "elsewhere")
