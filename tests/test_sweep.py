"""Tests of tms_lib.sweep and tms_lib.shards."""

import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import nullcontext
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import torch
from distributed import Client, LocalCluster
from torch.testing import assert_close

from tms_lib import shards as shards_module
from tms_lib import sweep as sweep_module
from tms_lib.shards import ModelKind, Setting, Shard, cut_into_shards, train_shard
from tms_lib.sweep import SettingResult, run_sweep
from tms_lib.theory import expected_relu_loss, linear_optimal_loss
from tms_lib.training import TrainConfig

QUICK = TrainConfig(n_steps=20, batch_size=16)
ARGUMENTS = {"n_seeds": 3, "config": QUICK, "n_test": 64, "seed": 5}


def grid(n: int = 6) -> list[Setting]:
    """Settings of two shapes by turns."""
    return [
        Setting(
            n_features=3 + k % 2,
            n_hidden=2,
            feature_probability=(k + 1) / n,
            importance=[0.5**i for i in range(3 + k % 2)],
        )
        for k in range(n)
    ]


@pytest.fixture
def tiny_shards(monkeypatch):
    """Every setting becomes a shard of its own."""
    monkeypatch.setattr(shards_module, "_ENTRIES", 1)


def assert_equal(first: list[SettingResult], second: list[SettingResult]) -> None:
    assert_close(first, second, rtol=0, atol=0)


def test_each_result_is_that_of_its_setting():
    # Two features always present, one dimension: linear models reach the linear optimum, in
    # which the more important feature is kept. 2^13 samples have an error of about 1 %.
    settings = [
        Setting(
            kind=ModelKind.LINEAR,
            n_features=n_features,
            n_hidden=1,
            feature_probability=1.0,
            importance=[0.5, importance, 0.1][:n_features],
        )
        for n_features in (2, 3)
        for importance in (0.25, 1.0)
    ]
    config = TrainConfig(n_steps=1000, batch_size=64)
    results = run_sweep(settings, n_seeds=2, config=config, n_test=2**13, seed=0)
    for setting, result in zip(settings, results, strict=True):
        importance = torch.tensor(setting.importance)
        best = linear_optimal_loss(torch.ones_like(importance), importance=importance, n_hidden=1)
        assert_close(result.loss, best, rtol=0.05, atol=0)
        assert result.parameters["W"][0].abs().argmax() == importance.argmax()


def test_the_loss_is_the_expected_one_and_the_best_of_all_seeds():
    p, importance = (0.5, 0.1, 0.3), (1.0, 0.3, 0.6)
    setting = Setting(n_features=3, n_hidden=2, feature_probability=p, importance=importance)
    (result,) = run_sweep([setting], n_seeds=4, config=QUICK, n_test=2**16, seed=0)
    expected = expected_relu_loss(
        result.parameters["W"],
        result.parameters["b"],
        feature_probability=torch.tensor(p),
        importance=torch.tensor(importance),
    )
    # a row's loss has about its mean as standard deviation, and 2^16 rows were drawn
    assert_close(result.loss, expected, rtol=5 / 2**8, atol=0)
    assert_close(result.loss, result.losses.min())
    assert len(result.losses.unique()) == 4


@pytest.mark.parametrize(
    ("kind", "shapes"),
    [
        (ModelKind.LINEAR, {"W": (2, 3), "b": (3,)}),
        (ModelKind.RELU_OUTPUT, {"W": (2, 3), "b": (3,)}),
        (ModelKind.RELU_HIDDEN, {"W": (2, 3), "b": (3,)}),
        (ModelKind.ABSOLUTE_VALUE, {"W1": (2, 3), "W2": (3, 2), "b": (3,)}),
    ],
)
def test_every_kind_learns(kind, shapes):
    setting = Setting(kind=kind, n_features=3, n_hidden=2, feature_probability=0.5)
    config = TrainConfig(n_steps=500, batch_size=64)
    (result,) = run_sweep([setting], n_seeds=4, config=config, n_test=2**10, seed=0)
    assert {name: tuple(value.shape) for name, value in result.parameters.items()} == shapes
    # A constant output leaves the variance of three features, be they x or |x|. Two neurons
    # can do better by a third or more: one feature each, or the absolute value of one.
    assert result.loss < 0.8 * 3 * (0.5 / 3 - 0.5**2 / 4)


@pytest.mark.usefixtures("tiny_shards")
def test_all_executors_give_the_same_result():
    here = run_sweep(grid(), **ARGUMENTS)
    with ThreadPoolExecutor(3) as threads:
        assert_equal(run_sweep(grid(), **ARGUMENTS, executor=threads), here)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        assert_equal(run_sweep(grid(), **ARGUMENTS, executor=processes), here)


def test_another_seed_gives_other_models():
    first = run_sweep(grid(1), **ARGUMENTS)[0]
    second = run_sweep(grid(1), **{**ARGUMENTS, "seed": 6})[0]
    assert not torch.equal(first.parameters["W"], second.parameters["W"])


def test_shards_have_equal_shapes_and_fit_the_cache(monkeypatch):
    monkeypatch.setattr(shards_module, "_ENTRIES", 3 * 3 * 16 * 4)  # 3 settings of n = 4
    shards = cut_into_shards(grid(9), **ARGUMENTS)
    # n = 3 in even places, n = 4 in odd ones
    assert [shard.places for shard in shards] == [(0, 2, 4), (6, 8), (1, 3), (5, 7)]
    assert [shard.n_features for shard in shards] == [3, 3, 4, 4]
    assert len({shard.seed for shard in shards}) == 4
    assert shards[2].importance == 2 * ((1.0, 0.5, 0.25, 0.125),)
    assert_close(
        torch.tensor(shards[2].feature_probability), torch.tensor([[2 / 9], [4 / 9]]).expand(2, 4)
    )


def test_a_shard_uses_one_thread_and_restores_the_number(monkeypatch):
    seen = []
    train = shards_module.train

    def watched(*args, **kwargs):
        seen.append(torch.get_num_threads())
        return train(*args, **kwargs)

    monkeypatch.setattr(shards_module, "train", watched)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with ThreadPoolExecutor(2) as executor:
            run_sweep(grid(), **ARGUMENTS, executor=executor)
            assert executor.submit(torch.get_num_threads).result() == 1
        assert seen == [1, 1]
        assert torch.get_num_threads() == 2
        with ThreadPoolExecutor(1) as executor:
            assert executor.submit(torch.get_num_threads).result() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.usefixtures("tiny_shards")
@pytest.mark.parametrize("n_finished", [0, 1, 4, 6])
def test_an_interrupted_sweep_does_only_what_is_left(n_finished, tmp_path, monkeypatch):
    expected = run_sweep(grid(), **ARGUMENTS)
    folder, trained = tmp_path / "new" / "sweep", []

    def finishing(shard: Shard) -> dict[str, np.ndarray]:
        trained.append(shard)
        return train_shard(shard)

    def interrupted(shard: Shard) -> dict[str, np.ndarray]:
        if len(trained) == n_finished:
            raise KeyboardInterrupt
        return finishing(shard)

    monkeypatch.setattr(sweep_module, "train_shard", interrupted)
    with pytest.raises(KeyboardInterrupt) if n_finished < 6 else nullcontext():
        run_sweep(grid(), **ARGUMENTS, folder=folder)
    assert len(list(folder.iterdir())) == n_finished
    monkeypatch.setattr(sweep_module, "train_shard", finishing)
    assert_equal(run_sweep(grid(), **ARGUMENTS, folder=folder), expected)
    assert sorted(shard.places for shard in trained) == [(k,) for k in range(6)]


@pytest.mark.usefixtures("tiny_shards")
def test_a_shard_that_cannot_be_kept_leaves_no_part_of_it(tmp_path, monkeypatch):
    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr("tms_lib.checkpoints.os.replace", full)
    with pytest.raises(OSError, match="disk full"):
        run_sweep(grid(), **ARGUMENTS, folder=tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 6},
        {"n_seeds": 4},
        {"n_test": 65},
        {"config": TrainConfig(n_steps=21, batch_size=16)},
        {"settings": grid(5)},
        {"settings": [*grid(5), Setting(n_features=4, n_hidden=2, feature_probability=1.0)]},
    ],
)
@pytest.mark.usefixtures("tiny_shards")
def test_the_folder_of_another_sweep_is_refused(other, tmp_path):
    run_sweep(grid(), **ARGUMENTS, folder=tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    arguments = {"settings": grid(), **ARGUMENTS, **other}
    with pytest.raises(ValueError, match="folder must be new, or of a sweep with the same argum"):
        run_sweep(**arguments, folder=tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_broken_shard_is_named_and_left_alone(tmp_path):
    broken = tmp_path / "shard_00001.pt"
    broken.write_text("no shard")
    with pytest.raises(ValueError, match=r"shard_00001\.pt is no checkpoint"):
        run_sweep(grid(), **ARGUMENTS, folder=tmp_path)
    assert broken.read_text() == "no shard"


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"folder .*file/sweep must be one that can be written"):
        run_sweep(grid(), **ARGUMENTS, folder=tmp_path / "file" / "sweep")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"settings": []}, "settings must not be empty"),
        ({"n_seeds": 0}, "n_seeds must be at least 1; got 0"),
        ({"n_test": 0}, "n_test must be at least 1; got 0"),
        ({"seed": -1}, "seed must be at least 0; got -1"),
    ],
)
def test_wrong_arguments_are_named_and_make_no_folder(wrong, told, tmp_path):
    with pytest.raises(ValueError, match=told):
        run_sweep(**{"settings": grid(), **ARGUMENTS, **wrong}, folder=tmp_path / "sweep")
    assert not (tmp_path / "sweep").exists()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"n_features": 0}, "n_features must be at least 1; got 0"),
        ({"n_hidden": -1}, "n_hidden must be at least 1; got -1"),
        ({"feature_probability": 1.5}, r"feature_probability must lie in \[0, 1\]; got 1.5"),
        ({"feature_probability": [0.5, 0.5]}, r"must be one number or 3, .*got shape \(2,\)"),
        ({"importance": float("nan")}, "importance must be finite and at least 0; got nan"),
        ({"importance": [1.0] * 4}, r"importance must be one number or 3, .*got shape \(4,\)"),
    ],
)
def test_wrong_settings_are_named(wrong, told):
    right = {"n_features": 3, "n_hidden": 2, "feature_probability": 0.1}
    with pytest.raises(ValueError, match=told):
        Setting(**{**right, **wrong})


@pytest.mark.usefixtures("tiny_shards")
def test_divergence_is_reported_with_the_settings():
    config = TrainConfig(n_steps=20, batch_size=16, lr=1e30)
    with (
        ThreadPoolExecutor(1) as executor,
        pytest.raises(FloatingPointError, match=r"settings \[\d\], 3 instances each: training div"),
    ):
        run_sweep(grid(), **{**ARGUMENTS, "config": config}, executor=executor)


@pytest.mark.usefixtures("tiny_shards")
def test_progress_counts_shards_on_request(capsys):
    run_sweep(grid(), **ARGUMENTS)
    assert capsys.readouterr().err == ""
    run_sweep(grid(), **ARGUMENTS, progress=True)
    assert "6/6" in capsys.readouterr().err


def kill(pid: int, *, once_in: Path) -> None:
    """Kills a process as soon as there is a file in the folder."""
    while not list(once_in.glob("*.pt")):
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)


@pytest.mark.usefixtures("tiny_shards")
def test_a_killed_worker_of_a_cluster_loses_nothing(tmp_path):
    arguments = {**ARGUMENTS, "config": TrainConfig(n_steps=500, batch_size=64)}
    expected = run_sweep(grid(8), **arguments)
    folder = tmp_path / "sweep"
    cluster = LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        dashboard_address=":0",  # a port that is free
        local_directory=str(tmp_path / "dask"),
    )
    client = Client(cluster)
    with cluster, client:
        victim = cluster.workers[0].pid
        killer = threading.Thread(target=kill, args=(victim,), kwargs={"once_in": folder})
        killer.start()
        result = run_sweep(grid(8), **arguments, folder=folder, executor=client.get_executor())
        killer.join()
        assert cluster.workers[0].pid != victim
    assert_equal(result, expected)
