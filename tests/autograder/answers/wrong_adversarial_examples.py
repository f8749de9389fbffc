"""Plausible wrong answers to the exercises of chapter 10 that no slip names."""

import torch
import torch.nn.functional as F

import tms_lib
from answers.filing import wrong

# ----------------------------------------------------------------------------- attack_directions


@wrong("attack_directions")
def shared_length_of_the_longest_row(W):
    rows = W.mT @ W
    longest = rows.norm(dim=-1, keepdim=True).amax(-2, keepdim=True)
    return rows / torch.where(longest > 0, longest, 1.0)


@wrong("attack_directions")
def without_the_diagonal(W):
    rows = W.mT @ W
    return F.normalize(rows - torch.diag_embed(rows.diagonal(dim1=-2, dim2=-1)), dim=-1)


@wrong("attack_directions")
def negative_overlaps_cut_off(W):
    return F.normalize((W.mT @ W).clamp(min=0), dim=-1)


@wrong("attack_directions")
def absolute_overlaps(W):
    return F.normalize((W.mT @ W).abs(), dim=-1)


@wrong("attack_directions")
def against_the_gradient(W):
    return -tms_lib.attack_directions(W)


@wrong("attack_directions")
def cut_from_the_graph(W):
    return tms_lib.attack_directions(W.detach())


@wrong("attack_directions")
def gradient_of_the_hidden_vector(W):
    return F.normalize(W, dim=-1)


@wrong("attack_directions")
def nan_replaced_by_one(W):
    rows = W.mT @ W
    return (rows / rows.norm(dim=-1, keepdim=True)).nan_to_num(1.0)


@wrong("attack_directions")
def short_features_have_no_direction(W):
    return tms_lib.attack_directions(W) * (W.norm(dim=-2) > 0.1).unsqueeze(-1)


@wrong("attack_directions")
def length_at_least_a_hundredth(W):
    rows = W.mT @ W
    return rows / rows.norm(dim=-1, keepdim=True).clamp(min=1e-2)


@wrong("attack_directions")
def length_at_least_a_millionth(W):
    rows = W.mT @ W
    return rows / rows.norm(dim=-1, keepdim=True).clamp(min=1e-6)


@wrong("attack_directions")
def squared_length(W):
    rows = W.mT @ W
    squared = (rows**2).sum(-1, keepdim=True)
    return rows / torch.where(squared > 0, squared, 1.0)


# ----------------------------------------------------------------------------------- attack_size


@wrong("attack_size")
def median_length(x, *, fraction):
    return fraction * x.norm(dim=-1).median(-1).values


@wrong("attack_size")
def sum_of_the_lengths(x, *, fraction):
    return fraction * x.norm(dim=-1).sum(-1)


@wrong("attack_size")
def mean_entry(x, *, fraction):
    return fraction * x.mean((-2, -1))


@wrong("attack_size")
def per_feature(x, *, fraction):
    return fraction * x.norm(dim=-1).mean(-1) / x.shape[-1] ** 0.5


@wrong("attack_size")
def divided_by_the_fraction(x, *, fraction):
    return x.norm(dim=-1).mean(-1) / fraction


@wrong("attack_size")
def a_python_number(x, *, fraction):
    return fraction * float(x.norm(dim=-1).mean())


@wrong("attack_size")
def never_zero(x, *, fraction):
    return (fraction * x.norm(dim=-1).mean(-1)).clamp(min=1e-3)


@wrong("attack_size")
def epsilon_under_the_root(x, *, fraction):
    return fraction * ((x**2).sum(-1) + 1e-6).sqrt().mean(-1)


@wrong("attack_size")
def single_precision(x, *, fraction):
    return (fraction * x.float().norm(dim=-1).mean(-1)).to(x.dtype)


@wrong("attack_size")
def always_a_tenth(x, *, fraction):  # noqa: ARG001  (what is wrong with it)
    return 0.1 * x.norm(dim=-1).mean(-1)


@wrong("attack_size")
def clipped_fraction(x, *, fraction):
    return min(fraction, 1.0) * x.norm(dim=-1).mean(-1)


# ------------------------------------------------------------------------------- attacked_losses


def squared_errors(x, attack, W, b):
    return (x - tms_lib.relu_output(x + attack, W=W, b=b)) ** 2


@wrong("attacked_losses")
def root_of_the_loss(x, attack, *, W, b, importance):
    losses = tms_lib.attacked_losses
    return losses(x, attack, W=W, b=b, importance=importance).sqrt()


@wrong("attacked_losses")
def absolute_errors(x, attack, *, W, b, importance):
    error = (x - tms_lib.relu_output(x + attack, W=W, b=b)).abs()
    return (importance.unsqueeze(-2) * error).sum(-1)


@wrong("attacked_losses")
def squared_importances(x, attack, *, W, b, importance):
    return (importance.unsqueeze(-2) ** 2 * squared_errors(x, attack, W, b)).sum(-1)


@wrong("attacked_losses")
def weighted_average(x, attack, *, W, b, importance):
    weight = importance.expand(b.shape).unsqueeze(-2)
    return (weight * squared_errors(x, attack, W, b)).sum(-1) / weight.sum(-1)


@wrong("attacked_losses")
def attack_after_the_hidden_layer(x, attack, *, W, b, importance):
    before = tms_lib.linear_output(x, W=W, b=b) + attack
    return (importance.unsqueeze(-2) * (x - before.relu()) ** 2).sum(-1)


@wrong("attacked_losses")
def bias_left_out(x, attack, *, W, b, importance):
    return (importance.unsqueeze(-2) * squared_errors(x, attack, W, 0 * b)).sum(-1)


@wrong("attacked_losses")
def first_attack_for_all(x, attack, *, W, b, importance):
    return (importance.unsqueeze(-2) * squared_errors(x, attack[..., :1, :], W, b)).sum(-1)


@wrong("attacked_losses")
def mean_attack_for_all(x, attack, *, W, b, importance):
    error = squared_errors(x, attack.mean(-2, keepdim=True), W, b)
    return (importance.unsqueeze(-2) * error).sum(-1)


@wrong("attacked_losses")
def only_active_features(x, attack, *, W, b, importance):
    return (importance.unsqueeze(-2) * squared_errors(x, attack, W, b) * (x > 0)).sum(-1)


@wrong("attacked_losses")
def one_entry_per_feature(x, attack, *, W, b, importance):
    return importance.unsqueeze(-2) * squared_errors(x, attack, W, b)


@wrong("attacked_losses")
def cut_before_the_loss(x, attack, *, W, b, importance):
    return (importance.unsqueeze(-2) * squared_errors(x, attack.detach(), W, b)).sum(
        -1
    ) + 0 * x.sum()


@wrong("attacked_losses")
def adds_the_attack_in_place(x, attack, *, W, b, importance):
    clean = x.clone()
    x += attack
    return (importance.unsqueeze(-2) * (clean - tms_lib.relu_output(x, W=W, b=b)) ** 2).sum(-1)


# ------------------------------------------------------------------------------ universal_attack


def along(W, size):
    return size[..., None, None] * tms_lib.attack_directions(W)


def losses_of(x, W, b, importance, size):
    return tms_lib.losses_by_direction(x, W=W, b=b, importance=importance, size=size)


def chosen(score, W, size):
    return along(W, size).take_along_dim(score.argmax(-1)[..., None, None], dim=-2)


@wrong("universal_attack")
def median_over_the_batch(x, *, W, b, importance, size):
    return chosen(losses_of(x, W, b, importance, size).median(-2).values, W, size)


@wrong("universal_attack")
def mean_of_the_logarithms(x, *, W, b, importance, size):
    return chosen(losses_of(x, W, b, importance, size).clamp(min=1e-12).log().mean(-2), W, size)


@wrong("universal_attack")
def relative_rise(x, *, W, b, importance, size):
    clean = losses_of(x, W, b, importance, 0 * size).clamp(min=1e-9)
    return chosen((losses_of(x, W, b, importance, size) / clean).mean(-2), W, size)


@wrong("universal_attack")
def worst_for_the_first_input(x, *, W, b, importance, size):
    return chosen(losses_of(x, W, b, importance, size)[..., 0, :], W, size)


@wrong("universal_attack")
def mean_of_the_worst_directions(x, *, W, b, importance, size):
    model = {"W": W, "b": b, "importance": importance}
    return tms_lib.per_example_attack(x, **model, size=size).mean(-2, keepdim=True)


@wrong("universal_attack")
def most_votes(x, *, W, b, importance, size):
    worst = losses_of(x, W, b, importance, size).argmax(-1)
    return chosen(F.one_hot(worst, W.shape[-1]).sum(-2), W, size)


@wrong("universal_attack")
def both_signs_tried(x, *, W, b, importance, size):
    tries = torch.cat([along(W, size), -along(W, size)], dim=-2)
    model = {"W": W, "b": b, "importance": importance}
    harms = [tms_lib.attack_harm(x, a.unsqueeze(-2), **model) for a in tries.unbind(-2)]
    return tries.take_along_dim(torch.stack(harms, -1).argmax(-1)[..., None, None], dim=-2)


@wrong("universal_attack")
def judged_on_the_mean_input(x, *, W, b, importance, size):
    centre = x.mean(-2, keepdim=True)
    return chosen(losses_of(centre, W, b, importance, size).squeeze(-2), W, size)


@wrong("universal_attack")
def index_of_the_direction(x, *, W, b, importance, size):
    return losses_of(x, W, b, importance, size).mean(-2).argmax(-1)


@wrong("universal_attack")
def largest_attacked_loss(x, *, W, b, importance, size):
    return losses_of(x, W, b, importance, size).mean(-2).amax(-1)


@wrong("universal_attack")
def one_size_for_all(x, *, W, b, importance, size):
    return tms_lib.universal_attack(x, W=W, b=b, importance=importance, size=size.mean() + 0 * size)


@wrong("universal_attack")
def a_feature_alone(x, *, W, b, importance, size):
    worst = losses_of(x, W, b, importance, size).mean(-2).argmax(-1)
    return size[..., None, None] * F.one_hot(worst, W.shape[-1]).to(W.dtype).unsqueeze(-2)


@wrong("universal_attack")
def judged_without_the_relu(x, *, W, b, importance, size):
    attacked = x.unsqueeze(-3) + along(W, size).unsqueeze(-2)
    x_hat = attacked @ tms_lib.gram(W).unsqueeze(-3) + b[..., None, None, :]
    weight = importance.expand(b.shape)[..., None, None, :]
    return chosen((weight * (x.unsqueeze(-3) - x_hat) ** 2).sum(-1).mean(-1), W, size)


def losses_without_zero_directions(x, W, b, importance, size):
    zero = (tms_lib.attack_directions(W) == 0).all(-1).unsqueeze(-2)
    return losses_of(x, W, b, importance, size).masked_fill(zero, -1.0)


@wrong("universal_attack")
def skips_directions_without_length(x, *, W, b, importance, size):
    return chosen(losses_without_zero_directions(x, W, b, importance, size).mean(-2), W, size)


@wrong("universal_attack")
def judged_without_the_bias(x, *, W, b, importance, size):
    return chosen(losses_of(x, W, 0 * b, importance, size).mean(-2), W, size)


@wrong("universal_attack")
def judged_at_half_the_size(x, *, W, b, importance, size):
    return chosen(losses_of(x, W, b, importance, size / 2).mean(-2), W, size)


# ---------------------------------------------------------------------------- per_example_attack


@wrong("per_example_attack")
def random_directions(x, *, W, b, importance, size):  # noqa: ARG001  (what is wrong with it)
    which = torch.randint(W.shape[-1], (*x.shape[:-1], 1))
    return along(W, size).take_along_dim(which, dim=-2)


@wrong("per_example_attack")
def gradient_at_the_clean_input(x, *, W, b, importance, size):
    at = x.clone().requires_grad_()
    x_hat = tms_lib.relu_output(at, W=W, b=b)
    loss = (importance.unsqueeze(-2) * (x - x_hat) ** 2).sum()
    return size[..., None, None] * F.normalize(torch.autograd.grad(loss, at)[0], dim=-1)


@wrong("per_example_attack")
def worst_neighbours_direction(x, *, W, b, importance, size):
    model = {"W": W, "b": b, "importance": importance}
    return tms_lib.per_example_attack(x.roll(1, -2), **model, size=size)


@wrong("per_example_attack")
def directions_of_active_features_only(x, *, W, b, importance, size):
    losses = losses_of(x, W, b, importance, size).masked_fill(x == 0, -1.0)
    return along(W, size).take_along_dim(losses.argmax(-1, keepdim=True), dim=-2)


@wrong("per_example_attack")
def steepest_direction(x, *, W, b, importance, size):
    at = x.clone().requires_grad_()
    error = importance.unsqueeze(-2) * (x - tms_lib.relu_output(at, W=W, b=b)) ** 2
    slope = torch.autograd.grad(error.sum(), at)[0] @ tms_lib.attack_directions(W).mT
    return along(W, size).take_along_dim(slope.argmax(-1, keepdim=True), dim=-2)


@wrong("per_example_attack")
def both_signs(x, *, W, b, importance, size):
    tries = torch.cat([along(W, size), -along(W, size)], dim=-2)
    losses = torch.stack(
        [
            tms_lib.attacked_losses(x, a.unsqueeze(-2), W=W, b=b, importance=importance)
            for a in tries.unbind(-2)
        ],
        dim=-1,
    )
    return tries.take_along_dim(losses.argmax(-1, keepdim=True), dim=-2)


@wrong("per_example_attack")
def output_with_the_largest_error(x, *, W, b, importance, size):
    error = importance.unsqueeze(-2) * (x - tms_lib.relu_output(x, W=W, b=b)) ** 2
    return along(W, size).take_along_dim(error.argmax(-1, keepdim=True), dim=-2)


@wrong("per_example_attack")
def length_of_each_input(x, *, W, b, importance, size):
    worst = losses_of(x, W, b, importance, size).argmax(-1, keepdim=True)
    length = 0.1 * x.norm(dim=-1, keepdim=True)
    return length * tms_lib.attack_directions(W).take_along_dim(worst, dim=-2)


@wrong("per_example_attack")
def zero_where_the_attack_helps_little(x, *, W, b, importance, size):
    model = {"W": W, "b": b, "importance": importance}
    attack = tms_lib.per_example_attack(x, **model, size=size)
    grown = tms_lib.attacked_losses(x, attack, **model) / tms_lib.attacked_losses(
        x, 0 * attack, **model
    )
    return attack * (grown > 1.5).unsqueeze(-1)


@wrong("per_example_attack")
def largest_rise_of_the_output(x, *, W, b, importance, size):
    clean = tms_lib.relu_output(x, W=W, b=b)
    rise = [
        (tms_lib.relu_output(x + a.unsqueeze(-2), W=W, b=b) - clean).norm(dim=-1)
        for a in along(W, size).unbind(-2)
    ]
    worst = torch.stack(rise, -1).argmax(-1, keepdim=True) + 0 * importance.sum().long()
    return along(W, size).take_along_dim(worst, dim=-2)


@wrong("per_example_attack")
def sum_over_the_directions(x, *, W, b, importance, size):
    weight = losses_of(x, W, b, importance, size).softmax(-1)
    return size[..., None, None] * F.normalize(weight @ tms_lib.attack_directions(W), dim=-1)


@wrong("per_example_attack")
def size_of_the_first_instance(x, *, W, b, importance, size):
    first = size.flatten()[0] + 0 * size
    return tms_lib.per_example_attack(x, W=W, b=b, importance=importance, size=first)


@wrong("per_example_attack")
def skips_directions_of_no_length(x, *, W, b, importance, size):
    losses = losses_without_zero_directions(x, W, b, importance, size)
    return along(W, size).take_along_dim(losses.argmax(-1, keepdim=True), dim=-2)


@wrong("per_example_attack")
def judged_on_clamped_inputs(x, *, W, b, importance, size):
    losses = []
    for a in along(W, size).unbind(-2):
        x_hat = tms_lib.relu_output((x + a.unsqueeze(-2)).clamp(0, 1), W=W, b=b)
        losses.append((importance.unsqueeze(-2) * (x - x_hat) ** 2).sum(-1))
    worst = torch.stack(losses, dim=-1).argmax(-1, keepdim=True)
    return along(W, size).take_along_dim(worst, dim=-2)


# ------------------------------------------------------------------------------- gradient_attack


def ascent(x, W, b, importance, size, n_steps, *, start=None, rate=0.25, stop=None):
    model = {"W": W, "b": b, "importance": importance}
    radius = size[..., None, None]
    attack = tms_lib.per_example_attack(x, **model, size=size) if start is None else start
    best, highest = attack, tms_lib.attacked_losses(x, attack, **model)
    for n in range(n_steps):
        at = attack.detach().clone().requires_grad_()
        (uphill,) = torch.autograd.grad(tms_lib.attacked_losses(x, at, **model).sum(), at)
        attack = attack + rate * radius * F.normalize(uphill, dim=-1) / (stop or 1) ** n
        length = attack.norm(dim=-1, keepdim=True)
        attack = F.normalize(attack, dim=-1) * torch.minimum(length, radius)
        losses = tms_lib.attacked_losses(x, attack, **model)
        best = torch.where((losses > highest).unsqueeze(-1), attack, best)
        highest = torch.maximum(losses, highest)
    return best


@wrong("gradient_attack")
def steps_of_a_tenth(x, *, W, b, importance, size, n_steps=20):
    return ascent(x, W, b, importance, size, n_steps, rate=0.1)


@wrong("gradient_attack")
def last_point_never_judged(x, *, W, b, importance, size, n_steps=20):
    model, radius = {"W": W, "b": b, "importance": importance}, size[..., None, None]
    attack = best = tms_lib.per_example_attack(x, **model, size=size)
    highest = tms_lib.attacked_losses(x, best, **model)
    for _ in range(n_steps):
        at = attack.detach().requires_grad_()
        losses = tms_lib.attacked_losses(x, at, **model)
        (uphill,) = torch.autograd.grad(losses.sum(), at)
        best = torch.where((losses > highest).unsqueeze(-1), attack, best)
        highest = torch.maximum(losses, highest).detach()
        attack = attack + radius / 4 * F.normalize(uphill, dim=-1)
        length = attack.norm(dim=-1, keepdim=True)
        attack = F.normalize(attack, dim=-1) * torch.minimum(length, radius)
    return best


@wrong("gradient_attack")
def steps_that_shrink(x, *, W, b, importance, size, n_steps=20):
    return ascent(x, W, b, importance, size, n_steps, stop=2)


@wrong("gradient_attack")
def one_step_too_many(x, *, W, b, importance, size, n_steps=20):
    return ascent(x, W, b, importance, size, n_steps + 1)


@wrong("gradient_attack")
def always_twenty_steps(x, *, W, b, importance, size, n_steps=20):  # noqa: ARG001  (the mistake)
    return ascent(x, W, b, importance, size, 20)


@wrong("gradient_attack")
def two_steps_unless_told(x, *, W, b, importance, size, n_steps=2):
    return ascent(x, W, b, importance, size, n_steps)


@wrong("gradient_attack")
def starts_at_random(x, *, W, b, importance, size, n_steps=20):
    start = size[..., None, None] * F.normalize(torch.randn_like(x), dim=-1)
    return ascent(x, W, b, importance, size, n_steps, start=start)


@wrong("gradient_attack")
def equal_importances(x, *, W, b, importance, size, n_steps=20):
    return ascent(x, W, b, torch.ones_like(importance), size, n_steps)


@wrong("gradient_attack")
def not_cut_from_the_graph(x, *, W, b, importance, size, n_steps=20):
    return ascent(x, W, b, importance, size, n_steps).requires_grad_()


@wrong("gradient_attack")
def size_divided_among_the_steps(x, *, W, b, importance, size, n_steps=20):
    return ascent(x, W, b, importance, size, n_steps, rate=1 / n_steps)


@wrong("gradient_attack")
def best_of_the_steps_without_the_start(x, *, W, b, importance, size, n_steps=20):
    first = ascent(x, W, b, importance, size, 1, start=0 * x)
    start = tms_lib.per_example_attack(x, W=W, b=b, importance=importance, size=size)
    later = ascent(x, W, b, importance, size, n_steps, start=start)
    return torch.where((later == start).all(-1, keepdim=True), first, later)


@wrong("gradient_attack")
def no_steps_at_all(x, *, W, b, importance, size, n_steps=20):
    return ascent(x, W, b, importance, size, 0 * n_steps)


@wrong("gradient_attack")
def the_attacked_inputs(x, *, W, b, importance, size, n_steps=20):
    return x + ascent(x, W, b, importance, size, n_steps)


@wrong("gradient_attack")
def still_in_the_graph_of_the_weights(x, *, W, b, importance, size, n_steps=20):
    W *= 1.0 + 1e-3
    return ascent(x, W, b, importance, size, n_steps)


@wrong("gradient_attack")
def stretched_to_the_full_size(x, *, W, b, importance, size, n_steps=20):
    best = ascent(x, W, b, importance, size, n_steps)
    return size[..., None, None] * F.normalize(best, dim=-1)


@wrong("gradient_attack")
def attacks_the_linear_model(x, *, W, b, importance, size, n_steps=20):
    radius = size[..., None, None]
    attack = tms_lib.per_example_attack(x, W=W, b=b, importance=importance, size=size)
    G = tms_lib.gram(W)
    for _ in range(n_steps):
        error = (x + attack) @ G + b.unsqueeze(-2) - x
        uphill = (importance.unsqueeze(-2) * error) @ G
        attack = attack + radius / 4 * F.normalize(uphill, dim=-1)
        attack = F.normalize(attack, dim=-1) * attack.norm(dim=-1, keepdim=True).minimum(radius)
    return attack


# ------------------------------------------------------------------------- relative_vulnerability


def harm_of(x, attack, W, b, importance):
    return tms_lib.attack_harm(x, attack, W=W, b=b, importance=importance)


def largest_importance(b, importance):
    return importance.expand(b.shape).amax(-1)


@wrong("relative_vulnerability")
def most_important_feature_of_all(x, attack, *, W, b, feature_probability, importance, size):  # noqa: ARG001  (it need not be kept)
    return harm_of(x, attack, W, b, importance) / (size**2 * largest_importance(b, importance))


@wrong("relative_vulnerability")
def most_costly_feature(x, attack, *, W, b, feature_probability, importance, size):
    weight = importance.expand(b.shape)
    cost = weight * tms_lib.feature_moments(feature_probability).variance
    top = weight.gather(-1, cost.argmax(-1, keepdim=True)).squeeze(-1)
    return harm_of(x, attack, W, b, importance) / (size**2 * top)


@wrong("relative_vulnerability")
def length_of_the_given_attack(x, attack, *, W, b, feature_probability, importance, size):
    mean_length = attack.norm(dim=-1).mean(-1) + 0 * size
    return tms_lib.relative_vulnerability(
        x,
        attack / 2,
        W=W,
        b=b,
        feature_probability=feature_probability,
        importance=importance,
        size=mean_length,
    )


@wrong("relative_vulnerability")
def average_density_for_all_features(x, attack, *, W, b, feature_probability, importance, size):
    known = {"W": W, "b": b, "importance": importance, "size": size}
    p = feature_probability.mean(-1, keepdim=True)
    return tms_lib.relative_vulnerability(x, attack, **known, feature_probability=p)


@wrong("relative_vulnerability")
def as_large_as_the_given_attack(x, attack, *, W, b, feature_probability, importance, size):
    known = {"W": W, "b": b, "importance": importance}
    size = attack.norm(dim=-1).amax(-1)
    return tms_lib.relative_vulnerability(
        x, attack, **known, feature_probability=feature_probability, size=size
    )


@wrong("relative_vulnerability")
def clamped_at_one(x, attack, *, W, b, feature_probability, importance, size):
    known = {"W": W, "b": b, "importance": importance, "size": size}
    value = tms_lib.relative_vulnerability(
        x, attack, **known, feature_probability=feature_probability
    )
    return value.clamp(min=1)


@wrong("relative_vulnerability")
def root_of_the_ratio(x, attack, *, W, b, feature_probability, importance, size):
    known = {"W": W, "b": b, "importance": importance, "size": size}
    value = tms_lib.relative_vulnerability(
        x, attack, **known, feature_probability=feature_probability
    )
    return value.abs().sqrt()


@wrong("relative_vulnerability")
def features_per_dimension(x, attack, *, W, b, feature_probability, importance, size):  # noqa: ARG001  (not what was asked for)
    return 1 / tms_lib.dimensions_per_feature(W)


@wrong("relative_vulnerability")
def attacked_targets(x, attack, *, W, b, feature_probability, importance, size):
    def harm(W, b, a):
        clean = tms_lib.weighted_mse(x, tms_lib.relu_output(x, W=W, b=b), importance=importance)
        seen = x + a
        x_hat = tms_lib.relu_output(seen, W=W, b=b)
        return tms_lib.weighted_mse(seen, x_hat, importance=importance) - clean

    p = feature_probability.expand(b.shape)
    W_0, b_0 = tms_lib.linear_optimum(p, importance=importance, n_hidden=W.shape[-2])
    own = tms_lib.universal_attack(x, W=W_0, b=b_0, importance=importance, size=size)
    return harm(W, b, attack) / harm(W_0, b_0, own)


@wrong("relative_vulnerability")
def one_dimension_fewer(x, attack, *, W, b, feature_probability, importance, size):
    p = feature_probability.expand(b.shape)
    W_0, b_0 = tms_lib.linear_optimum(p, importance=importance, n_hidden=W.shape[-2] - 1)
    own = tms_lib.universal_attack(x, W=W_0, b=b_0, importance=importance, size=size)
    return harm_of(x, attack, W, b, importance) / harm_of(x, own, W_0, b_0, importance)


@wrong("relative_vulnerability")
def sparsity_for_density(x, attack, *, W, b, feature_probability, importance, size):
    known = {"W": W, "b": b, "importance": importance, "size": size}
    return tms_lib.relative_vulnerability(
        x, attack, **known, feature_probability=1 - feature_probability
    )


@wrong("relative_vulnerability")
def unit_attack_on_the_other_model(x, attack, *, W, b, feature_probability, importance, size):
    known = {"W": W, "b": b, "importance": importance}
    value = tms_lib.relative_vulnerability(
        x, attack, **known, feature_probability=feature_probability, size=size
    )
    return value * size


@wrong("relative_vulnerability")
def first_model_without_superposition_for_all(
    x, attack, *, W, b, feature_probability, importance, size
):
    known = {"W": W, "b": b, "importance": importance, "size": size}
    value = tms_lib.relative_vulnerability(
        x, attack, **known, feature_probability=feature_probability
    )
    harm = harm_of(x, attack, W, b, importance)
    return harm / (harm / value).flatten()[0]
