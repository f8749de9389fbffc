"""What surrounds a call of a student's function: a time limit, torch's defaults, no logging."""

import contextlib
import logging
import signal
import threading
from collections.abc import Iterator
from typing import Any

import torch


class TimeIsOver(BaseException):
    """Stops the answer's code; no `except Exception` in it can swallow this."""


@contextlib.contextmanager
def torch_defaults() -> Iterator[None]:
    """torch's defaults, whatever a notebook or an answer set; then the settings from before."""
    dtype, device = torch.get_default_dtype(), torch.get_default_device()
    torch.set_default_dtype(torch.float32)
    if device.type != "cpu":
        torch.set_default_device(None)
    try:
        with torch.enable_grad():
            yield
    finally:
        torch.set_default_dtype(dtype)
        if torch.get_default_device() != device:
            torch.set_default_device(None if device.type == "cpu" else device)


@contextlib.contextmanager
def no_logging() -> Iterator[None]:
    """torch logs errors that it also raises; on stderr they would alarm students and nbgrader."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises `TimeIsOver` in the main thread once the time is over, then every second."""
    if seconds <= 0:
        raise TimeIsOver
    if not hasattr(signal, "setitimer") or (
        threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    def stop(_signal: int, _frame: Any) -> None:
        raise TimeIsOver

    previous = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
