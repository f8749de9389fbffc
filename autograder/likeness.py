"""Answers that are the same in several notebooks, whatever their formatting and names.

A hint for the instructor, which changes no score: short answers are often alike by chance, and
everybody may copy the same book.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from IPython.core.inputtransformer2 import TransformerManager

_TOO_DEEP = (RecursionError, MemoryError)  # what parsing raises on code made to be hard to parse


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """An answer that several students gave.

    Attributes:
        cell: The grade_id of the answer's cell.
        size: Nodes of its syntax tree, or words of a text: the larger, the less it is chance.
        students: Who gave it.
    """

    cell: str
    size: int
    students: tuple[str, ...]


def alike(
    answers: Mapping[str, Mapping[str, str]], *, handed_out: Mapping[str, str], code: set[str]
) -> list[Likeness]:
    """The answers that more than one student gave, the largest first.

    Args:
        answers: By student, the source of each answer's cell.
        handed_out: The cells as students got them; who left one as it was gave no answer.
        code: The cells with code; the others hold text.

    >>> one = "def gram(W):\\n    return W.mT @ W"
    >>> two = "def gram( weights ):  # mine\\n    return weights.mT@weights"
    >>> alike({"ada": {"gram": one}, "ben": {"gram": two}}, handed_out={}, code={"gram"})
    [Likeness(cell='gram', size=10, students=('ada', 'ben'))]
    """
    groups: dict[tuple[str, str], list[str]] = {}
    sizes: dict[tuple[str, str], int] = {}
    for student in sorted(answers):
        for cell, source in answers[student].items():
            normal, size = _normal_form(source, is_code=cell in code)
            empty, _ = _normal_form(handed_out.get(cell, ""), is_code=cell in code)
            if normal != empty:
                groups.setdefault((cell, normal), []).append(student)
                sizes[cell, normal] = size
    found = [
        Likeness(cell=key[0], size=sizes[key], students=tuple(students))
        for key, students in groups.items()
        if len(students) > 1
    ]
    return sorted(found, key=lambda likeness: (-likeness.size, likeness.cell, likeness.students))


def _normal_form(source: str, *, is_code: bool) -> tuple[str, int]:
    """The same text for the same answer, and its size."""
    if is_code:
        try:
            tree = ast.parse(TransformerManager().transform_cell(source))
            _Plain(_own_names(tree)).visit(tree)
            return ast.dump(tree), sum(
                not isinstance(node, ast.expr_context) for node in ast.walk(tree)
            )
        except (SyntaxError, ValueError, *_TOO_DEEP):
            pass  # compared as text
    words = source.casefold().split()
    return " ".join(words), len(words)


def _own_names(tree: ast.AST) -> dict[str, str]:
    """New names for those that the code itself gives to values, in the order of its text."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        name = None
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            name = node.id
        elif isinstance(node, ast.arg):
            name = node.arg
        elif isinstance(node, ast.alias):
            name = node.asname
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            name = node.name
        if name is not None:
            names.setdefault(name, f"name{len(names)}")
    return names


class _Plain(ast.NodeTransformer):
    """Renames, and drops what does not change a value: docstrings and annotations."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._names.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg, node.annotation = self._names[node.arg], None
        return node

    def visit_alias(self, node: ast.alias) -> ast.AST:
        node.asname = self._names.get(node.asname) if node.asname else None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name, node.returns = self._names[node.name], None
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:]
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.name = self._names[node.name]
        return self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        if node.arg is not None:
            node.arg = self._names.get(node.arg, node.arg)
        return self.generic_visit(node)
