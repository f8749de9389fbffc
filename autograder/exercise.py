"""What an exercise is: a reference, checks made from cases, and the slips that people make.

The same object serves the student's notebook, the grading run and the tests of the grader.
"""

import hashlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from autograder.answer import Answer, Call, value_of


class Draw:
    """Random inputs for cases, reproducible from a seed.

    Args:
        seed: Two draws with equal seeds give equal inputs.
    """

    def __init__(self, seed: int) -> None:
        self._rng = torch.Generator().manual_seed(seed)

    def normal(self, *shape: int) -> Tensor:
        """Standard normal numbers, float32."""
        return torch.randn(shape, generator=self._rng)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Numbers from U[low, high], float32."""
        return low + (high - low) * torch.rand(shape, generator=self._rng)

    def integer(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return int(torch.randint(low, high + 1, (), generator=self._rng))

    def generator(self) -> torch.Generator:
        """A generator with a seed of its own, to pass to an answer."""
        return torch.Generator().manual_seed(self.integer(0, 2**31))


Cases = Callable[[Draw], Iterator[Call]]


@dataclass(frozen=True, kw_only=True)
class Slip:
    """A wrong answer that people give, and the sentence that explains it.

    Attributes:
        answer: The wrong answer, with the reference's signature. The source of one that
            `tms demo` hands in must make sense on its own in the chapter's notebook.
        says: One or two sentences for the student: what they did, what was needed.
    """

    answer: Callable[..., Any]
    says: str


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line of an exercise's report.

    Attributes:
        claim: What holds if the check passes, as the student reads it.
        run: Raises `AssertionError` with a sentence for the student if it does not.
        weight: Share of the exercise's points, relative to the other checks'.
        assumes_value: Whether the claim means something for answers with the right value only.
    """

    claim: str
    run: Callable[["Trial", Draw], None]
    weight: int = 1
    assumes_value: bool = False

    def __post_init__(self) -> None:
        if self.weight < 1:
            raise ValueError(f"weight must be at least 1; got {self.weight} for {self.claim!r}")


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """A graded exercise.

    Attributes:
        reference: The function or class of `tms_lib` that the student writes; it gives the name.
        points: Full marks.
        minutes: How long a student takes.
        difficulty: From 1 (a line) to 5 (a puzzle).
        checks: Lines of the report, in the order of the report.
        slips: Wrong answers to recognise.
        also_right: A right answer written differently, for the tests of the grader.
        seconds: How long the answer's calls may take together.
    """

    reference: Callable[..., Any]
    points: int
    minutes: int
    difficulty: int
    checks: Sequence[Check]
    slips: Sequence[Slip]
    also_right: Callable[..., Any]
    seconds: float = 10.0

    def __post_init__(self) -> None:
        if not 1 <= self.difficulty <= 5:
            raise ValueError(f"difficulty of {self.name} must be 1 to 5; got {self.difficulty}")
        claims = [check.claim for check in self.checks]
        if len(set(claims)) < len(claims):
            raise ValueError(f"{self.name} has two checks with the same claim: {claims}")

    @property
    def name(self) -> str:
        """The reference's name, which is also the answer's."""
        return self.reference.__name__

    def draw(self, check: Check, seed: int) -> Draw:
        """The inputs of one check: they depend on the seed, the exercise and the claim only.

        From the inputs of one check nobody can work out those of another.
        """
        digest = hashlib.sha256(f"{seed} {self.name} {check.claim}".encode()).digest()
        return Draw(int.from_bytes(digest[:7]))

    def keys(self, call: Call) -> dict[str, int | str]:
        """Where the call has the arguments that the reference has names for."""
        positional = list(inspect.signature(self.reference).parameters)[: len(call.args)]
        return {
            **{name: position for position, name in enumerate(positional)},
            **{name: name for name in call.kwargs},
        }


class Trial:
    """One grading of one answer.

    Args:
        exercise: What was asked.
        answer: What is judged.

    Attributes:
        suspects: The slips that may still explain what is wrong.
    """

    def __init__(self, exercise: Exercise, answer: Answer) -> None:
        self.exercise = exercise
        self.answer = answer
        self.suspects = list(exercise.slips)
        self._last: tuple[Call, Any] | None = None

    def expected(self, call: Call) -> Any:
        """The reference's value as plain data."""
        if self._last is None or self._last[0] is not call:
            self._last = call, value_of(self.exercise.reference, call)
        return self._last[1]


def in_double(call: Call) -> Call:
    """The same call with every floating-point tensor in float64.

    All values become smaller by 2^-25 of themselves. float32 has none of these, so that a detour
    through it shows; a probability stays one, and what was equal stays equal.
    """

    def cast(value: Any) -> Any:
        floating = isinstance(value, Tensor) and value.is_floating_point()
        return value.double() * (1 - 2**-25) if floating else value

    return call.map(cast)
