"""Where the tasks of a class are carried out: by processes of this machine, or on a Dask cluster.

A process that is lost costs no grade. A cluster repeats its work by itself; here, what was going
on when a process died is done again, one task at a time, so that only a task that kills whoever
carries it out stays undone.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

from autograder import sandbox
from autograder.errors import CourseError
from autograder.grading import Grade
from autograder.tasks import Task, grade_task, read_grades

_TIMEOUT = 30  # seconds to find a scheduler, and workers at it


class Pool:
    """Carries out tasks side by side.

    Args:
        start: Makes an executor; called again after it has lost a process.
        size: How many tasks it carries out at once.
        course: The folder with the submissions, which students' processes do not see.
    """

    def __init__(self, start: Callable[[], Executor], *, size: int, course: str) -> None:
        self._start = start
        self._executor = start()
        self._size = size
        self._course = course
        self._waiting: dict[Future[Any], tuple[Any, Task]] = {}
        self._lost: list[tuple[Any, Task]] = []

    @property
    def full(self) -> bool:
        """Whether a further task would only wait behind others that wait."""
        return len(self._waiting) >= 2 * self._size

    @property
    def busy(self) -> bool:
        """Whether there are results to come."""
        return bool(self._waiting or self._lost)

    def submit(self, name: Any, task: Task) -> None:
        """Has a notebook graded; its result will come with the name."""
        try:
            future = self._executor.submit(grade_task, task, self._course)
        except BrokenExecutor:
            self._executor = self._start()
            future = self._executor.submit(grade_task, task, self._course)
        self._waiting[future] = name, task

    def results(self) -> Iterator[tuple[Any, list[Grade] | Exception]]:
        """Waits until something is done; gives names with grades, or with what went wrong.

        Raises:
            CourseError: If the scheduler of a cluster is lost.
        """
        alone = not self._waiting
        if alone:
            self.submit(*self._lost.pop())
        done, _ = wait(self._waiting, return_when=FIRST_COMPLETED)
        for future in done:
            if future.cancelled():  # as Dask does with all when it loses its scheduler
                self._waiting.clear()
                raise CourseError(
                    "The cluster's scheduler was lost. What is graded stays graded; start grading "
                    "again for the rest."
                )
            name, task = self._waiting.pop(future)
            result = _result(future)
            if isinstance(result, BrokenExecutor) and not alone:
                self._lost.append((name, task))  # it or another one was at fault
            else:
                yield name, result

    def close(self, *, wait: bool) -> None:
        """Forgets the tasks that have not begun, and may wait for the others."""
        for future in self._waiting:
            future.cancel()
        self._executor.shutdown(wait=wait)


def n_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def local_pool(n_jobs: int, *, course: str) -> Iterator[Pool]:
    """Processes of this machine, forked from one that has imported everything.

    Args:
        n_jobs: How many.
        course: The folder with the submissions, which students' processes do not see.

    Raises:
        CourseError: If `n_jobs` is below 1.
    """
    if n_jobs < 1:
        raise CourseError(f"--jobs must be at least 1; got {n_jobs}.")
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])

    def start() -> Executor:
        return ProcessPoolExecutor(n_jobs, mp_context=context, initializer=_become_grader)

    pool = Pool(start, size=n_jobs, course=course)
    try:
        yield pool
    finally:
        pool.close(wait=True)


@contextmanager
def cluster_pool(address: str, *, course: str) -> Iterator[Pool]:
    """The workers of a Dask cluster. They need this course installed, and bubblewrap.

    Args:
        address: The scheduler's, such as tcp://host:8786.
        course: The folder with the submissions, hidden also on workers that have it.

    Raises:
        CourseError: If Dask is not installed, or no scheduler with workers answers.
    """
    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise CourseError(
            "--cluster needs Dask: pip install -c constraints.txt -e '.[cluster]'"
        ) from None
    try:
        client = Client(address, timeout=_TIMEOUT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise CourseError(f"No Dask scheduler answers at {address}: {error}") from None
    with client:
        try:
            client.wait_for_workers(1, timeout=_TIMEOUT)
        except TimeoutError:
            raise CourseError(f"The scheduler at {address} has no workers.") from None
        n_threads = sum(client.nthreads().values())  # pyright: ignore[reportAttributeAccessIssue]  # not awaited: this client is synchronous
        pool = Pool(client.get_executor, size=n_threads, course=course)
        try:
            yield pool
        finally:
            pool.close(wait=False)


def _become_grader() -> None:
    """In a new process of the local pool: it must end with the one that asks, and quietly."""
    signal.signal(signal.SIGINT, lambda *_: sys.exit(1))
    if sys.platform == "linux":
        sandbox.die_with_parent()


def _result(future: Future[Any]) -> list[Grade] | Exception:
    try:
        return read_grades(future.result())
    except Exception as error:  # whatever a task or another machine can come to
        return error
