import shutil

import nbformat
import pytest

from autograder.build import build, course_config, course_root, drift
from autograder.errors import CourseError
from autograder.exercises import find

MASTER = '''\
# %% [markdown]
# # A chapter

# %% setup
import torch
import torch.nn.functional as F
from autograder import check

# %% prompt superposition [markdown]
# ### Exercise 3.2: Superposition

# %% answer superposition
def superposition(W):
    """One line."""
    # solution: tms_lib.metrics.superposition

# %% check superposition
check("superposition")

# %% explore
print("explored")

# %% question why [markdown]
# Why?

# %% written why [markdown] points=2 minutes=5
# ### BEGIN SOLUTION
# Because.
# ### END SOLUTION
'''
NAME = "03_superposition"


@pytest.fixture(scope="module")
def built(tmp_path_factory, repository):
    """A course of one small chapter, built once; tests that change it take `copy`."""
    root = tmp_path_factory.mktemp("course")
    (root / "course" / "chapters").mkdir(parents=True)
    config = (repository / "course" / "nbgrader_config.py").read_text()
    (root / "course" / "nbgrader_config.py").write_text(config)
    (root / "course" / "chapters" / f"{NAME}.py").write_text(MASTER)
    list(build(root))
    return root


@pytest.fixture
def copy(built, tmp_path):
    return shutil.copytree(built, tmp_path / "copy")


def released(root):
    return root / "course" / "release" / NAME / f"{NAME}.ipynb"


def solved(root):
    return root / "solutions" / f"{NAME}.ipynb"


def test_release_has_stubs_and_neither_solutions_nor_outputs(built):
    text = released(built).read_text()
    notebook = nbformat.read(released(built), as_version=4)
    assert "raise NotImplementedError()" in text
    for secret in ("F.normalize(W", "Because.", "SOLUTION"):
        assert secret not in text
    assert not any(cell.get("outputs") for cell in notebook.cells)


def test_solution_is_executed_to_full_points(built):
    notebook = nbformat.read(solved(built), as_version=4)
    outputs = "".join(
        out.get("text", "") for cell in notebook.cells for out in cell.get("outputs", [])
    )
    points = find("superposition").points
    assert f"{points} of {points} points" in outputs
    assert "explored" in outputs


def test_second_build_changes_nothing(built):
    assert list(build(built)) == []


def test_no_drift_after_a_build(built):
    assert list(drift(built)) == []


def test_drift_names_the_file_and_the_line(copy):
    master = copy / "course" / "chapters" / f"{NAME}.py"
    master.write_text(master.read_text().replace("Why?", "Why not?"))
    differences = list(drift(copy))
    assert len(differences) == 2
    assert all("Why not?" in text for text in differences)
    assert f"course/release/{NAME}/{NAME}.ipynb" in differences[0]


def test_drift_sees_changed_points(copy):
    notebook = nbformat.read(released(copy), as_version=4)
    next(c for c in notebook.cells if "points" in c.metadata.get("nbgrader", {})).metadata.nbgrader[
        "points"
    ] = 99
    nbformat.write(notebook, released(copy))
    assert len(list(drift(copy))) == 1


def test_drift_sees_a_missing_an_extra_and_an_unexecuted_notebook(copy):
    released(copy).unlink()
    nbformat.write(nbformat.v4.new_notebook(), copy / "solutions" / "99_other.ipynb")
    notebook = nbformat.read(solved(copy), as_version=4)
    notebook.cells[1].execution_count = None
    nbformat.write(notebook, solved(copy))
    missing, unexecuted, extra = list(drift(copy))
    assert "missing" in missing
    assert "not executed" in unexecuted
    assert "99_other.ipynb has no master" in extra


def test_a_solution_that_raises_leaves_everything_as_it_was(copy):
    before = released(copy).read_text(), solved(copy).read_text()
    master = copy / "course" / "chapters" / f"{NAME}.py"
    master.write_text(master.read_text().replace('print("explored")', "1 / 0"))
    with pytest.raises(CourseError, match="ZeroDivisionError"):
        list(build(copy))
    assert (released(copy).read_text(), solved(copy).read_text()) == before


def test_a_solution_without_full_points_is_refused(copy):
    master = copy / "course" / "chapters" / f"{NAME}.py"
    master.write_text(master.read_text().replace("import torch\n", ""))
    with pytest.raises(CourseError, match="superposition in 03_superposition does not get full"):
        list(build(copy))


def test_the_courses_settings_are_those_of_its_file(built):
    config = course_config(built)
    assert config.CourseDirectory.course_id == "toy-models"
    assert any("IsolatedExecute" in str(p) for p in config.Autograde.autograde_preprocessors)


def test_course_root_is_found_from_below_and_else_refused(built, tmp_path):
    assert course_root(built / "course" / "chapters") == built.resolve()
    with pytest.raises(CourseError, match="clone of the repository"):
        course_root(tmp_path)
