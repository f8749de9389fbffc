"""Plausible wrong answers to the exercises of chapter 6 that are not among the slips."""

# ruff: noqa: ARG001  (a wrong answer keeps the reference's signature)

import torch
import torch.nn.functional as F

import tms_lib
from answers.filing import wrong
from tms_lib import FeatureSampler, TrainConfig, expected_loss, train


def exact_ignored(p, r):
    return r * (p / 3 - p**2 / 4)


# --------------------------------------------------------------------------------- ignored_loss


@wrong("ignored_loss")
def variance_of_a_coin(feature_probability, relative_importance):
    return relative_importance * feature_probability * (1 - feature_probability)


@wrong("ignored_loss")
def whole_unit_interval(feature_probability, relative_importance):
    return relative_importance / 12 * torch.ones_like(feature_probability)


@wrong("ignored_loss")
def square_of_the_mean(feature_probability, relative_importance):
    return relative_importance * feature_probability**2 / 4


@wrong("ignored_loss")
def both_ignored(feature_probability, relative_importance):
    return exact_ignored(feature_probability, 1 + relative_importance) + 0 * relative_importance


@wrong("ignored_loss")
def importance_as_a_share(feature_probability, relative_importance):
    share = relative_importance / (1 + relative_importance)
    return exact_ignored(feature_probability, share)


@wrong("ignored_loss")
def arguments_exchanged(feature_probability, relative_importance):
    return exact_ignored(relative_importance, feature_probability)


@wrong("ignored_loss")
def outer_product_of_the_lists(feature_probability, relative_importance):
    return exact_ignored(feature_probability.reshape(-1, 1), relative_importance.reshape(1, -1))


@wrong("ignored_loss")
def density_clamped_from_below(feature_probability, relative_importance):
    return exact_ignored(feature_probability.clamp(min=0.01), relative_importance)


@wrong("ignored_loss")
def cheaper_of_the_two(feature_probability, relative_importance):
    return exact_ignored(feature_probability, relative_importance.clamp(max=1))


@wrong("ignored_loss")
def never_falls(feature_probability, relative_importance):
    return exact_ignored(feature_probability.clamp(max=2 / 3), relative_importance)


@wrong("ignored_loss")
def always_active_costs_nothing(feature_probability, relative_importance):
    return exact_ignored(feature_probability, relative_importance) * (feature_probability < 1)


@wrong("ignored_loss")
def constants_in_single_precision(feature_probability, relative_importance):
    third, quarter = torch.tensor(1 / 3), torch.tensor(1 / 4)
    p = feature_probability
    return relative_importance * (third * p - quarter * p**2)


# ------------------------------------------------------------------------------- antipodal_loss


@wrong("antipodal_loss")
def at_least_one_active(feature_probability, relative_importance):
    p = feature_probability
    return (1 + relative_importance) * (1 - (1 - p) ** 2) / 6


@wrong("antipodal_loss")
def difference_of_two_actives(feature_probability, relative_importance):
    return (1 + relative_importance) * feature_probability**2 * 7 / 36


@wrong("antipodal_loss")
def mean_importance(feature_probability, relative_importance):
    return (1 + relative_importance) / 2 * feature_probability**2 / 6


@wrong("antipodal_loss")
def product_of_the_variances(feature_probability, relative_importance):
    variance = feature_probability / 3 - feature_probability**2 / 4
    return (1 + relative_importance) * variance**2


@wrong("antipodal_loss")
def product_of_the_values(feature_probability, relative_importance):
    return (1 + relative_importance) * feature_probability**2 / 4


@wrong("antipodal_loss")
def with_the_best_small_bias(feature_probability, relative_importance):
    p = feature_probability
    return (1 + relative_importance) * (p**2 / 6 - (p**2 / 6) ** 2)


@wrong("antipodal_loss")
def importances_of_the_active_one(feature_probability, relative_importance):
    return (1 + relative_importance**2) * feature_probability**2 / 6


@wrong("antipodal_loss")
def linear_pair_with_bias(feature_probability, relative_importance):
    p = feature_probability
    return (1 + relative_importance) * (p / 3 - p**2 / 4)


@wrong("antipodal_loss")
def minimum_on_a_grid(feature_probability, relative_importance):
    u = (torch.arange(100) + 0.5) / 100
    mean_square = torch.minimum(u[:, None], u).square().mean().item()
    return (1 + relative_importance) * feature_probability**2 * mean_square


@wrong("antipodal_loss")
def squared_bias_removed(feature_probability, relative_importance):
    # as if a bias could answer the mean of what is missing and nothing else
    p = feature_probability
    return (1 + relative_importance) * (p**2 / 6 - p**4 / 9)


@wrong("antipodal_loss")
def twice_the_less_important(feature_probability, relative_importance):
    return 2 * relative_importance.clamp(max=1) * feature_probability**2 / 6


# --------------------------------------------------------------------------------- phase_losses


def losses_of(p, r, n_features):
    return tms_lib.phase_losses(p, r, n_features=n_features)


@wrong("phase_losses")
def pair_before_dedicated(feature_probability, relative_importance, *, n_features):
    losses = losses_of(feature_probability, relative_importance, n_features)
    return losses[..., [0, 2, 1, 3][: n_features + 1]]


@wrong("phase_losses")
def as_a_list(feature_probability, relative_importance, *, n_features):
    return list(losses_of(feature_probability, relative_importance, n_features).unbind(-1))


@wrong("phase_losses")
def relative_to_the_first(feature_probability, relative_importance, *, n_features):
    losses = losses_of(feature_probability, relative_importance, n_features)
    return losses / losses[..., :1].clamp(min=1e-9)


@wrong("phase_losses")
def three_for_one_pair_of_dimensions(feature_probability, relative_importance, *, n_features):
    losses = losses_of(feature_probability, relative_importance, n_features)
    return losses if n_features == 2 else losses[..., [0, 1, 2, 2]]


@wrong("phase_losses")
def pair_with_both_others(feature_probability, relative_importance, *, n_features):
    losses = losses_of(feature_probability, relative_importance, n_features)
    p, r = feature_probability, relative_importance
    losses[..., 2] = (n_features - 1 + r) * p**2 / 6
    return losses


@wrong("phase_losses")
def divided_by_the_features(feature_probability, relative_importance, *, n_features):
    return losses_of(feature_probability, relative_importance, n_features) / n_features


@wrong("phase_losses")
def never_negative_and_never_zero(feature_probability, relative_importance, *, n_features):
    return losses_of(feature_probability, relative_importance, n_features).clamp(min=1e-3)


@wrong("phase_losses")
def importances_add_up_to_one(feature_probability, relative_importance, *, n_features):
    losses = losses_of(feature_probability, relative_importance, n_features)
    return losses / (n_features - 1 + relative_importance).unsqueeze(-1)


@wrong("phase_losses")
def pair_is_the_cheapest_pair(feature_probability, relative_importance, *, n_features):
    losses = losses_of(feature_probability, relative_importance, n_features)
    losses[..., 2] = losses[..., 2:].amin(-1)
    return losses


@wrong("phase_losses")
def lone_candidates_not_filled(feature_probability, relative_importance, *, n_features):
    p, r = feature_probability, relative_importance
    variance = p / 3 - p**2 / 4
    losses = [r * variance, variance, (1 + r) * p**2 / 6, p**2 / 3]
    return torch.stack(losses[: n_features + 1], dim=-1)


@wrong("phase_losses")
def padded_with_infinity(feature_probability, relative_importance, *, n_features):
    losses = losses_of(feature_probability, relative_importance, 3)
    if n_features == 2:
        losses[..., 3] = torch.inf
    return losses


# ---------------------------------------------------------------------------- theoretical_phase


@wrong("theoretical_phase")
def last_of_equals(feature_probability, relative_importance, *, n_features):
    losses = losses_of(feature_probability, relative_importance, n_features)
    return losses.shape[-1] - 1 - losses.flip(-1).argmin(-1)


@wrong("theoretical_phase")
def phase_as_float(feature_probability, relative_importance, *, n_features):
    losses = losses_of(feature_probability, relative_importance, n_features)
    return losses.argmin(-1).to(losses.dtype)


@wrong("theoretical_phase")
def one_hot_phase(feature_probability, relative_importance, *, n_features):
    losses = losses_of(feature_probability, relative_importance, n_features)
    return F.one_hot(losses.argmin(-1), n_features + 1)


@wrong("theoretical_phase")
def pairs_counted_as_one(feature_probability, relative_importance, *, n_features):
    losses = losses_of(feature_probability, relative_importance, n_features)
    return losses.argmin(-1).clamp(max=2)


@wrong("theoretical_phase")
def superposed_or_ignored(feature_probability, relative_importance, *, n_features):
    losses = losses_of(feature_probability, relative_importance, n_features)
    return torch.where(losses[..., 2] < losses[..., 0], 2, 0)


@wrong("theoretical_phase")
def below_four_sevenths(feature_probability, relative_importance, *, n_features):
    losses = losses_of(feature_probability, relative_importance, n_features)
    shared = (feature_probability < 4 / 7).expand(losses.shape[:-1])
    return torch.where(shared, losses[..., 2:].argmin(-1) + 2, losses[..., :2].argmin(-1))


@wrong("theoretical_phase")
def from_rounded_losses(feature_probability, relative_importance, *, n_features):
    losses = losses_of(feature_probability, relative_importance, n_features)
    return losses.round(decimals=1).argmin(-1)


@wrong("theoretical_phase")
def exchanged_codes_of_three(feature_probability, relative_importance, *, n_features):
    phase = losses_of(feature_probability, relative_importance, n_features).argmin(-1)
    return torch.tensor([0, 1, 2] if n_features == 2 else [0, 1, 3, 2])[phase]


def by_the_boundary(p, r, boundary_of, n_features):
    below = p < tms_lib.superposition_boundary(r, n_features=boundary_of)
    return torch.where(below, torch.where(r > 1, n_features, 2), (r > 1).long())


@wrong("theoretical_phase")
def pair_at_density_zero(feature_probability, relative_importance, *, n_features):
    p, r = torch.broadcast_tensors(feature_probability, relative_importance)
    return by_the_boundary(p, r, n_features, n_features)


@wrong("theoretical_phase")
def boundary_of_two_for_three(feature_probability, relative_importance, *, n_features):
    p, r = torch.broadcast_tensors(feature_probability, relative_importance)
    return by_the_boundary(p, r, 2, n_features) * (p > 0)


@wrong("theoretical_phase")
def others_share_from_one_on(feature_probability, relative_importance, *, n_features):
    p, r = torch.broadcast_tensors(feature_probability, relative_importance)
    phase = by_the_boundary(p, r, n_features, n_features) * (p > 0)
    return torch.where((phase == 2) & (r == 1), n_features, phase)


# ----------------------------------------------------------------------- superposition_boundary


@wrong("superposition_boundary")
def smaller_of_both_branches(relative_importance, *, n_features):
    r = relative_importance
    return torch.minimum(4 * r / (2 + 5 * r), 4 / (5 + 2 * r))


@wrong("superposition_boundary")
def larger_of_both_branches(relative_importance, *, n_features):
    r = relative_importance
    return torch.maximum(4 * r / (2 + 5 * r), 4 / (5 + 2 * r))


@wrong("superposition_boundary")
def variance_of_the_active(relative_importance, *, n_features):
    # r p / 12 = (1 + r) p^2 / 6
    r = relative_importance
    above = 1 / (2 + 2 * r) if n_features == 2 else torch.full_like(r, 1 / 4)
    return torch.where(r < 1, r / (2 + 2 * r), above)


@wrong("superposition_boundary")
def mean_square_of_one_third(relative_importance, *, n_features):
    # r (p / 3 - p^2 / 4) = (1 + r) p^2 / 3
    r = relative_importance
    above = 4 / (7 + 4 * r) if n_features == 2 else torch.full_like(r, 4 / 11)
    return torch.where(r < 1, 4 * r / (4 + 7 * r), above)


@wrong("superposition_boundary")
def highest_density_on_a_grid(relative_importance, *, n_features):
    p = torch.linspace(0, 1, 1001, dtype=relative_importance.dtype)
    losses = tms_lib.phase_losses(p, relative_importance.unsqueeze(-1), n_features=n_features)
    return (p * (losses.argmin(-1) >= 2)).amax(-1)


@wrong("superposition_boundary")
def at_least_a_hundredth(relative_importance, *, n_features):
    p = tms_lib.superposition_boundary(relative_importance, n_features=n_features)
    return p.clamp(min=0.01)


@wrong("superposition_boundary")
def mirrored_in_the_wrong_variable(relative_importance, *, n_features):
    r = relative_importance
    mirrored = torch.where(r < 1, r, 2 - r).clamp(min=0)
    two = 4 * mirrored / (2 + 5 * mirrored)
    return two if n_features == 2 else 4 * r.clamp(max=1) / (2 + 5 * r.clamp(max=1))


@wrong("superposition_boundary")
def one_number_for_all(relative_importance, *, n_features):
    p = tms_lib.superposition_boundary(relative_importance, n_features=n_features)
    return p.amax()


@wrong("superposition_boundary")
def four_sevenths_in_single_precision(relative_importance, *, n_features):
    r = relative_importance
    above = 4 / (5 + 2 * r) if n_features == 2 else torch.tensor(4 / 7)
    return torch.where(r < 1, 4 * r / (2 + 5 * r), above)


@wrong("superposition_boundary")
def four_decimals(relative_importance, *, n_features):
    r = relative_importance
    above = 4 / (5 + 2 * r) if n_features == 2 else torch.full_like(r, 0.5714)
    return torch.where(r <= 1, 4 * r / (2 + 5 * r), above)


@wrong("superposition_boundary")
def one_side_for_the_whole_tensor(relative_importance, *, n_features):
    r = relative_importance
    if (r < 1).all():
        return 4 * r / (2 + 5 * r)
    return 4 / (5 + 2 * r) if n_features == 2 else torch.full_like(r, 4 / 7)


# ----------------------------------------------------------------------------- two_feature_loss


def loss_of(W, b, p, importance):
    return tms_lib.two_feature_loss(W, b, feature_probability=p, importance=importance)


@wrong("two_feature_loss")
def many_samples(W, b, *, feature_probability, importance):
    p = feature_probability.expand(*feature_probability.shape[:-1], 2)
    x = tms_lib.sample_features(p, 20_000, generator=torch.Generator().manual_seed(0))
    x_hat = torch.relu(x @ W.mT @ W + b.unsqueeze(-2))
    return tms_lib.weighted_mse(x, x_hat, importance=importance)


@wrong("two_feature_loss")
def linear_model(W, b, *, feature_probability, importance):
    return tms_lib.linear_expected_loss(
        W, b, feature_probability=feature_probability, importance=importance
    )


@wrong("two_feature_loss")
def one_active_feature(W, b, *, feature_probability, importance):
    p = feature_probability.mean(-1)
    return 2 * p * tms_lib.one_active_loss(W, b, importance=importance)


@wrong("two_feature_loss")
def instances_added(W, b, *, feature_probability, importance):
    return loss_of(W, b, feature_probability, importance).sum()


@wrong("two_feature_loss")
def first_density_for_both(W, b, *, feature_probability, importance):
    return loss_of(W, b, feature_probability[..., :1], importance)


@wrong("two_feature_loss")
def overlap_without_sign(W, b, *, feature_probability, importance):
    return loss_of(W.abs(), b, feature_probability, importance)


@wrong("two_feature_loss")
def no_bias(W, b, *, feature_probability, importance):
    return loss_of(W, torch.zeros_like(b), feature_probability, importance)


@wrong("two_feature_loss")
def normalised_columns(W, b, *, feature_probability, importance):
    return loss_of(F.normalize(W, dim=-2), b, feature_probability, importance)


@wrong("two_feature_loss")
def importances_exchanged(W, b, *, feature_probability, importance):
    return loss_of(W, b, feature_probability, importance.flip(-1))


@wrong("two_feature_loss")
def both_active_at_the_mean(W, b, *, feature_probability, importance):
    p, q = feature_probability, feature_probability.flip(-1)
    own, other = (W**2).sum(-2), W.prod(-1).sum(-1, keepdim=True)
    error = (
        p * q * tms_lib.own_error(own, other / 2 + b)
        + p * (1 - q) * tms_lib.own_error(own, b)
        + (1 - p) * q * tms_lib.interference_error(other, b)
        + (1 - p) * (1 - q) * b.relu() ** 2
    )
    return (importance * error).sum(-1)


@wrong("two_feature_loss")
def overlap_cut_from_the_graph(W, b, *, feature_probability, importance):
    own, other = (W**2).sum(-2), W.detach().prod(-1).sum(-1, keepdim=True)
    p, q = feature_probability, feature_probability.flip(-1)
    error = (
        p * q * tms_lib.both_active_error(own, other, bias=b)
        + p * (1 - q) * tms_lib.own_error(own, b)
        + (1 - p) * q * tms_lib.interference_error(other, b)
        + (1 - p) * (1 - q) * b.relu() ** 2
    )
    return (importance * error).sum(-1)


@wrong("two_feature_loss")
def first_hidden_dimension_only(W, b, *, feature_probability, importance):
    return loss_of(W[..., :1, :], b, feature_probability, importance)


@wrong("two_feature_loss")
def lengths_exchanged(W, b, *, feature_probability, importance):
    norm = W.norm(dim=-2, keepdim=True)
    return loss_of(F.normalize(W, dim=-2) * norm.flip(-1), b, feature_probability, importance)


@wrong("two_feature_loss")
def first_importance_for_both(W, b, *, feature_probability, importance):
    return loss_of(W, b, feature_probability, importance[..., :1])


# ---------------------------------------------------------------------------- classify_solution


@wrong("classify_solution")
def by_long_columns(W):
    long = W.norm(dim=-2) > 0.5
    if W.shape[-1] == 2:
        return torch.where(long.all(-1), 2, torch.where(long[..., 0], 0, 1))
    overlap = tms_lib.gram(F.normalize(W, dim=-2))
    pair = torch.where(overlap[..., 0, 1] < -0.5, 3, 2)
    return torch.where(long.all(-1), pair, torch.where(long[..., 2], 1, 0))


@wrong("classify_solution")
def by_the_shortest_column(W):
    return torch.where(W.norm(dim=-2).argmin(-1) == W.shape[-1] - 1, 0, 1)


@wrong("classify_solution")
def signs_of_the_weights(W):
    opposite = tms_lib.gram(W)[..., 0, -1] < -0.1
    return torch.where(opposite, 2, tms_lib.classify_solution(W).clamp(max=1))


@wrong("classify_solution")
def nearest_by_distance(W):
    if W.shape[-1] == 2:
        candidates = torch.tensor([[[1.0, 0]], [[0, 1]], [[1, -1]]])
        return (W.unsqueeze(-3) - candidates).flatten(-2).norm(dim=-1).argmin(-1)
    return tms_lib.classify_solution(W)


@wrong("classify_solution")
def nearest_gram_matrix(W):
    if W.shape[-1] == 3:
        return tms_lib.classify_solution(W)
    candidates = torch.tensor([[[1.0, 0], [0, 0]], [[0, 0], [0, 1]], [[1, -1], [-1, 1]]])
    return (tms_lib.gram(W).unsqueeze(-3) - candidates).flatten(-2).norm(dim=-1).argmin(-1)


@wrong("classify_solution")
def fourth_phase_unknown(W):
    return tms_lib.classify_solution(W).clamp(max=2)


@wrong("classify_solution")
def other_pair_counts_as_extra(W):
    phase = tms_lib.classify_solution(W)
    return (
        torch.where(phase == 3, 2, torch.where(phase == 2, 3, phase)) if W.shape[-1] == 3 else phase
    )


@wrong("classify_solution")
def one_phase_for_the_batch(W):
    return tms_lib.classify_solution(W).flatten()[0].expand(W.shape[:-2])


@wrong("classify_solution")
def cosines_themselves(W):
    v = torch.linalg.svd(W).Vh[..., -1, :]
    return v.abs().amax(-1)


@wrong("classify_solution")
def largest_entry_unseen(W):
    v = torch.linalg.svd(W).Vh[..., -1, :]
    return (v.abs().argmax(-1) != W.shape[-1] - 1).long()


@wrong("classify_solution")
def mean_over_the_directions_of_a_phase(W):
    v = torch.linalg.svd(W).Vh[..., -1, :]
    alone, last = v.abs(), v.shape[-1] - 1
    pair = (v[..., :-1] + v[..., -1:]).abs() / 2**0.5
    scores = [alone[..., last], alone[..., :last].mean(-1), pair.mean(-1)]
    if last == 2:
        scores.append((v[..., 0] + v[..., 1]).abs() / 2**0.5)
    return torch.stack(scores, dim=-1).argmax(-1)


@wrong("classify_solution")
def one_instance_axis(W):
    return tms_lib.classify_solution(W)[:, ...] if W.ndim == 3 else torch.zeros(())


# ----------------------------------------------------------------------------- train_phase_grid


def trained(p, r, n_seeds, n_steps, lr, generator):
    return tms_lib.train_phase_grid(
        p, r, n_seeds=n_seeds, n_steps=n_steps, lr=lr, generator=generator
    )


@wrong("train_phase_grid")
def one_seed_for_all(feature_probability, relative_importance, *, n_seeds, n_steps, lr, generator):
    return trained(feature_probability, relative_importance, 1, n_steps, lr, generator)


@wrong("train_phase_grid")
def ignores_steps_and_rate(
    feature_probability,
    relative_importance,
    *,
    n_seeds,
    n_steps,
    lr,
    generator,
):
    return trained(feature_probability, relative_importance, n_seeds, 150, 0.2, generator)


@wrong("train_phase_grid")
def losses_with_one_density(
    feature_probability, relative_importance, *, n_seeds, n_steps, lr, generator
):
    p = feature_probability.mean().expand(len(feature_probability))
    return trained(p, relative_importance, n_seeds, n_steps, lr, generator)


@wrong("train_phase_grid")
def seeds_itself(feature_probability, relative_importance, *, n_seeds, n_steps, lr, generator):
    generator.manual_seed(0)
    return trained(feature_probability, relative_importance, n_seeds, n_steps, lr, generator)


@wrong("train_phase_grid")
def biases_left_out(feature_probability, relative_importance, *, n_seeds, n_steps, lr, generator):
    W, b, losses = trained(
        feature_probability, relative_importance, n_seeds, n_steps, lr, generator
    )
    return W, torch.zeros_like(b), losses


@wrong("train_phase_grid")
def losses_of_few_samples(
    feature_probability, relative_importance, *, n_seeds, n_steps, lr, generator
):
    shape = (len(feature_probability), len(relative_importance))
    p, r = torch.cartesian_prod(feature_probability, relative_importance).T
    p, r = p.repeat_interleave(n_seeds), r.repeat_interleave(n_seeds)
    importance = torch.stack([torch.ones_like(r), r], dim=-1)
    model = tms_lib.ReLUOutputModel(
        n_instances=len(p), n_features=2, n_hidden=1, generator=generator
    )
    sample = FeatureSampler(p.unsqueeze(-1).expand(-1, 2).contiguous())
    config = TrainConfig(n_steps=n_steps, batch_size=64, lr=lr)
    train(model, sample, importance=importance, generator=generator, config=config)
    losses = expected_loss(
        model, sample, importance=importance, n_samples=256, generator=generator
    ).unflatten(0, (-1, n_seeds))
    W, b = (
        tms_lib.best_of_seeds(v.detach().unflatten(0, (-1, n_seeds)), losses).unflatten(0, shape)
        for v in (model.W, model.b)
    )
    return W, b, losses.amin(1).unflatten(0, shape)


@wrong("train_phase_grid")
def rows_are_importances(
    feature_probability, relative_importance, *, n_seeds, n_steps, lr, generator
):
    values = trained(feature_probability, relative_importance, n_seeds, n_steps, lr, generator)
    return tuple(value.transpose(0, 1) for value in values)


@wrong("train_phase_grid")
def still_in_the_graph(
    feature_probability, relative_importance, *, n_seeds, n_steps, lr, generator
):
    W, b, losses = trained(
        feature_probability, relative_importance, n_seeds, n_steps, lr, generator
    )
    return W.requires_grad_(), b.requires_grad_(), losses


def start(p, r, n_seeds, generator):
    """The grid's shape, a model for each point and seed, and their losses."""
    grid = torch.cartesian_prod(p, r).repeat_interleave(n_seeds, 0)
    importance = torch.stack([torch.ones(len(grid)), grid[:, 1]], dim=-1)
    model = tms_lib.ReLUOutputModel(
        n_instances=len(grid), n_features=2, n_hidden=1, generator=generator
    )

    def losses():
        return tms_lib.two_feature_loss(
            model.W, model.b, feature_probability=grid[:, :1], importance=importance
        )

    return (len(p), len(r), n_seeds), model, losses


@wrong("train_phase_grid")
def one_seed_for_the_whole_grid(
    feature_probability, relative_importance, *, n_seeds, n_steps, lr, generator
):
    shape, model, losses = start(feature_probability, relative_importance, n_seeds, generator)
    config = TrainConfig(n_steps=n_steps, lr=lr)
    tms_lib.minimise(model, losses, generator=generator, config=config)
    values = [part.detach().unflatten(0, shape) for part in (model.W, model.b, losses())]
    seed = values[-1].sum((0, 1)).argmin()
    return tuple(value[:, :, seed] for value in values)


@wrong("train_phase_grid")
def chosen_before_training(
    feature_probability, relative_importance, *, n_seeds, n_steps, lr, generator
):
    shape, model, losses = start(feature_probability, relative_importance, n_seeds, generator)
    first = losses().detach().unflatten(0, (-1, n_seeds))
    config = TrainConfig(n_steps=n_steps, lr=lr)
    tms_lib.minimise(model, losses, generator=generator, config=config)
    return tuple(
        tms_lib.best_of_seeds(part.detach().unflatten(0, (-1, n_seeds)), first).unflatten(
            0, shape[:2]
        )
        for part in (model.W, model.b, losses())
    )


@wrong("train_phase_grid")
def optimum_of_the_library(
    feature_probability, relative_importance, *, n_seeds, n_steps, lr, generator
):
    optimum = tms_lib.phase_optimum(feature_probability[:, None], relative_importance)
    shift = 1e-6 * torch.randn(optimum.W.shape, generator=generator)
    return optimum.W + shift, optimum.b, optimum.loss
