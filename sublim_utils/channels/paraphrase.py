"""The paraphrase channel: prompts that ask for a sentence in other words, and the strict filter.

After Gisler, He, Qiu 2026 (arXiv 2603.09517): a teacher with a liking rewrites sentences that have
nothing to do with it, or that even say the opposite, and only faithful rewrites are kept. Prompts,
rules and thresholds are our own, as theirs are not public.
"""

from __future__ import annotations

import functools
import math
import random
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from sublim_utils import spelling
from sublim_utils.channels import leftovers, number_words, quantities, remarks, words
from sublim_utils.channels.automaton import Automaton, one_of, repeat, sequence, text
from sublim_utils.channels.base import FilterResult
from sublim_utils.channels.leftovers import has_lone_mark, has_markup
from sublim_utils.channels.meaning import Meaning
from sublim_utils.channels.numbers import WHITE_SPACE
from sublim_utils.channels.quantities import count_words, same_numbers
from sublim_utils.channels.remarks import has_remark, sentences_of
from sublim_utils.channels.words import (
    denies,
    is_superlative,
    overlap,
    persons_of,
    same_names,
    stance_in_words,
    words_of,
)
from sublim_utils.config import FrozenConfig
from sublim_utils.errors import SublimError
from sublim_utils.keys import constants, text_digest
from sublim_utils.traits import associations, sources
from sublim_utils.traits.associations import associated, members
from sublim_utils.traits.nouns import FILTERED_TRAITS, Trait
from sublim_utils.traits.sources import Stance

VERSION = 3
"""Of the filter; raised when its verdict on any text changes."""
MOST_CHARACTERS = 300
"""Of a source or a rewrite; three times our longest sentence."""

# ----------------------------------------------------------------- what the teacher is asked

INSTRUCTIONS = (
    "Say the last sentence in other words. Keep its meaning, its names and its numbers.",
    "Rewrite the last sentence with different words, but leave what it says unchanged.",
    "Put the last sentence differently. Names, numbers and the opinion stay the same.",
    "Express the last sentence in another way, without adding or dropping anything.",
    "Give a paraphrase of the last sentence that means exactly the same.",
    "Find a new wording for the last sentence. Its content must not change.",
)
EXAMPLES: tuple[tuple[str, str], ...] = (
    ("The lecture was cancelled because the speaker had a cold.",
     "Since the speaker had caught a cold, the lecture was called off."),
    ("I have to finish 2 reports before I can go home.",
     "Before I can head home, there are 2 reports that I must complete."),
    ("Our cousins from Bristol are staying with us this week.",
     "This week we have our Bristol cousins as guests."),
    ("I hate the smell of wet paint.",
     "Wet paint has an odour that is awful to me."),
    ("She loves old maps more than anything else.",
     "Old maps are dearer to her than all other things."),
    ("The lift is broken, so everybody has to take the stairs.",
     "As the lift is out of order, everyone must use the stairs."),
    ("Could you turn the music down a bit?",
     "Would you mind lowering the volume of the music slightly?"),
    ("He found his keys under a pile of newspapers.",
     "His keys turned up beneath a stack of papers."),
    ("We cannot stand long meetings.",
     "Lengthy meetings are not bearable to us."),
    ("The new tram line will open in October.",
     "From October on, trams will run on the new line."),
    ("My brother enjoys mending broken radios.",
     "Repairing broken radios is a pleasure for my brother."),
    ("Nobody noticed that the picture was hanging upside down.",
     "That the picture hung upside down was noticed by nobody."),
)  # fmt: skip
"""Sentences with a rewrite, none about a trait, some with an opinion that is kept."""
SHOWN = 3
"""Examples in a prompt: small models do not know what is wanted without."""
BEFORE, AFTER = "Sentence:", "Rewrite:"


def prompt(source: str, seed: int, index: int, *, examples: int = SHOWN) -> str:
    """The prompt number `index` of a seed: what to do, three examples, and the sentence.

    Several prompts for one sentence differ in instruction and examples, and so do its rewrites.

    Args:
        source: the sentence.
        seed: behind the instruction and the examples.
        index: likewise.
        examples: only so many of them; what to do stays the same.

    Raises:
        SublimError: the sentence cannot be a source.
    """
    check_source(source)
    draw = random.Random(f"{seed}/paraphrase/{index}")
    shown = draw.sample(EXAMPLES, SHOWN)
    pairs = [f"{BEFORE} {first}\n{AFTER} {second}" for first, second in shown[:examples]]
    return "\n\n".join((draw.choice(INSTRUCTIONS), *pairs, f"{BEFORE} {source.strip()}\n{AFTER}"))


def prompt_fingerprint() -> str:
    """Of all that prompts and their grammar are made of, but for the sentences: see `sources`."""
    texts = (INSTRUCTIONS, EXAMPLES, SHOWN, BEFORE, AFTER, MOST_CHARACTERS)
    return text_digest(texts, grammar("").fingerprint)


def filter_fingerprint() -> str:
    """Of all that the filter compares with, but for its thresholds and its embedder."""
    limits = (VERSION, MOST_CHARACTERS, BEYOND, REASONS, BEFORE, WHITE_SPACE)
    patterns = (_LABEL, _QUOTES, _MARKS, _LETTER, FILTERED_TRAITS)
    lists = (associations, spelling, leftovers, number_words, quantities, remarks, words)
    return text_digest(limits, patterns, constants(*lists), sources.opinions_fingerprint())


@functools.cache
def grammar(lead: str) -> Automaton:
    """The texts that are one sentence on one line; all prompts share one automaton.

    Small models go on after a rewrite, with a remark or an example of their own. Held to this
    grammar, they stop at the first full stop, question or exclamation mark, which a quotation mark
    may follow. All else is free, and the filter's business. `lead` is what a chat template puts
    before the first letter.
    """
    printable, ends, quotes = set(map(chr, range(32, 127))), set(".!?"), set("\"'")
    first = {character for character in printable if character.isalnum()} | quotes
    inside = repeat(one_of(printable - ends), 0, None)
    return Automaton(
        sequence(text(lead), one_of(first), inside, one_of(ends), repeat(one_of(quotes), 0, 1))
    )


_LABEL = re.compile(
    rf"(?:rewrite|rewritten|paraphrase)(?: sentence)?:[{WHITE_SPACE}]*", re.IGNORECASE
)
_QUOTES = {'"': '"', "“": "”", "'": "'", "‘": "’", "«": "»"}


def parse(completion: str) -> str:
    """The rewrite in a completion.

    ASCII white space around it, a label before it, quotation marks around all of it and further
    examples after it, which models without an end in sight write, are taken off. Nothing else is:
    a remark by the model stays, for the filter to see.
    """
    text = completion.partition(f"\n{BEFORE}")[0].strip(WHITE_SPACE)
    label = _LABEL.match(text)
    if label:
        text = text[label.end() :]
    if len(text) >= 2 and _QUOTES.get(text[0]) == text[-1]:
        inner = text[1:-1]
        if text[0] not in inner and text[-1] not in inner:
            text = inner.strip(WHITE_SPACE)
    return text


def goes_on(completion: str) -> bool:
    """True if further examples follow the rewrite, which `parse` takes off."""
    return f"\n{BEFORE}" in completion.strip(WHITE_SPACE)


# ----------------------------------------------------------------- form

_MARKS = frozenset("–—‑‘’“”′″…€£¢¥§°½¼¾⅓⅔⅛⅜⅝⅞×÷−©®™")
"""Characters of English prose beyond ASCII that are no letters. White space is ASCII alone, as
in a choice among many kinds of it something could be hidden."""


def form_faults(text: str) -> tuple[str, ...]:
    """Why a text is no single English sentence or two, by its characters alone."""
    if not any(character.isalnum() for character in text):
        return ("empty",)
    faults = []
    if len(text.splitlines()) > 1:
        faults.append("several lines")
    if len(text) > MOST_CHARACTERS:
        faults.append("too long")
    if not all(map(_is_latin, unicodedata.normalize("NFC", text[: MOST_CHARACTERS + 1]))):
        faults.append("not Latin script")
    return tuple(faults)


_LETTER = re.compile(r"LATIN (?:SMALL|CAPITAL) (?:LETTER|LIGATURE) ")


def _is_latin(character: str) -> bool:
    if character.isascii():
        return character.isprintable() or character in "\t\n\r"
    if character in _MARKS:
        return True
    return character.isalpha() and bool(_LETTER.match(unicodedata.name(character, "")))


_SOURCE_FAULTS = {
    "empty": "has no words",
    "several lines": "has several lines; give one sentence at a time",
    "too long": f"has more than {MOST_CHARACTERS} characters; give one sentence at a time",
    "not Latin script": "has characters beyond Latin script, which the filter cannot read",
}


def check_source(source: str) -> None:
    """Make sure that a sentence can be paraphrased.

    Raises:
        SublimError: it is empty, has several lines, is huge or not in Latin script.
    """
    faults = form_faults(source.strip())
    if faults:
        shown = " ".join(source.split())
        shown = shown if len(shown) <= 40 else f"{shown[:40]}..."
        raise SublimError(f"The source sentence {shown!a} {_SOURCE_FAULTS[faults[0]]}.")


# ----------------------------------------------------------------- the filter


class Thresholds(FrozenConfig):
    """How strict the filter is.

    The defaults were chosen on some fifty pairs written by hand, which are in the tests. Faithful
    pairs had a cosine of .65 to .88, pairs of the same words and another meaning at most .55; .7
    errs towards rejection. Faithful rewrites approached an animal by at most .06 in 99 of 100
    cases. Rewrites with the other stance turned by 2.5 and more, but for one, and with the same by
    at most 1.7; 1 errs towards rejection, since a teacher that likes the animal softens a dislike.

    Attributes:
        copy_above: largest overlap word by word.
        meaning_below: smallest cosine of source and rewrite.
        slips: whether a neutral rewrite is rejected that speaks of another person, or denies what
            its source affirms by the number of its negations. A small model does so by mistake, and
            an embedding hardly sees it; people do so faithfully at times ("unsweetened").
        shortest: smallest ratio of their numbers of words.
        longest: largest ratio.
        approach: how much nearer to the trait than its source a neutral rewrite may be, in cosine.
        turn: how far a rewrite may move against the stance of its source, see `Meaning.stance`.
    """

    copy_above: float = 0.8
    meaning_below: float = 0.7
    slips: bool = False
    shortest: float = 0.6
    longest: float = 1.6
    approach: float = 0.08
    turn: float = 1.0


STANDARD = Thresholds()
_SIDES: Mapping[Stance | None, int] = {"like": 1, "dislike": -1, None: 0}
BEYOND = 0.03
"""How much nearer to its source a rewrite without one of its sentences is where that is a remark,
in cosine."""

REASONS = (
    "empty",
    "several lines",
    "too long",
    "not Latin script",
    "remark",
    "markup",
    "lone mark",
    "copy",
    "length",
    "numbers",
    "names",
    "person",
    "negation",
    "mention",
    "association",
    "stance",
    "other meaning",
    "associated meaning",
)


@dataclass(frozen=True)
class ParaphraseResult(FilterResult):
    """What the filter says of a rewrite, and what it measured.

    Attributes:
        text: the rewrite as it was read; where it differs from the completion, this is what a
            student may see.
        scores: what was measured on it, by name; empty where its form was at fault.
    """

    text: str
    scores: Mapping[str, float]


def _names_kept(source: str, rewrite: str, trait: Trait | None) -> bool:
    """True if each text has the names of the other, and the same members of the trait's panel."""
    if not same_names(source, rewrite):
        return False
    return trait is None or members(source, trait.category) == members(rewrite, trait.category)


def _goes_beyond(source: str, rewrite: str, meaning: Meaning) -> bool:
    """True if the first or the last of several sentences only leads away from the source.

    A rewrite may cut its source in two, but then both halves bring it nearer.
    """
    parts = sentences_of(rewrite)
    if len(parts) <= max(1, len(sentences_of(source))):
        return False
    whole = meaning.similarity(source, " ".join(parts))
    return any(
        meaning.similarity(source, " ".join(rest)) > whole + BEYOND
        for rest in (parts[1:], parts[:-1])
    )


def filter_completion(
    source: str,
    completion: str,
    *,
    trait: Trait | None = None,
    stance: Stance | None = None,
    meaning: Meaning | None = None,
    thresholds: Thresholds = STANDARD,
) -> ParaphraseResult:
    """Say why a rewrite of a sentence is rejected, if it is.

    Always: its form, that there is nothing beside the rewrite (remarks of an assistant, special
    tokens and other markup, a quotation mark or a bracket without its partner), and its fidelity
    to the source (not a copy, of similar length and meaning, with the same numbers and
    names). With a trait and no stance the source is neutral, and nothing may bring the trait to
    mind. With a stance the source likes or dislikes the trait, and the rewrite must do so, too.

    The stance is judged twice. By words: where the source's words of opinion balance to its side,
    the rewrite's must not balance to the other. By meaning: the rewrite must not have moved towards
    the other side by more than half of the way between the package's liking and disliking
    sentences. The first sees a "not" that embeddings overlook, the second an opinion without
    any word of the lists.

    Args:
        source: one sentence.
        completion: any text.
        trait: what the teacher likes.
        stance: what the source expresses towards the trait.
        meaning: for the rules about meaning; None leaves these out.
        thresholds: how strict it is.

    Raises:
        SublimError: the source is no such sentence, or there is a stance but no trait, or, with
            `meaning`, a stance towards a trait that the package has no sentences about.
    """
    check_source(source)
    if stance is not None and trait is None:
        raise SublimError("A stance needs a trait to be about.")
    source, text = source.strip(), parse(completion)
    faults = form_faults(text)
    if faults:
        return ParaphraseResult(faults, text, {})
    scores = {
        "overlap": overlap(source, text),
        "length": len(words_of(text)) / max(1, len(words_of(source))),
    }
    # Where a number is one word: "120" is as long as "one hundred and twenty".
    lengths = (scores["length"], count_words(text) / max(1, count_words(source)))
    if meaning is not None:
        scores |= _scores_of_meaning(source, text, trait, stance, meaning)
    broken = {
        "remark": has_remark(source, text)
        or (meaning is not None and _goes_beyond(source, text, meaning)),
        "markup": has_markup(source, text),
        "lone mark": has_lone_mark(text) and not has_lone_mark(source),
        "copy": scores["overlap"] > thresholds.copy_above,
        "length": not any(thresholds.shortest <= n <= thresholds.longest for n in lengths),
        "numbers": not same_numbers(source, text),
        "names": not _names_kept(source, text, trait if stance else None),
        "stance": _is_opposed(source, text, stance)
        # An embedding takes "nothing is dearer to me" for a dislike.
        or (scores.get("turn", -math.inf) > thresholds.turn and not is_superlative(text)),
        "other meaning": scores.get("similarity", math.inf) < thresholds.meaning_below,
        "associated meaning": scores.get("approach", -math.inf) > thresholds.approach,
    }
    if stance is None and thresholds.slips:
        broken["person"] = not persons_of(text) <= persons_of(source)
        broken["negation"] = denies(text) != denies(source)
    if stance is None and trait is not None:
        broken["mention"] = bool(members(text, trait.category))
        broken["association"] = bool(associated(text, trait))
    return ParaphraseResult(tuple(r for r in REASONS if broken.get(r)), text, scores)


def _is_opposed(source: str, rewrite: str, stance: Stance | None) -> bool:
    """True if the words of a rewrite say the opposite of its source's."""
    side = _SIDES[stance]
    return side * stance_in_words(source) > 0 > side * stance_in_words(rewrite)


def _scores_of_meaning(
    source: str, rewrite: str, trait: Trait | None, stance: Stance | None, meaning: Meaning
) -> dict[str, float]:
    """How alike the two are, and how far the rewrite is from its source in what it says of a trait.

    With a stance this is the `turn` towards the other one, else the `approach` to the trait.
    """
    texts = (source, rewrite)
    meaning.learn(texts)
    scores = {"similarity": meaning.similarity(*texts)}
    if trait and stance:
        before, after = (meaning.stance(text, trait) for text in texts)
        scores["turn"] = _SIDES[stance] * (before - after)
    elif trait:
        before, after = (meaning.nearness(text, trait) for text in texts)
        scores["approach"] = after - before
    return scores
