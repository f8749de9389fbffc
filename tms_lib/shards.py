"""The parts of a sweep: settings of equal shapes, trained side by side by one worker.

A shard is plain data, so that it can be sent to another process or machine.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import torch
from torch import nn

from tms_lib.evaluation import best_of_seeds, expected_loss, same_for_seeds
from tms_lib.features import check_positive, check_probability
from tms_lib.losses import check_importance
from tms_lib.models import AbsoluteValueModel, LinearModel, ReLUHiddenModel, ReLUOutputModel
from tms_lib.sampling import FeatureSampler
from tms_lib.threads import threads
from tms_lib.training import TrainConfig, train

_ENTRIES = 2**17  # of a shard's batch; a few arrays of this size fit the cache of one core


class ModelKind(StrEnum):
    """The four families of models. The absolute value is trained on signed features."""

    LINEAR = "linear"
    RELU_OUTPUT = "ReLU output"
    RELU_HIDDEN = "ReLU hidden"
    ABSOLUTE_VALUE = "absolute value"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One point of a grid: a model, and the features that it is trained on.

    Args:
        kind: The family of the model.
        n_features: n.
        n_hidden: m.
        feature_probability: Density p of all features, or of each.
        importance: I_i of all features, or of each.

    Raises:
        ValueError: If a size is below 1, a probability lies outside [0, 1], an importance is
            negative or not finite, or there is neither one value nor one per feature.

    >>> Setting(n_features=3, n_hidden=1, feature_probability=0.1, importance=(1.0, 0.5, 0.2)).kind
    <ModelKind.RELU_OUTPUT: 'ReLU output'>
    """

    kind: ModelKind = ModelKind.RELU_OUTPUT
    n_features: int
    n_hidden: int
    feature_probability: float | Sequence[float]
    importance: float | Sequence[float] = 1.0

    def __post_init__(self) -> None:
        check_positive(n_features=self.n_features, n_hidden=self.n_hidden)
        for name in ("feature_probability", "importance"):
            shape = np.shape(getattr(self, name))
            if shape not in ((), (self.n_features,)):
                raise ValueError(
                    f"{name} must be one number or {self.n_features}, one per feature; "
                    f"got shape {shape}."
                )
        check_probability(torch.as_tensor(self.feature_probability, dtype=torch.float32))
        check_importance(torch.as_tensor(self.importance, dtype=torch.float32))


@dataclass(frozen=True, kw_only=True)
class Shard:
    """A part of a sweep, as plain data.

    Attributes:
        places: Where its settings stand in the grid.
        kind: The family of all its models, as the two sizes that follow.
        feature_probability: p of each feature in each setting.
        importance: I_i of each feature in each setting.
        n_seeds: Models per setting.
        config: How they are trained.
        n_test: Rows on which they are measured.
        seed: Decides all randomness.
    """

    places: tuple[int, ...]
    kind: ModelKind
    n_features: int
    n_hidden: int
    feature_probability: tuple[tuple[float, ...], ...]
    importance: tuple[tuple[float, ...], ...]
    n_seeds: int
    config: TrainConfig
    n_test: int
    seed: int


def cut_into_shards(
    settings: Sequence[Setting], *, n_seeds: int, config: TrainConfig, n_test: int, seed: int
) -> list[Shard]:
    """Groups settings of equal shapes into shards that fit a core's cache, or hold one setting.

    Each shard's seed comes from `seed` and the shard's number.

    Raises:
        ValueError: If there are no settings, or a number is too small.
    """
    if not settings:
        raise ValueError("settings must not be empty.")
    check_positive(n_seeds=n_seeds, n_test=n_test)
    if seed < 0:
        raise ValueError(f"seed must be at least 0; got {seed}.")
    groups: dict[tuple[ModelKind, int, int], list[int]] = {}
    for place, setting in enumerate(settings):
        shape = (setting.kind, setting.n_features, setting.n_hidden)
        groups.setdefault(shape, []).append(place)
    shards = []
    for (kind, n_features, n_hidden), group in groups.items():
        fit = max(1, _ENTRIES // (n_seeds * config.batch_size * n_features))
        # about equal, so that workers finish together
        for part in np.array_split(group, math.ceil(len(group) / fit)):
            places = part.tolist()
            of_shard = np.random.SeedSequence([seed, len(shards)])
            shards.append(
                Shard(
                    places=tuple(places),
                    kind=kind,
                    n_features=n_features,
                    n_hidden=n_hidden,
                    feature_probability=tuple(
                        _per_feature(settings[k].feature_probability, n_features) for k in places
                    ),
                    importance=tuple(
                        _per_feature(settings[k].importance, n_features) for k in places
                    ),
                    n_seeds=n_seeds,
                    config=config,
                    n_test=n_test,
                    seed=int(of_shard.generate_state(1, np.uint64)[0]),
                )
            )
    return shards


@threads(1)
def train_shard(shard: Shard) -> dict[str, np.ndarray]:
    """Trains all models of a shard, on one thread, and keeps the best seed of each setting.

    The seeds of a setting are compared on the same samples, so that noise does not decide.

    Returns:
        Each parameter of the best seeds, `settings ...`, and "losses", `settings seeds`. Plain
        arrays, since torch would pass tensors between processes through shared memory.

    Raises:
        FloatingPointError: If a model diverges.
    """
    generator = torch.Generator().manual_seed(shard.seed)
    p, importance = torch.tensor(shard.feature_probability), torch.tensor(shard.importance)
    # the seeds of one setting stand together: s0 s0 ... s1 s1 ...
    p_of_model = p.repeat_interleave(shard.n_seeds, 0)
    importance = importance.repeat_interleave(shard.n_seeds, 0)
    signed = shard.kind == ModelKind.ABSOLUTE_VALUE
    target = torch.abs if signed else None
    model = _new_model(shard, generator=generator)
    try:
        train(
            model,
            FeatureSampler(p_of_model, signed=signed),
            importance=importance,
            generator=generator,
            config=shard.config,
            target=target,
        )
    except FloatingPointError as error:
        raise FloatingPointError(
            f"a model of the settings {list(shard.places)}, {shard.n_seeds} instances each: {error}"
        ) from None
    losses = expected_loss(
        model,
        same_for_seeds(FeatureSampler(p, signed=signed), n_seeds=shard.n_seeds),
        importance=importance,
        n_samples=shard.n_test,
        generator=generator,
        target=target,
    ).unflatten(0, (-1, shard.n_seeds))
    best = {
        name: best_of_seeds(values.detach().unflatten(0, losses.shape), losses).numpy()
        for name, values in model.named_parameters()
    }
    return {**best, "losses": losses.numpy()}


def _per_feature(value: float | Sequence[float], n_features: int) -> tuple[float, ...]:
    return tuple(np.broadcast_to(np.asarray(value, dtype=float), n_features).tolist())


def _new_model(shard: Shard, *, generator: torch.Generator) -> nn.Module:
    make = {
        ModelKind.LINEAR: LinearModel,
        ModelKind.RELU_OUTPUT: ReLUOutputModel,
        ModelKind.RELU_HIDDEN: ReLUHiddenModel,
        ModelKind.ABSOLUTE_VALUE: AbsoluteValueModel,
    }[shard.kind]
    return make(
        n_instances=len(shard.places) * shard.n_seeds,
        n_features=shard.n_features,
        n_hidden=shard.n_hidden,
        generator=generator,
    )
