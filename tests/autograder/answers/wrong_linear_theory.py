"""Plausible wrong answers to the exercises of chapter 4 that are not among the slips."""

import torch
import torch.nn.functional as F

import tms_lib
from answers.filing import wrong
from tms_lib import feature_moments, sample_features

# -------------------------------------------------------------------------- linear_optimal_bias


def mean_output(W, mean):
    return (W.mT @ W * mean.unsqueeze(-2)).sum(-1)


@wrong("linear_optimal_bias")
def root_of_the_second_moment(W, *, feature_probability):
    root = feature_moments(feature_probability).second_moment.sqrt()
    return root - mean_output(W, root)


@wrong("linear_optimal_bias")
def never_negative(W, *, feature_probability):
    return tms_lib.linear_optimal_bias(W, feature_probability=feature_probability).relu()


@wrong("linear_optimal_bias")
def overlaps_by_size(W, *, feature_probability):
    mean = feature_probability / 2
    return mean - ((W.mT @ W).abs() * mean.unsqueeze(-2)).sum(-1)


@wrong("linear_optimal_bias")
def averages_over_the_features(W, *, feature_probability):
    mean = feature_probability / 2
    return mean - mean_output(W, mean) / W.shape[-1]


@wrong("linear_optimal_bias")
def minus_the_mean_output(W, *, feature_probability):
    mean = feature_probability / 2
    return mean + mean_output(W, mean)


@wrong("linear_optimal_bias")
def only_one_axis_of_instances(W, *, feature_probability):
    mean = feature_probability / 2
    return mean - torch.bmm(W.transpose(1, 2), torch.bmm(W, mean[..., None])).squeeze(-1)


@wrong("linear_optimal_bias")
def measured_mean_error(W, *, feature_probability):
    p = feature_probability + torch.zeros_like(W[..., 0, :])
    x = sample_features(p, 5000, generator=torch.Generator())
    return (x - x @ W.mT @ W).mean(-2)


@wrong("linear_optimal_bias")
def densities_of_the_first_instance(W, *, feature_probability):
    p = feature_probability[:1] if feature_probability.ndim > 1 else feature_probability
    b = tms_lib.linear_optimal_bias(W, feature_probability=p)
    return b + 0 * feature_probability


@wrong("linear_optimal_bias")
def bias_out_of_the_graph(W, *, feature_probability):
    return tms_lib.linear_optimal_bias(W.detach(), feature_probability=feature_probability)


@wrong("linear_optimal_bias")
def mean_as_a_column(W, *, feature_probability):
    mean = feature_probability / 2
    return mean - (W.mT @ W @ mean.unsqueeze(-1)).squeeze(-1)


@wrong("linear_optimal_bias")
def none_for_features_never_active(W, *, feature_probability):
    bias = tms_lib.linear_optimal_bias(W, feature_probability=feature_probability)
    return bias * (feature_probability > 0)


# ------------------------------------------------------------------------- linear_expected_loss


def parts(W, b, p):
    moments = feature_moments(p)
    gap = torch.eye(W.shape[-1], dtype=W.dtype, device=W.device) - W.mT @ W
    variance = (gap**2 * moments.variance.unsqueeze(-2)).sum(-1)
    return variance, (gap * moments.mean.unsqueeze(-2)).sum(-1) - b


@wrong("linear_expected_loss")
def without_any_bias(W, b, *, feature_probability, importance):
    variance, mean = parts(W, torch.zeros_like(b), feature_probability)
    return (importance * (variance + mean**2)).sum(-1)


@wrong("linear_expected_loss")
def squares_of_spread_and_bias(W, b, *, feature_probability, importance):
    variance, mean = parts(W, b, feature_probability)
    return (importance * (variance.sqrt() + mean) ** 2).sum(-1)


@wrong("linear_expected_loss")
def variance_of_a_coin(W, b, *, feature_probability, importance):
    p = feature_probability
    gap = torch.eye(W.shape[-1], dtype=W.dtype, device=W.device) - W.mT @ W
    _, mean = parts(W, b, p)
    return (importance * ((gap**2 * (p * (1 - p)).unsqueeze(-2)).sum(-1) + mean**2)).sum(-1)


@wrong("linear_expected_loss")
def uniform_variance_times_density(W, b, *, feature_probability, importance):
    p = feature_probability
    gap = torch.eye(W.shape[-1], dtype=W.dtype, device=W.device) - W.mT @ W
    _, mean = parts(W, b, p)
    return (importance * ((gap**2 * (p / 12).unsqueeze(-2)).sum(-1) + mean**2)).sum(-1)


@wrong("linear_expected_loss")
def importance_squared(W, b, *, feature_probability, importance):
    variance, mean = parts(W, b, feature_probability)
    return (importance**2 * (variance + mean**2)).sum(-1)


@wrong("linear_expected_loss")
def one_number(W, b, *, feature_probability, importance):
    variance, mean = parts(W, b, feature_probability)
    return (importance * (variance + mean**2)).sum()


@wrong("linear_expected_loss")
def squares_the_summed_mean_error(W, b, *, feature_probability, importance):
    variance, mean = parts(W, b, feature_probability)
    return (importance * variance).sum(-1) + (importance * mean).sum(-1) ** 2


@wrong("linear_expected_loss")
def relu_output_model(W, b, *, feature_probability, importance):
    p = feature_probability + torch.zeros_like(b)
    x = sample_features(p, 2000, generator=torch.Generator())
    x_hat = tms_lib.relu_output(x, W=W, b=b)
    return (importance * ((x - x_hat) ** 2).mean(-2)).sum(-1)


@wrong("linear_expected_loss")
def measured_on_samples(W, b, *, feature_probability, importance):
    p = feature_probability + torch.zeros_like(b)
    x = sample_features(p, 5000, generator=torch.Generator())
    return (importance * ((x - x @ W.mT @ W - b.unsqueeze(-2)) ** 2).mean(-2)).sum(-1)


@wrong("linear_expected_loss")
def mean_error_out_of_the_graph(W, b, *, feature_probability, importance):
    variance, mean = parts(W, b, feature_probability)
    return (importance * (variance + mean.detach() ** 2)).sum(-1) + 0 * b.sum(-1)


@wrong("linear_expected_loss")
def mean_over_outputs_that_matter(W, b, *, feature_probability, importance):
    variance, mean = parts(W, b, feature_probability)
    return (importance * (variance + mean**2)).sum(-1) / importance.sum(-1)


@wrong("linear_expected_loss")
def loses_columns_of_no_importance(W, b, *, feature_probability, importance):
    return tms_lib.linear_expected_loss(
        W * (importance > 0).unsqueeze(-2),
        b,
        feature_probability=feature_probability,
        importance=importance,
    )


# ---------------------------------------------------------------------------- linear_loss_terms


def terms(W, p, importance):
    return tms_lib.linear_loss_terms(W, feature_probability=p, importance=importance)


@wrong("linear_loss_terms")
def total_and_interference(W, *, feature_probability, importance):
    benefit, interference = terms(W, feature_probability, importance)
    return benefit + interference, interference


@wrong("linear_loss_terms")
def their_sum(W, *, feature_probability, importance):
    return sum(terms(W, feature_probability, importance))


@wrong("linear_loss_terms")
def negative_benefit(W, *, feature_probability, importance):
    benefit, interference = terms(W, feature_probability, importance)
    return -benefit, interference


@wrong("linear_loss_terms")
def average_importance(W, *, feature_probability, importance):
    return terms(W, feature_probability, importance.mean(-1, keepdim=True))


@wrong("linear_loss_terms")
def average_density(W, *, feature_probability, importance):
    return terms(W, feature_probability.mean(-1, keepdim=True), importance)


@wrong("linear_loss_terms")
def only_positive_overlaps(W, *, feature_probability, importance):
    benefit, _ = terms(W, feature_probability, importance)
    G = (W.mT @ W).relu()
    others = G**2 - torch.diag_embed(G.diagonal(dim1=-2, dim2=-1)) ** 2
    variance = feature_moments(feature_probability).variance
    return benefit, (importance * (others * variance.unsqueeze(-2)).sum(-1)).sum(-1)


@wrong("linear_loss_terms")
def overlaps_not_squared(W, *, feature_probability, importance):
    benefit, _ = terms(W, feature_probability, importance)
    G = (W.mT @ W).abs()
    others = G - torch.diag_embed(G.diagonal(dim1=-2, dim2=-1))
    variance = feature_moments(feature_probability).variance
    return benefit, (importance * (others * variance.unsqueeze(-2)).sum(-1)).sum(-1)


@wrong("linear_loss_terms")
def overlaps_of_rows(W, *, feature_probability, importance):
    benefit, _ = terms(W, feature_probability, importance)
    G = W @ W.mT
    others = (G**2).sum((-1, -2)) - (G.diagonal(dim1=-2, dim2=-1) ** 2).sum(-1)
    return benefit, others * (importance * feature_moments(feature_probability).variance).mean(-1)


@wrong("linear_loss_terms")
def numbers_for_one_instance(W, *, feature_probability, importance):
    benefit, interference = terms(W, feature_probability, importance)
    return (benefit, interference) if benefit.numel() > 1 else (benefit.item(), interference.item())


@wrong("linear_loss_terms")
def nothing_lost_above_norm_one(W, *, feature_probability, importance):
    settings = {"feature_probability": feature_probability, "importance": importance}
    variance = feature_probability / 3 - feature_probability**2 / 4
    lost = (1 - (W**2).sum(-2)).clamp(min=0)
    benefit = (importance * variance * lost**2).sum(-1)
    return benefit, tms_lib.linear_loss_terms(W, **settings)[1]


@wrong("linear_loss_terms")
def stacked_into_one_tensor(W, *, feature_probability, importance):
    settings = {"feature_probability": feature_probability, "importance": importance}
    return torch.stack(tuple(tms_lib.linear_loss_terms(W, **settings)))


# ------------------------------------------------------------------------- row_space_projection


@wrong("row_space_projection")
def projection_onto_the_first_row(W):
    return tms_lib.row_space_projection(W[..., :1, :])


@wrong("row_space_projection")
def first_features_as_many_as_rows(W):
    n = W.shape[-1]
    shares = (torch.arange(n, device=W.device) < W.shape[-2]).to(W.dtype)
    return torch.diag(shares).expand(*W.shape[:-2], n, n)


@wrong("row_space_projection")
def inverse_fails_for_dependent_rows(W):
    return W.mT @ torch.linalg.inv(W @ W.mT) @ W


@wrong("row_space_projection")
def absolute_values(W):
    return tms_lib.row_space_projection(W).abs()


@wrong("row_space_projection")
def ridge_that_shows_in_float64_only(W):
    square = W @ W.mT
    eye = torch.eye(W.shape[-2], dtype=W.dtype, device=W.device)
    return W.mT @ torch.linalg.pinv(square + 1e-7 * eye) @ W


@wrong("row_space_projection")
def trace_makes_the_scale(W):
    G = W.mT @ W
    trace = G.diagonal(dim1=-2, dim2=-1).sum(-1)[..., None, None]
    return G * W.shape[-2] / trace.clamp(min=1e-30)


@wrong("row_space_projection")
def root_of_the_inverse(W):
    values, vectors = torch.linalg.eigh(W @ W.mT)
    scale = torch.where(values > 1e-6, values.clamp(min=1e-6) ** -0.5, 0)
    return W.mT @ (vectors * scale.unsqueeze(-2)) @ vectors.mT @ W


@wrong("row_space_projection")
def in_single_precision(W):
    return tms_lib.row_space_projection(W.float()).to(W.dtype)


@wrong("row_space_projection")
def one_axis_of_instances_fails(W):
    return torch.linalg.pinv(W) @ W if W.ndim == 2 else torch.bmm(torch.linalg.pinv(W), W)


@wrong("row_space_projection")
def tiny_ridge(W):
    S = W @ W.mT + 1e-10 * torch.eye(W.shape[-2], dtype=W.dtype, device=W.device)
    return W.mT @ torch.linalg.pinv(S, hermitian=True) @ W


@wrong("row_space_projection")
def counts_singular_values_above_a_hundredth(W):
    _, values, rows = torch.linalg.svd(W, full_matrices=False)
    return rows.mT @ ((values > 1e-2).unsqueeze(-1) * rows)


@wrong("row_space_projection")
def one_rank_for_all(W):
    rows = torch.linalg.svd(W, full_matrices=False).Vh
    kept = rows[..., : int(torch.linalg.matrix_rank(W).max()), :]
    return kept.mT @ kept


# ------------------------------------------------------------------------- principal_projection


def components(x):
    return torch.linalg.eigh(x.mT @ x).eigenvectors


@wrong("principal_projection")
def subtracts_the_median(x, *, n_hidden):
    U = components(x - x.median(-2, keepdim=True).values)[..., -n_hidden:]
    return U @ U.mT


@wrong("principal_projection")
def subtracts_the_first_sample(x, *, n_hidden):
    U = components(x - x[..., :1, :])[..., -n_hidden:]
    return U @ U.mT


@wrong("principal_projection")
def what_is_left_behind(x, *, n_hidden):
    P = tms_lib.principal_projection(x, n_hidden=n_hidden)
    return torch.eye(x.shape[-1], dtype=x.dtype, device=x.device) - P


@wrong("principal_projection")
def projects_the_data(x, *, n_hidden):
    return x @ tms_lib.principal_projection(x, n_hidden=n_hidden)


@wrong("principal_projection")
def covariance_itself(x, *, n_hidden):  # noqa: ARG001
    centred = x - x.mean(-2, keepdim=True)
    return centred.mT @ centred / x.shape[-2]


@wrong("principal_projection")
def skips_the_first_component(x, *, n_hidden):
    U = components(x - x.mean(-2, keepdim=True))
    kept = U[..., -n_hidden - 1 : -1] if n_hidden < x.shape[-1] else U
    return kept @ kept.mT


@wrong("principal_projection")
def one_component_more(x, *, n_hidden):
    return tms_lib.principal_projection(x, n_hidden=min(n_hidden + 1, x.shape[-1]))


@wrong("principal_projection")
def left_singular_vectors(x, *, n_hidden):
    U = torch.linalg.svd(x - x.mean(-2, keepdim=True)).U[..., :n_hidden]
    return U @ U.mT


@wrong("principal_projection")
def centres_in_place(x, *, n_hidden):
    x -= x.mean(-2, keepdim=True)
    return tms_lib.principal_projection(x, n_hidden=n_hidden)


@wrong("principal_projection")
def subtracts_the_mean_of_everything(x, *, n_hidden):
    U = components(x - x.mean())[..., -n_hidden:]
    return U @ U.mT


@wrong("principal_projection")
def largest_by_size_of_the_first_entry(x, *, n_hidden):
    U = components(x - x.mean(-2, keepdim=True))
    order = U[..., :1, :].abs().argsort(-1, descending=True)[..., :n_hidden]
    kept = torch.take_along_dim(U, order, dim=-1)
    return kept @ kept.mT


@wrong("principal_projection")
def only_as_many_components_as_samples(x, *, n_hidden):
    centred = x - x.mean(-2, keepdim=True)
    kept = torch.linalg.svd(centred, full_matrices=False).Vh[..., :n_hidden, :]
    return kept.mT @ kept


@wrong("principal_projection")
def only_components_with_variance(x, *, n_hidden):
    centred = x - x.mean(-2, keepdim=True)
    values, vectors = torch.linalg.eigh(centred.mT @ centred / x.shape[-2])
    kept = (vectors * (values > 1e-5).unsqueeze(-2))[..., -n_hidden:]
    return kept @ kept.mT


@wrong("principal_projection")
def random_low_rank_of_torch(x, *, n_hidden):
    kept = torch.pca_lowrank(x, q=n_hidden)[2]
    return kept @ kept.mT


# -------------------------------------------------------------------------- orthonormal_weights


@wrong("orthonormal_weights")
def last_features(*, n_instances, n_hidden, n_features, generator):
    torch.rand(1, generator=generator)
    W = torch.eye(n_features)[-n_hidden:]
    return W.expand(n_instances, -1, -1).clone()


@wrong("orthonormal_weights")
def random_signs(*, n_instances, n_hidden, n_features, generator):
    u = torch.rand(n_instances, n_features, n_hidden, generator=generator)
    return torch.linalg.qr(torch.where(u < 0.5, -1.0, 1.0) + 1e-3 * (u - 0.5)).Q.mT


@wrong("orthonormal_weights")
def uniform_in_a_cube(*, n_instances, n_hidden, n_features, generator):
    u = torch.rand(n_instances, n_features, n_hidden, generator=generator)
    return torch.linalg.qr(2 * u - 1).Q.mT


@wrong("orthonormal_weights")
def global_seed(*, n_instances, n_hidden, n_features, generator):  # noqa: ARG001
    return torch.linalg.qr(torch.randn(n_instances, n_features, n_hidden)).Q.mT


@wrong("orthonormal_weights")
def own_seed(*, n_instances, n_hidden, n_features, generator):  # noqa: ARG001
    return tms_lib.orthonormal_weights(
        n_instances=n_instances,
        n_hidden=n_hidden,
        n_features=n_features,
        generator=torch.Generator().manual_seed(0),
    )


@wrong("orthonormal_weights")
def glorot_scale(*, n_instances, n_hidden, n_features, generator):
    return tms_lib.init_weights(
        n_instances=n_instances, n_hidden=n_hidden, n_features=n_features, generator=generator
    )


@wrong("orthonormal_weights")
def rows_with_the_scale_of_features(*, n_instances, n_hidden, n_features, generator):
    W = torch.randn(n_instances, n_features, n_hidden, generator=generator)
    return torch.linalg.qr(W).Q.mT * (n_features / n_hidden) ** 0.5


@wrong("orthonormal_weights")
def spreads_the_shares_evenly(*, n_instances, n_hidden, n_features, generator):
    # rows of a random orthogonal matrix turned by signs only: a fixed set of spaces
    torch.manual_seed(0)
    Q = torch.linalg.qr(torch.randn(n_features, n_features)).Q[:n_hidden]
    signs = torch.where(torch.rand(n_instances, 1, n_features, generator=generator) < 0.5, -1.0, 1)
    return Q * signs


@wrong("orthonormal_weights")
def projections(*, n_instances, n_hidden, n_features, generator):
    W = tms_lib.orthonormal_weights(
        n_instances=n_instances, n_hidden=n_hidden, n_features=n_features, generator=generator
    )
    return W.mT @ W


@wrong("orthonormal_weights")
def unit_rows_made_orthogonal_once(*, n_instances, n_hidden, n_features, generator):
    W = F.normalize(torch.randn(n_instances, n_hidden, n_features, generator=generator), dim=-1)
    first = W[:, :1]
    rest = W[:, 1:] - (W[:, 1:] * first).sum(-1, keepdim=True) * first
    return F.normalize(torch.cat([first, rest], dim=1), dim=-1)


@wrong("orthonormal_weights")
def every_space_twice(*, n_instances, n_hidden, n_features, generator):
    half = torch.randn((n_instances + 1) // 2, n_features, n_hidden, generator=generator)
    return torch.linalg.qr(half).Q.mT.repeat(2, 1, 1)[:n_instances]


@wrong("orthonormal_weights")
def ten_spaces_for_all(*, n_instances, n_hidden, n_features, generator):
    few = torch.linalg.qr(torch.randn(10, n_features, n_hidden, generator=generator)).Q.mT
    return few[torch.randint(10, (n_instances,), generator=generator)]


@wrong("orthonormal_weights")
def normal_numbers_around_the_first_features(*, n_instances, n_hidden, n_features, generator):
    columns = torch.randn(n_instances, n_features, n_hidden, generator=generator)
    return torch.linalg.qr(columns + torch.eye(n_features, n_hidden)).Q.mT
