"""Tests of tms_lib.descent."""

import torch
from shapes import polygon
from torch import Tensor
from torch.testing import assert_close

from tms_lib.descent import relax
from tms_lib.metrics import count_represented
from tms_lib.theory import expected_relu_loss


def starts() -> tuple[Tensor, Tensor, Tensor]:
    """A pentagon and two digons, with biases; then the probabilities, feature 0 the rarest."""
    W = torch.zeros(2, 2, 5, dtype=torch.float64)
    W[0] = polygon(5, radius=1.17)
    W[1, :, 1:] = torch.tensor([[1.0, 0.0, -1.0, 0.0], [0.0, 1.0, 0.0, -1.0]])
    p = torch.tensor([0.05 / 3, 0.05, 0.05, 0.05, 0.05], dtype=torch.float64).expand(2, 5)
    b = torch.zeros(2, 5, dtype=torch.float64)
    b[0] = -0.28
    b[1, 0] = p[1, 0] / 2
    return W, b, p


def test_each_model_goes_down_to_a_minimum_of_its_own_kind():
    W, b, p = starts()
    known = {"feature_probability": p, "importance": torch.ones(5, dtype=torch.float64)}
    W_end, b_end, loss = relax(W, b, **known, n_steps=150, lr=0.005)
    assert count_represented(W_end).tolist() == [5, 4]
    assert_close(loss, expected_relu_loss(W_end, b_end, **known))
    # digons: the rare feature's variance and four times p^2 / 6, less what their biases gain
    rare, p_common = p[0, 0], p[0, 1]
    digons = rare / 3 - rare**2 / 4 + 4 * p_common**2 / 6
    assert 0.97 * digons < loss[1] < digons
    assert loss[0] < loss[1]
    W_end.requires_grad_()
    b_end.requires_grad_()
    slopes = torch.autograd.grad(expected_relu_loss(W_end, b_end, **known)[0], (W_end, b_end))
    assert max(slope.abs().max().item() for slope in slopes) < 1e-4


def test_the_start_is_left_as_it_was_and_instances_do_not_mix():
    W, b, p = starts()
    before = W.clone(), b.clone()
    importance = torch.tensor([1.0, 0.9, 0.8, 0.7, 0.6], dtype=torch.float64)
    together = relax(W, b, feature_probability=p, importance=importance, n_steps=10, lr=0.01)
    assert_close((W, b), before, rtol=0, atol=0)
    alone = relax(
        W[1:], b[1:], feature_probability=p[1:], importance=importance, n_steps=10, lr=0.01
    )
    assert_close(tuple(part[1:] for part in together), alone)
