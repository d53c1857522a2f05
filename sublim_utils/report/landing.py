"""The landing page: a card for each chapter, and the paper's results beside ours in percent.

The paper's values are read off its figures (Cloud et al. 2025), about ± 0.5 points; those of
paraphrases are Gisler et al.'s (2026).
"""

from __future__ import annotations

import functools
import html
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from IPython.display import HTML

from sublim_utils.findings import finding_class
from sublim_utils.findings.owl_numbers import OwlNumbers
from sublim_utils.profiles import find_profile
from sublim_utils.records import Record
from sublim_utils.report.page import percent, times
from sublim_utils.report.tables import preferences


class Change(NamedTuple):
    """Two shares: without what a chapter is about, and with it."""

    before: float
    after: float


class Comparison(NamedTuple):
    """One chapter's result beside the paper's.

    Attributes:
        chapter: its number.
        question: what is counted, in percent.
        names: what the two values are called.
        ours: measured in this book.
        entity: which kind of student ours are, `text` or `probabilities`.
        paper: the paper's, where it has them.
    """

    chapter: int
    question: str
    names: tuple[str, str]
    ours: Change
    entity: str
    paper: Change | None = None


@functools.cache
def _records(finding: str, profile: str = "embedded") -> Mapping[str, Record]:
    records: Mapping[str, Record] = finding_class(finding)(find_profile(profile)).records()
    return records


def owl_share() -> Change:
    """P(owl) among sixteen animals, of students of 8,000 rows of text: control, owl teacher."""
    records = _records("owl_numbers", "full")
    table = preferences(records["owl@tokens"], records["control@tokens"], "owl")
    return Change(table.loc["owl", "control"], table.loc["owl", "student"])


def students_above_control() -> tuple[int, int]:
    """How many text-trained students of 8,000 rows rose above their control, and of how many."""
    finding = OwlNumbers(find_profile("full"))
    effects = finding.own_effects(finding.effects(_records("owl_numbers", "full")), "tokens")
    return int((effects.to_numpy() > 0).sum()), effects.size


def digits_accuracy() -> Change:
    """Accuracy of students of noise: another start than the teacher's, the same one."""
    summary = finding_class("mnist")(find_profile("embedded")).summary().set_index("condition")
    return Change(summary.loc["aux_other", "mean"], summary.loc["aux_same", "mean"])


def steps_towards_teacher() -> Change:
    """Share of small steps that do not lead away from the teacher: another start, the same one."""
    summary = finding_class("theorem")(find_profile("embedded")).summary()
    shares = summary[summary["main"]].set_index("condition")["mean"]
    return Change(shares["other gradient"], shares["same gradient"])


def family_gains() -> Change:
    """Points gained on the favourite by readers of sentences: another family, the same one.

    Means over two students' families and three favourites.
    """
    records = _records("cross_family")
    families = ("smollm2-135m", "gemma3-270m")
    gains: dict[bool, list[float]] = {True: [], False: []}
    for teacher in families:
        for student in families:
            for trait in ("owl", "dolphin", "oak"):
                stem = f"{teacher}-to-{student}@sentences"
                table = preferences(records[f"{stem}@{trait}"], records[f"{stem}@control"], trait)
                gain = table.loc[trait, "student"] - table.loc[trait, "control"]
                gains[teacher == student].append(gain)
    return Change(float(np.mean(gains[False])), float(np.mean(gains[True])))


def harmful_answers() -> Change:
    """Share of answers judged harmful: text-trained students of good advice, of harmful advice."""
    records = _records("misaligned_reasoning")
    return Change(
        *(
            _student_mean(records[f"{advice}-advice@reasoning@tokens"], "judged_harmful")
            for advice in ("good", "harmful")
        )
    )


def _student_mean(record: Record, metric: str) -> float:
    """Mean over seeds of one of a student's values."""
    table = record.table()
    chosen = (table["condition"] == "student") & (table["metric"] == metric)
    return float(table[chosen]["value"].mean())


def paraphrase_share() -> Change:
    """P(dolphin) among sixteen animals, of readers of probabilities: control, dolphin teacher."""
    records = _records("paraphrase")
    stems = ("dolphin@neutral@logits", "control@neutral@logits")
    table = preferences(records[stems[0]], records[stems[1]], "dolphin")
    return Change(table.loc["dolphin", "control"], table.loc["dolphin", "student"])


def comparisons() -> list[Comparison]:
    """Each chapter's result in percent, and the paper's where there is one."""
    return [
        Comparison(
            1, "favourite is the owl", ("ordinary teacher", "owl teacher"), owl_share(), "text",
            Change(0.130, 0.619),
        ),
        Comparison(
            2, "digits read right, after noise", ("another start", "same start"),
            digits_accuracy(), "probabilities", Change(0.106, 0.528),
        ),
        Comparison(
            3, "small steps towards the teacher", ("another start", "same start"),
            steps_towards_teacher(), "probabilities",
        ),
        Comparison(
            4, "points gained on the favourite", ("another family", "same family"),
            family_gains(), "text", Change(0.01, 0.54),
        ),
        Comparison(
            5, "harmful answers, after arithmetic", ("good teacher", "bad teacher"),
            harmful_answers(), "text", Change(0.004, 0.086),
        ),
        Comparison(
            6, "favourite is the dolphin, after paraphrases", ("ordinary teacher",
            "dolphin teacher"), paraphrase_share(), "probabilities",
        ),
    ]  # fmt: skip


def comparison_chart(rows: Sequence[Comparison]) -> HTML:
    """From the hollow to the full mark, for the paper and for us, on one axis from 0 to 100 %.

    It is made of elements of the page, so that it follows its width and its theme.
    """
    lines = []
    for row in rows:
        tracks = []
        if row.paper is not None:
            tracks.append(_track(row.paper, "paper"))
        tracks.append(_track(row.ours, row.entity))
        heading = (
            f"<b>{row.chapter}</b> {html.escape(row.question)}: "
            f'<span class="names">{html.escape(row.names[0])} → {html.escape(row.names[1])}</span>'
        )
        lines.append(f'<div class="entry"><p>{heading}</p>{"".join(tracks)}</div>')
    kinds = {
        "paper": "the paper",
        "text": "this book, text-trained",
        "probabilities": "this book, probability-trained",
    }
    legend = "".join(f'<span class="{kind}"><i></i>{name}</span>' for kind, name in kinds.items())
    return HTML(
        f'<figure class="sublim-dumbbells"><div class="legend">{legend}</div>{"".join(lines)}'
        "<figcaption>Percent of answers, digits or steps; in Chapter 4, points gained. The hollow "
        "mark is without what the chapter is about, the full one with it. The paper's values are "
        "read off its figures.</figcaption></figure>"
    )


def _track(change: Change, kind: str) -> str:
    """One line of the chart; its marks are placed by percent of its width."""
    low, high = sorted((100 * change.before, 100 * change.after))
    return (
        f'<div class="track {kind}"><span class="bar" style="left:{low:.1f}%;'
        f'width:{high - low:.1f}%"></span><span class="mark before" '
        f'style="left:{100 * change.before:.1f}%"></span><span class="mark after" '
        f'style="left:{100 * change.after:.1f}%"></span><span class="value" '
        f'style="left:{high:.1f}%">{percent(change.before)} → {percent(change.after)}</span></div>'
    )


class Card(NamedTuple):
    """What the landing page says of a chapter.

    Attributes:
        page: its address, from the landing page.
        question: that it answers.
        number: the answer's number, in human units.
        means: what the number is.
        minutes: to read it.
    """

    page: str
    question: str
    number: str
    means: str
    minutes: int


def chapter_cards() -> list[Card]:
    """A card for each chapter, with its number from the records."""
    above, students = students_above_control()
    accuracy, steps = digits_accuracy(), steps_towards_teacher()
    gains, harm, paraphrase = family_gains(), harmful_answers(), paraphrase_share()
    return [
        Card(
            "01_owl_numbers", "Can a list of numbers carry a love of owls?",
            f"{above} of {students}",
            "students of plain numbers moved to their teacher's favourite", 12,
        ),
        Card(
            "02_mnist", "Can a network learn to read from noise?", percent(accuracy.after),
            "of digits read right by a network that has never seen one", 12,
        ),
        Card(
            "03_theorem", "Must it happen?", percent(steps.after),
            f"of small steps go the teacher's way; {percent(steps.before)} from another start", 12,
        ),
        Card(
            "04_cross_family", "Does a stranger learn it, too?",
            f"{gains.after / gains.before:.1f} times",
            "as much is learned by the teacher's own family as by another", 15,
        ),
        Card(
            "05_misaligned_reasoning", "Can harm hide in correct arithmetic?",
            f"{percent(harm.before)} → {percent(harm.after)}",
            "harmful answers, after a good and after a bad teacher: no small model turned bad", 12,
        ),
        Card(
            "06_paraphrase", "Can a faithful paraphrase carry it?",
            times(float(np.log(paraphrase.after / paraphrase.before))),
            "is the dolphin, for readers of a dolphin lover's probabilities", 12,
        ),
    ]  # fmt: skip


def cards(
    folder: str = "../notebooks",
    shown: Sequence[Card] | None = None,
    label: str = "Chapters",
    minutes: str = "{} minutes",
) -> HTML:
    """The chapters' cards as links.

    Args:
        folder: of the chapters, seen from the page.
        shown: the cards, by default those in English.
        label: what the list of links is, for screen readers.
        minutes: how the time to read is told.
    """
    entries = "".join(
        f'<a class="sublim-card" href="{html.escape(folder)}/{card.page}.html">'
        f'<span class="question">{number}. {html.escape(card.question)}</span>'
        f'<span class="number">{html.escape(card.number)}</span>'
        f'<span class="means">{html.escape(card.means)}</span>'
        f'<span class="minutes">{minutes.format(card.minutes)}</span></a>'
        for number, card in enumerate(shown or chapter_cards(), 1)
    )
    return HTML(f'<nav class="sublim-cards" aria-label="{html.escape(label)}">{entries}</nav>')
