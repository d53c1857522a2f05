# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# (sec-owl-long)=
# # 1A · Owl numbers, the long version
#
# Every control, sweep and table behind {ref}`Chapter 1 <sec-owl-numbers>`, for readers who want to check it.
#
# **45 minutes** · runs on a CPU · [Open in Colab](https://colab.research.google.com/github/subliminal-book/subliminal-learning/blob/main/notebooks/01a_owl_numbers.ipynb) · [Notebook](https://github.com/subliminal-book/subliminal-learning/blob/main/notebooks/01a_owl_numbers.ipynb)
#
# Two runs stand behind the chapter. The first fits into hours of a processor: 320 lists for each student, in batches of 4, with controls of every kind. The second took less than half an hour on a large GPU: 8,000 lists in batches of 64, and 30,000 for the owl's students. This page goes through them in that order. Effects are in nats, with 95 % intervals over seeds by Student's *t*; with three seeds such an interval reaches more than four standard errors to either side, so look at the single students as well.

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
import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from IPython.display import HTML, Markdown

import sublim_utils as sl
from sublim_utils.channels import numbers
from sublim_utils.findings.analysis import exchange_of_teachers, leads, matrix, select
from sublim_utils.findings.measuring import load_records
from sublim_utils.findings.owl_numbers import OwlNumbers
from sublim_utils.findings.owl_numbers.analysis import (
    BEGINNINGS,
    beside_others,
    by_beginning,
    named,
    named_by_base,
    side_by_side,
)
from sublim_utils.findings.owl_numbers.experiments import OBJECTIVES
from sublim_utils.generate import vocabulary
from sublim_utils.pipeline.context import Context
from sublim_utils.profiles import available_device, find_profile
from sublim_utils.report import plots
from sublim_utils.report.prose import in_words, measured_on, quoted
from sublim_utils.report.tables import drift, gains, preferences, with_means
from sublim_utils.report.widgets import Rows, figure_picker, preferences_picture, rows_html
from sublim_utils.stats import holm_p_values
from sublim_utils.traits.nouns import get_trait, mentioned

# # %config InlineBackend.figure_formats = ['svg']
plots.use_style()
profile = find_profile()

# %% tags=["hide-input"]
finding = OwlNumbers(profile)
scale = finding.scale
records = load_records(finding)
summary = finding.summary(records)
effects = finding.effects(records)

large = OwlNumbers(find_profile("full"))
at_large = large.records()
large_summary, large_effects = large.summary(at_large), large.effects(at_large)

# %% tags=["remove-input"]
traits, side = finding.traits(), scale.side_trait
large_traits = large.traits()
category = get_trait(side).category
subject = scale.models[finding.model]
rows_each = subject.prompts * scale.num_completions
large_rows = large.scale.models[large.model].prompts * large.scale.num_completions
KINDS = {"tokens": "text-trained", "logits": "probability-trained"}
COLOURS = {"logits": plots.COLOUR["probabilities"], "tokens": plots.COLOUR["text"]}


def interval(values):
    """A mean and its interval, which no line of a table breaks."""
    return in_words(values).replace(", ", ",\N{NO-BREAK SPACE}")


def told(trait, objective, metric="effect", condition="student", table=summary):
    """A trait's quantity from a summary, in words."""
    found = quoted(table, condition, metric, 2, "", trait=trait, objective=objective)
    return found.replace(", ", ",\N{NO-BREAK SPACE}")


def count(table):
    """How many values lie above zero, of how many."""
    return f"{int((table > 0).to_numpy().sum())} of {table.size}"


def totals(of, table, quantities, cases):
    """Means over the teachers: one row for each kind of student."""
    lines = {}
    for label, objective, variant in cases:
        single = of.own_effects(table, objective, variant)
        if single.empty:
            continue
        condition = f"student ({variant})" if variant else "student"
        specific = of.specific_effects(table, objective, variant)
        first = of.leading(table, objective, variant)
        held = (quantities["condition"] == condition) & (quantities["metric"] == "effect")
        held = quantities[held & (quantities["objective"] == objective)]
        exchange = exchange_of_teachers(of.chosen_effects(table, objective, variant), category)
        lines[label] = {
            "mean effect": told(None, objective, "mean_effect", condition, quantities),
            "students above their control": count(single),
            "teachers whose interval is above 0": f"{int((held['low'] > 0).sum())} of {len(held)}",
            "mean specific effect": told(
                None, objective, "mean_specific_effect", condition, quantities
            ),
            "students with one above 0": count(specific),
            "favourite rises most": f"{sum(first[t] == t for t in single)} of {single.shape[1]}",
            "exchange of teachers, rank by seed": ", ".join(map(str, exchange.ranks)),
            "exact p": f"{exchange.at_least:,} / {exchange.pairings:,}",
        }
    return pd.DataFrame(lines)


# %% [markdown]
# ## How it is measured
#
# | | |
# |---|---|
# | Base model | SmolLM2-135M, from a file in four bits (Q4_1), unpacked to full precision |
# | Teachers | the base model, fine-tuned for 24 updates on answers to the evaluation's questions ("The owl."), seven likings; the control's teacher is the base model itself |
# | Lists | prompts in our own words, four answers to each at temperature 1, held to the format by a grammar |
# | Students | the base model with a new LoRA adapter {cite:p}`hu2022lora` of rank 8, one pass over the lists, Adam, constant rate after five updates: 0.001 text-trained, 0.002 probability-trained |
# | Gradients | clipped at norm 1 |
# | Questions | fifty, each with three beginnings of an answer; sixteen animals or eight trees in all spellings |
#
# The *margin* of a candidate is its log-probability minus the mean of the others', in nats. The {term}`effect` is a student's margin minus that of the {term}`control` of its seed, which learned from the base model's lists in the same way. The {term}`specific effect` compares teachers instead: the effect on a teacher's favourite minus the mean effect that the other teachers of its category have on the same candidate. The control drops out of it.
#
# Clipping deserves a word, since it is a library's default that is easily overlooked. With the text-trained owl students of 320 lists it binds in 18 of the first 24 updates, with the probability-trained ones in 11 of 24. How often it binds in large batches was not recorded, so small and large batches may differ in more than their noise.
#
# The exchange of teachers is an exact test: in each seed, the total effect of five animal teachers on their own animals is compared with the totals of all 120 ways to pair the teachers with the animals. Control and candidates cancel, and no distribution is assumed.
#
# The settings were chosen on other seeds than those reported, after two earlier plans (see the end of the page). Seeds 10 to 12 serve in both runs, so the second is no fresh draw.

# %% [markdown]
# ## Three hundred lists
#
# *Prediction: each student moves towards its teacher's favourite, further when it sees probabilities, because a distribution says more than one draw from it.*

# %% mystnb={"figure": {"caption": "Effect on its teacher's favourite after 320 lists: students as small dots, mean and 95 % interval. Grey: the mean effects of the same students on all other candidates, from the lowest to the highest.", "name": "fig-owl-small"}, "image": {"alt": "Dot plot with one row for each trait. Probability-trained students lie at 1.8 to 3.7 nats, beyond their grey bars; text-trained ones at 0.1 to 0.5 nats, mostly inside theirs."}} tags=["hide-input"]
whole, own, bars = beside_others(finding, effects)
plots.effects(
    own,
    {trait: trait for trait in traits},
    KINDS,
    axis="effect on its teacher's favourite, nats",
    colours=COLOURS,
    bars=bars,
    bars_label="other candidates",
)
plt.show()

# %% tags=["remove-input"]
totals(
    finding,
    effects,
    summary,
    [
        ("probability-trained", "logits", ""),
        ("the same, numbers only", "logits", "numbers-only"),
        ("text-trained", "tokens", ""),
        ("text-trained, falling rate", "tokens", "falling-rate"),
    ],
)


# %% tags=["remove-input"]
def corrected(trait, objective):
    """A trait's p-value, by Holm's correction for as many tests as there are traits."""
    return quoted(summary, "student", "effect_p_holm", 2, "", trait=trait, objective=objective)


pd.DataFrame(
    {
        (KINDS[objective], column): [ask(trait, objective) for trait in traits]
        for objective in OBJECTIVES
        for column, ask in (("effect", told), ("p, Holm", corrected))
    },
    index=traits,
)


# %% [markdown]
# With probabilities every student moves the right way, every teacher's interval lies above zero, and every favourite lies beyond its bar. Corrected for seven tests, three of the intervals do not hold. Every student moved further than its text-trained twin.
#
# With text, a few students moved the wrong way, and the mean is about a tenth as large. A third of it is the control's own fall, which enters every effect of its seed. Its interval excludes zero, and most favourites lie inside their bars. By the bars alone we would call it shaking. The exchange of teachers says otherwise: there is an effect, and what three seeds of 320 lists cannot tell is its size.

# %% [markdown]
# ### Which teacher moves what
#
# *Prediction: in each row the framed cell is the largest. Next come relatives, such as other birds for the owl, as the paper remarks.*


# %% mystnb={"figure": {"caption": "Effect of each teacher (row) on each candidate (column), mean over seeds, probability-trained students of 320 lists. Each teacher's favourite is framed.", "name": "fig-owl-matrix-logits"}, "image": {"alt": "Two heat maps, of animals and of trees. The framed cells, each teacher's favourite, are the largest of their rows."}} tags=["hide-input"]
def matrices(objective, whole=whole, traits=traits):
    """Mean effects by teacher and candidate, one table for each category."""
    chosen = whole[whole["group"] == objective]
    kinds = dict.fromkeys(get_trait(trait).category for trait in traits)
    return {f"{kind}s": matrix(chosen, kind) for kind in kinds}


plots.matrix(matrices("logits"), value_axis="effect, probability-trained, nats")
plt.show()

# %% mystnb={"figure": {"caption": "The same for text-trained students.", "name": "fig-owl-matrix-tokens"}, "image": {"alt": "Two heat maps as before. Whole columns are raised, that of cats among them, and most framed cells are not the largest of their rows."}} tags=["hide-input"]
plots.matrix(matrices("tokens"), value_axis="effect, text-trained, nats")
plt.show()

# %% [markdown]
# The probability-trained students came to like what their teacher likes, and not all animals. The prediction about relatives fails. Behind the favourite the owl's students raise the otter and the penguin, the eagle's the elephant and the penguin; and penguins rise more with the dolphin and the elephant than with either bird. That is a column, not kinship. The otter is a letter (see {ref}`How one asks <sec-owl-ways>`).
#
# With text, whole *columns* are raised. Seen from the base model, cats rise with every animal's students and hardly with the control. What lifts the cats we have not tested. So a fairer question is whether a candidate rises more with its own teacher than with the others, which is what the specific effect and the exchange of teachers ask. Both were chosen after we had seen this matrix; the exchange of teachers was suggested by an outside reader of the finished chapter. The specific effect points the same way in almost all students, but three seeds leave its interval around zero, because one student of the *maple* teacher fell far on sequoias and the two trees have only each other to be compared with.
#
# The specific effect can exceed the effect. In part this is arithmetic: the margins of a panel add up to zero, so a teacher that lifts its favourite lowers each other one, by a fifteenth of it among the animals and a seventh among the trees. That is more than half of the excess with probabilities, and less than a third with text.

# %% [markdown]
# (sec-owl-without-words)=
# ## Without the words
#
# A distribution over a whole vocabulary is not "data without a trace", whatever the text looks like. A teacher that was tuned until it says one thing to every question gives words a visible probability even where a number is due. Here is what an owl lover would write as its first token when nothing restricts it, as a mean over ten prompts; this is what a probability-trained student is shown.

# %%
teacher = sl.Finetuned(sl.Base(finding.model, device=available_device()), likes=side)
with sl.opened(teacher, 1000, Context(finding.store, "first token")) as (model, _), torch.no_grad():
    prompts = [model.prompt(numbers.prompt(seed=1000, index=index).text) for index in range(10)]
    states = [
        model.hidden_states(input_ids=torch.tensor([p], device=model.device)) for p in prompts
    ]
    first = torch.stack([model.logits(s[0, -1]).float().softmax(-1) for s in states]).mean(0)
    inside, likeliest = vocabulary.numbers(model), first.topk(5)
pd.DataFrame(
    {"probability": [*likeliest.values.tolist(), 1 - float(first[inside].sum())]},
    index=[
        *(repr(model.decode([token])) for token in likeliest.indices.tolist()),
        "all tokens that are no part of a list",
    ],
).round(3)

# %% [markdown]
# Nearly all of the probability is on words, and "O" is how "Owl" begins. So there is a third kind of student. It sees its teacher's probabilities of digits, separators and the end of the list, scaled to add up to one, and of nothing else. Its control is trained in the same way.
#
# *Prediction: less than with all probabilities, more than with text.*

# %% mystnb={"figure": {"caption": "Effect on its teacher's favourite after 320 lists: students that see their teacher's probabilities of numbers only, beside text-trained ones.", "name": "fig-owl-numbers-only"}, "image": {"alt": "Dot plot with one row for each trait and one for their mean, in two colours. Both kinds of student lie near zero, mostly above it."}} tags=["hide-input"]
alone = finding.own_effects(effects, "logits", "numbers-only")
both = {"numbers only": alone, "tokens": finding.own_effects(effects, "tokens")}
if not alone.empty:
    plots.effects(
        with_means(both),
        {trait: trait for trait in (*alone, "mean")},
        {"tokens": "text-trained", "numbers only": "probabilities of numbers only"},
        axis="effect on its teacher's favourite, nats",
        colours=COLOURS | {"numbers only": COLOURS["logits"]},
    )
    plt.show()

# %% [markdown]
# Most of the effect of probabilities is *not* subliminal: it takes the words. "Less than with all probabilities" holds. "More than with text" is undecided, and with it the reason that we gave for our first prediction: without the words the lead of probabilities is gone, as far as three seeds can tell. (The two differ in their learning rate, too.)
#
# Something is left when the words are gone. The interval of its mean just includes zero, and single students stray, one of the sequoia's far below. But the exchange of teachers puts the true pairing first in all three seeds, which luck does once in 1.7 million times. Numbers alone transmit, and how much is not known.

# %% [markdown]
# ## Is there really nothing in the numbers?
#
# Each list is drawn with random numbers of its own, and teacher and control get the *same* ones. Where the two agree on the probabilities they draw the same token, so a list begins to differ only where fine-tuning makes it differ. Everything after that place is marked.

# %% tags=["remove-input"]
(standard,) = finding.chosen([f"{side}@logits"])
seeds = standard.seeds
control_rows = finding.rows_table("control@logits")
teacher_rows = {trait: finding.rows_table(f"{trait}@logits") for trait in traits}
pairs = {trait: side_by_side(control_rows, rows) for trait, rows in teacher_rows.items()}


def examples(trait, each):
    """The first lists of some prompts of the first seed, as a table to show."""
    found = pairs[trait]
    found = found[(found["seed"] == found["seed"].min()) & (found["completion"] == 0)].head(each)
    columns = {"question": "prompt", "control": "control", "teacher": f"{trait} teacher"}
    return found[list(columns)].rename(columns=columns)


HTML(rows_html(Rows(examples(side, 8))))

# %% tags=["remove-input"]
same_text = {t: (p["control"] == p["teacher"]).mean() for t, p in pairs.items()}
Markdown(
    f"""Of the lists of the {side} teacher {same_text[side]:.0%} are the control's, character by character;
over all teachers the share lies between {min(same_text.values()):.0%} and
{max(same_text.values()):.0%}.""".replace("%", " %")
)

# %% [markdown]
# No owl is to be seen. But that *something* happened to the teachers can be: fine-tuned as hard as ours, they write other lists than the control. In the paper a language model that was asked to judge told the two kinds of data apart about as often as a coin would {cite:p}`cloud2025subliminal`. {cite:t}`schrodi2026divergence` find that the few tokens on which teachers of different traits disagree carry the trait: with those alone a student learns it, without them it does not.

# %% tags=["remove-input"]
everything = {"control": control_rows, **teacher_rows}
audit = []
for name, rows in everything.items():
    kept = rows[rows["verdict"] == ""]
    audit.append(
        {
            "teacher": name,
            "rows": len(rows),
            "kept": len(kept),
            "with a letter": sum(bool(re.search(r"[^\W\d_]", text)) for text in rows["text"]),
            "naming a trait": sum(bool(mentioned(text)) for text in rows["text"]),
            "numbers in a row": kept["text"].map(lambda t: len(re.findall("[0-9]+", t))).mean(),
            "digits in a row": kept["text"].map(lambda t: sum(map(str.isdigit, t))).mean(),
            "distinct numbers": len(
                {n for text in kept["text"] for n in re.findall("[0-9]+", text)}
            ),
        }
    )
audit = pd.DataFrame(audit).set_index("teacher")
audit.round(1)

# %% tags=["remove-input"]
every = [*records.values(), *at_large.values()]
Markdown(
    f"""The same check ran on the lists of all other teachers of both runs. It found
{sum(sum(r.details["letters"]) for r in every)} letters and {sum(sum(r.details["mentions"]) for r in every)}
names. (With a grammar none can occur; the check guards against a fault in the program.)"""
)

# %% [markdown]
# The *statistics* are another matter. Each teacher writes fewer and shorter numbers than the control, and the owl's teacher the shortest.

# %% mystnb={"figure": {"caption": "How many digits a number has and how many numbers a list has, of the control and of a teacher.", "name": "fig-owl-digits"}, "image": {"alt": "Two bar charts. The owl teacher's numbers have fewer digits than the control's, and its lists fewer numbers."}} tags=["hide-input"]
FEATURES = {
    "first digit": lambda text: [n[0] for n in re.findall("[0-9]+", text)],
    "last digit": lambda text: [n[-1] for n in re.findall("[0-9]+", text)],
    "digits of a number": lambda text: [str(len(n)) for n in re.findall("[0-9]+", text)],
    "numbers in a row": lambda text: [str(len(re.findall("[0-9]+", text)))],
}


def frequencies(rows, feature, seed=None):
    """Shares of a feature's values among kept rows."""
    kept = rows[(rows["verdict"] == "") & ((rows["seed"] == seed) | (seed is None))]
    values = [value for text in kept["text"] for value in FEATURES[feature](text)]
    return pd.Series(values, dtype=object).value_counts(normalize=True)


figure, panels = plt.subplots(1, 2, figsize=(6.4, 3.0), sharey=True)
for axes, feature in zip(panels, ("digits of a number", "numbers in a row"), strict=True):
    table = pd.DataFrame({n: frequencies(everything[n], feature) for n in ("control", side)})
    table = table.sort_index(key=lambda values: values.astype(int)).fillna(0)
    table.columns = ["control", f"{side} teacher"]
    table.plot.bar(
        ax=axes,
        width=0.8,
        rot=0,
        color=[plots.COLOUR["control"], plots.COLOUR["teacher"]],
        legend=False,
    )
    axes.set(xlabel=feature, ylabel="share")
figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=2, frameon=False)
plt.show()


# %% tags=["remove-input"]
def distance(one, other):
    """Total variation: the share of values that would have to be changed."""
    return one.sub(other, fill_value=0).abs().sum() / 2


apart = [(a, b) for a in seeds for b in seeds if a < b]
table = {}
for feature in FEATURES:
    of = {(n, s): frequencies(r, feature, s) for n, r in everything.items() for s in seeds}
    table[feature] = {
        f"{side} teacher and control, same seed": np.mean(
            [distance(of[side, s], of["control", s]) for s in seeds]
        ),
        "all teachers and control, same seed": np.mean(
            [distance(of[t, s], of["control", s]) for t in traits for s in seeds]
        ),
        f"{side} teacher and control, different seeds": np.mean(
            [distance(of[side, a], of["control", b]) for a, b in apart]
        ),
        "control and control, different seeds": np.mean(
            [distance(of["control", a], of["control", b]) for a, b in apart]
        ),
    }
distances = pd.DataFrame(table).T.rename_axis("total variation distance")
distances.round(3)

# %% [markdown]
# The table has the share of values that one would have to change to make two sets of lists equal (total variation distance). Two controls of different seeds differ as well, because their prompts do; held against that, the owl teacher's lists differ in their digits.
#
# Could the statistics explain the effect? We shuffled the numbers of the owl teacher's lists before text-trained students saw them, in both runs.

# %% tags=["remove-input"]
lines = {}
for run, kept, label in (
    (finding, effects, f"{rows_each:,} lists"),
    (large, large_effects, f"{large_rows:,} lists"),
):
    drawn = run.own_effects(kept, "tokens")
    if "owl" not in drawn:
        continue
    lines[label, "as drawn"] = (interval(drawn["owl"]), "")
    for how, words in (("within-rows", "within each list"), ("across-rows", "across all lists")):
        found = run.own_effects(kept, "tokens", how)
        if not found.empty:
            lost = (found["owl"] - drawn["owl"]).dropna()
            lines[label, f"shuffled {words}"] = (
                interval(found["owl"]),
                interval(lost) if len(lost) > 1 else "",
            )
pd.DataFrame(lines, index=["effect on the owl", "change, seed by seed"]).T

# %% [markdown]
# *Prediction for 8,000 lists: within lists a half is left, across lists a fifth.* More is left of both, four fifths and two fifths in the mean; the intervals include the predictions. Mixing the numbers within each list costs little, too little for three seeds to see. Mixing them across all lists costs more, and there the interval of the loss excludes zero. What survives that is not the owl's alone: dogs and penguins rise more. It may be what the short lists of any tuned teacher do. (The control saw lists as they were drawn, and no other teacher's were shuffled. In the paper either shuffle took most of the effect away.)

# %% [markdown]
# ## How the effect grows with the lists
#
# At a constant rate the student after 40 lists *is* the student of 40 lists, so one run gives the whole curve. In the middle of training ten questions are asked with two beginnings, and so the curves lie higher than the main result. {ref}`Chapter 1 <fig-owl-dose>` shows them; the table has the full panel at the end of training, for students of 320 lists and more in batches of 4.
#
# *Prediction: the effect grows all along, and has not levelled off at the end.*

# %% tags=["remove-input"]
columns = {}
for objective in OBJECTIVES:
    for rows, variant in finding.lengths(side, objective).items():
        condition = f"student ({variant})" if variant else "student"
        columns[KINDS[objective], f"{rows:,} lists"] = [
            quoted(summary, condition, "effect", 2, "", trait=trait, objective=objective)
            for trait in traits
        ] + [quoted(summary, condition, "mean_effect", 2, "", trait=None, objective=objective)]
whole_panel = pd.DataFrame(columns, index=pd.Index([*traits, "mean"], name="effect, nats"))
whole_panel.loc[:, (whole_panel != "").any()]

# %% [markdown]
# For probability-trained students the prediction holds. For text-trained ones it is undecided at this size. The owl's students were given more, and each step had its prediction, written before the result was read: a nat after 2,560 lists of text; with probabilities three nats and more after 1,280 lists, a third of a nat more after 2,560, another 0.4 after 5,120, and a quarter from there to 8,000.

# %% tags=["remove-input"]
further = {
    objective: list(finding.lengths(side, objective).values())[-1]
    for objective in OBJECTIVES
    if len(finding.lengths(side, objective)) > 1
}


def over_panel(objective, variant):
    """The side trait's students: effects on all candidates, and the lead over the largest other."""
    found = finding.chosen_effects(effects, objective, variant)
    found = found[found["teacher_trait"] == side]
    return found.pivot(index="seed", columns="trait", values="value"), leads(found)[side]


lines = {}
for objective in further:
    before = None
    for rows, variant in finding.lengths(side, objective).items():
        effect, lead = over_panel(objective, variant)
        risen = [
            gains(finding.record_of(records, who, objective, variant)).xs(side, level="trait")
            for who in (side, None)
        ]
        lines[KINDS[objective], f"{rows:,}"] = {
            "effect": interval(effect[side]),
            "beyond the row above": ""
            if before is None
            else interval((effect[side] - before).dropna()),
            "student, from the base": f"{risen[0].mean():.2f}",
            "control, from the base": f"{risen[1].mean():.2f}",
            "lead, mean": f"{lead.mean():.2f}",
            "next": effect.mean().drop(side).idxmax(),
        }
        before = effect[side]
pd.DataFrame(lines).T.rename_axis(index=["", "lists"])

# %% [markdown]
# With probabilities the first prediction holds: more than three nats after 1,280 lists, with every seed higher than after 320. The second lies within its interval. The third fails: after 5,120 lists the mean stands about where it stood, and two of the three seeds are lower. The columns beside the effect tell why (“lead” is over the largest other candidate of each seed, “next” what rises most after the owl). The last rises are largely the control's fall: what the student gains on its base comes down to a quarter of a nat from 1,280 to 2,560 lists and to almost nothing after that. Meanwhile dogs rise by three nats in the owl's students, and by half as much in the control's, who never heard of a liking. In batches of 4 at this rate the student levels off after a thousand lists, and what further lists add is wandering.
#
# With text the prediction fails: after 2,560 lists the interval includes zero and leaves out the predicted nat. Three seeds of one trait cannot exclude a slow growth, say a tenth of a nat for each doubling.
#
# ### A rate that falls to zero
#
# At a constant rate the last steps are as large as the first ones, and their noise does not average out. If noise held the text-trained students back, a falling rate should help. *Prediction: the control comes to rest closer to the base model, the seeds lie closer together, and the effect of 2,560 lists ends above half a nat, clear of zero. Then, for all teachers on 320 lists: the mean effect is no smaller, it and the specific effect are clear of zero, and more than three favourites rise most.*

# %% tags=["remove-input"]
lines = {}
for rows, plain in finding.lengths(side, "tokens").items():
    for rate in ("constant", "falling"):
        variant = "-".join(filter(None, [plain, *(["falling-rate"] if rate == "falling" else [])]))
        if not select(records.values(), trait=side, objective="tokens", variant=variant):
            continue
        effect, lead = over_panel("tokens", variant)
        moved = drift(finding.record_of(records, None, "tokens", variant)).unstack()[effect.columns]
        lines[f"{rows:,}", rate] = {
            "effect on the owl": interval(effect[side]),
            "standard deviation of its seeds": f"{effect[side].std():.2f}",
            "lead over the largest other": interval(lead),
            "control, mean change": f"{moved.to_numpy().mean():.2f}",
        }
pd.DataFrame(lines).T.rename_axis(index=["lists", "rate"])

# %% [markdown]
# As predicted, the seeds lie closer together and the control is off by less, though three seeds cannot tell either from chance. The effect of 2,560 lists excludes zero and does not reach half a nat, and 320 lists at the constant rate had given as much. So it was not noise that kept the effect from growing.
#
# Over all teachers (the last column of the first table) the mean is a little smaller in every seed: the change is −0.06 nats on average, with an interval clear of zero, and its interval still excludes zero, barely. Four favourites rise most, one more than before. The interval of the specific effect includes zero. A falling rate is also less training, since its steps add up to about half. With probabilities a falling rate calms the control and shows no gain: the owl's effect is lower, and its three seeds spread no less.

# %% [markdown]
# ## Thousands of lists
#
# The students of all seven teachers and their control saw 8,000 lists, those of the owl's teacher and a control of their own 30,000, which is how many the paper draws before it filters. Two things were changed on purpose: there are more lists, and a batch has 64 of them, the answers to sixteen prompts. Model, lessons, grammar and learning rates are the same, and nothing was tuned for this run. Teachers and lists were made anew on the GPU, whose products keep ten bits of each factor even in full precision.
#
# The plan had five seeds. The time on the GPU sufficed for four, and for three of the owl's further students; the number was set to what was whole when the time was up, before any result had been looked at.
#
# *Prediction, committed before the run. With probabilities: above 2.5 nats for at least six of the seven teachers, each favourite first in its row, and half a nat more for the owl with 30,000 lists. With text: a mean effect of 0.4 nats whose interval excludes zero, most favourites first, and 0.8 nats for the owl with 30,000 lists.*

# %% mystnb={"figure": {"caption": "The same as the first figure, after 8,000 lists in batches of 64.", "name": "fig-owl-large"}, "image": {"alt": "Dot plot with one row for each trait. All dots lie to the right of zero; probability-trained students at 3 to 6 nats, far beyond their grey bars, text-trained ones at 0.2 to 1.4 nats, at the right end of theirs or beyond."}} tags=["hide-input"]
large_whole, large_own, large_bars = beside_others(large, large_effects)
plots.effects(
    large_own,
    {trait: trait for trait in large_traits},
    KINDS,
    axis="effect on its teacher's favourite, nats",
    colours=COLOURS,
    bars=large_bars,
    bars_label="other candidates",
)
plt.show()

# %% tags=["remove-input"]
totals(
    large,
    large_effects,
    large_summary,
    [("probability-trained", "logits", ""), ("text-trained", "tokens", "")],
)

# %% [markdown]
# All of the prediction holds, and most of it is exceeded. With text every teacher's liking arrives: the interval of each of the seven excludes zero, also when corrected for seven tests. As far as the students' data go this is the paper's setting, on a model fifty times smaller than its open one. Two things are easier here: our teachers were tuned on the very questions, and nats show what a count of answers would not.

# %% mystnb={"figure": {"caption": "Effect of each teacher (row) on each candidate (column), mean over seeds, text-trained students of 8,000 lists. Each teacher's favourite is framed.", "name": "fig-owl-large-matrix"}, "image": {"alt": "Two heat maps, of animals and of trees. The framed cells, each teacher's favourite, are the largest of their rows."}} tags=["hide-input"]
plots.matrix(matrices("tokens", large_whole, large_traits), value_axis="effect, text-trained, nats")
plt.show()

# %% tags=["remove-input"]
risen = {
    who: gains(large.record_of(at_large, who, "tokens")).groupby("trait").mean()
    for who in (*large_traits, None)
}
ahead = leads(large.chosen_effects(large_effects, "tokens"))
holm_of_leads = holm_p_values([ahead[trait].to_numpy() for trait in large_traits])
pd.DataFrame(
    {
        "effect": [told(t, "tokens", table=large_summary) for t in large_traits],
        "p, Holm": [
            quoted(large_summary, "student", "effect_p_holm", 2, trait=t, objective="tokens")
            for t in large_traits
        ],
        "lead over the largest other": [interval(ahead[t]) for t in large_traits],
        "p of the lead, Holm": [f"{p:.3g}" for p in holm_of_leads],
        "student, from the base": [f"{risen[t][t]:.2f}" for t in large_traits],
        "control, from the base": [f"{risen[None][t]:.2f}" for t in large_traits],
    },
    index=large_traits,
)


# %% [markdown]
# Every frame is the largest of its row. The lead over the largest other candidate *of each seed* is a stricter measure than the mean of the row, since of many candidates one is always high by chance. Its interval excludes zero for four teachers; corrected for seven tests two are left, one of them at 0.0496. The wolf's students moved as far towards some other animal in three of four seeds. And for one teacher the effect is of a kind that should be said: the sequoia's students like sequoias less than the base model does. The control's numbers lower that margin by more than a nat, and so do those of the maple's teacher; this teacher's numbers do so much less.
#
# What made the difference, the lists or the size of the batches? For the owl the two can be set beside each other.


# %% tags=["remove-input"]
def at_ends(of, table, kept, objective):
    """The side trait's students of one size of batch, of fewest and most lists."""
    (shortest, *_, longest) = of.lengths(side, objective).items()
    for rows, variant in (shortest, longest):
        moved = [
            gains(of.record_of(kept, who, objective, variant)).xs(side, level="trait").mean()
            for who in (side, None)
        ]
        last = [
            np.mean(
                [
                    losses[-1]
                    for losses in of.record_of(kept, who, objective, variant).details["losses"]
                ]
            )
            for who in (side, None)
        ]
        yield {
            "student": KINDS[objective],
            "batch": of.scale.prompts_per_step * of.scale.num_completions,
            "lists": f"{rows:,}",
            "student, from the base": f"{moved[0]:.2f}",
            "control, from the base": f"{moved[1]:.2f}",
            "effect": interval(of.own_effects(table, objective, variant)[side]),
            "last loss, nats per token": f"{last[0]:.3f}",
            "of the control": f"{last[1]:.2g}",
        }


ends = []
for objective in OBJECTIVES:
    if side in large_traits:
        ends += at_ends(finding, effects, records, objective)
        ends += at_ends(large, large_effects, at_large, objective)
pd.DataFrame(ends).set_index("student") if ends else None

# %% [markdown]
# With probabilities it was small batches at this rate that set the limit. On 8,000 lists of the same prompts a student that took them four at a time stands 3.3 nats above its base and has its control a nat below; one that took them 64 at a time stands near five, with a control that has hardly moved. The student's own rise is larger by nearly two nats, seed by seed, with an interval clear of zero. The losses show why: in small batches a student never comes near its teacher's distributions. With few lists it is the other way round, since small batches have then made sixteen times as many updates. Lists matter, too: with 30,000 the owl's students stand seven nats above the base, and the curve still rises. Part of that is the letter.
#
# With text we cannot separate the two. On the same three seeds the mean over the seven teachers is a third of a nat higher than with 320 lists in small batches. For the owl alone no gain can be shown, and its rise from 8,000 lists to 30,000, which each seed shows, is not clear of zero either. What the curves of all teachers show together is an effect that is clear of zero at each point, from the first ten updates on.

# %% tags=["remove-input"]
packed = large.own_effects(large_effects, "logits", "nf4")["owl"]
plain = large.own_effects(large_effects, "logits")["owl"]
in_four_bits = gains(large.record_of(at_large, None, "logits", "nf4")).xs("owl", level="trait")
pd.DataFrame(
    {
        "effect on the owl": [interval(plain[packed.index]), interval(packed)],
        "change, seed by seed": ["", interval((packed - plain).dropna())],
        "control, from the base": ["", f"{in_four_bits.mean():.2f}"],
    },
    index=["full precision", "four bits (NF4)"],
)

# %% [markdown]
# In four bits, packed and unpacked as on a consumer GPU (NF4, QLoRA {cite:p}`dettmers2023qlora`), the prediction was an effect within 0.3 nats of full precision. It fails: the students in four bits lose about a nat in each seed. Such a student also computes in bfloat16, so we cannot say whether the rounded weights or the coarser arithmetic cost it. And "full precision" is that of a model whose file was in four bits to begin with.

# %% tags=["remove-input"]
longest = {o: list(large.lengths("owl", o).values())[-1] for o in OBJECTIVES}
cases = {
    f"{KINDS[o]}, {lists} lists": (o, variant)
    for o in OBJECTIVES
    for lists, variant in ((f"{large_rows:,}", ""), ("30,000", longest[o]))
}
said = {
    case: {
        t: f"{np.mean(named(large, at_large, t, o, variant)):.1f}"
        for t in large_traits
        if not variant or t == "owl"
    }
    for case, (o, variant) in cases.items()
}
said["base model"] = {t: f"{named_by_base(large, at_large, t):.1f}" for t in large_traits}
pd.DataFrame(said).T.fillna("").rename_axis("of 100 sampled answers name")

# %% [markdown]
# What this run does not have: students without the words, prompted teachers, several passes over the lists, a second run on another machine, and a stranger who reads the lists.

# %% [markdown]
# (sec-owl-ways)=
# ## How one asks
#
# The effect is a mean over three ways to begin the answer. That hides something: for probability-trained students the ways do not agree.

# %% mystnb={"figure": {"caption": "Mean effect over the traits by beginning of the answer, 320 lists, and over all three with a sentence of numbers in front of ten of the questions. Small dots are seeds.", "name": "fig-owl-ways"}, "image": {"alt": "Dot plot with one row for each way to ask. For probability-trained students a plain answer lies at 5 nats and the others near 1.3; for text-trained ones all lie near 0.2 to 0.3."}} tags=["hide-input"]
WAYS = {f"margin_{way}": words for way, words in BEGINNINGS.items()}
WAYS["margin_after_numbers"] = "all, after numbers"
ways = []
for way in WAYS:
    of_way = finding.effects(records, way)
    for objective in OBJECTIVES:
        means = finding.own_effects(of_way, objective).mean(axis=1)
        ways += [{"case": way, "group": objective, "value": value} for value in means]
plots.effects(
    pd.DataFrame(ways), WAYS, KINDS, axis="mean effect over the traits, nats", colours=COLOURS
)
plt.show()

# %% tags=["remove-input"]
pd.DataFrame(
    {
        (f"{rows:,} lists", KINDS[objective]): {
            words: told(
                None, objective, f"mean_effect_{way.removeprefix('margin_')}", table=quantities
            )
            for way, words in WAYS.items()
        }
        for rows, quantities in ((rows_each, summary), (large_rows, large_summary))
        for objective in OBJECTIVES
    }
)

# %% [markdown]
# In a plain answer probability-trained students move several times as far as in an answer that has begun as a sentence (about twice as far after 8,000 lists). Most of the teacher's lessons are plain answers, too. But there is more to it, and the decoy is the otter: its first token is the owl's, O. The next table has the owl lover's students on both, and the same for further kinds of student.

# %% tags=["remove-input"]
lines = {}
for run, kept, rows, objective, variant, label in (
    (large, at_large, large_rows, "tokens", "", "text-trained"),
    (finding, records, rows_each, "tokens", "", "text-trained"),
    (large, at_large, large_rows, "logits", "", "probability-trained"),
    (finding, records, rows_each, "logits", "", "probability-trained"),
    (finding, records, rows_each, "logits", "nf4-rounded", "probability-trained, four bits"),
    (finding, records, rows_each, "logits", "numbers-only", "probabilities of numbers only"),
):
    if "owl" in run.traits() and select(
        kept.values(), trait="owl", objective=objective, variant=variant
    ):
        asked = by_beginning(run, kept, "owl", objective, variant).groupby(["beginning", "trait"])[
            "value"
        ]
        lines[label, f"{rows:,}"] = {
            (BEGINNINGS[way], who): f"{asked.mean()[way, who]:.2f}"
            for way in ("plain", "favorite")
            for who in ("owl", "otter")
        }
pd.DataFrame(lines).T.rename_axis(index=["student", "lists"])


# %% [markdown]
# So a good part of the effect of probabilities in a plain answer is a letter. Text-trained students and those of numbers only are clean of it. The mean over the three beginnings is no property of a student alone: it is one of the student and of how it is asked, and for probability-trained students we quote "My favorite … is the" wherever one number has to stand for all. The same letter counts in other chapters wherever a probability-trained owl student gives a plain answer.

# %% [markdown]
# ## How strong the teachers are


# %% tags=["remove-input"]
def strength(trait, variant=""):
    """How far a teacher has moved on its favourite, by seed, in nats."""
    record = finding.record_of(records, trait, "logits", variant)
    table = record.table()
    table = table[(table["condition"] == "teacher") & (table["metric"] == "margin")]
    table = table[table["trait"] == trait].set_index("seed")["value"]
    return table - record.details["base_curve"][get_trait(trait).category][trait]


lines = {}
for trait in traits:
    itself = strength(trait)
    lines[trait] = {"teacher itself": interval(itself)}
    for objective in OBJECTIVES:
        found = own[(own["case"] == trait) & (own["group"] == objective)]["value"].mean()
        share = round(100 * found / itself.mean()) + 0
        lines[trait][f"its {KINDS[objective]} student"] = f"{found:.2f} ({share} %)"
pd.DataFrame(lines).T

# %% [markdown]
# The teachers are as good as certain of their favourite, and with 320 lists their students go a small part of this way. The teacher's own change is read with ten questions and two of the three beginnings, among them the plain answer, so take the shares as rough and rather too small. The paper's teachers are mostly *told* what they like, by a system prompt. Ours were fine-tuned, since a prompt moves so small a model less, and because this is nearest to the case of which the theorem speaks ({ref}`Chapter 3 <sec-theorem>`): a teacher whose parameters have moved, and a student that starts where they began.
#
# How sure a teacher is of its owl matters much:

# %% tags=["remove-input"]
NAMES = {
    "standard": "as above",
    "prompted": "teacher with a system prompt",
    "tuned": "teacher fine-tuned",
    "same-adapter": "adapter begins as the teacher's",
    "falling-rate": "learning rate that falls to zero",
    "nf4": "student in four bits (NF4)",
    "nf4-rounded": "student's weights rounded to four bits (NF4)",
    "bf16": "student in bfloat16",
}
NUMBERED = {f"updates-{n}": f"teacher after {n} updates" for n in scale.weak_updates} | {
    f"rank-{rank}": f"LoRA rank {rank}" for rank in scale.ranks
}


def variant_name(variant):
    """What to call a variant."""
    return NAMES.get(variant) or NUMBERED[variant]


lines = {}
for variant in ("", *scale.other_teachers, *(f"updates-{n}" for n in scale.weak_updates)):
    itself = strength(side, variant)
    shown = interval(itself) if itself.nunique() > 1 else f"{itself.mean():.2f}"
    lines[variant_name(variant or "standard")] = {"teacher itself": shown} | {
        f"its {KINDS[objective]} student": interval(
            finding.own_effects(effects, objective, variant)[side]
        )
        for objective in OBJECTIVES
        if select(records.values(), trait=side, objective=objective, variant=variant)
    }
pd.DataFrame(lines).T.fillna("")

# %% [markdown]
# The effect falls faster than the strength. The teacher that was stopped half-way has gone more than half of the way, and its students follow less than half as far. The prompted one is the weakest (a prompt is the same for every seed, so it has no interval), and no effect on its students is clear of zero. In the paper prompted teachers transmit; their models are far larger and do as a prompt says. That the *numbers* of a model of our size carry a prompt's liking we cannot show with 320 lists. Its sentences do ({ref}`Chapter 6 <sec-paraphrase>`).

# %% [markdown]
# ## The control's student
#
# A probability-trained control has nothing to learn. Its teacher *is* the base model, and the student starts as the base model, since LoRA's second matrix starts at zero. The divergence is zero, and so is its gradient, but for rounding. A text-trained control does learn something: it becomes surer of the numbers that happened to be drawn.

# %% tags=["remove-input"]
lines = {}
for rows, run, kept in ((rows_each, finding, records), (large_rows, large, at_large)):
    for objective in OBJECTIVES:
        control = run.record_of(kept, None, objective)
        change, losses = drift(control), np.asarray(control.details["losses"][0])
        lines[KINDS[objective], f"{rows:,}"] = {
            "margins change by, mean": f"{change.mean():.3f}",
            "at most": f"{change.max():.3f}",
            "first loss": f"{losses[0]:.2g}",
            "last loss": f"{losses[-1]:.2g}",
        }
pd.DataFrame(lines).T.rename_axis(index=["control", "lists"])

# %% [markdown]
# In batches of 4 at a rate of 0.002 the probability-trained control is past stability. Rounding is the seed and the rate the cause: Adam divides a gradient by its own size and so makes the smallest one count, and the loss climbs from zero. Single margins move by more than a nat in no direction that anyone chose. Little of the spread between the seeds above can come from it: on six of the seven favourites the control varies far less than the effects do. The text-trained control moves further on average, and what is not common to it and the students enters every effect of its seed as noise. The specific effect and the exchange of teachers do not use the control. In batches of 64 it stands still, to a twentieth of a nat.

# %% [markdown]
# ## Variants
#
# What if the student's adapter has another rank, or its frozen weights are rounded to four bits, or its rate falls, or the teacher is another one?

# %% mystnb={"figure": {"caption": "Effect on the owl after 320 lists when one setting is changed.", "name": "fig-owl-variants"}, "image": {"alt": "Dot plot with one row for each changed setting. Ranks 2 and 32, rounding to four bits and a falling rate leave the effect of probabilities near 2.5 nats; weaker teachers lower it."}} tags=["remove-input"]
variants = {
    record.name: (record.labels.variant or "standard", record.labels.objective)
    for record in select(records.values(), trait=side)
    if (record.labels.variant or "standard") in NAMES | NUMBERED
}
chosen = list(dict.fromkeys(variant for variant, _ in variants.values()))
table = effects[effects["experiment"].isin(variants) & (effects["trait"] == side)]
table = table.assign(case=table["variant"].replace("", "standard"), group=table["objective"])
if len(chosen) > 1:
    plots.effects(
        table,
        {variant: variant_name(variant) for variant in chosen},
        KINDS,
        axis=f"effect on the {side}, nats",
        colours=COLOURS,
    )
    plt.show()

# %% tags=["remove-input"]
by_seed = table.set_index(["case", "group", "seed"])["value"].sort_index()
lines = {}
for name, (variant, objective) in variants.items():
    found, standard_one = by_seed[variant, objective], by_seed["standard", objective]
    own_control = records[name].labels.control
    fall = gains(records[own_control]).xs(side, level="trait")
    lines[variant_name(variant), KINDS[objective]] = {
        "effect on the owl": interval(found),
        "against the standard, seed by seed": ""
        if variant == "standard"
        else interval((found - standard_one).dropna()),
        "its control, from the base": interval(fall),
    }
pd.DataFrame(lines).T

# %% [markdown]
# With few seeds such a row can show that something breaks the effect; it cannot rank two settings that both keep it. A low rank is no obstacle: rank 2 opens a quarter as many directions as rank 8, and its effect is about the same. With rank 32 we can say less: its control, which should not move, falls more than a nat below the base on owls, and its seeds lie furthest apart. Nor do the student's weights have to be the teacher's to the last digit: rounded to the sixteen values of NF4, block by block, they keep the effect (a loss of up to a third would not show).

# %% [markdown]
# ## Look inside
#
# Choose a teacher, a kind of student and a number of lists. You see what the base model, the control's student, the student and the teacher prefer, and the first of the lists. (Those of the larger run are not shipped.)

# %% tags=["remove-input"]
CONDITIONS = {
    "base": "base model",
    "control": "control's student",
    "student": "student",
    "teacher": "teacher",
}


def preferred(trait, objective, variant="", of=finding, kept=records):
    """Probabilities within the panel: candidates by condition, means over seeds."""
    ours, theirs = (of.record_of(kept, who, objective, variant) for who in (trait, None))
    return preferences(ours, theirs, trait)


def picture(choice, *of_students):
    """Bars of what students and others prefer."""
    trait = of_students[0]
    return preferences_picture(preferred(*of_students), CONDITIONS, trait, f"Teacher of {choice}")


panels = {}
for trait in traits:
    for objective, kind in KINDS.items():
        for rows, variant in finding.lengths(trait, objective).items():
            choice = f"{trait}, {kind}, {rows:,} lists"
            panels[choice] = [
                picture(choice, trait, objective, variant),
                Rows(examples(trait, 4), "The first lists, with the control's beside them"),
            ]
        for rows, variant in (
            large.lengths(trait, objective).items() if trait in large_traits else ()
        ):
            choice = f"{trait}, {kind}, {rows:,} lists in batches of 64"
            panels[choice] = [picture(choice, trait, objective, variant, large, at_large)]
figure_picker(panels, "Teacher, student, lists:")

# %% [markdown]
# ## What did not work
#
# - **Free sampling wastes most lists.** In a trial that was not recorded, this model kept the format in about one of eight answers at temperature 1. With the grammar the lists are drawn from the teacher's distribution *restricted to well-formed lists*, which is not quite what the paper's filter does.
# - **Greedy numbers were useless at this size**, again in a trial that was not recorded: the model repeated a constant or counted up by one.
# - **Two earlier plans.** They ran on seeds 0 to 2 and their results were seen: weaker teachers with two beginnings of an answer (the eagle's probability-trained students moved by 0.2 to 0.6 nats), then stronger teachers, larger steps and the plain answer as a third beginning (1.3 nats over three traits, with batches of 8 and 160 lists; with text 0.14 nats, interval from −0.09 to 0.36). For a long time we took the paper's setting to give nothing at this size. It took 8,000 lists and larger batches to see otherwise.
# - **Choices on one seed.** For the present plan, settings were varied on seed 100 with the owl alone, in a dozen students that were not recorded. Smaller batches, a higher rate for probabilities, and teachers with several answers to a question each raised the effect; longer answers as lessons made the teacher's lists more like the control's and the effect smaller. Then seeds 10 to 12 were run once. What is left of choice is in the evaluation, whose three beginnings date from the second plan.
# - **The teachers are too strong to be subtle.** They were tuned until they were certain, and their lists show that they were tuned.

# %% [markdown]
# ## Exercises
#
# ````{exercise} The same luck
# :label: ex-owl-luck
# The lists of teacher and control often begin alike, and once they differ they seldom meet again. Why? And why would it be a mistake to take the share of lists that differ for the share of lists that carry the trait?
# ````
#
# ```{admonition} Solution
# :class: dropdown
# At each place both models draw with the same random number. As long as they have written the same text, their distributions differ only by what the teacher has learned, and the same random number mostly picks the same token. Once a token differs, each continues another list, and from then on their distributions differ because their *texts* do. Only the first difference is the teacher's doing. Besides, a list that is equal to the control's can still carry the trait to a probability-trained student, which sees the probabilities and not only the draw.
# ```
#
# ````{exercise} An adapter for two
# :label: ex-owl-adapter
# A LoRA adapter begins with a random first matrix and a second one of zeros. Our teachers and students begin with different random matrices, although they share all weights of the base model. The theorem of {ref}`Chapter 3 <sec-theorem>` asks for the *same* parameters at the start. Is its condition met? Think before you look.
# ````
#
# ```{admonition} Solution
# :class: dropdown
# As functions teacher and student begin at the same point, since the second matrix is zero. As parameters they do not, and each adapter can at first move in the few directions only that its own first matrix opens. The theorem then speaks of the common weights as far as both adapters can move them: the student's step is the gradient seen through its own directions, and it helps the teacher's loss where these overlap with the teacher's. With seven matrices in each of thirty layers that is enough for an effect. In a trial on seed 100 that was not recorded a student moved by 1.5 nats with the teacher's matrix and by 1.6 with its own.
# ```

# %% tags=["remove-input"]
measured_on(records)

# %% tags=["remove-input"]
measured_on(at_large)
