"""Unusual right answers to the exercises of chapter 8."""

import math

import einops
import torch

import tms_lib
from answers.filing import right

# ---------------------------------------------------------------------------- sample_correlated


@right("sample_correlated")
def row_by_row_of_sets(probability, n_samples, *, set_size, generator):
    p = probability.unsqueeze(-2).expand(*probability.shape[:-1], n_samples, -1)
    shape = (*p.shape, set_size)
    x = torch.empty(shape, dtype=p.dtype).uniform_(generator=generator)
    absent = torch.empty(p.shape).uniform_(generator=generator) >= p
    x[absent] = 0.0
    return einops.rearrange(x, "... sets k -> ... (sets k)")


@right("sample_correlated")
def presence_from_the_independent_sampler(probability, n_samples, *, set_size, generator):
    present = tms_lib.sample_features(probability, n_samples, generator=generator) > 0
    ones = torch.ones_like(probability).repeat_interleave(set_size, -1)
    value = tms_lib.sample_features(ones, n_samples, generator=generator)
    return value * torch.repeat_interleave(present, set_size, -1)


@right("sample_correlated")
def values_first(probability, n_samples, set_size, generator):
    n_sets = probability.shape[-1]
    value = torch.rand(
        *probability.shape[:-1], n_samples, n_sets * set_size, generator=generator
    ).to(probability.dtype)
    u = torch.rand(*probability.shape[:-1], n_samples, n_sets, generator=generator)
    index = torch.arange(n_sets * set_size) // set_size
    return torch.where((u < probability[..., None, :])[..., index], value, 0.0)


# ------------------------------------------------------------------------- sample_anticorrelated


@right("sample_anticorrelated")
def scattered(probability, n_samples, *, set_size, probability_of, generator):
    p = probability * (set_size if probability_of == "feature" else 1)
    shape = (*p.shape[:-1], n_samples, p.shape[-1])
    value = torch.rand(shape, generator=generator, dtype=p.dtype)
    value = value.masked_fill(torch.rand(shape, generator=generator) >= p[..., None, :], 0)
    member = torch.randint(0, set_size, (*shape, 1), generator=generator)
    x = torch.zeros(*shape, set_size, dtype=p.dtype).scatter(-1, member, value[..., None])
    return x.reshape(*shape[:-1], -1)


@right("sample_anticorrelated")
def one_number_for_presence_and_member(
    probability, n_samples, *, set_size, probability_of, generator
):
    p = probability if probability_of == "set" else set_size * probability
    u = torch.rand(*p.shape[:-1], n_samples, p.shape[-1], generator=generator, dtype=torch.float64)
    p = p.double().unsqueeze(-2)
    place = torch.where(u < p, torch.floor(set_size * u / p.clamp(min=1e-12)), -1)
    chosen = torch.nn.functional.one_hot(place.long().clamp(max=set_size - 1) + 1, set_size + 1)
    value = torch.rand(*u.shape, set_size, generator=generator, dtype=torch.float64)
    return (chosen[..., 1:] * value).flatten(-2).to(probability.dtype)


@right("sample_anticorrelated")
def shuffled_within_each_set(probability, n_samples, *, set_size, probability_of, generator):
    p = {"set": probability, "feature": probability * set_size}[probability_of]
    first = tms_lib.sample_features(p.clamp(max=1), n_samples, generator=generator)
    sets = torch.zeros(*first.shape, set_size, dtype=first.dtype)
    sets[..., 0] = first
    order = torch.rand(sets.shape, generator=generator).argsort(-1)
    return torch.take_along_dim(sets, order, dim=-1).flatten(-2)


@right("sample_anticorrelated")
def one_number_for_all_three(probability, n_samples, *, set_size, probability_of, generator):
    """Where it lies below p: what is left after the member is uniform again."""
    p = probability * set_size if probability_of == "feature" else probability
    *instances, n_sets = p.shape
    u = torch.rand(*instances, n_samples, n_sets, generator=generator, dtype=torch.float64)
    scaled = u * torch.where(p > 0, set_size / p, torch.inf).double().unsqueeze(-2)
    member = scaled.floor()
    chosen = member.unsqueeze(-1) == torch.arange(set_size)
    value = (scaled - member).to(p.dtype).unsqueeze(-1)
    return torch.where(chosen, value, 0.0).flatten(-2)


@right("sample_anticorrelated")
def multinomial_with_a_member_for_nobody(
    probability, n_samples, *, set_size, probability_of, generator
):
    p = probability * (set_size if probability_of == "feature" else 1)
    each = (p / set_size).unsqueeze(-1).expand(*p.shape, set_size)
    weights = torch.cat([(1 - p).clamp(min=0).unsqueeze(-1), each], dim=-1)
    member = torch.multinomial(
        weights.reshape(-1, set_size + 1), n_samples, replacement=True, generator=generator
    )
    chosen = torch.nn.functional.one_hot(member.reshape(*p.shape, n_samples), set_size + 1)
    chosen = chosen[..., 1:].transpose(-3, -2)
    value = torch.rand(chosen.shape, generator=generator, dtype=p.dtype)
    return (chosen * value).flatten(-2)


# ----------------------------------------------------------------------------------- pair_losses


@right("pair_losses")
def sorted_into_cases(feature_probability, both_probability):
    alone = 2 * (feature_probability - both_probability)
    antipodal = both_probability * (2 / 6)
    side_by_side = alone * 2 * (1 / 3) / 4 + both_probability * 2 * (1 / 6) / 4
    mean = feature_probability / 2
    return antipodal, side_by_side, feature_probability / 3 - mean * mean


@right("pair_losses")
def as_a_list(feature_probability, both_probability):
    q, r = feature_probability, both_probability
    return [torch.div(r, 3), (4 * q - 3 * r) / 12, q * (4 - 3 * q) / 12]


@right("pair_losses")
def from_one_matrix(feature_probability, both_probability):
    q, r = feature_probability, both_probability
    moments = torch.stack([q, r, q * q], dim=-1)
    weights = torch.tensor([[0, 4, 0], [4, -3, 0], [4, 0, -3]], dtype=q.dtype, device=q.device)
    return tuple((moments @ weights.T / 12).unbind(-1))


# --------------------------------------------------------------------------- cosines_within_sets


@right("cosines_within_sets")
def combinations(W, *, set_size):
    pairs = torch.combinations(torch.arange(set_size, device=W.device))
    first, second = pairs.T
    start = torch.arange(0, W.shape[-1], set_size, device=W.device).unsqueeze(-1)
    W_hat = torch.nn.functional.normalize(W, dim=-2)
    return torch.einsum(
        "...hsp,...hsp->...sp", W_hat[..., start + first], W_hat[..., start + second]
    )


@right("cosines_within_sets")
def library_cosine_similarity(W, *, set_size):
    columns = W.mT.unflatten(-2, (-1, set_size))
    unit = columns / torch.where(
        (columns == 0).all(-1, keepdim=True), 1, columns.norm(dim=-1, keepdim=True)
    )
    every = unit @ unit.mT
    upper = torch.ones(set_size, set_size, dtype=torch.bool, device=W.device).triu(1)
    return every[..., upper]


# ------------------------------------------------------------------------------- canonicalize_2d


@right("canonicalize_2d")
def by_angles(W):
    x, y = W[..., 0, :], W[..., 1, :]
    radius, angle = torch.hypot(x, y), torch.atan2(y, x)
    longest = radius.amax(-1, keepdim=True)
    first = torch.argmax((2 * radius >= longest).to(torch.int64), -1, keepdim=True)
    angle = angle - angle.gather(-1, first)
    x, y = radius * torch.cos(angle), radius * torch.sin(angle)
    decides = 10 * y.abs() > longest
    sign = torch.sign(y.gather(-1, torch.argmax(decides.to(torch.int64), -1, keepdim=True)))
    sign = torch.where(decides.any(-1, keepdim=True), sign, 1.0)
    return torch.stack([x, y * sign], -2)


@right("canonicalize_2d")
def model_by_model(W):
    flat = W.reshape(-1, *W.shape[-2:])
    forms = []
    for weights in flat:
        norms = weights.norm(dim=0)
        top = norms.max()
        first = next(i for i in range(len(norms)) if norms[i] >= top / 2)
        c, s = weights[:, first] / torch.where(norms[first] > 0, norms[first], 1)
        form = torch.stack([torch.stack([c, s]), torch.stack([-s, c])]) @ weights
        for y in form[1]:
            if abs(y) > top / 10:
                form = form * torch.stack([torch.ones_like(y), torch.sign(y)])[:, None]
                break
        forms.append(form)
    return torch.stack(forms).reshape(W.shape)


@right("canonicalize_2d")
def rotation_matrices(W):
    norm = W.norm(dim=-2)
    largest = norm.amax(-1, keepdim=True)
    first = (norm >= largest / 2).int().argmax(-1, keepdim=True)
    x, y = torch.take_along_dim(W, first.unsqueeze(-2), dim=-1).unbind(-2)
    angle = torch.atan2(y, x)
    rows = [torch.cat([angle.cos(), angle.sin()], -1), torch.cat([-angle.sin(), angle.cos()], -1)]
    turned = torch.stack(rows, -2) @ W
    side = turned[..., 1, :].sign() * (turned[..., 1, :].abs() > largest / 10)
    decides = side.abs().argmax(-1, keepdim=True)
    sign = torch.where(side.gather(-1, decides) < 0, -1.0, 1.0).to(W)
    return torch.stack([turned[..., 0, :], sign * turned[..., 1, :]], -2)


# ------------------------------------------------------------------------------- principal_share


@right("principal_share")
def from_the_gram_matrix(W, *, set_size):
    G = tms_lib.gram(W).unflatten(-1, (-1, set_size)).unflatten(-3, (-1, set_size))
    blocks = torch.diagonal(G, dim1=-4, dim2=-2)  # *instances member member sets
    trace = torch.diagonal(blocks, dim1=-3, dim2=-2).sum(-1)
    return blocks.sum((-3, -2)) / (set_size * torch.where(trace == 0, 1, trace))


@right("principal_share")
def averaged(W, *, set_size):
    columns = einops.rearrange(W, "... h (s k) -> ... s k h", k=set_size)
    mean = columns.mean(-2).pow(2).sum(-1)
    squares = columns.pow(2).sum(-1).mean(-1)
    return mean / squares.where(squares > 0, 1)


@right("principal_share")
def set_by_set(W, *, set_size):
    shares = []
    for columns in W.split(set_size, dim=-1):
        u = torch.full((set_size,), 1 / math.sqrt(set_size), dtype=W.dtype, device=W.device)
        kept = (columns * columns).sum((-2, -1))
        shares.append(((columns @ u) ** 2).sum(-1) / torch.where(kept > 0, kept, 1.0))
    return torch.stack(shares, -1)


@right("principal_share")
def all_but_the_spread(W, *, set_size):
    sets = W.unflatten(-1, (-1, set_size))
    total = sets.square().sum((-3, -1))
    spread = (sets - sets.mean(-1, keepdim=True)).square().sum((-3, -1))
    return torch.where(total > 0, 1 - spread / total.where(total > 0, 1), 0)


# ----------------------------------------------------------------------------------------- relax


@right("relax")
def model_by_model_with_its_own_adam(W, b, *, feature_probability, importance, n_steps, lr):
    models = []
    for start_W, start_b, p in zip(W, b, feature_probability, strict=True):
        parts = [part.clone().requires_grad_() for part in (start_W, start_b)]
        optimizer = torch.optim.AdamW(parts, lr=lr, weight_decay=0.0)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
        known = {"feature_probability": p, "importance": importance}
        for _ in range(n_steps):
            optimizer.zero_grad()
            tms_lib.expected_relu_loss(*parts, **known).backward()
            optimizer.step()
            schedule.step()
        parts = [part.detach() for part in parts]
        models.append((*parts, tms_lib.expected_relu_loss(*parts, **known)))
    return tuple(torch.stack(part) for part in zip(*models, strict=True))


@right("relax")
def the_library_model(W, b, *, feature_probability, importance, n_steps, lr):
    shape = {"n_instances": W.shape[0], "n_hidden": W.shape[1], "n_features": W.shape[2]}
    model = tms_lib.ReLUOutputModel(**shape, generator=torch.Generator()).to(W.dtype)
    model.load_state_dict({"W": W, "b": b})
    generator = torch.Generator()

    def losses():
        return tms_lib.expected_relu_loss(
            model.W, model.b, feature_probability=feature_probability, importance=importance
        )

    config = tms_lib.TrainConfig(n_steps=n_steps, lr=lr, schedule="constant")
    tms_lib.minimise(model, losses, generator=generator, config=config)
    with torch.no_grad():
        return model.W.clone(), model.b.clone(), losses()
