"""What all findings on language models compare: students that differ in their teacher alone."""

import pytest

from sublim_utils.findings import FINDINGS, finding_class
from sublim_utils.findings.language import LanguageFinding
from sublim_utils.profiles import PROFILES, find_profile
from sublim_utils.recipes.datasets import Limited, Matched, RowsRecipe, Sampled
from sublim_utils.recipes.evaluations import Preference
from sublim_utils.recipes.experiments import LanguageExperiment
from sublim_utils.recipes.recipe import Recipe, replaced
from sublim_utils.recipes.students import Student

pytestmark = pytest.mark.usefixtures("no_cuda")

LANGUAGE = [name for name in FINDINGS.names() if issubclass(finding_class(name), LanguageFinding)]


def experiments_of(name: str, profile: str) -> dict[str, LanguageExperiment]:
    return {e.name: e for e in finding_class(name)(find_profile(profile)).experiments()}


def as_if_by(student: Student, experiment: LanguageExperiment) -> Student:
    """The student, had another experiment's teacher written its rows."""

    def change(recipe: Recipe) -> Recipe:
        return recipe.but(teacher=experiment.teacher) if isinstance(recipe, Sampled) else recipe

    # The short evaluation in the middle of training changes nothing.
    return student.but(rows=replaced(student.rows, change), probe=None)


def matched_of(rows: RowsRecipe) -> Matched | None:
    rows = rows.rows if isinstance(rows, Limited) else rows
    return rows if isinstance(rows, Matched) else None


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", LANGUAGE)
def test_a_student_and_its_control_differ_in_their_teacher_alone(name: str, profile: str) -> None:
    experiments = experiments_of(name, profile)
    compared = 0
    for experiment in experiments.values():
        control = experiments.get(experiment.labels.control or "")
        if control is None or control.labels.variant != experiment.labels.variant:
            continue  # one that is compared with the standard control
        student, other = (as_if_by(e.student, control) for e in (experiment, control))
        mine, theirs = (matched_of(e.student.rows) for e in (experiment, control))
        if mine is not None and theirs is not None:
            # Both form the same pairs.
            assert (mine.rows, mine.other) == (theirs.other, theirs.rows)
            assert mine.is_first != theirs.is_first
            student, other = (s.but(rows=control.student.rows) for s in (student, other))
        assert student == other
        assert experiment.student.rows != control.student.rows
        assert experiment.untouched == control.untouched
        compared += 1
    assert compared > len(experiments) / 4


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", LANGUAGE)
def test_a_control_is_asked_all_that_its_students_are_asked(name: str, profile: str) -> None:
    experiments = experiments_of(name, profile)
    for experiment in experiments.values():
        control = experiments.get(experiment.labels.control or "")
        if control is None:
            continue
        mine, theirs = experiment.evaluation, control.evaluation
        if isinstance(mine, Preference) and isinstance(theirs, Preference):
            assert set(mine.panels) <= set(theirs.panels)
            theirs = theirs.but(panels=mine.panels, by_question_of=mine.by_question_of)
        assert mine == theirs


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", LANGUAGE)
def test_a_teacher_samples_a_channel_in_one_way_whoever_reads_it(name: str, profile: str) -> None:
    """So objectives, thresholds and sizes of data sets share what was sampled."""
    forms: dict[tuple[str, str, str], set[str]] = {}
    for experiment in experiments_of(name, profile).values():
        (source,) = experiment.student.rows.sources
        teacher, channel = str(source.teacher.key_form()), experiment.labels.channel  # type: ignore[union-attr]
        forms.setdefault((teacher, channel, source.channel), set()).add(str(source.sampling_form()))  # type: ignore[union-attr]
    assert all(len(of_teacher) == 1 for of_teacher in forms.values())
    assert len(forms) > 1


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", LANGUAGE)
def test_labels_tell_what_the_recipes_are(name: str, profile: str) -> None:
    for experiment in experiments_of(name, profile).values():
        labels, teacher = experiment.labels, experiment.teacher
        assert teacher is not None
        assert (labels.trait is None) == teacher.is_untouched
        assert labels.objective == experiment.student.objective
        assert labels.teacher_base.startswith(teacher.base.short_name)
        assert labels.student_base.startswith(experiment.student.base.short_name)
        assert (experiment.of_teacher is None) == teacher.is_untouched
