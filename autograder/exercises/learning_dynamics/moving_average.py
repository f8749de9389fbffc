"""The exercise `moving_average`: a noisy curve, smoothed without bending its ends."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import dynamics


def _four_steps(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([1.0, 3.0, 5.0, 2.0]), each_side=1)


def _losses(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(20, 3, high=2.0), each_side=2)
    yield call(draw.uniform(9, 9, high=2.0), each_side=3)  # as many series as steps


def _one_series(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(12, 1), each_side=1)
    yield call(draw.uniform(15), each_side=4)
    yield call(draw.uniform(10, 2, 3), each_side=2)  # any number of axes


def _ends(draw: Draw) -> Iterator[Call]:
    # a constant stays one; a window wider than the record, in part or wherever it stands; no
    # window at all
    yield call(draw.uniform(1, 2, low=0.5, high=2.0).repeat(8, 1), each_side=3)
    yield call(draw.uniform(5, 2), each_side=3)
    yield call(draw.uniform(4, 2), each_side=6)
    yield call(draw.uniform(5, 2), each_side=0)
    yield call(draw.uniform(1, 2), each_side=2)


def _zeros_beyond_the_ends(values: Tensor, *, each_side: int) -> Tensor:
    rows = values.reshape(len(values), -1).mT.unsqueeze(1)
    mean = F.avg_pool1d(rows, 2 * each_side + 1, stride=1, padding=each_side)
    return mean.squeeze(1).mT.reshape(values.shape)


def _ends_repeated(values: Tensor, *, each_side: int) -> Tensor:
    wide = torch.cat([values[:1]] * each_side + [values] + [values[-1:]] * each_side)
    return torch.stack([wide[t : t + 2 * each_side + 1].mean(0) for t in range(len(values))])


def _around_the_corner(values: Tensor, *, each_side: int) -> Tensor:
    shifts = range(-each_side, each_side + 1)
    return torch.stack([values.roll(shift, 0) for shift in shifts]).mean(0)


def _looks_back_only(values: Tensor, *, each_side: int) -> Tensor:
    return torch.stack(
        [values[max(0, t - 2 * each_side) : t + 1].mean(0) for t in range(len(values))]
    )


def _whole_windows_only(values: Tensor, *, each_side: int) -> Tensor:
    width = 2 * each_side + 1
    return torch.stack([values[t : t + width].mean(0) for t in range(len(values) - width + 1)])


def _as_wide_as_each_side(values: Tensor, *, each_side: int) -> Tensor:
    half = each_side // 2
    return torch.stack(
        [values[max(0, t - half) : t + half + 1].mean(0) for t in range(len(values))]
    )


def _last_step_left_out(values: Tensor, *, each_side: int) -> Tensor:
    return torch.stack(
        [values[max(0, t - each_side) : max(1, t + each_side)].mean(0) for t in range(len(values))]
    )


def _without_itself(values: Tensor, *, each_side: int) -> Tensor:
    means = []
    for t in range(len(values)):
        around = torch.cat([values[max(0, t - each_side) : t], values[t + 1 : t + each_side + 1]])
        means.append(around.mean(0) if len(around) else values[t])
    return torch.stack(means)


def _along_the_last_axis(values: Tensor, *, each_side: int) -> Tensor:
    n = values.shape[-1]
    return torch.stack(
        [values[..., max(0, t - each_side) : t + each_side + 1].mean(-1) for t in range(n)], dim=-1
    )


def _sums(values: Tensor, *, each_side: int) -> Tensor:
    return torch.stack(
        [values[max(0, t - each_side) : t + each_side + 1].sum(0) for t in range(len(values))]
    )


def _mixes_the_series(values: Tensor, *, each_side: int) -> Tensor:
    mean = torch.stack(
        [values[max(0, t - each_side) : t + each_side + 1].mean() for t in range(len(values))]
    )
    return mean.reshape(-1, *[1] * (values.ndim - 1)).expand(values.shape)


def _medians(values: Tensor, *, each_side: int) -> Tensor:
    return torch.stack(
        [
            values[max(0, t - each_side) : t + each_side + 1].quantile(0.5, dim=0)
            for t in range(len(values))
        ]
    )


def _step_by_step(values: Tensor, *, each_side: int) -> Tensor:
    smooth = torch.empty_like(values)
    for t in range(len(values)):
        near = values[max(t - each_side, 0) : t + each_side + 1]
        smooth[t] = near.sum(0) / len(near)
    return smooth


EXERCISE = Exercise(
    reference=dynamics.moving_average,
    points=2,
    minutes=10,
    difficulty=2,
    checks=(
        equals_reference("four steps, by hand", _four_steps),
        equals_reference("random losses, several series", _losses, weight=2),
        equals_reference("one series, and more axes", _one_series),
        equals_reference("constants, short records, and no neighbours", _ends),
        *contract(_losses),
    ),
    slips=(
        Slip(
            answer=_zeros_beyond_the_ends,
            says="You counted zeros beyond the ends of the record, so that the curve falls there. "
            "Average over the steps that exist.",
        ),
        Slip(
            answer=_ends_repeated,
            says="You repeated the first and the last value beyond the ends, which makes them "
            "count more than others. Average over the steps that exist.",
        ),
        Slip(
            answer=_around_the_corner,
            says="Your window runs over the end and goes on at the start. Training does not "
            "begin again there: average over the steps that exist.",
        ),
        Slip(
            answer=_looks_back_only,
            says="Your window ends at each step, so that the smooth curve comes too late. Put the "
            "step into the middle: each_side before it, each_side after it.",
        ),
        Slip(
            answer=_whole_windows_only,
            says="You left out the steps near the ends, so the result is shorter than the record. "
            "There the mean is over fewer steps.",
        ),
        Slip(
            answer=_as_wide_as_each_side,
            says="Your whole window is about each_side wide. It reaches each_side steps to either "
            "side, so that it has 2 each_side + 1 steps.",
        ),
        Slip(
            answer=_last_step_left_out,
            says="Your window lacks its last step. Python leaves out the end of a slice: it must "
            "be t + each_side + 1.",
        ),
        Slip(
            answer=_without_itself,
            says="You left out the step itself. It counts as much as its neighbours.",
        ),
        Slip(
            answer=_along_the_last_axis,
            says="You averaged along the last axis. The steps are the first.",
        ),
        Slip(
            answer=_sums,
            says="You added the steps of the window. Divide by how many there are.",
        ),
        Slip(
            answer=_mixes_the_series,
            says="You averaged over the series too. Each one is smoothed on its own: .mean(0).",
        ),
        Slip(
            answer=_medians,
            says="You took the median of the window. The mean was asked for.",
        ),
    ),
    also_right=_step_by_step,
)
