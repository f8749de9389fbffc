"""Finds answers that are not the student's own: those that use the function they should write.

Two ways together. A look at the answer's cell finds what it says: an import, an attribute, a
`getattr`. While the answer runs, the library's function, and whatever a notebook made of its code,
refuses to be called by anybody but the library, whatever name it goes by; functions of the library
that use it work as always, and so do answers that call those. Of a class, all methods refuse.
Neither finds a copy of the function's source or a trace of it, nor a process that was made to
forget the refusal: whoever goes so far can as well copy.
"""

import ast
import contextlib
import itertools
import pkgutil
import re
import sys
from collections.abc import Callable, Collection, Iterator
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

import torch

import tms_lib
from autograder.problems import BorrowedError

_LIBRARY = tms_lib.__name__
_MODULES = {module.name for module in pkgutil.iter_modules(tms_lib.__path__)}
_MAX_CHARACTERS = 2**16  # of a cell that is looked at; parsing takes memory
_MAGIC = re.compile(r"^([^\S\n]*)[%!].*", re.MULTILINE)  # not \s: empty lines take n^2 steps


def says_reference(source: str, name: str, *, aliases: Collection[str] = ()) -> bool:
    """Whether a cell imports or names the library's function, or imports the solutions.

    Args:
        source: The cell.
        name: The function's name, which is the exercise's.
        aliases: From `library_aliases` of the cells that ran before.
    """
    tree = _parse(source)
    if tree is None:
        return False  # nobody's Python; what it does is found when it runs
    known = {_LIBRARY, *aliases, *_aliases(tree)}
    return any(_says(node, name, known) for node in ast.walk(tree))


def library_aliases(source: str) -> set[str]:
    """The names that a cell's imports give to the library and its modules."""
    tree = _parse(source)
    return _aliases(tree) if tree else set()


def _parse(source: str) -> ast.Module | None:
    if len(source) > _MAX_CHARACTERS:
        return None
    try:
        return ast.parse(_MAGIC.sub(r"\1pass", source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _aliases(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [a for a in node.names if a.name.split(".")[0] == _LIBRARY and a.asname]
        elif isinstance(node, ast.ImportFrom) and _is_of(node.module, _LIBRARY):
            names = [a for a in node.names if a.name in _MODULES]
        else:
            continue
        found.update(alias.asname or alias.name for alias in names)
    return found


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
    """Where a function or class is defined, as the two sides of the boundary call it."""
    return f"{function.__module__}.{function.__qualname__}"


class Withheld:
    """A function or class of the library that only the library may call.

    Args:
        reference: What it is. What is bound to it keeps it: its code is what is exchanged.

    Attributes:
        asked: Whether somebody else called it.
    """

    _now: "Withheld"  # the one whose code is exchanged
    modules = torch.nn.modules.module.__file__  # whose code calls a module's forward

    def __init__(self, reference: FunctionType | type) -> None:
        self.asked = False
        self._depth = 0  # of calls that were allowed
        self._codes = {each: each.__code__ for each in _all_of(reference)}
        # by the identity of the code that refuses in its place
        self._originals: dict[int, FunctionType] = {}

    def __enter__(self) -> "Withheld":
        Withheld._now = self
        for function, code in self._codes.items():
            original = FunctionType(
                code,
                function.__globals__,
                function.__name__,
                function.__defaults__,
                function.__closure__,
            )
            original.__kwdefaults__ = function.__kwdefaults__
            function.__code__ = _refuse.__code__.replace(co_freevars=code.co_freevars)
            self._originals[id(function.__code__)] = original
        return self

    def __exit__(self, *_: object) -> None:
        for function, code in self._codes.items():
            function.__code__ = code

    def call(
        self, caller: FrameType, refusal: CodeType, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """The function itself, for callers that are functions of the library's modules."""
        module = sys.modules.get(str(caller.f_globals.get("__name__")))
        is_ours = (
            module is not None
            and vars(module) is caller.f_globals
            and _is_of(module.__name__, _LIBRARY)
            and module.__file__ == caller.f_code.co_filename  # or text that it was made to run
        )
        if not is_ours and not self._depth:
            self.asked = True
            raise BorrowedError(BorrowedError.sentence)
        self._depth += 1  # what a decorator calls is called by the decorator's module
        try:
            return self._originals[id(refusal)](*args, **kwargs)
        finally:
            self._depth -= 1


def _all_of(reference: FunctionType | type) -> list[FunctionType]:
    """A function or a class's methods, what their decorators wrap, and what a notebook made of it.

    A module that is imported anew, or a function made by hand, is no object that the library knows;
    its code still names the library's file and line.
    """
    layers = [_layers(function) for function in _functions(reference)]
    own = vars(sys.modules["__main__"]).copy()  # the notebook's names
    spaces = [vars(m) for m in (*sys.modules.values(), *own.values()) if type(m) is ModuleType]
    found = (*own.values(), *(space.get(reference.__name__) for space in spaces))
    places = {_place(innermost) for *_, innermost in layers}
    found = (each for value in found for each in _with_bases(value))
    made = (f for each in found for outer in _functions(each) for f in _layers(outer))
    made = (function for function in made if _place(function) in places)
    return list(dict.fromkeys((*itertools.chain(*layers), *made)))


def _with_bases(value: Any) -> tuple[Any, ...]:
    """A class and all that it inherits from; anything else by itself."""
    return value.__mro__ if _is_class(value) else (value,)


def _is_class(value: Any) -> bool:
    """Whether it is one, and does not just say so."""
    return issubclass(type(value), type)


def _functions(value: Any) -> Iterator[FunctionType]:
    """The value itself if it is a function, its methods if it is a class."""
    for each in tuple(vars(value).values()) if _is_class(value) else (value,):
        if type(each) is FunctionType:
            yield each


def _layers(function: FunctionType) -> list[FunctionType]:
    """A function, and those that its decorators wrap."""
    layers = [function]
    while type(inner := getattr(layers[-1], "__wrapped__", None)) is FunctionType:
        if inner in layers:
            break  # a notebook's function may wrap itself
        layers.append(inner)
    return layers


def _place(function: FunctionType) -> tuple[str, int]:
    return function.__code__.co_filename, function.__code__.co_firstlineno


def _refuse(*args: Any, **kwargs: Any) -> Any:
    """Stands in for the code of a withheld function, so it sees no globals but that one's."""
    import sys

    from autograder.borrowed import Withheld

    own, caller = sys._getframe(), sys._getframe(1)
    while caller.f_back and caller.f_code.co_filename == Withheld.modules:  # a module is called
        caller = caller.f_back
    return Withheld._now.call(caller, own.f_code, args, kwargs)


@contextlib.contextmanager
def withheld(reference: Callable[..., Any] | None) -> Iterator[None]:
    """Keeps a function or class of the library from an answer; nothing if it is None.

    Raises:
        BorrowedError: If the answer called it, also if the answer let nobody see the refusal.
    """
    if not isinstance(reference, FunctionType | type):
        yield
        return
    with Withheld(reference) as guard:
        try:
            yield
        finally:
            if guard.asked:
                raise BorrowedError(BorrowedError.sentence)
