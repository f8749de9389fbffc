"""What a figure gives back: the picture, and claims about it beside what was measured."""

import itertools
import math
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from matplotlib.figure import Figure
from torch import Tensor


class Claim(NamedTuple):
    """A statement, mostly the paper's, that a figure lets one check.

    Attributes:
        text: The statement, with its conditions.
        measured: The numbers found.
        needed: What they have to be for the claim to hold.
        holds: Whether they are.
    """

    text: str
    measured: str
    needed: str
    holds: bool


class Reproduction(NamedTuple):
    """A figure of the paper, drawn from models trained just now, and its claims."""

    figure: Figure
    claims: list[Claim]


def within(
    text: str,
    values: Float[Tensor, "*shape"] | Int[Tensor, "*shape"] | float,
    *,
    low: int | float = -math.inf,
    high: int | float = math.inf,
) -> Claim:
    """The claim that all values lie in [low, high]. A NaN lies nowhere.

    >>> within("a coin has two sides", torch.tensor([2, 2]), low=2, high=2)
    Claim(text='a coin has two sides', measured='2, 2', needed='2', holds=True)
    """
    if low == high:
        needed = f"{low:g}"
    elif high == math.inf:
        needed = f"at least {low:g}"
    elif low == -math.inf:
        needed = f"at most {high:g}"
    else:
        needed = f"{low:g} to {high:g}"
    values = torch.as_tensor(values)
    holds = bool(((values >= low) & (values <= high)).all())
    return Claim(text, measured=_numbers(values), needed=needed, holds=holds)


def equal(
    text: str,
    values: Float[Tensor, " values"] | Int[Tensor, " values"],
    *,
    needed: list[float] | list[int],
    tolerance: float = 0.0,
) -> Claim:
    """The claim that values are these, each within `tolerance`.

    >>> equal("dice", torch.tensor([1, 6]), needed=[1, 5])
    Claim(text='dice', measured='1, 6', needed='1, 5', holds=False)
    """
    wanted = torch.tensor(needed)
    holds = len(values) == len(wanted) and bool(((values - wanted).abs() <= tolerance).all())
    return Claim(text, measured=_numbers(values), needed=_numbers(wanted), holds=holds)


def _numbers(values: Float[Tensor, "*shape"] | Int[Tensor, "*shape"]) -> str:
    """Few values one by one, or as "3 x 0.5" if equal; many as the range they span."""
    listed = values.detach().flatten().tolist()
    runs = [(text, len(list(run))) for text, run in itertools.groupby(f"{v:.4g}" for v in listed)]
    if len(runs) > 10:
        return f"{min(listed):.4g} to {max(listed):.4g}"
    return ", ".join(f"{n} x {text}" if n > 2 else ", ".join(n * [text]) for text, n in runs)
