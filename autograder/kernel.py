"""Runs a notebook's cells in a Jupyter kernel of their own."""

from pathlib import Path

from nbclient import NotebookClient
from nbformat import NotebookNode


def execute(
    notebook: NotebookNode, folder: Path, *, seconds_per_cell: int, allow_errors: bool
) -> None:
    """Executes every cell of a notebook in place, whatever its tags say.

    Args:
        notebook: Gets the outputs.
        folder: Working directory of the kernel.
        seconds_per_cell: A cell that takes longer is interrupted and ends with an error.
        allow_errors: Whether to go on after a cell that raises.

    Raises:
        nbclient.exceptions.CellExecutionError: If a cell raises and `allow_errors` is false.
    """
    NotebookClient(
        notebook,
        timeout=seconds_per_cell,
        interrupt_on_timeout=True,
        allow_errors=allow_errors,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        skip_cells_with_tag="",
        extra_arguments=["--IPKernelApp.log_level=40"],  # errors only: no advice on transports
    ).execute()
