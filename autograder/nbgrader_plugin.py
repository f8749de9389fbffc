"""Grading's place in nbgrader: what runs instead of some of its own preprocessors."""

from typing import Any

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode, v4
from nbgrader.nbgraderformat import SCHEMA_VERSION
from nbgrader.preprocessors import DeduplicateIds, Execute, OverwriteCells
from nbgrader.utils import is_grade


class DropUnreadable(DeduplicateIds):
    """Makes an ordinary cell of each copy, and of each cell with metadata of another version.

    nbgrader stops at such a cell, and the rest of the class is not graded.
    """

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        self._drop(nb)
        nb, resources = super().preprocess(nb, resources)
        self._drop(nb)  # of copies, nbgrader keeps the last and empties the metadata of the others
        return nb, resources

    def _drop(self, nb: NotebookNode) -> None:
        for cell in nb.cells:
            metadata = cell.metadata.get("nbgrader")
            if metadata is not None and metadata.get("schema_version") != SCHEMA_VERSION:
                del cell.metadata["nbgrader"]


class RestoreChecks(OverwriteCells):
    """Restores what students cannot change, and puts graded cells that they deleted at the end.

    nbgrader leaves them out, or puts them back only if the cell above is still there.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_missing_cells = True

    def add_missing_grade_cells(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        notebook = self.gradebook.find_notebook(self.notebook_id, self.assignment_id)
        present = {cell.metadata.nbgrader["grade_id"] for cell in nb.cells if is_grade(cell)}
        solutions = {cell.name for cell in notebook.solution_cells}
        sources = {cell.name: cell for cell in notebook.source_cells}
        for graded in notebook.grade_cells:
            if graded.name not in present:
                self.log.warning("The graded cell '%s' is missing; it is added again", graded.name)
                cell = self.missing_cell_transform(
                    sources[graded.name], graded.max_score, is_solution=graded.name in solutions
                )
                cell["id"] = graded.name
                nb.cells.append(cell)
        return nb, resources


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
