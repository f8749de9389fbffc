"""The grader's side of the boundary: a notebook's session, and answers that are far away.

What comes back from a worker is checked and turned into plain data before anything else sees it.
A worker that ends, hangs or talks nonsense costs the exercise that it was at: a new one takes over,
with the earlier cells run again.

Three things only the worker can see: whether a value is part of a graph, whether it mixes devices,
and what its arguments were after the call. A cheat that forges them gains no more than one line in
the answer would: a `.detach()`, a special case for fake tensors, a copy of the arguments.
"""

import re
import secrets
import select
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from torch import Tensor

from autograder.answer import Call, Outcome, plain
from autograder.borrowed import qualified_name
from autograder.handles import Step
from autograder.problems import (
    PROBLEMS,
    AnswerError,
    FinalError,
    LostError,
    OutOfTimeError,
    RaisedError,
)
from autograder.wire import PLAIN, LateError, Reader, WireError, Writer, receive, send
from autograder.workers import Workers

_GRACE = 2.0  # seconds until a worker is ended that did not stop an answer itself
_WHY = {
    "memory": "Your answer used more memory than there is for a notebook, so it was ended.",
    "processes": "Your answer started too many processes, so it was ended.",
    "signal 11": "Your answer ended its own process: a segmentation fault.",
    "signal 24": "Your answer used up the processor time of its notebook, so it was ended.",
    "exit": "Your answer ended its own process. Did you call exit()?",
}
_LEADING = re.compile(r"\A\s*\n")  # empty lines, which IPython does not count
_NONSENSE = "Your answer's process sent something that is no result."
_OVER = "The time for the whole notebook is over."
_HUNG = "Your answer took too long and could not be interrupted, so it was ended."


T = TypeVar("T")


class Session:
    """One notebook's dealings with workers.

    Args:
        workers: Where they come from.
    """

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._connection: socket.socket | None = None
        self._cells: dict[int, str] = {}
        self._sources: dict[int, str] = {}
        self._over = time.monotonic() + workers.limits.seconds_per_notebook

    def run_cell(self, source: str) -> AnswerError | None:
        """Runs a cell; says what went wrong."""
        number = len(self._sources) + 1
        self._sources[number] = source
        try:
            self.connect()
            self._cells[number] = source
            self._run(number)
        except FinalError as error:  # it took its process, or all its time
            self._cells.pop(number, None)  # not again
            return error
        except AnswerError as error:
            return error
        return None

    def ask(
        self,
        request: dict[str, Any],
        payload: list[bytes],
        read: Callable[[dict[str, Any], Reader], T],
        *,
        seconds: float,
    ) -> T:
        """What `read` makes of a worker's reply to a request.

        Raises:
            AnswerError: The problem that the reply tells.
            LostError: If there is no reply, or none that can be read.
        """
        self.connect()
        return self._ask(request, payload, read, seconds)

    def close(self) -> None:
        """Ends the worker."""
        self._drop()

    def connect(self) -> None:
        """Makes sure that there is a worker which ran the earlier cells."""
        if time.monotonic() > self._over:  # a notebook can have many thousands of cells
            raise LostError(_OVER)
        if self._connection is not None and select.select([self._connection], [], [], 0)[0]:
            self._drop()  # it ended, or it talks unasked: the next exercise starts with a new one
        while self._connection is None:
            self._connection = self._workers.start()
            for number in list(self._cells):
                try:
                    self._run(number)
                except LostError:
                    del self._cells[number]
                    if time.monotonic() > self._over:
                        raise
                    break
                except OutOfTimeError:
                    del self._cells[number]
                except AnswerError:
                    continue  # as the first time

    def _run(self, number: int) -> None:
        seconds = self._workers.limits.seconds_per_cell
        request = {"do": "cell", "number": number, "source": self._cells[number]}
        self._ask({**request, "seconds": seconds}, [], lambda *_: None, seconds)

    def _ask(
        self,
        request: dict[str, Any],
        payload: list[bytes],
        read: Callable[[dict[str, Any], Reader], T],
        seconds: float,
    ) -> T:
        assert self._connection is not None
        identity = secrets.token_hex(8)  # or an earlier call could answer this one
        deadline = min(time.monotonic() + seconds + _GRACE, self._over)
        try:
            send(self._connection, {**request, "id": identity}, payload, deadline=deadline)
            header, body = receive(self._connection, deadline=deadline)
            if header.get("id") != identity:
                raise WireError("This is the reply to another request.")
            reader = Reader(body, PLAIN)
            if "problem" in header:
                raise self._problem(header["problem"], reader)
            result = read(header, reader)
            reader.end()
        except WireError as error:
            raise LostError(self._lost(error)) from None
        return result

    def _lost(self, error: WireError) -> str:
        """Ends the worker; says in a sentence what became of it."""
        why = self._drop(gone=not isinstance(error, LateError))
        if time.monotonic() > self._over:
            return _OVER
        if why:
            ended = why.removeprefix("signal ")
            return _WHY.get(why, f"Your answer's process was ended by signal {ended}.")
        return _HUNG if isinstance(error, LateError) else _NONSENSE

    def _drop(self, *, gone: bool = False) -> str:
        if self._connection is None:
            return ""
        self._connection.close()
        self._connection = None
        return self._workers.stop(gone=gone)

    def _problem(self, told: Any, reader: Reader) -> AnswerError:
        told = told if type(told) is dict else {}
        kind, message, encoded = told.get("type"), told.get("message"), told.get("value")
        if type(message) is not str or type(encoded) is not list or len(encoded) > 1:
            raise WireError("The problem has no known form.")
        value = tuple(plain(reader.value(item)) for item in encoded)
        message = _printable(message)
        if kind == "RaisedError":
            place = self._place(told.get("place"))
            name = _printable(str(told.get("kind")), 80)
            problem = RaisedError(message, value[:1], kind=name, place=place)
            problem.line = self._line(place)
            return problem
        if type(kind) is not str or kind not in PROBLEMS:
            raise WireError("The problem has no known form.")
        return PROBLEMS[kind](message, value[:1])

    def _place(self, place: Any) -> tuple[str, int] | None:
        if place is None:
            return None
        if type(place) is not list or [type(part) for part in place] != [str, int]:
            raise WireError("The place of the problem has no known form.")
        return place[0], place[1]

    def _line(self, place: tuple[str, int] | None) -> str:
        """The line from our own copy of the cell, whatever the worker would say that it is."""
        if place is None:
            return ""
        for number, source in self._sources.items():
            lines = _LEADING.sub("", source).splitlines()
            if place[0] == f"<cell {number}>" and 1 <= place[1] <= len(lines):
                return lines[place[1] - 1].strip()
        return ""


def _printable(text: str, n_characters: int = 400) -> str:
    """The text without control characters, and not longer than a report can bear."""
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text[:n_characters])


class RemoteAnswer:
    """An answer that is a function in a worker.

    Args:
        name: The name of the function.
        session: Its notebook's.
        seconds: Time for all calls together.
        reference: The library's function that the answer may not call.
    """

    def __init__(
        self,
        name: str,
        session: Session,
        *,
        seconds: float,
        reference: Callable[..., Any] | None = None,
    ) -> None:
        self._name = name
        self._session = session
        self._seconds = seconds
        self._reference = qualified_name(reference) if reference else ""

    def outcome(self, call: Call, *, wrt: Sequence[int | str] = ()) -> Outcome:
        def read(header: dict[str, Any], reader: Reader) -> Outcome:
            return _read_outcome(header, reader, call, wrt)

        return self._ask("call", call, read, wrt=list(wrt))

    def mixes_devices(self, call: Call) -> bool:
        return self._ask("mixes_devices", call, lambda header, _: header.get("mixes") is True)

    def _ask(
        self,
        what: str,
        call: Call,
        read: Callable[[dict[str, Any], Reader], T],
        *,
        wrt: Sequence[int | str] = (),
    ) -> T:
        if self._seconds <= 0:
            raise OutOfTimeError(OutOfTimeError.sentence)
        writer = Writer()
        request = {
            "do": what,
            "name": self._name,
            "reference": self._reference,
            "seconds": self._seconds,
            **_arguments(call, writer),
            "steps": [
                {"do": step.do, "name": step.name, **_arguments(step, writer)}
                for step in call.steps
            ],
            "wrt": wrt,
        }
        self._session.connect()  # to run other answers' cells again costs this one no time
        started = time.monotonic()
        try:
            return self._session.ask(request, writer.payload, read, seconds=self._seconds)
        finally:
            self._seconds -= time.monotonic() - started


def _arguments(of: Call | Step, writer: Writer) -> dict[str, Any]:
    return {
        "args": [writer.value(value) for value in of.args],
        "kwargs": [[name, writer.value(value)] for name, value in of.kwargs.items()],
    }


def _read_outcome(
    header: Mapping[str, Any], reader: Reader, call: Call, wrt: Sequence[int | str]
) -> Outcome:
    return Outcome(
        value=plain(reader.value(header.get("value"))),
        in_graph=header.get("in_graph") is True,
        after=_read_tensors(header.get("after"), reader, list(call.states())),
        gradients=_read_tensors(header.get("gradients"), reader, wrt),
    )


def _read_tensors(
    encoded: Any, reader: Reader, keys: Sequence[int | str]
) -> dict[int | str, Tensor]:
    """Exactly one tensor for each key, in their order."""
    if type(encoded) is not list or len(encoded) != len(keys):
        raise WireError("The tensors of its arguments have no known form.")
    found: dict[int | str, Tensor] = {}
    for key, pair in zip(keys, encoded, strict=True):
        if type(pair) is not list or len(pair) != 2 or pair[0] != key:
            raise WireError("The tensors of its arguments have no known form.")
        tensor = reader.value(pair[1])
        if not isinstance(tensor, Tensor):
            raise WireError("A tensor of its arguments is none.")
        found[key] = tensor
    return found
