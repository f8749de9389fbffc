import pytest

from autograder.errors import CourseError
from autograder.exercises import find
from autograder.masters import read_master, solution_notebook, source_notebook

MASTER = '''\
# %% [markdown]
# # A chapter

# %% setup
# %load_ext jaxtyping
import torch.nn.functional as F

# %% prompt superposition [markdown]
# ### Exercise 3.2: Superposition
#
# Write it.

# %% answer superposition
def superposition(W):
    """One line."""
    # solution: tms_lib.metrics.superposition

# %% check superposition
check("superposition")

# %% explore
superposition(W)

# %% question why [markdown]
# Why?

# %% written why [markdown] points=2 minutes=5
# ### BEGIN SOLUTION
# Because.
# ### END SOLUTION
'''


@pytest.fixture
def master(tmp_path):
    def write(text: str):
        path = tmp_path / "03_chapter.py"
        path.write_text(text)
        return path

    return write


def nbgrader(cell):
    return cell.metadata.get("nbgrader", {})


def test_tags_expand_to_schema_3(master):
    notebook = source_notebook(read_master(master(MASTER)), "03_chapter")
    cells = {nbgrader(cell)["grade_id"]: cell for cell in notebook.cells if nbgrader(cell)}
    assert set(cells) == {"setup", "superposition", "check-superposition", "why"}
    flags = {
        name: [nbgrader(cell)[key] for key in ("grade", "solution", "locked")]
        for name, cell in cells.items()
    }
    assert flags == {
        "setup": [False, False, True],
        "superposition": [False, True, False],
        "check-superposition": [True, False, True],
        "why": [True, True, False],
    }
    assert nbgrader(cells["check-superposition"])["points"] == find("superposition").points
    assert nbgrader(cells["why"])["points"] == 2
    assert all(nbgrader(cell)["schema_version"] == 3 for cell in cells.values())


def test_magics_are_code_in_the_notebook(master):
    notebook = source_notebook(read_master(master(MASTER)), "03_chapter")
    assert notebook.cells[1].source.startswith("%load_ext")


def test_solution_is_the_library_functions_body_without_docstring_and_guards(master):
    notebook = solution_notebook(read_master(master(MASTER)), "03_chapter")
    answer = next(c for c in notebook.cells if c.metadata["tms"]["kind"] == "answer")
    assert "F.normalize(W, dim=-2)" in answer.source
    assert "raise" not in answer.source
    assert "SOLUTION" not in answer.source
    assert "elhage" not in answer.source.lower()
    compile(answer.source, "<answer>", "exec")


def test_solution_notebook_has_no_nbgrader_metadata(master):
    notebook = solution_notebook(read_master(master(MASTER)), "03_chapter")
    assert not any(map(nbgrader, notebook.cells))


def test_prompt_tells_difficulty_minutes_and_points_below_its_heading(master):
    notebook = source_notebook(read_master(master(MASTER)), "03_chapter")
    prompt = next(c for c in notebook.cells if c.metadata["tms"]["kind"] == "prompt")
    heading, _, facts, *_ = prompt.source.splitlines()
    exercise = find("superposition")
    assert heading == "### Exercise 3.2: Superposition"
    assert f"{exercise.minutes} minutes · {exercise.points} point" in facts


def test_ids_are_reproducible_and_do_not_move_with_other_cells(master):
    first = source_notebook(read_master(master(MASTER)), "03_chapter")
    longer = MASTER.replace("# %% setup", "# %% [markdown]\n# more text\n\n# %% setup")
    second = source_notebook(read_master(master(longer)), "03_chapter")
    again = source_notebook(read_master(master(MASTER)), "03_chapter")
    assert [c["id"] for c in first.cells] == [c["id"] for c in again.cells]
    assert len({c["id"] for c in first.cells}) == len(first.cells)
    assert {c["id"] for c in first.cells} < {c["id"] for c in second.cells}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("# %% setup", "# %% set-up", r"cell 2: a code cell's tag is one of .*'set-up'"),
        ("# %% explore", "# %%", "cell 6: a code cell's tag is one of"),
        ("# %% explore", "# %% explore here", "takes no name"),
        ("# %% check superposition", "# %% check", "needs a name"),
        ("# %% check superposition", "# %% check super position", "is no name"),
        ("superposition\n", "superpositions\n", "Did you mean 'superposition'"),
        ("points=2", "score=2", "written takes"),
        ("# %% explore", "# %% explore points=1", "explore takes no settings"),
        ("    # solution: tms_lib.metrics.superposition", "    pass", "has no solution"),
        ("tms_lib.metrics.superposition", "tms_lib.metrics.nothing", "nothing"),
        ("# %% check superposition", "# %% explore", "expected the cells prompt superposition"),
        ("# %% question why [markdown]\n# Why?", "", "expected the cells"),
        ("# %% explore", "# %% check superposition", "stands there twice"),
    ],
)
def test_a_wrong_master_is_refused_with_file_cell_and_reason(master, old, new, told):
    assert old in MASTER
    with pytest.raises(CourseError, match=told) as error:
        read_master(master(MASTER.replace(old, new)))
    assert "03_chapter.py" in str(error.value)
