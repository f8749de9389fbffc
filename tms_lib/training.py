"""Training of many toy models at once, and the choice of the best of several seeds.

Instances are independent models that share each step's kernels. Their losses are added, so that
an instance gets the gradient, and from Adam the step, that it would get alone.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from tqdm import trange

from tms_lib.features import check_positive, sample_features
from tms_lib.losses import weighted_mse
from tms_lib.models import LinearModel, ReLUOutputModel, relu_output

_STEPS_BETWEEN_CHECKS = 100  # looking at a loss makes the CPU wait for a GPU
_CHUNK = 8192  # samples that fit a CPU's cache well


@runtime_checkable
class Sampler(Protocol):
    """Draws a batch for every instance, such as `functools.partial(sample_features, p)`."""

    def __call__(
        self, n_samples: int, /, *, generator: torch.Generator
    ) -> Float[Tensor, "instances batch features"]: ...


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How long and how fast to train: Adam, its learning rate falling linearly to 0.

    Raises:
        ValueError: If a setting is not positive.
    """

    n_steps: int = 2_000
    batch_size: int = 1024
    lr: float = 1e-2  # at the first step

    def __post_init__(self) -> None:
        check_positive(n_steps=self.n_steps, batch_size=self.batch_size)
        if not 0 < self.lr < math.inf:
            raise ValueError(f"lr must be positive and finite; got {self.lr}.")


class TrainResult(NamedTuple):
    """What a run leaves beside the trained model.

    `losses` has the axes `steps instances`, on the CPU: the loss of each step's own batch,
    before the step.
    """

    losses: Tensor


def train(
    model: nn.Module,
    sample: Sampler,
    *,
    importance: Float[Tensor, "..."],
    generator: torch.Generator,
    config: TrainConfig = TrainConfig(),
    progress: bool = False,
) -> TrainResult:
    """Train all instances of `model` in place, each on batches of its own.

    It runs on one thread: steps are too small to share, and threads that wait for each other
    make them many times slower on a busy machine.

    Args:
        model: Maps `instances batch features` to their reconstruction.
        sample: Called as `sample(batch_size, generator=generator)` at each step.
        importance: I_i, broadcasts over `instances features`.
        generator: Source of randomness, on the device of `model`.
        config: Length and speed of the training.
        progress: Whether to show a progress bar.

    Raises:
        FloatingPointError: If a loss stops being finite. The message names instance and step.
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=config.lr)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / config.n_steps)
    losses: list[Tensor] = []  # each on the device, so that no step waits for it
    with _one_thread():
        for step in trange(config.n_steps, disable=not progress, desc="train"):
            x = sample(config.batch_size, generator=generator)
            loss = weighted_mse(x, model(x), importance=importance)  # instances
            optimizer.zero_grad()
            loss.sum().backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.detach())
            if (step + 1) % _STEPS_BETWEEN_CHECKS == 0 or step + 1 == config.n_steps:
                recent = torch.stack(losses[-_STEPS_BETWEEN_CHECKS:])
                _check_finite(recent, first_step=step + 1 - len(recent), lr=config.lr)
    return TrainResult(losses=torch.stack(losses).cpu())


def train_relu_output(
    feature_probability: Float[Tensor, "instances features"],
    *,
    importance: Float[Tensor, "..."],
    n_hidden: int,
    n_steps: int,
    batch_size: int,
    lr: float,
    generator: torch.Generator,
) -> tuple[
    Float[Tensor, "instances {n_hidden} features"],
    Float[Tensor, "instances features"],
    Float[Tensor, "{n_steps} instances"],
]:
    """New ReLU output models, trained by `train` on the sparse features.

    Args:
        feature_probability: Density p of each feature of each instance.
        importance: I_i, broadcasts over `instances features`.
        n_hidden: Hidden dimensions m.
        n_steps: As the next two, see `TrainConfig`.
        batch_size: Samples that each instance sees in a step.
        lr: Learning rate at the first step.
        generator: Source of randomness, on the device of `feature_probability`.

    Returns:
        W, b, and the losses of each step's own batch, on the CPU.

    >>> W, b, losses = train_relu_output(
    ...     torch.ones(3, 2), importance=torch.tensor([1.0, 0.12]), n_hidden=1, n_steps=500,
    ...     batch_size=256, lr=0.02, generator=torch.Generator().manual_seed(0)
    ... )
    >>> W.shape, b.shape, losses.shape
    (torch.Size([3, 1, 2]), torch.Size([3, 2]), torch.Size([500, 3]))
    """
    n_instances, n_features = feature_probability.shape
    model = ReLUOutputModel(
        n_instances=n_instances, n_features=n_features, n_hidden=n_hidden, generator=generator
    )
    result = train(
        model,
        partial(sample_features, feature_probability),
        importance=importance,
        generator=generator,
        config=TrainConfig(n_steps=n_steps, batch_size=batch_size, lr=lr),
    )
    return model.W.detach(), model.b.detach(), result.losses


def gradient_step(
    x: Float[Tensor, "*instances batch features"],
    *,
    W: Float[Tensor, "*instances hidden features"],
    b: Float[Tensor, "*instances features"],
    importance: Float[Tensor, "..."],
    lr: float,
) -> tuple[Float[Tensor, "*instances hidden features"], Float[Tensor, "*instances features"]]:
    """One step of plain gradient descent for the ReLU output model: theta - lr dL/dtheta.

    The gradient is of the sum of the instances' losses, so that each instance moves as it
    would alone: their mean would slow all of them down in proportion to their number.

    Returns:
        The new W and b, cut from the graph. The inputs stay as they are.

    Raises:
        ValueError: If `lr` is not positive.

    >>> one = torch.ones(1, 1)
    >>> gradient_step(one, W=0.5 * one, b=torch.zeros(1), importance=one[0], lr=0.1)
    (tensor([[0.6500]]), tensor([0.1500]))
    """
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be positive and finite; got {lr}.")
    W, b = W.detach().requires_grad_(), b.detach().requires_grad_()
    loss = weighted_mse(x, relu_output(x, W=W, b=b), importance=importance).sum()
    W_grad, b_grad = torch.autograd.grad(loss, (W, b))
    return W.detach() - lr * W_grad, b.detach() - lr * b_grad


@torch.no_grad()
def expected_loss(
    model: nn.Module,
    sample: Sampler,
    *,
    importance: Float[Tensor, "..."],
    n_samples: int,
    generator: torch.Generator,
) -> Float[Tensor, " instances"]:
    """Each instance's loss on `n_samples` fresh samples, drawn in chunks to bound memory.

    Compare seeds by this, not by the last loss of training, whose noise decides between
    near-equal runs.

    Raises:
        ValueError: If `n_samples` is below 1.
    """
    check_positive(n_samples=n_samples)
    chunks = [min(_CHUNK, n_samples - start) for start in range(0, n_samples, _CHUNK)]
    with _one_thread():
        total = torch.zeros(())
        for size in chunks:
            x = sample(size, generator=generator)
            total = total + size / n_samples * weighted_mse(x, model(x), importance=importance)
    return total


def best_of_seeds(
    values: Shaped[Tensor, " settings seeds *rest"], losses: Float[Tensor, "settings seeds"]
) -> Shaped[Tensor, " settings *rest"]:
    """For each setting, the values of the seed with the lowest loss.

    Training finds the best solution with some seeds only. An average over seeds is no
    solution: W and -W are equally good, and their mean is 0. A diverged seed, whose loss is
    not finite, is never chosen.

    Raises:
        ValueError: If all seeds of a setting diverged.

    >>> best_of_seeds(torch.tensor([[5, 6, 7]]), torch.tensor([[0.3, 0.1, torch.nan]]))
    tensor([6])
    """
    if values.shape[:2] != losses.shape:  # indexing would accept other values
        raise ValueError(
            f"values must start with the axes of losses, settings and seeds {tuple(losses.shape)}; "
            f"got shape {tuple(values.shape)}."
        )
    if not losses.isfinite().any(1).all():
        setting = losses.isfinite().any(1).logical_not().nonzero()[0].item()
        raise ValueError(f"every seed of setting {setting} diverged: no loss in losses is finite.")
    best = losses.where(losses.isfinite(), math.inf).argmin(1)
    return values[torch.arange(len(values), device=values.device), best]


def train_over_densities(
    densities: Float[Tensor, " densities"],
    *,
    importance: Float[Tensor, " features"],
    n_hidden: int,
    n_seeds: int,
    relu: bool,
    n_steps: int,
    batch_size: int,
    n_test: int,
    generator: torch.Generator,
) -> tuple[
    Float[Tensor, "densities {n_seeds} {n_hidden} features"],
    Float[Tensor, "densities {n_seeds} features"],
    Float[Tensor, "densities {n_seeds}"],
]:
    """Train `n_seeds` models at each density, all at once, and measure their losses afterwards.

    In a model all features share one density.

    Args:
        densities: p = 1 - S of each group of models, on the device of `generator`.
        importance: I_i, the same for all models.
        n_hidden: Hidden dimensions of each model.
        n_seeds: Models at each density, each with a start and batches of its own.
        relu: Whether the models have a ReLU at the output.
        n_steps: Steps of training.
        batch_size: Samples of each step.
        n_test: Fresh samples that each loss is measured on.
        generator: Source of randomness.

    Returns:
        W, b and the loss of every model.
    """
    n_densities, n_features = len(densities), len(importance)
    # the seeds of one density stand together: d0 d0 ... d1 d1 ...
    p = densities.repeat_interleave(n_seeds).unsqueeze(-1).expand(-1, n_features)
    sample = partial(sample_features, p)
    make_model = ReLUOutputModel if relu else LinearModel
    model = make_model(
        n_instances=len(p), n_features=n_features, n_hidden=n_hidden, generator=generator
    )
    config = TrainConfig(n_steps=n_steps, batch_size=batch_size)
    train(model, sample, importance=importance, generator=generator, config=config)
    losses = expected_loss(
        model, sample, importance=importance, n_samples=n_test, generator=generator
    )
    groups = (n_densities, n_seeds)
    W, b = model.W.detach(), model.b.detach()
    return W.unflatten(0, groups), b.unflatten(0, groups), losses.unflatten(0, groups)


@contextmanager
def _one_thread() -> Iterator[None]:
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)


def _check_finite(losses: Float[Tensor, "steps instances"], *, first_step: int, lr: float) -> None:
    if not losses.isfinite().all():
        step, instance = losses.isfinite().logical_not().nonzero()[0].tolist()
        raise FloatingPointError(
            f"training diverged: the loss of instance {instance} is {losses[step, instance]} "
            f"at step {first_step + step}. Is lr = {lr} too high?"
        )
