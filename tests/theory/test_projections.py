"""Tests of tms_lib.theory.projections."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from tms_lib.features import feature_moments, sample_features
from tms_lib.models import gram
from tms_lib.theory import (
    linear_expected_loss,
    linear_loss_terms,
    linear_optimal_loss,
    linear_optimum,
    orthonormal_weights,
    principal_projection,
    row_space_projection,
)

SEEDS = st.integers(0, 2**32 - 1)


def rng(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@given(seed=SEEDS, n_hidden=st.integers(1, 4))
def test_the_hidden_space_stays_and_what_is_orthogonal_to_it_goes(seed, n_hidden):
    W = torch.randn(3, n_hidden, 5, generator=rng(seed), dtype=torch.float64)
    P = row_space_projection(W)
    assert_close(P @ W.mT, W.mT)
    left = torch.randn(5, 1, generator=rng(seed), dtype=torch.float64)
    left = left - P @ left
    assert_close(W @ left, torch.zeros_like(W @ left), atol=1e-9, rtol=0)
    assert_close(P @ left, torch.zeros_like(left).expand(3, 5, 1), atol=1e-9, rtol=0)


@given(seed=SEEDS)
def test_another_basis_of_the_hidden_space_has_the_same_projection(seed):
    W = orthonormal_weights(n_instances=2, n_hidden=3, n_features=5, generator=rng(seed)).double()
    mixed = torch.tensor([[2.0, 1.0, 0.0], [0.0, 1.0, -1.0], [0.5, 0.0, 1.0]]).double() @ W
    assert_close(row_space_projection(mixed), row_space_projection(W))


def test_rows_that_repeat_others_add_nothing():
    W = torch.tensor([[3.0, 0.0, 4.0], [3.0, 0.0, 4.0], [0.0, 0.0, 0.0]])
    assert_close(row_space_projection(W), row_space_projection(W[:1]))
    assert_close(row_space_projection(W[2:]), torch.zeros(3, 3))


@given(seed=SEEDS, scale=st.floats(0.01, 1))
def test_no_model_with_the_same_hidden_space_is_better(seed, scale):
    g = rng(seed)
    W = torch.randn(2, 5, generator=g, dtype=torch.float64)
    importance = torch.rand(5, generator=g, dtype=torch.float64)
    p = torch.tensor([0.3], dtype=torch.float64)
    decoder = scale * torch.randn(5, 2, generator=g, dtype=torch.float64)  # may be any other
    P = row_space_projection(W)
    eye = torch.eye(5, dtype=torch.float64)
    best = feature_moments(p).variance * (importance * (1 - P.diagonal())).sum()
    other = feature_moments(p).variance * (importance * ((eye - decoder @ W) ** 2).sum(-1)).sum()
    tied = sum(linear_loss_terms(W, feature_probability=p, importance=importance))
    assert (other >= best - 1e-12).all()
    assert (tied >= best - 1e-12).all()


def test_the_first_component_is_where_the_data_varies_not_where_it_is():
    x = torch.tensor([[10.0, 1.0, 1.0], [10.1, -1.0, -1.0], [9.9, 2.0, 2.0], [10.0, -2.0, -2.0]])
    expected = torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.0, 0.5, 0.5]])
    # the variances are 0.005 and 5: the first component tilts by about 0.01
    assert_close(principal_projection(x, n_hidden=1), expected, atol=0.02, rtol=0)


@given(seed=SEEDS, n_hidden=st.integers(1, 4))
def test_what_is_left_behind_is_the_sum_of_the_least_eigenvalues(seed, n_hidden):
    x = torch.randn(2, 20, 4, generator=rng(seed), dtype=torch.float64) + 3
    P = principal_projection(x, n_hidden=n_hidden)
    centred = x - x.mean(-2, keepdim=True)
    left = ((centred - centred @ P) ** 2).sum((-2, -1))
    squared = torch.linalg.svdvals(centred) ** 2  # falling
    assert_close(left, squared[..., n_hidden:].sum(-1), atol=1e-9, rtol=1e-9)
    assert_close(P @ P, P)


def test_components_of_scaled_independent_features_are_what_the_best_linear_model_keeps():
    p = torch.tensor([1.0, 0.4, 0.9, 0.1, 0.6], dtype=torch.float64)
    importance = torch.tensor([0.5, 1.0, 3.0, 2.0, 0.1], dtype=torch.float64)
    # costs I Var[x]: .042, .093, .292, .062, .011
    n_samples = 100_000
    x = sample_features(p, n_samples, generator=rng(0))
    P = principal_projection(importance.sqrt() * x, n_hidden=2)
    W, _ = linear_optimum(p, importance=importance, n_hidden=2)
    # covariances have standard errors below 0.3 / sqrt(N) = 0.001 and the nearest eigenvalues are
    # 0.03 apart, so that a component tilts by at most 0.03; five times that
    assert_close(P, gram(W), atol=0.15, rtol=0)


def test_wrong_numbers_of_components_are_named():
    for n_hidden in (0, 4):
        with pytest.raises(ValueError, match=f"between 1 and the 3 features; got {n_hidden}"):
            principal_projection(torch.ones(2, 3), n_hidden=n_hidden)


@given(seed=SEEDS)
def test_random_rows_are_orthonormal_and_the_best_under_equal_importance(seed):
    W = orthonormal_weights(n_instances=4, n_hidden=3, n_features=7, generator=rng(seed))
    eye = torch.eye(3).expand(4, 3, 3)
    assert_close(W @ W.mT, eye, atol=1e-5, rtol=0)  # float32: a few roundings of 1e-7
    p, importance = torch.tensor([0.2]), torch.tensor([2.0])
    terms = linear_loss_terms(W, feature_probability=p, importance=importance)
    best = linear_optimal_loss(p.expand(7), importance=importance, n_hidden=3)
    assert_close(sum(terms), best.expand(4), atol=1e-6, rtol=1e-5)


def test_random_hidden_spaces_prefer_no_direction():
    m, n, n_instances = 2, 5, 20_000
    W = orthonormal_weights(n_instances=n_instances, n_hidden=m, n_features=n, generator=rng(0))
    P = gram(W.double())
    # P_ii follows the Beta law with parameters m/2 and (n - m)/2; |P_i|^2 = P_ii gives the rest
    variance = 2 * m * (n - m) / (n**2 * (n + 2))
    off_diagonal = m * (n - m) / (n * (n - 1) * (n + 2))
    eye = torch.eye(n, dtype=torch.float64)
    spread = torch.where(eye > 0, variance, torch.full_like(eye, off_diagonal))
    error = (P.mean(0) - m / n * eye).abs()
    assert (error < 5 * (spread / n_instances).sqrt()).all()
    # a variance has the relative standard error sqrt((kurtosis - 1) / N); kurtosis is below 6 here
    assert_close(P.var(0), spread, atol=0, rtol=5 * math.sqrt(5 / n_instances))


def test_random_models_differ_and_repeat_with_the_seed():
    sizes = {"n_instances": 2, "n_hidden": 2, "n_features": 4}
    W = orthonormal_weights(**sizes, generator=rng(0))
    assert not torch.equal(W[0], W[1])
    assert torch.equal(W, orthonormal_weights(**sizes, generator=rng(0)))


def test_more_rows_than_features_are_refused():
    with pytest.raises(ValueError, match="n_hidden must be at most the 3 features; got 4"):
        orthonormal_weights(n_instances=1, n_hidden=4, n_features=3, generator=rng(0))


def test_a_projection_has_the_loss_of_what_does_not_come_through():
    g = rng(0)
    W = orthonormal_weights(n_instances=3, n_hidden=2, n_features=6, generator=g).double()
    importance = torch.rand(6, generator=g, dtype=torch.float64)
    p = torch.full((6,), 0.4, dtype=torch.float64)
    mean = feature_moments(p).mean
    b = mean - (gram(W) * mean).sum(-1)
    loss = linear_expected_loss(W, b, feature_probability=p, importance=importance)
    shares = row_space_projection(W).diagonal(dim1=-2, dim2=-1)
    expected = feature_moments(p).variance[0] * (importance * (1 - shares)).sum(-1)
    # W was orthonormal to float32's precision
    assert_close(loss, expected, atol=1e-6, rtol=1e-6)
