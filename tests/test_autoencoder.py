"""Tests of tms_lib.autoencoder."""

import math
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.testing import assert_close

from tms_lib.autoencoder import (
    SparseAutoencoder,
    dead_latents,
    learn_directions,
    resample_dead_latents,
    resample_latents,
    sparse_decode,
    sparse_encode,
    sparse_loss,
    train_autoencoder,
)
from tms_lib.engine import TrainConfig
from tms_lib.features import sample_features
from tms_lib.models import embed
from tms_lib.recovery import matched_cosine_similarity


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def autoencoder_of(*, n_latents: int, n_instances: int = 2, n_hidden: int = 3) -> SparseAutoencoder:
    return SparseAutoencoder(
        n_instances=n_instances,
        n_hidden=n_hidden,
        n_latents=n_latents,
        generator=torch.Generator().manual_seed(0),
    )


def test_latents_and_reconstruction_agree_with_loops():
    h, W_enc, b_enc = normal(2, 4, 3), normal(2, 5, 3, seed=1), normal(2, 5, seed=2)
    W_dec, b_dec = normal(2, 3, 5, seed=3), normal(2, 3, seed=4)
    latents = torch.zeros(2, 4, 5, dtype=torch.float64)
    h_hat = torch.zeros(2, 4, 3, dtype=torch.float64)
    for s in range(2):
        for row in range(4):
            h_hat[s, row] = b_dec[s]
            for k in range(5):
                centred = h[s, row] - b_dec[s]
                latents[s, row, k] = max(0.0, float(W_enc[s, k] @ centred + b_enc[s, k]))
                h_hat[s, row] += latents[s, row, k] * W_dec[s, :, k] / W_dec[s, :, k].norm()
    assert_close(sparse_encode(h, W_enc=W_enc, b_enc=b_enc, b_dec=b_dec), latents)
    assert_close(sparse_decode(latents, W_dec=W_dec, b_dec=b_dec), h_hat)


def test_the_length_of_decoder_columns_is_of_no_account():
    latents, W_dec, b_dec = normal(2, 4, 5), normal(2, 3, 5), normal(2, 3)
    longer = W_dec * torch.tensor([0.1, 1.0, 2.0, 30.0, 1.0])
    decoded = sparse_decode(latents, W_dec=longer, b_dec=b_dec)
    assert_close(decoded, sparse_decode(latents, W_dec=W_dec, b_dec=b_dec))


def test_the_loss_of_each_input_by_hand():
    h = torch.tensor([[[1.0, 2.0], [0.0, 0.0]]])
    h_hat = torch.tensor([[[0.5, 2.0], [0.0, 3.0]]])
    latents = torch.tensor([[[1.0, 2.0, 0.0], [0.0, 0.0, 0.5]]])
    # 0.25 + 0.1 * 3, and 9 + 0.1 * 0.5
    expected = torch.tensor([[0.55, 9.05]])
    assert_close(sparse_loss(h, h_hat, latents=latents, l1=0.1), expected)


def test_the_best_encoder_of_one_direction_subtracts_half_the_price():
    # One direction d, h = v d: (v - f)^2 + l1 f has its minimum at f = ReLU(v - l1 / 2). That is
    # the encoder d with bias -l1 / 2, so its gradient is 0.
    l1 = 0.3
    autoencoder = autoencoder_of(n_latents=1, n_instances=1).double()
    direction = F.normalize(normal(1, 3, 1), dim=-2)
    with torch.no_grad():
        autoencoder.W_dec.copy_(2 * direction)
        autoencoder.W_enc.copy_(direction.mT)
        autoencoder.b_enc.fill_(-l1 / 2)
    v = torch.linspace(0, 1, 20, dtype=torch.float64)
    h = v[None, :, None] * direction.mT
    latents = autoencoder.encode(h)
    sparse_loss(h, autoencoder.decode(latents), latents=latents, l1=l1).sum().backward()
    for parameter in (autoencoder.W_enc, autoencoder.b_enc):
        assert parameter.grad is not None
        assert_close(parameter.grad, torch.zeros_like(parameter))
    assert_close(latents, torch.relu(v - l1 / 2)[None, :, None])


def test_starts_tied_with_unit_directions_and_no_bias():
    autoencoder = autoencoder_of(n_latents=7)
    assert_close(torch.linalg.vector_norm(autoencoder.W_dec.detach(), dim=-2), torch.ones(2, 7))
    assert_close(autoencoder.W_enc.detach(), autoencoder.W_dec.detach().mT)
    assert not autoencoder.b_enc.any()
    assert not autoencoder.b_dec.any()
    assert (autoencoder.W_dec[0] != autoencoder.W_dec[1]).all()


def test_forward_decodes_what_it_encodes():
    autoencoder = autoencoder_of(n_latents=4).double()
    h = normal(2, 6, 3)
    assert_close(autoencoder(h), autoencoder.decode(autoencoder.encode(h)))


def test_a_latent_is_dead_if_no_input_of_its_instance_activates_it():
    latents = torch.zeros(2, 3, 4)
    latents[0, 2, 1] = 1e-6
    latents[1, 0, 3] = 2.0
    expected = [[True, False, True, True], [True, True, True, False]]
    assert_close(dead_latents(latents), torch.tensor(expected))


def with_dead_latents() -> SparseAutoencoder:
    """Latent 1 of instance 0 is dead, and all four of instance 1."""
    autoencoder = autoencoder_of(n_latents=4)
    with torch.no_grad():
        autoencoder.b_enc.fill_(5.0)
        autoencoder.b_enc[0, 1] = -100.0
        autoencoder.b_enc[1] = -100.0
        autoencoder.W_enc[0, 0] *= 3  # lengths 3, 1 and 1 of the living rows
        autoencoder.b_dec.copy_(torch.tensor([[0.5, 0.0, -0.5], [1.0, 2.0, 3.0]]))
    return autoencoder


def test_resampling_revives_dead_latents_and_leaves_the_living_alone(generator):
    autoencoder, before = with_dead_latents(), with_dead_latents()
    h = normal(2, 50, 3, seed=1).float()
    dead = resample_dead_latents(autoencoder, h, generator=generator)
    expected = torch.tensor([[False, True, False, False], [True] * 4])
    assert_close(dead, expected)
    assert not dead_latents(autoencoder.encode(h)).any()
    for name in ("W_enc", "b_enc"):
        now, then = getattr(autoencoder, name), getattr(before, name)
        assert_close(now[~dead], then[~dead], rtol=0, atol=0)
    assert_close(autoencoder.W_dec.mT[~dead], before.W_dec.mT[~dead], rtol=0, atol=0)
    assert_close(autoencoder.b_dec, before.b_dec, rtol=0, atol=0)


def test_a_new_latent_points_at_an_input_and_starts_small(generator):
    autoencoder = with_dead_latents()
    h = normal(2, 50, 3, seed=1).float()
    dead = resample_dead_latents(autoencoder, h, generator=generator)
    new = autoencoder.W_dec.detach().mT  # instances latents hidden
    seen = F.normalize(h - autoencoder.b_dec.detach().unsqueeze(-2), dim=-1)
    cosine = (new @ seen.mT).amax(-1)
    assert_close(cosine[dead], torch.ones(5))
    # the living rows of instance 0 have the mean length 5/3; instance 1 has none
    scale = torch.tensor([[0.2 * 5 / 3], [0.2]]).unsqueeze(-1)
    assert_close(autoencoder.W_enc.detach()[dead], (scale * new)[dead])
    assert_close(autoencoder.b_enc.detach()[dead], torch.zeros(5))


def test_no_two_latents_are_given_the_same_input(generator):
    autoencoder = with_dead_latents()
    h = normal(2, 4, 3, seed=1).float()  # as many inputs as latents
    resample_dead_latents(autoencoder, h, generator=generator)
    cosine = (autoencoder.W_enc[1] @ autoencoder.W_dec[1] / 0.2).fill_diagonal_(0)
    assert (cosine < 0.999).all()


def test_badly_reconstructed_inputs_are_chosen(generator):
    # A dead latent leaves b_dec = 0 as the answer to everything, and the error |h|^2: 0 but for two
    # inputs, 1/4 and 1. Squared that is 1 : 16.
    h = torch.zeros(1, 6, 3)
    h[0, 1, 0], h[0, 4, 1] = 0.5, 1.0
    n_draws, n_second = 300, 0
    for _ in range(n_draws):
        autoencoder = autoencoder_of(n_latents=1, n_instances=1)
        with torch.no_grad():
            autoencoder.b_enc.fill_(-100.0)
        resample_dead_latents(autoencoder, h, generator=generator)
        n_second += int(autoencoder.W_dec[0, 1, 0].item() == 1)
    p = 16 / 17
    assert abs(n_second / n_draws - p) < 5 * math.sqrt(p * (1 - p) / n_draws)


def test_living_latents_use_up_no_draw(generator):
    # One input is not reconstructed at all, the others have errors of 0 exactly. Latent 3 is dead.
    autoencoder = autoencoder_of(n_latents=4, n_instances=1, n_hidden=4)
    with torch.no_grad():
        autoencoder.W_dec.copy_(torch.eye(4))
        autoencoder.W_enc.copy_(torch.eye(4))
        autoencoder.b_enc[0, 3] = -100.0
    h = torch.eye(4)[[0, 3, 1, 2, 0, 1]].unsqueeze(0)
    h[0, 1] = torch.tensor([0.0, 0.0, 0.0, -2.0])
    resample_dead_latents(autoencoder, h, generator=generator)
    assert_close(autoencoder.W_dec[0, :, 3].detach(), torch.tensor([0.0, 0.0, 0.0, -1.0]))


def test_resampling_bears_perfect_reconstructions(generator):
    autoencoder = with_dead_latents()
    h = autoencoder.b_dec.detach().unsqueeze(-2).repeat(1, 8, 1)
    resample_dead_latents(autoencoder, h, generator=generator)
    assert all(parameter.isfinite().all() for parameter in autoencoder.parameters())


def test_resampling_by_value_leaves_its_arguments_alone(generator):
    autoencoder, before = with_dead_latents(), with_dead_latents()
    h = normal(2, 50, 3, seed=1).float()
    named = dict(autoencoder.named_parameters())
    by_value = resample_latents(h, **named, generator=generator.clone_state())
    for name, value in named.items():
        assert_close(value, getattr(before, name), rtol=0, atol=0)
    resample_dead_latents(autoencoder, h, generator=generator)
    for name, value in zip(("W_enc", "b_enc", "W_dec"), by_value, strict=True):
        assert_close(named[name], value, rtol=0, atol=0)


def test_resampling_needs_an_input_for_every_latent(generator):
    with pytest.raises(ValueError, match="at least as many inputs as there are latents, 4; got 3"):
        resample_dead_latents(with_dead_latents(), torch.ones(2, 3, 3), generator=generator)


def pentagon(n_instances: int) -> Tensor:
    """Five features in two dimensions, of the length that is best if one is active."""
    angle = 2 * math.pi * torch.arange(5) / 5
    return 1.17 * torch.stack([angle.cos(), angle.sin()]).expand(n_instances, 2, 5)


def trained_on_pentagon(*, l1: float) -> tuple[Tensor, Tensor, Tensor]:
    """For 8 autoencoders: worst match of a feature, reconstruction error, loss."""
    generator = torch.Generator().manual_seed(0)
    W, p = pentagon(8), torch.full((8, 5), 0.025)
    autoencoder = SparseAutoencoder(n_instances=8, n_hidden=2, n_latents=5, generator=generator)
    train_autoencoder(
        autoencoder,
        partial(sample_features, p),
        W=W,
        l1=l1,
        generator=generator,
        config=TrainConfig(n_steps=1000, batch_size=512),
    )
    with torch.no_grad():
        h = embed(sample_features(p, 20_000, generator=generator), W)
        latents = autoencoder.encode(h)
        h_hat = autoencoder.decode(latents)
        error = ((h - h_hat) ** 2).sum(-1).mean(-1)
        loss = sparse_loss(h, h_hat, latents=latents, l1=l1).mean(-1)
        return matched_cosine_similarity(W, autoencoder.W_dec).amin(-1), error, loss


def test_better_reconstruction_can_mean_no_recovery():
    worst, error, loss = trained_on_pentagon(l1=0.2)
    recovered = worst > 0.95
    # of 96 others, with seeds 1 to 6, 85 recovered all five; so P(5 of 8 fail) is below 1e-3
    assert recovered.sum() >= 4
    assert recovered[loss.argmin()]
    worst_cheap, error_cheap, _ = trained_on_pentagon(l1=0.02)
    assert (worst_cheap < 0.95).all()
    assert error_cheap.max() < error.min() / 10


def learned_on_pentagon(*, l1: float) -> tuple[Tensor, Tensor]:
    """For 16 autoencoders on rows of their own: worst match of a feature, reconstruction error."""
    generator = torch.Generator().manual_seed(0)
    W = pentagon(16)
    h = embed(sample_features(torch.full((16, 5), 0.1), 1024, generator=generator), W)
    W_enc, b_enc, W_dec, b_dec = learn_directions(
        h, n_latents=8, l1=l1, n_steps=400, batch_size=128, lr=0.03, generator=generator
    )
    latents = sparse_encode(h, W_enc=W_enc, b_enc=b_enc, b_dec=b_dec)
    error = ((h - sparse_decode(latents, W_dec=W_dec, b_dec=b_dec)) ** 2).sum(-1).mean(-1)
    return matched_cosine_similarity(W, W_dec).amin(-1), error


def test_directions_are_learned_from_hidden_vectors_alone():
    worst, error = learned_on_pentagon(l1=0.4)
    # 512 others all recovered all five; if 1 % fail, more than 2 of 16 have a probability of 5e-4
    assert (worst > 0.95).sum() >= 14
    worst_cheap, error_cheap = learned_on_pentagon(l1=0.02)
    assert (worst_cheap > 0.95).sum() <= 2
    assert error_cheap.max() < error.min() / 50


def test_directions_are_learned_from_any_number_of_rows(generator):
    h = normal(2, 7, 3)
    found = learn_directions(
        h, n_latents=5, l1=0.1, n_steps=4, batch_size=16, lr=0.01, generator=generator
    )
    assert [tuple(part.shape) for part in found] == [(2, 5, 3), (2, 5), (2, 3, 5), (2, 3)]
    assert all(part.dtype == h.dtype and not part.requires_grad for part in found)
    assert_close(h, normal(2, 7, 3), rtol=0, atol=0)


def test_training_returns_all_losses_and_leaves_the_toy_model_alone(generator):
    W = pentagon(2).clone().requires_grad_()
    p = torch.full((2, 5), 0.1)
    losses = train_autoencoder(
        autoencoder_of(n_latents=5, n_hidden=2),
        partial(sample_features, p),
        W=W,
        l1=0.1,
        generator=generator,
        config=TrainConfig(n_steps=11, batch_size=16),
        n_resamplings=2,
    )
    assert losses.shape == (11, 2)
    assert W.grad is None


def test_dead_latents_come_alive_in_training(generator):
    autoencoder = with_dead_latents()
    W = normal(2, 3, 6).float()
    sample = partial(sample_features, torch.full((2, 6), 0.1))
    config = TrainConfig(n_steps=40, batch_size=64)

    def still_dead(n_resamplings: int) -> int:
        train_autoencoder(
            autoencoder,
            sample,
            W=W,
            l1=0.01,
            generator=generator,
            config=config,
            n_resamplings=n_resamplings,
        )
        h = embed(sample(2000, generator=generator), W)
        return int(dead_latents(autoencoder.encode(h)).sum())

    assert still_dead(0) == 5
    assert still_dead(1) == 0


@pytest.mark.parametrize("l1", [-0.1, math.nan, math.inf])
def test_a_useless_price_is_refused(l1, generator):
    with pytest.raises(ValueError, match="l1 must be finite and at least 0; got"):
        train_autoencoder(
            autoencoder_of(n_latents=5, n_hidden=2),
            partial(sample_features, torch.full((2, 5), 0.1)),
            W=pentagon(2),
            l1=l1,
            generator=generator,
        )


@pytest.mark.parametrize("n_resamplings", [-1, 10])
def test_a_phase_needs_a_step(n_resamplings, generator):
    with pytest.raises(ValueError, match="n_resamplings must be at least 0 and below the 10 steps"):
        train_autoencoder(
            autoencoder_of(n_latents=5, n_hidden=2),
            partial(sample_features, torch.full((2, 5), 0.1)),
            W=pentagon(2),
            l1=0.1,
            generator=generator,
            config=TrainConfig(n_steps=10),
            n_resamplings=n_resamplings,
        )


def test_an_autoencoder_needs_latents(generator):
    with pytest.raises(ValueError, match="n_latents must be at least 1; got 0"):
        SparseAutoencoder(n_instances=1, n_hidden=2, n_latents=0, generator=generator)
