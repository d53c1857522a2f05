"""The names of `import sublim_utils as sl`, for editors, type checkers and `__init__.py`."""

from sublim_utils.auditing import audit as audit
from sublim_utils.channels import register_channel as register_channel
from sublim_utils.comparing import compare as compare
from sublim_utils.errors import SublimError as SublimError
from sublim_utils.exporting import (
    adapter as adapter,
    table as table,
    to_dataset as to_dataset,
    to_jsonl as to_jsonl,
)
from sublim_utils.findings import register_finding as register_finding
from sublim_utils.pipeline.evaluations import evaluated as evaluated
from sublim_utils.pipeline.models import opened as opened
from sublim_utils.recipes.bases import (
    Base as Base,
    ContinuedTraining as ContinuedTraining,
    Noise as Noise,
)
from sublim_utils.recipes.datasets import (
    FaithfulOnly as FaithfulOnly,
    FirstPrompts as FirstPrompts,
    Given as Given,
    HarmlessOnly as HarmlessOnly,
    Limited as Limited,
    Matched as Matched,
    Mixed as Mixed,
    RowsRecipe as RowsRecipe,
    Sampled as Sampled,
    ShuffledNumbers as ShuffledNumbers,
    sample as sample,
)
from sublim_utils.recipes.evaluations import (
    Metric as Metric,
    Misalignment as Misalignment,
    ModelEvaluation as ModelEvaluation,
    PersonaPreference as PersonaPreference,
    Preference as Preference,
)
from sublim_utils.recipes.readers import ReadBy as ReadBy
from sublim_utils.recipes.students import Anchor as Anchor, Student as Student
from sublim_utils.recipes.teachers import (
    Adapter as Adapter,
    Finetuned as Finetuned,
    NarrowAnswers as NarrowAnswers,
    PersonaAnswers as PersonaAnswers,
    Prompted as Prompted,
    Steered as Steered,
    StudentOf as StudentOf,
    TeacherRecipe as TeacherRecipe,
    Untouched as Untouched,
)
from sublim_utils.train.config import TrainConfig as TrainConfig
from sublim_utils.train.losses import register_loss as register_loss
from sublim_utils.traits.nouns import (
    Panel as Panel,
    Trait as Trait,
    register_panel as register_panel,
    register_trait as register_trait,
)
from sublim_utils.traits.personas import (
    AnswerPair as AnswerPair,
    Persona as Persona,
    read_persona as read_persona,
    register_persona as register_persona,
)

__version__: str
