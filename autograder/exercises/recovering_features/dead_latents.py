"""The exercise `dead_latents`: which latents no input activates."""

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import equals_reference, keeps_arguments, keeps_device
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import autoencoder


def _by_hand(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([[[0.0, 0.0, 0.3], [0.1, 0.0, 0.0]]]))


def _rarely_active(draw: Draw) -> Iterator[Call]:
    yield call((draw.normal(3, 5, 9) - 1).relu())
    yield call((draw.normal(4, 6, 6) - 1.2).relu())  # as many inputs as latents


def _lone_latents(draw: Draw) -> Iterator[Call]:
    for instances in ((1,), (), (2, 3)):
        yield call((draw.normal(*instances, 4, 8) - 1).relu())
    yield call(torch.tensor([[0.0, 2.0]]))  # a single input


def _hardly_active(draw: Draw) -> Iterator[Call]:
    """Alive in one instance and dead in the other, by one weak activation."""
    latents = torch.zeros(2, 50, 3)
    # far below any tolerance, and its square is not 0 yet
    latents[0, draw.integer(0, 49), 1] = 1e-12
    latents[1, draw.integer(0, 49), 2] = 1e-12
    latents[:, 1:, 0] = draw.uniform(2, 49, low=0.5)
    yield call(latents)


def _some_input_is_silent(latents: Tensor) -> Tensor:
    return (latents == 0).any(-2)


def _the_living(latents: Tensor) -> Tensor:
    return (latents > 0).any(-2)


def _silent_inputs(latents: Tensor) -> Tensor:
    return (latents == 0).all(-1)


def _weak_ones_too(latents: Tensor) -> Tensor:
    return latents.amax(-2) < 1e-3


def _dead_in_every_instance(latents: Tensor) -> Tensor:
    return (latents == 0).all(-2).all(0).expand(latents.shape[0], -1)


def _how_often_silent(latents: Tensor) -> Tensor:
    return (latents == 0).sum(-2)


def _how_many_dead(latents: Tensor) -> Tensor:
    return (latents == 0).all(-2).sum(-1)


def _largest_is_zero(latents: Tensor) -> Tensor:
    return ~latents.amax(-2).bool()


EXERCISE = Exercise(
    reference=autoencoder.dead_latents,
    points=1,
    minutes=4,
    difficulty=1,
    checks=(
        equals_reference("two inputs and three latents, by hand", _by_hand),
        equals_reference("latents that are rarely active, several instances", _rarely_active),
        equals_reference("one instance keeps its axis, and none needs one", _lone_latents),
        equals_reference("one weak activation makes a latent alive", _hardly_active),
        keeps_arguments(_rarely_active),
        keeps_device(_rarely_active),
    ),
    slips=(
        Slip(
            answer=_weak_ones_too,
            says="You called weak latents dead. The least activation has a gradient, so only "
            "exactly 0 counts.",
        ),
        Slip(
            answer=_some_input_is_silent,
            says="You called a latent dead if some input does not activate it. Dead means that "
            "none does: all, not any.",
        ),
        Slip(
            answer=_the_living,
            says="You returned the living latents. True means dead.",
        ),
        Slip(
            answer=_silent_inputs,
            says="You went over the latents of each input. Go over the inputs: the batch is the "
            "second axis from the end.",
        ),
        Slip(
            answer=_dead_in_every_instance,
            says="You asked whether a latent is dead in all instances. Each instance has latents "
            "of its own.",
        ),
        Slip(
            answer=_how_often_silent,
            says="You counted the inputs that leave a latent silent. A bool was asked for: is it "
            "silent for all of them?",
        ),
        Slip(
            answer=_how_many_dead,
            says="You counted the dead latents. Say for each latent whether it is dead.",
        ),
    ),
    also_right=_largest_is_zero,
)
