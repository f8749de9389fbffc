"""How checks talk to an answer: calls with data in, data out.

A check never touches a student's function itself. It hands a `Call` to an `Answer` and gets an
`Outcome`, in which every value is plain data: exact tensors, numbers, strings, and tuples or
dictionaries of them. What a returned object does when compared or printed therefore plays no role.
Where an answer makes an object, the call says what to do with it; see `autograder.handles`.
`LocalAnswer` runs in this process and protects nothing; it serves a student's own kernel.
"""

import contextlib
import io
import itertools
import linecache
import re
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import FunctionType
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

from autograder.borrowed import withheld
from autograder.guards import TimeIsOver, no_logging, time_limit, torch_defaults
from autograder.handles import Step, parameter, take_all
from autograder.problems import (
    AnswerError,
    BorrowedError,
    GradientError,
    NotWrittenError,
    OutOfTimeError,
    RaisedError,
)

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Call:
    """Arguments for one call of an answer, and what to do with the object that it makes.

    Without steps, the value of the call is what it returns. With steps, it is what they give.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    steps: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        texts = [step.text for step in self.steps]
        if len(set(texts)) < len(texts):
            raise ValueError(f"two steps of a call read the same: {texts}")

    def then(self, *steps: Step) -> "Call":
        """The same call, with these steps after its own."""
        return replace(self, steps=self.steps + steps)

    def map(self, change: Callable[[Any], Any]) -> "Call":
        """The same call with every argument changed, also those of its steps."""
        return Call(
            args=tuple(map(change, self.args)),
            kwargs={name: change(value) for name, value in self.kwargs.items()},
            steps=tuple(step.map(change) for step in self.steps),
        )

    def fresh(self) -> "Call":
        """The same call with copies of its tensors and generators."""

        def copy(value: Any) -> Any:
            if isinstance(value, torch.Generator):
                return value.clone_state()
            return value.detach().clone() if isinstance(value, Tensor) else value

        return self.map(copy)

    def replace(self, arguments: Mapping[int | str, Any]) -> "Call":
        """The same call with the arguments at these positions or names replaced."""
        return replace(
            self,
            args=tuple(arguments.get(i, value) for i, value in enumerate(self.args)),
            kwargs={name: arguments.get(name, value) for name, value in self.kwargs.items()},
        )

    def items(self) -> Iterator[tuple[int | str, Any]]:
        """The arguments by position or name; those of a step by words that say where they are."""
        yield from enumerate(self.args)
        yield from self.kwargs.items()
        for step in self.steps:
            yield from step.items()

    def states(self) -> dict[int | str, Tensor]:
        """Copies of the tensors, and of the generators' states, by position or name.

        Raises:
            AnswerError: If one is no ordinary tensor any more.
        """
        return {
            key: value.get_state() if isinstance(value, torch.Generator) else _copy(value)
            for key, value in self.items()
            if isinstance(value, Tensor | torch.Generator)
        }

    def changed(self, after: Mapping[int | str, Tensor]) -> tuple[int | str, ...]:
        """Where a tensor has another state than in this call."""
        before = self.states()
        return tuple(
            key
            for key, value in self.items()
            if isinstance(value, Tensor) and not _same(after[key], before[key])
        )

    def drawn(self, after: Mapping[int | str, Tensor]) -> bool:
        """Whether every generator has another state than in this call."""
        return not any(
            isinstance(value, torch.Generator) and _same(after[key], value.get_state())
            for key, value in self.items()
        )


def call(*args: Any, **kwargs: Any) -> Call:
    """The call `answer(*args, **kwargs)`."""
    return Call(args=args, kwargs=kwargs)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a call gave back.

    Attributes:
        value: The returned value as plain data.
        in_graph: Whether a returned tensor still requires a gradient.
        after: The states that the call left its arguments in; see `Call.states`.
        gradients: By argument or parameter, d(sum of weighted outputs)/d(argument); empty unless
            asked for.
    """

    value: Any
    in_graph: bool = False
    after: dict[int | str, Tensor] = field(default_factory=dict)
    gradients: dict[int | str, Tensor] = field(default_factory=dict)


class Answer(Protocol):
    """A student's answer to one exercise, wherever it runs."""

    def outcome(self, call: Call, *, wrt: Sequence[int | str] = ()) -> Outcome:
        """Calls the answer on copies of the arguments.

        Args:
            call: The arguments.
            wrt: Arguments for which gradients are wanted; ".W" is the parameter W of the object
                that the call makes.

        Raises:
            AnswerError: If there is no usable value: it raised, timed out, or returned an object
                that is no plain data, or a value without the gradient asked for.
        """
        ...

    def mixes_devices(self, call: Call) -> bool:
        """Whether the answer creates tensors on another device than its arguments'.

        False also where this cannot be told, as when the answer's path depends on values.
        """
        ...


def perform(function: Callable[..., Any], call: Call) -> tuple[Any, Any]:
    """What a call makes, and its value: the same, or what its steps give."""
    made = function(*call.args, **call.kwargs)
    return made, take_all(made, call.steps) if call.steps else made


def value_of(function: Callable[..., Any], call: Call) -> Any:
    """The value of a function that is ours, as plain data."""
    return plain(perform(function, call.fresh())[1])


def plain(value: Any) -> Any:
    """The value as plain data, detached and copied.

    Raises:
        AnswerError: If it is, or contains, anything but tensors, numbers, strings, None, and
            tuples, lists and dictionaries of them. Subclasses of tensors and numbers are refused.
    """
    try:
        return _plain(value)
    except RecursionError:
        raise AnswerError("Your function returned a list that contains itself.") from None


def _plain(value: Any) -> Any:
    if type(value) in (Tensor, torch.nn.Parameter):
        return _copy(value)
    if type(value) is int and abs(value) > 2**63:
        raise AnswerError("Your function returned a whole number that no tensor can hold.")
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, tuple | list):
        return tuple(_plain(item) for item in value)
    if isinstance(value, dict) and type(value) in (dict, OrderedDict):  # a state_dict
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    needed = "a torch.Tensor was needed."
    if type(value).__module__ == "numpy":
        if type(value).__name__ == "ndarray":
            needed += " Use torch.from_numpy to make it a tensor."
        else:
            needed = (
                "a torch.Tensor or a Python number was needed. Use .item() to make it a number."
            )
    raise AnswerError(
        f"Your function returned a {type(value).__module__}.{type(value).__qualname__}; {needed}"
    )


def _copy(value: Tensor) -> Tensor:
    if value.device.type != "cpu":
        raise AnswerError(
            f"Your function returned a tensor on {value.device}; its arguments are on the CPU."
        )
    if value.layout != torch.strided or value.is_quantized:
        raise AnswerError(
            f"Your function returned a tensor of layout {value.layout}; an ordinary one was needed."
        )
    try:
        return value.detach().clone()
    except (RuntimeError, MemoryError):  # one number expanded to many takes no memory until now
        raise AnswerError(
            f"Your function returned a tensor of shape {tuple(value.shape)}, too large to copy."
        ) from None


def cotangent(output: Tensor) -> Tensor:
    """Fixed, uneven weights that turn an output into one number to differentiate."""
    ramp = torch.linspace(0.5, 1.5, output.numel(), dtype=output.dtype, device=output.device)
    return ramp.reshape(output.shape)


class LocalAnswer:
    """An answer that is a function in this process.

    Args:
        name: The name of the function.
        namespace: Where to find it, such as a notebook's globals.
        seconds: Time for all calls together. Only the main thread of a POSIX system can be
            interrupted; elsewhere there is no limit.
        reference: The library's function that the answer may not call.
    """

    def __init__(
        self,
        name: str,
        namespace: Mapping[str, Any],
        *,
        seconds: float,
        reference: Callable[..., Any] | None = None,
    ) -> None:
        self._name = name
        self._namespace = namespace
        self._seconds = seconds
        self._reference = reference
        self._global_seeds = itertools.count()
        self.printed = io.StringIO()

    def outcome(self, call: Call, *, wrt: Sequence[int | str] = ()) -> Outcome:
        names = [key for key in wrt if str(key).startswith(".")]
        leaves = {
            key: dict(call.items())[key].detach().clone().requires_grad_()
            for key in wrt
            if key not in names
        }
        copies = call.fresh().replace({key: leaf.clone() for key, leaf in leaves.items()})
        function = self._function()

        def result() -> Outcome:
            made, value = perform(function, copies)
            leaves.update({name: parameter(made, str(name)[1:]) for name in names})
            return Outcome(
                value=plain(value),
                in_graph=any(t.requires_grad for t in _tensors(value)),
                after=copies.states(),
                gradients=_gradients(value, {key: leaves[key] for key in wrt}) if wrt else {},
            )

        try:
            return self._run(result)
        except AnswerError:
            raise
        except KeyboardInterrupt:
            raise  # the student's own
        except BaseException as error:  # sys.exit() as well: it would end the kernel
            raise raised(
                error, self._namespace, self._without_annotations(error, function, call)
            ) from None

    def mixes_devices(self, call: Call) -> bool:
        # Fake tensors carry shape, dtype and device but no data: on any machine they tell what
        # would happen with arguments on another device than the default one.
        with FakeTensorMode(allow_non_fake_inputs=True), no_logging():
            elsewhere = call.map(
                lambda v: (
                    torch.empty(v.shape, dtype=v.dtype, device="meta")
                    if isinstance(v, Tensor)
                    else v
                )
            )
            function = self._function()

            def result() -> bool:
                _, value = perform(function, elsewhere)
                return any(t.device.type != "meta" for t in _tensors(value))

            try:
                return self._run(result)
            except (KeyboardInterrupt, BorrowedError):
                raise
            except BaseException as error:  # also: the path depends on values, so nobody can tell
                return bool(re.search(r"found (at least )?two", str(error)))

    def _function(self) -> Callable[..., Any]:
        if self._name not in self._namespace:
            raise NotWrittenError(f"{self._name} is not defined. Run the cell with your answer.")
        function = self._namespace[self._name]
        if not callable(function):
            raise AnswerError(
                f"{self._name} has type {type(function).__name__}; a function was needed. "
                "Did you assign a value to this name?"
            )
        return function

    def _run(self, use: Callable[[], T]) -> T:
        """The call, and all that is read of what it gave, which can still run the answer's code.

        Output is kept, time limited, and torch's global seed another at every call.
        """
        started = time.monotonic()
        try:
            with (
                contextlib.redirect_stdout(self.printed),
                contextlib.redirect_stderr(self.printed),
                torch.random.fork_rng(devices=[]),
                torch_defaults(),
                time_limit(self._seconds),
                withheld(self._reference),
            ):
                # torch.manual_seed keeps the stack's text for CUDA, which takes a millisecond
                torch.default_generator.manual_seed(next(self._global_seeds))
                return use()
        except NotImplementedError as error:
            if error.args:
                raise
            raise NotWrittenError(
                "Not written yet: replace `raise NotImplementedError()` with your answer."
            ) from None
        except TimeIsOver:
            raise OutOfTimeError(OutOfTimeError.sentence) from None
        finally:
            self._seconds -= time.monotonic() - started

    def _without_annotations(
        self, error: BaseException, function: Any, call: Call
    ) -> tuple[()] | tuple[Any]:
        """What the function would return if its annotations were not enforced, for diagnosis."""
        if type(error).__module__.split(".")[0] == "jaxtyping":
            with contextlib.suppress(Exception):
                bare, copies = _bare(function), call.fresh()
                return (self._run(lambda: plain(perform(bare, copies)[1])),)
        return ()


def _bare(function: Any) -> Callable[..., Any]:
    """What jaxtyping wrapped: the function, or a class with the methods."""
    if not isinstance(function, type):
        return function.__wrapped__
    found = vars(function).items()
    methods = {n: getattr(f, "__wrapped__", f) for n, f in found if isinstance(f, FunctionType)}
    return type(function.__name__, (function,), methods)


def _same(state: Tensor, other: Tensor) -> bool:
    alike = state.shape == other.shape and state.dtype == other.dtype
    return alike and torch.equal(state.nan_to_num(), other.nan_to_num())


def _tensors(value: Any) -> Iterator[Tensor]:
    """The tensors that a value is or consists of."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _tensors(part)


def _gradients(value: Any, leaves: dict[int | str, Tensor]) -> dict[int | str, Tensor]:
    tensors = [t for t in _tensors(value) if t.requires_grad]
    if not tensors:
        raise GradientError(GradientError.sentence)
    total = sum((t * cotangent(t)).sum() for t in tensors)
    assert isinstance(total, Tensor)
    try:
        found = torch.autograd.grad(total, list(leaves.values()), allow_unused=True)
    except RuntimeError as error:
        raise GradientError(
            f"The gradient of your result cannot be computed: {str(error).splitlines()[0]}"
        ) from None
    return {
        key: torch.zeros_like(leaf) if gradient is None else plain(gradient)
        for (key, leaf), gradient in zip(leaves.items(), found, strict=True)
    }


def raised(
    error: BaseException, namespace: Mapping[str, Any], value: tuple[()] | tuple[Any]
) -> RaisedError:
    """One or two lines: what was raised, and the last line of the student's that led there."""
    kind = type(error).__name__
    first_line, *more = (str(error).strip() or "no message").splitlines()
    if first_line.endswith(":") and more:
        first_line += f" {more[0].strip()}"
    text = f"Your function raised {kind}: {first_line}"
    if type(error).__module__.split(".")[0] == "jaxtyping":
        text = f"Your function does not keep to its annotated shapes and types: {first_line}"
    for frame, line_number in reversed(list(traceback.walk_tb(error.__traceback__))):
        if frame.f_globals is namespace:
            file = frame.f_code.co_filename
            line = linecache.getline(file, line_number).strip()
            text += f"\n(line {line_number} of the cell: {line})" if line else ""
            return RaisedError(text, value, kind=kind, place=(file, line_number))
    return RaisedError(text, value, kind=kind)
