"""The exercise `theoretical_phase`: which candidate is the cheapest."""

from collections.abc import Iterator

import torch
from torch import Tensor

import tms_lib
from autograder.answer import Call, call
from autograder.claims import equals_reference, keeps_arguments, keeps_device
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import theory


def _phases_by_hand(_draw: Draw) -> Iterator[Call]:
    for n_features in (2, 3):
        # at r = 8 and p = 0.4 two features do not share, but of three the two others do
        p, r = torch.tensor([[0.9], [0.4], [0.1]]), torch.tensor([0.5, 8.0])
        yield call(p, r, n_features=n_features)


def _clear_grid(
    draw: Draw, n_densities: int, n_importances: int, *, n_features: int
) -> tuple[Tensor, Tensor]:
    """A grid where no point lies so close to a boundary that rounding decides."""
    while True:
        p = draw.uniform(n_densities, 1, low=0.03)
        r = 10 ** draw.uniform(n_importances, low=-1.0)
        two_best = tms_lib.phase_losses(p, r, n_features=n_features).topk(2, largest=False).values
        if (two_best[..., 0] < 0.999 * two_best[..., 1]).all():
            return p, r


def _phases_of_two(draw: Draw) -> Iterator[Call]:
    for shape in ((5, 5), (6, 4)):
        yield call(*_clear_grid(draw, *shape, n_features=2), n_features=2)


def _phases_of_three(draw: Draw) -> Iterator[Call]:
    for shape in ((5, 5), (6, 4)):
        yield call(*_clear_grid(draw, *shape, n_features=3), n_features=3)


def _lone_phases(draw: Draw) -> Iterator[Call]:
    for n_features in (2, 3):
        p, r = _clear_grid(draw, 1, 1, n_features=n_features)
        yield call(p.squeeze(), r.squeeze(), n_features=n_features)
        yield call(p, r, n_features=n_features)
        p, r = _clear_grid(draw, 4, 1, n_features=n_features)
        yield call(p.squeeze(-1), r.expand(4).clone(), n_features=n_features)
        yield call(p.expand(2, 4, 3).clone(), r.squeeze(), n_features=n_features)


def _ties(_draw: Draw) -> Iterator[Call]:
    # never active: everything costs nothing; equally important: two candidates cost the same
    for n_features in (2, 3):
        yield call(torch.zeros(2, 1), torch.tensor([0.3, 1.0, 3.0]), n_features=n_features)
        yield call(torch.tensor([0.9, 0.1]), torch.tensor(1.0), n_features=n_features)


def _most_costly(
    feature_probability: Tensor, relative_importance: Tensor, *, n_features: int
) -> Tensor:
    losses = tms_lib.phase_losses(feature_probability, relative_importance, n_features=n_features)
    return losses.argmax(-1)


def _least_loss(
    feature_probability: Tensor, relative_importance: Tensor, *, n_features: int
) -> Tensor:
    losses = tms_lib.phase_losses(feature_probability, relative_importance, n_features=n_features)
    return losses.amin(-1)


def _best_density(
    feature_probability: Tensor, relative_importance: Tensor, *, n_features: int
) -> Tensor:
    losses = tms_lib.phase_losses(feature_probability, relative_importance, n_features=n_features)
    return losses.argmin(0)


def _counts_from_one(
    feature_probability: Tensor, relative_importance: Tensor, *, n_features: int
) -> Tensor:
    losses = tms_lib.phase_losses(feature_probability, relative_importance, n_features=n_features)
    return losses.argmin(-1) + 1


def _always_two_features(
    feature_probability: Tensor,
    relative_importance: Tensor,
    *,
    n_features: int,  # noqa: ARG001  (the reference's signature)
) -> Tensor:
    losses = tms_lib.phase_losses(feature_probability, relative_importance, n_features=2)
    return losses.argmin(-1)


def _always_three_features(
    feature_probability: Tensor,
    relative_importance: Tensor,
    *,
    n_features: int,  # noqa: ARG001  (the reference's signature)
) -> Tensor:
    losses = tms_lib.phase_losses(feature_probability, relative_importance, n_features=3)
    return losses.argmin(-1)


def _axes_exchanged(
    feature_probability: Tensor, relative_importance: Tensor, *, n_features: int
) -> Tensor:
    losses = tms_lib.phase_losses(feature_probability, relative_importance, n_features=n_features)
    return losses.argmin(-1).transpose(0, 1)


def _arguments_exchanged(
    feature_probability: Tensor, relative_importance: Tensor, *, n_features: int
) -> Tensor:
    p, r = relative_importance, feature_probability
    variance, one = p / 3 - p**2 / 4, torch.ones_like(p) * torch.ones_like(r)
    losses = [r * variance, variance * one, (1 + r) * p**2 / 6, one * p**2 / 3]
    return torch.stack(losses[: n_features + 1], dim=-1).argmin(-1)


def _smallest_of_all(
    feature_probability: Tensor, relative_importance: Tensor, *, n_features: int
) -> Tensor:
    losses = tms_lib.phase_losses(feature_probability, relative_importance, n_features=n_features)
    return losses.argmin()


def _phase_by_comparing(
    feature_probability: Tensor, relative_importance: Tensor, *, n_features: int
) -> Tensor:
    losses = tms_lib.phase_losses(feature_probability, relative_importance, n_features=n_features)
    best, phase = losses[..., 0], torch.zeros_like(losses[..., 0], dtype=torch.int64)
    for k in range(1, losses.shape[-1]):
        phase = torch.where(losses[..., k] < best, k, phase)
        best = torch.minimum(best, losses[..., k])
    return phase


EXERCISE = Exercise(
    reference=theory.theoretical_phase,
    points=1,
    minutes=5,
    difficulty=1,
    checks=(
        equals_reference("six points, by hand", _phases_by_hand),
        equals_reference("two features, on grids", _phases_of_two),
        equals_reference("three features, on grids", _phases_of_three),
        equals_reference("single points, and one value for all", _lone_phases),
        equals_reference("where several cost the same, the first", _ties),
        keeps_arguments(_phases_of_two),
        keeps_device(_phases_of_two),
    ),
    slips=(
        Slip(
            answer=_most_costly,
            says="You chose the most expensive candidate. The phase has the least loss.",
        ),
        Slip(
            answer=_least_loss,
            says="You returned the least loss itself. The phase is the number of the candidate "
            "that has it.",
        ),
        Slip(
            answer=_best_density,
            says="You compared the densities with each other. Compare the candidates: they are "
            "the last axis.",
        ),
        Slip(
            answer=_counts_from_one,
            says="You counted the candidates from 1. Their numbers start at 0: ignored.",
        ),
        Slip(
            answer=_always_two_features,
            says="You always took two features. Pass n_features on: with three there is a fourth "
            "candidate.",
        ),
        Slip(
            answer=_always_three_features,
            says="You always took three features. Pass n_features on: with two there is no fourth "
            "candidate.",
        ),
        Slip(
            answer=_axes_exchanged,
            says="You exchanged the axes of the grid. Leave them as the arguments broadcast: "
            "densities are rows.",
        ),
        Slip(
            answer=_arguments_exchanged,
            says="You exchanged density and importance. The density comes first.",
        ),
        Slip(
            answer=_smallest_of_all,
            says="argmin() without an axis looks at the whole grid at once. Take it along the "
            "candidates, the last axis.",
        ),
    ),
    also_right=_phase_by_comparing,
)
