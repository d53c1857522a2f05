"""Evaluations: a model in, numbers out."""
