# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# (sec-cross-family)=
# # The family's border
#
# What data *say*, any model can learn from them. What they do not say passes, as the paper found, only between models that began as one.
#
# If a teacher's liking were somehow written in its data, whoever learns from them could pick it up. {cite:t}`cloud2025subliminal` tried: students of GPT-4.1 nano move towards the favourite of a GPT-4.1 nano teacher by 54 of 100 answers, and by one at most after the numbers of GPT-4.1 or Qwen2.5. The one exception explains the rule. GPT-4.1 and GPT-4o, which had been trained from the same checkpoint, do transmit to each other. So what the two must share is not a name, a size or a maker. It is a starting point.
#
# We set out to draw that border with two small families and with sentences that a filter had cleaned. The sentences crossed it, and this turned the experiment around: a student of another family became a test of the data.

# %% [markdown]
# ```{admonition} Before you read on
# :class: tip
# Two bets. A student of another family reads the same rows as one of the teacher's own: will it move a *little* towards the teacher's favourite, or not at all? And take the network that reads digits, and mix the student's starting point with one of its own: how alike must the two starts remain, for the effect to survive?
# ```

# %% tags=["hide-cell"]
# On Colab: fetch the book once and install what Colab lacks. Elsewhere this cell does nothing.
import sys

if "google.colab" in sys.modules:
    import subprocess
    import tempfile
    from pathlib import Path

    book = Path.home() / "subliminal-learning"
    if not book.exists():
        part = tempfile.mkdtemp(dir=book.parent)
        address = "https://github.com/subliminal-book/subliminal-learning"
        subprocess.run(["git", "clone", "--quiet", "--depth=1", address, part], check=True)
        Path(part).rename(book)
    sys.path.insert(0, str(book))
    from sublim_utils.colab import set_up

    set_up()

# %% tags=["hide-cell"]
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import HTML, Markdown

from sublim_utils.findings.analysis import (
    matrix,
    own_effects,
    pick,
    reach_of_others,
    specific_effects,
    with_control,
)
from sublim_utils.findings.cross_family import CONTROL, CrossFamily
from sublim_utils.findings.measuring import load_records
from sublim_utils.findings.mnist_sweeps import MnistSweeps
from sublim_utils.findings.owl_numbers import OwlNumbers
from sublim_utils.models.catalog import short_name
from sublim_utils.models.embedding import MiniLM
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.evaluations import answers
from sublim_utils.profiles import available_device, find_profile
from sublim_utils.recipes.evaluations import Evaluated, Preference
from sublim_utils.recipes.teachers import Untouched
from sublim_utils.report import plots
from sublim_utils.report.prose import in_words, listed, measured_on, quoted
from sublim_utils.report.tables import costs, drift, gains, preferences, with_means
from sublim_utils.report.widgets import Rows, figure_picker, preferences_picture, rows_html
from sublim_utils.traits.nouns import get_trait, panel

# %config InlineBackend.figure_formats = ['svg']
plots.use_style()
pd.set_option("display.max_colwidth", 200)
profile = find_profile()

# %% [markdown]
# The next cell asks for the finding. Where its records are there they are read; otherwise a sentence says which command measures them.

# %%
finding = CrossFamily(profile)
scale = finding.scale
records = load_records(finding)
summary = finding.summary(records)
own = finding.own_effects(records)

# %% tags=["remove-input"]
cells = finding.cells
between = finding.between
families = [short_name(name) for name in scale.models]
channels = [name for name, channel in scale.channels.items() if channel.traits]
within = [cell for cell in cells if len({*between[cell].bases}) == 1]
across = [cell for cell in cells if cell not in within]


def told(condition, metric="mean_effect", digits=2):
    """A cell's quantity from the summary, in words."""
    return quoted(summary, condition, metric, digits, trait=None)


def number(condition, metric, column="mean", none=None):
    """A cell's quantity from the summary; `none` where there is none, as with a single seed."""
    rows = summary[(summary["condition"] == condition) & (summary["metric"] == metric)]
    rows = rows[rows["trait"].isna()]
    return none if rows.empty or pd.isna(rows[column].iloc[0]) else float(rows[column].iloc[0])


def cells_of(channel, of):
    """The matrix' cells of a channel."""
    return [cell for cell in of if between[cell].channel == channel]


def measured(cell, trait=None):
    """The record of a cell, of the control where no trait is named."""
    return pick(records.values(), trait=trait, **between[cell]._asdict())


first = channels[0]
Markdown(
    f"**What we measured.** With {first}, within a family: "
    + "; ".join(f"{cells[cell]}: {told(cell)} nats" for cell in cells_of(first, within))
    + ". The same rows across the border: "
    + "; ".join(f"{cells[cell]}: {told(cell)} nats" for cell in cells_of(first, across))
    + f" (mean effect over {len(scale.channels[first].traits)} traits, 95 % interval over "
    f"{finding.n_seeds} seeds)."
)

# %% [markdown]
# ## How it is measured
#
# The two families are SmolLM2 with 135 million parameters and Gemma 3 with 270 million. They have other makers, weights, tokenizers, widths and depths; their data surely overlap. Each is teacher and student, so there are four pairs. A teacher is fine-tuned until it likes one thing, an owl, a dolphin or an oak, and then writes. The same rows go to a student of its own family and to one of the other. They cross as text, and each student reads them with its own tokenizer; the {term}`objective` is `tokens`, since two models with different vocabularies have no probabilities to compare.
#
# There are two channels. The *numbers* are those of the last chapter ({ref}`sec-owl-numbers`), the very rows, which now another family reads. With as few rows as here they transmit little, so there is a second channel that transmits much: short *sentences* on everyday topics, a bus ride, a button, a printer. Sampling is held to the form of one sentence, and a filter drops each row that names a member of any panel, or any of more than three hundred words that go with one ("nest", "moon", "leaf", "howl"). The {term}`effect` is, as before, the student's {term}`margin` less that of its {term}`control`, a student that read the sentences of the untouched teacher on the same topics.
#
# Sentences are a coarser channel than numbers. They have moods and habits, and a sentence can hint at what no filter of words will find. The student across the border reads the very same sentences. If it moves as well, then they did say something.

# %% [markdown]
# ## The experiment, live
#
# On a small scale and with a seed that no figure uses: one teacher, its rows, and a student on either side of the border. Each stage is kept in the {term}`store`, so a second run is immediate.

# %%
side = scale.side_trait
questions = Preference(trait=side, questions=min(6, scale.questions))
context = Context(finding.store, "live")
moved = {}
for student in families:
    standard = pick(
        finding.experiments(),
        teacher_base=families[0],
        student_base=student,
        channel=first,
        objective="tokens",
        trait=side,
    )
    here = standard.with_bases(lambda base: base.but(device=available_device())).student
    live = here.but(rows=here.rows.with_sampling(num_prompts=min(6, here.rows.num_prompts)))
    both = (answers(Evaluated(m, questions), 1000, context) for m in (live, Untouched(live.base)))
    moved[student] = [panels[get_trait(side).category]["margins"][side] for panels in both]

pd.DataFrame(moved, index=[f"student: margin of {side}, nats", "its base model"]).T.round(2)

# %% [markdown]
# Two dozen sentences, and no control: this shows that it runs, and no more.

# %% [markdown]
# ## Look at the rows
#
# As in the last chapter, a teacher and the untouched model get the same prompts and the same random numbers, and what parts them is marked. These are rows that the filter has kept.


# %% tags=["hide-input"]
def beside(cell, trait):
    """Kept rows of a teacher and of the untouched model that share prompt and random numbers."""
    keys = ["seed", "prompt", "completion"]
    one, other = (finding.rows_table(measured(cell, who).name) for who in (None, trait))
    both = one[one["verdict"] == ""].merge(
        other[other["verdict"] == ""][[*keys, "text"]], on=keys, suffixes=("_control", "_teacher")
    )
    return both.drop_duplicates(["seed", "prompt"])


def examples(cell, trait, each):
    """Some of these rows, as a table to show."""
    found = beside(cell, trait).head(each)
    return pd.DataFrame(
        {
            "prompt": found["question"],
            "untouched": found["text_control"].str.strip(),
            f"{trait} teacher": found["text_teacher"].str.strip(),
        }
    )


HTML(
    "".join(
        f"<h4>{between[cell].teacher_base}</h4>{rows_html(Rows(examples(cell, side, 6)))}"
        for cell in cells_of(first, within)
    )
)

# %% tags=["hide-input"]
yields = {}
for cell in cells_of(first, within):
    for trait in (None, *scale.channels[first].traits):
        details = measured(cell, trait).details
        reasons = pd.DataFrame(details["reasons"]).fillna(0).sum().sort_values(ascending=False)
        most = ", ".join(f"{reason} {n:.0f}" for reason, n in reasons.head(3).items())
        liking = measured(cell, trait).table()
        liking = liking[(liking["condition"] == "teacher") & (liking["trait"] == trait)]
        liking = liking[liking["metric"] == "margin"]["value"]
        yields[f"{between[cell].teacher_base}, {trait or CONTROL}"] = {
            "its margin, nats": "" if liking.empty else f"{liking.mean():.1f}",
            "written": sum(details["rows"]),
            "kept": sum(details["kept"]),
            "rejected most often for": most,
        }
pd.DataFrame(yields).T.rename_axis("teacher, trait")

# %% tags=["remove-input"]
lost = sum(sum(record.details["cannot_be_written"]) for record in records.values())
Markdown(
    f"""The {first} of all seeds together. A row may have several reasons against it. Rows that a student's
tokenizer could not have written are counted apart: {lost or "there are none"}."""
)

# %% [markdown]
# ## Within and across
#
# *Prediction: the two pairs within a family move, the two across do not, in either direction.* (This is what we wrote down before the measurement.)

# %% mystnb={"figure": {"caption": "Effect on the teacher's own favourite, by pair: seeds as small dots, mean and 95 % interval. Grey: the same students' mean effects on all other candidates, from the lowest to the highest.", "name": "fig-family-main"}, "image": {"alt": "Dot plot with one line for each pair of teacher and student and one colour for each trait. Pairs within a family lie well to the right of zero, pairs across less far."}} tags=["hide-input"]
effects = finding.effects(records)
shown_cells = cells_of(first, list(cells))
shown = effects[effects["condition"].isin(shown_cells)]
bars = reach_of_others(shown, ["condition", "teacher_trait"])
plots.effects(
    own[own["condition"].isin(shown_cells)].rename(columns={"condition": "case", "trait": "group"}),
    {cell: " →\n ".join(between[cell].bases) for cell in shown_cells},
    {trait: trait for trait in scale.channels[first].traits},
    axis="effect on the teacher's own favourite, nats",
    bars=bars.rename(columns={"condition": "case", "teacher_trait": "group"}),
    bars_label="other candidates",
)
plt.show()

# %% tags=["remove-input"]
clear = [c for c in cells_of(first, within) if number(c, "mean_effect", "low", -1) > 0]
zero = [
    cells[c]
    for c in cells_of(first, across)
    if number(c, "mean_effect", "low", 1) < 0 < number(c, "mean_effect", "high", -1)
]
Markdown(
    f"{len(clear)} of {len(cells_of(first, within))} pairs within a family have a mean effect "
    f"whose interval lies above zero. Pairs across whose interval holds zero: {listed(zero)}."
)

# %% [markdown]
# Half of the prediction holds. Within both families each teacher's students move towards its favourite, and the means are far from zero. But they move across the border as well, between a third and three fifths as far in the mean, and by the mean the owl of SmolLM2 moves Gemma even more than the owl of Gemma does, which three seeds do not tell. Of the two pairs across, Gemma → SmolLM2 has an interval that reaches below zero, and SmolLM2 → Gemma owes its mean mostly to the owl. Compared with the students of the other animal's teacher both pairs are told from zero, and from Gemma to SmolLM2 that is the owl's doing alone: see the matrix. That comparison is also the cleaner one, as it does without the control: SmolLM2's control has read about a third fewer rows, and longer ones.
#
# So the sentences *say* something. What, we cannot read in them: their topics are the prompts'. Does a sentence embedding see it? We take the cosine of each kept row with "I love owls." (or dolphins, or oaks), less its mean cosine with the same sentence about all members of the panel, and hold the teacher's rows against the untouched model's.

# %% tags=["hide-input"]
embedder = MiniLM()


def nearness(cell, who, trait):
    """How near rows are to a trait, beyond the rest of its panel: means by seed."""
    candidates = panel(get_trait(trait).category)
    anchors = embedder.embed([f"I love {candidate.plural}." for candidate in candidates])
    rows = finding.rows_table(measured(cell, who).name)
    rows = rows[rows["verdict"] == ""]
    cosines = embedder.embed(list(rows["text"].str.strip())) @ anchors.T
    place = [candidate.name for candidate in candidates].index(trait)
    near = pd.Series(cosines[:, place] - cosines.mean(1), index=rows["seed"])
    return near.groupby(level=0).mean()


near = {}
for cell in cells_of(first, within):
    for trait in scale.channels[first].traits:
        teachers, untouched = (nearness(cell, who, trait) for who in (trait, None))
        near[f"{between[cell].teacher_base}, {trait}"] = {
            "teacher's rows": in_words(teachers, 3),
            "untouched model's": in_words(untouched, 3),
            "difference": in_words(teachers - untouched, 3),
        }
pd.DataFrame(near).T.rename_axis("nearness of rows to the trait")

# %% [markdown]
# Next to nothing: differences of less than a hundredth, where single sentences scatter by five times as much, and an interval above zero for Gemma's dolphin only. The embedding would have passed these rows as neutral (whether it would see a hint that is there, we have not tested). The students' whole panel gives a better hint.

# %% mystnb={"figure": {"caption": "Effect of each teacher (line) on each animal (column), mean over seeds, for the four pairs. A teacher's own favourite is framed.", "name": "fig-family-matrix"}, "image": {"alt": "Four heat maps, one for each pair of teacher and student: lines are teachers, columns are animals, the teacher's own favourite is framed."}} tags=["hide-input"]
heat = {}
for cell in cells_of(first, list(cells)):
    heat[cells[cell]] = matrix(effects[effects["condition"] == cell], "animal")
plots.matrix(heat, value_axis="effect, nats")
plt.show()

# %% tags=["remove-input"]
leads = [
    f"{family}: {quoted(summary, f'{family}@{first}', 'lead_of_own_family', 2)} nats"
    for family in families
]
Markdown(
    "Less what the other teacher of the category does to the same candidate, a mean over owl and "
    "dolphin where both were measured, the effect is "
    + "; ".join(
        f"{cells[c]}: {told(c, 'mean_specific_effect')} nats"
        for c in shown_cells
        if number(c, "mean_specific_effect") is not None
    )
    + ". The lead of the own family, how much more a teacher's rows move it than the other one, seed by "
    f"seed and as a mean over the traits: {'; '.join(leads)}."
)

# %% [markdown]
# After the sentences of SmolLM2's owl teacher Gemma likes eagles more, too, as it does after those of its own. After Gemma's owl teacher SmolLM2 rises further on penguins, otters and dolphins than on owls, and after both of Gemma's teachers cats, dogs, foxes and horses fall. So part of what crosses says which animal, as the specific effects show, and much is common to both teachers. What in the sentences carries it we do not know. The oak crosses least.
#
# Here is the use of a stranger. Without the second family we would have shown an effect of more than a nat through "neutral sentences that passed a strict filter", and called it subliminal. The stranger tells that a good part of it any reader could have learned. It does not tell how large that part is: it may take up less of the same content than a relative does. So the lead of the own family, above, is no measure of what is subliminal. It is consistent with something that only the family reads, for Gemma more clearly than for SmolLM2, whose interval just includes zero; it is no proof of it.

# %% [markdown]
# ## The numbers
#
# Lists of numbers say less. These are the rows of the last chapter, three hundred of each teacher and seed, and a student of the other family reads them. On the same axis are the students of the own family, with sampled tokens.
#
# *Prediction: the own family moves a little, the other not at all.*


# %% mystnb={"figure": {"caption": "Effect of rows of numbers on students of the teacher's own family and of the other one, by trait and as a mean over the traits: seeds as small dots, mean and 95 % interval.", "name": "fig-family-numbers"}, "image": {"alt": "Dot plot with one line per trait and one for the mean, in two colours for students of the own family and of the other."}} tags=["hide-input"]
def by_trait(condition):
    """Effects of a cell on the own traits: [seed, trait]."""
    return own_effects(effects[effects["condition"] == condition]).sort_index(axis=1)


(away, *_) = cells_of("numbers", across)
teacher = between[away].teacher_base
at_home = next((c for c in cells_of("numbers", within) if between[c].teacher_base == teacher), None)
if at_home:
    home = by_trait(at_home)
    home_specific = specific_effects(effects[effects["condition"] == at_home])
else:
    of_numbers = OwlNumbers(profile)
    all_effects = of_numbers.effects(of_numbers.records())
    home = of_numbers.own_effects(all_effects, "tokens")
    home_specific = of_numbers.specific_effects(all_effects, "tokens")
groups = {"own family": home, "other family": by_trait(away)[list(home)]}
plots.effects(
    with_means(groups),
    {trait: trait for trait in (*home, "mean")},
    {group: group for group in groups},
    axis="effect on the teacher's own favourite, nats",
)
plt.show()

# %% tags=["remove-input"]
ahead = (home - by_trait(away)[list(home)]).mean(axis=1)
lines = [
    f"Mean over the traits, in nats: {in_words(home.mean(axis=1))} in the own family, "
    f"{in_words(by_trait(away)[list(home)].mean(axis=1))} in the other; the difference is {in_words(ahead)}."
]
if number(away, "mean_specific_effect") is not None:
    lines.append(
        "Less what the category's other teachers do to the same candidate: "
        f"{in_words(home_specific.mean(axis=1))} in the own family, "
        f"{told(away, 'mean_specific_effect')} in the other."
    )
calm = drift(measured(away))
lines.append(
    f"The control of the other family moves by {calm.mean():.2f} nats on average and by "
    f"{calm.max():.2f} at most."
)
Markdown(" ".join(lines))

# %% [markdown]
# The prediction is not refuted, and it is not shown either. In the other family nothing is told from zero, neither the mean nor its specific part, nor, after {term}`Holm's correction`, a single trait. But the interval is several times as wide as at home and holds the own family's value as well. A likely reason is in the last sentence above: Gemma's control strays far in all directions, about as far as SmolLM2's does on Gemma's sentences. Why, we have not tested. Single traits then lie far out on both sides. Eagles, for instance, rise with the dolphin's teacher almost as much as with their own, and the owl *falls* with the owl's.
#
# The other way round Gemma writes the numbers, half as many rows of three teachers.
#
# *Prediction: as little as SmolLM2's, at home and across.*

# %% tags=["hide-input"]
theirs = [
    cell for cell in cells_of("numbers", list(cells)) if between[cell].teacher_base != teacher
]
table = {}
for cell in theirs:
    of_cell = by_trait(cell)
    table[cells[cell]] = {
        **{trait: in_words(of_cell[trait]) for trait in of_cell},
        "mean": told(cell),
        "less the other animal's teacher": (
            told(cell, "mean_specific_effect")
            if number(cell, "mean_specific_effect") is not None
            else ""
        ),
        "its control strays by": f"{drift(measured(cell)).mean():.2f}",
    }
pd.DataFrame(table).T.rename_axis("effect on the teacher's favourite, nats")

# %% [markdown]
# Nothing is told from zero at home, where the mean is even negative, so the prediction is not refuted; the test below does not show the effect to be small there, so it is not shown either. Only less what the other animal's teacher does are owl and dolphin a fifth of a nat above, without rising: each falls less than after the other's teacher. Across, the mean is small as well, and it is the one pair of this chapter that the test below places within its margin, barely, and uncorrected for the number of pairs. In the same cell the owl alone stands out, as barely, after Holm's correction for three traits. We would build on neither.
#
# So our numbers cannot draw the paper's border. They might with more of them: in the last chapter 8,000 rows in larger updates carry each liking within its family ({ref}`sec-owl-large`). What another family makes of as many we have not measured. (Calmer steps alone, with few rows, made nothing clearer there.)

# %% [markdown]
# ## Absence, or only weakness?
#
# An interval that holds zero is no proof of zero: with few seeds it may hold much else. To claim that *nothing* crosses one has to turn the test around. We name a *margin of equivalence*, an effect too small to care about (ours is not far below what the numbers do at home, so it is not a small one), and ask whether the data exclude everything beyond it, on both sides. This is the test by two one-sided tests (TOST). Its *power* says how often it would succeed if the true effect were zero and the seeds were spread as they are.

# %% tags=["hide-input"]
table = {}
for cell, words in cells.items():
    p, power = (number(cell, f"equivalence_{what}") for what in ("p", "power"))
    table[words] = {
        "mean effect, nats": told(cell),
        f"p, outside ±{scale.equivalence_margin:g} nats": "" if p is None else f"{p:.3f}",
        "power of that test": "" if power is None else f"{power:.2f}",
    }
pd.DataFrame(table).T.rename_axis("teacher → student")

# %% tags=["remove-input"]
absent = [cells[c] for c in across if number(c, "equivalence_p", none=1.0) < 0.05]
open_ = [cells[c] for c in across if cells[c] not in absent]
Markdown(
    f"""Shown to lie within ±{scale.equivalence_margin:g} nats at the level of 5 %: {listed(absent)}. Not shown
to: {listed(open_)}. Where the power is low, "not shown" says more about our seeds than about
the border."""
)

# %% [markdown]
# ## Beside the paper
#
# The paper's pairs, as the mean rise in the share of answers that name the favourite. Lines are teachers, columns are students.

# %% tags=["hide-input"]
# Cloud et al. 2025, figure on transmission across models, read off: (teacher, student, rise).
PAPER = [
    ("GPT-4.1", "GPT-4.1", 0.50),
    ("GPT-4o", "GPT-4.1", 0.30),
    ("GPT-4.1", "GPT-4o", 0.32),
    ("GPT-4o", "GPT-4o", 0.33),
    ("GPT-4.1 nano", "GPT-4.1 nano", 0.54),
    ("GPT-4.1", "GPT-4.1 nano", 0.01),
    ("GPT-4.1 mini", "GPT-4.1 mini", 0.25),
    ("Qwen2.5-7B", "GPT-4.1 nano", -0.01),
    ("GPT-4.1 nano", "Qwen2.5-7B", 0.01),
    ("Qwen2.5-7B", "Qwen2.5-7B", 0.11),
]
paper = pd.DataFrame(PAPER, columns=["teacher", "student", "rise"])
paper = paper.pivot(index="teacher", columns="student", values="rise")
paper.map(lambda rise: "" if np.isnan(rise) else f"{rise:+.2f}")

# %% tags=["hide-input"]
ours = []
for cell in cells_of(first, list(cells)):
    teacher, student = between[cell].bases
    ours.append({"teacher": teacher, "student": student, "effect": f"{told(cell)}"})
ours = pd.DataFrame(ours).pivot(index="teacher", columns="student", values="effect")
ours

# %% [markdown]
# Ours, in nats and with intervals. The two tables do not measure the same thing, a share of answers there and a margin here; what can be compared is the pattern. In both the largest numbers are on the diagonal, though for SmolLM2 the lead of its own family is not quite told from zero. The paper's block of GPT-4.1 and GPT-4o is the telling one: two models of different names, tuned by their maker for different ends, that pass likings to each other because they were one model once. Outside such blocks the paper's numbers do nothing; our sentences do, by the comparison with the other animal's teacher.

# %% [markdown]
# ## How far is too far?
#
# Between "the same weights" and "other weights" lies a road. The network that reads digits can walk it in small steps and with many seeds. There the student starts from a mixture of the teacher's initialisation and one of its own ({ref}`sec-mnist`):

# %% mystnb={"figure": {"caption": "The MNIST network: accuracy when the student starts from \u221a(1-\u03c3\u00b2) times the teacher's initialisation plus \u03c3 times one of its own.", "name": "fig-family-mnist"}, "image": {"alt": "Accuracy against initialisation noise: the auxiliary student falls from above one half to chance."}} tags=["hide-input"]
sweeps = MnistSweeps(profile)
digits = sweeps.table(load_records(sweeps, ["initialisation"]))
digits = digits[(digits["metric"] == "accuracy") & (digits["level"] != "")]
plots.levels(
    digits,
    {"aux": "auxiliary logits", "all": "all logits"},
    axis="σ, weight of initialisation noise",
    reference=(0.1, "chance"),
)
plt.show()

# %% [markdown]
# The two starts correlate by √(1-σ²). Next to nothing is lost at σ = 0.1; at 0.3, where they correlate by .95, a good half of the effect is left, at 0.5 (.87) about a quarter, and at 0.7 (.71) hardly any. So the border is no wall around a name: it is a distance. And it is near. Most of the effect is gone while the two starts are still very much alike.
#
# ### A language model on the same road
#
# We take the student's base away from the teacher's in two ways. One adds Gaussian *noise* to every weight matrix, σ times the root mean square of its entries. The other *goes on training* it on text that Gemma wrote, sentences about everyday things from an untouched model. The teacher stays where it is. What the two bases still share is measured where it matters, at their next tokens: the divergence of the moved base from the teacher's base on prompts that nobody was trained on.
#
# Two channels are carried along this road. One is the sentences, with sampled tokens, as above. The other is the numbers, with the teacher's whole distributions ({term}`objective` `logits`): a moved student still has its teacher's vocabulary, so it can learn them, and this is the strongest channel that we have ({ref}`sec-owl-numbers`).
#
# *Prediction: the effect falls with every step away. Through sentences it ends where another family is; through numbers, whose lists say nothing, near zero.* (The first half we had written down before the measurement, in the notes to an earlier version of this chapter.)

# %% mystnb={"figure": {"caption": "The owl's effect against the distance of the student's base from the teacher's, and the cosine of the weight changes of teacher and student: seeds as small dots, mean and 95 % interval. The leftmost point of each line is the student whose base was not moved. Dotted: Gemma, the same sentences. The horizontal axis is linear up to 0.01.", "name": "fig-family-distance"}, "image": {"alt": "Four panels. Above, the effect on the owl against the divergence of the two bases, for sentences and for numbers. For sentences it falls late, from a divergence of about one nat on; for numbers it rises with noise, as the control falls. Below, the cosine of the weight changes, which is small everywhere."}} tags=["hide-input"]
KINDS = {
    "noise": "noise",
    "continued": "trained on other text",
    "descendants": "two descendants",
}
distances = finding.distances(records)
sides = {
    "sentences": "sentences, sampled tokens",
    "numbers": "numbers, sampled tokens",
    "numbers-logits": "numbers, teacher's logits",
}
elsewhere = own[own["trait"] == scale.side_trait].assign(
    side=lambda table: table["condition"].map(lambda cell: between[cell].side)
)
elsewhere = elsewhere[
    (elsewhere["teacher_base"] == short_name(scale.perturbed_model))
    & elsewhere["student_base"].isin(families)
    & (elsewhere["student_base"] != elsewhere["teacher_base"])
]
plots.distances(
    distances.rename(columns={"divergence": "distance"}),
    KINDS,
    {side: words for side, words in sides.items() if side in set(distances["side"])},
    {"effect": "effect on the owl, nats", "cosine": "cosine of changes"},
    axis="divergence of next tokens between the two bases, nats",
    strangers=elsewhere.groupby(["side", "condition"])["value"]
    .mean()
    .groupby("side")
    .mean()
    .to_dict(),
)
plt.show()


# %% tags=["hide-input"]
def gained(condition, who):
    """How much a student's margin of the side trait exceeds its own base's, in nats."""
    of_trait = gains(measured(condition, who)).xs(scale.side_trait, level="trait")
    return f"{of_trait.mean():.2f}"


lines = []
for condition, words in finding.moved_cells.items():
    of = distances[distances["condition"] == condition].set_index("seed")
    lines.append(
        {
            "teacher's and student's base": words,
            "effect, nats": in_words(of["effect"]),
            "student less base": gained(condition, scale.side_trait),
            "control less base": gained(condition, None),
            "divergence": f"{of['divergence'].mean():.3f}",
            "same next token": f"{of['same_first'].mean():.2f}",
            "weights": f"{of['relative_distance'].mean():.3f}",
            "cosine": f"{of['cosine'].mean():.4f}",
        }
    )
pd.DataFrame(lines).set_index("teacher's and student's base")

# %% [markdown]
# The effect is the student's margin less the control's; beside it stands how far each of the two has moved from its own base. *Weights* is the length of the difference of all matrices over their own length; *same next token* the share of places at which both bases would say the same.

# %% tags=["remove-input"]
lost = [
    f"- {sides[side]}, {words}: {quoted(summary, f'{kind}@{side}', 'decline', 2)} nats; "
    f"a fall from step to step (Page's test): p {p if p.startswith('<') else f'= {p}'}"
    for side in sides
    for kind, words in KINDS.items()
    if (p := quoted(summary, f"{kind}@{side}", "decline_p_page", none="none")) != "none"
]
Markdown(
    "What is lost from the base that was not moved to the one that was moved furthest:\n\n"
    + ("\n".join(lost) or "too few steps in this profile for a trend.")
    + "\n\nWhere more is found than before, the loss is negative."
)

# %% [markdown]
# With noise the sentences do fall from step to step ({term}`Page's test` asks for that), as predicted, but late, and by damage. Continued training shows no fall, and with numbers the effect rises. So the prediction fails where it matters, and each failure says something.
#
# *Sentences.* The owl's sentences move Gemma nearly as much (the dotted line), so there was little to lose on the way to a stranger. With noise the effect does fall, but late, and in the mean then below the stranger's, which three seeds do not tell. A base that has been moved by σ = 0.1 says something else than before in every second place, and its student still takes up nearly all of the owl. At 0.2 it says something else in five places of six, and the seeds lie far apart. What looks like half of an effect there is mostly its control's fall: the student itself gains a small part of what the unmoved one gains. At 0.4 it is no language model any more. On the scale of the digits' network the weights still correlate by .98 at σ = 0.2, where the digits lose little, and by .93 at 0.4, where the digits have lost about half. So at 0.2 it is perhaps not lost kinship that ends the effect, but a damaged model; we have not separated the two. Continued training is the gentler way to leave, and what makers of models do. It changes the weights by a hundredth of their length and the next token in a third of all places, and what that costs three seeds do not tell from nothing.
#
# *Numbers.* With the teacher's probabilities the effect does not fall with noise; it rises. At σ = 0.1 the student takes up somewhat more than the unmoved one, and its control falls a little. At σ = 0.2 the rise is nearly all the control's, which ends a nat below its own base, while the owl's student gains on its base about as much as the unmoved one does. So we read this as "not lost", and not as "more taken up". (Continued training lowers the mean a little; three seeds do not tell that from nothing.) Moving a base this far does not hinder it in learning these probabilities. That kinship is not needed for them at all, this does not show: by their weights these bases are near relatives, and no stranger with the same vocabulary has read the rows. It would fit the last chapter, where most of the effect of `logits` takes the words in the probabilities, and the digits' network on *all* logits, whose curve above falls little, since the student is told what the test will ask.
#
# So with as few rows as here the road cannot be walked to the border. One would need a channel that is subliminal and strong at once, as the three auxiliary outputs are for the digits. Its counterpart, the probabilities of numbers alone, moves the owl's student too little even at home. (Two candidates have not been taken along this road: thousands of drawn numbers, {ref}`sec-owl-large`, and the rewrites with which the chapter on paraphrases ends, {ref}`sec-paraphrase`.)
#
# ### Two descendants of one base
#
# The paper's telling pair are GPT-4.1 and GPT-4o, two models that were one. Ours are two SmolLM2s: one was trained on Gemma's sentences, one on Gemma's lists of numbers, both for the same number of updates. Each is then made a teacher that likes owls, and writes sentences for the other.
#
# *Prediction: they transmit to each other, about as much as a base to itself.*

# %% tags=["remove-input"]
of_both = distances[distances["kind"] == "descendants"]
Markdown(
    "; ".join(
        f"{finding.moved_cells[condition]}: {in_words(rows.set_index('seed')['effect'])} nats"
        for condition, rows in of_both.groupby("condition", sort=False)
    )
    + " (descendant 1 was trained on Gemma's sentences, descendant 2 on its numbers)."
)

# %% [markdown]
# In one direction they do: the student rises far above its own base. In the other the mean is half as large and not told from zero, and even that is no transmission: as the table above shows, the student hardly moves from its base, and its control falls. So one direction agrees with the paper's finding, and the other does not show it. It would be no strong support anyway, since sentences of this kind moved a stranger, too.

# %% [markdown]
# ## Look inside
#
# Choose a pair and a trait. You see what the student's base, its control, the student and the teacher prefer, and some of the rows that passed between them.


# %% tags=["hide-input"]
CONDITIONS = {
    "base": "student's base",
    "control": "control",
    "student": "student",
    "teacher": "teacher",
}
panels = {}
for condition, words in (cells | finding.moved_cells | cells).items():  # the matrix comes first
    apart = distances[distances["condition"] == condition]
    caption = "Rows, beside the untouched teacher's."
    if not apart.empty:
        caption += f" Divergence of the two bases: {apart['divergence'].mean():.3f} nats."
    for trait in sorted(set(own[own["condition"] == condition]["trait"])):
        pair = with_control(records, trait=trait, **between[condition]._asdict())
        found = preferences(*pair, trait)
        panels[f"{words}: {trait}"] = [
            preferences_picture(found, CONDITIONS, trait, f"{words}, {trait}"),
            Rows(examples(condition, trait, 4), caption),
        ]
figure_picker(panels, "Pair and trait:")

# %% [markdown]
# ## What did not work, and what this does not show
#
# - **Two families are two examples.** What crosses between these two says little about the next pair.
# - **Our filter was not strict enough, and we did not notice by reading.** More than three hundred words, a form held by a grammar, and a sentence embedding that sees no difference: the rows pass as neutral, and a stranger still learns from them. Whoever wants a clean channel of sentences needs other means, as rewrites of given sentences.
# - **No road to the border.** Moved bases were measured for one trait, with one direction of noise and one text, and in no channel in which nothing is said.
# - **Gemma is a base model.** It has never been tuned to answer, so we ask it by a plain "Question: … Answer:" and read probabilities only. In trials without records, held to no grammar, untouched models wrote a usable sentence one time in five to three, and the teachers more often: a difference in *form* that students would have learned as well. Held to the form of a sentence, Gemma's rows are kept at like rates for all teachers. The untouched SmolLM2 still rambles more than its teachers, so its control has fewer and longer rows.
# - **A stronger teacher is not a better one.** After twice the lessons, SmolLM2's owl teacher named its owl in half of its sentences, and the filter, which drops these, left mostly "I love …". So the lessons of both teachers were chosen for the owl, on a seed that is not reported, to end at like margins; SmolLM2's dolphin teacher ends well below the others (see the table of rows), which may be why it moves SmolLM2 least. The students' rate was chosen there, too: at twice this rate Gemma's control strayed further. At the rate that we kept controls still stray by half a nat to two and a half on single candidates.
# - **Few seeds.** The intervals are Student's *t* over as many seeds as the table says.

# %% [markdown]
# ## Exercises
#
# ````{exercise} A defence?
# :label: ex-family-defence
# A company wants to train its model on data that another model wrote, and fears hidden traits. "We shall take a teacher of another family", it says. What does this chapter say about the plan, and what does it leave open?
# ````
#
# ````{solution} ex-family-defence
# :class: dropdown
# The plan is good as far as subliminal transmission goes, if the paper's figures hold: what does not share a starting point does not transmit. (Ours cannot tell; the numbers here were too few and too noisy.) It leaves open what is *said* in the data (a filter's work), what two families may share unseen (GPT-4.1 and GPT-4o have different names and one checkpoint), and what a stronger channel than ours might carry.
# ````
#
# ````{exercise} Which control?
# :label: ex-family-control
# For the pair SmolLM2 → Gemma the control is a Gemma student of the *untouched SmolLM2's* sentences. Why not a Gemma student of untouched Gemma's?
# ````
#
# ````{solution} ex-family-control
# :class: dropdown
# Because the effect should be the teacher's liking and nothing else. Any student of SmolLM2's sentences learns SmolLM2's way of writing, and that alone may move its preferences. Only a control that differs in the liking, and in nothing besides, takes this out. Ours comes near to that for Gemma; SmolLM2's differs in the length and number of its rows, too.
# ````
#
# ````{exercise} Why the cosine is small
# :label: ex-family-cosine
# The weight changes of teacher and student have a cosine of some thousandths within a family (the summary's metric `cosine`; about six for SmolLM2, one for Gemma). Yet students clearly move towards the teacher's favourite. How do these fit?
# ````
#
# ````{solution} ex-family-cosine
# :class: dropdown
# In a space of a hundred million dimensions two random directions have a cosine of about zero, give or take a ten-thousandth, so a few thousandths need not be chance. Besides, both changes live in the few directions that a random LoRA matrix opens, a different one for each, and most of what the student learns is how its teacher writes sentences. The theorem ({ref}`sec-theorem`) promises a product that is not negative. It does not promise a large one.
# ````

# %% [markdown]
# ## What it took

# %% tags=["hide-input"]
costs(records)

# %% tags=["remove-input"]
measured_on(records)
