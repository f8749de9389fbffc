"""The exercise `thomson_energy`: the potential energy of equal charges."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import theory


def _points_by_hand(_draw: Draw) -> Iterator[Call]:
    # the distance 5; and the distances 3, 4 and 5
    yield call(torch.tensor([[2.0, -2.0], [1.0, 1.0], [0.0, 3.0]]))
    yield call(torch.tensor([[0.0, 3.0, 0.0], [0.0, 0.0, 4.0]]))


def _clouds(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(4, 3, 5))
    yield call(draw.normal(3, 2, 6))
    yield call(draw.normal(2, 5, 3))


def _on_the_sphere(draw: Draw) -> Iterator[Call]:
    yield call(F.normalize(draw.normal(3, 3, 7), dim=-2))


def _lone_clouds(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(1, 3, 4))
    yield call(draw.normal(3, 5))
    yield call(draw.normal(2, 3, 3, 4))


def _one_point_or_two_alike(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(2, 3, 1))
    points = draw.normal(2, 3, 4)
    points[0, :, 2] = points[0, :, 0]
    yield call(points)


def _pairs_twice(points: Tensor) -> Tensor:
    i, j = torch.triu_indices(points.shape[-1], points.shape[-1], offset=1)
    return 2 * (1 / (points[..., i] - points[..., j]).norm(dim=-2)).sum(-1)


def _squared_distance(points: Tensor) -> Tensor:
    i, j = torch.triu_indices(points.shape[-1], points.shape[-1], offset=1)
    return (1 / ((points[..., i] - points[..., j]) ** 2).sum(-2)).sum(-1)


def _sum_of_distances(points: Tensor) -> Tensor:
    i, j = torch.triu_indices(points.shape[-1], points.shape[-1], offset=1)
    return (points[..., i] - points[..., j]).norm(dim=-2).sum(-1)


def _attraction(points: Tensor) -> Tensor:
    i, j = torch.triu_indices(points.shape[-1], points.shape[-1], offset=1)
    return -(1 / (points[..., i] - points[..., j]).norm(dim=-2)).sum(-1)


def _points_in_rows(points: Tensor) -> Tensor:
    i, j = torch.triu_indices(points.shape[-2], points.shape[-2], offset=1)
    return (1 / (points[..., i, :] - points[..., j, :]).norm(dim=-1)).sum(-1)


def _onto_the_sphere(points: Tensor) -> Tensor:
    points = F.normalize(points, dim=-2)
    i, j = torch.triu_indices(points.shape[-1], points.shape[-1], offset=1)
    return (1 / (points[..., i] - points[..., j]).norm(dim=-2)).sum(-1)


def _mean_over_pairs(points: Tensor) -> Tensor:
    i, j = torch.triu_indices(points.shape[-1], points.shape[-1], offset=1)
    return (1 / (points[..., i] - points[..., j]).norm(dim=-2)).mean(-1)


def _mean_over_points(points: Tensor) -> Tensor:
    i, j = torch.triu_indices(points.shape[-1], points.shape[-1], offset=1)
    energy = (1 / (points[..., i] - points[..., j]).norm(dim=-2)).sum(-1)
    return energy / points.shape[-1]


def _next_point_only(points: Tensor) -> Tensor:
    return (1 / (points[..., 1:] - points[..., :-1]).norm(dim=-2)).sum(-1)


def _with_itself(points: Tensor) -> Tensor:
    difference = points.unsqueeze(-1) - points.unsqueeze(-2)
    return (1 / difference.norm(dim=-3)).sum((-2, -1)) / 2


def _small_number_added(points: Tensor) -> Tensor:
    i, j = torch.triu_indices(points.shape[-1], points.shape[-1], offset=1)
    return (1 / ((points[..., i] - points[..., j]).norm(dim=-2) + 1e-3)).sum(-1)


def _one_over_the_sum(points: Tensor) -> Tensor:
    i, j = torch.triu_indices(points.shape[-1], points.shape[-1], offset=1)
    return 1 / (points[..., i] - points[..., j]).norm(dim=-2).sum(-1)


def _sum_of_differences(points: Tensor) -> Tensor:
    i, j = torch.triu_indices(points.shape[-1], points.shape[-1], offset=1)
    return (1 / (points[..., i] - points[..., j]).abs().sum(-2)).sum(-1)


def _overlaps(points: Tensor) -> Tensor:
    i, j = torch.triu_indices(points.shape[-1], points.shape[-1], offset=1)
    return ((points[..., i] * points[..., j]).sum(-2) ** 2).sum(-1)


def _energy_with_loops(points: Tensor) -> Tensor:
    energy = torch.zeros_like(points[..., 0, 0])
    for i in range(points.shape[-1]):
        for j in range(i):
            apart = points[..., i] - points[..., j]
            energy = energy + (apart * apart).sum(-1).rsqrt()
    return energy


EXERCISE = Exercise(
    reference=theory.thomson_energy,
    points=2,
    minutes=8,
    difficulty=2,
    checks=(
        equals_reference("two and three points, by hand", _points_by_hand),
        equals_reference("points anywhere, several instances", _clouds, weight=2),
        equals_reference("points on a sphere", _on_the_sphere),
        equals_reference("one instance, and no instance axis", _lone_clouds),
        equals_reference("one point alone, and two in the same place", _one_point_or_two_alike),
        *contract(_clouds, gradients=["points"]),
    ),
    slips=(
        Slip(
            answer=_pairs_twice,
            says="You counted each pair twice. The sum runs over i < j.",
        ),
        Slip(
            answer=_squared_distance,
            says="You divided by the squared distance, as for a force. The energy falls with the "
            "distance itself.",
        ),
        Slip(
            answer=_sum_of_distances,
            says="You added the distances. The energy is the sum of their inverses: near charges "
            "have the most.",
        ),
        Slip(
            answer=_attraction,
            says="Your charges attract each other. Equal charges repel: the energy is positive.",
        ),
        Slip(
            answer=_points_in_rows,
            says="You took rows for points. They are columns, as features are in W.",
        ),
        Slip(
            answer=_onto_the_sphere,
            says="You moved the points onto the unit sphere first. Take them where they are.",
        ),
        Slip(
            answer=_mean_over_pairs,
            says="You averaged over the pairs. The energy is their sum.",
        ),
        Slip(
            answer=_mean_over_points,
            says="You divided by the number of points. The energy is the sum over all pairs.",
        ),
        Slip(
            answer=_next_point_only,
            says="You compared each point with the next one only. All pairs repel each other.",
        ),
        Slip(
            answer=_with_itself,
            says="You counted i = j, a distance of 0, so the energy is infinite. The sum runs over "
            "i < j.",
        ),
        Slip(
            answer=_small_number_added,
            says="You added a small number to the distances, which makes the energy inexact. No "
            "point meets itself if the sum runs over i < j.",
        ),
        Slip(
            answer=_one_over_the_sum,
            says="You added the distances first. Take the inverse of each, then add.",
        ),
        Slip(
            answer=_sum_of_differences,
            says="You added the absolute differences of the coordinates. The distance is the root "
            "of the sum of their squares.",
        ),
        Slip(
            answer=_overlaps,
            says="You added squared overlaps, which is what features do. Charges have the inverse "
            "of their distance.",
        ),
    ),
    also_right=_energy_with_loops,
)
