"""Synthetic labelled pages, for trying the whole flow without labelling anything."""
