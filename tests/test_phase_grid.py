"""Tests of tms_lib.phase_grid."""

import torch
from torch.testing import assert_close

from tms_lib.phase_grid import train_phase_grid
from tms_lib.theory import phase_optimum, two_feature_loss


def test_the_best_seed_of_every_point_of_the_grid_is_the_optimum(generator):
    p, r = torch.tensor([0.8, 0.15]), torch.tensor([0.3, 1.6, 5.0])
    W, b, losses = train_phase_grid(p, r, n_seeds=16, n_steps=300, lr=0.1, generator=generator)
    assert W.shape == (2, 3, 1, 2)
    assert not W.requires_grad
    assert not b.requires_grad
    importance = torch.stack([torch.ones(3), r], dim=-1)
    of_these = two_feature_loss(W, b, feature_probability=p.reshape(2, 1, 1), importance=importance)
    assert_close(losses, of_these)
    # of 1,000 seeds per point, 0.60 or more came within 1 % of the optimum: that none of 16
    # does has a probability below 1e-6
    optimum = phase_optimum(p.unsqueeze(-1), r).loss
    assert_close(losses, optimum, rtol=0.01, atol=0)
