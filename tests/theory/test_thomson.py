"""Tests of tms_lib.theory.thomson."""

import math

import pytest
import torch
from torch.testing import assert_close

from tms_lib.theory import THOMSON_MINIMUM, polytope, thomson_energy, thomson_points


@pytest.mark.parametrize(
    ("name", "energy"),
    [
        ("digon", 1 / 2),
        ("triangle", math.sqrt(3)),
        ("tetrahedron", 6 * math.sqrt(3 / 8)),
        ("triangular bipyramid", 1 / 2 + math.sqrt(3) + 3 * math.sqrt(2)),
        ("octahedron", 12 / math.sqrt(2) + 3 / 2),
    ],
)
def test_up_to_six_points_the_minimum_is_a_polytope(name, energy):
    points = polytope(name)
    assert_close(thomson_energy(points), torch.tensor(energy))
    assert abs(THOMSON_MINIMUM[points.shape[-1]] - energy) < 1e-9


def test_energy_counts_each_pair_once(generator):
    points = torch.randn(3, 2, 4, generator=generator)
    slow = [
        sum(1 / torch.dist(x[:, i], x[:, j]).item() for i in range(4) for j in range(i))
        for x in points
    ]
    assert_close(thomson_energy(points), torch.tensor(slow))


def test_energy_of_extreme_cases():
    assert_close(thomson_energy(torch.ones(3, 1)), torch.tensor(0.0))
    assert thomson_energy(torch.ones(3, 2)) == math.inf


@pytest.mark.parametrize("n_points", THOMSON_MINIMUM)
def test_points_reach_the_known_minimum(n_points, generator):
    points = thomson_points(n_points, generator=generator)
    # at a minimum the error is of second order in that of descent, about 1e-4 at worst; beyond
    # that float32 rounds up to 66 terms of order 1
    energy = thomson_energy(points.double()).item()
    assert abs(energy - THOMSON_MINIMUM[n_points]) < 5e-6
    norms = torch.linalg.vector_norm(points, dim=0)
    assert_close(norms, torch.ones(n_points))


def test_one_point_is_too_few(generator):
    with pytest.raises(ValueError, match="n_points must be at least 2; got 1"):
        thomson_points(1, generator=generator)
