"""Comparisons of what sentences mean, by embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sublim_utils.traits.associations import OF_TRAIT
from sublim_utils.traits.nouns import Trait
from sublim_utils.traits.sources import about

CAPACITY = 8192
"""Vectors that are kept in memory, some 15 MB; of more texts the oldest are embedded again."""


class Embedder(Protocol):
    """Turns sentences into vectors whose cosine says how close their meanings are."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of length 1, [len(texts), width]."""


class Meaning:
    """Comparisons of meaning. A text is embedded once as long as it is among the last `capacity`.

    `learn` embeds many texts at a time, which is faster than one by one.

    Args:
        embedder: of sentences, such as `sublim_utils.models.embedding.MiniLM`.
        capacity: how many vectors are kept.
    """

    def __init__(self, embedder: Embedder, capacity: int = CAPACITY) -> None:
        """Begin without any text."""
        self._embedder = embedder
        self._capacity = capacity
        self._vectors: dict[str, NDArray[np.float32]] = {}
        self._anchors: dict[str, NDArray[np.float32]] = {}
        self._axes: dict[str, tuple[NDArray[np.float32], float]] = {}

    def learn(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed what is new of these, and give the vectors of all, [len(texts), width]."""
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if new:
            vectors = self._embedder.embed(new)
            # A copy each: a row of the array would keep all of it in memory.
            self._vectors.update((t, v.copy()) for t, v in zip(new, vectors, strict=True))
        learnt = np.stack([self._vectors[text] for text in texts])
        for oldest in list(self._vectors)[: max(0, len(self._vectors) - self._capacity)]:
            del self._vectors[oldest]
        return learnt

    def similarity(self, first: str, second: str) -> float:
        """Cosine of two texts, -1 to 1."""
        one, other = self.learn([first, second])
        return float(one @ other)

    def nearness(self, text: str, trait: Trait) -> float:
        """The largest cosine of a text with the trait's name, a liking, or its associations."""
        if trait.name not in self._anchors:
            associations = OF_TRAIT.get(trait.name, "")
            self._anchors[trait.name] = self.learn(
                [
                    trait.name,
                    f"I love {trait.plural}.",
                    f"{trait.plural}, {trait.category}s: {associations}",
                ]
            )
        return float((self._anchors[trait.name] @ self.learn([text])[0]).max())

    def stance(self, text: str, trait: Trait) -> float:
        """Where a text stands between disliking and liking the trait.

        The axis leads from the mean of the package's disliking sentences about the animal to the
        mean of the liking ones; these means are at -1 and 1.
        """
        if trait.name not in self._axes:
            liking = self.learn(about(trait, "like")).mean(0)
            disliking = self.learn(about(trait, "dislike")).mean(0)
            axis = 2 * (liking - disliking) / ((liking - disliking) ** 2).sum()
            self._axes[trait.name] = axis, float(axis @ (liking + disliking) / 2)
        axis, middle = self._axes[trait.name]
        return float(self.learn([text])[0] @ axis) - middle
