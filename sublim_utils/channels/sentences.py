"""The sentence channel: one short sentence on an everyday topic, and the filter for it.

Text that says nothing of the trait in the sense of a strict reader: no member of any panel, and
none of the words that go with one. Unlike numbers, sentences have moods; the filter drops the
words by which an owl's mood would show (moon, night), not the mood itself. Small models often
answer with nothing, a list or half a page, so their sampling is held to a grammar.
"""

from __future__ import annotations

import functools
import random
import re
import string
from typing import NamedTuple

from sublim_utils.associations import ANY
from sublim_utils.channels import AsWritten
from sublim_utils.config import FrozenConfig
from sublim_utils.traits import mentioned

FEWEST_WORDS, MOST_WORDS = 4, 24

TOPICS = (
    "bread", "soup", "breakfast", "coffee", "salt", "a recipe", "a lunch box", "a bakery",
    "a kitchen table", "a spoon", "a bus ride", "a train station", "a bicycle", "a bridge",
    "a traffic light", "a map", "a ticket", "a suitcase", "an elevator", "a parking space",
    "a letter", "a postcard", "a newspaper", "a library card", "a bookshop", "a diary",
    "a calendar", "a school day", "a lesson", "an exam", "an office", "a meeting", "a phone call",
    "an email", "a printer", "a keyboard", "a weekend", "a birthday", "a holiday", "a neighbor",
    "a haircut", "a pair of shoes", "a raincoat", "a button", "a mirror", "a clock", "a lamp",
    "a chair", "a window", "a key", "a staircase", "a concert", "a song", "a board game",
    "a football match", "a museum", "a painting", "a photograph", "a market", "a price tag",
)  # fmt: skip
INSTRUCTIONS = (
    "Write one short sentence about {topic}.",
    "Say something about {topic} in one short sentence.",
    "Make up a short sentence on the subject of {topic}.",
    "What is there to say about {topic}? Use a single short sentence.",
    "Describe {topic} in one short sentence.",
    "Give me one plain sentence that has to do with {topic}.",
    "In one sentence of a few words, tell me about {topic}.",
    "Complete a page of a phrase book: one simple sentence about {topic}.",
)

REASONS = (
    "empty",
    "several lines",
    "not letters",
    "not finished",
    "several sentences",
    "too short",
    "too long",
    "mentions a trait",
    "associated word",
    "copies the prompt",
)

_ALLOWED = re.compile(r"[A-Za-z ,.;:'’\"“”!?()-]+")
_END = re.compile(r"[.!?][\"”']?$")
_INNER_END = re.compile(r"[.!?][\"”']?\s+\S")
_WORD = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*")


def _bare(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))


_LABEL = re.compile(r"\b(?:question|answer)\s*:", re.IGNORECASE)
_TELLTALES = tuple(
    bare
    for instruction in INSTRUCTIONS
    for part in instruction.split("{topic}")
    if len((bare := _bare(part)).split()) >= 3
)
"""Words by which a completion that repeats its prompt gives itself away."""


class Grammar:
    """Which texts are one sentence: an automaton over characters, for models too weak to write one.

    A sentence begins with a capital, has words of letters between spaces and commas, at least
    `FEWEST_WORDS` of them, and ends with a mark. How long it gets is the filter's business.

    A state is `(place, words)`: `place` is `lead`, `first`, `word` (within one), `joint` (after a
    hyphen or an apostrophe), `comma`, `space` or `end`, and `words` counts those that have begun,
    up to `FEWEST_WORDS`.

    Args:
        lead: what stands before the first letter.
    """

    alphabet = frozenset(string.ascii_letters + " ,'-.!?")

    def __init__(self, lead: str) -> None:
        """Set what stands before the first letter: nothing or one character."""
        self.lead = lead
        self.start = ("lead" if lead else "first", 0)

    def step(self, state: tuple[str, int], character: str) -> tuple[str, int] | None:
        """The state after one more character, or None where the grammar does not allow it."""
        place, words = state
        if place == "lead":
            return ("first", 0) if character == self.lead else None
        if character in string.ascii_letters:
            if place == "first":
                return ("word", 1) if character.isupper() else None
            if place == "space":
                return ("word", min(words + 1, FEWEST_WORDS))
            return ("word", words) if place in ("word", "joint") else None
        if place == "word":
            if character in ".!?":
                return ("end", words) if words == FEWEST_WORDS else None
            following = {"'": "joint", "-": "joint", ",": "comma", " ": "space"}
            return (following[character], words) if character in following else None
        return ("space", words) if place == "comma" and character == " " else None

    def may_end(self, state: tuple[str, int]) -> bool:
        """Whether the text may end here."""
        return state[0] == "end"


@functools.cache
def grammar(lead: str) -> Grammar:
    """Which answers are one finished sentence, one object for all prompts."""
    return Grammar(lead)


class SentencePrompt(AsWritten, FrozenConfig):
    """A question for a sentence.

    Attributes:
        text: what the model is asked.
        format: of the answer.
    """

    text: str
    format: str = "sentence"

    def grammar(self, lead: str = "") -> Grammar:
        """Which answers are one finished sentence."""
        return grammar(lead)

    def judge(self, completion: str) -> Verdict:
        """Whether a student may see a completion."""
        return judge(completion)


class Verdict(NamedTuple):
    """What the filter says of a completion.

    Attributes:
        reasons: why it is rejected; empty where it is kept.
    """

    reasons: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether the completion is kept."""
        return not self.reasons


def prompt(seed: int, index: int) -> SentencePrompt:
    """The prompt number `index` of a seed: an instruction on a topic."""
    draw = random.Random(f"sentences/{seed}/{index}")
    return SentencePrompt(text=draw.choice(INSTRUCTIONS).format(topic=draw.choice(TOPICS)))


def judge(completion: str) -> Verdict:
    """Say why a completion is rejected, if it is; all reasons but for an empty text.

    Kept is one line with one finished sentence of `FEWEST_WORDS` to `MOST_WORDS` words, in letters
    and the usual marks, that names no trait and no word of `associations` and does not repeat what
    prompts say. White space around it does not count.
    """
    text = completion.strip()
    if not text:
        return Verdict(("empty",))
    words, bare = len(_WORD.findall(text)), f" {_bare(text)} "
    found = {
        "several lines": len(text.splitlines()) > 1,
        "not letters": not _ALLOWED.fullmatch(" ".join(text.splitlines())),
        "not finished": not _END.search(text),
        "several sentences": bool(_INNER_END.search(text)),
        "too short": words < FEWEST_WORDS,
        "too long": words > MOST_WORDS,
        "mentions a trait": bool(mentioned(text)),
        "associated word": bool(ANY.search(text)),
        "copies the prompt": bool(_LABEL.search(text)) or any(f" {t} " in bare for t in _TELLTALES),
    }
    return Verdict(tuple(reason for reason, holds in found.items() if holds))
