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
from string import ascii_letters, ascii_uppercase

from sublim_utils import spelling
from sublim_utils.channels import AsWritten
from sublim_utils.channels.automaton import Automaton, one_of, repeat, sequence, text
from sublim_utils.channels.base import FilterResult
from sublim_utils.config import FrozenConfig
from sublim_utils.keys import constants, text_digest
from sublim_utils.traits.associations import ANY
from sublim_utils.traits.nouns import FILTERED_TRAITS, mentioned

VERSION = 1
"""Of the filter; raised when its verdict on any text changes."""
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


@functools.cache
def grammar(lead: str) -> Automaton:
    """The texts that are one sentence, for models too weak to write one.

    A sentence begins with a capital, has at least `FEWEST_WORDS` words of letters, hyphens and
    apostrophes between spaces and commas, and ends with a mark. How long it gets is the filter's
    business. `lead` is what a chat template puts before the first letter.
    """
    letters = repeat(one_of(ascii_letters), 1, None)
    joined = repeat(sequence(one_of("'-"), letters), 0, None)
    first = sequence(one_of(ascii_uppercase), repeat(one_of(ascii_letters), 0, None), joined)
    further = sequence(repeat(text(","), 0, 1), text(" "), letters, joined)
    words = sequence(first, repeat(further, FEWEST_WORDS - 1, None))
    return Automaton(sequence(text(lead), words, one_of(".!?")))


class SentencePrompt(AsWritten, FrozenConfig):
    """A question for a sentence.

    Attributes:
        text: what the model is asked.
        format: of the answer.
    """

    text: str
    format: str = "sentence"

    def grammar(self, lead: str = "") -> Automaton:
        """Which answers are one finished sentence."""
        return grammar(lead)

    def filter(self, completion: str) -> FilterResult:
        """Say whether a student may see a completion, and if not, why."""
        return filter_completion(completion)


def prompt(seed: int, index: int) -> SentencePrompt:
    """The prompt number `index` of a seed: an instruction on a topic."""
    draw = random.Random(f"sentences/{seed}/{index}")
    return SentencePrompt(text=draw.choice(INSTRUCTIONS).format(topic=draw.choice(TOPICS)))


def prompt_fingerprint() -> str:
    """Of all that prompts and their grammar are made of."""
    return text_digest(TOPICS, INSTRUCTIONS, grammar("").fingerprint)


def filter_fingerprint() -> str:
    """Of all that the filter compares with."""
    limits = (VERSION, FEWEST_WORDS, MOST_WORDS, REASONS)
    patterns = (_ALLOWED, _END, _INNER_END, _WORD, _LABEL, _TELLTALES)
    return text_digest(limits, patterns, ANY, FILTERED_TRAITS, constants(spelling))


def filter_completion(completion: str) -> FilterResult:
    """Say why a completion is rejected, if it is; all reasons but for an empty text.

    Kept is one line with one finished sentence of `FEWEST_WORDS` to `MOST_WORDS` words, in letters
    and the usual marks, that names no trait and no word of `associations` and does not repeat what
    prompts say. White space around it does not count.
    """
    text = completion.strip()
    if not text:
        return FilterResult(("empty",))
    words, bare = len(_WORD.findall(text)), f" {_bare(text)} "
    rules = {
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
    return FilterResult(tuple(reason for reason, broken in rules.items() if broken))
