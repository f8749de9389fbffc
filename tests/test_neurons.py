"""Tests of tms_lib.neurons."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from tms_lib.neurons import canonical_neurons, features_per_neuron, polysemanticity, sort_neurons


def test_features_are_counted_per_neuron_whatever_their_sign():
    W = torch.tensor([[2.0, 0.1, -0.4, 0.0], [-1.0, 0.9, 0.4, 0.3], [0.0, 0.0, 0.0, 0.0]])
    assert_close(features_per_neuron(W), torch.tensor([1, 4, 0]))
    assert_close(features_per_neuron(W, threshold=0.1), torch.tensor([2, 4, 0]))
    assert_close(features_per_neuron(W, threshold=0.0), torch.tensor([3, 4, 0]))
    assert_close(features_per_neuron(W, threshold=0.5), torch.tensor([1, 2, 0]))


@pytest.mark.parametrize("wrong", [1.0, -0.1, math.nan])
def test_a_threshold_that_counts_nothing_is_refused(wrong):
    with pytest.raises(ValueError, match=r"threshold must lie in \[0, 1\); got"):
        features_per_neuron(torch.ones(2, 3), threshold=wrong)


@pytest.mark.parametrize("k", [1, 2, 3, 7])
@pytest.mark.parametrize("scale", [1.0, -0.01, 1e3])
def test_k_equal_features_have_polysemanticity_one_minus_one_over_k(k, scale):
    signs = torch.tensor([1.0, -1.0, -1.0, 1.0, 1.0, -1.0, 1.0], dtype=torch.float64)
    W = torch.zeros(1, 9, dtype=torch.float64)
    W[0, 1 : k + 1] = scale * signs[:k]
    assert_close(polysemanticity(W), torch.tensor([1 - 1 / k], dtype=torch.float64))


def test_polysemanticity_is_of_rows_and_compares_squares():
    W = torch.tensor([[2.0, 1.0, 1.0], [0.0, 0.0, 0.0], [0.0, 0.0, -5.0]])
    assert_close(polysemanticity(W), torch.tensor([2 / 6, 0.0, 0.0]))


@given(seed=st.integers(0, 2**32 - 1))
def test_neuron_numbers_follow_permutation_and_ignore_each_neurons_scale(seed):
    generator = torch.Generator().manual_seed(seed)
    W = torch.randn(2, 3, 5, generator=generator, dtype=torch.float64)
    scale = torch.rand(2, 3, 1, generator=generator, dtype=W.dtype) + 0.1
    order = torch.randperm(3, generator=generator)
    columns = torch.randperm(5, generator=generator)
    other = -(scale * W)[:, order][..., columns]
    assert_close(features_per_neuron(other), features_per_neuron(W)[:, order])
    assert_close(polysemanticity(other), polysemanticity(W)[:, order])
    assert (polysemanticity(W) < 1).all()


def test_polysemanticity_has_a_finite_gradient_at_a_dead_neuron():
    W = torch.tensor([[0.0, 0.0], [1.0, 2.0]], requires_grad=True)
    polysemanticity(W).sum().backward()
    assert W.grad is not None
    assert W.grad.isfinite().all()


def test_neurons_are_sorted_by_the_importance_of_their_largest_feature():
    W = torch.tensor(
        [
            [0.0, 0.0, 0.0],  # dead
            [0.1, 0.2, -0.3],  # feature 2
            [0.0, -1.0, 0.9],  # feature 1
            [0.5, 0.4, 0.0],  # feature 0
            [0.0, 0.0, 4.0],  # feature 2, stronger
        ]
    )
    rising = torch.tensor([0.1, 0.2, 0.3])
    assert sort_neurons(W, importance=rising).tolist() == [4, 1, 2, 3, 0]
    assert sort_neurons(W, importance=rising.flip(0)).tolist() == [3, 2, 4, 1, 0]
    assert sort_neurons(W, importance=torch.ones(1)).tolist() == [3, 2, 4, 1, 0]


def test_every_instance_is_sorted_by_its_own_weights_and_importance(generator):
    W = torch.randn(3, 4, 6, generator=generator)
    importance = torch.rand(3, 6, generator=generator)
    order = sort_neurons(W, importance=importance)
    for k in range(3):
        assert_close(order[k], sort_neurons(W[k], importance=importance[k]))
        assert order[k].tolist() == sorted(
            range(4),
            key=lambda neuron, k=k: (
                -importance[k, W[k, neuron].abs().argmax()].item(),
                -W[k, neuron].abs().max().item(),
            ),
        )


@given(seed=st.integers(0, 2**32 - 1))
def test_canonical_neurons_compute_the_same_function(seed):
    generator = torch.Generator().manual_seed(seed)
    W1 = torch.randn(2, 6, 3, generator=generator, dtype=torch.float64)
    W2 = torch.randn(2, 4, 6, generator=generator, dtype=torch.float64)
    W1[1, 2] = 0.0
    x = torch.randn(2, 3, 7, generator=generator, dtype=torch.float64)
    new_W1, new_W2 = canonical_neurons(W1, W2)
    assert_close(new_W2 @ (new_W1 @ x).relu(), W2 @ (W1 @ x).relu())
    largest = torch.ones(2, 6, dtype=torch.float64)
    largest[1, 2] = 0.0
    assert_close(new_W1.abs().amax(-1), largest)
    assert_close(new_W2[1, :, 2], W2[1, :, 2])
    assert_close(new_W1.sign(), W1.sign())


def test_two_scalings_of_one_model_have_the_same_canonical_form(generator):
    W1, W2 = torch.randn(6, 3, generator=generator), torch.randn(3, 6, generator=generator)
    scale = torch.tensor([0.5, 2.0, 8.0, 1.0, 0.25, 4.0])  # powers of two: exact
    first = canonical_neurons(W1, W2)
    second = canonical_neurons(W1 * scale.unsqueeze(-1), W2 / scale)
    assert_close(second, first)


@pytest.mark.parametrize(
    "measure",
    [
        features_per_neuron,
        polysemanticity,
        lambda W: sort_neurons(W, importance=torch.ones(1)),
    ],
)
def test_a_diverged_model_is_refused(measure):
    W = torch.ones(3, 2, 5)
    W[1, 0, 4] = math.nan
    with pytest.raises(ValueError, match=r"W of shape \(3, 2, 5\) is not finite; did training"):
        measure(W)


def test_canonical_neurons_refuse_a_diverged_model_by_the_matrix_concerned():
    finite, diverged = torch.ones(2, 2), torch.full((2, 2), math.inf)
    with pytest.raises(ValueError, match="W1 of shape"):
        canonical_neurons(diverged, finite)
    with pytest.raises(ValueError, match="W2 of shape"):
        canonical_neurons(finite, diverged)


def test_an_importance_below_zero_is_refused():
    with pytest.raises(ValueError, match="importance"):
        sort_neurons(torch.ones(2, 3), importance=torch.tensor([1.0, -0.1, 1.0]))
