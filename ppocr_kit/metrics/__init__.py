"""Metrics as pure functions: arrays and strings in, frozen dataclasses out, no framework."""
