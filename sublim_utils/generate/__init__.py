"""Generating: a model in, completions out, by our sampler or by vLLM."""
