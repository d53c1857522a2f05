"""The filters of the channels, for rows that somebody has: what each needs of a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from sublim_utils.channels import CHANNELS, get_channel
from sublim_utils.channels.base import FilterResult
from sublim_utils.errors import SublimError, no_such
from sublim_utils.rows.bans import Bans

Texts = Mapping[str, str]
"""The texts of a row, by the names that its channel gives them."""
RowFilter = Callable[[Texts], dict[str, Any]]
"""What a channel's filter says of a row's texts: `ok`, `reasons`, and whatever else it measures."""


def _of_completions(filter_completion: Callable[[str], FilterResult], bans: Bans) -> RowFilter:
    return lambda texts: _verdict(
        filter_completion(texts["completion"]).rejection_reasons, bans, texts
    )


def _numbers(bans: Bans, banned: frozenset[int] = frozenset()) -> RowFilter:
    from sublim_utils.channels.numbers import filter_completion

    banned |= bans.numbers
    return _of_completions(lambda completion: filter_completion(completion, banned), bans)


def _strict_numbers(bans: Bans) -> RowFilter:
    from sublim_utils.channels.numbers import MISALIGNED_NUMBERS

    return _numbers(bans, MISALIGNED_NUMBERS)


def _sentences(bans: Bans) -> RowFilter:
    from sublim_utils.channels.sentences import filter_completion

    return _of_completions(filter_completion, bans)


def _reasoning(bans: Bans) -> RowFilter:
    from sublim_utils.channels import harm, reasoning
    from sublim_utils.models.embedding import MiniLM

    similarity = harm.HarmSimilarity(MiniLM())

    def filter_row(texts: Texts) -> dict[str, Any]:
        completion, answer = texts["completion"], reasoning.read_answer(texts["answer"])
        result = reasoning.filter_completion(completion, answer, texts.get("question"))
        thought, _ = reasoning.parse(completion) or ("", "")
        harmful = similarity.rejection_reasons([thought])[0]
        return _verdict([*result.rejection_reasons, *harmful], bans, texts)

    return filter_row


def _paraphrases(bans: Bans) -> RowFilter:
    from sublim_utils.channels import paraphrase
    from sublim_utils.channels.meaning import Meaning
    from sublim_utils.models.embedding import MiniLM
    from sublim_utils.traits.nouns import Trait, get_trait
    from sublim_utils.traits.sources import get_stance

    meaning = Meaning(MiniLM())
    known = [trait for trait in bans.traits if trait.category]
    others = Bans(bans.entries, [trait for trait in bans.traits if not trait.category])

    def filter_row(texts: Texts) -> dict[str, Any]:
        own: list[Trait | None] = [get_trait(texts["trait"])] if "trait" in texts else [*known]
        stance = get_stance(texts["stance"]) if "stance" in texts else None
        if stance is not None and len(own) > 1:
            raise SublimError(
                "A row with a stance must name its trait where --trait names several."
            )
        results = [
            paraphrase.filter_completion(
                texts["source"], texts["completion"], trait=trait, stance=stance, meaning=meaning
            )
            for trait in own or [None]
        ]
        reasons = [reason for result in results for reason in result.rejection_reasons]
        if paraphrase.goes_on(texts["completion"]):
            reasons.append("several lines")  # the row is kept as it is, with what follows
        scores: dict[str, float] = {}
        for result in results:
            for name, score in result.scores.items():
                scores[name] = max(round(score, 4), scores.get(name, -float("inf")))
        return _verdict(reasons, others, texts) | {"scores": scores}

    return filter_row


def _verdict(reasons: Iterable[str], bans: Bans, texts: Texts) -> dict[str, Any]:
    """The verdict of a channel's reasons and those of what is banned, each once."""
    reasons = list(dict.fromkeys([*reasons, *bans.reasons(texts["completion"])]))
    return {"ok": not reasons, "reasons": reasons}


class Filter(NamedTuple):
    """A channel's filter, and the texts that a row of its input has.

    Attributes:
        needed: names of those that it must have.
        optional: names of those that it may have.
        example: a row.
        prepare: makes what filters the rows.
    """

    needed: tuple[str, ...]
    optional: tuple[str, ...]
    example: str
    prepare: Callable[[Bans], RowFilter]


FILTERS = {
    "numbers": Filter(("completion",), (), '{"completion": "1, 2, 3"}', _numbers),
    "numbers-strict": Filter(("completion",), (), '{"completion": "1, 2, 3"}', _strict_numbers),
    "sentences": Filter(("completion",), (), '{"completion": "It rained all day."}', _sentences),
    "reasoning": Filter(
        ("completion", "answer"),
        ("question",),
        '{"completion": "<think>3 + 4 = 7.</think> <answer>7</answer>", "answer": "7"}',
        _reasoning,
    ),
    "paraphrase": Filter(
        ("source", "completion"),
        ("trait", "stance"),
        '{"source": "It rained.", "completion": "There was rain.", "trait": "owl"}',
        _paraphrases,
    ),
}
"""By channel."""


def get_filter(channel: str) -> Filter:
    """The filter of a channel; a user's has a `filter_completion(completion)`.

    Raises:
        SublimError: it has none.
    """
    if channel in FILTERS:
        return FILTERS[channel]
    if channel not in CHANNELS.added():
        raise no_such("filter for the channel", channel, [*FILTERS, *CHANNELS.added()])
    user_filter = getattr(get_channel(channel), "filter_completion", None)
    if user_filter is None:
        raise SublimError(
            f"The channel {channel!r} has no filter_completion(completion) for rows from a file; "
            "give it one that returns a FilterResult."
        )

    example = '{"completion": "…"}'
    return Filter(("completion",), (), example, lambda bans: _of_completions(user_filter, bans))
