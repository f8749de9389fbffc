"""Plausible wrong answers to the exercises of chapter 1 that are not among the slips."""

import math

import torch
import torch.nn.functional as F

import tms_lib
from answers.filing import wrong
from tms_lib import sample_features

# ---------------------------------------------------------------------------------------- density


@wrong("density")
def never_quite_zero(S):
    return (1 - S).clamp(min=1e-6)


@wrong("density")
def hard_zero_or_one(S):
    return (S < 0.5).to(S.dtype)


@wrong("density")
def two_decimals(S):
    return ((1 - S) * 100).round() / 100


@wrong("density")
def in_place_on_the_argument(S):
    return S.neg_().add_(1)


@wrong("density")
def numpy_array(S):
    return 1 - S.numpy()


@wrong("density")
def list_of_numbers(S):
    return [1 - s for s in S.flatten().tolist()]


@wrong("density")
def always_single_precision(S):
    return 1 - S.float()


@wrong("density")
def adds_up_to_one(S):
    return (1 - S) / (1 - S).sum()


@wrong("density")
def remembers_the_last_of_this_shape(S, _seen={}):  # noqa: B006
    return _seen.setdefault((S.shape, S.dtype), 1 - S)


# ------------------------------------------------------------------------------------------ embed


@wrong("embed")
def transposed_when_square(x, W):
    return x @ (W if W.shape[-2] == W.shape[-1] else W.mT)


@wrong("embed")
def last_instance_for_all(x, W):
    return x @ W[-1].mT if W.ndim == 3 else x @ W.mT


@wrong("embed")
def counts_axes_from_the_front(x, W):
    return torch.bmm(x, W.transpose(1, 2))


@wrong("embed")
def one_instance_loses_its_axis(x, W):
    return (x @ W.mT).squeeze(0)


@wrong("embed")
def one_axis_of_instances_at_most(x, W):
    return torch.einsum("ibf,ihf->ibh" if x.ndim == 3 else "bf,hf->bh", x, W)


@wrong("embed")
def unit_columns(x, W):
    return x @ F.normalize(W, dim=-2).mT


@wrong("embed")
def attention_scale(x, W):
    return x @ W.mT / math.sqrt(x.shape[-1])


@wrong("embed")
def centres_the_batch(x, W):
    return (x - x.mean(-2, keepdim=True)) @ W.mT


@wrong("embed")
def weights_out_of_the_graph(x, W):
    return x @ W.data.mT


@wrong("embed")
def fresh_matrix_on_the_cpu(x, W):
    h = torch.zeros(*x.shape[:-1], W.shape[-2], dtype=x.dtype)
    return h + x @ W.mT


# ------------------------------------------------------------------------------------------- gram


@wrong("gram")
def rows_when_square(W):
    return W @ W.mT if W.shape[-1] == W.shape[-2] else W.mT @ W


@wrong("gram")
def upper_triangle(W):
    return (W.mT @ W).triu()


@wrong("gram")
def no_negative_entries(W):
    return (W.mT @ W).clamp(min=0)


@wrong("gram")
def mean_over_hidden(W):
    return W.mT @ W / W.shape[-2]


@wrong("gram")
def axes_one_and_two(W):
    return W.transpose(1, 2) @ W


@wrong("gram")
def ones_on_the_diagonal(W):
    G = W.mT @ W
    return G - torch.diag_embed(G.diagonal(dim1=-2, dim2=-1) - 1)


@wrong("gram")
def four_decimals(W):
    return W.mT @ W + ((W.mT @ W).mul(1e4).round() / 1e4 - W.mT @ W).detach()


@wrong("gram")
def instances_or_none_but_not_two_axes(W):
    return torch.einsum("khi,khj->kij", W, W) if W.ndim == 3 else W.T @ W


# ----------------------------------------------------------------------------------- init_weights


def glorot(n_hidden, n_features):
    return math.sqrt(2 / (n_hidden + n_features))


@wrong("init_weights")
def kaiming(*, n_instances, n_hidden, n_features, generator):
    W = torch.randn(n_instances, n_hidden, n_features, generator=generator)
    return W * math.sqrt(2 / n_hidden)


@wrong("init_weights")
def geometric_mean_of_fans(*, n_instances, n_hidden, n_features, generator):
    W = torch.randn(n_instances, n_hidden, n_features, generator=generator)
    return W / math.sqrt(math.sqrt(n_hidden * n_features))


@wrong("init_weights")
def truncated_at_two_sigma(*, n_instances, n_hidden, n_features, generator):
    std = glorot(n_hidden, n_features)
    W = torch.empty(n_instances, n_hidden, n_features)
    return torch.nn.init.trunc_normal_(W, std=std, a=-2 * std, b=2 * std, generator=generator)


@wrong("init_weights")
def orthogonal_rows_of_the_right_scale(*, n_instances, n_hidden, n_features, generator):
    W = torch.randn(n_instances, max(n_hidden, n_features), min(n_hidden, n_features),
                    generator=generator)  # fmt: skip
    Q, R = torch.linalg.qr(W)
    Q = Q * R.diagonal(dim1=-2, dim2=-1).sign().unsqueeze(-2)
    Q = Q * math.sqrt(max(n_hidden, n_features)) * glorot(n_hidden, n_features)
    return Q.mT if n_hidden < n_features else Q


@wrong("init_weights")
def unit_columns_at_the_start(*, n_instances, n_hidden, n_features, generator):
    W = torch.randn(n_instances, n_hidden, n_features, generator=generator)
    return F.normalize(W, dim=-2) * math.sqrt(n_hidden) * glorot(n_hidden, n_features)


@wrong("init_weights")
def centred_in_each_instance(*, n_instances, n_hidden, n_features, generator):
    W = torch.randn(n_instances, n_hidden, n_features, generator=generator)
    W = (W - W.mean((-2, -1), keepdim=True)) / W.std((-2, -1), keepdim=True)
    return W * glorot(n_hidden, n_features)


@wrong("init_weights")
def second_half_mirrors_the_first(*, n_instances, n_hidden, n_features, generator):
    W = torch.randn((n_instances + 1) // 2, n_hidden, n_features, generator=generator)
    return torch.cat([W, -W])[:n_instances] * glorot(n_hidden, n_features)


@wrong("init_weights")
def seeded_by_the_generators_seed(*, n_instances, n_hidden, n_features, generator):
    torch.manual_seed(generator.initial_seed())
    return torch.randn(n_instances, n_hidden, n_features) * glorot(n_hidden, n_features)


@wrong("init_weights")
def draws_from_a_copy_of_the_generator(*, n_instances, n_hidden, n_features, generator):
    own = generator.clone_state()
    W = torch.randn(n_instances, n_hidden, n_features, generator=own)
    return W * glorot(n_hidden, n_features)


@wrong("init_weights")
def global_randomness(*, n_instances, n_hidden, n_features, generator):  # noqa: ARG001
    return torch.randn(n_instances, n_hidden, n_features) * glorot(n_hidden, n_features)


@wrong("init_weights")
def double_precision(*, n_instances, n_hidden, n_features, generator):
    W = torch.randn(n_instances, n_hidden, n_features, generator=generator)
    return W.double() * glorot(n_hidden, n_features)


# -------------------------------------------------------------------------------- sample_features


def uniform(p, n, generator):
    size = (*p.shape[:-1], n, p.shape[-1])
    return torch.rand(size, generator=generator, dtype=p.dtype)


@wrong("sample_features")
def presence_without_the_generator(p, n, *, generator):
    return uniform(p, n, generator) * torch.bernoulli(p.unsqueeze(-2).expand(*p.shape[:-1], n, -1))


@wrong("sample_features")
def reseeds_the_generator(p, n, *, generator):
    generator = torch.Generator().manual_seed(generator.initial_seed())
    return uniform(p, n, generator) * (uniform(p, n, generator) < p.unsqueeze(-2))


@wrong("sample_features")
def values_lean_to_zero(p, n, *, generator):
    return uniform(p, n, generator) ** 2 * (uniform(p, n, generator) < p.unsqueeze(-2))


@wrong("sample_features")
def values_around_one_half(p, n, *, generator):
    value = (uniform(p, n, generator) + uniform(p, n, generator)) / 2
    return value * (uniform(p, n, generator) < p.unsqueeze(-2))


@wrong("sample_features")
def values_from_a_tenth(p, n, *, generator):
    value = 0.1 + 0.9 * uniform(p, n, generator)
    return value * (uniform(p, n, generator) < p.unsqueeze(-2))


@wrong("sample_features")
def second_half_of_the_rows_is_complementary(p, n, *, generator):
    u = uniform(p, (n + 1) // 2, generator)
    mask = torch.cat([u, 1 - u], dim=-2)[..., :n, :] < p.unsqueeze(-2)
    return uniform(p, n, generator) * mask


@wrong("sample_features")
def repeats_a_hundred_rows(p, n, *, generator):
    few = min(n, 100)
    x = uniform(p, few, generator) * (uniform(p, few, generator) < p.unsqueeze(-2))
    return x[..., torch.arange(n) % few, :]


@wrong("sample_features")
def values_drawn_for_ten_rows(p, n, *, generator):
    values = uniform(p, 10, generator)[..., torch.arange(n) % 10, :]
    return values * (uniform(p, n, generator) < p.unsqueeze(-2))


@wrong("sample_features")
def always_the_same_number_per_row(p, n, *, generator):
    k = max(1, round(p.sum(-1).mean().item()))
    rank = (uniform(p, n, generator) / p.unsqueeze(-2)).argsort(-1).argsort(-1)
    return uniform(p, n, generator) * (rank < k)


@wrong("sample_features")
def mean_density_for_all_features(p, n, *, generator):
    mask = uniform(p, n, generator) < p.mean(-1, keepdim=True).unsqueeze(-2)
    return uniform(p, n, generator) * mask


@wrong("sample_features")
def batch_before_instances(p, n, *, generator):
    size = (n, *p.shape)
    value = torch.rand(size, generator=generator, dtype=p.dtype)
    return value * (torch.rand(size, generator=generator) < p)


@wrong("sample_features")
def always_single_precision_samples(p, n, *, generator):
    p = p.float()
    return uniform(p, n, generator) * (uniform(p, n, generator) < p.unsqueeze(-2))


@wrong("sample_features")
def instances_or_none_but_not_two(p, n, *, generator):
    size = (len(p), n, p.shape[1]) if p.ndim > 1 else (n, len(p))
    mask = torch.rand(size, generator=generator) < (p[:, None] if p.ndim > 1 else p)
    return torch.rand(size, generator=generator, dtype=p.dtype) * mask


@wrong("sample_features")
def values_drawn_for_half_the_batch(p, n, *, generator):
    value = uniform(p, n, generator)
    value[..., n // 2 : 2 * (n // 2), :] = value[..., : n // 2, :].clone()
    return value * (uniform(p, n, generator) < p.unsqueeze(-2))


@wrong("sample_features")
def values_of_two_rows(p, n, *, generator):
    value = uniform(p, (n + 1) // 2, generator).repeat_interleave(2, -2)[..., :n, :]
    return value * (uniform(p, n, generator) < p.unsqueeze(-2))


# -------------------------------------------------------------------------------- feature_moments


@wrong("feature_moments")
def stacked(p):
    return torch.stack(tms_lib.feature_moments(p))


@wrong("feature_moments")
def dictionary(p):
    mean, second, variance = tms_lib.feature_moments(p)
    return {"mean": mean, "second_moment": second, "variance": variance}


@wrong("feature_moments")
def mean_and_variance_only(p):
    return p / 2, p / 3 - p**2 / 4


@wrong("feature_moments")
def variance_of_a_coin_times_a_quarter(p):
    return p / 2, p / 3, p * (1 - p) / 4


@wrong("feature_moments")
def average_density(p):
    return p / 2, p / 3, p / 3 - p.mean() ** 2 / 4


@wrong("feature_moments")
def measured_in_samples(p):
    x = sample_features(p.reshape(-1), 10_000, generator=torch.Generator())
    return tuple(m.reshape(p.shape) for m in (x.mean(0), (x**2).mean(0), x.var(0)))


@wrong("feature_moments")
def halves_the_argument_in_place(p):
    mean = p.div_(2)
    return mean, mean * 2 / 3, mean * 2 / 3 - mean**2


@wrong("feature_moments")
def mean_of_the_square_root(p):
    return p / 2, p / 3 * p, p / 3 - p**2 / 4


@wrong("feature_moments")
def raises_at_zero(p):
    if (p <= 0).any():
        raise ValueError("p must be positive")
    return p / 2, p / 3, p / 3 - p**2 / 4


# ----------------------------------------------------------------------- active_count_probability


def binomial(p, n):
    return tms_lib.active_count_probability(p, n)


@wrong("active_count_probability")
def normal_law_for_many(p, n):
    if n < 50:
        return binomial(p, n)
    k = torch.arange(n + 1)
    mean, variance = (n * p).unsqueeze(-1), (n * p * (1 - p)).unsqueeze(-1)
    return ((-((k - mean) ** 2) / 2 / variance).exp() / (2 * math.pi * variance).sqrt()).to(p.dtype)


@wrong("active_count_probability")
def whole_numbers_overflow(p, n):
    choose = torch.tensor([math.comb(n, k) for k in range(n + 1)])
    k = torch.arange(n + 1)
    return choose * p.unsqueeze(-1) ** k * (1 - p.unsqueeze(-1)) ** (n - k)


@wrong("active_count_probability")
def keeps_away_from_zero_and_one(p, n):
    return binomial(p.clamp(1e-3, 1 - 1e-3), n)


@wrong("active_count_probability")
def not_a_number_at_zero_replaced_by_zero(p, n):
    q, k = p.double().unsqueeze(-1), torch.arange(n + 1)
    choose = torch.tensor([float(math.comb(n, j)) for j in range(n + 1)], dtype=torch.float64)
    return (choose.log() + k * q.log() + (n - k) * (-q).log1p()).exp().nan_to_num(0).to(p.dtype)


@wrong("active_count_probability")
def logarithms_in_single_precision(p, n):
    n_, k = torch.tensor(float(n)), torch.arange(n + 1.0)
    log_choose = torch.lgamma(n_ + 1) - torch.lgamma(k + 1) - torch.lgamma(n_ - k + 1)
    q = p.float().unsqueeze(-1)
    logs = log_choose + torch.xlogy(k, q) + torch.special.xlog1py(n_ - k, -q)
    return logs.exp().to(p.dtype)


@wrong("active_count_probability")
def counts_before_instances(p, n):
    return binomial(p, n).movedim(-1, 0)


@wrong("active_count_probability")
def same_density_everywhere(p, n):
    return binomial(p.mean().expand(p.shape), n)


@wrong("active_count_probability")
def at_least_k(p, n):
    return binomial(p, n).flip(-1).cumsum(-1).flip(-1)


@wrong("active_count_probability")
def simulated(p, n):
    x = sample_features(p.unsqueeze(-1).expand(*p.shape, n), 4000, generator=torch.Generator())
    return F.one_hot((x != 0).sum(-1), n + 1).to(p.dtype).mean(-2)


# ----------------------------------------------------------------------------------- cooccurrence


def together(active, dtype=torch.float32):
    active = active.to(dtype)
    return active.mT @ active / active.shape[-2]


@wrong("cooccurrence")
def small_values_do_not_count(x):
    return together(x.abs() > 0.01, x.dtype)


@wrong("cooccurrence")
def close_to_zero_is_zero(x):
    return together(~torch.isclose(x, torch.zeros_like(x), atol=1e-5), x.dtype)


@wrong("cooccurrence")
def product_of_signs(x):
    return together(x.sign(), x.dtype)


@wrong("cooccurrence")
def one_sample_less(x):
    B = x.shape[-2]
    return tms_lib.cooccurrence(x) * B / (B - 1)


@wrong("cooccurrence")
def first_axis_for_the_batch(x):
    active = (x != 0).to(x.dtype)
    return active.mT @ active / len(x)


@wrong("cooccurrence")
def single_precision_result(x):
    return together(x != 0)


@wrong("cooccurrence")
def counts_as_whole_numbers(x):
    active = (x != 0).long()
    return active.mT @ active // x.shape[-2]


@wrong("cooccurrence")
def rarer_of_the_two(x):
    share = (x != 0).to(x.dtype).mean(-2)
    return torch.minimum(share.unsqueeze(-1), share.unsqueeze(-2))


@wrong("cooccurrence")
def agrees_on_presence(x):
    return together(x != 0, x.dtype) + together(x == 0, x.dtype)


@wrong("cooccurrence")
def marks_presence_in_place(x):
    x[x != 0] = 1
    return x.mT @ x / x.shape[-2]


@wrong("cooccurrence")
def relative_to_the_largest(x):
    C = tms_lib.cooccurrence(x)
    return C / C.amax((-2, -1), keepdim=True)
