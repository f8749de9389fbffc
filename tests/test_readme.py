import re
from pathlib import Path

import torch

from autograder import check

README = Path(__file__).parents[1] / "README.md"


def python_examples() -> list[str]:
    return re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)


def test_the_example_runs_and_prints_one_row_per_model(capsys):
    exec(compile(python_examples()[0], "README.md", "exec"), {})
    assert capsys.readouterr().out.count("[") == 4  # one outer bracket, three rows


def test_the_example_of_a_sweep_runs_here_too():
    example = python_examples()[1]
    for shown, here in (
        ("from dask.distributed import Client\n", ""),
        ('Client("tcp://SCHEDULER:8786").get_executor()', "None"),
        ("TrainConfig()", "TrainConfig(n_steps=2, batch_size=8)"),
    ):
        assert shown in example
        example = example.replace(shown, here)
    exec(compile(example, "README.md", "exec"), {})


def test_every_relative_link_leads_somewhere():
    links = re.findall(r"\]\(([^)]+)\)", README.read_text())
    assert links
    for link in links:
        assert (README.parent / link).exists(), link


def test_the_report_shown_is_what_a_student_reads(capsys):
    def superposition(W):
        W_hat = torch.nn.functional.normalize(W, dim=-2)
        return ((W_hat.mT @ W) ** 2).sum(-1)

    check("superposition", {"superposition": superposition})
    (shown,) = re.findall(r"```\n(superposition: .*?)  \.\.\.\n```", README.read_text(), re.DOTALL)
    assert capsys.readouterr().out.startswith(shown)
