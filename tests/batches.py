"""Small models and fixed batches for tests of training."""

import torch
from torch import Tensor

from tms_lib.models import ReLUOutputModel
from tms_lib.sampling import Sampler


def recorded_batches(x: Tensor) -> Sampler:
    """A sampler that hands out the batches of x, `calls instances batch features`, in turn."""
    batches = iter(x)

    def sample(n_samples: int, /, *, generator: torch.Generator) -> Tensor:
        del generator
        batch = next(batches)
        assert batch.shape[1] == n_samples
        return batch

    return sample


def small_model(n_instances: int, generator: torch.Generator) -> ReLUOutputModel:
    """Five features in two dimensions, in float64."""
    model = ReLUOutputModel(n_instances=n_instances, n_features=5, n_hidden=2, generator=generator)
    return model.double()
