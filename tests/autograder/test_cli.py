import subprocess
import sys

import pytest


def tms(*arguments, folder):
    command = [sys.executable, "-m", "autograder", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["check", "nothing.ipynb"], "There is no file nothing.ipynb"),
        (["build"], "No course/chapters in"),
        (["demo"], "No course/chapters in"),
    ],
)
def test_a_users_mistake_ends_in_a_sentence_and_no_traceback(tmp_path, arguments, told):
    done = tms(*arguments, folder=tmp_path)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_chapter_is_refused_by_name(repository):
    done = tms("build", "99_nothing", folder=repository)
    assert done.returncode == 2
    assert "There is no chapter '99_nothing'. There are: 01_" in done.stderr


def test_demo_refuses_a_folder_with_something_in_it(repository, tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    done = tms("demo", "--folder", str(tmp_path), folder=repository)
    assert done.returncode == 2
    assert "is not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_that_cannot_be_made_is_named(repository, tmp_path):
    (tmp_path / "file").write_text("keep")
    for folder in ("file", "file/deeper"):
        done = tms("demo", "--folder", str(tmp_path / folder), folder=repository)
        assert done.returncode == 2
        assert f"Error: {tmp_path / folder}: " in done.stderr
        assert "Traceback" not in done.stderr


def test_without_the_courses_packages_it_says_what_to_install(tmp_path):
    code = "import sys; sys.modules['typer'] = None; from autograder.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "typer is missing" in done.stderr
    assert "Traceback" not in done.stderr
