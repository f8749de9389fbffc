"""Why an answer gave no usable value.

Every problem has two texts. Its message is for whoever may see the inputs: a student at their own
desk, or the instructor. `public` is for feedback on inputs that stay secret. What a student's code
says may quote its arguments, so `public` has no words of theirs but lines of the notebook itself.
"""

import builtins
from typing import Any


class AnswerError(AssertionError):
    """The answer did not give a usable value.

    Attributes:
        value: What an answer that only fails its own type annotations would have returned, as a
            tuple of one; else empty.
    """

    sentence = "Your function returned something that is no tensor, number or tuple of them."

    def __init__(self, message: str, value: tuple[()] | tuple[Any] = ()) -> None:
        super().__init__(message)
        self.value = value

    @property
    def public(self) -> str:
        """What may be told if the inputs are secret."""
        return self.sentence


class FinalError(AnswerError):
    """Every further check of the exercise would only say the same again."""


class NotWrittenError(FinalError):
    """The stub is still in place, or its cell was not run."""

    sentence = "There is no answer: its cell is as it was, or raised an error."


class BorrowedError(FinalError):
    """The answer is not the student's own."""

    sentence = (
        "Your answer uses what the library has for this very exercise, or the solutions, so it "
        "earns nothing. Write it yourself; everything else of tms_lib you may use."
    )


class OutOfTimeError(FinalError):
    """The answer used up the time that its exercise has."""

    sentence = "Your function took too long, so the check stopped it. Is there an endless loop?"


class LostError(FinalError):
    """The answer took its process with it; the message is the grader's own."""

    @property
    def public(self) -> str:
        return str(self)


class GradientError(AnswerError):
    """The value has no gradient, or none that can be computed."""

    sentence = (
        "No gradient flows through your result, so it cannot be trained. "
        "Did you use .detach(), .item(), .data, torch.no_grad or NumPy?"
    )


class ObjectError(AnswerError):
    """The object that the answer makes is not what was asked for."""

    sentence = (
        "The object that your answer makes lacks an attribute, a method or a parameter that was "
        "asked for, or has it in another shape."
    )


class RaisedError(AnswerError):
    """The answer raised.

    Attributes:
        kind: The name of the exception's type.
        place: File and line of the last line of the student's that led there.
        line: That line, if the grader has it in its own copy of the notebook.
    """

    def __init__(
        self,
        message: str,
        value: tuple[()] | tuple[Any] = (),
        *,
        kind: str,
        place: tuple[str, int] | None = None,
    ) -> None:
        super().__init__(message, value)
        self.kind = kind
        self.place = place
        self.line = ""

    @property
    def public(self) -> str:
        if self.kind == "TypeCheckError":
            text = "Your function does not keep to its annotated shapes and types."
        else:
            known = getattr(builtins, self.kind, None)
            is_ours = isinstance(known, type) and issubclass(known, BaseException)
            text = f"Your function raised {self.kind if is_ours else 'an exception'}."
        if self.line and self.place:
            text += f"\n(line {self.place[1]} of the cell: {self.line})"
        return text


# Those that have no more to them than a message and a value.
PROBLEMS = {
    problem.__name__: problem
    for problem in (
        AnswerError,
        NotWrittenError,
        BorrowedError,
        OutOfTimeError,
        GradientError,
        ObjectError,
    )
}
