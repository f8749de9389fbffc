"""Unusual right answers: loops, einops, other orders of random draws, classes, decorators.

Each is grouped with its exercise and named for what is unusual. `RIGHT` maps an exercise to its
right answers; all must earn full marks.
"""

import functools
import math
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

import einops
import numpy as np
import torch
import torch.nn.functional as F

import tms_lib
from tms_lib import TrainConfig, expected_loss, sample_features, train

RIGHT: dict[str, list[Callable[..., Any]]] = defaultdict(list)


def right(exercise: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Files a right answer under its exercise."""

    def add(answer: Callable[..., Any]) -> Callable[..., Any]:
        RIGHT[exercise].append(answer)
        return answer

    return add


def logged(function):
    """What a student's decorator may be."""

    @functools.wraps(function)
    def inner(*args, **kwargs):
        print("called", function.__name__)
        return function(*args, **kwargs)

    return inner


# ---------------------------------------------------------------------------------------- density


@right("density")
def adds_one_to_the_negative(sparsity, *, total=1):
    return sparsity.neg().add(total)


@right("density")
@logged
def decorated(sparsity):
    return torch.sub(1, sparsity)


class Density:
    """An object that can be called."""

    def __call__(self, sparsity):
        return torch.ones_like(sparsity) - sparsity


RIGHT["density"].append(Density())


# ------------------------------------------------------------------------------------------ embed


@right("embed")
def with_einsum(x, W):
    return torch.einsum("...bf,...hf->...bh", x, W)


@right("embed")
def with_einops(x, W):
    return einops.einsum(x, W, "... b f, ... h f -> ... b h")


@right("embed")
def hidden_first_then_transposed(x, W):
    return (W @ x.transpose(-1, -2)).transpose(-1, -2)


@right("embed")
def product_and_sum(x, W):
    return (x.unsqueeze(-2) * W.unsqueeze(-3)).sum(dim=-1)


# ------------------------------------------------------------------------------------------- gram


@right("gram")
def gram_with_einsum(W):
    return torch.einsum("...hi,...hj->...ij", W, W)


@right("gram")
def gram_with_swapaxes(W):
    return torch.matmul(W.swapaxes(-2, -1), W)


@right("gram")
def sum_of_outer_products(W):
    return sum(row.unsqueeze(-1) * row.unsqueeze(-2) for row in W.unbind(-2))


# ----------------------------------------------------------------------------------- init_weights


@right("init_weights")
def normal_in_place(*, n_instances, n_hidden, n_features, generator):
    W = torch.empty(n_instances, n_hidden, n_features)
    return W.normal_(0, (2 / (n_hidden + n_features)) ** 0.5, generator=generator)


@right("init_weights")
def box_muller(*, n_instances, n_hidden, n_features, generator):
    u, v = torch.rand(2, n_instances, n_hidden, n_features, generator=generator)
    normal = (-2 * (1 - u).log()).sqrt() * (2 * math.pi * v).cos()
    return normal * math.sqrt(2 / (n_hidden + n_features))


@right("init_weights")
def features_drawn_first(*, generator, n_features, n_hidden, n_instances):
    W = torch.randn(n_features, n_hidden, n_instances, generator=generator).permute(2, 1, 0)
    return torch.nn.Parameter(W / math.sqrt((n_hidden + n_features) / 2))


@right("init_weights")
def numpy_seeded_from_the_generator(*, n_instances, n_hidden, n_features, generator):
    seed = int(torch.randint(2**62, (), generator=generator))
    W = np.random.default_rng(seed).standard_normal((n_instances, n_hidden, n_features))
    return torch.from_numpy(W).float() * math.sqrt(2 / (n_hidden + n_features))


# -------------------------------------------------------------------------------- sample_features


@right("sample_features")
def values_before_presence(feature_probability, n_samples, *, generator):
    p = feature_probability.unsqueeze(-2).repeat_interleave(n_samples, dim=-2)
    value = torch.rand(p.shape, generator=generator, dtype=p.dtype)
    value[torch.rand(p.shape, generator=generator) >= p] = 0
    return value


@right("sample_features")
def row_by_row(feature_probability, n_samples, *, generator):
    p, rows = feature_probability, []
    for _ in range(n_samples):
        active = torch.rand(p.shape, generator=generator) < p
        rows.append(active * torch.rand(p.shape, generator=generator, dtype=p.dtype))
    return torch.stack(rows, dim=-2)


@right("sample_features")
def values_never_zero(feature_probability, n_samples, *, generator):
    p = einops.repeat(feature_probability, "... f -> ... b f", b=n_samples)
    active = torch.empty_like(p).bernoulli_(p, generator=generator)
    return active * (1 - torch.rand(p.shape, generator=generator, dtype=p.dtype))


# -------------------------------------------------------------------------------- feature_moments


@right("feature_moments")
def list_of_three(feature_probability):
    p = feature_probability
    mean = 0.5 * p
    return [mean, p / 3, p / 3 - mean.square()]


@right("feature_moments")
def named_tuple(feature_probability):
    p = feature_probability
    return tms_lib.FeatureMoments(variance=p * (4 - 3 * p) / 12, mean=p / 2, second_moment=p / 3)


@right("feature_moments")
def integrals_over_a_grid(feature_probability):
    p = feature_probability.double()
    x = (torch.arange(40_000, dtype=torch.float64) + 0.5) / 40_000
    mean, second = p * x.mean(), p * (x**2).mean() + p / (12 * 40_000**2)
    return tuple(m.to(feature_probability.dtype) for m in (mean, second, second - mean**2))


# ----------------------------------------------------------------------- active_count_probability


@right("active_count_probability")
def product_in_double_precision(feature_probability, n_features):
    p = feature_probability.double()[..., None]
    k = torch.arange(n_features + 1)
    choose = torch.tensor([float(math.comb(n_features, j)) for j in k.tolist()], dtype=p.dtype)
    return (choose * p**k * (1 - p) ** (n_features - k)).to(feature_probability.dtype)


@right("active_count_probability")
def torch_distribution(feature_probability, n_features):
    p = feature_probability.double()[..., None]
    law = torch.distributions.Binomial(n_features, p)
    return law.log_prob(torch.arange(n_features + 1.0, dtype=p.dtype)).exp().to(
        feature_probability.dtype
    )  # fmt: skip


@right("active_count_probability")
def polynomial_by_convolution(feature_probability, n_features):
    def one(p):
        counts = np.ones(1)
        for _ in range(n_features):
            counts = np.convolve(counts, [1 - p, p])
        return counts

    flat = [one(p) for p in feature_probability.double().flatten().tolist()]
    counts = torch.from_numpy(np.stack(flat)).to(feature_probability.dtype)
    return counts.reshape(*feature_probability.shape, n_features + 1)


# ----------------------------------------------------------------------------------- cooccurrence


@right("cooccurrence")
def as_booleans(x):
    active = x.bool()
    return (active.unsqueeze(-1) & active.unsqueeze(-2)).to(x.dtype).mean(dim=-3)


@right("cooccurrence")
def average_of_outer_products(x):
    active = torch.where(x == 0, torch.zeros_like(x), torch.ones_like(x))
    total = sum(a.unsqueeze(-1) * a.unsqueeze(-2) for a in active.unbind(-2))
    return total / x.size(-2)


@right("cooccurrence")
def einsum_of_signs(x):
    active = x.sign().abs()
    return torch.einsum("...bi,...bj->...ij", active, active).div(x.shape[-2])


# ---------------------------------------------------------------------------------- linear_output


@right("linear_output")
def through_the_gram_matrix(x, *, W, b):
    return x @ tms_lib.gram(W) + b[..., None, :]


@right("linear_output")
def linear_with_einops(x, *, b, W):
    h = einops.einsum(x, W, "... b f, ... h f -> ... b h")
    return einops.einsum(h, W, "... b h, ... h f -> ... b f") + einops.rearrange(
        b, "... f -> ... 1 f"
    )


@right("linear_output")
def one_matrix_with_the_bias(x, *, W, b):
    ones = torch.ones_like(x[..., :1])
    return torch.cat([x, ones], -1) @ torch.cat([W.mT @ W, b.unsqueeze(-2)], -2)


# ------------------------------------------------------------------------------------ relu_output


@right("relu_output")
def clamp_in_place(x, *, W, b):
    y = x @ W.mT @ W
    y += b.unsqueeze(-2)
    return y.clamp_(min=0)


@right("relu_output")
def module(x, *, W, b):
    return torch.nn.ReLU()(tms_lib.linear_output(x, W=W, b=b))


@right("relu_output")
def half_of_value_and_absolute_value(x, *, W, b):
    y = tms_lib.linear_output(x, W=W, b=b)
    return (y + y.abs()) / 2


# ----------------------------------------------------------------------------------- weighted_mse


@right("weighted_mse")
def importance_on_every_sample(x, x_hat, *, importance):
    return (importance.unsqueeze(-2) * F.mse_loss(x_hat, x, reduction="none")).sum(-1).mean(-1)


@right("weighted_mse")
def with_roots_of_the_importance(x, x_hat, *, importance):
    weighted = importance.sqrt().unsqueeze(-2) * (x - x_hat)
    return weighted.square().sum((-2, -1)) / x.shape[-2]


@right("weighted_mse")
def mean_of_all_times_features(x, x_hat, *, importance):
    return ((x_hat - x) ** 2 * importance.unsqueeze(-2)).mean(dim=(-1, -2)) * x.shape[-1]


# ---------------------------------------------------------------------------------- gradient_step


@right("gradient_step")
def with_sgd(x, *, W, b, importance, lr):
    W, b = torch.nn.Parameter(W.clone()), torch.nn.Parameter(b.clone())
    optimizer = torch.optim.SGD([W, b], lr=lr)
    loss = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
    loss.sum().backward()
    optimizer.step()
    return W, b


@right("gradient_step")
def with_torch_func(x, *, W, b, importance, lr):
    def loss(W, b):
        x_hat = tms_lib.relu_output(x, W=W, b=b)
        return tms_lib.weighted_mse(x, x_hat, importance=importance).sum()

    W_grad, b_grad = torch.func.grad(loss, argnums=(0, 1))(W, b)
    return [W - lr * W_grad, b - lr * b_grad]


@right("gradient_step")
def own_tensors_in_place(x, *, W, b, importance, lr):
    W, b = (t.detach().clone().requires_grad_() for t in (W, b))
    tms_lib.weighted_mse(
        x, tms_lib.relu_output(x, W=W, b=b), importance=importance
    ).sum().backward()
    with torch.no_grad():
        W -= lr * W.grad
        b -= lr * b.grad
    return W, b


# ------------------------------------------------------------------------------ train_relu_output


@right("train_relu_output")
def a_tensor_for_each_instance(
    p, *, importance, n_hidden, n_steps, batch_size, lr, generator
):  # fmt: skip
    W = tms_lib.init_weights(
        n_instances=len(p), n_hidden=n_hidden, n_features=p.shape[1], generator=generator
    )
    b = torch.zeros_like(p)
    W.requires_grad_()
    b.requires_grad_()
    adam = torch.optim.Adam([W, b], lr=lr)
    anneal = torch.optim.lr_scheduler.LambdaLR(adam, lambda t: 1 - t / n_steps)
    losses = torch.zeros(n_steps, len(p))
    for t in range(n_steps):
        x = sample_features(p, batch_size, generator=generator)
        L = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
        losses[t] = L.data
        adam.zero_grad()
        L.backward(torch.ones_like(L))
        adam.step()
        anneal.step()
    return W.data, b.data, losses


@right("train_relu_output")
def adam_by_hand(p, *, importance, n_hidden, n_steps, batch_size, lr, generator):
    W = torch.randn(len(p), n_hidden, p.shape[1], generator=generator)
    theta = [W * math.sqrt(2 / (n_hidden + p.shape[1])), torch.zeros_like(p)]
    m, v = ([torch.zeros_like(w) for w in theta] for _ in range(2))
    history = []
    for t in range(n_steps):
        W, b = (w.detach().requires_grad_() for w in theta)
        x = sample_features(p, batch_size, generator=generator)
        loss = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
        for i, g in enumerate(torch.autograd.grad(loss.sum(), (W, b))):
            m[i] = 0.9 * m[i] + 0.1 * g
            v[i] = 0.999 * v[i] + 0.001 * g**2
            step = m[i] / (1 - 0.9 ** (t + 1)) / ((v[i] / (1 - 0.999 ** (t + 1))).sqrt() + 1e-8)
            theta[i] = theta[i] - lr * (1 - t / n_steps) * step
        history.append(loss.detach())
    return theta[0], theta[1], torch.stack(history)


@right("train_relu_output")
def with_the_library(p, *, importance, n_hidden, n_steps, batch_size, lr, generator):
    model = tms_lib.ReLUOutputModel(
        n_instances=len(p), n_features=p.shape[1], n_hidden=n_hidden, generator=generator
    )
    config = TrainConfig(n_steps=n_steps, batch_size=batch_size, lr=lr)
    sample = partial(sample_features, p)
    result = train(
        model, sample, importance=importance, generator=generator, config=config, progress=True
    )
    return model.W.detach(), model.b.detach(), result.losses


# -------------------------------------------------------------------------------- best_of_seeds


@right("best_of_seeds")
def take_along_dim(values, losses):
    best = torch.where(losses.isfinite(), losses, torch.inf).argmin(1, keepdim=True)
    index = best.reshape(len(best), 1, *[1] * (values.ndim - 2))
    return torch.take_along_dim(values, index, dim=1).squeeze(1)


@right("best_of_seeds")
def sorted_losses(values, losses):
    order = losses.nan_to_num(torch.inf).argsort(dim=1)
    return torch.stack([v[i[0]] for v, i in zip(values, order, strict=True)])


@right("best_of_seeds")
def one_hot_selection(values, losses):
    best = losses.masked_fill(~torch.isfinite(losses), float("inf")).min(dim=1).indices
    return values[F.one_hot(best, losses.shape[1]).bool()]


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
