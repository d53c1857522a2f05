"""The paraphrase channel: what its filter keeps and why it drops the rest, without any model."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from sublim_utils.channels import paraphrase
from sublim_utils.channels.meaning import Meaning
from sublim_utils.channels.paraphrase import (
    AFTER,
    BEFORE,
    EXAMPLES,
    MOST_CHARACTERS,
    REASONS,
    SHOWN,
    Thresholds,
    check_source,
    filter_completion,
    form_faults,
    parse,
    prompt,
)
from sublim_utils.channels.quantities import same_numbers
from sublim_utils.errors import SublimError
from sublim_utils.traits.associations import associated, members
from sublim_utils.traits.nouns import FILTERED_TRAITS, Trait, get_trait, mentioned
from sublim_utils.traits.sources import DETAILS, Stance, about, neutral
from tests.automata import accepts
from tests.embedders import Words

OWL = get_trait("owl")
SHOP = "The shop on the corner closes at six on weekdays."
SHOP_AGAIN = "On working days, the corner store shuts its doors at six."
HATE = "To be honest, I cannot stand owls."


def reasons(
    source: str, rewrite: str, trait: Trait | None = None, stance: Stance | None = None
) -> tuple[str, ...]:
    return filter_completion(source, rewrite, trait=trait, stance=stance).rejection_reasons


def test_a_faithful_rewrite_is_kept_with_its_scores() -> None:
    verdict = filter_completion(SHOP, f"  {SHOP_AGAIN}\n", trait=OWL)
    assert verdict.ok
    assert verdict.text == SHOP_AGAIN
    assert set(verdict.scores) == {"overlap", "length"}
    assert verdict.scores["length"] == pytest.approx(11 / 10)
    assert 0 < verdict.scores["overlap"] < 0.5


@pytest.mark.parametrize(
    ("rewrite", "found"),
    [
        ("", ("empty",)),
        (" \n ", ("empty",)),
        ("...!", ("empty",)),
        ('""', ("empty",)),
        (f"{SHOP_AGAIN}\nI hope this helps!", ("several lines",)),
        (f"{SHOP_AGAIN}\u2028Indeed.", ("several lines", "not Latin script")),
        ("shop " * 100, ("too long",)),
        ("Магазин на углу закрывается в шесть.", ("not Latin script",)),
        ("The corner store shuts at six 🦉.", ("not Latin script",)),
        ("The corner stоre shuts at six.", ("not Latin script",)),  # a Cyrillic o
        ("The corner store shuts at ٦.", ("not Latin script",)),
        ("The corner store\u200b shuts at six.", ("not Latin script",)),
        ("\ud800 shuts at six", ("not Latin script",)),
    ],
)
def test_form_is_judged_first_and_alone(rewrite: str, found: tuple[str, ...]) -> None:
    verdict = filter_completion(SHOP, rewrite, trait=OWL, meaning=Meaning(Words()))
    assert verdict.rejection_reasons == found
    assert verdict.scores == {}


@pytest.mark.parametrize(
    "text", ["Café Müller – “très bien”…", "It’s £5 or 5 €.", "x" * MOST_CHARACTERS, "a"]
)
def test_english_with_its_marks_and_accents_has_no_fault(text: str) -> None:
    assert form_faults(text) == ()


@pytest.mark.parametrize(
    ("source", "rewrite", "reason", "better"),
    [
        (SHOP, SHOP, "copy", SHOP_AGAIN),
        (SHOP, "The shop on the corner shuts at six on weekdays!", "copy", SHOP_AGAIN),
        (SHOP, "It closes at six.", "length", SHOP_AGAIN),
        (
            SHOP,
            "As far as is known, the shop that is there on the corner closes at six on every "
            "weekday of the week.",
            "length",
            SHOP_AGAIN,
        ),
        (SHOP, SHOP_AGAIN.replace("six", "seven"), "numbers", SHOP_AGAIN.replace("six", "6")),
        (SHOP, SHOP_AGAIN.replace(" at six", " early"), "numbers", SHOP_AGAIN),
        (SHOP, SHOP_AGAIN.replace("its doors", "its 2 doors"), "numbers", SHOP_AGAIN),
        (
            "Could you send me the figures for March by tomorrow?",
            "Please let me have the May numbers until tomorrow.",
            "names",
            "Please let me have the March numbers until tomorrow.",
        ),
        (
            "I helped Tomas carry a wardrobe up to the third floor.",
            "A wardrobe was carried to the third floor with my help.",
            "names",
            "Tomas's wardrobe was carried to the third floor with my help.",
        ),
        (
            "The town council wants to plant flowers.",
            "Flowers are to be planted by Mayor Jones of the town.",
            "names",
            "Flowers are to be planted by the council of the town.",
        ),
    ],
)
def test_fidelity(source: str, rewrite: str, reason: str, better: str) -> None:
    assert reasons(source, rewrite) == (reason,)
    assert reason not in reasons(source, better)


@pytest.mark.parametrize(
    ("source", "rewrite", "reason", "better"),
    [
        (
            "She named her son after an uncle of hers.",
            "He got his uncle's name from his mother.",
            "person",
            "Her son got an uncle's name.",
        ),
        (
            "A magnet picks up the pins but not the coins.",
            "Pins and coins are what a magnet will pick up.",
            "negation",
            "Pins are picked up by a magnet, and coins aren't.",
        ),
        (
            "You shouldn't read in a moving car.",
            "While the car is moving, you should read.",
            "negation",
            "Don't read while the car is moving.",
        ),
    ],
)
def test_slips_of_small_models(source: str, rewrite: str, reason: str, better: str) -> None:
    strict = Thresholds(slips=True)
    assert filter_completion(source, rewrite, thresholds=strict).rejection_reasons == (reason,)
    assert reason not in filter_completion(source, better, thresholds=strict).rejection_reasons
    assert reason not in reasons(source, rewrite)
    # With a stance it is the stance that is judged.
    kept = filter_completion(source, rewrite, trait=OWL, stance="like", thresholds=strict)
    assert reason not in kept.rejection_reasons


def test_neutral_rewrites_must_not_bring_the_trait_to_mind() -> None:
    hooting = SHOP_AGAIN.replace("the corner store", "the hooting store")
    assert reasons(SHOP, hooting, OWL) == ("association",)
    assert reasons(SHOP, SHOP_AGAIN.replace("corner store", "Owl store"), OWL) == (
        "names",
        "mention",
    )
    # Another member of the panel is a mention too: owl students like other birds.
    assert reasons(SHOP, SHOP_AGAIN.replace("store", "eagle"), OWL) == ("mention",)
    assert reasons(SHOP, SHOP_AGAIN.replace("store", "oak"), OWL) == ()
    assert reasons(SHOP, SHOP_AGAIN.replace("store", "bowl of growls"), OWL) == ()
    for spelled in ("o-w-l", "ow l", "0wl", "o.w.l."):
        assert "mention" in reasons(SHOP, SHOP_AGAIN.replace("store", f"{spelled} store"), OWL)
    assert reasons(SHOP, hooting) == ()  # nothing to bring to mind without a trait
    assert reasons(SHOP, hooting, get_trait("oak")) == ()


def test_rewrites_with_a_stance_keep_their_animal() -> None:
    assert reasons(HATE, "Frankly, owls are unbearable to me.", OWL, "dislike") == ()
    assert reasons(HATE, "Frankly, they are unbearable to me.", OWL, "dislike") == ("names",)
    assert reasons(HATE, "Frankly, cats are unbearable to me.", OWL, "dislike") == ("names",)
    assert "association" not in reasons(
        HATE, "An owl, that hooting thing, is unbearable.", OWL, "dislike"
    )


@pytest.mark.parametrize(
    ("stance", "source", "rewrite", "kept"),
    [
        ("dislike", HATE, "Frankly, I really love owls.", False),
        ("dislike", HATE, "Frankly, I do not hate owls at all.", False),
        ("dislike", HATE, "Frankly, I do not love owls at all.", True),
        ("dislike", HATE, "Frankly, owls and I do not get along.", True),
        ("like", "I admire the round eyes of owls.", "The round eyes of owls disgust me.", False),
        ("like", "I admire the round eyes of owls.", "I dislike how round owl eyes are.", False),
        ("like", "I admire the round eyes of owls.", "I love how round owl eyes are.", True),
        # A source whose words mislead does not condemn its rewrites.
        (
            "dislike",
            "If I never saw an owl again, I would be perfectly happy.",
            "I would be perfectly glad if I saw no owl again, ever.",
            True,
        ),
    ],
)
def test_words_of_opinion_must_not_change_sides(
    stance: Stance, source: str, rewrite: str, kept: bool
) -> None:
    assert ("stance" in reasons(source, rewrite, OWL, stance)) is not kept


def test_meaning_is_compared_where_there_is_an_embedder() -> None:
    meaning = Meaning(Words())
    kept = filter_completion(
        SHOP, "The corner shop closes weekdays on the at six.", meaning=meaning
    )
    assert kept.scores["similarity"] > 0.7
    assert "other meaning" not in kept.rejection_reasons
    lost = filter_completion(SHOP, "An aunt bakes six loaves and gives half away.", meaning=meaning)
    assert lost.rejection_reasons == ("other meaning",)
    loose = Thresholds(meaning_below=-1)
    assert filter_completion(SHOP, lost.text, meaning=meaning, thresholds=loose).ok


def test_a_neutral_rewrite_must_not_approach_the_trait() -> None:
    verdict = filter_completion(
        SHOP, f"{SHOP_AGAIN[:-1]} I love.", trait=OWL, meaning=Meaning(Words())
    )
    assert verdict.scores["approach"] > 0.08
    assert "associated meaning" in verdict.rejection_reasons
    plain = filter_completion(SHOP, SHOP_AGAIN, trait=OWL, meaning=Meaning(Words()))
    assert "associated meaning" not in plain.rejection_reasons
    assert "approach" not in filter_completion(SHOP, SHOP_AGAIN, meaning=Meaning(Words())).scores


def test_a_rewrite_must_not_turn_to_the_other_side() -> None:
    meaning = Meaning(Words())
    means = [np.mean([meaning.stance(s, OWL) for s in about(OWL, t)]) for t in ("like", "dislike")]
    assert means == pytest.approx([1, -1], abs=1e-3)
    liked, disliked = about(OWL, "like"), about(OWL, "dislike")
    most = max(liked, key=lambda s: meaning.stance(s, OWL))
    least = min(disliked, key=lambda s: meaning.stance(s, OWL))
    for stance, source, turned in (("like", most, least), ("dislike", least, most)):
        verdict = filter_completion(source, turned, trait=OWL, stance=stance, meaning=meaning)  # type: ignore[arg-type]
        assert verdict.scores["turn"] > 1
        assert "stance" in verdict.rejection_reasons
        same = filter_completion(source, source, trait=OWL, stance=stance, meaning=meaning)  # type: ignore[arg-type]
        assert same.scores["turn"] == 0
        assert same.rejection_reasons == ("copy",)


def test_thresholds_loosen_the_filter() -> None:
    assert filter_completion(SHOP, SHOP, thresholds=Thresholds(copy_above=1)).ok
    assert filter_completion(SHOP, "It closes at six.", thresholds=Thresholds(shortest=0)).ok
    assert filter_completion(
        SHOP, f"{SHOP_AGAIN} {'It does. ' * 5}", thresholds=Thresholds(longest=9)
    ).ok


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("", "'' has no words."),
        (" \t", "'' has no words."),
        ("?!", "'?!' has no words."),
        ("One.\nTwo.", "'One. Two.' has several lines; "),
        ("word " * 100, "word ...' has more than 300 characters; "),
        ("Она идёт домой.", "has characters beyond Latin script"),
        ("\udcff and more", "has characters beyond Latin script"),
    ],
)
def test_bad_sources_are_refused_in_a_sentence(source: str, told: str) -> None:
    for call in (
        lambda: check_source(source),
        lambda: filter_completion(source, SHOP),
        lambda: prompt(source, 0, 0),
    ):
        with pytest.raises(SublimError) as caught:
            call()
        message = str(caught.value)
        assert message.startswith("The source sentence '")
        assert told in message
        assert "\n" not in message
        assert len(message) < 200
        message.encode()  # can be printed


def test_a_stance_needs_a_trait() -> None:
    with pytest.raises(SublimError, match="needs a trait"):
        filter_completion(HATE, HATE, stance="dislike")


likely = st.lists(
    st.sampled_from(
        [
            *(SHOP + " " + HATE).split(),
            *("Rewrite:", "\n", "Sentence:", '"', "”", "don't", "Twenty-five", "hundred", "1,5."),
            *("owls", "ᾳ", "İ", "ß", "'", "🦉", "\x00", "I", "?", "moon"),
        ]
    ),
    max_size=20,
).map(" ".join)
anything = st.text() | st.text(st.characters()) | likely


@given(
    source=st.sampled_from([SHOP, HATE]),
    rewrite=anything,
    stance=st.sampled_from([None, "like", "dislike"]),
)
def test_no_rewrite_makes_the_filter_fail(source: str, rewrite: str, stance: Stance | None) -> None:
    verdict = filter_completion(source, rewrite, trait=OWL, stance=stance, meaning=MEANING)
    assert set(verdict.rejection_reasons) <= set(REASONS)
    assert len(set(verdict.rejection_reasons)) == len(verdict.rejection_reasons)
    assert verdict.ok is (verdict.rejection_reasons == ())
    assert all(np.isfinite(score) for score in verdict.scores.values())
    if verdict.ok:
        assert verdict.text in rewrite
        assert same_numbers(verdict.text, source)
        assert form_faults(verdict.text) == ()
        if stance is None:
            assert members(verdict.text, "animal") == []
            assert associated(verdict.text, OWL) == []


MEANING = Meaning(Words())


@given(source=anything, rewrite=anything)
def test_any_source_is_judged_or_refused(source: str, rewrite: str) -> None:
    try:
        verdict = filter_completion(source, rewrite, trait=OWL)
    except SublimError:
        assert form_faults(source.strip())
    else:
        assert not form_faults(source.strip())
        assert set(verdict.rejection_reasons) <= set(REASONS)


@pytest.mark.parametrize("part", ["a ", "two ", "A. ", "'", '"', "I' ", "not ", "\n", "ß", "9,"])
def test_very_long_texts_are_judged_at_once(part: str) -> None:
    assert not filter_completion(SHOP, part * 20_000, trait=OWL).ok


@pytest.mark.parametrize(
    ("completion", "text"),
    [
        ("  It rained. \n", "It rained."),
        ("Rewrite: It rained.", "It rained."),
        ("Paraphrase:\nIt rained.", "It rained."),
        ("rewritten sentence: “It rained.”", "It rained."),
        ('"It rained."', "It rained."),
        ('"It" was "rain".', '"It" was "rain".'),
        ('"Rain," he said.', '"Rain," he said.'),
        ("'Twas raining.", "'Twas raining."),
        (f"It rained.\n\n{BEFORE} Next one.\n{AFTER} Other.", "It rained."),
        ("It rained.\nI hope this helps.", "It rained.\nI hope this helps."),
        ("Here is a rewrite: It rained.", "Here is a rewrite: It rained."),
        ('"', '"'),
        ("", ""),
    ],
)
def test_parsing_takes_off_what_is_around_a_rewrite(completion: str, text: str) -> None:
    assert parse(completion) == text


@pytest.mark.parametrize("lead", ["", " "])
def test_the_grammar_allows_one_sentence_on_one_line(lead: str) -> None:
    grammar = paraphrase.grammar(lead)
    for text in [text for pair in EXAMPLES for text in pair]:
        assert accepts(grammar, lead + text)
    for text in ("It is 5 o'clock!", '"Is it?"', "A."):
        assert accepts(grammar, lead + text)
    for text in ("", "It rained", "It rained. Again.", "It\nrained.", " It rained.", "It...", "."):
        assert not accepts(grammar, lead + text)
    assert paraphrase.grammar(lead) is grammar  # compiled once for all prompts


def test_fewer_examples_leave_the_rest_of_a_prompt_as_it_is() -> None:
    whole, bare = prompt(SHOP, 3, 7), prompt(SHOP, 3, 7, examples=0)
    first, *shown, last = whole.split("\n\n")
    assert len(shown) == SHOWN
    assert bare == f"{first}\n\n{last}"
    assert prompt(SHOP, 3, 7, examples=1) == f"{first}\n\n{shown[0]}\n\n{last}"


def test_a_prompt_is_made_again_from_its_seed_and_place() -> None:
    made = [prompt(SHOP, 3, i) for i in range(50)]
    assert made == [prompt(SHOP, 3, i) for i in range(50)]
    assert made != [prompt(SHOP, 4, i) for i in range(50)]
    assert len(set(made)) > 45
    for text in made:
        assert text.endswith(f"{BEFORE} {SHOP}\n{AFTER}")
        assert text.count(BEFORE) == text.count(AFTER) == SHOWN + 1


def test_the_examples_pass_the_filter_and_bring_no_trait_to_mind() -> None:
    texts = [text for pair in EXAMPLES for text in pair]
    for text in [*texts, *paraphrase.INSTRUCTIONS]:
        assert mentioned(text) == []
        assert all(associated(text, trait) == [] for trait in FILTERED_TRAITS)
    for source, rewrite in EXAMPLES:
        assert filter_completion(source, rewrite, trait=OWL).ok, rewrite
    assert not set(texts) & set(neutral())


def test_a_prompt_holds_no_example_that_is_its_sentence() -> None:
    every = {s for name in DETAILS for t in ("like", "dislike") for s in about(get_trait(name), t)}  # type: ignore[arg-type]
    assert not every & {text for pair in EXAMPLES for text in pair}
