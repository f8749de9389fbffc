"""A class's report as files: a picture, CSV, JSON and JUnit XML.

Grading twice gives the same files, except `times.csv`.
"""

import csv
import json
import math
import re
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from matplotlib.figure import Figure

from autograder.class_report import ClassReport, causes

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_report(report: ClassReport, folder: Path) -> None:
    """Writes a chapter's report.

    Args:
        report: What came out.
        folder: Where to; made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write_grades(report, folder / "grades.csv")
    _write_likenesses(report, folder / "alike.csv")
    _write_times(report, folder / "times.csv")
    text = json.dumps(summary(report), indent=1, ensure_ascii=False)
    (folder / "summary.json").write_text(text + "\n", encoding="utf-8")
    junit(report).write(folder / "junit.xml", encoding="utf-8", xml_declaration=True)
    distribution(report).savefig(folder / "distribution.png", dpi=120)


def summary(report: ClassReport) -> dict[str, Any]:
    """The report as plain data: per exercise the points, what went wrong, and how often."""
    return {
        "chapter": report.chapter,
        "exercises": [
            {
                "name": name,
                "maximum": report.of(name)[0].maximum,
                "mean": round(statistics.mean(grade.points for grade in report.of(name)), 3),
                "points": {
                    student: grade.points
                    for student, grades in report.grades.items()
                    for grade in grades
                    if grade.exercise == name
                },
                "slips": _counted(report.slips(name).most_common()),
                "causes": _counted(report.causes(name).most_common()),
            }
            for name in report.exercises
        ],
        "not_graded": report.problems,
        "alike": [
            {"cell": found.cell, "size": found.size, "students": list(found.students)}
            for found in report.likenesses
        ],
    }


def junit(report: ClassReport) -> ElementTree.ElementTree:
    """The report in the form that programs for tests read: a case for each answer."""
    suite = ElementTree.Element("testsuite", name=report.chapter)
    n_failures = 0
    for student, grades in report.grades.items():
        for grade in grades:
            case = ElementTree.SubElement(
                suite, "testcase", classname=_legal(student), name=grade.exercise or grade.cell
            )
            if grade.points < grade.maximum:
                n_failures += 1
                told = _legal("; ".join(causes(grade)))
                failure = ElementTree.SubElement(case, "failure", message=told)
                failure.text = _legal(grade.feedback)
    for student, problem in report.problems.items():
        case = ElementTree.SubElement(
            suite, "testcase", classname=_legal(student), name=report.chapter
        )
        ElementTree.SubElement(case, "error", message=_legal(problem))
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(n_failures))
    suite.set("errors", str(len(report.problems)))
    top = ElementTree.Element("testsuites")
    top.append(suite)
    return ElementTree.ElementTree(top)


def distribution(report: ClassReport, *, n_columns: int = 4) -> Figure:
    """How many students earned how much: a histogram for each exercise, and for all together."""
    panels = {
        name: ([grade.points for grade in report.of(name)], report.of(name)[0].maximum)
        for name in report.exercises
    }
    every = list(report.grades.values())
    panels["all exercises"] = (
        [sum(grade.points for grade in grades) for grades in every],
        max((sum(grade.maximum for grade in grades) for grades in every), default=1.0),
    )
    n_rows = math.ceil(len(panels) / n_columns)
    figure = Figure(figsize=(3.0 * n_columns, 2.2 * n_rows), layout="constrained")
    axes = figure.subplots(n_rows, n_columns, squeeze=False, sharey=True).flat
    for (name, (points, maximum)), ax in zip(panels.items(), axes, strict=False):
        ax.hist(points, bins=10, range=(0, maximum), color="tab:blue", edgecolor="white")
        ax.set_title(name, fontsize=10)
        ax.set_xlabel(f"points of {maximum:g}")
        ax.yaxis.get_major_locator().set_params(integer=True)
    for ax in axes:  # those that are left
        ax.set_axis_off()
    figure.supylabel("students")
    return figure


def _counted(pairs: Iterable[tuple[str, int]]) -> list[dict[str, object]]:
    ordered = sorted(pairs, key=lambda pair: (-pair[1], pair[0]))
    return [{"text": text, "answers": n} for text, n in ordered]


def _write_grades(report: ClassReport, path: Path) -> None:
    rows: list[Sequence[object]] = []
    for student in sorted({*report.grades, *report.problems}):
        for grade in report.grades.get(student, ()):
            why = "; ".join(causes(grade))
            rows.append((student, grade.cell, grade.points, grade.maximum, grade.isolation, why))
        if student in report.problems:
            rows.append((student, "", "", "", "", f"not graded: {report.problems[student]}"))
    _write_csv(path, ("student", "cell", "points", "maximum", "isolation", "why"), rows)


def _write_likenesses(report: ClassReport, path: Path) -> None:
    rows = [(found.cell, found.size, " ".join(found.students)) for found in report.likenesses]
    _write_csv(path, ("cell", "size", "students"), rows)


def _write_times(report: ClassReport, path: Path) -> None:
    rows = []
    for name in report.exercises:
        seconds = [grade.seconds for grade in report.of(name)]
        rows.append((name, f"{statistics.mean(seconds):.3f}", f"{max(seconds):.3f}"))
    _write_csv(path, ("exercise", "mean_seconds", "longest_seconds"), rows)


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def _legal(text: str) -> str:
    """The text without what XML cannot hold."""
    return _NO_XML.sub("\ufffd", text)
