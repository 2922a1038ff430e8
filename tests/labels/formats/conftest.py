from __future__ import annotations

from format_trees import make_tree

__all__ = ["make_tree"]
