import sqlite3
import sys

import pytest
from classes import CHAPTER, RIGHT, WRONG, new_course, notebook, submission, write

from autograder import pools, secret
from autograder.cli import main

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore:unclosed")


@pytest.fixture(scope="module")
def root(repository, tmp_path_factory):
    folder = new_course(repository, tmp_path_factory.mktemp("class") / "root")
    for student, answers in {"ada": RIGHT, "ben": WRONG, "cleo": RIGHT}.items():
        write(notebook(answers), submission(folder, student))
    submission(folder, "cleo").write_text("not json")
    return folder


@pytest.fixture
def tms(root, monkeypatch, capsys):
    """Runs the command in the course; gives its exit code and what it printed."""

    def run(*arguments):
        monkeypatch.chdir(root / "course")
        monkeypatch.setattr(sys, "argv", ["tms", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        printed = capsys.readouterr()
        return end.value.code, " ".join((printed.out + printed.err).split())

    return run


def test_grade_prints_what_became_of_the_class_and_writes_reports(root, tms):
    code, printed = tms("grade", "--jobs=1")
    assert code == 1  # cleo's is not graded
    assert "2 graded, 1 not graded" in printed
    assert "3/3" in printed
    assert "Not graded: cleo (demo)" in printed
    assert "no Jupyter notebook" in printed
    assert (root / "course" / "reports" / CHAPTER / "distribution.png").is_file()
    code, printed = tms("grade", CHAPTER, "--student=ada", "--student=ben")
    assert code == 0
    assert "2 unchanged" in printed


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--jobs=0"], "--jobs must be at least 1; got 0"),
        (["--isolation=hope"], "--isolation must be one of bubblewrap, process; got 'hope'"),
        (["dem"], "Nobody handed in a chapter 'dem'. There is: demo."),
        (["--cluster=tcp://127.0.0.1:9"], "No Dask scheduler answers at tcp://127.0.0.1:9"),
    ],
)
def test_a_mistake_ends_in_a_sentence(tms, monkeypatch, arguments, told):
    monkeypatch.setattr(pools, "_TIMEOUT", 1)
    code, printed = tms("grade", *arguments)
    assert code == 2
    assert f"Error: {told}" in printed


def test_reports_that_cannot_be_written_and_a_seed_that_is_no_text_are_named(
    root, tms, monkeypatch, tmp_path
):
    reports = root / "course" / "reports"
    if reports.is_dir():
        reports.rename(tmp_path / "reports")
    reports.write_text("in the way")
    code, printed = tms("grade", "--student=ada")
    reports.unlink()
    assert code == 2
    assert f"Error: {reports / CHAPTER}: Not a directory" in printed
    (tmp_path / "seed").write_bytes(b"\xff")
    monkeypatch.setattr(secret, "FILE", tmp_path / "seed")
    monkeypatch.delenv(secret.VARIABLE, raising=False)
    code, printed = tms("grade")
    assert code == 2
    assert f"Error: The seed in {tmp_path / 'seed'} must be text" in printed


def test_a_gradebook_that_another_program_writes_into_is_not_called_unreadable(root, tms):
    with sqlite3.connect(root / "course" / "gradebook.db", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        code, printed = tms("grade", "--student=ada")
        other.execute("ROLLBACK")
    other.close()
    assert code == 2
    assert "Error: Another program is writing into the gradebook." in printed
