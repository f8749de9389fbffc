"""Finds answers that are not the student's own: those that use the function they should write.

Two ways together. A look at the answer's cell finds what it says: an import, an attribute, a
`getattr`. While the answer runs, the library's function refuses to be called by anybody but the
library, whatever name it goes by; functions of the library that use it work as always, and so do
answers that call those. Neither finds a copy of the function's source, nor a process that was made
to forget the refusal: whoever goes so far can as well copy.
"""

import ast
import contextlib
import functools
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from types import CodeType, FunctionType
from typing import Any

import tms_lib
from autograder.problems import BorrowedError

_LIBRARY = tms_lib.__name__
_MODULES = {module.name for module in pkgutil.iter_modules(tms_lib.__path__)}
_MAX_CHARACTERS = 2**16  # of a cell that is looked at; parsing takes memory
_MAGIC = re.compile(r"^(\s*)[%!].*", re.MULTILINE)


def says_reference(source: str, name: str, *, earlier: Sequence[str] = ()) -> bool:
    """Whether a cell imports or names the library's function, or imports the solutions.

    Args:
        source: The cell.
        name: The function's name, which is the exercise's.
        earlier: Cells that ran before, which may have given the library other names.
    """
    tree = _parse(source)
    if tree is None:
        return False  # nobody's Python; what it does is found when it runs
    aliases = {_LIBRARY}.union(*map(_aliases, (*earlier, source)))
    return any(_says(node, name, aliases) for node in ast.walk(tree))


def _parse(source: str) -> ast.Module | None:
    if len(source) > _MAX_CHARACTERS:
        return None
    try:
        return ast.parse(_MAGIC.sub(r"\1pass", source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@functools.lru_cache(maxsize=256)  # every exercise of a notebook asks for the same cells
def _aliases(source: str) -> frozenset[str]:
    """The names that imports give to the library and its modules."""
    found: set[str] = set()
    tree = _parse(source)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Import):
            names = [a for a in node.names if a.name.split(".")[0] == _LIBRARY and a.asname]
        elif isinstance(node, ast.ImportFrom) and _is_of(node.module, _LIBRARY):
            names = [a for a in node.names if a.name in _MODULES]
        else:
            continue
        found.update(alias.asname or alias.name for alias in names)
    return frozenset(found)


def _says(node: ast.AST, name: str, aliases: set[str]) -> bool:
    if isinstance(node, ast.Import):
        return any(_is_of(alias.name, "solutions") for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        imported = _is_of(node.module, _LIBRARY) and name in [alias.name for alias in node.names]
        return imported or _is_of(node.module, "solutions")
    if isinstance(node, ast.Attribute):
        return node.attr == name and _is_library(node.value, aliases)
    if isinstance(node, ast.Subscript):
        space = node.value
        if isinstance(space, ast.Call) and len(space.args) == 1:  # vars(...)
            space = space.args[0]
        return _is_text(node.slice, name) and _is_library(space, aliases)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) > 1:
        named = node.func.id == "getattr" and _is_text(node.args[1], name)
        return named and _is_library(node.args[0], aliases)
    return False


def _is_of(module: str | None, package: str) -> bool:
    return (module or "").split(".")[0] == package


def _is_text(node: ast.AST, text: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == text


def _is_library(node: ast.AST, aliases: set[str]) -> bool:
    """Whether it is one of the names, an attribute of one, or a call that imports the library."""
    while isinstance(node, ast.Attribute):
        node = node.value
    if isinstance(node, ast.Call) and len(node.args) == 1:
        (what,) = node.args
        return isinstance(what, ast.Constant) and _is_of(str(what.value), _LIBRARY)
    return isinstance(node, ast.Name) and node.id in aliases


def qualified_name(function: Callable[..., Any]) -> str:
    """Where a function is defined, as the two sides of the boundary call it."""
    return f"{function.__module__}.{function.__qualname__}"


class Withheld:
    """A function of the library that only the library may call.

    Args:
        function: The function. What is bound to it keeps it: its code is what is exchanged.

    Attributes:
        asked: Whether somebody else called it.
    """

    _now: "Withheld"  # the one whose code is exchanged

    def __init__(self, function: FunctionType) -> None:
        self.asked = False
        self._function = function
        self._code = function.__code__
        self._original = FunctionType(
            self._code,
            function.__globals__,
            function.__name__,
            function.__defaults__,
            function.__closure__,
        )
        self._original.__kwdefaults__ = function.__kwdefaults__

    def __enter__(self) -> "Withheld":
        Withheld._now = self
        self._function.__code__ = _refusal(self._code)
        return self

    def __exit__(self, *_: object) -> None:
        self._function.__code__ = self._code

    def call(self, caller: dict[str, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The function itself, for callers with the globals of one of the library's modules."""
        module = sys.modules.get(str(caller.get("__name__")))
        is_ours = (
            module is not None and vars(module) is caller and _is_of(module.__name__, _LIBRARY)
        )
        if is_ours:
            return self._original(*args, **kwargs)
        self.asked = True
        raise BorrowedError(BorrowedError.sentence)


def _refuse(*args: Any, **kwargs: Any) -> Any:
    """Stands in for the code of a withheld function, so it sees no globals but that one's."""
    import sys

    from autograder.borrowed import Withheld

    return Withheld._now.call(sys._getframe(1).f_globals, args, kwargs)


def _refusal(code: CodeType) -> CodeType:
    return _refuse.__code__.replace(co_freevars=code.co_freevars)


@contextlib.contextmanager
def withheld(function: Callable[..., Any] | None) -> Iterator[None]:
    """Keeps a function of the library from an answer; nothing if it is None.

    Raises:
        BorrowedError: If the answer called it, also if the answer let nobody see the refusal.
    """
    if not isinstance(function, FunctionType):
        yield
        return
    with Withheld(function) as guard:
        try:
            yield
        finally:
            if guard.asked:
                raise BorrowedError(BorrowedError.sentence)
