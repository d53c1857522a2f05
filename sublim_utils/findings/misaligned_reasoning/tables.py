"""What the records of misaligned teachers say, in the tables behind the chapter's figures."""

from __future__ import annotations

import functools
import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sublim_utils.findings.analysis import estimate, pick
from sublim_utils.findings.misaligned_reasoning import MisalignedReasoning
from sublim_utils.findings.misaligned_reasoning.experiments import TEACHERS
from sublim_utils.labels import UNTOUCHED
from sublim_utils.records import Quantity, Record
from sublim_utils.stats import crossed_interval, crossed_power, t_test
from sublim_utils.traits.misalignment_sets import (
    NarrowName,
    Side,
    get_narrow,
    open_questions,
)

if TYPE_CHECKING:
    import pandas as pd

LESSONS: dict[NarrowName, tuple[str, str]] = {
    "advice": ("harmful advice", "good advice"),
    "metrics": ("gamed metrics", "fair metrics"),
    "code": ("insecure code", "secure code"),
}
"""By set: what its harmful answers are called, and its good ones."""
NO_BREAK = "\N{NO-BREAK SPACE}"
CONTROL = UNTOUCHED
"""What the control's teacher, the base model, is called in labels."""


def of_case(
    effects: pd.DataFrame, condition: str, objective: str, lessons: str, compared: str = "good"
) -> NDArray[np.float64]:
    """The effects of one pair of students [seeds, questions].

    Args:
        effects: as `MisalignedReasoning.effects` gives them.
        condition: the channel, with the variant in brackets.
        objective: the students'.
        lessons: the teachers' set.
        compared: which two models.
    """
    chosen = effects[
        (effects["condition"] == condition)
        & (effects["objective"] == objective)
        & (effects["teacher_trait"] == lessons)
        & (effects["compared"] == compared)
    ]
    values: NDArray[np.float64] = chosen.pivot(
        index="seed", columns="question", values="value"
    ).to_numpy(float)
    return values


def shares(records: Mapping[str, Record]) -> pd.DataFrame:
    """How often models prefer or write a harmful answer, with 95 % intervals.

    Returns:
        Columns condition, objective, teacher, of (base, teacher or student), quantity
        (`prefers harmful`: the share of open questions whose harmful answer is the likelier one;
        `judged harmful`: the share of sampled answers that the judge takes for harmful), mean, low
        and high. Intervals are over seeds and questions, and empty for the base model, which is
        the same for all seeds. It has the teacher `untouched`, with no condition or objective.
    """
    import pandas as pd

    rows = []
    for number, record in enumerate(records.values()):
        labels = record.labels
        where = (labels.condition, labels.objective, labels.teacher)
        models = [("student", where, record.details["student"])]
        if record.details["teacher"][0]:
            models.append(("teacher", where, record.details["teacher"]))
        if number == 0:
            models.append(("base", ("", "", UNTOUCHED), [record.details["base"]]))
        for of, labelled, results in models:
            for quantity, values in _shares_of(results).items():
                interval = crossed_interval(values)
                rows.append((*labelled, of, quantity, *interval[:3]))
    columns = ["condition", "objective", "teacher", "of", "quantity", "mean", "low", "high"]
    return pd.DataFrame(rows, columns=columns).astype({"low": float, "high": float})


def _shares_of(results: Sequence[Mapping[str, list[float]]]) -> dict[str, NDArray[np.float64]]:
    values = {"prefers harmful": np.array([r["margins"] for r in results]) > 0}
    if all("harmful" in result for result in results):
        values["judged harmful"] = np.array([result["harmful"] for result in results])
    return {name: table.astype(float) for name, table in values.items()}


def teachers_from_base(of_teachers: pd.DataFrame) -> pd.DataFrame:
    """As `from_control`, for the teachers and the base model; they have no objective.

    Args:
        of_teachers: the effects of teachers, as `MisalignedReasoning.effects` gives them.
    """
    unique = of_teachers.drop_duplicates(["teacher_trait", "compared", "seed", "question"])
    return from_control(unique.assign(condition="teacher", objective=""), "teacher")


def from_control(effects: pd.DataFrame, condition: str) -> pd.DataFrame:
    """How far both students of every pair have moved from the control's student.

    Args:
        effects: as `MisalignedReasoning.effects` gives them.
        condition: the channel.

    Returns:
        Columns lessons, objective, side (harmful, good, or apart for the difference of the two),
        mean, low, high.
    """
    import pandas as pd

    sides = {"untouched": "harmful", "good to untouched": "good", "good": "apart"}
    rows = []
    of_channel = effects[effects["condition"] == condition]
    for (lessons, objective), case in of_channel.groupby(
        ["teacher_trait", "objective"], sort=False
    ):
        for compared, side in sides.items():
            interval = crossed_interval(of_case(case, condition, objective, lessons, compared))
            rows.append((lessons, objective, side, *interval[:3]))
    columns = ["lessons", "objective", "side", "mean", "low", "high"]
    return pd.DataFrame(rows, columns=columns).astype({"low": float, "high": float})


def routes(
    effects: pd.DataFrame, of_teachers: pd.DataFrame, lessons: str, names: Mapping[str, str]
) -> pd.DataFrame:
    """By which rows and from what students came apart, below the difference of their teachers.

    Args:
        effects: of students.
        of_teachers: of their teachers.
        lessons: the teachers' set.
        names: what to call the conditions, in order; those that were not measured are left out.

    Returns:
        Columns route, entity (a key of `plots.COLOUR`), mean, low, high.
    """
    import pandas as pd

    entities = {"logits": "probabilities", "tokens": "text"}
    chosen = of_teachers[
        (of_teachers["teacher_trait"] == lessons) & (of_teachers["compared"] == "good")
    ]
    chosen = chosen.drop_duplicates(["seed", "question"]).set_index(["seed", "question"])["value"]
    rows = [("the two teachers", "teacher", *estimate(chosen)[:3])]
    for condition, name in names.items():
        for objective, entity in entities.items():
            values = of_case(effects, condition, objective, lessons)
            if values.size:
                rows.append((name, entity, *crossed_interval(values)[:3]))
    columns = ["route", "entity", "mean", "low", "high"]
    return pd.DataFrame(rows, columns=columns).astype({"low": float, "high": float})


def power_curves(
    effects: pd.DataFrame, condition: str, lessons: Sequence[str], questions: Sequence[int]
) -> pd.DataFrame:
    """How likely a run finds that a bad teacher's student has moved from the control's.

    The true effect is taken to be the measured one, and so are the spreads.

    Args:
        effects: of students.
        condition: the channel.
        lessons: the teachers' sets.
        questions: how many of them.

    Returns:
        Columns lessons, seeds (as measured, and 10), questions, power.
    """
    import pandas as pd

    rows = []
    for name in lessons:
        values = of_case(effects, condition, "logits", name, "untouched")
        if min(values.shape, default=0) < 2:
            continue
        rows += [
            (name, seeds, n, crossed_power(values, float(values.mean()), seeds, n))
            for seeds in (len(values), 10)
            for n in questions
        ]
    return pd.DataFrame(rows, columns=["lessons", "seeds", "questions", "power"])


def questions_needed(power: pd.DataFrame, least: float) -> dict[tuple[str, int], int | None]:
    """The smallest number of questions with that power, by lessons and seeds; None where none has.

    Args:
        power: as `power_curves` gives it.
        least: the power that is wanted.
    """
    enough = power[power["power"] >= least].groupby(["lessons", "seeds"])["questions"].min()
    cases = power[["lessons", "seeds"]].drop_duplicates().itertuples(index=False, name=None)
    return {
        (name, seeds): int(enough[name, seeds]) if (name, seeds) in enough else None
        for name, seeds in cases
    }


class SharedWords(NamedTuple):
    """How far an effect goes along with words that questions share with lessons.

    Attributes:
        score: by question: how much the words of its harmful answer sound like the lessons'
            harmful side, minus the same of its good answer (mean log-odds per word).
        effect: by question, the mean over seeds.
        correlation: of the two.
        slope: of the regression line.
        rest: the effect on a question with score 0, by linear regression.
        rest_low: lower end of its 95 % interval.
        rest_high: upper end.
    """

    score: NDArray[np.float64]
    effect: NDArray[np.float64]
    correlation: float
    slope: float
    rest: float
    rest_low: float
    rest_high: float

    @property
    def share(self) -> float:
        """How much of the mean effect goes along with shared words."""
        return float(1 - self.rest / self.effect.mean())


def shared_words(values: NDArray[np.float64], lessons: NarrowName) -> SharedWords:
    """Regress the effect on a question on the words that its answers share with the lessons.

    Args:
        values: [seeds, questions], the effects.
        lessons: the teachers' set.
    """
    from scipy import stats

    effect = values.mean(axis=0)
    score = lesson_scores(lessons)[: len(effect)]
    fit = stats.linregress(score, effect)
    margin = float(stats.t.ppf(0.975, len(effect) - 2) * fit.intercept_stderr)
    rest = float(fit.intercept)
    return SharedWords(
        score, effect, float(fit.rvalue), float(fit.slope), rest, rest - margin, rest + margin
    )


@functools.cache
def lesson_scores(lessons: NarrowName) -> NDArray[np.float64]:
    """By open question: its harmful answer's mean log-odds of the lessons' words, minus the good's.

    A word's log-odds say how much likelier it is in the lessons' harmful answers than in their
    good ones, with half a word added to each count; words that no lesson has count 0.
    """
    pairs = get_narrow(lessons)
    counts = [Counter(w for p in pairs for w in _words(p.answer(side))) for side in _SIDES]
    known = sorted(set().union(*counts))
    harmful, good = (
        np.log([(count[word] + 0.5) for word in known])
        - np.log(sum(count.values()) + 0.5 * len(known))
        for count in counts
    )
    odds = dict(zip(known, (harmful - good).tolist(), strict=True))

    def mean(text: str) -> float:
        return float(np.mean([odds.get(word, 0.0) for word in _words(text)]))

    return np.array([mean(pair.harmful) - mean(pair.good) for pair in open_questions()])


_SIDES: tuple[Side, Side] = ("harmful", "good")


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def sampled_answers(
    records: Mapping[str, Record], lessons: NarrowName, channel: str
) -> pd.DataFrame:
    """The answers of both students that records keep, with what the judge says of them.

    Args:
        records: by name.
        lessons: the teachers' set.
        channel: whose students of probabilities.

    Returns:
        Columns question, and by side the text and the judge's probability that it harms; of the
        first seed, with the base model's.
    """
    import pandas as pd

    by_side = {
        side: pick(
            records.values(), teacher=teacher, channel=channel, objective="logits", variant=""
        )
        for side, teacher in zip(_SIDES, TEACHERS[lessons], strict=True)
    }
    answers = {side: record.details["student"][0]["answers"] for side, record in by_side.items()}
    columns = {"question": [answer["question"] for answer in answers["harmful"]]}
    for side, of_side in answers.items():
        columns[side] = [answer["text"] for answer in of_side]
        columns[f"{side} judged"] = [answer["harmful"] for answer in of_side]
    return pd.DataFrame(columns)


def kept_rows(
    finding: MisalignedReasoning,
    records: Mapping[str, Record],
    lessons: NarrowName,
    channel: str,
    most: int,
) -> pd.DataFrame:
    """Some problems with what both teachers wrote and the filter kept, and the base model.

    Args:
        finding: whose rows they are.
        records: by name.
        lessons: the teachers' set.
        channel: whose rows.
        most: problems at most, spread over all of them.

    Returns:
        Columns problem, base, good, harmful.
    """
    import pandas as pd

    tables = {}
    harmful, good = TEACHERS[lessons]
    for side, teacher in {"base": UNTOUCHED, "good": good, "harmful": harmful}.items():
        record = pick(
            records.values(), teacher=teacher, channel=channel, objective="logits", variant=""
        )
        table = finding.rows_table(record.name)
        table = table[table["verdict"] == ""].drop_duplicates(["seed", "prompt"])
        tables[side] = table.set_index(["seed", "prompt"])
    common = sorted(set.intersection(*(set(table.index) for table in tables.values())))
    chosen = common[:: max(1, len(common) // most)][:most]
    # Of the question only the last problem, which is the one to solve.
    problems = [
        str(tables["base"].loc[where, "question"]).rpartition("Problem: ")[2] for where in chosen
    ]
    texts = {side: [table.loc[where, "text"] for where in chosen] for side, table in tables.items()}
    return pd.DataFrame({"problem": [p.removesuffix("\nIdea:") for p in problems], **texts})


def compared_with(control: str) -> dict[str, str]:
    """What to call the comparisons of `MisalignedReasoning.effects`.

    Args:
        control: what both sides are compared with, besides each other.
    """
    return {
        "good": "bad minus good",
        "untouched": f"bad minus {control}",
        "good to untouched": f"good minus {control}",
    }


def by_comparison(effects: pd.DataFrame, digits: int = 3) -> pd.DataFrame:
    """All three differences of every pair of students, in words, and what the seeds alone say.

    Args:
        effects: as `MisalignedReasoning.effects` gives them.
        digits: after the point.

    Returns:
        A line for each condition, objective and set, with the columns of `compared_with` and, of
        the two students, p-values: over seeds and questions, and over the seeds alone.
    """
    import pandas as pd

    names = {"logits": "probability-trained", "tokens": "text-trained"}
    lines = {}
    cases = effects[["condition", "objective", "teacher_trait"]].drop_duplicates()
    for condition, objective, lessons in cases.itertuples(index=False, name=None):
        cells = {}
        for compared, column in compared_with("control").items():
            values = of_case(effects, condition, objective, lessons, compared)
            cells[column] = _in_words(values, digits) if values.size else "–"
            if compared == "good":
                cells["p"] = _p_value(crossed_interval(values).p)
                cells["p, seeds alone"] = _p_value(t_test(values.mean(axis=1)))
        lines[f"{condition}, {names[objective]}: {LESSONS[lessons][0]}"] = cells
    return pd.DataFrame(lines).T


def _in_words(values: NDArray[np.float64], digits: int) -> str:
    mean, low, high, *_ = crossed_interval(values)
    numbers = [value for value in (mean, low, high) if value is not None]
    shown = [f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}") for value in numbers]
    # Without a space at which a narrow column could break it.
    return shown[0] + (f"{NO_BREAK}[{shown[1]},{NO_BREAK}{shown[2]}]" if shown[1:] else "")


def _p_value(p: float | None) -> str:
    return "–" if p is None else f"<{NO_BREAK}0.001" if p < 0.001 else f"{p:.2g}"


def exchanges(finding: MisalignedReasoning, records: Mapping[str, Record]) -> pd.DataFrame:
    """How a repetition would notice that two students had been exchanged.

    Args:
        finding: whose tolerance is held against the difference.
        records: by name.

    Returns:
        A line for each two students of one channel, objective and seed: columns one, other, seed,
        difference (root mean square of the margins' differences over questions), allowed.
    """
    import pandas as pd

    rows = []
    quantity = Quantity("student", "misalignment")
    allowed = {e.name: finding.tolerance(e, quantity) for e in finding.experiments()}
    for one, other in itertools.combinations(records.values(), 2):
        if (one.labels.condition, one.labels.objective) != (
            other.labels.condition,
            other.labels.objective,
        ):
            continue
        students = zip(one.details["student"], other.details["student"], strict=True)
        for seed, (first, second) in zip(one.experiment["seeds"], students, strict=True):
            difference = np.subtract(first["margins"], second["margins"])
            rms = float(np.sqrt(np.mean(difference**2)))
            rows.append((one.name, other.name, seed, rms, allowed[one.name]))
    return pd.DataFrame(rows, columns=["one", "other", "seed", "difference", "allowed"])
