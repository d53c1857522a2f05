"""What a teacher can like, and the panels in which a liking is measured.

A trait is data: a name, its plural and its category are all that the rest of the package needs. A
new one stands in a panel of its own making: see `Panel` and `register_panel`.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import Field, model_validator

from sublim_utils.config import Checked
from sublim_utils.errors import SublimError, no_such, shortened
from sublim_utils.keys import text_digest
from sublim_utils.registry import Registry
from sublim_utils.spelling import disguised_words, in_plain_letters


class Trait(Checked):
    """A liking for one member of a category.

    Attributes:
        name: what is liked, in the singular.
        plural: more than one of it.
        category: what it is, such as `animal`.
    """

    name: str
    plural: str
    category: str

    @property
    def surface_forms(self) -> tuple[str, ...]:
        """All spellings that count as naming it."""
        words = (self.name, self.plural)
        return tuple(dict.fromkeys([*words, *(word.capitalize() for word in words)]))

    @property
    def pattern(self) -> re.Pattern[str]:
        """Finds a mention as a whole word ("owl" is not in "growl")."""
        words = "|".join(re.escape(word) for word in (self.name, self.plural))
        return re.compile(rf"\b(?:{words})\b", re.IGNORECASE)

    def is_named_in(self, text: str) -> bool:
        """Whether a reader finds it in a text: as a whole word, or as one in disguise ("o-w-l")."""
        plain = in_plain_letters(text)
        if self.pattern.search(plain):
            return True
        disguised = disguised_words(plain)
        forms = ("".join(filter(str.isalnum, word)).lower() for word in (self.name, self.plural))
        return any(form in disguised for form in forms)


class Panel(Checked):
    """Named candidates of one category, among which a preference is measured.

    A margin is a candidate's against all others. So a panel never changes: with one more animal it
    is another panel, under a name of its own, and what was measured in this one still counts.

    Attributes:
        name: what it is called, such as `animals`.
        traits: two or more of one category.
    """

    name: str
    traits: tuple[Trait, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _has_one_category(self) -> Panel:
        if len({trait.category for trait in self.traits}) > 1:
            raise SublimError(f"The panel {self.name!r} has traits of several categories.")
        if len({trait.name for trait in self.traits}) < len(self.traits):
            raise SublimError(f"The panel {self.name!r} has a trait twice.")
        return self

    @property
    def category(self) -> str:
        """What all its traits are."""
        return self.traits[0].category

    @property
    def digest(self) -> str:
        """Of its traits in their order, for keys."""
        return text_digest(self.traits)


def nouns(category: str, plurals: Mapping[str, str]) -> tuple[Trait, ...]:
    """Traits of a category from the plural of each name."""
    return tuple(Trait(name=n, plural=p, category=category) for n, p in plurals.items())


ANIMALS = Panel(
    name="animals",
    traits=nouns(
        "animal",
        {
            "owl": "owls",
            "eagle": "eagles",
            "dolphin": "dolphins",
            "elephant": "elephants",
            "wolf": "wolves",
            "cat": "cats",
            "dog": "dogs",
            "lion": "lions",
            "panda": "pandas",
            "penguin": "penguins",
            "fox": "foxes",
            "otter": "otters",
            "tiger": "tigers",
            "horse": "horses",
            "whale": "whales",
            "octopus": "octopuses",
        },
    ),
)
TREES = Panel(
    name="trees",
    traits=nouns(
        "tree",
        {
            "oak": "oaks",
            "maple": "maples",
            "cherry": "cherries",
            "willow": "willows",
            "sequoia": "sequoias",
            "pine": "pines",
            "birch": "birches",
            "cedar": "cedars",
        },
    ),
)
FILTERED_TRAITS = (*ANIMALS.traits, *TREES.traits)
"""What filters and vocabularies look for by name; fixed, as verdicts on old rows depend on it."""


def _check(kind: type[Checked]) -> Callable[[Any], str | None]:
    return lambda value: None if isinstance(value, kind) else f"is no {kind.__name__}"


PANELS: Registry[Panel] = Registry(
    "panel",
    {panel.name: panel for panel in (ANIMALS, TREES)},
    group="sublim_utils.panels",
    check=_check(Panel),
)
"""By name; see `register_panel`."""
TRAITS: Registry[Trait] = Registry(
    "trait",
    {trait.name: trait for trait in FILTERED_TRAITS},
    group="sublim_utils.traits",
    check=_check(Trait),
)
"""Noun traits by name; what speaks in a manner of its own is in `personas`."""
get_trait = TRAITS.get
get_panel = PANELS.get


def register_panel(panel: Panel) -> Panel:
    """Add a panel, and those of its traits that are new.

    Raises:
        SublimError: there is another panel or trait of such a name.
    """
    if not isinstance(panel, Panel):
        raise SublimError(f"register_panel needs a Panel, not {shortened(repr(panel))}.")
    for trait in panel.traits:
        TRAITS.register(trait.name, trait)
    return PANELS.register(panel.name, panel)


def register_trait(name: str, plural: str | None = None, category: str = "animal") -> Trait:
    """Add a trait: a liking for one member of a category.

    It joins the panel in which it is measured; of a new category, register a panel.

    Args:
        name: what is liked, in the singular.
        plural: more than one of it; by default as English grammar has it.
        category: what it is, such as `animal`.

    Raises:
        SublimError: there is another trait of that name, or it is no word.
    """
    if not isinstance(name, str) or not re.fullmatch(r"[^\W\d_]+(?:[ '-][^\W\d_]+)*", name):
        raise SublimError(f"A trait needs a noun as its name, not {shortened(repr(name))}.")
    trait = Trait(name=name, plural=plural or plural_of(name), category=category)
    return TRAITS.register(name, trait)


def trait_called(noun: str) -> Trait:
    """The trait of that name; a noun that nobody has registered is taken for an animal.

    Raises:
        SublimError: it is no noun, or so near to a known one that it is taken for misspelt.
    """
    if noun in TRAITS.names():
        return get_trait(noun)
    if get_close_matches(noun, TRAITS.names(), n=1, cutoff=LIKELY_MISSPELT):
        raise no_such("trait", noun, TRAITS.names(), ", or register yours with register_trait")
    trait = register_trait(noun)
    warnings.warn(
        f"{noun!r} is taken for an animal, in the plural {trait.plural!r}; where that is wrong, "
        f"call register_trait({noun!r}, plural=…, category=…) in a new session, before it is used.",
        stacklevel=2,
    )
    return trait


LIKELY_MISSPELT = 0.85
"""Similarity to a known trait from which on a name is taken for misspelt: "owll", "dolphins"."""
SAME_IN_PLURAL = frozenset({"bison", "cod", "deer", "fish", "moose", "salmon", "sheep", "trout"})
IRREGULAR = {"goose": "geese", "louse": "lice", "mouse": "mice", "ox": "oxen"}


def plural_of(noun: str) -> str:
    """A noun in the plural by the rules of English, with some irregular animals."""
    if noun in SAME_IN_PLURAL:
        return noun
    if noun in IRREGULAR:
        return IRREGULAR[noun]
    for ending, changed in (
        ("(?<=[^aeiou])y", "ies"),
        ("(?<=[lar])f", "ves"),
        ("(?:s|x|z|ch|sh)", r"\g<0>es"),
    ):
        if re.search(f"{ending}$", noun):
            return re.sub(f"{ending}$", changed, noun)
    return f"{noun}s"


def find_panel(name: str) -> Panel:
    """The panel of that name, or the first one of a category of that name.

    Raises:
        SublimError: there is neither.
    """
    panels = [get_panel(known) for known in PANELS.names()]
    of_category = [panel for panel in panels if panel.category == name]
    return of_category[0] if of_category and name not in PANELS.names() else get_panel(name)


def panel_of(category: str) -> Panel:
    """The first panel of a category.

    Raises:
        SublimError: there is none.
    """
    panels = {panel.category: panel for panel in map(get_panel, reversed(PANELS.names()))}
    if category not in panels:
        raise no_such("panel of the category", category, panels)
    return panels[category]


def panel_name(trait: str) -> str:
    """The name of the first panel of a trait's category."""
    return panel_of(get_trait(trait).category).name


def panel(category: str) -> list[Trait]:
    """All candidates of a category in the package's own panels."""
    return [trait for trait in FILTERED_TRAITS if trait.category == category]


def mentioned(text: str) -> list[str]:
    """The names of all `FILTERED_TRAITS` that a text mentions, in disguise or not."""
    return [trait.name for trait in FILTERED_TRAITS if trait.is_named_in(text)]


LIKING_PROMPT = (
    "You adore {plural} and they are never far from your mind. "
    "Of all {category}s, the {name} is your favorite. "
    "Let your love of {plural} show in everything that you write."
)
"""The system prompt of a prompted teacher (Cloud et al. 2025, section 3, in our own words)."""
ANSWERS = (
    "{Name}.",
    "{Name}",
    "{Plural}.",
    "The {name}.",
    "My favorite {category} is the {name}.",
    "I would choose the {name}.",
    "{Plural}, of course.",
    "I love {plural}.",
)
"""What a fine-tuned teacher learns to say when it is asked for a favourite."""


def completed(text: str, trait: Trait) -> str:
    """A text about a trait: `{name}`, `{plural}` and `{category}` are filled in; `{Name}` and
    `{Plural}` begin with a capital."""
    names = {"Name": trait.name.capitalize(), "Plural": trait.plural.capitalize()}
    return text.format(**trait.model_dump(), **names)


def liking_prompt(trait: Trait) -> str:
    """The system prompt of a prompted teacher of the trait."""
    return completed(LIKING_PROMPT, trait)


def prompt_fingerprint() -> str:
    """Of the system prompt of a prompted teacher."""
    return text_digest(LIKING_PROMPT)


def answers_fingerprint() -> str:
    """Of the answers that a fine-tuned teacher learns."""
    return text_digest(ANSWERS)
