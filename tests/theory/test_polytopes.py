"""Tests of tms_lib.theory.polytopes."""

import math

import pytest
import torch
from torch.testing import assert_close

from tms_lib.metrics import dimensionality, superposition
from tms_lib.theory import (
    indivisible_polytope,
    polytope,
    polytope_dimensionality,
    tegum_product,
)

# name: dimensions and the dimensionality of each corner
POLYTOPES: dict[str, tuple[int, list[float]]] = {
    "digon": (1, 2 * [1 / 2]),
    "triangle": (2, 3 * [2 / 3]),
    "square": (2, 4 * [1 / 2]),
    "pentagon": (2, 5 * [2 / 5]),
    "tetrahedron": (3, 4 * [3 / 4]),
    "square antiprism": (3, 8 * [3 / 8]),
    "octahedron": (3, 6 * [1 / 2]),
    "triangular bipyramid": (3, [*3 * [2 / 3], *2 * [1 / 2]]),
    "pentagonal bipyramid": (3, [*5 * [2 / 5], *2 * [1 / 2]]),
}
# the cosines of one corner with all others, sorted
COSINES = {
    "triangle": 2 * [-1 / 2],
    "square": [-1.0, 0.0, 0.0],
    "tetrahedron": 3 * [-1 / 3],
    "octahedron": [-1.0, *4 * [0.0]],
    # own square: 1/3 beside, 2/3 cos(pi) + 1/3 opposite; other square: 2/3 cos(45 or 135) - 1/3
    "square antiprism": sorted(
        [1 / 3, 1 / 3, -1 / 3, *2 * [math.sqrt(2) / 3 - 1 / 3], *2 * [-math.sqrt(2) / 3 - 1 / 3]]
    ),
}


@pytest.mark.parametrize("name", POLYTOPES)
def test_dimensionalities_are_the_measured_ones_and_fill_the_dimensions(name):
    n_hidden, closed_form = POLYTOPES[name]
    W = polytope(name)
    assert W.shape == (n_hidden, len(closed_form))
    assert_close(polytope_dimensionality(name), torch.tensor(closed_form))
    assert_close(dimensionality(W), torch.tensor(closed_form))
    assert_close(dimensionality(W).sum(), torch.tensor(float(n_hidden)))


@pytest.mark.parametrize("name", POLYTOPES)
def test_corners_have_norm_one(name):
    norms = torch.linalg.vector_norm(polytope(name), dim=0)
    assert_close(norms, torch.ones(len(POLYTOPES[name][1])))


@pytest.mark.parametrize("name", COSINES)
def test_corners_see_each_other_at_the_right_angles(name):
    W = polytope(name)
    cosines = (W.T @ W).sort().values[:, :-1]  # the largest is with itself
    assert_close(cosines, torch.tensor(COSINES[name]).expand_as(cosines), atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    "name", ["digon", "triangle", "tetrahedron", "pentagon", "square antiprism"]
)
def test_an_indivisible_polytope_covers_its_dimensions_evenly(name):
    n_hidden, closed_form = POLYTOPES[name]
    W = indivisible_polytope(name)
    assert_close(W, polytope(name))
    evenly = len(closed_form) / n_hidden * torch.eye(n_hidden)
    assert_close(W @ W.T, evenly, atol=1e-6, rtol=0)  # 8 products, each rounded by 6e-8
    assert (W.T @ W != 0).all()  # no corner is orthogonal to another, as factors are


def test_a_tegum_product_is_not_indivisible():
    with pytest.raises(ValueError, match=r"one of digon, triangle, tetra.*; got 'octahedron'"):
        indivisible_polytope("octahedron")


def test_tegum_product_keeps_dimensionality_and_superposition(generator):
    first = torch.randn(4, 2, 5, generator=generator)
    second = torch.randn(4, 3, 3, generator=generator)
    both = tegum_product(first, second)
    assert both.shape == (4, 5, 8)
    assert_close((both.mT @ both)[:, :5, 5:], torch.zeros(4, 5, 3))
    for metric in (dimensionality, superposition):
        assert_close(metric(both), torch.cat([metric(first), metric(second)], dim=-1))


def test_a_bipyramid_is_a_polygon_and_a_digon():
    assert_close(
        polytope("pentagonal bipyramid"), tegum_product(polytope("pentagon"), polytope("digon"))
    )


@pytest.mark.parametrize("by_name", [polytope, polytope_dimensionality])
def test_an_unknown_name_gets_the_known_ones(by_name):
    with pytest.raises(ValueError, match=r"one of digon, triangle, .*; got 'hexagon'"):
        by_name("hexagon")
