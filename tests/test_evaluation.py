"""Tests of tms_lib.evaluation."""

import inspect
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from tests.batches import recorded_batches, small_model
from tms_lib import evaluation
from tms_lib.evaluation import best_of_seeds, expected_loss, same_for_seeds
from tms_lib.losses import weighted_mse, weighted_row_mse
from tms_lib.sampling import FeatureSampler, WeightedRows


@pytest.mark.parametrize("n_samples", [1, 8192, 8193, 20_000])
def test_expected_loss_is_the_mean_over_all_chunks(n_samples, generator):
    drawn = []

    def sample(n_samples: int, /, *, generator: torch.Generator) -> Tensor:
        drawn.append(torch.rand(3, n_samples, 5, generator=generator, dtype=torch.float64))
        return drawn[-1]

    model = small_model(3, generator)
    importance = torch.rand(5, generator=generator, dtype=torch.float64)
    loss = expected_loss(
        model, sample, importance=importance, n_samples=n_samples, generator=generator
    )
    x = torch.cat(drawn, dim=1)
    assert x.shape[1] == n_samples
    assert not loss.requires_grad
    assert_close(loss, weighted_mse(x, model(x), importance=importance).detach())


def test_no_chunk_is_too_small_for_a_sampler_that_skips_empty_rows(generator):
    p = torch.full((2, 5), 0.3, dtype=torch.float64)
    loss = expected_loss(
        small_model(2, generator),
        FeatureSampler(p),
        importance=torch.ones(5),
        n_samples=2 * 8192 + 1,
        generator=generator,
    )
    assert loss.isfinite().all()


@pytest.mark.parametrize(
    ("importance", "target", "told"),
    [
        (torch.tensor(-1.0), None, "importance must be finite and at least 0; got -1"),
        (torch.ones(4), None, r"must broadcast to instances x features, \(2, 5\); got shape \(4,"),
        (torch.ones(5), lambda x: x[..., :1], r"x_hat must have the shape of x, \(2, 8, 1\); got"),
    ],
)
def test_shapes_and_importances_that_would_give_some_number_are_refused(
    importance, target, told, generator, monkeypatch
):
    # a user without beartype has only the function's own checks
    monkeypatch.setattr(evaluation, "weighted_row_mse", inspect.unwrap(weighted_row_mse))
    with pytest.raises(ValueError, match=told):
        expected_loss(
            small_model(2, generator),
            FeatureSampler(torch.full((2, 5), 0.3, dtype=torch.float64)),
            importance=importance,
            n_samples=8,
            generator=generator,
            target=target,
        )


def test_expected_loss_needs_a_sample(generator):
    with pytest.raises(ValueError, match="n_samples must be at least 1; got 0"):
        expected_loss(
            small_model(1, generator),
            recorded_batches(torch.zeros(1, 1, 1, 5)),
            importance=torch.ones(5),
            n_samples=0,
            generator=generator,
        )


def test_seeds_of_a_setting_are_measured_on_the_same_samples(generator):
    x = torch.rand(1, 3, 8, 5, generator=generator, dtype=torch.float64)
    rows = same_for_seeds(recorded_batches(x), n_seeds=2)(8, generator=generator)
    assert isinstance(rows, WeightedRows)
    assert_close(rows.x, x[0][[0, 0, 1, 1, 2, 2]])
    assert_close(rows.weight, torch.full((6, 8), 1 / 8, dtype=torch.float64))


@given(seed=st.integers(0, 2**32 - 1))
def test_the_best_seed_of_each_setting_is_kept_whole(seed):
    generator = torch.Generator().manual_seed(seed)
    losses = torch.rand(3, 4, generator=generator)
    losses[torch.rand(3, 4, generator=generator) < 0.3] = torch.nan
    losses[:, 2] = torch.rand(3, generator=generator)  # one that did not diverge
    values = torch.randn(3, 4, 2, 5, generator=generator)
    expected = []
    for k in range(3):
        alive = [seed for seed in range(4) if not math.isnan(losses[k, seed])]
        expected.append(values[k, min(alive, key=lambda seed: losses[k, seed].item())])
    assert_close(best_of_seeds(values, losses), torch.stack(expected))


def test_infinite_losses_lose_against_any_other():
    losses = torch.tensor([[math.nan, math.inf, 7.0, -math.inf]])
    assert_close(best_of_seeds(torch.arange(4).view(1, 4), losses), torch.tensor([2]))


def test_a_setting_without_survivors_is_named():
    losses = torch.tensor([[0.1, math.nan], [math.inf, math.nan]])
    with pytest.raises(ValueError, match="every seed of setting 1 diverged"):
        best_of_seeds(torch.zeros(2, 2), losses)


def test_values_of_other_settings_than_the_losses_are_refused():
    unchecked = inspect.unwrap(best_of_seeds)
    with pytest.raises(ValueError, match=r"settings and seeds \(3, 2\); got shape \(3, 4, 5\)"):
        unchecked(torch.zeros(3, 4, 5), torch.zeros(3, 2))
