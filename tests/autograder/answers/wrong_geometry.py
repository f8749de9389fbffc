"""Plausible wrong answers to the exercises of chapter 7 that are not among the slips."""

import math

import torch
import torch.nn.functional as F

import tms_lib
from answers.filing import wrong

# ----------------------------------------------------------------------- dimensions_per_feature


def covered(W):
    return (W**2).sum((-2, -1))


@wrong("dimensions_per_feature")
def axis_one_is_hidden(W):
    return W.shape[1] / covered(W)


@wrong("dimensions_per_feature")
def nuclear_norm(W):
    return W.shape[-2] / torch.linalg.matrix_norm(W, ord="nuc") ** 2


@wrong("dimensions_per_feature")
def sum_of_absolute_values(W):
    return W.shape[-2] / W.abs().sum((-2, -1))


@wrong("dimensions_per_feature")
def at_most_one(W):
    return (W.shape[-2] / covered(W)).clamp(max=1)


@wrong("dimensions_per_feature")
def zero_if_nothing_is_represented(W):
    return (W.shape[-2] / covered(W)).nan_to_num(posinf=0.0)


@wrong("dimensions_per_feature")
def keeps_the_axes(W):
    return W.shape[-2] / (W**2).sum((-2, -1), keepdim=True)


@wrong("dimensions_per_feature")
def rank_instead_of_rows(W):
    return torch.linalg.matrix_rank(W) / covered(W)


@wrong("dimensions_per_feature")
def represented_features_only(W):
    return W.shape[-2] / covered(W * (W.norm(dim=-2, keepdim=True) > 0.5))


@wrong("dimensions_per_feature")
def norm_of_the_gram_matrix(W):
    return W.shape[-2] / torch.linalg.matrix_norm(W.mT @ W)


@wrong("dimensions_per_feature")
def python_numbers(W):
    return (W.shape[-2] / covered(W)).tolist()


# ------------------------------------------------------------------------------- dimensionality


def projections(W):
    return ((F.normalize(W, dim=-2).mT @ W) ** 2).sum(-1)


def safe(value):
    return torch.where(value > 0, value, 1.0)


@wrong("dimensionality")
def one_minus_superposition(W):
    return 1 - tms_lib.superposition(W)


@wrong("dimensionality")
def one_over_one_plus_superposition(W):
    return 1 / (1 + tms_lib.superposition(W)) * (W.norm(dim=-2) > 0)


@wrong("dimensionality")
def share_of_the_dimensions(W):
    squared = (W**2).sum(-2)
    return W.shape[-2] * squared / safe(squared.sum(-1, keepdim=True))


@wrong("dimensionality")
def features_sharing_with_it(W):
    return 1 / (tms_lib.feature_graph(W).sum(-1).clamp(min=1))


@wrong("dimensionality")
def rescaled_to_add_up_to_m(W):
    D = tms_lib.dimensionality(W)
    return W.shape[-2] * D / safe(D.sum(-1, keepdim=True))


@wrong("dimensionality")
def the_upper_bound(W):
    return tms_lib.dimensionality_bound(W)


@wrong("dimensionality")
def later_features_only(W):
    G = (W.mT @ W).triu() ** 2
    return (W**2).sum(-2) ** 2 / safe(G.sum(-1))


@wrong("dimensionality")
def fourth_power_above_and_unit_below(W):
    return (W**2).sum(-2) ** 2 / safe(projections(W))


@wrong("dimensionality")
def root_of_the_ratio(W):
    return ((W**2).sum(-2) / safe(projections(W))).sqrt()


@wrong("dimensionality")
def one_for_a_zero_column(W):
    return tms_lib.dimensionality(W).where(W.norm(dim=-2) > 0, 1.0)


@wrong("dimensionality")
def ignores_short_features(W):
    return tms_lib.dimensionality(W) * (W.norm(dim=-2) > 0.1)


@wrong("dimensionality")
def negative_interference_is_free(W):
    below = ((F.normalize(W, dim=-2).mT @ W).clamp(min=0) ** 2).sum(-1)
    return (W**2).sum(-2) / safe(below)


@wrong("dimensionality")
def clamped_below(W):
    return (W**2).sum(-2) / projections(W).clamp(min=1e-3)


@wrong("dimensionality")
def instances_mixed(W):
    D = tms_lib.dimensionality(W)
    return D.mean(0, keepdim=True).expand_as(D) if W.ndim > 2 else D


@wrong("dimensionality")
def zero_below_a_small_norm(W):
    return tms_lib.dimensionality(W) * (W.norm(dim=-2) > 1e-4)


@wrong("dimensionality")
def a_tiny_number_below(W):
    below = (F.normalize(W, dim=-2).mT @ W).square().sum(-1)
    return W.square().sum(-2) / (below + 1e-12)


@wrong("dimensionality")
def longest_feature_is_the_unit(W):
    longest = W.norm(dim=-2).amax(-1, keepdim=True)
    return tms_lib.dimensionality(W) * W.norm(dim=-2) / longest.clamp(min=1e-30)


# ----------------------------------------------------------------------------- nearest_fraction


@wrong("nearest_fraction")
def rounded_to_two_digits(D, fractions, *, tolerance=0.01):
    return tms_lib.nearest_fraction(D.round(decimals=2), fractions, tolerance=tolerance)


@wrong("nearest_fraction")
def last_within(D, fractions, *, tolerance=0.01):
    result = torch.full_like(D, torch.nan)
    for fraction in fractions:
        result = torch.where((D - fraction).abs() <= tolerance, fraction, result)
    return result


@wrong("nearest_fraction")
def infinity_for_none(D, fractions, *, tolerance=0.01):
    return tms_lib.nearest_fraction(D, fractions, tolerance=tolerance).nan_to_num(torch.inf)


@wrong("nearest_fraction")
def only_the_near_ones(D, fractions, *, tolerance=0.01):
    value = tms_lib.nearest_fraction(D, fractions, tolerance=tolerance)
    return value[~value.isnan()]


@wrong("nearest_fraction")
def twice_the_tolerance(D, fractions, *, tolerance=0.01):
    return tms_lib.nearest_fraction(D, fractions, tolerance=2 * tolerance)


@wrong("nearest_fraction")
def sorts_and_looks_up(D, fractions, *, tolerance=0.01):
    ordered = fractions.sort().values
    which = torch.searchsorted(ordered, D).clamp(max=len(ordered) - 1)
    guess = ordered[which]
    return torch.where((D - guess).abs() <= tolerance, guess, torch.nan)


@wrong("nearest_fraction")
def counts_of_each_fraction(D, fractions, *, tolerance=0.01):
    return ((D.unsqueeze(-1) - fractions).abs() <= tolerance).sum(-2).to(D.dtype)


@wrong("nearest_fraction")
def assumes_sorted_fractions(D, fractions, *, tolerance=0.01):
    edges = (fractions[1:] + fractions[:-1]) / 2
    guess = fractions[(D.unsqueeze(-1) > edges).sum(-1)]
    return torch.where((D - guess).abs() <= tolerance, guess, torch.nan)


@wrong("nearest_fraction")
def default_of_a_tenth(D, fractions, *, tolerance=0.1):
    return tms_lib.nearest_fraction(D, fractions, tolerance=tolerance)


@wrong("nearest_fraction")
def single_precision(D, fractions, *, tolerance=0.01):
    value = tms_lib.nearest_fraction(D.float(), fractions.float(), tolerance=tolerance)
    return value.to(D.dtype)


@wrong("nearest_fraction")
def writes_into_its_argument(D, fractions, *, tolerance=0.01):
    return D.copy_(tms_lib.nearest_fraction(D, fractions, tolerance=tolerance))


@wrong("nearest_fraction")
def distance_rounded_to_the_default(D, fractions, *, tolerance=0.01):
    closest, which = (D.unsqueeze(-1) - fractions).abs().min(-1)
    return torch.where(closest.round(decimals=2) <= tolerance, fractions[which], torch.nan)


# ------------------------------------------------------------------------- dimensionality_bound


def projection(W):
    return torch.linalg.pinv(W) @ W


def diagonal(P):
    return P.diagonal(dim1=-2, dim2=-1)


@wrong("dimensionality_bound")
def square_root_of_the_frame(W):
    values, vectors = torch.linalg.eigh(W @ W.mT)
    roots = torch.where(values > 1e-6 * values[..., -1:], values.clamp(min=1e-30) ** -0.5, 0)
    return ((vectors * roots.unsqueeze(-2)) @ vectors.mT @ W * W).sum(-2)


@wrong("dimensionality_bound")
def off_the_space(W):
    return 1 - diagonal(projection(W))


@wrong("dimensionality_bound")
def length_of_the_projection(W):
    return diagonal(projection(W)).clamp(min=0).sqrt()


@wrong("dimensionality_bound")
def scaled_to_add_up_to_m(W):
    bound = diagonal(projection(W))
    return W.shape[-2] * bound / safe(bound.sum(-1, keepdim=True))


@wrong("dimensionality_bound")
def transposed_inverse(W):
    return diagonal(W @ torch.linalg.pinv(W))


@wrong("dimensionality_bound")
def one_for_all_that_is_represented(W):
    return (W.norm(dim=-2) > 0.5).to(W.dtype)


@wrong("dimensionality_bound")
def drops_small_singular_values(W):
    return diagonal(torch.linalg.pinv(W, rtol=0.5) @ W)


@wrong("dimensionality_bound")
def inverse_of_the_first_instance(W):
    if W.ndim == 2:
        return diagonal(projection(W))
    return (W * (torch.linalg.pinv(W[:1] @ W[:1].mT) @ W)).sum(-2)


@wrong("dimensionality_bound")
def only_the_diagonal_of_the_frame(W):
    own = (W**2).sum(-1, keepdim=True)
    return (W**2 / safe(own)).sum(-2)


@wrong("dimensionality_bound")
def at_most_the_squared_norm(W):
    return torch.minimum(diagonal(projection(W)), (W**2).sum(-2))


@wrong("dimensionality_bound")
def least_squares(W):
    return diagonal(torch.linalg.lstsq(W.mT @ W + 1e-4 * torch.eye(W.shape[-1]), W.mT @ W)[0])


@wrong("dimensionality_bound")
def counts_singular_values_above_a_hundredth(W):
    _, values, rows = torch.linalg.svd(W, full_matrices=False)
    return (rows**2 * (values > 1e-2).unsqueeze(-1)).sum(-2)


@wrong("dimensionality_bound")
def tiny_ridge(W):
    S = W @ W.mT + 1e-10 * torch.eye(W.shape[-2], dtype=W.dtype, device=W.device)
    return (W * (torch.linalg.pinv(S, hermitian=True) @ W)).sum(-2)


# ------------------------------------------------------------------------- indivisible_polytope


def with_other(name, shape, W):
    return W if name == shape else tms_lib.indivisible_polytope(name)


@wrong("indivisible_polytope")
def a_square_for_the_tetrahedron(name):
    square = torch.tensor([[1.0, 0, -1, 0], [0, 1, 0, -1], [0, 0, 0, 0]])
    return with_other(name, "tetrahedron", square)


@wrong("indivisible_polytope")
def tetrahedron_too_flat(name):
    base = tms_lib.indivisible_polytope("triangle") * math.sqrt(3) / 2
    apex = torch.tensor([[0.0], [0.0], [1.0]])
    corners = torch.cat([torch.cat([base, torch.full((1, 3), -0.5)]), apex], dim=1)
    return with_other(name, "tetrahedron", corners)


@wrong("indivisible_polytope")
def tetrahedron_off_its_centre(name):
    base = tms_lib.indivisible_polytope("triangle")
    corners = torch.cat([base, torch.zeros(1, 3)])
    apex = torch.tensor([[0.0], [0.0], [math.sqrt(2)]])
    return with_other(name, "tetrahedron", torch.cat([corners, apex], dim=1))


@wrong("indivisible_polytope")
def antiprism_of_half_height(name):
    W = tms_lib.indivisible_polytope("square antiprism") * torch.tensor([[1.0], [1.0], [0.5]])
    return with_other(name, "square antiprism", F.normalize(W, dim=0))


@wrong("indivisible_polytope")
def antiprism_with_radius_and_height_exchanged(name):
    angle = math.pi / 4 * torch.arange(8)
    circle = torch.stack([angle.cos(), angle.sin()]) / math.sqrt(3)
    height = math.sqrt(2 / 3) * torch.tensor([[1.0, -1.0]]).repeat(1, 4)
    return with_other(name, "square antiprism", torch.cat([circle, height]))


@wrong("indivisible_polytope")
def antiprism_turned_too_little(name):
    angle = math.pi / 2 * torch.arange(4)
    angle = torch.cat([angle, angle + math.pi / 6])
    circle = math.sqrt(2 / 3) * torch.stack([angle.cos(), angle.sin()])
    height = torch.tensor([[1.0, -1.0]]).repeat_interleave(4, -1) / math.sqrt(3)
    return with_other(name, "square antiprism", torch.cat([circle, height]))


@wrong("indivisible_polytope")
def four_up_four_down_in_a_row(name):
    angle = math.pi / 4 * torch.arange(8)
    circle = math.sqrt(2 / 3) * torch.stack([angle.cos(), angle.sin()])
    height = torch.tensor([[1.0, -1.0]]).repeat_interleave(4, -1) / math.sqrt(3)
    return with_other(name, "square antiprism", torch.cat([circle, height]))


@wrong("indivisible_polytope")
def pentagon_without_its_third_corner(name):
    angle = 2 * math.pi * torch.tensor([0, 1, 2, 2, 4]) / 5
    return with_other(name, "pentagon", torch.stack([angle.cos(), angle.sin()]))


@wrong("indivisible_polytope")
def norms_such_that_all_adds_up_to_one(name):
    W = tms_lib.indivisible_polytope(name)
    return W * math.sqrt(W.shape[-2] / W.shape[-1])


@wrong("indivisible_polytope")
def digon_of_one_corner_twice(name):
    return with_other(name, "digon", torch.ones(1, 2))


@wrong("indivisible_polytope")
def in_double_precision(name):
    return tms_lib.indivisible_polytope(name).double()


@wrong("indivisible_polytope")
def dot_products_instead_of_corners(name):
    W = tms_lib.indivisible_polytope(name)
    return W.T @ W


@wrong("indivisible_polytope")
def digon_of_whole_numbers(name):
    return torch.tensor([[1, -1]]) if name == "digon" else tms_lib.indivisible_polytope(name)


@wrong("indivisible_polytope")
def three_decimals(name):
    return tms_lib.indivisible_polytope(name).round(decimals=3)


# -------------------------------------------------------------------------------- tegum_product


@wrong("tegum_product")
def torch_block_diag(first, second):
    return torch.block_diag(first, second)


@wrong("tegum_product")
def block_diag_of_the_first_pair(first, second):
    instances = first.shape[:-2]
    one = torch.block_diag(first.reshape(-1, *first.shape[-2:])[0],
                           second.reshape(-1, *second.shape[-2:])[0])  # fmt: skip
    return one.expand(*instances, *one.shape)


@wrong("tegum_product")
def always_in_single_precision(first, second):
    return tms_lib.tegum_product(first.float(), second.float())


@wrong("tegum_product")
def cut_from_the_graph(first, second):
    m1, k1 = first.shape[-2:]
    W = torch.zeros(*first.shape[:-2], m1 + second.shape[-2], k1 + second.shape[-1])
    W = W.to(first)
    W[..., :m1, :k1] = first.detach()
    W[..., m1:, k1:] = second.detach()
    return W


@wrong("tegum_product")
def negated_second_shape(first, second):
    return tms_lib.tegum_product(first, -second)


@wrong("tegum_product")
def corners_interleaved(first, second):
    W = tms_lib.tegum_product(first, second)
    k1 = first.shape[-1]
    order = sorted(range(W.shape[-1]), key=lambda i: (i % k1, i))
    return W[..., order]


@wrong("tegum_product")
def direct_sum_of_dimensions_only(first, second):
    return torch.cat([first, second], dim=-2)


@wrong("tegum_product")
def zeros_on_the_default_device(first, second):
    m1, k1 = first.shape[-2:]
    W = torch.zeros(*first.shape[:-2], m1 + second.shape[-2], k1 + second.shape[-1],
                    dtype=first.dtype)  # fmt: skip
    W[..., :m1, :k1] = first
    W[..., m1:, k1:] = second
    return W


@wrong("tegum_product")
def tiny_numbers_for_zeros(first, second):
    return tms_lib.tegum_product(first, second) + 1e-3


# --------------------------------------------------------------------------------- feature_graph


@wrong("feature_graph")
def sum_of_the_overlaps(W, *, threshold=0.2):
    overlap = (W.mT @ W).abs()
    return overlap > threshold * overlap.sum((-2, -1), keepdim=True)


@wrong("feature_graph")
def largest_of_the_row(W, *, threshold=0.2):
    overlap = (W.mT @ W).abs()
    return overlap > threshold * overlap.amax(-1, keepdim=True)


@wrong("feature_graph")
def both_norms(W, *, threshold=0.2):
    norm = W.norm(dim=-2)
    return (W.mT @ W).abs() > threshold * norm.unsqueeze(-1) * norm.unsqueeze(-2)


@wrong("feature_graph")
def ones_and_zeros(W, *, threshold=0.2):
    return tms_lib.feature_graph(W, threshold=threshold).int()


@wrong("feature_graph")
def negative_ones_only(W, *, threshold=0.2):
    overlap = W.mT @ W
    return -overlap > threshold * overlap.amax((-2, -1), keepdim=True)


@wrong("feature_graph")
def pairs_in_one_direction(W, *, threshold=0.2):
    return tms_lib.feature_graph(W, threshold=threshold).triu()


@wrong("feature_graph")
def list_of_pairs(W, *, threshold=0.2):
    return tms_lib.feature_graph(W, threshold=threshold).nonzero()


@wrong("feature_graph")
def distance_between_features(W, *, threshold=0.2):
    return torch.cdist(W.mT, W.mT) < threshold * W.norm(dim=-2).amax(-1)[..., None, None]


@wrong("feature_graph")
def default_of_a_tenth_of_the_norm(W, *, threshold=0.1):
    return tms_lib.feature_graph(W, threshold=threshold)


@wrong("feature_graph")
def adds_to_the_largest(W, *, threshold=0.2):
    overlap = (W.mT @ W).abs()
    return overlap / (overlap.amax((-2, -1), keepdim=True) + 0.1) > threshold


@wrong("feature_graph")
def connected_by_a_path(W, *, threshold=0.2):
    label = tms_lib.connected_components(tms_lib.feature_graph(W, threshold=threshold))
    return label.unsqueeze(-1) == label.unsqueeze(-2)


@wrong("feature_graph")
def largest_overlap_of_two_features(W, *, threshold=0.2):
    overlap = tms_lib.gram(W).abs()
    others = overlap * ~torch.eye(W.shape[-1], dtype=torch.bool, device=W.device)
    return overlap > threshold * others.amax((-2, -1), keepdim=True)


@wrong("feature_graph")
def normalised_in_place(W, *, threshold=0.2):
    W /= W.norm(dim=-2).amax(-1)[..., None, None].clamp(min=1e-30)
    return tms_lib.gram(W).abs() > threshold


# -------------------------------------------------------------------------- connected_components


@wrong("connected_components")
def later_neighbours_only(graph):
    return tms_lib.connected_components(graph.triu() & graph.tril())


@wrong("connected_components")
def first_neighbour(graph):
    return graph.int().argmax(-1)


@wrong("connected_components")
def one_sweep_in_order(graph):
    n = graph.shape[-1]
    label = torch.arange(n).repeat(*graph.shape[:-2], 1)
    for i in range(n):
        around = torch.where(graph[..., i, :], label, n).amin(-1)
        label[..., i] = torch.minimum(label[..., i], around)
    return label


@wrong("connected_components")
def ten_rounds(graph):
    n = graph.shape[-1]
    label = torch.arange(n).expand(graph.shape[:-1])
    for _ in range(10):
        label = torch.minimum(label, torch.where(graph, label.unsqueeze(-2), n).amin(-1))
    return label


@wrong("connected_components")
def labels_from_one(graph):
    return tms_lib.connected_components(graph) + 1


@wrong("connected_components")
def lone_features_share_a_label(graph):
    label = tms_lib.connected_components(graph)
    others = graph & ~torch.eye(graph.shape[-1], dtype=torch.bool)
    lone = ~others.any(-1)
    lowest = torch.where(lone, torch.arange(graph.shape[-1]), graph.shape[-1]).amin(-1)
    return torch.where(lone, lowest.unsqueeze(-1), label)


@wrong("connected_components")
def instances_joined(graph):
    if graph.ndim == 2:
        return tms_lib.connected_components(graph)
    joined = graph.flatten(0, -3).any(0)
    return tms_lib.connected_components(joined).expand(graph.shape[:-1]).clone()


@wrong("connected_components")
def lists_of_members(graph):
    label = tms_lib.connected_components(graph)
    return [(label == i).nonzero().flatten().tolist() for i in label.unique().tolist()]


@wrong("connected_components")
def only_represented_features(graph):
    label = tms_lib.connected_components(graph)
    return torch.where(graph.diagonal(dim1=-2, dim2=-1), label, -1)


@wrong("connected_components")
def reach_of_four_steps(graph):
    within = (graph | torch.eye(graph.shape[-1], dtype=torch.bool)).double()
    for _ in range(2):
        within = ((within @ within) > 0).double()
    return within.argmax(-1)


@wrong("connected_components")
def changes_the_graph(graph):
    graph |= torch.eye(graph.shape[-1], dtype=torch.bool)
    return tms_lib.connected_components(graph)


@wrong("connected_components")
def a_hundred_rounds(graph):
    label = torch.arange(graph.shape[-1], device=graph.device).expand(graph.shape[:-1])
    for _ in range(100):
        around = torch.where(graph, label.unsqueeze(-2), graph.shape[-1]).amin(-1)
        label = torch.minimum(label, around)
    return label


@wrong("connected_components")
def until_the_first_instance_is_done(graph):
    n = graph.shape[-1]
    label = torch.arange(n, device=graph.device).expand(graph.shape[:-1])
    while True:
        around = torch.where(graph, label.unsqueeze(-2), n).amin(-1)
        new = torch.minimum(label, around)
        if torch.equal(new.reshape(-1, n)[0], label.reshape(-1, n)[0]):
            return new
        label = new
