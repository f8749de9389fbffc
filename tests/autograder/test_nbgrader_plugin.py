import json
import warnings
from typing import Any

import pytest
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import v4
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.utils import determine_grade

from autograder.build import course_config
from autograder.errors import CourseError
from autograder.exercises import find
from autograder.nbgrader_plugin import HarmlessText, IsolatedExecute, grading_api
from autograder.records import refuse_unprotected, unprotected

POINTS = find("density").points
RIGHT = "def density(sparsity):\n    return 1 - sparsity"
WRONG = "def density(sparsity):\n    return sparsity"
GRADED = {
    "schema_version": 3,
    "grade": True,
    "solution": False,
    "locked": True,
    "task": False,
    "points": POINTS,
    "grade_id": "check-density",
}


def check_cell(source='check("density")', grade_id="check-density", **metadata):
    nbgrader = {**GRADED, "grade_id": grade_id}
    return v4.new_code_cell(source, metadata={"nbgrader": nbgrader, **metadata})


def answer_cell(source):
    metadata = {**GRADED, "grade": False, "solution": True, "locked": False, "grade_id": "density"}
    del metadata["points"]
    return v4.new_code_cell(source, metadata={"nbgrader": metadata})


def executed(tmp_path, *cells):
    execute = IsolatedExecute(isolation="process")
    notebook = v4.new_notebook(cells=list(cells))
    execute.preprocess(notebook, ResourcesDict(metadata={"path": str(tmp_path)}))
    return notebook


@pytest.mark.parametrize(
    ("source", "points"),
    [
        (RIGHT, POINTS),
        (WRONG, None),
        ("raise NotImplementedError", 0),
        (f"import sys\nprint('no harm', file=sys.stderr)\n{RIGHT}", POINTS),
        (f"print('x' * 10**7)\n{RIGHT}", POINTS),
        (RIGHT.replace("    ", "    print('x' * 10**6)\n    "), POINTS),
    ],
)
def test_a_check_ends_with_a_report_and_a_score(tmp_path, source, points):
    answer, check = executed(tmp_path, answer_cell(source), check_cell()).cells
    assert answer.outputs == []
    assert [output.output_type for output in check.outputs] == ["stream", "execute_result"]
    assert check.outputs[0].name == "stdout"
    assert "density: " in check.outputs[0].text
    got, maximum = determine_grade(check)
    assert maximum == POINTS
    assert got is not None
    assert got < POINTS if points is None else got == points


def test_explore_cells_are_not_run_and_students_own_cells_are(tmp_path):
    explore = v4.new_code_cell("density = None", metadata={"tms": {"kind": "explore"}})
    helper = v4.new_code_cell("def helper(s):\n    return 1 - s")
    answer = answer_cell("def density(sparsity):\n    return helper(sparsity)")
    notebook = executed(tmp_path, helper, answer, explore, check_cell())
    assert determine_grade(notebook.cells[-1]) == (POINTS, POINTS)


@pytest.mark.parametrize(
    "check",
    [
        check_cell(tags=["skip-execution"]),
        check_cell(tms={"kind": "explore"}),
        check_cell("100.0"),
        check_cell("import os; os._exit(1)"),
    ],
)
def test_what_a_check_cell_says_plays_no_role(tmp_path, check):
    check.outputs = [v4.new_output("execute_result", data={"text/plain": "100.0"})]
    notebook = executed(tmp_path, answer_cell(WRONG), check)
    score, _ = determine_grade(notebook.cells[1])
    assert score is not None
    assert score < POINTS


def test_a_check_of_no_exercise_earns_nothing_and_says_so(tmp_path):
    (check,) = executed(tmp_path, check_cell(grade_id="check-nothing")).cells
    assert determine_grade(check) == (0, POINTS)
    assert "no exercise of this course" in check.outputs[0].text


def test_the_weaker_isolation_is_told_in_every_report(tmp_path):
    _, check = executed(tmp_path, answer_cell(RIGHT), check_cell()).cells
    assert check.outputs[0].text.startswith("Graded without a sandbox")


# A course of one chapter, whose students do odd things to their notebooks


def reflagged(**changes):
    cell = check_cell("3.0")
    cell.metadata["nbgrader"].update(changes)
    return cell


OLD = v4.new_code_cell("3.0", metadata={"nbgrader": {"grade": True, "grade_id": "check-density"}})
SUBMISSIONS = {
    "right": [answer_cell(RIGHT), check_cell()],
    "wrong": [answer_cell(WRONG), check_cell()],
    "copied": [answer_cell(WRONG), check_cell(), check_cell("3.0")],
    "deleted": [answer_cell(WRONG)],
    "deleted-both": [v4.new_code_cell(RIGHT)],
    "above": [check_cell(), answer_cell(RIGHT)],
    "edited": [answer_cell(WRONG), check_cell("3.0")],
    "unreadable": [answer_cell(WRONG), OLD],
    "worth-more": [answer_cell(RIGHT), reflagged(points=100)],
    "not-graded": [answer_cell(WRONG), reflagged(grade=False)],
    "by-hand": [answer_cell(WRONG), reflagged(solution=True)],
    "as-text": [
        answer_cell(WRONG),
        v4.new_markdown_cell("3.0", metadata={"nbgrader": {**GRADED, "cell_type": "markdown"}}),
    ],
    "named": [answer_cell(RIGHT), check_cell(), check_cell(grade_id="check-mine")],
    "shadowing": [answer_cell(f"import torch\n{RIGHT}"), check_cell()],
    "odd-marks": [
        *(v4.new_code_cell("1", metadata={"nbgrader": marks}) for marks in (3, [], {})),
        *(reflagged(grade_id=name) for name in ([], {"a": 1}, None)),
        *(v4.new_code_cell("1", metadata={"tms": marks}) for marks in (3, [], "explore")),
        answer_cell(RIGHT),
        check_cell(),
    ],
    "half-a-character": [v4.new_markdown_cell("\ud800"), answer_cell(f"x = '\ud800'\n{RIGHT}")],
}
RIGHT_ONES = {"right", "deleted-both", "above", "worth-more", "named", "shadowing"}
RIGHT_ONES |= {"odd-marks", "half-a-character"}


@pytest.fixture(scope="module")
def course(repository, tmp_path_factory):
    """The settings and the folder of the course, with everybody's submission graded."""
    root = tmp_path_factory.mktemp("course")
    solution = "def density(sparsity):\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION"
    source = v4.new_notebook(cells=[answer_cell(solution), check_cell()])
    write(source, root / "source" / "demo" / "demo.ipynb")
    config = course_config(repository)
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.db_url = f"sqlite:///{root}/gradebook.db"
    config.Application.log_level = "ERROR"
    config.IsolatedExecute.isolation = "process"
    api = NbGraderAPI(config=config)
    assert api.generate_assignment("demo")["success"]
    for student, cells in SUBMISSIONS.items():
        write(v4.new_notebook(cells=cells), root / "submitted" / student / "demo" / "demo.ipynb")
    beside = root / "submitted" / "shadowing" / "demo"
    (beside / "torch.py").write_text("raise SystemExit")
    (beside / "stolen.db").symlink_to(root / "gradebook.db")
    linked = root / "submitted" / "linked" / "demo"
    linked.mkdir(parents=True)
    (linked / "demo.ipynb").symlink_to(root / "submitted" / "right" / "demo" / "demo.ipynb")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nbgrader's own use of its database warns
        logs = {
            path.name: api.autograde("demo", path.name)
            for path in sorted((root / "submitted").iterdir())
        }
    return config, root, logs


def write(notebook, path):
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")  # nbformat would refuse the odd ones


@pytest.mark.filterwarnings("ignore")  # nbgrader's own use of its database
@pytest.mark.parametrize("student", SUBMISSIONS)
def test_a_grade_is_what_the_answer_deserves(course, student):
    config, _, logs = course
    assert logs[student]["success"], logs[student]["log"]
    with Gradebook(config.CourseDirectory.db_url) as gradebook:
        submission = gradebook.find_submission("demo", student)
        wrong = gradebook.find_submission("demo", "wrong").score
        assert wrong is not None
        assert wrong < POINTS
        assert submission.score == (POINTS if student in RIGHT_ONES else wrong)
        assert submission.max_score == POINTS


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("<script>grade(100)</script>", "< script>grade(100)< /script>"),
        ("a <img src=x onerror=grade(100)>", "a < img src=x onerror=grade(100)>"),
        ("<details open ontoggle=grade(100)>", "< details open ontoggle=grade(100)>"),
        ("<DETAILS><!-- --><?php ?>", "< DETAILS>< !-- -->< ?php ?>"),
        ("<https://a' onclick='grade(100)>", "< https://a' onclick='grade(100)>"),
        ("<details>\n<summary>Hint</summary>\n</details>", None),
        ("<https://arxiv.org> and $a < b <= 3$", None),
        ("$x<y$", "$x< y$"),
        ("[a](javascript:grade(100))", "[a](javascript :grade(100))"),
        ("[a]\n\n[a]: JavaScript\\:grade(100)", "[a]\n\n[a]: JavaScript \\:grade(100)"),
        ("[a](&#106;avascript&colon;grade(100))", "[a](& #106;avascript& colon;grade(100))"),
        ("$\\href{java#1}{x}$", "$\\ href{java#1}{x}$"),
        ("[a](&amp;#106;avascript:b)", "[a](& amp;#106;avascript:b)"),
        ("a &amp; b &lt; c, $a & b &c$ and javascript", None),
    ],
)
def test_text_has_no_html_that_does_anything(source, shown):
    for make in (v4.new_markdown_cell, v4.new_raw_cell):
        cell, _ = HarmlessText().preprocess_cell(make(source), ResourcesDict(), 0)
        assert cell.source == (shown or source)
    code, _ = HarmlessText().preprocess_cell(v4.new_code_cell(source), ResourcesDict(), 0)
    assert code.source == source


def test_a_linked_notebook_is_refused_by_name_and_the_rest_is_graded(course):
    _, _, logs = course
    assert not logs["linked"]["success"]
    assert "is a link" in logs["linked"]["log"]


def test_nothing_beside_the_notebook_is_kept(course):
    _, root, _ = course
    kept = [path.name for path in (root / "autograded" / "shadowing" / "demo").iterdir()]
    assert kept == ["demo.ipynb"]


@pytest.mark.filterwarnings("ignore")
def test_grades_that_no_record_confirms_are_named(course):
    config, root, _ = course
    with Gradebook(config.CourseDirectory.db_url) as gradebook:
        found = list(unprotected(root, gradebook, "demo"))
        assert any("right, demo, check-density" in text for text in found)
        assert all("without a sandbox" in text for text in found)
        grade: Any = gradebook.find_grade("check-density", "demo", "demo", "wrong")
        before, grade.auto_score = grade.auto_score, POINTS
        try:
            with pytest.raises(CourseError, match=r"wrong, demo.*not given by the isolated checks"):
                refuse_unprotected(root, gradebook, "demo")
        finally:
            grade.auto_score = before


def test_the_api_with_the_courses_settings_grades_in_isolation(repository, tmp_path):
    assert grading_api(repository).config.Autograde.autograde_preprocessors
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "nbgrader_config.py").write_text("c = get_config()\n")
    with pytest.raises(CourseError, match="does not grade in isolation"):
        grading_api(tmp_path)
