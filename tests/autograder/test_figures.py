"""Tests of `tms figures`."""

import os
import re

import pytest
from matplotlib.figure import Figure
from typer.testing import CliRunner

from autograder import figures
from autograder.cli import app
from autograder.errors import CourseError
from tms_lib.figures import Claim, Reproduction

HOLDS = Claim("water is wet", measured="1.02", needed="at least 1", holds=True)
FAILS = Claim("moons [plural] are cheese", measured="0", needed="1", holds=False)


def maker(*claims: Claim):
    def figure(*, seed: int = 0) -> Reproduction:
        picture = Figure()
        picture.subplots().plot([0, seed])
        return Reproduction(picture, list(claims))

    return figure


@pytest.fixture(autouse=True)
def two_figures(monkeypatch):
    """Two figures instead of the paper's, one with a claim that fails."""
    made = {"good": maker(HOLDS), "bad": maker(HOLDS, FAILS)}
    monkeypatch.setattr(figures, "FIGURES", made)


def tms_figures(*arguments):
    return CliRunner().invoke(app, ["figures", *map(str, arguments)])


def test_it_draws_every_figure_and_fails_if_a_claim_does(tmp_path):
    folder = tmp_path / "new" / "folder"
    result = tms_figures("--out", folder)
    assert result.exit_code == 1
    assert sorted(path.name for path in folder.iterdir()) == ["bad.png", "good.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in folder.iterdir())
    assert "2 of 3 claims hold" in result.output


def test_the_table_says_what_was_measured_and_needed(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    output = tms_figures("bad", "--out", tmp_path).output
    rows = [line.split("│") for line in output.splitlines() if "│" in line]
    cells = [[cell.strip() for cell in row[1:-1]] for row in rows]
    assert cells[1:] == [
        ["water is wet", "1.02", "at least 1", "yes"],
        ["moons [plural] are cheese", "0", "1", "no"],
    ]
    assert re.fullmatch(r"bad, \d+ s", cells[0][0])


def test_it_draws_only_the_figures_named_each_once(tmp_path):
    result = tms_figures("good", "good", "--out", tmp_path)
    assert result.exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["good.png"]
    assert "1 of 1 claims hold" in result.output


def test_an_unknown_name_is_refused_before_anything_is_made(tmp_path):
    folder = tmp_path / "new"
    error = tms_figures("good", "gold", "--out", folder).exception
    assert isinstance(error, CourseError)
    assert str(error) == "There is no figure 'gold'. There are: good, bad."
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_is_refused_before_training(tmp_path, monkeypatch):
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setattr(figures, "draw", None)  # is not called
    for folder in (file, file / "folder"):
        error = tms_figures("--out", folder).exception
        assert isinstance(error, CourseError)
        assert "cannot be written" in str(error)


def test_a_picture_that_cannot_be_finished_leaves_nothing(tmp_path, monkeypatch):
    (tmp_path / "good.png").write_text("from before")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    error = tms_figures("good", "--out", tmp_path).exception
    assert isinstance(error, CourseError)
    assert "No space left" in str(error)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["from before"]
