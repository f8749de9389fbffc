"""Non-Uniform Superposition: one feature is sparser than the others."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from tms_lib.evaluation import best_of_seeds
from tms_lib.figures._shared import gaps_2d, page
from tms_lib.figures.reproduction import Reproduction, equal, within
from tms_lib.geometry import canonicalize_2d
from tms_lib.metrics import count_represented
from tms_lib.models import ReLUOutputModel
from tms_lib.plots import plot_curves, plot_features_2d
from tms_lib.sampling import FeatureSampler
from tms_lib.theory import expected_relu_loss
from tms_lib.training import TrainConfig, train

_DENSITY = 0.05
_TIMES_SPARSER = torch.logspace(0, 1, 17)  # feature 0 than the others
_DRAWN = (0, 8, 12)
_N_SEEDS = 32


def pentagon_or_digons(*, seed: int = 0) -> Reproduction:
    """Five features in two dimensions, feature 0 sparser than the others: two solutions.

    Trained many times. Of all pentagons the one with the lowest exact loss counts, and of all
    solutions with two digons.
    """
    p = torch.full((len(_TIMES_SPARSER), 5), _DENSITY)
    p[:, 0] /= _TIMES_SPARSER
    W, loss = _train(p, generator=torch.Generator().manual_seed(seed))
    best = canonicalize_2d(best_of_seeds(W, loss))
    n_represented = count_represented(W)
    # the lowest loss among the solutions of a kind; NaN if no seed found one
    lowest = [loss.where(n_represented == n, math.inf).amin(-1) for n in (5, 4)]
    pentagon, digons = (values.where(values.isfinite(), math.nan) for values in lowest)
    figure, axes = page(1, 4, width=4.2, height=3.8)
    for k, ax in zip(_DRAWN, axes, strict=False):
        plot_features_2d(best[k], ax=ax)
        ax.set_title(f"feature 0 {_TIMES_SPARSER[k]:.2g} times sparser")
    curves = torch.stack([pentagon, digons])
    plot_curves(_TIMES_SPARSER, curves, labels=["pentagon", "two digons"], ax=axes[3])
    axes[3].set(xscale="log", xlabel="times that feature 0 is sparser", ylabel="expected loss")
    figure.suptitle(f"$n = 5$, $m = 2$, $I_i = 1$, $1 - S = {_DENSITY}$, best of {_N_SEEDS}")
    beside = gaps_2d(best[_DRAWN[1]])[1:3]  # feature 0 is on the x axis
    claims = [
        equal(
            "feature 0 as sparse as the others: a pentagon; 10 times: two digons; features",
            count_represented(best[[0, -1]]),
            needed=[5, 4],
        ),
        within("3.2 times: a deformed pentagon; degrees beside feature 0", beside, high=70),
        within(
            "the losses cross where feature 0 is about 2.5 times sparser (ours: 3 to 4); times",
            _crossing(pentagon - digons),
            low=2,
            high=5,
        ),
    ]
    return Reproduction(figure, claims)


def _train(
    p: Float[Tensor, "settings features"], *, generator: torch.Generator
) -> tuple[Float[Tensor, "settings seeds hidden features"], Float[Tensor, "settings seeds"]]:
    """All seeds' weights and their exact losses."""
    p = p.repeat_interleave(_N_SEEDS, dim=0)
    importance = torch.ones(p.shape[-1])
    model = ReLUOutputModel(
        n_instances=len(p), n_features=p.shape[-1], n_hidden=2, generator=generator
    )
    config = TrainConfig(n_steps=1_500, batch_size=256)
    train(model, FeatureSampler(p), importance=importance, generator=generator, config=config)
    W, b = model.W.detach(), model.b.detach()
    loss = expected_relu_loss(W, b, feature_probability=p, importance=importance)
    return W.unflatten(0, (-1, _N_SEEDS)), loss.unflatten(0, (-1, _N_SEEDS))


def _crossing(difference: Float[Tensor, " settings"]) -> float:
    """How many times sparser feature 0 is where the difference turns positive; NaN if never."""
    later = (difference > 0).nonzero()
    if len(later) == 0 or later[0] == 0:
        return math.nan
    k = int(later[0])
    before, after = difference[k - 1 : k + 1]
    x = _TIMES_SPARSER[k - 1 : k + 1].log()
    return math.exp(x[0] + (x[1] - x[0]) * before / (before - after))
