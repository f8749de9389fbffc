"""Tests of tms_lib.correlation."""

import math
from functools import partial

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from tms_lib import Sampler, TrainConfig, expected_loss, train
from tms_lib.correlation import sample_anticorrelated, sample_correlated
from tms_lib.features import cooccurrence
from tms_lib.models import ReLUOutputModel
from tms_lib.recovery import cosine_similarity

N_SAMPLES = 40_000
SET_SIZE = 3
# two instances of two sets; no two numbers agree
PROBABILITY = torch.tensor([[0.3, 0.05], [0.2, 0.15]], dtype=torch.float64)

SAMPLERS = [
    partial(sample_correlated, set_size=SET_SIZE),
    partial(sample_anticorrelated, set_size=SET_SIZE, probability_of="feature"),
    partial(sample_anticorrelated, set_size=SET_SIZE, probability_of="set"),
]
every_sampler = pytest.mark.parametrize("sample", SAMPLERS, ids=["correlated", "feature", "set"])


def blocks(within: Tensor, between: Tensor) -> Tensor:
    """A features x features matrix: `within` on the blocks of the sets, `between` elsewhere."""
    set_of = torch.arange(2 * SET_SIZE) // SET_SIZE
    same = set_of == set_of[:, None]
    within = within[:, set_of].unsqueeze(-1)
    return torch.where(same, within, between[:, set_of][..., set_of])


def assert_within_five_errors(measured: Tensor, expected: Tensor, *, error: Tensor) -> None:
    assert ((measured - expected).abs() <= 5 * error).all()


def test_correlated_features_are_present_together(generator):
    p = PROBABILITY
    x = sample_correlated(p, N_SAMPLES, set_size=SET_SIZE, generator=generator)
    of_sets = (x != 0).unflatten(-1, (2, SET_SIZE))
    assert (of_sets.all(-1) == of_sets.any(-1)).all()
    together = blocks(p, p.unsqueeze(-1) * p.unsqueeze(-2))
    error = (together * (1 - together) / N_SAMPLES).sqrt()
    assert_within_five_errors(cooccurrence(x), together, error=error)


def test_correlated_features_have_the_stated_second_moments(generator):
    p = PROBABILITY
    x = sample_correlated(p, N_SAMPLES, set_size=SET_SIZE, generator=generator)
    # E[x_i x_j] is p/4 within a set, p p'/4 between sets, p/3 on the diagonal;
    # E[x_i^2 x_j^2] is p/9, p p'/9 and p/5
    pairs = p.unsqueeze(-1) * p.unsqueeze(-2)
    own = torch.eye(2 * SET_SIZE, dtype=torch.bool)
    of_features = p.repeat_interleave(SET_SIZE, -1).unsqueeze(-1)
    second = torch.where(own, of_features / 3, blocks(p, pairs) / 4)
    fourth = torch.where(own, of_features / 5, blocks(p, pairs) / 9)
    error = ((fourth - second**2) / N_SAMPLES).sqrt()
    assert_within_five_errors(x.mT @ x / N_SAMPLES, second, error=error)
    error_of_mean = ((p / 3 - p**2 / 4) / N_SAMPLES).sqrt().repeat_interleave(SET_SIZE, -1)
    assert_within_five_errors(x.mean(-2), of_features.squeeze(-1) / 2, error=error_of_mean)


@pytest.mark.parametrize("probability_of", ["feature", "set"])
def test_anticorrelated_features_exclude_each_other(probability_of, generator):
    x = sample_anticorrelated(
        PROBABILITY,
        N_SAMPLES,
        set_size=SET_SIZE,
        probability_of=probability_of,
        generator=generator,
    )
    of_feature = PROBABILITY if probability_of == "feature" else PROBABILITY / SET_SIZE
    of_features = of_feature.repeat_interleave(SET_SIZE, -1)
    never = torch.zeros_like(PROBABILITY)
    together = blocks(never, of_feature.unsqueeze(-1) * of_feature.unsqueeze(-2))
    together = together + torch.diag_embed(of_features)
    error = (together * (1 - together) / N_SAMPLES).sqrt()  # 0 within a set: no exception
    assert_within_five_errors(cooccurrence(x), together, error=error)


def test_an_anticorrelated_set_has_the_stated_covariance(generator):
    q = 0.25
    x = sample_anticorrelated(
        torch.tensor([q], dtype=torch.float64),
        N_SAMPLES,
        set_size=SET_SIZE,
        probability_of="feature",
        generator=generator,
    )
    expected = torch.full((SET_SIZE, SET_SIZE), -(q**2) / 4, dtype=torch.float64)
    expected.fill_diagonal_(q / 3 - q**2 / 4)
    # deviations are at most 1, so E[(x_i - q/2)^2 (x_j - q/2)^2] <= Var[x_i] < q / 3
    error = torch.tensor(math.sqrt(q / 3 / N_SAMPLES))
    assert_within_five_errors(torch.cov(x.mT), expected, error=error)


def test_a_feature_probability_of_one_over_the_size_always_shows_one(generator):
    for set_size in range(1, 12):
        x = sample_anticorrelated(
            torch.tensor([1 / set_size]),
            1000,
            set_size=set_size,
            probability_of="feature",
            generator=generator,
        )
        assert_close((x > 0).sum(-1), torch.ones(1000, dtype=torch.int64))


def cosines_of_best_model(sample: Sampler, *, generator: torch.Generator) -> Tensor:
    """Between the four features, in two dimensions, of the best of 12 trained models."""
    model = ReLUOutputModel(n_instances=12, n_features=4, n_hidden=2, generator=generator)
    importance = torch.ones(4)
    config = TrainConfig(n_steps=800, batch_size=256)
    train(model, sample, importance=importance, generator=generator, config=config)
    losses = expected_loss(
        model, sample, importance=importance, n_samples=20_000, generator=generator
    )
    W = model.W[losses.argmin()].detach()
    return cosine_similarity(W, W)


def test_models_learn_correlated_features_orthogonally(generator):
    sample = partial(sample_correlated, torch.full((12, 2), 0.05), set_size=2)
    cosine = cosines_of_best_model(sample, generator=generator)
    assert cosine[0, 1].abs() < 0.15
    assert cosine[2, 3].abs() < 0.15


def test_models_learn_anticorrelated_features_antipodally(generator):
    # about half of the models find this solution, whose loss is 0
    sample = partial(
        sample_anticorrelated,
        torch.full((12, 2), 0.3),
        set_size=2,
        probability_of="feature",
    )
    cosine = cosines_of_best_model(sample, generator=generator)
    assert cosine[0, 1] < -0.99
    assert cosine[2, 3] < -0.99
    assert cosine[0, 2].abs() < 0.1


@every_sampler
def test_active_values_are_uniform(sample, generator):
    x = sample(PROBABILITY, N_SAMPLES, generator=generator)
    for instance in x:
        active = instance[instance > 0].sort().values
        # Kolmogorov-Smirnov: P(sqrt(n) distance > 2.5) is 2 exp(-2 * 2.5^2) < 1e-5
        ranks = torch.arange(1, len(active) + 1) / len(active)
        assert (active - ranks).abs().max() < 2.5 / math.sqrt(len(active))


@every_sampler
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("instances", [(), (1,), (4,), (2, 3)])
def test_samples_keep_instances_and_dtype(sample, instances, dtype, generator):
    x = sample(torch.full((*instances, 5), 0.3, dtype=dtype), 7, generator=generator)
    assert x.shape == (*instances, 7, 5 * SET_SIZE)
    assert x.dtype == dtype


@every_sampler
def test_instances_are_independent(sample, generator):
    x = sample(torch.full((2, 1), 0.3), N_SAMPLES, generator=generator)
    columns = x.movedim(-2, -1).flatten(0, -2)  # instance and feature, then batch
    between = torch.corrcoef(columns)[:SET_SIZE, SET_SIZE:]
    assert between.abs().max() < 5 / math.sqrt(N_SAMPLES)


@every_sampler
def test_an_impossible_set_is_never_present(sample, generator):
    x = sample(torch.tensor([0.0, 0.3]), N_SAMPLES, generator=generator)
    assert (x[:, :SET_SIZE] == 0).all()
    assert (x[:, SET_SIZE:] > 0).any()


def test_a_certain_correlated_set_is_always_present(generator):
    x = sample_correlated(torch.ones(1), N_SAMPLES, set_size=2, generator=generator)
    assert ((x > 0) & (x <= 1)).all()


@every_sampler
def test_the_generator_alone_decides_the_samples(sample):
    once, again = (
        sample(PROBABILITY, 50, generator=torch.Generator().manual_seed(1)) for _ in range(2)
    )
    assert_close(once, again, rtol=0, atol=0)


@every_sampler
@pytest.mark.parametrize("wrong", [1.2, -0.1, math.nan])
def test_a_wrong_probability_is_named(sample, wrong, generator):
    with pytest.raises(ValueError, match=rf"got {wrong} at index \[1\].*not the sparsity S"):
        sample(torch.tensor([0.1, wrong]), 5, generator=generator)


@every_sampler
@pytest.mark.parametrize("sizes", [{"set_size": 0}, {"n_samples": 0}])
def test_empty_batches_and_sets_are_refused(sample, sizes, generator):
    name = next(iter(sizes))
    arguments = {"n_samples": 5, **sizes}
    n_samples = arguments.pop("n_samples")
    with pytest.raises(ValueError, match=f"{name} must be at least 1; got 0"):
        sample(torch.tensor([0.1]), n_samples, generator=generator, **arguments)


def test_features_too_frequent_to_exclude_each_other_are_refused(generator):
    message = r'at most 1 / set_size = 0.5.*got 0.6 at index \[1\].*probability_of="set"'
    with pytest.raises(ValueError, match=message):
        sample_anticorrelated(
            torch.tensor([0.5, 0.6]),
            5,
            set_size=2,
            probability_of="feature",
            generator=generator,
        )


def test_an_unknown_convention_is_refused(generator):
    with pytest.raises((ValueError, TypeError), match="probability_of"):
        sample_anticorrelated(
            torch.tensor([0.1]),
            5,
            set_size=2,
            probability_of="pair",  # pyright: ignore[reportArgumentType]
            generator=generator,
        )
