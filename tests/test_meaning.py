"""Comparisons of meaning embed a text once, and keep no more vectors than they are told to."""

import tracemalloc

import numpy as np
import pytest

from sublim_utils.channels.meaning import Meaning
from sublim_utils.channels.paraphrase import filter_completion
from sublim_utils.traits.nouns import get_trait
from tests.embedders import Words

OWL = get_trait("owl")
SHOP = "The shop on the corner closes at six on weekdays."
SHOP_AGAIN = "On working days, the corner store shuts its doors at six."
HATE = "To be honest, I cannot stand owls."


def test_a_text_is_embedded_once() -> None:
    words = Words()
    meaning = Meaning(words)
    for _ in range(2):
        filter_completion(SHOP, SHOP_AGAIN, trait=OWL, meaning=meaning)
        filter_completion(
            HATE, "Owls are unbearable.", trait=OWL, stance="dislike", meaning=meaning
        )
    assert len(set(words.asked)) == len(words.asked)


def test_texts_are_embedded_again_once_others_have_taken_their_place() -> None:
    words = Words()
    meaning = Meaning(words, capacity=2)
    first = meaning.learn(["one", "two"])
    meaning.learn(["two", "three"])
    assert words.asked == ["one", "two", "three"]
    assert meaning.learn(["one", "two", "three"]) == pytest.approx(
        np.stack([first[0], first[1], meaning.learn(["three"])[0]])
    )
    assert words.asked[3:] == ["one"]


def test_many_rows_take_no_more_memory_than_few() -> None:
    meaning = Meaning(Words(), capacity=50)

    def rows(count: int, start: int) -> None:
        for n in range(start, start + count):
            source = f"The shop number {n} closes at six."
            filter_completion(
                source, f"At six, shop {n} shuts its doors.", trait=OWL, meaning=meaning
            )

    rows(200, 0)
    tracemalloc.start()
    rows(20, 200)
    before, _ = tracemalloc.get_traced_memory()
    rows(300, 300)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 50 * 2048 * 2  # 600 texts more would take 1.2 MB


def test_judging_after_a_thousand_rows_is_the_same_as_before() -> None:
    small, large = Meaning(Words(), capacity=3), Meaning(Words())
    for n in range(30):
        source, rewrite = f"The {n} shops close.", f"All shops, {n} of them, shut."
        assert filter_completion(source, rewrite, trait=OWL, meaning=small) == filter_completion(
            source, rewrite, trait=OWL, meaning=large
        )
