"""Wrong answers to `interference_error`, and the sentences that explain them."""

import torch
from torch import Tensor

import tms_lib
from autograder.exercise import Slip


def _without_relu(gain: Tensor, bias: Tensor) -> Tensor:
    return gain**2 / 3 + gain * bias + bias**2


def _starts_at_zero(gain: Tensor, bias: Tensor) -> Tensor:
    _, end = tms_lib.positive_interval(gain, bias)
    at_start, at_end = bias, gain * end + bias
    square = (at_start**2 + at_start * at_end + at_end**2) / 3
    return torch.where(end * gain + bias > 0, end * square, end * square * (bias > 0))


def _goes_on_to_one(gain: Tensor, bias: Tensor) -> Tensor:
    start, end = tms_lib.positive_interval(gain, bias)
    at_start, at_end = gain * start + bias, gain + bias
    square = (at_start**2 + at_start * at_end + at_end**2) / 3
    return torch.where(end > start, (1 - start) * square, 0)


def _divides_by_the_gain(gain: Tensor, bias: Tensor) -> Tensor:
    return ((gain + bias).clamp(min=0) ** 3 - bias.clamp(min=0) ** 3) / (3 * gain)


def _nothing_from_flat_lines(gain: Tensor, bias: Tensor) -> Tensor:
    cubes = (gain + bias).clamp(min=0) ** 3 - bias.clamp(min=0) ** 3
    return torch.where(gain == 0, 0, cubes / (3 * torch.where(gain == 0, 1, gain)))


def _squares_the_mean(gain: Tensor, bias: Tensor) -> Tensor:
    start, end = tms_lib.positive_interval(gain, bias)
    return ((end - start) * (gain * (start + end) / 2 + bias)) ** 2


def _not_squared(gain: Tensor, bias: Tensor) -> Tensor:
    start, end = tms_lib.positive_interval(gain, bias)
    return (end - start) * (gain * (start + end) / 2 + bias)


def _leaves_the_bias_out(gain: Tensor, bias: Tensor) -> Tensor:
    return gain.clamp(min=0) ** 2 / 3 + 0 * bias


def _bias_after_the_relu(gain: Tensor, bias: Tensor) -> Tensor:
    slope = gain.clamp(min=0)
    return slope**2 / 3 + slope * bias + bias**2


def _subtracts_the_bias(gain: Tensor, bias: Tensor) -> Tensor:
    start, end = tms_lib.positive_interval(gain, -bias)
    at_start, at_end = gain * start - bias, gain * end - bias
    return (end - start) * (at_start**2 + at_start * at_end + at_end**2) / 3


def _mean_over_the_interval(gain: Tensor, bias: Tensor) -> Tensor:
    start, end = tms_lib.positive_interval(gain, bias)
    at_start, at_end = gain * start + bias, gain * end + bias
    square = (at_start**2 + at_start * at_end + at_end**2) / 3
    return torch.where(end > start, square, 0)


def _forgets_the_third(gain: Tensor, bias: Tensor) -> Tensor:
    start, end = tms_lib.positive_interval(gain, bias)
    at_start, at_end = gain * start + bias, gain * end + bias
    return (end - start) * (at_start**2 + at_start * at_end + at_end**2)


def _averages_the_ends(gain: Tensor, bias: Tensor) -> Tensor:
    start, end = tms_lib.positive_interval(gain, bias)
    at_start, at_end = gain * start + bias, gain * end + bias
    return (end - start) * (at_start**2 + at_end**2) / 2


def _squares_the_middle(gain: Tensor, bias: Tensor) -> Tensor:
    start, end = tms_lib.positive_interval(gain, bias)
    return (end - start) * (gain * (start + end) / 2 + bias) ** 2


def _arguments_exchanged(gain: Tensor, bias: Tensor) -> Tensor:
    start, end = tms_lib.positive_interval(bias, gain)
    at_start, at_end = bias * start + gain, bias * end + gain
    return (end - start) * (at_start**2 + at_start * at_end + at_end**2) / 3


def _at_its_own_output(gain: Tensor, bias: Tensor) -> Tensor:
    return tms_lib.own_error(gain, bias)


SLIPS = (
    Slip(
        answer=_without_relu,
        says="You integrated the whole line. The ReLU cuts it off at zero: integrate where it is "
        "positive.",
    ),
    Slip(
        answer=_starts_at_zero,
        says="You began at x = 0 where the bias is negative. The line is cut off there: begin "
        "where it becomes positive.",
    ),
    Slip(
        answer=_goes_on_to_one,
        says="You went on to x = 1 after a falling line had become negative. Stop where it "
        "crosses zero.",
    ),
    Slip(
        answer=_divides_by_the_gain,
        says="You divide by the gain, and 0 / 0 is NaN. With g = 0 the integral is [b]^2.",
    ),
    Slip(
        answer=_nothing_from_flat_lines,
        says="You gave 0 to lines without slope. With g = 0 the output shows [b], which costs "
        "[b]^2.",
    ),
    Slip(
        answer=_squares_the_mean,
        says="You squared the mean of the output. The error is the mean of its square.",
    ),
    Slip(
        answer=_not_squared,
        says="You integrated the output. The error is the integral of its square.",
    ),
    Slip(
        answer=_leaves_the_bias_out,
        says="You left the bias out. The output is ReLU(g x + b).",
    ),
    Slip(
        answer=_bias_after_the_relu,
        says="You added the bias after the ReLU. It comes before: [g x + b].",
    ),
    Slip(
        answer=_subtracts_the_bias,
        says="You subtracted the bias. In this course it is added, and a negative bias lowers the "
        "line.",
    ),
    Slip(
        answer=_mean_over_the_interval,
        says="You took the mean over the positive part only. The mean is over all of [0, 1]: "
        "multiply by the length of the part.",
    ),
    Slip(
        answer=_forgets_the_third,
        says="You forgot the factor 1/3: the mean square of a line from u to v is "
        "(u^2 + u v + v^2) / 3.",
    ),
    Slip(
        answer=_averages_the_ends,
        says="You averaged the squares at both ends. A square is curved: the mean square of a line "
        "from u to v is (u^2 + u v + v^2) / 3.",
    ),
    Slip(
        answer=_squares_the_middle,
        says="You squared the line's middle. That leaves out how much it varies: the mean square "
        "of a line from u to v is (u^2 + u v + v^2) / 3.",
    ),
    Slip(
        answer=_arguments_exchanged,
        says="You exchanged gain and bias. The gain comes first and multiplies x.",
    ),
    Slip(
        answer=_at_its_own_output,
        says="You compared the output with x. The feature of this output is absent, so 0 would be "
        "right.",
    ),
)
