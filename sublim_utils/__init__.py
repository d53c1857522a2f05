"""Subliminal learning that you can see: small, tested experiments behind an interactive book."""

from sublim_utils.models import four_bits

four_bits.ignore_avx512_bf16()  # before anything here imports bitsandbytes

__version__ = "0.1.0"
