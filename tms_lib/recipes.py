"""Ready-made runs: new models of one kind, trained and measured in one call."""

from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from tms_lib.evaluation import expected_loss
from tms_lib.features import sample_features
from tms_lib.models import LinearModel, ReLUOutputModel
from tms_lib.training import TrainConfig, train


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
