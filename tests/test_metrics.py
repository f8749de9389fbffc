"""Tests of tms_lib.metrics."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from shapes import DIGON, polygon, square_antiprism, tetrahedron
from torch.testing import assert_close

from tms_lib.metrics import (
    FeatureKind,
    classify_features,
    count_represented,
    dimensionality,
    dimensionality_bound,
    dimensions_per_feature,
    feature_norm,
    interference,
    superposition,
)

IGNORED, DEDICATED, SUPERPOSED = FeatureKind


def test_norm_is_the_length_of_columns_not_rows():
    W = torch.tensor([[[3.0, 0.0, 1.0], [4.0, 0.0, 1.0]]])
    assert_close(feature_norm(W), torch.tensor([[5.0, 0.0, math.sqrt(2)]]))


@pytest.mark.parametrize("n", [3, 4, 5, 6, 8])
def test_regular_polygon_has_closed_form(n):
    # sum over all j of cos^2(2 pi j / n) is n/2 for n >= 3; drop j = i, which is 1
    assert_close(superposition(polygon(n)), torch.full((n,), n / 2 - 1, dtype=torch.float64))


@pytest.mark.parametrize("radius", [0.5, 1.17])
def test_superposition_grows_with_the_square_of_the_others(radius):
    expected = torch.full((5,), 1.5 * radius**2, dtype=torch.float64)
    assert_close(superposition(polygon(5, radius)), expected)


def test_normalises_the_receiver_not_the_sender():
    # one hidden dimension, norms 1 and 2: feature 0 receives 2^2, feature 1 receives 1^2
    assert_close(superposition(torch.tensor([[1.0, 2.0]])), torch.tensor([4.0, 1.0]))


def test_superposition_agrees_with_a_loop(generator):
    W = torch.randn(2, 3, 5, generator=generator, dtype=torch.float64)
    expected = torch.zeros(2, 5, dtype=W.dtype)
    for k in range(2):
        for i in range(5):
            for j in range(5):
                if j != i:
                    expected[k, i] += (W[k, :, i] @ W[k, :, j] / W[k, :, i].norm()) ** 2
    assert_close(superposition(W), expected)


@given(seed=st.integers(0, 2**32 - 1))
def test_superposition_is_unchanged_by_rotation_and_follows_permutation(seed):
    generator = torch.Generator().manual_seed(seed)
    W = torch.randn(2, 3, 5, generator=generator, dtype=torch.float64)
    rotation = torch.linalg.qr(torch.randn(3, 3, generator=generator, dtype=W.dtype)).Q
    order = torch.randperm(5, generator=generator)
    assert_close(superposition(rotation @ W), superposition(W))
    assert_close(superposition(W[..., order]), superposition(W)[..., order])


def test_a_zero_column_receives_and_gives_nothing():
    W = torch.tensor([[1.0, 0.0, 2.0]])
    assert_close(superposition(W), torch.tensor([4.0, 0.0, 1.0]))


# k unit vectors with W W^T = k/m times the identity share m dimensions equally: D_i = m/k
TIGHT_FRAMES = {
    "one feature": (DIGON[:, :1], 1),
    "digon": (DIGON, 1 / 2),
    "triangle": (polygon(3), 2 / 3),
    "tetrahedron": (tetrahedron(), 3 / 4),
    "pentagon": (polygon(5), 2 / 5),
    "square antiprism": (square_antiprism(), 3 / 8),
}


@pytest.mark.parametrize("name", TIGHT_FRAMES)
@pytest.mark.parametrize("scale", [1.0, 0.03, 40.0])
def test_dimensionality_of_regular_shapes_has_closed_form(name, scale):
    W, fraction = TIGHT_FRAMES[name]
    expected = torch.full((W.shape[-1],), fraction, dtype=torch.float64)
    assert_close(dimensionality(scale * W), expected)


def test_dimensionality_in_orthogonal_subspaces_is_that_of_each_part():
    # a triangular bipyramid of a triangle and a longer digon, beside a tetrahedron
    W = torch.block_diag(polygon(3), 2 * DIGON, tetrahedron())
    expected = torch.tensor(3 * [2 / 3] + 2 * [1 / 2] + 4 * [3 / 4], dtype=torch.float64)
    assert_close(dimensionality(W), expected)


def test_dimensionality_normalises_the_feature_whose_value_it_is():
    # norms 1 and 2 in one dimension: 1 / (1 + 4) and 4 / (1 + 4)
    assert_close(dimensionality(torch.tensor([[1.0, 2.0]])), torch.tensor([0.2, 0.8]))


def test_dimensionality_agrees_with_a_loop(generator):
    W = torch.randn(2, 3, 5, generator=generator, dtype=torch.float64)
    expected = torch.zeros(2, 5, dtype=W.dtype)
    for k in range(2):
        for i in range(5):
            direction = W[k, :, i] / W[k, :, i].norm()
            total = sum(float(direction @ W[k, :, j]) ** 2 for j in range(5))
            expected[k, i] = W[k, :, i].norm() ** 2 / total
    assert_close(dimensionality(W), expected)


@given(seed=st.integers(0, 2**32 - 1), n_features=st.integers(1, 9), rank=st.integers(1, 4))
def test_dimensionalities_add_up_to_at_most_the_rank(seed, n_features, rank):
    generator = torch.Generator().manual_seed(seed)
    within = torch.randn(4, rank, generator=generator, dtype=torch.float64)
    W = within @ torch.randn(2, rank, n_features, generator=generator, dtype=torch.float64)
    D = dimensionality(W)
    assert (D > 0).all()
    assert (D <= 1 + 1e-12).all()
    assert (D.sum(-1) <= min(rank, n_features) + 1e-9).all()  # rounding of a few 1e-16


@given(seed=st.integers(0, 2**32 - 1))
def test_dimensionality_is_unchanged_by_rotation_and_scale_and_follows_permutation(seed):
    generator = torch.Generator().manual_seed(seed)
    W = torch.randn(2, 3, 5, generator=generator, dtype=torch.float64)
    rotation = torch.linalg.qr(torch.randn(3, 3, generator=generator, dtype=W.dtype)).Q
    order = torch.randperm(5, generator=generator)
    assert_close(dimensionality(3 * rotation @ W), dimensionality(W))
    assert_close(dimensionality(W[..., order]), dimensionality(W)[..., order])


def test_a_zero_column_has_dimensionality_0_and_no_broken_gradient():
    W = torch.tensor([[1.0, 0.0, 2.0]], requires_grad=True)
    D = dimensionality(W)
    assert_close(D.detach(), torch.tensor([0.2, 0.0, 0.8]))
    D.sum().backward()
    assert W.grad is not None
    assert W.grad.isfinite().all()
    assert_close(dimensionality(torch.zeros(2, 3)), torch.zeros(3))


def test_dimensionality_reaches_its_bound_in_regular_shapes_of_any_size():
    W = torch.block_diag(polygon(3), 2 * DIGON, tetrahedron(), torch.zeros(2, 3))
    expected = torch.tensor(3 * [2 / 3] + 2 * [1 / 2] + 4 * [3 / 4] + 3 * [0], dtype=W.dtype)
    assert_close(dimensionality_bound(W), expected)
    assert_close(dimensionality(W), expected)


def test_bound_of_three_features_in_two_dimensions_by_hand():
    # S = [[2, 1], [1, 10]] has the inverse [[10, -1], [-1, 2]] / 19
    W = torch.tensor([[1.0, 0.0, 1.0], [0.0, 3.0, 1.0]])
    assert_close(dimensionality_bound(W), torch.tensor([10.0, 18.0, 10.0]) / 19)
    repeated = torch.cat([W, 2 * W[:1]])  # a row that adds nothing to what W spans
    assert_close(dimensionality_bound(repeated), torch.tensor([10.0, 18.0, 10.0]) / 19)


@given(seed=st.integers(0, 2**32 - 1), n_features=st.integers(1, 9), rank=st.integers(1, 4))
def test_bounds_lie_above_the_dimensionalities_and_add_up_to_the_rank(seed, n_features, rank):
    generator = torch.Generator().manual_seed(seed)
    within = torch.linalg.qr(torch.randn(4, rank, generator=generator, dtype=torch.float64)).Q
    W = within @ torch.randn(2, rank, n_features, generator=generator, dtype=torch.float64)
    bound = dimensionality_bound(W)
    assert (dimensionality(W) <= bound + 1e-12).all()
    assert_close(bound.sum(-1), torch.full((2,), float(min(rank, n_features))).double())


@given(seed=st.integers(0, 2**32 - 1))
def test_bound_depends_only_on_the_space_that_the_rows_span(seed):
    generator = torch.Generator().manual_seed(seed)
    W = torch.randn(2, 3, 7, generator=generator, dtype=torch.float64)
    mixed = torch.randn(3, 3, generator=generator, dtype=W.dtype) + 5 * torch.eye(3)
    assert_close(dimensionality_bound(mixed @ W), dimensionality_bound(W))


def test_dimensions_per_feature_divides_m_by_the_sum_of_squares():
    W = torch.tensor([[[3.0, 0.0, 1.0], [0.0, 1.0, 1.0]], [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    assert_close(dimensions_per_feature(W), torch.tensor([2 / 12, 1.0]))
    assert_close(dimensions_per_feature(torch.zeros(2, 3)), torch.tensor(math.inf))


def test_interference_is_symmetric_in_the_pair_and_superposition_is_not():
    # products 2, -0.5 and -1 of norms 1, 2 and 0.5
    W = torch.tensor([[1.0, 2.0, -0.5]])
    assert_close(interference(W), torch.tensor([4.25, 5.0, 1.25]))
    assert_close(interference(W) / feature_norm(W) ** 2, superposition(W))


@given(seed=st.integers(0, 2**32 - 1))
def test_interference_grows_with_the_fourth_power_of_the_scale(seed):
    generator = torch.Generator().manual_seed(seed)
    W = torch.randn(2, 3, 5, generator=generator, dtype=torch.float64)
    assert_close(interference(2 * W), 16 * interference(W))


def test_interference_agrees_with_a_loop(generator):
    W = torch.randn(2, 3, 5, generator=generator, dtype=torch.float64)
    expected = torch.zeros(2, 5, dtype=W.dtype)
    for k, i, j in torch.cartesian_prod(torch.arange(2), torch.arange(5), torch.arange(5)).tolist():
        if j != i:
            expected[k, i] += (W[k, :, i] @ W[k, :, j]) ** 2
    assert_close(interference(W), expected)


@pytest.mark.parametrize(
    "metric", [superposition, dimensionality, dimensions_per_feature, interference]
)
def test_metrics_have_a_gradient(metric, generator):
    W = torch.randn(2, 3, 5, generator=generator, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(metric, W)


def test_represented_features_are_counted_per_instance():
    W = torch.tensor([[[1.0, -0.9, 0.5]], [[0.1, 0.0, 0.51]]])
    assert_close(count_represented(W), torch.tensor([2, 1]))
    assert_close(count_represented(W, threshold=0.05), torch.tensor([3, 2]))


def test_kinds_of_a_model_that_has_all_three():
    # feature 0 alone on its axis, 1 and 2 antipodal, 3 tiny but in 0's direction
    W = torch.tensor([[1.0, 0.0, 0.0, 0.1], [0.0, 0.9, -0.8, 0.0]])
    expected = torch.tensor([DEDICATED, SUPERPOSED, SUPERPOSED, IGNORED])
    assert_close(classify_features(W), expected)
    assert_close(classify_features(W.expand(2, 3, 2, 4)), expected.expand(2, 3, 4))


def test_thresholds_move_the_borders_between_kinds():
    W = torch.tensor([[1.0, 0.6]])
    assert_close(classify_features(W), torch.tensor([DEDICATED, SUPERPOSED]))
    both = classify_features(W, superposition_threshold=0.3)
    assert_close(both, torch.tensor([SUPERPOSED, SUPERPOSED]))
    one = classify_features(W, norm_threshold=0.7)
    assert_close(one, torch.tensor([DEDICATED, IGNORED]))


@pytest.mark.parametrize(
    "metric",
    [
        superposition,
        dimensionality,
        dimensionality_bound,
        dimensions_per_feature,
        interference,
        count_represented,
        classify_features,
    ],
)
@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_a_diverged_model_is_refused(metric, wrong):
    W = torch.ones(3, 2, 5)
    W[1, 0, 4] = wrong
    with pytest.raises(ValueError, match=r"W of shape \(3, 2, 5\) is not finite; did training"):
        metric(W)
