"""Tests of tms_lib.bypass."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from tms_lib.bypass import (
    bypass_biases,
    clipped_share,
    preactivation_moments,
    simulated_bias_weights,
)
from tms_lib.features import sample_features
from tms_lib.models import relu_embed, relu_hidden, relu_output


def test_clipped_share_counts_samples_below_zero_and_not_at_it():
    x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0], [0.5, 1.0]])
    W = torch.tensor([[1.0, -1.0], [-1.0, 0.5]])
    assert_close(clipped_share(x, W), torch.tensor([2 / 5, 2 / 5]))
    assert_close(clipped_share(x, W, c=torch.tensor([1.0, -0.5])), torch.tensor([0.0, 4 / 5]))


def test_clipped_share_is_of_each_instance(generator):
    x = torch.rand(3, 7, 5, generator=generator, dtype=torch.float64)
    W = torch.randn(3, 2, 5, generator=generator, dtype=torch.float64)
    c = torch.randn(3, 2, generator=generator, dtype=torch.float64)
    looped = [
        [
            sum(float(W[k, unit] @ row + c[k, unit]) < 0 for row in x[k]) / len(x[k])
            for unit in range(2)
        ]
        for k in range(3)
    ]
    assert_close(clipped_share(x, W, c=c), torch.tensor(looped, dtype=torch.float64))


@given(seed=st.integers(0, 2**32 - 1))
def test_with_bypass_biases_the_model_is_the_relu_output_model(seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(2, 3, 9, 5, generator=generator, dtype=torch.float64).round(decimals=1)
    W = torch.randn(2, 3, 4, 5, generator=generator, dtype=torch.float64)
    b = torch.randn(2, 3, 5, generator=generator, dtype=torch.float64)
    new_b, c = bypass_biases(W, b)
    assert_close(relu_hidden(x, W=W, b=new_b, c=c), relu_output(x, W=W, b=b))


def test_bypass_biases_are_the_least_that_do(generator):
    W = torch.randn(4, 6, generator=generator, dtype=torch.float64)
    _, c = bypass_biases(W, torch.zeros(6, dtype=torch.float64))
    corners = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=torch.float64)] * 6)
    least = relu_embed(corners, W, c=c).amin(0)
    assert_close(least, torch.zeros(4, dtype=torch.float64))
    assert_close(clipped_share(corners, W, c=c + 1e-9), torch.zeros(4, dtype=torch.float64))
    assert (clipped_share(corners, W, c=c - 1e-9) > 0).all()


def test_preactivations_of_samples_have_these_moments(generator):
    p = torch.tensor([[0.2, 0.9, 0.5], [1.0, 0.05, 0.0]], dtype=torch.float64)
    W = torch.tensor([[[1.0, -2.0, 0.5]], [[0.3, 4.0, 7.0]]], dtype=torch.float64)
    n = 100_000
    x = sample_features(p, n, generator=generator)
    mean, std = preactivation_moments(W, feature_probability=p)
    h = x @ W.mT
    assert ((h.mean(-2) - mean).abs() < 5 * std / math.sqrt(n)).all()
    # the variance's standard error follows from the fourth central moment
    squares = (h - mean.unsqueeze(-2)) ** 2
    error = squares.std(-2) / math.sqrt(n)
    assert ((squares.mean(-2) - std**2).abs() < 5 * error).all()


@pytest.mark.parametrize("k", [1, 10, 400])
@pytest.mark.parametrize("p", [1.0, 0.2])
def test_a_simulated_bias_has_its_mean_and_the_noise_of_k_features(k, p):
    c = torch.tensor([0.5, -2.0, 0.0], dtype=torch.float64)
    density = torch.full((k,), p, dtype=torch.float64)
    weights = simulated_bias_weights(c, feature_probability=density)
    mean, std = preactivation_moments(weights, feature_probability=density)
    assert_close(mean, c)
    assert_close(std, c.abs() * math.sqrt((4 / (3 * p) - 1) / k))


def test_every_instance_simulates_its_own_bias_with_its_own_features(generator):
    p = torch.rand(3, 5, generator=generator, dtype=torch.float64)
    c = torch.randn(3, 2, generator=generator, dtype=torch.float64)
    weights = simulated_bias_weights(c, feature_probability=p)
    assert_close((weights * p.unsqueeze(-2) / 2).sum(-1), c)
    assert_close(weights, weights[..., :1].expand(3, 2, 5))
    shared = simulated_bias_weights(c, feature_probability=p[1])
    assert_close(shared[1], weights[1])
    assert shared.shape == weights.shape


def test_features_that_are_never_active_simulate_nothing():
    with pytest.raises(ValueError, match="feature_probability must be positive"):
        simulated_bias_weights(torch.ones(2, 3), feature_probability=torch.tensor([[0.5], [0.0]]))
