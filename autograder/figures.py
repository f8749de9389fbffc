"""Draws figures of the paper into a folder: what `tms figures` does."""

import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from matplotlib.figure import Figure

from autograder.errors import CourseError
from tms_lib.figures import FIGURES, Claim

_DOTS_PER_INCH = 150


class Drawn(NamedTuple):
    """A figure that lies in the folder, and its claims."""

    name: str
    claims: list[Claim]
    seconds: float


def chosen(names: Sequence[str]) -> list[str]:
    """The figures named, each once; all if none is.

    Raises:
        CourseError: If there is no such figure.
    """
    for name in names:
        if name not in FIGURES:
            raise CourseError(f"There is no figure {name!r}. There are: {', '.join(FIGURES)}.")
    return list(dict.fromkeys(names or FIGURES))


def make_folder(folder: Path) -> None:
    """Makes the folder if need be, and makes sure that it can be written: training takes minutes.

    Raises:
        CourseError: If it cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CourseError(f"--out {folder} cannot be written: {error.strerror}.") from None


def draw(name: str, folder: Path, *, seed: int) -> Drawn:
    """Trains what a figure needs and leaves its picture in the folder, whole or not at all.

    Raises:
        CourseError: If it cannot be written.
    """
    start = time.perf_counter()
    figure, claims = FIGURES[name](seed=seed)
    try:
        _save(figure, folder / f"{name}.png")
    except OSError as error:
        raise CourseError(f"{name}.png cannot be written to {folder}: {error.strerror}.") from None
    return Drawn(name, claims, time.perf_counter() - start)


def _save(figure: Figure, path: Path) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        figure.savefig(part, format="png", dpi=_DOTS_PER_INCH)
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
