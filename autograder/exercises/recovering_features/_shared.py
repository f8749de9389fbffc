"""Inputs that several exercises of chapter 13 are checked with: autoencoders of hidden vectors."""

from torch import Tensor

from autograder.exercise import Draw


def latents_like(draw: Draw, *shape: int) -> Tensor:
    """Numbers of which half are 0 and none is negative, as latents are."""
    return draw.normal(*shape).relu()


def long_and_short(draw: Draw, *shape: int) -> Tensor:
    """Columns of very different lengths."""
    *instances, _, n_columns = shape
    return draw.normal(*shape) * draw.uniform(*instances, 1, n_columns, low=0.2, high=3.0)
