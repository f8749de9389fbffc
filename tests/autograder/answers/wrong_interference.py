"""Plausible wrong answers to the exercises of chapter 5 that are not among the slips."""

import math

import numpy as np
import torch
import torch.nn.functional as F

import tms_lib
from answers.filing import wrong

# ---------------------------------------------------------------------------- positive_interval


@wrong("positive_interval")
def crossing_and_one(gain, bias):
    crossing = -bias / gain
    return crossing.clamp(0, 1), torch.ones_like(crossing)


@wrong("positive_interval")
def within_the_line_of_gain_one(gain, bias):
    gain, bias = torch.broadcast_tensors(gain, bias)
    return torch.where(gain > 0, -bias, 0).clamp(0, 1), torch.where(gain < 0, bias, 1).clamp(0, 1)


@wrong("positive_interval")
def crossing_by_absolute_values(gain, bias):
    gain, bias = torch.broadcast_tensors(gain, bias)
    crossing = (bias / torch.where(gain == 0, 1e-9, gain)).abs().clamp(0, 1)
    return torch.where(gain >= 0, crossing, 0), torch.where(gain < 0, crossing, 1)


@wrong("positive_interval")
def looked_up_on_a_grid(gain, bias):
    gain, bias = torch.broadcast_tensors(gain, bias)
    x = torch.linspace(0, 1, 101, dtype=gain.dtype, device=gain.device)
    above = gain.unsqueeze(-1) * x + bias.unsqueeze(-1) > 0
    start = torch.where(above, x, 1).amin(-1)
    return start, torch.maximum(start, torch.where(above, x, 0).amax(-1))


@wrong("positive_interval")
def flat_lines_positive_by_default(gain, bias):
    crossing = (-bias / gain).nan_to_num(0).clamp(0, 1)
    return torch.where(gain > 0, crossing, 0.0), torch.where(gain < 0, crossing, 1.0)


@wrong("positive_interval")
def nearly_flat_never_crosses(gain, bias):
    gain, bias = torch.broadcast_tensors(gain, bias)
    return tms_lib.positive_interval(gain.where(gain.abs() > 0.1, 0), bias)


@wrong("positive_interval")
def decided_by_the_bias(gain, bias):
    gain, bias = torch.broadcast_tensors(gain, bias)
    crossing = (-bias / gain).clamp(0, 1)
    end = torch.where((bias > 0) & (gain < 0), crossing, 1.0)
    return torch.where(bias < 0, crossing, 0.0), end


@wrong("positive_interval")
def no_broadcasting(gain, bias):
    start, end = tms_lib.positive_interval(gain, bias.expand_as(gain))
    return start, end


@wrong("positive_interval")
def stacked(gain, bias):
    return torch.stack(tms_lib.positive_interval(gain, bias))


@wrong("positive_interval")
def start_and_length(gain, bias):
    start, end = tms_lib.positive_interval(gain, bias)
    return start, end - start


@wrong("positive_interval")
def heights_for_places(gain, bias):
    start, end = tms_lib.positive_interval(gain, bias)
    return gain * start + bias, gain * end + bias


@wrong("positive_interval")
def one_sign_for_all(gain, bias):
    gain, bias = torch.broadcast_tensors(gain, bias)
    crossing = (-bias / torch.where(gain == 0, 1e-9, gain)).clamp(0, 1)
    if (gain > 0).all():
        return crossing, torch.ones_like(crossing)
    return torch.zeros_like(crossing), crossing


@wrong("positive_interval")
def small_number_below(gain, bias):
    gain, bias = torch.broadcast_tensors(gain, bias)
    crossing = (-bias / (gain + 1e-3)).clamp(0, 1)
    return torch.where(gain < 0, 0, crossing), torch.where(gain < 0, crossing, 1)


@wrong("positive_interval")
def before_zero_where_never(gain, bias):
    gain, bias = torch.broadcast_tensors(gain, bias)
    crossing = -bias / torch.where(gain == 0, 1e-9, gain)
    start, end = torch.where(gain < 0, 0, crossing.clamp(0, 1)), torch.where(gain < 0, crossing, 1)
    return torch.minimum(start, end), end.clamp(max=1)


@wrong("positive_interval")
def minus_one_where_never(gain, bias):
    start, end = tms_lib.positive_interval(gain, bias)
    return torch.where(end > start, start, -1), torch.where(end > start, end, -1)


@wrong("positive_interval")
def hardly_any_slope_is_none(gain, bias):
    gain, bias = torch.broadcast_tensors(gain, bias)
    return tms_lib.positive_interval(gain.where(gain.abs() > 0.01, 0), bias)


# --------------------------------------------------------------------------- interference_error


@wrong("interference_error")
def negative_gains_are_free(gain, bias):
    return torch.where(gain > 0, tms_lib.interference_error(gain, bias), 0)


@wrong("interference_error")
def from_a_sum_of_samples(gain, bias):
    x = torch.linspace(0, 1, 101, dtype=gain.dtype, device=gain.device)
    return (gain.unsqueeze(-1) * x + bias.unsqueeze(-1)).relu().square().mean(-1)


@wrong("interference_error")
def value_at_one(gain, bias):
    return (gain + bias).relu() ** 2


@wrong("interference_error")
def positive_parts_of_a_square(gain, bias):
    return (gain**2 / 3 + gain * bias + bias**2).relu() * (gain + bias > 0)


@wrong("interference_error")
def cut_off_ends(gain, bias):
    low, high = bias.relu(), (gain + bias).relu()
    return (low**2 + low * high + high**2) / 3


@wrong("interference_error")
def scaled_twice(gain, bias):
    start, end = tms_lib.positive_interval(gain, bias)
    return (end - start) * tms_lib.interference_error(gain, bias)


@wrong("interference_error")
def gain_on_the_outside(gain, bias):
    return gain**2 * tms_lib.interference_error(gain.sign(), bias)


@wrong("interference_error")
def root_mean_square(gain, bias):
    return tms_lib.interference_error(gain, bias).sqrt()


@wrong("interference_error")
def small_number_in_the_gain(gain, bias):
    g = gain + 1e-3
    return ((g + bias).relu() ** 3 - bias.relu() ** 3) / (3 * g)


@wrong("interference_error")
def total_of_all(gain, bias):
    return tms_lib.interference_error(gain, bias).sum()


@wrong("interference_error")
def cubes_without_a_gain(gain, bias):
    flat = gain == 0
    cubes = (gain + bias).relu() ** 3 - bias.relu() ** 3
    return torch.where(flat, bias**2, cubes / (3 * torch.where(flat, 1, gain)))


@wrong("interference_error")
def not_a_number_in_the_gradient_of_flat_lines(gain, bias):
    cubes = (gain + bias).relu() ** 3 - bias.relu() ** 3
    return torch.where(gain == 0, bias.relu() ** 2, cubes / (3 * gain))


@wrong("interference_error")
def nearly_flat_is_flat(gain, bias):
    flat = gain.abs() < 0.1
    cubes = (gain + bias).relu() ** 3 - bias.relu() ** 3
    return torch.where(flat, bias.relu() ** 2, cubes / (3 * gain.where(~flat, 1)))


@wrong("interference_error")
def trapezoids(gain, bias):
    x = torch.linspace(0, 1, 2001, dtype=gain.dtype, device=gain.device)
    output = (gain.unsqueeze(-1) * x + bias.unsqueeze(-1)).relu()
    return torch.trapezoid(output**2, x)


@wrong("interference_error")
def flat_below_a_hundredth(gain, bias):
    flat = gain.abs() < 0.01
    cubes = (gain + bias).relu() ** 3 - bias.relu() ** 3
    return torch.where(flat, bias.relu() ** 2, cubes / (3 * gain.where(~flat, 1)))


@wrong("interference_error")
def gauss_over_the_whole_interval(gain, bias):
    nodes, weights = np.polynomial.legendre.leggauss(64)
    x, weight = (torch.from_numpy(t / 2).to(gain) for t in (nodes + 1, weights))
    output = (gain.unsqueeze(-1) * x + bias.unsqueeze(-1)).relu()
    return output.square() @ weight


# ------------------------------------------------------------------------------------ own_error


@wrong("own_error")
def not_a_number_in_the_gradient_of_a_flat_line(gain, bias):
    at_zero, at_one = bias.relu(), (gain + bias).relu()
    cubes = at_one**3 - at_zero**3
    square = torch.where(gain == 0, at_zero**2, cubes / (3 * gain))
    product = at_one**2 / (2 * gain) - cubes / (6 * gain**2)
    return 1 / 3 - 2 * torch.where(gain == 0, at_zero / 2, product) + square


@wrong("own_error")
def no_end_before_one(gain, bias):
    start, _ = tms_lib.positive_interval(gain, bias)
    low, high = start - gain * start - bias, 1 - gain - bias
    return start**3 / 3 + (1 - start) * (low**2 + low * high + high**2) / 3


@wrong("own_error")
def one_minus_gain_squared(gain, bias):
    return (1 - gain - bias) ** 2 / 3


@wrong("own_error")
def bias_added_as_a_square(gain, bias):
    return (1 - gain.relu()) ** 2 / 3 + bias**2


@wrong("own_error")
def error_in_the_middle(gain, bias):
    return (0.5 - (0.5 * gain + bias).relu()) ** 2


@wrong("own_error")
def mean_over_a_grid(gain, bias):
    x = torch.linspace(0, 1, 101, dtype=gain.dtype, device=gain.device)
    return (x - (gain.unsqueeze(-1) * x + bias.unsqueeze(-1)).relu()).square().mean(-1)


@wrong("own_error")
def silent_part_squared_once(gain, bias):
    start, end = tms_lib.positive_interval(gain, bias)
    u, v = start - (gain * start + bias), end - (gain * end + bias)
    return start**2 / 2 + (end - start) * (u**2 + u * v + v**2) / 3 + (1 - end**2) / 2


@wrong("own_error")
def nothing_comes_out_of_falling_lines(gain, bias):
    return torch.where(gain < 0, 1 / 3, tms_lib.own_error(gain, bias))


@wrong("own_error")
def clamped_gain(gain, bias):
    return tms_lib.own_error(gain.clamp(min=0), bias)


@wrong("own_error")
def clamped_output_at_one(gain, bias):
    x = torch.linspace(0, 1, 20001, dtype=torch.float64)
    y = (gain.double().unsqueeze(-1) * x + bias.double().unsqueeze(-1)).clamp(0, 1)
    return (x - y).square().mean(-1).to(gain.dtype)


@wrong("own_error")
def absolute_error(gain, bias):
    return tms_lib.own_error(gain, bias).sqrt()


@wrong("own_error")
def cut_off_ends_of_the_error(gain, bias):
    u, v = -bias.relu(), 1 - (gain + bias).relu()
    return (u**2 + u * v + v**2) / 3


@wrong("own_error")
def error_line_on_its_own_interval(gain, bias):
    start, end = tms_lib.positive_interval(1 - gain, -bias)
    u, v = start - (gain * start + bias), end - (gain * end + bias)
    return start**3 / 3 + (end - start) * (u**2 + u * v + v**2) / 3 + (1 - end**3) / 3


@wrong("own_error")
def simpson_across_the_kink(gain, bias):
    at_zero, middle, at_one = ((x - (gain * x + bias).relu()) ** 2 for x in (0.0, 0.5, 1.0))
    return (at_zero + 4 * middle + at_one) / 6


@wrong("own_error")
def cube_of_the_rest(gain, bias):
    start, end = tms_lib.positive_interval(gain, bias)
    u, v = start - (gain * start + bias), end - (gain * end + bias)
    return start**3 / 3 + (end - start) * (u**2 + u * v + v**2) / 3 + (1 - end) ** 3 / 3


# ------------------------------------------------------------------------------ silenced_output


@wrong("silenced_output")
def inverse_of_what_is_left(threshold):
    gain = 1 / (1 - threshold)
    return gain, tms_lib.own_error(gain, -gain * threshold)


@wrong("silenced_output")
def one_plus_the_threshold(threshold):
    gain = 1 + threshold
    return gain, tms_lib.own_error(gain, -gain * threshold)


@wrong("silenced_output")
def first_order_in_t(threshold):
    return 1 + 1.5 * threshold, threshold**2 / 4


@wrong("silenced_output")
def error_without_the_gain(threshold):
    gain = (2 + threshold) / (2 * (1 - threshold))
    return gain, tms_lib.own_error(torch.ones_like(gain), -threshold)


@wrong("silenced_output")
def radius_for_the_gain(threshold):
    gain = (2 + threshold) / (2 * (1 - threshold))
    return gain.sqrt(), threshold**2 * (3 + threshold) / 12


@wrong("silenced_output")
def searched_on_a_coarse_grid(threshold):
    gain = torch.linspace(1, 20, 191, dtype=threshold.dtype).reshape(-1, *[1] * threshold.ndim)
    error = tms_lib.own_error(gain, -gain * threshold)
    best = error.min(0)
    return gain.flatten()[best.indices], best.values


@wrong("silenced_output")
def searched_between_one_and_twenty(threshold):
    t = threshold.double()
    low, high = torch.ones_like(t), torch.full_like(t, 20)
    for _ in range(80):
        third = (high - low) / 3
        a, b = low + third, high - third
        better = tms_lib.own_error(a, -a * t) < tms_lib.own_error(b, -b * t)
        low, high = low.where(better, a), b.where(better, high)
    return low.to(threshold), tms_lib.own_error(low, -low * t).to(threshold)


@wrong("silenced_output")
def silence_alone(threshold):
    gain = (2 + threshold) / (2 * (1 - threshold))
    return gain, threshold**3 / 3


@wrong("silenced_output")
def root_of_the_error(threshold):
    gain = (2 + threshold) / (2 * (1 - threshold))
    return gain, (threshold**2 * (3 + threshold) / 12).sqrt()


@wrong("silenced_output")
def weighted_by_x(threshold):
    t = threshold
    gain = 2 * (1 + t + t**2) / ((1 - t) * (2 + t))
    return gain, t**2 * (3 + t) / 12


@wrong("silenced_output")
def with_the_bias_too(threshold):
    gain = (2 + threshold) / (2 * (1 - threshold))
    return gain, -gain * threshold, threshold**2 * (3 + threshold) / 12


@wrong("silenced_output")
def small_number_in_the_denominator(threshold):
    gain = (2 + threshold) / (2 * (1 - threshold) + 1e-4)
    return gain, threshold**2 * (3 + threshold) / 12


# ----------------------------------------------------------------------------- one_active_terms


def errors(W, b):
    """The own errors, and all interference errors with outputs in rows and 0 on the diagonal."""
    G = W.mT @ W
    eye = torch.eye(W.shape[-1], dtype=W.dtype, device=W.device)
    caused = tms_lib.interference_error(G, b.unsqueeze(-1)) * (1 - eye)
    return tms_lib.own_error(G.diagonal(dim1=-2, dim2=-1), b), caused


@wrong("one_active_terms")
def of_the_linear_model(W, b, *, importance):
    n, (own, _) = W.shape[-1], errors(W, b)
    G = W.mT @ W
    bias = b.unsqueeze(-1)
    whole = (G**2 / 3 + G * bias + bias**2) * (1 - torch.eye(n, device=W.device, dtype=W.dtype))
    return (importance * own).sum(-1) / n, (importance * whole.sum(-1)).sum(-1) / n


@wrong("one_active_terms")
def interference_over_n_minus_one(W, b, *, importance):
    n, (own, caused) = W.shape[-1], errors(W, b)
    others = (importance * caused.sum(-1)).sum(-1)
    return (importance * own).sum(-1) / n, others / max(n - 1, 1) / n


@wrong("one_active_terms")
def worst_interference_only(W, b, *, importance):
    n, (own, caused) = W.shape[-1], errors(W, b)
    return (importance * own).sum(-1) / n, (importance * caused.amax(-1)).sum(-1) / n


@wrong("one_active_terms")
def only_the_benefit_is_a_mean(W, b, *, importance):
    n, (own, caused) = W.shape[-1], errors(W, b)
    return (importance * own).sum(-1) / n, (importance * caused.sum(-1)).sum(-1)


@wrong("one_active_terms")
def importance_squared(W, b, *, importance):
    n, (own, caused) = W.shape[-1], errors(W, b)
    weight = importance**2
    return (weight * own).sum(-1) / n, (weight * caused.sum(-1)).sum(-1) / n


@wrong("one_active_terms")
def weighted_mean_over_features(W, b, *, importance):
    own, caused = errors(W, b)
    total = importance.sum(-1)
    return (importance * own).sum(-1) / total, (importance * caused.sum(-1)).sum(-1) / total


@wrong("one_active_terms")
def gain_squared(W, b, *, importance):
    n = W.shape[-1]
    own, caused = errors(W, b)
    squared = tms_lib.own_error((W**2).sum(-2) ** 2, b)
    return (importance * squared + 0 * own).sum(-1) / n, (importance * caused.sum(-1)).sum(-1) / n


@wrong("one_active_terms")
def benefit_as_a_gain(W, b, *, importance):
    n, (own, caused) = W.shape[-1], errors(W, b)
    benefit = importance * (1 / 3 - own)
    return benefit.sum(-1) / n, (importance * caused.sum(-1)).sum(-1) / n


@wrong("one_active_terms")
def positive_gains_only(W, b, *, importance):
    n, (own, caused) = W.shape[-1], errors(W, b)
    caused = caused * (W.mT @ W > 0)
    return (importance * own).sum(-1) / n, (importance * caused.sum(-1)).sum(-1) / n


@wrong("one_active_terms")
def gram_of_the_rows(W, b, *, importance):
    n, (own, _) = W.shape[-1], errors(W, b)
    caused = tms_lib.interference_error((W @ W.mT).sum(-1, keepdim=True), b)
    return (importance * own).sum(-1) / n, (importance * caused).sum(-1) / n


@wrong("one_active_terms")
def mean_over_the_instances(W, b, *, importance):
    benefit, interference = tms_lib.one_active_terms(W, b, importance=importance)
    return benefit.mean().expand_as(benefit), interference.mean().expand_as(interference)


@wrong("one_active_terms")
def diagonal_set_to_zero_before(W, b, *, importance):
    gain, n = W.mT @ W, W.shape[-1]
    own = gain.diagonal(dim1=-2, dim2=-1)
    others = tms_lib.interference_error(gain - torch.diag_embed(own), b.unsqueeze(-1)).sum(-1)
    return (importance * tms_lib.own_error(own, b)).sum(-1) / n, (importance * others).sum(-1) / n


@wrong("one_active_terms")
def no_gain_no_error(W, b, *, importance):
    gain, n = W.mT @ W, W.shape[-1]
    caused = tms_lib.interference_error(gain, b.unsqueeze(-1)) * (gain != 0)
    others = caused.sum(-1) - caused.diagonal(dim1=-2, dim2=-1)
    own = tms_lib.own_error((W**2).sum(-2), b)
    return (importance * own).sum(-1) / n, (importance * others).sum(-1) / n


# ------------------------------------------------------------------------------ regular_polygon


def on_a_circle(angle, n_features):
    W = torch.zeros(2, n_features)
    W[:, : len(angle)] = torch.stack([angle.cos(), angle.sin()])
    return W


@wrong("regular_polygon")
def rounded_angles(n_corners, *, n_features):
    return on_a_circle(torch.arange(n_corners) * round(2 * math.pi / n_corners, 2), n_features)


@wrong("regular_polygon")
def one_corner_too_few(n_corners, *, n_features):
    W = on_a_circle(2 * math.pi * torch.arange(n_corners) / n_corners, n_features)
    return F.pad(W[:, : n_corners - 1], (0, n_features - n_corners + 1))


@wrong("regular_polygon")
def whole_degrees(n_corners, *, n_features):
    return on_a_circle(torch.arange(n_corners) * math.radians(360 // n_corners), n_features)


@wrong("regular_polygon")
def one_corner_is_none(n_corners, *, n_features):
    return tms_lib.regular_polygon(n_corners, n_features=n_features) * (n_corners > 1)


@wrong("regular_polygon")
def random_directions(n_corners, *, n_features):
    angle = 2 * math.pi * torch.rand(n_corners, generator=torch.Generator().manual_seed(0))
    return on_a_circle(angle, n_features)


@wrong("regular_polygon")
def a_star(n_corners, *, n_features):
    return on_a_circle(4 * math.pi * torch.arange(n_corners) / n_corners, n_features)


@wrong("regular_polygon")
def with_an_instance_axis(n_corners, *, n_features):
    return on_a_circle(2 * math.pi * torch.arange(n_corners) / n_corners, n_features)[None]


@wrong("regular_polygon")
def not_a_number_for_the_rest(n_corners, *, n_features):
    W = on_a_circle(2 * math.pi * torch.arange(n_corners) / n_corners, n_features)
    W[:, n_corners:] = torch.nan
    return W


@wrong("regular_polygon")
def all_but_small(n_corners, *, n_features):
    W = on_a_circle(2 * math.pi * torch.arange(n_corners) / n_corners, n_features)
    W[:, n_corners:] = 0.01
    return W


@wrong("regular_polygon")
def best_radius_included(n_corners, *, n_features):
    W = on_a_circle(2 * math.pi * torch.arange(n_corners) / n_corners, n_features)
    return W * tms_lib.best_polygon(n_corners, n_features=n_features).radius


# --------------------------------------------------------------------------------- best_polygon


def answer(best, *, radius=None, bias=None, dropped_bias=None, loss=None):
    """The best polygon with some of its numbers replaced."""
    new = (radius, bias, dropped_bias, loss)
    return tuple(old if value is None else value for old, value in zip(best, new, strict=True))


@wrong("best_polygon")
def silenced_for_all_neighbours(n_corners, *, n_features):
    cosine = torch.tensor(2 * math.pi / n_corners).cos().clamp(min=0)
    gain, error = tms_lib.silenced_output(cosine)
    best = tms_lib.best_polygon(n_corners, n_features=n_features)
    left_out = (n_features - n_corners) * (1 / 3 - 1 / (4 * n_features))
    loss = (n_corners * error.item() + left_out) / n_features
    return answer(best, radius=gain.sqrt().item(), bias=(-gain * cosine).item(), loss=loss)


@wrong("best_polygon")
def norm_from_the_bias(n_corners, *, n_features):
    best = tms_lib.best_polygon(n_corners, n_features=n_features)
    return answer(best, radius=1 / (1 + best.bias))


@wrong("best_polygon")
def best_of_a_coarse_grid(n_corners, *, n_features):
    radius = torch.linspace(0.5, 2, 16).double()[:, None]
    bias = torch.linspace(-1.5, 0.5, 21).double()
    angle = 2 * math.pi * torch.arange(1, n_corners).double() / n_corners
    across = tms_lib.interference_error(radius[..., None] ** 2 * angle.cos(), bias[..., None])
    loss = tms_lib.own_error(radius**2, bias) + across.sum(-1)
    row, column = divmod(int(loss.argmin()), 21)
    left_out = (n_features - n_corners) * (1 / 3 - 1 / (4 * n_features))
    return (
        radius[row, 0].item(),
        bias[column].item(),
        1 / (2 * n_features),
        (n_corners * loss.min().item() + left_out) / n_features,
    )


@wrong("best_polygon")
def too_few_steps(n_corners, *, n_features):
    angle = 2 * math.pi * torch.arange(1, n_corners).double() / n_corners
    theta = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
    loss = torch.tensor(0.0)
    for _ in range(50):
        gain = theta[0] ** 2
        across = tms_lib.interference_error(gain * angle.cos(), theta[1]).sum()
        loss = tms_lib.own_error(gain, theta[1]) + across
        (slope,) = torch.autograd.grad(loss, theta)
        theta = (theta - 0.05 * slope).detach().requires_grad_()
    left_out = (n_features - n_corners) * (1 / 3 - 1 / (4 * n_features))
    total = (n_corners * loss.item() + left_out) / n_features
    return (*theta.tolist(), 1 / (2 * n_features), total)


@wrong("best_polygon")
def the_pentagon_always(n_corners, *, n_features):
    best = tms_lib.best_polygon(n_corners, n_features=n_features)
    return answer(best, radius=1.1705, bias=-0.2823)


@wrong("best_polygon")
def order_of_the_numbers(n_corners, *, n_features):
    radius, bias, dropped_bias, loss = tms_lib.best_polygon(n_corners, n_features=n_features)
    return loss, radius, bias, dropped_bias


@wrong("best_polygon")
def without_the_constant(n_corners, *, n_features):
    radius, bias, _, loss = tms_lib.best_polygon(n_corners, n_features=n_features)
    return radius, bias, loss


@wrong("best_polygon")
def same_bias_for_all(n_corners, *, n_features):
    best = tms_lib.best_polygon(n_corners, n_features=n_features)
    left_out = (n_features - n_corners) / 3
    used = n_features * best.loss - (n_features - n_corners) * (1 / 3 - 1 / (4 * n_features))
    return answer(best, dropped_bias=best.bias, loss=(used + left_out) / n_features)


@wrong("best_polygon")
def constant_one_over_n(n_corners, *, n_features):
    return answer(
        tms_lib.best_polygon(n_corners, n_features=n_features), dropped_bias=1 / n_features
    )


@wrong("best_polygon")
def best_number_of_corners(n_corners, *, n_features):
    found = [tms_lib.best_polygon(k, n_features=n_features) for k in range(1, n_features + 1)]
    return min(found, key=lambda best: best.loss) if n_corners else found[0]


@wrong("best_polygon")
def negative_radius(n_corners, *, n_features):
    best = tms_lib.best_polygon(n_corners, n_features=n_features)
    return answer(best, radius=-best.radius)


@wrong("best_polygon")
def no_polygon_of_two_corners(n_corners, *, n_features):
    best = tms_lib.best_polygon(n_corners, n_features=n_features)
    return answer(best, bias=-0.5) if n_corners == 2 else best


@wrong("best_polygon")
def as_text(n_corners, *, n_features):
    return tuple(map(str, tms_lib.best_polygon(n_corners, n_features=n_features)))


@wrong("best_polygon")
def not_numbers(n_corners, *, n_features):
    del n_corners, n_features
    return None, None, None, None


# ------------------------------------------------------------------------------- thomson_energy


def distances(points):
    i, j = torch.triu_indices(points.shape[-1], points.shape[-1], offset=1, device=points.device)
    return (points[..., i] - points[..., j]).norm(dim=-2)


@wrong("thomson_energy")
def logarithm(points):
    return -distances(points).log().sum(-1)


@wrong("thomson_energy")
def one_over_the_angle(points):
    unit = F.normalize(points, dim=-2)
    i, j = torch.triu_indices(points.shape[-1], points.shape[-1], offset=1)
    cosine = (unit[..., i] * unit[..., j]).sum(-2).clamp(-1, 1)
    return (1 / cosine.acos()).sum(-1)


@wrong("thomson_energy")
def nearest_only(points):
    apart = torch.cdist(points.mT, points.mT)
    apart = apart + torch.diag_embed(torch.full_like(apart[..., 0], torch.inf))
    return (1 / apart.amin(-1)).sum(-1) / 2


@wrong("thomson_energy")
def distance_from_the_centre(points):
    return (1 / points.norm(dim=-2)).sum(-1)


@wrong("thomson_energy")
def energy_of_each_point(points):
    return tms_lib.thomson_energy(points).unsqueeze(-1).expand(*points.shape[:-2], points.shape[-1])


@wrong("thomson_energy")
def distances_with_an_epsilon(points):
    return (1 / (distances(points) ** 2 + 1e-6).sqrt()).sum(-1)


@wrong("thomson_energy")
def zero_for_the_same_place(points):
    return (1 / distances(points)).nan_to_num(posinf=0.0).sum(-1)


@wrong("thomson_energy")
def about_the_mean(points):
    return tms_lib.thomson_energy(F.normalize(points - points.mean(-1, keepdim=True), dim=-2))


@wrong("thomson_energy")
def three_dimensions_only(points):
    return tms_lib.thomson_energy(points[..., :3, :]) / (points.shape[-2] <= 3)


@wrong("thomson_energy")
def a_python_number(points):
    return float(tms_lib.thomson_energy(points).sum())


@wrong("thomson_energy")
def largest_distance_left_out(points):
    inverse = 1 / distances(points)
    if inverse.shape[-1] < 2:
        return inverse.sum(-1)
    return inverse.sum(-1) - inverse.amin(-1)


@wrong("thomson_energy")
def diagonal_left_out_afterwards(points):
    distance = (points.unsqueeze(-1) - points.unsqueeze(-2)).square().sum(-3).sqrt()
    itself = torch.eye(points.shape[-1], dtype=torch.bool, device=points.device)
    return (1 / distance).masked_fill(itself, 0).sum((-2, -1)) / 2


@wrong("thomson_energy")
def same_place_left_out_like_the_diagonal(points):
    distance = (points.unsqueeze(-1) - points.unsqueeze(-2)).norm(dim=-3)
    inverse = torch.where(distance > 0, 1 / distance.where(distance > 0, 1), 0)
    return inverse.sum((-2, -1)) / 2
