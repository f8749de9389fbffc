"""Tests of tms_lib.circuits."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from tms_lib.circuits import (
    absolute_value_loss,
    asymmetric_circuit,
    monosemantic_circuit,
    side_responses,
)
from tms_lib.features import sample_signed_features
from tms_lib.models import absolute_value
from tms_lib.neurons import canonical_neurons, polysemanticity
from tms_lib.theory import linear_optimal_loss


def test_the_loss_is_that_of_the_absolute_values(generator):
    x = torch.rand(2, 5, 3, generator=generator) * 2 - 1
    W1, W2 = torch.randn(2, 4, 3, generator=generator), torch.randn(2, 3, 4, generator=generator)
    b, importance = torch.randn(2, 3, generator=generator), torch.rand(2, 3, generator=generator)
    expected = torch.zeros(2)
    for k in range(2):
        for row in x[k]:
            y = torch.relu(W2[k] @ torch.relu(W1[k] @ row) + b[k])
            expected[k] += (importance[k] * (row.abs() - y) ** 2).sum() / 5
    assert_close(absolute_value_loss(x, W1=W1, W2=W2, b=b, importance=importance), expected)


def test_the_monosemantic_circuit_is_exact_where_it_serves_and_answers_the_mean_elsewhere():
    p, importance = torch.tensor([0.5, 1.0, 0.2]), torch.tensor([0.1, 1.0, 2.0])
    # costs: .1 * .1042, 1 * .0833, 2 * .0567
    W1, W2, b = monosemantic_circuit(p, importance=importance, n_hidden=4)
    x = torch.tensor([[0.3, -0.4, 0.5], [-1.0, 0.25, -0.125], [0.0, 0.0, 0.0]])
    expected = x.abs()
    expected[:, 0] = 0.25
    assert_close(absolute_value(x, W1=W1, W2=W2, b=b), expected)
    assert_close(polysemanticity(W1), torch.zeros(4))


def test_the_loss_of_the_monosemantic_circuit_is_a_linear_models_with_half_as_many_dimensions(
    generator,
):
    p, importance = torch.tensor([[0.9], [0.2]]), torch.tensor([1.0, 0.7, 0.5, 0.3])
    W1, W2, b = monosemantic_circuit(p, importance=importance, n_hidden=4)
    x = sample_signed_features(p.expand(2, 4), 100_000, generator=generator)
    loss = absolute_value_loss(x, W1=W1, W2=W2, b=b, importance=importance)
    expected = linear_optimal_loss(p, importance=importance, n_hidden=2)
    # a squared error is at most 1, so a row's loss at most 0.8 and its variance at most 0.8 E
    error = (0.8 * expected.max() / 100_000).sqrt().item()
    assert_close(loss, expected, atol=5 * error, rtol=0)


def test_each_instance_serves_the_features_that_cost_it_most():
    importance = torch.tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
    W1, _, _ = monosemantic_circuit(torch.tensor([0.5]), importance=importance, n_hidden=2)
    assert_close(W1.abs().argmax(-1), torch.tensor([[2, 2], [0, 0]]))


@pytest.mark.parametrize("n_hidden", [0, 3, 8])
def test_features_are_served_by_two_neurons_each(n_hidden):
    with pytest.raises(ValueError, match=f"n_hidden must be even, from 2 to .* got {n_hidden}"):
        monosemantic_circuit(torch.ones(1), importance=torch.ones(3), n_hidden=n_hidden)


def test_side_responses_are_the_outputs_of_one_feature_at_a_time(generator):
    W1, W2 = torch.randn(2, 4, 3, generator=generator), torch.randn(2, 5, 4, generator=generator)
    for sign, response in zip((1.0, -1.0), side_responses(W1, W2), strict=True):
        for k in range(2):
            for i in range(3):
                x = torch.zeros(3)
                x[i] = sign
                assert_close(response[k, :, i], W2[k] @ torch.relu(W1[k] @ x))


@given(seed=st.integers(0, 2**32 - 1))
def test_side_responses_ignore_the_order_and_the_scale_of_neurons(seed):
    generator = torch.Generator().manual_seed(seed)
    W1 = torch.randn(4, 3, generator=generator, dtype=torch.float64)
    W2 = torch.randn(2, 4, generator=generator, dtype=torch.float64)
    order = torch.randperm(4, generator=generator)
    assert_close(side_responses(W1[order], W2[:, order]), side_responses(W1, W2))
    assert_close(side_responses(*canonical_neurons(W1, W2)), side_responses(W1, W2))


def test_the_monosemantic_circuit_responds_like_the_identity_on_both_sides():
    W1, W2, _ = monosemantic_circuit(torch.ones(3), importance=torch.ones(3), n_hidden=6)
    assert_close(side_responses(W1, W2), (torch.eye(3), torch.eye(3)))


@pytest.mark.parametrize("ratio", [1.0, 2.0, 5.0])
@pytest.mark.parametrize("margin", [0.0, 1.5])
def test_the_asymmetric_circuit_serves_one_side_of_either_feature(ratio, margin):
    W1, W2 = asymmetric_circuit(torch.tensor([ratio, 3.0], dtype=torch.float64), margin=margin)
    positive, negative = side_responses(W1, W2)
    expected = torch.tensor([[1.0, 0.0], [-margin, 0.0]], dtype=torch.float64)
    assert_close(positive[0], expected)
    expected = torch.tensor([[0.0, 1 / ratio**2], [0.0, 1.0]], dtype=torch.float64)
    assert_close(negative[0], expected)


def test_with_margin_zero_the_asymmetric_circuit_is_exact_in_output_1_where_both_sides_are_on():
    W1, W2 = asymmetric_circuit(torch.tensor(2.0), margin=0.0)
    x = torch.tensor([[0.5, -0.25], [1.0, -1.0], [0.0, -0.5], [0.25, 0.0]])
    y = absolute_value(x, W1=W1, W2=W2, b=torch.zeros(2))
    assert_close(y[:, 1], x[:, 1].abs())
    assert_close(y[:, 0], x[:, 0].abs() + x[:, 1].abs() / 4)


@pytest.mark.parametrize("ratio", [0.0, -1.0, math.inf, math.nan])
def test_a_ratio_is_positive_and_finite(ratio):
    with pytest.raises(ValueError, match="ratio must be positive and finite; got"):
        asymmetric_circuit(torch.tensor([1.0, ratio]), margin=1.0)


@pytest.mark.parametrize("margin", [-0.1, math.inf, math.nan])
def test_a_margin_is_not_negative(margin):
    with pytest.raises(ValueError, match="margin must be finite and at least 0; got"):
        asymmetric_circuit(torch.tensor(2.0), margin=margin)


def test_side_responses_refuse_a_diverged_circuit():
    with pytest.raises(ValueError, match="W2 of shape"):
        side_responses(torch.ones(1, 2), torch.full((2, 1), math.nan))
