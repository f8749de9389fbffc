"""How good trained models are: their loss on fresh samples, and the best of several seeds."""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from tms_lib.features import check_positive
from tms_lib.losses import weighted_row_mse
from tms_lib.sampling import Sampler, WeightedRows, weighted
from tms_lib.threads import threads_for

_CHUNK = 8192  # samples that fit a CPU's cache well


@torch.no_grad()
def expected_loss(
    model: nn.Module,
    sample: Sampler,
    *,
    importance: Float[Tensor, "..."],
    n_samples: int,
    generator: torch.Generator,
    target: Callable[[Tensor], Tensor] | None = None,
) -> Float[Tensor, " instances"]:
    """Each instance's loss on `n_samples` fresh samples, drawn in chunks to bound memory.

    Compare seeds by this, and on the same samples (see `same_for_seeds`), not by the last loss of
    training, whose noise decides between near-equal runs. Sparse features need many samples, or a
    `FeatureSampler`.

    Args:
        model: As in `train`, with the next two and `target`.
        sample: Called once per chunk.
        importance: I_i, broadcasts over `instances features`.
        n_samples: Rows in all.
        generator: Source of randomness.
        target: What the model should give for x; by default x itself.

    Raises:
        ValueError: If `n_samples` is below 1, an importance is negative or not finite, or
            shapes disagree.
    """
    check_positive(n_samples=n_samples)
    n_chunks = math.ceil(n_samples / _CHUNK)
    total = torch.zeros(())
    for k in range(n_chunks):  # of equal size, as a sampler may refuse a single row
        size = (n_samples + k) // n_chunks
        with threads_for(model, batch_size=size):
            x, weight = weighted(sample(size, generator=generator))
            goal = x if target is None else target(x)
            loss = weighted_row_mse(goal, model(x), importance=importance, weight=weight)
            total = total + size / n_samples * loss
    return total


def same_for_seeds(sample: Sampler, *, n_seeds: int) -> Sampler:
    """A sampler for models of which each `n_seeds` together have one setting.

    It draws a batch of `sample` for each setting and gives it to all its seeds. On the same
    samples even near-equal seeds can be told apart.

    >>> from tms_lib.sampling import FeatureSampler
    >>> p = torch.tensor([[0.5, 0.5], [1.0, 1.0]])
    >>> sample = same_for_seeds(FeatureSampler(p), n_seeds=3)
    >>> x, _ = sample(4, generator=torch.Generator().manual_seed(0))
    >>> x.shape, torch.equal(x[0], x[2]), torch.equal(x[2], x[3])
    (torch.Size([6, 4, 2]), True, False)
    """

    def repeated(n_samples: int, /, *, generator: torch.Generator) -> WeightedRows:
        rows = weighted(sample(n_samples, generator=generator))
        return WeightedRows(*(part.repeat_interleave(n_seeds, 0) for part in rows))

    return repeated


def best_of_seeds(
    values: Shaped[Tensor, " settings seeds *rest"], losses: Float[Tensor, "settings seeds"]
) -> Shaped[Tensor, " settings *rest"]:
    """For each setting, the values of the seed with the lowest loss.

    Training finds the best solution with some seeds only. An average over seeds is no
    solution: W and -W are equally good, and their mean is 0. A diverged seed, whose loss is
    not finite, is never chosen.

    Raises:
        ValueError: If all seeds of a setting diverged.

    >>> best_of_seeds(torch.tensor([[5, 6, 7]]), torch.tensor([[0.3, 0.1, torch.nan]]))
    tensor([6])
    """
    if values.shape[:2] != losses.shape:  # indexing would accept other values
        raise ValueError(
            f"values must start with the axes of losses, settings and seeds {tuple(losses.shape)}; "
            f"got shape {tuple(values.shape)}."
        )
    if not losses.isfinite().any(1).all():
        setting = losses.isfinite().any(1).logical_not().nonzero()[0].item()
        raise ValueError(f"every seed of setting {setting} diverged: no loss in losses is finite.")
    best = losses.where(losses.isfinite(), math.inf).argmin(1)
    return values[torch.arange(len(values), device=values.device), best]
