"""A sparse autoencoder, which looks for a toy model's features in its hidden activations h = W x.

It writes each h as a sum of few directions, out of more than h has dimensions. Hidden vectors have
the axes `*instances batch hidden`, latents `*instances batch latents`. Column k of W_dec,
`*instances hidden latents`, is the direction of latent k, as column W_i is the direction of
feature i. `tms_lib.recovery` compares the two.

Sources: Cunningham et al. (2023), "Sparse Autoencoders Find Highly Interpretable Features in
Language Models"; Bricken et al. (2023), "Towards Monosemanticity", for the resampling.
"""

import math
from dataclasses import replace

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from tms_lib.engine import TrainConfig
from tms_lib.features import check_positive
from tms_lib.models import embed
from tms_lib.sampling import Sampler, weighted
from tms_lib.training import minimise

_RESAMPLING_INPUTS = 8192  # a latent that none of them activates counts as dead


def sparse_encode(
    h: Float[Tensor, "*instances batch hidden"],
    *,
    W_enc: Float[Tensor, "*instances latents hidden"],
    b_enc: Float[Tensor, "*instances latents"],
    b_dec: Float[Tensor, "*instances hidden"],
) -> Float[Tensor, "*instances batch latents"]:
    """How strongly each latent is active: f = ReLU(W_enc (h - b_dec) + b_enc).

    The decoder's bias is taken off first, so that the latents describe deviations from it.

    >>> sparse_encode(
    ...     torch.tensor([[3.0, 1.0]]), W_enc=torch.tensor([[1.0, 0.0], [0.0, 1.0]]),
    ...     b_enc=torch.tensor([-0.5, -0.5]), b_dec=torch.tensor([1.0, 1.0])
    ... )
    tensor([[1.5000, 0.0000]])
    """
    return torch.relu((h - b_dec.unsqueeze(-2)) @ W_enc.mT + b_enc.unsqueeze(-2))


def sparse_decode(
    latents: Float[Tensor, "*instances batch latents"],
    *,
    W_dec: Float[Tensor, "*instances hidden latents"],
    b_dec: Float[Tensor, "*instances hidden"],
) -> Float[Tensor, "*instances batch hidden"]:
    r"""The reconstruction h' = sum_k f_k d_k + b_dec, with unit directions.

    $d_k$ is column k of W_dec divided by its length. Without that, long columns would let the
    latents shrink, and the penalty on them would cost nothing.

    >>> W_dec, b_dec = torch.tensor([[3.0], [4.0]]), torch.tensor([0.0, 1.0])
    >>> sparse_decode(torch.tensor([[2.0]]), W_dec=W_dec, b_dec=b_dec)
    tensor([[1.2000, 2.6000]])
    """
    return latents @ F.normalize(W_dec, dim=-2).mT + b_dec.unsqueeze(-2)


def sparse_loss(
    h: Float[Tensor, "*instances batch hidden"],
    h_hat: Float[Tensor, "*instances batch hidden"],
    *,
    latents: Float[Tensor, "*instances batch latents"],
    l1: float,
) -> Float[Tensor, "*instances batch"]:
    r"""The loss of each input: $\|h - h'\|^2 + \lambda \sum_k f_k$.

    The second term asks for few and weak latents. For an h along one direction, its best
    latent is not $\|h\|$ but $\lambda / 2$ less.

    >>> h, h_hat = torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 1.5]])
    >>> sparse_loss(h, h_hat, latents=torch.tensor([[1.0, 0.5, 0.0]]), l1=0.1)
    tensor([0.4000])
    """
    return ((h - h_hat) ** 2).sum(-1) + l1 * latents.sum(-1)


class SparseAutoencoder(nn.Module):
    """Reconstructs h from sparse latents.

    Starts from random unit directions, an encoder that is the decoder's transpose, and biases 0.

    Args:
        n_instances: Independent autoencoders.
        n_hidden: Dimensions of h.
        n_latents: Directions to look for; at least as many as features are expected.
        generator: Source of the start.

    Raises:
        ValueError: If a size is below 1.
    """

    def __init__(
        self, *, n_instances: int, n_hidden: int, n_latents: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        check_positive(n_instances=n_instances, n_hidden=n_hidden, n_latents=n_latents)
        start = torch.randn(
            n_instances, n_hidden, n_latents, generator=generator, device=generator.device
        )
        directions = F.normalize(start, dim=-2)
        self.W_dec = nn.Parameter(directions)
        self.W_enc = nn.Parameter(directions.mT.clone())
        self.b_enc = nn.Parameter(directions.new_zeros(n_instances, n_latents))
        self.b_dec = nn.Parameter(directions.new_zeros(n_instances, n_hidden))

    def encode(
        self, h: Float[Tensor, "instances batch hidden"]
    ) -> Float[Tensor, "instances batch latents"]:
        return sparse_encode(h, W_enc=self.W_enc, b_enc=self.b_enc, b_dec=self.b_dec)

    def decode(
        self, latents: Float[Tensor, "instances batch latents"]
    ) -> Float[Tensor, "instances batch hidden"]:
        return sparse_decode(latents, W_dec=self.W_dec, b_dec=self.b_dec)

    def forward(
        self, h: Float[Tensor, "instances batch hidden"]
    ) -> Float[Tensor, "instances batch hidden"]:
        return self.decode(self.encode(h))


def dead_latents(
    latents: Float[Tensor, "*instances batch latents"],
) -> Bool[Tensor, "*instances latents"]:
    """Which latents no input of the batch activates.

    On a large batch, such a latent gets no gradient and will stay as it is.

    >>> dead_latents(torch.tensor([[0.0, 0.0, 0.3], [0.1, 0.0, 0.0]]))
    tensor([False,  True, False])
    """
    return (latents == 0).all(-2)


def resample_latents(
    h: Float[Tensor, "instances batch hidden"],
    *,
    W_enc: Float[Tensor, "instances latents hidden"],
    b_enc: Float[Tensor, "instances latents"],
    W_dec: Float[Tensor, "instances hidden latents"],
    b_dec: Float[Tensor, "instances hidden"],
    generator: torch.Generator,
) -> tuple[
    Float[Tensor, "instances latents hidden"],
    Float[Tensor, "instances latents"],
    Float[Tensor, "instances hidden latents"],
]:
    """New starts for the dead latents, at inputs that are reconstructed badly.

    An input is drawn with a probability proportional to its squared reconstruction error,
    squared once more; no input twice. Its direction from b_dec becomes the latent's direction
    and, at 0.2 times the mean length of the living rows (or 1 if none lives), its encoder row: a
    small one does not disturb the living latents. Its bias becomes 0.

    Args:
        h: Inputs; those latents are dead that none of them activates.
        W_enc: Encoder, a row for each latent.
        b_enc: Its biases.
        W_dec: Decoder, a column for each latent.
        b_dec: Its bias.
        generator: Source of randomness.

    Returns:
        W_enc, b_enc and W_dec; living latents have the values that they had.

    Raises:
        ValueError: If `h` has fewer inputs than there are latents.

    >>> h = torch.tensor([[[0.0, 2.0]]])
    >>> resample_latents(  # the only latent points away from the only input
    ...     h, W_enc=torch.tensor([[[0.0, -1.0]]]), b_enc=torch.tensor([[-0.5]]),
    ...     W_dec=torch.tensor([[[0.0], [-1.0]]]), b_dec=torch.zeros(1, 2),
    ...     generator=torch.Generator()
    ... )
    (tensor([[[0.0000, 0.2000]]]), tensor([[0.]]), tensor([[[0.],
             [1.]]]))
    """
    if h.shape[-2] < W_enc.shape[-2]:
        raise ValueError(
            f"h must have at least as many inputs as there are latents, {W_enc.shape[-2]}; "
            f"got {h.shape[-2]}."
        )
    latents = sparse_encode(h, W_enc=W_enc, b_enc=b_enc, b_dec=b_dec)
    dead = dead_latents(latents)  # instances latents
    error = ((h - sparse_decode(latents, W_dec=W_dec, b_dec=b_dec)) ** 2).sum(-1)
    # no input twice; `tiny` is for errors that are all 0
    odds = error**2 + torch.finfo(error.dtype).tiny  # instances batch
    chosen = torch.multinomial(odds, W_enc.shape[-2], generator=generator)
    nth = (dead.cumsum(-1) - 1).clamp(min=0)  # the first draws, the likeliest, are for the dead
    chosen = chosen.gather(-1, nth).unsqueeze(-1)  # instances latents 1
    bad = h.take_along_dim(chosen, dim=-2) - b_dec.unsqueeze(-2)
    direction = F.normalize(bad, dim=-1)  # instances latents hidden
    length = torch.linalg.vector_norm(W_enc, dim=-1)
    n_living = (~dead).sum(-1)  # instances
    living_length = torch.where(n_living > 0, (length * ~dead).sum(-1) / n_living, 1.0)
    row = 0.2 * living_length[:, None, None] * direction
    return (
        torch.where(dead.unsqueeze(-1), row, W_enc),
        b_enc.masked_fill(dead, 0.0),
        torch.where(dead.unsqueeze(-2), direction.mT, W_dec),
    )


@torch.no_grad()
def resample_dead_latents(
    autoencoder: SparseAutoencoder,
    h: Float[Tensor, "instances batch hidden"],
    *,
    generator: torch.Generator,
) -> Bool[Tensor, "instances latents"]:
    """Give each dead latent of an autoencoder a new start, in place, by `resample_latents`.

    An optimiser's state of its parameters is out of date afterwards.

    Returns:
        Which latents were dead.

    Raises:
        ValueError: If `h` has fewer inputs than there are latents.
    """
    dead = dead_latents(autoencoder.encode(h))
    starts = resample_latents(h, **dict(autoencoder.named_parameters()), generator=generator)
    for name, start in zip(("W_enc", "b_enc", "W_dec"), starts, strict=True):
        autoencoder.get_parameter(name).copy_(start)
    return dead


def train_autoencoder(
    autoencoder: SparseAutoencoder,
    sample: Sampler,
    *,
    W: Float[Tensor, "instances hidden features"],
    l1: float,
    generator: torch.Generator,
    config: TrainConfig = TrainConfig(),
    n_resamplings: int = 3,
    progress: bool = False,
) -> Float[Tensor, "steps instances"]:
    """Train on the hidden activations h = W x of a toy model, in place.

    The steps are divided into `n_resamplings` + 1 equal phases. Dead latents are resampled
    after each but the last, and Adam starts anew then. The learning rate stays constant until
    the last phase, and follows the schedule of `config` there.

    Args:
        autoencoder: One instance for each of the toy model's.
        sample: Draws features x, as for `train`.
        W: The toy model's weights; they stay as they are.
        l1: Price of the latents, lambda of `sparse_loss`.
        generator: Source of randomness, on the device of `autoencoder`.
        config: Length and speed of the training.
        n_resamplings: How often dead latents are resampled.
        progress: Whether to show a progress bar for each phase.

    Returns:
        The losses of each step's own batch, on the CPU.

    Raises:
        ValueError: If `l1` is negative or not finite, or there are fewer steps than phases.
        FloatingPointError: If a loss stops being finite.
    """
    if not 0 <= l1 < math.inf:
        raise ValueError(f"l1 must be finite and at least 0; got {l1}.")
    if not 0 <= n_resamplings < config.n_steps:
        raise ValueError(
            f"n_resamplings must be at least 0 and below the {config.n_steps} steps; "
            f"got {n_resamplings}."
        )
    W = W.detach()

    def losses() -> Float[Tensor, " instances"]:
        x, weight = weighted(sample(config.batch_size, generator=generator))
        h = embed(x, W)
        latents = autoencoder.encode(h)
        loss = sparse_loss(h, autoencoder.decode(latents), latents=latents, l1=l1)
        return (weight * loss).sum(-1)

    n_steps = config.n_steps // (n_resamplings + 1)
    phase = replace(config, n_steps=n_steps, schedule="constant")
    history = []
    for _ in range(n_resamplings):
        run = minimise(autoencoder, losses, generator=generator, config=phase, progress=progress)
        history.append(run.losses)
        x, _ = weighted(sample(_RESAMPLING_INPUTS, generator=generator))
        resample_dead_latents(autoencoder, embed(x, W), generator=generator)
    last = replace(config, n_steps=config.n_steps - n_resamplings * n_steps)
    run = minimise(autoencoder, losses, generator=generator, config=last, progress=progress)
    return torch.cat([*history, run.losses])


def learn_directions(
    h: Float[Tensor, "instances inputs hidden"],
    *,
    n_latents: int,
    l1: float,
    n_steps: int,
    batch_size: int,
    lr: float,
    generator: torch.Generator,
) -> tuple[
    Float[Tensor, "instances {n_latents} hidden"],
    Float[Tensor, "instances {n_latents}"],
    Float[Tensor, "instances hidden {n_latents}"],
    Float[Tensor, "instances hidden"],
]:
    """New sparse autoencoders, trained on nothing but a collection of hidden vectors.

    Batches are rows of `h`, drawn at random. Dead latents are resampled once, half-way.

    Args:
        h: Hidden vectors, of one model in each instance.
        n_latents: Directions to look for.
        l1: Price of the latents, lambda of `sparse_loss`.
        n_steps: Steps of training, at least 2.
        batch_size: Rows of `h` in each.
        lr: Learning rate of the first half; it falls linearly to 0 in the second.
        generator: Source of randomness, on the device of `h`.

    Returns:
        W_enc, b_enc, W_dec and b_dec, cut from the graph.

    Raises:
        ValueError: As `train_autoencoder`.
        FloatingPointError: If a loss stops being finite.

    >>> g = torch.Generator().manual_seed(0)
    >>> h = torch.rand(1, 500, 1, generator=g) * torch.tensor([3.0, 4.0])  # all along (3, 4) / 5
    >>> _, _, W_dec, _ = learn_directions(
    ...     h, n_latents=1, l1=0.1, n_steps=200, batch_size=64, lr=0.02, generator=g
    ... )
    >>> F.normalize(W_dec, dim=-2).round(decimals=1)
    tensor([[[0.6000],
             [0.8000]]])
    """
    n_instances, n_inputs, n_hidden = h.shape
    autoencoder = SparseAutoencoder(
        n_instances=n_instances, n_hidden=n_hidden, n_latents=n_latents, generator=generator
    ).to(h)

    def rows(n_rows: int, /, *, generator: torch.Generator) -> Tensor:
        return h[:, torch.randint(n_inputs, (n_rows,), generator=generator, device=h.device)]

    train_autoencoder(
        autoencoder,
        rows,
        W=torch.eye(n_hidden).to(h).expand(n_instances, -1, -1),  # the rows are hidden already
        l1=l1,
        generator=generator,
        config=TrainConfig(n_steps=n_steps, batch_size=batch_size, lr=lr),
        n_resamplings=1,
    )
    W_enc, b_enc, W_dec, b_dec = (
        getattr(autoencoder, name).detach() for name in ("W_enc", "b_enc", "W_dec", "b_dec")
    )
    return W_enc, b_enc, W_dec, b_dec
