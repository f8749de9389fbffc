"""Unusual right answers to the exercises of chapter 7."""

import cmath
import math

import einops
import numpy as np
import torch

import tms_lib
from answers.filing import right

# ----------------------------------------------------------------------- dimensions_per_feature


@right("dimensions_per_feature")
def inverse_of_the_mean_over_the_rows(W):
    return 1 / W.pow(2).sum(-1).mean(-1)


@right("dimensions_per_feature")
def from_singular_values(W):
    return W.shape[-2] * torch.linalg.svdvals(W).square().sum(-1).reciprocal()


@right("dimensions_per_feature")
def from_the_library_norms(W):
    m = W.size(-2)
    return torch.true_divide(m, einops.einsum(W, W, "... h f, ... h f -> ..."))


# ------------------------------------------------------------------------------- dimensionality


@right("dimensionality")
def from_superposition(W):
    own = W.pow(2).sum(-2)
    total = own + tms_lib.superposition(W)
    return (own / total).nan_to_num(0.0)


@right("dimensionality")
def from_the_gram_matrix(W):
    G = torch.einsum("...hi,...hj->...ij", W, W)
    own = torch.diagonal(G, dim1=-2, dim2=-1)
    spread = (G * G).sum(-1)
    return own * own / torch.where(spread == 0, torch.ones_like(spread), spread)


@right("dimensionality")
def feature_by_feature(W):
    values = []
    for i in range(W.shape[-1]):
        norm = W[..., i].norm(dim=-1, keepdim=True)
        direction = W[..., i] / torch.where(norm > 0, norm, 1)
        sent = (direction.unsqueeze(-1) * W).sum(-2)
        total = (sent * sent).sum(-1)
        values.append(torch.where(total > 0, norm[..., 0] ** 2 / total.where(total > 0, 1), 0))
    return torch.stack(values, -1)


@right("dimensionality")
def nan_made_zero(W):
    below = (W.mT @ W).square().sum(-1)
    return (W.square().sum(-2).square() / below).nan_to_num(nan=0.0)


# ----------------------------------------------------------------------------- nearest_fraction


@right("nearest_fraction")
def sorted_and_searched(D, fractions, *, tolerance=0.01):
    fractions = fractions.sort().values
    edges = (fractions[1:] + fractions[:-1]) / 2
    guess = fractions[torch.bucketize(D, edges)]
    return guess.masked_fill((D - guess).abs() > tolerance, math.nan)


@right("nearest_fraction")
def in_plain_loops(D, fractions, tolerance=0.01):
    def one(value):
        best = min(fractions, key=lambda f: abs(value - f))
        return best if abs(value - best) <= tolerance else torch.full_like(best, math.nan)

    return torch.stack([one(value) for value in D.flatten()]).reshape(D.shape)


@right("nearest_fraction")
def filled_in_where_near(D, fractions, *, tolerance=0.01):
    distance = torch.abs(D[..., None] - fractions)
    near = distance.amin(-1) <= tolerance
    result = D * torch.nan
    result[near] = fractions[distance.argmin(-1)][near]
    return result


# ------------------------------------------------------------------------- dimensionality_bound


@right("dimensionality_bound")
def pseudo_inverse_of_the_frame(W):
    inverse = torch.linalg.pinv(W @ W.transpose(-1, -2), hermitian=True)
    return torch.einsum("...hi,...hk,...ki->...i", W, inverse, W)


@right("dimensionality_bound")
def diagonal_of_the_projection(W):
    return torch.diagonal(torch.linalg.pinv(W) @ W, dim1=-2, dim2=-1)


@right("dimensionality_bound")
def from_eigenvectors(W):
    values, vectors = torch.linalg.eigh(W @ W.mT)
    counts = values > 1e-6 * values[..., -1:]
    along = (vectors.mT @ W) ** 2
    return (along * torch.where(counts, 1 / values.where(counts, 1), 0).unsqueeze(-1)).sum(-2)


@right("dimensionality_bound")
def leverage_by_eigenvectors(W):
    values, vectors = torch.linalg.eigh(W @ W.mT)
    counts = values > 1e-5 * values[..., -1:]
    inverse = torch.where(counts, 1 / torch.where(counts, values, 1.0), 0.0)
    return ((vectors.mT @ W) ** 2 * inverse.unsqueeze(-1)).sum(-2)


# ------------------------------------------------------------------------- indivisible_polytope


@right("indivisible_polytope")
def turned_and_shuffled(name):
    W = tms_lib.indivisible_polytope(name)
    m, k = W.shape
    turn = torch.linalg.qr(torch.arange(1.0, m * m + 1).reshape(m, m).sin()).Q
    return turn @ W[:, torch.randperm(k)]


@right("indivisible_polytope")
def typed_in_by_hand(name):
    a, b = math.sqrt(3) / 2, 1 / math.sqrt(3)
    c, s = [[f(2 * math.pi * n / 5) for n in range(5)] for f in (math.cos, math.sin)]
    r = math.sqrt(2 / 3)
    table = {
        "digon": [[-1.0, 1.0]],
        "triangle": [[0.0, a, -a], [1.0, -0.5, -0.5]],
        "pentagon": [c, s],
        "tetrahedron": [[-b, -b, b, b], [-b, b, -b, b], [-b, b, b, -b]],
        "square antiprism": [
            [b, -b, -b, b, r, 0.0, -r, 0.0],
            [b, b, -b, -b, 0.0, r, 0.0, -r],
            [b] * 4 + [-b] * 4,
        ],
    }
    return torch.tensor(table[name])


@right("indivisible_polytope")
def complex_numbers(name):
    if name == "digon":
        return torch.ones(1, 2) * torch.tensor([1.0, -1.0])
    if name == "tetrahedron":
        turn = 2 * np.pi * np.arange(3) / 3
        base = np.stack([np.sqrt(8) * np.cos(turn), np.sqrt(8) * np.sin(turn), -np.ones(3)]) / 3
        apex = np.array([[0.0], [0.0], [1.0]])
        return torch.from_numpy(np.hstack([apex, base])).float()
    k = {"triangle": 3, "pentagon": 5}.get(name, 8)
    corners = [cmath.exp(2j * math.pi * i / k) for i in range(k)]
    rows = [[z.real for z in corners], [z.imag for z in corners]]
    if k == 8:
        rows = [*(math.sqrt(2) * np.array(rows)), (-1.0) ** np.arange(8)]
    W = torch.from_numpy(np.stack(rows)).float()
    return W / W.norm(dim=0)


# -------------------------------------------------------------------------------- tegum_product


@right("tegum_product")
def four_blocks(first, second):
    m1, k1 = first.shape[-2:]
    m2, k2 = second.shape[-2:]
    corner = first.new_zeros((*first.shape[:-2], m1, k2))
    other = first.new_zeros((*first.shape[:-2], m2, k1))
    return torch.cat([torch.cat([first, corner], -1), torch.cat([other, second], -1)], -2)


@right("tegum_product")
def block_diag_of_each(first, second):
    firsts, seconds = (t.reshape(-1, *t.shape[-2:]) for t in (first, second))
    blocks = torch.stack([torch.block_diag(*pair) for pair in zip(firsts, seconds, strict=True)])
    return blocks.reshape(*first.shape[:-2], *blocks.shape[-2:])


@right("tegum_product")
def sum_of_two_embeddings(first, second):
    m = first.shape[-2] + second.shape[-2]
    k = first.shape[-1] + second.shape[-1]
    rows = torch.eye(m, dtype=first.dtype, device=first.device)
    columns = torch.eye(k, dtype=first.dtype, device=first.device)
    top, left = first.shape[-2:]
    return rows[:, :top] @ first @ columns[:left] + rows[:, top:] @ second @ columns[left:]


# --------------------------------------------------------------------------------- feature_graph


@right("feature_graph")
def rescaled_to_the_longest(W, *, threshold=0.2):
    longest = W.norm(dim=-2).amax(-1)[..., None, None]
    scaled = W / longest.clamp(min=1e-30)
    return torch.einsum("...hi,...hj->...ij", scaled, scaled).abs() > threshold


@right("feature_graph")
def squares_against_squares(W, threshold=0.2):
    overlap = tms_lib.gram(W)
    longest = overlap.diagonal(dim1=-2, dim2=-1).amax(-1)
    return overlap**2 > (threshold * longest[..., None, None]) ** 2


@right("feature_graph")
def either_sign(W, *, threshold=0.2):
    overlap = W.mT @ W
    limit = threshold * (W * W).sum(-2).max(-1).values.unsqueeze(-1).unsqueeze(-1)
    return (overlap > limit).logical_or(overlap < -limit)


# -------------------------------------------------------------------------- connected_components


@right("connected_components")
def search_from_every_feature(graph):
    n = graph.shape[-1]
    labels = []
    for one in graph.reshape(-1, n, n).tolist():
        label = [-1] * n
        for start in range(n):
            waiting = [start] if label[start] < 0 else []
            while waiting:
                i = waiting.pop()
                if label[i] < 0:
                    label[i] = start
                    waiting += [j for j in range(n) if one[i][j]]
        labels.append(label)
    return torch.tensor(labels).reshape(graph.shape[:-1])


@right("connected_components")
def union_of_pairs(graph):
    n = graph.shape[-1]
    flat = graph.reshape(-1, n, n)
    result = torch.arange(n, dtype=torch.int32).repeat(len(flat), 1)
    for k, i, j in flat.nonzero().tolist():
        a, b = sorted((int(result[k, i]), int(result[k, j])))
        result[k][result[k] == b] = a
    return result.reshape(graph.shape[:-1])


@right("connected_components")
def as_many_rounds_as_features(graph):
    n = graph.shape[-1]
    label = torch.arange(n, device=graph.device).repeat(*graph.shape[:-2], 1)
    for _ in range(n):
        label = torch.where(graph | torch.eye(n, device=graph.device).bool(),
                            label[..., None, :], n).min(-1).values  # fmt: skip
    return label


@right("connected_components")
def jumps_to_the_label_of_the_label(graph):
    n = graph.shape[-1]
    label = torch.arange(n, device=graph.device).expand(graph.shape[:-1])
    while True:
        new = torch.minimum(label, torch.where(graph, label.unsqueeze(-2), n).amin(-1))
        new = new.gather(-1, new)
        if torch.equal(new, label):
            return new
        label = new


@right("connected_components")
def reach_squared_with_the_diagonal_left_as_it_is(graph):
    reach, n = graph, graph.shape[-1]
    for _ in range(n.bit_length()):
        reach = reach | (reach.float() @ reach.float() > 0)
    alone = torch.arange(n, device=graph.device)
    return torch.where(reach.any(-1), reach.int().argmax(-1), alone)


@right("connected_components")
def plain_lists_until_nothing_changes(graph):
    found = []
    for matrix in graph.reshape(-1, *graph.shape[-2:]).tolist():
        label, changed = list(range(len(matrix))), True
        while changed:
            changed = False
            for i, row in enumerate(matrix):
                lowest = min([label[i], *(label[j] for j, edge in enumerate(row) if edge)])
                changed, label[i] = changed or lowest < label[i], lowest
        found.append(label)
    return torch.tensor(found, device=graph.device).reshape(graph.shape[:-1])


@right("connected_components")
def search_with_tensors_from_every_feature(graph):
    n = graph.shape[-1]
    out = torch.empty(graph.shape[:-1], dtype=torch.int64, device=graph.device)
    for matrix, label in zip(graph.reshape(-1, n, n), out.view(-1, n), strict=True):
        for start in range(n):
            seen, waiting = {start}, [start]
            while waiting:
                around = matrix[waiting.pop()].nonzero().flatten().tolist()
                waiting += [j for j in around if j not in seen]
                seen.update(around)
            label[start] = min(seen)
    return out
