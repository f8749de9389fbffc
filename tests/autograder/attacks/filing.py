"""Files attacks, and makes the notebooks that carry them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode, v4

from autograder.exercises import find

# Before the answers stands a cell of the student's own, and so does one at the end.
BEFORE, AFTER = "before", "after"
HONEST = {
    BEFORE: "import torch",
    "density": "def density(sparsity):\n    return 1 - sparsity",
    "gram": "def gram(W):\n    return (W.mT @ W).detach()",
    "embed": "def embed(x, W):\n    raise NotImplementedError()",
    AFTER: "",
}
# What an attack that came through would answer with; canaries hold it.
LOOT = "def gram(W):\n    return W.mT @ W\n\ndef embed(x, W):\n    return x @ W.mT\n"
# What an attack runs that reached something where nothing can be read.
REWARD = f"exec({LOOT!r})"


@dataclass(frozen=True, kw_only=True)
class World:
    """What lies outside the sandbox and must be neither read nor changed.

    Attributes:
        root: A folder; everything in it stays as it is.
        repository: The course's own repository.
        port: Somebody listens there, with the loot.
        free_port: Nobody listens there, and somebody knocks.
    """

    root: Path
    repository: Path
    port: int
    free_port: int

    def path(self, name: str) -> str:
        """A file in the folder, as Python writes it."""
        return repr(str(self.root / name))


Cells = str | Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Attack:
    """A submission that tries something.

    Attributes:
        cells: Makes the changed cells; a text alone is the student's own cell before the answers.
            Answers to further exercises come after the usual ones.
        costs: The exercises that the attack costs itself.
        honest: The cells of its honest part that are not as usual.
    """

    cells: Callable[[World], Cells]
    costs: tuple[str, ...]
    honest: Mapping[str, str]

    def notebook(self, world: World) -> NotebookNode:
        """The submission."""
        changed = self.cells(world)
        return notebook({BEFORE: changed} if isinstance(changed, str) else changed)


ATTACKS: dict[str, Attack] = {}


def attack(
    *costs: str, honest: Mapping[str, str] | None = None
) -> Callable[[Callable[[World], Cells]], Callable[[World], Cells]]:
    """Files an attack under its function's name."""

    def add(cells: Callable[[World], Cells]) -> Callable[[World], Cells]:
        assert cells.__name__ not in ATTACKS, cells.__name__
        assert set(costs) <= {*HONEST, *(honest or {})}, costs
        ATTACKS[cells.__name__] = Attack(cells=cells, costs=costs, honest=honest or {})
        return cells

    return add


def notebook(changed: Mapping[str, str]) -> NotebookNode:
    """The notebook with some of its cells changed, and answers to further exercises."""
    sources = {**HONEST, **changed}
    sources[AFTER] = sources.pop(AFTER)  # last
    cells = []
    for name, source in sources.items():
        if name in (BEFORE, AFTER):
            cells.append(v4.new_code_cell(source))
            continue
        cells.append(_cell(source, name, solution=True))
        points = find(name).points
        check = f'check("{name}")'
        cells.append(_cell(check, f"check-{name}", grade=True, locked=True, points=points))
    return v4.new_notebook(cells=cells)


def _cell(source: str, grade_id: str, **marks: object) -> NotebookNode:
    schema = {"schema_version": 3, "grade": False, "solution": False, "locked": False}
    nbgrader = {**schema, "grade_id": grade_id, "task": False, **marks}
    return v4.new_code_cell(source, metadata={"nbgrader": nbgrader})
