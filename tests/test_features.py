"""Tests of tms_lib.features."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from tms_lib.features import (
    active_count_probability,
    cooccurrence,
    density,
    feature_moments,
    geometric_importance,
    sample_features,
    sample_signed_features,
)

N_SAMPLES = 40_000


def test_density_is_one_minus_sparsity():
    assert_close(density(torch.tensor([[0.0], [0.999]])), torch.tensor([[1.0], [0.001]]))


def test_density_refuses_what_is_no_sparsity():
    with pytest.raises(ValueError, match=r"sparsity must lie in \[0, 1\]; got -0.5 at index \[1\]"):
        density(torch.tensor([0.0, -0.5]))


def test_geometric_importance_starts_at_one():
    expected = torch.tensor([0.7**i for i in range(20)])
    assert_close(geometric_importance(0.7, 20), expected)


@pytest.mark.parametrize("base", [0.0, -0.7, math.nan, math.inf])
def test_geometric_importance_refuses_a_useless_base(base):
    with pytest.raises(ValueError, match="base must be positive"):
        geometric_importance(base, 3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("instances", [(), (1,), (3,), (2, 3)])
def test_samples_keep_instances_and_dtype(instances, dtype, generator):
    p = torch.full((*instances, 4), 0.5, dtype=dtype)
    x = sample_features(p, 7, generator=generator)
    assert x.shape == (*instances, 7, 4)
    assert x.dtype == dtype


def test_samples_have_the_moments_of_their_own_probability(generator):
    p = torch.tensor([[1.0, 0.5, 0.1], [0.02, 0.7, 0.0]], dtype=torch.float64)
    x = sample_features(p, N_SAMPLES, generator=generator)
    moments = feature_moments(p)
    # the standard errors of the mean of x and of x^2; E[x^4] = p / 5
    error_of_mean = (moments.variance / N_SAMPLES).sqrt()
    error_of_second = ((p / 5 - moments.second_moment**2) / N_SAMPLES).sqrt()
    assert ((x.mean(-2) - moments.mean).abs() <= 5 * error_of_mean).all()
    assert (((x**2).mean(-2) - moments.second_moment).abs() <= 5 * error_of_second).all()


@pytest.mark.parametrize("p", [1.0, 0.3, 0.01])
def test_active_values_are_uniform(p, generator):
    x = sample_features(torch.tensor([p]), N_SAMPLES, generator=generator)
    active = x[x > 0].sort().values
    # Kolmogorov-Smirnov: P(sqrt(n) distance > 2.5) is 2 exp(-2 * 2.5^2) < 1e-5
    ranks = torch.arange(1, len(active) + 1) / len(active)
    assert (active - ranks).abs().max() < 2.5 / math.sqrt(len(active))


def test_features_and_instances_are_independent(generator):
    p = torch.tensor([[0.5, 0.5], [0.5, 0.5]])
    x = sample_features(p, N_SAMPLES, generator=generator)
    columns = x.movedim(-2, -1).flatten(0, -2)  # instance and feature, then batch
    correlation = torch.corrcoef(columns) - torch.eye(4)
    assert correlation.abs().max() < 5 / math.sqrt(N_SAMPLES)


def test_probabilities_zero_and_one_are_exact(generator):
    x = sample_features(torch.tensor([0.0, 1.0]), N_SAMPLES, generator=generator)
    assert (x[:, 0] == 0).all()
    assert (x[:, 1] > 0).all()
    assert (x[:, 1] <= 1).all()


def test_half_precision_samples_are_as_often_active(generator):
    p = torch.tensor([0.001], dtype=torch.bfloat16)
    x = sample_features(p, N_SAMPLES, generator=generator)
    assert x.dtype == torch.bfloat16
    error = math.sqrt(0.001 / N_SAMPLES)
    assert abs((x > 0).double().mean().item() - p.item()) < 5 * error


def test_the_generator_alone_decides_the_samples():
    p = torch.full((3, 4), 0.5)
    once, again = (
        sample_features(p, 5, generator=torch.Generator().manual_seed(1)) for _ in range(2)
    )
    assert_close(once, again, rtol=0, atol=0)


@pytest.mark.parametrize("wrong", [1.2, -0.1, math.nan])
def test_samples_name_the_wrong_probability_and_the_slip(wrong, generator):
    p = torch.full((4, 2), 0.5)
    p[3, 1] = wrong
    with pytest.raises(ValueError, match=rf"got {wrong} at index \[3, 1\].*not the sparsity S"):
        sample_features(p, 5, generator=generator)


def test_samples_refuse_an_empty_batch(generator):
    with pytest.raises(ValueError, match="n_samples must be at least 1; got 0"):
        sample_features(torch.tensor([0.5]), 0, generator=generator)


def test_moments_are_integrals_of_the_density():
    p = torch.tensor([[0.0, 0.3], [2 / 3, 1.0]], dtype=torch.float64)
    # midpoint rule for the integrals of p x and p x^2 over [0, 1]
    x = (torch.arange(10_000, dtype=torch.float64) + 0.5) / 10_000
    mean, second = p * x.mean(), p * (x**2).mean()
    moments = feature_moments(p)
    assert_close(moments.mean, mean)
    assert_close(moments.second_moment, second, rtol=1e-8, atol=0)
    assert_close(moments.variance, second - mean**2, rtol=1e-7, atol=0)


def test_active_counts_agree_with_the_binomial_formula():
    p = torch.tensor([[0.1], [0.85]], dtype=torch.float64)
    n = 20
    expected = [
        [[math.comb(n, k) * q**k * (1 - q) ** (n - k) for k in range(n + 1)]] for (q,) in p.tolist()
    ]
    assert_close(active_count_probability(p, n), torch.tensor(expected, dtype=torch.float64))


@given(p=st.floats(0, 1), n=st.integers(1, 1000))
def test_active_counts_sum_to_one_and_have_mean_np(p, n):
    probability = active_count_probability(torch.tensor(p, dtype=torch.float64), n)
    k = torch.arange(n + 1, dtype=torch.float64)
    assert_close(probability.sum().item(), 1.0, rtol=1e-9, atol=0)
    assert_close((k * probability).sum().item(), n * p, rtol=1e-9, atol=1e-12)


def test_active_counts_are_exact_at_both_ends():
    counts = active_count_probability(torch.tensor([0.0, 1.0]), 1000)
    assert_close(counts, torch.eye(1001)[[0, 1000]], rtol=0, atol=0)


def test_samples_have_the_predicted_active_counts(generator):
    p, n = 0.2, 6
    x = sample_features(torch.full((n,), p), N_SAMPLES, generator=generator)
    sampled = torch.bincount((x > 0).sum(-1), minlength=n + 1) / N_SAMPLES
    predicted = active_count_probability(torch.tensor(p), n)
    tolerance = 5 * (predicted * (1 - predicted) / N_SAMPLES).sqrt()
    assert ((sampled - predicted).abs() <= tolerance).all()


def test_cooccurrence_agrees_with_a_loop(generator):
    x = sample_features(torch.rand(2, 3, generator=generator), 50, generator=generator)
    expected = torch.zeros(2, 3, 3)
    for instance in range(2):
        for i in range(3):
            for j in range(3):
                both = [row[i] != 0 and row[j] != 0 for row in x[instance]]
                expected[instance, i, j] = sum(both) / len(both)
    assert_close(cooccurrence(x), expected)


def test_cooccurrence_counts_negative_values_as_active():
    x = torch.tensor([[-1.0, 0.5], [0.0, 0.5]])
    assert_close(cooccurrence(x), torch.tensor([[0.5, 0.5], [0.5, 1.0]]))


def test_signed_features_fill_the_interval(generator):
    x = sample_signed_features(torch.tensor([1.0, 0.3]), N_SAMPLES, generator=generator)
    for feature in range(2):
        values = x[:, feature][x[:, feature] != 0].sort().values
        steps = 2 * (torch.arange(len(values)) + 0.5) / len(values) - 1
        assert (values - steps).abs().max() < 4 / len(values) ** 0.5
