"""Starts the command `tms`; says what to install if only the library is."""

import sys


def main() -> None:
    """Runs `tms`."""
    try:
        from autograder.cli import main as run
    except ModuleNotFoundError as error:
        sys.exit(
            f"tms needs the packages of the course, and {error.name} is missing. "
            "Run in the repository: pip install -c constraints.txt -e '.[course]'"
        )
    run()


if __name__ == "__main__":
    main()
