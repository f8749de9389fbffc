"""The exercise `learn_directions`: sparse autoencoders from hidden vectors alone.

What a run returns is random. It is graded by its start, by the loss that it reaches beside a lower
bound, and by the directions that it finds, where a right loop nearly always finds all of them.
"""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

import tms_lib
from autograder.answer import Call, call
from autograder.claims import WrongValueError, holds, keeps_arguments, uses_generator
from autograder.compare import form_difference
from autograder.exercise import Draw, Exercise
from autograder.exercises.recovering_features.learn_directions_slips import SLIPS

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


def _form_first(value: Any, call: Call) -> None:
    if _form_problem(value, call):
        early = "Not tested: the shapes come first."
        raise WrongValueError(early, public=early)


# ------------------------------------------------------------------------- the start, and lr


def _short_runs(draw: Draw) -> Iterator[Call]:
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


def _short_problem(value: Any, call: Call) -> str | None:
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


def _lone_rows(draw: Draw) -> Iterator[Call]:
    """Batches of one row: 1 along the first axis, or for every fourth row -100.

    Each instance has those elsewhere, so that it does not matter if all get the same rows.
    """
    n, n_rows = 500, 40
    long = (torch.arange(n).unsqueeze(-1) + torch.arange(n_rows)) % 4 == 0
    h = torch.where(long, -100.0, 1.0).unsqueeze(-1) * torch.tensor([1.0, 0.0, 0.0, 0.0])
    yield call(h, n_latents=1, l1=0.0, n_steps=2, batch_size=1, lr=1e-4, generator=draw.generator())


def _lone_problem(value: Any, call: Call) -> str | None:
    """What is wrong with the start of 500 directions, and with the rows that moved b_dec.

    Every latent has rows that activate it, so that none is dead, and lies nearer than 2.6 degrees
    to the rows' axis with a probability of 4e-5.

    Six standard errors are allowed. Of u, even on the unit sphere in 4 dimensions, an entry has
    the variance 1/4, and the sum of u_i^4 the mean 1/2 and the variance 1/40. Of numbers that are
    uniform on [-1, 1] and divided by their length, the mean is 0.43.

    A row of 1 moves b_dec up by lr and one of -100 down, whatever the latent writes. Three in
    four are 1, so that b_dec rises. A larger batch has some of -100 nearly always, and falls.
    """
    _form_first(value, call)
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


def _two_halves(draw: Draw) -> Iterator[Call]:
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


def _halves_problem(value: Any, call: Call) -> str | None:
    """Each row moves b_dec by about lr, up or down: at random these ways cancel.

    In units of lr, their sum over 200 steps and 200 slower ones has the standard error
    sqrt(200 + 200 / 3) = 16 and a few more for the first steps, in which Adam averages over few.
    In the order of the rows, all steps have one sign: 300.
    """
    _form_first(value, call)
    if (value[3][:, 0].abs() > 150 * call.kwargs["lr"]).any():
        return "b_dec has moved as if all rows that a step saw came from one part of h."
    return None


def _steady_pulls(draw: Draw) -> Iterator[Call]:
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


def _rate_problem(value: Any, call: Call) -> str | None:
    """How far b_enc has come: down by the price where a latent lives, up where it was revived.

    A living latent writes h's part along it, and what is left of h pulls at right angles: only
    the price moves b_enc, all the time. A dead one is moved after its second start along h with a
    row of length 0.2, so that h is far from reconstructed. In units of n_steps lr the ways are
    1/2 + 1/4 and 1/4, up to a step or two of a hundred. An Adam that remembers 50 steps without a
    gradient takes the later ones for unusually large, and goes half as far again.
    """
    _form_first(value, call)
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


# ---------------------------------------------------------------- a pentagon, and what is learned

_N_PENTAGONS, _PRICE, _RECOVERED = 12, 0.4, 0.95


def _pentagon() -> Tensor:
    angle = 2 * math.pi * torch.arange(5) / 5
    return 1.17 * torch.stack([angle.cos(), angle.sin()])


def _pentagons(draw: Draw) -> Iterator[Call]:
    """Hidden vectors of five features in a plane, sorted: the first rows show one feature only."""
    W = _pentagon()
    p = torch.full((_N_PENTAGONS, 5), 0.1)
    x = tms_lib.sample_features(p, 1024, generator=draw.generator())
    strongest = x.argmax(-1) + 5 * (x.sum(-1) == 0)  # the empty rows last
    h = x.take_along_dim(strongest.argsort(-1).unsqueeze(-1), dim=1) @ W.mT
    yield call(
        h,
        n_latents=8,
        l1=_PRICE,
        n_steps=400,
        batch_size=128,
        lr=0.03,
        generator=draw.generator(),
    )


def _pentagon_problem(value: Any, call: Call) -> str | None:
    """What is wrong with what was learned, in sentences that hold no number left to chance.

    A right answer fails if more than 4 of 12 instances miss a feature, or lie above the limit of
    the loss. Of 2,040 instances 18 did, at most 2 of one run; if 1 % do, more than 4 of 12 have a
    probability of 8e-8.
    """
    _form_first(value, call)
    W_enc, _, W_dec, b_dec = value
    h = call.args[0]
    latents, error, loss = _measured(h, value, l1=_PRICE)
    told = []
    matched = tms_lib.matched_cosine_similarity(_pentagon().expand(len(h), 2, 5), W_dec)
    if (matched.amin(-1) > _RECOVERED).sum() < _N_PENTAGONS - 4:
        told.append("In too few instances every feature has a latent within a cosine of 0.95.")
    if (loss < 1.12 * _least_loss(h, l1=_PRICE)).sum() < _N_PENTAGONS - 4:
        told.append("In too many instances the loss is more than 12 % above the least possible.")
    if not told:
        return None
    if (error < 0.05 * (h**2).sum(-1).mean(-1)).float().mean() > 0.5:
        told.append("The reconstruction is better than it pays to be at this price.")
    if latents.mean() < 0.02:
        told.append("Hardly any latent is ever active.")
    if (b_dec.norm(dim=-1) > 0.3).float().mean() > 0.5:
        told.append("b_dec has moved far from 0.")
    return " ".join([*told, *_what_the_weights_tell(W_enc, W_dec)])


def _what_the_weights_tell(W_enc: Tensor, W_dec: Tensor) -> Iterator[str]:
    """Of models that are not good."""
    lengths = W_dec.norm(dim=-2)
    if (lengths > 4).float().mean() > 0.3:
        yield "The columns of W_dec have become long."
    if (lengths - 1).abs().max() < 0.02 and (W_enc - W_dec.mT).abs().max() < 0.02:
        yield "The directions have hardly moved."


def _measured(h: Tensor, value: Any, *, l1: float) -> tuple[Tensor, Tensor, Tensor]:
    """Latents, and each instance's mean squared error and mean loss on all rows."""
    W_enc, b_enc, W_dec, b_dec = value
    latents = tms_lib.sparse_encode(h, W_enc=W_enc, b_enc=b_enc, b_dec=b_dec)
    h_hat = tms_lib.sparse_decode(latents, W_dec=W_dec, b_dec=b_dec)
    error = ((h - h_hat) ** 2).sum(-1).mean(-1)
    return latents, error, error + l1 * latents.sum(-1).mean(-1)


def _least_loss(h: Tensor, *, l1: float) -> Tensor:
    """A bound for b_dec = 0: the reconstruction is no longer than the latents' sum F.

    So the loss of a row is at least (|h| - F)^2 + l1 F, which is least at F = |h| - l1 / 2.
    """
    length = h.norm(dim=-1)
    return torch.where(length > l1 / 2, l1 * length - l1**2 / 4, length**2).mean(-1)


# ------------------------------------------------------------------------------- without a price


def _free_latents(draw: Draw) -> Iterator[Call]:
    p = torch.full((6, 5), 0.2)
    yield call(
        tms_lib.sample_features(p, 512, generator=draw.generator()) @ _pentagon().mT,
        n_latents=8,
        l1=0.0,
        n_steps=200,
        batch_size=64,
        lr=0.03,
        generator=draw.generator(),
    )


def _free_problem(value: Any, call: Call) -> str | None:
    """A right answer fails if an instance is left with an error above 5 % of the mean |h|^2.

    Of 1,020 instances the worst was left with 1.4 %.
    """
    _form_first(value, call)
    h = call.args[0]
    _, error, _ = _measured(h, value, l1=0.0)
    if (error > 0.05 * (h**2).sum(-1).mean(-1)).any():
        told = "With l1 = 0 the reconstruction should be nearly perfect, and is not."
        return " ".join([told, *_what_the_weights_tell(value[0], value[2])])
    return None


# -------------------------------------------------------------------------------- dead latents


def _one_quadrant(draw: Draw) -> Iterator[Call]:
    """Hidden vectors within 37 degrees: a third of all random directions are dead at the start."""
    yield call(
        draw.uniform(30, 512, 2, low=1.0, high=2.0),
        n_latents=6,
        l1=0.02,
        n_steps=60,
        batch_size=32,
        lr=3e-3,
        generator=draw.generator(),
    )


def _revival_problem(value: Any, call: Call) -> str | None:
    """A right answer fails if more than 9 of 180 latents are dead, where about 63 begin so.

    In 200 runs 1.3 were on average, and at most 6.
    """
    _form_first(value, call)
    latents, _, _ = _measured(call.args[0], value, l1=0.02)
    if tms_lib.dead_latents(latents).float().mean() > 0.05:
        return "More than a twentieth of the latents are dead at the end. Half-way, revive them."
    return None


def _loop_with_schedulers(
    h: Tensor,
    *,
    n_latents: int,
    l1: float,
    n_steps: int,
    batch_size: int,
    lr: float,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    # latents last in memory, a permutation instead of single rows, and one optimizer per half
    n, n_rows, n_hidden = h.shape
    W_dec = torch.randn(n, n_latents, n_hidden, generator=generator).mT
    W_dec = W_dec / W_dec.norm(dim=-2, keepdim=True)
    W_enc, b_enc, b_dec = W_dec.mT.clone(), torch.zeros(n, n_latents), torch.zeros(n, n_hidden)
    for first, last in ((0, n_steps // 2), (n_steps // 2, n_steps)):
        if first > 0:
            W_enc, b_enc, W_dec = tms_lib.resample_latents(
                h, W_enc=W_enc, b_enc=b_enc, W_dec=W_dec, b_dec=b_dec, generator=generator
            )
        for part in (W_enc, b_enc, W_dec, b_dec):
            part.requires_grad_()
        optimizer = torch.optim.AdamW([W_enc, b_enc, W_dec, b_dec], lr=lr, weight_decay=0)
        for step in range(first, last):
            optimizer.param_groups[0]["lr"] = lr * min(1, 2 * (1 - step / n_steps))
            row = torch.randperm(n_rows, generator=generator)[:batch_size]
            batch = h[:, row]
            latents = torch.relu((batch - b_dec[:, None]) @ W_enc.mT + b_enc[:, None])
            h_hat = latents @ (W_dec / W_dec.norm(dim=-2, keepdim=True)).mT + b_dec[:, None]
            loss = ((batch - h_hat) ** 2).sum() + l1 * latents.sum()
            optimizer.zero_grad()
            (loss / batch_size).backward()
            optimizer.step()
        W_enc, b_enc, W_dec, b_dec = (part.detach() for part in (W_enc, b_enc, W_dec, b_dec))
    return W_enc, b_enc, W_dec, b_dec


EXERCISE = Exercise(
    reference=tms_lib.learn_directions,
    points=5,
    minutes=20,
    difficulty=4,
    seconds=30,
    checks=(
        holds(
            "shapes, the start, and few short steps",
            _short_runs,
            problem=_short_problem,
            weight=2,
            cut=True,
        ),
        holds("even directions, and batch_size rows a step", _lone_rows, problem=_lone_problem),
        holds("rows are drawn from all of h", _two_halves, problem=_halves_problem),
        holds("lr stays, then falls, with a new Adam", _steady_pulls, problem=_rate_problem),
        holds("the five directions of a pentagon", _pentagons, problem=_pentagon_problem, weight=4),
        holds("a price of 0 leaves hardly any error", _free_latents, problem=_free_problem),
        holds("dead latents get a second start", _one_quadrant, problem=_revival_problem, weight=2),
        uses_generator(_short_runs),
        keeps_arguments(_short_runs, measure=_short_problem),
    ),
    slips=SLIPS,
    also_right=_loop_with_schedulers,
)
