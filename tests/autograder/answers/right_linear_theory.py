"""Unusual right answers to the exercises of chapter 4."""

import einops
import torch
import torch.nn.functional as F

import tms_lib
from answers.filing import right

# -------------------------------------------------------------------------- linear_optimal_bias


@right("linear_optimal_bias")
def mean_error_of_the_mean_input(W, *, feature_probability):
    mean = tms_lib.feature_moments(feature_probability).mean
    G = torch.einsum("...hi,...hj->...ij", W, W)
    return mean - torch.einsum("...ij,...j->...i", G, mean.expand(*mean.shape[:-1], W.shape[-1]))


@right("linear_optimal_bias")
def gap_times_mean(W, *, feature_probability):
    gap = torch.eye(W.shape[-1]).to(W) - tms_lib.gram(W)
    mean = 0 * W[..., 0, :] + feature_probability / 2
    return (gap @ mean.unsqueeze(-1)).squeeze(-1)


@right("linear_optimal_bias")
def rows_and_a_singleton_batch(W, *, feature_probability):
    x = (0.5 * feature_probability + 0 * W[..., 0, :]).unsqueeze(-2)
    return (x - x @ W.mT @ W)[..., 0, :]


# ------------------------------------------------------------------------- linear_expected_loss


@right("linear_expected_loss")
def through_the_best_bias(W, b, *, feature_probability, importance):
    terms = tms_lib.linear_loss_terms(
        W, feature_probability=feature_probability, importance=importance
    )
    best = tms_lib.linear_optimal_bias(W, feature_probability=feature_probability)
    return sum(terms) + (importance * (b - best) ** 2).sum(-1)


@right("linear_expected_loss")
def trace_of_the_error_covariance(W, b, *, feature_probability, importance):
    moments = tms_lib.feature_moments(feature_probability + torch.zeros_like(b))
    gap = torch.diag_embed(torch.ones_like(b)) - W.mT @ W
    covariance = gap @ torch.diag_embed(moments.variance) @ gap.mT
    mean = (gap @ moments.mean.unsqueeze(-1)).squeeze(-1) - b
    second = covariance + mean.unsqueeze(-1) * mean.unsqueeze(-2)
    return (importance * torch.diagonal(second, dim1=-2, dim2=-1)).sum(-1)


@right("linear_expected_loss")
def einops_over_pairs(W, b, *, feature_probability, importance):
    p = feature_probability
    gap = torch.eye(W.shape[-1], dtype=W.dtype, device=W.device) - tms_lib.gram(W)
    spread = einops.rearrange(p / 12 + p * (1 - p) / 4, "... j -> ... 1 j")
    variance = einops.reduce(gap.square() * spread, "... i j -> ... i", "sum")
    mean = tms_lib.linear_optimal_bias(W, feature_probability=p) - b
    return einops.reduce(importance * (variance + mean.square()), "... i -> ...", "sum")


# ---------------------------------------------------------------------------- linear_loss_terms


@right("linear_loss_terms")
def by_difference(W, *, feature_probability, importance):
    b = tms_lib.linear_optimal_bias(W, feature_probability=feature_probability)
    total = tms_lib.linear_expected_loss(
        W, b, feature_probability=feature_probability, importance=importance
    )
    own = (1 - tms_lib.feature_norm(W) ** 2) ** 2
    variance = tms_lib.feature_moments(feature_probability).variance
    benefit = (importance * variance * own).sum(-1)
    return benefit, total - benefit


@right("linear_loss_terms")
def list_with_a_filled_diagonal(W, *, feature_probability, importance):
    variance = tms_lib.feature_moments(feature_probability).variance
    G = W.mT @ W
    gap = torch.eye(W.shape[-1], dtype=W.dtype, device=W.device) - G
    square = gap**2 * variance.unsqueeze(-2) * importance.unsqueeze(-1)
    own = square.diagonal(dim1=-2, dim2=-1).sum(-1)
    off = square.masked_fill(torch.eye(W.shape[-1], device=W.device) > 0, 0)
    return [own, off.sum((-1, -2))]


@right("linear_loss_terms")
def all_pairs_split_by_the_diagonal(W, *, feature_probability, importance):
    own = torch.eye(W.shape[-1], dtype=torch.bool, device=W.device)
    variance = tms_lib.feature_moments(feature_probability).variance
    pairs = importance.unsqueeze(-1) * variance.unsqueeze(-2) * (own.to(W.dtype) - W.mT @ W) ** 2
    return (pairs * own).sum((-2, -1)), pairs.masked_fill(own, 0).sum((-2, -1))


# ------------------------------------------------------------------------- row_space_projection


@right("row_space_projection")
def pseudo_inverse_of_the_gram_matrix_of_rows(W):
    return W.mT @ torch.linalg.pinv(W @ W.mT, hermitian=True) @ W


@right("row_space_projection")
def complement_of_the_null_space(W):
    _, sizes, rows = torch.linalg.svd(W, full_matrices=True)
    sizes = F.pad(sizes, (0, W.shape[-1] - sizes.shape[-1]))
    left_out = rows * (sizes <= 1e-5 * sizes[..., :1]).unsqueeze(-1)
    eye = torch.eye(W.shape[-1], dtype=W.dtype, device=W.device)
    return eye - left_out.mT @ left_out


@right("row_space_projection")
def gram_and_schmidt(W):
    P = torch.zeros_like(W.mT @ W)
    scale = W.norm(dim=-1).amax(-1)[..., None]
    for _ in range(2):  # again, since the first pass leaves rounding errors
        for k in range(W.shape[-2]):
            row = W[..., k, :]
            for _ in range(2):
                row = row - (P @ row.unsqueeze(-1)).squeeze(-1)
            length = row.norm(dim=-1, keepdim=True)
            row = torch.where(length > 1e-5 * scale, row / length.clamp_min(1e-30), 0)
            P = P + row.unsqueeze(-1) * row.unsqueeze(-2)
    return P


@right("row_space_projection")
def eigenvectors_of_the_gram_matrix(W):
    values, vectors = torch.linalg.eigh(W.mT @ W)
    reached = values > 1e-5 * values[..., -1:].clamp(min=1e-30)
    return (vectors * reached.unsqueeze(-2)) @ vectors.mT


# ------------------------------------------------------------------------- principal_projection


@right("principal_projection")
def library_covariance(x, *, n_hidden):
    flat = x.reshape(-1, *x.shape[-2:])
    covariance = torch.stack([torch.cov(samples.T) for samples in flat])
    vectors = torch.linalg.eigh(covariance).eigenvectors.flip(-1)[..., :n_hidden]
    return (vectors @ vectors.mT).reshape(*x.shape[:-2], x.shape[-1], x.shape[-1])


@right("principal_projection")
def everything_but_the_rest(x, *, n_hidden):
    n = x.shape[-1]
    second = x.mT @ x / x.shape[-2]
    mean = x.mean(-2)
    covariance = second - mean.unsqueeze(-1) * mean.unsqueeze(-2)
    rest = torch.linalg.eigh(covariance).eigenvectors[..., : n - n_hidden]
    return torch.eye(n, dtype=x.dtype, device=x.device) - rest @ rest.mT


@right("principal_projection")
def sum_of_outer_products(x, *, n_hidden):
    values, vectors = torch.linalg.eigh(
        torch.func.vmap(torch.cov)(x.mT.reshape(-1, *x.mT.shape[-2:]))
    )
    order = values.argsort(-1, descending=True)
    P = torch.zeros_like(vectors)
    for k in range(n_hidden):
        u = torch.take_along_dim(vectors, order[:, None, k : k + 1], dim=-1)
        P = P + u * u.mT
    return P.reshape(*x.shape[:-2], *P.shape[-2:])


# -------------------------------------------------------------------------- orthonormal_weights


@right("orthonormal_weights")
def right_singular_vectors(*, n_instances, n_hidden, n_features, generator):
    W = torch.randn(n_instances, n_hidden, n_features, generator=generator)
    return torch.linalg.svd(W, full_matrices=False).Vh


@right("orthonormal_weights")
def orthogonal_one_by_one(*, n_instances, n_hidden, n_features, generator):
    W = torch.empty(n_instances, n_hidden, n_features)
    for instance in W:
        torch.nn.init.orthogonal_(instance, generator=generator)
    return W


@right("orthonormal_weights")
def inverse_root(*, n_hidden, generator, n_features, n_instances):
    W = torch.randn(n_features, n_hidden, n_instances, generator=generator).permute(2, 1, 0)
    values, vectors = torch.linalg.eigh(W @ W.mT)
    return (vectors / values.sqrt().unsqueeze(-2)) @ vectors.mT @ W


@right("orthonormal_weights")
def rows_divided_by_their_triangle(*, n_instances, n_hidden, n_features, generator):
    shape = (n_instances, n_hidden, n_features)
    W = torch.randn(shape, generator=generator, dtype=torch.float64)
    triangle = torch.linalg.cholesky(W @ W.mT)
    return torch.linalg.solve_triangular(triangle, W, upper=False).float()
