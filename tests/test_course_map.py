"""The course map says what the chapters themselves say."""

import re
from pathlib import Path

import pytest

from autograder.exercises import CHAPTERS
from autograder.masters import read_master

COURSE = Path(__file__).parents[1] / "course"
MAP = (COURSE / "MAP.md").read_text()
ROWS = {
    match["chapter"]: match
    for match in re.finditer(
        r"^\| \[\d+ [^]]+\]\(release/(?P<chapter>\w+)/\w+\.ipynb\) \| (?P<needs>[\d, ]*)"
        r"\| (?P<helps>[\d, ]*)\| (?P<exercises>\d+) \| (?P<points>\d+) \| (?P<minutes>\d+) \|$",
        MAP,
        re.MULTILINE,
    )
}


def numbers(text: str) -> set[int]:
    return set(map(int, re.findall(r"\d+", text)))


def test_the_map_has_every_chapter_in_order():
    assert list(ROWS) == list(CHAPTERS)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_row_has_the_chapters_exercises_points_and_minutes(chapter):
    row, exercises = ROWS[chapter], CHAPTERS[chapter]
    cells = read_master(COURSE / "chapters" / f"{chapter}.py")
    points = sum(e.points for e in exercises) + sum(cell.points for cell in cells)
    work = sum(e.minutes for e in exercises) + sum(cell.minutes for cell in cells)
    (said,) = re.findall(r"[Aa]bout (two hours|\d+ minutes)", cells[0].source)
    minutes = 120 if said == "two hours" else int(said.split()[0])
    assert int(row["exercises"]) == len(exercises)
    assert int(row["points"]) == points
    assert int(row["minutes"]) == minutes
    assert work <= minutes


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_row_has_the_chapters_that_its_first_cell_names(chapter):
    first = read_master(COURSE / "chapters" / f"{chapter}.py")[0].source
    needs = first[first.index("**You need**") : first.index("**How it works")]
    named: set[int] = set()
    for start, link, end in re.findall(r"[Cc]hapters?\s+(\d+)(?:\s+(to|and)\s+(\d+))?", needs):
        last = int(end or start)
        named |= set(range(int(start), last + 1)) if link == "to" else {int(start), last}
    assert numbers(ROWS[chapter]["needs"]) | numbers(ROWS[chapter]["helps"]) == named


def test_what_can_be_left_out_is_what_no_other_chapter_needs():
    (said,) = re.findall(r"leave out any of ([\d, ]+) and (\d+) to (\d+), which", MAP)
    free = numbers(said[0]) | set(range(int(said[1]), int(said[2]) + 1))
    needed = set().union(*(numbers(row["needs"]) for row in ROWS.values()))
    assert free == set(range(1, 14)) - needed


def test_every_link_leads_somewhere():
    for link in re.findall(r"\]\(([^)]+)\)", MAP.replace("\n  ", " ")):
        assert (COURSE / link).exists(), link


def test_the_hours_are_the_sum_of_the_minutes():
    minutes = {chapter: int(row["minutes"]) for chapter, row in ROWS.items()}
    assert round(sum(minutes.values()) / 60) == 25
    day = sum(minutes[c] for c in minutes if numbers(c) & {2, 3, 6, 7})
    assert round((15 + day) / 60) == 8
