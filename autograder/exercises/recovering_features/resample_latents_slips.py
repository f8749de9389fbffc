"""Wrong answers to `resample_latents`, and the sentences that explain them."""

import torch
import torch.nn.functional as F
from torch import Tensor

import tms_lib
from autograder.exercise import Slip


def _fourth_power(error: Tensor) -> Tensor:
    return error**2


def _resampled(
    h,
    *,
    W_enc,
    b_enc,
    W_dec,
    b_dec,
    generator,
    odds=_fourth_power,
    dead=None,
    again=False,
    leftovers=False,
    centred=True,
    unit=True,
    length=None,
    keeps_bias=False,
    toward_error=False,
    entries=False,
):
    """A right answer, unless one of the settings after `generator` says otherwise."""
    latents = tms_lib.sparse_encode(h, W_enc=W_enc, b_enc=b_enc, b_dec=b_dec)
    if dead is None:
        dead = (latents == 0).all(-2)
    left = h - tms_lib.sparse_decode(latents, W_dec=W_dec, b_dec=b_dec)
    p = ((left**4).sum(-1) if entries else odds((left**2).sum(-1))) + 1e-38
    chosen = torch.multinomial(p, W_enc.shape[-2], replacement=again, generator=generator)
    if not leftovers:
        chosen = chosen.gather(-1, (dead.cumsum(-1) - 1).clamp(min=0))
    start = h.take_along_dim(chosen.unsqueeze(-1), dim=-2)
    if toward_error:
        start = left.take_along_dim(chosen.unsqueeze(-1), dim=-2)
    elif centred:
        start = start - b_dec.unsqueeze(-2)
    if length is None:
        n_living = (~dead).sum(-1)
        total = (W_enc.norm(dim=-1) * ~dead).sum(-1)
        length = 0.2 * torch.where(n_living > 0, total / n_living, 1.0)[:, None, None]
    column = F.normalize(start, dim=-1) if unit else start
    return (
        torch.where(dead.unsqueeze(-1), length * F.normalize(start, dim=-1), W_enc),
        b_enc if keeps_bias else b_enc.masked_fill(dead, 0.0),
        torch.where(dead.unsqueeze(-2), column.mT, W_dec),
    )


def _everything_anew(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}
    return _resampled(h, **old, generator=generator, dead=torch.ones_like(b_enc).bool())


def _any_input(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}
    return _resampled(h, **old, generator=generator, odds=torch.ones_like)


def _squared_once(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}
    return _resampled(h, **old, generator=generator, odds=lambda error: error)


def _by_length(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    def length(_error):
        return ((h - b_dec.unsqueeze(-2)) ** 2).sum(-1) ** 2

    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}
    return _resampled(h, **old, generator=generator, odds=length)


def _always_the_worst(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}

    def only_the_worst(error):
        rank = error.argsort(-1).argsort(-1).to(error.dtype)
        return torch.exp(20 * (rank - rank.amax(-1, keepdim=True)))

    return _resampled(h, **old, generator=generator, odds=only_the_worst)


def _twice_the_same(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}
    return _resampled(h, **old, generator=generator, again=True)


def _leftovers(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}
    return _resampled(h, **old, generator=generator, leftovers=True)


def _not_centred(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}
    return _resampled(h, **old, generator=generator, centred=False)


def _long_columns(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}
    return _resampled(h, **old, generator=generator, unit=False)


def _unit_encoder_rows(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}
    return _resampled(h, **old, generator=generator, length=1.0)


def _a_fifth_of_one(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}
    return _resampled(h, **old, generator=generator, length=0.2)


def _a_fifth_of_all(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}
    length = 0.2 * W_enc.norm(dim=-1).mean(-1)[:, None, None]
    return _resampled(h, **old, generator=generator, length=length)


def _not_a_number_without_the_living(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}
    latents = tms_lib.sparse_encode(h, W_enc=W_enc, b_enc=b_enc, b_dec=b_dec)
    living = (latents > 0).any(-2)
    mean = (W_enc.norm(dim=-1) * living).sum(-1) / living.sum(-1)
    return _resampled(h, **old, generator=generator, length=0.2 * mean[:, None, None])


def _old_biases(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}
    return _resampled(h, **old, generator=generator, keeps_bias=True)


def _fourth_power_of_each_entry(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}
    return _resampled(h, **old, generator=generator, entries=True)


def _toward_the_error(h, *, W_enc, b_enc, W_dec, b_dec, generator):
    old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}
    return _resampled(h, **old, generator=generator, toward_error=True)


SLIPS = (
    Slip(
        answer=_everything_anew,
        says="You gave every latent a new start. Those that some input activates stay as they are.",
    ),
    Slip(
        answer=_any_input,
        says="You drew all inputs with the same probability. A badly reconstructed one should be "
        "likelier.",
    ),
    Slip(
        answer=_squared_once,
        says="You drew in proportion to the squared error. Square it once more: the probability is "
        "proportional to the fourth power of the distance.",
    ),
    Slip(
        answer=_fourth_power_of_each_entry,
        says="You took the fourth power of each entry and added up. Add up the squares first, and "
        "square the sum.",
    ),
    Slip(
        answer=_by_length,
        says="You drew by the length of h - b_dec. What counts is the error that is left after the "
        "living latents have done their part.",
    ),
    Slip(
        answer=_always_the_worst,
        says="You took the worst inputs. Draw at random: one outlier would otherwise get a latent "
        "at every resampling.",
    ),
    Slip(
        answer=_twice_the_same,
        says="You drew with replacement, so two dead latents can start at the same input and stay "
        "copies of each other.",
    ),
    Slip(
        answer=_leftovers,
        says="You drew an input for every latent, and the living ones use up the likeliest. Draw "
        "only as many as there are dead latents, or give those the first draws.",
    ),
    Slip(
        answer=_not_centred,
        says="Your new directions point from 0 to the input. They start at b_dec: h - b_dec.",
    ),
    Slip(
        answer=_toward_the_error,
        says="Your new directions point from h' to h, along the error. They point from b_dec to "
        "the drawn input.",
    ),
    Slip(
        answer=_long_columns,
        says="Your new columns of W_dec do not have length 1. Divide h - b_dec by its length.",
    ),
    Slip(
        answer=_unit_encoder_rows,
        says="Your new encoder rows have length 1. They are shorter: 0.2 times the mean length of "
        "the living ones.",
    ),
    Slip(
        answer=_a_fifth_of_one,
        says="Your new encoder rows all have length 0.2. It is 0.2 times the mean length of the "
        "living rows of the same instance.",
    ),
    Slip(
        answer=_a_fifth_of_all,
        says="You averaged the lengths of all encoder rows. Only the living ones count: what a "
        "dead latent has left says nothing.",
    ),
    Slip(
        answer=_not_a_number_without_the_living,
        says="You averaged over no row at all, and 0 / 0 is NaN. If no latent lives, the new rows "
        "have length 0.2.",
    ),
    Slip(
        answer=_old_biases,
        says="You left the dead latents' biases as they were. They become 0, or the latents may "
        "stay dead.",
    ),
)
