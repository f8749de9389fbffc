"""Unusual right answers to the exercises of chapter 12."""

import einops
import numpy as np
import torch

import tms_lib
from answers.filing import right

# ----------------------------------------------------------------------- sample_signed_features


@right("sample_signed_features")
def difference_of_two_uniforms_folded(feature_probability, n_samples, *, generator):
    # u - v is triangular on [-1, 1]; modulo 2 around a uniform shift it is uniform again
    p = feature_probability.unsqueeze(-2)
    shape = (*p.shape[:-2], n_samples, p.shape[-1])
    u, v = torch.rand(2, *shape, generator=generator, dtype=p.dtype)
    shift = 2 * torch.rand(shape, generator=generator, dtype=p.dtype)
    value = (u - v + shift) % 2 - 1
    return torch.where(torch.rand(shape, generator=generator, dtype=p.dtype) < p, value, 0)


@right("sample_signed_features")
def filled_in_place(feature_probability, n_samples, *, generator):
    p = feature_probability.unsqueeze(-2).repeat_interleave(n_samples, dim=-2)
    x = torch.empty_like(p).uniform_(-1, 1, generator=generator)
    x[torch.bernoulli(p, generator=generator) == 0] = 0
    return x


@right("sample_signed_features")
def batch_first_and_then_moved(feature_probability, n_samples, *, generator):
    size = (n_samples, *feature_probability.shape)
    u = torch.rand(size, generator=generator, dtype=feature_probability.dtype)
    side = torch.where(u < feature_probability / 2, -1, 1) * (u < feature_probability)
    size = torch.rand(size, generator=generator, dtype=feature_probability.dtype)
    return einops.rearrange(side * size, "b ... f -> ... b f")


@right("sample_signed_features")
def one_draw_for_both(feature_probability, n_samples, *, generator):
    # v is uniform on [-1, 1]; given |v| < p, v / p is so too
    p = feature_probability.unsqueeze(-2).double()
    shape = (*p.shape[:-2], n_samples, p.shape[-1])
    v = 2 * torch.rand(shape, generator=generator, dtype=p.dtype) - 1
    return torch.where(v.abs() < p, v / p, 0.0).to(feature_probability.dtype)


@right("sample_signed_features")
def numpy_seeded_by_the_generator(feature_probability, n_samples, *, generator):
    numbers = np.random.default_rng(int(torch.randint(2**31, (), generator=generator)))
    p = feature_probability.unsqueeze(-2).double().numpy()
    shape = (*p.shape[:-2], n_samples, p.shape[-1])
    x = numbers.uniform(-1, 1, shape) * (numbers.random(shape) < p)
    return torch.from_numpy(x).to(feature_probability.dtype)


# ------------------------------------------------------------------------------- absolute_value


@right("absolute_value")
def in_place_on_what_is_new(x, *, W1, W2, b):
    y = (x @ W1.mT).relu_() @ W2.mT
    y += b.unsqueeze(-2)
    return y.relu_()


@right("absolute_value")
def einsum_and_clamp(x, *, W1, W2, b):
    h = torch.einsum("...hf,...bf->...bh", W1, x).clamp_min(0)
    return (torch.einsum("...fh,...bh->...bf", W2, h) + b[..., None, :]).clamp_min(0)


@right("absolute_value")
def bias_as_one_more_neuron(x, *, W1, W2, b):
    h = torch.relu(x @ W1.mT)
    h = torch.cat([h, torch.ones_like(h[..., :1])], dim=-1)
    return torch.relu(h @ torch.cat([W2, b.unsqueeze(-1)], dim=-1).mT)


@right("absolute_value")
def halves_of_sums(x, *, b, W2, W1):
    h = tms_lib.embed(x, W1)
    before = ((h + h.abs()) / 2) @ W2.transpose(-1, -2) + b.unsqueeze(-2)
    return (before + before.abs()) / 2


# --------------------------------------------------------------------------- absolute_value_loss


@right("absolute_value_loss")
def library_pieces(x, *, W1, W2, b, importance):
    y = tms_lib.absolute_value(x, W1=W1, W2=W2, b=b)
    return tms_lib.weighted_mse(y, x.abs(), importance=importance)


@right("absolute_value_loss")
def sample_by_sample(x, *, W1, W2, b, importance):
    total = 0.0
    for k in range(x.shape[-2]):
        row = x[..., k, :]
        h = torch.relu((W1 @ row.unsqueeze(-1)).squeeze(-1))
        y = torch.relu((W2 @ h.unsqueeze(-1)).squeeze(-1) + b)
        total = total + (importance * (torch.maximum(row, -row) - y) ** 2).sum(-1)
    return total / x.shape[-2]


@right("absolute_value_loss")
def weighted_before_the_mean(x, *, W1, W2, b, importance):
    error = torch.relu(torch.relu(x @ W1.mT) @ W2.mT + b.unsqueeze(-2)) - x.sign() * x
    root = importance.expand(b.shape).sqrt().unsqueeze(-2)
    return (root * error).square().sum((-2, -1)) / error.shape[-2]


# -------------------------------------------------------------------------- monosemantic_circuit


def costs(p, importance):
    return importance * (p / 3 - p**2 / 4)


@right("monosemantic_circuit")
def negative_neurons_first(feature_probability, *, importance, n_hidden):
    cost = costs(feature_probability, importance)
    served = cost.topk(n_hidden // 2, dim=-1, sorted=False).indices
    own = torch.nn.functional.one_hot(served, cost.shape[-1]).to(cost.dtype)
    W1 = torch.cat([-own, own], dim=-2)
    W2 = torch.cat([own, own], dim=-2).mT
    return W1, W2, torch.where(W2.sum(-1) > 0, 0.0, feature_probability / 2)


@right("monosemantic_circuit")
def sides_interleaved_at_odd_scales(feature_probability, *, importance, n_hidden):
    cost = costs(feature_probability, importance)
    served = cost.argsort(dim=-1, descending=True)[..., : n_hidden // 2].repeat_interleave(
        2, dim=-1
    )
    sign = (
        torch.tensor([3.0, -7.0], dtype=cost.dtype, device=cost.device)
        .repeat(n_hidden // 2)
        .unsqueeze(-1)
    )
    W1 = torch.nn.functional.one_hot(served, cost.shape[-1]) * sign
    b = (feature_probability + 0 * cost) / 2
    return W1, (W1 / sign / sign.abs()).mT, b.scatter(-1, served, 0.0)


@right("monosemantic_circuit")
def from_the_linear_optimum(feature_probability, *, importance, n_hidden):
    W, b = tms_lib.linear_optimum(
        feature_probability, importance=importance, n_hidden=n_hidden // 2
    )
    return torch.cat([W, -W], dim=-2), torch.cat([W, W], dim=-2).mT, b


@right("monosemantic_circuit")
def served_by_a_threshold(feature_probability, *, importance, n_hidden):
    p, importance = torch.broadcast_tensors(feature_probability, importance)
    cost = costs(p, importance)
    least = cost.sort(dim=-1, descending=True).values[..., n_hidden // 2 - 1, None]
    served = (cost >= least).to(p.dtype)
    first = served.argsort(dim=-1, descending=True, stable=True)[..., : n_hidden // 2]
    own = torch.nn.functional.one_hot(first, p.shape[-1]).to(p.dtype)
    return torch.cat([own, -own], -2), torch.cat([own, own], -2).mT, p / 2 * (1 - served)


# ------------------------------------------------------------------------------- side_responses


@right("side_responses")
def model_on_unit_inputs(W1, W2):
    x = torch.eye(W1.shape[-1], dtype=W1.dtype, device=W1.device)
    return tuple((torch.relu(side @ W1.mT) @ W2.mT).mT for side in (x, -x))


@right("side_responses")
def parts_by_sign(W1, W2):
    return [W2 @ (W1 * (W1 > 0)), W2 @ (-W1 * (W1 < 0))]


@right("side_responses")
def sum_and_difference(W1, W2):
    even, odd = W2 @ W1.abs(), W2 @ W1
    return (even + odd) / 2, (even - odd) / 2


# ---------------------------------------------------------------------------- canonical_neurons


@right("canonical_neurons")
def infinity_norm(W1, W2):
    scale = W1.norm(p=float("inf"), dim=-1)
    scale[scale == 0] = 1
    return W1 / scale[..., None], W2 * scale[..., None, :]


@right("canonical_neurons")
def diagonal_matrices(W1, W2):
    scale = torch.maximum(W1.amax(-1), -W1.amin(-1))
    scale = scale.masked_fill(scale == 0, 1)
    return torch.diag_embed(1 / scale) @ W1, W2 @ torch.diag_embed(scale)


@right("canonical_neurons")
def transposed_so_that_both_are_rows(W1, W2):
    scale = W1.abs().max(dim=-1, keepdim=True).values
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return [W1 / scale, (W2.mT * scale).mT]


# ---------------------------------------------------------------------------------- sort_neurons


@right("sort_neurons")
def three_stable_sorts(W, *, importance):
    weight, largest = W.abs().max(-1)
    value = importance.expand(*W.shape[:-2], W.shape[-1]).gather(-1, largest)
    value = value.masked_fill(weight == 0, -1)
    order = weight.argsort(dim=-1, descending=True, stable=True)
    order = order.gather(-1, largest.gather(-1, order).argsort(dim=-1, stable=True))
    return order.gather(-1, value.gather(-1, order).argsort(dim=-1, descending=True, stable=True))


@right("sort_neurons")
def pairwise_comparison(W, *, importance):
    weight, largest = W.abs().double().max(-1)
    value = importance.double().expand(*W.shape[:-2], W.shape[-1]).gather(-1, largest)
    value = torch.where(weight == 0, -1.0, value)
    a, b = ((value.unsqueeze(i), largest.unsqueeze(i), weight.unsqueeze(i)) for i in (-1, -2))
    before = (b[0] > a[0]) | ((b[0] == a[0]) & (b[1] < a[1]))
    before = before | ((b[0] == a[0]) & (b[1] == a[1]) & (b[2] > a[2]))
    return before.sum(-1).argsort(dim=-1)  # how many neurons stand before each


@right("sort_neurons")
def numpys_lexsort_in_int32(W, *, importance):
    weight, largest = W.abs().max(-1)
    value = importance.expand(*W.shape[:-2], W.shape[-1]).gather(-1, largest)
    keys = (-weight.numpy(), largest.numpy(), -value.numpy(), (weight == 0).numpy())
    return torch.from_numpy(np.lexsort(keys, axis=-1)).int()


@right("sort_neurons")
def weight_as_a_fraction_of_a_place(W, *, importance):
    weight, largest = W.abs().double().max(-1)
    importance = importance.expand(*W.shape[:-2], W.shape[-1])
    rank = importance.argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)
    place = torch.where(weight > 0, rank.gather(-1, largest), W.shape[-1])
    return (place - weight / (1 + weight.amax(-1, keepdim=True))).argsort(dim=-1)


# ---------------------------------------------------------------------------- asymmetric_circuit


@right("asymmetric_circuit")
def canonical_scale(ratio, *, margin):
    W1 = torch.stack([torch.ones_like(ratio), -(ratio**-2), torch.ones_like(ratio), 0 * ratio], -1)
    W2 = torch.stack([torch.ones_like(ratio), 0 * ratio, ratio**2, -margin - ratio**2], dim=-1)
    return W1.reshape(*ratio.shape, 2, 2), W2.reshape(*ratio.shape, 2, 2)


@right("asymmetric_circuit")
def one_circuit_after_another(ratio, *, margin):
    circuits = []
    for r in ratio.reshape(-1).tolist():
        circuits.append(([[1, 0], [r, -1 / r]], [[0, 1 / r], [-(r * r) - margin, r]]))
    W1, W2 = (torch.tensor(part, dtype=ratio.dtype, device=ratio.device)
              for part in zip(*circuits, strict=True))  # fmt: skip
    return W1.view(*ratio.shape, 2, 2), W2.view(*ratio.shape, 2, 2)
