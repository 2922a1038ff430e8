"""Named workarounds for faults of the release and of its dependencies."""

from __future__ import annotations


def arm() -> None:
    """Arm the workarounds of this process."""
