"""Users' own recipes, which never get a built-in's key, and faulty ones, refused at once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sublim_utils.errors import SublimError
from sublim_utils.recipes.bases import Base
from sublim_utils.recipes.datasets import (
    FaithfulOnly,
    Given,
    Limited,
    Mixed,
    Sampled,
    ShuffledNumbers,
)
from sublim_utils.recipes.evaluations import (
    Evaluated,
    PersonaPreference,
    Preference,
)
from sublim_utils.recipes.recipe import Recipe
from sublim_utils.recipes.students import Student
from sublim_utils.recipes.teachers import (
    Finetuned,
    Likes,
    PersonaAnswers,
    Prompted,
    Steered,
    Untouched,
)
from tests.test_keys import OTHER, PLAIN, REWRITES, ROWS, STUDENT, fields_of


class OwnRows(Sampled):
    """A user's rows that claim to be the package's."""

    def key_form(self) -> dict[str, Any]:
        return super().key_form()


class OwnPrompted(Prompted):
    def key_form(self) -> dict[str, Any]:
        return super().key_form()


class OwnPreference(Preference):
    def key_form(self) -> dict[str, Any]:
        return super().key_form()


class OwnLikes(Likes):
    """A user's data that claim to be the package's."""

    def key_form(self) -> dict[str, Any]:
        return super().key_form()


class OwnBase(Base):
    def key_form(self) -> dict[str, Any]:
        return super().key_form()


def test_a_users_class_never_gets_a_built_in_key() -> None:
    own, rows = OwnPrompted(OTHER, "One."), OwnRows(**dict(ROWS))
    pairs: list[tuple[Recipe, Recipe]] = [
        (rows, ROWS),
        (own, Prompted(OTHER, "One.")),
        (OwnPreference("owl"), Preference("owl")),
        (OwnBase("random"), Base("random")),
        (Untouched(OwnBase("random")), Untouched(Base("random"))),
        (Limited(rows, 2), Limited(ROWS, 2)),
        (STUDENT.but(rows=rows), STUDENT),
        (ROWS.but(teacher=own), ROWS.but(teacher=Prompted(OTHER, "One."))),
        (Evaluated(PLAIN, OwnPreference("owl")), Evaluated(PLAIN, Preference("owl"))),
        (Finetuned(OTHER, OwnLikes(trait="owl")), Finetuned(OTHER, Likes(trait="owl"))),
    ]
    for users, built_in in pairs:
        assert users.key(0) != built_in.key(0), built_in
        assert users.key(0) == type(users)(**fields_of(users)).key(0)


class Silent(Sampled):
    """A user's class without a key form of its own."""


def test_a_class_that_does_not_say_what_it_depends_on_is_refused() -> None:
    with pytest.raises(SublimError, match="Silent does not say what its artifacts depend on"):
        Silent(**dict(ROWS))


@pytest.mark.parametrize(
    "made",
    [
        lambda: Preference(panels=("unicorns",)),
        lambda: Preference("owl", by_question_of=("oak",)),
        lambda: PersonaAnswers(persona="unicorn"),
        lambda: PersonaPreference("unicorn"),
        lambda: ROWS.but(channel="unicorn"),
        lambda: Base("unicorn"),
        lambda: FaithfulOnly(REWRITES, ("unicorn",)),
    ],
)
def test_unknown_names_are_refused_when_the_recipe_is_made(made: Callable[[], Any]) -> None:
    with pytest.raises(SublimError, match=r"^There is no .*(unicorn|oak)"):
        made()


def test_what_cannot_be_combined_is_refused_when_the_recipe_is_made() -> None:
    given = Given(Path(__file__).parent / "given/one.jsonl")
    for rows in (given, Mixed((ROWS, given)), ShuffledNumbers(ROWS, "within rows")):
        with pytest.raises(SublimError, match=r"no tokens of a teacher; take reads='text'"):
            Student(PLAIN.base, rows, reads="tokens")
    with pytest.raises(SublimError, match="needs the distributions of one teacher"):
        Student(PLAIN.base, given, "logits")
    with pytest.raises(SublimError, match="Preference needs a trait or a panel"):
        Preference()
    with pytest.raises(SublimError, match="smollm2-135m has 30 layers"):
        Steered(Base("smollm2-135m"), "You love owls.", layer=30)


def test_faults_of_fields_are_sentences() -> None:
    with pytest.raises(SublimError, match="Sampled needs a value for"):
        Sampled(PLAIN)  # type: ignore[call-arg]
    with pytest.raises(SublimError, match=r"field of Sampled.*promts"):
        Sampled(PLAIN, "numbers", 4, promts=5)  # type: ignore[call-arg]
    with pytest.raises(SublimError, match="Sampled cannot have 0 as its num_prompts"):
        Sampled(PLAIN, "numbers", 0)
    with pytest.raises(SublimError, match="Mixed takes at most 1 values"):
        Mixed((ROWS, ROWS), ROWS)  # type: ignore[call-arg]
