"""Reads a chapter's master and turns it into notebooks.

A master is a script in jupytext's percent format, the only file that an author edits. The title of
a cell is its tag:

    # %% setup                             imports; students cannot change it
    # %% prompt superposition [markdown]   what to do; the build adds difficulty, minutes and points
    # %% answer superposition              the student's cell
    # %% check superposition               one line, locked, graded
    # %% explore                           plots and long training; not run in grading
    # %% question rotation [markdown]      a written question
    # %% written rotation [markdown] points=2 minutes=5    its answer, graded by hand

Markdown without a tag is text. In an answer, the comment `# solution: tms_lib.metrics.gram` stands
for the body of that function; other solutions stand between nbgrader's own marks.
"""

import ast
import hashlib
import importlib
import inspect
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext
from nbformat import NotebookNode, v4

from autograder.errors import CourseError
from autograder.exercises import EXERCISES, find

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
_KINDS = {
    "setup": "code",
    "answer": "code",
    "check": "code",
    "explore": "code",
    "prompt": "markdown",
    "question": "markdown",
    "written": "markdown",
    "text": "markdown",
}
_NAMED = {"answer", "check", "prompt", "question", "written"}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of a master.

    Attributes:
        kind: Its tag's first word, or "text".
        name: Its tag's second word: the exercise or the written question; else "".
        source: Its text, with solutions filled in.
        points: Of a written question.
        minutes: Likewise.
    """

    kind: str
    name: str
    source: str
    points: int = 0
    minutes: int = 0


def read_master(path: Path) -> list[Cell]:
    """The cells of a master, checked.

    Raises:
        CourseError: If a tag is unknown, a name unknown or given twice, or the cells of an
            exercise are missing or out of order.
    """
    try:
        notebook = jupytext.read(path, fmt="py:percent")
    except Exception as error:
        raise CourseError(f"{path.name} is not in jupytext's percent format: {error}") from None
    cells = [
        _read_cell(raw, f"{path.name}, cell {number}")
        for number, raw in enumerate(notebook.cells, start=1)
    ]
    _check_order(cells, path.name)
    return cells


def source_notebook(cells: list[Cell], chapter: str) -> NotebookNode:
    """nbgrader's source notebook, solutions included."""
    return _notebook([_nbgrader_cell(cell) for cell in cells], cells, chapter)


def solution_notebook(cells: list[Cell], chapter: str) -> NotebookNode:
    """The notebook for reading: solutions without nbgrader's marks and metadata; not executed."""
    plain = []
    for cell in cells:
        lines = [line for line in _text(cell).splitlines() if line.strip() not in (BEGIN, END)]
        node = v4.new_code_cell if _KINDS[cell.kind] == "code" else v4.new_markdown_cell
        plain.append(node("\n".join(lines), metadata={"tms": _tag(cell)}))
    return _notebook(plain, cells, chapter)


def _notebook(nodes: list[NotebookNode], cells: list[Cell], chapter: str) -> NotebookNode:
    seen: dict[str, int] = {}
    for node, cell in zip(nodes, cells, strict=True):
        # The same cell gets the same id in every build; without a name, its ordinal tells it apart.
        key = f"{chapter} {cell.kind} {cell.name}"
        seen[key] = seen.get(key, 0) + 1
        node["id"] = hashlib.sha256(f"{key} {seen[key]}".encode()).hexdigest()[:12]
    metadata = {
        "kernelspec": {
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "name": "python3",
        },
        "language_info": {"name": "python"},
        "tms": {"chapter": chapter},
    }
    return v4.new_notebook(cells=nodes, metadata=metadata)


def _read_cell(raw: NotebookNode, where: str) -> Cell:
    metadata = dict(raw.metadata)
    metadata.pop("lines_to_next_cell", None)  # jupytext's note on blank lines
    kind, _, name = metadata.pop("title", "text" if raw.cell_type == "markdown" else "").partition(
        " "
    )
    if _KINDS.get(kind) != raw.cell_type:
        allowed = ", ".join(k for k, cell_type in _KINDS.items() if cell_type == raw.cell_type)
        raise CourseError(
            f"{where}: a {raw.cell_type} cell's tag is one of {allowed}; got {kind!r}"
        )
    if bool(name) != (kind in _NAMED):
        raise CourseError(f"{where}: the tag {kind!r} {'needs a' if not name else 'takes no'} name")
    if name and not re.fullmatch(r"[a-zA-Z0-9_-]+", name):
        raise CourseError(f"{where}: {name!r} is no name; use letters, digits, - and _")
    wanted = {"points", "minutes"} if kind == "written" else set()
    if set(metadata) != wanted:
        raise CourseError(f"{where}: {kind} takes {wanted or 'no settings'}; got {set(metadata)}")
    source = raw.source
    if kind == "answer":
        try:
            find(name)
            source = _fill(source)
        except (ValueError, ImportError, AttributeError) as error:
            raise CourseError(f"{where}: {error}") from None
        if BEGIN not in source or END not in source:
            raise CourseError(f"{where}: the answer {name} has no solution")
    return Cell(kind=kind, name=name, source=source, **metadata)


def _check_order(cells: list[Cell], where: str) -> None:
    """Every exercise is prompt, answer, check; every written question is question, written."""
    named = [(cell.kind, cell.name) for cell in cells if cell.name]
    for key in named:
        if named.count(key) > 1:
            raise CourseError(f"{where}: {' '.join(key)} stands there twice")
    while named:
        name = named[0][1]
        shape = ["question", "written"] if named[0][0] == "question" else _EXERCISE_SHAPE
        if named[: len(shape)] != [(kind, name) for kind in shape]:
            raise CourseError(
                f"{where}: expected the cells {', '.join(f'{kind} {name}' for kind in shape)} "
                f"in this order; got {', '.join(' '.join(key) for key in named[: len(shape)])}"
            )
        named = named[len(shape) :]


_EXERCISE_SHAPE = ["prompt", "answer", "check"]


def _fill(source: str) -> str:
    """Replaces `# solution: module.function` by that function's body between nbgrader's marks.

    What the body calls of another exercise is the library's, so that no solution depends on what a
    student answered before.
    """

    def body(match: re.Match[str]) -> str:
        indent, module, name = match.groups()
        lines = [BEGIN, *_body(getattr(importlib.import_module(module), name)), END]
        text = textwrap.indent("\n".join(lines), indent)
        return re.sub(rf"(?<![\w.])({'|'.join(EXERCISES)})\(", r"tms_lib.\1(", text)

    return re.sub(r"^( *)# solution: ([\w.]+)\.(\w+)$", body, source, flags=re.MULTILINE)


def _body(function: Any) -> list[str]:
    """The lines of a function's body, without docstring and without the guards that raise first.

    The guards are the library's manners towards its callers; no exercise asks for them.
    """
    lines = textwrap.dedent(inspect.getsource(function)).splitlines()
    (definition,) = ast.parse("\n".join(lines)).body
    assert isinstance(definition, ast.FunctionDef)
    statements = definition.body
    start = 0
    if ast.get_docstring(definition) is not None:
        start = 1
    while _is_guard(statements[start]):
        start += 1
    first = statements[start - 1].end_lineno if start else statements[0].lineno - 1
    assert first is not None
    return textwrap.dedent("\n".join(lines[first:])).strip("\n").splitlines()


def _is_guard(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.If):
        return not statement.orelse and isinstance(statement.body[-1], ast.Raise)
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        called = statement.value.func
        return isinstance(called, ast.Name) and called.id.startswith(("_check", "check"))
    return False


def _text(cell: Cell) -> str:
    """The cell's text; a prompt's heading is followed by difficulty, minutes and points."""
    if cell.kind != "prompt":
        return cell.source
    exercise = find(cell.name)
    heading, _, rest = cell.source.partition("\n")
    stars = "★" * exercise.difficulty + "☆" * (5 - exercise.difficulty)
    points = f"{exercise.points} point{'s' if exercise.points > 1 else ''}"
    return f"{heading}\n\n*Difficulty {stars} · {exercise.minutes} minutes · {points}*\n{rest}"


def _tag(cell: Cell) -> dict[str, str]:
    return {"kind": cell.kind, "name": cell.name} if cell.name else {"kind": cell.kind}


def _nbgrader_cell(cell: Cell) -> NotebookNode:
    node = v4.new_code_cell if _KINDS[cell.kind] == "code" else v4.new_markdown_cell
    metadata: dict[str, Any] = {"tms": _tag(cell)}
    schema: dict[str, Any] = {"schema_version": 3, "task": False}
    if cell.kind == "answer":
        schema |= {"grade": False, "locked": False, "solution": True, "grade_id": cell.name}
    elif cell.kind == "check":
        points = find(cell.name).points
        schema |= {"grade": True, "locked": True, "solution": False, "points": points}
        schema["grade_id"] = f"check-{cell.name}"
    elif cell.kind == "written":
        schema |= {"grade": True, "locked": False, "solution": True, "points": cell.points}
        schema["grade_id"] = cell.name
    elif cell.kind == "explore":
        metadata["tags"] = ["skip-execution"]  # nbgrader's Validate button need not train models
    elif cell.kind == "setup":
        schema |= {"grade": False, "locked": True, "solution": False, "grade_id": "setup"}
    if "grade_id" in schema:
        metadata["nbgrader"] = schema
    return node(_text(cell), metadata=metadata)
