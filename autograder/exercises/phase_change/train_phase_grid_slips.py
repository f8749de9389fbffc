"""Wrong answers to `train_phase_grid`, and the sentences that explain them."""

import torch

import tms_lib
from autograder.exercise import Slip


def _importances_in_rows(
    feature_probability, relative_importance, *, n_seeds, n_steps, lr, generator
):
    shape = (len(feature_probability), len(relative_importance))
    p = feature_probability.repeat(shape[1]).repeat_interleave(n_seeds)
    r = relative_importance.repeat_interleave(shape[0] * n_seeds)
    importance = torch.stack([torch.ones_like(r), r], dim=-1)
    model = tms_lib.ReLUOutputModel(
        n_instances=len(p), n_features=2, n_hidden=1, generator=generator
    )

    def losses():
        return tms_lib.two_feature_loss(
            model.W, model.b, feature_probability=p[:, None], importance=importance
        )

    config = tms_lib.TrainConfig(n_steps=n_steps, lr=lr)
    tms_lib.minimise(model, losses, generator=generator, config=config)
    final = losses().detach().unflatten(0, (-1, n_seeds))
    W = tms_lib.best_of_seeds(model.W.detach().unflatten(0, (-1, n_seeds)), final)
    b = tms_lib.best_of_seeds(model.b.detach().unflatten(0, (-1, n_seeds)), final)
    return W.unflatten(0, shape), b.unflatten(0, shape), final.amin(1).unflatten(0, shape)


def _seeds_scattered(feature_probability, relative_importance, *, n_seeds, n_steps, lr, generator):
    shape = (len(feature_probability), len(relative_importance))
    p, r = torch.meshgrid(feature_probability, relative_importance, indexing="ij")
    p, r = p.flatten().repeat(n_seeds), r.flatten().repeat(n_seeds)
    importance = torch.stack([torch.ones_like(r), r], dim=-1)
    model = tms_lib.ReLUOutputModel(
        n_instances=len(p), n_features=2, n_hidden=1, generator=generator
    )

    def losses():
        return tms_lib.two_feature_loss(
            model.W, model.b, feature_probability=p[:, None], importance=importance
        )

    config = tms_lib.TrainConfig(n_steps=n_steps, lr=lr)
    tms_lib.minimise(model, losses, generator=generator, config=config)
    final = losses().detach().unflatten(0, (-1, n_seeds))
    W = tms_lib.best_of_seeds(model.W.detach().unflatten(0, (-1, n_seeds)), final)
    b = tms_lib.best_of_seeds(model.b.detach().unflatten(0, (-1, n_seeds)), final)
    return W.unflatten(0, shape), b.unflatten(0, shape), final.amin(1).unflatten(0, shape)


def _extra_comes_first(
    feature_probability, relative_importance, *, n_seeds, n_steps, lr, generator
):
    shape = (len(feature_probability), len(relative_importance))
    p, r = torch.meshgrid(feature_probability, relative_importance, indexing="ij")
    p, r = p.flatten().repeat_interleave(n_seeds), r.flatten().repeat_interleave(n_seeds)
    importance = torch.stack([r, torch.ones_like(r)], dim=-1)
    model = tms_lib.ReLUOutputModel(
        n_instances=len(p), n_features=2, n_hidden=1, generator=generator
    )

    def losses():
        return tms_lib.two_feature_loss(
            model.W, model.b, feature_probability=p[:, None], importance=importance
        )

    config = tms_lib.TrainConfig(n_steps=n_steps, lr=lr)
    tms_lib.minimise(model, losses, generator=generator, config=config)
    final = losses().detach().unflatten(0, (-1, n_seeds))
    W = tms_lib.best_of_seeds(model.W.detach().unflatten(0, (-1, n_seeds)), final)
    b = tms_lib.best_of_seeds(model.b.detach().unflatten(0, (-1, n_seeds)), final)
    return W.unflatten(0, shape), b.unflatten(0, shape), final.amin(1).unflatten(0, shape)


def _all_equally_important(
    feature_probability, relative_importance, *, n_seeds, n_steps, lr, generator
):
    shape = (len(feature_probability), len(relative_importance))
    p, r = torch.meshgrid(feature_probability, relative_importance, indexing="ij")
    p, r = p.flatten().repeat_interleave(n_seeds), r.flatten().repeat_interleave(n_seeds)
    importance = torch.ones(len(r), 2)
    model = tms_lib.ReLUOutputModel(
        n_instances=len(p), n_features=2, n_hidden=1, generator=generator
    )

    def losses():
        return tms_lib.two_feature_loss(
            model.W, model.b, feature_probability=p[:, None], importance=importance
        )

    config = tms_lib.TrainConfig(n_steps=n_steps, lr=lr)
    tms_lib.minimise(model, losses, generator=generator, config=config)
    final = losses().detach().unflatten(0, (-1, n_seeds))
    W = tms_lib.best_of_seeds(model.W.detach().unflatten(0, (-1, n_seeds)), final)
    b = tms_lib.best_of_seeds(model.b.detach().unflatten(0, (-1, n_seeds)), final)
    return W.unflatten(0, shape), b.unflatten(0, shape), final.amin(1).unflatten(0, shape)


def _averages_the_seeds(
    feature_probability, relative_importance, *, n_seeds, n_steps, lr, generator
):
    shape = (len(feature_probability), len(relative_importance))
    p, r = torch.meshgrid(feature_probability, relative_importance, indexing="ij")
    p, r = p.flatten().repeat_interleave(n_seeds), r.flatten().repeat_interleave(n_seeds)
    importance = torch.stack([torch.ones_like(r), r], dim=-1)
    model = tms_lib.ReLUOutputModel(
        n_instances=len(p), n_features=2, n_hidden=1, generator=generator
    )

    def losses():
        return tms_lib.two_feature_loss(
            model.W, model.b, feature_probability=p[:, None], importance=importance
        )

    config = tms_lib.TrainConfig(n_steps=n_steps, lr=lr)
    tms_lib.minimise(model, losses, generator=generator, config=config)
    W, b, final = (
        part.detach().unflatten(0, (-1, n_seeds)).mean(1) for part in (model.W, model.b, losses())
    )
    return W.unflatten(0, shape), b.unflatten(0, shape), final.unflatten(0, shape)


def _mean_of_the_losses(
    feature_probability, relative_importance, *, n_seeds, n_steps, lr, generator
):
    shape = (len(feature_probability), len(relative_importance))
    p, r = torch.meshgrid(feature_probability, relative_importance, indexing="ij")
    p, r = p.flatten().repeat_interleave(n_seeds), r.flatten().repeat_interleave(n_seeds)
    importance = torch.stack([torch.ones_like(r), r], dim=-1)
    model = tms_lib.ReLUOutputModel(
        n_instances=len(p), n_features=2, n_hidden=1, generator=generator
    )

    def losses():
        return tms_lib.two_feature_loss(
            model.W, model.b, feature_probability=p[:, None], importance=importance
        )

    config = tms_lib.TrainConfig(n_steps=n_steps, lr=lr)
    tms_lib.minimise(model, losses, generator=generator, config=config)
    final = losses().detach().unflatten(0, (-1, n_seeds))
    W = tms_lib.best_of_seeds(model.W.detach().unflatten(0, (-1, n_seeds)), final)
    b = tms_lib.best_of_seeds(model.b.detach().unflatten(0, (-1, n_seeds)), final)
    return W.unflatten(0, shape), b.unflatten(0, shape), final.mean(1).unflatten(0, shape)


def _keeps_the_worst(feature_probability, relative_importance, *, n_seeds, n_steps, lr, generator):
    shape = (len(feature_probability), len(relative_importance))
    p, r = torch.meshgrid(feature_probability, relative_importance, indexing="ij")
    p, r = p.flatten().repeat_interleave(n_seeds), r.flatten().repeat_interleave(n_seeds)
    importance = torch.stack([torch.ones_like(r), r], dim=-1)
    model = tms_lib.ReLUOutputModel(
        n_instances=len(p), n_features=2, n_hidden=1, generator=generator
    )

    def losses():
        return tms_lib.two_feature_loss(
            model.W, model.b, feature_probability=p[:, None], importance=importance
        )

    config = tms_lib.TrainConfig(n_steps=n_steps, lr=lr)
    tms_lib.minimise(model, losses, generator=generator, config=config)
    final = losses().detach().unflatten(0, (-1, n_seeds))
    W = tms_lib.best_of_seeds(model.W.detach().unflatten(0, (-1, n_seeds)), -final)
    b = tms_lib.best_of_seeds(model.b.detach().unflatten(0, (-1, n_seeds)), -final)
    return W.unflatten(0, shape), b.unflatten(0, shape), final.amax(1).unflatten(0, shape)


def _does_not_train(
    feature_probability,
    relative_importance,
    *,
    n_seeds,
    n_steps,  # noqa: ARG001  (the reference's signature)
    lr,  # noqa: ARG001  (the reference's signature)
    generator,
):
    shape = (len(feature_probability), len(relative_importance))
    p, r = torch.meshgrid(feature_probability, relative_importance, indexing="ij")
    p, r = p.flatten().repeat_interleave(n_seeds), r.flatten().repeat_interleave(n_seeds)
    importance = torch.stack([torch.ones_like(r), r], dim=-1)
    model = tms_lib.ReLUOutputModel(
        n_instances=len(p), n_features=2, n_hidden=1, generator=generator
    )
    final = tms_lib.two_feature_loss(
        model.W, model.b, feature_probability=p[:, None], importance=importance
    )
    final = final.detach().unflatten(0, (-1, n_seeds))
    W = tms_lib.best_of_seeds(model.W.detach().unflatten(0, (-1, n_seeds)), final)
    b = tms_lib.best_of_seeds(model.b.detach().unflatten(0, (-1, n_seeds)), final)
    return W.unflatten(0, shape), b.unflatten(0, shape), final.amin(1).unflatten(0, shape)


def _returns_every_seed(
    feature_probability, relative_importance, *, n_seeds, n_steps, lr, generator
):
    shape = (len(feature_probability), len(relative_importance), n_seeds)
    p, r = torch.meshgrid(feature_probability, relative_importance, indexing="ij")
    p, r = p.flatten().repeat_interleave(n_seeds), r.flatten().repeat_interleave(n_seeds)
    importance = torch.stack([torch.ones_like(r), r], dim=-1)
    model = tms_lib.ReLUOutputModel(
        n_instances=len(p), n_features=2, n_hidden=1, generator=generator
    )

    def losses():
        return tms_lib.two_feature_loss(
            model.W, model.b, feature_probability=p[:, None], importance=importance
        )

    config = tms_lib.TrainConfig(n_steps=n_steps, lr=lr)
    tms_lib.minimise(model, losses, generator=generator, config=config)
    return tuple(part.detach().unflatten(0, shape) for part in (model.W, model.b, losses()))


SLIPS = (
    Slip(
        answer=_importances_in_rows,
        says="Your grid has importances as rows before you cut it into densities and importances. "
        "The density belongs to the row: all importances of one density stand together.",
    ),
    Slip(
        answer=_seeds_scattered,
        says="You repeated the whole grid for each seed, but then cut it as if the seeds of one "
        "point stood together. Use repeat_interleave(n_seeds).",
    ),
    Slip(
        answer=_extra_comes_first,
        says="You gave r to the first feature. The extra one is the second: importances (1, r).",
    ),
    Slip(
        answer=_all_equally_important,
        says="You trained with equal importances. The second feature has importance r.",
    ),
    Slip(
        answer=_averages_the_seeds,
        says="You averaged over the seeds. W and -W are equally good and cancel: keep the seed of "
        "the least loss.",
    ),
    Slip(
        answer=_mean_of_the_losses,
        says="Your losses are larger than those of the models beside them, as averages over the "
        "seeds or losses from before the training are. Return those of the models that you keep.",
    ),
    Slip(
        answer=_keeps_the_worst,
        says="The seed that you keep is not the best of its point. Choose the one with the least "
        "loss among the seeds of that point.",
    ),
    Slip(
        answer=_does_not_train,
        says="Your models are as they started. Train them with minimise before you compare seeds.",
    ),
    Slip(
        answer=_returns_every_seed,
        says="You returned every seed. Keep the best one of each point.",
    ),
)
