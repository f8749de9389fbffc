"""The Thomson problem: electrons on a sphere, which repel each other into polytopes.

Features in superposition have much in common with it: interference keeps directions apart, as
charges do. But a pair at a right angle does not interfere, and with a ReLU one at an obtuse angle
costs nothing either, so that not all its polytopes are those of features.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

# The least energies known for 2 to 12 points on a sphere, from the literature (tabulated, e.g.,
# in Wikipedia's "Thomson problem"). Proven for 2 to 6 and 12.
THOMSON_MINIMUM = {
    2: 0.5,
    3: 1.732050808,
    4: 3.674234614,
    5: 6.474691495,
    6: 9.985281374,
    7: 14.452977414,
    8: 19.675287861,
    9: 25.759986531,
    10: 32.716949460,
    11: 40.596450508,
    12: 49.165253058,
}


def thomson_energy(
    points: Float[Tensor, "*instances dims points"],
) -> Float[Tensor, "*instances"]:
    r"""The potential energy of equal charges: $\sum_{i < j} 1 / \|x_i - x_j\|$.

    Columns are points, as they are in W. 0: a point alone. Infinity: two in the same place.

    >>> thomson_energy(torch.tensor([[1.0, -1.0], [0.0, 0.0]]))
    tensor(0.5000)
    """
    i, j = torch.triu_indices(points.shape[-1], points.shape[-1], offset=1, device=points.device)
    distance = torch.linalg.vector_norm(points[..., i] - points[..., j], dim=-2)
    return (1 / distance).sum(-1)


def thomson_points(n_points: int, *, generator: torch.Generator) -> Float[Tensor, "3 {n_points}"]:
    """Points on the unit sphere in three dimensions with the least energy that descent finds.

    From eight random starts; up to 12 points each nearly always ends in the known minimum,
    `THOMSON_MINIMUM`. The points are found up to a rotation, and are made on the device of
    `generator`.

    Raises:
        ValueError: If there are fewer than two points.

    >>> points = thomson_points(6, generator=torch.Generator().manual_seed(0))
    >>> round(thomson_energy(points).item(), 4)  # an octahedron
    9.9853
    """
    if n_points < 2:
        raise ValueError(f"n_points must be at least 2; got {n_points}.")
    starts = torch.randn(
        8, 3, n_points, generator=generator, device=generator.device, dtype=torch.float64
    ).requires_grad_()
    optimiser = torch.optim.LBFGS([starts], max_iter=500, line_search_fn="strong_wolfe")

    def step() -> Tensor:
        optimiser.zero_grad()
        energy = thomson_energy(F.normalize(starts, dim=-2)).sum()
        energy.backward()
        return energy

    optimiser.step(step)
    points = F.normalize(starts.detach(), dim=-2)
    return points[thomson_energy(points).argmin()].to(torch.get_default_dtype())
