"""`train` against the plain loop: time at equal loss, time per step, growth with the models."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from autograder.bench.plain_loop import BATCH_SIZE, N_STEPS, plain_loop
from autograder.bench.timing import seconds_per_step, timed
from tms_lib.evaluation import best_of_seeds
from tms_lib.features import geometric_importance
from tms_lib.models import ReLUOutputModel
from tms_lib.phase_grid import sweep_phase_grid
from tms_lib.sampling import FeatureSampler
from tms_lib.theory import classify_solution, expected_relu_loss, phase_losses, two_feature_loss
from tms_lib.threads import threads
from tms_lib.training import TrainConfig, train

DENSITIES = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The sizes of one batch of models."""

    n_models: int
    n_features: int
    n_hidden: int
    batch_size: int = BATCH_SIZE

    def new_model(self, generator: torch.Generator) -> ReLUOutputModel:
        """Models of these sizes on the device of `generator`."""
        return ReLUOutputModel(
            n_instances=self.n_models,
            n_features=self.n_features,
            n_hidden=self.n_hidden,
            generator=generator,
        )


SHAPES = (
    Shape(n_models=10, n_features=5, n_hidden=2),
    Shape(n_models=7, n_features=20, n_hidden=5),
    Shape(n_models=7, n_features=80, n_hidden=20),
    Shape(n_models=10, n_features=400, n_hidden=30, batch_size=2048),
    Shape(n_models=256, n_features=2, n_hidden=1),
)


class StepTimes(NamedTuple):
    """Seconds per step on the same batch: the plain loop's by number of threads, and ours."""

    shape: Shape
    plain: dict[int, float]
    ours: float

    @property
    def ratio(self) -> float:
        """How many times sooner ours is than the plain loop at its best."""
        return min(self.plain.values()) / self.ours


def step_times(shape: Shape, *, device: torch.device) -> StepTimes:
    """One step of each way, both on samples of all rows, empty ones too."""
    generator = torch.Generator(device).manual_seed(0)
    p = torch.full((shape.n_models, shape.n_features), 0.1, device=device)
    importance = torch.ones(shape.n_features, device=device)
    model, sampler = shape.new_model(generator), FeatureSampler(p, skips_empty=False)

    def ours(n_steps: int) -> None:
        config = TrainConfig(n_steps=n_steps, batch_size=shape.batch_size)
        train(model, sampler, importance=importance, generator=generator, config=config)

    return StepTimes(
        shape=shape,
        plain=_plain_step_times(shape, p, importance=importance, device=device),
        ours=seconds_per_step(ours, device=device),
    )


class Race(NamedTuple):
    """Both ways trained to the end; the exact losses have the axes `densities seeds`."""

    plain_seconds: float
    our_seconds: float
    plain_losses: Tensor
    our_losses: Tensor

    @property
    def ratio(self) -> float:
        """How many times sooner ours was."""
        return self.plain_seconds / self.our_seconds

    def relative_losses(self) -> tuple[Tensor, Tensor]:
        """Our mean loss over the plain loop's at each density, and its standard error."""
        means, errors = [], []
        for losses in (self.our_losses, self.plain_losses):
            means.append(losses.mean(1))
            errors.append(losses.std(1) / losses.shape[1] ** 0.5 / means[-1])
        ratio = means[0] / means[1]
        return ratio, ratio * torch.hypot(*errors)


# one row of a FeatureSampler stands for all without an active feature, so that few rows do
RACE_CONFIG = TrainConfig(n_steps=2_000, batch_size=128)


def race(
    config: TrainConfig, *, n_seeds: int, plain_steps: int = N_STEPS, device: torch.device
) -> Race:
    """n = 20 features of importance 0.7^i in m = 5 dimensions, at seven densities.

    Both ways train `n_seeds` models at each.
    """
    shape = Shape(n_models=len(DENSITIES) * n_seeds, n_features=20, n_hidden=5)
    importance = geometric_importance(0.7, shape.n_features).to(device)
    densities = torch.tensor(DENSITIES, device=device).repeat_interleave(n_seeds)
    p = densities.unsqueeze(-1).expand(-1, shape.n_features)
    times = _plain_step_times(shape, p, importance=importance, device=device)
    generator = torch.Generator(device).manual_seed(0)
    plain = shape.new_model(generator)
    with threads(min(times, key=lambda number: times[number])):
        plain_seconds, _ = timed(
            lambda: plain_loop(
                plain, p, importance=importance, n_steps=plain_steps, generator=generator
            ),
            device=device,
        )
    our_seconds, ours = timed(
        lambda: _on_all_cores(p, importance=importance, config=config, device=device),
        device=device,
    )
    plain_losses, our_losses = (
        expected_relu_loss(W, b, feature_probability=p, importance=importance).cpu()
        for W, b in ((plain.W.detach(), plain.b.detach()), ours)
    )
    groups = (-1, n_seeds)
    return Race(
        plain_seconds,
        our_seconds,
        plain_losses.unflatten(0, groups),
        our_losses.unflatten(0, groups),
    )


def _on_all_cores(
    p: Tensor, *, importance: Tensor, config: TrainConfig, device: torch.device
) -> tuple[Tensor, Tensor]:
    """W and b of a model for each row of densities; each core trains a part of them."""

    def part(seed: int, p: Tensor) -> tuple[Tensor, Tensor]:
        generator = torch.Generator(device).manual_seed(seed)
        model = Shape(n_models=len(p), n_features=20, n_hidden=5).new_model(generator)
        train(model, FeatureSampler(p), importance=importance, generator=generator, config=config)
        return model.W.detach(), model.b.detach()

    parts = p.chunk(torch.get_num_threads() if device.type == "cpu" else 1)
    with threads(1), ThreadPoolExecutor(len(parts)) as executor:
        W, b = zip(*executor.map(part, range(len(parts)), parts), strict=True)
    return torch.cat(W), torch.cat(b)


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A phase diagram of two features in one dimension."""

    n_densities: int
    n_importances: int
    n_seeds: int

    @property
    def n_models(self) -> int:
        """All models of the diagram."""
        return self.n_densities * self.n_importances * self.n_seeds


GRIDS = (
    Grid(n_densities=1, n_importances=1, n_seeds=1),
    Grid(n_densities=1, n_importances=10, n_seeds=1),
    Grid(n_densities=10, n_importances=10, n_seeds=1),
    Grid(n_densities=10, n_importances=10, n_seeds=10),
    Grid(n_densities=32, n_importances=32, n_seeds=8),
)
GRID_CONFIG = TrainConfig(n_steps=500, batch_size=128, lr=0.03)


class GridTimes(NamedTuple):
    """Seconds for a phase diagram: the plain loop's all extrapolated, and ours.

    `agreement` is the share of points that have the phase of theory, of those where its two best
    candidates differ by more than 5 % in loss.
    """

    grid: Grid
    plain_seconds: float
    our_seconds: float
    agreement: float

    @property
    def ratio(self) -> float:
        """How many times sooner ours was."""
        return self.plain_seconds / self.our_seconds


def grid_times(grid: Grid, *, config: TrainConfig = GRID_CONFIG, device: torch.device) -> GridTimes:
    """Ours from start to end, and a few steps of the plain loop times their number."""
    p, r = torch.logspace(-2, 0, grid.n_densities), torch.logspace(-1, 1, grid.n_importances)
    shape = Shape(n_models=grid.n_models, n_features=2, n_hidden=1)
    p_of_model, importance = _of_models(p, r, grid.n_seeds)
    plain = _plain_step_times(
        shape, p_of_model.to(device), importance=importance.to(device), device=device
    )
    our_seconds, W = timed(
        lambda: _phase_diagram(p, r, n_seeds=grid.n_seeds, config=config, device=device),
        device=device,
    )
    candidates = phase_losses(p.unsqueeze(-1), r, n_features=2)
    least, second = candidates.sort(-1).values[..., :2].unbind(-1)
    agrees = classify_solution(W) == candidates.argmin(-1)
    return GridTimes(
        grid=grid,
        plain_seconds=N_STEPS * min(plain.values()),
        our_seconds=our_seconds,
        agreement=agrees[second > 1.05 * least].float().mean().item(),
    )


def _plain_step_times(
    shape: Shape, p: Tensor, *, importance: Tensor, device: torch.device
) -> dict[int, float]:
    """The plain loop's seconds per step by number of threads: 1, and torch's default."""
    generator = torch.Generator(device).manual_seed(0)
    model = shape.new_model(generator)

    def plain(n_steps: int) -> None:
        plain_loop(
            model,
            p,
            importance=importance,
            n_steps=n_steps,
            batch_size=shape.batch_size,
            generator=generator,
        )

    times = {}
    for number in sorted({1, torch.get_num_threads()} if device.type == "cpu" else {1}):
        with threads(number):
            times[number] = seconds_per_step(plain, device=device)
    return times


def _of_models(p: Tensor, r: Tensor, n_seeds: int) -> tuple[Tensor, Tensor]:
    """The densities and importances of all models of a diagram, `models features`."""
    grid = torch.meshgrid(p, r, indexing="ij")
    p, r = (axis.flatten().repeat_interleave(n_seeds) for axis in grid)
    return p.unsqueeze(-1).expand(-1, 2), torch.stack([torch.ones_like(r), r], dim=-1)


def _phase_diagram(
    p: Tensor, r: Tensor, *, n_seeds: int, config: TrainConfig, device: torch.device
) -> Tensor:
    """The best weights of each point: a sweep over all cores, or all models at once on a GPU."""
    if device.type == "cpu":
        with ThreadPoolExecutor(torch.get_num_threads()) as executor:
            W, _, _ = sweep_phase_grid(
                p, r, n_features=2, n_seeds=n_seeds, config=config, seed=0, executor=executor
            )
        return W
    p_of_model, importance = (values.to(device) for values in _of_models(p, r, n_seeds))
    generator = torch.Generator(device).manual_seed(0)
    shape = Shape(n_models=len(p_of_model), n_features=2, n_hidden=1)
    model, sampler = shape.new_model(generator), FeatureSampler(p_of_model)
    train(model, sampler, importance=importance, generator=generator, config=config)
    W, b = model.W.detach(), model.b.detach()
    losses = two_feature_loss(W, b, feature_probability=p_of_model, importance=importance)
    best = best_of_seeds(W.unflatten(0, (-1, n_seeds)), losses.unflatten(0, (-1, n_seeds)))
    return best.unflatten(0, (len(p), len(r))).cpu()
