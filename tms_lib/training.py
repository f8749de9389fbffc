"""Training of many toy models at once.

Instances are independent models that share each step's kernels. Their losses are added, so that
an instance gets the gradient, and from Adam the step, that it would get alone.

`train` fits models to samples, with hand-derived gradients for the models of this library.
`minimise` does the same work for any other loss, with autograd.
"""

import math
from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tms_lib.checkpoints import Checkpoint
from tms_lib.engine import Run, TrainConfig, TrainResult
from tms_lib.gradients import SquaredErrorGradients, has_gradients
from tms_lib.losses import check_fits, check_importance, weighted_mse, weighted_row_mse
from tms_lib.models import relu_output
from tms_lib.sampling import Sampler, weighted


def train(
    model: nn.Module,
    sample: Sampler,
    *,
    importance: Float[Tensor, "..."],
    generator: torch.Generator,
    config: TrainConfig = TrainConfig(),
    target: Callable[[Tensor], Tensor] | None = None,
    snapshots: Sequence[int] = (),
    checkpoint: Checkpoint | None = None,
    progress: bool = False,
) -> TrainResult:
    """Train all instances of `model` in place, each on batches of its own.

    The models of this library get hand-derived gradients, any other module autograd's. On a GPU
    the step is recorded once as a CUDA graph and replayed. The same seed on the same device gives
    the same result.

    Args:
        model: Maps `instances batch features` to what it makes of them.
        sample: Called as `sample(batch_size, generator=generator)` at each step. Sparse features
            train best with a `FeatureSampler` and a quarter of the rows, or fewer.
        importance: I_i, broadcasts over `instances features`.
        generator: Source of randomness, on the device of `model`.
        config: Length and speed of the training.
        target: What the model should give for x; by default x itself.
        snapshots: Numbers of steps after which to keep the parameters; 0 keeps the start.
        checkpoint: Where to keep the state, so that an interrupted run can go on.
        progress: Whether to show a progress bar.

    Raises:
        ValueError: If an importance is negative or not finite, a snapshot lies beyond the run,
            shapes disagree, or the checkpoint is of another run.
        FloatingPointError: If a loss stops being finite. The message names instance and step.
    """
    check_importance(importance)
    importance = importance.to(next(model.parameters()))

    def draw() -> tuple[Tensor, Tensor, Tensor, Tensor]:
        x, weight = weighted(sample(config.batch_size, generator=generator))
        goal = x if target is None else target(x)
        check_fits(importance, goal)
        return x, goal, importance.expand(goal.shape[0], goal.shape[2]), weight

    if has_gradients(model):
        derived = SquaredErrorGradients(model)

        def gradients() -> Tensor:
            x, goal, importances, weight = draw()
            if goal.shape != x.shape:
                raise ValueError(
                    f"target must keep the shape of x, {tuple(x.shape)}; got {tuple(goal.shape)}."
                )
            return derived(x, goal, importance=importances, weight=weight)
    else:

        def losses() -> Tensor:
            x, goal, importances, weight = draw()
            return weighted_row_mse(goal, model(x), importance=importances, weight=weight)

        gradients = _backward(model, losses)
    run = Run(model, gradients, config=config, generator=generator, snapshots=snapshots)
    if checkpoint is not None:
        few = weighted(sample(2, generator=generator.clone_state()))
        run.resume(checkpoint, data=[importance, *few])
    return run.finish(progress=progress)


def minimise(
    model: nn.Module,
    losses: Callable[[], Float[Tensor, " instances"]],
    *,
    generator: torch.Generator,
    config: TrainConfig = TrainConfig(),
    snapshots: Sequence[int] = (),
    checkpoint: Checkpoint | None = None,
    progress: bool = False,
) -> TrainResult:
    """Train `model` in place on any loss, with autograd.

    Args:
        model: Holds the parameters.
        losses: Gives one loss per instance, differentiable in the parameters. It draws its own
            data, from `generator`.
        generator: As in `train`, like `snapshots` and what follows.
        config: As in `train`. The batch size says how much work a step is, and so how many
            threads are worth it; nothing else depends on it here.

    Raises:
        ValueError: As `train`.
        FloatingPointError: As `train`.

    >>> model = nn.ParameterDict({"theta": torch.tensor([3.0, -2.0])})
    >>> _ = minimise(
    ...     model, lambda: model["theta"] ** 2, generator=torch.Generator(),
    ...     config=TrainConfig(lr=0.1, n_steps=500)
    ... )
    >>> model["theta"].abs().max() < 1e-3
    tensor(True)
    """
    gradients = _backward(model, losses)
    run = Run(model, gradients, config=config, generator=generator, snapshots=snapshots)
    if checkpoint is not None:
        run.resume(checkpoint, data=[])
    return run.finish(progress=progress)


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


def _backward(model: nn.Module, losses: Callable[[], Tensor]) -> Callable[[], Tensor]:
    """Sets the gradients by autograd; the losses of the instances are added."""

    def gradients() -> Tensor:
        model.zero_grad()
        loss = losses()
        loss.sum().backward()
        return loss.detach()

    return gradients
