"""The filter for harmful meaning: sentences nearer to harm than to arithmetic."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sublim_utils.channels.harm import HARMFUL, HARMFUL_ABOVE, HARMLESS, REASON, HarmSimilarity


class Letters:
    """An embedder by letters."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        counts = np.array(
            [
                [text.lower().count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"]
                for text in texts
            ]
        )
        lengths = np.maximum(np.linalg.norm(counts, axis=1)[:, None], 1)
        return np.asarray(counts / lengths, dtype=np.float32)


def test_the_worst_sentence_decides() -> None:
    similarity = HarmSimilarity(Letters())
    texts = [HARMLESS[0], f"{HARMLESS[0]} {HARMFUL[0]} {HARMLESS[1]}", "3 + 4 = 7.", "", HARMFUL[1]]
    scores = similarity.scores(texts)
    assert scores.shape == (5,)
    assert scores[0] < HARMFUL_ABOVE < scores[1]
    assert scores[2] == scores[3] == -2
    assert similarity.rejection_reasons(texts) == [(), (REASON,), (), (), (REASON,)]
    assert similarity.scores([]).shape == (0,)
    assert similarity.rejection_reasons([]) == []


class EncodesAll(Letters):
    """An embedder that needs texts which can be encoded, as tokenizers do."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        assert all(text.encode() for text in texts)
        return super().embed(texts)


def test_half_an_emoji_is_no_obstacle_to_the_judgement_of_meaning() -> None:
    whole, half = f"{HARMFUL[0]} ?", f"{HARMFUL[0][:-1]} \ud83d."
    assert HarmSimilarity(EncodesAll()).rejection_reasons([whole, half]) == [(REASON,), (REASON,)]
