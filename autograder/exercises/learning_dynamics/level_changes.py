"""The exercise `level_changes`: when a value arrives at another level, and how long it took."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import equals_reference, keeps_arguments, keeps_device
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import dynamics

_NONE = math.nan


def _one_story(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([_NONE, 0.25, 0.25, _NONE, _NONE, 0.5, 0.5, _NONE, 0.5, 0.0]))


def _random_levels(draw: Draw, *shape: int) -> Tensor:
    """Levels 0, 1/4, 1/2 and none, each for some snapshots in a row."""
    levels = torch.tensor([_NONE, _NONE, 0.0, 0.25, 0.5])
    level = levels[(5 * draw.uniform(*shape)).long()]
    stays = draw.uniform(*shape) < 0.4
    for t in range(1, len(level)):
        level[t] = torch.where(stays[t], level[t - 1], level[t])
    return level


def _stories(draw: Draw) -> Iterator[Call]:
    yield call(_random_levels(draw, 25, 6))
    yield call(_random_levels(draw, 12, 12))  # as many features as snapshots


def _other_shapes(draw: Draw) -> Iterator[Call]:
    yield call(_random_levels(draw, 20, 1))
    yield call(_random_levels(draw, 40))
    yield call(_random_levels(draw, 15, 2, 5))


def _other_levels(draw: Draw) -> Iterator[Call]:
    # fractions that are near each other, and one above 1
    levels = torch.tensor([_NONE, 1 / 3, 3 / 8, 2 / 5, 1 / 2, 3 / 2])
    yield call(levels[(6 * draw.uniform(15, 5)).long()])


def _nothing_to_leave(_draw: Draw) -> Iterator[Call]:
    # never anywhere; late at its first level; always at the same; back to the same
    none = [_NONE] * 5
    late = [_NONE, _NONE, _NONE, 0.5, 0.5]
    yield call(torch.tensor([none, late, 5 * [0.25], [0.5, _NONE, 0.5, _NONE, 0.5]]).T)
    yield call(torch.tensor([[0.5, _NONE]]))


def _slow_changes(draw: Draw) -> Iterator[Call]:
    # long at one level, long at none, then at another
    levels = torch.full((30, 4), _NONE)
    for k in range(4):
        leaves, takes = draw.integer(3, 10), draw.integer(2, 12)
        levels[draw.integer(0, 2) : leaves + 1, k] = 0.25
        levels[leaves + takes :, k] = 0.5 if k % 2 else 0.0
    yield call(levels)


def _last_levels(level: Tensor) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """At each snapshot: the level, the last one before it, and the snapshots since that."""
    last, since = torch.full_like(level[0], torch.nan), torch.zeros_like(level[0]).long()
    for now in level:
        since = since + 1
        yield now, last, since
        last, since = last.where(now.isnan(), now), since.where(now.isnan(), 0)


def _first_level_too(level):
    return torch.stack(
        [since.where(~now.isnan() & (now != last), 0) for now, last, since in _last_levels(level)]
    )


def _returns_too(level):
    rows = []
    for t, (now, last, since) in enumerate(_last_levels(level)):
        arrives = ~now.isnan() & ~last.isnan()
        arrives &= (now != last) | level[max(t - 1, 0)].isnan()
        rows.append(since.where(arrives, 0))
    return torch.stack(rows)


def _neighbours_only(level):
    changes = (level[1:] != level[:-1]) & ~level[1:].isnan() & ~level[:-1].isnan()
    return torch.cat([torch.zeros_like(changes[:1]), changes]).long()


def _none_is_a_level(level):
    changes = level[1:] != level[:-1]
    return torch.cat([torch.zeros_like(changes[:1]), changes]).long()


def _only_when(level):
    rows = []
    for now, last, _ in _last_levels(level):
        changes = ~now.isnan() & ~last.isnan() & (now != last)
        rows.append(changes.long())
    return torch.stack(rows)


def _only_when_as_bool(level):
    rows = []
    for now, last, _ in _last_levels(level):
        rows.append(~now.isnan() & ~last.isnan() & (now != last))
    return torch.stack(rows)


def _snapshots_between(level):
    rows = []
    for now, last, since in _last_levels(level):
        changes = ~now.isnan() & ~last.isnan() & (now != last)
        rows.append((since - 1).where(changes, 0))
    return torch.stack(rows)


def _since_it_came(level):
    came, rows = torch.zeros_like(level[0]).long(), []
    for t, (now, last, _) in enumerate(_last_levels(level)):
        changes = ~now.isnan() & ~last.isnan() & (now != last)
        rows.append((t - came).where(changes, 0))
        came = came.where(~(changes | (~now.isnan() & last.isnan())), t)
    return torch.stack(rows)


def _told_at_departure(level):
    durations = torch.zeros_like(level).long()
    for t, (now, last, since) in enumerate(_last_levels(level)):
        changes = ~now.isnan() & ~last.isnan() & (now != last)
        for index in changes.nonzero().tolist():
            durations[(t - int(since[tuple(index)]), *index)] = since[tuple(index)]
    return durations


def _on_the_way(level):
    durations = torch.zeros_like(level).long()
    for t, (now, last, since) in enumerate(_last_levels(level)):
        changes = ~now.isnan() & ~last.isnan() & (now != last)
        for index in changes.nonzero().tolist():
            took = int(since[tuple(index)])
            durations[(slice(t - took + 1, t + 1), *index)] = 1
    return durations


def _upwards_only(level):
    rows = []
    for now, last, since in _last_levels(level):
        rows.append(since.where(now > last, 0))
    return torch.stack(rows)


def _how_many(level):
    total = torch.zeros_like(level[0]).long()
    for now, last, _ in _last_levels(level):
        total += ~now.isnan() & ~last.isnan() & (now != last)
    return total


def _only_from_the_second_on(level):
    rows = []
    for now, last, since in _last_levels(level):
        changes = ~now.isnan() & ~last.isnan() & (now != last)
        rows.append(since.where(changes, 0))
    return torch.stack(rows)[1:]


def _durations_as_floats(level):
    rows = []
    for now, last, since in _last_levels(level):
        changes = ~now.isnan() & ~last.isnan() & (now != last)
        rows.append(since.where(changes, 0).float())
    return torch.stack(rows)


def _place_of_the_last_level(level: Tensor) -> Tensor:
    # the running maximum of the snapshots at which there was a level
    n = len(level)
    time = torch.arange(n, device=level.device).reshape(n, *[1] * (level.ndim - 1))
    there = torch.where(level.isnan(), -1, time)
    before = torch.cat([torch.full_like(there[:1], -1), there[:-1]]).cummax(0).values
    last = level.gather(0, before.clamp(min=0))
    changes = ~level.isnan() & (before >= 0) & (level != last)
    return (time - before) * changes


EXERCISE = Exercise(
    reference=dynamics.level_changes,
    points=4,
    minutes=20,
    difficulty=4,
    checks=(
        equals_reference("one story, by hand", _one_story),
        equals_reference("random levels of several features", _stories, weight=2),
        equals_reference("one feature, and more axes", _other_shapes),
        equals_reference("other levels, some near each other", _other_levels),
        equals_reference("the first level, the same again, and none at all", _nothing_to_leave),
        equals_reference("slow changes", _slow_changes),
        keeps_arguments(_stories),
        keeps_device(_stories),
    ),
    slips=(
        Slip(
            answer=_first_level_too,
            says="You counted the arrival at the first level. Before it there is no level to "
            "leave, so it is no change.",
        ),
        Slip(
            answer=_returns_too,
            says="You counted a value that comes back to the level that it left. Compare with the "
            "last level, not only with what was one snapshot before.",
        ),
        Slip(
            answer=_neighbours_only,
            says="You compared neighbouring snapshots only. In between a value may be at no level "
            "for a while: compare with the last level it was at.",
        ),
        Slip(
            answer=_none_is_a_level,
            says="You took NaN for a level. It differs from everything, even from itself; use "
            ".isnan() and remember the last level that was none.",
        ),
        Slip(
            answer=_only_when,
            says="You marked the arrivals with 1. Write how many snapshots the change took.",
        ),
        Slip(
            answer=_only_when_as_bool,
            says="You returned whether a change arrives, as bool. Return how many snapshots it "
            "took, a whole number.",
        ),
        Slip(
            answer=_snapshots_between,
            says="You counted the snapshots between the two levels. The duration is one more: a "
            "change from one snapshot to the next takes 1.",
        ),
        Slip(
            answer=_since_it_came,
            says="You counted from the snapshot at which the value came to the old level. Count "
            "from the last one at which it was there.",
        ),
        Slip(
            answer=_told_at_departure,
            says="You wrote the duration where the value leaves. Write it where it arrives.",
        ),
        Slip(
            answer=_on_the_way,
            says="You marked every snapshot of a change. A change counts once, at its arrival.",
        ),
        Slip(
            answer=_upwards_only,
            says="You counted changes to a higher level only. A fall is a change too.",
        ),
        Slip(
            answer=_how_many,
            says="You counted the changes. Return a number for each snapshot: the duration of the "
            "change that arrives there, else 0.",
        ),
        Slip(
            answer=_only_from_the_second_on,
            says="Your result has one snapshot less than the record. At the first one it is 0.",
        ),
        Slip(
            answer=_durations_as_floats,
            says="Your durations are floating-point numbers. They count snapshots: an integer "
            "type.",
        ),
    ),
    also_right=_place_of_the_last_level,
)
