"""The exercise `share_of_fall`: how much of a loss's fall happens while features move."""

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import dynamics


def _five_snapshots(_draw: Draw) -> Iterator[Call]:
    # falls of 3, 1, 1/2 and 1/2
    yield call(torch.tensor([6.0, 3.0, 2.0, 1.5, 1.0]), moves=torch.tensor([1, 0, 0, 1]).bool())


def _record(draw: Draw, *shape: int) -> Call:
    """Falls, and sometimes rises, that add up to a clear fall."""
    n, *instances = shape
    falls = draw.uniform(n - 1, *instances, low=-0.3)
    falls[0] += 0.5
    loss = 1 + falls.sum(0) - torch.cat([torch.zeros(1, *instances), falls.cumsum(0)])
    return call(loss, moves=draw.uniform(n - 1, *instances) < 0.5)


def _records(draw: Draw) -> Iterator[Call]:
    yield _record(draw, 15, 4)
    yield _record(draw, 6, 5)  # as many instances as times between snapshots


def _one_record(draw: Draw) -> Iterator[Call]:
    yield _record(draw, 8, 1)
    yield _record(draw, 12)
    yield _record(draw, 6, 2, 3)
    yield call(torch.tensor([2.0, 0.5]), moves=torch.tensor([True]))


def _rises(draw: Draw) -> Iterator[Call]:
    # the loss rises in between, so that the share may exceed 1, or be negative
    loss = torch.tensor([3.0, 1.0, 2.0, 1.5]) + 0.1 * draw.uniform(4)
    yield call(loss, moves=torch.tensor([True, False, False]))
    yield call(loss, moves=torch.tensor([False, True, False]))
    yield call(loss, moves=torch.tensor([True, True, True]))
    yield call(loss, moves=torch.tensor([False, False, False]))
    # and it may end higher than it began
    yield call(loss.flip(0), moves=torch.tensor([False, True, False]))


def _small_losses(draw: Draw) -> Iterator[Call]:
    record = _record(draw, 7, 3)
    yield record.map(lambda v: 1e-6 * v if v.is_floating_point() else v)


def _share_of_the_time(loss: Tensor, *, moves: Tensor) -> Tensor:
    return moves.to(loss.dtype).mean(0)


def _one_snapshot_late(loss: Tensor, *, moves: Tensor) -> Tensor:
    falls = loss[:-1] - loss[1:]
    return (falls[:-1] * moves[1:]).sum(0) / (loss[0] - loss[-1])


def _one_snapshot_early(loss: Tensor, *, moves: Tensor) -> Tensor:
    falls = loss[:-1] - loss[1:]
    return (falls[1:] * moves[:-1]).sum(0) / (loss[0] - loss[-1])


def _without_the_rises(loss: Tensor, *, moves: Tensor) -> Tensor:
    falls = (loss[:-1] - loss[1:]).clamp(min=0)
    return (falls * moves).sum(0) / falls.sum(0)


def _rises_above_only(loss: Tensor, *, moves: Tensor) -> Tensor:
    falls = (loss[:-1] - loss[1:]).clamp(min=0)
    return (falls * moves).sum(0) / (loss[0] - loss[-1])


def _rises_as_falls(loss: Tensor, *, moves: Tensor) -> Tensor:
    falls = (loss[:-1] - loss[1:]).abs()
    return (falls * moves).sum(0) / falls.sum(0)


def _upside_down(loss: Tensor, *, moves: Tensor) -> Tensor:
    return (loss.diff(dim=0) * moves).sum(0) / (loss[0] - loss[-1])


def _whole_fall_without_sign(loss: Tensor, *, moves: Tensor) -> Tensor:
    return ((loss[:-1] - loss[1:]) * moves).sum(0) / (loss[0] - loss[-1]).abs()


def _fall_itself(loss: Tensor, *, moves: Tensor) -> Tensor:
    return ((loss[:-1] - loss[1:]) * moves).sum(0)


def _part_of_the_first_loss(loss: Tensor, *, moves: Tensor) -> Tensor:
    return ((loss[:-1] - loss[1:]) * moves).sum(0) / loss[0]


def _means_compared(loss: Tensor, *, moves: Tensor) -> Tensor:
    falls = loss[:-1] - loss[1:]
    return (falls * moves).sum(0) / moves.sum(0).clamp(min=1) / falls.mean(0)


def _at_rest(loss: Tensor, *, moves: Tensor) -> Tensor:
    return ((loss[:-1] - loss[1:]) * ~moves).sum(0) / (loss[0] - loss[-1])


def _losses_not_falls(loss: Tensor, *, moves: Tensor) -> Tensor:
    return (loss[:-1] * moves).sum(0) / loss[:-1].sum(0)


def _all_instances_together(loss: Tensor, *, moves: Tensor) -> Tensor:
    falls = loss[:-1] - loss[1:]
    return ((falls * moves).sum() / falls.sum()).expand(loss.shape[1:])


def _falls_picked_out_of_all(loss: Tensor, *, moves: Tensor) -> Tensor:
    return (loss[:-1] - loss[1:])[moves].sum() / (loss[0] - loss[-1])


def _sums_at_the_ends_of_moves(loss: Tensor, *, moves: Tensor) -> Tensor:
    before = torch.where(moves, loss[:-1], 0).sum(0)
    after = torch.where(moves, loss[1:], 0).sum(0)
    return (before - after) / (loss[0] - loss[-1])


EXERCISE = Exercise(
    reference=dynamics.share_of_fall,
    points=2,
    minutes=10,
    difficulty=2,
    checks=(
        equals_reference("five snapshots, by hand", _five_snapshots),
        equals_reference("random losses, several instances", _records, weight=2),
        equals_reference("one instance, more axes, two snapshots", _one_record),
        equals_reference("a loss that rises for a while; all moves and none", _rises),
        equals_reference("small losses", _small_losses),
        *contract(_records),
    ),
    slips=(
        Slip(
            answer=_share_of_the_time,
            says="You returned the share of the time. Weigh each time with the fall of the loss "
            "in it.",
        ),
        Slip(
            answer=_one_snapshot_late,
            says="You paired moves[t] with the fall before it. It belongs to the time from "
            "snapshot t to t + 1.",
        ),
        Slip(
            answer=_one_snapshot_early,
            says="You paired moves[t] with the fall after it. It belongs to the time from "
            "snapshot t to t + 1.",
        ),
        Slip(
            answer=_without_the_rises,
            says="You left out the times in which the loss rises. They count, with a minus.",
        ),
        Slip(
            answer=_rises_above_only,
            says="You set rises to 0 above the line. They count there too, with a minus.",
        ),
        Slip(
            answer=_rises_as_falls,
            says="You took absolute values, so that a rise counts as a fall.",
        ),
        Slip(
            answer=_whole_fall_without_sign,
            says="You took the absolute value of the whole fall. If the loss ends higher than it "
            "began, L_0 - L_T is negative.",
        ),
        Slip(
            answer=_upside_down,
            says="Your sign is wrong: a fall is the loss before minus the loss after.",
        ),
        Slip(
            answer=_fall_itself,
            says="You returned the fall. Divide it by the whole fall, from the first snapshot to "
            "the last.",
        ),
        Slip(
            answer=_part_of_the_first_loss,
            says="You divided by the first loss. Divide by the whole fall, from the first snapshot "
            "to the last.",
        ),
        Slip(
            answer=_means_compared,
            says="You compared mean falls. Add them up: the share is of the fall, not of its "
            "speed.",
        ),
        Slip(
            answer=_at_rest,
            says="You added the falls where nothing moves. Add those where moves is True.",
        ),
        Slip(
            answer=_losses_not_falls,
            says="You added losses. Add their falls, loss[t] - loss[t + 1].",
        ),
        Slip(
            answer=_all_instances_together,
            says="You added all instances together. Each has a share of its own.",
        ),
        Slip(
            answer=_falls_picked_out_of_all,
            says="You added the falls of all instances above the line: falls[moves] puts them into "
            "one row. Multiply by moves instead, and sum over the time.",
        ),
    ),
    also_right=_sums_at_the_ends_of_moves,
)
