"""How well the directions that an autoencoder found agree with a toy model's true ones.

Column W_i, of axes `*instances hidden features`, is the true direction of feature i; column k of
W_dec, `*instances hidden latents`, is the direction of latent k. Similarities are cosines with
their sign: antipodal features have opposite directions, and a latent stands for one of them.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from tms_lib.metrics import check_finite


def cosine_similarity(
    W: Float[Tensor, "*instances hidden features"],
    W_dec: Float[Tensor, "*instances hidden latents"],
) -> Float[Tensor, "*instances features latents"]:
    """The cosine between each true direction and each one found; 0 for a zero column.

    Raises:
        ValueError: If `W` or `W_dec` is not finite.

    >>> cosine_similarity(torch.tensor([[2.0], [0.0]]), torch.tensor([[3.0, -1.0], [4.0, 0.0]]))
    tensor([[ 0.6000, -1.0000]])
    """
    check_finite(W)
    check_finite(W_dec, name="W_dec")
    return F.normalize(W, dim=-2).mT @ F.normalize(W_dec, dim=-2)


def max_cosine_similarity(
    W: Float[Tensor, "*instances hidden features"],
    W_dec: Float[Tensor, "*instances hidden latents"],
) -> Float[Tensor, "*instances features"]:
    """For each feature, its largest cosine with any latent.

    The mean over the features is known as the mean max cosine similarity. 1: some latent has
    just this direction. It may be the best of several features, see `matched_cosine_similarity`.

    Raises:
        ValueError: As `cosine_similarity`.

    >>> W = torch.tensor([[1.0, 0.8], [0.0, 0.6]])
    >>> max_cosine_similarity(W, torch.tensor([[1.0, 0.0], [0.0, -1.0]]))
    tensor([1.0000, 0.8000])
    """
    return cosine_similarity(W, W_dec).amax(-1)


def matched_cosine_similarity(
    W: Float[Tensor, "*instances hidden features"],
    W_dec: Float[Tensor, "*instances hidden latents"],
) -> Float[Tensor, "*instances features"]:
    """For each feature, its cosine with a latent of its own: no latent serves two features.

    The pair with the largest cosine is matched first, then the largest of those that remain.
    Where each feature and its latent are each other's nearest, as after a recovery, no other
    matching has a larger sum. Otherwise another may have, so that this one never flatters.

    Returns:
        One cosine per feature; 0 for a feature that is left without a latent.

    Raises:
        ValueError: As `cosine_similarity`.

    >>> W = torch.tensor([[1.0, 0.8], [0.0, 0.6]])
    >>> matched_cosine_similarity(W, torch.tensor([[1.0, 0.0], [0.0, -1.0]]))
    tensor([ 1.0000, -0.6000])
    """
    similarity = cosine_similarity(W, W_dec)  # *instances features latents
    n_features, n_latents = similarity.shape[-2:]
    matched = torch.zeros_like(similarity[..., 0])  # *instances features
    for _ in range(min(n_features, n_latents)):
        best, place = similarity.flatten(-2).max(-1)
        feature = F.one_hot(place // n_latents, n_features).bool()
        latent = F.one_hot(place % n_latents, n_latents).bool()
        matched = torch.where(feature, best.unsqueeze(-1), matched)
        taken = feature.unsqueeze(-1) | latent.unsqueeze(-2)
        similarity = similarity.masked_fill(taken, -torch.inf)
    return matched
