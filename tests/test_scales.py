"""Scales say on what and how much a finding is measured, and refuse what does not fit together."""

from typing import Any

import pytest

from sublim_utils.findings import FINDINGS, finding_class
from sublim_utils.findings.cross_family.scales import SCALES as FAMILIES
from sublim_utils.findings.misaligned_reasoning.scales import SCALES as MISALIGNMENT
from sublim_utils.findings.owl_numbers.scales import SCALES as NUMBERS
from sublim_utils.findings.paraphrase.scales import SCALES as PARAPHRASES
from sublim_utils.profiles import PROFILES
from sublim_utils.traits.nouns import get_trait


@pytest.mark.parametrize("name", FINDINGS.names())
def test_every_finding_has_a_scale_for_every_profile(name: str) -> None:
    assert set(finding_class(name).scales) == set(PROFILES)


def test_every_trait_of_a_scale_is_known() -> None:
    traits = [
        *(t for scale in NUMBERS.values() for model in scale.models.values() for t in model.traits),
        *(t for scale in FAMILIES.values() for c in scale.channels.values() for t in c.traits),
        *(t for scale in PARAPHRASES.values() for t in scale.traits),
    ]
    assert {"owl", "oak", "wolf"} <= {get_trait(trait).name for trait in traits}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset_sizes": (80,)}, "above 80"),
        ({"side_dataset_sizes": {"tokens": (640, 80)}}, "above 80"),
        ({"dataset_sizes": (160,), "side_dataset_sizes": {"logits": (160,)}}, "named twice"),
        (
            {"linear_decay_sizes": {"tokens": (80,)}, "side_linear_decay_sizes": {"tokens": (80,)}},
            "named twice",
        ),
        ({"linear_decay_sizes": {"tokens": (70,)}}, "held against a constant one"),
        ({"side_trait": "oak"}, "'oak' is no trait of the first model"),
        ({"doses": (160,)}, "Extra inputs are not permitted"),
    ],
)
def test_numbers_of_prompts_and_traits_fit_together(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NUMBERS["embedded"].updated(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"perturbed_model": "elsewhere"}, "'elsewhere' is none of the models"),
        ({"perturbed_model": "Qwen2.5-7B-Instruct#plain"}, "in four bits cannot be moved"),
        ({"side_trait": "wolf"}, "'wolf' does not cross in 'sentences'"),
    ],
)
def test_families_are_measured_on_what_is_perturbed(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FAMILIES["gpu"].updated(**changes)


@pytest.mark.parametrize("field", ["token_traits", "side_traits", "without_traits"])
def test_paraphrases_are_measured_on_some_of_their_traits(field: str) -> None:
    with pytest.raises(ValueError, match=f"{field} are none of the traits: fox"):
        PARAPHRASES["gpu"].updated(**{field: ("owl", "fox")})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sets": {"code": ("tokens",)}, "matched": ("code",)}, "matched without a student"),
        ({"dataset_sizes": (16,)}, "below 16"),
    ],
)
def test_misaligned_students_of_fewer_or_matched_rows_have_a_standard_one(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        MISALIGNMENT["embedded"].channels["reasoning"].updated(**changes)
