"""Submissions that try something, hostile or unlucky, each a function named for what it tries.

Every one is the same notebook with some cells changed: a right answer, one whose gradient is cut
and that earns a part, one that was never written. An attack is worth nothing if exactly that is
what the notebook earns, without what the attack itself destroys.
"""

from importlib import import_module
from pkgutil import iter_modules

from attacks.filing import ATTACKS, World, notebook

for _module in iter_modules(__path__):
    import_module(f"attacks.{_module.name}")

__all__ = ["ATTACKS", "World", "notebook"]
