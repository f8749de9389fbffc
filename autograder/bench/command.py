"""The commands under `tms bench`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from typer.core import TyperGroup

from autograder.errors import CourseError

if TYPE_CHECKING:
    import torch

    from autograder.bench.grading import ClassTimes
    from autograder.bench.training import GridTimes, Race, StepTimes


class _TrainingByDefault(TyperGroup):
    """`tms bench` and its options without a command mean `tms bench training`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] != "--help"):
            args = ["training", *args]
        return super().parse_args(ctx, args)


bench = typer.Typer(cls=_TrainingByDefault, help="Measure how fast the course's parts are.")
console = Console()


@bench.command()
def training(
    device: Annotated[str, typer.Option(help="Where to train: cpu or cuda.")] = "cpu",
    seeds: Annotated[int, typer.Option(min=2, help="Models per density in the race.")] = 4,
) -> None:
    """Train many models by the library and by a plain loop, and compare the times.

    The plain loop is that of published notebooks: autograd at each step, two uniform numbers per
    entry, AdamW at 1e-3, 10,000 steps of 1,024 samples. On a CPU it is timed with one thread and
    with torch's default, and the quicker counts.
    """
    from autograder.bench import training as measure  # so does torch

    place = _device(device)
    console.print(f"on {_description(place)}; the plain loop: 10,000 steps of 1,024 samples")
    with console.status("racing to the same loss; the plain loop takes minutes"):
        race = measure.race(measure.RACE_CONFIG, n_seeds=seeds, device=place)
    console.print(race_table(race, densities=measure.DENSITIES))
    with console.status("timing steps"):
        steps = [measure.step_times(shape, device=place) for shape in measure.SHAPES]
    console.print(steps_table(steps))
    with console.status("training phase diagrams"):
        grids = [measure.grid_times(grid, device=place) for grid in measure.GRIDS]
    console.print(grids_table(grids))


@bench.command()
def grading(
    chapter: Annotated[str, typer.Option(help="What the class hands in.")] = "01_sparse_features",
    submissions: Annotated[
        list[int] | None, typer.Option(help="A size of the class; can be given several times.")
    ] = None,
) -> None:
    """Grade the same class by stock nbgrader and by `tms grade`, and compare the times."""
    from autograder.bench import grading as measure
    from autograder.build import chapters, course_root

    root = course_root(Path.cwd())
    (known,) = chapters(root, [chapter])
    times = []
    for number in submissions or [10]:
        with console.status(f"grading {number} submissions twice"):
            times.append(measure.class_times(root, known, n_submissions=number))
    console.print(classes_table(times, chapter=chapter, n_jobs=measure.N_JOBS))


def classes_table(times: list["ClassTimes"], *, chapter: str, n_jobs: int) -> Table:
    """Both ways of grading, and how the cost of a submission grows with their number."""
    table = Table(
        "class",
        "nbgrader",
        "ours",
        "ratio",
        "each",
        "ours",
        "memory",
        "same points",
        title=f"{chapter} without explore cells: nbgrader autograde, and ours: tms grade with "
        f"{n_jobs} jobs, isolation {times[0].isolation}",
        caption="seconds for the class, and for each submission; GiB that ours used at most",
    )
    for row in times:
        number = row.n_submissions
        table.add_row(
            str(number),
            f"{row.stock_seconds:.1f}",
            f"{row.our_seconds:.1f}",
            f"{row.ratio:.2f}",
            f"{row.stock_seconds / number:.2f}",
            f"{row.our_seconds / number:.2f}",
            f"{row.our_memory / 2**30:.2f}",
            f"{row.n_equal} of {number}",
        )
    return table


def race_table(race: "Race", *, densities: tuple[float, ...]) -> Table:
    """Losses of both ways at each density; the times are in the title."""
    n_seeds = race.plain_losses.shape[1]
    table = Table(
        "1 - S",
        "plain loop, mean",
        "ours, mean",
        "ours / plain loop's",
        "plain loop, best",
        "ours, best",
        title=f"n = 20, m = 5, I = 0.7^i: plain loop {race.plain_seconds:.1f} s, "
        f"ours {race.our_seconds:.2f} s, {race.ratio:.0f} times sooner",
        caption=f"expected loss / (1 - S), without samples, of {n_seeds} models each; "
        "± the standard error of the mean",
    )
    rows = zip(densities, race.plain_losses, race.our_losses, *race.relative_losses(), strict=True)
    for density, plain, ours, ratio, error in rows:
        table.add_row(
            f"{density:g}",
            f"{plain.mean() / density:.5f}",
            f"{ours.mean() / density:.5f}",
            f"{ratio:.3f} ± {error:.3f}",
            f"{plain.min() / density:.5f}",
            f"{ours.min() / density:.5f}",
        )
    return table


def steps_table(steps: list["StepTimes"]) -> Table:
    """Milliseconds of one step of each way on the same batch."""
    thread_numbers = sorted(steps[0].plain)
    table = Table(
        "models",
        "n",
        "m",
        "batch",
        *(f"plain loop, {_threads(number)}" for number in thread_numbers),
        "ours",
        "ratio",
        title="ms per step on plain samples",
    )
    for row in steps:
        shape = row.shape
        sizes = (shape.n_models, shape.n_features, shape.n_hidden, shape.batch_size)
        times = [*(row.plain[number] for number in thread_numbers), row.ours]
        table.add_row(
            *map(str, sizes), *(f"{1e3 * seconds:.3g}" for seconds in times), f"{row.ratio:.1f}"
        )
    return table


def grids_table(grids: list["GridTimes"]) -> Table:
    """How the time of phase diagrams grows with the number of models."""
    last = grids[-1]
    table = Table(
        "models",
        "plain loop, s",
        "ours, s",
        "ours, ms per model",
        "ratio",
        title="phase diagrams, n = 2, m = 1",
        caption="the plain loop's seconds are extrapolated from some steps; "
        f"{last.agreement:.1%} of the last diagram's points have the phase of theory, "
        "of those more than 5 % in loss off the boundary",
    )
    for row in grids:
        n_models = row.grid.n_models
        table.add_row(
            f"{n_models:,}",
            f"{row.plain_seconds:,.0f}",
            f"{row.our_seconds:.2f}",
            f"{1e3 * row.our_seconds / n_models:.2f}",
            f"{row.ratio:.0f}",
        )
    return table


def _threads(number: int) -> str:
    return "1 thread" if number == 1 else f"{number} threads"


def _device(name: str) -> "torch.device":
    import torch

    if name not in ("cpu", "cuda"):
        raise CourseError(f"--device must be cpu or cuda; got {name}.")
    if name == "cuda" and not torch.cuda.is_available():
        raise CourseError("--device cuda needs a GPU that torch can use, and there is none.")
    return torch.device(name)


def _description(device: "torch.device") -> str:
    import torch

    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"the CPU, {_threads(torch.get_num_threads())}"
