"""The exercise `best_of_seeds`: from many runs, those of the seed with the lowest loss."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

import tms_lib
from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip


def _seeds_by_hand(_draw: Draw) -> Iterator[Call]:
    yield call(
        torch.tensor([[5, 6, 10], [1, 2, 6]]), torch.tensor([[0.3, 0.1, 0.9], [0.4, 0.7, 0.6]])
    )


def _seeds(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(4, 4, 2, 5), draw.uniform(4, 4))
    yield call(draw.normal(3, 6, 2, 5), draw.uniform(3, 6))
    yield call(draw.normal(3, 6, 5), draw.uniform(3, 6))


def _precise_seeds(draw: Draw) -> Iterator[Call]:
    # copies of float32 numbers would hide a detour through float32
    loss = draw.uniform(3, 6).double() / 3
    loss[1, 2] = torch.nan
    yield call(draw.normal(3, 6, 2, 5).double() / 3, loss)


def _lone_seeds(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(1, 6, 2, 5), draw.uniform(1, 6))
    yield call(draw.normal(3, 1, 2, 5), draw.uniform(3, 1))


def _diverged_seeds(draw: Draw) -> Iterator[Call]:
    values, loss = draw.normal(3, 5, 2, 4), draw.uniform(3, 5)
    for setting, seed, diverged in ((0, 1, torch.nan), (1, 0, torch.inf), (2, 4, torch.nan)):
        loss[setting, seed] = diverged
        values[setting, seed] = torch.nan
    loss[2, :3] = torch.nan
    yield call(values, loss)
    yield call(values, 1e12 * loss)  # a large loss is better than none


def _worst(values: Tensor, losses: Tensor) -> Tensor:
    return values[torch.arange(len(values)), losses.nan_to_num(-math.inf).argmax(1)]


def _seed_of_the_lowest_loss(values: Tensor, losses: Tensor) -> Tensor:
    return values[:, losses.argmin() % losses.shape[1]]


def _average(values: Tensor, losses: Tensor) -> Tensor:  # noqa: ARG001  (the reference's signature)
    return values.double().mean(1).to(values.dtype)


def _every_setting_with_every_seed(values: Tensor, losses: Tensor) -> Tensor:
    return values[:, losses.argmin(1)]


def _flat_index(values: Tensor, losses: Tensor) -> Tensor:
    return values.flatten(0, 1)[losses.argmin(1)]


def _takes_nan(values: Tensor, losses: Tensor) -> Tensor:
    return values[torch.arange(len(values)), losses.argmin(1)]


def _losses_themselves(values: Tensor, losses: Tensor) -> Tensor:  # noqa: ARG001  (the reference's signature)
    return losses.min(1).values


def _across_settings(values: Tensor, losses: Tensor) -> Tensor:
    return values[losses.argmin(0), torch.arange(losses.shape[1])]


def _best_by_sorting(values: Tensor, losses: Tensor) -> Tensor:
    chosen = []
    for setting in range(losses.shape[0]):
        survivors = [s for s in range(losses.shape[1]) if bool(losses[setting, s].isfinite())]
        chosen.append(values[setting, min(survivors, key=lambda s: float(losses[setting, s]))])
    return torch.stack(chosen)


EXERCISE = Exercise(
    reference=tms_lib.best_of_seeds,
    points=2,
    minutes=10,
    difficulty=2,
    checks=(
        equals_reference("a few numbers, by hand", _seeds_by_hand),
        equals_reference("weights and biases of many runs", _seeds, weight=2),
        equals_reference("one setting or one seed", _lone_seeds),
        equals_reference("a seed that diverged is never chosen", _diverged_seeds),
        *contract(_precise_seeds),
    ),
    slips=(
        Slip(
            answer=_worst,
            says="You chose the highest loss. The best seed has the lowest.",
        ),
        Slip(
            answer=_seed_of_the_lowest_loss,
            says="You took the seed of the lowest loss of all, and used it in every setting. "
            "Take the minimum along the seed axis only.",
        ),
        Slip(
            answer=_average,
            says="You averaged over the seeds. W and -W are equally good, and their mean is 0: "
            "choose one seed.",
        ),
        Slip(
            answer=_every_setting_with_every_seed,
            says="values[:, best] takes the best seed of every setting for every setting. "
            "Index both axes: setting k goes with best[k].",
        ),
        Slip(
            answer=_flat_index,
            says="You used the number of the seed as a position in the flattened list of runs, "
            "so every setting got a run of setting 0.",
        ),
        Slip(
            answer=_takes_nan,
            says="You chose a run whose loss is not a number: argmin takes NaN for the smallest. "
            "Make such losses infinite first.",
        ),
        Slip(
            answer=_losses_themselves,
            says="You returned the lowest losses. Return the values of the seeds that have them.",
        ),
        Slip(
            answer=_across_settings,
            says="You compared the settings with each other. Compare the seeds of one setting: "
            "they are axis 1.",
        ),
    ),
    also_right=_best_by_sorting,
)
