"""Wrong answers to `learn_directions`, and the sentences that explain them."""

import torch

import tms_lib
from autograder.exercise import Slip


def _learned(
    h,
    *,
    n_latents,
    l1,
    n_steps,
    batch_size,
    lr,
    generator,
    loss_of=tms_lib.sparse_loss,
    n_starts=None,
    resamples=True,
    tied=True,
    clears=True,
    draws=True,
    scale=1.0,
    rate=lambda progress: min(1, 2 * (1 - progress)),
    new_adam=True,
    centres=True,
):
    """A right answer, unless one of the settings after `generator` says otherwise."""
    n, n_rows, hidden = h.shape
    start = torch.randn(n_starts or n, hidden, n_latents, generator=generator).expand(n, -1, -1)
    other = torch.randn(n, n_latents, hidden, generator=generator)
    W_dec = scale * torch.nn.functional.normalize(start, dim=1)
    W_enc = W_dec.mT.clone() if tied else torch.nn.functional.normalize(other, dim=2)
    parts = [W_enc, torch.zeros(n, n_latents), W_dec.clone(), torch.zeros(n, hidden)]
    row, remembered = torch.arange(batch_size), None
    for first, last in ((0, n_steps // 2), (n_steps // 2, n_steps)):
        parts = [part.detach().requires_grad_() for part in parts]
        optimizer = torch.optim.Adam(parts, lr=lr)
        if remembered and not new_adam:
            optimizer.load_state_dict(remembered)
        for step in range(first, last):
            optimizer.param_groups[0]["lr"] = lr * rate(step / n_steps)
            if draws:
                row = torch.randint(n_rows, (batch_size,), generator=generator)
            batch = h[:, row]
            W_enc, b_enc, W_dec, b_dec = parts
            latents = tms_lib.sparse_encode(batch, W_enc=W_enc, b_enc=b_enc, b_dec=b_dec)
            h_hat = tms_lib.sparse_decode(latents, W_dec=W_dec, b_dec=b_dec)
            loss = loss_of(batch, h_hat, latents=latents, l1=l1)
            if clears:
                optimizer.zero_grad()
            loss.mean(-1).sum().backward()
            optimizer.step()
            if not centres:
                b_dec.data.zero_()
        remembered = optimizer.state_dict()
        parts = [part.detach() for part in parts]
        if first == 0 and resamples:
            W_enc, b_enc, W_dec, b_dec = parts
            old = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec}
            parts[:3] = tms_lib.resample_latents(h, **old, generator=generator)
    return tuple(parts)


def _pays_nothing(h, *, n_latents, l1, n_steps, batch_size, lr, generator):  # noqa: ARG001  (the slip)
    given = {"n_steps": n_steps, "batch_size": batch_size, "lr": lr, "generator": generator}
    return _learned(h, n_latents=n_latents, l1=0.0, **given)


def _always_the_same_price(h, *, n_latents, l1, n_steps, batch_size, lr, generator):  # noqa: ARG001  (the slip)
    given = {"n_steps": n_steps, "batch_size": batch_size, "lr": lr, "generator": generator}
    return _learned(h, n_latents=n_latents, l1=0.4, **given)


def _pays_for_the_mean(h, *, n_latents, l1, n_steps, batch_size, lr, generator):
    def loss_of(h, h_hat, *, latents, l1):
        return ((h - h_hat) ** 2).sum(-1) + l1 * latents.mean(-1)

    given = {"n_steps": n_steps, "batch_size": batch_size, "lr": lr, "generator": generator}
    return _learned(h, n_latents=n_latents, l1=l1, loss_of=loss_of, **given)


def _never_resamples(h, *, n_latents, l1, n_steps, batch_size, lr, generator):
    given = {"n_steps": n_steps, "batch_size": batch_size, "lr": lr, "generator": generator}
    return _learned(h, n_latents=n_latents, l1=l1, resamples=False, **given)


def _one_start_for_all(h, *, n_latents, l1, n_steps, batch_size, lr, generator):
    given = {"n_steps": n_steps, "batch_size": batch_size, "lr": lr, "generator": generator}
    return _learned(h, n_latents=n_latents, l1=l1, n_starts=1, **given)


def _two_random_starts(h, *, n_latents, l1, n_steps, batch_size, lr, generator):
    given = {"n_steps": n_steps, "batch_size": batch_size, "lr": lr, "generator": generator}
    return _learned(h, n_latents=n_latents, l1=l1, tied=False, **given)


def _long_start(h, *, n_latents, l1, n_steps, batch_size, lr, generator):
    given = {"n_steps": n_steps, "batch_size": batch_size, "lr": lr, "generator": generator}
    return _learned(h, n_latents=n_latents, l1=l1, scale=2.0, **given)


def _old_gradients(h, *, n_latents, l1, n_steps, batch_size, lr, generator):
    given = {"n_steps": n_steps, "batch_size": batch_size, "lr": lr, "generator": generator}
    return _learned(h, n_latents=n_latents, l1=l1, clears=False, **given)


def _first_rows_only(h, *, n_latents, l1, n_steps, batch_size, lr, generator):
    given = {"n_steps": n_steps, "batch_size": batch_size, "lr": lr, "generator": generator}
    return _learned(h, n_latents=n_latents, l1=l1, draws=False, **given)


def _decoder_first(h, *, n_latents, l1, n_steps, batch_size, lr, generator):
    given = {"n_steps": n_steps, "batch_size": batch_size, "lr": lr, "generator": generator}
    W_enc, b_enc, W_dec, b_dec = _learned(h, n_latents=n_latents, l1=l1, **given)
    return W_dec, b_dec, W_enc, b_enc


def _directions_only(h, *, n_latents, l1, n_steps, batch_size, lr, generator):
    given = {"n_steps": n_steps, "batch_size": batch_size, "lr": lr, "generator": generator}
    return _learned(h, n_latents=n_latents, l1=l1, **given)[2]


def _never_slower(h, *, n_latents, l1, n_steps, batch_size, lr, generator):
    given = {"n_steps": n_steps, "batch_size": batch_size, "lr": lr, "generator": generator}
    return _learned(h, n_latents=n_latents, l1=l1, rate=lambda _: 1, **given)


def _slower_from_the_start(h, *, n_latents, l1, n_steps, batch_size, lr, generator):
    given = {"n_steps": n_steps, "batch_size": batch_size, "lr": lr, "generator": generator}
    return _learned(h, n_latents=n_latents, l1=l1, rate=lambda progress: 1 - progress, **given)


def _old_adam(h, *, n_latents, l1, n_steps, batch_size, lr, generator):
    given = {"n_steps": n_steps, "batch_size": batch_size, "lr": lr, "generator": generator}
    return _learned(h, n_latents=n_latents, l1=l1, new_adam=False, **given)


def _b_dec_left_out(h, *, n_latents, l1, n_steps, batch_size, lr, generator):
    given = {"n_steps": n_steps, "batch_size": batch_size, "lr": lr, "generator": generator}
    return _learned(h, n_latents=n_latents, l1=l1, centres=False, **given)


SLIPS = (
    Slip(
        answer=_decoder_first,
        says="You returned the decoder before the encoder. The order is W_enc, b_enc, W_dec, "
        "b_dec.",
    ),
    Slip(
        answer=_directions_only,
        says="You returned W_dec alone. All four parts are needed: without the encoder nobody can "
        "compute a latent.",
    ),
    Slip(
        answer=_one_start_for_all,
        says="Your instances all start from the same directions. Draw a start for each, so that "
        "they are separate tries.",
    ),
    Slip(
        answer=_two_random_starts,
        says="You drew the encoder on its own. It starts as the decoder transposed, so that a "
        "latent writes the direction that it reads.",
    ),
    Slip(
        answer=_long_start,
        says="Your directions do not start with length 1. Divide each column by its length.",
    ),
    Slip(
        answer=_pays_nothing,
        says="You trained without the price of the latents. The loss is sparse_loss with l1, not "
        "the error alone.",
    ),
    Slip(
        answer=_pays_for_the_mean,
        says="You let the mean of the latents cost l1, so that each is nearly free. Their sum "
        "costs.",
    ),
    Slip(
        answer=_first_rows_only,
        says="You trained on the same rows in every step. Draw new ones from all of h: its rows "
        "may be sorted.",
    ),
    Slip(
        answer=_always_the_same_price,
        says="You fixed the price inside the function. Use l1, whatever it is.",
    ),
    Slip(
        answer=_old_gradients,
        says="You never cleared the gradients, so each step goes along the sum of all earlier "
        "ones. Call optimizer.zero_grad().",
    ),
    Slip(
        answer=_never_resamples,
        says="You never revived the dead latents. Call resample_latents half-way.",
    ),
    Slip(
        answer=_never_slower,
        says="You trained at the full learning rate to the end. In the second half it falls from "
        "lr to 0.",
    ),
    Slip(
        answer=_slower_from_the_start,
        says="You let the learning rate fall from the first step on. It is lr for the first half, "
        "and falls in the second.",
    ),
    Slip(
        answer=_old_adam,
        says="You went on with the old Adam after resampling. It remembers gradients of 0 from the "
        "dead latent, and takes too long steps with the new one.",
    ),
    Slip(
        answer=_b_dec_left_out,
        says="You left b_dec at 0. Adam moves all four parameters.",
    ),
)
