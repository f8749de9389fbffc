"""Files answers under their exercises."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

Answer = Callable[..., Any]
RIGHT: dict[str, list[Answer]] = defaultdict(list)
WRONG: dict[str, list[Answer]] = defaultdict(list)


def right(exercise: str) -> Callable[[Answer], Answer]:
    """Files an unusual right answer: loops, einops, another order of random draws, a class."""
    return _under(RIGHT[exercise])


def wrong(exercise: str) -> Callable[[Answer], Answer]:
    """Files a plausible wrong answer that is not among the slips: half-right, hasty, or copied."""
    return _under(WRONG[exercise])


def _under(answers: list[Answer]) -> Callable[[Answer], Answer]:
    def add(answer: Answer) -> Answer:
        answers.append(answer)
        return answer

    return add
