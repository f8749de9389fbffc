"""Sweeps: a grid of settings, trained in shards on one core, on all cores or on many machines.

Any `concurrent.futures.Executor` can run the shards:

- `ThreadPoolExecutor(k)` uses k cores of this machine; torch lets its threads run in parallel.
- `ProcessPoolExecutor(k, mp_context=get_context("spawn"))` does it with processes.
- `dask.distributed.Client(address).get_executor()` uses the machines of a Dask cluster, and
  repeats the work of a lost worker. It needs the extra `cluster`, on all of them.

Each shard has a seed of its own and one thread, so that all of them give the same result.
"""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, as_completed
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from tms_lib.checkpoints import Checkpoint
from tms_lib.evaluation import best_of_seeds
from tms_lib.shards import Setting, Shard, cut_into_shards, train_shard
from tms_lib.threads import threads
from tms_lib.training import TrainConfig


class SettingResult(NamedTuple):
    """What a sweep found for one setting.

    Attributes:
        parameters: Those of the best seed, without an axis of instances: "W", "b", ...
        loss: The best seed's expected loss.
        losses: All seeds' expected losses.
    """

    parameters: dict[str, Tensor]
    loss: Tensor
    losses: Tensor


def run_sweep(
    settings: Sequence[Setting],
    *,
    n_seeds: int,
    config: TrainConfig,
    n_test: int,
    seed: int,
    executor: Executor | None = None,
    folder: Path | None = None,
    progress: bool = False,
) -> list[SettingResult]:
    """Train `n_seeds` models for each setting and keep the best.

    The same arguments give the same result, to the bit on machines of one kind, whatever the
    executor and however many workers it has.

    Args:
        settings: The grid, in any order, of any mixture of shapes.
        n_seeds: Models for each setting, each with a start and batches of its own.
        config: How all are trained, on rows of a `FeatureSampler`.
        n_test: Rows on which the seeds of a setting are compared.
        seed: Decides all randomness.
        executor: What runs the shards; by default one after the other, here.
        folder: Keeps each shard as soon as it is finished. After an interruption the same call
            does only the others. Made if it is not there.
        progress: Whether to show a progress bar over the shards.

    Returns:
        A result for each setting, in their order.

    Raises:
        ValueError: If there are no settings, a number is too small, or the folder cannot be
            written or has shards of another sweep.
        FloatingPointError: If a model diverges. What has finished stays in the folder.

    >>> pair = Setting(n_features=2, n_hidden=1, feature_probability=0.1)
    >>> config = TrainConfig(n_steps=500, batch_size=64)
    >>> (result,) = run_sweep([pair], n_seeds=8, config=config, n_test=1024, seed=0)
    >>> result.parameters["W"].sign().sum(), result.losses.shape  # antipodal
    (tensor(0.), torch.Size([8]))
    """
    shards = cut_into_shards(settings, n_seeds=n_seeds, config=config, n_test=n_test, seed=seed)
    store = None if folder is None else _Store(folder, shards)
    finished = {} if store is None else store.load()
    bar = tqdm(
        total=len(shards), initial=len(finished), desc="sweep", unit="shard", disable=not progress
    )
    missing = [k for k in range(len(shards)) if k not in finished]
    with bar, threads(1):
        for k, trained in _train(shards, missing, executor=executor):
            if store is not None:
                store.save(k, trained)
            finished[k] = trained
            bar.update()
    results = {}
    for k, shard in enumerate(shards):
        values = {name: torch.from_numpy(array) for name, array in finished[k].items()}
        losses = values.pop("losses")
        loss = best_of_seeds(losses, losses)
        for i, place in enumerate(shard.places):
            parameters = {name: value[i] for name, value in values.items()}
            results[place] = SettingResult(parameters=parameters, loss=loss[i], losses=losses[i])
    return [results[place] for place in range(len(settings))]


def _train(
    shards: Sequence[Shard], numbers: Sequence[int], *, executor: Executor | None
) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
    """Trains the shards with these numbers and gives each as soon as it is ready."""
    if executor is None:
        for k in numbers:
            yield k, train_shard(shards[k])
        return
    futures = {executor.submit(train_shard, shards[k]): k for k in numbers}
    try:
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        for future in futures:  # after an error: what has not begun yet is not worth doing
            future.cancel()


class _Store:
    """Finished shards of one sweep in a folder, a file for each.

    Raises:
        ValueError: If the folder cannot be made or written.
    """

    def __init__(self, folder: Path, shards: Sequence[Shard]) -> None:
        self._folder = folder
        self._sweep = hashlib.sha256(repr(shards).encode()).hexdigest()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._checkpoint(0)  # can be made where files can
        except (OSError, ValueError) as error:
            raise ValueError(f"folder {folder} must be one that can be written: {error}") from None

    def load(self) -> dict[int, dict[str, np.ndarray]]:
        """All shards that are there, by number.

        Raises:
            ValueError: If one is not of this sweep.
        """
        finished = {}
        for path in sorted(self._folder.glob("shard_*.pt")):
            try:
                state = Checkpoint(path=path).load(run=self._sweep)
            except ValueError as error:
                raise ValueError(
                    f"folder must be new, or of a sweep with the same arguments: {error}"
                ) from None
            assert state is not None
            number = int(path.stem.removeprefix("shard_"))
            finished[number] = {name: values.numpy() for name, values in state.items()}
        return finished

    def save(self, number: int, trained: dict[str, np.ndarray]) -> None:
        """Keeps a shard."""
        state = {name: torch.from_numpy(values) for name, values in trained.items()}
        self._checkpoint(number).save(state, run=self._sweep)

    def _checkpoint(self, number: int) -> Checkpoint:
        return Checkpoint(path=self._folder / f"shard_{number:05}.pt")
