"""Unusual right answers to the exercises of chapter 9."""

import math
from itertools import accumulate

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import tms_lib
from answers.filing import right

# ------------------------------------------------------------------------------- linear_descent


@right("linear_descent")
def with_torchs_own_optimiser(W, *, feature_probability, importance, lr, n_steps, every):
    weights = nn.Parameter(W.detach().clone())
    optimiser = torch.optim.SGD([weights], lr=lr)
    kept = [weights.detach().clone()]
    for step in range(n_steps):
        optimiser.zero_grad()
        b = tms_lib.linear_optimal_bias(weights, feature_probability=feature_probability)
        tms_lib.linear_expected_loss(
            weights, b, feature_probability=feature_probability, importance=importance
        ).sum().backward()
        optimiser.step()
        if (step + 1) % every == 0:
            kept.append(weights.data.clone())
    return torch.stack(kept)


@right("linear_descent")
def from_the_two_terms_with_a_constant_bias(
    W, *, feature_probability, importance, lr, n_steps, every
):
    def step(W, _):
        W = W.detach().requires_grad_()
        terms = tms_lib.linear_loss_terms(
            W, feature_probability=feature_probability, importance=importance
        )
        torch.sum(terms.feature_benefit + terms.interference).backward()
        return W.detach() - lr * W.grad

    path = list(accumulate(range(n_steps), step, initial=W))
    return torch.stack(path[::every])


@right("linear_descent")
def bias_out_of_the_graph(W, *, feature_probability, importance, lr, n_steps, every):
    # where the bias is best, the loss does not change with it
    def loss(W, b):
        return tms_lib.linear_expected_loss(
            W, b, feature_probability=feature_probability, importance=importance
        ).sum()

    kept = torch.zeros(n_steps // every + 1, *W.shape, dtype=W.dtype, device=W.device)
    for step in range(n_steps + 1):
        if step % every == 0:
            kept[step // every] = W
        b = tms_lib.linear_optimal_bias(W, feature_probability=feature_probability)
        W = W - lr * torch.func.grad(loss)(W, b)
    return kept


@right("linear_descent")
def one_leaf_changed_in_place(W, *, feature_probability, importance, lr, n_steps, every):
    known = {"feature_probability": feature_probability}
    W = W.clone().requires_grad_()
    record = [W.detach().clone()]
    for step in range(1, n_steps + 1):
        b = tms_lib.linear_optimal_bias(W, **known)
        W.grad = None
        tms_lib.linear_expected_loss(W, b, importance=importance, **known).sum().backward()
        with torch.no_grad():
            W -= lr * W.grad
        if step % every == 0:
            record.append(W.detach().clone())
    return torch.stack(record)


@right("linear_descent")
def each_snapshot_from_the_last_one(W, *, n_steps, every, **settings):
    record = [W]
    for _ in range(n_steps // every):
        record.append(tms_lib.linear_descent(record[-1], n_steps=every, every=every, **settings)[1])
    return torch.stack(record)


@right("linear_descent")
def no_step_after_the_last_snapshot(W, *, n_steps, every, **settings):
    return tms_lib.linear_descent(W, n_steps=n_steps - n_steps % every, every=every, **settings)


# ------------------------------------------------------------------------- learned_squared_norm


@right("learned_squared_norm")
def straight_line_in_the_logit(time, *, start, cost):
    return torch.sigmoid(torch.logit(start) + 8 * cost * time)


@right("learned_squared_norm")
def half_a_hyperbolic_tangent(time, *, start, cost):
    return (1 + torch.tanh(torch.logit(start) / 2 + 4 * cost * time)) / 2


@right("learned_squared_norm")
def one_over_one_plus(time, *, start, cost):
    odds_against = torch.where(start > 0, (1 - start) / start.where(start > 0, 1), math.inf)
    return 1 / (1 + odds_against * torch.exp(-8 * cost * time))


@right("learned_squared_norm")
def complement_of_what_is_missing(time, *, start, cost):
    missing = (1 - start) * (-8 * cost * time).exp()
    return 1 - missing / (missing + start)


# ------------------------------------------------------------------------------- moving_average


@right("moving_average")
def differences_of_a_running_sum(values, *, each_side):
    total = torch.cat([torch.zeros_like(values[:1]), values.cumsum(0)]).double()
    t = torch.arange(len(values))
    first, end = (t - each_side).clamp(min=0), (t + each_side + 1).clamp(max=len(values))
    n = (end - first).reshape(-1, *[1] * (values.ndim - 1))
    return ((total[end.to(total.device)] - total[first.to(total.device)]) / n.to(total.device)).to(
        values.dtype
    )


@right("moving_average")
def windows_with_nan_beyond_the_ends(values, *, each_side):
    beyond = values.new_full((each_side, *values.shape[1:]), torch.nan)
    wide = torch.cat([beyond, values, beyond])
    return wide.unfold(0, 2 * each_side + 1, 1).nanmean(-1)


@right("moving_average")
def matrix_of_a_band(values, *, each_side):
    t = torch.arange(len(values), device=values.device)
    near = ((t[:, None] - t).abs() <= each_side).to(values.dtype)
    return torch.tensordot(near / near.sum(1, keepdim=True), values, dims=1)


@right("moving_average")
def mean_of_shifted_records_without_gaps(values, *, each_side):
    n = len(values)
    total, count = torch.zeros_like(values), torch.zeros_like(values)
    for shift in range(-min(each_side, n - 1), min(each_side, n - 1) + 1):
        here = slice(max(0, shift), n + min(0, shift))
        there = slice(max(0, -shift), n + min(0, -shift))
        total[here] += values[there]
        count[here] += 1
    return total / count


@right("moving_average")
def convolution_over_how_many_there_are(values, *, each_side):
    k = min(each_side, len(values) - 1)
    rows = values.reshape(len(values), -1).T.unsqueeze(1)
    ones = torch.ones(1, 1, 2 * k + 1, dtype=values.dtype, device=values.device)
    total = F.conv1d(rows, ones, padding=k)
    return (
        (total / F.conv1d(torch.ones_like(rows), ones, padding=k))
        .squeeze(1)
        .T.reshape(values.shape)
    )


@right("moving_average")
def pooling_that_does_not_count_beyond(values, *, each_side):
    rows = values.reshape(len(values), -1).T.unsqueeze(1)
    width = 2 * each_side + 1
    means = F.avg_pool1d(rows, width, stride=1, padding=each_side, count_include_pad=False)
    return means.squeeze(1).T.reshape(values.shape)


# -------------------------------------------------------------------------------- level_changes


@right("level_changes")
def series_by_series(level):
    table = level.reshape(len(level), -1).tolist()
    result = torch.zeros(len(level), len(table[0]), dtype=torch.int64)
    for column in range(len(table[0])):
        seen = None
        for t, row in enumerate(table):
            if math.isnan(row[column]):
                continue
            if seen is not None and seen[1] != row[column]:
                result[t, column] = t - seen[0]
            seen = t, row[column]
    return result.reshape(level.shape)


@right("level_changes")
def only_the_snapshots_at_a_level(level):
    flat = level.reshape(len(level), -1)
    result = torch.zeros_like(flat, dtype=torch.int32)
    for k, history in enumerate(flat.unbind(-1)):
        at = (~history.isnan()).nonzero().squeeze(-1)
        differs = history[at[1:]] != history[at[:-1]]
        result[at[1:], k] = (at.diff() * differs).int()
    return result.reshape(level.shape)


@right("level_changes")
def looking_back_from_each_snapshot(level):
    durations = torch.zeros(level.shape, dtype=torch.int32, device=level.device)
    for t in range(1, len(level)):
        waiting = ~level[t].isnan()
        for back in range(1, t + 1):
            there = waiting & ~level[t - back].isnan()
            durations[t] = torch.where(there & (level[t - back] != level[t]), back, durations[t])
            waiting = waiting & ~there
    return durations


# -------------------------------------------------------------------------------- share_of_fall


@right("share_of_fall")
def gradient_of_the_record(loss, *, moves):
    change = torch.where(moves, torch.diff(loss, dim=0), torch.zeros_like(loss[1:]))
    return change.sum(dim=0) / (loss[-1] - loss[0])


@right("share_of_fall")
def of_the_sum_of_all_falls(loss, *, moves):
    falls = -loss.diff(dim=0)
    return torch.where(moves, falls, 0).sum(0) / falls.sum(0)


@right("share_of_fall")
def one_minus_the_rest(loss, *, moves):
    rest = sum((loss[t] - loss[t + 1]) * ~moves[t] for t in range(len(moves)))
    return 1 - rest / (loss[0] - loss[-1])


@right("share_of_fall")
def as_a_product(loss, *, moves):
    falls = loss[:-1].double() - loss[1:].double()
    share = torch.einsum("t...,t...->...", falls, moves.double()) / falls.sum(0)
    return share.to(loss.dtype)


# ---------------------------------------------------------------------------- antipodal_partner


@right("antipodal_partner")
def opposite_of_the_negative(W, *, threshold=0.9):
    W_hat = W / W.norm(dim=-2, keepdim=True).clamp(min=1e-12)
    highest, partner = torch.einsum("...hi,...hj->...ij", -W_hat, W_hat).max(dim=-1)
    return partner.masked_fill(highest <= threshold, -1)


@right("antipodal_partner")
def farthest_on_the_unit_sphere(W, *, threshold=0.9):
    W_hat = F.normalize(W, dim=-2)
    apart = (W_hat.unsqueeze(-1) - W_hat.unsqueeze(-2)).square().sum(-3)  # 2 - 2 cos
    no_direction = (W == 0).all(-2)
    apart = apart.masked_fill(no_direction.unsqueeze(-1) | no_direction.unsqueeze(-2), 0)
    farthest, partner = apart.max(-1)
    return torch.where(1 - farthest / 2 < -threshold, partner, -1)


@right("antipodal_partner")
def torchs_cosine_similarity(W, *, threshold=0.9):
    cosine = torch.cosine_similarity(W.unsqueeze(-1), W.unsqueeze(-2), dim=-3)
    lowest = cosine.argsort(-1)[..., :1]
    return torch.where(cosine.gather(-1, lowest) < -threshold, lowest, -1)[..., 0]


@right("antipodal_partner")
def not_a_number_made_one(W, *, threshold=0.9):
    W_hat = W / W.norm(dim=-2, keepdim=True)
    cosine = (W_hat.mT @ W_hat).nan_to_num(1.0)
    partner = cosine.argmin(-1)
    return torch.where(cosine.amin(-1) < -threshold, partner, -torch.ones_like(partner)).int()


# -------------------------------------------------------------------------------- settled_since


@right("settled_since")
def backwards_while_it_holds(holds):
    since = torch.full(holds.shape[1:], len(holds), device=holds.device)
    so_far = torch.ones_like(holds[0])
    for t in reversed(range(len(holds))):
        so_far = so_far & holds[t]
        since = torch.where(so_far, t, since)
    return since


@right("settled_since")
def one_after_the_last_failure(holds):
    number = torch.arange(1, len(holds) + 1, device=holds.device)
    return (number.reshape(-1, *[1] * (holds.ndim - 1)) * ~holds).amax(0)


@right("settled_since")
def in_plain_python(holds):
    rows = holds.reshape(len(holds), -1).T.tolist()
    since = [max((t + 1 for t, ok in enumerate(row) if not ok), default=0) for row in rows]
    return torch.tensor(since).reshape(holds.shape[1:])


@right("settled_since")
def with_numpys_accumulate(holds):
    to_the_end = np.logical_and.accumulate(holds.numpy()[::-1], axis=0)
    return torch.from_numpy(np.asarray(len(holds) - to_the_end.sum(0)))


# -------------------------------------------------------------------------------- align_weights


@right("align_weights")
def transposed_problem(W, target):
    u, _, v = torch.svd(W @ target.transpose(-1, -2))
    return v @ u.transpose(-1, -2) @ W


@right("align_weights")
def one_instance_after_another(W, target):
    target = target.expand(W.shape)
    aligned = []
    for w, t in zip(W.reshape(-1, *W.shape[-2:]), target.reshape(-1, *W.shape[-2:]), strict=True):
        left, _, right_ = torch.linalg.svd(torch.einsum("if,jf->ij", t, w))
        aligned.append(torch.einsum("ik,kj,jf->if", left, right_, w))
    return torch.stack(aligned).reshape(W.shape)


@right("align_weights")
def orthogonal_factor_by_newton(W, target):
    R = target @ W.mT
    R = R / torch.linalg.matrix_norm(R, 2)[..., None, None]
    for _ in range(40):
        R = (R + torch.linalg.inv(R).mT) / 2
    return R @ W
