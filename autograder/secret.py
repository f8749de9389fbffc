"""What only the instructor has: the seed of the graded checks, and checks of their own."""

import dataclasses
import hashlib
import importlib.util
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from autograder.errors import CourseError
from autograder.exercise import Check, Exercise

VARIABLE = "TMS_SEED"
FILE = Path("~/.config/tms/seed")
DEFAULT_SEED = 0


def grading_seed() -> int:
    """The seed of the graded checks' inputs, from any secret text.

    It is the variable TMS_SEED's, else that of the file ~/.config/tms/seed, else `DEFAULT_SEED`,
    with which the graded inputs are those that every student's own checks use.

    Raises:
        CourseError: If the file is no text.
    """
    path = FILE.expanduser()
    try:
        text = os.environ.get(VARIABLE, "") or (path.read_text("utf-8") if path.is_file() else "")
    except UnicodeDecodeError:
        raise CourseError(f"The seed in {path} must be text, in UTF-8.") from None
    if not text.strip():
        return DEFAULT_SEED
    return int.from_bytes(hashlib.sha256(text.strip().encode()).digest()[:7])


def private_checks(folder: Path) -> dict[str, list[Check]]:
    """Checks by exercise, from a folder of Python modules outside the repository.

    Each module has a dictionary `CHECKS` from an exercise's name to a sequence of checks.

    Raises:
        CourseError: If the folder or a module's `CHECKS` does not exist.
    """
    if not folder.is_dir():
        raise CourseError(f"There is no folder {folder} with private checks.")
    found: dict[str, list[Check]] = {}
    for path in sorted(folder.glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"private_checks_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        if not isinstance(getattr(module, "CHECKS", None), dict):
            raise CourseError(f"{path} needs CHECKS, a dictionary from exercises to checks.")
        for name, checks in module.CHECKS.items():
            found.setdefault(name, []).extend(checks)
    return found


def with_private(exercise: Exercise, private: Mapping[str, Sequence[Check]]) -> Exercise:
    """The exercise with the instructor's checks after its own, for the same points."""
    added = private.get(exercise.name, ())
    return dataclasses.replace(exercise, checks=(*exercise.checks, *added)) if added else exercise
