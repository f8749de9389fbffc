"""The student's side of a grading run: executes cells with IPython and serves calls over a socket.

This process holds no tests, no expected values and no seeds. Whatever a student's code does to it,
to IPython, to torch or to this module, it can only change what its own answers are.
"""

import contextlib
import inspect
import io
import os
import random
import socket
import sys
import time
from typing import Any

import numpy as np
import torch
from IPython.core.compilerop import CachingCompiler
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import autograder
from autograder.answer import Call, LocalAnswer, Outcome, raised
from autograder.borrowed import qualified_name
from autograder.guards import TimeIsOver, time_limit
from autograder.handles import Step
from autograder.problems import AnswerError, OutOfTimeError, RaisedError
from autograder.wire import ARGUMENTS, ClosedError, Reader, WireError, Writer, receive, send

_PATIENCE = 3600.0  # seconds between two requests: the grader ends a worker, not the worker itself


class _CellCompiler(CachingCompiler):
    """Names the code of a cell by the cell's number, so that the grader can find its lines."""

    number = 0

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:  # noqa: ARG002  (IPython's signature)
        return f"<cell {self.number}>"


class _Shell(InteractiveShell):
    """IPython without history, output and tracebacks."""

    compiler_class = _CellCompiler

    def showtraceback(self, *_args: Any, **_kwargs: Any) -> None:
        """Shows nothing: the error goes to the grader."""

    def showsyntaxerror(self, *_args: Any, **_kwargs: Any) -> None:
        """Likewise."""

    def showindentationerror(self) -> None:
        """Likewise."""


class _Nowhere(io.StringIO):
    """Output that nobody reads, of any length."""

    def write(self, s: str) -> int:
        return len(s)


def prepare() -> InteractiveShell:
    """A shell for one notebook, and the modules that notebooks use, imported once for all.

    What torch imports late, at the first optimizer and the first fake tensor, is imported as well.
    """
    # imported for the notebooks, hence F401
    import beartype  # noqa: F401
    import jaxtyping  # noqa: F401
    import matplotlib.pyplot  # noqa: F401
    import torch._dynamo

    import tms_lib  # noqa: F401

    torch.set_num_threads(1)
    LocalAnswer("sum", {"sum": torch.sum}, seconds=60).mixes_devices(
        Call(args=(torch.ones(2),), kwargs={})
    )
    # In a notebook, a check is a line that students may run; here nothing is checked.
    autograder.check = lambda *_args, **_kwargs: 0.0  # pyright: ignore[reportAttributeAccessIssue]
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.ast_node_interactivity = "none"
    return _Shell.instance(config=config)


def serve(connection: socket.socket, shell: InteractiveShell) -> None:
    """Answers requests until the grader closes the connection."""
    random.seed(0)  # equal for every student, and for every regrading
    np.random.seed(0)
    torch.manual_seed(0)
    worker, own = _Worker(shell), os.getpid()
    with (
        contextlib.redirect_stdout(_Nowhere()),
        contextlib.redirect_stderr(_Nowhere()),
        contextlib.suppress(ClosedError),
    ):
        while True:
            header, payload = receive(connection, deadline=time.monotonic() + _PATIENCE)
            reply, tensors = worker.reply(header, payload)
            if os.getpid() != own:  # a copy that the answer made of us: it may not answer as well
                os._exit(0)
            deadline = time.monotonic() + _PATIENCE
            try:
                send(connection, {**reply, "id": header["id"]}, tensors, deadline=deadline)
            except ClosedError:
                raise
            except WireError as error:  # too large; nothing of it was sent
                reply = {"problem": _problem(_cannot_be_sent(error), Writer())}
                send(connection, {**reply, "id": header["id"]}, [], deadline=deadline)


class _Worker:
    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._answers: dict[str, LocalAnswer] = {}
        self._library = _definitions()

    def reply(self, header: dict[str, Any], payload: bytes) -> tuple[dict[str, Any], list[bytes]]:
        """The reply to a request, and the bytes of its tensors."""
        writer = Writer()
        try:
            try:
                return self._result(header, payload, writer), writer.payload
            except WireError as error:
                raise _cannot_be_sent(error) from None
        except AnswerError as error:
            writer = Writer()
            return {"problem": _problem(error, writer)}, writer.payload

    def _result(self, header: dict[str, Any], payload: bytes, writer: Writer) -> dict[str, Any]:
        if header["do"] == "cell":
            self._run_cell(header["number"], header["source"], header["seconds"])
            return {}
        call = _read_call(header, Reader(payload, ARGUMENTS))
        answer = self._answer(header["name"], header["seconds"], header["reference"])
        if header["do"] == "mixes_devices":
            return {"mixes": answer.mixes_devices(call)}
        return _outcome(answer.outcome(call, wrt=header["wrt"]), writer)

    def _answer(self, name: str, seconds: float, reference: str) -> LocalAnswer:
        if name not in self._answers:
            withheld = self._library.get(reference)
            answer = LocalAnswer(name, self._shell.user_ns, seconds=seconds, reference=withheld)
            answer.printed = _Nowhere()
            self._answers[name] = answer
        return self._answers[name]

    def _run_cell(self, number: int, source: str, seconds: float) -> None:
        _CellCompiler.number = number
        error = None
        try:
            with time_limit(seconds):
                result = self._shell.run_cell(source)
            error = result.error_before_exec or result.error_in_exec
        except TimeIsOver as stopped:  # IPython hands it on as an error, except between two steps
            error = stopped
        if isinstance(error, TimeIsOver):
            raise OutOfTimeError("The cell took too long, so it was stopped.")
        if error is not None:
            raise raised(error, self._shell.user_ns, ())


def _read_call(header: dict[str, Any], reader: Reader) -> Call:
    def arguments(of: dict[str, Any]) -> dict[str, Any]:
        return {
            "args": tuple(reader.value(value) for value in of["args"]),
            "kwargs": {name: reader.value(value) for name, value in of["kwargs"]},
        }

    call = Call(**arguments(header))  # before the steps: in the order of their bytes
    steps = [Step(do=s["do"], name=s["name"], **arguments(s)) for s in header["steps"]]
    return call.then(*steps)


def _definitions() -> dict[str, Any]:
    """The library's functions and classes by where they are defined, before a notebook's come."""
    modules = [module for name, module in sys.modules.items() if name.split(".")[0] == "tms_lib"]
    found = (value for module in modules for value in vars(module).values())
    return {
        qualified_name(value): value
        for value in found
        if inspect.isfunction(value) or inspect.isclass(value)
    }


def _cannot_be_sent(error: WireError) -> AnswerError:
    return AnswerError(f"Your function's result cannot be sent. {error}")


def _outcome(outcome: Outcome, writer: Writer) -> dict[str, Any]:
    return {
        "value": writer.value(outcome.value),
        "in_graph": outcome.in_graph,
        "after": [[key, writer.value(state)] for key, state in outcome.after.items()],
        "gradients": [[key, writer.value(value)] for key, value in outcome.gradients.items()],
    }


def _problem(error: AnswerError, writer: Writer) -> dict[str, Any]:
    return {
        "type": type(error).__name__,
        "message": str(error)[:2000],
        "value": [writer.value(value) for value in error.value],
        "kind": error.kind if isinstance(error, RaisedError) else "",
        "place": error.place if isinstance(error, RaisedError) else None,
    }
