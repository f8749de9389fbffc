"""Grading's place in nbgrader: what runs instead of its own `Execute`."""

from typing import Any

from nbformat import NotebookNode, v4
from nbgrader.preprocessors import Execute
from nbgrader.utils import is_grade


class ExecuteAnswers(Execute):
    """Executes a submission without its explore cells, and leaves a score on every graded cell.

    nbgrader gives full points to a graded cell without output, so one that ends without a number
    gets an error here, and a tag that says "skip me" counts for nothing.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.skip_cells_with_tag = ""

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        if (
            cell.metadata.get("tms", {}).get("kind") == "explore"
            and "nbgrader" not in cell.metadata
        ):
            return cell, resources
        cell, resources = super().preprocess_cell(cell, resources, index)
        if cell.cell_type == "code" and is_grade(cell) and not any(map(_is_final, cell.outputs)):
            problem = "The check ended without a score."
            cell.outputs.append(
                v4.new_output("error", ename="NoScore", evalue=problem, traceback=[problem])
            )
        return cell, resources


def _is_final(output: NotebookNode) -> bool:
    return output.output_type in ("error", "execute_result")
