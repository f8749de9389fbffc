"""Wrong answers to `gradient_attack`, and the sentences that explain them.

All but one are the right ascent, `_ascend`, with one thing changed.
"""

import torch
import torch.nn.functional as F

import tms_lib
from autograder.exercise import Slip


def _gradient(x, attack, **model):
    attack = attack.detach().requires_grad_()
    losses = tms_lib.attacked_losses(x, attack, **model)
    return torch.autograd.grad(losses.sum(), attack)[0]


def _step(uphill, radius):
    return radius / 4 * F.normalize(uphill, dim=-1)


def _into_the_ball(attack, radius):
    length = torch.linalg.vector_norm(attack, dim=-1, keepdim=True)
    return F.normalize(attack, dim=-1) * torch.minimum(length, radius)


def _each_input(losses, highest):
    return losses > highest


def _ascend(
    x,
    *,
    size,
    n_steps,
    start=tms_lib.per_example_attack,
    step=_step,
    project=_into_the_ball,
    better=_each_input,
    **model,
):
    radius = size[..., None, None]
    attack = best = start(x, size=size, **model).expand(x.shape)
    for _ in range(n_steps):
        attack = project(attack + step(_gradient(x, attack, **model), radius), radius)
        losses, highest = (tms_lib.attacked_losses(x, a, **model) for a in (attack, best))
        best = torch.where(better(losses, highest).unsqueeze(-1), attack, best)
    return best


def _starts_at_the_clean_input(x, *, size, n_steps=20, **model):
    def start(x, **_):
        return torch.zeros_like(x)

    return _ascend(x, size=size, n_steps=n_steps, start=start, **model)


def _starts_at_the_universal_attack(x, *, size, n_steps=20, **model):
    return _ascend(x, size=size, n_steps=n_steps, start=tms_lib.universal_attack, **model)


def _goes_downhill(x, *, size, n_steps=20, **model):
    def step(uphill, radius):
        return -radius / 4 * F.normalize(uphill, dim=-1)

    return _ascend(x, size=size, n_steps=n_steps, step=step, **model)


def _adds_the_gradient_itself(x, *, size, n_steps=20, **model):
    def step(uphill, radius):
        return radius / 4 * uphill

    return _ascend(x, size=size, n_steps=n_steps, step=step, **model)


def _adds_the_signs(x, *, size, n_steps=20, **model):
    def step(uphill, radius):
        return radius / 4 * uphill.sign()

    return _ascend(x, size=size, n_steps=n_steps, step=step, **model)


def _one_length_for_the_batch(x, *, size, n_steps=20, **model):
    def step(uphill, radius):
        return radius / 4 * F.normalize(uphill.flatten(-2), dim=-1).reshape(uphill.shape)

    return _ascend(x, size=size, n_steps=n_steps, step=step, **model)


def _steps_of_the_whole_size(x, *, size, n_steps=20, **model):
    def step(uphill, radius):
        return radius * F.normalize(uphill, dim=-1)

    return _ascend(x, size=size, n_steps=n_steps, step=step, **model)


def _steps_that_ignore_the_size(x, *, size, n_steps=20, **model):
    def step(uphill, radius):
        return (radius > -1) / 4 * F.normalize(uphill, dim=-1)

    return _ascend(x, size=size, n_steps=n_steps, step=step, **model)


def _leaves_the_ball(x, *, size, n_steps=20, **model):
    def project(attack, radius):
        return attack + 0 * radius

    return _ascend(x, size=size, n_steps=n_steps, project=project, **model)


def _always_on_the_sphere(x, *, size, n_steps=20, **model):
    def project(attack, radius):
        return radius * F.normalize(attack, dim=-1)

    return _ascend(x, size=size, n_steps=n_steps, project=project, **model)


def _clamps_each_entry(x, *, size, n_steps=20, **model):
    def project(attack, radius):
        return torch.minimum(torch.maximum(attack, -radius), radius)

    return _ascend(x, size=size, n_steps=n_steps, project=project, **model)


def _returns_the_last_point(x, *, size, n_steps=20, **model):
    def better(losses, highest):
        return torch.ones_like(losses + highest, dtype=torch.bool)

    return _ascend(x, size=size, n_steps=n_steps, better=better, **model)


def _best_for_the_whole_batch(x, *, size, n_steps=20, **model):
    def better(losses, highest):
        return (losses.mean(-1) > highest.mean(-1)).unsqueeze(-1).expand(losses.shape)

    return _ascend(x, size=size, n_steps=n_steps, better=better, **model)


def _gradient_at_the_clean_input(x, *, size, n_steps=20, **model):
    uphill = _gradient(x, torch.zeros_like(x), **model)

    def step(_, radius):
        return radius / 4 * F.normalize(uphill, dim=-1)

    return _ascend(x, size=size, n_steps=n_steps, step=step, **model)


def _continues_from_the_best(x, *, size, n_steps=20, **model):
    best = tms_lib.per_example_attack(x, size=size, **model)
    for _ in range(n_steps):
        best = _ascend(x, size=size, n_steps=1, start=lambda *_, best=best, **__: best, **model)
    return best


SLIPS = (
    Slip(
        answer=_starts_at_the_clean_input,
        says="You started at the clean input. Start at per_example_attack: where an input comes "
        "back perfectly, the loss has no slope to follow.",
    ),
    Slip(
        answer=_starts_at_the_universal_attack,
        says="You started at the universal attack. Each input starts at its own worst direction, "
        "per_example_attack.",
    ),
    Slip(
        answer=_goes_downhill,
        says="You stepped downhill. An attack raises the loss: add the step.",
    ),
    Slip(
        answer=_adds_the_gradient_itself,
        says="Your steps are as long as the gradient is steep. Normalise it: each step is a "
        "quarter of size long.",
    ),
    Slip(
        answer=_adds_the_signs,
        says="You stepped along the signs of the gradient. That is the steepest way for a limit "
        "on each entry; here the Euclidean length is limited, and the gradient itself is.",
    ),
    Slip(
        answer=_one_length_for_the_batch,
        says="You normalised the gradients of a batch together. Each input has a step of its own, "
        "a quarter of size long.",
    ),
    Slip(
        answer=_steps_of_the_whole_size,
        says="Your steps are as long as size. Take a quarter of it.",
    ),
    Slip(
        answer=_steps_that_ignore_the_size,
        says="Your steps have length 1/4. They are a quarter of size long.",
    ),
    Slip(
        answer=_leaves_the_ball,
        says="Your attack grows longer than size. After each step, shrink it to length size if it "
        "is longer.",
    ),
    Slip(
        answer=_always_on_the_sphere,
        says="You gave the attack length size after each step. Shrink it if it is longer, and "
        "leave a shorter one as it is.",
    ),
    Slip(
        answer=_clamps_each_entry,
        says="You limited each entry. The attack as a whole has at most the Euclidean length size.",
    ),
    Slip(
        answer=_returns_the_last_point,
        says="You returned the last point. A step may lower the loss: keep the best point of the "
        "way, the start included.",
    ),
    Slip(
        answer=_continues_from_the_best,
        says="You stepped from the best point so far. Step from the last one, even if it was a "
        "step down, and keep the best one aside.",
    ),
    Slip(
        answer=_best_for_the_whole_batch,
        says="You kept the point that was best for the whole batch. Each input has a best point "
        "of its own.",
    ),
    Slip(
        answer=_gradient_at_the_clean_input,
        says="You took the gradient once, at the clean input. Take it anew in each step, where "
        "the attack is.",
    ),
)
