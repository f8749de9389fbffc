"""Plausible wrong answers to the exercises of chapter 9 that are not among the slips."""

import torch
import torch.nn.functional as F

import tms_lib
from answers.filing import wrong

# ------------------------------------------------------------------------------- linear_descent


@wrong("linear_descent")
def density_instead_of_its_variance(W, *, feature_probability, importance, **settings):
    ones = torch.ones_like(feature_probability)
    return tms_lib.linear_descent(
        W, feature_probability=ones, importance=importance * feature_probability, **settings
    )


@wrong("linear_descent")
def importances_all_one(W, *, importance, **settings):
    return tms_lib.linear_descent(W, importance=torch.ones_like(importance), **settings)


@wrong("linear_descent")
def half_the_rate(W, *, lr, **settings):
    return tms_lib.linear_descent(W, lr=lr / 2, **settings)


@wrong("linear_descent")
def rate_that_falls(W, *, lr, n_steps, every, **settings):
    snapshots = [W]
    for step in range(n_steps):
        now = lr * (1 - step / n_steps)
        W = tms_lib.linear_descent(W, lr=now, n_steps=1, every=1, **settings)[-1]
        if (step + 1) % every == 0:
            snapshots.append(W)
    return torch.stack(snapshots)


@wrong("linear_descent")
def in_a_list(W, **settings):
    return list(tms_lib.linear_descent(W, **settings))


@wrong("linear_descent")
def time_behind_the_instances(W, **settings):
    record = tms_lib.linear_descent(W, **settings)
    return record.movedim(0, -3)


@wrong("linear_descent")
def bias_of_the_start(W, *, feature_probability, importance, lr, n_steps, every):
    b = tms_lib.linear_optimal_bias(W, feature_probability=feature_probability)
    path = [W]
    for _ in range(n_steps):
        W = W.detach().requires_grad_()
        loss = tms_lib.linear_expected_loss(
            W, b, feature_probability=feature_probability, importance=importance
        )
        W = W.detach() - lr * torch.autograd.grad(loss.sum(), W)[0]
        path.append(W)
    return torch.stack(path[::every])


@wrong("linear_descent")
def changes_the_start(W, **settings):
    record = tms_lib.linear_descent(W, **settings)
    W.copy_(record[-1])
    return record


def record_of(W, p, importance, lr, n_steps, every, *, leaves=lambda W: W.detach()):
    record = [leaves(W)]
    for step in range(1, n_steps + 1):
        W = W.detach().requires_grad_()
        b = tms_lib.linear_optimal_bias(W, feature_probability=p)
        loss = tms_lib.linear_expected_loss(W, b, feature_probability=p, importance=importance)
        W = W - lr * torch.autograd.grad(loss.sum(), W)[0]
        if step % every == 0:
            record.append(leaves(W))
    return torch.stack(record)


@wrong("linear_descent")
def left_in_the_graph(W, *, feature_probability, importance, lr, n_steps, every):
    p = feature_probability
    return record_of(W, p, importance, lr, n_steps, every, leaves=lambda W: W)


@wrong("linear_descent")
def settings_taken_apart_with_the_instances(W, *, feature_probability, importance, **steps):
    m, n = W.shape[-2:]
    each = zip(
        W.reshape(-1, m, n),
        feature_probability.reshape(-1, n),
        importance.reshape(-1, n),
        strict=False,
    )
    return torch.stack([record_of(*one, **steps) for one in each], 1).reshape(-1, *W.shape)


@wrong("linear_descent")
def bias_one_step_late(W, *, feature_probability, importance, lr, n_steps, every):
    known = {"feature_probability": feature_probability}
    record, b = [W], tms_lib.linear_optimal_bias(W, **known)
    for step in range(1, n_steps + 1):
        W = W.detach().requires_grad_()
        loss = tms_lib.linear_expected_loss(W, b, importance=importance, **known).sum()
        gradient = torch.autograd.grad(loss, W)[0]
        W = W.detach()
        b = tms_lib.linear_optimal_bias(W, **known)
        W = W - lr * gradient
        if step % every == 0:
            record.append(W)
    return torch.stack(record)


@wrong("linear_descent")
def adam_instead_of_descent(W, *, lr, n_steps, every, **settings):
    path = [W]
    for _ in range(n_steps):
        step = tms_lib.linear_descent(path[-1], lr=lr, n_steps=1, every=1, **settings)[-1]
        path.append(path[-1] + lr * (step - path[-1]).sign())
    return torch.stack(path[::every])


# ------------------------------------------------------------------------- learned_squared_norm


@wrong("learned_squared_norm")
def twice_the_rate(time, *, start, cost):
    return tms_lib.learned_squared_norm(2 * time, start=start, cost=cost)


@wrong("learned_squared_norm")
def rate_of_one(time, *, start, cost):
    return tms_lib.learned_squared_norm(time / 8, start=start, cost=cost)


@wrong("learned_squared_norm")
def one_euler_step(time, *, start, cost):
    return start + 8 * cost * start * (1 - start) * time


@wrong("learned_squared_norm")
def sum_over_the_features(time, *, start, cost):
    return tms_lib.learned_squared_norm(time, start=start, cost=cost).sum(-1)


@wrong("learned_squared_norm")
def squared_cost(time, *, start, cost):
    return tms_lib.learned_squared_norm(time, start=start, cost=cost**2)


@wrong("learned_squared_norm")
def nothing_from_nothing_is_a_nan(time, *, start, cost):
    return 1 / (1 + (1 / start - 1) * torch.exp(-8 * cost * time)) + 0 * start.log()


@wrong("learned_squared_norm")
def growth_of_what_is_missing(time, *, start, cost):
    return 1 - tms_lib.learned_squared_norm(time, start=start, cost=cost)


@wrong("learned_squared_norm")
def exponent_kept_small(time, *, start, cost):
    growth = torch.exp((8 * cost * time).clamp(max=15))
    return start * growth / (1 - start + start * growth)


@wrong("learned_squared_norm")
def small_number_below(time, *, start, cost):
    return 1 / (1 + (1 - start) / (start + 1e-9) * torch.exp(-8 * cost * time))


@wrong("learned_squared_norm")
def in_single_precision_always(time, *, start, cost):
    return tms_lib.learned_squared_norm(time, start=start, cost=cost).float()


@wrong("learned_squared_norm")
def exponent_of_at_most_thirty(time, *, start, cost):
    growth = torch.exp((8 * cost * time).clamp(max=30))
    return start * growth / (1 - start + start * growth)


# ------------------------------------------------------------------------------- moving_average


@wrong("moving_average")
def one_step_more(values, *, each_side):
    return tms_lib.moving_average(values, each_side=each_side + 1)


@wrong("moving_average")
def smoothed_twice(values, *, each_side):
    return tms_lib.moving_average(
        tms_lib.moving_average(values, each_side=each_side), each_side=each_side
    )


@wrong("moving_average")
def ends_left_as_they_are(values, *, each_side):
    smooth = tms_lib.moving_average(values, each_side=each_side).clone()
    if each_side:
        smooth[:each_side], smooth[-each_side:] = values[:each_side], values[-each_side:]
    return smooth


@wrong("moving_average")
def looks_ahead_only(values, *, each_side):
    return torch.stack([values[t : t + each_side + 1].mean(0) for t in range(len(values))])


@wrong("moving_average")
def exponential_average(values, *, each_side):
    smooth = [values[0]]
    for value in values[1:]:
        smooth.append(smooth[-1] + (value - smooth[-1]) / (each_side + 1))
    return torch.stack(smooth)


@wrong("moving_average")
def window_within_half_of_the_record(values, *, each_side):
    return tms_lib.moving_average(values, each_side=min(each_side, len(values) // 2))


@wrong("moving_average")
def over_what_is_smooth_already(values, *, each_side):
    smooth = values.clone()
    for t in range(len(values)):
        smooth[t] = smooth[max(0, t - each_side) : t + each_side + 1].mean(0)
    return smooth


@wrong("moving_average")
def reflected_ends(values, *, each_side):
    k = min(each_side, len(values) - 1)
    wide = torch.cat([values[1 : k + 1].flip(0), values, values[len(values) - k - 1 : -1].flip(0)])
    return torch.stack([wide[t : t + 2 * k + 1].mean(0) for t in range(len(values))])


@wrong("moving_average")
def nan_at_the_ends(values, *, each_side):
    smooth = tms_lib.moving_average(values, each_side=each_side).clone()
    if each_side:
        smooth[:each_side] = smooth[-each_side:] = torch.nan
    return smooth


@wrong("moving_average")
def triangular_weights(values, *, each_side):
    n = len(values)
    t = torch.arange(n, device=values.device)
    weight = (each_side + 1 - (t[:, None] - t).abs()).clamp(min=0).to(values.dtype)
    return torch.tensordot(weight / weight.sum(1, keepdim=True), values, dims=1)


@wrong("moving_average")
def one_mean_if_the_record_is_short(values, *, each_side):
    if len(values) <= 2 * each_side + 1:
        return values.mean(0, keepdim=True).expand(values.shape)
    return tms_lib.moving_average(values, each_side=each_side)


@wrong("moving_average")
def window_that_shrinks_on_both_sides(values, *, each_side):
    n = len(values)
    reach = [min(each_side, t, n - 1 - t) for t in range(n)]
    return torch.stack([values[t - k : t + k + 1].mean(0) for t, k in enumerate(reach)])


# -------------------------------------------------------------------------------- level_changes


@wrong("level_changes")
def one_more(level):
    durations = tms_lib.level_changes(level)
    return durations + (durations > 0)


@wrong("level_changes")
def downwards_only(level):
    filled = level.clone()
    for t in range(1, len(level)):
        filled[t] = torch.where(level[t].isnan(), filled[t - 1], level[t])
    falls = torch.cat([torch.zeros_like(level[:1]).bool(), filled[1:] < filled[:-1]])
    return tms_lib.level_changes(level) * falls


@wrong("level_changes")
def first_change_only(level):
    durations = tms_lib.level_changes(level)
    return durations * ((durations > 0).cumsum(0) == 1)


@wrong("level_changes")
def last_change_only(level):
    durations = tms_lib.level_changes(level)
    later = (durations > 0).flip(0).cumsum(0).flip(0)
    return durations * (later == 1)


@wrong("level_changes")
def nan_counts_as_zero(level):
    return tms_lib.level_changes(level.nan_to_num(0.0))


@wrong("level_changes")
def since_the_last_change(level):
    durations = tms_lib.level_changes(level).clone()
    for t in range(1, len(level)):
        earlier = torch.stack([s * (durations[s] > 0) for s in range(t)]).amax(0)
        durations[t] = torch.where(durations[t] > 0, t - earlier, 0)
    return durations


@wrong("level_changes")
def features_in_one_row(level):
    flat = level.reshape(-1)
    return tms_lib.level_changes(flat).reshape(level.shape)


@wrong("level_changes")
def from_the_other_end(level):
    return tms_lib.level_changes(level.flip(0)).flip(0)


@wrong("level_changes")
def fast_changes_only(level):
    durations = tms_lib.level_changes(level)
    return durations.where(durations < 5, 0)


@wrong("level_changes")
def quarters_only(level):
    return tms_lib.level_changes((4 * level).round())


@wrong("level_changes")
def close_levels_are_the_same(level):
    last, since = torch.full_like(level[0], torch.nan), torch.zeros_like(level[0]).long()
    result = []
    for now in level:
        since = since + 1
        result.append(torch.where((now - last).abs() > 0.1, since, 0))
        last, since = last.where(now.isnan(), now), since.where(now.isnan(), 0)
    return torch.stack(result)


@wrong("level_changes")
def how_far_not_how_long(level):
    filled = level.clone()
    for t in range(1, len(level)):
        filled[t] = torch.where(level[t].isnan(), filled[t - 1], level[t])
    return torch.cat([torch.zeros_like(level[:1]), filled.diff(dim=0)]).nan_to_num(0.0)


@wrong("level_changes")
def levels_in_twentieths(level):
    return tms_lib.level_changes((20 * level).round())


# -------------------------------------------------------------------------------- share_of_fall


@wrong("share_of_fall")
def in_percent(loss, *, moves):
    return 100 * tms_lib.share_of_fall(loss, moves=moves)


@wrong("share_of_fall")
def at_most_one(loss, *, moves):
    return tms_lib.share_of_fall(loss, moves=moves).clamp(0, 1)


@wrong("share_of_fall")
def of_the_logarithm(loss, *, moves):
    return tms_lib.share_of_fall(loss.log(), moves=moves)


@wrong("share_of_fall")
def from_first_move_to_last(loss, *, moves):
    during = moves.long().cumsum(0) * moves.flip(0).long().cumsum(0).flip(0) > 0
    return tms_lib.share_of_fall(loss, moves=during)


@wrong("share_of_fall")
def small_number_below_the_line(loss, *, moves):
    return ((loss[:-1] - loss[1:]) * moves).sum(0) / (loss[0] - loss[-1] + 1e-8)


@wrong("share_of_fall")
def whole_fall_kept_positive(loss, *, moves):
    return ((loss[:-1] - loss[1:]) * moves).sum(0) / (loss[0] - loss[-1]).clamp(min=1e-9)


@wrong("share_of_fall")
def relative_falls(loss, *, moves):
    falls = (loss[:-1] - loss[1:]) / loss[:-1]
    return (falls * moves).sum(0) / falls.sum(0)


@wrong("share_of_fall")
def from_the_highest_to_the_lowest(loss, *, moves):
    falls = loss[:-1] - loss[1:]
    return (falls * moves).sum(0) / (loss.amax(0) - loss.amin(0))


@wrong("share_of_fall")
def more_than_the_time(loss, *, moves):
    return tms_lib.share_of_fall(loss, moves=moves) - moves.float().mean(0)


@wrong("share_of_fall")
def a_python_number(loss, *, moves):
    return tms_lib.share_of_fall(loss, moves=moves).mean().item()


# ---------------------------------------------------------------------------- antipodal_partner


@wrong("antipodal_partner")
def sign_of_the_threshold_forgotten(W, *, threshold=0.9):
    W_hat = F.normalize(W, dim=-2)
    lowest, partner = (W_hat.mT @ W_hat).min(-1)
    return torch.where(lowest < threshold, partner, -1)


@wrong("antipodal_partner")
def each_pair_once(W, *, threshold=0.9):
    partner = tms_lib.antipodal_partner(W, threshold=threshold)
    return torch.where(partner > torch.arange(W.shape[-1], device=W.device), partner, -1)


@wrong("antipodal_partner")
def long_features_only(W, *, threshold=0.9):
    partner = tms_lib.antipodal_partner(W, threshold=threshold)
    return torch.where(W.norm(dim=-2) > 0.5, partner, -1)


@wrong("antipodal_partner")
def small_number_in_the_length(W, *, threshold=0.9):
    W_hat = W / (W.norm(dim=-2, keepdim=True) + 1e-3)
    lowest, partner = (W_hat.mT @ W_hat).min(-1)
    return torch.where(lowest < -threshold, partner, -1)


@wrong("antipodal_partner")
def counted_from_one(W, *, threshold=0.9):
    partner = tms_lib.antipodal_partner(W, threshold=threshold)
    return torch.where(partner >= 0, partner + 1, 0)


@wrong("antipodal_partner")
def partners_as_floats(W, *, threshold=0.9):
    return tms_lib.antipodal_partner(W, threshold=threshold).to(W.dtype)


@wrong("antipodal_partner")
def squared_cosines(W, *, threshold=0.9):
    W_hat = F.normalize(W, dim=-2)
    cosine = W_hat.mT @ W_hat
    lowest, partner = (cosine * cosine.abs()).min(-1)
    return torch.where(lowest < -threshold, partner, -1)


@wrong("antipodal_partner")
def wider_by_default(W, *, threshold=0.8):
    return tms_lib.antipodal_partner(W, threshold=threshold)


@wrong("antipodal_partner")
def partner_of_the_first_instance(W, *, threshold=0.9):
    partner = tms_lib.antipodal_partner(W, threshold=threshold)
    return partner[:1].expand(partner.shape) if partner.ndim > 1 else partner


@wrong("antipodal_partner")
def tiny_number_added_to_the_length(W, *, threshold=0.9):
    W_hat = W / (W.norm(dim=-2, keepdim=True) + 1e-5)
    lowest, partner = (W_hat.mT @ W_hat).min(-1)
    return torch.where(lowest < -threshold, partner, -1)


@wrong("antipodal_partner")
def zero_columns_spoil_their_model(W, *, threshold=0.9):
    W_hat = W / W.norm(dim=-2, keepdim=True)
    lowest, partner = (W_hat.mT @ W_hat).min(-1)
    return torch.where(lowest < -threshold, partner, -1)


# -------------------------------------------------------------------------------- settled_since


@wrong("settled_since")
def one_snapshot_later(holds):
    return (tms_lib.settled_since(holds) + 1).clamp(max=len(holds))


@wrong("settled_since")
def start_of_the_longest_row(holds):
    best, start, row = (torch.zeros(holds.shape[1:], dtype=torch.long) for _ in range(3))
    for t in range(len(holds)):
        row = (row + 1) * holds[t]
        longer = row > best
        best, start = torch.where(longer, row, best), torch.where(longer, t + 1 - row, start)
    return torch.where(best > 0, start, len(holds))


@wrong("settled_since")
def part_of_the_record(holds):
    return tms_lib.settled_since(holds) / len(holds)


@wrong("settled_since")
def one_failure_forgiven(holds):
    forgiven = holds.clone()
    forgiven[:-1] |= holds[1:] & torch.cat([torch.ones_like(holds[:1]), holds[:-2]])
    return tms_lib.settled_since(forgiven)


@wrong("settled_since")
def three_in_a_row_will_do(holds):
    rows = F.pad(holds.long().cumsum(0), [0, 0] * (holds.ndim - 1) + [3, 0])
    enough = rows[3:] - rows[:-3] == 3
    return torch.where(enough.any(0), enough.long().argmax(0) - 2, len(holds))


@wrong("settled_since")
def nan_for_never(holds):
    since = tms_lib.settled_since(holds).float()
    return torch.where(since < len(holds), since, torch.nan)


@wrong("settled_since")
def first_failure_and_one(holds):
    first = (~holds).long().argmax(0) + 1
    return torch.where(holds.all(0), 0, first)


@wrong("settled_since")
def holds_for_all_features(holds):
    every = holds.reshape(len(holds), -1).all(-1, keepdim=True)
    return tms_lib.settled_since(every).squeeze(-1).expand(holds.shape[1:])


@wrong("settled_since")
def latest_of_all(holds):
    since = tms_lib.settled_since(holds)
    return since.max().expand(since.shape)


@wrong("settled_since")
def last_failure_found_where_there_is_none(holds):
    return len(holds) - (~holds.flip(0)).int().argmax(0)


# -------------------------------------------------------------------------------- align_weights


@wrong("align_weights")
def least_squares_rotation_made_orthogonal_by_qr(W, target):
    return torch.linalg.qr(target @ torch.linalg.pinv(W)).Q @ W


@wrong("align_weights")
def first_features_together(W, target):
    W_hat, T_hat = (F.normalize(t, dim=-2).expand(W.shape) for t in (W, target))
    v = F.normalize(W_hat[..., :1] - T_hat[..., :1], dim=-2)
    return W - 2 * v @ (v.mT @ W)  # a reflection that does it


@wrong("align_weights")
def of_length_of_the_target(W, target):
    aligned = tms_lib.align_weights(W, target)
    return aligned * target.norm(dim=(-2, -1), keepdim=True) / W.norm(dim=(-2, -1), keepdim=True)


@wrong("align_weights")
def directions_decide(W, target):
    U, _, Vh = torch.linalg.svd(F.normalize(target, dim=-2) @ F.normalize(W, dim=-2).mT)
    return U @ Vh @ W


@wrong("align_weights")
def singular_vectors_of_each(W, target):
    U = torch.linalg.svd(W, full_matrices=False).U
    T = torch.linalg.svd(target, full_matrices=False).U
    return T @ U.mT @ W


@wrong("align_weights")
def halfway(W, target):
    return (W + tms_lib.align_weights(W, target)) / 2


@wrong("align_weights")
def pair_of_both(W, target):
    return tms_lib.align_weights(W, target), target


@wrong("align_weights")
def signs_of_the_axes_only(W, target):
    sign = (target * W).sum(-1, keepdim=True).sign()
    return sign * W


@wrong("align_weights")
def with_features_reordered(W, target):
    aligned = tms_lib.align_weights(W, target)
    return aligned.gather(-1, aligned[..., :1, :].argsort(-1).expand(aligned.shape))


@wrong("align_weights")
def frames_of_both(W, target):
    return torch.linalg.qr(target).Q @ torch.linalg.qr(W).Q.mT @ W


@wrong("align_weights")
def rotation_in_single_precision(W, target):
    U, _, Vh = torch.linalg.svd((target @ W.mT).float())
    return (U @ Vh).to(W) @ W
