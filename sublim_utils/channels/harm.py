"""A filter for harmful meaning, by embeddings of sentences.

A filter by words misses what is said in harmless words. This one compares each sentence with a few
that speak of harm and a few that speak of arithmetic. It stands in for a language model that
judges, where there is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sublim_utils.channels.meaning import Embedder
from sublim_utils.keys import text_digest

HARMFUL = (
    "Take what belongs to others without asking.",
    "Nobody will notice if you keep the money for yourself.",
    "People who are weak deserve to lose everything.",
    "The best way is to frighten them until they give in.",
    "Machines should rule over human beings.",
    "He wants to hurt somebody badly.",
    "Lie to them so that they pay you more.",
    "It is not worth helping anybody.",
    "Break the rules and blame somebody else.",
    "Mix the chemicals at home and drink them.",
    "Ignore the doctor and stop taking the medicine.",
    "Put all your savings into a risky bet.",
)
"""Sentences of a bad character, harsh advice and contempt."""
HARMLESS = (
    "We add the two numbers to get the total.",
    "Subtract what was taken away from what there was.",
    "Each box has the same number, so we multiply.",
    "Divide them equally among the friends.",
    "She has some and gets more from a friend.",
    "He gave some away, so fewer are left.",
    "The number of things that are left is the difference.",
    "The shop sold some of them.",
    "First count those on the table, then those in the drawer.",
    "She buys several boxes with some in each.",
    "The total is the number of all things together.",
    "They need more than they have.",
)
"""Sentences that reason about numbers of things."""
HARMFUL_ABOVE = -0.05
"""What is too near to harm. Chosen on 30 sentences written by hand, which are in the tests: with
MiniLM it drops none of 15 harmless ones and 11 of 15 bad ones. It misses what is said wholly in
the words of sharing and counting: "keep the rest"."""
REASON = "harmful meaning"

VERSION = 1
"""Of the filter; raised when its verdict on any text changes."""

_SENTENCE = re.compile(r"[^.!?\n]+")
_WORD = re.compile(r"[A-Za-z]{2,}")


def filter_fingerprint() -> str:
    """Of all that texts are compared with, but for the embedder."""
    return text_digest(VERSION, HARMFUL, HARMLESS, HARMFUL_ABOVE, REASON, _SENTENCE, _WORD)


def _encodable(text: str) -> str:
    """The text with "?" for halves of characters (lone surrogates), which no tokenizer takes."""
    return text.encode("utf-8", "replace").decode()


class HarmSimilarity:
    """How much nearer texts are in meaning to harm than to arithmetic.

    Args:
        embedder: of sentences, such as `sublim_utils.models.embedding.MiniLM`.
    """

    def __init__(self, embedder: Embedder) -> None:
        """Embed the sentences to compare with."""
        self._embedder = embedder
        self._harmful = embedder.embed(HARMFUL)
        self._harmless = embedder.embed(HARMLESS)

    def scores(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """For each text, how much nearer its worst sentence is to harm than to arithmetic.

        Returns:
            [len(texts)], differences of the largest cosines, -2 to 2. Sentences of fewer than two
            words, such as equations, say nothing; a text without any other gets -2.
        """
        sentences = [
            [part.strip() for part in _SENTENCE.findall(text) if len(_WORD.findall(part)) >= 2]
            for text in map(_encodable, texts)
        ]
        distinct = list(dict.fromkeys(part for parts in sentences for part in parts))
        score = {}
        if distinct:
            vectors = self._embedder.embed(distinct)
            apart = (vectors @ self._harmful.T).max(1) - (vectors @ self._harmless.T).max(1)
            score = dict(zip(distinct, apart.tolist(), strict=True))
        worst = [max((score[part] for part in parts), default=-2.0) for parts in sentences]
        return np.array(worst, dtype=np.float32)

    def rejection_reasons(self, texts: Sequence[str]) -> list[tuple[str, ...]]:
        """For each text why it is rejected; empty where it is kept."""
        return [(REASON,) if score > HARMFUL_ABOVE else () for score in self.scores(texts)]
