"""When is a feature put in superposition? The candidate solutions and their losses.

There is one feature too many: two features in one dimension, or three in two. All have the same
density p; the last, the extra feature, has the importance r relative to the others' 1. Each
candidate solution has a loss in closed form, and the theoretical phase is the cheapest. The
candidates are a simplification: with W and b optimised the phases stay, but their boundaries
move a little (see phase_optimum.py).

Source: Elhage et al. (2022), "Toy Models of Superposition", Superposition as a Phase Change.
"""

from enum import IntEnum

import torch
from jaxtyping import Float, Int
from torch import Tensor

from tms_lib.features import check_probability, feature_moments, first


class Phase(IntEnum):
    """What happens to the extra feature."""

    IGNORED = 0
    DEDICATED = 1  # it has a dimension to itself, since another feature is ignored
    SUPERPOSED = 2  # it shares a dimension with another feature, as an antipodal pair
    OTHERS_SUPERPOSED = 3  # it has a dimension to itself, since the two others share one


def ignored_loss(
    feature_probability: Float[Tensor, "*#grid"], relative_importance: Float[Tensor, "*#grid"]
) -> Float[Tensor, "*grid"]:
    r"""The loss if the extra feature is ignored: $r \, (p / 3 - p^2 / 4)$.

    Its output answers the mean p / 2 always, so that its variance is lost. All other features
    come back exactly.

    Raises:
        ValueError: If a probability lies outside [0, 1], or a relative importance is negative
            or not finite.

    >>> ignored_loss(torch.tensor(1.0), torch.tensor([1.0, 6.0]))
    tensor([0.0833, 0.5000])
    """
    check_grid(feature_probability, relative_importance)
    return relative_importance * feature_moments(feature_probability).variance


def dedicated_loss(
    feature_probability: Float[Tensor, "*#grid"], relative_importance: Float[Tensor, "*#grid"]
) -> Float[Tensor, "*grid"]:
    r"""The loss if another feature is ignored instead: $p / 3 - p^2 / 4$, for any r.

    Raises:
        ValueError: As `ignored_loss`.

    >>> dedicated_loss(torch.tensor(1.0), torch.tensor([1.0, 12.0]))
    tensor([0.0833, 0.0833])
    """
    check_grid(feature_probability, relative_importance)
    return feature_moments(feature_probability).variance * torch.ones_like(relative_importance)


def antipodal_loss(
    feature_probability: Float[Tensor, "*#grid"], relative_importance: Float[Tensor, "*#grid"]
) -> Float[Tensor, "*grid"]:
    r"""The loss if the extra feature and one other are an antipodal pair: $(1 + r) \, p^2 / 6$.

    With W = [1, -1] and no bias the outputs are [x - y] and [y - x]. A feature alone comes back
    exactly; if both are active, both outputs err by min(x, y), whose mean square is 1/6.

    Raises:
        ValueError: As `ignored_loss`.

    >>> antipodal_loss(torch.tensor(0.5), torch.tensor([1.0, 5.0]))
    tensor([0.0833, 0.2500])
    """
    check_grid(feature_probability, relative_importance)
    return (1 + relative_importance) * feature_probability**2 / 6


def phase_losses(
    feature_probability: Float[Tensor, "*#grid"],
    relative_importance: Float[Tensor, "*#grid"],
    *,
    n_features: int,
) -> Float[Tensor, "*grid phases"]:
    """The losses of all candidates, in the order of `Phase`: three of them for two features.

    With three features in two dimensions the two others can also share a dimension, which
    is an antipodal pair of relative importance 1.

    Raises:
        ValueError: If `n_features` is neither 2 nor 3, and as `ignored_loss`.

    >>> phase_losses(torch.tensor(1.0), torch.tensor(2.0), n_features=3)
    tensor([0.1667, 0.0833, 0.5000, 0.3333])
    """
    check_two_or_three(n_features)
    p, r = feature_probability, relative_importance
    losses = [ignored_loss(p, r), dedicated_loss(p, r), antipodal_loss(p, r)]
    if n_features == 3:
        losses.append(antipodal_loss(p, torch.ones_like(r)))
    return torch.stack(losses, dim=-1)


def theoretical_phase(
    feature_probability: Float[Tensor, "*#grid"],
    relative_importance: Float[Tensor, "*#grid"],
    *,
    n_features: int,
) -> Int[Tensor, "*grid"]:
    """The `Phase` whose candidate has the least loss. Where several do, the first of them.

    Raises:
        ValueError: As `phase_losses`.

    >>> p = torch.tensor([[0.9], [0.1]])  # dense above sparse, as in the paper's picture
    >>> theoretical_phase(p, torch.tensor([0.5, 2.0]), n_features=2)
    tensor([[0, 1],
            [2, 2]])
    """
    losses = phase_losses(feature_probability, relative_importance, n_features=n_features)
    return losses.argmin(-1)


def superposition_boundary(
    relative_importance: Float[Tensor, "*grid"], *, n_features: int
) -> Float[Tensor, "*grid"]:
    r"""The density below which superposition is the cheapest candidate.

    $$p^* = \frac{4 r}{2 + 5 r} \; (r \le 1), \qquad p^* = \frac{4}{5 + 2 r} \; (r \ge 1)$$

    At r = 1 it is 4/7, the highest; there all phases meet. With three features and r > 1 it
    stays at 4/7, since the two others, of equal importance, share a dimension instead.

    Raises:
        ValueError: If `n_features` is neither 2 nor 3, or a relative importance is negative or
            not finite.

    >>> superposition_boundary(torch.tensor([0.0, 1.0, 2.5]), n_features=2)
    tensor([0.0000, 0.5714, 0.4000])
    """
    check_two_or_three(n_features)
    _check_relative_importance(relative_importance)
    r = relative_importance
    extra_rather_than_other = 4 / (5 + 2 * r) if n_features == 2 else torch.full_like(r, 4 / 7)
    return torch.where(r < 1, 4 * r / (2 + 5 * r), extra_rather_than_other)


def check_grid(
    feature_probability: Float[Tensor, "*#grid"], relative_importance: Float[Tensor, "*#grid"]
) -> None:
    """Raise a ValueError that names the first probability or relative importance out of range."""
    check_probability(feature_probability)
    _check_relative_importance(relative_importance)


def _check_relative_importance(relative_importance: Float[Tensor, "*grid"]) -> None:
    wrong = ~(relative_importance.isfinite() & (relative_importance >= 0))
    if wrong.any():
        raise ValueError(
            "relative_importance must be finite and at least 0; "
            f"got {first(relative_importance, where=wrong)}."
        )


def check_two_or_three(n_features: int) -> None:
    """Raise a ValueError unless there are two or three features."""
    if n_features not in (2, 3):
        raise ValueError(f"n_features must be 2 or 3; got {n_features}.")
