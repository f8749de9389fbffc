"""Tests of tms_lib.training."""

import inspect
import math
from functools import partial

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from tests.batches import recorded_batches, small_model
from tms_lib import training
from tms_lib.checkpoints import Checkpoint
from tms_lib.evaluation import best_of_seeds, expected_loss
from tms_lib.features import (
    geometric_importance,
    sample_features,
)
from tms_lib.losses import weighted_mse, weighted_row_mse
from tms_lib.metrics import FeatureKind, classify_features, count_represented
from tms_lib.models import AbsoluteValueModel, LinearModel, ReLUOutputModel, relu_output
from tms_lib.sampling import FeatureSampler, Sampler
from tms_lib.theory import linear_optimal_loss
from tms_lib.training import TrainConfig, gradient_step, minimise, train

QUICK = TrainConfig(n_steps=2_000, batch_size=256)


@pytest.mark.parametrize(("make", "p"), [(LinearModel, (1.0, 0.3, 0.1)), (ReLUOutputModel, (1.0,))])
def test_training_reaches_the_optimal_loss(make, p, generator):
    # A dense ReLU model has little to gain over a linear one. 200,000 samples leave an error of
    # about 0.5 % at p = 0.1.
    importance = geometric_importance(0.7, 6)
    probability = torch.tensor(p)[:, None].expand(-1, 6)
    sample = partial(sample_features, probability)
    model = make(n_instances=len(p), n_features=6, n_hidden=2, generator=generator)
    train(model, sample, importance=importance, generator=generator, config=QUICK)
    loss = expected_loss(
        model, sample, importance=importance, n_samples=200_000, generator=generator
    )
    optimal = linear_optimal_loss(probability, importance=importance, n_hidden=2)
    assert_close(loss, optimal, rtol=0.02, atol=0)


def test_sparsity_brings_two_directions_then_two_pairs_then_a_pentagon(generator):
    densities, n_seeds = torch.tensor([1.0, 0.2, 0.1]), 16
    importance = geometric_importance(0.9, 5)
    sample = partial(sample_features, densities.repeat_interleave(n_seeds)[:, None].expand(-1, 5))
    model = ReLUOutputModel(n_instances=3 * n_seeds, n_features=5, n_hidden=2, generator=generator)
    train(model, sample, importance=importance, generator=generator, config=QUICK)
    loss = expected_loss(
        model, sample, importance=importance, n_samples=100_000, generator=generator
    )
    W = best_of_seeds(model.W.detach().unflatten(0, (3, n_seeds)), loss.view(3, n_seeds))
    assert_close(count_represented(W), torch.tensor([2, 4, 5]))
    for W_k, gap in zip(W[1:], (90, 72), strict=True):
        angle = torch.atan2(W_k[1], W_k[0]).rad2deg()[W_k.norm(dim=0) > 0.5].sort().values
        gaps = torch.cat([angle, angle[:1] + 360]).diff()
        assert_close(gaps, torch.full_like(gaps, gap), rtol=0, atol=5)


def test_sparser_models_represent_more_features_and_dedicate_fewer(generator):
    densities = torch.tensor([1.0, 0.3, 0.1, 0.01])
    sample = partial(sample_features, densities[:, None].expand(-1, 20))
    model = ReLUOutputModel(n_instances=4, n_features=20, n_hidden=5, generator=generator)
    importance = geometric_importance(0.7, 20)
    train(model, sample, importance=importance, generator=generator, config=QUICK)
    represented = count_represented(model.W)
    dedicated = (classify_features(model.W) == FeatureKind.DEDICATED).sum(-1)
    assert represented[0] == dedicated[0] == 5
    assert (represented.diff() > 0).all()
    assert 0 < dedicated[1] < 5
    assert dedicated[3] == 0


def test_an_instance_trains_beside_others_as_it_would_alone(generator):
    x = torch.rand(20, 3, 8, 5, generator=generator, dtype=torch.float64)
    together, alone = small_model(3, generator), small_model(1, generator)
    alone.W.data = together.W.detach()[1:2].clone()
    config = TrainConfig(n_steps=20, batch_size=8)
    settings = {"importance": torch.ones(1), "generator": generator, "config": config}
    losses = train(together, recorded_batches(x), **settings).losses
    losses_alone = train(alone, recorded_batches(x[:, 1:2]), **settings).losses
    assert_close(together.W[1:2], alone.W)
    assert_close(together.b[1:2], alone.b)
    assert_close(losses[:, 1:2], losses_alone)


def test_the_history_holds_the_loss_of_each_batch_before_its_step(generator):
    x = torch.rand(2, 3, 8, 5, generator=generator, dtype=torch.float64)
    importance = torch.rand(3, 5, generator=generator, dtype=torch.float64)
    model = small_model(3, generator)
    start = weighted_mse(x[0], model(x[0]), importance=importance).detach()
    config = TrainConfig(n_steps=2, batch_size=8)
    result = train(
        model, recorded_batches(x), importance=importance, generator=generator, config=config
    )
    assert result.losses.shape == (2, 3)
    assert not result.losses.requires_grad
    assert_close(result.losses[0], start)


@pytest.mark.parametrize("n_steps", [1, 2, 5])
def test_the_learning_rate_falls_linearly_to_zero(n_steps, generator):
    # While the gradient is constant, each of Adam's steps is its learning rate. The sum over t
    # of lr (1 - t / n) is lr (n + 1) / 2.
    x = torch.rand(1, 3, 8, 5, generator=generator, dtype=torch.float64).expand(n_steps, -1, -1, -1)
    model = small_model(3, generator)
    start = model.W.detach().clone()
    config = TrainConfig(n_steps=n_steps, batch_size=8, lr=1e-6)
    train(model, recorded_batches(x), importance=torch.ones(5), generator=generator, config=config)
    moved = (model.W.detach() - start).abs()
    assert_close(moved, torch.full_like(moved, 1e-6 * (n_steps + 1) / 2), rtol=1e-2, atol=0)


def test_training_uses_its_generator_alone():
    p = torch.full((2, 5), 0.5)
    config = TrainConfig(n_steps=3, batch_size=8)

    def trained_weights() -> Tensor:
        generator = torch.Generator().manual_seed(3)
        model = ReLUOutputModel(n_instances=2, n_features=5, n_hidden=2, generator=generator)
        sample = partial(sample_features, p)
        train(model, sample, importance=torch.ones(5), generator=generator, config=config)
        return model.W.detach()

    state = torch.get_rng_state()
    assert_close(trained_weights(), trained_weights(), rtol=0, atol=0)
    assert_close(torch.get_rng_state(), state, rtol=0, atol=0)


@pytest.mark.parametrize("bad_step", [0, 99, 100, 129])
def test_divergence_is_reported_with_instance_and_step(bad_step, generator):
    n_threads = torch.get_num_threads()
    x = torch.rand(130, 3, 8, 5, generator=generator, dtype=torch.float64)
    x[bad_step, 2] = torch.nan
    config = TrainConfig(n_steps=130, batch_size=8)
    with pytest.raises(FloatingPointError, match=f"instance 2 is nan at step {bad_step}. Is lr"):
        train(
            small_model(3, generator),
            recorded_batches(x),
            importance=torch.ones(5),
            generator=generator,
            config=config,
        )
    assert torch.get_num_threads() == n_threads


def test_training_runs_on_one_thread_and_restores_the_number(generator):
    seen = []

    def sample(n_samples: int, /, *, generator: torch.Generator) -> Tensor:
        seen.append(torch.get_num_threads())
        return torch.rand(1, n_samples, 5, generator=generator, dtype=torch.float64)

    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        config = TrainConfig(n_steps=2, batch_size=4)
        model = small_model(1, generator)
        train(model, sample, importance=torch.ones(5), generator=generator, config=config)
        expected_loss(model, sample, importance=torch.ones(5), n_samples=4, generator=generator)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert seen == [1, 1, 1]


def test_progress_is_shown_only_on_request(generator, capsys):
    sample = partial(sample_features, torch.full((1, 5), 0.5, dtype=torch.float64))
    config = TrainConfig(n_steps=2, batch_size=4)
    for progress in (False, True):
        train(
            small_model(1, generator),
            sample,
            importance=torch.ones(5),
            generator=generator,
            config=config,
            progress=progress,
        )
        assert ("2/2" in capsys.readouterr().err) == progress


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"n_steps": 0}, "n_steps must be at least 1; got 0"),
        ({"batch_size": -1}, "batch_size must be at least 1; got -1"),
        ({"lr": 0.0}, "lr must be positive and finite; got 0.0"),
        ({"lr": math.nan}, "lr must be positive and finite; got nan"),
        ({"schedule": "step"}, "schedule must be 'linear', 'cosine' or 'constant'; got 'step'"),
    ],
)
def test_wrong_settings_are_named(setting, told):
    with pytest.raises(ValueError, match=told):
        TrainConfig(**setting)


@pytest.mark.parametrize("instances", [(), (1,), (3,), (2, 3)])
def test_gradient_step_follows_finite_differences(instances, generator):
    x = torch.rand(*instances, 7, 5, generator=generator, dtype=torch.float64)
    W = torch.randn(*instances, 2, 5, generator=generator, dtype=torch.float64)
    b = torch.randn(*instances, 5, generator=generator, dtype=torch.float64)
    importance = torch.rand(*instances, 5, generator=generator, dtype=torch.float64)
    old_W, old_b = W.clone(), b.clone()
    new_W, new_b = gradient_step(x, W=W, b=b, importance=importance, lr=0.1)
    assert not new_W.requires_grad
    assert not new_b.requires_grad
    assert_close((W, b), (old_W, old_b), rtol=0, atol=0)

    # each instance's own loss: no other loss depends on its parameters
    def loss(W: Tensor, b: Tensor) -> Tensor:
        return weighted_mse(x, relu_output(x, W=W, b=b), importance=importance)

    epsilon = 1e-6
    for k in range(2):
        for i in range(5):
            shift = torch.zeros_like(W)
            shift[..., k, i] = epsilon
            slope = (loss(W + shift, b) - loss(W - shift, b)) / (2 * epsilon)
            assert_close((W - new_W)[..., k, i], 0.1 * slope, rtol=1e-5, atol=1e-8)
    for i in range(5):
        shift = torch.zeros_like(b)
        shift[..., i] = epsilon
        slope = (loss(W, b + shift) - loss(W, b - shift)) / (2 * epsilon)
        assert_close((b - new_b)[..., i], 0.1 * slope, rtol=1e-5, atol=1e-8)


def test_gradient_step_accepts_parameters_and_leaves_their_gradient_alone(generator):
    model = small_model(2, generator)
    x = torch.rand(2, 7, 5, generator=generator, dtype=torch.float64)
    W, _ = gradient_step(x, W=model.W, b=model.b, importance=torch.ones(5), lr=0.1)
    assert type(W) is Tensor
    assert model.W.grad is None
    assert model.W.requires_grad


def test_gradient_step_refuses_a_learning_rate_that_climbs():
    one = torch.ones(1, 1)
    with pytest.raises(ValueError, match=r"lr must be positive and finite; got -0\.1"):
        gradient_step(one, W=one, b=one[0], importance=one[0], lr=-0.1)


def dense_sampler(n_instances: int = 2) -> Sampler:
    return FeatureSampler(torch.full((n_instances, 5), 0.3, dtype=torch.float64))


@pytest.mark.parametrize("schedule", ["linear", "cosine", "constant"])
def test_schedules_start_at_lr_and_end_where_they_should(schedule):
    config = TrainConfig(n_steps=100, lr=0.2, schedule=schedule)
    rates = [config.lr_at(step) for step in range(101)]
    assert rates[0] == 0.2
    assert rates[50] == pytest.approx(0.2 if schedule == "constant" else 0.1)
    assert rates[100] == pytest.approx(0.2 if schedule == "constant" else 0.0)
    assert rates == sorted(rates, reverse=True)


def test_weighted_rows_train_as_well_as_ten_times_as_many_plain_rows(generator):
    # at p = 0.02 only one row in ten has an active feature
    p = torch.full((8, 5), 0.02)
    losses = []
    for skips_empty, batch_size in ((False, 1280), (True, 128)):
        model = ReLUOutputModel(n_instances=8, n_features=5, n_hidden=2, generator=generator)
        train(
            model,
            FeatureSampler(p, skips_empty=skips_empty),
            importance=torch.ones(5),
            generator=generator,
            config=TrainConfig(n_steps=1000, batch_size=batch_size),
        )
        losses.append(
            expected_loss(
                model,
                FeatureSampler(p),
                importance=torch.ones(5),
                n_samples=2**15,
                generator=generator,
            ).min()
        )
    assert_close(losses[1], losses[0], rtol=0.05, atol=0)


def test_snapshots_hold_the_parameters_after_each_chosen_number_of_steps():
    def trained(n_steps: int, **options):
        generator = torch.Generator().manual_seed(4)
        model = small_model(2, generator)
        config = TrainConfig(n_steps=n_steps, batch_size=8, schedule="constant")
        result = train(
            model,
            dense_sampler(),
            importance=torch.ones(5),
            generator=generator,
            config=config,
            **options,
        )
        return model, result

    start = small_model(2, torch.Generator().manual_seed(4))
    snapshots = trained(7, snapshots=[7, 0, 3])[1].snapshots
    assert_close(snapshots["W"][0], start.W.detach())
    assert_close(snapshots["W"][1], trained(3)[0].W.detach())
    assert_close(snapshots["b"][2], trained(7)[0].b.detach())
    assert trained(7)[1].snapshots == {}


@pytest.mark.parametrize("step", [-1, 8])
def test_snapshots_beyond_the_run_are_refused(step, generator):
    with pytest.raises(ValueError, match=f"between 0 and the 7 steps; got {step}"):
        train(
            small_model(2, generator),
            dense_sampler(),
            importance=torch.ones(5),
            generator=generator,
            config=TrainConfig(n_steps=7, batch_size=8),
            snapshots=[step],
        )


class InterruptionError(Exception):
    """What ends a run before its time in these tests."""


def run(*, path=None, stops_at=math.inf, lr=1e-2, p=0.3, seed=5, every=10):
    """A run of 25 steps with snapshots, interrupted in one of them."""
    generator = torch.Generator().manual_seed(seed)
    model = small_model(2, generator)
    drawn = 0

    def sample(n_samples: int, /, *, generator: torch.Generator):
        nonlocal drawn
        drawn += n_samples > 2  # the first look at the data draws 2 rows
        if drawn > stops_at:
            raise InterruptionError
        probability = torch.full((2, 5), p, dtype=torch.float64)
        return FeatureSampler(probability)(n_samples, generator=generator)

    result = train(
        model,
        sample,
        importance=torch.ones(5),
        generator=generator,
        config=TrainConfig(n_steps=25, batch_size=8, lr=lr),
        snapshots=[4, 15, 25],
        checkpoint=Checkpoint(path=path, every=every) if path else None,
    )
    return model.W.detach(), model.b.detach(), result.losses, result.snapshots, drawn


@pytest.mark.parametrize("stops_at", [3, 10, 17, 24])
def test_an_interrupted_run_ends_as_if_it_had_not_been(stops_at, tmp_path):
    path = tmp_path / "run.pt"
    with pytest.raises(InterruptionError):
        run(path=path, stops_at=stops_at)
    *resumed, drawn = run(path=path)
    *uninterrupted, _ = run()
    assert drawn == 25 - stops_at // 10 * 10
    assert_close(resumed, uninterrupted, rtol=0, atol=0)


def test_a_finished_run_is_read_and_not_repeated(tmp_path):
    *first, drawn = run(path=tmp_path / "run.pt")
    assert drawn == 25
    *again, drawn = run(path=tmp_path / "run.pt")
    assert drawn == 0
    assert_close(again, first, rtol=0, atol=0)
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]


@pytest.mark.parametrize("other", [{"lr": 0.02}, {"p": 0.2}, {"seed": 6}])
def test_a_checkpoint_of_another_run_is_refused(other, tmp_path):
    run(path=tmp_path / "run.pt")
    with pytest.raises(ValueError, match="other settings, another start or other data"):
        run(path=tmp_path / "run.pt", **other)


def test_a_file_that_is_no_checkpoint_is_named_and_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not mine")
    with pytest.raises(ValueError, match=r"notes\.txt is no checkpoint"):
        run(path=path)
    assert path.read_text() == "not mine"


def test_a_checkpoint_in_no_folder_is_refused_before_training(tmp_path):
    with pytest.raises(ValueError, match=r"folder that can be written.*No such file"):
        Checkpoint(path=tmp_path / "missing" / "run.pt")


def test_a_diverged_state_is_never_saved(tmp_path, generator):
    x = torch.rand(30, 3, 8, 5, generator=generator, dtype=torch.float64)
    x[3, 2] = torch.inf
    batches = recorded_batches(x)

    def sample(n_samples: int, /, *, generator: torch.Generator):
        if n_samples == 2:
            return x[0, :, :2]
        return batches(n_samples, generator=generator)

    with pytest.raises(FloatingPointError, match="instance 2 is nan at step 3"):
        train(
            small_model(3, generator),
            sample,
            importance=torch.ones(5),
            generator=generator,
            config=TrainConfig(n_steps=30, batch_size=8),
            checkpoint=Checkpoint(path=tmp_path / "run.pt", every=10),
        )
    assert not list(tmp_path.iterdir())


def test_any_other_module_trains_by_autograd_to_the_same_weights():
    class Wrapped(torch.nn.Module):  # no hand-derived gradient knows it
        def __init__(self, inner: ReLUOutputModel) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, x: Tensor) -> Tensor:
            return self.inner(x)

    models = [small_model(2, torch.Generator().manual_seed(1)) for _ in range(2)]
    for model in (models[0], Wrapped(models[1])):
        train(
            model,
            dense_sampler(),
            importance=geometric_importance(0.7, 5),
            generator=torch.Generator().manual_seed(2),
            config=TrainConfig(n_steps=50, batch_size=16),
        )
    assert_close(models[1].W, models[0].W)
    assert_close(models[1].b, models[0].b)


@pytest.mark.parametrize("is_known", [True, False])
def test_outputs_and_targets_of_unlike_shapes_are_refused(is_known, generator, monkeypatch):
    # a user without beartype has only the function's own checks
    monkeypatch.setattr(training, "weighted_row_mse", inspect.unwrap(weighted_row_mse))

    class OneNumber(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))

        def forward(self, x: Tensor) -> Tensor:
            return self.scale * x[..., :1]

    model, target, told = OneNumber(), None, r"x_hat must have .* \(2, 4, 5\); got \(2, 4, 1\)"
    if is_known:
        model, target = small_model(2, generator), lambda x: x[..., :1]
        told = r"target must keep the shape of x, \(2, 4, 5\); got \(2, 4, 1\)"
    with pytest.raises(ValueError, match=told):
        train(
            model,
            dense_sampler(),
            importance=torch.tensor(1.0),
            generator=generator,
            config=TrainConfig(n_steps=1, batch_size=4),
            target=target,
        )


def test_the_target_need_not_be_the_input(generator):
    # two neurons for each feature compute its absolute value exactly
    model = AbsoluteValueModel(n_instances=8, n_features=1, n_hidden=4, generator=generator)
    sample = FeatureSampler(torch.ones(8, 1), signed=True)
    settings = {"importance": torch.ones(1), "generator": generator, "target": torch.abs}
    train(model, sample, config=TrainConfig(n_steps=1000, batch_size=256), **settings)
    assert expected_loss(model, sample, n_samples=2**14, **settings).min() < 1e-5


def test_minimise_reaches_the_minimum_of_each_instances_own_loss(generator):
    target = torch.randn(3, 4, generator=generator)
    model = torch.nn.ParameterDict({"theta": torch.zeros(3, 4)})
    result = minimise(
        model,
        lambda: ((model["theta"] - target) ** 2).sum(-1),
        generator=generator,
        config=TrainConfig(n_steps=800, lr=0.05),
        snapshots=[0, 800],
    )
    assert_close(model["theta"].detach(), target, rtol=0, atol=1e-3)
    assert result.losses.shape == (800, 3)
    assert result.snapshots["theta"].shape == (2, 3, 4)


def test_importance_of_the_wrong_shape_is_refused(generator):
    with pytest.raises(ValueError, match=r"importance must broadcast.*\(2, 5\); got shape \(4,\)"):
        train(
            small_model(2, generator),
            dense_sampler(),
            importance=torch.ones(4),
            generator=generator,
            config=TrainConfig(n_steps=1, batch_size=4),
        )


def test_large_steps_use_more_threads(generator):
    seen = []

    def sample(n_samples: int, /, *, generator: torch.Generator) -> Tensor:
        seen.append(torch.get_num_threads())
        return torch.rand(1, n_samples, 512, generator=generator)

    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        for batch_size in (8, 8192):
            train(
                ReLUOutputModel(n_instances=1, n_features=512, n_hidden=16, generator=generator),
                sample,
                importance=torch.ones(512),
                generator=generator,
                config=TrainConfig(n_steps=1, batch_size=batch_size),
            )
    finally:
        torch.set_num_threads(before)
    assert seen == [1, 2]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("is_known", [True, False])
def test_steps_recorded_on_a_gpu_train_as_well_as_steps_on_a_cpu(is_known):
    def trained(device: str) -> Tensor:
        generator = torch.Generator(device).manual_seed(0)
        p = torch.full((8, 5), 0.1, device=device)
        model = ReLUOutputModel(n_instances=8, n_features=5, n_hidden=2, generator=generator)
        settings = {"importance": torch.ones(5), "generator": generator}
        outer = model if is_known else torch.nn.Sequential(model)
        train(
            outer, FeatureSampler(p), config=TrainConfig(n_steps=1000, batch_size=128), **settings
        )
        settings["importance"] = torch.ones(5, device=device)
        return expected_loss(model, FeatureSampler(p), n_samples=2**16, **settings).min().cpu()

    assert_close(trained("cuda"), trained("cpu"), rtol=0.05, atol=0)
