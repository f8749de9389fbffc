"""Answers that no slip names, a module of right and one of wrong answers for each chapter.

Each is named for what is unusual or wrong with it. Most wrong ones start from the right value and
spoil one thing, which keeps them short and shows what is spoilt. All right ones must earn full
marks, no wrong one may.
"""

from importlib import import_module
from pkgutil import iter_modules

from answers.filing import RIGHT, WRONG

for _module in iter_modules(__path__):
    import_module(f"answers.{_module.name}")

__all__ = ["RIGHT", "WRONG"]
