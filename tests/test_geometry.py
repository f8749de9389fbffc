"""Tests of tms_lib.geometry."""

import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from shapes import DIGON, polygon, square_antiprism, tetrahedron
from torch import Tensor
from torch.testing import assert_close

from tms_lib.geometry import (
    SHAPE_DIMENSIONALITY,
    Component,
    Shape,
    align_weights,
    antipodal_partner,
    canonicalize_2d,
    connected_components,
    feature_graph,
    nearest_fraction,
    recognise_shapes,
)
from tms_lib.metrics import dimensionality
from tms_lib.models import gram

REGULAR = {
    Shape.DEDICATED: torch.ones(1, 1, dtype=torch.float64),
    Shape.DIGON: DIGON,
    Shape.TRIANGLE: polygon(3),
    Shape.TETRAHEDRON: tetrahedron() / math.sqrt(3),
    Shape.PENTAGON: polygon(5),
    Shape.SQUARE_ANTIPRISM: square_antiprism(),
}


def rotation(n: int, generator: torch.Generator) -> Tensor:
    """A random rotation or reflection in n dimensions."""
    return torch.linalg.qr(torch.randn(n, n, generator=generator, dtype=torch.float64)).Q


def edges(*pairs: tuple[int, int], n: int) -> Tensor:
    """A symmetric graph of n nodes."""
    graph = torch.zeros(n, n, dtype=torch.bool)
    for i, j in pairs:
        graph[i, j] = graph[j, i] = True
    return graph


def test_antipodal_features_are_connected_and_orthogonal_ones_are_not():
    W = torch.tensor([[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.1]])
    expected = edges((0, 0), (1, 1), (2, 2), (0, 1), n=4)  # 2 and 3 overlap by 0.1 only
    assert_close(feature_graph(W), expected)
    assert_close(feature_graph(W, threshold=0.05), expected | edges((2, 3), n=4))


def test_the_graphs_threshold_is_relative_to_each_instances_largest_feature():
    W = torch.tensor([[[2.0, 0.5]], [[0.2, 0.05]], [[0.5, 0.5]], [[0.0, 0.0]]])
    assert_close(feature_graph(W)[0], edges((0, 0), (0, 1), n=2))  # 1 of 4, and 0.25 of 4
    assert_close(feature_graph(W)[1], feature_graph(W)[0])
    assert feature_graph(W)[2].all()
    assert not feature_graph(W)[3].any()


@pytest.mark.parametrize("wrong", [1.0, -0.1, math.nan])
def test_a_threshold_outside_its_range_is_refused(wrong):
    with pytest.raises(ValueError, match=r"threshold must lie in \[0, 1\); got"):
        feature_graph(torch.ones(2, 3), threshold=wrong)


def test_components_are_labelled_by_their_lowest_feature():
    chain = edges((3, 1), (1, 5), (5, 4), n=7)
    assert_close(connected_components(chain), torch.tensor([0, 1, 2, 1, 1, 1, 6]))
    both = torch.stack([chain, edges(n=7)])
    assert_close(connected_components(both)[1], torch.arange(7))


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 12))
def test_components_agree_with_a_search_from_every_feature(seed, n):
    generator = torch.Generator().manual_seed(seed)
    graph = torch.rand(n, n, generator=generator) < 1 / n
    graph = graph | graph.mT
    expected = []
    for start in range(n):
        seen, to_visit = {start}, [start]
        while to_visit:
            for other in graph[to_visit.pop()].nonzero().squeeze(-1).tolist():
                if other not in seen:
                    seen.add(other)
                    to_visit.append(other)
        expected.append(min(seen))
    assert connected_components(graph).tolist() == expected


def test_an_edge_in_one_direction_only_is_refused():
    with pytest.raises(ValueError, match="graph must be symmetric"):
        connected_components(torch.tensor([[False, True], [False, False]]))


@pytest.mark.parametrize("shape", REGULAR)
@pytest.mark.parametrize("scale", [1.0, 0.01, 30.0])
def test_regular_shapes_are_recognised_however_turned_and_scaled(shape, scale, generator):
    W = REGULAR[shape]
    n = W.shape[-1]
    order = torch.randperm(n, generator=generator)
    turned = scale * rotation(len(W), generator) @ W[:, order]
    assert recognise_shapes(turned) == [Component(shape, tuple(range(n)))]
    assert recognise_shapes(turned.float()) == [Component(shape, tuple(range(n)))]


@pytest.mark.parametrize("shape", REGULAR)
def test_shapes_are_recognised_through_noise(shape):
    # Noise of norm e turns a unit vector by at most e, and a cosine by at most 2e = 0.06.
    generator = torch.Generator().manual_seed(0)
    W = REGULAR[shape]
    for _ in range(20):
        noise = torch.randn(W.shape, generator=generator, dtype=W.dtype)
        noisy = W + 0.03 * noise / noise.norm(dim=0)
        assert [component.shape for component in recognise_shapes(noisy)] == [shape]


def test_tegum_products_fall_into_their_factors():
    # a triangular bipyramid, a feature that is not there, and one with a dimension of its own
    W = torch.block_diag(polygon(3), 1.2 * DIGON, torch.tensor([[0.1, 1.0]]).double())
    W = W[:, [3, 0, 6, 1, 5, 4, 2]]
    W = rotation(4, torch.Generator().manual_seed(1)) @ W
    assert recognise_shapes(W) == [
        Component(Shape.DIGON, (0, 5)),
        Component(Shape.TRIANGLE, (1, 3, 6)),
        Component(Shape.DEDICATED, (2,)),
    ]


def test_an_octahedron_is_three_digons():
    W = torch.cat([torch.eye(3), -torch.eye(3)], dim=-1)
    expected = [Component(Shape.DIGON, (i, i + 3)) for i in range(3)]
    assert recognise_shapes(W) == expected


@pytest.mark.parametrize(
    "W",
    [
        torch.ones(1, 2, dtype=torch.float64),  # two features in the same direction
        polygon(6),
        polygon(8),
        torch.tensor([[1.0, -0.6, -0.6], [0.0, 0.8, 0.8]]).double(),
        torch.cartesian_prod(*3 * [torch.tensor([1.0, -1.0])]).T.double(),  # a cube
    ],
)
def test_other_shapes_are_called_other(W):
    assert [component.shape for component in recognise_shapes(W)] == [Shape.OTHER]


def test_a_wider_tolerance_accepts_a_bent_shape():
    angle = torch.tensor([0.0, 2.3], dtype=torch.float64)  # cosine -0.67
    W = torch.stack([angle.cos(), angle.sin()])
    assert recognise_shapes(W)[0].shape is Shape.OTHER
    assert recognise_shapes(W, tolerance=0.4)[0].shape is Shape.DIGON


def test_a_model_that_represents_nothing_has_no_shapes():
    assert recognise_shapes(torch.zeros(2, 3)) == []


@pytest.mark.parametrize("shape", SHAPE_DIMENSIONALITY)
def test_shapes_have_the_dimensionality_that_is_listed(shape):
    D = dimensionality(REGULAR[shape])
    assert_close(D, torch.full_like(D, float(SHAPE_DIMENSIONALITY[shape])))


def test_values_go_to_the_nearest_fraction_within_the_tolerance():
    fractions = torch.tensor([float(Fraction(text)) for text in ("3/8", "2/5", "1/2")])
    D = torch.tensor([[0.374, 0.386, 0.389], [0.5099, 0.52, math.nan]])
    expected = torch.tensor([[0.375, math.nan, math.nan], [0.5, math.nan, math.nan]])
    assert_close(nearest_fraction(D, fractions), expected, equal_nan=True)
    wide = torch.tensor([[0.375, 0.375, 0.4], [0.5, 0.5, math.nan]])
    assert_close(nearest_fraction(D, fractions, tolerance=0.05), wide, equal_nan=True)


def test_no_fractions_are_refused():
    with pytest.raises(ValueError, match="fractions must name at least one; got none"):
        nearest_fraction(torch.zeros(3), torch.zeros(0))


def test_an_antipodal_partner_points_the_other_way():
    # 2 and 3 both lean against 0, at 160 and 175 degrees; nothing leans against 4
    angle = torch.deg2rad(torch.tensor([0.0, 90.0, 160.0, 175.0, 60.0]))
    W = torch.tensor([1.0, 3.0, 2.0, 0.1, 1.0]) * torch.stack([angle.cos(), angle.sin()])
    assert antipodal_partner(W).tolist() == [3, -1, 0, 0, -1]
    assert antipodal_partner(W, threshold=0.95).tolist() == [3, -1, -1, 0, -1]
    assert antipodal_partner(torch.zeros(2, 3)).tolist() == [-1, -1, -1]
    octahedron = torch.cat([torch.eye(3), -torch.eye(3)], dim=-1)
    both = torch.stack([octahedron, octahedron.roll(1, dims=-1)])
    assert antipodal_partner(both).tolist() == 2 * [[3, 4, 5, 0, 1, 2]]


@given(seed=st.integers(0, 2**32 - 1), hidden=st.integers(1, 4))
def test_alignment_undoes_a_rotation_or_a_reflection(seed, hidden):
    generator = torch.Generator().manual_seed(seed)
    W = torch.randn(2, hidden, 5, generator=generator, dtype=torch.float64)
    assert_close(align_weights(rotation(hidden, generator) @ W, W), W)


@given(seed=st.integers(0, 2**32 - 1))
def test_no_other_rotation_comes_nearer(seed):
    generator = torch.Generator().manual_seed(seed)
    W, target = torch.randn(2, 3, 6, generator=generator, dtype=torch.float64)
    aligned = align_weights(W, target)
    assert_close(gram(aligned), gram(W))
    for _ in range(10):
        other = rotation(3, generator) @ W
        assert (aligned - target).norm() <= (other - target).norm() + 1e-12


@given(seed=st.integers(0, 2**32 - 1))
def test_the_2d_form_is_the_same_for_all_rotations_and_reflections(seed):
    generator = torch.Generator().manual_seed(seed)
    W = torch.randn(3, 2, 5, generator=generator, dtype=torch.float64)
    W[0, :, 0] *= 0.001
    form = canonicalize_2d(W)
    assert_close(canonicalize_2d(rotation(2, generator) @ W), form)
    assert_close(gram(form), gram(W))
    assert_close(canonicalize_2d(form), form)


def test_the_2d_form_ignores_short_features_and_rounding():
    # feature 0 is not there, 2 is antipodal to 1 up to rounding, 3 decides the reflection
    W = torch.tensor([[0.1, 0.0, 1e-8, 1.0], [0.0, 2.0, -2.0, 0.0]], dtype=torch.float64)
    expected = torch.tensor([[0.0, 2.0, -2.0, 0.0], [0.1, 0.0, 1e-8, 1.0]], dtype=torch.float64)
    assert_close(canonicalize_2d(W), expected)
    assert_close(canonicalize_2d(torch.tensor([[-1.0], [1.0]]) * W), expected)


def test_the_2d_form_of_a_line_or_of_nothing_is_flat():
    line = torch.tensor([[0.0, 0.0], [-1.0, 2.0]])
    assert_close(canonicalize_2d(line), torch.tensor([[1.0, -2.0], [0.0, 0.0]]))
    assert_close(canonicalize_2d(torch.zeros(2, 3)), torch.zeros(2, 3))


@pytest.mark.parametrize("threshold", [1.0, -0.1, math.nan])
def test_a_cosine_outside_its_range_is_refused(threshold):
    with pytest.raises(ValueError, match=r"threshold must lie in \[0, 1\); got"):
        antipodal_partner(torch.ones(2, 3), threshold=threshold)


def test_a_diverged_target_is_refused():
    with pytest.raises(ValueError, match=r"target of shape \(2, 3\) is not finite"):
        align_weights(torch.ones(2, 3), torch.full((2, 3), math.inf))


@pytest.mark.parametrize(
    "function",
    [
        feature_graph,
        recognise_shapes,
        canonicalize_2d,
        antipodal_partner,
        lambda W: align_weights(W, torch.ones(2, 5)),
    ],
)
def test_a_diverged_model_is_refused(function):
    W = torch.ones(2, 5)
    W[0, 4] = math.nan
    with pytest.raises(ValueError, match=r"W of shape \(2, 5\) is not finite; did training"):
        function(W)
