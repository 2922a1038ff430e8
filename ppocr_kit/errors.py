"""What can go wrong for a user: one exception per documented exit code (docs/errors.md).

Raise one of these for anything a user can cause. The message says what is wrong, ``at`` says
where (``file:line``, a key, a value) and ``hint`` says what to do next.
"""

from __future__ import annotations


class PpocrKitError(Exception):
    """Base of all errors that end a command with a message instead of a traceback.

    Args:
        message: What is wrong, one sentence without a final full stop.
        at: Where it is wrong: ``path:line``, a configuration key, an option.
        hint: What the user should do next, ideally a command.
    """

    exit_code = 70

    def __init__(self, message: str, *, at: str | None = None, hint: str | None = None) -> None:
        """Keep the three parts apart so that the CLI and ``--json`` can print each."""
        super().__init__(message)
        self.message = message
        self.at = at
        self.hint = hint

    def __str__(self) -> str:
        """Render the three parts the way the CLI prints them."""
        lines = [self.message]
        if self.at:
            lines.append(f"at: {self.at}")
        if self.hint:
            lines.append(f"try: {self.hint}")
        return "\n".join(lines)


class UsageError(PpocrKitError):
    """The command line asks for something that cannot be."""

    exit_code = 2


class DataError(PpocrKitError):
    """Labels, images, dictionaries or data sets are missing, broken or unusable."""

    exit_code = 3


class ConfigError(PpocrKitError):
    """A configuration has unknown keys, wrong types or values that cannot train."""

    exit_code = 4


class SetupError(PpocrKitError):
    """The release, an environment, a device or a network resource is missing or damaged."""

    exit_code = 5


class ToolError(PpocrKitError):
    """A tool of the release died, hung, or ended without its promised result."""

    exit_code = 6


class ReportError(PpocrKitError):
    """A report, export or comparison does not hold."""

    exit_code = 7
