"""Unusual right answers to the exercises of chapter 13."""

import einops
import numpy as np
import torch
import torch.nn.functional as F

import tms_lib
from answers.filing import right

# -------------------------------------------------------------------------------- sparse_encode


@right("sparse_encode")
def as_a_batched_product(h, *, W_enc, b_enc, b_dec):
    centred = h - b_dec[..., None, :]
    return F.relu(
        einops.einsum(centred, W_enc, "... b h, ... k h -> ... b k") + b_enc[..., None, :]
    )


@right("sparse_encode")
def latent_by_latent(h, *, W_enc, b_enc, b_dec):
    centred = h - b_dec.unsqueeze(-2)
    columns = []
    for k in range(W_enc.shape[-2]):
        before = (centred * W_enc[..., k, :].unsqueeze(-2)).sum(-1) + b_enc[..., k].unsqueeze(-1)
        columns.append(torch.where(before > 0, before, torch.zeros_like(before)))
    return torch.stack(columns, dim=-1)


@right("sparse_encode")
def positive_part_in_place(h, *, W_enc, b_enc, b_dec):
    latents = torch.matmul(W_enc, h.mT - b_dec.unsqueeze(-1)) + b_enc.unsqueeze(-1)
    return latents.mT.clamp_min(0)


@right("sparse_encode")
def one_input_at_a_time_under_vmap(h, *, W_enc, b_enc, b_dec):
    def encode(h, W_enc, b_enc, b_dec):
        return F.linear(h - b_dec, W_enc, b_enc).relu()

    for _ in range(h.ndim - 2):
        encode = torch.vmap(encode)
    return encode(h, W_enc, b_enc, b_dec)


# -------------------------------------------------------------------------------- sparse_decode


@right("sparse_decode")
def a_sum_of_directions(latents, *, W_dec, b_dec):
    h_hat = b_dec.unsqueeze(-2).expand(*latents.shape[:-1], b_dec.shape[-1])
    for k in range(latents.shape[-1]):
        column = W_dec[..., k]
        length = column.norm(dim=-1, keepdim=True)
        direction = column / torch.where(length > 0, length, 1)
        h_hat = h_hat + latents[..., [k]] * direction.unsqueeze(-2)
    return h_hat


@right("sparse_decode")
def transposed_product(latents, *, W_dec, b_dec):
    length = W_dec.square().sum(-2, keepdim=True).sqrt()
    directions = W_dec / length.masked_fill(length == 0, 1)
    return (directions @ latents.mT + b_dec[..., None]).mT


@right("sparse_decode")
def with_the_reciprocal_length(latents, *, W_dec, b_dec):
    shrink = W_dec.norm(dim=-2).clamp(min=1e-12).reciprocal()
    return torch.einsum("...bk,...k,...hk->...bh", latents, shrink, W_dec) + b_dec.unsqueeze(-2)


# ---------------------------------------------------------------------------------- sparse_loss


@right("sparse_loss")
def in_one_sum(h, h_hat, *, latents, l1):
    return torch.cat([(h - h_hat).square(), l1 * latents], dim=-1).sum(-1)


@right("sparse_loss")
def with_absolute_values(h, h_hat, *, latents, l1):
    return torch.pow(h_hat - h, 2).sum(dim=-1).add(latents.abs().sum(dim=-1), alpha=l1)


@right("sparse_loss")
def from_torch_losses(h, h_hat, *, latents, l1):
    error = F.mse_loss(h_hat, h, reduction="none").mean(-1) * h.shape[-1]
    price = F.l1_loss(latents, torch.zeros_like(latents), reduction="none").sum(-1)
    return error + l1 * price


# ---------------------------------------------------------------------------- cosine_similarity


@right("cosine_similarity")
def torch_knows_it(W, W_dec):
    return F.cosine_similarity(W.mT.unsqueeze(-2), W_dec.mT.unsqueeze(-3), dim=-1, eps=1e-30)


@right("cosine_similarity")
def divided_by_both_lengths(W, W_dec):
    lengths = torch.linalg.vector_norm(W, dim=-2)[..., :, None]
    others = torch.linalg.vector_norm(W_dec, dim=-2)[..., None, :]
    product = lengths * others
    dots = torch.einsum("...hi,...hk->...ik", W, W_dec)
    return torch.where(product > 0, dots / torch.where(product > 0, product, 1), 0)


@right("cosine_similarity")
def polarised(W, W_dec):
    # |a + b|^2 - |a - b|^2 = 4 a b
    a, b = F.normalize(W, dim=-2).unsqueeze(-1), F.normalize(W_dec, dim=-2).unsqueeze(-2)
    return (((a + b) ** 2).sum(-3) - ((a - b) ** 2).sum(-3)) / 4


@right("cosine_similarity")
def numbers_again(W, W_dec):
    unit, found = (v / v.norm(dim=-2, keepdim=True) for v in (W, W_dec))
    return unit.nan_to_num().mT @ found.nan_to_num()


# -------------------------------------------------------------------- matched_cosine_similarity


@right("matched_cosine_similarity")
def a_search_in_numpy(W, W_dec):
    cosine = tms_lib.cosine_similarity(W, W_dec)
    table = cosine.double().numpy().reshape(-1, *cosine.shape[-2:]).copy()
    result = np.zeros(table.shape[:2])
    for one, row in zip(table, result, strict=True):
        for _ in range(min(one.shape)):
            i, k = np.unravel_index(one.argmax(), one.shape)
            row[i] = one[i, k]
            one[i, :], one[:, k] = -np.inf, -np.inf
    return torch.from_numpy(result).to(W).reshape(cosine.shape[:-1])


@right("matched_cosine_similarity")
def crossed_out_with_minus_two(W, W_dec):
    cosine = tms_lib.cosine_similarity(W, W_dec)
    n_features, n_latents = cosine.shape[-2:]
    flat = cosine.clone().reshape(-1, n_features, n_latents)
    result = flat.new_zeros(flat.shape[:2])
    every = torch.arange(len(flat))
    for _ in range(min(n_features, n_latents)):
        place = flat.reshape(len(flat), -1).argmax(-1)
        i, k = torch.div(place, n_latents, rounding_mode="floor"), place.remainder(n_latents)
        result[every, i] = flat[every, i, k]
        flat[every, i] = -2
        flat[every, :, k] = -2
    return result.reshape(cosine.shape[:-1])


@right("matched_cosine_similarity")
def mutual_nearest_first(W, W_dec):
    """The largest of what is left is each other's nearest, and every such pair may go at once."""
    cosine = tms_lib.cosine_similarity(W, W_dec)
    free = torch.ones_like(cosine, dtype=torch.bool)
    result = torch.zeros_like(cosine[..., 0])
    while free.any():
        left = cosine.masked_fill(~free, -torch.inf)
        pair = free & (left == left.amax(-1, keepdim=True)) & (left == left.amax(-2, keepdim=True))
        result = torch.where(pair.any(-1), (cosine * pair).sum(-1), result)
        free = free & ~pair.any(-1, keepdim=True) & ~pair.any(-2, keepdim=True)
    return result


@right("matched_cosine_similarity")
def features_propose(W, W_dec):
    """The stable matching: both sides rank pairs by the same cosine, so there is only one."""
    similarity = tms_lib.cosine_similarity(W, W_dec)
    n, k = similarity.shape[-2:]
    flat = similarity.reshape(-1, n, k)
    result = flat.new_zeros(len(flat), n)
    for table, row in zip(flat, result, strict=True):
        wishes = table.argsort(-1, descending=True).tolist()
        holder: dict[int, int] = {}
        free = list(range(n))
        while free:
            i = free.pop()
            if not wishes[i]:
                continue
            latent = wishes[i].pop(0)
            if latent in holder and table[i, latent] < table[holder[latent], latent]:
                free.append(i)
                continue
            if latent in holder:
                free.append(holder[latent])
            holder[latent] = i
        for latent, i in holder.items():
            row[i] = table[i, latent]
    return result.reshape(similarity.shape[:-1])


# --------------------------------------------------------------------------------- dead_latents


@right("dead_latents")
def sum_of_nothing(latents):
    return latents.double().sum(-2) == 0


@right("dead_latents")
def not_any(latents):
    return torch.logical_not((latents != 0).any(dim=-2))


@right("dead_latents")
def counts_the_living(latents):
    return torch.count_nonzero(latents, dim=-2).eq(0)


@right("dead_latents")
def no_length(latents):
    return latents.pow(2).sum(-2) == 0


# ----------------------------------------------------------------------------- resample_latents


@right("resample_latents")
def exponential_race(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    """The n inputs with the largest log odds plus Gumbel noise are n draws without replacement."""
    latents = tms_lib.sparse_encode(h, W_enc=W_enc, b_enc=b_enc, b_dec=b_dec)
    dead = tms_lib.dead_latents(latents)
    error = (h - tms_lib.sparse_decode(latents, W_dec=W_dec, b_dec=b_dec)).norm(dim=-1)
    u = torch.rand(error.shape, generator=generator)
    score = 4 * error.clamp(min=1e-20).log() - (-u.clamp(min=1e-30).log()).clamp(min=1e-30).log()
    ranked = score.argsort(-1, descending=True)
    W_enc, b_enc, W_dec = W_enc.clone(), b_enc.clone(), W_dec.clone()
    for s, k in dead.nonzero().tolist():
        row = ranked[s, int(dead[s, :k].sum())]
        toward = h[s, row] - b_dec[s]
        toward = toward / toward.norm()
        alive = ~dead[s]
        size = W_enc[s, alive].norm(dim=-1).mean() if alive.any() else 1.0
        W_dec[s, :, k], b_enc[s, k] = toward, 0
        W_enc[s, k] = size * toward / 5  # the mean is over rows that stay as they are
    return W_enc, b_enc, W_dec


@right("resample_latents")
def only_as_many_draws_as_are_dead(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    rows, biases, columns = [], [], []
    for one, E, c, D, b in zip(h, W_enc, b_enc, W_dec, b_dec, strict=True):
        f = torch.relu((one - b) @ E.T + c)
        dead = f.amax(0) <= 0
        E, c, D = E.clone(), c.clone(), D.clone()
        n_dead = int(dead.sum())
        if n_dead:
            error = ((one - b - f @ F.normalize(D, dim=0).T) ** 2).sum(1)
            p = (error / error.max()) ** 2
            toward = F.normalize(one[torch.multinomial(p, n_dead, generator=generator)] - b, dim=1)
            scale = 0.2 if n_dead == len(dead) else 0.2 * E[~dead].norm(dim=1).mean()
            E[dead], c[dead], D[:, dead] = scale * toward, 0.0, toward.T
        rows.append(E)
        biases.append(c)
        columns.append(D)
    return torch.stack(rows), torch.stack(biases), torch.stack(columns)


# ----------------------------------------------------------------------------- learn_directions


@right("learn_directions")
def with_the_library_trainer(h, *, n_latents, l1, n_steps, batch_size, lr, generator):
    autoencoder = tms_lib.SparseAutoencoder(
        n_instances=len(h), n_hidden=h.shape[-1], n_latents=n_latents, generator=generator
    )

    def losses():
        batch = h[:, torch.randint(h.shape[1], (batch_size,), generator=generator)]
        latents = autoencoder.encode(batch)
        loss = tms_lib.sparse_loss(batch, autoencoder.decode(latents), latents=latents, l1=l1)
        return loss.mean(-1)

    half = n_steps // 2
    config = tms_lib.TrainConfig(n_steps=half, lr=lr, schedule="constant")
    tms_lib.minimise(autoencoder, losses, generator=generator, config=config)
    tms_lib.resample_dead_latents(autoencoder, h, generator=generator)
    config = tms_lib.TrainConfig(n_steps=n_steps - half, lr=lr, schedule="linear")
    tms_lib.minimise(autoencoder, losses, generator=generator, config=config)
    return tuple(getattr(autoencoder, n).detach() for n in ("W_enc", "b_enc", "W_dec", "b_dec"))


@right("learn_directions")
def one_optimizer_and_rows_of_its_own(h, *, n_latents, l1, n_steps, batch_size, lr, generator):
    """Each instance draws its own rows; Adam forgets by having its state cleared."""
    n, n_rows, n_hidden = h.shape
    start = torch.randn(n, n_latents, n_hidden, generator=generator)
    W_enc = F.normalize(start, dim=-1).requires_grad_()
    W_dec = W_enc.detach().mT.clone().requires_grad_()
    b_enc = torch.zeros(n, n_latents, requires_grad=True)
    b_dec = torch.zeros(n, n_hidden, requires_grad=True)
    parts = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}
    optimizer = torch.optim.Adam(parts.values(), lr=lr)
    for step in range(n_steps):
        if step == n_steps // 2:
            with torch.no_grad():
                new = tms_lib.resample_latents(h, **parts, generator=generator)
                for old, value in zip((W_enc, b_enc, W_dec), new, strict=True):
                    old.copy_(value)
            optimizer.state.clear()
        for group in optimizer.param_groups:
            group["lr"] = lr * min(1.0, 2 - 2 * step / n_steps)
        row = torch.randint(n_rows, (n, batch_size, 1), generator=generator)
        batch = h.take_along_dim(row, dim=1)
        latents = tms_lib.sparse_encode(batch, W_enc=W_enc, b_enc=b_enc, b_dec=b_dec)
        h_hat = tms_lib.sparse_decode(latents, W_dec=W_dec, b_dec=b_dec)
        loss = tms_lib.sparse_loss(batch, h_hat, latents=latents, l1=l1)
        gradients = torch.autograd.grad(loss.mean(), list(parts.values()))
        for part, gradient in zip(parts.values(), gradients, strict=True):
            part.grad = gradient
        optimizer.step()
    return tuple(part.detach() for part in parts.values())
