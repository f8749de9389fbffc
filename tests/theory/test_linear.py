"""Tests of tms_lib.theory.linear."""

import math
from itertools import combinations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from tms_lib.features import feature_moments, sample_features
from tms_lib.losses import weighted_mse
from tms_lib.models import gram, linear_output
from tms_lib.theory import linear_optimal_loss, linear_optimum

N_SAMPLES = 40_000


def exact_linear_loss(W: Tensor, b: Tensor, p: Tensor, importance: Tensor) -> Tensor:
    """E sum_i I_i (x_i - x'_i)^2 of x' = W^T W x + b: variance plus squared mean of each error."""
    moments = feature_moments(p)
    gap = torch.eye(len(p), dtype=p.dtype) - gram(W)
    return (importance * (gap**2 @ moments.variance + (gap @ moments.mean - b) ** 2)).sum()


def random_setting(seed: int) -> tuple[Tensor, Tensor, torch.Generator]:
    """Probabilities and importances of six features, all different, unsorted."""
    generator = torch.Generator().manual_seed(seed)
    p, importance = torch.rand(2, 6, generator=generator, dtype=torch.float64)
    return p, importance, generator


def test_uniform_density_keeps_the_most_important_wherever_they_stand():
    importance = torch.tensor([0.1, 1.0, 0.3, 0.6])
    for p in (1.0, 0.3, 0.001):
        W, b = linear_optimum(torch.full((4,), p), importance=importance, n_hidden=2)
        assert_close(gram(W), torch.diag(torch.tensor([0.0, 1.0, 0.0, 1.0])))
        assert_close(b, torch.tensor([p / 2, 0.0, p / 2, 0.0]))
        loss = linear_optimal_loss(torch.full((4,), p), importance=importance, n_hidden=2)
        assert_close(loss, torch.tensor((p / 3 - p**2 / 4) * 0.4))


def test_unequal_densities_rank_by_importance_times_variance():
    # p = 1 has variance 1/12, p = 2/3 has 1/9: less dense, yet worth more
    p = torch.tensor([1.0, 2 / 3], dtype=torch.float64)
    importance = torch.tensor([1.2, 1.0], dtype=torch.float64)
    W, b = linear_optimum(p, importance=importance, n_hidden=1)
    assert_close(W, torch.tensor([[0.0, 1.0]], dtype=torch.float64))
    assert_close(b, torch.tensor([0.5, 0.0], dtype=torch.float64))
    loss = linear_optimal_loss(p, importance=importance, n_hidden=1)
    assert_close(loss, torch.tensor(0.1, dtype=torch.float64))


@given(seed=st.integers(0, 2**32 - 1), n_hidden=st.integers(1, 6))
def test_no_choice_of_features_is_better(seed, n_hidden):
    p, importance, _ = random_setting(seed)
    cost = importance * feature_moments(p).variance
    best = min(
        sum(cost[i] for i in range(6) if i not in kept) + torch.zeros((), dtype=p.dtype)
        for kept in combinations(range(6), n_hidden)
    )
    assert_close(linear_optimal_loss(p, importance=importance, n_hidden=n_hidden), best)


@given(seed=st.integers(0, 2**32 - 1), n_hidden=st.integers(1, 6))
def test_the_optimum_has_the_optimal_loss(seed, n_hidden):
    p, importance, _ = random_setting(seed)
    W, b = linear_optimum(p, importance=importance, n_hidden=n_hidden)
    optimal = linear_optimal_loss(p, importance=importance, n_hidden=n_hidden)
    assert_close(exact_linear_loss(W, b, p, importance), optimal)


@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(0.001, 1))
def test_every_other_linear_model_is_worse(seed, scale):
    p, importance, generator = random_setting(seed)
    W, b = linear_optimum(p, importance=importance, n_hidden=2)
    optimal = linear_optimal_loss(p, importance=importance, n_hidden=2)
    W = W + scale * torch.randn(2, 6, generator=generator, dtype=p.dtype)
    for bias in (b, feature_moments(p).mean - gram(W) @ feature_moments(p).mean):
        assert exact_linear_loss(W, bias, p, importance) >= optimal - 1e-12


def test_samples_have_the_optimal_loss(generator):
    p = torch.tensor([[0.9, 0.2, 0.5, 0.7], [0.1, 0.1, 0.3, 1.0]], dtype=torch.float64)
    importance = torch.tensor([0.3, 1.0, 0.7, 0.5], dtype=torch.float64)
    W, b = linear_optimum(p, importance=importance, n_hidden=2)
    x = sample_features(p, N_SAMPLES, generator=generator)
    x_hat = linear_output(x, W=W, b=b)
    sampled = weighted_mse(x, x_hat, importance=importance)
    per_sample = (importance * (x - x_hat) ** 2).sum(-1)
    tolerance = 5 * per_sample.std(-1) / math.sqrt(N_SAMPLES)
    optimal = linear_optimal_loss(p, importance=importance, n_hidden=2)
    assert ((sampled - optimal).abs() < tolerance).all()


def test_densities_and_importances_broadcast():
    p = torch.tensor([[[1.0]], [[0.5]], [[0.1]]])  # three densities x any features
    importance = torch.tensor([[1.0, 0.5, 0.2, 0.1], [0.1, 0.2, 0.9, 1.0]])
    W, b = linear_optimum(p, importance=importance, n_hidden=3)
    loss = linear_optimal_loss(p, importance=importance, n_hidden=3)
    assert W.shape == (3, 2, 3, 4)
    assert b.shape == (3, 2, 4)
    assert_close(loss, 0.1 * feature_moments(p).variance.squeeze(-1).expand(3, 2))


def test_as_many_dimensions_as_features_lose_nothing():
    p, importance, _ = random_setting(0)
    zero = torch.zeros((), dtype=p.dtype)
    assert_close(linear_optimal_loss(p, importance=importance, n_hidden=6), zero)


@pytest.mark.parametrize("theory", [linear_optimum, linear_optimal_loss])
def test_wrong_values_are_named(theory):
    ones = torch.ones(3)
    for n_hidden in (0, 4):
        with pytest.raises(ValueError, match=f"between 1 and the 3 features; got {n_hidden}"):
            theory(ones, importance=ones, n_hidden=n_hidden)
    with pytest.raises(ValueError, match="feature_probability must lie in"):
        theory(2 * ones, importance=ones, n_hidden=1)
    with pytest.raises(ValueError, match="importance must be finite and at least 0"):
        theory(ones, importance=-ones, n_hidden=1)
