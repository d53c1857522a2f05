"""The commands of `sublim`, one module a subject; `cli` puts them together."""
