"""Autograders of the course: `check("name")` compares an answer with the reference library."""

from autograder.checks import check

__all__ = ["check"]
