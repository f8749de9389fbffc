"""Tests of autograder.bench."""

import io

import pytest
import torch
from rich.console import Console
from torch.testing import assert_close
from typer.testing import CliRunner

from autograder.bench import command, timing, training
from autograder.bench.plain_loop import plain_loop
from autograder.bench.training import Grid, GridTimes, Race, Shape, StepTimes
from autograder.cli import app
from tms_lib.losses import weighted_mse
from tms_lib.theory import expected_relu_loss
from tms_lib.training import TrainConfig

CPU = torch.device("cpu")
QUICK = TrainConfig(n_steps=20, batch_size=16)


def shown(table) -> str:
    """A table as text, wide enough for its columns."""
    text = io.StringIO()
    Console(file=text, width=200).print(table)
    return text.getvalue()


def cells(table, row: int) -> list[str]:
    """A row of a table."""
    return [list(column.cells)[row] for column in table.columns]


def test_the_plain_loops_first_step_is_that_of_adamw(generator):
    shape = Shape(n_models=3, n_features=5, n_hidden=2)
    p, importance = torch.rand(3, 5, generator=generator), torch.rand(5, generator=generator)
    model = shape.new_model(generator)
    W, b = model.W.detach().clone().requires_grad_(), model.b.detach().clone()
    same = generator.clone_state()
    value, chance = torch.rand(2, 3, 8, 5, generator=same)
    x = value * (chance < p.unsqueeze(1))
    loss = weighted_mse(x, torch.relu(x @ W.mT @ W + b.unsqueeze(1)), importance=importance)
    (gradient,) = torch.autograd.grad(loss.sum(), W)
    plain_loop(model, p, importance=importance, n_steps=1, batch_size=8, generator=generator)
    # weights decay by 1e-2 of the learning rate; Adam's first step is the learning rate
    expected = W.detach() * (1 - 1e-5) - 1e-3 * gradient.sign()
    assert_close(model.W.detach(), expected, rtol=0, atol=1e-6)
    assert_close(generator.get_state(), same.get_state(), rtol=0, atol=0)


def test_a_step_is_timed_by_the_least_of_three_measurements(monkeypatch):
    clock, seconds, steps = [0.0], iter([1.0, 0.1, 0.2, 0.3, 0.12, 0.1, 0.11]), []

    def run(n_steps):
        steps.append(n_steps)
        clock[0] += n_steps * next(seconds)

    monkeypatch.setattr(timing.time, "perf_counter", lambda: clock[0])
    assert timing.seconds_per_step(run, device=CPU) == pytest.approx(0.1)
    assert steps == [3, 1, 2, 2, 2, 2]  # 0.1 s are too short to measure, 0.4 s are not


def test_step_times_use_one_thread_and_all_for_the_plain_loop(monkeypatch):
    seen = []
    original = training.plain_loop

    def watched(*args, **kwargs):
        seen.append(torch.get_num_threads())
        original(*args, **kwargs)

    monkeypatch.setattr(training, "plain_loop", watched)
    monkeypatch.setattr(timing, "_SHORTEST", 1e-6)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        shape = Shape(n_models=2, n_features=3, n_hidden=2, batch_size=8)
        times = training.step_times(shape, device=CPU)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert set(times.plain) == set(seen) == {1, 2}
    assert times.ratio == min(times.plain.values()) / times.ours > 0


def test_a_race_trains_both_ways_to_the_end(monkeypatch):
    monkeypatch.setattr(training, "_plain_step_times", lambda *_, **__: {1: 2.0, 2: 1.0})
    seen, original = {}, training.plain_loop

    def watched(model, p, **kwargs):
        seen.update(model=model, p=p, threads=torch.get_num_threads(), **kwargs)
        original(model, p, **kwargs)

    monkeypatch.setattr(training, "plain_loop", watched)
    before = torch.get_num_threads()
    race = training.race(QUICK, n_seeds=2, plain_steps=30, device=CPU)
    assert torch.get_num_threads() == before
    assert seen["threads"] == 2  # the quicker number
    assert seen["n_steps"] == 30
    assert_close(seen["p"][4], torch.full((20,), 0.1))
    losses = expected_relu_loss(
        seen["model"].W.detach(),
        seen["model"].b.detach(),
        feature_probability=seen["p"],
        importance=seen["importance"],
    )
    assert_close(race.plain_losses, losses.view(7, 2))
    assert race.our_losses.shape == (7, 2)
    assert race.ratio == race.plain_seconds / race.our_seconds > 0


def test_the_plain_loops_time_for_a_diagram_is_extrapolated(monkeypatch):
    monkeypatch.setattr(training, "_plain_step_times", lambda *_, **__: {1: 0.02, 2: 0.03})
    grid = Grid(n_densities=3, n_importances=4, n_seeds=2)
    times = training.grid_times(grid, config=QUICK, device=CPU)
    assert grid.n_models == 24
    assert times.plain_seconds == 10_000 * 0.02
    assert times.ratio == times.plain_seconds / times.our_seconds
    assert 0 <= times.agreement <= 1


def test_trained_diagrams_agree_with_theory():
    grid = Grid(n_densities=3, n_importances=4, n_seeds=8)
    assert training.grid_times(grid, device=CPU).agreement >= 0.9


RACE = Race(
    plain_seconds=80.0,
    our_seconds=2.0,
    plain_losses=torch.tensor([[0.5, 0.25], [0.1, 0.2]]),
    our_losses=torch.tensor([[0.5, 0.125], [0.11, 0.12]]),
)
SHAPE = Shape(n_models=7, n_features=20, n_hidden=5)
STEP = StepTimes(shape=SHAPE, plain={2: 0.006, 1: 0.003}, ours=0.0005)
GRID = GridTimes(
    grid=Grid(n_densities=32, n_importances=32, n_seeds=8),
    plain_seconds=3000.0,
    our_seconds=7.5,
    agreement=0.98,
)


def test_a_race_trains_our_models_on_their_own_densities():
    # sparser features lose less, and the loss of a good model is below that of no model at all,
    # which is a feature's mean square p / 3, less the square of its mean, times the importance
    config = TrainConfig(n_steps=1_000, batch_size=64)
    race = training.race(config, n_seeds=3, plain_steps=1, device=CPU)
    p, importance = torch.tensor(training.DENSITIES), 0.7 ** torch.arange(20)
    nothing = (p / 3 - p**2 / 4) * importance.sum()
    assert (race.our_losses.diff(dim=0) < 0).all()
    assert (race.our_losses < 0.5 * nothing.unsqueeze(1)).all()


def test_the_tables_hold_what_was_measured():
    race = command.race_table(RACE, densities=(1.0, 0.1))
    assert "plain loop 80.0 s, ours 2.00 s, 40 times sooner" in shown(race)
    assert cells(race, 0) == ["1", "0.37500", "0.31250", "0.833 ± 0.572", "0.25000", "0.12500"]
    assert cells(race, 1) == ["0.1", "1.50000", "1.15000", "0.767 ± 0.258", "1.00000", "1.10000"]
    steps = command.steps_table([STEP])
    assert "plain loop, 1 thread" in shown(steps)
    assert cells(steps, 0) == ["7", "20", "5", "1024", "3", "6", "0.5", "6.0"]
    grids = command.grids_table([GRID])
    assert "98.0% of the last diagram's points" in " ".join(shown(grids).split())
    assert cells(grids, 0) == ["8,192", "3,000", "7.50", "0.92", "400"]


@pytest.mark.parametrize("arguments", [["bench"], ["bench", "training"]])
def test_the_command_prints_all_tables(arguments, monkeypatch):
    monkeypatch.setattr(training, "race", lambda *_, **__: RACE)
    monkeypatch.setattr(training, "DENSITIES", (1.0, 0.1))
    monkeypatch.setattr(training, "step_times", lambda shape, **_: STEP._replace(shape=shape))
    monkeypatch.setattr(training, "grid_times", lambda grid, **_: GRID._replace(grid=grid))
    output = io.StringIO()
    monkeypatch.setattr(command, "console", Console(file=output, width=200))
    assert CliRunner().invoke(app, arguments).exit_code == 0
    for told in ("40 times sooner", "ms per step on plain samples", "8,192"):
        assert told in output.getvalue()


@pytest.mark.parametrize(
    ("device", "told"), [("tpu", "must be cpu or cuda; got tpu"), ("cuda", "there is none")]
)
def test_a_device_that_is_not_there_is_refused(device, told, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    result = CliRunner().invoke(app, ["bench", "--device", device])
    assert result.exit_code != 0
    assert told in str(result.exception)


def test_help_lists_what_can_be_measured():
    assert "training" in CliRunner().invoke(app, ["bench", "--help"]).output
