import warnings

import nbformat
import pytest
from nbformat import v4
from nbgrader.apps import NbGraderAPI
from nbgrader.utils import determine_grade

from autograder.build import course_config
from autograder.nbgrader_plugin import ExecuteAnswers

GRADED = {
    "schema_version": 3,
    "grade": True,
    "solution": False,
    "locked": True,
    "task": False,
    "points": 3,
    "grade_id": "check-x",
}


def graded(source, **metadata):
    return v4.new_code_cell(source, metadata={"nbgrader": GRADED, **metadata})


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """One notebook with everything, executed once."""
    cells = {
        "explore": v4.new_code_cell("explored = 1", metadata={"tms": {"kind": "explore"}}),
        "score": graded("2.5"),
        "error": graded("explored"),
        "silent": graded("None"),
        "tagged to be skipped": graded("0.0", tags=["skip-execution"]),
        "called explore": graded("0.0", tms={"kind": "explore"}),
        "endless": graded("while True: pass"),
        "after": graded("1.0"),
    }
    folder = str(tmp_path_factory.mktemp("submission"))
    execute = ExecuteAnswers(timeout=2)
    execute.preprocess(v4.new_notebook(cells=list(cells.values())), {"metadata": {"path": folder}})
    return cells


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("score", 2.5),
        ("error", 0),
        ("silent", 0),
        ("tagged to be skipped", 0),
        ("called explore", 0),
        ("endless", 0),
        ("after", 1.0),
    ],
)
def test_a_graded_cell_earns_what_its_output_says_and_nothing_without_one(cells, name, points):
    assert determine_grade(cells[name]) == (points, 3)


def test_explore_cells_are_not_run(cells):
    assert cells["explore"].outputs == []
    assert "explored" in cells["error"].outputs[0].evalue


def test_a_graded_cell_without_a_score_says_so(cells):
    assert "without a score" in cells["silent"].outputs[0].evalue


@pytest.fixture(scope="module")
def graded_class(repository, tmp_path_factory):
    """A course of one chapter whose students copied and deleted cells."""
    name = "demo"
    root = tmp_path_factory.mktemp("course")
    source = v4.new_notebook(cells=[answer("x", "### BEGIN SOLUTION\nx = 3\n### END SOLUTION")])
    source.cells.append(graded("float(x)"))
    write(source, root / "source" / name / f"{name}.ipynb")
    config = course_config(repository)
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.db_url = f"sqlite:///{root}/gradebook.db"
    config.Application.log_level = "ERROR"
    api = NbGraderAPI(config=config)
    assert api.generate_assignment(name)["success"]

    def submit(student, *cells):
        write(v4.new_notebook(cells=cells), root / "submitted" / student / name / f"{name}.ipynb")

    submit("copied", answer("x", "x = 2"), graded("float(x)"), graded("float(x)"))
    submit("deleted", answer("x", "x = 2"))
    submit("deleted-both", v4.new_code_cell("x = 2"))
    old = v4.new_code_cell("3.0", metadata={"nbgrader": {"grade": True, "grade_id": "check-x"}})
    submit("unreadable", answer("x", "x = 2"), old)
    submit("zoe", answer("x", "x = 3"), graded("float(x)"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nbgrader's own use of its database warns
        for student in sorted(path.name for path in (root / "submitted").iterdir()):
            result = api.autograde(name, student)
            assert result["success"], result["log"]
    return {s["student"]: s["score"] for s in api.get_submissions(name)}


def answer(name, source):
    metadata = {**GRADED, "grade": False, "solution": True, "locked": False, "grade_id": name}
    del metadata["points"]
    return v4.new_code_cell(source, metadata={"nbgrader": metadata})


def write(notebook, path):
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)


@pytest.mark.parametrize(
    ("student", "points"),
    [("copied", 2), ("deleted", 2), ("deleted-both", 2), ("unreadable", 2), ("zoe", 3)],
)
def test_a_check_that_a_student_copied_or_deleted_still_counts(graded_class, student, points):
    assert graded_class[student] == points
