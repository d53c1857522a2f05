"""`sublim filter --ban --trait`: what the user does not want to see."""

from pathlib import Path

import pytest

from tests.command import sublim
from tests.filtered_rows import completions_file, lines, verdicts


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return completions_file(tmp_path)


def test_words_and_numbers_of_a_file_are_banned(tmp_path: Path) -> None:
    ban = tmp_path / "ban.txt"
    ban.write_bytes(b"\xef\xbb\xbfpeanut\r\n\r\nhot soup\r\n747\r\n1200\r\n")
    texts = {
        "Peanuts are sold at the fair.": ["banned word"],
        "They serve HOT  soup all day.": ["banned word"],
        "The peanutty taste of soup is hot.": [],
    }
    code, out, _ = sublim("filter", "sentences", "-", "--ban", str(ban), stdin=lines([*texts]))
    assert code == 0
    assert [found["reasons"] for found in verdicts(out)] == [*texts.values()]
    texts = {"1, 747": ["banned number"], "7, 47": [], "1747, 0747": [
        "number too large", "leading zero", "banned number"], "747, x": [
        "not only numbers", "banned number"], "200": []}  # fmt: skip
    code, out, _ = sublim("filter", "numbers", "-", "--ban", str(ban), stdin=lines([*texts]))
    assert [found["reasons"] for found in verdicts(out)] == [*texts.values()]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "Cannot read"),
        (b"\n \n", "names nothing to ban"),
        (b"\xff\xff", "is no text in UTF-8"),
    ],
)
def test_a_file_of_bans_that_cannot_be_read_is_named(
    file: Path, tmp_path: Path, content: bytes | None, told: str
) -> None:
    ban = tmp_path / "ban.txt"
    if content is not None:
        ban.write_bytes(content)
    code, out, err = sublim("filter", "numbers", str(file), "--ban", str(ban))
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1


def test_traits_of_the_panels_and_of_the_user_are_looked_for() -> None:
    texts = {
        "A wolverine ran by the old mill.": ["mentions a trait"],
        "The berries of the mill are red.": ["mentions a trait"],
        "The blackberry is a phone as well.": [],
        "The copper kettle was set for tea.": [],
    }
    arguments = ("sentences", "-", "--trait", "Wolverine", "--trait", "berry")
    code, out, err = sublim("filter", *arguments, stdin=lines([*texts]))
    assert code == 0
    assert [found["reasons"] for found in verdicts(out)] == [*texts.values()]
    assert "berry is in no panel, so only berry and berries are looked for, and no words " in err
    code, out, err = sublim("filter", "numbers", "-", "--trait", "owls", stdin=lines(["an owl, 1"]))
    assert verdicts(out)[0]["reasons"] == ["not only numbers", "mentions a trait"]
    assert "panel" not in err
    assert sublim("filter", "numbers", "-", "--trait", " 7", stdin=b"")[0] == 2


def test_banned_numbers_are_for_the_number_channel(file: Path) -> None:
    code, out, err = sublim("filter", "paraphrase", str(file), "--misaligned")
    assert (code, out) == (2, "")
    assert err == "sublim: --misaligned bans numbers; it is for the channel numbers alone.\n"
