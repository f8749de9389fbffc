"""Tests of tms_lib.theory.polygons."""

import math

import pytest
import torch
from torch.testing import assert_close

from tms_lib.theory import best_polygon, one_active_loss, regular_polygon


@pytest.mark.parametrize("n_corners", [1, 2, 3, 5, 8])
def test_corners_are_unit_vectors_at_equal_angles(n_corners):
    W = regular_polygon(n_corners, n_features=n_corners + 2)
    corner = torch.arange(n_corners)
    cosine = torch.cos(2 * math.pi * (corner[:, None] - corner) / n_corners)
    # float32: the angle, up to 2 pi, is rounded
    assert_close((W.T @ W)[:n_corners, :n_corners], cosine, atol=2e-6, rtol=0)
    assert_close(W[:, n_corners:], torch.zeros(2, 2))


# Means over the active feature, to five digits, from an independent minimisation of the
# differences of cubes; likewise the norms and biases.
LOSSES = {
    (4, 4): 0.0,
    (4, 5): 0.05667,
    (5, 5): 0.01583,
    (4, 6): 0.09722,
    (5, 6): 0.06180,
    (6, 6): 0.04819,
    (4, 7): 0.12755,
    (5, 7): 0.09634,
    (6, 7): 0.08382,
    (7, 7): 0.08327,
    (4, 8): 0.15104,
    (5, 8): 0.12317,
    (6, 8): 0.11167,
    (7, 8): 0.11062,
    (8, 8): 0.11555,
}
SOLUTIONS = {
    4: (1.0, 0.0),
    5: (1.1705, -0.2823),
    6: (1.3205, -0.6181),
    7: (1.4484, -0.9669),
    8: (1.5504, -1.2912),
}


@pytest.mark.parametrize(("n_corners", "n_features"), LOSSES)
def test_losses_are_those_of_the_table(n_corners, n_features):
    loss = best_polygon(n_corners, n_features=n_features).loss
    assert abs(loss - LOSSES[n_corners, n_features]) < 6e-6


@pytest.mark.parametrize("n_corners", SOLUTIONS)
def test_norms_and_biases_are_those_of_the_table(n_corners):
    radius, bias = SOLUTIONS[n_corners]
    polygon = best_polygon(n_corners, n_features=8)
    assert abs(polygon.radius - radius) < 6e-5
    assert abs(polygon.bias - bias) < 6e-5


@pytest.mark.parametrize("n_corners", [1, 2, 3, 4])
def test_up_to_four_corners_only_dropped_features_cost(n_corners):
    polygon = best_polygon(n_corners, n_features=4)
    assert abs(polygon.radius - 1) < 1e-9
    assert abs(polygon.bias) < 1e-9
    assert abs(polygon.loss - (4 - n_corners) / 4 * (1 / 3 - 1 / 16)) < 1e-12


@pytest.mark.parametrize("n_corners", [3, 5, 7])
def test_the_loss_is_that_of_the_model_it_describes_and_stationary(n_corners):
    polygon = best_polygon(n_corners, n_features=8)
    W = polygon.radius * regular_polygon(n_corners, n_features=8).double()
    b = torch.full((8,), polygon.dropped_bias, dtype=torch.float64)
    b[:n_corners] = polygon.bias
    W.requires_grad_()
    b.requires_grad_()
    loss = one_active_loss(W, b, importance=torch.ones(8, dtype=torch.float64))
    # the corners are rounded to float32: about 1e-7, times a few second derivatives of order 1
    assert_close(loss, torch.tensor(polygon.loss, dtype=torch.float64), atol=1e-6, rtol=0)
    for gradient in torch.autograd.grad(loss, (W, b)):
        assert_close(gradient, torch.zeros_like(gradient), atol=1e-6, rtol=0)


def test_wrong_corners_are_named():
    for n_corners in (0, 6):
        with pytest.raises(ValueError, match=f"between 1 and the 5 features; got {n_corners}"):
            best_polygon(n_corners, n_features=5)
        with pytest.raises(ValueError, match=f"between 1 and the 5 features; got {n_corners}"):
            regular_polygon(n_corners, n_features=5)
