"""Subliminal learning that you can see: small, tested experiments behind an interactive book."""

__version__ = "0.1.0"
