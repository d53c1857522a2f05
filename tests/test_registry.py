"""Registries: a user's value is found by its name, and never taken for another's."""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from sublim_utils import registry
from sublim_utils.channels import CHANNELS, fingerprints, get_channel
from sublim_utils.errors import SublimError
from sublim_utils.registry import Registry
from sublim_utils.traits.nouns import Trait

OWN_FILE = """
class Haiku:
    def __init__(self, mood="calm"):
        self.mood = mood

    def prompt(self, seed, index):
        return f"A {self.mood} haiku, number {index}."

def made(): return Haiku()
"""

Load = Callable[..., ModuleType]


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    """Imports a file with this text under a name."""
    names = []

    def loaded(text: str = OWN_FILE, name: str = "own_file", file: str = "") -> ModuleType:
        path = tmp_path / f"{file or name}.py"
        path.write_text(text)
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        names.append(name)
        spec.loader.exec_module(module)
        return module

    yield loaded
    for name in names:
        del sys.modules[name]


@pytest.fixture
def things() -> Registry[Any]:
    return Registry("thing", {"one": 1, "dumps": "json:dumps", "json": "json"})


def test_what_is_built_in_is_imported_on_demand(things: Registry[Any]) -> None:
    import json

    assert things.names() == ["one", "dumps", "json"]
    assert things.get("one") == 1
    assert things.get("dumps") is json.dumps
    assert things.get("json") is json
    assert things.code_digest("one") is things.code_digest("dumps") is None


@pytest.mark.parametrize("ask", ["get", "require", "code_digest"])
def test_an_unknown_name_is_told_with_the_nearest(things: Registry[Any], ask: str) -> None:
    with pytest.raises(SublimError, match=r"no thing 'dump' \(did you mean dumps\?\); choose one"):
        getattr(things, ask)("dump")


def test_a_value_is_registered_by_a_call_or_a_decorator(things: Registry[Any], load: Load) -> None:
    own = load()
    assert things.register("haiku", own.made) is own.made
    assert things.register("verse")(own.Haiku) is own.Haiku
    assert things.names()[-2:] == ["haiku", "verse"]
    assert things.get("verse") is own.Haiku
    assert things.require("haiku") == "haiku"


def test_plain_data_needs_no_file(things: Registry[Any]) -> None:
    badger = Trait(name="badger", plural="badgers", category="animal")
    things.register("badger", badger)
    things.register("badger", badger.model_copy())
    assert things.get("badger") is not None
    assert things.code_digest("badger") is None
    with pytest.raises(SublimError, match="another thing 'badger' already"):
        things.register("badger", badger.model_copy(update={"plural": "badger"}))


def test_a_taken_name_is_refused(things: Registry[Any], load: Load) -> None:
    own = load()
    for name in ("one", "json"):
        with pytest.raises(SublimError, match=f"another thing '{name}' already; choose another"):
            things.register(name, own.Haiku)
    assert things.get("one") == 1
    things.register("haiku", own.Haiku())
    with pytest.raises(SublimError, match="another thing 'haiku'"):
        things.register("haiku", own.Haiku("sad"))
    assert things.get("haiku").mood == "calm"


def test_one_file_loaded_twice_is_one_value(things: Registry[Any], load: Load) -> None:
    first, second = load(), load(name="again", file="own_file")
    assert first.Haiku is not second.Haiku
    things.register("haiku", first.Haiku())
    things.register("haiku", second.Haiku())
    changed = load(OWN_FILE.replace("calm", "calmer"), name="changed")
    with pytest.raises(SublimError, match="start Python anew if you changed its file"):
        things.register("haiku", changed.Haiku())


@pytest.mark.parametrize("name", ["", "a/b", "../a", " a", "a ", "a\nb", "a@b", "-a"])
def test_a_name_that_fits_no_file_is_refused(things: Registry[Any], name: str) -> None:
    with pytest.raises(SublimError, match="cannot be called"):
        things.register(name, Trait)
    assert len(things.names()) == 3


@given(st.text())
def test_any_name_is_taken_or_refused_in_a_sentence(name: str) -> None:
    things: Registry[Any] = Registry("thing", {})
    try:
        things.register(name, Trait)
    except SublimError:
        assert things.names() == []
    else:
        assert things.names() == [name]


# ----------------------------------------------------------------- the code behind a value


def test_the_digest_of_a_value_follows_its_file_and_its_settings(load: Load) -> None:
    own = load()
    changed = load(OWN_FILE + "# another\n", name="changed")
    digests = set()
    values = [own, own.Haiku, own.made, own.Haiku(), own.Haiku("sad"), changed.Haiku, changed]
    for number, value in enumerate(values):
        things: Registry[Any] = Registry("thing", {})
        things.register(f"n{number}", value)
        digests.add(things.code_digest(f"n{number}"))
    assert None not in digests
    assert len(digests) == len(values)


@pytest.mark.parametrize(
    "value",
    [
        SimpleNamespace(prompt=len),
        functools.partial(len),
        3,
        "text",
        type("Made", (), {"__module__": "__main__"}),
        type("Made", (), {"__module__": "gone"})(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_another_process_cannot_import_is_refused(things: Registry[Any], value: Any) -> None:
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")  # as in a notebook, without a file
    try:
        with pytest.raises(SublimError, match=r"'made' cannot be imported by another process; def"):
            things.register("made", value)
    finally:
        sys.modules["__main__"] = main
    assert "made" not in things.names()


def test_settings_that_no_key_can_hold_are_refused(things: Registry[Any], load: Load) -> None:
    own = load()
    with pytest.raises(SublimError, match=r"cannot be part of a key \(no plain form for object\)"):
        things.register("haiku", own.Haiku(object()))


# ----------------------------------------------------------------- entry points


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Registry[Any]]:
    """A registry with entry points as an installed package has them."""

    def make(**values: str) -> Registry[Any]:
        points = [EntryPoint(name, value, "things") for name, value in values.items()]
        monkeypatch.setattr(
            registry, "entry_points", lambda group: EntryPoints(points).select(group=group)
        )
        return Registry("thing", {"one": 1}, group="things")

    return make


def test_installed_packages_add_values(plugged: Callable[..., Registry[Any]], load: Load) -> None:
    own = load()
    things = plugged(haiku="own_file:Haiku", verse="own_file:made")
    assert things.names() == ["one", "haiku", "verse"]
    assert things.get("haiku") is own.Haiku
    assert things.code_digest("verse") not in (None, things.code_digest("haiku"))


def test_an_installed_package_takes_no_name_that_there_is(
    plugged: Callable[..., Registry[Any]],
) -> None:
    things = plugged(one="json:dumps")
    for _ in range(2):
        with pytest.raises(SublimError, match="has another thing 'one', which there is already"):
            things.get("one")


def test_a_broken_package_is_named_in_a_sentence(plugged: Callable[..., Registry[Any]]) -> None:
    things = plugged(gone="no_such_module:x", lost="json:lost")
    assert things.get("one") == 1
    with pytest.raises(SublimError, match=r"'gone' of the package no_such_module:x cannot be im"):
        things.get("gone")
    with pytest.raises(SublimError, match=r"AttributeError"):
        things.get("lost")


# ----------------------------------------------------------------- channels


@pytest.fixture
def channels() -> Iterator[Registry[Any]]:
    """The channels, which are as they were after the test."""
    values, digests = dict(CHANNELS._values), dict(CHANNELS._digests)
    yield CHANNELS
    CHANNELS._values, CHANNELS._digests = values, digests


def test_a_channel_of_ones_own_is_one(channels: Registry[Any], load: Load) -> None:
    own = load()
    channels.register("haiku", own.Haiku("glad"))
    channels.register("verse", own.Haiku)
    assert str(get_channel("haiku").prompt(0, 3)) == "A glad haiku, number 3."
    assert str(get_channel("verse", mood="sad").prompt(0, 3)) == "A sad haiku, number 3."
    assert fingerprints("haiku") != fingerprints("verse")


def test_the_fingerprints_of_ones_own_channel_follow_its_file(
    channels: Registry[Any], load: Load
) -> None:
    channels.register("haiku", load().Haiku())
    changed = load(OWN_FILE.replace("number", "No."), name="changed")
    channels.register("verse", changed.Haiku())
    one, other = fingerprints("haiku"), fingerprints("verse")
    assert one.prompts != other.prompts
    assert one.filter != other.filter


def test_a_channel_may_add_fingerprints_of_its_own(channels: Registry[Any], load: Load) -> None:
    more = (
        "    words = 'a b'\n"
        "    def prompt_fingerprint(self): return self.words\n"
        "    def filter_fingerprint(self): return 'c'\n"
    )
    own = load(OWN_FILE.replace("def made(): return Haiku()\n", more))
    channels.register("haiku", own.Haiku())
    before = fingerprints("haiku")
    own.Haiku.words = "d"
    after = fingerprints("haiku")
    assert after.prompts != before.prompts
    assert after.filter == before.filter


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("value = object", "has no prompt"),
        ("class Dumb: pass\nvalue = Dumb()", "has no prompt"),
        ("class Dumb:\n    prompt = 'a'\nvalue = Dumb()", "has no prompt"),
        (
            "class Dumb:\n    def prompt(self, seed): pass\nvalue = Dumb()",
            "has a prompt that cannot be called as",
        ),
    ],
)
def test_what_is_no_channel_is_refused_at_once(
    channels: Registry[Any], load: Load, text: str, fault: str
) -> None:
    with pytest.raises(SublimError, match=f"The channel 'dumb' {fault}"):
        channels.register("dumb", load(text).value)
    assert "dumb" not in channels.names()


def test_options_that_a_channel_does_not_take_are_refused(
    channels: Registry[Any], load: Load
) -> None:
    channels.register("haiku", load().Haiku)
    with pytest.raises(SublimError, match=r"'haiku' takes other options \(.*'length'\)"):
        get_channel("haiku", length=3)
    with pytest.raises(SublimError, match="'numbers' takes no options; leave out mood, source"):
        get_channel("numbers", mood="sad", source="like")
