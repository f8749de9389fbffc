"""What `learn_directions` is asked of its start and of single steps: short runs, and judgements."""

import math
from collections.abc import Iterator
from typing import Any

import torch

from autograder.answer import Call, call
from autograder.claims import WrongValueError
from autograder.compare import form_difference
from autograder.exercise import Draw

_AXES = (
    "W_enc: instances latents hidden",
    "b_enc: instances latents",
    "W_dec: instances hidden latents",
    "b_dec: instances hidden",
)


def _form_problem(value: Any, call: Call) -> str | None:
    """What is wrong with the value's form, told by the names of the axes."""
    n, _, hidden = call.args[0].shape
    k = call.kwargs["n_latents"]
    shapes = ((n, k, hidden), (n, k), (n, hidden, k), (n, hidden))
    expected = tuple(torch.zeros(shape) for shape in shapes)
    if not isinstance(value, tuple) or len(value) != 4:
        return form_difference(value, expected)
    found = map(lambda v, e, n: form_difference(v, e, axes=n), value, expected, _AXES)
    problem = next((text for text in found if text), None)
    if problem or all(part.isfinite().all() for part in value):
        return problem
    return "Some values are not finite."


def form_first(value: Any, call: Call) -> None:
    if _form_problem(value, call):
        early = "Not tested: the shapes come first."
        raise WrongValueError(early, public=early)


def short_runs(draw: Draw) -> Iterator[Call]:
    for n, hidden, n_latents in ((4, 3, 7), (1, 5, 5), (2, 4, 1)):
        yield call(
            draw.normal(n, 200, hidden),
            n_latents=n_latents,
            l1=0.1,
            n_steps=4,
            batch_size=16,
            lr=1e-3,
            generator=draw.generator(),
        )


def short_problem(value: Any, call: Call) -> str | None:
    """Adam moves a number by about lr in a step, and by less than three times that."""
    if problem := _form_problem(value, call):
        return problem
    W_enc, b_enc, W_dec, b_dec = value
    furthest = 3 * call.kwargs["n_steps"] * call.kwargs["lr"]
    told = []
    if b_enc.abs().max() > furthest or b_dec.abs().max() > furthest:
        told.append(
            "After 4 steps the biases are farther from 0 than so few steps of at most lr can take "
            "them."
        )
    lengths = W_dec.norm(dim=-2)
    if ((lengths - 1).abs() > math.sqrt(W_dec.shape[-2]) * furthest).any():
        told.append("After 4 steps some columns of W_dec do not have length 1, as at the start.")
    if ((W_enc - W_dec.mT).abs() > 2 * furthest).any():
        told.append("After 4 steps W_enc is not W_dec transposed, as at the start.")
    if len(W_dec) > 1 and (W_dec[1:] - W_dec[:1]).abs().max() < furthest:
        told.append("All instances start from the same directions.")
    for bias, name in ((b_enc, "b_enc"), (b_dec, "b_dec")):
        if (bias == 0).all():
            told.append(f"After 4 steps {name} is still exactly 0.")
    return " ".join(told) or None


def lone_rows(draw: Draw) -> Iterator[Call]:
    """Batches of one row: 1 along the first axis, or for every fourth row -100.

    Each instance has those elsewhere, so that it does not matter if all get the same rows.
    """
    n, n_rows = 500, 40
    long = (torch.arange(n).unsqueeze(-1) + torch.arange(n_rows)) % 4 == 0
    h = torch.where(long, -100.0, 1.0).unsqueeze(-1) * torch.tensor([1.0, 0.0, 0.0, 0.0])
    yield call(h, n_latents=1, l1=0.0, n_steps=2, batch_size=1, lr=1e-4, generator=draw.generator())


def lone_problem(value: Any, call: Call) -> str | None:
    """What is wrong with the start of 500 directions, and with the rows that moved b_dec.

    Every latent has rows that activate it, so that none is dead, and lies nearer than 2.6 degrees
    to the rows' axis with a probability of 4e-5.

    Six standard errors are allowed. Of u, even on the unit sphere in 4 dimensions, an entry has
    the variance 1/4, and the sum of u_i^4 the mean 1/2 and the variance 1/40. Of numbers that are
    uniform on [-1, 1] and divided by their length, the mean is 0.43.

    A row of 1 moves b_dec up by lr and one of -100 down, whatever the latent writes. Three in
    four are 1, so that b_dec rises. A larger batch has some of -100 nearly always, and falls.
    """
    form_first(value, call)
    directions = torch.nn.functional.normalize(value[2][..., 0], dim=-1)
    n = len(directions)
    if (directions - directions[:1]).abs().max() < 0.01:
        return "All instances start from the same directions."
    if (directions[:, 0].abs() > 0.999).double().mean() > 0.05:
        return (
            "Directions lie along rows of h. They start at random, and only latents that no row of "
            "all of h activates start anew."
        )
    if (directions.mean(0).abs() > 6 * math.sqrt(1 / 4 / n)).any():
        return "The directions at the start point more to one side than to the other."
    if ((directions**4).sum(-1).mean() - 1 / 2).abs() > 6 * math.sqrt(1 / 40 / n):
        return "The directions at the start are not evenly distributed."
    if value[3][:, 0].mean() < 0:
        return "b_dec moves as if a step saw more than batch_size rows."
    return None


def two_halves(draw: Draw) -> Iterator[Call]:
    """The first half of the rows are the negatives of the second, and batches have one row.

    In 100 dimensions the latent hardly ever writes much of what is left to b_dec.
    """
    sign = torch.ones(3, 1000, 1)
    yield call(
        torch.cat([sign, -sign], dim=1) * torch.eye(100)[0],
        n_latents=1,
        l1=0.0,
        n_steps=400,
        batch_size=1,
        lr=1e-5,
        generator=draw.generator(),
    )


def halves_problem(value: Any, call: Call) -> str | None:
    """Each row moves b_dec by about lr, up or down: at random these ways cancel.

    In units of lr, their sum over 200 steps and 200 slower ones has the standard error
    sqrt(200 + 200 / 3) = 16 and a few more for the first steps, in which Adam averages over few.
    In the order of the rows, all steps have one sign: 300.
    """
    form_first(value, call)
    if (value[3][:, 0].abs() > 150 * call.kwargs["lr"]).any():
        return "b_dec has moved as if all rows that a step saw came from one part of h."
    return None


def steady_pulls(draw: Draw) -> Iterator[Call]:
    """A single latent, and rows that are nearly all alike: gradients that hardly change.

    So Adam moves each number by just the learning rate in every step.
    """
    h = torch.nn.functional.normalize(draw.normal(40, 1, 4), dim=-1) + 1e-4 * draw.normal(40, 50, 4)
    yield call(
        2 * h,
        n_latents=1,
        l1=0.5,
        n_steps=100,
        batch_size=8,
        lr=1e-5,
        generator=draw.generator(),
    )


def rate_problem(value: Any, call: Call) -> str | None:
    """How far b_enc has come: down by the price where a latent lives, up where it was revived.

    A living latent writes h's part along it, and what is left of h pulls at right angles: only
    the price moves b_enc, all the time. A dead one is moved after its second start along h with a
    row of length 0.2, so that h is far from reconstructed. In units of n_steps lr the ways are
    1/2 + 1/4 and 1/4, up to a step or two of a hundred. An Adam that remembers 50 steps without a
    gradient takes the later ones for unusually large, and goes half as far again.
    """
    form_first(value, call)
    way = value[1][:, 0] / (call.kwargs["n_steps"] * call.kwargs["lr"])
    living, revived = -way[way < 0], way[way > 0]
    if len(revived) < 4:  # of 40; as few have a chance below 1e-7, as below
        return "b_enc should rise after the second start of a dead latent."
    if len(living) < 4:
        return "b_enc should fall where a latent lives: its price pulls."
    if living.median() > 0.95:
        return "The biases have come too far: after half-way, lr should fall to 0."
    if living.median() > 0.8:
        return "The biases have come somewhat too far for this lr."
    if living.median() < 0.7:
        return "The biases have not come far enough: in the first half, all steps have the full lr."
    if revived.median() > 0.3:
        return "After their second start latents move faster than a new Adam with this lr does."
    if revived.median() < 0.2:
        return "After their second start latents move too little."
    return None
