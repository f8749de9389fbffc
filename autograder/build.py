"""Builds the course's notebooks from the masters, and says where committed ones differ.

course/chapters/NAME.py  ->  course/source/NAME/NAME.ipynb   nbgrader's source, with solutions
                         ->  course/release/NAME/NAME.ipynb  the student's, made by nbgrader
                         ->  solutions/NAME.ipynb            executed, for reading
"""

import base64
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import nbformat
from nbclient.exceptions import CellExecutionError
from nbconvert.filters import strip_ansi
from nbformat import NotebookNode
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder.errors import CourseError
from autograder.exercises import find
from autograder.kernel import execute
from autograder.masters import read_master, solution_notebook, source_notebook


def course_root(start: Path) -> Path:
    """The folder that holds `course/chapters`: `start` or the nearest one above it.

    Raises:
        CourseError: If there is none.
    """
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / "course" / "chapters").is_dir():
            return folder
    raise CourseError(
        f"No course/chapters in {start.resolve()} or above. Run this in a clone of the repository."
    )


def course_config(root: Path) -> Config:
    """The settings in `course/nbgrader_config.py`; without them nbgrader's API uses its own."""
    return PyFileConfigLoader("nbgrader_config.py", path=str(root / "course")).load_config()


def chapters(root: Path, only: Sequence[str] = ()) -> list[str]:
    """The names of the chapters, in order; of those in `only` if there are any.

    Raises:
        CourseError: If a name in `only` is no chapter.
    """
    known = sorted(path.stem for path in (root / "course" / "chapters").glob("*.py"))
    for name in only:
        if name not in known:
            raise CourseError(f"There is no chapter {name!r}. There are: {', '.join(known)}.")
    return [name for name in known if name in only or not only]


def build(root: Path, only: Sequence[str] = (), *, execute_all: bool = False) -> Iterator[str]:
    """Brings notebooks up to date with their masters; yields the path of each changed file.

    A solution notebook is executed only if its cells changed, unless `execute_all`. Nothing is
    written for a chapter whose solution raises.

    Args:
        root: The folder that holds `course`.
        only: Chapters to build; all of them if empty.
        execute_all: Whether to execute unchanged solutions again.

    Raises:
        CourseError: If a master is wrong, or a solution raises or does not get full points, or a
            chapter does not exist.
    """
    for chapter in chapters(root, only):
        source, release, solution = _make(root, chapter)
        if execute_all or not _same(solution, _read(root / "solutions" / f"{chapter}.ipynb")):
            _execute(solution, chapter)
            path = root / "solutions" / f"{chapter}.ipynb"
            yield from _write(nbformat.writes(solution).encode() + b"\n", path)
            yield from _write(_last_picture(solution), path.with_suffix(".png"))
        for notebook, kind in ((source, "source"), (release, "release")):
            path = root / "course" / kind / chapter / f"{chapter}.ipynb"
            yield from _write(nbformat.writes(notebook).encode() + b"\n", path)


def drift(root: Path) -> Iterator[str]:
    """Where the committed notebooks differ from what the masters give, one sentence each.

    Compared are the cells' sources, ids and metadata; of the solutions also that they were
    executed to full points. Images are not compared.
    """
    for chapter in chapters(root):
        _, release, solution = _make(root, chapter)
        for built, path in (
            (release, root / "course" / "release" / chapter / f"{chapter}.ipynb"),
            (solution, root / "solutions" / f"{chapter}.ipynb"),
        ):
            name = path.relative_to(root)
            committed = _read(path)
            if committed is None:
                yield f"{name} is missing or is no notebook"
            elif not _same(built, committed):
                yield f"{name}: {_first_difference(built, committed)}"
            elif built is solution and not all(map(_was_executed, committed.cells)):
                yield f"{name} was not executed to the end"
            elif built is solution:
                yield from (f"{name}: {e} has not full points" for e in _unearned(committed))
    known = set(chapters(root))
    for folder, pattern in (("course/release", "*/*.ipynb"), ("solutions", "*.ipynb")):
        for path in sorted((root / folder).glob(pattern)):
            if path.stem not in known:
                yield f"{path.relative_to(root)} has no master"


def _make(root: Path, chapter: str) -> tuple[NotebookNode, NotebookNode, NotebookNode]:
    """A chapter's source, release and (unexecuted) solution notebooks."""
    cells = read_master(root / "course" / "chapters" / f"{chapter}.py")
    source = source_notebook(cells, chapter)
    return source, _release(root, source, chapter), solution_notebook(cells, chapter)


def _release(root: Path, source: NotebookNode, chapter: str) -> NotebookNode:
    """The student's version, made by nbgrader itself in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "source", chapter, f"{chapter}.ipynb")
        path.parent.mkdir(parents=True)
        nbformat.write(source, path)
        config = course_config(root)
        config.CourseDirectory.root = folder
        config.CourseDirectory.db_url = f"sqlite:///{folder}/gradebook.db"
        config.Application.log_level = "ERROR"
        result = NbGraderAPI(config=config).generate_assignment(chapter, create=True)
        if not result["success"]:
            raise CourseError(f"nbgrader cannot release {chapter}:\n{result['log']}")
        return nbformat.read(Path(folder, "release", chapter, path.name), as_version=4)


def _execute(notebook: NotebookNode, chapter: str) -> None:
    """Runs a solution notebook in place; what it writes to stderr, as progress bars, is dropped."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            execute(notebook, Path(folder), seconds_per_cell=600, allow_errors=False)
        except CellExecutionError as error:
            raise CourseError(
                f"The solution of {chapter} does not run.\n{strip_ansi(str(error))}"
            ) from None
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [out for out in cell.outputs if out.get("name") != "stderr"]
    for name in _unearned(notebook):
        raise CourseError(f"The solution of {name} in {chapter} does not get full points.")


def _unearned(notebook: NotebookNode) -> Iterator[str]:
    """The exercises whose check cell does not end with full points."""
    for cell in notebook.cells:
        if cell.metadata["tms"]["kind"] == "check":
            name = cell.metadata["tms"]["name"]
            results = [o.data["text/plain"] for o in cell.outputs if "data" in o]
            if results != [repr(float(find(name).points))]:
                yield name


def _read(path: Path) -> NotebookNode | None:
    try:
        return nbformat.read(path, as_version=4)
    except Exception:  # missing, unreadable or no notebook: nbformat has no common base for these
        return None


def _last_picture(notebook: NotebookNode) -> bytes:
    """The picture that a chapter ends with, for the README; empty if it has none."""
    pictures = [
        output.data["image/png"]
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if "image/png" in output.get("data", {})
    ]
    return base64.b64decode(pictures[-1]) if pictures else b""


def _write(content: bytes, path: Path) -> Iterator[str]:
    if not content or (path.is_file() and path.read_bytes() == content):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)
    yield str(path)


def _same(built: NotebookNode, committed: NotebookNode | None) -> bool:
    return committed is not None and _content(built) == _content(committed)


def _content(notebook: NotebookNode) -> list[tuple[str, str, str, object]]:
    return [(c["id"], c.cell_type, c.source, _settled(c.metadata)) for c in notebook.cells]


def _settled(metadata: NotebookNode) -> dict[str, object]:
    return {key: value for key, value in metadata.items() if key != "execution"}


def _first_difference(built: NotebookNode, committed: NotebookNode) -> str:
    pairs = zip(_content(built), _content(committed), strict=False)
    for number, (new, old) in enumerate(pairs, start=1):
        if new != old:
            return f"cell {number} differs from the master, from {_where(new[2], old[2])!r}"
    return f"{len(committed.cells)} cells where the master gives {len(built.cells)}"


def _where(new: str, old: str) -> str:
    for ours, theirs in zip(new.splitlines(), old.splitlines(), strict=False):
        if ours != theirs:
            return ours
    return "its metadata or its end"


def _was_executed(cell: NotebookNode) -> bool:
    if cell.cell_type != "code":
        return True
    return cell.execution_count is not None and not any(
        out.output_type == "error" for out in cell.outputs
    )
