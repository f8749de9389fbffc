"""Tests of autograder.class_grading, autograder.pools and autograder.submissions."""

import json
import multiprocessing
import os
import signal
import subprocess
import time
from collections import Counter
from unittest.mock import Mock

import nbformat
import pytest
from classes import (
    CHAPTER,
    POINTS,
    RIGHT,
    STUB,
    WRONG,
    copy_course,
    new_course,
    notebook,
    scores,
    submission,
    write,
)
from distributed import LocalCluster
from nbformat import v4

from autograder import pools
from autograder.class_grading import Status, alone, grade_class, open_course
from autograder.errors import CourseError
from autograder.nbgrader_plugin import grading_api
from autograder.pools import Pool, cluster_pool, local_pool
from autograder.records import read_record, record_path
from autograder.submissions import find_submissions
from autograder.tasks import Task

# nbgrader's own use of its database, and SQLite connections that it leaves to be collected
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore:unclosed")

ANSWERS = {"ada": RIGHT, "ben": WRONG, "cleo": STUB, "dan": RIGHT, "eve": WRONG}
ALL = sum(POINTS.values())


@pytest.fixture(scope="module")
def pool():
    with local_pool(2, course="/nowhere") as started:
        yield started


@pytest.fixture(scope="module")
def ungraded(repository, tmp_path_factory):
    root = new_course(repository, tmp_path_factory.mktemp("class") / "root")
    for student, answers in ANSWERS.items():
        write(notebook(answers), submission(root, student))
    return root


@pytest.fixture(scope="module")
def graded(ungraded, pool, tmp_path_factory):
    root = copy_course(ungraded, tmp_path_factory.mktemp("graded") / "root")
    assert statuses(root, pool) == dict.fromkeys(ANSWERS, Status.GRADED)
    return root


def outcomes(root, pool, *, students=(), force=False):
    course = open_course(root)
    found = find_submissions(course, students=students)
    return list(grade_class(course, found, pool=pool, force=force))


def statuses(root, pool, **options):
    return {o.submission.student: o.status for o in outcomes(root, pool, **options)}


def told(root, pool, student):
    """What is said of a student who cannot be graded."""
    (outcome,) = outcomes(root, pool, students=[student])
    assert outcome.status is Status.FAILED
    return outcome.problem


def grades(root):
    found = {}
    for student in ANSWERS:
        record = read_record(record_path(root / "course", CHAPTER, student, CHAPTER))
        assert record is not None
        found[student] = [(g.cell, g.points, g.feedback, g.report) for g in record.grades]
    return found


def cells(root, student):
    path = root / "course" / "autograded" / student / CHAPTER / f"{CHAPTER}.ipynb"
    content = nbformat.read(path, as_version=4).cells
    return [(c.cell_type, c.source, c.metadata, c.get("outputs")) for c in content]


def test_everything_is_as_with_plain_nbgrader(graded, ungraded, tmp_path):
    plain = copy_course(ungraded, tmp_path / "plain")
    api = grading_api(plain)
    for student in ("ada", "ben"):
        result = api.autograde(CHAPTER, student)
        assert result["success"], result
        assert scores(plain, student) == scores(graded, student)
        assert cells(plain, student) == cells(graded, student)
        assert api.generate_feedback(CHAPTER, student)["success"]
    assert sum(score or 0 for score in scores(graded, "ada").values()) == ALL
    assert sum(score or 0 for score in scores(graded, "cleo").values()) == 0


def test_grading_twice_gives_the_same(graded, pool, tmp_path):
    root = copy_course(graded, tmp_path / "root")
    assert set(statuses(root, pool, force=True).values()) == {Status.GRADED}
    assert grades(root) == grades(graded)
    assert all(cells(root, student) == cells(graded, student) for student in ANSWERS)


def test_only_what_changed_is_graded_again(graded, pool, tmp_path, monkeypatch):
    root = copy_course(graded, tmp_path / "root")
    assert set(statuses(root, pool).values()) == {Status.UNCHANGED}
    write(notebook(RIGHT), submission(root, "ben"))
    after = statuses(root, pool)
    assert after == {s: Status.GRADED if s == "ben" else Status.UNCHANGED for s in ANSWERS}
    assert scores(root, "ben") == scores(root, "ada")
    monkeypatch.setenv("TMS_SEED", "another")
    assert set(statuses(root, pool).values()) == {Status.GRADED}


def test_a_later_timestamp_or_a_lost_file_is_entered_without_grading(graded, tmp_path):
    root = copy_course(graded, tmp_path / "root")
    (submission(root, "ada").parent / "timestamp.txt").write_text("2030-01-01 10:00:00 UTC")
    (root / "course" / "autograded" / "ben" / CHAPTER / f"{CHAPTER}.ipynb").unlink()
    unused = Mock(spec=Pool, full=False, busy=False)
    after = statuses(root, unused)
    assert {s for s, status in after.items() if status is Status.GRADED} == {"ada", "ben"}
    assert set(statuses(root, unused).values()) == {Status.UNCHANGED}
    unused.submit.assert_not_called()


def test_an_interrupted_grading_goes_on_where_it_was(ungraded, tmp_path):
    root = copy_course(ungraded, tmp_path / "root")
    course = open_course(root)
    with local_pool(1, course=course.root) as pool:
        run = grade_class(course, find_submissions(course), pool=pool)
        first = next(run).submission.student
    with local_pool(1, course=course.root) as pool:
        after = statuses(root, pool)
    assert after[first] is Status.UNCHANGED
    assert Counter(after.values()) == {Status.UNCHANGED: 1, Status.GRADED: len(ANSWERS) - 1}


def test_a_killed_grader_loses_nothing(graded, ungraded, tmp_path):
    root = copy_course(ungraded, tmp_path / "root")
    course = open_course(root)
    with local_pool(2, course=course.root) as pool:
        before = set(multiprocessing.active_children())
        run = grade_class(course, find_submissions(course), pool=pool)
        done = [next(run)]
        victim = next(p for p in multiprocessing.active_children() if p not in before)
        assert victim.pid is not None
        os.kill(victim.pid, signal.SIGKILL)
        done += run
    assert {o.submission.student: o.status for o in done} == dict.fromkeys(ANSWERS, Status.GRADED)
    assert grades(root) == grades(graded)


def die(task, _course):
    if task.cells == "deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    return []


def test_a_task_that_kills_its_process_costs_no_other(monkeypatch):
    monkeypatch.setattr(pools, "grade_task", die)
    monkeypatch.setattr(pools, "read_grades", lambda grades: grades)
    found = {}
    with local_pool(2, course="") as pool:
        for k in range(6):
            cells = "deadly" if k == 2 else "harmless"
            pool.submit(k, Task(cells=cells, seed=0, isolation="process", private="", code=""))
            while pool.full:
                found.update(pool.results())
        while pool.busy:
            found.update(pool.results())
    assert isinstance(found.pop(2), pools.BrokenExecutor)
    assert found == {0: [], 1: [], 3: [], 4: [], 5: []}


@pytest.mark.slow
def test_a_killed_worker_of_a_cluster_loses_nothing(graded, ungraded, tmp_path):
    root = copy_course(ungraded, tmp_path / "root")
    course = open_course(root)
    cluster = LocalCluster(
        n_workers=2,
        threads_per_worker=2,  # more than a worker can use
        dashboard_address=":0",  # a port that is free
        local_directory=str(tmp_path / "dask"),
    )
    with cluster, cluster_pool(cluster.scheduler_address, course=course.root) as pool:
        victim = cluster.workers[0].pid
        done = []
        for outcome in grade_class(course, find_submissions(course), pool=pool):
            if not done:
                os.kill(victim, signal.SIGKILL)
            done.append(outcome)
    assert {o.submission.student: o.status for o in done} == dict.fromkeys(ANSWERS, Status.GRADED)
    assert grades(root) == grades(graded)


@pytest.mark.slow
def test_a_lost_scheduler_costs_no_grade(graded, ungraded, tmp_path):
    root = copy_course(ungraded, tmp_path / "root")
    course, done = open_course(root), []
    port = tmp_path / "scheduler.json"
    command = ["dask", "scheduler", "--host=127.0.0.1", "--port=0", "--no-dashboard"]
    with subprocess.Popen([*command, f"--scheduler-file={port}"]) as scheduler:
        while not port.is_file():
            time.sleep(0.1)
        address = json.loads(port.read_text())["address"]
        command = ["dask", "worker", address, "--nthreads=1", "--no-dashboard"]
        with subprocess.Popen([*command, f"--local-directory={tmp_path}"]) as worker:
            try:
                with cluster_pool(address, course=course.root) as pool:
                    outcomes = grade_class(course, find_submissions(course), pool=pool)
                    done.append(next(outcomes))
                    scheduler.kill()
                    with pytest.raises(CourseError, match=r"lost\. What is graded stays graded"):
                        done.extend(outcomes)
            finally:
                scheduler.kill()
                worker.kill()
    assert 0 < len(done) < len(ANSWERS)
    with local_pool(2, course=course.root) as pool:
        again = list(grade_class(course, find_submissions(course), pool=pool))
    assert Counter(outcome.status for outcome in again)[Status.UNCHANGED] == len(done)
    assert grades(root) == grades(graded)


def test_a_second_grading_at_once_is_refused(ungraded, tmp_path):
    course = open_course(copy_course(ungraded, tmp_path / "root"))
    with (
        alone(course),
        pytest.raises(CourseError, match=f"graded already, by process {os.getpid()} "),
        alone(course),
    ):
        pass
    with alone(course):
        pass


# What can be wrong with one submission; ada's is graded all the same


def no_json(path):
    path.write_text("not json")


def no_notebook(path):
    path.write_text("{}")


def another_chapter(path):
    write(notebook(RIGHT, chapter="99_other"), path)


def another_notebook(path):
    write(v4.new_notebook(cells=[v4.new_code_cell("1 + 1")]), path)


def another_name(path):
    write(notebook(RIGHT), path.with_name("Untitled.ipynb"))
    path.unlink()


def nothing(path):
    path.unlink()


def a_link(path):
    path.unlink()
    path.symlink_to(path.parents[2] / "ada" / CHAPTER / path.name)


def a_folder(path):
    path.unlink()
    path.mkdir()


def no_time(path):
    path.with_name("timestamp.txt").write_text("yesterday")


def a_link_beside(path):
    path.with_name("data.csv").symlink_to("/dev/zero")


def a_pipe_beside(path):
    os.mkfifo(path.with_name("data.csv"))


def odd_marks(path):
    content = nbformat.read(path, as_version=4)
    content.metadata["tms"] = ["demo"]
    for cell in content.cells:
        cell.metadata["nbgrader"] = {"grade_id": ["gram"]}
    nbformat.write(content, path)


def too_large(path):
    with path.open("a") as file:
        file.truncate(2**26 + 1)


@pytest.fixture(scope="module")
def with_bad_ones(graded, pool, tmp_path_factory):
    """What is said of each bad submission, in one grading of all."""
    root = copy_course(graded, tmp_path_factory.mktemp("bad") / "root")
    bad = [no_json, no_notebook, another_chapter, another_notebook, another_name, nothing]
    bad += [a_link, a_link_beside, a_pipe_beside, a_folder, no_time, odd_marks, too_large]
    for spoil in bad:
        path = submission(root, spoil.__name__)
        write(notebook(RIGHT), path)
        spoil(path)
    write(notebook(WRONG), submission(root, "ada"))
    return root, {o.submission.student: o for o in outcomes(root, pool)}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (no_json, "no Jupyter notebook"),
        (no_notebook, "no Jupyter notebook"),
        (another_chapter, "notebook of the chapter '99_other'"),
        (another_notebook, "not this assignment's notebook"),
        (another_name, "no demo.ipynb. Instead there is: Untitled.ipynb"),
        (nothing, "no demo.ipynb. It has no notebook"),
        (a_link, "demo.ipynb is a link"),
        (a_link_beside, "data.csv is a link"),
        (a_pipe_beside, "data.csv is neither a file nor a folder"),
        (odd_marks, "not this assignment's notebook"),
        (a_folder, "has no demo.ipynb"),
        (no_time, "timestamp.txt must hold a time"),
        (too_large, "at most 67108864 are read"),
    ],
)
def test_a_bad_submission_is_named_and_the_rest_is_graded(with_bad_ones, spoil, said):
    root, found = with_bad_ones
    outcome = found[spoil.__name__]
    assert outcome.status is Status.FAILED
    assert said in outcome.problem
    problem = root / "course" / "grading" / CHAPTER / spoil.__name__ / "problem.txt"
    assert problem.read_text() == outcome.problem
    assert found["ada"].status is Status.GRADED
    assert scores(root, "ada") == scores(root, "ben")


def test_a_mended_submission_has_no_problem_any_more(with_bad_ones, pool):
    root, _ = with_bad_ones
    write(notebook(RIGHT), submission(root, "no_json"))
    assert statuses(root, pool, students=["no_json"]) == {"no_json": Status.GRADED}
    assert not (root / "course" / "grading" / CHAPTER / "no_json" / "problem.txt").exists()


def test_a_student_who_handed_in_nothing_is_named(graded, pool, tmp_path):
    root = copy_course(graded, tmp_path / "root")
    assert told(root, pool, "zed") == "zed handed in nothing for demo."
    assert statuses(root, pool, students=["ada", "zed"])["ada"] is Status.UNCHANGED


def test_a_chapter_that_the_gradebook_lacks_is_told(graded, pool, tmp_path):
    root = copy_course(graded, tmp_path / "root")
    other = root / "course" / "submitted" / "ada" / "other"
    write(notebook(RIGHT), other / "other.ipynb")
    found = {o.submission.chapter: o for o in outcomes(root, pool, students=["ada"])}
    assert "no assignment other" in found["other"].problem
    assert found[CHAPTER].status is Status.UNCHANGED


def test_a_chapter_that_nobody_handed_in_is_refused(ungraded):
    with pytest.raises(CourseError, match=r"a chapter 'dem'\. There is: demo"):
        find_submissions(open_course(ungraded), chapters=["dem"])


def test_an_empty_class_is_refused(repository, tmp_path):
    course = open_course(new_course(repository, tmp_path / "root"))
    with pytest.raises(CourseError, match="There is no submission"):
        find_submissions(course)


def spoil_gradebook(path, how):
    if how == "missing":
        path.unlink()
    elif how == "no database":
        path.write_text("no database" * 100)
    else:
        path.unlink()
        from nbgrader.api import Gradebook

        Gradebook(f"sqlite:///{path}", "biology").close()


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("missing", "There is no gradebook"),
        ("no database", "cannot be read: "),
        ("another course's", "not of the course 'toy-models' but of 'biology'"),
    ],
)
def test_a_gradebook_that_cannot_be_used_is_named_and_left_alone(ungraded, tmp_path, how, said):
    root = copy_course(ungraded, tmp_path / "root")
    path = root / "course" / "gradebook.db"
    spoil_gradebook(path, how)
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(CourseError, match=said):
        outcomes(root, Mock(spec=Pool))
    assert (path.read_bytes() if path.exists() else None) == before


def test_an_isolation_that_does_not_exist_is_refused(ungraded):
    with pytest.raises(CourseError, match="--isolation must be one of"):
        open_course(ungraded, isolation="hope")


def test_no_jobs_are_refused():
    with (
        pytest.raises(CourseError, match="--jobs must be at least 1; got 0"),
        local_pool(0, course=""),
    ):
        pass


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://here"])
def test_a_scheduler_that_does_not_answer_is_named(address, monkeypatch):
    monkeypatch.setattr(pools, "_TIMEOUT", 1)
    with (
        pytest.raises(CourseError, match=f"No Dask scheduler answers at {address}"),
        cluster_pool(address, course=""),
    ):
        pass
