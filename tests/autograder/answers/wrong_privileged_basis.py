"""Plausible wrong answers to the exercises of chapter 11 that are not among the slips."""

import torch
import torch.nn.functional as F

import tms_lib
from answers.filing import wrong

# ----------------------------------------------------------------------------------- relu_embed


@wrong("relu_embed")
def softened(x, W, *, c=None):
    h = x @ W.mT
    return F.softplus(h if c is None else h + c.unsqueeze(-2))


@wrong("relu_embed")
def bias_in_single_precision(x, W, *, c=None):
    h = x @ W.mT
    return torch.relu(h if c is None else h + c.float().unsqueeze(-2))


@wrong("relu_embed")
def leaky(x, W, *, c=None):
    h = x @ W.mT
    return F.leaky_relu(h if c is None else h + c.unsqueeze(-2))


@wrong("relu_embed")
def clamped_at_one(x, W, *, c=None):
    h = x @ W.mT
    return (h if c is None else h + c.unsqueeze(-2)).clamp(0, 1)


@wrong("relu_embed")
def positive_biases_only(x, W, *, c=None):
    h = x @ W.mT
    return torch.relu(h if c is None else h + c.clamp(min=0).unsqueeze(-2))


@wrong("relu_embed")
def silent_where_below_the_bias(x, W, *, c=None):
    h = x @ W.mT
    return h * (h > (0 if c is None else -c.unsqueeze(-2)))


@wrong("relu_embed")
def bias_of_the_first_instance(x, W, *, c=None):
    h = x @ W.mT
    if c is not None:
        h = h + (c if c.ndim == 1 else c[:1].unsqueeze(-2))
    return torch.relu(h)


@wrong("relu_embed")
def neurons_before_samples(x, W, *, c=None):
    h = W @ x.mT
    return torch.relu(h if c is None else h + c.unsqueeze(-1))


@wrong("relu_embed")
def transposed_for_square_weights(x, W, *, c=None):
    h = x @ (W if W.shape[-1] == W.shape[-2] else W.mT)
    return torch.relu(h if c is None else h + c.unsqueeze(-2))


@wrong("relu_embed")
def in_place_on_a_detached_product(x, W, *, c=None):
    h = (x @ W.mT).detach()
    return torch.relu(h if c is None else h + c.unsqueeze(-2))


# ---------------------------------------------------------------------------------- relu_hidden


def neurons(x, W, c):
    return tms_lib.relu_embed(x, W, c=c)


def relu_hidden(x, *, W, b, c):
    return torch.relu(neurons(x, W, c) @ W + b.unsqueeze(-2))


@wrong("relu_hidden")
def output_bias_inside_the_neurons(x, *, W, b, c=None):
    h = x @ W.mT + (b.unsqueeze(-2) @ W.mT)
    return torch.relu(torch.relu(h if c is None else h + c.unsqueeze(-2)) @ W)


@wrong("relu_hidden")
def linear_without_hidden_biases(x, *, W, b, c=None):
    return tms_lib.relu_output(x, W=W, b=b) if c is None else relu_hidden(x, W=W, b=b, c=c)


@wrong("relu_hidden")
def small_hidden_bias_unless_given(x, *, W, b, c=None):
    c = torch.full_like(W[..., 0], 1e-3) if c is None else c
    return relu_hidden(x, W=W, b=b, c=c)


@wrong("relu_hidden")
def clamped_outputs(x, *, W, b, c=None):
    return (neurons(x, W, c) @ W + b.unsqueeze(-2)).clamp(0, 1)


@wrong("relu_hidden")
def hidden_bias_added_without_relu_if_given(x, *, W, b, c=None):
    h = torch.relu(x @ W.mT) if c is None else x @ W.mT + c.unsqueeze(-2)
    return torch.relu(h @ W + b.unsqueeze(-2))


@wrong("relu_hidden")
def weights_read_with_their_size(x, *, W, b, c=None):
    return torch.relu(neurons(x, W, c) @ W.abs() + b.unsqueeze(-2))


@wrong("relu_hidden")
def normalised_directions(x, *, W, b, c=None):
    return torch.relu(neurons(x, W, c) @ F.normalize(W, dim=-2) + b.unsqueeze(-2))


@wrong("relu_hidden")
def silent_where_the_input_is_empty(x, *, W, b, c=None):
    out = torch.relu(neurons(x, W, c) @ W + b.unsqueeze(-2))
    return out * (x != 0).any(-1, keepdim=True)


@wrong("relu_hidden")
def mean_over_neurons(x, *, W, b, c=None):
    return torch.relu(neurons(x, W, c) @ W / W.shape[-2] + b.unsqueeze(-2))


@wrong("relu_hidden")
def hidden_biases_subtracted(x, *, W, b, c=None):
    return torch.relu(neurons(x, W, None if c is None else -c) @ W + b.unsqueeze(-2))


@wrong("relu_hidden")
def only_gradients_of_the_decoder(x, *, W, b, c=None):
    return torch.relu(neurons(x, W.detach(), c) @ W + b.unsqueeze(-2))


# -------------------------------------------------------------------------- features_per_neuron


@wrong("features_per_neuron")
def larger_than_average_share(W, *, threshold=0.25):
    return (W.abs() > threshold * W.abs().mean(-1, keepdim=True)).sum(-1)


@wrong("features_per_neuron")
def at_least_one(W, *, threshold=0.25):
    return tms_lib.features_per_neuron(W, threshold=threshold).clamp(min=1)


@wrong("features_per_neuron")
def at_most_three(W, *, threshold=0.25):
    return tms_lib.features_per_neuron(W, threshold=threshold).clamp(max=3)


@wrong("features_per_neuron")
def counts_as_floats(W, *, threshold=0.25):
    return tms_lib.features_per_neuron(W, threshold=threshold).float()


@wrong("features_per_neuron")
def gap_below_the_largest(W, *, threshold=0.25):
    size = W.abs()
    return (size > size.amax(-1, keepdim=True) - threshold).sum(-1)


@wrong("features_per_neuron")
def largest_with_something_added(W, *, threshold=0.25):
    size = W.abs()
    return (size > threshold * (size.amax(-1, keepdim=True) + 1e-3)).sum(-1)


@wrong("features_per_neuron")
def clearly_above_the_threshold(W, *, threshold=0.25):
    size = W.abs()
    return (size > threshold * size.amax(-1, keepdim=True) + 1e-6).sum(-1)


@wrong("features_per_neuron")
def rounded_to_percents(W, *, threshold=0.25):
    share = W.abs() / W.abs().amax(-1, keepdim=True).clamp(min=1e-12)
    return (share.round(decimals=2) > threshold).sum(-1)


@wrong("features_per_neuron")
def threshold_of_the_norm(W, *, threshold=0.25):
    return (W.abs() > threshold * W.norm(dim=-1, keepdim=True)).sum(-1)


@wrong("features_per_neuron")
def default_of_a_half(W, *, threshold=0.5):
    return tms_lib.features_per_neuron(W, threshold=threshold)


@wrong("features_per_neuron")
def largest_of_the_first_instance(W, *, threshold=0.25):
    size = W.abs()
    first = size.reshape(-1, *size.shape[-2:])[0].amax(-1, keepdim=True)
    return (size > threshold * first).sum(-1)


# ------------------------------------------------------------------------------ polysemanticity


@wrong("polysemanticity")
def from_the_count(W):
    return 1 - 1 / tms_lib.features_per_neuron(W).clamp(min=1).to(W.dtype)


@wrong("polysemanticity")
def entropy(W):
    share = F.normalize(W, dim=-1) ** 2
    return -(share * share.clamp(min=1e-30).log()).sum(-1)


@wrong("polysemanticity")
def participation(W):
    share = F.normalize(W, dim=-1) ** 2
    return torch.where(share.sum(-1) > 0, 1 - (share**2).sum(-1), 0.0)


@wrong("polysemanticity")
def stretched_to_one(W):
    n = W.shape[-1]
    return tms_lib.polysemanticity(W) * n / (n - 1)


@wrong("polysemanticity")
def clears_small_weights(W):
    kept = W.abs() > 0.1 * W.abs().amax(-1, keepdim=True)
    return tms_lib.polysemanticity(W * kept)


@wrong("polysemanticity")
def tiny_epsilon_in_single_precision(W):
    squared = W.float() ** 2
    return (1 - squared.amax(-1) / squared.sum(-1).clamp(min=1e-12)).to(W.dtype)


@wrong("polysemanticity")
def epsilon_below_the_others(W):
    squared = W**2
    total = squared.sum(-1)
    return (total - squared.amax(-1)) / (total + 1e-12)


@wrong("polysemanticity")
def total_at_least_tiny(W):
    squared = W**2
    total = squared.sum(-1)
    return (total - squared.amax(-1)) / total.clamp(min=1e-12)


@wrong("polysemanticity")
def only_the_second_largest(W):
    squared = (W**2).sort(dim=-1, descending=True).values[..., :2]
    total = squared.sum(-1)
    return torch.where(total > 0, 1 - squared[..., 0] / total.where(total > 0, 1.0), 0.0)


@wrong("polysemanticity")
def small_neurons_are_dead(W):
    return torch.where(W.norm(dim=-1) > 0.05, tms_lib.polysemanticity(W), 0.0)


@wrong("polysemanticity")
def mean_over_instances(W):
    value = tms_lib.polysemanticity(W)
    return value.mean(0, keepdim=True).expand_as(value) if W.ndim > 2 else value


@wrong("polysemanticity")
def largest_weight_cut_from_the_graph(W):
    squared = W**2
    total = squared.sum(-1)
    share = squared.detach().amax(-1) / total.where(total > 0, 1.0)
    return torch.where(total > 0, 1 - share, 0.0)


@wrong("polysemanticity")
def directions_with_a_large_epsilon(W):
    squared = F.normalize(W, dim=-1, eps=1e-6) ** 2
    return torch.where(squared.sum(-1) > 0, 1 - squared.amax(-1), 0)


# -------------------------------------------------------------------------------- clipped_share


def inputs(x, W, c):
    h = x @ W.mT
    return h if c is None else h + c.unsqueeze(-2)


@wrong("clipped_share")
def in_percent(x, W, *, c=None):
    return 100 * tms_lib.clipped_share(x, W, c=c)


@wrong("clipped_share")
def outputs_are_clipped(x, W, *, c=None):
    return (torch.relu(inputs(x, W, c)) @ W < 0).to(x.dtype).mean(-2)


@wrong("clipped_share")
def whether_ever_clipped(x, W, *, c=None):
    return (inputs(x, W, c) < 0).any(-2).to(x.dtype)


@wrong("clipped_share")
def clearly_below_zero(x, W, *, c=None):
    return (inputs(x, W, c) < -0.1).to(x.dtype).mean(-2)


@wrong("clipped_share")
def below_a_millionth_under_zero(x, W, *, c=None):
    return (inputs(x, W, c) < -1e-6).to(x.dtype).mean(-2)


@wrong("clipped_share")
def divides_bools_into_default_precision(x, W, *, c=None):
    return (inputs(x, W, c) < 0).sum(-2) / x.shape[-2]


@wrong("clipped_share")
def of_the_samples_that_are_not_zero(x, W, *, c=None):
    h = inputs(x, W, c)
    return (h < 0).to(x.dtype).sum(-2) / (h != 0).to(x.dtype).sum(-2).clamp(min=1)


@wrong("clipped_share")
def one_sample_left_out(x, W, *, c=None):
    return (inputs(x, W, c) < 0).to(x.dtype).sum(-2) / (x.shape[-2] - 1)


@wrong("clipped_share")
def bias_clips_as_well(x, W, *, c=None):
    share = (x @ W.mT < 0).to(x.dtype).mean(-2)
    return share if c is None else torch.maximum(share, (c < 0).to(x.dtype))


@wrong("clipped_share")
def rounded_to_two_digits(x, W, *, c=None):
    return tms_lib.clipped_share(x, W, c=c).round(decimals=2)


@wrong("clipped_share")
def always_single_precision(x, W, *, c=None):
    return (inputs(x, W, c) < 0).float().mean(-2).to(x.dtype)


# -------------------------------------------------------------------------------- bypass_biases


def compensated(W, b, c):
    return b - (W * c.unsqueeze(-1)).sum(-2), c


@wrong("bypass_biases")
def large_enough_for_anything(W, b):
    return compensated(W, b, torch.full_like(W[..., 0], 100.0))


@wrong("bypass_biases")
def least_of_the_whole_model(W, b):
    c = (-W).clamp(min=0).sum(-1)
    return compensated(W, b, c.amax(-1, keepdim=True).expand_as(c).clone())


@wrong("bypass_biases")
def a_little_more_to_be_safe(W, b):
    return compensated(W, b, (-W).clamp(min=0).sum(-1) + 1e-3)


@wrong("bypass_biases")
def not_transposed_where_square(W, b):
    c = (-W).clamp(min=0).sum(-1)
    square = W.shape[-1] == W.shape[-2]
    return b - ((W if square else W.mT) @ c.unsqueeze(-1)).squeeze(-1), c


@wrong("bypass_biases")
def shifts_b_in_place(W, b):
    c = (-W).clamp(min=0).sum(-1)
    b -= (W * c.unsqueeze(-1)).sum(-2)
    return b, c


@wrong("bypass_biases")
def the_larger_of_both_sides(W, b):
    return compensated(W, b, torch.maximum((-W).clamp(min=0).sum(-1), W.clamp(min=0).sum(-1)))


@wrong("bypass_biases")
def minus_the_sum_if_negative(W, b):
    return compensated(W, b, (-W.sum(-1)).clamp(min=0))


@wrong("bypass_biases")
def norm_of_the_negative_weights(W, b):
    return compensated(W, b, (-W).clamp(min=0).norm(dim=-1))


@wrong("bypass_biases")
def compensates_negative_weights_only(W, b):
    c = (-W).clamp(min=0).sum(-1)
    return b + ((-W).clamp(min=0) * c.unsqueeze(-1)).sum(-2), c


@wrong("bypass_biases")
def never_below_zero(W, b):
    new_b, c = tms_lib.bypass_biases(W, b)
    return new_b.clamp(min=0), c


@wrong("bypass_biases")
def looks_at_the_gram_matrix(W, b):
    c = (-W).clamp(min=0).sum(-1)
    return b - (W.mT @ W).clamp(max=0).abs().sum(-1), c


@wrong("bypass_biases")
def only_the_hidden_biases(W, b):  # noqa: ARG001  (the mistake)
    return (-W).clamp(min=0).sum(-1)


# ------------------------------------------------------------------------ preactivation_moments


def mean_and_variance(W, feature_probability):
    p = feature_probability.unsqueeze(-2)
    return (W * p / 2).sum(-1), (W**2 * (p / 3 - p**2 / 4)).sum(-1)


@wrong("preactivation_moments")
def variance_of_a_coin(W, *, feature_probability):
    p = feature_probability.unsqueeze(-2)
    mean, _ = mean_and_variance(W, feature_probability)
    return mean, (W**2 * p * (1 - p)).sum(-1).sqrt()


@wrong("preactivation_moments")
def squares_only_the_density(W, *, feature_probability):
    p = feature_probability.unsqueeze(-2)
    mean, _ = mean_and_variance(W, feature_probability)
    return mean, (W**2 * (p / 3 - p**2)).sum(-1).abs().sqrt()


@wrong("preactivation_moments")
def second_moments_less_the_squared_mean(W, *, feature_probability):
    mean, _ = mean_and_variance(W, feature_probability)
    second = (W**2 * feature_probability.unsqueeze(-2) / 3).sum(-1)
    return mean, (second - mean**2).abs().sqrt()


@wrong("preactivation_moments")
def average_density(W, *, feature_probability):
    p = feature_probability.mean(-1, keepdim=True)
    mean, variance = mean_and_variance(W, p)
    return mean, variance.sqrt()


@wrong("preactivation_moments")
def first_instance_for_all(W, *, feature_probability):
    p = feature_probability if feature_probability.ndim == 1 else feature_probability[:1]
    mean, variance = mean_and_variance(W, p)
    return mean, variance.sqrt()


@wrong("preactivation_moments")
def epsilon_under_the_root(W, *, feature_probability):
    mean, variance = mean_and_variance(W, feature_probability)
    return mean, (variance + 1e-4).sqrt()


@wrong("preactivation_moments")
def mean_after_the_relu(W, *, feature_probability):
    mean, variance = mean_and_variance(W, feature_probability)
    return mean.clamp(min=0), variance.sqrt()


@wrong("preactivation_moments")
def their_ratio(W, *, feature_probability):
    mean, variance = mean_and_variance(W, feature_probability)
    return mean / variance.sqrt()


@wrong("preactivation_moments")
def given_that_one_is_active(W, *, feature_probability):
    mean, variance = mean_and_variance(W, feature_probability)
    some = 1 - (1 - feature_probability).prod(-1, keepdim=True)
    return mean / some, variance.sqrt()


@wrong("preactivation_moments")
def from_samples(W, *, feature_probability):
    p = feature_probability.expand(*W.shape[:-2], W.shape[-1])
    x = tms_lib.sample_features(p, 4096, generator=torch.Generator())
    h = x @ W.mT
    return h.mean(-2), h.std(-2)


# ----------------------------------------------------------------------- simulated_bias_weights


def from_weight(weight, feature_probability):
    return weight.unsqueeze(-1) * torch.ones_like(feature_probability).unsqueeze(-2)


@wrong("simulated_bias_weights")
def half_the_weight(c, *, feature_probability):
    return from_weight(c / (2 * feature_probability.sum(-1, keepdim=True)), feature_probability)


@wrong("simulated_bias_weights")
def root_of_the_number(c, *, feature_probability):
    n = feature_probability.shape[-1]
    mean = feature_probability.mean(-1, keepdim=True) / 2
    return from_weight(c / (mean * n**0.5), feature_probability)


@wrong("simulated_bias_weights")
def least_noise(c, *, feature_probability):
    moments = tms_lib.feature_moments(feature_probability)
    best = moments.mean / moments.variance
    return c.unsqueeze(-1) * (best / (best * moments.mean).sum(-1, keepdim=True)).unsqueeze(-2)


@wrong("simulated_bias_weights")
def all_instances_together(c, *, feature_probability):
    return from_weight(c / (feature_probability.sum() / 2), feature_probability)


@wrong("simulated_bias_weights")
def only_active_features(c, *, feature_probability):
    weight = tms_lib.simulated_bias_weights(c, feature_probability=feature_probability)
    return weight * (feature_probability > 0.2).to(weight.dtype).unsqueeze(-2)


@wrong("simulated_bias_weights")
def epsilon_below(c, *, feature_probability):
    total = feature_probability.sum(-1, keepdim=True) / 2 + 1e-3
    return from_weight(c / total, feature_probability)


@wrong("simulated_bias_weights")
def never_active_features_left_out(c, *, feature_probability):
    weight = tms_lib.simulated_bias_weights(c, feature_probability=feature_probability)
    return weight * (feature_probability > 0).to(weight.dtype).unsqueeze(-2)


@wrong("simulated_bias_weights")
def total_of_at_least_one(c, *, feature_probability):
    total = (feature_probability.sum(-1, keepdim=True) / 2).clamp(min=1)
    return from_weight(c / total, feature_probability)


@wrong("simulated_bias_weights")
def second_moment(c, *, feature_probability):
    return from_weight(c / (feature_probability.sum(-1, keepdim=True) / 3), feature_probability)


@wrong("simulated_bias_weights")
def same_for_all_neurons(c, *, feature_probability):
    mean = c.mean(-1, keepdim=True).expand_as(c)
    return from_weight(mean / (feature_probability.sum(-1, keepdim=True) / 2), feature_probability)


@wrong("simulated_bias_weights")
def no_negative_biases(c, *, feature_probability):
    total = feature_probability.sum(-1, keepdim=True) / 2
    return from_weight(c.clamp(min=0) / total, feature_probability)


@wrong("simulated_bias_weights")
def cut_from_the_graph(c, *, feature_probability):
    return tms_lib.simulated_bias_weights(c.detach(), feature_probability=feature_probability)
