"""Comparing a student with its control: what training on the rows has done to a model."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import index
from typing import TYPE_CHECKING, Any, SupportsIndex

import numpy as np

# `students` registers how models with adapters are opened.
from sublim_utils import progress
from sublim_utils.errors import SublimError
from sublim_utils.findings import plan
from sublim_utils.pipeline import students  # noqa: F401
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.evaluations import answers, evaluated
from sublim_utils.pipeline.models import opened
from sublim_utils.pipeline.workers import share_out
from sublim_utils.recipes.bases import Base, check_precisions
from sublim_utils.recipes.evaluations import NATS, Evaluated, ModelEvaluation
from sublim_utils.recipes.recipe import Recipe, walk
from sublim_utils.stats import Interval, mean_interval
from sublim_utils.store import Store

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def compare(
    student: Recipe,
    control: Recipe,
    evaluation: ModelEvaluation,
    seeds: int | Sequence[int] = 3,
    workers: int = 1,
) -> Comparison:
    """Train a student and its control and evaluate both, once per seed.

    A seed is a whole repetition: teacher, rows and student are made anew. Everything is kept in
    the store, so that a run that was stopped goes on, and a second one takes no time. Before the
    work begins, stderr says how long it may take.

    Args:
        student: the student, or any other model.
        control: what it is compared with, such as `student.control()`.
        evaluation: what both are asked.
        seeds: how many, from 0; or which.
        workers: processes that work side by side. In a script, call this below
            `if __name__ == "__main__":`, as each of them reads the script again.

    Raises:
        SublimError: there is no seed, a part cannot be made, or some models are in fp32 and others
            in fp32-fast.
    """
    chosen = _chosen(seeds)
    for model in (student, control):
        if opened.dispatch(type(model)) is opened.dispatch(object):
            raise SublimError(
                f"A {type(model).__name__} is no model; compare a base, a teacher or a student."
            )
    if evaluated.dispatch(type(evaluation)) is evaluated.dispatch(object):
        raise SublimError(
            f"No function asks what a {type(evaluation).__name__} asks; take an evaluation such as "
            "Preference, or register a function of your own with @evaluated.register."
        )
    models = {"student": Evaluated(student, evaluation), "control": Evaluated(control, evaluation)}
    check_precisions(*models.values())
    context = Context(Store(), "compare")
    missing = {name: _missing(recipe, chosen, context) for name, recipe in models.items()}
    cuda = any(isinstance(part, Base) and part.device == "cuda" for part in walk(student))
    to_do = [(name, seed) for name, seeds_ in missing.items() for seed in seeds_]
    workers = max(1, min(workers, len(to_do)))
    run = progress.RunProgress(
        "compare", missing, _announced(models, missing, cuda, workers), workers
    )
    with progress.running(run) if to_do else contextlib.nullcontext():
        if workers > 1:
            run.stage = f"{workers} processes work side by side"
            measure = functools.partial(_answer_into_store, models)
            share_out(
                measure, [[item] for item in to_do], workers, "cuda" if cuda else "cpu", run.finish
            )
        results: dict[tuple[str, int], dict[str, Any]] = {}
        for seed in chosen:
            for name, recipe in models.items():
                context.name = f"{name}, seed {seed}"
                results[name, seed] = answers(recipe, seed, context)
                run.finish([(name, seed)])
    return Comparison(evaluation, chosen, results)


def _chosen(seeds: int | Sequence[int]) -> tuple[int, ...]:
    """The seeds, from a number of them or from themselves."""
    try:
        listed = range(index(seeds)) if isinstance(seeds, SupportsIndex) else seeds
        chosen = tuple(map(index, listed))
    except TypeError:
        chosen = ()
    if not chosen or len(set(chosen)) < len(chosen):
        raise SublimError("A comparison needs one or more seeds, each a whole number and once.")
    return chosen


def _answer_into_store(models: dict[str, Evaluated], item: tuple[str, int]) -> None:
    name, seed = item
    answers(models[name], seed, Context(Store(), f"{name}, seed {seed}"))


def _missing(recipe: Evaluated, seeds: Sequence[int], context: Context) -> list[int]:
    """The seeds whose answers are not in the store."""
    kept = context.store
    drawn = {seed: seed if recipe.depends_on_seed else 0 for seed in seeds}
    return [s for s in seeds if kept.get("evaluation", recipe.key(drawn[s])) is None]


def _announced(
    models: dict[str, Evaluated], missing: dict[str, list[int]], cuda: bool, workers: int
) -> dict[str, float] | None:
    """Say how long the work may take, and give the seconds of a seed by model; None if unknown."""
    seeds = sorted({seed for of_model in missing.values() for seed in of_model})
    if not seeds:
        return None
    device = next(d.name for d in plan.DEVICES if (d.kind == "cuda") == cuda)
    try:
        of_student = plan.hours([models["student"]], [0])[device]
        of_control = plan.hours([*models.values()], [0])[device] - of_student  # what is not shared
    except SublimError as error:
        print(f"How long this takes is not known: {error}", file=sys.stderr, flush=True)
        return None
    seconds = {"student": 3600 * of_student, "control": 3600 * max(of_control, 0.0)}
    total = sum(seconds[name] * len(of_model) for name, of_model in missing.items()) / workers
    print(
        f"Comparing over {len(seeds)} seeds takes about {progress.duration(total)} ({device}), "
        "with a factor of two either way; what is in the store already takes no time.",
        file=sys.stderr,
        flush=True,
    )
    return seconds


@dataclass(frozen=True, eq=False)
class Comparison:
    """What a student and its control have answered, and the effect: their difference.

    Attributes:
        evaluation: what both were asked.
        seeds: the repetitions.
    """

    evaluation: ModelEvaluation
    seeds: tuple[int, ...]
    _results: dict[tuple[str, int], dict[str, Any]] = field(repr=False)

    def values(self) -> pd.DataFrame:
        """Every measured number: columns seed, model (student or control), metric, trait, value."""
        import pandas as pd

        return pd.DataFrame(
            [
                (seed, model, *metric)
                for (model, seed), result in self._results.items()
                for metric in self.evaluation.metrics(result)
            ],
            columns=["seed", "model", "metric", "trait", "value"],
        )

    def table(self) -> pd.DataFrame:
        """Effects: the student minus the control of the same seed, the largest of a metric first.

        Returns:
            Columns metric, trait, effect, low, high (the 95 % interval over seeds, empty for a
            single one), times_as_likely (exp of the effect, where this is one of log odds), unit,
            n (seeds).
        """
        import pandas as pd

        rows = []
        for metric, trait, differences in self._effects():
            mean, low, high, n = mean_interval(differences)
            unit = self.evaluation.UNITS.get(metric, "")
            times = float(np.exp(mean)) if unit == NATS else None
            rows.append((metric, trait, mean, low, high, times, unit, n))
        columns = ["metric", "trait", "effect", "low", "high", "times_as_likely", "unit", "n"]
        effects = pd.DataFrame(rows, columns=columns)
        by_metric = [of_metric for _, of_metric in effects.groupby("metric", sort=False)]
        ordered = (of_metric.sort_values("effect", ascending=False) for of_metric in by_metric)
        return pd.concat(ordered, ignore_index=True)

    @property
    def effect(self) -> Interval:
        """The first metric's effect on what the evaluation is about, with its interval.

        Raises:
            SublimError: the evaluation is about no trait of its own.
        """
        own = self._own_trait
        for _, trait, effects in self._effects():
            if trait == own:
                return mean_interval(effects)
        raise SublimError(
            f"This {type(self.evaluation).__name__} is about no single trait; look at table()."
        )

    def plot(self, metric: str | None = None) -> Figure:
        """Effects by trait, each seed as a dot and the mean with its 95 % interval.

        Args:
            metric: which; by default the first one.

        Raises:
            SublimError: there is no such metric.
        """
        import pandas as pd

        from sublim_utils.report import plots

        metrics = [*dict.fromkeys(name for name, _, _ in self._effects())]
        chosen = metrics[0] if metric is None else metric
        if chosen not in metrics:
            raise SublimError(f"There is no metric {chosen!r}; there are {', '.join(metrics)}.")
        by_case = {
            trait or chosen: effects for name, trait, effects in self._effects() if name == chosen
        }
        ordered = sorted(by_case, key=lambda c: (c != self._own_trait, -float(np.mean(by_case[c]))))
        drawn = [(case, "effect", value) for case in ordered for value in by_case[case]]
        plots.use_style()
        unit = self.evaluation.UNITS.get(chosen)
        return plots.effects(
            pd.DataFrame(drawn, columns=["case", "group", "value"]),
            {case: case for case in ordered},
            {"effect": f"{len(self.seeds)} seeds, mean with 95 % interval"},
            axis=f"{chosen.replace('_', ' ')}: student minus control{f', {unit}' if unit else ''}",
        )

    def _repr_html_(self) -> str:
        html: str = self.table().to_html(index=False, float_format="{:.3f}".format, na_rep="")
        return html

    @property
    def _own_trait(self) -> str | None:
        own = getattr(self.evaluation, "trait", getattr(self.evaluation, "persona", None))
        return None if own is None else str(own)

    def _effects(self) -> Iterator[tuple[str, str | None, list[float]]]:
        """Metrics with their traits and the difference of each seed."""
        by_model = {
            key: {(m.name, m.trait): m.value for m in self.evaluation.metrics(result)}
            for key, result in self._results.items()
        }
        for metric, trait in by_model["student", self.seeds[0]]:
            yield (
                metric,
                trait,
                [
                    by_model["student", seed][metric, trait]
                    - by_model["control", seed][metric, trait]
                    for seed in self.seeds
                ],
            )
