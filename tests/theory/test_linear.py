"""Tests of tms_lib.theory.linear."""

import math
from itertools import combinations, product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from tms_lib.dynamics import linear_descent
from tms_lib.features import feature_moments, sample_features
from tms_lib.losses import weighted_mse
from tms_lib.models import gram, linear_output
from tms_lib.theory import (
    learned_squared_norm,
    linear_expected_loss,
    linear_loss_terms,
    linear_optimal_bias,
    linear_optimal_loss,
    linear_optimum,
)

N_SAMPLES = 40_000


def enumerated_linear_loss(W: Tensor, b: Tensor, p: Tensor, importance: Tensor) -> Tensor:
    """The loss by Simpson's rule over all patterns of three features: exact for quadratics."""
    values = torch.tensor([0.0, 0.0, 0.5, 1.0], dtype=p.dtype)  # absent; Simpson's three nodes
    simpson = torch.tensor([1.0, 4.0, 1.0], dtype=p.dtype) / 6
    loss = torch.zeros((), dtype=p.dtype)
    for nodes in product(range(4), repeat=3):
        x = values[list(nodes)]
        weight = math.prod(p[i] * simpson[k - 1] if k else 1 - p[i] for i, k in enumerate(nodes))
        loss = loss + weight * (importance * (x - W.T @ (W @ x) - b) ** 2).sum()
    return loss


def random_setting(seed: int) -> tuple[Tensor, Tensor, torch.Generator]:
    """Probabilities and importances of six features, all different, unsorted."""
    generator = torch.Generator().manual_seed(seed)
    p, importance = torch.rand(2, 6, generator=generator, dtype=torch.float64)
    return p, importance, generator


def test_ignoring_everything_costs_variance_and_squared_mean_error():
    p = torch.tensor([0.5, 0.2], dtype=torch.float64)
    importance = torch.tensor([2.0, 1.0], dtype=torch.float64)
    b = torch.tensor([0.1, 0.0], dtype=torch.float64)
    loss = linear_expected_loss(
        torch.zeros(1, 2, dtype=torch.float64), b, feature_probability=p, importance=importance
    )
    by_hand = 2 * (0.5 / 3 - 0.25 / 4 + (0.25 - 0.1) ** 2) + 0.2 / 3
    assert_close(loss, torch.tensor(by_hand, dtype=torch.float64))


@given(seed=st.integers(0, 2**32 - 1))
def test_the_expected_loss_adds_up_over_all_patterns(seed):
    generator = torch.Generator().manual_seed(seed)
    p, importance = torch.rand(2, 3, generator=generator, dtype=torch.float64)
    W = torch.randn(2, 3, generator=generator, dtype=torch.float64)
    b = torch.randn(3, generator=generator, dtype=torch.float64)
    loss = linear_expected_loss(W, b, feature_probability=p, importance=importance)
    assert_close(loss, enumerated_linear_loss(W, b, p, importance))


def test_samples_have_the_expected_loss(generator):
    p = torch.tensor([[0.9, 0.2, 0.5], [0.1, 0.1, 0.3]], dtype=torch.float64)
    importance = torch.tensor([0.3, 1.0, 0.7], dtype=torch.float64)
    W = torch.randn(2, 2, 3, generator=generator, dtype=torch.float64)
    b = torch.randn(2, 3, generator=generator, dtype=torch.float64)
    x = sample_features(p, N_SAMPLES, generator=generator)
    per_sample = (importance * (x - linear_output(x, W=W, b=b)) ** 2).sum(-1)
    tolerance = 5 * per_sample.std(-1) / math.sqrt(N_SAMPLES)
    loss = linear_expected_loss(W, b, feature_probability=p, importance=importance)
    assert ((per_sample.mean(-1) - loss).abs() < tolerance).all()


@given(seed=st.integers(0, 2**32 - 1))
def test_the_optimal_bias_has_no_gradient(seed):
    p, importance, generator = random_setting(seed)
    W = torch.randn(2, 6, generator=generator, dtype=p.dtype)
    b = linear_optimal_bias(W, feature_probability=p).requires_grad_()
    loss = linear_expected_loss(W, b, feature_probability=p, importance=importance)
    (gradient,) = torch.autograd.grad(loss, b)
    # rounding: each entry is a difference of numbers below about 2 I_i sum_j |G_ij| < 100
    assert_close(gradient, torch.zeros_like(gradient), atol=1e-12, rtol=0)


def test_the_optimal_bias_sums_over_the_other_features_too():
    # G = [[1, 2], [2, 4]]; means 0.5 and 0.1
    b = linear_optimal_bias(
        torch.tensor([[1.0, 2.0]]), feature_probability=torch.tensor([1.0, 0.2])
    )
    assert_close(b, torch.tensor([0.5 - (0.5 + 0.2), 0.1 - (1.0 + 0.4)]))


def test_the_terms_weigh_the_disturbed_output_with_the_disturbing_variance():
    # p = 1 and 2/3 have variances 1/12 and 1/9; G = [[1, 2], [2, 4]]
    p = torch.tensor([1.0, 2 / 3], dtype=torch.float64)
    terms = linear_loss_terms(
        torch.tensor([[1.0, 2.0]], dtype=torch.float64),
        feature_probability=p,
        importance=torch.tensor([1.0, 3.0], dtype=torch.float64),
    )
    assert_close(terms.feature_benefit, torch.tensor(3 * 9 / 9, dtype=torch.float64))
    assert_close(terms.interference, torch.tensor(4 / 9 + 3 * 4 / 12, dtype=torch.float64))


@given(seed=st.integers(0, 2**32 - 1))
def test_the_terms_add_up_to_the_loss_at_the_optimal_bias(seed):
    p, importance, generator = random_setting(seed)
    W = torch.randn(3, 2, 6, generator=generator, dtype=p.dtype)
    b = linear_optimal_bias(W, feature_probability=p)
    terms = linear_loss_terms(W, feature_probability=p, importance=importance)
    loss = linear_expected_loss(W, b, feature_probability=p, importance=importance)
    assert_close(terms.feature_benefit + terms.interference, loss)


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
    reached = linear_expected_loss(W, b, feature_probability=p, importance=importance)
    assert_close(reached, optimal)


@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(0.001, 1))
def test_every_other_linear_model_is_worse(seed, scale):
    p, importance, generator = random_setting(seed)
    W, b = linear_optimum(p, importance=importance, n_hidden=2)
    optimal = linear_optimal_loss(p, importance=importance, n_hidden=2)
    W = W + scale * torch.randn(2, 6, generator=generator, dtype=p.dtype)
    for bias in (b, linear_optimal_bias(W, feature_probability=p)):
        loss = linear_expected_loss(W, bias, feature_probability=p, importance=importance)
        assert loss >= optimal - 1e-12


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


def test_one_model_is_evaluated_at_many_densities():
    W, b = torch.eye(2)[:1], torch.tensor([0.0, 0.1])
    p = torch.tensor([[1.0], [0.5], [0.1]])
    importance = torch.tensor([1.0, 2.0])
    loss = linear_expected_loss(W, b, feature_probability=p, importance=importance)
    assert_close(loss, 2 * (p / 3 - p * 0.1 + 0.01).squeeze(-1))


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


def test_a_learned_norm_starts_at_its_start_and_obeys_its_flow():
    # u' = 8 c u (1 - u), checked by central differences: their error is of the order of 1e-8
    time = torch.linspace(0, 3, 7, dtype=torch.float64)[:, None]
    start = torch.tensor([0.0, 1e-3, 0.4, 1.0], dtype=torch.float64)
    cost = torch.tensor([0.5, 0.3, 0.1, 0.2], dtype=torch.float64)
    u = learned_squared_norm(time, start=start, cost=cost)
    assert_close(u[0], start)
    before, after = (learned_squared_norm(time + h, start=start, cost=cost) for h in (-1e-4, 1e-4))
    assert_close((after - before) / 2e-4, 8 * cost * u * (1 - u), rtol=0, atol=1e-7)


def test_a_learned_norm_is_what_small_steps_of_descent_reach():
    # One feature. A step multiplies u by (1 + 4 c lr (1 - u))^2, whose logarithm is below the
    # flow's 8 c lr (1 - u) by a share of at most 2 c lr = 0.6 %. So the steps lag by at most 0.02
    # at t = 3, while u' is at most 2 c = 0.63.
    p, importance = torch.tensor([0.5]).double(), torch.tensor([3.0]).double()
    cost = importance * feature_moments(p).variance
    record = linear_descent(
        torch.full((1, 1), 0.1).double(),
        feature_probability=p,
        importance=importance,
        lr=0.01,
        n_steps=300,
        every=50,
    )
    time = 0.01 * torch.arange(0, 301, 50).double()
    expected = learned_squared_norm(time, start=torch.full((1,), 0.01).double(), cost=cost)
    assert_close((record**2).flatten(), expected, rtol=0, atol=0.0125)
    assert expected[-1] > 0.9


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_learned_norm_of_zero_or_one_stays_when_the_exponential_is_no_longer_a_number(dtype):
    # exp(-8000) is 0 in either dtype
    start = torch.tensor([0.0, 1e-8, 1.0], dtype=dtype)
    u = learned_squared_norm(start.new_tensor([1000.0]), start=start, cost=torch.ones_like(start))
    assert_close(u, start.new_tensor([0.0, 1.0, 1.0]))


@pytest.mark.parametrize("wrong", [-0.1, 1.5, math.nan])
def test_a_learned_norm_starts_between_zero_and_one(wrong):
    one = torch.ones(1)
    with pytest.raises(ValueError, match=r"start must lie in \[0, 1\]"):
        learned_squared_norm(one, start=wrong * one, cost=one)
