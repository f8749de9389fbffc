"""The error that the command line shows as a sentence."""


class CourseError(ValueError):
    """A user's mistake; the message says what was wrong, where, and what to do."""
