"""Wrong answers to `canonicalize_2d`, and the sentences that explain them."""

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.exercise import Slip


def _turns_the_other_way(W: Tensor) -> Tensor:
    norm = W.norm(dim=-2)
    largest = norm.amax(-1, keepdim=True)
    first = (norm >= 0.5 * largest).int().argmax(-1, keepdim=True)
    direction = torch.take_along_dim(W, first.unsqueeze(-2), dim=-1)
    c, s = F.normalize(direction, dim=-2).unbind(-2)
    x = c * W[..., 0, :] - s * W[..., 1, :]
    y = c * W[..., 1, :] + s * W[..., 0, :]
    is_off = y.abs() > 0.1 * largest
    first_off = is_off.int().argmax(-1, keepdim=True)
    below = is_off.any(-1, keepdim=True) & (torch.take_along_dim(y, first_off, dim=-1) < 0)
    return torch.stack([x, torch.where(below, -y, y)], dim=-2)


def _never_reflects(W: Tensor) -> Tensor:
    norm = W.norm(dim=-2)
    largest = norm.amax(-1, keepdim=True)
    first = (norm >= 0.5 * largest).int().argmax(-1, keepdim=True)
    direction = torch.take_along_dim(W, first.unsqueeze(-2), dim=-1)
    c, s = F.normalize(direction, dim=-2).unbind(-2)
    x = c * W[..., 0, :] + s * W[..., 1, :]
    y = c * W[..., 1, :] - s * W[..., 0, :]
    return torch.stack([x, y], dim=-2)


def _each_feature_above(W: Tensor) -> Tensor:
    norm = W.norm(dim=-2)
    largest = norm.amax(-1, keepdim=True)
    first = (norm >= 0.5 * largest).int().argmax(-1, keepdim=True)
    direction = torch.take_along_dim(W, first.unsqueeze(-2), dim=-1)
    c, s = F.normalize(direction, dim=-2).unbind(-2)
    x = c * W[..., 0, :] + s * W[..., 1, :]
    y = c * W[..., 1, :] - s * W[..., 0, :]
    return torch.stack([x, y.abs()], dim=-2)


def _reflects_x(W: Tensor) -> Tensor:
    norm = W.norm(dim=-2)
    largest = norm.amax(-1, keepdim=True)
    first = (norm >= 0.5 * largest).int().argmax(-1, keepdim=True)
    direction = torch.take_along_dim(W, first.unsqueeze(-2), dim=-1)
    c, s = F.normalize(direction, dim=-2).unbind(-2)
    x = c * W[..., 0, :] + s * W[..., 1, :]
    y = c * W[..., 1, :] - s * W[..., 0, :]
    is_off = y.abs() > 0.1 * largest
    first_off = is_off.int().argmax(-1, keepdim=True)
    below = is_off.any(-1, keepdim=True) & (torch.take_along_dim(y, first_off, dim=-1) < 0)
    return torch.stack([torch.where(below, -x, x), y], dim=-2)


def _reflects_both(W: Tensor) -> Tensor:
    norm = W.norm(dim=-2)
    largest = norm.amax(-1, keepdim=True)
    first = (norm >= 0.5 * largest).int().argmax(-1, keepdim=True)
    direction = torch.take_along_dim(W, first.unsqueeze(-2), dim=-1)
    c, s = F.normalize(direction, dim=-2).unbind(-2)
    x = c * W[..., 0, :] + s * W[..., 1, :]
    y = c * W[..., 1, :] - s * W[..., 0, :]
    is_off = y.abs() > 0.1 * largest
    first_off = is_off.int().argmax(-1, keepdim=True)
    below = is_off.any(-1, keepdim=True) & (torch.take_along_dim(y, first_off, dim=-1) < 0)
    return torch.where(below.unsqueeze(-1), -1, 1) * torch.stack([x, y], dim=-2)


def _feature_0_always(W: Tensor) -> Tensor:
    norm = W.norm(dim=-2)
    largest = norm.amax(-1, keepdim=True)
    direction = W[..., :1]
    c, s = F.normalize(direction, dim=-2).unbind(-2)
    x = c * W[..., 0, :] + s * W[..., 1, :]
    y = c * W[..., 1, :] - s * W[..., 0, :]
    is_off = y.abs() > 0.1 * largest
    first_off = is_off.int().argmax(-1, keepdim=True)
    below = is_off.any(-1, keepdim=True) & (torch.take_along_dim(y, first_off, dim=-1) < 0)
    return torch.stack([x, torch.where(below, -y, y)], dim=-2)


def _the_longest(W: Tensor) -> Tensor:
    norm = W.norm(dim=-2)
    largest = norm.amax(-1, keepdim=True)
    first = norm.argmax(-1, keepdim=True)
    direction = torch.take_along_dim(W, first.unsqueeze(-2), dim=-1)
    c, s = F.normalize(direction, dim=-2).unbind(-2)
    x = c * W[..., 0, :] + s * W[..., 1, :]
    y = c * W[..., 1, :] - s * W[..., 0, :]
    is_off = y.abs() > 0.1 * largest
    first_off = is_off.int().argmax(-1, keepdim=True)
    below = is_off.any(-1, keepdim=True) & (torch.take_along_dim(y, first_off, dim=-1) < 0)
    return torch.stack([x, torch.where(below, -y, y)], dim=-2)


def _to_the_y_axis(W: Tensor) -> Tensor:
    norm = W.norm(dim=-2)
    largest = norm.amax(-1, keepdim=True)
    first = (norm >= 0.5 * largest).int().argmax(-1, keepdim=True)
    direction = torch.take_along_dim(W, first.unsqueeze(-2), dim=-1)
    c, s = F.normalize(direction, dim=-2).unbind(-2)
    x = s * W[..., 0, :] - c * W[..., 1, :]
    y = c * W[..., 0, :] + s * W[..., 1, :]
    is_off = x.abs() > 0.1 * largest
    first_off = is_off.int().argmax(-1, keepdim=True)
    below = is_off.any(-1, keepdim=True) & (torch.take_along_dim(x, first_off, dim=-1) < 0)
    return torch.stack([torch.where(below, -x, x), y], dim=-2)


def _any_y_decides(W: Tensor) -> Tensor:
    norm = W.norm(dim=-2)
    largest = norm.amax(-1, keepdim=True)
    first = (norm >= 0.5 * largest).int().argmax(-1, keepdim=True)
    direction = torch.take_along_dim(W, first.unsqueeze(-2), dim=-1)
    c, s = F.normalize(direction, dim=-2).unbind(-2)
    x = c * W[..., 0, :] + s * W[..., 1, :]
    y = c * W[..., 1, :] - s * W[..., 0, :]
    is_off = y.abs() > 0
    first_off = is_off.int().argmax(-1, keepdim=True)
    below = is_off.any(-1, keepdim=True) & (torch.take_along_dim(y, first_off, dim=-1) < 0)
    return torch.stack([x, torch.where(below, -y, y)], dim=-2)


def _feature_1_decides(W: Tensor) -> Tensor:
    norm = W.norm(dim=-2)
    largest = norm.amax(-1, keepdim=True)
    first = (norm >= 0.5 * largest).int().argmax(-1, keepdim=True)
    direction = torch.take_along_dim(W, first.unsqueeze(-2), dim=-1)
    c, s = F.normalize(direction, dim=-2).unbind(-2)
    x = c * W[..., 0, :] + s * W[..., 1, :]
    y = c * W[..., 1, :] - s * W[..., 0, :]
    below = y[..., 1:2] < 0
    return torch.stack([x, torch.where(below, -y, y)], dim=-2)


def _below_the_axis(W: Tensor) -> Tensor:
    norm = W.norm(dim=-2)
    largest = norm.amax(-1, keepdim=True)
    first = (norm >= 0.5 * largest).int().argmax(-1, keepdim=True)
    direction = torch.take_along_dim(W, first.unsqueeze(-2), dim=-1)
    c, s = F.normalize(direction, dim=-2).unbind(-2)
    x = c * W[..., 0, :] + s * W[..., 1, :]
    y = c * W[..., 1, :] - s * W[..., 0, :]
    is_off = y.abs() > 0.1 * largest
    first_off = is_off.int().argmax(-1, keepdim=True)
    below = is_off.any(-1, keepdim=True) & (torch.take_along_dim(y, first_off, dim=-1) > 0)
    return torch.stack([x, torch.where(below, -y, y)], dim=-2)


def _divides_by_the_length(W: Tensor) -> Tensor:
    norm = W.norm(dim=-2)
    largest = norm.amax(-1, keepdim=True)
    first = (norm >= 0.5 * largest).int().argmax(-1, keepdim=True)
    direction = torch.take_along_dim(W, first.unsqueeze(-2), dim=-1)
    c, s = (direction / norm.amax(-1)[..., None, None]).unbind(-2)
    x = c * W[..., 0, :] + s * W[..., 1, :]
    y = c * W[..., 1, :] - s * W[..., 0, :]
    is_off = y.abs() > 0.1 * largest
    first_off = is_off.int().argmax(-1, keepdim=True)
    below = is_off.any(-1, keepdim=True) & (torch.take_along_dim(y, first_off, dim=-1) < 0)
    return torch.stack([x, torch.where(below, -y, y)], dim=-2)


def _stretched(W: Tensor) -> Tensor:
    norm = W.norm(dim=-2)
    largest = norm.amax(-1, keepdim=True)
    first = (norm >= 0.5 * largest).int().argmax(-1, keepdim=True)
    direction = torch.take_along_dim(W, first.unsqueeze(-2), dim=-1)
    c, s = direction.unbind(-2)
    x = c * W[..., 0, :] + s * W[..., 1, :]
    y = c * W[..., 1, :] - s * W[..., 0, :]
    is_off = y.abs() > 0.1 * largest
    first_off = is_off.int().argmax(-1, keepdim=True)
    below = is_off.any(-1, keepdim=True) & (torch.take_along_dim(y, first_off, dim=-1) < 0)
    return torch.stack([x, torch.where(below, -y, y)], dim=-2)


def _unit_columns(W: Tensor) -> Tensor:
    norm = W.norm(dim=-2)
    largest = norm.amax(-1, keepdim=True)
    first = (norm >= 0.5 * largest).int().argmax(-1, keepdim=True)
    direction = torch.take_along_dim(W, first.unsqueeze(-2), dim=-1)
    c, s = F.normalize(direction, dim=-2).unbind(-2)
    x = c * W[..., 0, :] + s * W[..., 1, :]
    y = c * W[..., 1, :] - s * W[..., 0, :]
    is_off = y.abs() > 0.1 * largest
    first_off = is_off.int().argmax(-1, keepdim=True)
    below = is_off.any(-1, keepdim=True) & (torch.take_along_dim(y, first_off, dim=-1) < 0)
    W_new = torch.stack([x, torch.where(below, -y, y)], dim=-2)
    return F.normalize(W_new, dim=-2)


SLIPS = (
    Slip(
        answer=_turns_the_other_way,
        says="You turned by the feature's angle instead of back by it. Its own new y must be"
        " c y - s x = 0.",
    ),
    Slip(
        answer=_never_reflects,
        says="You turned and did not reflect. Of a solution and its mirror image only one "
        "has the first feature off the axis above it.",
    ),
    Slip(
        answer=_each_feature_above,
        says="You put every feature above the axis on its own. A reflection changes the "
        "signs of all y together, and so keeps W^T W.",
    ),
    Slip(
        answer=_reflects_x,
        says="You reflected x. That moves the first long feature off the positive x axis: "
        "change the sign of y.",
    ),
    Slip(
        answer=_reflects_both,
        says="You changed the signs of x and y. That is half a turn and no reflection: "
        "change the sign of y only.",
    ),
    Slip(
        answer=_feature_0_always,
        says="You turned feature 0 onto the axis, however short it is. The direction of a "
        "feature that is not represented means nothing: take the first long one.",
    ),
    Slip(
        answer=_the_longest,
        says="You turned the longest feature onto the axis. In a pentagon noise decides "
        "which one that is: take the first that is long.",
    ),
    Slip(
        answer=_to_the_y_axis,
        says="You turned the first long feature onto the y axis. It belongs onto the "
        "positive x axis.",
    ),
    Slip(
        answer=_any_y_decides,
        says="The first feature with y other than 0 decided the reflection, so that a "
        "rounding error can. It must be farther off than a tenth of the largest norm.",
    ),
    Slip(
        answer=_feature_1_decides,
        says="Feature 1 decided the reflection, wherever it lies. The first feature that is "
        "clearly off the axis decides.",
    ),
    Slip(
        answer=_below_the_axis,
        says="Your first feature off the axis lies below it. It belongs above.",
    ),
    Slip(
        answer=_divides_by_the_length,
        says="The pair that you turned with has not length 1, so that you also stretched. "
        "Cosine and sine are the direction over its own length.",
    ),
    Slip(
        answer=_stretched,
        says="You turned with the column itself, which also stretches by its length. "
        "Normalise it first.",
    ),
    Slip(
        answer=_unit_columns,
        says="You made unit columns. The features keep their lengths.",
    ),
)
