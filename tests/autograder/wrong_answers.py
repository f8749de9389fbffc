"""Plausible wrong answers that are not among the slips: half-right, hasty, or copied.

Each is grouped with its exercise and named for what is wrong with it. `WRONG` maps an exercise to
its wrong answers; none may earn full marks. Most start from the right value and spoil one thing,
which keeps them short and shows what is spoilt.
"""

import math
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F

import tms_lib
from tms_lib import TrainConfig, expected_loss, sample_features, train

WRONG: dict[str, list[Callable[..., Any]]] = defaultdict(list)


def wrong(exercise: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Files a wrong answer under its exercise."""

    def add(answer: Callable[..., Any]) -> Callable[..., Any]:
        WRONG[exercise].append(answer)
        return answer

    return add


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


# ---------------------------------------------------------------------------------- linear_output


@wrong("linear_output")
def one_bias_number(x, *, W, b):
    return x @ W.mT @ W + b.mean(-1, keepdim=True).unsqueeze(-2)


@wrong("linear_output")
def bias_from_the_first_instance(x, *, W, b):
    return x @ W.mT @ W + (b[:1] if b.ndim > 1 else b).unsqueeze(-2)


@wrong("linear_output")
def no_self_interaction(x, *, W, b):
    G = W.mT @ W
    return x @ (G - torch.diag_embed(G.diagonal(dim1=-2, dim2=-1))) + b.unsqueeze(-2)


@wrong("linear_output")
def residual_connection(x, *, W, b):
    return x + x @ W.mT @ W + b.unsqueeze(-2)


@wrong("linear_output")
def unit_directions(x, *, W, b):
    W = F.normalize(W, dim=-2)
    return x @ W.mT @ W + b.unsqueeze(-2)


@wrong("linear_output")
def adds_the_bias_in_place_to_the_input(x, *, W, b):
    value = tms_lib.linear_output(x, W=W, b=b)
    x += b.unsqueeze(-2)
    return value


@wrong("linear_output")
def bias_out_of_the_graph(x, *, W, b):
    return x @ W.mT @ W + b.detach().unsqueeze(-2)


@wrong("linear_output")
def one_axis_of_instances_or_none(x, *, W, b):
    if x.ndim == 2:
        return x @ W.T @ W + b
    return torch.einsum("khi,khj,kbj->kbi", W, W, x) + b[:, None]


# ------------------------------------------------------------------------------------ relu_output


def before_relu(x, W, b):
    return x @ W.mT @ W + b.unsqueeze(-2)


@wrong("relu_output")
def leaky(x, *, W, b):
    return F.leaky_relu(before_relu(x, W, b))


@wrong("relu_output")
def softplus(x, *, W, b):
    return F.softplus(before_relu(x, W, b), beta=20)


@wrong("relu_output")
def gelu(x, *, W, b):
    return F.gelu(before_relu(x, W, b))


@wrong("relu_output")
def relu6(x, *, W, b):
    return F.relu6(before_relu(x, W, b))


@wrong("relu_output")
def relu_of_the_input(x, *, W, b):
    return tms_lib.relu_output(x.relu(), W=W, b=b)


@wrong("relu_output")
def no_relu_where_the_bias_is_zero(x, *, W, b):
    return before_relu(x, W, b) if (b == 0).all() else tms_lib.relu_output(x, W=W, b=b)


@wrong("relu_output")
def relu_from_a_hundredth(x, *, W, b):
    y = before_relu(x, W, b)
    return y * (y > 0.01)


@wrong("relu_output")
def relu_with_a_detached_mask_product(x, *, W, b):
    y = before_relu(x, W, b)
    return y * (y > 0) if y.requires_grad is False else torch.relu(y.detach()) + 0 * y


@wrong("relu_output")
def two_axes_of_instances_fail(x, *, W, b):
    if x.ndim == 2:
        return torch.relu(x @ W.T @ W + b)
    return torch.relu(torch.bmm(torch.bmm(x, W.mT), W) + b[:, None])


# ----------------------------------------------------------------------------------- weighted_mse


@wrong("weighted_mse")
def error_against_absolute_input(x, x_hat, *, importance):
    return tms_lib.weighted_mse(x.abs(), x_hat, importance=importance)


@wrong("weighted_mse")
def active_features_only(x, x_hat, *, importance):
    return tms_lib.weighted_mse(x, x_hat * (x != 0), importance=importance)


@wrong("weighted_mse")
def one_sample_less_in_the_mean(x, x_hat, *, importance):
    B = x.shape[-2]
    return tms_lib.weighted_mse(x, x_hat, importance=importance) * B / (B - 1)


@wrong("weighted_mse")
def importance_inside_the_square(x, x_hat, *, importance):
    weight = importance.unsqueeze(-2)
    return ((weight * (x - x_hat)) ** 2).mean(-2).sum(-1)


@wrong("weighted_mse")
def half_of_the_square(x, x_hat, *, importance):
    return 0.5 * tms_lib.weighted_mse(x, x_hat, importance=importance)


@wrong("weighted_mse")
def mean_importance(x, x_hat, *, importance):
    weight = importance.mean(-1, keepdim=True)
    return tms_lib.weighted_mse(x, x_hat, importance=weight)


@wrong("weighted_mse")
def second_axis_for_the_batch(x, x_hat, *, importance):
    error = ((x - x_hat) ** 2).sum(-2) / x.shape[1]
    return (importance * error).sum(-1)


@wrong("weighted_mse")
def squeezes_the_result(x, x_hat, *, importance):
    return tms_lib.weighted_mse(x, x_hat, importance=importance).squeeze()


@wrong("weighted_mse")
def python_numbers(x, x_hat, *, importance):
    return tms_lib.weighted_mse(x, x_hat, importance=importance).tolist()


@wrong("weighted_mse")
def instances_or_none_with_unsqueeze(x, x_hat, *, importance):
    weight = importance[:, None] if importance.ndim == 2 else importance
    return (weight * (x - x_hat) ** 2).sum(-1).mean(1 if x.ndim == 3 else 0)


# ---------------------------------------------------------------------------------- gradient_step


def gradients(x, W, b, importance):
    W, b = W.detach().requires_grad_(), b.detach().requires_grad_()
    loss = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
    return torch.autograd.grad(loss.sum(), (W, b))


@wrong("gradient_step")
def changes_the_weights_in_place(x, *, W, b, importance, lr):
    W_grad, b_grad = gradients(x, W, b, importance)
    W -= lr * W_grad
    b -= lr * b_grad
    return W, b


@wrong("gradient_step")
def step_of_adam(x, *, W, b, importance, lr):
    W_grad, b_grad = gradients(x, W, b, importance)
    return W - lr * W_grad.sign(), b - lr * b_grad.sign()


@wrong("gradient_step")
def clips_the_gradient(x, *, W, b, importance, lr):
    W_grad, b_grad = gradients(x, W, b, importance)
    return W - lr * W_grad.clamp(-1, 1), b - lr * b_grad.clamp(-1, 1)


@wrong("gradient_step")
def decays_the_weights(x, *, W, b, importance, lr):
    W_grad, b_grad = gradients(x, W, b, importance)
    return (1 - 0.01 * lr) * W - lr * W_grad, b - lr * b_grad


@wrong("gradient_step")
def half_the_step(x, *, W, b, importance, lr):
    W_grad, b_grad = gradients(x, W, b, importance)
    return W - lr * W_grad / 2, b - lr * b_grad / 2


@wrong("gradient_step")
def divides_by_the_features(x, *, W, b, importance, lr):
    W_grad, b_grad = gradients(x, W, b, importance)
    return W - lr * W_grad / x.shape[-1], b - lr * b_grad / x.shape[-1]


@wrong("gradient_step")
def sums_the_biases_gradient_over_instances(x, *, W, b, importance, lr):
    W_grad, b_grad = gradients(x, W, b, importance)
    return W - lr * W_grad, b - lr * (b_grad.sum(0) if b.ndim > 1 else b_grad)


@wrong("gradient_step")
def always_a_tenth(x, *, W, b, importance, lr):  # noqa: ARG001
    W_grad, b_grad = gradients(x, W, b, importance)
    return W - 0.1 * W_grad, b - 0.1 * b_grad


@wrong("gradient_step")
def returns_the_loss_as_well(x, *, W, b, importance, lr):
    loss = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
    W, b = tms_lib.gradient_step(x, W=W, b=b, importance=importance, lr=lr)
    return W, b, loss


# -------------------------------------------------------------------------------- best_of_seeds


def pick(values, best):
    return values[torch.arange(len(values)), best]


@wrong("best_of_seeds")
def one_for_not_a_number(values, losses):
    return pick(values, losses.nan_to_num(1.0, posinf=1.0).argmin(1))


@wrong("best_of_seeds")
def a_million_for_not_a_number(values, losses):
    return pick(values, losses.nan_to_num(1e6, posinf=1e6).argmin(1))


@wrong("best_of_seeds")
def zero_for_not_a_number(values, losses):
    return pick(values, losses.nan_to_num(0.0).argmin(1))


@wrong("best_of_seeds")
def last_seed(values, losses):  # noqa: ARG001
    return values[:, -1]


@wrong("best_of_seeds")
def first_seed_that_survived(values, losses):
    return pick(values, losses.isfinite().int().argmax(1))


@wrong("best_of_seeds")
def number_of_the_seed(values, losses):  # noqa: ARG001
    return losses.nan_to_num(math.inf).argmin(1)


@wrong("best_of_seeds")
def mean_of_the_two_best(values, losses):
    order = losses.nan_to_num(math.inf).argsort(1)
    return (pick(values, order[:, 0]) + pick(values, order[:, min(1, order.shape[1] - 1)])) / 2


@wrong("best_of_seeds")
def keeps_the_seed_axis(values, losses):
    return pick(values, losses.nan_to_num(math.inf).argmin(1)).unsqueeze(1)


@wrong("best_of_seeds")
def best_numbers_of_any_seed(values, losses):  # noqa: ARG001
    return values.amin(1)


@wrong("best_of_seeds")
def marks_diverged_losses_in_place(values, losses):
    losses[~losses.isfinite()] = math.inf
    return pick(values, losses.argmin(1))


@wrong("best_of_seeds")
def compares_in_single_precision(values, losses):
    return tms_lib.best_of_seeds(values.float(), losses.float()).to(values.dtype)


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


# ---------------------------------------------------------------------------- train_relu_output


def loop(p, *, importance, n_hidden, n_steps, batch_size, lr, generator, betas=(0.9, 0.999),
         rate=lambda t: 1 - t, reduce=torch.sum, importance_at=lambda _: 1.0):  # fmt: skip
    """A right loop, unless an argument spoils it."""
    W = tms_lib.init_weights(
        n_instances=len(p), n_hidden=n_hidden, n_features=p.shape[1], generator=generator
    ).requires_grad_()
    b = torch.zeros(p.shape, requires_grad=True)
    optimizer = torch.optim.Adam([W, b], lr=lr, betas=betas)
    history = []
    for step in range(n_steps):
        optimizer.param_groups[0]["lr"] = lr * rate(step / n_steps)
        x = sample_features(p, batch_size, generator=generator)
        weight = importance * importance_at(step)
        loss = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=weight)
        optimizer.zero_grad()
        reduce(loss).backward()
        optimizer.step()
        history.append(loss.detach())
    return W, b, torch.stack(history)


def detached(*tensors):
    return tuple(t.detach() for t in tensors)


@wrong("train_relu_output")
def still_part_of_the_graph(p, **settings):
    return loop(p, **settings)


@wrong("train_relu_output")
def own_learning_rate(p, *, lr, **settings):  # noqa: ARG001
    return detached(*loop(p, lr=1e-3, **settings))


@wrong("train_relu_output")
def learning_rate_rises(p, **settings):
    return detached(*loop(p, rate=lambda t: t, **settings))


@wrong("train_relu_output")
def learning_rate_falls_to_a_half(p, **settings):
    return detached(*loop(p, rate=lambda t: 1 - t / 2, **settings))


@wrong("train_relu_output")
def trains_the_first_instance(p, **settings):
    return detached(*loop(p, reduce=lambda loss: loss[0], **settings))


@wrong("train_relu_output")
def own_batch_size(p, *, batch_size, **settings):  # noqa: ARG001
    return detached(*loop(p, batch_size=64, **settings))


@wrong("train_relu_output")
def own_seed(p, *, generator, **settings):  # noqa: ARG001
    return detached(*loop(p, generator=torch.Generator().manual_seed(0), **settings))


@wrong("train_relu_output")
def one_step_too_many(p, *, n_steps, **settings):
    return detached(*loop(p, n_steps=n_steps + 1, **settings))


@wrong("train_relu_output")
def everyone_gets_the_first_importances(p, *, importance, **settings):
    first = importance[0] if importance.ndim > 1 else importance
    return detached(*loop(p, importance=first, **settings))


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
