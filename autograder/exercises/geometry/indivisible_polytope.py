"""The exercise `indivisible_polytope`: the corners of the shapes that are no tegum products."""

import functools
import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import equals_reference
from autograder.exercise import Check, Draw, Exercise, Slip
from tms_lib import theory


def _by_name(_draw: Draw, *, name: str) -> Iterator[Call]:
    yield call(name)


def _dot_products(value: Any, _call: Call) -> Tensor:
    """All dot products, in an order that neither a rotation nor the corners' numbers change.

    In these shapes every corner sees the same, so that all rows are equal if all is right.
    """
    return (value.mT @ value).sort(-1).values.sort(-2).values


def _check(name: str, *, weight: int = 1) -> Check:
    cases = functools.partial(_by_name, name=name)
    claim = f"{name}: its corners have the right dot products"
    return equals_reference(claim, cases, measure=_dot_products, weight=weight)


def _last_corner_is_the_first(name: str) -> Tensor:
    if name == "digon":
        return torch.tensor([[1.0, -1.0]])
    if name == "tetrahedron":
        signs = [[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0], [1.0, -1.0, -1.0, 1.0]]
        return torch.tensor(signs) / math.sqrt(3)
    k = {"triangle": 3, "pentagon": 5, "square antiprism": 8}[name]
    angle = torch.linspace(0, 2 * math.pi, k)
    circle = torch.stack([angle.cos(), angle.sin()])
    if name == "square antiprism":
        height = torch.tensor([1.0, -1.0]).repeat(4) / math.sqrt(3)
        return torch.cat([math.sqrt(2 / 3) * circle, height.unsqueeze(0)])
    return circle


def _angles_in_degrees(name: str) -> Tensor:
    if name == "digon":
        return torch.tensor([[1.0, -1.0]])
    if name == "tetrahedron":
        signs = [[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0], [1.0, -1.0, -1.0, 1.0]]
        return torch.tensor(signs) / math.sqrt(3)
    k = {"triangle": 3, "pentagon": 5, "square antiprism": 8}[name]
    angle = 360 * torch.arange(k) / k
    circle = torch.stack([angle.cos(), angle.sin()])
    if name == "square antiprism":
        height = torch.tensor([1.0, -1.0]).repeat(4) / math.sqrt(3)
        return torch.cat([math.sqrt(2 / 3) * circle, height.unsqueeze(0)])
    return circle


def _half_a_turn(name: str) -> Tensor:
    if name == "digon":
        return torch.tensor([[1.0, -1.0]])
    if name == "tetrahedron":
        signs = [[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0], [1.0, -1.0, -1.0, 1.0]]
        return torch.tensor(signs) / math.sqrt(3)
    k = {"triangle": 3, "pentagon": 5, "square antiprism": 8}[name]
    angle = math.pi * torch.arange(k) / k
    circle = torch.stack([angle.cos(), angle.sin()])
    if name == "square antiprism":
        height = torch.tensor([1.0, -1.0]).repeat(4) / math.sqrt(3)
        return torch.cat([math.sqrt(2 / 3) * circle, height.unsqueeze(0)])
    return circle


def _corners_in_rows(name: str) -> Tensor:
    if name == "digon":
        return torch.tensor([[1.0], [-1.0]])
    if name == "tetrahedron":
        signs = [[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0], [1.0, -1.0, -1.0, 1.0]]
        return torch.tensor(signs).T / math.sqrt(3)
    k = {"triangle": 3, "pentagon": 5, "square antiprism": 8}[name]
    angle = 2 * math.pi * torch.arange(k) / k
    circle = torch.stack([angle.cos(), angle.sin()], dim=1)
    if name == "square antiprism":
        height = torch.tensor([1.0, -1.0]).repeat(4) / math.sqrt(3)
        return torch.cat([math.sqrt(2 / 3) * circle, height.unsqueeze(1)], dim=1)
    return circle


def _corners_of_a_large_cube(name: str) -> Tensor:
    if name == "digon":
        return torch.tensor([[1.0, -1.0]])
    if name == "tetrahedron":
        return torch.tensor(
            [[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0], [1.0, -1.0, -1.0, 1.0]]
        )
    k = {"triangle": 3, "pentagon": 5, "square antiprism": 8}[name]
    angle = 2 * math.pi * torch.arange(k) / k
    circle = torch.stack([angle.cos(), angle.sin()])
    if name == "square antiprism":
        height = torch.tensor([1.0, -1.0]).repeat(4) / math.sqrt(3)
        return torch.cat([math.sqrt(2 / 3) * circle, height.unsqueeze(0)])
    return circle


def _three_axes_and_their_opposite(name: str) -> Tensor:
    if name == "digon":
        return torch.tensor([[1.0, -1.0]])
    if name == "tetrahedron":
        return torch.cat([torch.eye(3), torch.full((3, 1), -1 / math.sqrt(3))], dim=1)
    k = {"triangle": 3, "pentagon": 5, "square antiprism": 8}[name]
    angle = 2 * math.pi * torch.arange(k) / k
    circle = torch.stack([angle.cos(), angle.sin()])
    if name == "square antiprism":
        height = torch.tensor([1.0, -1.0]).repeat(4) / math.sqrt(3)
        return torch.cat([math.sqrt(2 / 3) * circle, height.unsqueeze(0)])
    return circle


def _cube(name: str) -> Tensor:
    if name == "digon":
        return torch.tensor([[1.0, -1.0]])
    if name == "tetrahedron":
        signs = [[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0], [1.0, -1.0, -1.0, 1.0]]
        return torch.tensor(signs) / math.sqrt(3)
    if name == "square antiprism":
        angle = (math.pi / 2 * torch.arange(4)).repeat(2)
        height = torch.tensor([1.0, -1.0]).repeat_interleave(4) / math.sqrt(3)
        circle = torch.stack([angle.cos(), angle.sin()])
        return torch.cat([math.sqrt(2 / 3) * circle, height.unsqueeze(0)])
    k = {"triangle": 3, "pentagon": 5}[name]
    angle = 2 * math.pi * torch.arange(k) / k
    return torch.stack([angle.cos(), angle.sin()])


def _equal_edges(name: str) -> Tensor:
    if name == "digon":
        return torch.tensor([[1.0, -1.0]])
    if name == "tetrahedron":
        signs = [[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0], [1.0, -1.0, -1.0, 1.0]]
        return torch.tensor(signs) / math.sqrt(3)
    k = {"triangle": 3, "pentagon": 5, "square antiprism": 8}[name]
    angle = 2 * math.pi * torch.arange(k) / k
    circle = torch.stack([angle.cos(), angle.sin()])
    if name == "square antiprism":
        # side^2 of a square is 2 r^2, an edge between them has (2 - sqrt(2)) r^2 + 4 h^2
        squared_height = math.sqrt(2) / (4 + math.sqrt(2))
        height = torch.tensor([1.0, -1.0]).repeat(4) * math.sqrt(squared_height)
        return torch.cat([math.sqrt(1 - squared_height) * circle, height.unsqueeze(0)])
    return circle


def _height_not_rooted(name: str) -> Tensor:
    if name == "digon":
        return torch.tensor([[1.0, -1.0]])
    if name == "tetrahedron":
        signs = [[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0], [1.0, -1.0, -1.0, 1.0]]
        return torch.tensor(signs) / math.sqrt(3)
    k = {"triangle": 3, "pentagon": 5, "square antiprism": 8}[name]
    angle = 2 * math.pi * torch.arange(k) / k
    circle = torch.stack([angle.cos(), angle.sin()])
    if name == "square antiprism":
        height = torch.tensor([1.0, -1.0]).repeat(4) / 3
        return torch.cat([2 / 3 * circle, height.unsqueeze(0)])
    return circle


def _radius_one_below_the_height(name: str) -> Tensor:
    if name == "digon":
        return torch.tensor([[1.0, -1.0]])
    if name == "tetrahedron":
        signs = [[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0], [1.0, -1.0, -1.0, 1.0]]
        return torch.tensor(signs) / math.sqrt(3)
    k = {"triangle": 3, "pentagon": 5, "square antiprism": 8}[name]
    angle = 2 * math.pi * torch.arange(k) / k
    circle = torch.stack([angle.cos(), angle.sin()])
    if name == "square antiprism":
        height = torch.tensor([1.0, -1.0]).repeat(4) / math.sqrt(2)
        return torch.cat([circle, height.unsqueeze(0)])
    return circle


def _digon_in_the_plane(name: str) -> Tensor:
    if name == "tetrahedron":
        signs = [[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0], [1.0, -1.0, -1.0, 1.0]]
        return torch.tensor(signs) / math.sqrt(3)
    k = {"digon": 2, "triangle": 3, "pentagon": 5, "square antiprism": 8}[name]
    angle = 2 * math.pi * torch.arange(k) / k
    circle = torch.stack([angle.cos(), angle.sin()])
    if name == "square antiprism":
        height = torch.tensor([1.0, -1.0]).repeat(4) / math.sqrt(3)
        return torch.cat([math.sqrt(2 / 3) * circle, height.unsqueeze(0)])
    return circle


def _corners_from_simplices_and_cosines(name: str) -> Tensor:
    if name in ("digon", "triangle", "tetrahedron"):
        k = {"digon": 2, "triangle": 3, "tetrahedron": 4}[name]
        centred = torch.eye(k) - 1 / k
        corners = torch.linalg.svd(centred).Vh[: k - 1]
        return corners / corners.norm(dim=0)
    if name == "pentagon":
        angles = [math.radians(90 + 72 * i) for i in range(5)]
        return torch.tensor([[math.cos(a) for a in angles], [math.sin(a) for a in angles]])
    up = [[1, 0], [0, 1], [-1, 0], [0, -1]]
    corners = [[math.sqrt(2) * a, math.sqrt(2) * b, 1] for a, b in up]
    corners += [[a, b, -1] for a in (1, -1) for b in (1, -1)]
    return torch.tensor(corners).T / 3**0.5


EXERCISE = Exercise(
    reference=theory.indivisible_polytope,
    points=3,
    minutes=20,
    difficulty=3,
    checks=(
        _check("digon"),
        _check("triangle"),
        _check("pentagon"),
        _check("tetrahedron", weight=2),
        _check("square antiprism", weight=3),
    ),
    slips=(
        Slip(
            answer=_corners_in_rows,
            says="You put the corners into rows. They are columns, as features are in W.",
        ),
        Slip(
            answer=_digon_in_the_plane,
            says="You put the digon into a plane. Two opposite corners need one dimension only.",
        ),
        Slip(
            answer=_last_corner_is_the_first,
            says="Your last corner lies on the first: linspace(0, 2 pi, k) includes both ends, "
            "which are the same angle. Use 2 pi * arange(k) / k.",
        ),
        Slip(
            answer=_angles_in_degrees,
            says="Your angles are in degrees. torch.cos and torch.sin take radians: a full turn "
            "is 2 pi.",
        ),
        Slip(
            answer=_half_a_turn,
            says="Your corners lie on half of the circle: a full turn is 2 pi, not pi.",
        ),
        Slip(
            answer=_corners_of_a_large_cube,
            says="The corners of your tetrahedron have norm sqrt(3). Divide by it.",
        ),
        Slip(
            answer=_three_axes_and_their_opposite,
            says="Three axes and the direction opposite to them are no regular tetrahedron: axes "
            "are at 90 degrees to each other, corners of a tetrahedron at 109.5. Take every other "
            "corner of a cube.",
        ),
        Slip(
            answer=_cube,
            says="You did not turn the second square, so this is a cube. Turn it by 45 degrees.",
        ),
        Slip(
            answer=_equal_edges,
            says="Your antiprism has equal edges. Its height has to be chosen for W W^T to be a "
            "multiple of the identity, and then its edges differ.",
        ),
        Slip(
            answer=_height_not_rooted,
            says="You took the squared radius 2/3 and the squared height 1/3 without their roots.",
        ),
        Slip(
            answer=_radius_one_below_the_height,
            says="Your squares have radius 1 and a height besides, so the corners are longer than "
            "1. Squared radius and squared height add up to 1.",
        ),
    ),
    also_right=_corners_from_simplices_and_cosines,
)
