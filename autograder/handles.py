"""What checks do with an object that an answer makes: a module, a function, an iterator, a config.

The object itself never crosses to a check. A call names the steps to take with it, in order, and
the value of the call is what each step gave, by the step's own words.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import torch
from torch import Tensor

from autograder.problems import ObjectError


@dataclass(frozen=True, kw_only=True)
class Step:
    """One use of an object. Make it with `calls`, `gets` or `sets`.

    Attributes:
        do: What to do.
        name: Of the attribute or the method; "" for the object itself.
        args: Arguments of the call, or the value to set.
        kwargs: Arguments of the call, by name.
    """

    do: Literal["call", "get", "set"]
    name: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def text(self) -> str:
        """The step in words, as a report shows it.

        They are found once, when its call is made, and stay if the answer reshapes an argument.
        """
        args = [_in_words(value) for value in self.args]
        args += [f"{name}={_in_words(value)}" for name, value in self.kwargs.items()]
        if self.do == "call":
            return f"{self.place}({', '.join(args)})"
        return " = ".join((self.place, *args))

    @property
    def place(self) -> str:
        """What is read, written or called."""
        return f"object.{self.name}" if self.name else "object"

    def map(self, change: Callable[[Any], Any]) -> "Step":
        """The same step with every argument changed."""
        return Step(
            do=self.do,
            name=self.name,
            args=tuple(map(change, self.args)),
            kwargs={name: change(value) for name, value in self.kwargs.items()},
        )

    def items(self) -> Iterator[tuple[str, Any]]:
        """The arguments by words that say where they belong."""
        for number, value in enumerate(self.args, start=1):
            yield f"{number} of {self.text}", value
        for name, value in self.kwargs.items():
            yield f"{name} of {self.text}", value

    def take(self, made: Any) -> Any:
        """What the step gives; None if it sets something.

        Raises:
            ObjectError: If the object has no such attribute, or no tensor of the shape to set.
        """
        try:
            target = getattr(made, self.name) if self.name else made
        except AttributeError:
            hint = " Does your class inherit from nn.Module?" if _of_module(self.name, made) else ""
            raise ObjectError(f"There is no {self.place}.{hint}") from None
        if self.do == "call":
            return target(*self.args, **self.kwargs)
        if self.do == "get":
            return target
        (value,) = self.args
        if not isinstance(target, Tensor) or target.shape != value.shape:
            got = tuple(target.shape) if isinstance(target, Tensor) else type(target).__name__
            raise ObjectError(
                f"{self.place} must be a tensor of shape {tuple(value.shape)}; got {got}."
            )
        with torch.no_grad():
            target.copy_(value)
        return None


def calls(name: str, /, *args: Any, **kwargs: Any) -> Step:
    """Calls a method of the object, or for "" the object itself."""
    return Step(do="call", name=name, args=args, kwargs=kwargs)


def gets(name: str) -> Step:
    """Reads an attribute of the object."""
    return Step(do="get", name=name)


def sets(name: str, value: Tensor) -> Step:
    """Overwrites the numbers of one of the object's tensors."""
    return Step(do="set", name=name, args=(value,))


def take_all(made: Any, steps: tuple[Step, ...]) -> dict[str, Any]:
    """What each step gives, by its words; not those that set, nor those that give the object."""
    found = {}
    for step in steps:
        value = step.take(made)
        if step.do != "set" and value is not made:
            found[step.text] = value
    return found


def parameter(made: Any, name: str) -> Tensor:
    """The object's tensor of that name, to differentiate by.

    Raises:
        ObjectError: If there is none, or it is not trained.
    """
    found = getattr(made, name, None)
    if not isinstance(found, Tensor) or not found.requires_grad:
        raise ObjectError(
            f"object.{name} is not trained: it must be an nn.Parameter that requires a gradient."
        )
    return found


def _of_module(name: str, made: Any) -> bool:
    return hasattr(torch.nn.Module, name) and not isinstance(made, torch.nn.Module)


def _in_words(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"tensor of shape {tuple(value.shape)}"
    # these words stand in feedback too, so they quote names and sizes only
    return repr(value) if isinstance(value, int | str) else type(value).__name__
