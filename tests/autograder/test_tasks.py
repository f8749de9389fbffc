import dataclasses

import pytest
from nbformat import v4

from autograder import tasks
from autograder.errors import CourseError
from autograder.grading import Grade
from autograder.tasks import code_version, grade_task, read_grades, task_of

GRADE = dataclasses.asdict(
    Grade(
        exercise="density",
        cell="check-density",
        points=0.5,
        maximum=1.0,
        isolation="process",
        feedback="",
        report="",
        seconds=0.1,
    )
)


def task(source="a = 1", *, seed=1, isolation="process", private="", **metadata):
    cell = v4.new_code_cell(source, metadata={"nbgrader": {"grade_id": "a"}, **metadata})
    notebook = v4.new_notebook(cells=[cell])
    return task_of(notebook, seed=seed, isolation=isolation, private=private)


def test_a_key_changes_with_what_decides_the_grades_and_with_nothing_else(tmp_path):
    key = task().key
    assert task(scrolled=True).key == key  # ids differ as well
    others = [
        task("a = 2"),
        task(tms={"kind": "explore"}),
        task(seed=2),
        task(isolation="bubblewrap"),
        task(private=str(tmp_path)),
        dataclasses.replace(task(), code="newer"),
    ]
    keys = {other.key for other in others}
    assert len(keys) == len(others)
    assert key not in keys


def test_the_key_follows_the_private_checks_not_the_name_of_their_folder(tmp_path):
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.py").write_text("CHECKS = {}")
    here, there = (task(private=str(tmp_path / name)).key for name in ("here", "there"))
    assert here == there
    (tmp_path / "there" / "mine.py").write_text("CHECKS = {'gram': []}")
    code_version.cache_clear()
    assert task(private=str(tmp_path / "there")).key != here


def test_a_task_keeps_the_seed_out_of_logs():
    assert "12345" not in repr(task(seed=12345))


def test_another_version_of_the_grader_is_refused(tmp_path):
    with pytest.raises(CourseError, match="of another version"):
        grade_task(dataclasses.replace(task(), code="newer"), str(tmp_path))


def test_an_isolation_that_cannot_be_had_is_told_each_time(tmp_path):
    for _ in range(2):
        with pytest.raises(CourseError, match="isolation must be one of"):
            grade_task(task(isolation="none"), str(tmp_path))


def test_another_course_ends_the_workers_of_the_one_before(tmp_path, monkeypatch):
    ended = []

    class Workers:
        def __init__(self, *, isolation, hidden):
            assert isolation == "process"
            self.course = hidden[0].name

        def close(self):
            ended.append(self.course)

    monkeypatch.setattr(tasks, "Workers", Workers)
    monkeypatch.setattr(tasks, "_kept", {})
    monkeypatch.setattr(tasks, "grade_notebook", lambda *_, **__: [])
    for course in ("one", "one", "two"):
        assert grade_task(task(), str(tmp_path / course)) == []
    assert ended == ["one"]


def test_grades_survive_as_data():
    (grade,) = read_grades([GRADE])
    assert dataclasses.asdict(grade) == GRADE


@pytest.mark.parametrize(
    "data",
    [
        None,
        ["1.0"],
        [{}],
        [{**GRADE, "more": 1}],
        [{**GRADE, "points": "1.0"}],
        [{**GRADE, "points": True}],
        [{**GRADE, "points": 1.5}],
        [{**GRADE, "points": -0.5}],
        [{**GRADE, "points": float("nan")}],
        [{**GRADE, "maximum": float("nan")}],
    ],
)
def test_data_that_are_no_grades_are_refused(data):
    with pytest.raises(ValueError, match=r"must"):
        read_grades(data)
