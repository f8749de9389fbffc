"""Plausible wrong answers to the exercises of chapter 3 that are not among the slips."""

import math
from functools import partial

import torch
import torch.nn.functional as F

import tms_lib
from answers.filing import wrong
from tms_lib import TrainConfig, expected_loss, sample_features, train

# --------------------------------------------------------------------------------- feature_norm


@wrong("feature_norm")
def largest_entry(W):
    return W.abs().amax(-2)


@wrong("feature_norm")
def dim_one(W):
    return W.norm(dim=1)


@wrong("feature_norm")
def epsilon_below_the_root(W):
    return ((W**2).sum(-2) + 1e-6).sqrt()


@wrong("feature_norm")
def at_most_one(W):
    return W.norm(dim=-2).clamp(max=1)


@wrong("feature_norm")
def relative_to_the_longest(W):
    norm = W.norm(dim=-2)
    return norm / norm.amax(-1, keepdim=True)


@wrong("feature_norm")
def rows_if_there_are_as_many(W):
    return W.norm(dim=-1 if W.shape[-1] <= W.shape[-2] else -2)


@wrong("feature_norm")
def keeps_the_hidden_axis(W):
    return W.norm(dim=-2, keepdim=True)


@wrong("feature_norm")
def python_floats(W):
    return W.norm(dim=-2).tolist()


@wrong("feature_norm")
def standard_deviation_of_the_column(W):
    return W.std(-2, unbiased=False) * math.sqrt(W.shape[-2])


# -------------------------------------------------------------------------------- superposition


def projections(W):
    overlap = (F.normalize(W, dim=-2).mT @ W) ** 2
    return overlap - torch.diag_embed(overlap.diagonal(dim1=-2, dim2=-1))


@wrong("superposition")
def later_features_only(W):
    return projections(W).triu().sum(-1)


@wrong("superposition")
def largest_projection(W):
    return projections(W).amax(-1)


@wrong("superposition")
def capped_at_one(W):
    return projections(W).sum(-1).clamp(max=1)


@wrong("superposition")
def long_features_only(W):
    return projections(W * (W.norm(dim=-2, keepdim=True) > 0.1)).sum(-1)


@wrong("superposition")
def generous_epsilon(W):
    overlap = ((W / (W.norm(dim=-2, keepdim=True) + 1e-3)).mT @ W) ** 2
    return overlap.sum(-1) - overlap.diagonal(dim1=-2, dim2=-1)


@wrong("superposition")
def one_for_a_zero_column(W):
    return projections(W).sum(-1).where(W.norm(dim=-2) > 0, 1.0)


@wrong("superposition")
def negative_interference_is_free(W):
    overlap = (F.normalize(W, dim=-2).mT @ W).clamp(min=0) ** 2
    return overlap.sum(-1) - overlap.diagonal(dim1=-2, dim2=-1)


@wrong("superposition")
def twice_normalised(W):
    overlap = (W.mT @ W) ** 2 / W.norm(dim=-2).unsqueeze(-1).clamp(min=1e-8) ** 4
    return overlap.sum(-1) - overlap.diagonal(dim1=-2, dim2=-1)


@wrong("superposition")
def zeroes_the_diagonal_of_the_weights(W):
    W_hat = F.normalize(W, dim=-2)
    return ((W_hat.mT @ W).tril(-1) ** 2).sum(-1) + ((W_hat.mT @ W).triu(1) ** 2).sum(-2)


@wrong("superposition")
def mean_of_the_instances(W):
    value = projections(W).sum(-1)
    return value.mean(0, keepdim=True).expand_as(value) if W.ndim > 2 else value


# ---------------------------------------------------------------------------- count_represented


@wrong("count_represented")
def count_as_float(W, *, threshold=0.5):
    return (W.norm(dim=-2) > threshold).to(W.dtype).sum(-1)


@wrong("count_represented")
def share_of_features(W, *, threshold=0.5):
    return (W.norm(dim=-2) > threshold).float().mean(-1)


@wrong("count_represented")
def second_axis_of_three(W, *, threshold=0.5):
    return (W.norm(dim=1) > threshold).sum(-1)


@wrong("count_represented")
def rounds_the_norms(W, *, threshold=0.5):
    return (W.norm(dim=-2).round(decimals=1) > threshold).sum(-1)


@wrong("count_represented")
def largest_weight_of_a_column(W, *, threshold=0.5):
    return (W.abs().amax(-2) > threshold).sum(-1)


@wrong("count_represented")
def sum_of_absolute_weights(W, *, threshold=0.5):
    return (W.abs().sum(-2) > threshold).sum(-1)


@wrong("count_represented")
def at_most_the_hidden_dimensions(W, *, threshold=0.5):
    return (W.norm(dim=-2) > threshold).sum(-1).clamp(max=W.shape[-2])


@wrong("count_represented")
def rank_of_the_weights(W, *, threshold=0.5):
    return torch.linalg.matrix_rank(W, atol=threshold)


@wrong("count_represented")
def default_of_one(W, *, threshold=1.0):
    return (W.norm(dim=-2) > threshold).sum(-1)


@wrong("count_represented")
def rescales_the_longest_to_one(W, *, threshold=0.5):
    norm = W.norm(dim=-2)
    return (norm / norm.amax(-1, keepdim=True) > threshold).sum(-1)


# ---------------------------------------------------------------------------- classify_features


def kinds(norm, shared, norm_threshold=0.5, superposition_threshold=0.5):
    kind = torch.where(shared > superposition_threshold, 2, 1)
    return torch.where(norm > norm_threshold, kind, 0)


@wrong("classify_features")
def codes_from_one(W, *, norm_threshold=0.5, superposition_threshold=0.5):
    return 1 + kinds(
        tms_lib.feature_norm(W), tms_lib.superposition(W), norm_threshold, superposition_threshold
    )


@wrong("classify_features")
def codes_as_floats(W, *, norm_threshold=0.5, superposition_threshold=0.5):
    return kinds(
        tms_lib.feature_norm(W), tms_lib.superposition(W), norm_threshold, superposition_threshold
    ).float()


@wrong("classify_features")
def one_partner_must_suffice(W, *, norm_threshold=0.5, superposition_threshold=0.5):
    return kinds(
        tms_lib.feature_norm(W), projections(W).amax(-1), norm_threshold, superposition_threshold
    )


@wrong("classify_features")
def superposition_of_cosines(W, *, norm_threshold=0.5, superposition_threshold=0.5):
    shared = tms_lib.superposition(F.normalize(W, dim=-2))
    return kinds(tms_lib.feature_norm(W), shared, norm_threshold, superposition_threshold)


@wrong("classify_features")
def superposition_without_unit_vectors(W, *, norm_threshold=0.5, superposition_threshold=0.5):
    overlap = (W.mT @ W) ** 2
    shared = overlap.sum(-1) - overlap.diagonal(dim1=-2, dim2=-1)
    return kinds(tms_lib.feature_norm(W), shared, norm_threshold, superposition_threshold)


@wrong("classify_features")
def norm_threshold_included(W, *, norm_threshold=0.5, superposition_threshold=0.5):
    value = tms_lib.classify_features(
        W, norm_threshold=norm_threshold, superposition_threshold=superposition_threshold
    )
    shared = tms_lib.superposition(W) > superposition_threshold
    return value.where(tms_lib.feature_norm(W) != norm_threshold, torch.where(shared, 2, 1))


@wrong("classify_features")
def superposition_threshold_included(W, *, norm_threshold=0.5, superposition_threshold=0.5):
    return kinds(
        tms_lib.feature_norm(W),
        tms_lib.superposition(W) + 1e-6,
        norm_threshold,
        superposition_threshold,
    )


@wrong("classify_features")
def root_of_the_superposition(W, *, norm_threshold=0.5, superposition_threshold=0.5):
    return kinds(
        tms_lib.feature_norm(W),
        tms_lib.superposition(W).sqrt(),
        norm_threshold,
        superposition_threshold,
    )


@wrong("classify_features")
def partners_must_be_represented(W, *, norm_threshold=0.5, superposition_threshold=0.5):
    norm = tms_lib.feature_norm(W)
    shared = tms_lib.superposition(W * (norm > norm_threshold).unsqueeze(-2))
    return kinds(norm, shared, norm_threshold, superposition_threshold)


# -------------------------------------------------------------------------------- linear_optimum


def variance(p):
    return p / 3 - p**2 / 4


def keep(p, importance, ranking, n_hidden):
    p, ranking = torch.broadcast_tensors(p + 0 * importance, ranking)
    W = F.one_hot(ranking.topk(n_hidden, dim=-1).indices, p.shape[-1]).to(p.dtype)
    return W, p / 2 * (1 - W.sum(-2))


@wrong("linear_optimum")
def first_instance_decides(p, *, importance, n_hidden):
    cost = importance * variance(p)
    return keep(p, importance, cost[:1] if cost.ndim > 1 else cost, n_hidden)


@wrong("linear_optimum")
def densest(p, *, importance, n_hidden):
    return keep(p, importance, p + 0 * importance, n_hidden)


@wrong("linear_optimum")
def importance_times_density(p, *, importance, n_hidden):
    return keep(p, importance, importance * p, n_hidden)


@wrong("linear_optimum")
def one_feature_less(p, *, importance, n_hidden):
    W, b = tms_lib.linear_optimum(p, importance=importance, n_hidden=max(1, n_hidden - 1))
    return F.pad(W, (0, 0, 0, n_hidden - W.shape[-2])), b


@wrong("linear_optimum")
def hidden_last(p, *, importance, n_hidden):
    W, b = tms_lib.linear_optimum(p, importance=importance, n_hidden=n_hidden)
    return W.mT, b


@wrong("linear_optimum")
def bias_before_weights(p, *, importance, n_hidden):
    return tms_lib.linear_optimum(p, importance=importance, n_hidden=n_hidden)[::-1]


@wrong("linear_optimum")
def weights_of_importance(p, *, importance, n_hidden):
    W, b = tms_lib.linear_optimum(p, importance=importance, n_hidden=n_hidden)
    return W * (importance + 0 * p).sqrt().unsqueeze(-2), b


@wrong("linear_optimum")
def negative_bias(p, *, importance, n_hidden):
    W, b = tms_lib.linear_optimum(p, importance=importance, n_hidden=n_hidden)
    return W, -b


@wrong("linear_optimum")
def exact_to_six_digits(p, *, importance, n_hidden):
    W, b = tms_lib.linear_optimum(p, importance=importance, n_hidden=n_hidden)
    return W, b.float().to(b.dtype)


# --------------------------------------------------------------------------- linear_optimal_loss


def costs_from_the_largest(p, importance):
    return (importance * variance(p)).sort(-1, descending=True).values


@wrong("linear_optimal_loss")
def ignores_one_more(p, *, importance, n_hidden):
    return costs_from_the_largest(p, importance)[..., n_hidden - 1 :].sum(-1)


@wrong("linear_optimal_loss")
def ignores_one_less(p, *, importance, n_hidden):
    return costs_from_the_largest(p, importance)[..., n_hidden + 1 :].sum(-1)


@wrong("linear_optimal_loss")
def only_the_first_ignored(p, *, importance, n_hidden):
    return F.pad(costs_from_the_largest(p, importance), (0, 1))[..., n_hidden]


@wrong("linear_optimal_loss")
def keeps_half_of_the_features(p, *, importance, n_hidden):  # noqa: ARG001
    cost = costs_from_the_largest(p, importance)
    return cost[..., cost.shape[-1] // 2 :].sum(-1)


@wrong("linear_optimal_loss")
def variance_of_a_coin(p, *, importance, n_hidden):
    return (importance * p * (1 - p)).sort(-1, descending=True).values[..., n_hidden:].sum(-1)


@wrong("linear_optimal_loss")
def squared_importance(p, *, importance, n_hidden):
    return costs_from_the_largest(p, importance**2)[..., n_hidden:].sum(-1)


@wrong("linear_optimal_loss")
def average_variance(p, *, importance, n_hidden):
    return costs_from_the_largest(p.mean(-1, keepdim=True), importance)[..., n_hidden:].sum(-1)


@wrong("linear_optimal_loss")
def sum_over_the_instances(p, *, importance, n_hidden):
    loss = costs_from_the_largest(p, importance)[..., n_hidden:].sum(-1)
    return loss.sum().expand(loss.shape)


@wrong("linear_optimal_loss")
def sorted_out_of_the_graph(p, *, importance, n_hidden):
    return costs_from_the_largest(p.detach(), importance)[..., n_hidden:].sum(-1)


@wrong("linear_optimal_loss")
def measured_on_samples(p, *, importance, n_hidden):
    W, b = tms_lib.linear_optimum(p, importance=importance, n_hidden=n_hidden)
    x = sample_features(p, 2000, generator=torch.Generator())
    return tms_lib.weighted_mse(x, tms_lib.linear_output(x, W=W, b=b), importance=importance)


# -------------------------------------------------------------------------- train_over_densities


def over_densities(densities, *, importance, n_hidden, n_seeds, relu, n_steps, batch_size, n_test,
                   generator, cut=True):  # fmt: skip
    """A right experiment, unless an argument spoils it."""
    p = densities.repeat_interleave(n_seeds)[:, None].expand(-1, len(importance))
    sample = partial(sample_features, p)
    model = (tms_lib.ReLUOutputModel if relu else tms_lib.LinearModel)(
        n_instances=len(p), n_features=len(importance), n_hidden=n_hidden, generator=generator
    )
    config = TrainConfig(n_steps=n_steps, batch_size=batch_size)
    train(model, sample, importance=importance, generator=generator, config=config)
    losses = expected_loss(
        model, sample, importance=importance, n_samples=n_test, generator=generator
    )
    groups = (len(densities), n_seeds)
    parts = model.W, model.b, losses
    return tuple((t.detach() if cut else t).unflatten(0, groups) for t in parts)


@wrong("train_over_densities")
def models_still_part_of_the_graph(densities, **settings):
    return over_densities(densities, cut=False, **settings)


@wrong("train_over_densities")
def same_seed_whatever_the_generator(densities, *, generator, **settings):  # noqa: ARG001
    return over_densities(densities, generator=torch.Generator().manual_seed(0), **settings)


@wrong("train_over_densities")
def trains_a_tenth_of_the_steps(densities, *, n_steps, **settings):
    return over_densities(densities, n_steps=1 + n_steps // 10, **settings)


@wrong("train_over_densities")
def losses_sorted_without_their_models(densities, **settings):
    W, b, losses = over_densities(densities, **settings)
    return W, b, losses.sort(1).values
