"""The process from which students' processes are forked, with everything imported only once.

It runs no student's code and holds no tests, seeds or expected values. On the grader's word it
forks a worker, moves it into a sandbox, watches how much it uses, and ends it with all that it
started. It goes when the grader goes, and everything goes with it.
"""

import ctypes
import functools
import json
import os
import select
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NoReturn

from autograder import sandbox
from autograder.sandbox import Limits, Room, SandboxError, UserNamespace

_PR_SET_CHILD_SUBREAPER = 36
_WATCH_EVERY = 0.05  # seconds


def main() -> None:
    """Serves the grader that holds the other end of our standard input."""
    control = socket.socket(fileno=os.dup(0))
    settings = json.loads(control.recv(2**16))
    try:
        warden = Warden(settings)
    except SandboxError as error:
        control.send(json.dumps({"error": str(error)}).encode())
        return
    control.send(b"{}")
    while True:
        readable, _, _ = select.select([control], [], [], _WATCH_EVERY if warden.busy else None)
        warden.watch()
        if not readable:
            continue
        message, descriptors, _, _ = socket.recv_fds(control, 2**16, 1)
        if not message:
            warden.stop()
            return
        reply: dict[str, Any] = {}
        try:
            if json.loads(message)["do"] == "start":
                warden.start(descriptors[0], control)
            else:
                reply["why"] = warden.stop(**json.loads(message)["how"])
        except SandboxError as error:
            reply["error"] = str(error)
        control.send(json.dumps(reply).encode())


class Warden:
    """Keeps one worker at a time.

    Args:
        settings: The isolation's name, the limits, and the folders to hide.

    Raises:
        SandboxError: If there is no sandbox on this machine; that is found out first.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        self._limits = Limits(**settings["limits"])
        self._worker: int | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._why = ""
        self._namespace: UserNamespace | None = None
        self._arguments = sandbox.bubblewrap_arguments(
            hidden=[Path(folder) for folder in settings["hidden"]], disk=self._limits.disk
        )
        if settings["isolation"] == "bubblewrap":
            self._namespace = UserNamespace()
            self._try(Room(self._namespace, self._arguments))
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._end_children()
        from autograder import worker  # imports everything, which takes seconds

        self._serve = functools.partial(worker.serve, shell=worker.prepare())
        self._own_memory = _memory(os.getpid())

    @property
    def busy(self) -> bool:
        """Whether there is a worker to watch."""
        return self._worker is not None

    def start(self, connection: int, control: socket.socket) -> None:
        """Forks a worker that serves the connection; closes it here."""
        room = Room(self._namespace, self._arguments) if self._namespace else None
        if room is None:
            self._folder = tempfile.TemporaryDirectory(prefix="tms-")
        self._why = ""
        self._worker = os.fork()
        if self._worker == 0:
            control.close()
            os.close(0)
            self._become_worker(connection, room)
        os.close(connection)
        if room is not None:
            room.close()

    def stop(self, *, gone: bool = False) -> str:
        """Ends the worker with everything that it started; says why it had ended before.

        Args:
            gone: Whether it closed its connection, so that its end is near.
        """
        if self._worker is None:
            return self._why
        deadline = time.monotonic() + (0.5 if gone else 0.0)
        pid, status = os.waitpid(self._worker, os.WNOHANG)
        while pid == 0 and time.monotonic() < deadline:
            time.sleep(0.002)
            pid, status = os.waitpid(self._worker, os.WNOHANG)
        if pid != 0:
            ended = os.WIFSIGNALED(status)
            self._why = f"signal {os.WTERMSIG(status)}" if ended else "exit"
        self._end_children()
        self._worker = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
        return self._why

    def watch(self) -> None:
        """Ends a worker that uses more memory or more processes than it may."""
        if self._worker is None or sys.platform != "linux":
            return
        own = descendants(os.getpid())
        used = sum(max(0, _memory(pid) - self._own_memory) for pid in own)
        why = "memory" if used > self._limits.memory else ""
        if len(own) > self._limits.processes:
            why = "processes"
        if why:
            self.stop()
            self._why = why

    def _try(self, room: Room) -> None:
        """Finds out at once whether a room can be built, moved into, and used by nobody.

        An answer would otherwise fail because it cannot import what it needs.
        """
        folders = sandbox.visible_folders()
        self._worker = os.fork()
        if self._worker == 0:
            try:
                room.enter(self._limits.disk)
                sandbox.drop_privileges()
                os._exit(0 if all(map(os.listdir, folders)) else 1)
            except SandboxError:
                os._exit(2)
            finally:
                os._exit(1)
        room.close()
        _, status = os.waitpid(self._worker, 0)
        self._worker = None
        if os.waitstatus_to_exitcode(status) == 2:
            raise SandboxError("its privileges cannot be dropped, or system calls not filtered")
        if status != 0:
            raise SandboxError(
                "nobody but you can read the Python environment, or it cannot be entered. Install "
                "it where everyone can read it, or grade as an ordinary user"
            )

    def _end_children(self) -> None:
        """Kills and awaits all descendants: those whose parents end become our children."""
        if sys.platform != "linux" and self._worker:
            os.killpg(self._worker, signal.SIGKILL)
        while True:
            for pid in descendants(os.getpid()):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                return

    def _become_worker(self, connection: int, room: Room | None) -> NoReturn:
        """In the forked process: moves into the room, then serves; never returns."""
        code = 1
        try:
            if sys.platform == "linux":
                sandbox.die_with_parent()
                # should the machine's memory run out, this ends and not the grader
                Path("/proc/self/oom_score_adj").write_text("1000")
            if room is not None:
                room.enter(self._limits.disk, left_outside=[connection])
            os.setsid()
            os.dup2(connection, 3)
            os.closerange(4, os.sysconf("SC_OPEN_MAX"))
            for standard in (0, 1, 2):
                os.dup2(os.open(os.devnull, os.O_RDWR), standard)
            os.closerange(4, 64)
            os.environ.update(sandbox.ENVIRONMENT)
            if room is not None:
                sandbox.drop_privileges()
                sandbox.die_with_parent()
                os.mkdir(sandbox.HOME)
            else:
                assert self._folder is not None
                os.environ["HOME"] = os.environ["TMPDIR"] = self._folder.name
            os.chdir(os.environ["HOME"])
            sandbox.limit_resources(self._limits, isolated=room is not None)
            self._serve(socket.socket(fileno=3))
            code = 0
        finally:
            os._exit(code)


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and those that they did."""
    found = []
    for listing in Path("/proc", str(pid), "task").glob("*/children"):
        try:
            children = [int(child) for child in listing.read_text().split()]
        except OSError:  # it has ended
            continue
        for child in children:
            found += [child, *descendants(child)]
    return found


def _memory(pid: int) -> int:
    """Bytes in memory, those shared with other processes included; 0 for one that has ended."""
    try:
        return int(Path("/proc", str(pid), "statm").read_text().split()[1]) * os.sysconf(
            "SC_PAGE_SIZE"
        )
    except (OSError, IndexError):
        return 0
