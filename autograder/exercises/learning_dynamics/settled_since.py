"""The exercise `settled_since`: from when on something stays true."""

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import equals_reference, keeps_arguments, keeps_device
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import dynamics


def _by_hand(_draw: Draw) -> Iterator[Call]:
    records = [[1, 0, 1, 1, 1], [0, 0, 1, 0, 0], [1, 1, 1, 1, 1], [1, 1, 0, 0, 1]]
    yield call(torch.tensor(records).bool().T)


def _records(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(12, 8) < 0.75)
    yield call(draw.uniform(9, 9) < 0.6)  # as many features as snapshots


def _one_record(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(10, 1) < 0.7)
    yield call(torch.tensor([True, False, True, True]))
    yield call(draw.uniform(6, 3, 4) < 0.7)


def _always_and_never(_draw: Draw) -> Iterator[Call]:
    never = torch.zeros(5, 1, dtype=torch.bool)
    almost = never.logical_not()
    almost[-1] = False
    only_then = never.clone()
    only_then[-1] = True
    yield call(torch.cat([never, ~never, almost, only_then], dim=1))
    yield call(torch.tensor([[True, False]]))


def _first_time(holds: Tensor) -> Tensor:
    first = holds.long().argmax(0)
    return torch.where(holds.any(0), first, len(holds))


def _how_often(holds: Tensor) -> Tensor:
    return holds.sum(0)


def _how_often_not(holds: Tensor) -> Tensor:
    return (~holds).sum(0)


def _first_failure(holds: Tensor) -> Tensor:
    return holds.long().cumprod(0).sum(0)


def _last_failure(holds: Tensor) -> Tensor:
    at_the_end = holds.flip(0).long().cumprod(0).sum(0)
    return len(holds) - at_the_end - 1


def _how_long(holds: Tensor) -> Tensor:
    return holds.flip(0).long().cumprod(0).sum(0)


def _minus_one_for_never(holds: Tensor) -> Tensor:
    since = len(holds) - holds.flip(0).long().cumprod(0).sum(0)
    return torch.where(since < len(holds), since, -1)


def _last_snapshot_for_never(holds: Tensor) -> Tensor:
    since = len(holds) - holds.flip(0).long().cumprod(0).sum(0)
    return since.clamp(max=len(holds) - 1)


def _zero_for_never(holds: Tensor) -> Tensor:
    since = len(holds) - holds.flip(0).long().cumprod(0).sum(0)
    return torch.where(since < len(holds), since, 0)


def _last_change(holds: Tensor) -> Tensor:
    changes = torch.cat([torch.zeros_like(holds[:1]), holds[1:] != holds[:-1]])
    time = torch.arange(len(holds), device=holds.device).reshape(-1, *[1] * (holds.ndim - 1))
    return (time * changes).amax(0)


def _features_as_time(holds: Tensor) -> Tensor:
    return holds.shape[-1] - holds.flip(-1).long().cumprod(-1).sum(-1)


def _mask_of_the_settled(holds: Tensor) -> Tensor:
    return holds.flip(0).long().cumprod(0).flip(0).bool()


def _all_features_at_once(holds: Tensor) -> Tensor:
    everywhere = holds.reshape(len(holds), -1).all(-1)
    return (len(holds) - everywhere.flip(0).long().cumprod(0).sum()).expand(holds.shape[1:])


def _last_failure_and_one(holds: Tensor) -> Tensor:
    time = torch.arange(1, len(holds) + 1, device=holds.device)
    failed = time.reshape(-1, *[1] * (holds.ndim - 1)) * ~holds
    return failed.max(0).values


EXERCISE = Exercise(
    reference=dynamics.settled_since,
    points=2,
    minutes=8,
    difficulty=2,
    checks=(
        equals_reference("four records, by hand", _by_hand),
        equals_reference("random records", _records, weight=2),
        equals_reference("one record, and more axes", _one_record),
        equals_reference("always, never, and at the last snapshot only", _always_and_never),
        keeps_arguments(_records),
        keeps_device(_records),
    ),
    slips=(
        Slip(
            answer=_first_time,
            says="You found the first snapshot at which it holds. It may fail again after that: "
            "it must hold from there to the end.",
        ),
        Slip(
            answer=_how_often,
            says="You counted the snapshots at which it holds. Return the first of the last row.",
        ),
        Slip(
            answer=_how_often_not,
            says="You counted the snapshots at which it fails. That is right only if all of them "
            "come first.",
        ),
        Slip(
            answer=_first_failure,
            says="You searched from the start, for the first failure. Search from the end.",
        ),
        Slip(
            answer=_last_failure,
            says="You returned the last snapshot at which it fails. It is settled one later.",
        ),
        Slip(
            answer=_how_long,
            says="You returned for how many snapshots it holds at the end. Return the first of "
            "these.",
        ),
        Slip(
            answer=_minus_one_for_never,
            says="You wrote -1 where it never settles. Write the number of snapshots, so that "
            "never comes later than every snapshot.",
        ),
        Slip(
            answer=_last_snapshot_for_never,
            says="You wrote the last snapshot where it does not hold even there. Write the number "
            "of snapshots, which is one more.",
        ),
        Slip(
            answer=_zero_for_never,
            says="You wrote 0 where it never settles. 0 says that it always holds; write the "
            "number of snapshots.",
        ),
        Slip(
            answer=_last_change,
            says="You found the last change, which may be one to False. Then it never settles.",
        ),
        Slip(
            answer=_features_as_time,
            says="You looked along the last axis. The snapshots are the first.",
        ),
        Slip(
            answer=_mask_of_the_settled,
            says="You marked the snapshots. Return the number of the first one.",
        ),
        Slip(
            answer=_all_features_at_once,
            says="You waited until all of them hold. Each has a time of its own.",
        ),
    ),
    also_right=_last_failure_and_one,
)
