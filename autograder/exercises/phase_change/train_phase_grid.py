"""The exercise `train_phase_grid`: the best of several models at each point of a grid.

Models are graded by their loss, which is exact, against the optimum. No check looks at the weights
that a seed happens to give.
"""

import functools
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

import tms_lib
from autograder.answer import Call, call
from autograder.claims import WrongValueError, holds, keeps_arguments, uses_generator
from autograder.compare import form_difference
from autograder.exercise import Draw, Exercise
from autograder.exercises.phase_change.train_phase_grid_slips import SLIPS

_N_SEEDS, _N_STEPS, _LR = 16, 100, 0.2


def _short_trainings(draw: Draw) -> Iterator[Call]:
    for n_densities, n_importances, n_seeds in ((2, 3, 4), (3, 1, 1), (1, 2, 2)):
        yield call(
            draw.uniform(n_densities, low=0.1),
            draw.uniform(n_importances, low=0.2, high=5.0),
            n_seeds=n_seeds,
            n_steps=2,
            lr=0.01,
            generator=draw.generator(),
        )


def _small_grid(draw: Draw) -> Iterator[Call]:
    """All three phases, away from their borders, and columns on both sides of r = 1.

    Of so many points hardly ever one and the same seed is the best everywhere.
    """
    yield call(
        torch.tensor([0.8, 0.25, 0.25, 0.25, 0.25]) * draw.uniform(5, low=0.95, high=1.05),
        torch.tensor([0.3, 1.6, 5.0, 1.6]) * draw.uniform(4, low=0.95, high=1.05),
        n_seeds=_N_SEEDS,
        n_steps=_N_STEPS,
        lr=_LR,
        generator=draw.generator(),
    )


def _form_problem(value: Any, call: Call) -> str | None:
    """What is wrong with the value's form, told by the names of the axes."""
    shape = (len(call.args[0]), len(call.args[1]))
    expected = (torch.zeros(*shape, 1, 2), torch.zeros(*shape, 2), torch.zeros(shape))
    names = ("W: densities importances 1 2", "b: densities importances 2")
    names = (*names, "losses: densities importances")
    if not isinstance(value, tuple) or len(value) != 3:
        return form_difference(value, expected)
    found = map(lambda v, e, n: form_difference(v, e, axes=n), value, expected, names)
    return next((text for text in found if text), None)


def _short_problem(value: Any, call: Call) -> str | None:
    """Also tells whether n_steps and lr were used: Adam moves by about its rate in each step."""
    if problem := _form_problem(value, call):
        return problem
    if not all(part.isfinite().all() for part in value):
        return "Some values are not finite."
    if value[1].abs().max() > 3 * call.kwargs["n_steps"] * call.kwargs["lr"]:
        return (
            "The biases are farther from 0 than n_steps steps of at most lr can take them. Start "
            "at b = 0, and pass n_steps and lr on."
        )
    return None


def _trained_problem(value: Any, call: Call) -> str | None:
    """What is wrong with trained models, in sentences that hold no number left to chance.

    A right answer fails if no seed of some point comes within 2 % of the optimum. Of 1,000 seeds
    at the middle and the corners of where the points are drawn, a share of 0.58 or more did: with
    0.58 at each of 20 points, that none of 16 does at some point has a probability below 2e-5.
    """
    if _form_problem(value, call):
        early = "Not tested: the shapes come first."
        raise WrongValueError(early, public=early)
    W, b, losses = value
    p, r = call.args
    exact, limit = _losses(W, b, p, r), 1.02 * _optimum(p, r)
    # the loss of finite weights as well: those of 1e38 have none, and nothing is above none
    if not all(part.isfinite().all() for part in (W, b, losses, exact)):
        return "Some values are not finite."
    told = []
    if (b == 0).all():
        told.append("All biases are still exactly 0, as at the start.")
    if (exact > limit).any():
        told.append("At some points the loss of W and b is more than 2 % above the optimum.")
    if told:
        told += _explanations(W, b, p, r)
    # a loss from before the last step, which is 1 / n_steps of the first one, is good enough
    off = losses - exact
    if (off.abs() > 0.01 * exact).any():
        if told and _are_losses_elsewhere(losses, W, b, p, r):
            told.append("Every loss is that of its W and b at some point, but not always its own.")
        elif (off >= -1e-3 * exact).all():
            told.append("No loss is smaller, and some are larger, than that of the W and b beside.")
        elif (off <= 1e-3 * exact).all():
            told.append("No loss is larger, and some are smaller, than that of the W and b beside.")
        else:
            told.append("Some losses are not those of the W and b beside them.")
    return " ".join(told) or None


def _explanations(W: Tensor, b: Tensor, p: Tensor, r: Tensor) -> Iterator[str]:
    """For models that are not good: what they would be good for."""
    one = torch.ones_like(r)
    if (_losses(W, b, p, one) <= 1.02 * _optimum(p, one)).all():
        yield "If both features were equally important, these models would be good."
    exchanged = _losses(W.flip(-1), b.flip(-1), p, r)
    if (exchanged <= 1.02 * _optimum(p, r)).all():
        yield "With the two features exchanged, these models would be good."
    elsewhere = [W.flatten(0, 1), b.flatten(0, 1)]
    W_moved, b_moved = (v.unflatten(0, (len(r), len(p))).transpose(0, 1) for v in elsewhere)
    if (_losses(W_moved, b_moved, p, r) <= 1.02 * _optimum(p, r)).all():
        yield "At other points of the grid, these models would be good."
    if W[..., 0, :].abs().amax(-1).median() < 0.7:
        yield "At most points all weights are small."


def _are_losses_elsewhere(losses: Tensor, W: Tensor, b: Tensor, p: Tensor, r: Tensor) -> bool:
    W, b = W.flatten(0, 1).reshape(-1, 1, 1, 1, 2), b.flatten(0, 1).reshape(-1, 1, 1, 2)
    everywhere = _losses(W, b, p, r).flatten(1)  # models points
    off = losses.reshape(-1, 1) - everywhere
    return bool((off.abs() < 0.01 * everywhere).any(1).all())


def _losses(W: Tensor, b: Tensor, p: Tensor, r: Tensor) -> Tensor:
    importance = torch.stack([torch.ones_like(r), r], dim=-1)
    return tms_lib.two_feature_loss(
        W, b, feature_probability=p.reshape(-1, 1, 1), importance=importance
    )


def _optimum(p: Tensor, r: Tensor) -> Tensor:
    return _known_optimum(tuple(p.tolist()), tuple(r.tolist()))


@functools.cache  # it takes a second, and every slip asks for it
def _known_optimum(p: tuple[float, ...], r: tuple[float, ...]) -> Tensor:
    return tms_lib.phase_optimum(torch.tensor(p).unsqueeze(-1), torch.tensor(r)).loss


def _one_point_after_another(
    feature_probability: Tensor,
    relative_importance: Tensor,
    *,
    n_seeds: int,
    n_steps: int,
    lr: float,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    # torch's own Adam, and starts on a circle
    models = []
    for p in feature_probability:
        for r in relative_importance:
            known = {"feature_probability": p[None], "importance": torch.stack([r / r, r])}
            angle = 6.3 * torch.rand(n_seeds, 1, generator=generator)
            W = torch.stack([angle.cos(), angle.sin()], dim=-1).requires_grad_()
            b = torch.zeros(n_seeds, 2, requires_grad=True)
            optimizer = torch.optim.Adam([W, b], lr=lr)
            schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
            for _ in range(n_steps):
                optimizer.zero_grad()
                tms_lib.two_feature_loss(W, b, **known).sum().backward()
                optimizer.step()
                schedule.step()
            final = tms_lib.two_feature_loss(W.detach(), b.detach(), **known)
            seed = final.argmin()
            models.append((W.detach()[seed], b.detach()[seed], final[seed]))
    shape = (len(feature_probability), len(relative_importance))
    W, b, losses = (torch.stack(part).unflatten(0, shape) for part in zip(*models, strict=True))
    return W, b, losses


EXERCISE = Exercise(
    reference=tms_lib.train_phase_grid,
    points=4,
    minutes=20,
    difficulty=4,
    seconds=45,  # also for one point after another
    checks=(
        holds(
            "shapes, also with one row, one column and one seed",
            _short_trainings,
            problem=_short_problem,
            cut=True,
        ),
        holds(
            "the models are the best for their point, and the losses theirs",
            _small_grid,
            problem=_trained_problem,
            weight=7,
        ),
        uses_generator(_short_trainings),
        keeps_arguments(_short_trainings, measure=_short_problem),
    ),
    slips=SLIPS,
    also_right=_one_point_after_another,
)
