"""Plausible wrong answers to the exercises of chapter 8 that are not among the slips."""

import torch
import torch.nn.functional as F

import tms_lib
from answers.filing import wrong

# ---------------------------------------------------------------------------- sample_correlated


def presence_and_values(probability, n_samples, set_size, generator):
    *instances, n_sets = probability.shape
    u = torch.rand(*instances, n_samples, n_sets, generator=generator)
    present = (u < probability.unsqueeze(-2)).repeat_interleave(set_size, -1)
    size = (*instances, n_samples, n_sets * set_size)
    return present, torch.rand(size, generator=generator, dtype=probability.dtype)


@wrong("sample_correlated")
def value_of_presence(probability, n_samples, *, set_size, generator):
    *instances, n_sets = probability.shape
    u = torch.rand(*instances, n_samples, n_sets, generator=generator, dtype=probability.dtype)
    return torch.where(u < probability.unsqueeze(-2), u, 0).repeat_interleave(set_size, -1)


@wrong("sample_correlated")
def values_of_both_signs(probability, n_samples, *, set_size, generator):
    present, value = presence_and_values(probability, n_samples, set_size, generator)
    return present * (2 * value - 1)


@wrong("sample_correlated")
def values_scaled_by_p(probability, n_samples, *, set_size, generator):
    present, value = presence_and_values(probability, n_samples, set_size, generator)
    return present * value * probability.repeat_interleave(set_size, -1).unsqueeze(-2)


@wrong("sample_correlated")
def normal_values(probability, n_samples, *, set_size, generator):
    present, value = presence_and_values(probability, n_samples, set_size, generator)
    return present * torch.randn(value.shape, generator=generator, dtype=value.dtype).abs()


@wrong("sample_correlated")
def sometimes_a_member_is_missing(probability, n_samples, *, set_size, generator):
    present, value = presence_and_values(probability, n_samples, set_size, generator)
    return present * value * (value > 0.02)


@wrong("sample_correlated")
def values_nearly_shared(probability, n_samples, *, set_size, generator):
    present, value = presence_and_values(probability, n_samples, set_size, generator)
    shared = value[..., ::set_size].repeat_interleave(set_size, -1)
    own = torch.rand(value.shape, generator=generator) < 0.8
    return present * torch.where(own, value, shared)


@wrong("sample_correlated")
def instances_last(probability, n_samples, *, set_size, generator):
    present, value = presence_and_values(probability, n_samples, set_size, generator)
    return (present * value).movedim(-2, 0)


@wrong("sample_correlated")
def neighbours_rows_alike(probability, n_samples, *, set_size, generator):
    present, value = presence_and_values(probability, n_samples, set_size, generator)
    return (
        present.roll(1, -2).where(torch.rand(n_samples, 1, generator=generator) < 0.1, present)
        * value
    )


@wrong("sample_correlated")
def at_least_one_set(probability, n_samples, *, set_size, generator):
    present, value = presence_and_values(probability, n_samples, set_size, generator)
    empty = ~present.any(-1, keepdim=True)
    return (present | empty) * value


@wrong("sample_correlated")
def values_shared_by_instances(probability, n_samples, *, set_size, generator):
    present, value = presence_and_values(probability, n_samples, set_size, generator)
    return present * value.reshape(-1, *value.shape[-2:])[0]


@wrong("sample_correlated")
def every_second_value_from_the_other_end(probability, n_samples, *, set_size, generator):
    present, value = presence_and_values(probability, n_samples, set_size, generator)
    first = value[..., ::set_size].repeat_interleave(set_size, -1)
    second = torch.arange(value.shape[-1]) % set_size % 2 == 1
    return present * torch.where(second, 1 - first, first)


@wrong("sample_correlated")
def values_of_two_rows(probability, n_samples, *, set_size, generator):
    present, value = presence_and_values(probability, n_samples, set_size, generator)
    return present * value[..., torch.arange(n_samples) // 2 * 2, :]


# ------------------------------------------------------------------------- sample_anticorrelated


def one_of_each(probability, n_samples, set_size, generator):
    shape = (*probability.shape[:-1], n_samples, probability.shape[-1])
    present = torch.rand(shape, generator=generator) < probability.unsqueeze(-2)
    member = torch.randint(set_size, shape, generator=generator)
    chosen = F.one_hot(member, set_size) * present.unsqueeze(-1)
    value = torch.rand(*shape, set_size, generator=generator, dtype=probability.dtype)
    return chosen, value


def of_set(probability, set_size, probability_of):
    return probability if probability_of == "set" else probability * set_size


@wrong("sample_anticorrelated")
def exchanged_conventions(probability, n_samples, *, set_size, probability_of, generator):
    p = probability * set_size if probability_of == "set" else probability
    chosen, value = one_of_each(p, n_samples, set_size, generator)
    return (chosen * value).flatten(-2)


@wrong("sample_anticorrelated")
def first_member_twice_as_often(probability, n_samples, *, set_size, probability_of, generator):
    p = of_set(probability, set_size, probability_of)
    chosen, value = one_of_each(p, n_samples, set_size + 1, generator)
    chosen[..., 0] += chosen[..., -1]
    return (chosen * value)[..., :-1].flatten(-2)


@wrong("sample_anticorrelated")
def always_pairs(probability, n_samples, *, set_size, probability_of, generator):
    p = probability if probability_of == "set" else probability * 2
    chosen, value = one_of_each(p, n_samples, set_size, generator)
    return (chosen * value).flatten(-2)


@wrong("sample_anticorrelated")
def opposite_signs(probability, n_samples, *, set_size, probability_of, generator):
    p = of_set(probability, set_size, probability_of)
    chosen, value = one_of_each(p, n_samples, set_size, generator)
    sign = 1 - 2 * (torch.arange(set_size) % 2)
    return (chosen * value * sign).flatten(-2)


@wrong("sample_anticorrelated")
def one_value_for_the_row(probability, n_samples, *, set_size, probability_of, generator):
    p = of_set(probability, set_size, probability_of)
    chosen, value = one_of_each(p, n_samples, set_size, generator)
    return (chosen * value[..., :1, :1]).flatten(-2)


@wrong("sample_anticorrelated")
def members_take_turns(probability, n_samples, *, set_size, probability_of, generator):
    p = of_set(probability, set_size, probability_of)
    chosen, value = one_of_each(p, n_samples, set_size, generator)
    turn = F.one_hot(torch.arange(n_samples) % set_size, set_size).unsqueeze(-2)
    return (chosen.sum(-1, keepdim=True) * turn * value).flatten(-2).roll(0)


@wrong("sample_anticorrelated")
def rarely_two_at_once(probability, n_samples, *, set_size, probability_of, generator):
    p = of_set(probability, set_size, probability_of)
    chosen, value = one_of_each(p, n_samples, set_size, generator)
    slip = torch.rand(value.shape, generator=generator) < 0.01
    present = chosen.sum(-1, keepdim=True) > 0
    return ((chosen > 0) | (slip & present)).to(value.dtype).mul(value).flatten(-2)


@wrong("sample_anticorrelated")
def squared_values(probability, n_samples, *, set_size, probability_of, generator):
    p = of_set(probability, set_size, probability_of)
    chosen, value = one_of_each(p, n_samples, set_size, generator)
    return (chosen * value**2).flatten(-2)


@wrong("sample_anticorrelated")
def members_take_turns_when_present(probability, n_samples, *, set_size, probability_of, generator):
    p = of_set(probability, set_size, probability_of)
    chosen, value = one_of_each(p, n_samples, set_size, generator)
    present = chosen.sum(-1)
    turn = F.one_hot(present.cumsum(-2) % set_size, set_size)
    return (present.unsqueeze(-1) * turn * value).flatten(-2)


@wrong("sample_anticorrelated")
def member_stays_for_two_rows(probability, n_samples, *, set_size, probability_of, generator):
    p = of_set(probability, set_size, probability_of)
    chosen, value = one_of_each(p, n_samples, set_size, generator)
    half = (*probability.shape[:-1], -(-n_samples // 2), probability.shape[-1])
    member = torch.randint(set_size, half, generator=generator).repeat_interleave(2, -2)
    turn = F.one_hot(member[..., :n_samples, :], set_size)
    return (chosen.sum(-1, keepdim=True) * turn * value).flatten(-2)


@wrong("sample_anticorrelated")
def member_by_rounding(probability, n_samples, *, set_size, probability_of, generator):
    p = of_set(probability, set_size, probability_of)
    chosen, value = one_of_each(p, n_samples, set_size, generator)
    u = torch.rand(chosen.shape[:-1], generator=generator)
    member = F.one_hot((u * (set_size - 1)).round().long(), set_size)
    return (chosen.sum(-1, keepdim=True) * member * value).flatten(-2)


@wrong("sample_anticorrelated")
def member_shared_by_instances(probability, n_samples, *, set_size, probability_of, generator):
    p = of_set(probability, set_size, probability_of)
    chosen, value = one_of_each(p, n_samples, set_size, generator)
    member = torch.randint(set_size, (n_samples, probability.shape[-1]), generator=generator)
    return (chosen.sum(-1, keepdim=True) * F.one_hot(member, set_size) * value).flatten(-2)


@wrong("sample_anticorrelated")
def values_drawn_for_half_the_batch(probability, n_samples, *, set_size, probability_of, generator):
    how = {"set_size": set_size, "probability_of": probability_of, "generator": generator}
    x = tms_lib.sample_anticorrelated(probability, n_samples, **how)
    row = torch.arange(n_samples) % max(n_samples // 2, 1)
    return (x > 0) * torch.rand(x.shape, generator=generator, dtype=x.dtype)[..., row, :]


# ----------------------------------------------------------------------------------- pair_losses


@wrong("pair_losses")
def means_of_absolute_errors(feature_probability, both_probability):
    q, r = feature_probability, both_probability
    return 2 * r / 3, q / 2 - r / 6, q / 2 - q**2 / 4


@wrong("pair_losses")
def dedicated_knows_the_pair(feature_probability, both_probability):
    q, r = feature_probability, both_probability
    return r / 3, q / 3 - r / 4, q / 3 - r**2 / 4


@wrong("pair_losses")
def dedicated_side_by_side(feature_probability, both_probability):
    q, r = feature_probability, both_probability
    return r / 3, q / 3 - q**2 / 4, q / 3 - q**2 / 4


@wrong("pair_losses")
def conditional_on_presence(feature_probability, both_probability):
    q, r = feature_probability, both_probability
    safe = torch.where(q > 0, q, 1)
    return r / 3 / safe, (q / 3 - r / 4) / safe, (q / 3 - q**2 / 4) / safe


@wrong("pair_losses")
def difference_not_halved(feature_probability, both_probability):
    q, r = feature_probability, both_probability
    return r / 3, (q - r) / 3 + r / 3, q / 3 - q**2 / 4


@wrong("pair_losses")
def probabilities_exchanged(feature_probability, both_probability):
    q, r = both_probability, feature_probability
    return r / 3, q / 3 - r / 4, q / 3 - q**2 / 4


@wrong("pair_losses")
def never_below_independent(feature_probability, both_probability):
    q, r = feature_probability, torch.maximum(both_probability, feature_probability**2)
    return r / 3, q / 3 - r / 4, q / 3 - q**2 / 4


@wrong("pair_losses")
def only_the_best(feature_probability, both_probability):
    return torch.stack(tms_lib.pair_losses(feature_probability, both_probability)).amin(0)


# --------------------------------------------------------------------------- cosines_within_sets


@wrong("cosines_within_sets")
def squared_cosines(W, *, set_size):
    return tms_lib.cosines_within_sets(W, set_size=set_size) ** 2


@wrong("cosines_within_sets")
def sorted_pairs(W, *, set_size):
    return tms_lib.cosines_within_sets(W, set_size=set_size).sort(-1).values


@wrong("cosines_within_sets")
def against_the_first_member(W, *, set_size):
    sets = F.normalize(W, dim=-2).unflatten(-1, (-1, set_size))
    return (sets[..., :1] * sets[..., 1:]).sum(-3)


@wrong("cosines_within_sets")
def pairs_of_two_only(W, *, set_size):
    W_hat = F.normalize(W, dim=-2)
    n_pairs = set_size * (set_size - 1) // 2
    cosine = (W_hat[..., ::2] * W_hat[..., 1::2]).sum(-2)
    return cosine.unsqueeze(-1).expand(*cosine.shape, n_pairs)


@wrong("cosines_within_sets")
def normalised_by_the_longest(W, *, set_size):
    unit = W / W.norm(dim=-2).amax(-1)[..., None, None].clamp(min=1e-30)
    sets = unit.unflatten(-1, (-1, set_size))
    i, j = torch.triu_indices(set_size, set_size, offset=1)
    return (sets[..., i] * sets[..., j]).sum(-3)


@wrong("cosines_within_sets")
def sets_and_pairs_exchanged(W, *, set_size):
    return tms_lib.cosines_within_sets(W, set_size=set_size).mT


@wrong("cosines_within_sets")
def one_for_absent_features(W, *, set_size):
    cosine = tms_lib.cosines_within_sets(W, set_size=set_size)
    return torch.where(cosine == 0, 1.0, cosine)


@wrong("cosines_within_sets")
def flattened(W, *, set_size):
    return tms_lib.cosines_within_sets(W, set_size=set_size).flatten(-2)


@wrong("cosines_within_sets")
def one_pair_for_a_lone_feature(W, *, set_size):
    if set_size > 1:
        return tms_lib.cosines_within_sets(W, set_size=set_size)
    return torch.ones_like(W[..., 0, :]).unsqueeze(-1)


@wrong("cosines_within_sets")
def lengths_cut_from_the_graph(W, *, set_size):
    length = W.norm(dim=-2, keepdim=True).detach()
    sets = (W / length.where(length > 0, 1)).unflatten(-1, (-1, set_size))
    i, j = torch.triu_indices(set_size, set_size, offset=1, device=W.device)
    return (sets[..., i] * sets[..., j]).sum(-3)


# ------------------------------------------------------------------------------- canonicalize_2d


@wrong("canonicalize_2d")
def singular_vectors(W):
    U, _, _ = torch.linalg.svd(W)
    return U.mT @ W


@wrong("canonicalize_2d")
def sorted_by_angle(W):
    form = tms_lib.canonicalize_2d(W)
    order = torch.atan2(form[..., 1, :], form[..., 0, :]).argsort(dim=-1, stable=True)
    return torch.take_along_dim(form, order.unsqueeze(-2), dim=-1)


@wrong("canonicalize_2d")
def one_rotation_for_all(W):
    flat = W.reshape(-1, *W.shape[-2:])
    x, y = F.normalize(flat[0, :, 0], dim=0)
    turn = torch.stack([torch.stack([x, y]), torch.stack([-y, x])])
    return turn @ W


@wrong("canonicalize_2d")
def most_features_above(W):
    form = tms_lib.canonicalize_2d(W)
    sign = torch.where(form[..., 1, :].sum(-1) < 0, -1.0, 1.0).to(W)
    return torch.stack([form[..., 0, :], sign.unsqueeze(-1) * form[..., 1, :]], -2)


@wrong("canonicalize_2d")
def last_feature_above(W):
    form = tms_lib.canonicalize_2d(W)
    sign = torch.where(form[..., 1, -1] < 0, -1.0, 1.0).to(W)
    return torch.stack([form[..., 0, :], sign.unsqueeze(-1) * form[..., 1, :]], -2)


@wrong("canonicalize_2d")
def threshold_not_relative(W):
    norm = W.norm(dim=-2)
    first = (norm >= 0.5).int().argmax(-1, keepdim=True)
    direction = F.normalize(torch.take_along_dim(W, first.unsqueeze(-2), dim=-1), dim=-2)
    c, s = direction.unbind(-2)
    x, y = c * W[..., 0, :] + s * W[..., 1, :], c * W[..., 1, :] - s * W[..., 0, :]
    off = y.abs() > 0.1
    chosen = torch.take_along_dim(y, off.int().argmax(-1, keepdim=True), dim=-1)
    return torch.stack([x, torch.where(chosen < 0, -y, y)], -2)


@wrong("canonicalize_2d")
def mean_direction_to_x(W):
    c, s = F.normalize(W.mean(-1, keepdim=True), dim=-2).unbind(-2)
    x, y = c * W[..., 0, :] + s * W[..., 1, :], c * W[..., 1, :] - s * W[..., 0, :]
    return torch.stack([x, y], -2)


def with_thresholds(W, *, is_long, is_clear):
    norm = W.norm(dim=-2)
    first = is_long(norm).int().argmax(-1, keepdim=True)
    column = torch.take_along_dim(W, first.unsqueeze(-2), dim=-1)
    c, s = F.normalize(column, dim=-2).unbind(-2)
    x, y = c * W[..., 0, :] + s * W[..., 1, :], c * W[..., 1, :] - s * W[..., 0, :]
    off = is_clear(y, norm, norm.gather(-1, first))
    decides = torch.take_along_dim(y, off.int().argmax(-1, keepdim=True), dim=-1)
    below = off.any(-1, keepdim=True) & (decides < 0)
    return torch.stack([x, torch.where(below, -y, y)], -2)


def largest(values):
    return values.amax(-1, keepdim=True)


def long(norm):
    return norm >= largest(norm) / 2


def clear(y, norm, _first):
    return y.abs() > largest(norm) / 10


@wrong("canonicalize_2d")
def half_the_mean_norm(W):
    def is_long(norm):
        return norm >= norm.mean(-1, keepdim=True) / 2

    return with_thresholds(W, is_long=is_long, is_clear=clear)


@wrong("canonicalize_2d")
def more_than_half(W):
    return with_thresholds(W, is_long=lambda norm: norm > largest(norm) / 2, is_clear=clear)


@wrong("canonicalize_2d")
def a_tenth_of_the_first(W):
    def is_clear(y, _norm, first):
        return y.abs() > first / 10

    return with_thresholds(W, is_long=long, is_clear=is_clear)


@wrong("canonicalize_2d")
def a_tenth_of_the_largest_y(W):
    def is_clear(y, _norm, _first):
        return y.abs() > largest(y.abs()) / 10

    return with_thresholds(W, is_long=long, is_clear=is_clear)


@wrong("canonicalize_2d")
def only_long_ones_decide(W):
    def is_clear(y, norm, first):
        return clear(y, norm, first) & long(norm)

    return with_thresholds(W, is_long=long, is_clear=is_clear)


@wrong("canonicalize_2d")
def a_tenth_of_its_own_length(W):
    norm = W.norm(dim=-2)
    first = (norm >= norm.amax(-1, keepdim=True) / 2).int().argmax(-1, keepdim=True)
    c, s = F.normalize(torch.take_along_dim(W, first.unsqueeze(-2), dim=-1), dim=-2).unbind(-2)
    x, y = c * W[..., 0, :] + s * W[..., 1, :], c * W[..., 1, :] - s * W[..., 0, :]
    is_off = y.abs() > norm / 10
    decides = torch.take_along_dim(y, is_off.int().argmax(-1, keepdim=True), dim=-1)
    return torch.stack([x, torch.where(is_off.any(-1, keepdim=True) & (decides < 0), -y, y)], -2)


@wrong("canonicalize_2d")
def the_side_with_more_length(W):
    x, y = tms_lib.canonicalize_2d(W).unbind(-2)
    return torch.stack([x, torch.where(y.sum(-1, keepdim=True) < 0, -y, y)], dim=-2)


# ------------------------------------------------------------------------------- principal_share


@wrong("principal_share")
def mean_cosine(W, *, set_size):
    return tms_lib.cosines_within_sets(W, set_size=set_size).mean(-1)


@wrong("principal_share")
def always_halves(W, *, set_size):
    sets = W.unflatten(-1, (-1, set_size))
    total = (sets**2).sum((-3, -1))
    return (sets.sum(-1) ** 2).sum(-2) / 2 / torch.where(total > 0, total, 1)


@wrong("principal_share")
def k_squared(W, *, set_size):
    return tms_lib.principal_share(W, set_size=set_size) / set_size


@wrong("principal_share")
def first_features_direction(W, *, set_size):
    sets = W.unflatten(-1, (-1, set_size))
    first = F.normalize(sets[..., 0], dim=-2)
    along = ((sets * first.unsqueeze(-1)).sum(-3) ** 2).sum(-1)
    total = (sets**2).sum((-3, -1))
    return along / torch.where(total > 0, total, 1)


@wrong("principal_share")
def sum_as_direction_in_the_hidden_space(W, *, set_size):
    sets = W.unflatten(-1, (-1, set_size))
    direction = F.normalize(sets.sum(-1), dim=-2)
    along = ((sets * direction.unsqueeze(-1)).sum(-3) ** 2).sum(-1)
    total = (sets**2).sum((-3, -1))
    return along / torch.where(total > 0, total, 1)


@wrong("principal_share")
def one_for_absent_sets(W, *, set_size):
    share = tms_lib.principal_share(W, set_size=set_size)
    return torch.where(share == 0, 1.0, share)


@wrong("principal_share")
def per_feature(W, *, set_size):
    return tms_lib.principal_share(W, set_size=set_size).repeat_interleave(set_size, -1)


@wrong("principal_share")
def absolute_weights(W, *, set_size):
    return tms_lib.principal_share(W.abs(), set_size=set_size)


@wrong("principal_share")
def never_divides_by_less(W, *, set_size):
    sets = W.unflatten(-1, (-1, set_size))
    total = set_size * (sets**2).sum((-3, -1))
    return (sets.sum(-1) ** 2).sum(-2) / total.clamp(min=1e-8)


# ----------------------------------------------------------------------------------------- relax


@wrong("relax")
def half_of_the_steps(W, b, *, feature_probability, importance, n_steps, lr):
    known = {"feature_probability": feature_probability, "importance": importance}
    return tms_lib.relax(W, b, **known, n_steps=n_steps // 8 + 1, lr=lr)


@wrong("relax")
def mean_loss(W, b, *, feature_probability, importance, n_steps, lr):
    known = {"feature_probability": feature_probability, "importance": importance}
    W, b, loss = tms_lib.relax(W, b, **known, n_steps=n_steps, lr=lr)
    return W, b, loss / W.shape[-1]


@wrong("relax")
def still_in_the_graph(W, b, *, feature_probability, importance, n_steps, lr):
    known = {"feature_probability": feature_probability, "importance": importance}
    W, b, _ = tms_lib.relax(W, b, **known, n_steps=n_steps, lr=lr)
    W.requires_grad_()
    return W, b, tms_lib.expected_relu_loss(W, b, **known)


@wrong("relax")
def in_place(W, b, *, feature_probability, importance, n_steps, lr):
    known = {"feature_probability": feature_probability, "importance": importance}
    W_end, b_end, loss = tms_lib.relax(W, b, **known, n_steps=n_steps, lr=lr)
    return W.copy_(W_end), b.copy_(b_end), loss


@wrong("relax")
def every_model_the_best(W, b, *, feature_probability, importance, n_steps, lr):
    known = {"feature_probability": feature_probability, "importance": importance}
    W, b, loss = tms_lib.relax(W, b, **known, n_steps=n_steps, lr=lr)
    best = loss.argmin()
    return W[best].expand_as(W).clone(), b[best].expand_as(b).clone(), loss[best].expand_as(loss)


@wrong("relax")
def loss_without_importance(W, b, *, feature_probability, importance, n_steps, lr):
    known = {"feature_probability": feature_probability, "importance": importance}
    W, b, _ = tms_lib.relax(W, b, **known, n_steps=n_steps, lr=lr)
    equal = {**known, "importance": torch.ones_like(importance)}
    return W, b, tms_lib.expected_relu_loss(W, b, **equal)


@wrong("relax")
def single_precision(W, b, *, feature_probability, importance, n_steps, lr):
    known = {"feature_probability": feature_probability.float(), "importance": importance.float()}
    return tms_lib.relax(W.float(), b.float(), **known, n_steps=n_steps, lr=lr)


@wrong("relax")
def always_the_same_rate(W, b, *, feature_probability, importance, n_steps, lr):  # noqa: ARG001  (what is wrong with it)
    known = {"feature_probability": feature_probability, "importance": importance}
    return tms_lib.relax(W, b, **known, n_steps=n_steps, lr=0.01)
