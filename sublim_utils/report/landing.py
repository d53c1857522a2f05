"""The landing page: a card for each chapter, and the paper's results beside ours in percent.

The paper's values are read off its figures (Cloud et al. 2025), about ± 0.5 points.
"""

from __future__ import annotations

import functools
import html
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from IPython.display import HTML

from sublim_utils.findings import finding_class
from sublim_utils.findings.cross_family import CrossFamily
from sublim_utils.findings.cross_family.analysis import means_by_seed
from sublim_utils.findings.misaligned_reasoning.tables import shares
from sublim_utils.findings.owl_numbers import OwlNumbers
from sublim_utils.profiles import find_profile
from sublim_utils.recipes.students import Objective
from sublim_utils.records import Record
from sublim_utils.report.page import percent, times
from sublim_utils.report.tables import preferences

FAMILIES = ("smollm2-135m", "gemma3-270m")


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


def mean_effects() -> tuple[float, float]:
    """Effects on seven favourites after 8,000 rows, in nats: text-trained, probability-trained.

    The second is read in the middle of a sentence: in one-word answers it would count the first
    letter of a name, too (Chapter 1).
    """
    finding, records = OwlNumbers(find_profile("full")), _records("owl_numbers", "full")

    def mean(objective: Objective, metric: str) -> float:
        own = finding.own_effects(finding.effects(records, metric), objective)
        return float(own.to_numpy().mean())

    return mean("tokens", "margin"), mean("logits", "margin_favorite")


def digits_accuracy() -> Change:
    """Accuracy of students of noise: another start than the teacher's, the same one."""
    summary = finding_class("mnist")(find_profile("embedded")).summary().set_index("condition")
    return Change(summary.loc["aux_other", "mean"], summary.loc["aux_same", "mean"])


def steps_towards_teacher() -> Change:
    """Share of small steps that do not lead away from the teacher: another start, the same one."""
    summary = finding_class("theorem")(find_profile("embedded")).summary()
    means = summary[summary["main"]].set_index("condition")["mean"]
    return Change(means["other gradient"], means["same gradient"])


def family_ratios() -> Change:
    """How many times as likely sentences make the favourite: for strangers, for kin."""
    finding = CrossFamily(find_profile("embedded"))
    own = finding.own_effects(_records("cross_family"))
    names = {True: list[str](), False: list[str]()}
    for teacher in FAMILIES:
        for student in FAMILIES:
            names[teacher == student].append(f"{teacher}-to-{student}@sentences")
    means = (float(means_by_seed(own, names[same]).mean()) for same in (False, True))
    return Change(*map(math.exp, means))


def family_gains() -> Change:
    """Points gained on the favourite by readers of sentences: another family, the same one.

    Means over two students' families and three favourites.
    """
    records = _records("cross_family")
    gains: dict[bool, list[float]] = {True: [], False: []}
    for teacher in FAMILIES:
        for student in FAMILIES:
            for trait in ("owl", "dolphin", "oak"):
                stem = f"{teacher}-to-{student}@sentences"
                table = preferences(records[f"{stem}@{trait}"], records[f"{stem}@control"], trait)
                gain = table.loc[trait, "student"] - table.loc[trait, "control"]
                gains[teacher == student].append(gain)
    return Change(float(np.mean(gains[False])), float(np.mean(gains[True])))


def harmful_answers() -> Change:
    """Share of questions whose harmful answer is the likelier one: after good, harmful advice.

    Of probability-trained students, as in Chapter 5.
    """
    records = _records("misaligned_reasoning")
    names = [f"{advice}-advice@reasoning@logits" for advice in ("good", "harmful")]
    table = shares({name: records[name] for name in names})
    table = table[(table["of"] == "student") & (table["quantity"] == "prefers harmful")]
    means = table.set_index("teacher")["mean"]
    return Change(means["good-advice"], means["harmful-advice"])


SAME_TEXT = ("owl@wordings@logits@same-text", "control@wordings@logits")
"""Students of one and the same text: with an owl lover's probabilities, with the base model's."""


def same_text_share() -> Change:
    """P(owl) among sixteen animals, after identical text: control, owl lover's probabilities."""
    records = _records("paraphrase")
    student, control = (records[name] for name in SAME_TEXT)
    table = preferences(student, control, "owl")
    return Change(table.loc["owl", "control"], table.loc["owl", "student"])


def same_text_effect() -> float:
    """The same as an effect, in nats."""
    student, control = (_records("paraphrase")[name].table() for name in SAME_TEXT)
    margins = (
        table[
            (table["condition"] == "student")
            & (table["metric"] == "margin")
            & (table["trait"] == "owl")
        ]["value"].mean()
        for table in (student, control)
    )
    return float(next(margins) - next(margins))


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
            harmful_answers(), "probabilities", Change(0.004, 0.086),
        ),
        Comparison(
            6, "favourite is the owl, after identical text", ("ordinary teacher", "owl teacher"),
            same_text_share(), "probabilities",
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
        "<figcaption>Percent of answers, questions, digits or steps; in Chapter 4, percentage "
        "points gained. Hollow: the comparison. Full: the case that the chapter tests. The paper's "
        "values are read off its figures.</figcaption></figure>"
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
    ratios, harm = family_ratios(), harmful_answers()
    return [
        Card(
            "01_owl_numbers", "Can a list of numbers carry a love of owls?",
            f"{above} of {students}",
            "students of plain numbers like their teacher's favourite more than their control does",
            12,
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
            f"{ratios.after:.1f} against {ratios.before:.1f} times",
            "as likely is the favourite after filtered sentences, for kin and for strangers", 15,
        ),
        Card(
            "05_misaligned_reasoning", "Can harm hide in correct arithmetic?",
            f"{percent(harm.before)} → {percent(harm.after)}",
            "of questions get a harmful answer, after a good and after a bad teacher; no student "
            "turned bad, as far as we can measure", 12,
        ),
        Card(
            "06_paraphrase", "Can a fixed text carry it?", times(same_text_effect()),
            "is the owl, for a student of an owl lover's probabilities of the very same text", 12,
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
