"""Plausible wrong answers to the exercises of chapter 13 that are not among the slips."""

# ruff: noqa: ARG001  (a wrong answer keeps the reference's signature)
# ruff: noqa: ARG005  (and what spoils it need not look at everything)

import itertools
import math

import torch
import torch.nn.functional as F

import tms_lib
from answers.filing import wrong

# -------------------------------------------------------------------------------- sparse_encode


def encoded(h, W_enc, b_enc, b_dec):
    return torch.relu((h - b_dec.unsqueeze(-2)) @ W_enc.mT + b_enc.unsqueeze(-2))


@wrong("sparse_encode")
def centred_by_the_batch(h, *, W_enc, b_enc, b_dec):
    return encoded(h, W_enc, b_enc, h.mean(-2))


@wrong("sparse_encode")
def centred_after_the_product(h, *, W_enc, b_enc, b_dec):
    return torch.relu(h @ W_enc.mT + (b_enc - b_dec.mean(-1, keepdim=True)).unsqueeze(-2))


@wrong("sparse_encode")
def unit_inputs(h, *, W_enc, b_enc, b_dec):
    centred = F.normalize(h - b_dec.unsqueeze(-2), dim=-1)
    return torch.relu(centred @ W_enc.mT + b_enc.unsqueeze(-2))


@wrong("sparse_encode")
def bias_along_the_batch(h, *, W_enc, b_enc, b_dec):
    before = (h - b_dec.unsqueeze(-2)) @ W_enc.mT
    return torch.relu(before + (b_enc.unsqueeze(-1) if h.shape[-2] == 4 else b_enc.unsqueeze(-2)))


@wrong("sparse_encode")
def strongest_latent_only(h, *, W_enc, b_enc, b_dec):
    latents = encoded(h, W_enc, b_enc, b_dec)
    return latents * (latents == latents.amax(-1, keepdim=True))


@wrong("sparse_encode")
def sigmoid(h, *, W_enc, b_enc, b_dec):
    return torch.sigmoid((h - b_dec.unsqueeze(-2)) @ W_enc.mT + b_enc.unsqueeze(-2))


@wrong("sparse_encode")
def leaky(h, *, W_enc, b_enc, b_dec):
    return F.leaky_relu((h - b_dec.unsqueeze(-2)) @ W_enc.mT + b_enc.unsqueeze(-2))


@wrong("sparse_encode")
def at_most_one(h, *, W_enc, b_enc, b_dec):
    return encoded(h, W_enc, b_enc, b_dec).clamp(max=1)


@wrong("sparse_encode")
def first_instance_for_all(h, *, W_enc, b_enc, b_dec):
    if h.ndim < 3:
        return encoded(h, W_enc, b_enc, b_dec)
    return encoded(h, W_enc[:1], b_enc[:1], b_dec[:1])


@wrong("sparse_encode")
def latents_before_inputs(h, *, W_enc, b_enc, b_dec):
    return encoded(h, W_enc, b_enc, b_dec).mT


# -------------------------------------------------------------------------------- sparse_decode


@wrong("sparse_decode")
def mean_of_the_directions(latents, *, W_dec, b_dec):
    share = latents / latents.sum(-1, keepdim=True).clamp(min=1e-9)
    return share @ F.normalize(W_dec, dim=-2).mT + b_dec.unsqueeze(-2)


@wrong("sparse_decode")
def never_longer_than_one(latents, *, W_dec, b_dec):
    columns = W_dec / W_dec.norm(dim=-2, keepdim=True).clamp(min=1)
    return latents @ columns.mT + b_dec.unsqueeze(-2)


@wrong("sparse_decode")
def normalised_by_the_longest(latents, *, W_dec, b_dec):
    longest = W_dec.norm(dim=-2).amax(-1)[..., None, None]
    return latents @ (W_dec / longest.clamp(min=1e-9)).mT + b_dec.unsqueeze(-2)


@wrong("sparse_decode")
def one_norm(latents, *, W_dec, b_dec):
    return latents @ F.normalize(W_dec, p=1, dim=-2).mT + b_dec.unsqueeze(-2)


@wrong("sparse_decode")
def scales_the_bias_too(latents, *, W_dec, b_dec):
    return latents @ F.normalize(W_dec, dim=-2).mT + F.normalize(b_dec, dim=-1).unsqueeze(-2)


@wrong("sparse_decode")
def unit_reconstruction(latents, *, W_dec, b_dec):
    return F.normalize(latents @ W_dec.mT, dim=-1) + b_dec.unsqueeze(-2)


@wrong("sparse_decode")
def cuts_the_directions_off(latents, *, W_dec, b_dec):
    lengths = W_dec.norm(dim=-2, keepdim=True).detach().clamp(min=1e-12)
    return latents @ (W_dec / lengths).mT + b_dec.unsqueeze(-2)


@wrong("sparse_decode")
def changes_the_decoder(latents, *, W_dec, b_dec):
    with torch.no_grad():
        W_dec.copy_(F.normalize(W_dec, dim=-2))
    return latents @ W_dec.mT + b_dec.unsqueeze(-2)


@wrong("sparse_decode")
def lengths_of_the_first_instance(latents, *, W_dec, b_dec):
    lengths = W_dec.norm(dim=-2, keepdim=True).clamp(min=1e-12)
    if W_dec.ndim > 2:
        lengths = lengths[:1]
    return latents @ (W_dec / lengths).mT + b_dec.unsqueeze(-2)


@wrong("sparse_decode")
def short_columns_stay_short(latents, *, W_dec, b_dec):
    columns = W_dec / W_dec.norm(dim=-2, keepdim=True).clamp(min=1e-3)
    return latents @ columns.mT + b_dec.unsqueeze(-2)


# ---------------------------------------------------------------------------------- sparse_loss


def squared_error(h, h_hat):
    return ((h - h_hat) ** 2).sum(-1)


@wrong("sparse_loss")
def largest_latent(h, h_hat, *, latents, l1):
    return squared_error(h, h_hat) + l1 * latents.amax(-1)


@wrong("sparse_loss")
def root_of_squares(h, h_hat, *, latents, l1):
    return squared_error(h, h_hat) + l1 * latents.norm(dim=-1)


@wrong("sparse_loss")
def absolute_error(h, h_hat, *, latents, l1):
    return (h - h_hat).abs().sum(-1) + l1 * latents.sum(-1)


@wrong("sparse_loss")
def price_on_the_reconstruction(h, h_hat, *, latents, l1):
    return squared_error(h, h_hat) + l1 * h_hat.abs().sum(-1)


@wrong("sparse_loss")
def half_the_error(h, h_hat, *, latents, l1):
    return squared_error(h, h_hat) / 2 + l1 * latents.sum(-1)


@wrong("sparse_loss")
def a_weighted_mean(h, h_hat, *, latents, l1):
    return (1 - l1) * squared_error(h, h_hat) + l1 * latents.sum(-1)


@wrong("sparse_loss")
def price_squared(h, h_hat, *, latents, l1):
    return squared_error(h, h_hat) + l1**2 * latents.sum(-1)


@wrong("sparse_loss")
def price_summed_over_the_batch(h, h_hat, *, latents, l1):
    return squared_error(h, h_hat) + l1 * latents.sum((-2, -1), keepdim=True)[..., 0]


@wrong("sparse_loss")
def latents_cut_off(h, h_hat, *, latents, l1):
    return squared_error(h, h_hat) + l1 * latents.detach().sum(-1)


@wrong("sparse_loss")
def relative_error(h, h_hat, *, latents, l1):
    return squared_error(h, h_hat) / (h**2).sum(-1) + l1 * latents.sum(-1)


# ---------------------------------------------------------------------------- cosine_similarity


def cosine(W, W_dec):
    return F.normalize(W, dim=-2).mT @ F.normalize(W_dec, dim=-2)


@wrong("cosine_similarity")
def angle(W, W_dec):
    return torch.acos(cosine(W, W_dec).clamp(-1, 1))


@wrong("cosine_similarity")
def positive_part(W, W_dec):
    return cosine(W, W_dec).relu()


@wrong("cosine_similarity")
def by_the_longest(W, W_dec):
    longest = W.norm(dim=-2).amax(-1) * W_dec.norm(dim=-2).amax(-1)
    return W.mT @ W_dec / longest[..., None, None]


@wrong("cosine_similarity")
def scaled_to_the_largest(W, W_dec):
    dots = W.mT @ W_dec
    return dots / dots.abs().amax((-2, -1), keepdim=True)


@wrong("cosine_similarity")
def between_the_latents(W, W_dec):
    return cosine(W_dec, W_dec) if W.shape == W_dec.shape else cosine(W, W_dec) ** 3


@wrong("cosine_similarity")
def centred_columns(W, W_dec):
    return cosine(W - W.mean(-2, keepdim=True), W_dec - W_dec.mean(-2, keepdim=True))


@wrong("cosine_similarity")
def from_distances(W, W_dec):
    return 1 - torch.cdist(F.normalize(W, dim=-2).mT, F.normalize(W_dec, dim=-2).mT)


@wrong("cosine_similarity")
def one_for_nothing(W, W_dec):
    nothing = (W.norm(dim=-2) == 0).unsqueeze(-1)
    return torch.where(nothing, 1.0, cosine(W, W_dec))


@wrong("cosine_similarity")
def ignores_short_columns(W, W_dec):
    return cosine(W, W_dec) * (W.norm(dim=-2) > 0.1).unsqueeze(-1)


@wrong("cosine_similarity")
def rounded(W, W_dec):
    return cosine(W, W_dec).round(decimals=3)


@wrong("cosine_similarity")
def short_columns_count_less(W, W_dec):
    unit, found = (v / v.norm(dim=-2, keepdim=True).clamp(min=1e-2) for v in (W, W_dec))
    return unit.mT @ found


@wrong("cosine_similarity")
def a_small_number_below_the_root(W, W_dec):
    unit, found = (v / ((v**2).sum(-2, keepdim=True) + 1e-8).sqrt() for v in (W, W_dec))
    return unit.mT @ found


# -------------------------------------------------------------------- matched_cosine_similarity


@wrong("matched_cosine_similarity")
def best_sum_of_all_matchings(W, W_dec):
    """Another fair rule, and not the one that was asked for."""
    similarity = cosine(W, W_dec)
    n, k = similarity.shape[-2:]
    flat = similarity.reshape(-1, n, k)
    result = flat.new_zeros(len(flat), n)
    few, many = min(n, k), max(n, k)
    for one, row in zip(flat, result, strict=True):
        table = one if n <= k else one.T
        choices = itertools.permutations(range(many), few)
        best = max(choices, key=lambda c: float(table[torch.arange(few), list(c)].sum()))
        for i, j in enumerate(best):
            if n <= k:
                row[i] = table[i, j]
            else:
                row[j] = table[i, j]
    return result.reshape(similarity.shape[:-1])


@wrong("matched_cosine_similarity")
def latents_choose(W, W_dec):
    similarity = cosine(W, W_dec)
    matched = torch.zeros_like(similarity[..., 0])
    for k in range(min(similarity.shape[-2:])):
        best, feature = similarity[..., k].max(-1)
        chosen = F.one_hot(feature, similarity.shape[-2]).bool()
        matched = torch.where(chosen, best.unsqueeze(-1), matched)
        similarity = similarity.masked_fill(chosen.unsqueeze(-1), -torch.inf)
    return matched


@wrong("matched_cosine_similarity")
def feature_by_number(W, W_dec):
    similarity = cosine(W, W_dec)
    n = min(similarity.shape[-2:])
    matched = torch.zeros_like(similarity[..., 0])
    matched[..., :n] = similarity.diagonal(dim1=-2, dim2=-1)
    return matched


@wrong("matched_cosine_similarity")
def sorted_values(W, W_dec):
    return tms_lib.matched_cosine_similarity(W, W_dec).sort(-1, descending=True).values


@wrong("matched_cosine_similarity")
def never_negative(W, W_dec):
    return tms_lib.matched_cosine_similarity(W, W_dec).relu()


@wrong("matched_cosine_similarity")
def mean_over_the_features(W, W_dec):
    return tms_lib.matched_cosine_similarity(W, W_dec).mean(-1)


@wrong("matched_cosine_similarity")
def nan_for_the_left_over(W, W_dec):
    matched = tms_lib.matched_cosine_similarity(W, W_dec)
    return matched.masked_fill(matched == 0, torch.nan)


@wrong("matched_cosine_similarity")
def one_round_too_few(W, W_dec):
    similarity = cosine(W, W_dec)
    n, k = similarity.shape[-2:]
    matched = torch.zeros_like(similarity[..., 0])
    for _ in range(min(n, k) - 1):
        best, place = similarity.flatten(-2).max(-1)
        feature = F.one_hot(place // k, n).bool()
        latent = F.one_hot(place % k, k).bool()
        matched = torch.where(feature, best.unsqueeze(-1), matched)
        taken = feature.unsqueeze(-1) | latent.unsqueeze(-2)
        similarity = similarity.masked_fill(taken, -torch.inf)
    return matched


@wrong("matched_cosine_similarity")
def divides_by_the_wrong_axis(W, W_dec):
    similarity = cosine(W, W_dec)
    n, k = similarity.shape[-2:]
    matched = torch.zeros_like(similarity[..., 0])
    for _ in range(min(n, k)):
        best, place = similarity.flatten(-2).max(-1)
        feature = F.one_hot((place // n).clamp(max=n - 1), n).bool()
        latent = F.one_hot((place % n).clamp(max=k - 1), k).bool()
        matched = torch.where(feature, best.unsqueeze(-1), matched)
        taken = feature.unsqueeze(-1) | latent.unsqueeze(-2)
        similarity = similarity.masked_fill(taken, -torch.inf)
    return matched


@wrong("matched_cosine_similarity")
def one_matching_for_all_instances(W, W_dec):
    similarity = cosine(W, W_dec)
    n, k = similarity.shape[-2:]
    shared = similarity.reshape(-1, n, k).mean(0)
    matched = torch.zeros_like(similarity[..., 0])
    for _ in range(min(n, k)):
        i, j = divmod(int(shared.argmax()), k)
        matched[..., i] = similarity[..., i, j]
        shared[i], shared[:, j] = -torch.inf, -torch.inf
    return matched


@wrong("matched_cosine_similarity")
def crossed_out_with_minus_one(W, W_dec):
    similarity = cosine(W, W_dec)
    n, k = similarity.shape[-2:]
    matched = torch.zeros_like(similarity[..., 0])
    for _ in range(min(n, k)):
        best, place = similarity.flatten(-2).max(-1)
        feature = F.one_hot(place // k, n).bool()
        latent = F.one_hot(place % k, k).bool()
        matched = torch.where(feature, best.unsqueeze(-1), matched)
        similarity = similarity.masked_fill(feature.unsqueeze(-1) | latent.unsqueeze(-2), -1.0)
    return matched


@wrong("matched_cosine_similarity")
def best_feature_chooses_first(W, W_dec):
    """By each feature's largest cosine of all, whether or not that latent is still free."""
    similarity = cosine(W, W_dec)
    n, k = similarity.shape[-2:]
    flat = similarity.reshape(-1, n, k).clone()
    result = flat.new_zeros(len(flat), n)
    for table, row in zip(flat, result, strict=True):
        for i in table.amax(-1).argsort(descending=True).tolist()[:k]:
            row[i], latent = table[i].max(-1)
            table[:, latent] = -torch.inf
    return result.reshape(similarity.shape[:-1])


# --------------------------------------------------------------------------------- dead_latents


@wrong("dead_latents")
def as_integers(latents):
    return (latents == 0).all(-2).int()


@wrong("dead_latents")
def silent_on_most(latents):
    return (latents == 0).float().mean(-2) > 0.9


@wrong("dead_latents")
def silent_on_the_first(latents):
    return latents[..., 0, :] == 0


@wrong("dead_latents")
def below_the_mean(latents):
    return latents.mean(-2) < 0.01


@wrong("dead_latents")
def keeps_the_batch_axis(latents):
    return (latents == 0).all(-2, keepdim=True)


@wrong("dead_latents")
def rounded_to_zero(latents):
    return (latents.round(decimals=4) == 0).all(-2)


@wrong("dead_latents")
def names_of_the_dead(latents):
    return (latents == 0).all(-2).nonzero()


@wrong("dead_latents")
def dead_anywhere(latents):
    dead = (latents == 0).all(-2)
    return dead.any(0).expand_as(dead) if dead.ndim > 1 else dead


@wrong("dead_latents")
def close_to_zero(latents):
    return torch.isclose(latents, torch.zeros_like(latents)).all(-2)


# ----------------------------------------------------------------------------- resample_latents


def resampled(h, old, generator, *, dead=None, spoil=lambda parts, dead: parts):
    """A right answer, and what `spoil` makes of it."""
    if dead is None:
        f = tms_lib.sparse_encode(h, W_enc=old["W_enc"], b_enc=old["b_enc"], b_dec=old["b_dec"])
        dead = tms_lib.dead_latents(f)
    f = tms_lib.sparse_encode(h, W_enc=old["W_enc"], b_enc=old["b_enc"], b_dec=old["b_dec"])
    h_hat = tms_lib.sparse_decode(f, W_dec=old["W_dec"], b_dec=old["b_dec"])
    odds = ((h - h_hat) ** 2).sum(-1) ** 2 + 1e-38
    chosen = torch.multinomial(odds, dead.shape[-1], generator=generator)
    chosen = chosen.gather(-1, (dead.cumsum(-1) - 1).clamp(min=0))
    toward = h.take_along_dim(chosen.unsqueeze(-1), dim=-2) - old["b_dec"].unsqueeze(-2)
    toward = F.normalize(toward, dim=-1)
    length = old["W_enc"].norm(dim=-1)
    n_living = (~dead).sum(-1)
    mean = torch.where(n_living > 0, (length * ~dead).sum(-1) / n_living, 1.0)
    parts = (
        torch.where(dead.unsqueeze(-1), 0.2 * mean[:, None, None] * toward, old["W_enc"]),
        old["b_enc"].masked_fill(dead, 0.0),
        torch.where(dead.unsqueeze(-2), toward.mT, old["W_dec"]),
    )
    return spoil(parts, dead)


@wrong("resample_latents")
def leaves_the_encoder(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}
    return resampled(h, old, generator, spoil=lambda p, dead: (W_enc, *p[1:]))


@wrong("resample_latents")
def leaves_the_decoder(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}
    return resampled(h, old, generator, spoil=lambda p, dead: (*p[:2], W_dec))


@wrong("resample_latents")
def normalises_the_living_too(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}
    return resampled(h, old, generator, spoil=lambda p, dead: (*p[:2], F.normalize(p[2], dim=-2)))


@wrong("resample_latents")
def clears_every_bias(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}
    return resampled(h, old, generator, spoil=lambda p, dead: (p[0], 0 * b_enc, p[2]))


@wrong("resample_latents")
def points_away(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}

    def spoil(parts, dead):
        turned = torch.where(dead.unsqueeze(-2), -parts[2], parts[2])
        return parts[0], parts[1], turned

    return resampled(h, old, generator, spoil=spoil)


@wrong("resample_latents")
def one_length_for_all_instances(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}

    def spoil(parts, dead):
        length = parts[0].norm(dim=-1)[dead].mean() if dead.any() else 1.0
        rows = torch.where(dead.unsqueeze(-1), length * F.normalize(parts[0], dim=-1), W_enc)
        return rows, parts[1], parts[2]

    return resampled(h, old, generator, spoil=spoil)


@wrong("resample_latents")
def random_directions(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}

    def spoil(parts, dead):
        anew = F.normalize(torch.randn(W_dec.shape, generator=generator), dim=-2)
        columns = torch.where(dead.unsqueeze(-2), anew, W_dec)
        return torch.where(dead.unsqueeze(-1), 0.2 * anew.mT, W_enc), parts[1], columns

    return resampled(h, old, generator, spoil=spoil)


@wrong("resample_latents")
def into_the_arguments(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}
    new = resampled(h, old, generator)
    for before, after in zip((W_enc, b_enc, W_dec), new, strict=True):
        before.copy_(after)
    return W_enc, b_enc, W_dec


@wrong("resample_latents")
def weak_latents_too(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}
    latents = tms_lib.sparse_encode(h, W_enc=W_enc, b_enc=b_enc, b_dec=b_dec)
    return resampled(h, old, generator, dead=latents.mean(-2) < 0.3)


@wrong("resample_latents")
def dead_in_all_instances(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}
    latents = tms_lib.sparse_encode(h, W_enc=W_enc, b_enc=b_enc, b_dec=b_dec)
    dead = tms_lib.dead_latents(latents)
    return resampled(h, old, generator, dead=dead.all(0).expand_as(dead))


@wrong("resample_latents")
def median_length(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}

    def spoil(parts, dead):
        length = W_enc.norm(dim=-1).masked_fill(dead, torch.nan).nanmedian(-1).values
        length = length.nan_to_num(1.0)[:, None, None]
        anew = 0.2 * length * F.normalize(parts[0], dim=-1)
        return torch.where(dead.unsqueeze(-1), anew, W_enc), parts[1], parts[2]

    return resampled(h, old, generator, spoil=spoil)


@wrong("resample_latents")
def length_of_the_decoder(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}

    def spoil(parts, dead):
        length = (W_dec.norm(dim=-2) * ~dead).sum(-1) / (~dead).sum(-1).clamp(min=1)
        anew = 0.2 * length[:, None, None] * F.normalize(parts[0], dim=-1)
        return torch.where(dead.unsqueeze(-1), anew, W_enc), parts[1], parts[2]

    return resampled(h, old, generator, spoil=spoil)


# ----------------------------------------------------------------------------- learn_directions


def learned(
    h,
    *,
    n_latents,
    l1,
    n_steps,
    batch_size,
    lr,
    generator,
    spoil=lambda ae: None,
    start=None,
    rows_of=None,
    revives_on_a_batch=False,
):
    """A right answer but for the settings after `generator`; `spoil` is applied after every step.

    `start` has the directions before they are normalised, `rows_of(step)` a step's rows.
    """
    autoencoder = tms_lib.SparseAutoencoder(
        n_instances=len(h), n_hidden=h.shape[-1], n_latents=n_latents, generator=generator
    )
    if start is not None:
        autoencoder.W_dec.data = F.normalize(start, dim=-2)
        autoencoder.W_enc.data = autoencoder.W_dec.detach().mT.clone()
    optimizer = torch.optim.Adam(autoencoder.parameters(), lr=lr)
    batch = h
    for step in range(n_steps):
        if step == n_steps // 2:
            revived = batch if revives_on_a_batch and batch.shape[1] >= n_latents else h
            tms_lib.resample_dead_latents(autoencoder, revived, generator=generator)
            optimizer = torch.optim.Adam(autoencoder.parameters(), lr=lr)
        optimizer.param_groups[0]["lr"] = lr * min(1, 2 - 2 * step / n_steps)
        rows = torch.randint(h.shape[1], (batch_size,), generator=generator)
        batch = h[:, rows if rows_of is None else rows_of(step)]
        latents = autoencoder.encode(batch)
        h_hat = autoencoder.decode(latents)
        optimizer.zero_grad()
        tms_lib.sparse_loss(batch, h_hat, latents=latents, l1=l1).mean(-1).sum().backward()
        optimizer.step()
        with torch.no_grad():
            spoil(autoencoder)
    return tuple(getattr(autoencoder, n).detach() for n in ("W_enc", "b_enc", "W_dec", "b_dec"))


@wrong("learn_directions")
def all_rows_in_every_step(h, **known):
    return learned(h, **known, rows_of=lambda _: torch.arange(h.shape[1]))


@wrong("learn_directions")
def rows_in_their_order(h, **known):
    size = known["batch_size"]
    return learned(h, **known, rows_of=lambda n: (n * size + torch.arange(size)) % h.shape[1])


@wrong("learn_directions")
def directions_from_positive_numbers(h, **known):
    shape = (len(h), h.shape[-1], known["n_latents"])
    return learned(h, **known, start=torch.rand(shape, generator=known["generator"]))


@wrong("learn_directions")
def directions_from_a_cube(h, **known):
    shape = (len(h), h.shape[-1], known["n_latents"])
    return learned(h, **known, start=torch.rand(shape, generator=known["generator"]) - 0.5)


@wrong("learn_directions")
def revives_what_is_dead_on_a_batch(h, **known):
    return learned(h, **known, revives_on_a_batch=True)


@wrong("learn_directions")
def does_not_train(h, *, n_latents, l1, n_steps, batch_size, lr, generator):
    return learned(
        h, n_latents=n_latents, l1=l1, n_steps=0, batch_size=batch_size, lr=lr, generator=generator
    )


@wrong("learn_directions")
def a_tenth_of_the_steps(h, *, n_latents, l1, n_steps, batch_size, lr, generator):
    given = {"batch_size": batch_size, "lr": lr, "generator": generator}
    return learned(h, n_latents=n_latents, l1=l1, n_steps=max(2, n_steps // 10), **given)


@wrong("learn_directions")
def no_encoder_bias(h, *, n_latents, l1, n_steps, batch_size, lr, generator):
    given = {"n_steps": n_steps, "batch_size": batch_size, "lr": lr, "generator": generator}
    return learned(h, n_latents=n_latents, l1=l1, spoil=lambda ae: ae.b_enc.data.zero_(), **given)


@wrong("learn_directions")
def encoder_tied_to_the_decoder(h, *, n_latents, l1, n_steps, batch_size, lr, generator):
    given = {"n_steps": n_steps, "batch_size": batch_size, "lr": lr, "generator": generator}
    return learned(
        h,
        n_latents=n_latents,
        l1=l1,
        spoil=lambda ae: ae.W_enc.data.copy_(F.normalize(ae.W_dec, dim=-2).mT),
        **given,
    )


@wrong("learn_directions")
def a_price_of_its_own(h, *, n_latents, l1, n_steps, batch_size, lr, generator):
    given = {"n_steps": n_steps, "batch_size": batch_size, "lr": lr, "generator": generator}
    return learned(h, n_latents=n_latents, l1=l1 / 4, **given)


@wrong("learn_directions")
def features_of_the_largest_inputs(h, *, n_latents, l1, n_steps, batch_size, lr, generator):
    """No training: the directions of the longest rows."""
    longest = h.norm(dim=-1).topk(n_latents, dim=1).indices.unsqueeze(-1)
    rows = F.normalize(h.take_along_dim(longest, dim=1), dim=-1)
    return rows, rows.new_zeros(rows.shape[:2]), rows.mT, rows.new_zeros(len(h), h.shape[-1])


@wrong("learn_directions")
def seeds_itself(h, *, n_latents, l1, n_steps, batch_size, lr, generator):
    own = torch.Generator().manual_seed(0)
    given = {"n_steps": n_steps, "batch_size": batch_size, "lr": lr, "generator": own}
    return learned(h, n_latents=n_latents, l1=l1, **given)


@wrong("learn_directions")
def still_in_the_graph(h, *, n_latents, l1, n_steps, batch_size, lr, generator):
    given = {"n_steps": n_steps, "batch_size": batch_size, "lr": lr, "generator": generator}
    parts = learned(h, n_latents=n_latents, l1=l1, **given)
    return tuple(part.clone().requires_grad_() for part in parts)


def with_a_schedule(h, known, *, lr_at, resets=True):
    """A right answer but for the learning rate, and for an Adam that may be kept."""
    n_steps, lr, generator = known["n_steps"], known["lr"], known["generator"]
    autoencoder = tms_lib.SparseAutoencoder(
        n_instances=len(h),
        n_hidden=h.shape[-1],
        n_latents=known["n_latents"],
        generator=generator,
    )
    optimizer = torch.optim.Adam(autoencoder.parameters(), lr=lr)
    for step in range(n_steps):
        if step == n_steps // 2:
            tms_lib.resample_dead_latents(autoencoder, h, generator=generator)
            if resets:
                optimizer = torch.optim.Adam(autoencoder.parameters(), lr=lr)
        optimizer.param_groups[0]["lr"] = lr * lr_at(step / n_steps)
        batch = h[:, torch.randint(h.shape[1], (known["batch_size"],), generator=generator)]
        latents = autoencoder.encode(batch)
        loss = tms_lib.sparse_loss(
            batch, autoencoder.decode(latents), latents=latents, l1=known["l1"]
        )
        optimizer.zero_grad()
        loss.mean(-1).sum().backward()
        optimizer.step()
    return tuple(getattr(autoencoder, n).detach() for n in ("W_enc", "b_enc", "W_dec", "b_dec"))


@wrong("learn_directions")
def cosine_from_the_first_step(h, **known):
    return with_a_schedule(h, known, lr_at=lambda t: (1 + math.cos(math.pi * t)) / 2)


@wrong("learn_directions")
def a_tenth_of_lr_after_half_way(h, **known):
    return with_a_schedule(h, known, lr_at=lambda t: 1.0 if t < 0.5 else 0.1)


@wrong("learn_directions")
def half_of_lr_after_half_way_and_old_adam(h, **known):
    return with_a_schedule(h, known, lr_at=lambda t: 1.0 if t < 0.5 else 0.5, resets=False)


@wrong("learn_directions")
def b_dec_is_the_mean(h, *, n_latents, l1, n_steps, batch_size, lr, generator):
    """Neither started at 0 nor learned."""
    given = {"n_steps": n_steps, "batch_size": batch_size, "lr": lr, "generator": generator}
    mean = h.mean(1)
    return learned(h, n_latents=n_latents, l1=l1, spoil=lambda ae: ae.b_dec.copy_(mean), **given)
