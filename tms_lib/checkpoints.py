"""Files from which an interrupted training goes on as if nothing had happened."""

import os
import pickle
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from tms_lib.features import check_positive


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """Where `train` keeps its state, and how often.

    If the file is there, training goes on from it; a finished run returns at once. It must come
    from the same settings, start and data.

    Args:
        path: The file. Its folder must exist.
        every: Steps between two saves.

    Raises:
        ValueError: If `every` is below 1, or the file cannot be written.
    """

    path: Path
    every: int = 500

    def __post_init__(self) -> None:
        check_positive(every=self.every)
        try:
            with tempfile.TemporaryFile(dir=self.path.parent):
                pass
        except OSError as error:
            raise ValueError(
                f"path of the checkpoint must lie in a folder that can be written; "
                f"{self.path.parent}: {error.strerror}."
            ) from None

    def load(self, *, run: str) -> dict[str, Any] | None:
        """The state that `save` left, or None without a file.

        Raises:
            ValueError: If the file is no checkpoint, or the checkpoint of another run.
        """
        if not self.path.exists():
            return None
        try:
            state = torch.load(self.path, weights_only=True)
            its_run = state.pop("run")
        except (OSError, RuntimeError, EOFError, pickle.UnpicklingError, KeyError, AttributeError):
            raise ValueError(
                f"{self.path} is no checkpoint. Name another file, or delete it."
            ) from None
        if its_run != run:
            raise ValueError(
                f"{self.path} is from a run with other settings, another start or other data. "
                "Name another file, or delete it."
            )
        return state

    def save(self, state: dict[str, Any], *, run: str) -> None:
        """Replaces the file at once and as a whole, so that no half of it is ever left."""
        descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                torch.save(state | {"run": run}, file)
            os.replace(name, self.path)
        except BaseException:
            os.unlink(name)
            raise
