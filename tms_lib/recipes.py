"""Ready-made runs: models of one kind, trained as that kind needs it."""

from functools import partial

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from tms_lib.engine import Run, TrainConfig, TrainResult
from tms_lib.evaluation import expected_loss
from tms_lib.features import sample_features
from tms_lib.gradients import SquaredErrorGradients
from tms_lib.models import AbsoluteValueModel, LinearModel, ReLUOutputModel
from tms_lib.sampling import FeatureSampler
from tms_lib.training import train

_REPULSION = 0.05  # of like neurons, in units of the feature probability


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


def train_absolute_value(
    feature_probability: Float[Tensor, "instances features"],
    *,
    importance: Float[Tensor, " features"],
    n_hidden: int,
    generator: torch.Generator,
    config: TrainConfig = TrainConfig(n_steps=8_000, batch_size=128),
    progress: bool = False,
) -> tuple[AbsoluteValueModel, TrainResult]:
    r"""New absolute-value models, trained with two helps that fade away over the first half.

    Plain training from the plain start loses most sparse features for good: an output ReLU that
    is off for every input gets no gradient. And dense models spend several neurons on the same
    side of one feature. Hence, at first in full and from half of the steps on not at all:

    - where the output ReLU is off, its gradient is taken to be 1, so that a missing output grows;
    - neurons k and l that point the same way repel each other, by
      $0.05 p \sum_{k \neq l} [\cos(W_{1,k}, W_{1,l})]^2$ with p the mean density. Opposite
      neurons, which an absolute value needs, do not.

    The second half is ordinary training on the true loss. With n = 100, m = 40 and I_i = 0.8^i
    the best of five seeds comes within 1.1 times the loss of the hand-built monosemantic solution
    at densities 1 and 0.3, and below it where features are sparser.

    Args:
        feature_probability: Density p of each feature of each instance.
        importance: I_i.
        n_hidden: Neurons m.
        generator: Source of randomness, on the device of `feature_probability`.
        config: Length and speed; the learning rate must fall linearly, as the helps fade with it.
        progress: Whether to show a progress bar.

    Raises:
        ValueError: If the schedule is not linear.
    """
    if config.schedule != "linear":
        raise ValueError(f"config must have the schedule 'linear'; got {config.schedule!r}.")
    n_instances, n_features = feature_probability.shape
    model = AbsoluteValueModel(
        n_instances=n_instances, n_features=n_features, n_hidden=n_hidden, generator=generator
    )
    sample = FeatureSampler(feature_probability, signed=True)
    known = SquaredErrorGradients(model)
    strength = _REPULSION * feature_probability.mean(-1)
    importances = importance.expand(n_instances, n_features)

    def gradients() -> Tensor:
        x, weight = sample(config.batch_size, generator=generator)
        # the learning rate tells the time: no counter, which a checkpoint would have to keep
        help_left = (2 * run.lr / config.lr - 1).clamp(min=0)
        losses = known(x, x.abs(), importance=importances, weight=weight, leak=help_left)
        repulsion = (help_left * strength * _likeness(model.W1)).sum()
        assert model.W1.grad is not None
        model.W1.grad += torch.autograd.grad(repulsion, model.W1)[0]
        return losses

    run = Run(model, gradients, config=config, generator=generator, snapshots=())
    return model, run.finish(progress=progress)


def _likeness(
    W1: Float[Tensor, "*instances hidden features"],
) -> Float[Tensor, "*instances"]:
    """The squared positive cosines between different neurons, added."""
    W_hat = F.normalize(W1, dim=-1)
    cosine = (W_hat @ W_hat.mT).relu() ** 2
    return cosine.sum((-2, -1)) - cosine.diagonal(dim1=-2, dim2=-1).sum(-1)
