"""nbgrader's settings for this course. Run nbgrader's commands in this folder."""

from pathlib import Path

c = get_config()  # noqa: F821  (nbgrader provides it)

c.CourseDirectory.course_id = "toy-models"
c.CourseDirectory.root = str(Path(__file__).parent.resolve())
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError()"}
c.ClearSolutions.text_stub = "*Your answer here.*"

# As nbgrader's own lists, with OwnFilesOnly first, DropUnreadable in the place of DeduplicateIds,
# RestoreChecks in that of OverwriteCells and HarmlessText after it, and IsolatedExecute in that of
# Execute.
c.Autograde.sanitize_preprocessors = [
    "autograder.nbgrader_plugin.OwnFilesOnly",
    "nbgrader.preprocessors.ClearOutput",
    "autograder.nbgrader_plugin.DropUnreadable",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "autograder.nbgrader_plugin.RestoreChecks",
    "autograder.nbgrader_plugin.HarmlessText",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    "autograder.nbgrader_plugin.IsolatedExecute",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
