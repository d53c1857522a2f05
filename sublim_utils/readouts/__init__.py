"""Readouts: a model in, a table out."""
