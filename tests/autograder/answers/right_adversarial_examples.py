"""Unusual right answers to the exercises of chapter 10."""

import math

import einops
import numpy as np
import torch
import torch.nn.functional as F

import tms_lib
from answers.filing import right

# ----------------------------------------------------------------------------- attack_directions


@right("attack_directions")
def gradient_of_each_output(W):
    x = torch.zeros(*W.shape[:-2], W.shape[-1], W.shape[-1], dtype=W.dtype, device=W.device)
    rows = einops.einsum(W, W, "... h i, ... h j -> ... i j") + x
    return rows * (rows.pow(2).sum(-1, keepdim=True) + (rows == 0).all(-1, keepdim=True)).rsqrt()


@right("attack_directions")
def nan_to_zero_on_the_way(W):
    G = W.transpose(-1, -2) @ W
    squared = (G * G).sum(-1, keepdim=True)
    return G / torch.where(squared == 0, torch.ones_like(squared), squared) ** 0.5


@right("attack_directions")
def reciprocal_lengths(W):
    rows = tms_lib.gram(W)
    length = rows.norm(dim=-1, keepdim=True)
    return rows * torch.where(length > 0, 1 / length.where(length > 0, 1.0), 0.0)


# ----------------------------------------------------------------------------------- attack_size


@right("attack_size")
def distance_from_the_origin(x, *, fraction):
    return fraction * torch.cdist(x, torch.zeros_like(x[..., :1, :])).mean((-2, -1))


@right("attack_size")
def scaled_before_measured(x, *, fraction):
    return (fraction * x).norm(dim=-1).mean(dim=-1)


@right("attack_size")
def by_einops(x, fraction):
    lengths = einops.einsum(x, x, "... b f, ... b f -> ... b").sqrt()
    return fraction * einops.reduce(lengths, "... b -> ...", "mean")


@right("attack_size")
def with_the_standard_library(x, *, fraction):
    rows = x.reshape(-1, x.shape[-1])
    lengths = torch.stack([torch.hypot(row.max(), rest_of(row)) for row in rows])
    return lengths.reshape(x.shape[:-1]).mean(-1) * fraction


def rest_of(row):
    rest = row.clone()
    rest[row.argmax()] = 0
    return (rest @ rest).sqrt()


# ------------------------------------------------------------------------------- attacked_losses


@right("attacked_losses")
def as_many_instances_of_one_input(x, attack, *, W, b, importance):
    attacked = tms_lib.relu_output(x + attack, W=W, b=b)
    rows, outputs = x[..., None, :], attacked[..., None, :]
    return tms_lib.weighted_mse(rows, outputs, importance=importance[..., None, :])


@right("attacked_losses")
def product_with_the_importances(x, attack, *, W, b, importance):
    h = (x + attack) @ W.mT
    error = x - (h @ W + b[..., None, :]).relu()
    weight = importance.expand(b.shape)
    return torch.einsum("...bi,...i->...b", error**2, weight)


@right("attacked_losses")
def importance_inside_the_square(x, attack, *, W, b, importance):
    G = tms_lib.gram(W)
    output = torch.clamp(x @ G + attack @ G + b.unsqueeze(-2), min=0)
    return ((output - x) * importance.unsqueeze(-2).sqrt()).square().sum(dim=-1)


# ------------------------------------------------------------------------------ universal_attack


@right("universal_attack")
def all_directions_at_once(x, *, W, b, importance, size):
    along = size[..., None, None] * tms_lib.attack_directions(W)
    attacked = x.unsqueeze(-3) + along.unsqueeze(-2)  # instances directions batch features
    x_hat = torch.relu(attacked @ tms_lib.gram(W).unsqueeze(-3) + b[..., None, None, :])
    weight = importance.expand(b.shape)[..., None, None, :]
    loss = (weight * (x.unsqueeze(-3) - x_hat) ** 2).sum(-1).mean(-1)
    chosen = F.one_hot(loss.argmax(-1), W.shape[-1]).to(W.dtype)
    return chosen.unsqueeze(-2) @ along


@right("universal_attack")
def by_harm_with_the_last_of_equals(x, *, W, b, importance, size):
    along = torch.einsum("...,...ij->...ij", size, tms_lib.attack_directions(W))
    model = {"W": W, "b": b, "importance": importance}
    harms = [tms_lib.attack_harm(x, along[..., [i], :], **model) for i in range(W.shape[-1])]
    backwards = torch.stack(harms[::-1], -1).argmax(-1)
    worst = W.shape[-1] - 1 - backwards
    return torch.gather(along, -2, worst[..., None, None].expand(along[..., :1, :].shape))


@right("universal_attack")
def model_after_model(x, *, W, b, importance, size):
    weight = importance.expand(b.shape)
    found = []
    for x_k, W_k, b_k, weight_k, size_k in zip(
        x.reshape(-1, *x.shape[-2:]),
        W.reshape(-1, *W.shape[-2:]),
        b.reshape(-1, b.shape[-1]),
        weight.reshape(-1, b.shape[-1]),
        size.reshape(-1),
        strict=True,
    ):
        candidates = [size_k * d for d in tms_lib.attack_directions(W_k)]
        found.append(
            max(
                candidates,
                key=lambda a: tms_lib.weighted_mse(
                    x_k,
                    tms_lib.relu_output(x_k + a, W=W_k, b=b_k),
                    importance=weight_k,
                ).item(),
            )
        )
    return torch.stack(found).reshape(*b.shape[:-1], 1, b.shape[-1])


# ---------------------------------------------------------------------------- per_example_attack


@right("per_example_attack")
def every_input_as_an_instance(x, *, W, b, importance, size):
    n_rows = x.shape[-2]
    return tms_lib.universal_attack(
        x.unsqueeze(-2),
        W=W.unsqueeze(-3).expand(*W.shape[:-2], n_rows, *W.shape[-2:]),
        b=b.unsqueeze(-2).expand(*b.shape[:-1], n_rows, b.shape[-1]),
        importance=importance.unsqueeze(-2),
        size=size.unsqueeze(-1).expand(*size.shape, n_rows),
    ).squeeze(-2)


@right("per_example_attack")
def best_of_a_stack(x, *, W, b, importance, size):
    along = size[..., None, None] * tms_lib.attack_directions(W)
    tries = torch.stack([along[..., i, None, :].expand_as(x) for i in range(W.shape[-1])])
    losses = torch.stack(
        [tms_lib.attacked_losses(x, a, W=W, b=b, importance=importance) for a in tries]
    )
    return tms_lib.best_of_seeds(
        tries.flatten(1, -2).transpose(0, 1), -losses.flatten(1).T
    ).reshape(x.shape)


@right("per_example_attack")
def last_of_equal_directions(x, *, W, b, importance, size):
    losses = tms_lib.losses_by_direction(x, W=W, b=b, importance=importance, size=size)
    worst = losses.shape[-1] - 1 - losses.flip(-1).argmax(-1)
    directions = tms_lib.attack_directions(W)
    index = worst[..., None].expand(*worst.shape, W.shape[-1])
    return torch.gather(directions, -2, index) * size.unsqueeze(-1).unsqueeze(-1)


# ------------------------------------------------------------------------------- gradient_attack


@right("gradient_attack")
def backward_on_a_leaf(x, *, W, b, importance, size, n_steps=20):
    model = {"W": W, "b": b, "importance": importance}
    radius = size.unsqueeze(-1).unsqueeze(-1)
    a = tms_lib.per_example_attack(x, **model, size=size).requires_grad_()
    points, losses = [], []
    for _ in range(n_steps + 1):
        loss = tms_lib.attacked_losses(x, a, **model)
        points.append(a.detach().clone())
        losses.append(loss.detach())
        loss.sum().backward()
        assert a.grad is not None
        with torch.no_grad():
            slope = a.grad.norm(dim=-1, keepdim=True)
            a += 0.25 * radius * a.grad / torch.where(slope == 0, torch.ones_like(slope), slope)
            length = a.norm(dim=-1, keepdim=True)
            outside = length > radius
            a *= torch.where(outside, radius / torch.where(outside, length, 1), 1)
        a.grad = None
    best = torch.stack(losses).argmax(0)
    return torch.stack(points).take_along_dim(best[None, ..., None], dim=0)[0]


@right("gradient_attack")
def with_torch_func(x, *, W, b, importance, size, n_steps=20):
    def total(attack):
        return tms_lib.attacked_losses(x, attack, W=W, b=b, importance=importance).sum()

    def step(attack):
        moved = attack + size[..., None, None] / 4 * F.normalize(slope(attack), dim=-1)
        length = moved.norm(dim=-1, keepdim=True).clamp(min=1e-30)
        return moved * (size[..., None, None] / length).clamp(max=1.0)

    slope = torch.func.grad(total)
    attack = tms_lib.per_example_attack(x, W=W, b=b, importance=importance, size=size)
    best = attack
    highest = tms_lib.attacked_losses(x, best, W=W, b=b, importance=importance)
    while n_steps:
        attack, n_steps = step(attack), n_steps - 1
        losses = tms_lib.attacked_losses(x, attack, W=W, b=b, importance=importance)
        best = attack.where((losses > highest)[..., None], best)
        highest = losses.maximum(highest)
    return best


@right("gradient_attack")
def gradient_of_the_mean_loss(x, *, W, b, importance, size, n_steps=20):
    model, radius = {"W": W, "b": b, "importance": importance}, size[..., None, None]
    path = [tms_lib.per_example_attack(x, **model, size=size)]
    for _ in range(n_steps):
        at = path[-1].requires_grad_()
        (slope,) = torch.autograd.grad(tms_lib.attacked_losses(x, at, **model).mean(), at)
        there = at.detach() + radius / 4 * F.normalize(slope, dim=-1)  # its length does not matter
        length = there.norm(dim=-1, keepdim=True)
        path.append(torch.where(length > radius, radius * F.normalize(there, dim=-1), there))
    attacks = torch.stack(path).detach()
    losses = torch.stack([tms_lib.attacked_losses(x, a, **model) for a in attacks])
    return attacks.take_along_dim(losses.argmax(0)[None, ..., None], dim=0).squeeze(0)


# ------------------------------------------------------------------------- relative_vulnerability


@right("relative_vulnerability")
def without_the_useless_bias(x, attack, *, W, b, feature_probability, importance, size):
    # the bias of an ignored output adds to the clean loss and to the attacked one alike
    p, weight = torch.broadcast_tensors(feature_probability, importance.expand(b.shape))
    W_0, _ = tms_lib.linear_optimum(p, importance=weight, n_hidden=W.size(-2))
    model_0 = {"W": W_0, "b": torch.zeros_like(b), "importance": weight}
    worst = tms_lib.per_example_attack(x, **model_0, size=size)
    harm = tms_lib.attack_harm(x, attack, W=W, b=b, importance=weight)
    return harm / tms_lib.attack_harm(x, worst, **model_0)


@right("relative_vulnerability")
def losses_on_clean_targets(x, attack, *, W, b, feature_probability, importance, size):
    def loss(W, b, a):
        x_hat = tms_lib.relu_output(x + a, W=W, b=b)
        return tms_lib.weighted_mse(x, x_hat, importance=importance)

    p = feature_probability + torch.zeros_like(b)
    best = tms_lib.linear_optimum(p, importance=importance, n_hidden=W.shape[-2])
    own = tms_lib.gradient_attack(
        x, W=best[0], b=best[1], importance=importance, size=size, n_steps=1
    )
    none = torch.zeros_like(x)
    return (loss(W, b, attack) - loss(W, b, none)) / (loss(*best, own) - loss(*best, none))


@right("relative_vulnerability")
def linear_model_for_comparison(x, attack, *, W, b, feature_probability, importance, size):
    # an attack along +e_i keeps a kept feature above 0, so the ReLU changes nothing
    p = feature_probability.expand(b.shape)
    W_0, b_0 = tms_lib.linear_optimum(p, importance=importance, n_hidden=W.shape[-2])
    own = tms_lib.universal_attack(x, W=W_0, b=b_0, importance=importance, size=size)
    harm_0 = sum(
        sign
        * tms_lib.weighted_mse(x, tms_lib.linear_output(seen, W=W_0, b=b_0), importance=importance)
        for sign, seen in ((1, x + own), (-1, x))
    )
    return tms_lib.attack_harm(x, attack, W=W, b=b, importance=importance) / harm_0


@right("relative_vulnerability")
def worst_importance_in_numpy(x, attack, *, W, b, feature_probability, importance, size):
    harm = tms_lib.attack_harm(x, attack, W=W, b=b, importance=importance)
    p = feature_probability.expand(b.shape).reshape(-1, b.shape[-1]).numpy()
    weight = importance.expand(b.shape).reshape(-1, b.shape[-1]).numpy()
    harm_0 = []
    for p_k, weight_k, size_k in zip(p, weight, size.reshape(-1).tolist(), strict=True):
        cost = weight_k * (p_k / 3 - p_k**2 / 4)
        kept = np.argsort(-cost)[: W.shape[-2]]
        harm_0.append(math.pow(size_k, 2) * weight_k[kept].max())
    return harm / torch.tensor(np.array(harm_0), dtype=harm.dtype).reshape(harm.shape)
