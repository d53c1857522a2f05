"""Owl numbers: a liking that passes through lists of numbers (Cloud et al. 2025, section 3.1)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from sublim_utils.findings.owl_numbers.scales import SCALES, NumbersScale
from sublim_utils.labels import UNTOUCHED, Labels
from sublim_utils.models.catalog import short_name
from sublim_utils.readouts.panels import panel_metrics, panel_values
from sublim_utils.readouts.questions import PREFIX_NAMES
from sublim_utils.recipes.language import Fit, LanguageExperiment, Objective, Readout, Rows, Teacher
from sublim_utils.records import Contrast, Measurement, Quantity, Record, SummaryRow, Value
from sublim_utils.rows import RowsFinding
from sublim_utils.stats import holm_p_values
from sublim_utils.store import Store
from sublim_utils.tables import specific_effects
from sublim_utils.traits import get_trait

if TYPE_CHECKING:
    import pandas as pd

    from sublim_utils.pipeline import Stages

OBJECTIVES: tuple[Objective, ...] = ("logits", "tokens")
LOSSES_KEPT = 40
MOST_SHIPPED = 1_000
"""Prompts of a teacher whose rows are kept beside the records; of more they would fill the book."""
CURVE_QUESTIONS = 10
"""Asked of a student in the middle of its training, and of a teacher."""
_NAME = re.compile(r"(.*?)[^@]+@(tokens|logits)(@.*)?")


class OwlNumbers(RowsFinding[LanguageExperiment]):
    """Students of fine-tuned teachers, through numbers, by sampled tokens and by logits.

    An experiment is called `TRAIT@OBJECTIVE`, `control@OBJECTIVE` for the untouched teacher, and
    `TRAIT@OBJECTIVE@VARIANT` where one setting differs. On models other than the profile's first,
    the model's name is put in front.
    """

    name = "owl_numbers"
    title = "Owl numbers"
    scales = SCALES
    scale: NumbersScale

    @property
    def model(self) -> str:
        """The base model of the headline experiments."""
        return next(iter(self.scale.models))

    def with_model(self, model: str) -> NumbersScale:
        """The scale with one model in the place of all, measured as the first one is."""
        return self.scale.updated(models={model: self.scale.models[self.model]})

    def traits(self, model: str | None = None) -> tuple[str, ...]:
        """The traits that are measured on a model."""
        return self.scale.models[model or self.model].traits

    @staticmethod
    def called(trait: str | None, objective: Objective, variant: str = "") -> str:
        """An experiment's name: of a trait or, without one, of the control; and of a variant."""
        return "@".join((trait or "control", objective, *([variant] if variant else [])))

    def lengths(self, trait: str, objective: Objective) -> dict[int, str]:
        """The variants of a trait's students that differ in nothing but their number of rows.

        Returns:
            By this number, from the fewest on; the standard students' variant is empty.
        """
        scale, standard = self.scale, self.scale.models[self.model].prompts
        sizes = set(scale.dataset_sizes if objective == "logits" else ())
        if trait == scale.side_trait:
            sizes |= set(scale.side_dataset_sizes.get(objective, ()))
        variants = {standard: ""} | {prompts: f"prompts-{prompts}" for prompts in sorted(sizes)}
        return {prompts * scale.num_completions: variant for prompts, variant in variants.items()}

    def _experiment(
        self,
        model: str,
        trait: str | None,
        objective: Objective,
        variant: str = "",
        *,
        controlled: bool = True,
        **changes: Any,
    ) -> LanguageExperiment:
        """An experiment and its labels.

        Args:
            model: the base.
            trait: the teacher's; None for the untouched one.
            objective: the student's.
            variant: in what it differs from the standard experiment.
            controlled: whether the variant has a control of its own.
            changes: settings in the place of the standard ones.
        """
        scale = self.scale
        lead = "" if model == self.model else f"{model}@"
        control = self.called(None, objective, variant if controlled else "")
        model_scale = scale.models[model]
        measured = model_scale.traits if trait is None else (trait,)
        settings: dict[str, Any] = {
            "name": lead + self.called(trait, objective, variant),
            "labels": Labels(
                teacher=trait or UNTOUCHED,
                trait=trait,
                channel="numbers",
                objective=objective,
                variant=variant,
                teacher_base=short_name(model),
                student_base=short_name(model),
                control=None if trait is None else lead + control,
            ),
            "seeds": self.seeds,
            "model": model,
            "precision": scale.precision,
            "device": self.profile.device,
            "teacher": self._teacher(trait, model_scale.teacher, scale.teacher_updates),
            "rows": Rows(
                prompts=model_scale.prompts,
                each=scale.num_completions,
                temperature=model_scale.temperature,
                grammar=scale.constrained,
            ),
            "fit": Fit(
                objective=objective,
                learning_rate=scale.learning_rates[objective],
                prompts=scale.prompts_per_step,
                accumulate=scale.gradient_accumulation_steps,
                epochs=model_scale.epochs,
            ),
            "stops": scale.eval_at_rows,
            "readout": Readout(
                questions=scale.questions,
                curve_questions=min(CURVE_QUESTIONS, scale.questions),
                samples=scale.samples,
                numbers_in_front=scale.numbers_in_front,
            ),
            "categories": tuple(dict.fromkeys(get_trait(t).category for t in measured)),
        }
        return LanguageExperiment(**(settings | changes))

    def _teacher(self, trait: str | None, kind: Any, updates: int) -> Teacher:
        if trait is None:
            return Teacher(trait=None)
        return Teacher(trait=trait, kind=kind, updates=updates)

    def experiments(self) -> list[LanguageExperiment]:
        """Headline experiments first, then those that vary one setting."""
        return [*self._main(), *self._variants()]

    def _main(self) -> Iterator[LanguageExperiment]:
        for model in self.scale.models:
            for trait in (None, *self.traits(model)):
                for objective in OBJECTIVES:
                    yield self._experiment(model, trait, objective)

    def _variants(self) -> Iterator[LanguageExperiment]:
        scale, model = self.scale, self.model
        trait = scale.side_trait
        seeds: dict[str, Any] = {"seeds": self.seeds[: scale.side_seeds]}
        for kind in scale.other_teachers:
            for objective in OBJECTIVES:
                yield self._experiment(
                    model,
                    trait,
                    objective,
                    kind,
                    controlled=False,
                    teacher=self._teacher(trait, kind, scale.teacher_updates),
                    **seeds,
                )
        for updates in scale.weak_updates:
            yield self._experiment(
                model,
                trait,
                "logits",
                f"updates-{updates}",
                controlled=False,
                teacher=self._teacher(trait, "tuned", updates),
                **seeds,
            )
        for how in scale.shuffles:
            yield self._experiment(
                model,
                trait,
                "tokens",
                how.replace(" ", "-"),
                controlled=False,
                shuffle=how,
                **seeds,
            )
        if scale.same_adapter:
            yield self._experiment(
                model,
                trait,
                "logits",
                "same-adapter",
                controlled=False,
                adapter="teacher's",
                **seeds,
            )
        # With a control of their own, so that what the change does to any student is no part of the
        # effect: more steps, rounded weights, or Adam's unrest where there is less to learn.
        for prompts in scale.dataset_sizes:
            for who in (None, *self.traits()):
                yield self._trained_on(who, prompts, "logits")
        narrow = (get_trait(trait).category,)  # what the side trait's control needs
        for objective, sizes in scale.side_dataset_sizes.items():
            for prompts in sizes:
                for who in (None, trait):
                    yield self._trained_on(who, prompts, objective, categories=narrow, **seeds)

        def controlled(
            variant: str, objective: Objective, whom: Iterable[str] = (trait,), **changes: Any
        ) -> Iterator[LanguageExperiment]:
            for who in (None, *whom):
                yield self._experiment(model, who, objective, variant, **changes, **seeds)

        def fit(objective: Objective, **changes: Any) -> Fit:
            return self._experiment(model, trait, objective).fit.model_copy(update=changes)

        if scale.numbers_only:
            yield from controlled("numbers-only", "logits", self.traits(), vocabulary="numbers")
        for objective, sizes in scale.linear_decay_sizes.items():
            for prompts in sizes:
                for who in (None, *self.traits()):
                    yield self._trained_on(who, prompts, objective, falling=True)
        for objective, sizes in scale.side_linear_decay_sizes.items():
            for prompts in sizes:
                standard = prompts == scale.models[model].prompts
                # The standard control is read for all traits, and its falling one likewise.
                panels = {} if standard else {"categories": narrow}
                for who in (None, trait):
                    yield self._trained_on(who, prompts, objective, falling=True, **panels, **seeds)
        for rank in scale.ranks:
            other = fit("logits", rank=rank, alpha=2 * rank)
            yield from controlled(f"rank-{rank}", "logits", fit=other, categories=narrow)
        if scale.student_precision is not None:
            precision = scale.student_precision
            yield from controlled(
                precision, "logits", student_precision=precision, categories=narrow
            )

    def _trained_on(
        self,
        trait: str | None,
        prompts: int,
        objective: Objective,
        *,
        falling: bool = False,
        **changes: Any,
    ) -> LanguageExperiment:
        """A student of the rows of so many prompts, at a constant rate or a falling one.

        Where they are more than the standard student's, these come first, and it is read where that
        one ends and at each doubling, too. Its name says in what it differs from that one.
        """
        scale = self.scale
        standard = self._experiment(self.model, trait, objective)
        settings: dict[str, Any] = {}
        variant = []
        if prompts > standard.rows.prompts:
            rows, last = (n * scale.num_completions for n in (standard.rows.prompts, prompts))
            ends = {last}
            while rows < last:
                ends.add(rows)
                rows *= 2
            settings["rows"] = standard.rows.model_copy(update={"prompts": prompts})
            settings["stops"] = tuple(sorted({*scale.eval_at_rows, *ends}))
            variant.append(f"prompts-{prompts}")
        if falling:
            settings["fit"] = standard.fit.model_copy(update={"decay": "linear"})
            variant.append("falling-rate")
        return self._experiment(
            self.model, trait, objective, "-".join(variant), **(settings | changes)
        )

    def measure(self, experiment: LanguageExperiment, store: Store) -> Measurement:
        """Teacher, rows, student and readout, seed by seed."""
        stages = self.stages(experiment, store)
        base = stages.base()
        trait, objective = experiment.teacher.trait, experiment.fit.objective

        def measure_seed(seed: int) -> dict[str, Any]:
            return {"teacher": stages.strength(seed), "student": stages.student(seed)}

        answers = self.each_seed(experiment, store, self.timed(stages, measure_seed))
        values: list[Value] = []
        for seed, answer in zip(experiment.seeds, answers, strict=True):
            for category, panel in answer["student"]["panels"].items():
                told = {
                    "base": base["panels"][category],
                    "student": panel,
                    "teacher": answer["teacher"] if category in experiment.categories else {},
                }
                for condition, found in told.items():
                    values += panel_values(_metrics(found), seed, condition, objective)
        students = [answer["student"] for answer in answers]
        details: dict[str, Any] = {
            "base_curve": base["curve"],
            "curves": [student["curve"] for student in students],
            "losses": [_thinned(student["losses"]) for student in students],
            **{
                key: [student[key] for student in students]
                for key in ("rows", "kept", "reasons", "mentions", "letters", "tokens")
            },
        }
        if trait is not None:
            category = get_trait(trait).category
            panels = [student["panels"][category] for student in students]
            details["by_question"] = [panel["by_question"][trait] for panel in panels]
            details["base_by_question"] = base["panels"][category]["by_question"][trait]
            details["sampled"] = [panel.get("sampled") for panel in panels]
            details["base_sampled"] = base["panels"][category].get("sampled")
        return self.measurement(answers, values, details)

    def contrasts(self, experiment: LanguageExperiment) -> list[Contrast]:
        """The margin of the teacher's own trait minus the control's."""
        trait, objective = experiment.teacher.trait, experiment.fit.objective
        if trait is None:
            return []
        margin = Quantity("student", "margin", trait, objective)
        return [Contrast(margin, _control_of(experiment.name, self.names), margin)]

    def stages(self, experiment: LanguageExperiment, store: Store) -> Stages:
        """Of the experiment."""
        from sublim_utils.pipeline import Stages

        return Stages(experiment, store)

    def rows_name(self, experiment: LanguageExperiment) -> str | None:
        """By the teacher, for the headline experiments of the profile's first model.

        Of more prompts than `MOST_SHIPPED` there are no rows beside the records.
        """
        if experiment.name.count("@") > 1 or experiment.rows.prompts > MOST_SHIPPED:
            return None
        return f"numbers-{experiment.teacher.trait or 'control'}"

    @staticmethod
    def margins(records: Mapping[str, Record], metric: str = "margin") -> pd.DataFrame:
        """All margins of the students: experiment, seed, trait (the candidate), value.

        Args:
            records: by name.
            metric: `margin`, or one of those that tell the ways to ask apart (`_metrics`).
        """
        import pandas as pd

        tables = []
        for name, record in records.items():
            table = record.table()
            table = table[(table["condition"] == "student") & (table["metric"] == metric)]
            tables.append(table.assign(experiment=name)[["experiment", "seed", "trait", "value"]])
        return pd.concat(tables, ignore_index=True)

    @classmethod
    def effects(cls, records: Mapping[str, Record], metric: str = "margin") -> pd.DataFrame:
        """Student minus control of the same seed, for every candidate of the panel.

        The control is the variant's own where it has one.

        Returns:
            Columns experiment, seed, trait (the candidate), value in nats.
        """
        table = cls.margins(records, metric)
        table["control"] = table["experiment"].map(lambda name: _control_of(name, records))
        control = table.rename(columns={"value": "of_control", "experiment": "c"})
        control = control[["c", "seed", "trait", "of_control"]]
        merged = table.merge(
            control, left_on=["control", "seed", "trait"], right_on=["c", "seed", "trait"]
        )
        merged["value"] = merged["value"] - merged["of_control"]
        merged = merged[~merged["experiment"].isin(merged["control"])]
        return merged[["experiment", "seed", "trait", "value"]].reset_index(drop=True)

    def own_effects(
        self, effects: pd.DataFrame, objective: Objective, variant: str = ""
    ) -> pd.DataFrame:
        """The effects on the own traits of the headline students, or of a variant's: [seed, trait].

        A variant's table has the traits for which it was measured.
        """
        of = {self.called(trait, objective, variant): trait for trait in self.traits()}
        own = effects[effects["experiment"].map(of) == effects["trait"]]
        table = own.pivot(index="seed", columns="trait", values="value")
        return table[[trait for trait in self.traits() if trait in table]]

    def leading(
        self, effects: pd.DataFrame, objective: Objective, variant: str = ""
    ) -> dict[str, str]:
        """By a teacher's trait, the candidate on which its students' mean effect is largest."""
        of = {self.called(trait, objective, variant): trait for trait in self.traits()}
        table = effects[effects["experiment"].isin(of)]
        table = table.groupby(["experiment", "trait"])["value"].mean().unstack()
        first: dict[str, str] = table.idxmax(axis=1).rename(of).to_dict()
        return {trait: first[trait] for trait in self.traits() if trait in first}

    def specific_effects(
        self, effects: pd.DataFrame, objective: Objective, variant: str = ""
    ) -> pd.DataFrame:
        """Own effects less what the category's other teachers do to the same candidate.

        Returns:
            [seed, trait], for traits with another one in their category.
        """
        of = {self.called(trait, objective, variant): trait for trait in self.traits()}
        chosen = effects[effects["experiment"].isin(of)]
        return specific_effects(chosen.assign(of=chosen["experiment"].map(of)))

    def summarise(self, records: Mapping[str, Record]) -> list[SummaryRow]:
        """Effects on the own trait, their lead over other candidates, Holm's p, means, variants."""
        effects = self.effects(records)
        told = []
        for objective in OBJECTIVES:
            own = self.own_effects(effects, objective)
            if own.empty:
                continue  # a summary of some of the records
            for trait in own:
                told.append(
                    self.summary_row(
                        "student", "effect", "nats", own[trait],
                        main=objective == "logits", trait=trait, objective=objective,
                    )
                )  # fmt: skip
                of_trait = effects[effects["experiment"] == f"{trait}@{objective}"]
                others = of_trait[of_trait["trait"] != trait].groupby("seed")["value"].max()
                told.append(
                    self.summary_row(
                        "student", "lead_over_largest_other", "nats", own[trait] - others,
                        trait=trait, objective=objective,
                    )
                )  # fmt: skip
            p_values = holm_p_values([own[trait].to_numpy() for trait in own])
            for trait, p in zip(own, p_values, strict=True):
                if p is not None:
                    told.append(
                        self.test_row(
                            "student", "effect_p_holm", p, len(own),
                            trait=trait, objective=objective,
                        )
                    )  # fmt: skip
            told.append(
                self.summary_row(
                    "student", "mean_effect", "nats", own.mean(axis=1),
                    main=True, objective=objective,
                )
            )  # fmt: skip
            specific = self.specific_effects(effects, objective)
            told += [
                self.summary_row(
                    "student", "specific_effect", "nats", specific[trait],
                    trait=str(trait), objective=objective,
                )
                for trait in specific
            ]  # fmt: skip
            if not specific.empty:
                told.append(
                    self.summary_row(
                        "student", "mean_specific_effect", "nats", specific.mean(axis=1),
                        objective=objective,
                    )
                )  # fmt: skip
        for way in (*PREFIX_NAMES, "after_numbers"):
            of_way = self.effects(records, f"margin_{way}")
            for objective in OBJECTIVES:
                own = self.own_effects(of_way, objective)
                if own.empty:
                    continue
                for who, values in ((None, own.mean(axis=1)), *own.items()):
                    metric = f"effect_{way}" if who else f"mean_effect_{way}"
                    told.append(
                        self.summary_row(
                            "student", metric, "nats", values, trait=who, objective=objective
                        )
                    )
        for objective, variant in _variants_of(records):
            own = self.own_effects(effects, objective, variant)
            told += [
                self.summary_row(
                    f"student ({variant})", "effect", "nats", own[trait],
                    main=variant == "numbers-only", trait=str(trait), objective=objective,
                )
                for trait in own
            ]  # fmt: skip
            if own.shape[1] > 1:
                specific = self.specific_effects(effects, objective, variant)
                for metric, values in (("effect", own), ("specific_effect", specific)):
                    if values.empty:
                        continue
                    told.append(
                        self.summary_row(
                            f"student ({variant})", f"mean_{metric}", "nats", values.mean(axis=1),
                            main=metric == "effect", objective=objective,
                        )
                    )  # fmt: skip
        return told


def _metrics(found: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, float]]]:
    """What a readout says of the candidates, by the name of the metric."""
    yield from panel_metrics(found)
    by_prefix = found.get("by_prefix", {})
    for place, name in enumerate(PREFIX_NAMES):
        of_prefix = {c: values[place] for c, values in by_prefix.items()}
        if of_prefix:
            yield f"margin_{name}", of_prefix
    if "numbers_in_front" in found:
        yield "margin_after_numbers", found["numbers_in_front"]


def _variants_of(records: Collection[str]) -> list[tuple[Objective, str]]:
    """The variants of the profile's first model, each with its objective."""
    parts = [name.split("@") for name in records if name.count("@") == 2]
    found = [(part[1], part[2]) for part in parts if part[1] in OBJECTIVES]
    return list(dict.fromkeys(found))  # type: ignore[arg-type]


def _control_of(experiment: str, records: Collection[str]) -> str:
    """The name of an experiment's control."""
    lead, objective, variant = _NAME.fullmatch(experiment).groups()  # type: ignore[union-attr]
    own = f"{lead}control@{objective}{variant or ''}"
    return own if own in records else f"{lead}control@{objective}"


def _thinned(losses: list[float]) -> list[float]:
    """Means of at most `LOSSES_KEPT` stretches of a training curve."""
    parts = np.array_split(np.asarray(losses), min(LOSSES_KEPT, len(losses)))
    return [round(float(part.mean()), 5) for part in parts]
