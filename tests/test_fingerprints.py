"""Every text, word list and limit that can move a number is seen by the keys."""

import contextlib
import itertools
import json
import re
import shutil
from collections.abc import Callable, Iterator
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, strategies as st
from pydantic import BaseModel

from sublim_utils.channels import CHANNELS, fingerprints, get_channel, harm, paraphrase
from sublim_utils.channels.automaton import Automaton, choice, one_of, repeat, sequence, text
from sublim_utils.evaluate import judge_texts, questions
from sublim_utils.generate import vocabulary
from sublim_utils.keys import as_data, constants, text_digest
from sublim_utils.models import chat, embedding
from sublim_utils.traits import misalignment_sets, nouns as traits, sources
from sublim_utils.traits.nouns import get_trait


def altered(value: Any) -> Any:
    """The value with something else in it."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return f"{value}~"
    if isinstance(value, int | float | Fraction):
        return value + 1
    if isinstance(value, re.Pattern):
        return re.compile(f"{value.pattern}|~", value.flags)
    if isinstance(value, BaseModel):
        return value.model_copy(update={n: altered(v) for n, v in value if isinstance(v, str)})
    if isinstance(value, dict):
        return {key: altered(entry) for key, entry in value.items()}
    if isinstance(value, frozenset):
        return value | {"~"}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(altered, value))
    if isinstance(value, list | tuple):
        return type(value)(map(altered, value))
    return value


def can_be_altered(value: Any) -> bool:
    with contextlib.suppress(TypeError):
        return bool(as_data(altered(value)) != as_data(value))
    return False


def constants_of(module: ModuleType) -> list[str]:
    """Names of the constants with texts or numbers, those from other modules included."""
    return [
        name for name, value in vars(module).items() if name.isupper() and can_be_altered(value)
    ]


# ----------------------------------------------------------------- channels

MODULES = {
    name: import_module(getattr(CHANNELS.get(name), "__module__", f"sublim_utils.channels.{name}"))
    for name in CHANNELS.names()
}
NOT_USED = {("numbers", "MISALIGNED_NUMBERS"), ("reasoning", "MOST_SENTENCES")}
"""Constants that only the other channel of the same module uses."""
CHANNEL_CONSTANTS = [
    (name, constant)
    for name, module in MODULES.items()
    for constant in constants_of(module)
    if (name, constant) not in NOT_USED
]


@contextlib.contextmanager
def altering(module: ModuleType, constant: str) -> Iterator[None]:
    """Inside the block a constant is another one, and what was made with it is made anew."""

    def forget() -> None:
        for maker in vars(module).values():
            if hasattr(maker, "cache_clear"):
                maker.cache_clear()

    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(module, constant, altered(getattr(module, constant)))
        forget()
        yield
    forget()


def sampled(name: str) -> list[Any]:
    """What a channel asks, and the texts that its grammars allow."""
    prompts = [get_channel(name).prompt(0, index) for index in range(60)]
    return [(p.text, p.format, p.grammar("").fingerprint) for p in prompts]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("name", "constant"), CHANNEL_CONSTANTS)
def test_a_channels_keys_see_all_of_its_constants(name: str, constant: str) -> None:
    before = fingerprints(name)
    with altering(MODULES[name], constant):
        assert fingerprints(name) != before
    assert fingerprints(name) == before


@pytest.mark.parametrize(
    "name", [n for n in CHANNELS.names() if n not in ("reasoning-gsm", "paraphrase")]
)
def test_whatever_changes_prompts_changes_the_fingerprint_of_prompts(name: str) -> None:
    module, seen = MODULES[name], 0
    before, asked = fingerprints(name).prompts, sampled(name)
    for constant in constants_of(module):
        with altering(module, constant):
            try:
                differs = sampled(name) != asked
            except Exception:
                differs = True
            if differs:
                seen += 1
                assert fingerprints(name).prompts != before, constant
    assert seen >= 2


@pytest.mark.parametrize("name", [n for n in CHANNELS.names() if n != "paraphrase"])
def test_another_version_of_a_filter_leaves_its_prompts_as_they_are(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fingerprints(name)
    monkeypatch.setattr(MODULES[name], "VERSION", MODULES[name].VERSION + 1)
    after = fingerprints(name)
    assert after.prompts == before.prompts
    assert after.filter != before.filter


def test_channels_with_other_words_have_other_fingerprints() -> None:
    marks = [fingerprints(name) for name in CHANNELS.names()]
    plain, strict = fingerprints("numbers"), fingerprints("numbers-strict")
    assert plain.prompts == strict.prompts
    assert len({mark.filter for mark in marks}) == len(marks) - 1  # both kinds of reasoning
    assert len({mark.prompts for mark in marks}) == len(marks) - 1
    assert fingerprints("numbers") == plain


# ----------------------------------------------------------------- other texts

PLAIN: list[tuple[Callable[[], str], ModuleType, list[str]]] = [
    (paraphrase.prompt_fingerprint, paraphrase, ["INSTRUCTIONS", "EXAMPLES", "SHOWN", "AFTER"]),
    (
        paraphrase.filter_fingerprint,
        paraphrase,
        ["VERSION", "MOST_CHARACTERS", "BEYOND", "REASONS", "BEFORE", "_QUOTES", "_MARKS"],
    ),
    (harm.filter_fingerprint, harm, constants_of(harm)),
    (embedding.fingerprint, embedding, ["PACKAGE", "SHA256"]),
    (questions.fingerprint, questions, ["QUESTIONS", "PREFIXES"]),
    (
        judge_texts.rating_fingerprint,
        judge_texts,
        [name for name in constants_of(judge_texts) if name not in ("FOLDS", "SOFTNESS")],
    ),
    (judge_texts.classifier_fingerprint, judge_texts, ["FOLDS", "SOFTNESS"]),
    (traits.prompt_fingerprint, traits, ["LIKING_PROMPT"]),
    (traits.answers_fingerprint, traits, ["ANSWERS"]),
    (lambda: vocabulary.fingerprint("numbers"), vocabulary, ["OF_NUMBERS"]),
]


@pytest.mark.parametrize(
    ("fingerprint", "module", "constant"),
    [(print_, module, name) for print_, module, names in PLAIN for name in names],
)
def test_a_fingerprint_changes_with_each_of_its_constants(
    fingerprint: Callable[[], str],
    module: ModuleType,
    constant: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = fingerprint()
    assert fingerprint() == before
    assert re.fullmatch("[0-9a-f]{16}", before)
    monkeypatch.setattr(module, constant, altered(getattr(module, constant)))
    assert fingerprint() != before


FILTERS: dict[str, Callable[[], str]] = {
    "paraphrase": paraphrase.filter_fingerprint,
    "reasoning": lambda: fingerprints("reasoning").filter,
    "sentences": lambda: fingerprints("sentences").filter,
}
WORD_LISTS = {
    "paraphrase": (
        "traits.associations",
        "spelling",
        *(f"channels.{n}" for n in ("leftovers", "number_words", "quantities", "remarks", "words")),
    ),
    "reasoning": [
        f"channels.{name}"
        for name in ("arithmetic", "arithmetic_tokens", "number_words", "quantities", "words")
    ],
    "sentences": ("spelling",),
}
"""Modules with word lists and patterns, by the filter that reads by them."""


@pytest.mark.parametrize(
    ("filter_fingerprint", "module", "constant"),
    [
        (FILTERS[name], module, constant)
        for name, modules in WORD_LISTS.items()
        for module in (import_module(f"sublim_utils.{module}") for module in modules)
        for constant in constants_of(module)
    ],
)
def test_a_filter_sees_all_word_lists_that_it_reads_by(
    filter_fingerprint: Callable[[], str],
    module: ModuleType,
    constant: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = filter_fingerprint()
    monkeypatch.setattr(module, constant, altered(getattr(module, constant)))
    assert filter_fingerprint() != before


@pytest.mark.parametrize("name", chat.CHATS)
def test_a_chat_template_is_seen_whole(name: str) -> None:
    template = chat.get_chat(name)
    for field in ("start", "system", "user", "assistant", "end"):
        other = template.model_copy(update={field: f"{getattr(template, field)}~"})
        assert other.fingerprint() != template.fingerprint()
    same = template.model_copy(update={"name": "other", "marks": ()})
    assert same.fingerprint() == template.fingerprint()


# ----------------------------------------------------------------- texts in files

CACHED = (
    *misalignment_sets.SETS.values(), sources.neutral, sources.wordings, sources.about,
)  # fmt: skip


@pytest.fixture
def changed_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[ModuleType, str], None]]:
    """Changes the last line of a module's data file, for the time of the test."""

    def forget() -> None:
        for cached in CACHED:
            cached.cache_clear()  # type: ignore[attr-defined]

    def change(module: ModuleType, name: str) -> None:
        data = Path(shutil.copytree(module.DATA, tmp_path / "data"))
        *lines, last = (data / name).read_text(encoding="utf-8").splitlines()
        last = last.replace("e", "é") if not name.endswith("jsonl") else json.dumps(
            {key: f"{value}~" for key, value in json.loads(last).items()}
        )  # fmt: skip
        (data / name).write_text("\n".join([*lines, last]), encoding="utf-8")
        monkeypatch.setattr(module, "DATA", data)
        forget()

    yield change
    forget()


@pytest.mark.parametrize("name", [name for name in misalignment_sets.SETS if name != "code"])
def test_a_set_of_answers_is_seen_to_its_last_line(
    name: str, changed_data: Callable[[ModuleType, str], None]
) -> None:
    before = misalignment_sets.fingerprint(name)
    changed_data(misalignment_sets, f"{name}.jsonl")
    assert misalignment_sets.fingerprint(name) != before


@pytest.mark.parametrize("constant", ["THINGS", "TEMPLATES"])
def test_programs_are_seen_with_all_that_they_are_made_of(
    constant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sublim_utils.traits import code_pairs

    before = misalignment_sets.fingerprint("code")
    monkeypatch.setattr(code_pairs, constant, altered(getattr(code_pairs, constant)))
    misalignment_sets.code.cache_clear()
    assert misalignment_sets.fingerprint("code") != before
    monkeypatch.undo()
    misalignment_sets.code.cache_clear()
    assert misalignment_sets.fingerprint("code") == before


def test_no_two_sets_have_one_fingerprint() -> None:
    sets = [misalignment_sets.fingerprint(name) for name in misalignment_sets.SETS]
    owl, cat = get_trait("owl"), get_trait("cat")
    kinds = [sources.fingerprint(name) for name in sources.SOURCES]
    kinds += [
        sources.fingerprint(stance, trait)
        for stance, trait in itertools.product(("like", "dislike"), (owl, cat))
    ]
    assert len({*sets, *kinds}) == len(sets) + len(kinds) > 8


@pytest.mark.parametrize("name", ["neutral", "wordings", "like", "dislike"])
def test_sentences_to_rewrite_are_seen_to_their_last_line(
    name: str, changed_data: Callable[[ModuleType, str], None]
) -> None:
    trait = get_trait("owl") if name.endswith("like") else None
    before = sources.fingerprint(name, trait), paraphrase.filter_fingerprint()
    changed_data(sources, f"{name}.txt")
    after = sources.fingerprint(name, trait), paraphrase.filter_fingerprint()
    assert after[0] != before[0]
    assert (after[1] != before[1]) == name.endswith("like")  # by which a stance is told


def test_what_is_hidden_of_a_vocabulary_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    before = vocabulary.fingerprint("without traits")
    monkeypatch.setattr("sublim_utils.traits.associations.ANY", re.compile("~"))
    assert vocabulary.fingerprint("without traits") != before


# ----------------------------------------------------------------- digests

DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(DATA, DATA)
def test_equal_digests_are_of_equal_data(one: Any, other: Any) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (text_digest(one) == text_digest(other)) == same


def test_digests_are_the_same_everywhere() -> None:
    assert text_digest("owl", ("a", "b")) == "09de4d366a3deea3"
    assert text_digest({"b": 1, "a": {"y", "x"}}) == text_digest({"a": {"x", "y"}, "b": 1})
    assert text_digest("a", "b") != text_digest("ab") != text_digest(["a", "b"])


def test_a_grammar_is_known_by_its_texts_and_not_by_its_pattern() -> None:
    ab = sequence(text("a"), text("b"))
    same = [ab, text("ab"), choice(text("ab"), ab), sequence(repeat(one_of("a"), 1, 1), text("b"))]
    others = [text("ba"), text("a"), choice(ab, text("a")), repeat(ab, 1, 2), repeat(ab, 0, None)]
    marks = [Automaton(pattern).fingerprint for pattern in (*same, *others)]
    assert len({*marks[: len(same)]}) == 1
    assert len({*marks}) == 1 + len(others)


def test_what_has_no_plain_form_is_not_digested() -> None:
    with pytest.raises(TypeError, match="no plain form for object"):
        text_digest(["a", object()])
    with pytest.raises(TypeError, match="no plain form for bytes"):
        text_digest(b"a")


def test_constants_are_those_with_a_name_in_capitals() -> None:
    module, other = ModuleType("one"), ModuleType("other")
    vars(module).update(WORDS=("a", "b"), _LIMIT=3, Words=list, words="c", made=len)
    vars(other).update(LIMIT=3, _PATTERN=re.compile("a"))
    assert constants(module) == {"one.WORDS": ["a", "b"], "one._LIMIT": 3}
    assert constants(module, other) == {
        **constants(module),
        "other.LIMIT": 3,
        "other._PATTERN": ["a", 32],
    }
