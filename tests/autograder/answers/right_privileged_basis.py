"""Unusual right answers to the exercises of chapter 11."""

import einops
import torch
import torch.nn.functional as F

import tms_lib
from answers.filing import right

# ----------------------------------------------------------------------------------- relu_embed


@right("relu_embed")
def bias_as_a_feature_that_is_always_on(x, W, *, c=None):
    if c is not None:
        x = torch.cat([x, torch.ones_like(x[..., :1])], dim=-1)
        W = torch.cat([W, c[..., None]], dim=-1)
    return F.relu(x @ W.transpose(-1, -2))


@right("relu_embed")
def mean_of_value_and_size(x, W, *, c=None):
    before = einops.einsum(W, x, "... k i, ... b i -> ... b k")
    before = before if c is None else before + c[..., None, :]
    return (before + before.abs()) / 2


@right("relu_embed")
def where_it_is_positive(x, W, *, c=None):
    h = tms_lib.embed(x, W)
    if c is not None:
        h = h + einops.rearrange(c, "... k -> ... 1 k")
    return h * (h > 0)


# ---------------------------------------------------------------------------------- relu_hidden


@right("relu_hidden")
def neurons_from_the_library(x, *, W, b, c=None):
    return F.relu(tms_lib.relu_embed(x, W, c=c) @ W + b[..., None, :])


@right("relu_hidden")
def mask_on_the_linear_neurons(x, *, W, b, c=None):
    c = torch.zeros_like(W[..., 0]) if c is None else c
    h = x @ W.mT + c.unsqueeze(-2)
    on = (h > 0).to(h.dtype)
    return ((on * h) @ W + b.unsqueeze(-2)).clamp_min(0)


@right("relu_hidden")
def features_in_rows_of_a_column(x, *, W, b, c=None):
    h = W @ x.mT
    if c is not None:
        h = h + c.unsqueeze(-1)
    return F.relu(W.mT @ F.relu(h) + b.unsqueeze(-1)).mT


# -------------------------------------------------------------------------- features_per_neuron


@right("features_per_neuron")
def by_sorting(W, *, threshold=0.25):
    size = W.abs().sort(-1, descending=True).values
    return (size > threshold * size[..., :1]).sum(-1)


@right("features_per_neuron")
def neuron_by_neuron(W, *, threshold=0.25):
    counts = []
    for row in W.reshape(-1, W.shape[-1]):
        largest = max(row.max(), -row.min())
        counts.append(sum(int(weight.abs() > threshold * largest) for weight in row))
    return torch.tensor(counts, device=W.device).reshape(W.shape[:-1])


@right("features_per_neuron")
def features_minus_the_small_ones(W, *, threshold=0.25):
    size = W.abs()
    small = size <= threshold * einops.reduce(size, "... k i -> ... k 1", "max")
    return W.shape[-1] - small.sum(-1)


@right("features_per_neuron")
def shares_in_int32_with_nan_for_the_dead(W, *, threshold=0.25):
    share = W.abs() / W.abs().amax(-1, keepdim=True)  # NaN exceeds nothing
    return (share > threshold).sum(-1, dtype=torch.int32)


# ------------------------------------------------------------------------------ polysemanticity


@right("polysemanticity")
def from_unit_rows(W):
    W_hat = F.normalize(W, dim=-1, eps=1e-30)
    squared = W_hat.square()
    return squared.sum(-1) - squared.amax(-1)


@right("polysemanticity")
def relative_to_the_largest(W):
    largest = W.abs().amax(-1, keepdim=True)
    ratio = W / torch.where(largest > 0, largest, 1)
    total = ratio.pow(2).sum(-1)
    return 1 - 1 / torch.where(total > 0, total, 1)


@right("polysemanticity")
def without_the_largest_column(W):
    place = W.abs().argmax(-1, keepdim=True)
    others = W.scatter(-1, place, 0.0)
    total = (W * W).sum(-1)
    return (others * others).sum(-1) / total.where(total > 0, 1.0)


# -------------------------------------------------------------------------------- clipped_share


@right("clipped_share")
def one_minus_what_passes(x, W, *, c=None):
    h = tms_lib.embed(x, W) + (0 if c is None else c.unsqueeze(-2))
    return 1 - (h >= 0).to(x.dtype).sum(-2) / x.shape[-2]


@right("clipped_share")
def signs(x, W, *, c=None):
    h = einops.einsum(x, W, "... b i, ... k i -> ... b k")
    h = h if c is None else h + c[..., None, :]
    return torch.sign(h).clamp(max=0).neg().mean(-2)


@right("clipped_share")
def compares_with_the_bias(x, W, *, c=None):
    least = torch.zeros_like(W[..., 0]) if c is None else -c
    return (x @ W.mT < least.unsqueeze(-2)).to(W.dtype).mean(dim=-2)


@right("clipped_share")
def features_from_the_last_to_the_first(x, W, *, c=None):
    h = x.flip(-1) @ W.flip(-1).mT
    h = h if c is None else h + c.unsqueeze(-2)
    return torch.heaviside(-h, torch.zeros((), dtype=h.dtype, device=h.device)).mean(-2)


@right("clipped_share")
def bias_as_a_feature_that_is_always_one(x, W, *, c=None):
    if c is not None:
        x = torch.cat([torch.ones_like(x[..., :1]), x], dim=-1)
        W = torch.cat([c.unsqueeze(-1), W], dim=-1)
    return (x @ W.mT < 0).to(x.dtype).mean(-2)


# -------------------------------------------------------------------------------- bypass_biases


@right("bypass_biases")
def half_of_size_minus_sum(W, b):
    c = (W.abs() - W).sum(-1) / 2
    return b - torch.einsum("...ki,...k->...i", W, c), c


@right("bypass_biases")
def from_the_worst_input(W, b):
    c = []
    for k in range(W.shape[-2]):
        worst = (W[..., k, :] < 0).to(W.dtype)
        c.append(-(W[..., k, :] * worst).sum(-1))
    c = torch.stack(c, -1)
    return b - (W.mT @ c[..., None])[..., 0], c


@right("bypass_biases")
def list_of_relu_and_baddbmm(W, b):
    c = F.relu(-W).sum(dim=-1)
    return [b - (c[..., None, :] @ W).squeeze(-2), c]


# ------------------------------------------------------------------------ preactivation_moments


@right("preactivation_moments")
def norm_of_scaled_weights(W, *, feature_probability):
    moments = tms_lib.feature_moments(feature_probability)
    scaled = W * moments.variance.sqrt().unsqueeze(-2)
    return (W * moments.mean[..., None, :]).sum(-1), scaled.norm(dim=-1)


@right("preactivation_moments")
def second_moment_of_the_sum(W, *, feature_probability):
    p = feature_probability[..., None, :]
    mean = (W * p).sum(-1) / 2
    own, product = (W**2 * p / 3).sum(-1), ((W * p / 2) ** 2).sum(-1)
    return mean, (own - product).clamp(min=0).sqrt()


@right("preactivation_moments")
def feature_by_feature(W, *, feature_probability):
    p = feature_probability.expand(*W.shape[:-2], W.shape[-1])
    mean, variance = torch.zeros_like(W[..., 0]), torch.zeros_like(W[..., 0])
    for i in range(W.shape[-1]):
        mean = mean + W[..., i] * p[..., i, None] / 2
        variance = variance + W[..., i] ** 2 * (p[..., i, None] / 3 - p[..., i, None] ** 2 / 4)
    return mean, variance**0.5


# ----------------------------------------------------------------------- simulated_bias_weights


@right("simulated_bias_weights")
def from_the_mean_density(c, *, feature_probability):
    p = feature_probability
    n_extra = p.shape[-1]
    weight = 2 * c / (n_extra * p.mean(-1, keepdim=True))
    return einops.repeat(weight, "... k -> ... k j", j=n_extra)


@right("simulated_bias_weights")
def solves_for_a_total_of_one(c, *, feature_probability):
    one = torch.ones_like(feature_probability)
    total, _ = tms_lib.preactivation_moments(
        one.unsqueeze(-2), feature_probability=feature_probability
    )
    return (c / total)[..., None] * one[..., None, :]


@right("simulated_bias_weights")
def expanded(c, *, feature_probability):
    weight = (c / (0.5 * feature_probability.sum(-1, keepdim=True))).unsqueeze(-1)
    return weight.expand(*weight.shape[:-1], feature_probability.shape[-1]).contiguous()
