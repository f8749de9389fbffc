"""Unusual right answers to the exercises of chapter 3."""

from functools import partial

import einops
import torch

import tms_lib
from answers.filing import right
from tms_lib import TrainConfig, expected_loss, sample_features, train

# --------------------------------------------------------------------------------- feature_norm


@right("feature_norm")
def torch_norm(W):
    return W.norm(p=2, dim=-2)


@right("feature_norm")
def power_one_half(W):
    return einops.reduce(W * W, "... h f -> ... f", "sum") ** 0.5


@right("feature_norm")
def distance_from_zero(W):
    return torch.cdist(W.mT, torch.zeros_like(W.mT[..., :1, :])).squeeze(-1)


# -------------------------------------------------------------------------------- superposition


@right("superposition")
def diagonal_filled_with_zero(W):
    dots = torch.nn.functional.normalize(W, dim=-2).mT @ W
    return dots.masked_fill(torch.eye(W.shape[-1], device=W.device) > 0, 0).square().sum(-1)


@right("superposition")
def total_minus_own(W):
    G = W.mT @ W
    squared = G.diagonal(dim1=-2, dim2=-1)
    return ((G**2).sum(-1) - squared**2) / squared.clamp(min=1e-30)


@right("superposition")
def pairs_by_hand(W):
    W_hat = W / W.norm(dim=-2, keepdim=True).clamp_min(1e-12)
    n = W.shape[-1]
    rows = [
        sum(
            ((W_hat[..., i] * W[..., j]).sum(-1) ** 2 for j in range(n) if j != i),
            torch.zeros_like(W[..., 0, 0]),
        )
        for i in range(n)
    ]
    return torch.stack(rows, dim=-1)


# ---------------------------------------------------------------------------- count_represented


@right("count_represented")
def count_nonzero(W, *, threshold=0.5):
    return torch.count_nonzero(W.norm(dim=-2) > threshold, dim=-1)


@right("count_represented")
def sum_as_int32(W, threshold=0.5):
    return (W.pow(2).sum(-2).sqrt() > threshold).int().sum(-1, dtype=torch.int32)


@right("count_represented")
def library_norms(W, *, threshold=0.5, dim=-1):
    return tms_lib.feature_norm(W).gt(threshold).sum(dim)


# ---------------------------------------------------------------------------- classify_features


@right("classify_features")
def arithmetic(W, *, norm_threshold=0.5, superposition_threshold=0.5):
    represented = (tms_lib.feature_norm(W) > norm_threshold).long()
    return represented * (1 + (tms_lib.superposition(W) > superposition_threshold).long())


@right("classify_features")
def filled_in_place(W, *, superposition_threshold=0.5, norm_threshold=0.5):
    kind = torch.full_like(tms_lib.feature_norm(W), 1).int()
    kind[tms_lib.superposition(W) > superposition_threshold] = 2
    kind[~(tms_lib.feature_norm(W) > norm_threshold)] = 0
    return kind


@right("classify_features")
def table_of_codes(W, *, norm_threshold=0.5, superposition_threshold=0.5):
    codes = torch.tensor([[0, 0], [1, 2]], device=W.device)
    represented = (W.norm(dim=-2) > norm_threshold).long()
    return codes[represented, (tms_lib.superposition(W) > superposition_threshold).long()]


# ------------------------------------------------------------------------------ linear_optimum


def costs(p, importance):
    return importance * (p / 3 - p**2 / 4)


@right("linear_optimum")
def largest_eigenvectors(feature_probability, *, importance, n_hidden):
    cost = costs(feature_probability, importance)
    W = torch.linalg.eigh(torch.diag_embed(cost)).eigenvectors[..., -n_hidden:].mT
    return W, (1 - (W**2).sum(-2)).round() * feature_probability / 2


@right("linear_optimum")
def negative_selection(feature_probability, *, importance, n_hidden):
    kept = costs(feature_probability, importance).argsort(-1, descending=True)[..., :n_hidden]
    W = -torch.eye(kept.max() + 1 + 100, dtype=importance.dtype)[kept][..., : importance.shape[-1]]
    return W, feature_probability / 2 * (1 + W.sum(-2))


@right("linear_optimum")
def bias_as_what_is_left(feature_probability, *, importance, n_hidden):
    W, _ = tms_lib.linear_optimum(feature_probability, importance=importance, n_hidden=n_hidden)
    mean = (feature_probability + 0 * importance) / 2
    return W.flip(-2), mean - (W.mT @ W @ mean.unsqueeze(-1)).squeeze(-1)


# -------------------------------------------------------------------------- linear_optimal_loss


@right("linear_optimal_loss")
def total_minus_the_kept(feature_probability, *, importance, n_hidden):
    cost = costs(feature_probability, importance)
    return cost.sum(-1) - cost.topk(n_hidden, dim=-1).values.sum(-1)


@right("linear_optimal_loss")
def ascending_sort(feature_probability, *, importance, n_hidden):
    cost = costs(feature_probability, importance).sort(dim=-1).values
    return cost[..., : cost.shape[-1] - n_hidden].sum(-1)


@right("linear_optimal_loss")
def masked_by_rank(feature_probability, *, importance, n_hidden):
    cost = costs(feature_probability, importance)
    rank = cost.argsort(-1, descending=True).argsort(-1)
    return (cost * (rank >= n_hidden)).sum(-1)


# -------------------------------------------------------------------------- train_over_densities


@right("train_over_densities")
def losses_before_the_axes_and_a_list(densities, *, importance, n_hidden, n_seeds, relu, n_steps,
                                      batch_size, n_test, generator):  # fmt: skip
    D, n = len(densities), len(importance)
    p = einops.repeat(densities, "d -> (d k) n", k=n_seeds, n=n)
    Model = tms_lib.ReLUOutputModel if relu else tms_lib.LinearModel
    model = Model(n_instances=D * n_seeds, n_features=n, n_hidden=n_hidden, generator=generator)
    sample = partial(sample_features, p)
    train(model, sample, importance=importance, generator=generator,
          config=TrainConfig(n_steps=n_steps, batch_size=batch_size), progress=True)  # fmt: skip
    losses = expected_loss(model, sample, importance=importance, n_samples=n_test,
                           generator=generator)  # fmt: skip
    parts = model.W.data, model.b.data, losses
    return [einops.rearrange(t, "(d k) ... -> d k ...", d=D) for t in parts]


@right("train_over_densities")
def seeds_outside_and_then_moved(densities, *, importance, n_hidden, n_seeds, relu, n_steps,
                                 batch_size, n_test, generator):  # fmt: skip
    p = densities.repeat(n_seeds)[:, None].repeat(1, len(importance))
    Model = tms_lib.ReLUOutputModel if relu else tms_lib.LinearModel
    model = Model(n_instances=len(p), n_features=len(importance), n_hidden=n_hidden,
                  generator=generator)  # fmt: skip
    sample = partial(sample_features, p)
    config = TrainConfig(batch_size=batch_size, n_steps=n_steps)
    train(model, sample, importance=importance, generator=generator, config=config)
    x = sample(n_test, generator=generator)
    with torch.no_grad():
        losses = tms_lib.weighted_mse(x, model(x), importance=importance)
    parts = model.W.detach(), model.b.detach(), losses
    return tuple(t.unflatten(0, (n_seeds, len(densities))).transpose(0, 1) for t in parts)
