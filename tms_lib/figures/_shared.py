"""What several figures need: the best of several seeds, all cores, and a page of pictures."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor, nn

from tms_lib.evaluation import best_of_seeds, expected_loss
from tms_lib.metrics import feature_norm
from tms_lib.sampling import FeatureSampler
from tms_lib.threads import threads
from tms_lib.training import TrainConfig, train

# the densities of the paper's first figures
DENSITIES = torch.tensor([1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001])

Found = TypeVar("Found")

_N_TEST = 2**15  # rows that seeds are compared on


class Best(NamedTuple):
    """The best model of each setting: its parameters by name, `settings ...`, and its loss."""

    parameters: dict[str, Tensor]
    loss: Tensor


def best_models(
    make_model: Callable[..., nn.Module],
    feature_probability: Float[Tensor, "settings features"],
    *,
    n_hidden: int,
    importance: Float[Tensor, "..."],
    n_seeds: int,
    config: TrainConfig,
    generator: torch.Generator,
) -> Best:
    """Trains `n_seeds` models for each setting, all at once, and keeps the best of each."""
    n_settings, n_features = feature_probability.shape
    p = feature_probability.repeat_interleave(n_seeds, dim=0)  # the seeds of a setting together
    model = make_model(
        n_instances=len(p), n_features=n_features, n_hidden=n_hidden, generator=generator
    )
    sample = FeatureSampler(p)
    train(model, sample, importance=importance, generator=generator, config=config)
    loss = expected_loss(
        model, sample, importance=importance, n_samples=_N_TEST, generator=generator
    )
    return keep_best(model, loss.unflatten(0, (n_settings, n_seeds)))


def keep_best(model: nn.Module, losses: Float[Tensor, "settings seeds"]) -> Best:
    """The parameters of the seed with the lowest loss, for each setting."""
    parameters = {
        name: best_of_seeds(values.detach().unflatten(0, losses.shape), losses)
        for name, values in model.named_parameters()
    }
    return Best(parameters, loss=losses.amin(-1))


def on_all_cores(work: Callable[[int], Found], *, n_parts: int) -> list[Found]:
    """What `work` gives for part 0, 1, ...: a thread per core, each with a part at a time."""
    with threads(1), ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(work, range(n_parts)))


def at_density(density: float) -> str:
    """A title."""
    return f"$1 - S = {density:g}$"


def page(
    n_rows: int, n_columns: int, *, width: int | float, height: int | float
) -> tuple[Figure, list[Axes]]:
    """A figure with a grid of axes, each `width` x `height` inches, row by row."""
    figure = Figure(figsize=(n_columns * width, n_rows * height), layout="constrained")
    return figure, list(figure.subplots(n_rows, n_columns, squeeze=False).flat)


def gaps_2d(W: Float[Tensor, "2 features"]) -> Float[Tensor, " represented"]:
    """The angles from each represented feature to the next, in degrees, starting at -180."""
    x, y = W[:, feature_norm(W) > 0.5]
    angle = torch.rad2deg(torch.atan2(y, x)).sort().values
    return torch.cat([angle.diff(), angle[:1] + 360 - angle[-1:]])
