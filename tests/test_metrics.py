"""Tests of tms_lib.metrics."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from tms_lib.metrics import (
    FeatureKind,
    classify_features,
    count_represented,
    feature_norm,
    superposition,
)

IGNORED, DEDICATED, SUPERPOSED = FeatureKind


def polygon(n: int, radius: float = 1.0) -> Tensor:
    """The n corners of a regular polygon, as the columns of a (2, n) W."""
    angle = 2 * math.pi * torch.arange(n, dtype=torch.float64) / n
    return radius * torch.stack([angle.cos(), angle.sin()])


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


def test_superposition_has_a_gradient(generator):
    W = torch.randn(2, 3, 5, generator=generator, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(superposition, W)


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


@pytest.mark.parametrize("metric", [superposition, count_represented, classify_features])
@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_a_diverged_model_is_refused(metric, wrong):
    W = torch.ones(3, 2, 5)
    W[1, 0, 4] = wrong
    with pytest.raises(ValueError, match=r"W of shape \(3, 2, 5\) is not finite; did training"):
        metric(W)
