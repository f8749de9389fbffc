"""Unusual right answers to the exercises of chapter 6."""

import numpy as np
import torch

import tms_lib
from answers.filing import right
from tms_lib import Phase

# --------------------------------------------------------------------------------- ignored_loss


@right("ignored_loss")
def error_around_the_mean(feature_probability, relative_importance):
    mean, second, _ = tms_lib.feature_moments(feature_probability)
    best_constant = mean
    return relative_importance * (second - 2 * best_constant * mean + best_constant**2)


@right("ignored_loss")
def factored_variance(feature_probability, relative_importance):
    p, r = torch.broadcast_tensors(feature_probability, relative_importance)
    return r * p * (4 - 3 * p) / 12


@right("ignored_loss")
def exact_loss_of_the_candidate(feature_probability, relative_importance):
    p, r = torch.broadcast_tensors(feature_probability, relative_importance)
    b = torch.stack([torch.zeros_like(p), p / 2], dim=-1)
    return tms_lib.two_feature_loss(
        torch.tensor([[1.0, 0.0]], dtype=p.dtype, device=p.device),
        b,
        feature_probability=p.unsqueeze(-1),
        importance=torch.stack([torch.ones_like(r), r], dim=-1),
    )


# ------------------------------------------------------------------------------- antipodal_loss


@right("antipodal_loss")
def both_outputs_apart(feature_probability, relative_importance):
    both = feature_probability.square()
    return both / 6 + relative_importance * both / 6


@right("antipodal_loss")
def integrated_by_powers(feature_probability, relative_importance):
    # P(min > t) = (1 - t)^2, so E[min^2] is the integral of 2 t (1 - t)^2 = 1 - 4/3 + 1/2
    mean_square = 1 - 4 / 3 + 1 / 2
    return mean_square * feature_probability**2 * (relative_importance + 1)


@right("antipodal_loss")
def sum_of_the_exact_losses(feature_probability, relative_importance):
    p, r = torch.broadcast_tensors(feature_probability, relative_importance)
    return tms_lib.two_feature_loss(
        p.new_tensor([[1.0, -1.0]]),
        p.new_zeros(2),
        feature_probability=p.unsqueeze(-1),
        importance=torch.stack([torch.ones_like(r), r], dim=-1),
    )


# --------------------------------------------------------------------------------- phase_losses


@right("phase_losses")
def filled_one_by_one(feature_probability, relative_importance, *, n_features):
    p, r = torch.broadcast_tensors(feature_probability, relative_importance)
    out = torch.zeros((*p.shape, n_features + 1), dtype=p.dtype, device=p.device)
    out[..., Phase.IGNORED] = tms_lib.ignored_loss(p, r)
    out[..., Phase.DEDICATED] = tms_lib.ignored_loss(p, torch.ones_like(r))
    out[..., Phase.SUPERPOSED] = tms_lib.antipodal_loss(p, r)
    if n_features > 2:
        out[..., Phase.OTHERS_SUPERPOSED] = 2 * p * p / 6
    return out


@right("phase_losses")
def four_cut_to_three(feature_probability, relative_importance, *, n_features=2):
    p, r = feature_probability, relative_importance
    one = torch.ones_like(r)
    s = tms_lib.feature_moments(p).variance
    every = (r * s, one * s, (1 + r) / 6 * p**2, one / 3 * p**2)
    return torch.cat([loss.unsqueeze(-1) for loss in every], dim=-1)[..., : n_features + 1]


# ---------------------------------------------------------------------------- theoretical_phase


@right("theoretical_phase")
def index_of_min(feature_probability, relative_importance, *, n_features):
    losses = tms_lib.phase_losses(feature_probability, relative_importance, n_features=n_features)
    return torch.min(losses, dim=-1).indices


@right("theoretical_phase")
def stable_sort_as_int32(feature_probability, relative_importance, *, n_features):
    losses = tms_lib.phase_losses(feature_probability, relative_importance, n_features=n_features)
    return losses.sort(dim=-1, stable=True).indices[..., 0].to(torch.int32)


@right("theoretical_phase")
def by_the_boundary(feature_probability, relative_importance, *, n_features):
    p, r = torch.broadcast_tensors(feature_probability, relative_importance)
    below = p < tms_lib.superposition_boundary(r, n_features=n_features)
    phase = torch.where(below, torch.where(r > 1, n_features, 2), (r > 1).long())
    return phase * (p > 0)


# ----------------------------------------------------------------------- superposition_boundary


@right("superposition_boundary")
def both_branches_by_mask(relative_importance, *, n_features):
    r = relative_importance
    out = 4 * r / (2 + 5 * r)
    more = r > 1
    out[more] = 4 / (5 + 2 * r[more]) if n_features == 2 else 4 / 7
    return out


@right("superposition_boundary")
def symmetry_of_two_features(relative_importance, *, n_features):
    # exchanging the features turns r into 1 / r
    r = relative_importance
    small = torch.minimum(r, 1 / r) if n_features == 2 else r.clamp(max=1)
    return 4 * small / (2 + 5 * small)


@right("superposition_boundary")
def bisection(relative_importance, *, n_features):
    r = relative_importance
    low, high = torch.zeros_like(r), torch.ones_like(r)
    for _ in range(80):
        p = (low + high) / 2
        # losses over p, so that they do not vanish with it; at r = 0 ignoring is free
        losses = tms_lib.phase_losses(p, r, n_features=n_features) / p.unsqueeze(-1)
        shared = losses[..., 2:].amin(-1) < losses[..., :2].amin(-1)
        low, high = torch.where(shared, p, low), torch.where(shared, high, p)
    return low


# ----------------------------------------------------------------------------- two_feature_loss


@right("two_feature_loss")
def table_of_patterns(W, b, *, importance, feature_probability):
    p = feature_probability
    p = p.expand(*p.shape[:-1], 2)
    gain = torch.einsum("...hi,...hj->...ij", W, W)
    own = torch.stack([gain[..., 0, 0], gain[..., 1, 1]], dim=-1)
    other = gain[..., 0, 1].unsqueeze(-1)
    here, there = torch.stack([1 - p, p]), torch.stack([1 - p, p]).flip(-1)
    errors = [
        [torch.relu(b).square(), tms_lib.interference_error(other, b)],
        [tms_lib.own_error(own, b), tms_lib.both_active_error(own, other, bias=b)],
    ]
    rows = [here[i] * there[j] * errors[i][j] for i in range(2) for j in range(2)]
    return sum((importance * row).sum(-1) for row in rows)


@right("two_feature_loss")
def both_active_by_three_nodes(W, b, *, feature_probability, importance):
    """With an integral over the other feature of its own: three Gauss nodes in each piece."""
    p, q = feature_probability, feature_probability.flip(-1)
    own, other = W.square().sum(-2), W.prod(-1).sum(-1, keepdim=True)
    own, other, bias = torch.broadcast_tensors(own, other, b)
    slope = torch.where(other.abs() > 0, other, torch.ones_like(other))
    ends = torch.stack([0 * bias, -bias / slope, -(bias + own) / slope, 0 * bias + 1])
    ends = ends.detach().clamp(0, 1).sort(0).values
    both = torch.zeros_like(bias)
    for x, weight in zip(*np.polynomial.legendre.leggauss(3), strict=True):
        y = (ends[1:] + ends[:-1]) / 2 + float(x) * (ends[1:] - ends[:-1]) / 2
        error = tms_lib.own_error(own, other * y + bias)
        both = both + (float(weight) * (ends[1:] - ends[:-1]) / 2 * error).sum(0)
    alone = q * tms_lib.interference_error(other, b) + (1 - q) * b.relu() ** 2
    error = p * (q * both + (1 - q) * tms_lib.own_error(own, b)) + (1 - p) * alone
    return (error * importance).sum(-1)


# ---------------------------------------------------------------------------- classify_solution


@right("classify_solution")
def eigenvector_of_the_gram_matrix(W):
    v = torch.linalg.eigh(W.mT @ W).eigenvectors[..., 0]
    if W.shape[-1] == 2:
        unseen, phases = [[0, 1], [1, 0], [1, 1]], [0, 1, 2]
    else:
        unseen = [[1, 1, 0], [0, 1, 1], [1, 0, 1], [0, 1, 0], [1, 0, 0], [0, 0, 1]]
        phases = [3, 2, 2, 1, 1, 0]
    unseen = torch.tensor(unseen, dtype=W.dtype, device=W.device)
    cosine = torch.cosine_similarity(v.unsqueeze(-2), unseen, dim=-1)
    return torch.tensor(phases, device=W.device)[cosine.square().argmax(-1)]


@right("classify_solution")
def one_by_one_in_numpy(W):
    directions = {
        2: {0: [[0, 1]], 1: [[1, 0]], 2: [[1, 1]]},
        3: {0: [[0, 0, 1]], 1: [[1, 0, 0], [0, 1, 0]], 2: [[1, 0, 1], [0, 1, 1]], 3: [[1, 1, 0]]},
    }[W.shape[-1]]
    found = []
    for matrix in W.reshape(-1, *W.shape[-2:]).cpu().numpy():
        v = np.linalg.svd(matrix)[2][-1]
        fit = {
            phase: max(abs(v @ d) / np.linalg.norm(d) for d in map(np.asarray, unseen))
            for phase, unseen in directions.items()
        }
        found.append(max(fit, key=lambda phase: fit[phase]))
    return torch.tensor(found, device=W.device).reshape(W.shape[:-2])


@right("classify_solution")
def projected_onto_the_unseen_space(W):
    unseen = torch.eye(W.shape[-1], dtype=W.dtype, device=W.device) - torch.linalg.pinv(W) @ W
    if W.shape[-1] == 2:
        directions, phases = [[0, 1], [1, 0], [1, 1]], [0, 1, 2]
    else:
        directions = [[0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 0, 1], [0, 1, 1], [1, 1, 0]]
        phases = [0, 1, 1, 2, 2, 3]
    d = torch.tensor(directions, dtype=W.dtype, device=W.device)
    squared_cosine = torch.einsum("ki,...ij,kj->...k", d, unseen, d) / d.square().sum(-1)
    return torch.tensor(phases, dtype=torch.int32, device=W.device)[squared_cosine.argmax(-1)]


@right("classify_solution")
def last_column_of_a_complete_qr(W):
    v = torch.linalg.qr(W.mT, mode="complete").Q[..., -1]
    last = v.shape[-1] - 1
    scores = [v[..., last].abs(), v[..., :last].abs().amax(-1)]
    scores.append(((v[..., :last] + v[..., last:]).abs() / 2**0.5).amax(-1))
    if last == 2:
        scores.append((v[..., 0] + v[..., 1]).abs() / 2**0.5)
    return torch.stack(scores).argmax(0)


# ----------------------------------------------------------------------------- train_phase_grid


@right("train_phase_grid")
def seeds_as_the_first_axis(
    feature_probability, relative_importance, *, n_seeds, n_steps, lr, generator
):
    p = feature_probability.reshape(1, -1, 1, 1)
    importance = torch.stack([torch.ones_like(relative_importance), relative_importance], -1)
    shape = (n_seeds, len(feature_probability), len(relative_importance))
    W = torch.nn.Parameter(torch.randn(*shape, 1, 2, generator=generator))
    b = torch.nn.Parameter(torch.zeros(*shape, 2))
    optimizer = torch.optim.AdamW([W, b], lr=lr, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=n_steps)
    for _ in range(n_steps):
        loss = tms_lib.two_feature_loss(W, b, feature_probability=p, importance=importance)
        optimizer.zero_grad()
        loss.mean().backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        loss = tms_lib.two_feature_loss(W, b, feature_probability=p, importance=importance)
    best = loss.argmin(0, keepdim=True)
    W_best = W.detach().take_along_dim(best[..., None, None], 0)[0]
    return W_best, b.detach().take_along_dim(best[..., None], 0)[0], loss.amin(0)


@right("train_phase_grid")
def cosine_schedule(feature_probability, relative_importance, *, generator, n_seeds, n_steps, lr):
    cells = torch.cartesian_prod(feature_probability, relative_importance)
    p, r = cells.repeat_interleave(n_seeds, 0).T
    model = tms_lib.ReLUOutputModel(
        n_instances=len(p), n_features=2, n_hidden=1, generator=generator
    )

    def exact():
        return tms_lib.two_feature_loss(
            model.W, model.b, feature_probability=p[:, None], importance=torch.stack([r / r, r], 1)
        )

    config = tms_lib.TrainConfig(n_steps=n_steps, lr=lr, schedule="cosine")
    tms_lib.minimise(model, exact, generator=generator, config=config)
    loss, seed = exact().detach().view(-1, n_seeds).min(1)
    chosen = torch.arange(len(cells)) * n_seeds + seed
    shape = (len(feature_probability), len(relative_importance))
    W, b = model.W.detach()[chosen], model.b.detach()[chosen]
    return W.view(*shape, 1, 2), b.view(*shape, 2), loss.view(shape)


@right("train_phase_grid")
def one_density_after_another(
    feature_probability, relative_importance, *, n_seeds, n_steps, lr, generator
):
    rows = []
    for p in feature_probability:
        r = relative_importance.repeat(n_seeds)
        known = {"feature_probability": p.reshape(1), "importance": torch.stack([r / r, r], 1)}
        model = tms_lib.ReLUOutputModel(
            n_instances=len(r), n_features=2, n_hidden=1, generator=generator
        )
        config = tms_lib.TrainConfig(n_steps=n_steps, lr=lr)
        history = tms_lib.minimise(
            model,
            lambda m=model, k=known: tms_lib.two_feature_loss(m.W, m.b, **k),
            generator=generator,
            config=config,
        )
        # the loss before the last step, which hardly moves
        losses, seed = history.losses[-1].unflatten(0, (n_seeds, -1)).min(0)
        chosen = seed * len(relative_importance) + torch.arange(len(relative_importance))
        rows.append((model.W.detach()[chosen], model.b.detach()[chosen], losses))
    return tuple(torch.stack(parts) for parts in zip(*rows, strict=True))
