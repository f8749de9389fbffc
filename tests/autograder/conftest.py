from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the repository, with `course/`."""
    return Path(__file__).parents[2]
