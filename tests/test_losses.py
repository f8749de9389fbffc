"""Tests of tms_lib.losses."""

import inspect
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from tms_lib.losses import weighted_mse


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_loss_agrees_with_a_loop(dtype, generator):
    # instances, batch and features of unlike sizes: a mean over the wrong axis shows
    x = torch.rand(2, 7, 5, generator=generator, dtype=dtype)
    x_hat = torch.rand(2, 7, 5, generator=generator, dtype=dtype)
    importance = torch.rand(2, 5, generator=generator, dtype=dtype)
    expected = torch.zeros(2, dtype=dtype)
    for k in range(2):
        for sample in range(7):
            for i in range(5):
                error = x[k, sample, i] - x_hat[k, sample, i]
                expected[k] += importance[k, i] * error**2 / 7
    assert_close(weighted_mse(x, x_hat, importance=importance), expected)


def test_loss_is_zero_for_a_perfect_copy(generator):
    x = torch.rand(3, 4, 5, generator=generator)
    assert_close(weighted_mse(x, x.clone(), importance=torch.ones(5)), torch.zeros(3))


@pytest.mark.parametrize("shape", [(), (1,), (5,), (1, 5), (3, 1), (3, 5)])
def test_importance_broadcasts_over_instances_and_features(shape, generator):
    x, x_hat = torch.rand(2, 3, 7, 5, generator=generator)
    importance = torch.rand(shape, generator=generator)
    expected = weighted_mse(x, x_hat, importance=importance.expand(3, 5))
    assert_close(weighted_mse(x, x_hat, importance=importance), expected)


@pytest.mark.parametrize("shape", [(3,), (7, 5), (3, 7, 5), (2, 3, 5), (4,), (0,)])
def test_importance_of_another_shape_is_refused(shape, generator):
    x, x_hat = torch.rand(2, 3, 7, 5, generator=generator)
    with pytest.raises(ValueError, match=r"must broadcast to instances x features, \(3, 5\); got"):
        weighted_mse(x, x_hat, importance=torch.ones(shape))


def test_importance_does_not_enlarge_a_single_instance(generator):
    x, x_hat = torch.rand(2, 1, 7, 5, generator=generator)
    with pytest.raises(ValueError, match="must broadcast to instances x features"):
        weighted_mse(x, x_hat, importance=torch.ones(3, 5))


# Unchecked annotations (a user without beartype) must not turn a wrong shape into an answer.
@pytest.mark.parametrize("shape", [(7, 5), (3, 7, 1), (3, 1, 5), (1, 3, 7, 5)])
def test_a_reconstruction_that_would_broadcast_is_refused(shape):
    unchecked = inspect.unwrap(weighted_mse)
    with pytest.raises(ValueError, match="x_hat must have the shape of x"):
        unchecked(torch.ones(3, 7, 5), torch.ones(shape), importance=torch.ones(5))


@pytest.mark.parametrize("wrong", [-0.5, math.nan, math.inf])
def test_a_wrong_importance_is_named(wrong):
    importance = torch.ones(3, 5)
    importance[2, 1] = wrong
    x = torch.ones(3, 7, 5)
    with pytest.raises(ValueError, match=rf"finite and at least 0; got {wrong} at index \[2, 1\]"):
        weighted_mse(x, x, importance=importance)


def test_loss_has_the_textbook_gradient(generator):
    x, x_hat = torch.rand(2, 3, 7, 5, generator=generator)
    importance = torch.rand(5, generator=generator)
    x_hat.requires_grad_()
    weighted_mse(x, x_hat, importance=importance).sum().backward()
    assert_close(x_hat.grad, 2 * importance * (x_hat.detach() - x) / 7)


@given(seed=st.integers(0, 2**32 - 1), factor=st.floats(0.01, 100))
def test_loss_is_linear_in_importance_and_quadratic_in_the_error(seed, factor):
    generator = torch.Generator().manual_seed(seed)
    x, x_hat = torch.rand(2, 3, 7, 5, generator=generator, dtype=torch.float64)
    importance = torch.rand(5, generator=generator, dtype=torch.float64)
    loss = weighted_mse(x, x_hat, importance=importance)
    assert_close(weighted_mse(x, x_hat, importance=factor * importance), factor * loss)
    zero = torch.zeros_like(x)
    stretched = weighted_mse(zero, factor * (x_hat - x), importance=importance)
    assert_close(stretched, factor**2 * loss)
