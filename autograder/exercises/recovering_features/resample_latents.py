"""The exercise `resample_latents`: new starts for dead latents.

Where only one input is badly reconstructed, the draw has one outcome, and values are compared.
Elsewhere the frequencies are compared with the probabilities.
"""

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import (
    equals_reference,
    keeps_arguments,
    keeps_double,
    matches_theory,
    uses_generator,
)
from autograder.exercise import Draw, Exercise
from autograder.exercises.recovering_features.resample_latents_slips import SLIPS
from tms_lib import autoencoder

_N_REPEATS = 3000  # of a draw, to see how often each input is chosen


def _autoencoders(draw: Draw, *, n_living: int, distances: tuple[float, ...]) -> Call:
    """Three autoencoders with a dead latent for each distance, in an order of their own.

    Each living latent has an input that it reconstructs almost exactly. At each of the distances
    from what the first of them reconstructs there is one of which nothing else is reconstructed,
    so that it lies in another direction than its error. Of the drawn inputs, a wrong one has a
    probability below 1e-6: their errors are below 1e-4, and 0.09 or more.
    """
    n, n_dead = 3, len(distances)
    n_latents, hidden = n_living + n_dead, n_living + n_dead + 1
    directions = torch.linalg.qr(draw.normal(n, hidden, hidden)).Q.mT  # one in each row
    known = directions[:, :n_living]
    b_dec = 2 * draw.normal(n, hidden)
    # row a d and bias -(a - 1) v return v for v d, and nothing for what is orthogonal to d
    a = draw.uniform(n, n_living, 1, low=1.3, high=3.0)
    v = draw.uniform(n, n_living, 1, low=0.5, high=2.0)
    rows = torch.cat([a * known, draw.normal(n, n_dead, hidden)], dim=1)
    biases = torch.cat([-((a - 1) * v)[..., 0], draw.uniform(n, n_dead, low=-60, high=-50)], dim=1)
    lengths = draw.uniform(n, n_latents, 1, low=0.3, high=3.0)
    columns = lengths * torch.cat([known, draw.normal(n, n_dead, hidden)], dim=1)
    good = v * known + 1e-3 * draw.normal(n, n_living, hidden)
    far = torch.tensor(distances).unsqueeze(-1) * directions[:, n_living : n_living + n_dead]
    if n_living:
        far = far + good[:, :1]
    middle = 1e-3 * draw.normal(n, n_dead + 1, hidden)  # nothing to reconstruct
    h = torch.cat([good, far, middle], dim=1) + b_dec.unsqueeze(1)
    order = draw.uniform(n, n_latents, 1).argsort(1)
    place = draw.uniform(n, h.shape[1], 1).argsort(1)
    return call(
        h.take_along_dim(place, dim=1),
        W_enc=rows.take_along_dim(order, dim=1),
        b_enc=biases.take_along_dim(order[..., 0], dim=1),
        W_dec=columns.take_along_dim(order, dim=1).mT.contiguous(),
        b_dec=b_dec,
        generator=draw.generator(),
    )


def _one_dead(draw: Draw) -> Iterator[Call]:
    # so far off that it is the likeliest by its length, too: another check tells that apart
    yield _autoencoders(draw, n_living=3, distances=(6.0,))
    yield _autoencoders(draw, n_living=1, distances=(8.0,))


def _two_dead(draw: Draw) -> Iterator[Call]:
    # drawn twice, the nearer one would come up about once in ten thousand
    yield _autoencoders(draw, n_living=2, distances=(0.3, 3.0))


def _all_or_none(draw: Draw) -> Iterator[Call]:
    yield _autoencoders(draw, n_living=0, distances=(1.5,))
    yield _autoencoders(draw, n_living=0, distances=(0.3, 3.0))
    yield _autoencoders(draw, n_living=4, distances=())


def _one_instance(draw: Draw) -> Iterator[Call]:
    three = _autoencoders(draw, n_living=2, distances=(1.5,))
    yield three.map(lambda v: v[:1] if isinstance(v, Tensor) else v)


def _in_any_order(value: Any, call: Call) -> tuple[Tensor, ...]:
    """The parts, with the sum of the dead latents' rows and columns in the place of each."""
    W_enc, b_enc, W_dec = value
    known = {name: v for name, v in call.kwargs.items() if name in ("W_enc", "b_enc", "b_dec")}
    dead = autoencoder.dead_latents(autoencoder.sparse_encode(call.args[0], **known))
    rows, columns = dead.unsqueeze(-1), dead.unsqueeze(-2)
    all_rows = (W_enc * rows).sum(-2, keepdim=True)
    all_columns = (W_dec * columns).sum(-1, keepdim=True)
    return W_enc.where(~rows, all_rows), b_enc, W_dec.where(~columns, all_columns)


def _many_draws(draw: Draw) -> Iterator[Call]:
    """The same autoencoder many times: a dead latent, and one that knows the longest input."""
    h = torch.tensor([[4.0, 0.0, 0.0], [0.0, 0.7, 0.7], [0.0, 0.0, -1.2], [0.0, -1.4, 0.2]])
    h[1:] *= draw.uniform(3, 1, low=0.95, high=1.05)
    row = torch.tensor([[0.8, 0.0, 0.0], [0.0, 1.0, 0.0]])
    b_dec = torch.tensor([0.5, -1.0, 2.0])

    def many(values: Tensor) -> Tensor:
        return values.repeat(_N_REPEATS, *[1] * values.ndim)

    yield call(
        many(h + b_dec),
        W_enc=many(row),
        b_enc=many(torch.tensor([0.0, -50.0])),
        W_dec=many(torch.tensor([[2.0, 0.0], [0.0, 1.0], [0.0, 0.0]])),
        b_dec=many(b_dec),
        generator=draw.generator(),
    )


def _how_often(value: Any, call: Call) -> Tensor:
    """The share of the draws in which the new latent lies along each of the inputs."""
    seen = F.normalize(call.args[0] - call.kwargs["b_dec"].unsqueeze(-2), dim=-1)
    new = F.normalize(value[2][..., 1], dim=-1).unsqueeze(-1)
    return ((seen @ new)[..., 0] > 0.999).double().mean(0)


def _probability(call: Call) -> Tensor:
    known = {name: v[:1] for name, v in call.kwargs.items() if name != "generator"}
    encoder = {name: known[name] for name in ("W_enc", "b_enc", "b_dec")}
    decoder = {name: known[name] for name in ("W_dec", "b_dec")}
    h = call.args[0][:1]
    h_hat = autoencoder.sparse_decode(autoencoder.sparse_encode(h, **encoder), **decoder)
    odds = ((h - h_hat) ** 2).sum(-1)[0].double() ** 2
    return odds / odds.sum()


def _probability_tolerance(call: Call) -> Tensor:
    # five standard errors of a share: one of four is further off with a probability below 3e-6
    p = _probability(call)
    return 5 * (p * (1 - p) / _N_REPEATS).sqrt()


def _random_starts(draw: Draw) -> Iterator[Call]:
    yield call(
        draw.normal(3, 40, 4),
        W_enc=draw.normal(3, 5, 4),
        b_enc=torch.tensor([0.5, -60.0, -70.0, 0.0, -50.0]).repeat(3, 1),
        W_dec=draw.normal(3, 4, 5),
        b_dec=draw.normal(3, 4),
        generator=draw.generator(),
    )


def _one_latent_after_another(
    h: Tensor,
    *,
    W_enc: Tensor,
    b_enc: Tensor,
    W_dec: Tensor,
    b_dec: Tensor,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    new_rows, new_biases, new_columns = W_enc.clone(), b_enc.clone(), W_dec.clone()
    for s in range(len(h)):
        centred = h[s] - b_dec[s]
        latents = torch.relu(centred @ W_enc[s].T + b_enc[s])
        left = centred - latents @ F.normalize(W_dec[s], dim=0).T
        odds = left.norm(dim=1) ** 4
        dead = latents.sum(0) == 0
        living = W_enc[s][~dead].norm(dim=1)
        scale = 0.2 * living.mean() if len(living) else 0.2
        for k in dead.nonzero()[:, 0].tolist():
            row = int(torch.multinomial(odds, 1, generator=generator))
            odds[row] = 0
            direction = centred[row] / centred[row].norm()
            new_rows[s, k] = scale * direction
            new_biases[s, k] = 0
            new_columns[s, :, k] = direction
    return new_rows, new_biases, new_columns


EXERCISE = Exercise(
    reference=autoencoder.resample_latents,
    points=4,
    minutes=18,
    difficulty=4,
    checks=(
        equals_reference(
            "one dead latent, and one input that is reconstructed badly",
            _one_dead,
            measure=_in_any_order,
            weight=3,
        ),
        equals_reference(
            "two dead latents start at different inputs",
            _two_dead,
            measure=_in_any_order,
        ),
        equals_reference(
            "no living latents, or no dead ones",
            _all_or_none,
            measure=_in_any_order,
        ),
        equals_reference("one instance keeps its axis", _one_instance, measure=_in_any_order),
        matches_theory(
            "how often each of four inputs is drawn",
            _many_draws,
            measure=_how_often,
            expected=_probability,
            tolerance=_probability_tolerance,
            weight=2,
        ),
        uses_generator(_random_starts),
        keeps_arguments(_one_dead, measure=_in_any_order),
        keeps_double(_one_dead, measure=_in_any_order),
    ),
    slips=SLIPS,
    also_right=_one_latent_after_another,
)
