"""Wrong answers to `train_over_densities`, and the sentences that explain them."""

# ruff: noqa: ARG001  (a wrong answer keeps the reference's signature)

from functools import partial

import torch
from torch import Tensor

from autograder.exercise import Slip
from tms_lib.evaluation import expected_loss
from tms_lib.features import sample_features
from tms_lib.models import LinearModel, ReLUOutputModel
from tms_lib.training import TrainConfig, train


def _always_relu(
    densities: Tensor,
    *,
    importance: Tensor,
    n_hidden: int,
    n_seeds: int,
    relu: bool,
    n_steps: int,
    batch_size: int,
    n_test: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    p = densities.repeat_interleave(n_seeds)[:, None].expand(-1, len(importance))
    sample = partial(sample_features, p)
    kind = ReLUOutputModel
    model = kind(
        n_instances=len(p), n_features=len(importance), n_hidden=n_hidden, generator=generator
    )
    config = TrainConfig(n_steps=n_steps, batch_size=batch_size)
    train(model, sample, importance=importance, generator=generator, config=config)
    losses = expected_loss(
        model, sample, importance=importance, n_samples=n_test, generator=generator
    )
    W, b = model.W.detach(), model.b.detach()
    groups = (len(densities), n_seeds)
    return W.unflatten(0, groups), b.unflatten(0, groups), losses.unflatten(0, groups)


def _seeds_apart(
    densities: Tensor,
    *,
    importance: Tensor,
    n_hidden: int,
    n_seeds: int,
    relu: bool,
    n_steps: int,
    batch_size: int,
    n_test: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    p = densities.repeat(n_seeds)[:, None].expand(-1, len(importance))
    sample = partial(sample_features, p)
    kind = ReLUOutputModel if relu else LinearModel
    model = kind(
        n_instances=len(p), n_features=len(importance), n_hidden=n_hidden, generator=generator
    )
    config = TrainConfig(n_steps=n_steps, batch_size=batch_size)
    train(model, sample, importance=importance, generator=generator, config=config)
    losses = expected_loss(
        model, sample, importance=importance, n_samples=n_test, generator=generator
    )
    W, b = model.W.detach(), model.b.detach()
    groups = (len(densities), n_seeds)
    return W.unflatten(0, groups), b.unflatten(0, groups), losses.unflatten(0, groups)


def _trains_on_sparsity(
    densities: Tensor,
    *,
    importance: Tensor,
    n_hidden: int,
    n_seeds: int,
    relu: bool,
    n_steps: int,
    batch_size: int,
    n_test: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    p = (1 - densities).repeat_interleave(n_seeds)[:, None].expand(-1, len(importance))
    sample = partial(sample_features, p)
    kind = ReLUOutputModel if relu else LinearModel
    model = kind(
        n_instances=len(p), n_features=len(importance), n_hidden=n_hidden, generator=generator
    )
    config = TrainConfig(n_steps=n_steps, batch_size=batch_size)
    train(model, sample, importance=importance, generator=generator, config=config)
    losses = expected_loss(
        model, sample, importance=importance, n_samples=n_test, generator=generator
    )
    W, b = model.W.detach(), model.b.detach()
    groups = (len(densities), n_seeds)
    return W.unflatten(0, groups), b.unflatten(0, groups), losses.unflatten(0, groups)


def _does_not_train(
    densities: Tensor,
    *,
    importance: Tensor,
    n_hidden: int,
    n_seeds: int,
    relu: bool,
    n_steps: int,
    batch_size: int,
    n_test: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    p = densities.repeat_interleave(n_seeds)[:, None].expand(-1, len(importance))
    sample = partial(sample_features, p)
    kind = ReLUOutputModel if relu else LinearModel
    model = kind(
        n_instances=len(p), n_features=len(importance), n_hidden=n_hidden, generator=generator
    )
    losses = expected_loss(
        model, sample, importance=importance, n_samples=n_test, generator=generator
    )
    W, b = model.W.detach(), model.b.detach()
    groups = (len(densities), n_seeds)
    return W.unflatten(0, groups), b.unflatten(0, groups), losses.unflatten(0, groups)


def _forgets_importance_in_training(
    densities: Tensor,
    *,
    importance: Tensor,
    n_hidden: int,
    n_seeds: int,
    relu: bool,
    n_steps: int,
    batch_size: int,
    n_test: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    p = densities.repeat_interleave(n_seeds)[:, None].expand(-1, len(importance))
    sample = partial(sample_features, p)
    kind = ReLUOutputModel if relu else LinearModel
    model = kind(
        n_instances=len(p), n_features=len(importance), n_hidden=n_hidden, generator=generator
    )
    config = TrainConfig(n_steps=n_steps, batch_size=batch_size)
    train(model, sample, importance=torch.ones_like(importance), generator=generator, config=config)
    losses = expected_loss(
        model, sample, importance=importance, n_samples=n_test, generator=generator
    )
    W, b = model.W.detach(), model.b.detach()
    groups = (len(densities), n_seeds)
    return W.unflatten(0, groups), b.unflatten(0, groups), losses.unflatten(0, groups)


def _loss_of_the_last_batch(
    densities: Tensor,
    *,
    importance: Tensor,
    n_hidden: int,
    n_seeds: int,
    relu: bool,
    n_steps: int,
    batch_size: int,
    n_test: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    p = densities.repeat_interleave(n_seeds)[:, None].expand(-1, len(importance))
    sample = partial(sample_features, p)
    kind = ReLUOutputModel if relu else LinearModel
    model = kind(
        n_instances=len(p), n_features=len(importance), n_hidden=n_hidden, generator=generator
    )
    config = TrainConfig(n_steps=n_steps, batch_size=batch_size)
    result = train(model, sample, importance=importance, generator=generator, config=config)
    losses = result.losses[-1]
    W, b = model.W.detach(), model.b.detach()
    groups = (len(densities), n_seeds)
    return W.unflatten(0, groups), b.unflatten(0, groups), losses.unflatten(0, groups)


def _measures_before_training(
    densities: Tensor,
    *,
    importance: Tensor,
    n_hidden: int,
    n_seeds: int,
    relu: bool,
    n_steps: int,
    batch_size: int,
    n_test: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    p = densities.repeat_interleave(n_seeds)[:, None].expand(-1, len(importance))
    sample = partial(sample_features, p)
    kind = ReLUOutputModel if relu else LinearModel
    model = kind(
        n_instances=len(p), n_features=len(importance), n_hidden=n_hidden, generator=generator
    )
    losses = expected_loss(
        model, sample, importance=importance, n_samples=n_test, generator=generator
    )
    config = TrainConfig(n_steps=n_steps, batch_size=batch_size)
    train(model, sample, importance=importance, generator=generator, config=config)
    W, b = model.W.detach(), model.b.detach()
    groups = (len(densities), n_seeds)
    return W.unflatten(0, groups), b.unflatten(0, groups), losses.unflatten(0, groups)


def _copies_one_model(
    densities: Tensor,
    *,
    importance: Tensor,
    n_hidden: int,
    n_seeds: int,
    relu: bool,
    n_steps: int,
    batch_size: int,
    n_test: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    p = densities[:, None].expand(-1, len(importance))
    sample = partial(sample_features, p)
    kind = ReLUOutputModel if relu else LinearModel
    model = kind(
        n_instances=len(p), n_features=len(importance), n_hidden=n_hidden, generator=generator
    )
    config = TrainConfig(n_steps=n_steps, batch_size=batch_size)
    train(model, sample, importance=importance, generator=generator, config=config)
    losses = expected_loss(
        model, sample, importance=importance, n_samples=n_test, generator=generator
    )
    W, b = model.W.detach(), model.b.detach()
    return (
        torch.stack([W] * n_seeds, dim=1),
        torch.stack([b] * n_seeds, dim=1),
        torch.stack([losses] * n_seeds, dim=1),
    )


def _seeds_first(
    densities: Tensor,
    *,
    importance: Tensor,
    n_hidden: int,
    n_seeds: int,
    relu: bool,
    n_steps: int,
    batch_size: int,
    n_test: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    p = densities.repeat(n_seeds)[:, None].expand(-1, len(importance))
    sample = partial(sample_features, p)
    kind = ReLUOutputModel if relu else LinearModel
    model = kind(
        n_instances=len(p), n_features=len(importance), n_hidden=n_hidden, generator=generator
    )
    config = TrainConfig(n_steps=n_steps, batch_size=batch_size)
    train(model, sample, importance=importance, generator=generator, config=config)
    losses = expected_loss(
        model, sample, importance=importance, n_samples=n_test, generator=generator
    )
    W, b = model.W.detach(), model.b.detach()
    groups = (n_seeds, len(densities))
    return W.unflatten(0, groups), b.unflatten(0, groups), losses.unflatten(0, groups)


def _leaves_instances_in_a_row(
    densities: Tensor,
    *,
    importance: Tensor,
    n_hidden: int,
    n_seeds: int,
    relu: bool,
    n_steps: int,
    batch_size: int,
    n_test: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    p = densities.repeat_interleave(n_seeds)[:, None].expand(-1, len(importance))
    sample = partial(sample_features, p)
    kind = ReLUOutputModel if relu else LinearModel
    model = kind(
        n_instances=len(p), n_features=len(importance), n_hidden=n_hidden, generator=generator
    )
    config = TrainConfig(n_steps=n_steps, batch_size=batch_size)
    train(model, sample, importance=importance, generator=generator, config=config)
    losses = expected_loss(
        model, sample, importance=importance, n_samples=n_test, generator=generator
    )
    W, b = model.W.detach(), model.b.detach()
    return W, b, losses


def _keeps_only_the_best(
    densities: Tensor,
    *,
    importance: Tensor,
    n_hidden: int,
    n_seeds: int,
    relu: bool,
    n_steps: int,
    batch_size: int,
    n_test: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    p = densities.repeat_interleave(n_seeds)[:, None].expand(-1, len(importance))
    sample = partial(sample_features, p)
    kind = ReLUOutputModel if relu else LinearModel
    model = kind(
        n_instances=len(p), n_features=len(importance), n_hidden=n_hidden, generator=generator
    )
    config = TrainConfig(n_steps=n_steps, batch_size=batch_size)
    train(model, sample, importance=importance, generator=generator, config=config)
    losses = expected_loss(
        model, sample, importance=importance, n_samples=n_test, generator=generator
    )
    W, b = model.W.detach(), model.b.detach()
    best = losses.view(-1, n_seeds).argmin(1) + n_seeds * torch.arange(len(densities))
    return W[best], b[best], losses[best]


SLIPS = (
    Slip(
        answer=_seeds_first,
        says="You put the seeds before the densities. The first axis is the densities.",
    ),
    Slip(
        answer=_leaves_instances_in_a_row,
        says="You left the models in one row. Split the instances into two axes, "
        "densities and seeds.",
    ),
    Slip(
        answer=_keeps_only_the_best,
        says="You kept only the best seed. Return all; the reader chooses.",
    ),
    Slip(
        answer=_always_relu,
        says="You trained ReLU models where relu = False asks for linear ones.",
    ),
    Slip(
        answer=_seeds_apart,
        says="The order of the instances and your reshape disagree, so models of "
        "different densities share a row. Repeat each density n_seeds times in a row: "
        "repeat_interleave, not repeat.",
    ),
    Slip(
        answer=_trains_on_sparsity,
        says="You sampled with probability 1 - p. The densities are what the sampler takes.",
    ),
    Slip(
        answer=_does_not_train,
        says="Your models are as they were initialised. Call train before you read W and b.",
    ),
    Slip(
        answer=_forgets_importance_in_training,
        says="You trained without the importances, so the models do not know which "
        "features to keep.",
    ),
    Slip(
        answer=_measures_before_training,
        says="You measured the losses before training.",
    ),
    Slip(
        answer=_loss_of_the_last_batch,
        says="You returned the loss of a training batch. It is too noisy to compare "
        "models; measure on n_test fresh samples.",
    ),
    Slip(
        answer=_copies_one_model,
        says="You trained one model per density and copied it. Each seed is a model of "
        "its own: train densities times seeds instances.",
    ),
)
