"""Plausible wrong answers to the exercises of chapter 12 that are not among the slips."""

# ruff: noqa: ARG001  (a wrong answer keeps the reference's signature)

import torch
import torch.nn.functional as F

import tms_lib
from answers.filing import wrong

# ----------------------------------------------------------------------- sample_signed_features


def uniform(p, n_samples, *, generator):
    shape = (*p.shape[:-1], n_samples, p.shape[-1])
    return torch.rand(shape, generator=generator, dtype=p.dtype)


def active(p, n_samples, *, generator):
    return uniform(p, n_samples, generator=generator) < p.unsqueeze(-2)


@wrong("sample_signed_features")
def difference_of_two_features(p, n_samples, *, generator):
    first, second = (tms_lib.sample_features(p, n_samples, generator=generator) for _ in range(2))
    return first - second


@wrong("sample_signed_features")
def difference_of_two_uniforms(p, n_samples, *, generator):
    first, second = (uniform(p, n_samples, generator=generator) for _ in range(2))
    return (first - second) * active(p, n_samples, generator=generator)


@wrong("sample_signed_features")
def sine_of_a_uniform_angle(p, n_samples, *, generator):
    angle = 2 * torch.pi * uniform(p, n_samples, generator=generator)
    return angle.sin() * active(p, n_samples, generator=generator)


@wrong("sample_signed_features")
def clamped_normal(p, n_samples, *, generator):
    mask = active(p, n_samples, generator=generator)
    values = torch.randn(mask.shape, generator=generator, dtype=p.dtype)
    return values.clamp(-1, 1) * mask


@wrong("sample_signed_features")
def scaled_by_the_density(p, n_samples, *, generator):
    values = 2 * uniform(p, n_samples, generator=generator) - 1
    return values * p.unsqueeze(-2) * active(p, n_samples, generator=generator)


@wrong("sample_signed_features")
def sign_decides_presence(p, n_samples, *, generator):
    mask = active(p, n_samples, generator=generator)
    return torch.where(mask, 1.0, -1.0).to(p.dtype) * uniform(p, n_samples, generator=generator)


@wrong("sample_signed_features")
def dense_at_half_the_density_and_more(p, n_samples, *, generator):
    values = 2 * uniform(p, n_samples, generator=generator) - 1
    return values * active((2 * p).clamp(max=1), n_samples, generator=generator)


@wrong("sample_signed_features")
def density_of_the_mean_feature(p, n_samples, *, generator):
    values = 2 * uniform(p, n_samples, generator=generator) - 1
    mean = p.mean(-1, keepdim=True).expand(p.shape)
    return values * active(mean, n_samples, generator=generator)


@wrong("sample_signed_features")
def signs_alternate_with_the_features(p, n_samples, *, generator):
    x = tms_lib.sample_features(p, n_samples, generator=generator)
    return x * (1 - 2 * (torch.arange(p.shape[-1]) % 2))


@wrong("sample_signed_features")
def second_half_is_minus_the_first(p, n_samples, *, generator):
    values = 2 * uniform(p, n_samples, generator=generator) - 1
    half = (values * active(p, n_samples, generator=generator))[..., : (n_samples + 1) // 2, :]
    return torch.cat([half, -half], dim=-2)[..., :n_samples, :]


@wrong("sample_signed_features")
def size_is_the_mean_of_two(p, n_samples, *, generator):
    size = sum(uniform(p, n_samples, generator=generator) for _ in range(2)) / 2
    negative = uniform(p, n_samples, generator=generator) < 0.5
    mask = active(p, n_samples, generator=generator)
    return torch.where(negative, -size, size) * mask


@wrong("sample_signed_features")
def values_in_opposite_pairs(p, n_samples, *, generator):
    values = 2 * uniform(p, (n_samples + 1) // 2, generator=generator) - 1
    values = torch.cat([values, -values], dim=-2)[..., :n_samples, :]
    return values * active(p, n_samples, generator=generator)


@wrong("sample_signed_features")
def every_size_for_two_rows(p, n_samples, *, generator):
    x = tms_lib.sample_signed_features(p, n_samples, generator=generator)
    n_sizes = (n_samples + 1) // 2
    sizes = torch.rand(*p.shape[:-1], n_sizes, p.shape[-1], generator=generator, dtype=p.dtype)
    return x.sign() * sizes.repeat_interleave(2, dim=-2)[..., :n_samples, :]


@wrong("sample_signed_features")
def sizes_of_the_first_half_again(p, n_samples, *, generator):
    x = tms_lib.sample_signed_features(p, n_samples, generator=generator)
    n_sizes = (n_samples + 1) // 2
    sizes = torch.rand(*p.shape[:-1], n_sizes, p.shape[-1], generator=generator, dtype=p.dtype)
    return x.sign() * torch.cat([sizes, sizes], dim=-2)[..., :n_samples, :]


@wrong("sample_signed_features")
def every_value_for_two_rows(p, n_samples, *, generator):
    values = 2 * uniform(p, (n_samples + 1) // 2, generator=generator) - 1
    values = values.repeat_interleave(2, dim=-2)[..., :n_samples, :]
    return values * active(p, n_samples, generator=generator)


@wrong("sample_signed_features")
def seeds_the_given_generator(p, n_samples, *, generator):
    generator.manual_seed(0)
    values = 2 * uniform(p, n_samples, generator=generator) - 1
    return values * active(p, n_samples, generator=generator)


@wrong("sample_signed_features")
def seeded_inside(p, n_samples, *, generator):
    generator = torch.Generator().manual_seed(0)
    values = 2 * uniform(p, n_samples, generator=generator) - 1
    return values * active(p, n_samples, generator=generator)


# ------------------------------------------------------------------------------- absolute_value


def exact(x, *, W1, W2, b):
    return torch.relu(torch.relu(x @ W1.mT) @ W2.mT + b.unsqueeze(-2))


@wrong("absolute_value")
def bias_on_the_neurons(x, *, W1, W2, b):
    c = b.mean(-1, keepdim=True).unsqueeze(-2)
    return torch.relu(torch.relu(x @ W1.mT + c) @ W2.mT)


@wrong("absolute_value")
def bias_along_the_batch(x, *, W1, W2, b):
    return torch.relu(torch.relu(x @ W1.mT) @ W2.mT + b.unsqueeze(-1)[..., : x.shape[-2], :])


@wrong("absolute_value")
def leaky_neurons(x, *, W1, W2, b):
    return torch.relu(F.leaky_relu(x @ W1.mT) @ W2.mT + b.unsqueeze(-2))


@wrong("absolute_value")
def gelu_neurons(x, *, W1, W2, b):
    return torch.relu(F.gelu(x @ W1.mT) @ W2.mT + b.unsqueeze(-2))


@wrong("absolute_value")
def outputs_up_to_one(x, *, W1, W2, b):
    return exact(x, W1=W1, W2=W2, b=b).clamp(max=1)


@wrong("absolute_value")
def positive_weights_out(x, *, W1, W2, b):
    return exact(x, W1=W1, W2=W2.abs(), b=b)


@wrong("absolute_value")
def silent_without_neurons(x, *, W1, W2, b):
    h = torch.relu(x @ W1.mT)
    return torch.relu(h @ W2.mT + b.unsqueeze(-2) * (h != 0).any(-1, keepdim=True))


@wrong("absolute_value")
def both_signs_of_x(x, *, W1, W2, b):
    return exact(x, W1=W1, W2=W2, b=b) + exact(-x, W1=W1, W2=W2, b=b)


@wrong("absolute_value")
def mean_weights_of_the_instances(x, *, W1, W2, b):
    if W1.ndim < 3:
        return exact(x, W1=W1, W2=W2, b=b)
    return exact(x, W1=W1.mean(0, keepdim=True).expand_as(W1), W2=W2, b=b)


@wrong("absolute_value")
def cut_from_the_graph(x, *, W1, W2, b):
    return exact(x, W1=W1, W2=W2, b=b).detach()


# --------------------------------------------------------------------------- absolute_value_loss


def errors(x, *, W1, W2, b):
    return (x.abs() - exact(x, W1=W1, W2=W2, b=b)) ** 2


@wrong("absolute_value_loss")
def root_of_the_mean_square(x, *, importance, **circuit):
    return (importance * errors(x, **circuit).mean(-2)).sum(-1).sqrt()


@wrong("absolute_value_loss")
def half_of_the_square(x, *, importance, **circuit):
    return 0.5 * (importance * errors(x, **circuit).mean(-2)).sum(-1)


@wrong("absolute_value_loss")
def importances_that_add_up_to_one(x, *, importance, **circuit):
    share = importance / importance.sum(-1, keepdim=True)
    return (share * errors(x, **circuit).mean(-2)).sum(-1)


@wrong("absolute_value_loss")
def squared_target(x, *, W1, W2, b, importance):
    error = (x**2 - exact(x, W1=W1, W2=W2, b=b)) ** 2
    return (importance * error.mean(-2)).sum(-1)


@wrong("absolute_value_loss")
def both_sides_of_the_input_known(x, *, importance, **circuit):
    error = torch.minimum(errors(x, **circuit), errors(-x, **circuit))
    return (importance * error.mean(-2)).sum(-1)


@wrong("absolute_value_loss")
def active_features_only(x, *, importance, **circuit):
    return (importance * (errors(x, **circuit) * (x > 0)).mean(-2)).sum(-1)


@wrong("absolute_value_loss")
def linear_neurons(x, *, W1, W2, b, importance):
    y = torch.relu(x @ W1.mT @ W2.mT + b.unsqueeze(-2))
    return (importance * ((x.abs() - y) ** 2).mean(-2)).sum(-1)


@wrong("absolute_value_loss")
def first_sample_only(x, *, importance, **circuit):
    return (importance * errors(x, **circuit)[..., 0, :]).sum(-1)


@wrong("absolute_value_loss")
def unbiased_by_one_less(x, *, importance, **circuit):
    total = errors(x, **circuit).sum(-2) / max(x.shape[-2] - 1, 1)
    return (importance * total).sum(-1)


@wrong("absolute_value_loss")
def outputs_cut_from_the_graph(x, *, W1, W2, b, importance):
    y = exact(x, W1=W1, W2=W2, b=b).detach()
    return (importance * ((x.abs() - y) ** 2).mean(-2)).sum(-1)


# -------------------------------------------------------------------------- monosemantic_circuit


def circuit(p, importance, served, *, scale=1.0):
    own = F.one_hot(served, torch.broadcast_shapes(p.shape, importance.shape)[-1]).to(p.dtype)
    W1 = torch.cat([own, -own], dim=-2)
    return W1, scale * W1.abs().mT, p / 2 * (1 - own.sum(-2))


def from_the_costliest(p, importance):
    return (importance * (p / 3 - p**2 / 4)).argsort(dim=-1, descending=True)


@wrong("monosemantic_circuit")
def importance_times_density(feature_probability, *, importance, n_hidden):
    order = (importance * feature_probability).argsort(dim=-1, descending=True)
    return circuit(feature_probability, importance, order[..., : n_hidden // 2])


@wrong("monosemantic_circuit")
def largest_variance(feature_probability, *, importance, n_hidden):
    p = feature_probability + 0 * importance
    order = (p / 3 - p**2 / 4).argsort(dim=-1, descending=True)
    return circuit(feature_probability, importance, order[..., : n_hidden // 2])


@wrong("monosemantic_circuit")
def variance_of_a_coin(feature_probability, *, importance, n_hidden):
    p = feature_probability
    order = (importance * p * (1 - p)).argsort(dim=-1, descending=True)
    return circuit(p, importance, order[..., : n_hidden // 2])


@wrong("monosemantic_circuit")
def standard_deviation(feature_probability, *, importance, n_hidden):
    p = feature_probability
    order = (importance * (p / 3 - p**2 / 4).sqrt()).argsort(dim=-1, descending=True)
    return circuit(p, importance, order[..., : n_hidden // 2])


@wrong("monosemantic_circuit")
def second_largest_served(feature_probability, *, importance, n_hidden):
    order = from_the_costliest(feature_probability, importance).roll(-1, -1)
    return circuit(feature_probability, importance, order[..., : n_hidden // 2])


@wrong("monosemantic_circuit")
def same_order_for_all_instances(feature_probability, *, importance, n_hidden):
    order = from_the_costliest(feature_probability, importance)
    if order.ndim > 1:
        order = order.reshape(-1, order.shape[-1])[0].expand(order.shape)
    return circuit(feature_probability, importance, order[..., : n_hidden // 2])


@wrong("monosemantic_circuit")
def outputs_twice_as_large(feature_probability, *, importance, n_hidden):
    order = from_the_costliest(feature_probability, importance)
    return circuit(feature_probability, importance, order[..., : n_hidden // 2], scale=2.0)


@wrong("monosemantic_circuit")
def square_roots_in_both_layers(feature_probability, *, importance, n_hidden):
    order = from_the_costliest(feature_probability, importance)
    return circuit(feature_probability, importance, order[..., : n_hidden // 2], scale=0.5**0.5)


@wrong("monosemantic_circuit")
def bias_of_the_second_moment(feature_probability, *, importance, n_hidden):
    order = from_the_costliest(feature_probability, importance)
    W1, W2, b = circuit(feature_probability, importance, order[..., : n_hidden // 2])
    return W1, W2, b * 2 / 3


@wrong("monosemantic_circuit")
def bias_with_a_minus(feature_probability, *, importance, n_hidden):
    order = from_the_costliest(feature_probability, importance)
    W1, W2, b = circuit(feature_probability, importance, order[..., : n_hidden // 2])
    return W1, W2, -b


@wrong("monosemantic_circuit")
def one_feature_less(feature_probability, *, importance, n_hidden):
    order = from_the_costliest(feature_probability, importance)
    W1, W2, b = circuit(feature_probability, importance, order[..., : n_hidden // 2 - 1])
    pad = n_hidden - W1.shape[-2]
    return F.pad(W1, (0, 0, 0, pad)), F.pad(W2, (0, pad)), b


# ------------------------------------------------------------------------------- side_responses


@wrong("side_responses")
def one_side_only(W1, W2):
    return W2 @ torch.relu(W1)


@wrong("side_responses")
def neurons_not_outputs(W1, W2):
    return torch.relu(W1), torch.relu(-W1)


@wrong("side_responses")
def sum_of_both_sides(W1, W2):
    both = W2 @ W1.abs()
    return both, both - W2 @ W1


@wrong("side_responses")
def sizes_of_the_responses(W1, W2):
    return (W2 @ torch.relu(W1)).abs(), (W2 @ torch.relu(-W1)).abs()


@wrong("side_responses")
def without_the_diagonal(W1, W2):
    sides = W2 @ torch.relu(W1), W2 @ torch.relu(-W1)
    n = min(W2.shape[-2], W1.shape[-1])
    keep = torch.ones(W2.shape[-2], W1.shape[-1], dtype=W1.dtype, device=W1.device)
    keep[range(n), range(n)] = 0
    return tuple(side * keep for side in sides)


@wrong("side_responses")
def canonical_without_compensation(W1, W2):
    W1 = W1 / W1.abs().amax(-1, keepdim=True).clamp(min=1e-12)
    return W2 @ torch.relu(W1), W2 @ torch.relu(-W1)


@wrong("side_responses")
def stacked_into_one(W1, W2):
    return torch.stack([W2 @ torch.relu(W1), W2 @ torch.relu(-W1)])


@wrong("side_responses")
def negative_side_of_both_layers(W1, W2):
    return W2 @ torch.relu(W1), -W2 @ torch.relu(W1) + W2.abs() @ W1.abs()


# ---------------------------------------------------------------------------- canonical_neurons


def scaled(W1, W2, scale):
    return W1 / scale.unsqueeze(-1), W2 * scale.unsqueeze(-2)


def largest(W1):
    size = W1.abs().amax(-1)
    return torch.where(size > 0, size, 1.0)


@wrong("canonical_neurons")
def sum_of_absolute_weights(W1, W2):
    size = W1.abs().sum(-1)
    return scaled(W1, W2, torch.where(size > 0, size, 1.0))


@wrong("canonical_neurons")
def equal_scale_in_and_out(W1, W2):
    return scaled(W1, W2, (largest(W1) / largest(W2.mT)).sqrt())


@wrong("canonical_neurons")
def scale_of_the_first_instance(W1, W2):
    size = largest(W1)
    return scaled(W1, W2, size[:1].expand_as(size) if size.ndim > 1 else size)


@wrong("canonical_neurons")
def absolute_weights(W1, W2):
    new_W1, new_W2 = scaled(W1, W2, largest(W1))
    return new_W1.abs(), new_W2


@wrong("canonical_neurons")
def clipped_at_one(W1, W2):
    size = largest(W1).clamp(min=1)
    return scaled(W1, W2, size)


@wrong("canonical_neurons")
def w2_first(W1, W2):
    return scaled(W1, W2, largest(W1))[::-1]


@wrong("canonical_neurons")
def small_neurons_count_as_dead(W1, W2):
    size = W1.abs().amax(-1)
    return scaled(W1, W2, torch.where(size > 1e-3, size, 1.0))


@wrong("canonical_neurons")
def tiny_neurons_count_as_dead(W1, W2):
    size = W1.abs().amax(-1)
    return scaled(W1, W2, torch.where(size > 1e-12, size, 1.0))


@wrong("canonical_neurons")
def in_place(W1, W2):
    size = largest(W1)
    W1 /= size.unsqueeze(-1)
    W2 *= size.unsqueeze(-2)
    return W1, W2


@wrong("canonical_neurons")
def squared_compensation(W1, W2):
    size = largest(W1)
    return W1 / size.unsqueeze(-1), W2 * (size**2).unsqueeze(-2)


# ---------------------------------------------------------------------------------- sort_neurons


@wrong("sort_neurons")
def by_the_total_weight_of_features(W, *, importance):
    importance = importance.expand(*W.shape[:-2], W.shape[-1])
    score = (W.abs() * importance.unsqueeze(-2)).sum(-1)
    return score.argsort(dim=-1, descending=True, stable=True)


@wrong("sort_neurons")
def largest_neuron_of_each_feature(W, *, importance):
    importance = importance.expand(*W.shape[:-2], W.shape[-1])
    features = importance.argsort(dim=-1, descending=True, stable=True)
    owner = W.abs().argmax(-2).gather(-1, features)
    return F.pad(owner, (0, max(0, W.shape[-2] - W.shape[-1])))[..., : W.shape[-2]]


@wrong("sort_neurons")
def largest_column(W, *, importance):
    return tms_lib.sort_neurons(W.mT, importance=importance.new_ones(W.shape[-2]))


@wrong("sort_neurons")
def reversed_order(W, *, importance):
    return tms_lib.sort_neurons(W, importance=importance).flip(-1)


@wrong("sort_neurons")
def sorted_weights(W, *, importance):
    order = tms_lib.sort_neurons(W, importance=importance)
    return W.gather(-2, order.unsqueeze(-1).expand(W.shape))


@wrong("sort_neurons")
def order_of_the_first_instance(W, *, importance):
    order = tms_lib.sort_neurons(W, importance=importance)
    return order[:1].expand(order.shape) if order.ndim > 1 else order


@wrong("sort_neurons")
def importances_of_the_first_instance(W, *, importance):
    if importance.ndim > 1:
        importance = importance.reshape(-1, importance.shape[-1])[0]
    return tms_lib.sort_neurons(W, importance=importance)


def features_and_places(W, importance):
    weight, feature = W.abs().max(-1)
    importance = importance.expand(*W.shape[:-2], W.shape[-1])
    rank = importance.argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)
    place = torch.where(weight > 0, rank.gather(-1, feature), W.shape[-1])
    return weight, feature, place


@wrong("sort_neurons")
def place_in_millions(W, *, importance):
    weight, _, place = features_and_places(W, importance)
    return (1e6 * place.double() - weight).argsort(dim=-1)


@wrong("sort_neurons")
def share_of_the_neuron_within_a_feature(W, *, importance):
    weight, _, place = features_and_places(W, importance)
    share = weight / W.norm(dim=-1).clamp(min=1e-12)
    order = share.argsort(dim=-1, descending=True, stable=True)
    return order.gather(-1, place.gather(-1, order).argsort(dim=-1, stable=True))


@wrong("sort_neurons")
def zero_rows_have_importance_zero(W, *, importance):
    weight, feature, _ = features_and_places(W, importance)
    value = importance.expand(*W.shape[:-2], W.shape[-1]).gather(-1, feature) * (weight > 0)
    order = weight.argsort(dim=-1, descending=True, stable=True)
    order = order.gather(-1, feature.gather(-1, order).argsort(dim=-1, stable=True))
    return order.gather(-1, value.gather(-1, order).argsort(dim=-1, descending=True, stable=True))


@wrong("sort_neurons")
def importance_less_a_millionth_per_feature(W, *, importance):
    weight, largest = W.abs().max(-1)
    value = importance.expand(*W.shape[:-2], W.shape[-1]).gather(-1, largest) - 1e-6 * largest
    by_weight = torch.argsort(weight, dim=-1, descending=True, stable=True)
    value = torch.where(weight > 0, value, -1.0).gather(-1, by_weight)
    return by_weight.gather(-1, value.argsort(dim=-1, descending=True, stable=True))


@wrong("sort_neurons")
def features_in_place_of_their_places(W, *, importance):
    weight, largest = W.abs().max(-1)
    order = importance.expand(*W.shape[:-2], W.shape[-1]).argsort(-1, descending=True, stable=True)
    place = torch.where(weight > 0, order.gather(-1, largest), W.shape[-1])
    by_weight = torch.argsort(weight, dim=-1, descending=True, stable=True)
    return by_weight.gather(-1, place.gather(-1, by_weight).argsort(dim=-1, stable=True))


@wrong("sort_neurons")
def zero_rows_first(W, *, importance):
    order = tms_lib.sort_neurons(W, importance=importance)
    dead = (W == 0).all(-1).gather(-1, order)
    return order.gather(-1, dead.int().argsort(dim=-1, descending=True, stable=True))


@wrong("sort_neurons")
def squared_norm_within_a_feature(W, *, importance):
    feature = W.abs().argmax(-1)
    size = (W**2).sum(-1)
    rows = F.one_hot(feature, W.shape[-1]) * size.unsqueeze(-1)
    return tms_lib.sort_neurons(rows, importance=importance)


@wrong("sort_neurons")
def order_as_numbers_with_a_point(W, *, importance):
    return tms_lib.sort_neurons(W, importance=importance).float()


# ---------------------------------------------------------------------------- asymmetric_circuit


def with_change(ratio, margin, matrix, row, column, change):
    W1, W2 = tms_lib.asymmetric_circuit(ratio, margin=margin)
    changed = (W1, W2)[matrix].clone()
    changed[..., row, column] = change(changed[..., row, column])
    return (changed, W2) if matrix == 0 else (W1, changed)


@wrong("asymmetric_circuit")
def always_the_papers_ratio(ratio, *, margin):
    return tms_lib.asymmetric_circuit(torch.full_like(ratio, 2.0), margin=margin)


@wrong("asymmetric_circuit")
def always_the_figures_margin(ratio, *, margin):
    return tms_lib.asymmetric_circuit(ratio, margin=1.0)


@wrong("asymmetric_circuit")
def whole_margins(ratio, *, margin):
    return tms_lib.asymmetric_circuit(ratio, margin=round(margin))


@wrong("asymmetric_circuit")
def ratio_at_least_one(ratio, *, margin):
    return tms_lib.asymmetric_circuit(ratio.clamp(min=1), margin=margin)


@wrong("asymmetric_circuit")
def inhibitor_for_both_sides(ratio, *, margin):
    return with_change(ratio, margin, 0, 1, 1, lambda w: w - 1)


@wrong("asymmetric_circuit")
def inhibitor_on_the_negative_side(ratio, *, margin):
    return with_change(ratio, margin, 0, 1, 0, lambda w: -w)


@wrong("asymmetric_circuit")
def minus_one_per_unit_of_margin_too_little(ratio, *, margin):
    return with_change(ratio, margin, 1, 1, 1, lambda w: w + 2 * margin)


@wrong("asymmetric_circuit")
def inhibitor_writes_into_both_outputs(ratio, *, margin):
    return with_change(ratio, margin, 1, 0, 1, lambda w: w - margin - 1)


@wrong("asymmetric_circuit")
def reads_one_half(ratio, *, margin):
    return with_change(ratio, margin, 0, 0, 1, lambda w: 0 * w - 0.5)


@wrong("asymmetric_circuit")
def equal_weights_in(ratio, *, margin):
    return with_change(ratio, margin, 0, 0, 1, lambda w: w * ratio**2)


@wrong("asymmetric_circuit")
def inhibitor_measured_in_ratios(ratio, *, margin):
    return with_change(ratio, margin, 1, 1, 1, lambda w: w * ratio)


@wrong("asymmetric_circuit")
def layers_exchanged(ratio, *, margin):
    return tms_lib.asymmetric_circuit(ratio, margin=margin)[::-1]
