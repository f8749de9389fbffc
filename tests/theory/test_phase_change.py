"""Tests of tms_lib.theory.phase_change and tms_lib.theory.phase_optimum."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from tms_lib.features import sample_features
from tms_lib.models import relu_output
from tms_lib.theory import (
    Phase,
    antipodal_loss,
    classify_solution,
    dedicated_loss,
    ignored_loss,
    phase_losses,
    phase_optimum,
    superposition_boundary,
    theoretical_phase,
    two_feature_loss,
)

N_SAMPLES = 100_000

# W and the features that answer their mean, for the candidates in the order of Phase
CANDIDATES: dict[int, list[tuple[list[list[float]], list[float]]]] = {
    2: [([[1, 0]], [0, 1]), ([[0, 1]], [1, 0]), ([[1, -1]], [0, 0])],
    3: [
        ([[1, 0, 0], [0, 1, 0]], [0, 0, 1]),
        ([[0, 1, 0], [0, 0, 1]], [1, 0, 0]),
        ([[1, 0, 0], [0, 1, -1]], [0, 0, 0]),
        ([[1, -1, 0], [0, 0, 1]], [0, 0, 0]),
    ],
}


def double(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


@pytest.mark.parametrize("n_features", [2, 3])
def test_samples_have_the_losses_of_the_candidates(n_features, generator):
    p, r = 0.6, 2.5
    losses = phase_losses(torch.tensor(p), torch.tensor(r), n_features=n_features)
    importance = double(*(n_features - 1) * [1], r)
    x = sample_features(double(p).expand(n_features), N_SAMPLES, generator=generator)
    for loss, (W, is_ignored) in zip(losses, CANDIDATES[n_features], strict=True):
        x_hat = relu_output(x, W=torch.tensor(W).double(), b=double(*is_ignored) * p / 2)
        per_sample = (importance * (x - x_hat) ** 2).sum(-1)
        tolerance = 5 * per_sample.std() / math.sqrt(N_SAMPLES)
        assert (per_sample.mean() - loss).abs() < tolerance


@given(p=st.floats(0, 1), r=st.floats(0, 10))
def test_the_losses_are_the_exact_ones_of_the_candidates(p, r):
    candidates = CANDIDATES[2]
    W = torch.tensor([W for W, _ in candidates]).double()
    b = torch.tensor([is_ignored for _, is_ignored in candidates]).double() * p / 2
    exact = two_feature_loss(W, b, feature_probability=double(p), importance=double(1, r))
    losses = phase_losses(double(p).squeeze(), double(r).squeeze(), n_features=2)
    assert_close(losses, exact, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("n_features", [2, 3])
@given(r=st.floats(0.01, 20))
def test_at_the_boundary_superposition_costs_as_much_as_ignoring(n_features, r):
    r = torch.tensor(r, dtype=torch.float64)
    p = superposition_boundary(r, n_features=n_features)
    losses = phase_losses(p, r, n_features=n_features)
    assert_close(losses[2:].min(), losses[:2].min())
    below = theoretical_phase(p * 0.999, r, n_features=n_features)
    above = theoretical_phase((p * 1.001).clamp(max=1), r, n_features=n_features)
    assert below in (Phase.SUPERPOSED, Phase.OTHERS_SUPERPOSED)
    assert above == (Phase.IGNORED if r <= 1 else Phase.DEDICATED)


def test_regions_of_the_diagrams():
    # dense: the more important one is kept; sparse: superposition; with three, of the less
    # important two
    p, r = torch.tensor([[0.9], [0.05]]), torch.tensor([0.3, 3.0])
    two = theoretical_phase(p, r, n_features=2)
    assert_close(two, torch.tensor([[Phase.IGNORED, Phase.DEDICATED], 2 * [Phase.SUPERPOSED]]))
    three = theoretical_phase(p, r, n_features=3)
    sparse = [Phase.SUPERPOSED, Phase.OTHERS_SUPERPOSED]
    assert_close(three, torch.tensor([[Phase.IGNORED, Phase.DEDICATED], sparse]))


def test_all_phases_meet_at_one_point():
    losses = phase_losses(double(4 / 7), double(1.0), n_features=3)
    assert_close(losses, losses[:, :1].expand(-1, 4))


@pytest.mark.parametrize("n_features", [2, 3])
def test_candidates_are_recognised_however_rotated_and_disturbed(n_features, generator):
    W = torch.tensor([W for W, _ in CANDIDATES[n_features]]).double()
    m = n_features - 1
    rotation, _ = torch.linalg.qr(torch.randn(50, 1, m, m, generator=generator).double())
    noise = 0.1 * torch.rand(50, len(W), m, n_features, generator=generator)
    found = classify_solution(rotation @ W + noise)
    assert_close(found, torch.arange(len(W)).expand(50, -1))


def test_either_of_two_equal_features_may_be_ignored_or_the_partner():
    W = torch.tensor([[[1.0, 0, 0], [0, 0, 1]], [[1, 0, -1], [0, 1, 0]]])
    assert_close(classify_solution(W), torch.tensor([Phase.DEDICATED, Phase.SUPERPOSED]))


def test_the_nearest_solution_decides():
    # angles of 20, 25 and -25 degrees from [1, 0]; [1, -1] lies at -45, half-way is -22.5
    angle = torch.deg2rad(torch.tensor([20.0, -20.0, -25.0, -65.0, -70.0]))
    W = torch.stack([angle.cos(), angle.sin()], dim=-1).unsqueeze(-2)
    expected = [Phase.IGNORED, Phase.IGNORED, Phase.SUPERPOSED, Phase.SUPERPOSED, Phase.DEDICATED]
    assert_close(classify_solution(W), torch.tensor(expected))


def grid() -> tuple[Tensor, Tensor]:
    p = torch.logspace(-2, 0, 9, dtype=torch.float64).unsqueeze(-1)
    return p, torch.logspace(-1, 1, 8, dtype=torch.float64)


def test_no_candidate_and_no_random_model_beats_the_optimum(generator):
    p, r = grid()
    optimum = phase_optimum(p, r)
    assert (optimum.loss <= phase_losses(p, r, n_features=2).amin(-1) * (1 + 1e-9)).all()
    importance = torch.stack([torch.ones_like(r), r], dim=-1)
    near = 0.1 * torch.randn(500, 9, 8, 1, 2, generator=generator, dtype=torch.float64)
    anywhere = torch.randn(500, 1, 1, 1, 2, generator=generator, dtype=torch.float64)
    for W, b in (
        (optimum.W + near, optimum.b + 0.1 * near.squeeze(-2).flip(0)),
        (anywhere, 0.2 * anywhere.squeeze(-2).flip(0)),
    ):
        loss = two_feature_loss(W, b, feature_probability=p.unsqueeze(-1), importance=importance)
        # at p = r = 1 all three phases tie, and descent ends within 1e-3
        assert (loss >= optimum.loss * (1 - 1e-3)).all()


def test_the_optimum_has_the_loss_that_it_claims():
    p, r = grid()
    W, b, loss = phase_optimum(p, r)
    assert W.shape == (9, 8, 1, 2)
    importance = torch.stack([torch.ones_like(r), r], dim=-1)
    exact = two_feature_loss(W, b, feature_probability=p.unsqueeze(-1), importance=importance)
    assert_close(loss, exact)


def test_the_optimum_agrees_with_theory_away_from_the_boundaries():
    p, r = grid()
    losses = phase_losses(p, r, n_features=2)
    ranked = losses.sort(-1).values
    clear = ranked[..., 0] < 0.85 * ranked[..., 1]  # optimising gains at most about 14 %
    found = classify_solution(phase_optimum(p, r).W)
    assert clear.sum() > 40
    assert_close(found[clear], theoretical_phase(p, r, n_features=2)[clear])


def test_optimising_moves_the_boundary_towards_superposition():
    # p* is 0.16 and 0.267 at r = 0.1 and 0.2; optimised it is about 0.18 and 0.31
    p, r = double(0.17, 0.195, 0.29, 0.33), double(0.1, 0.1, 0.2, 0.2)
    assert_close(theoretical_phase(p, r, n_features=2), torch.zeros(4, dtype=torch.int64))
    found = classify_solution(phase_optimum(p, r).W)
    expected = [Phase.SUPERPOSED, Phase.IGNORED, Phase.SUPERPOSED, Phase.IGNORED]
    assert_close(found, torch.tensor(expected))


def test_the_best_bias_of_an_antipodal_pair_is_not_zero():
    # p^2 / (6 (1 - p)) to first order, whatever the importances
    p = 0.1
    b = torch.linspace(0, 0.004, 401, dtype=torch.float64)  # in steps of 1e-5
    W = double(1, -1).expand(401, 1, 2)
    loss = two_feature_loss(
        W, b[:, None].expand(-1, 2), feature_probability=double(p), importance=double(1, 3)
    )
    assert abs(b[loss.argmin()].item() - p**2 / (6 * (1 - p))) < 2e-5


def test_dtype_and_one_point():
    optimum = phase_optimum(torch.tensor(0.5), torch.tensor(1.0))
    assert optimum.W.shape == (1, 2)
    assert optimum.b.shape == (2,)
    assert {values.dtype for values in optimum} == {torch.float32}


def test_wrong_values_are_named():
    half, one = torch.tensor(0.5), torch.tensor(1.0)
    for loss_of in (ignored_loss, dedicated_loss, antipodal_loss, phase_optimum):
        with pytest.raises(ValueError, match="feature_probability must lie in"):
            loss_of(2 * one, one)
        with pytest.raises(ValueError, match="relative_importance must be finite and at least 0"):
            loss_of(half, -one)
    with pytest.raises(ValueError, match="n_features must be 2 or 3; got 4"):
        phase_losses(half, one, n_features=4)
    with pytest.raises(
        ValueError, match="relative_importance must be finite and at least 0; got -1"
    ):
        superposition_boundary(-one, n_features=2)
    with pytest.raises(ValueError, match="one dimension less than its 3 features; got 1"):
        classify_solution(torch.ones(1, 3))
    with pytest.raises(ValueError, match="not finite"):
        classify_solution(torch.tensor([[1.0, math.nan]]))
