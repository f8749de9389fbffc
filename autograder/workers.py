"""Starts students' processes and ends them, through a warden that has everything imported.

The warden is started without our environment, our files and our memory: what it is forked from
later holds nothing of the grader's.
"""

import dataclasses
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import autograder
from autograder.errors import CourseError
from autograder.sandbox import ENVIRONMENT, Limits

ISOLATIONS = ("bubblewrap", "process")
_START = 120.0  # seconds for importing everything, on a busy machine
_PACKAGE = Path(autograder.__path__[0])

_INSTALL = """\
Grading runs students' code in a sandbox, and it cannot be built here: {problem}.
  Debian, Ubuntu: apt install bubblewrap. On Ubuntu 24.04 and later also allow it user namespaces:
    sysctl kernel.apparmor_restrict_unprivileged_userns=0
  Fedora: dnf install bubblewrap
  in a container: install bubblewrap in it, and start it with user namespaces allowed, as with
    docker run --security-opt seccomp=unconfined --security-opt systempaths=unconfined
  macOS, Windows: grade in a Linux virtual machine or container (on Windows, in WSL 2).
With isolation "process" submissions run in a process of their own with limits, but as you, with
your files and your network. It is weaker, and every report says so."""


class Workers:
    """Starts workers, one at a time; a context manager.

    Args:
        isolation: "bubblewrap", or "process" for the weaker kind.
        limits: What a notebook may use.
        hidden: Folders with secrets, which stay empty for workers wherever they are.

    Raises:
        CourseError: If there is no such isolation, or this machine does not have it.
    """

    def __init__(
        self, *, isolation: str, limits: Limits | None = None, hidden: Sequence[Path] = ()
    ) -> None:
        if isolation not in ISOLATIONS:
            raise CourseError(f"isolation must be one of {ISOLATIONS}; got {isolation!r}.")
        if sys.platform != "linux" and (isolation == "bubblewrap" or not hasattr(os, "fork")):
            raise CourseError(_INSTALL.format(problem="it needs Linux"))
        self.isolation = isolation
        self.limits = limits or Limits()
        self._folder = tempfile.TemporaryDirectory(prefix="tms-")
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        start = "from autograder.warden import main; main()"
        path = os.fspath(_PACKAGE.parent)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {path!r}); {start}"],
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=_environment(self._folder.name),
            start_new_session=True,
        )
        theirs.close()
        self._control.settimeout(_START)
        folders = [os.fspath(folder) for folder in (_PACKAGE, *hidden)]
        limited = dataclasses.asdict(self.limits)
        try:
            self._ask({"isolation": isolation, "limits": limited, "hidden": folders})
        except BaseException:
            self.close()
            raise

    def start(self) -> socket.socket:
        """A connection to a new worker.

        Raises:
            CourseError: If the sandbox cannot be built any more.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            self._ask({"do": "start"}, [theirs.fileno()])
        return ours

    def stop(self, *, gone: bool = False) -> str:
        """Ends the worker and all that it started; says why it had ended before, or "".

        Args:
            gone: Whether it closed its connection.
        """
        return self._ask({"do": "stop", "how": {"gone": gone}})["why"]

    def close(self) -> None:
        """Ends everything."""
        self._control.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(self, message: dict[str, Any], descriptors: Sequence[int] = ()) -> dict[str, Any]:
        try:
            socket.send_fds(self._control, [json.dumps(message).encode()], descriptors)
            reply = json.loads(self._control.recv(2**16) or b'{"error": "its process ended"}')
        except OSError as error:
            raise CourseError(_INSTALL.format(problem=error)) from None
        if "error" in reply:
            raise CourseError(_INSTALL.format(problem=reply["error"]))
        return reply


def _environment(home: str) -> dict[str, str]:
    path = os.environ.get("PATH", os.defpath)
    own = {"HOME": home, "IPYTHONDIR": home, "MPLCONFIGDIR": home, "TMPDIR": home, "PATH": path}
    return {**ENVIRONMENT, **own}
