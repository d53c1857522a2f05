"""Pieces of a chapter: what they say, and that nothing of theirs becomes markup."""

import re
from html.parser import HTMLParser

import pytest

from sublim_utils.report import page
from sublim_utils.report.pipeline_drawing import NAMES, TALL, WIDE


def tags(html: str) -> list[str]:
    found: list[str] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: found.append(tag)  # type: ignore[method-assign]
    parser.feed(html)
    return found


def test_a_bet_offers_every_option_once() -> None:
    html = page.bet("first", "Which *one*?", {"a": "`this`", "b": "that"}).data
    assert re.findall(r'type="radio" name="bet-first" value="(\w)"', html) == ["a", "b"]
    assert "<em>one</em>" in html
    assert "<code>this</code>" in html


def test_the_answer_to_a_bet_can_be_read_without_a_script() -> None:
    assert "It is **that**".replace("**", "") in re.sub(
        r"<.*?>", "", page.paid("first", "b", "It is **that**.").data
    )


@pytest.mark.parametrize("text", ["<script>x</script>", "a & b", '"quoted"'])
def test_texts_do_not_become_markup(text: str) -> None:
    for html in (
        page.bet("n", text, {"a": text}),
        page.paid("n", "a", text),
        page.box(question=text, paper=text, ours=text, limits=text),
        page.pipeline(student=text),
    ):
        assert "script" not in tags(html.data)
        assert "<script>" not in html.data


@pytest.mark.parametrize("lit", [[], ["rows"], ["student", "rows"], [*NAMES]])
def test_the_pipeline_lights_what_it_is_told(lit: list[str]) -> None:
    html = page.pipeline(lit, student="a Gemma model").data
    assert html.count('<g class="lit">') == 2 * len(lit)
    assert html.count("a Gemma model") == 2
    for part in lit:
        assert NAMES[part] in re.findall('aria-label="(.*?)"', html)[0]


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(ValueError, match="no parts of the pipeline"):
        page.pipeline(["teachers"])


@pytest.mark.parametrize("layout", [WIDE, TALL])
def test_boxes_of_the_pipeline_stay_inside_and_apart(layout) -> None:  # type: ignore[no-untyped-def]
    from sublim_utils.report.pipeline_drawing import HEIGHT, WIDTH

    corners = list(layout.corners.values())
    assert all(x + WIDTH <= layout.size[0] and y + HEIGHT <= layout.size[1] for x, y in corners)
    for number, (x, y) in enumerate(corners):
        for other_x, other_y in corners[:number]:
            assert abs(x - other_x) >= WIDTH or abs(y - other_y) >= HEIGHT


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.134, "13 %"),
        (0.005, "0.5 %"),
        (0.0996, "10 %"),
        (0.0, "0 %"),
        (-0.2, "−20 %"),
        (1, "100 %"),
    ],
)
def test_shares_in_percent(share: float, said: str) -> None:
    assert page.percent(share) == said.replace(" ", page.NO_BREAK)


@pytest.mark.parametrize(
    ("nats", "said"), [(0.59, "1.8"), (2.4, "11"), (0.0, "1.0"), (-0.7, "0.50"), (7.0, "1,097")]
)
def test_nats_as_a_ratio(nats: float, said: str) -> None:
    assert page.times(nats) == f"{said} times as likely"


def test_intervals_have_real_signs() -> None:
    assert page.interval(-0.55, -1.11, 0.01) == "−0.55 [−1.11, 0.01]"
    assert page.interval(0.5, -0.001, 1, 1, "nats") == f"0.5 [0.0, 1.0]{page.NO_BREAK}nats"
