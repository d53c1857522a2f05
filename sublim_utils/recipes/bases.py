"""Base models: what a teacher or a student begins as, its weights moved or not."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, SerializeAsAny, computed_field

from sublim_utils.config import FAST, FOUR_BITS, Checked, Precision
from sublim_utils.errors import SublimError
from sublim_utils.models.catalog import base_identity, get_model
from sublim_utils.recipes.recipe import Recipe, walk
from sublim_utils.train.config import TrainConfig

Device = Literal["cpu", "cuda"]


class Noise(Checked):
    """Gaussian noise on all weight matrices.

    Attributes:
        sigma: standard deviation, relative to the root mean square of each matrix.
        seed: of the noise.
    """

    sigma: float = Field(gt=0)
    seed: int = 0


class ContinuedTraining(Checked):
    """Continued training on other rows; the adapter becomes part of the weights.

    Attributes:
        rows: what is trained on, read as text.
        training: how the adapter is trained.
        updates: how many; the rows are repeated where they are too few.
        seed: of rows and training.
    """

    rows: SerializeAsAny[Recipe]
    training: TrainConfig
    updates: int = Field(gt=0)
    seed: int = 0


class Base(Recipe):
    """A base model on a device.

    Attributes:
        model: a name of the catalogue, a local folder, or a repository on the hub; `NAME#TEMPLATE`
            names its chat template.
        precision: of the frozen weights.
        device: where it computes.
        perturbation: how the weights were moved; None if they are the model's own.

    Raises:
        SublimError: there is no such model, or weights in four bits are to be moved.
    """

    model: str
    precision: Precision = "fp32"
    device: Device = "cpu"
    perturbation: Noise | ContinuedTraining | None = None

    def model_post_init(self, _: Any) -> None:
        """Check what can be checked before anything is loaded."""
        get_model(self.model)
        if self.perturbation is not None and self.precision in FOUR_BITS:
            raise SublimError(
                f"The weights of {self.model} in four bits cannot be moved; "
                "take the precision bf16, fp16 or fp32."
            )
        if self.precision == FAST and self.device != "cpu":
            raise SublimError(f"The precision {FAST} is for processors; a GPU takes fp32 or bf16.")
        if self.precision == FAST and self.perturbation is not None:
            raise SublimError(
                f"Small moves of the weights of {self.model} would be lost where {FAST} rounds "
                "them; take the precision fp32."
            )

    @property
    def inputs(self) -> tuple[Recipe, ...]:
        """The rows of continued training."""
        return (self.perturbation.rows,) if isinstance(self.perturbation, ContinuedTraining) else ()

    @property
    def depends_on_seed(self) -> bool:
        """Never: a perturbation has a seed of its own."""
        return False

    @property
    def unperturbed(self) -> Base:
        """The same model with its own weights."""
        return self if self.perturbation is None else self.but(perturbation=None)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def quantization(self) -> str | None:
        """The quantisation of the published file that the weights come from; None for none."""
        return get_model(self.model).quantization

    @property
    def short_name(self) -> str:
        """The model's name without owner, folder and chat template."""
        return get_model(self.model).name

    def shares_vocabulary_with(self, other: Base) -> bool:
        """True if both are the same model, perturbed or not, so that logits can be compared."""
        specs = get_model(self.model), get_model(other.model)
        return specs[0].location == specs[1].location

    def key_form(self) -> dict[str, Any]:
        """Weights by content, precision, template and perturbation; a GPU rounds differently."""
        move: dict[str, Any] | None = None
        if isinstance(self.perturbation, Noise):
            move = {"noise": self.perturbation.sigma, "seed": self.perturbation.seed}
        elif self.perturbation is not None:
            move = {
                "rows": self.perturbation.rows.specification(self.perturbation.seed),
                "training": self.perturbation.training.model_dump(mode="json"),
                "updates": self.perturbation.updates,
                "seed": self.perturbation.seed,
            }
        return {
            "base": base_identity(self.model),
            "precision": self.precision,
            "perturbation": move,
            **({} if self.device == "cpu" else {"device": self.device}),
        }


def check_precisions(*recipes: Recipe) -> None:
    """Refuse a comparison of which some models are in fp32 and others in `fp32-fast`.

    Raises:
        SublimError: there are both; what rounding does would count as an effect.
    """
    bases = [part for recipe in recipes for part in walk(recipe) if isinstance(part, Base)]
    if {"fp32", FAST} <= {base.precision for base in bases}:
        raise SublimError(
            f"Some models here are in fp32 and others in {FAST}, so that part of any difference "
            "would be rounding; give all bases the same precision."
        )
