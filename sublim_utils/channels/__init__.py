"""Channels: the kinds of data that a teacher writes. Text in, rows and verdicts out."""
