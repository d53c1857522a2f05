"""Rows that somebody has: reading, filtering and matching them."""
