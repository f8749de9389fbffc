"""Tests of autograder.class_report and autograder.report_files."""

import csv
import json
from xml.etree import ElementTree

import pytest
from classes import CHAPTER, RIGHT, STUB, WRONG, new_course, notebook, submission, write
from matplotlib.patches import Rectangle

from autograder.class_grading import grade_class, open_course
from autograder.class_report import ClassReport, causes, class_report
from autograder.exercises import find
from autograder.grading import Grade
from autograder.likeness import Likeness
from autograder.pools import local_pool
from autograder.report_files import distribution, summary, write_report
from autograder.submissions import find_submissions

SLIP = find("gram").slips[0].says.splitlines()[0]
FILES = ["alike.csv", "distribution.png", "grades.csv", "junit.xml", "summary.json", "times.csv"]


def grade(exercise="gram", points=0.0, feedback="", seconds=0.1):
    return Grade(
        exercise=exercise,
        cell=f"check-{exercise}",
        points=points,
        maximum=1.0,
        isolation="bubblewrap",
        feedback=feedback,
        report="",
        seconds=seconds,
    )


def feedback(*told):
    lines = ["gram: 0 of 1 points", "  ✓ one that holds"]
    for text in told:
        lines += ["  ✗ a claim", f"      {text}", "      more of it"]
    return "\n".join([*lines, "  ✗ told before"])


@pytest.fixture
def report():
    wrong = grade(feedback=feedback(SLIP, "Your function raised ValueError."))
    other = grade(feedback=feedback("Your function raised ValueError.", "\x00 no XML"))
    return ClassReport(
        chapter="03_superposition",
        grades={
            "ada": [grade("embed", 1.0), grade(points=1.0)],
            "ben": [grade("embed", 0.5, feedback("It is late.")), wrong],
            "cleo": [grade("embed", 1.0), other],
        },
        problems={"dan": "dan.ipynb is no Jupyter notebook: <&>"},
        likenesses=[Likeness(cell="gram", size=10, students=("ada", "cleo"))],
    )


def test_causes_are_the_first_lines_of_what_was_told():
    assert causes(grade(feedback=feedback("This.", "That.", "This."))) == ["This.", "That."]
    assert causes(grade(points=1.0, feedback=feedback("This."))) == []
    assert causes(grade(feedback="gram: not graded\n  The check itself failed.")) == [
        "The check itself failed."
    ]


def test_slips_are_the_causes_that_the_exercise_knows(report):
    assert report.causes("gram") == {
        SLIP: 1,
        "Your function raised ValueError.": 2,
        "\x00 no XML": 1,
    }
    assert report.slips("gram") == {SLIP: 1}


def test_the_summary_counts_exercise_by_exercise(report):
    data = summary(report)
    embed, gram = data["exercises"]
    assert (embed["name"], embed["maximum"], embed["mean"]) == ("embed", 1.0, 0.833)
    assert gram["points"] == {"ada": 1.0, "ben": 0.0, "cleo": 0.0}
    assert gram["causes"][0] == {"text": "Your function raised ValueError.", "answers": 2}
    assert gram["slips"] == [{"text": SLIP, "answers": 1}]
    assert data["not_graded"] == report.problems
    assert data["alike"] == [{"cell": "gram", "size": 10, "students": ["ada", "cleo"]}]


def test_files_are_what_their_readers_expect(report, tmp_path):
    write_report(report, tmp_path / "new" / "folder")
    folder = tmp_path / "new" / "folder"
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert json.loads((folder / "summary.json").read_text())["chapter"] == report.chapter
    with (folder / "grades.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["student"], row["points"]) for row in rows] == [
        ("ada", "1.0"),
        ("ada", "1.0"),
        ("ben", "0.5"),
        ("ben", "0.0"),
        ("cleo", "1.0"),
        ("cleo", "0.0"),
        ("dan", ""),
    ]
    (suite,) = ElementTree.parse(folder / "junit.xml").getroot()
    assert suite.attrib | {} == {
        "name": report.chapter,
        "tests": "7",
        "failures": "3",
        "errors": "1",
    }
    assert [case.get("classname") for case in suite if case.find("error") is not None] == ["dan"]
    assert (folder / "distribution.png").read_bytes().startswith(b"\x89PNG")


def test_only_the_times_differ_when_grading_is_repeated(report, tmp_path):
    for name, seconds in (("first", 0.1), ("second", 0.2)):
        grades = {
            student: [grade(g.exercise, g.points, g.feedback, seconds) for g in grades]
            for student, grades in report.grades.items()
        }
        again = ClassReport(
            chapter=report.chapter,
            grades=grades,
            problems=report.problems,
            likenesses=report.likenesses,
        )
        write_report(again, tmp_path / name)
    for name in FILES:
        same = (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()
        assert same == (name != "times.csv")


def test_the_picture_counts_every_student_once_in_each_panel(report):
    panels = [ax for ax in distribution(report).axes if ax.axison]
    assert [ax.get_title() for ax in panels] == ["embed", "gram", "all exercises"]
    for ax in panels:
        assert sum(bar.get_height() for bar in ax.patches if isinstance(bar, Rectangle)) == 3
    # gram: two answers earned nothing and one the single point
    heights = [bar.get_height() for bar in panels[1].patches if isinstance(bar, Rectangle)]
    assert (heights[0], heights[-1]) == (2, 1)


def test_nobody_graded_gives_a_report_all_the_same(tmp_path):
    empty = ClassReport(chapter="x", grades={}, problems={"ada": "No."}, likenesses=[])
    write_report(empty, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore:unclosed")
def test_a_report_is_read_off_a_graded_class(repository, tmp_path):
    root = new_course(repository, tmp_path / "root")
    renamed = {name: source.replace("W", "V") for name, source in RIGHT.items()}
    class_ = {"ada": RIGHT, "ben": WRONG, "cleo": STUB, "dan": renamed, "eve": STUB}
    for student, answers in class_.items():
        write(notebook(answers), submission(root, student))
    submission(root, "eve").write_text("no notebook")
    course = open_course(root)
    with local_pool(1, course=course.root) as pool:
        list(grade_class(course, find_submissions(course), pool=pool))
    report = class_report(course, CHAPTER)
    assert report.exercises == ["density", "gram"]
    assert list(report.grades) == ["ada", "ben", "cleo", "dan"]
    assert list(report.problems) == ["eve"]
    assert sum(report.slips("gram").values()) == 1  # ben's, of the other axis
    alike = {likeness.cell: likeness.students for likeness in report.likenesses}
    assert alike == {"gram": ("ada", "dan"), "density": ("ada", "ben", "dan")}
