"""Wrong answers to `own_error`, and the sentences that explain them."""

import torch
from torch import Tensor

import tms_lib
from autograder.exercise import Slip


def _without_relu(gain: Tensor, bias: Tensor) -> Tensor:
    return (1 - gain) ** 2 / 3 - (1 - gain) * bias + bias**2


def _positive_part_only(gain: Tensor, bias: Tensor) -> Tensor:
    start, end = tms_lib.positive_interval(gain, bias)
    u, v = start - (gain * start + bias), end - (gain * end + bias)
    return (end - start) * (u**2 + u * v + v**2) / 3


def _forgets_the_right_end(gain: Tensor, bias: Tensor) -> Tensor:
    start, end = tms_lib.positive_interval(gain, bias)
    u, v = start - (gain * start + bias), end - (gain * end + bias)
    return start**3 / 3 + (end - start) * (u**2 + u * v + v**2) / 3


def _forgets_the_left_end(gain: Tensor, bias: Tensor) -> Tensor:
    start, end = tms_lib.positive_interval(gain, bias)
    u, v = start - (gain * start + bias), end - (gain * end + bias)
    return (end - start) * (u**2 + u * v + v**2) / 3 + (1 - end**3) / 3


def _squares_the_mean(gain: Tensor, bias: Tensor) -> Tensor:
    start, end = tms_lib.positive_interval(gain, bias)
    return (1 / 2 - (end - start) * (gain * (start + end) / 2 + bias)) ** 2


def _difference_of_squares(gain: Tensor, bias: Tensor) -> Tensor:
    return 1 / 3 - tms_lib.interference_error(gain, bias)


def _sum_of_squares(gain: Tensor, bias: Tensor) -> Tensor:
    return 1 / 3 + tms_lib.interference_error(gain, bias)


def _product_once(gain: Tensor, bias: Tensor) -> Tensor:
    start, end = tms_lib.positive_interval(gain, bias)
    product = gain * (end**3 - start**3) / 3 + bias * (end**2 - start**2) / 2
    return 1 / 3 - product + tms_lib.interference_error(gain, bias)


def _squares_the_gain(gain: Tensor, bias: Tensor) -> Tensor:
    g = gain**2
    start, end = tms_lib.positive_interval(g, bias)
    u, v = start - (g * start + bias), end - (g * end + bias)
    return start**3 / 3 + (end - start) * (u**2 + u * v + v**2) / 3 + (1 - end**3) / 3


def _subtracts_the_bias(gain: Tensor, bias: Tensor) -> Tensor:
    start, end = tms_lib.positive_interval(gain, -bias)
    u, v = start - (gain * start - bias), end - (gain * end - bias)
    return start**3 / 3 + (end - start) * (u**2 + u * v + v**2) / 3 + (1 - end**3) / 3


def _leaves_the_bias_out(gain: Tensor, bias: Tensor) -> Tensor:
    return (1 - gain.clamp(min=0)) ** 2 / 3 + 0 * bias


def _bias_after_the_relu(gain: Tensor, bias: Tensor) -> Tensor:
    slope = 1 - gain.clamp(min=0)
    return slope**2 / 3 - slope * bias + bias**2


def _compares_with_nothing(gain: Tensor, bias: Tensor) -> Tensor:
    return tms_lib.interference_error(gain, bias)


def _compares_with_one(gain: Tensor, bias: Tensor) -> Tensor:
    start, end = tms_lib.positive_interval(gain, bias)
    u, v = 1 - (gain * start + bias), 1 - (gain * end + bias)
    return start + (end - start) * (u**2 + u * v + v**2) / 3 + 1 - end


def _cuts_the_error_off(gain: Tensor, bias: Tensor) -> Tensor:
    return tms_lib.interference_error(1 - gain, -bias)


def _forgets_the_third(gain: Tensor, bias: Tensor) -> Tensor:
    start, end = tms_lib.positive_interval(gain, bias)
    u, v = start - (gain * start + bias), end - (gain * end + bias)
    return start**3 + (end - start) * (u**2 + u * v + v**2) + (1 - end**3)


def _divides_by_the_gain(gain: Tensor, bias: Tensor) -> Tensor:
    at_zero, at_one = torch.relu(bias), torch.relu(gain + bias)
    cubes = at_one**3 - at_zero**3
    product = at_one**2 / (2 * gain) - cubes / (6 * gain**2)
    return 1 / 3 - 2 * product + cubes / (3 * gain)


SLIPS = (
    Slip(
        answer=_without_relu,
        says="You forgot the ReLU: the line may be negative, and the output is 0 there.",
    ),
    Slip(
        answer=_positive_part_only,
        says="You left out the x for which the output is 0. Nothing comes out there, and the error "
        "is x^2.",
    ),
    Slip(
        answer=_forgets_the_right_end,
        says="You left out what comes after a falling line has crossed zero. Nothing comes out "
        "there, and the error is x^2, up to x = 1.",
    ),
    Slip(
        answer=_forgets_the_left_end,
        says="You left out what comes before a rising line has crossed zero. Nothing comes out "
        "there, and the error is x^2.",
    ),
    Slip(
        answer=_squares_the_mean,
        says="You squared the mean error. Square the error first, then take the mean.",
    ),
    Slip(
        answer=_difference_of_squares,
        says="You subtracted the mean squares. The square of a difference is not the difference "
        "of the squares.",
    ),
    Slip(
        answer=_sum_of_squares,
        says="You left out the product: (x - y)^2 = x^2 - 2 x y + y^2.",
    ),
    Slip(
        answer=_product_once,
        says="You counted the product once: (x - y)^2 = x^2 - 2 x y + y^2.",
    ),
    Slip(
        answer=_squares_the_gain,
        says="You squared the gain. The argument is g = |W_i|^2 already.",
    ),
    Slip(
        answer=_subtracts_the_bias,
        says="You subtracted the bias. In this course it is added, and a negative bias lowers the "
        "line.",
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
        answer=_compares_with_nothing,
        says="You compared the output with 0, as for an absent feature. Here the feature is "
        "active, and x would be right.",
    ),
    Slip(
        answer=_compares_with_one,
        says="You compared the output with 1. An active feature has a value x between 0 and 1, and "
        "that is what should come out.",
    ),
    Slip(
        answer=_cuts_the_error_off,
        says="You applied the ReLU to the error. It belongs to the output; an error counts with "
        "either sign.",
    ),
    Slip(
        answer=_forgets_the_third,
        says="You forgot the factors 1/3: x^2 has the integral x^3 / 3, and a line from u to v the "
        "mean square (u^2 + u v + v^2) / 3.",
    ),
    Slip(
        answer=_divides_by_the_gain,
        says="You divide by the gain, and 0 / 0 is NaN. With g = 0 the output is the constant [b].",
    ),
)
