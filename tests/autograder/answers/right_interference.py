"""Unusual right answers to the exercises of chapter 5."""

import math

import numpy as np
import torch

import tms_lib
from answers.filing import right

# ---------------------------------------------------------------------------- positive_interval


@right("positive_interval")
def clamped_crossing(gain, bias):
    gain, bias = torch.broadcast_tensors(gain, bias)
    crossing = (-bias / gain).clamp(0, 1)  # infinite for flat lines, and then clamped
    return torch.where(gain < 0, 0.0, crossing), torch.where(gain < 0, crossing, 1.0)


@right("positive_interval")
def arithmetic_with_a_mask(gain, bias):
    crossing = (-bias / gain).clamp(0, 1)
    rises = (gain >= 0).to(crossing)
    return rises * crossing, rises + (1 - rises) * crossing


@right("positive_interval")
def three_kinds_of_lines(gain, bias):
    gain, bias = torch.broadcast_tensors(gain, bias)
    start, end = torch.zeros_like(gain), torch.zeros_like(gain)
    rising, falling, high = gain > 0, gain < 0, (gain == 0) & (bias > 0)
    start[rising] = torch.clip(-bias[rising] / gain[rising], 0, 1)
    end[rising | high] = 1
    end[falling] = torch.clip(bias[falling] / gain[falling].abs(), 0, 1)
    return [start, end]


@right("positive_interval")
def one_line_at_a_time(gain, bias):
    gain, bias = torch.broadcast_tensors(gain, bias)
    ends = []
    for g, b in zip(gain.flatten().tolist(), bias.flatten().tolist(), strict=True):
        if g == 0:
            ends.append((0.0, 1.0 if b > 0 else 0.0))
        elif g > 0:
            ends.append((min(1.0, max(0.0, -b / g)), 1.0))
        else:
            ends.append((0.0, min(1.0, max(0.0, -b / g))))
    both = torch.tensor(ends, dtype=gain.dtype, device=gain.device).reshape(*gain.shape, 2)
    return both[..., 0], both[..., 1]


# --------------------------------------------------------------------------- interference_error


@right("interference_error")
def with_the_library_interval(gain, bias):
    start, end = tms_lib.positive_interval(gain, bias)
    middle = gain * (start + end) / 2 + bias
    length = end - start
    # mean square = square of the mean + variance of a line
    return length * (middle**2 + (gain * length) ** 2 / 12)


@right("interference_error")
def by_similar_triangles(gain, bias):
    low, high = bias.relu(), (gain + bias).relu()
    crosses = bias * (gain + bias) < 0
    share = torch.where(crosses, (low + high) / torch.where(crosses, gain.abs(), 1), 1)
    return share * (low.square() + low * high + high.square()) / 3


@right("interference_error")
def by_gauss_nodes(gain, bias):
    start, end = tms_lib.positive_interval(gain, bias)
    total = 0
    for node in (-1 / math.sqrt(3), 1 / math.sqrt(3)):
        x = (start + end) / 2 + node * (end - start) / 2
        total = total + (gain * x + bias) ** 2
    return (end - start) * total / 2


@right("interference_error")
def expanded_integral(gain, bias):
    a, z = tms_lib.positive_interval(gain, bias)
    return gain**2 * (z**3 - a**3) / 3 + gain * bias * (z**2 - a**2) + bias**2 * (z - a)


@right("interference_error")
def ends_held_fixed(gain, bias):
    # where an end moves with the line the line is zero, so the ends need no gradient
    start, end = (x.detach() for x in tms_lib.positive_interval(gain, bias))
    low, high = gain * start + bias, gain * end + bias
    return (end - start) * (low**2 + low * high + high**2) / 3


@right("interference_error")
def higher_end_and_lower_end(gain, bias):
    at_zero, at_one = bias + 0 * gain, gain + bias
    high, low = torch.maximum(at_zero, at_one).relu(), torch.minimum(at_zero, at_one)
    slope = torch.where(low > 0, 1, high - low)  # from a low end above zero the length is 1
    length = torch.where(low > 0, 1, high / torch.where(slope == 0, 1, slope))
    return length * (high**2 + high * low.relu() + low.relu() ** 2) / 3


# ------------------------------------------------------------------------------------ own_error


@right("own_error")
def silence_and_gauss_nodes(gain, bias):
    start, end = tms_lib.positive_interval(gain, bias)
    silent = (start**3 + 1 - end**3) / 3
    half = (end - start) / 2
    spoken = 0
    for sign in (1, -1):
        x = (start + end) / 2 + sign * half / 3**0.5
        spoken = spoken + half * (x - gain * x - bias) ** 2
    return silent + spoken


@right("own_error")
def second_moment_minus_product_plus_square(gain, bias):
    a, z = tms_lib.positive_interval(gain, bias)
    product = gain * (z**3 - a**3) / 3 + bias * (z**2 - a**2) / 2
    return 1 / 3 - 2 * product + tms_lib.interference_error(gain, bias)


@right("own_error")
def what_the_ReLU_changes(gain, bias):  # noqa: N802  (the ReLU is spelled so)
    gain, bias = torch.broadcast_tensors(gain, bias)
    linear = (1 - gain) ** 2 / 3 - (1 - gain) * bias + bias**2
    a, z = tms_lib.positive_interval(-gain, -bias)  # where the line is negative
    # there the error is x instead of x - y, so y (y - 2 x) is too much
    slope, constant = gain * (gain - 2), bias * (2 * gain - 2)
    too_much = slope * (z**3 - a**3) / 3 + constant * (z**2 - a**2) / 2 + bias**2 * (z - a)
    return linear - too_much


@right("own_error")
def simpson_on_the_middle_part(gain, bias):
    start, end = tms_lib.positive_interval(gain, bias)
    middle = (start + end) / 2
    first, half, last = (((1 - gain) * x - bias) ** 2 for x in (start, middle, end))
    return (start**3 + 1 - end**3) / 3 + (end - start) * (first + 4 * half + last) / 6


# ------------------------------------------------------------------------------ silenced_output


@right("silenced_output")
def gain_and_the_library_error(threshold):
    gain = 1 + 1.5 * threshold / (1 - threshold)
    return gain, tms_lib.own_error(gain, -gain * threshold)


@right("silenced_output")
def normal_equation(threshold):
    t = threshold
    product = (1 - t**3) / 3 - t * (1 - t**2) / 2
    square = (1 - t) ** 3 / 3
    gain = product / square
    return gain, 1 / 3 - product**2 / square


@right("silenced_output")
def difference_from_the_whole_line(threshold):
    gain = 1 + 1.5 * threshold / (1 - threshold)
    return gain, (1 - gain * (1 - threshold) ** 2 * (1 + threshold / 2)) / 3


@right("silenced_output")
def by_name(threshold):
    rest = 1 - threshold
    error = threshold**3 / 12 + threshold**2 / 4
    return tms_lib.SilencedOutput(gain=1.5 / rest - 0.5, error=error)


# ----------------------------------------------------------------------------- one_active_terms


@right("one_active_terms")
def masked_matrix_of_errors(W, b, *, importance):
    G = torch.einsum("...hi,...hj->...ji", W, W)
    errors = importance.unsqueeze(-1) * tms_lib.interference_error(G, b[..., None])
    eye = torch.eye(W.shape[-1], dtype=W.dtype, device=W.device)
    own = importance * tms_lib.own_error((W * W).sum(-2), b)
    return own.mean(-1), (errors * (1 - eye)).sum((-2, -1)) / W.shape[-1]


@right("one_active_terms")
def loss_minus_benefit(W, b, importance):
    benefit = (importance * tms_lib.own_error(W.pow(2).sum(-2), b)).mean(-1)
    return benefit, tms_lib.one_active_loss(W, b, importance=importance) - benefit


@right("one_active_terms")
def whole_matrix_minus_the_diagonal(W, b, *, importance):
    n = W.shape[-1]
    across = tms_lib.interference_error(tms_lib.gram(W), b.unsqueeze(-1)).sum(-1)
    itself = tms_lib.interference_error((W**2).sum(-2), b)
    benefit = importance * tms_lib.own_error((W**2).sum(-2), b)
    return benefit.mean(-1), (importance * (across - itself)).sum(-1) / n


@right("one_active_terms")
def pair_by_pair(W, b, *, importance):
    n = W.shape[-1]
    shape = torch.broadcast_shapes(W[..., 0, :].shape, b.shape, importance.shape)
    b, importance = b.expand(shape), importance.expand(shape)
    terms = [torch.zeros_like(b[..., 0]), torch.zeros_like(b[..., 0])]
    for i in range(n):
        for j in range(n):
            gain = (W[..., i] * W[..., j]).sum(-1)
            error = tms_lib.own_error if i == j else tms_lib.interference_error
            terms[i != j] = terms[i != j] + importance[..., j] * error(gain, b[..., j]) / n
    return tuple(terms)


@right("one_active_terms")
def everyone_and_the_output_so_many_further(W, b, *, importance):
    n = W.shape[-1]
    benefit = (importance * tms_lib.own_error(W.square().sum(-2), b)).sum(-1) / n
    caused = torch.zeros_like(benefit)
    for shift in range(1, n):
        gain = (W * W.roll(shift, -1)).sum(-2)
        caused = caused + (importance * tms_lib.interference_error(gain, b)).sum(-1) / n
    return benefit, caused


# ------------------------------------------------------------------------------ regular_polygon


@right("regular_polygon")
def powers_of_a_rotation(n_corners, *, n_features):
    turn = 2 * math.pi / n_corners
    rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    W, corner = np.zeros((2, n_features)), np.array([0.6, 0.8])
    for i in range(n_corners):
        W[:, i] = corner
        corner = rotation @ corner
    return torch.from_numpy(W).float()


@right("regular_polygon")
def roots_of_unity(n_corners, n_features):
    corners = torch.exp(2j * math.pi * torch.arange(n_corners) / n_corners)
    plane = torch.view_as_real(corners.conj().resolve_conj()).T
    return torch.nn.functional.pad(plane, (0, n_features - n_corners)).float()


@right("regular_polygon")
def clockwise_from_the_top(n_corners, *, n_features):
    i = torch.arange(n_features)
    angle = 2 * math.pi * i / n_corners
    return torch.stack([angle.sin(), angle.cos()]) * (i < n_corners)


@right("regular_polygon")
def masked_circle(n_corners, *, n_features):
    i = torch.arange(n_features)
    angle = 2 * math.pi * i / n_corners + 1
    return torch.stack([angle.sin(), angle.cos()]) * (i < n_corners)


# --------------------------------------------------------------------------------- best_polygon


def loss_on_a_grid(radius, bias, n_corners):
    angle = 2 * math.pi * torch.arange(1, n_corners, dtype=torch.float64) / n_corners
    gain = radius**2
    across = tms_lib.interference_error(gain[..., None] * angle.cos(), bias[..., None])
    return tms_lib.own_error(gain, bias) + across.sum(-1)


def averaged(corner_loss, n_corners, n_features):
    c = 1 / (2 * n_features)
    dropped = 1 / 3 - c + n_features * c**2
    return (n_corners * corner_loss + (n_features - n_corners) * dropped) / n_features


@right("best_polygon")
def one_grid_and_a_finer_one(n_corners, *, n_features):
    low, high = torch.tensor([0.8, -1.6]), torch.tensor([1.8, 0.2])
    best, least = low, 1.0
    for _ in range(4):
        axes = [torch.linspace(*ends, 201).double() for ends in zip(low, high, strict=True)]
        radius, bias = torch.meshgrid(*axes, indexing="ij")
        loss = loss_on_a_grid(radius, bias, n_corners)
        k = loss.argmin()
        best, least = torch.stack([radius.flatten()[k], bias.flatten()[k]]), loss.min().item()
        low, high = best - (high - low) / 10, best + (high - low) / 10
    c = torch.tensor(1 / (2 * n_features))
    loss = torch.tensor(averaged(least, n_corners, n_features))
    return best[0], best[1], c, loss


@right("best_polygon")
def one_grid_fine_enough(n_corners, *, n_features):
    share = n_corners / n_features
    cosine = torch.cos(2 * math.pi * torch.arange(1, n_corners) / n_corners)
    r, b = torch.meshgrid(torch.arange(0, 2, 0.005), torch.arange(-1.5, 0.5, 0.01), indexing="ij")
    loss = tms_lib.own_error(r**2, b)
    for c in cosine:
        loss = loss + tms_lib.interference_error(r**2 * c, b)
    left_out = 1 / 3 - 1 / (4 * n_features)
    best = loss.flatten().argmin()
    found = [x.flatten()[best].item() for x in (r, b, share * loss + (1 - share) * left_out)]
    return found[0], found[1], 1 / (2 * n_features), found[2]


@right("best_polygon")
def a_list_of_tensors(n_corners, *, n_features):
    return [torch.tensor(x) for x in tms_lib.best_polygon(n_corners, n_features=n_features)]


@right("best_polygon")
def newton_from_a_coarse_grid(n_corners, *, n_features):
    radius = torch.linspace(0.9, 1.7, 41, dtype=torch.float64)[:, None]
    bias = torch.linspace(-1.5, 0.1, 81, dtype=torch.float64)
    k = int(loss_on_a_grid(radius, bias, n_corners).argmin())
    theta = torch.tensor([radius[k // 81, 0].item(), bias[k % 81].item()], dtype=torch.float64)

    def corner(theta):
        return loss_on_a_grid(theta[0], theta[1], n_corners)

    for _ in range(50):
        leaf = theta.clone().requires_grad_()
        (slope,) = torch.autograd.grad(corner(leaf), leaf, create_graph=True)
        rows = [torch.autograd.grad(part, leaf, retain_graph=True)[0] for part in slope]
        curvature, slope = torch.stack(rows), slope.detach()
        step = torch.linalg.lstsq(curvature, -slope.unsqueeze(-1)).solution.squeeze(-1)
        while corner(theta + step) > corner(theta) and step.norm() > 1e-12:
            step = step / 2
        theta = theta + step
    c = 1 / (2 * n_features)
    return (
        theta[0].item(),
        theta[1].item(),
        c,
        averaged(corner(theta).item(), n_corners, n_features),
    )


@right("best_polygon")
def radius_by_radius(n_corners, *, n_features):
    low, high = 0.9, 1.8
    best = (1.0, 0.0, 0.0)
    for _ in range(4):
        rows = []
        for radius in torch.linspace(low, high, 31, dtype=torch.float64):
            bias = torch.linspace(-1, 0.1, 4001, dtype=torch.float64) * radius**2
            loss = loss_on_a_grid(radius.expand_as(bias), bias, n_corners)
            rows.append((loss.min().item(), radius.item(), bias[loss.argmin()].item()))
        best = min(rows)
        low, high = best[1] - (high - low) / 10, best[1] + (high - low) / 10
    loss, radius, bias = best
    return [radius, bias, 0.5 / n_features, averaged(loss, n_corners, n_features)]


# ------------------------------------------------------------------------------- thomson_energy


@right("thomson_energy")
def half_of_all_pairs(points):
    apart = points.unsqueeze(-1) - points.unsqueeze(-2)
    squared = apart.square().sum(-3)
    same = torch.eye(points.shape[-1], dtype=torch.bool, device=points.device)
    inverse = squared.masked_fill(same, 1.0).rsqrt().masked_fill(same, 0.0)
    return inverse.sum((-2, -1)) / 2


@right("thomson_energy")
def from_pairwise_distances(points):
    n = points.shape[-1]
    i, j = np.triu_indices(n, 1)
    i, j = torch.from_numpy(i), torch.from_numpy(j)
    first, second = points.mT[..., i, :], points.mT[..., j, :]
    return (first - second).norm(dim=-1).reciprocal().sum(dim=-1)


@right("thomson_energy")
def combinations_of_columns(points):
    pairs = torch.combinations(torch.arange(points.shape[-1], device=points.device))
    difference = points[..., pairs[:, 0]] - points[..., pairs[:, 1]]
    return (difference**2).sum(-2).pow(-0.5).sum(-1)


@right("thomson_energy")
def ones_on_the_diagonal_taken_off_again(points):
    n = points.shape[-1]
    distance = (points.unsqueeze(-1) - points.unsqueeze(-2)).norm(dim=-3)
    itself = torch.eye(n, dtype=points.dtype, device=points.device)
    return ((1 / (distance + itself)).sum((-2, -1)) - n) / 2


@right("thomson_energy")
def everyone_and_the_one_so_many_further(points):
    energy = points.new_zeros(points.shape[:-2])
    for shift in range(1, points.shape[-1]):
        energy = energy + (1 / (points - points.roll(shift, -1)).norm(dim=-2)).sum(-1)
    return energy / 2


@right("thomson_energy")
def from_lengths_and_products(points):
    i, j = torch.triu_indices(points.shape[-1], points.shape[-1], offset=1, device=points.device)
    gram = points.double().mT @ points.double()
    length = gram.diagonal(dim1=-2, dim2=-1)
    squared = length[..., i] + length[..., j] - 2 * gram[..., i, j]
    return squared.clamp(min=0).pow(-0.5).sum(-1).to(points.dtype)
