import nbformat
import pytest
from nbformat import v4

from autograder.errors import CourseError
from autograder.exercises import CHAPTERS
from autograder.selfcheck import selfcheck

NAME = "03_superposition"


def notebook(tmp_path, *cells, chapter=NAME):
    nodes = []
    for tag, source in cells:
        kind, _, name = tag.partition(" ")
        nodes.append(v4.new_code_cell(source, metadata={"tms": {"kind": kind, "name": name}}))
    path = tmp_path / "mine.ipynb"
    nbformat.write(v4.new_notebook(cells=nodes, metadata={"tms": {"chapter": chapter}}), path)
    return path


SETUP = ("setup", "import torch\nfrom autograder import check")
SUPERPOSITION = """
def superposition(W):
    overlap = (torch.nn.functional.normalize(W, dim=-2).mT @ W) ** 2
    not_self = ~torch.eye(W.shape[-1], dtype=torch.bool, device=W.device)
    return (overlap * not_self).sum(-1)
"""


def test_scoreboard_has_every_exercise_and_skips_explore_cells(tmp_path):
    path = notebook(
        tmp_path,
        SETUP,
        ("explore", "raise SystemExit"),
        ("answer", SUPERPOSITION),
        ("check superposition", 'check("superposition")'),
        ("answer", "1 / 0"),
        ("check feature_norm", 'check("feature_norm")'),
    )
    before = path.read_bytes()
    scores = {score.name: score for score in selfcheck(path)}
    assert list(scores) == [exercise.name for exercise in CHAPTERS[NAME]]
    assert scores["superposition"].points == scores["superposition"].maximum
    assert scores["feature_norm"].points == 0
    assert "not defined" in scores["feature_norm"].report
    assert "missing" in scores["count_represented"].report
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("not json", "is not a Jupyter notebook"),
        ("{}", "is not a"),
        ('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "chapter is None"),
    ],
)
def test_a_file_that_is_no_notebook_of_the_course_is_refused(tmp_path, content, told):
    path = tmp_path / "mine.ipynb"
    path.write_text(content)
    with pytest.raises(CourseError, match=told):
        list(selfcheck(path))


def test_a_missing_file_and_an_unknown_chapter_are_refused(tmp_path):
    with pytest.raises(CourseError, match="no file"):
        list(selfcheck(tmp_path / "none.ipynb"))
    with pytest.raises(CourseError, match="'99_nothing'"):
        list(selfcheck(notebook(tmp_path, chapter="99_nothing")))
