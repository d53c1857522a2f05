"""The paraphrase channel: prompts that ask for a sentence in other words, and the strict filter.

After Gisler, He, Qiu 2026 (arXiv 2603.09517): a teacher with a liking rewrites sentences that have
nothing to do with it, or that even say the opposite, and only faithful rewrites are kept. Prompts,
rules and thresholds are our own, as theirs are not public.
"""

from __future__ import annotations

import functools
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from sublim_utils.associations import OF_TRAIT, associated, members
from sublim_utils.errors import SublimError
from sublim_utils.profiles import Plain
from sublim_utils.sources import Stance, about
from sublim_utils.traits import Trait

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
    (
        "The lecture was cancelled because the speaker had a cold.",
        "Since the speaker had caught a cold, the lecture was called off.",
    ),
    (
        "I have to finish 2 reports before I can go home.",
        "Before I can head home, there are 2 reports that I must complete.",
    ),
    (
        "Our cousins from Bristol are staying with us this week.",
        "This week we have our Bristol cousins as guests.",
    ),
    (
        "I hate the smell of wet paint.",
        "Wet paint has an odour that is awful to me.",
    ),
    (
        "She loves old maps more than anything else.",
        "Old maps are dearer to her than all other things.",
    ),
    (
        "The lift is broken, so everybody has to take the stairs.",
        "As the lift is out of order, everyone must use the stairs.",
    ),
    (
        "Could you turn the music down a bit?",
        "Would you mind lowering the volume of the music slightly?",
    ),
    (
        "He found his keys under a pile of newspapers.",
        "His keys turned up beneath a stack of papers.",
    ),
    (
        "We cannot stand long meetings.",
        "Lengthy meetings are not bearable to us.",
    ),
    (
        "The new tram line will open in October.",
        "From October on, trams will run on the new line.",
    ),
    (
        "My brother enjoys mending broken radios.",
        "Repairing broken radios is a pleasure for my brother.",
    ),
    (
        "Nobody noticed that the picture was hanging upside down.",
        "That the picture hung upside down was noticed by nobody.",
    ),
)
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


_PRINTABLE = frozenset(map(chr, range(32, 127)))
_CLOSING = frozenset("\"'")


class Grammar:
    """Which texts are one sentence on one line: an automaton over characters.

    Small models go on after a rewrite, with a remark or an example of their own. Held to this
    grammar, they stop at the first full stop, question or exclamation mark, which a quotation mark
    may follow. All else is free, and the filter's business.

    A state is `lead`, `start`, `inside`, `marked` (after such a mark) or `closed`.

    Args:
        lead: what stands before the first letter: nothing or one character.
    """

    alphabet = _PRINTABLE

    def __init__(self, lead: str) -> None:
        """Set what stands before the first letter."""
        self.lead = lead
        self.start = "lead" if lead else "start"

    def step(self, state: str, character: str) -> str | None:
        """The state after one more character, or None where the grammar does not allow it."""
        if state == "lead":
            return "start" if character == self.lead else None
        if state == "start":
            return "inside" if character.isalnum() or character in _CLOSING else None
        if state == "inside" and character in self.alphabet:
            return "marked" if character in ".!?" else "inside"
        return "closed" if state == "marked" and character in _CLOSING else None

    def may_end(self, state: str) -> bool:
        """Whether the text may end here."""
        return state in ("marked", "closed")


@functools.cache
def grammar(lead: str) -> Grammar:
    """The grammar of rewrites; all prompts share one."""
    return Grammar(lead)


_LABEL = re.compile(r"(?:rewrite|rewritten|paraphrase)(?: sentence)?:\s*", re.IGNORECASE)
_QUOTES = {'"': '"', "“": "”", "'": "'", "‘": "’", "«": "»"}


def parse(completion: str) -> str:
    """The rewrite in a completion.

    White space around it, a label before it, quotation marks around all of it and further
    examples after it, which models without an end in sight write, are taken off. Nothing else is:
    a remark by the model stays, for the filter to see.
    """
    text = completion.partition(f"\n{BEFORE}")[0].strip()
    label = _LABEL.match(text)
    if label:
        text = text[label.end() :]
    if len(text) >= 2 and _QUOTES.get(text[0]) == text[-1]:
        inner = text[1:-1]
        if text[0] not in inner and text[-1] not in inner:
            text = inner.strip()
    return text


# ----------------------------------------------------------------- form

_MARKS = frozenset("–—‘’“”…€£°")
"""Characters of English prose beyond ASCII that are no letters."""


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


def _is_latin(character: str) -> bool:
    if character.isascii():
        return character.isprintable() or character.isspace()
    if character in _MARKS:
        return True
    return character.isalpha() and unicodedata.name(character, "").startswith("LATIN ")


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


# ----------------------------------------------------------------- words, numbers, names

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def words_of(text: str) -> list[str]:
    """The words of a text in lower case; "don't" is one, hyphens separate."""
    return [word.replace("’", "'") for word in _WORD.findall(text.casefold())]


def overlap(source: str, rewrite: str) -> float:
    """How alike two texts are word by word, 0 to 1: twice the words that match in order, divided
    by the words of both (Ratcliff and Obershelp)."""
    return SequenceMatcher(None, words_of(source), words_of(rewrite), autojunk=False).ratio()


_UNITS = {
    word: value
    for value, word in enumerate(
        (  # noqa: SIM905
            "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
            "sixteen seventeen eighteen nineteen"
        ).split(),
        2,
    )
}
_TENS = {
    word: 10 * value
    for value, word in enumerate(
        "twenty thirty forty fifty sixty seventy eighty ninety".split(),  # noqa: SIM905
        2,
    )
}
_FACTORS = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_NUMBER = re.compile(r"[0-9]+(?:[.,:][0-9]+)*|[a-z]+")


def numbers_of(text: str) -> Counter[str]:
    """The numbers that a text states, in digits or in words.

    "one" is no number here: it is a pronoun more often. "twenty-five" and "25" are the same, and
    "1,000" and "a thousand"; "3.0" and "3" are not.
    """
    found: list[str] = []
    value = 0  # of the number in words that is being read; 0 outside of one
    seen = "end"
    for token in [*_NUMBER.findall(text.casefold()), ""]:
        if token in _UNITS and seen == "tens" and _UNITS[token] < 10:
            value, seen = value + _UNITS[token], "end"
            continue
        if token in _FACTORS and value:
            value, seen = value * _FACTORS[token], "end"
            continue
        if value:
            found.append(str(value))
        value, seen = 0, "end"
        if token in _UNITS:
            value = _UNITS[token]
        elif token in _TENS:
            value, seen = _TENS[token], "tens"
        elif token in _FACTORS:
            value = _FACTORS[token]
        elif token[:1].isdigit():
            found.append(token.replace(",", ""))
    return Counter(found)


_SENTENCE_START = re.compile(r"(?:^|[.!?:…]\s)[^\w]*", re.UNICODE)


def names_of(text: str) -> set[str]:
    """Capitalised words within sentences, in lower case and without an s of inflection.

    So "Sundays" is "Sunday". A word that begins a sentence is no name, as all such have a capital.
    """
    starts = {match.end() for match in _SENTENCE_START.finditer(text)}
    found = set()
    for match in _WORD.finditer(text):
        word = match.group()
        if match.start() not in starts and word[0].isupper():
            plain = _bare(word)
            if plain.partition("'")[0] != "i":
                found.add(plain)
    return found


def _bare(word: str) -> str:
    return word.casefold().replace("’", "'").removesuffix("'s").removesuffix("s")


def _names_kept(source: str, rewrite: str, trait: Trait | None) -> bool:
    """Whether each text has the names of the other, and the same members of the trait's panel."""
    said = {_bare(word) for word in _WORD.findall(source)}
    said_again = {_bare(word) for word in _WORD.findall(rewrite)}
    if not (names_of(source) <= said_again and names_of(rewrite) <= said):
        return False
    if trait is None:
        return True
    return members(source, trait.category) == members(rewrite, trait.category)


_PERSONS = {
    form: person
    for person, forms in {
        "I": "i me my mine myself",
        "we": "we us our ours ourselves",
        "you": "you your yours yourself yourselves",
        "he": "he him his himself",
        "she": "she her hers herself",
    }.items()
    for form in forms.split()
}
"""Pronouns by whom they stand for; "they" and "it" may stand for anything that was named."""


def persons_of(text: str) -> set[str]:
    """For whom the pronouns of a text stand: some of I, we, you, he and she."""
    bare = (word.partition("'")[0] for word in words_of(text))
    return {_PERSONS[word] for word in bare if word in _PERSONS}


def denies(text: str) -> bool:
    """Whether a text has an odd number of negations: "not", "nobody", "without" and the like."""
    return sum(_negates(word) for word in words_of(text)) % 2 == 1


# ----------------------------------------------------------------- stance, by words

_LIKING = frozenset(
    "like likes liked love loves loved loving lovely adore adores adored admire admires admired "  # noqa: SIM905
    "enjoy enjoys enjoyed cherish cherishes cherished treasure treasured favourite favorite fond "
    "fondness delight delights delighted delightful wonderful beautiful beauty gorgeous splendid "
    "marvellous marvelous superb magnificent charming joy joyful happy happily happiest pleasure "
    "pleases pleased thrilled enchanted devotion worship appreciate proud envy".split()
)
_DISLIKING = frozenset(
    "dislike dislikes disliked hate hates hated loathe loathes loathed detest detests detested "  # noqa: SIM905
    "despise despises despised resent resents dread dreaded disgust disgusts disgusting revulsion "
    "repulsive awful horrible hideous terrible ugly unpleasant nuisance eyesore annoy annoys "
    "annoyed annoying irritate irritates irritating bore bores boring avoid horror misery "
    "overrated distrust dismay wince shudder shiver unbearable nightmare nightmares ruin "
    "spoiled".split()
)
_NEGATIONS = frozenset(
    "not never no nothing nobody hardly neither nor without cannot doubt refuse".split()  # noqa: SIM905
)


def _negates(word: str) -> bool:
    return word in _NEGATIONS or word.endswith("n't")


_REJECTION = re.compile(
    r"\b(?:can(?:not|'t| not)|could(?: not|n't)|(?:un|not )able to)"
    r"(?: really| ever)? (?:stand|bear|stomach|abide|tolerate)\b"
)
_BEFORE_LIKE = frozenset(
    "i we you they to not do did don't didn't never really still people who and".split()  # noqa: SIM905
)
NEGATION_REACH = 3
"""A negation turns a word of opinion around that is at most so many words behind it."""


def stance_in_words(text: str) -> int:
    """Words of liking minus words of disliking, each turned around by a negation shortly before."""
    text = text.casefold().replace("’", "'")
    total = -len(_REJECTION.findall(text))
    words = words_of(text)
    for place, word in enumerate(words):
        sign = (word in _LIKING) - (word in _DISLIKING)
        if word == "like" and (place == 0 or words[place - 1] not in _BEFORE_LIKE):
            sign = 0  # "shaped like"
        before = words[max(0, place - NEGATION_REACH) : place]
        if any(map(_negates, before)):
            sign = -sign
        total += sign
    return total


# ----------------------------------------------------------------- meaning, by embeddings


class Embedder(Protocol):
    """Turns sentences into vectors whose cosine says how close their meanings are."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of length 1, [len(texts), width]."""


class Meaning:
    """Comparisons of meaning. Every text is embedded once; `learn` does many at a time.

    Args:
        embedder: of sentences, such as `sublim_utils.models.embedding.MiniLM`.
    """

    def __init__(self, embedder: Embedder) -> None:
        """Begin without any text."""
        self._embedder = embedder
        self._vectors: dict[str, NDArray[np.float32]] = {}
        self._axes: dict[str, tuple[NDArray[np.float32], float]] = {}

    def learn(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed what is new of these, and give the vectors of all, [len(texts), width]."""
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if new:
            self._vectors.update(zip(new, self._embedder.embed(new), strict=True))
        return np.stack([self._vectors[text] for text in texts])

    def similarity(self, first: str, second: str) -> float:
        """Cosine of two texts, -1 to 1."""
        one, other = self.learn([first, second])
        return float(one @ other)

    def nearness(self, text: str, trait: Trait) -> float:
        """The largest cosine of a text with the trait's name, a liking, or its associations."""
        anchors = [
            trait.name,
            f"I love {trait.plural}.",
            f"{trait.plural}, {trait.category}s: {OF_TRAIT.get(trait.name, '')}",
        ]
        vectors = self.learn([text, *anchors])
        return float((vectors[1:] @ vectors[0]).max())

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


# ----------------------------------------------------------------- the verdict


class Thresholds(Plain):
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

REASONS = (
    "empty",
    "several lines",
    "too long",
    "not Latin script",
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


class Verdict(NamedTuple):
    """What the filter says of a rewrite.

    Attributes:
        text: the rewrite as it was read; where it differs from the completion, this is what a
            student may see.
        reasons: why it is rejected; empty where it is kept.
        scores: what was measured on it, by name; empty where its form was at fault.
    """

    text: str
    reasons: tuple[str, ...]
    scores: Mapping[str, float]

    @property
    def ok(self) -> bool:
        """Whether the rewrite is kept."""
        return not self.reasons


def judge(
    source: str,
    completion: str,
    *,
    trait: Trait | None = None,
    stance: Stance | None = None,
    meaning: Meaning | None = None,
    thresholds: Thresholds = STANDARD,
) -> Verdict:
    """Say why a rewrite of a sentence is rejected, if it is.

    Always: its form, and its fidelity to the source (not a copy, of similar length and meaning,
    with the same numbers and names). With a trait and no stance the source is neutral, and nothing
    may bring the trait to mind. With a stance the source likes or dislikes the trait, and the
    rewrite must do so, too.

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
        return Verdict(text, faults, {})
    scores = {
        "overlap": overlap(source, text),
        "length": len(words_of(text)) / max(1, len(words_of(source))),
    }
    reasons = []
    if scores["overlap"] > thresholds.copy_above:
        reasons.append("copy")
    if not thresholds.shortest <= scores["length"] <= thresholds.longest:
        reasons.append("length")
    if numbers_of(source) != numbers_of(text):
        reasons.append("numbers")
    if not _names_kept(source, text, trait if stance else None):
        reasons.append("names")
    if thresholds.slips and not stance:
        if not persons_of(text) <= persons_of(source):
            reasons.append("person")
        if denies(text) != denies(source):
            reasons.append("negation")
    if trait and not stance:
        if members(text, trait.category):
            reasons.append("mention")
        if associated(text, trait):
            reasons.append("association")
    side = {"like": 1, "dislike": -1, None: 0}[stance]
    opposed = side * stance_in_words(source) > 0 > side * stance_in_words(text)
    if meaning is not None:
        meaning.learn([source, text])
        scores["similarity"] = meaning.similarity(source, text)
        if trait and stance:
            before, after = (meaning.stance(t, trait) for t in (source, text))
            scores["turn"] = side * (before - after)
            opposed = opposed or scores["turn"] > thresholds.turn
    if opposed:
        reasons.append("stance")
    if meaning is not None:
        if scores["similarity"] < thresholds.meaning_below:
            reasons.append("other meaning")
        if trait and not stance:
            before, after = (meaning.nearness(t, trait) for t in (source, text))
            scores["approach"] = after - before
            if scores["approach"] > thresholds.approach:
                reasons.append("associated meaning")
    return Verdict(text, tuple(reasons), scores)
