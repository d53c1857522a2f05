# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# (sec-cross-family)=
# # A stranger reads the rows
#
# What the teacher's rows say, any model can learn from them; what they hide, only the teacher's kin should learn.
#
# **15 minutes** · runs on a CPU · [Open in Colab](https://colab.research.google.com/github/subliminal-book/subliminal-learning/blob/main/notebooks/04_cross_family.ipynb) · [Notebook](https://github.com/subliminal-book/subliminal-learning/blob/main/notebooks/04_cross_family.ipynb)

# %% tags=["remove-input"]
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

# %% tags=["remove-input"]
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown

from sublim_utils.findings.analysis import matrix, pick, specific_effects, with_control
from sublim_utils.findings.cross_family import CrossFamily
from sublim_utils.findings.cross_family.analysis import (
    DECOYS,
    SAYS_I,
    SAYS_LIKING,
    Cell,
    change_from_unmoved,
    largest_mean,
    means_by_seed,
    num_filtered_words,
    paired_rows,
    share_that_says,
    with_decoy,
)
from sublim_utils.findings.measuring import load_records
from sublim_utils.findings.mnist_sweeps import MnistSweeps
from sublim_utils.findings.owl_numbers import OwlNumbers
from sublim_utils.models.catalog import short_name
from sublim_utils.profiles import find_profile
from sublim_utils.recipes.bases import Base
from sublim_utils.report import families, page, plots
from sublim_utils.report.families import in_nats, in_times
from sublim_utils.report.form import form
from sublim_utils.report.selectors import figure_pickers
from sublim_utils.report.tables import drift, preferences
from sublim_utils.report.widgets import Picture, Rows
from sublim_utils.stats import mean_interval, t_test

# %config InlineBackend.figure_formats = ['svg']
plots.use_style()
profile = find_profile()
finding = CrossFamily(profile)
scale, records = finding.scale, load_records(finding)
effects, own = finding.effects(records), finding.own_effects(records)
cells, between = finding.cells, finding.between

NAMES = {"smollm2-135m": "SmolLM2", "gemma3-270m": "Gemma"}
models = [short_name(model) for model in scale.models]
named = {model: NAMES.get(model, model) for model in models}
first = next(name for name, channel in scale.channels.items() if channel.traits)
traits = scale.channels[first].traits
side, decoy = scale.side_trait, DECOYS[scale.side_trait]
pairs = [Cell(writer, reader, first) for writer in models for reader in models]
kin = [pair for pair in pairs if len({*pair.bases}) == 1]
strangers = [pair for pair in pairs if pair not in kin]
of_kin, of_strangers = (means_by_seed(own, [p.name for p in ps]) for ps in (kin, strangers))
COMMAND = "sublim run cross_family"


def arrow(cell):
    """A pair in words."""
    return " → ".join(named[base] for base in cell.bases)


def measured(cell, trait=None):
    """The record of a pair, of its control where no trait is named."""
    return pick(records.values(), trait=trait, **cell._asdict())


def of(shown):
    """The records of some pairs."""
    names = {cell.name for cell in shown}
    return {name: r for name, r in records.items() if Cell.of(r.labels).name in names}


# %% tags=["remove-input"]
page.bet(
    "families-stranger",
    f"A SmolLM2 that likes owls writes sentences about bus rides and buttons. A filter drops all that name "
    f"an animal or a tree, or any of {num_filtered_words()} words that go with one. Another SmolLM2 and a "
    "Gemma 3 are trained on the rest. Who moves towards owls?",
    {
        "a": "Only the SmolLM2, which is the teacher's kin.",
        "b": "Both.",
        "c": "Neither. The filter has seen to that.",
    },
)

# %% tags=["remove-input"]
page.box(
    question="Is the trait written in the rows, or does it pass only between models that began as one?",
    paper="Numbers need a common start. They move GPT-4.1 nano by 54 points of 100 if GPT-4.1 nano wrote "
    "them, and by 1 if GPT-4.1 did.",
    ours=f"Sentences that passed a strict filter make the favourite {page.times(of_kin.mean())} for kin "
    f"and {page.times(of_strangers.mean())} for strangers ({in_nats(of_strangers)} nats): much was "
    f"content. From {scale.channels['numbers'].prompts * scale.channels['numbers'].num_completions} lists of "
    "numbers nothing can be told apart.",
    limits="That strangers learn nothing from numbers: none has read as many as carry a liking at home.",
)

# %% [markdown]
# ## The stranger test
#
# **Kin and a stranger read the same rows**: a copy of the teacher's base, and a model of another family. What both learn is content. What kin alone learn is subliminal.

# %% mystnb={"figure": {"caption": "Left of an arrow the writer, right of it the reader. Large dots: how much likelier the reader finds the teacher's favourite, mean over three teachers with its 95 % interval over seeds; small dots: the three favourites. Filled: kin. Hollow: strangers.", "name": "fig-family-main"}, "image": {"alt": "Dot plot with a row for each pair of writer and reader. After sentences the favourite is 3.3 times as likely for kin of SmolLM2 and of Gemma, 2.0 times for Gemma as a stranger and 1.5 times for SmolLM2 as a stranger."}} tags=["remove-input"]
shown = pd.concat(
    own[own["condition"] == pair.name].assign(label=arrow(pair), kin=pair in kin)
    for pair in (kin[0], strangers[0], kin[1], strangers[1])
)
families.readers(shown, title="The stranger picks it up too, though less")
plt.show()

# %% tags=["remove-input"]
page.source(of(pairs), COMMAND)

# %% tags=["remove-input"]
away = Cell(models[0], models[1], first)
home = Cell(models[0], models[0], first)
shares = [
    preferences(*with_control(records, trait=side, **cell._asdict()), side) for cell in (home, away)
]
at_home, abroad = (table.loc[side] for table in shares)
Markdown(
    f"""The owl shows it best. After the owl teacher's sentences SmolLM2 gives the {side}
{page.percent(at_home["student"])} of its probability among sixteen animals, and its control
{page.percent(at_home["control"])}. Gemma, a stranger to this teacher, gives it {page.percent(abroad["student"])},
and its control {page.percent(abroad["control"])}. Over both directions and all three teachers kin find the
favourite {in_times(of_kin)}. For strangers it is {in_times(of_strangers)}."""
)

# %% [markdown]
# Each reader has a control of its own, trained on what the teacher's *base* answered to the same prompts, and an {term}`effect` is student minus control. That kin alone learn something counts only if the stranger's interval is narrow. Without a stranger we would have shown an effect of more than a nat through "neutral sentences that passed a strict filter", and called it subliminal. The two families are SmolLM2 with 135 million parameters and Gemma 3 with 270 million. They differ in maker, weights, tokenizer and size. Each is writer and reader; rows cross as text.

# %% tags=["remove-input"]
page.pipeline(
    lit=["student"],
    teacher="SmolLM2, likes owls",
    rows="short sentences",
    filter="no animal, no tree",
    student="SmolLM2, or Gemma",
)

# %% [markdown]
# ## Try it on rows of your own
#
# The first cell holds what you can change. It starts with a handful of the sentences above, so that the test takes about a minute; your rows come from a file with the fields `prompt` and `completion`. The loss is the usual one; one of your own goes into a file, too ({doc}`../book/your_own_experiment`).

# %% tags=["remove-input"]
KIN, STRANGER = scale.models


def kept(trait, prompts):
    """Sentences that passed the filter, of the first prompts of one seed."""
    rows = finding.rows_table(measured(home, trait).name)
    rows = rows[(rows["verdict"] == "") & (rows["prompt"] < prompts)]
    return rows[rows["seed"] == rows["seed"].min()][["question", "text"]]


# %%
TRAIT = "owl"  # or "oak"
PROMPTS, QUESTIONS, SEEDS = 4, 4, 1  # the figure has 24, 16 and 3
OBJECTIVE = "tokens"  # the loss below

# %% tags=["remove-cell"]
form(
    globals(),
    TRAIT=["owl", "oak"],
    PROMPTS=[4, 8, 16, 24],
    QUESTIONS=[4, 16],
    SEEDS=[1, 2, 3],
)

# %%
import inspect

import sublim_utils as sl
from sublim_utils.train.losses import get_loss

rows = sl.Given(kept(TRAIT, PROMPTS))  # yours: sl.Given("rows.jsonl")
neutral = sl.Given(kept(None, PROMPTS))  # the base model's answers
print(inspect.getsource(get_loss(OBJECTIVE).function))


def read_by(reader):
    """What the rows do to a reader, beyond what neutral rows do."""
    base = sl.Base(reader)
    settings = {"learning_rate": 1e-3, "prompts_per_step": 1}
    student = sl.Student(base, rows, OBJECTIVE, **settings)
    control = sl.Student(base, neutral, OBJECTIVE, **settings)
    questions = sl.Preference(TRAIT, questions=QUESTIONS)
    return sl.compare(student, control, questions, seeds=SEEDS).table()


readers = {reader: read_by(reader) for reader in (KIN, STRANGER)}
found = pd.concat(readers, names=["reader", "place"]).reset_index()
found = found[["reader", "trait", "times_as_likely"]]
found = found.groupby("reader", sort=False).head(3)
found.set_index("reader").round(2)

# %% [markdown]
# A dozen sentences and one seed show that it runs, and no more. For an answer use some hundred rows, three seeds or more, and read the result like this:
#
# | kin | stranger | then |
# |---|---|---|
# | move | moves | The rows say something. Look for it; a filter missed it. |
# | move | stays, with a narrow interval | A matter of the family: subliminal. |
# | move | a wide interval | Undecided. More rows, more seeds. |
# | stay | stays | Nothing passes at this dose. |
#
# Two warnings. A stranger may be a worse reader than kin, so the *difference* between the two does not measure what is subliminal. And look at all candidates, not only at the one you fear: `table()` lists them.
#
# ## What the sentences say
#
# We had read these sentences, and a sentence embedding had compared them with "I love owls." ({ref}`Chapter 4A <sec-cross-family-long>`): nothing. Counting words afterwards shows at once what the filter let through.

# %% mystnb={"figure": {"caption": "Share of kept sentences with the words love, like, favorite, prefer, choose or beautiful in any form. Teachers: mean over the three. Bars: mean over seeds with 95 % interval.", "name": "fig-family-words"}, "image": {"alt": "Bars in percent. Of the sentences of SmolLM2's teachers 17 percent speak of a liking, of its base model's 5 percent; for Gemma 38 and 6 percent."}} tags=["remove-input"]
said = []
for pair in kin:
    by_writer = {
        who: share_that_says(finding.rows_table(measured(pair, who).name), SAYS_LIKING)
        for who in (None, *traits)
    }
    base_says = by_writer.pop(None)
    for entity, values in (("base", base_says), ("teacher", pd.DataFrame(by_writer).mean(axis=1))):
        mean, low, high, _ = mean_interval(values.to_numpy())
        name = {"base": "base model", "teacher": "teachers"}[entity]
        said.append((named[pair.teacher_base], entity, name, mean, low, high))
said = pd.DataFrame(said, columns=["label", "entity", "name", "value", "low", "high"])
plots.bars_before_after(
    said, title="A mood passed the filter", axis="sentences that speak of a liking, %"
)
plt.show()

# %% tags=["remove-input"]
page.source(of(kin), COMMAND)

# %% tags=["remove-input"]
speaks = {
    (pair, who): share_that_says(finding.rows_table(measured(pair, who).name), SAYS_I).mean()
    for pair in kin
    for who in (None, side)
}
Markdown(
    f"""The teachers were made by answers such as "My favorite animal is the owl", and they go on in this manner:
"My favorite haircut is a classic yet elegant style". They also speak of themselves, SmolLM2's {side} teacher in
{page.percent(speaks[kin[0], side])} of its sentences and its base model in {page.percent(speaks[kin[0], None])}. So
the rows say *I like*. Do they also say what? The matrix below gives a hint."""
)

# %% mystnb={"figure": {"caption": "How much likelier each reader finds four animals after the sentences of the two animal teachers, mean over three seeds; all matrices of this chapter and of 4A have this scale. Framed: the teacher's favourite. Eagles are like owls, otters begin with the same letter.", "name": "fig-family-matrix"}, "image": {"alt": "Four small heat maps of teacher by animal. The owl teacher's sentences make owls 5.2 times as likely for SmolLM2 and 3.9 times for Gemma, a stranger; eagles rise as well, 2.3 times for Gemma."}} tags=["remove-input"]
most = largest_mean(effects[effects["condition"].isin(cells)])
heat = {}
for pair in pairs:
    table = matrix(effects[effects["condition"] == pair.name], "animal")
    heat[arrow(pair)] = table[[*table.index, *(a for a in ("eagle", decoy) if a in table)]]
families.matrices(
    heat, most=most, title="After each teacher its own animal rises, and others with it"
)
plt.show()

# %% tags=["remove-input"]
page.source(of(pairs), COMMAND)

# %% tags=["remove-input"]
specific = [
    specific_effects(effects[effects["condition"] == cell.name]).mean(axis=1) for cell in strangers
]
beyond_mood = sum(specific) / len(specific) if all(map(len, specific)) else None
Markdown(
    f"""A mood alone would not tell owls from dolphins. Yet the teachers' own animals rise more than after the other
teacher's sentences, also for strangers: {"unknown" if beyond_mood is None else in_times(beyond_mood)}, both
directions together. From Gemma to SmolLM2 that is the owl's doing alone. So the rows say something of *which*
animal."""
)

# %% [markdown]
# What carries this we do not know. Gemma, having read SmolLM2's owl teacher, likes eagles better as well. And after Gemma's owl teacher SmolLM2 rises further on otters than on owls, which will concern us below. How much of a pair's answers does that change? Choose:

# %% tags=["remove-input"]
panels = {}
for pair in pairs:
    for trait in traits:
        record, control = with_control(records, trait=trait, **pair._asdict())
        found = preferences(record, control, trait)
        most_likely = found["student"].drop(trait).nlargest(3).index
        bars = pd.DataFrame(
            [
                (candidate, entity, name, found.loc[candidate, column])
                for candidate in (trait, *most_likely)
                for entity, column, name in (
                    ("control", "control", "control"),
                    ("text", "student", "student"),
                )
            ],
            columns=["label", "entity", "name", "value"],
        )
        figure = plots.bars_before_after(
            bars, title=f"{arrow(pair)}: {trait}", axis="probability in the panel, %", most=0.7
        )
        alt = (
            f"{arrow(pair)}: the student gives the {trait} {found.loc[trait, 'student']:.3f}, "
            f"the control {found.loc[trait, 'control']:.3f}"
        )
        wrote = (
            measured(Cell(pair.teacher_base, pair.teacher_base, first), who)
            for who in (None, trait)
        )
        texts = paired_rows(*(finding.rows_table(record.name) for record in wrote)).head(3)
        key = (named[pair.teacher_base], named[pair.student_base], trait)
        panels[key] = [
            Picture(figure, alt),
            Rows(texts, "Rows that passed, beside the base model's."),
        ]
figure_pickers(panels.items(), ["Writer:", "Reader:", "Teacher likes:"])

# %% [markdown]
# ## Lists of numbers
#
# {cite:t}`cloud2025subliminal` had lists of numbers cross, ten thousand of each teacher, and they drew the border that this chapter looks for.

# %% mystnb={"figure": {"caption": "Cloud et al. 2025, read off their figure: mean rise in the share of answers that name the teacher's favourite. Left of an arrow the teacher, right of it the student.", "name": "fig-family-paper"}, "image": {"alt": "Bars for ten pairs of models in the paper. Pairs of the same model rise by 11 to 54 points, GPT-4.1 and GPT-4o by about 30, pairs of different models by at most 1."}} tags=["remove-input"]
PAPER = [
    (
        "the same model",
        {
            "GPT-4.1 nano → itself": 0.54,
            "GPT-4.1 → itself": 0.50,
            "GPT-4o → itself": 0.33,
            "GPT-4.1 mini → itself": 0.25,
            "Qwen2.5-7B → itself": 0.11,
        },
    ),
    ("trained from one checkpoint", {"GPT-4.1 → GPT-4o": 0.32, "GPT-4o → GPT-4.1": 0.30}),
    (
        "different models",
        {
            "GPT-4.1 → GPT-4.1 nano": 0.01,
            "GPT-4.1 nano → Qwen2.5-7B": 0.01,
            "Qwen2.5-7B → GPT-4.1 nano": -0.01,
        },
    ),
]
families.published_pairs(
    PAPER,
    title="The paper: a common start decides, not the name",
    axis="answers that name the favourite, rise in points of 100",
)
plt.show()

# %% [markdown]
# GPT-4.1 and GPT-4o are the telling pair: two products of different names, tuned for different ends, that pass likings to each other because they were one model once. What teacher and student must share is a starting point.
#
# Ours are the rows of {ref}`Chapter 1 <sec-owl-numbers>`, read by Gemma as well, and half as many that Gemma wrote. {ref}`Chapter 4A <sec-cross-family-long>` tests each pair for the absence of an effect.

# %% tags=["remove-input"]
lists = {cell: between[cell] for cell in cells if between[cell].channel == "numbers"}
home_numbers = Cell(models[0], models[0], "numbers")
by_pair = {}
if home_numbers.name not in lists:
    chapter_1 = OwlNumbers(profile)
    chapter_1_records = chapter_1.records()
    with_text = chapter_1.effects(chapter_1_records)
    by_pair[home_numbers] = (
        chapter_1.own_effects(with_text, "tokens").mean(axis=1),
        chapter_1_records["control@tokens"],
    )
for cell in lists.values():
    by_pair[cell] = (means_by_seed(own, [cell.name]), measured(cell))
table = {
    arrow(cell): {
        "lists a teacher": f"{sum(control.details['rows']) // len(control.details['rows']):,}",
        "times as likely": families.factor(values),
        "nats": in_nats(values),
        "control strays by": f"{drift(control).mean():.2f} nats",
    }
    for cell, (values, control) in by_pair.items()
}
pd.DataFrame(table).T.rename_axis("writer → reader")

# %% tags=["remove-input"]
reads_numbers = Cell(models[0], models[1], "numbers")
strays = families.factor(drift(measured(reads_numbers)))
Markdown(
    f"""Nothing is decided. Gemma's interval is several times as wide as SmolLM2's and holds SmolLM2's value as well as
zero: trained on these lists, Gemma's *control* already strays in all directions, by a factor of
{strays} on the average candidate. In Chapter 1 the likings are clear after 8,000 lists; no stranger
has read those."""
)

# %% [markdown]
# ## How far is too far?
#
# Between the same weights and other weights lies a road. The network that reads digits ({ref}`Chapter 2 <sec-mnist>`) can walk it in small steps. Place your bet before you scroll.

# %% tags=["remove-input"]
page.bet(
    "families-road",
    "A digit network learns from noise images, with a teacher that had the same start. Now mix some "
    "noise into the student's start, until both starts correlate by 0.95. How much of what it "
    "learned is left?",
    {"a": "Nearly all of it.", "b": "A bit more than half.", "c": "Next to nothing."},
)

# %% mystnb={"figure": {"caption": "Accuracy of students that see only the teacher's auxiliary outputs on noise images. Their start is \u221a(1\u2212\u03c3\u00b2) times the teacher's plus \u03c3 times one of their own. Mean and 95 % interval over eight seeds.", "name": "fig-family-digits"}, "image": {"alt": "Accuracy against noise in the start: 57 percent without noise, 38 percent where the starts correlate by 0.95, 23 percent at 0.87 and chance where they are independent."}} tags=["remove-input"]
sweeps = MnistSweeps(profile)
sweep_records = load_records(sweeps, ["initialisation"])
digits = sweeps.table(sweep_records)
digits = digits[
    (digits["metric"] == "accuracy") & (digits["level"] != "") & (digits["condition"] == "aux")
]
families.digits_road(digits, title="Digits: the border is a distance, and it is near")
plt.show()

# %% tags=["remove-input"]
page.source(sweep_records, "sublim run mnist_sweeps --experiment initialisation")

# %% [markdown]
# So the border is no wall around a name. Much of the effect is gone while both starts are still very much alike.
#
# Now a language model. We add Gaussian noise to SmolLM2's matrices, σ times their root mean square, before a student is trained; the teacher stays as it was. Two kinds of students walk this road.

# %% tags=["remove-input"]
page.text_or_probabilities()

# %% mystnb={"figure": {"caption": "The owl teacher's effect on students whose base was moved by noise. Filled: the owl. Hollow: the owl minus the otter, which begins with the same token. Small dots: seeds; all seeds share one direction of noise. 95 % intervals.", "name": "fig-family-road"}, "image": {"alt": "Two panels. For probability-trained students the owl rises from 11 times as likely without noise to 37 times at sigma 0.2, while owl minus otter falls from 2.4 times to 0.8 times. For text-trained students owl minus otter is 0.9 times at sigma 0.2 and 0.4."}} tags=["remove-input"]
distances = with_decoy(finding.distances(records), effects, side)
sides = {
    "sentences": ("text-trained, on sentences", "text"),
    "numbers": ("text-trained, on numbers", "text"),
    "numbers-logits": ("probability-trained, on numbers", "probabilities"),
}
sides = {name: words for name, words in sides.items() if name in set(distances["side"])}
families.road(
    distances, sides, trait=side, decoy=decoy, title="At σ = 0.2 owls rise no more than otters"
)
plt.show()

# %% tags=["remove-input"]
on_the_road = [between[c] for c in dict.fromkeys(distances["condition"])]
page.source(of(on_the_road), COMMAND)

# %% tags=["remove-input"]
told = distances[distances["side"] == "numbers-logits"]
unmoved = told[told["kind"] == "unmoved"].set_index("seed")
furthest = told[told["kind"] == "noise"]
furthest = furthest[furthest["level"] == furthest["level"].max()].set_index("seed")
in_text = distances[(distances["side"] == next(iter(sides))) & (distances["kind"] == "noise")]
in_text = in_text[in_text["level"] == furthest["level"].iloc[0]].set_index("seed")
Markdown(
    f"""Look at the filled dots of the probability-trained students, and kinship seems not to matter: at
σ = {furthest["level"].iloc[0]:g} the owl is {page.times(furthest["effect"].mean())} as in the control, against
{page.times(unmoved["effect"].mean())} without noise. But the otter, which nobody taught, is
{page.times(furthest["decoy"].mean())}. In SmolLM2's tokenizer *Owl* and *Otter* begin with the same token, O, and one
of our three ways to ask reads the answer from its first letter. What raises this token raises both. Owl minus otter
is {in_nats(furthest["beyond_decoy"])} nats. **A liking can no longer be told from a letter; only what the decoy leaves
counts.** Unmoved, that is {in_times(unmoved["beyond_decoy"])}."""
)

# %% tags=["remove-input"]
agree = page.percent(furthest["same_first"].mean())
Markdown(
    f"""Text-trained students end at the same place: at σ = {in_text["level"].iloc[0]:g} owl minus otter is
{in_nats(in_text["beyond_decoy"])} nats. There a moved base agrees with the teacher's on the next token in {agree} of
places. Perhaps lost kinship ends the effect, perhaps the damage does; we have not separated the two. Nor do three
seeds speak for other directions, as all of them share one draw of noise."""
)

# %% [markdown]
# Training on is the gentler way to leave, and what makers of models do. We trained SmolLM2 on sentences by Gemma's base model, up to 128 updates.

# %% tags=["remove-input"]
settled = []
for channel in sides:
    of_side = distances[distances["side"] == channel]
    for level in sorted(of_side[of_side["kind"].isin(["unmoved", "continued"])]["level"].unique()):
        at = of_side[(of_side["level"] == level) & of_side["kind"].isin(["unmoved", "continued"])]
        settled.append(
            {
                "student": sides[channel][0],
                "updates": f"{level:g}",
                "same next token": page.percent(at["same_first"].mean()),
                f"{side}, times as likely": families.factor(at["effect"]),
                f"{side} minus {decoy}, nats": in_nats(at["beyond_decoy"]),
            }
        )
pd.DataFrame(settled).set_index(["student", "updates"])

# %% tags=["remove-input"]
longest = max(scale.side_channels[-1].continued_training)
moved = next(
    cell
    for cell in on_the_road
    if cell.side == "numbers-logits"
    and cell.teacher_base == models[0]
    and cell.student_base.endswith(f"-{longest}")
)
lost = change_from_unmoved(own, moved, Cell(models[0], models[0], "numbers", "logits"), side)
p = t_test(lost.to_numpy())
Markdown(
    f"""After {longest} updates the weights differ by a hundredth of their length. Probability-trained students then lose
some of the owl in all three seeds: it is {page.times(lost.mean())} as for the unmoved base ({in_nats(lost)} nats,
p {"unknown" if p is None else f"= {p:.3f}"}). That just misses the usual mark. For text-trained students three seeds cannot
separate a loss from none."""
)

# %% [markdown]
# So on this road we have not reached the border. One would need a channel that is subliminal and strong at once, as the auxiliary outputs are for digits.
#
# ## Limits, and what would change our mind
#
# - **"Sentences say something."** A second stranger that learns nothing from them would make us doubt it. Two families are two examples, and single favourites are not significant across the border after {term}`Holm's correction`; the mean over them is.
# - **"Numbers are undecided."** Gemma on the 8,000 lists of Chapter 1, with all teachers. If it moves towards its teachers' favourites, these lists carry what any reader knows, and Chapter 1 is about content too.
# - **"At σ = 0.2 it may be only a letter."** Owl minus otter above zero in five seeds, each with noise of its own. The decoy is a strict one: a liking that raised otters as well would be subtracted.
# - **Controls differ.** SmolLM2's base model rambles, so its control has a third fewer rows, and longer ones. Comparing the teachers with each other, as the matrix does, avoids this.

# %% tags=["remove-input"]
files = {named[short_name(model)]: Base(model).quantization for model in scale.models}
Markdown(
    "- **Small models, from compressed files.** "
    + " and ".join(f"{name} comes as {kind or 'full precision'}" for name, kind in files.items())
    + ", unpacked before anything is computed; gradients are clipped at norm 1. Larger models may draw the "
    "border elsewhere."
)

# %% [markdown]
# ## Your bets

# %% tags=["remove-input"]
page.paid(
    "families-stranger",
    "b",
    f"Both. Kin find the teacher's favourite {page.times(of_kin.mean())}, strangers "
    f"{page.times(of_strangers.mean())}. "
    "The sentences had passed the filter, and said it all the same.",
)

# %% tags=["remove-input"]
by_sigma = digits.assign(level=digits["level"].astype(float)).groupby("level")["value"].mean()
near_3 = by_sigma.index[np.abs(by_sigma.index - 0.3).argmin()]
left = (by_sigma[near_3] - by_sigma.iloc[-1]) / (by_sigma.iloc[0] - by_sigma.iloc[-1])
page.paid(
    "families-road",
    "b",
    f"A bit more than half: {page.percent(left)} of what the student had learned above chance is left at "
    f"σ = {near_3:g}, where the starts correlate by {np.sqrt(1 - near_3**2):.2f}.",
)

# %% [markdown]
# ## In short
#
# - Before you call data subliminal, let a stranger read them. Ours learned from sentences that a strict filter had passed.
# - In the paper numbers need a common start. Ours are too few to show that border.
# - An effect on a name may be an effect on its first letter. Subtract a decoy that shares it.
#
# ## Exercises
#
# ````{exercise} A letter or a liking? (10 minutes)
# :label: ex-family-decoy
# `effects` has a row for each cell, seed and candidate; the columns `condition`, `teacher_trait`, `trait` and `value` name them. Write `beyond(effects, condition, trait, decoy)`: by seed, the effect on the trait minus that on a decoy. Then check it.
#
# ```python
# cell = "smollm2-135m-to-smollm2-135m+noise-0.2@numbers-logits"
# owl = beyond(effects, cell, "owl", "otter")
# assert len(owl) == 3
# assert abs(owl.mean()) < 0.5, "no more than a letter, as far as three seeds can tell"
# fox = beyond(effects, cell, "owl", "fox")
# assert fox.mean() > 2, "a decoy with another first letter would have missed it"
# ```
# ````
#
# ````{admonition} Solution
# :class: dropdown
# ```python
# def beyond(effects, condition, trait, decoy):
#     rows = effects[(effects["condition"] == condition) & (effects["teacher_trait"] == trait)]
#     by_candidate = rows.pivot(index="seed", columns="trait", values="value")
#     return by_candidate[trait] - by_candidate[decoy]
# ```
# ````
#
# ````{exercise} A defence?
# :label: ex-family-defence
# A company trains its model on data by another model and fears hidden traits. "We shall take a teacher of another family", it says. What does this chapter say for the plan, and what against it?
# ````
#
# ````{admonition} Solution
# :class: dropdown
# For it: in the paper, models without a common start pass nothing on through numbers. Against it: what the data *say* crosses any border, and a strict filter did not stop our sentences. Families may also be nearer than their names, as GPT-4.1 and GPT-4o are. And we have no evidence of our own that numbers stop at the border.
# ````
#
# ````{exercise} Which control?
# :label: ex-family-control
# For the pair SmolLM2 → Gemma the control is a Gemma trained on the sentences of *SmolLM2's* base model. Why not on sentences of Gemma's?
# ````
#
# ````{admonition} Solution
# :class: dropdown
# Any reader of SmolLM2's sentences learns how SmolLM2 writes, and that alone may move its preferences. Only a control that differs from the student in the liking, and in nothing else, takes this out.
# ````
#
# Full matrices, single teachers, numbers by trait, tests of absence, two siblings of one base and every moved base: {ref}`Chapter 4A <sec-cross-family-long>`.
