"""The form of a notebook's settings."""

from typing import Any

from sublim_utils.report.form import form


def test_a_choice_sets_the_variable_and_says_what_to_do() -> None:
    variables: dict[str, Any] = {"TRAIT": "owl", "ROWS": 40, "other": 1}
    *choices, said = form(variables, TRAIT=["owl", "wolf"], ROWS=[20, 80]).children
    assert [c.description for c in choices] == ["TRAIT", "ROWS"]
    assert [c.value for c in choices] == ["owl", 40]
    assert [label for label, _ in choices[1].options] == ["40", "20", "80"]
    assert variables == {"TRAIT": "owl", "ROWS": 40, "other": 1}
    choices[0].value = "wolf"
    choices[1].value = 80
    assert variables == {"TRAIT": "wolf", "ROWS": 80, "other": 1}
    assert "ROWS = 80" in said.value
    assert "run the cells below" in said.value


def test_values_that_compare_oddly_keep_their_place() -> None:
    variables: dict[str, Any] = {"SEEN": slice(0, 13)}
    (choice, _) = form(variables, SEEN=[slice(0, 13), slice(10, 13)]).children
    choice.value = slice(10, 13)
    assert variables["SEEN"] == slice(10, 13)
