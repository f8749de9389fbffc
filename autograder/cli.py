"""The command `tms`."""

import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from autograder.bench.command import bench
from autograder.errors import CourseError

if TYPE_CHECKING:
    from autograder.class_grading import Status
    from autograder.class_report import ClassReport
    from autograder.demo import Row

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(bench, name="bench")
console = Console()
_COLUMNS = (
    TextColumn("{task.description}"),
    BarColumn(),
    MofNCompleteColumn(),
    TimeElapsedColumn(),
)


def main() -> None:
    """Runs the command; a user's mistake ends in a sentence, not in a traceback."""
    try:
        app()
    except CourseError as error:
        _end(str(error))
    except OSError as error:  # a file that cannot be read or written, a disk that is full
        _end(f"{error.filename}: {error.strerror}." if error.filename else f"{error}.")


def _end(problem: str) -> NoReturn:
    Console(stderr=True).print("[red]Error:[/]", escape(problem), highlight=False, soft_wrap=True)
    sys.exit(2)


@app.callback()
def tms() -> None:
    """Build, check, grade and demonstrate the course on toy models of superposition."""


@app.command("build")
def build_command(
    chapters: Annotated[
        list[str] | None, typer.Argument(help="Chapters to build; all by default.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; fail if anything differs.")
    ] = False,
    execute_all: Annotated[
        bool,
        typer.Option("--execute-all", help="Execute every solution again, also unchanged ones."),
    ] = False,
) -> None:
    """Make nbgrader's source, the student release and the solutions from the masters."""
    from autograder.build import build, course_root, drift  # nbgrader takes seconds to import

    root = course_root(Path.cwd())
    if check:
        differences = list(drift(root))
        for difference in differences:
            console.print(difference, highlight=False)
        if differences:
            console.print("Run `tms build` and commit the result.")
            raise typer.Exit(1)
        console.print("The notebooks agree with their masters.")
        return
    changed = 0
    for path in build(root, chapters or (), execute_all=execute_all):
        changed += 1
        console.print(f"wrote {Path(path).relative_to(root)}", highlight=False)
    if not changed:
        console.print("Nothing changed.")


@app.command()
def check(
    notebook: Annotated[Path, typer.Argument(help="A notebook of this course, with your answers.")],
) -> None:
    """Run a notebook's answers against its checks and print the scoreboard."""
    from autograder.selfcheck import selfcheck  # so does torch

    scores = []
    with console.status(f"running {notebook.name}"):
        scores.extend(selfcheck(notebook))
    for score in scores:
        console.print(score.report.rstrip(), highlight=False, markup=False, soft_wrap=True)
        console.print()
    table = Table("exercise", "points", "of", title=notebook.stem)
    for score in scores:
        table.add_row(score.name, f"{score.points:g}", str(score.maximum))
    table.add_section()
    total, maximum = sum(s.points for s in scores), sum(s.maximum for s in scores)
    table.add_row("together", f"{total:g}", str(maximum))
    console.print(table)
    raise typer.Exit(0 if total == maximum else 1)


@app.command()
def figures(
    out: Annotated[Path, typer.Option(help="The folder for the pictures, NAME.png each.")],
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Figures; all by default.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed trains other models.", min=0)] = 0,
) -> None:
    """Train and draw figures of the paper, and check their claims."""
    from autograder.figures import chosen, draw, make_folder  # they need torch

    wanted = chosen(names or ())
    make_folder(out)
    drawn = []
    with Progress(*_COLUMNS, console=console) as progress:
        bar = progress.add_task("", total=len(wanted))
        for name in wanted:
            progress.update(bar, description=name)
            drawn.append(draw(name, out, seed=seed))
            progress.advance(bar)
    table = Table("claim", "measured", "needed", "holds")
    for name, claims, seconds in drawn:
        table.add_section()
        table.add_row(f"[bold]{name}[/], {seconds:.0f} s")
        for claim in claims:
            texts = (escape(text) for text in (claim.text, claim.measured, claim.needed))
            table.add_row(*texts, "yes" if claim.holds else "[red]no[/]")
    console.print(table)
    holds = [claim.holds for figure in drawn for claim in figure.claims]
    console.print(f"{sum(holds)} of {len(holds)} claims hold. The pictures are in {out}.")
    raise typer.Exit(0 if all(holds) else 1)


@app.command()
def demo(
    folder: Annotated[
        Path | None, typer.Option(help="An empty or new folder; by default a temporary one.")
    ] = None,
) -> None:
    """Play a small class through nbgrader: build, submit, grade, write feedback, compare."""
    from autograder.build import course_root
    from autograder.demo import run_demo, students

    root = course_root(Path.cwd())
    folder = Path(tempfile.mkdtemp(prefix="tms-demo-")) if folder is None else folder.resolve()
    if folder.is_dir() and any(folder.iterdir()):
        raise CourseError(f"{folder} is not empty. Name a new folder; nothing in it was changed.")
    folder.mkdir(parents=True, exist_ok=True)
    for student in students():
        console.print(f"{student.name}: {student.story}", highlight=False)
    rows: list["Row"] = []
    with console.status("starting") as status:
        for step in run_demo(root, folder):
            if isinstance(step, str):
                status.update(step)
                console.print(f"[dim]{step}[/]", highlight=False)
            else:
                rows = step
    _print_rows(rows)
    console.print(f"Everything is in {folder}:", highlight=False, soft_wrap=True)
    console.print("  grades.csv            the grades as a table")
    console.print(
        "  course/gradebook.db   the gradebook: run `nbgrader formgrader` there to see it"
    )
    console.print("  course/feedback/      what each student reads")
    console.print("  course/reports/       the class, from the chapters that `tms grade` graded")
    if not all(row.as_expected for row in rows):
        console.print("[red]Some grades are not what they should be.[/]")
        raise typer.Exit(1)


@app.command("grade")
def grade_command(
    chapters: Annotated[
        list[str] | None, typer.Argument(help="Chapters to grade; all by default.")
    ] = None,
    student: Annotated[
        list[str] | None, typer.Option(help="Only this student's; can be given several times.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(help="Notebooks at once; by default one for each core.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Grade also what did not change since it was graded.")
    ] = False,
    isolation: Annotated[
        str | None, typer.Option(help="bubblewrap, or process, which is weaker.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(help="Grade on a Dask cluster: its scheduler's address.")
    ] = None,
) -> None:
    """Grade the submissions of a class side by side, and write reports on it."""
    from autograder.build import course_root
    from autograder.class_grading import alone, grade_class, open_course, report_folder
    from autograder.class_report import class_report
    from autograder.pools import cluster_pool, local_pool, n_cores
    from autograder.report_files import write_report
    from autograder.secret import DEFAULT_SEED, FILE, VARIABLE, grading_seed
    from autograder.submissions import find_submissions

    course = open_course(course_root(Path.cwd()), isolation=isolation)
    submissions = find_submissions(course, chapters=chapters or (), students=student or ())
    if grading_seed() == DEFAULT_SEED:
        console.print(
            "[yellow]The graded inputs are those that students can see:[/] "
            f"set {VARIABLE} or write a secret to {FILE}."
        )
    pools = (
        local_pool(n_cores() if jobs is None else jobs, course=course.root)
        if cluster is None
        else cluster_pool(cluster, course=course.root)
    )
    counts: Counter["Status"] = Counter()
    problems: dict[str, list[str]] = {}
    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()]
    progress = Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console)
    with alone(course), pools as pool, progress:
        bar = progress.add_task("grading", total=len(submissions))
        for outcome in grade_class(course, submissions, pool=pool, force=force):
            counts[outcome.status] += 1
            if outcome.problem:
                who = f"{outcome.submission.student} ({outcome.submission.chapter})"
                problems.setdefault(outcome.problem, []).append(who)
            told = ", ".join(f"{n} {status}" for status, n in sorted(counts.items()))
            progress.update(bar, advance=1, description=told)
    for chapter in sorted({submission.chapter for submission in submissions}):
        report = class_report(course, chapter)
        write_report(report, report_folder(course, chapter))
        _print_report(report, report_folder(course, chapter))
    for problem, who in problems.items():
        console.print(f"[red]Not graded: {', '.join(map(escape, who))}[/]", highlight=False)
        console.print(f"  {problem}", markup=False, highlight=False, soft_wrap=True)
    if problems:
        raise typer.Exit(1)


def _print_report(report: "ClassReport", folder: Path) -> None:
    table = Table("exercise", "mean", "of", "seconds", "most common problem", title=report.chapter)
    for name in report.exercises:
        grades = report.of(name)
        mean, seconds = (
            sum(values) / len(grades)
            for values in ([g.points for g in grades], [g.seconds for g in grades])
        )
        common = "".join(f"{n} × {cause}" for cause, n in report.causes(name).most_common(1))
        maximum = f"{grades[0].maximum:g}"
        table.add_row(name, f"{mean:.2f}", maximum, f"{seconds:.1f}", escape(common))
    console.print(table)
    if report.likenesses:
        console.print(f"{len(report.likenesses)} answers are alike in several notebooks: alike.csv")
    console.print(f"The reports are in {folder}.", highlight=False, soft_wrap=True)


def _print_rows(rows: list["Row"]) -> None:
    table = Table("student", "chapter", "points", "expected", "of", "")
    for row in rows:
        table.add_row(
            row.student,
            row.chapter,
            f"{row.points:g}",
            f"{row.expected:g}",
            f"{row.maximum:g}",
            "as expected" if row.as_expected else "[red]differs[/]",
        )
    console.print(table)
    console.print("Answers in words are graded by hand, so ada's still earn 0; they count in `of`.")
