"""nbgrader's settings for this course. Run nbgrader's commands in this folder."""

from pathlib import Path

c = get_config()  # noqa: F821  (nbgrader provides it)

c.CourseDirectory.course_id = "toy-models"
c.CourseDirectory.root = str(Path(__file__).parent.resolve())
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError()"}
c.ClearSolutions.text_stub = "*Your answer here.*"

# As nbgrader's own list, with ExecuteAnswers in the place of Execute.
c.Autograde.autograde_preprocessors = [
    "autograder.nbgrader_plugin.ExecuteAnswers",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.ExecuteAnswers.timeout = 60  # seconds a cell; a check stops an answer after 10 by itself
