import pytest
from nbformat import v4
from nbgrader.utils import determine_grade

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
