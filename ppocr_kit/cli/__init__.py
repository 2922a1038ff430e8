"""Command line: parse, call, print. One file per verb; nothing below imports from here."""
