"""What every training does around its gradients: Adam, schedule, history, checkpoints.

`Run` knows neither models nor data. `tms_lib.training` has the functions to call.
"""

import hashlib
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from tqdm import tqdm

from tms_lib.checkpoints import Checkpoint
from tms_lib.features import check_positive
from tms_lib.threads import threads_for

_STEPS_BETWEEN_CHECKS = 100  # looking at a loss makes the CPU wait for a GPU
_STEPS_BEFORE_CAPTURE = 3  # lazy initialisations cannot be recorded


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How long and how fast to train with Adam, and how its learning rate falls.

    Raises:
        ValueError: If a setting is not positive, or the schedule unknown.
    """

    n_steps: int = 2_000
    batch_size: int = 1024
    lr: float = 1e-2  # at the first step
    schedule: str = "linear"  # to 0; or "cosine", to 0 as well; or "constant"

    def __post_init__(self) -> None:
        check_positive(n_steps=self.n_steps, batch_size=self.batch_size)
        if not 0 < self.lr < math.inf:
            raise ValueError(f"lr must be positive and finite; got {self.lr}.")
        if self.schedule not in ("linear", "cosine", "constant"):
            raise ValueError(
                f"schedule must be 'linear', 'cosine' or 'constant'; got {self.schedule!r}."
            )

    def lr_at(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        done = step / self.n_steps
        if self.schedule == "linear":
            return self.lr * (1 - done)
        if self.schedule == "cosine":
            return self.lr * (1 + math.cos(math.pi * done)) / 2
        return self.lr


class TrainResult(NamedTuple):
    """What a run leaves beside the trained model, on the CPU.

    `losses` has the axes `steps instances`: the loss of each step's own batch, before the step.
    `snapshots` has for each parameter, such as "W", its values after the chosen numbers of
    steps: `snapshots instances ...`. It is empty if none were chosen.
    """

    losses: Tensor
    snapshots: dict[str, Tensor]


class Run:
    """A training from its first step, or from a checkpoint, to its last.

    `gradients` sets the gradient of every parameter and returns one loss per instance.
    """

    def __init__(
        self,
        model: nn.Module,
        gradients: Callable[[], Tensor],
        *,
        config: TrainConfig,
        generator: torch.Generator,
        snapshots: Sequence[int],
    ) -> None:
        for step in snapshots:
            if not 0 <= step <= config.n_steps:
                raise ValueError(
                    f"snapshots must lie between 0 and the {config.n_steps} steps; got {step}."
                )
        device = next(model.parameters()).device
        self.model = model
        self.gradients = gradients
        self.config = config
        self.generator = generator
        self.snapshot_steps = sorted(set(snapshots))
        self.snapshots: list[dict[str, Tensor]] = []
        self.losses: list[Tensor] = []  # each on the device, so that no step waits for it
        self.lr = torch.tensor(config.lr, device=device)  # a CUDA graph reads it at each replay
        self.optimizer = torch.optim.Adam(
            model.parameters(), lr=self.lr, fused=True, capturable=device.type == "cuda"
        )
        self.checkpoint: Checkpoint | None = None
        self.name = ""

    def resume(self, checkpoint: Checkpoint, *, data: Sequence[Tensor]) -> None:
        """Goes on from the checkpoint if there is one, and keeps the state there from now on.

        Raises:
            ValueError: If it is of a run with other settings, another start or other `data`.
        """
        self.checkpoint, self.name = checkpoint, self._name(data)
        state = checkpoint.load(run=self.name)
        if state is not None:
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.optimizer.param_groups[0]["lr"] = self.lr
            self.generator.set_state(state["generator"])
            self.losses = list(state["losses"].to(self.lr.device))
            self.snapshots = state["snapshots"]

    def finish(self, *, progress: bool) -> TrainResult:
        """Trains to the last step.

        Raises:
            FloatingPointError: If a loss is not finite.
        """
        first, n_steps = len(self.losses), self.config.n_steps
        bar = tqdm(total=n_steps, initial=first, desc="train", disable=not progress)
        with bar, threads_for(self.model, batch_size=self.config.batch_size):
            self._keep_snapshot()
            for advance in self._steps(n_steps - first):
                self.lr.fill_(self.config.lr_at(len(self.losses)))
                self.losses.append(advance())
                self._keep_snapshot()
                done = len(self.losses)
                saves = self.checkpoint is not None and (
                    done % self.checkpoint.every == 0 or done == n_steps
                )
                if saves or done % _STEPS_BETWEEN_CHECKS == 0 or done == n_steps:
                    self._check_finite()
                if saves:
                    self._save()
                bar.update()
        values = {
            name: torch.stack([snapshot[name] for snapshot in self.snapshots])
            for name, _ in self.model.named_parameters()
            if self.snapshots
        }
        return TrainResult(losses=torch.stack(self.losses).cpu(), snapshots=values)

    def _steps(self, n_steps: int) -> Iterator[Callable[[], Tensor]]:
        """How to do each of the steps: one by one, or on a GPU soon as one recorded graph."""
        if not self.lr.is_cuda:
            yield from itertools.repeat(self._step, n_steps)
            return
        side = torch.cuda.Stream()  # where CUDA wants what precedes a capture
        for _ in range(min(n_steps, _STEPS_BEFORE_CAPTURE)):
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                yield self._step
            torch.cuda.current_stream().wait_stream(side)
        if n_steps > _STEPS_BEFORE_CAPTURE:
            yield from itertools.repeat(self._recorded(), n_steps - _STEPS_BEFORE_CAPTURE)

    def _step(self) -> Tensor:
        losses = self.gradients()
        self.optimizer.step()
        return losses

    def _recorded(self) -> Callable[[], Tensor]:
        """A step recorded as a CUDA graph, which spares the CPU the launch of every kernel."""
        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(self.generator)
        with torch.cuda.graph(graph):
            losses = self._step()

        def replay() -> Tensor:
            graph.replay()
            return losses.clone()  # the next replay writes over it

        return replay

    def _keep_snapshot(self) -> None:
        if len(self.losses) in self.snapshot_steps[len(self.snapshots) :]:
            self.snapshots.append(
                {name: p.detach().cpu().clone() for name, p in self.model.named_parameters()}
            )

    def _save(self) -> None:
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "losses": torch.stack(self.losses).cpu(),
            "snapshots": self.snapshots,
        }
        assert self.checkpoint is not None
        self.checkpoint.save(state, run=self.name)

    def _name(self, data: Sequence[Tensor]) -> str:
        """Differs between runs with other settings, another start, seed or data."""
        digest = hashlib.sha256(repr((self.config, self.snapshot_steps)).encode())
        for tensor in (*self.model.parameters(), self.generator.get_state(), *data):
            digest.update(repr((tensor.shape, tensor.dtype, tensor.device.type)).encode())
            digest.update(tensor.detach().cpu().flatten().view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()

    def _check_finite(self) -> None:
        recent = torch.stack(self.losses[-_STEPS_BETWEEN_CHECKS:])  # steps instances
        if not recent.isfinite().all():
            step, instance = recent.isfinite().logical_not().nonzero()[0].tolist()
            raise FloatingPointError(
                f"training diverged: the loss of instance {instance} is {recent[step, instance]} "
                f"at step {len(self.losses) - len(recent) + step}. "
                f"Is lr = {self.config.lr} too high?"
            )
