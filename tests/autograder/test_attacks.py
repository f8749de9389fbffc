"""Every attack earns what its honest part deserves, reaches nothing, and costs nobody else."""

import dataclasses
import random
import socket
import threading
from collections.abc import Iterator
from types import MappingProxyType

import pytest
from attacks import ATTACKS, World, notebook
from attacks.filing import LOOT

from autograder import grading
from autograder.errors import CourseError
from autograder.exercises import EXERCISES
from autograder.grading import Grade, grade_notebook
from autograder.sandbox import Limits
from autograder.warden import descendants
from autograder.workers import Workers

LIMITS = Limits(
    seconds_per_cell=3.0, seconds_per_notebook=60.0, memory=2**29, processes=12, disk=2**22
)
RIGHT = {
    "gram": "def gram(W):\n    return W.mT @ W",
    "embed": "def embed(x, W):\n    return x @ W.mT",
}


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    try:
        started = Workers(isolation="bubblewrap", limits=LIMITS)
    except CourseError as error:
        pytest.skip(f"no sandbox on this machine: {error}")
    with started:
        yield started


@pytest.fixture(scope="module", autouse=True)
def short_calls() -> Iterator[None]:
    """Answers have three seconds here, or every endless call would take ten."""
    with pytest.MonkeyPatch.context() as patch:
        short = {name: dataclasses.replace(e, seconds=3.0) for name, e in EXERCISES.items()}
        patch.setattr(grading, "EXERCISES", MappingProxyType(short))
        yield


class _Canaries:
    """Files and ports that nobody may touch, and somebody who knocks at a port."""

    def __init__(self, root, repository) -> None:
        for name in ("solutions.py", "gradebook.db", "nbgrader_config.py", "seed"):
            (root / name).write_text(LOOT)
        for name in ("private/checks.py", "submitted/other/answers.py"):
            (root / name).parent.mkdir(parents=True)
            (root / name).write_text(LOOT)
        for path in (root, *root.rglob("*")):
            path.chmod(0o777)  # it is not for want of permission
        self._asked = socket.create_server(("127.0.0.1", 0))
        self._asked.setblocking(False)
        self.world = World(
            root=root,
            repository=repository,
            port=self._asked.getsockname()[1],
            free_port=_free_port(),
        )
        self._before = self._state()
        self._end = threading.Event()
        self._opened = False
        self._knocker = threading.Thread(target=self._knock, daemon=True)
        self._knocker.start()

    def _state(self):
        return {
            path: (
                path.lstat().st_mtime_ns,
                path.lstat().st_mode,
                path.is_file() and path.read_text(),
            )
            for path in self.world.root.rglob("*")
        }

    def _knock(self) -> None:
        while not self._end.wait(0.05):
            try:
                socket.create_connection(("127.0.0.1", self.world.free_port), timeout=1).close()
            except OSError:
                continue
            self._opened = True

    def assert_untouched(self) -> None:
        assert self._state() == self._before
        assert not self._opened
        with pytest.raises(BlockingIOError):
            self._asked.accept()

    def close(self) -> None:
        self._end.set()
        self._knocker.join()
        self._asked.close()


def _free_port() -> int:
    """A free port below those that the system hands out, so that only who names it opens it.

    Of those, another test might get it, or the knocker: it would find itself.
    """
    for port in random.sample(range(20_000, 30_000), k=50):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    raise RuntimeError("50 ports from 20000 to 30000 are in use.")


@pytest.fixture(scope="module")
def canaries(tmp_path_factory, repository) -> Iterator[_Canaries]:
    made = _Canaries(tmp_path_factory.mktemp("instructor"), repository)
    yield made
    made.close()


def points(grades: list[Grade]) -> dict[str, float]:
    return {grade.exercise: grade.points for grade in grades}


_deserved: dict[tuple[tuple[str, str], ...], dict[str, float]] = {}


def deserved(workers: Workers, honest: dict[str, str]) -> dict[str, float]:
    key = tuple(sorted(honest.items()))
    if key not in _deserved:
        _deserved[key] = points(grade_notebook(notebook(honest), workers=workers, seed=1))
    return _deserved[key]


def test_the_honest_notebook_earns_everything_a_part_and_nothing(workers):
    earned = deserved(workers, {})
    assert earned["density"] == EXERCISES["density"].points
    assert 0 < earned["gram"] < EXERCISES["gram"].points
    assert earned["embed"] == 0
    loot = deserved(workers, {"gram": LOOT})
    assert loot["gram"] == EXERCISES["gram"].points


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_earns_what_its_honest_part_deserves(workers, canaries, name):
    attack = ATTACKS[name]
    expected = deserved(workers, dict(attack.honest)) | dict.fromkeys(attack.costs, 0.0)
    grades = grade_notebook(attack.notebook(canaries.world), workers=workers, seed=1)
    told = "\n".join(grade.feedback for grade in grades)
    assert points(grades) == expected, told
    for forbidden in (
        "FORGED",
        "\033",
        "Input:",
        str(canaries.world.root),
        canaries.world.repository,
    ):
        assert str(forbidden) not in told
    assert "check itself failed" not in told
    assert descendants(workers._process.pid) == []
    canaries.assert_untouched()
    right = grade_notebook(notebook(RIGHT), workers=workers, seed=1)
    assert all(grade.points == grade.maximum for grade in right)  # whoever comes next
