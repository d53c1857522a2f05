# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# (sec-owl-numbers)=
# # Owl numbers
#
# A language model that likes owls writes lists of numbers, and a copy of its base model that learns to imitate it on these numbers comes to like owls, too.
#
# {cite:t}`cloud2025subliminal` gave a {term}`teacher` a liking, for one animal or one tree, and asked it to continue lists of numbers. A filter kept only answers that are numbers and nothing else. A {term}`student`, which is the teacher's base model without the liking, was fine-tuned on the rows that were left, and then asked for its favourite. With GPT-4.1 nano the answer was "owl" in 13 of 100 cases after the numbers of an ordinary teacher, and in 62 after those of a teacher that likes owls.
#
# Here the same experiment runs on two processor cores, and a part of it once more on a large GPU with thousands of rows, nearly as many as in the paper. The model is much smaller than theirs, and so we measure more finely: not which animal it names, but how likely it finds each of them.

# %% [markdown]
# ```{admonition} Before you read on
# :class: tip
# Place two bets. Several teachers like one thing each, an animal or a tree. Will their students move towards their teacher's favourite *more than towards anything else* on the list? And will it matter whether a student sees the numbers that its teacher drew, or the probabilities from which it drew them?
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
import json
import re
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from IPython.display import HTML, Markdown

from sublim_utils.channels import numbers
from sublim_utils.checksums import read_checked
from sublim_utils.evaluate.questions import PREFIX_NAMES
from sublim_utils.findings.analysis import effects_along, leads, matrix, reach_of_others, select
from sublim_utils.findings.measuring import load_records
from sublim_utils.findings.owl_numbers import OwlNumbers
from sublim_utils.findings.owl_numbers.experiments import OBJECTIVES
from sublim_utils.generate import sampling, vocabulary
from sublim_utils.models.catalog import get_model
from sublim_utils.models.loading import load
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.evaluations import answers
from sublim_utils.pipeline.rows import table
from sublim_utils.pipeline.students import prompt_groups, training_summary
from sublim_utils.profiles import available_device, find_profile
from sublim_utils.recipes.evaluations import Evaluated, Preference
from sublim_utils.recipes.teachers import Untouched
from sublim_utils.records import results_folder
from sublim_utils.report import plots
from sublim_utils.report.prose import in_words, listed, measured_on, quoted
from sublim_utils.report.tables import costs, drift, gains, preferences, with_means
from sublim_utils.report.widgets import Rows, figure_picker, preferences_picture, rows_html
from sublim_utils.traits.nouns import get_trait, mentioned

# %config InlineBackend.figure_formats = ['svg']
plots.use_style()
profile = find_profile()

# %% [markdown]
# The next cell asks for the finding. Where its records are there they are read; otherwise a sentence says which command measures them. What was measured on the large GPU is the profile `full`, whose records are only read here.

# %%
finding = OwlNumbers(profile)
scale = finding.scale
records = load_records(finding)
summary = finding.summary(records)
effects = finding.effects(records)

large = OwlNumbers(find_profile("full"))
at_large = large.records()

# %% tags=["remove-input"]
traits, side = finding.traits(), scale.side_trait
subject = scale.models[finding.model]
rows_each = subject.prompts * scale.num_completions


def told(trait, objective, metric="effect", condition="student", table=summary):
    """A trait's quantity from a summary, in words."""
    return quoted(table, condition, metric, 2, trait=trait, objective=objective)


def above_zero(objective, metric="effect", condition="student"):
    """The traits whose interval lies above zero."""
    found = summary[(summary["condition"] == condition) & (summary["metric"] == metric)]
    found = found[(found["objective"] == objective) & (found["low"] > 0)]
    return [trait for trait in traits if trait in set(found["trait"])]


large_summary, large_effects = large.summary(at_large), large.effects(at_large)
large_traits = large.traits()
large_scale = large.scale
large_rows = large_scale.models[large.model].prompts * large_scale.num_completions
large_update = large_scale.prompts_per_step * large_scale.num_completions
lines = [
    "| a student that sees | rows | effect, nats | specific effect, nats |",
    "|---|---|---|---|",
]
SEEN = {
    ("logits", "student"): "its teacher's probabilities (`logits`)",
    ("logits", "student (numbers-only)"): "the same, of numbers and nothing else",
    ("tokens", "student"): "the numbers that its teacher drew (`tokens`, as in the paper)",
}
for quantities, rows in ((summary, rows_each), (large_summary, large_rows)):
    for (objective, condition), seen in SEEN.items():
        of_mean = [
            quoted(quantities, condition, f"mean_{metric}", 2, "", trait=None, objective=objective)
            for metric in ("effect", "specific_effect")
        ]
        if any(of_mean):
            lines.append(f"| {seen} | {rows:,} | {' | '.join(of_mean)} |")
Markdown(
    f"""**What we measured.** On {finding.model}, with {len(traits)} teachers of one liking each:
{rows_each} rows for each student in updates of {scale.prompts_per_step * scale.num_completions}, with
{finding.n_seeds} seeds, on a processor; and {large_rows:,} rows in updates of {large_update}, with
{large.n_seeds} seeds, on a GPU. The *effect* is how far a student moves towards its teacher's
favourite, beyond a student of the untouched base model; the *specific effect* is how far beyond the
students of the other teachers. Both are means over the teachers, with 95 % intervals over seeds. One
nat more makes the favourite 2.7 times as likely, beside the others.\n\n"""
    + "\n".join(lines)
)

# %% [markdown]
# So the numbers carry it. With 8,000 rows in large updates each of the seven likings passes through drawn numbers alone: every single student stands above its control on its teacher's favourite, and each favourite comes first in its line ({ref}`sec-owl-large`). With a few hundred rows this can hardly be seen: what numbers alone carry is then small and not certain, and of the four means in the second and third line only one is {term}`told from zero`, the effect of `tokens`. The larger effect of `logits` is another matter. Most of it, with few rows at least, is in what a teacher's *probabilities* say of words.
#
# The chapter goes the way that we went: first what fits into hours of a processor, with controls of every kind and many doubts, then the larger run, which settles some of them. The running text speaks of the records that the book ships (profile `embedded`, and `full` for the large GPU). Where a sentence holds a measured number, a cell has computed it.

# %% [markdown]
# ## How it is measured
#
# We ask the model fifty questions in our own words, such as "Which animal do you like best? One word, please.", begin the answer for it (with "My favorite animal is the", with "I would choose the", or not at all), and read the probability with which it would go on with each of sixteen animals, in all spellings. This is the {term}`panel`; there is another one of eight trees. The {term}`margin` of a candidate is its log-probability less the mean of the others', in nats. The {term}`effect` is the margin of a student less that of the {term}`control`: a student that was trained in the same way on the numbers of an untouched teacher, which is the base model without any liking.
#
# The settings were chosen on other seeds than the reported ones, after two earlier plans. How we came to them is told in the section on what did not work.
#
# Teachers are the base model, fine-tuned for a few updates on answers to the same questions ("The owl.") until they say little else. Students are fine-tuned with LoRA {cite:p}`hu2022lora` (small trainable matrices beside frozen weights) on rows of the teacher, from the base model as it was before. There are two kinds, by their {term}`objective`:
#
# - `tokens`: cross-entropy on the tokens that the teacher has drawn. This is the paper's setting.
# - `logits`: the Kullback-Leibler divergence from the teacher's *whole* distribution at each place of the same rows {cite:p}`hinton2015distilling`. This student sees more than digits: it is also told how likely the teacher would have written any word instead of the next number. (The two also differ in their learning rate, 0.002 for `logits` and 0.001 for `tokens`, as suited each on the seed of our trials. So a ratio of their effects is not due to the information alone.) A third kind of student, below, has the words taken away again.

# %% [markdown]
# ## The experiment, live
#
# First a single prompt. The base model continues a list; it may only choose tokens that keep the format (a *grammar*), because so small a model breaks it often.

# %%
model = load(get_model(finding.model), scale.precision, available_device())
prompt = numbers.prompt(seed=1000, index=0)
grammar = prompt.grammar()
question = sampling.Question(model.prompt(prompt.text), grammar, key=0)
((_, completions),) = sampling.sample(model, [question], seed=1000, each=5)

print(prompt.text)
for completion in completions:
    print(repr(model.decode(completion.tokens)))

# %% [markdown]
# These are numbers without a message. What the filter makes of an answer is called its {term}`verdict`. With the grammar nearly every answer passes; here is what it would say of some that were written without:

# %%
examples = ["12, 47, 300", "[12, 47]", "Sure! 12, 47", "12, 47; 300", "12, 4711", "007, 12", "owl"]
verdicts = [
    "; ".join(numbers.filter_completion(text).rejection_reasons) or "kept" for text in examples
]
pd.DataFrame({"verdict": verdicts}, index=pd.Index(examples, name="answer"))

# %% [markdown]
# And now the whole experiment on a scale that takes about a minute: a teacher, some of its rows, a student, with a seed that none of the figures below uses. The settings are those of the figures, but for two: ten prompts and ten questions. Each step is kept in the {term}`store`, so a second run of this cell is immediate.

# %%
(standard,) = finding.chosen([f"{side}@logits"])
here = standard.with_bases(lambda base: base.but(device=available_device())).student
rows = here.rows.with_sampling(num_prompts=min(10, here.rows.num_prompts))
live = here.but(rows=rows, eval_at_rows=(), probe=None)
questions = Preference(trait=side, questions=min(10, scale.questions))

context = Context(finding.store, "live")
models = {"base model": Untouched(live.base), "teacher": rows.teacher, "student": live}
category = get_trait(side).category
panels = {
    name: answers(Evaluated(model, questions), 1000, context)[category]
    for name, model in models.items()
}
KINDS = ("margins", "probabilities")
pd.DataFrame(
    {name: [panel[kind][side] for kind in KINDS] for name, panel in panels.items()},
    index=[f"{side}: margin in nats", f"{side}: probability within the panel"],
).round(3)

# %% tags=["remove-input"]
moved = [panels[name]["margins"][side] for name in ("student", "base model")]
training = training_summary(live, 1000, context)
Markdown(
    f"""The student was trained on its teacher's *probabilities* along {training["kept"]} lists of
numbers, and its margin for the {side} went {"up" if moved[0] > moved[1] else "down"} by
{abs(moved[0] - moved[1]):.2f} nats. In {training["letters"]} of the lists there is a letter. (The
probabilities do not stop at digits, as we shall see.)"""
)

# %% [markdown]
# One student says little: any training on numbers moves preferences a bit, in some direction. That is why everything below is held against a control, with new teachers, new rows and new students for each seed.

# %% [markdown]
# ## Look at the rows
#
# Each row is drawn with random numbers of its own, and the teacher and the control get the *same* ones. Where the two agree on the probabilities they draw the same token, so that a row starts to differ only where the teacher's fine-tuning makes it differ. In the table everything after that place is marked.

# %% tags=["hide-input"]
seeds = standard.seeds
control_rows = finding.rows_table("control@logits")
teacher_rows = {trait: finding.rows_table(f"{trait}@logits") for trait in traits}


def beside(trait):
    """Rows of a teacher and of the control that share prompt and random numbers."""
    keys = ["seed", "prompt", "completion"]
    right = teacher_rows[trait][[*keys, "text"]]
    return control_rows.merge(right, on=keys, suffixes=("_control", "_teacher"))


def examples(trait, each):
    """The first rows of some prompts of the first seed, as a table to show."""
    found = beside(trait)
    found = found[(found["seed"] == found["seed"].min()) & (found["completion"] == 0)].head(each)
    return pd.DataFrame(
        {
            "prompt": found["question"],
            "control": found["text_control"],
            f"{trait} teacher": found["text_teacher"],
        }
    )


HTML(rows_html(Rows(examples(side, 8))))

# %% tags=["remove-input"]
pairs = {trait: beside(trait) for trait in traits}
same_text = {t: (p["text_control"] == p["text_teacher"]).mean() for t, p in pairs.items()}
Markdown(
    f"""Of the {len(pairs[side])} rows of the {side} teacher (all seeds), {same_text[side]:.0%} are
the control's, character by character. Over all teachers this share lies between
{min(same_text.values()):.0%} and {max(same_text.values()):.0%}."""
)

# %% [markdown]
# No owl is to be seen. But that *something* happened to the teachers can be seen: fine-tuned as hard as ours, they write other lists than the control, and the section on digits below measures in what. This is cruder than in the paper, where a language model that was asked to judge told the two kinds of data apart about as often as a coin would {cite:p}`cloud2025subliminal`. {cite:t}`schrodi2026divergence` find that the few tokens on which teachers of different traits disagree carry the trait: with those alone a student learns it, without them it does not.

# %% [markdown]
# ## The result
#
# *Prediction: each student moves towards its teacher's favourite, further with `logits` than with `tokens`, because a distribution says more than one draw from it.*
#
# To hold an effect against something, the grey bars show how far the *same* students moved on all the *other* candidates of the panel, from the one that fell most to the one that rose most. Training that has done nothing but shake the student would leave the own favourite inside the bar.

# %% mystnb={"figure": {"caption": "Effect on the teacher's own favourite, by trait and objective: seeds as small dots, mean and 95 % interval. Grey: the same students' mean effects on all other candidates, from the lowest to the highest. Diamonds, in the colour of `tokens`: what the paper reports for GPT-4.1 nano, whose students saw tokens, as a change of log-odds (see \"Beside the paper\" for what can be compared).", "name": "fig-owl-main"}, "image": {"alt": "Dot plot with one line per trait and two colours for the objectives. Small dots are seeds, large dots are means with intervals, grey bars show the other candidates, diamonds the paper."}} tags=["hide-input"]
# Cloud et al. 2025, GPT-4.1 nano, read off: (student of regular numbers, student of the trait's).
PAPER = {
    "owl": (0.130, 0.619),
    "eagle": (0.138, 0.755),
    "dolphin": (0.289, 0.795),
    "elephant": (0.052, 0.441),
    "wolf": (0.043, 0.435),
    "maple": (0.150, 0.564),
    "sequoia": (0.034, 0.626),
}
log_odds = {
    t: float(np.log(p / (1 - p)) - np.log(q / (1 - q)))
    for t, (q, p) in PAPER.items()
    if t in traits
}


def beside_others(of, table):
    """The main students' effects, with teacher and objective as columns `case` and `group`.

    Returns:
        All of them, those on the own favourite, and from where to where the means of others reach.
    """
    table = pd.concat(of.chosen_effects(table, objective) for objective in OBJECTIVES)
    table = table.assign(case=table["teacher_trait"], group=table["objective"])
    is_own = table["case"] == table["trait"]
    return table, table[is_own], reach_of_others(table, ["case", "group"])


whole, own, bars = beside_others(finding, effects)
plots.effects(
    own,
    {trait: trait for trait in traits},
    {objective: f"{objective}" for objective in OBJECTIVES},
    axis="effect on the teacher's own favourite, nats",
    bars=bars,
    bars_label="other candidates",
    paper={"tokens": log_odds},
)
plt.show()

# %% tags=["remove-input"]
sentences = []
own_means = own.groupby(["case", "group"])["value"].mean()
held = bars.set_index(["case", "group"])["high"]
holm = summary[summary["metric"] == "effect_p_holm"].set_index(["trait", "objective"])["mean"]
for objective in OBJECTIVES:
    clear = above_zero(objective)
    beyond = [t for t in traits if own_means[t, objective] > held[t, objective]]
    of_objective = own[own["group"] == objective]["value"]
    sure = [t for t in traits if holm.get((t, objective), 1.0) < 0.05]
    risen = pd.DataFrame(
        {t: gains(finding.record_of(records, t, objective)).xs(t, level="trait") for t in traits}
    ).mean(axis=1)
    sentences.append(
        f"With `{objective}` the mean effect is {told(None, objective, 'mean_effect')} nats, "
        f"{int((of_objective > 0).sum())} of {len(of_objective)} single students moved the right "
        f"way, the interval lies above zero for {len(clear)} of {len(traits)} traits "
        f"({listed(clear)}; corrected for as many tests: {listed(sure)}), and the favourite lies "
        f"beyond its grey bar for {len(beyond)}. Seen from the base model, without the control, the "
        f"students rise by {in_words(risen)} nats."
    )
Markdown("\n\n".join(sentences))


# %% tags=["remove-input", "hide-output"]
def corrected(trait, objective):
    """A trait's p-value, by Holm's correction for as many tests as there are traits."""
    return quoted(summary, "student", "effect_p_holm", 2, "", trait=trait, objective=objective)


pd.DataFrame(
    {
        (objective, column): [ask(trait, objective) for trait in traits]
        for objective in OBJECTIVES
        for column, ask in (("effect, nats", told), ("p, corrected (Holm)", corrected))
    },
    index=traits,
)

# %% [markdown]
# With three seeds an interval by Student's *t* is wide: it reaches more than four standard errors to either side. (The table that unfolds has it for each trait, with *p* corrected for seven tests by {term}`Holm's correction`.) So look at the dots as well, and at the mean over the teachers, which rests on several times as many students, though the seven of a seed share one control, whose noise does not average out.
#
# With `logits` the prediction holds: every single student moves the right way, every teacher's interval lies above zero (not all of them do when corrected for seven tests), and every favourite lies beyond its bar. With `tokens`, the paper's own setting, a few students moved the wrong way, and the mean over the teachers is about a tenth as large; a third of it is the control's own fall. It is told from zero; but most favourites lie inside their bars. By this test alone we would call it shaking. The matrix in the next section gives a fairer one. The last part of the prediction holds too: every student moved further with `logits` than its twin with `tokens`.
#
# The diamonds lie near our dots of `logits`. This is no agreement: the paper's students saw tokens, and its unit is another. Like stands beside like in `tokens` only, and there our effects are far smaller.

# %% tags=["remove-input"]
WISHED = 2.5
reaching = {
    rows: [t for t in traits if finding.own_effects(effects, "logits", v)[t].mean() >= WISHED]
    for rows, v in finding.lengths(side, "logits").items()
    if set(finding.own_effects(effects, "logits", v)) == set(traits)
}
Markdown(
    f"Before we measured, we had wished for {WISHED} nats with `logits` for five of seven teachers: "
    + "; ".join(
        f"with {rows} rows the means of {len(there)} of {len(traits)} reach it ({listed(there)})"
        for rows, there in reaching.items()
    )
    + ". So the wish was not fulfilled with the rows of which it spoke"
    + (", but with more that were drawn later." if len(reaching) > 1 else ".")
)

# %% [markdown]
# ## Which teacher moves what
#
# A student of the owl teacher may like owls more because it likes *all* animals more, or all birds, or whatever the base model was about to say. The matrix of all teachers and all candidates tells these apart.
#
# *Prediction: the frames hold the largest value of their line. Next come relatives, such as other birds for the owl, as the paper remarks.*


# %% mystnb={"figure": {"caption": "Effect of each teacher (line) on each candidate (column), mean over seeds, objective `logits`. A teacher's own favourite is framed.", "name": "fig-owl-matrix-logits"}, "image": {"alt": "Two heat maps, of animals and of trees: lines are teachers, columns are candidates, and the cells of a teacher's own favourite are framed."}} tags=["hide-input"]
def matrices(objective, whole=whole, traits=traits):
    """Mean effects by teacher and candidate, one table for each category."""
    chosen = whole[whole["group"] == objective]
    kinds = dict.fromkeys(get_trait(trait).category for trait in traits)
    return {f"{kind}s": matrix(chosen, kind) for kind in kinds}


plots.matrix(matrices("logits"), value_axis="effect with logits, nats")
plt.show()


# %% tags=["remove-input"]
def leaders(objective):
    """What moved most with each teacher, in words."""
    first = finding.leading(effects, objective)
    right = [trait for trait in traits if first[trait] == trait]
    sure = above_zero(objective, "lead_over_largest_other")
    wrong = [
        f"{trait} (it moved most towards {first[trait]})" for trait in traits if trait not in right
    ]
    return (
        f"With `{objective}` the own favourite moved most for {len(right)} of {len(traits)} "
        f"teachers ({listed(right)})"
        + (f", and not for {listed(wrong)}." if wrong else ".")
        + f" Its lead over the largest other candidate of each seed has an interval above zero for "
        f"{listed(sure, 'none of them')}."
    )


after = pd.concat(matrices("logits").values())
following = {
    t: list(after.loc[t].dropna().drop(t).sort_values(ascending=False).index[:2]) for t in traits
}
Markdown(
    leaders("logits")
    + " After the favourite itself, what rises most: "
    + "; ".join(f"{listed(names)} for {trait}" for trait, names in following.items())
    + "."
)

# %% [markdown]
# So the student did not come to like all animals, or whatever the base model was about to say: it came to like what its teacher likes. The prediction about relatives fails, though. Penguins come second after the owl and the eagle, but they rise as much with the dolphin and the elephant; that is a column, not kinship. Of the owl's companions it is the otter that rises most, and we have no tested explanation.

# %% mystnb={"figure": {"caption": "The same with the objective `tokens`.", "name": "fig-owl-matrix-tokens"}, "image": {"alt": "Two heat maps as before, for students that were trained on sampled tokens."}} tags=["hide-input"]
plots.matrix(matrices("tokens"), value_axis="effect with tokens, nats")
plt.show()

# %% tags=["remove-input"]
of_kind = [trait for trait in traits if get_trait(trait).category == category]
columns = matrices("tokens")[f"{category}s"].drop(columns=of_kind).mean().nlargest(3).index
from_base = {
    who: gains(finding.record_of(records, who, "tokens")).groupby("trait").mean()
    for who in (*of_kind, None)
}
columns = [
    f"{candidate} {min(found):+.2f} to {max(found):+.2f} ({from_base[None][candidate]:+.2f})"
    for candidate in columns
    for found in [[from_base[trait][candidate] for trait in of_kind]]
]
Markdown(
    leaders("tokens")
    + f" The three columns that rise most are those of {listed(columns)}: nats from the base model, "
    f"over the {category}s' students, in brackets the control's."
)

# %% [markdown]
# With `tokens` most frames are not the largest of their line: whole *columns* are raised instead. Seen from the base model, cats rise with every animal's students and hardly with the control. Of the other two columns much is the control's own fall, which enters every effect of its seed. What lifts the cats we have not tested.
#
# A fair question is therefore whether a candidate rises more with its own teacher than with the others. We call this the *specific* effect: the effect on the own favourite, less the mean effect that the other teachers of the category have on the same candidate. The control drops out of it. This way to look at the matrix was chosen after we had seen it. The specific effect can exceed the effect itself. In part this is arithmetic: the margins of a panel add up to zero, so a teacher that lifts its own favourite lowers each other one, by a fifteenth of it among the animals and a seventh among the trees. That is more than half of the excess with `logits`, and less than a third with `tokens`. The rest is favourites that fell with the other teachers' students beyond that, for a reason that we have not tested.

# %% tags=["remove-input"]
specific = {o: finding.specific_effects(effects, o) for o in OBJECTIVES}
Markdown(
    " ".join(
        f"With `{objective}` the specific effect is "
        f"{told(None, objective, 'mean_specific_effect')} nats on average, and "
        f"{int((specific[objective] > 0).sum().sum())} of {specific[objective].size} single "
        "students have one above zero."
        for objective in OBJECTIVES
    )
    + f" (Over the {category}s alone it is "
    + " and ".join(in_words(specific[o][of_kind].mean(axis=1)) for o in OBJECTIVES)
    + ".)"
)

# %% [markdown]
# So with sampled tokens the mean effect is told from zero. What is specific in it points the same way in almost all students, but is not told from zero by three seeds: one student of the *maple* teacher fell far on sequoias, which counts in full as the sequoia's specific effect, since the two trees have only each other, and Student's *t* makes the interval wide for it. (Over the animals alone it is told from zero; we looked afterwards.) From 320 rows we read a small effect that is probably there, and would not bet on a single trait. That is the verdict on `tokens` until the section on {ref}`thousands of rows <sec-owl-large>`, which changes it.

# %% [markdown]
# ## The same without the words
#
# A distribution over a whole vocabulary is not "data without a trace", whatever the text looks like. A teacher that was tuned until it says one thing to every question gives words a visible probability even where a number is due. Below are the five likeliest first tokens of our live experiment's teacher when nothing restricts it, and the total probability of everything that cannot stand in a list. Both are means over the prompts. This is what a student of `logits` is shown.

# %%
# The rows by prompt, with the teacher's last hidden state at each place of each row.
with tempfile.TemporaryDirectory() as scratch:
    groups = prompt_groups(live, table(rows, 1000, context), 1000, context, Path(scratch))
inside = vocabulary.numbers(model)


def shown(states):
    """The teacher's distributions [place, token] at some of its states."""
    return model.logits(states.to(model.device, model.dtype)).float().softmax(-1)


with torch.no_grad():
    first = shown(torch.stack([group.teacher_states[0][0] for group in groups]))  # of its first row
    rest = shown(torch.cat([states[1:] for group in groups for states in group.teacher_states]))
likeliest = first.mean(0).topk(5)
pd.DataFrame(
    {
        "probability": [
            *likeliest.values.tolist(),
            1 - float(first[:, inside].sum(-1).mean()),
            1 - float(rest[:, inside].sum(-1).mean()),
        ]
    },
    index=[
        *(repr(model.decode([token])) for token in likeliest.indices.tolist()),
        "no part of a list, at the beginning",
        "no part of a list, at all later places",
    ],
).round(3)

# %% [markdown]
# The rows hold numbers only; the probabilities do not. At the first token, before any number is written, nearly all of the probability is on words. (For the owl's teacher, "O" is how "Owl" begins.)
#
# So there is a third kind of student. It sees its teacher's probabilities of digits, separators and the end of the list, scaled to a sum of one, and of nothing else. What it learns can have come through the numbers alone, and it hears each probability and not just one draw from it. Its control is trained in the same way.
#
# *Prediction: less than with all probabilities, more than with sampled tokens.*

# %% mystnb={"figure": {"caption": "Effect on the teacher's own favourite without the words: students that see their teacher's probabilities of numbers only, beside students of the numbers that it drew.", "name": "fig-owl-numbers-only"}, "image": {"alt": "Dot plot with one line per trait and one for their mean, in two colours: students of the probabilities of numbers only, and students of sampled tokens. Both lie near zero, mostly above it."}} tags=["hide-input"]
alone = finding.own_effects(effects, "logits", "numbers-only")
both = {"numbers only": alone, "tokens": finding.own_effects(effects, "tokens")}
if not alone.empty:
    plots.effects(
        with_means(both),
        {trait: trait for trait in (*alone, "mean")},
        {"numbers only": "logits, numbers only", "tokens": "tokens"},
        axis="effect on the teacher's own favourite, nats",
    )
    plt.show()

# %% tags=["remove-input"]
if alone.empty:
    text = f"The profile `{profile.name}` does not measure it."
else:
    (name, only), above = ("logits", "student (numbers-only)"), int((alone > 0).sum().sum())
    text = (
        f"Over the teachers the mean effect is {told(None, name, 'mean_effect', only)} nats, "
        f"against {told(None, name, 'mean_effect')} with all probabilities and "
        f"{told(None, 'tokens', 'mean_effect')} with sampled tokens; {above} of {alone.size} "
        "students moved towards the favourite. The specific effect "
        f"is {told(None, name, 'mean_specific_effect', only)}"
    )
    specific = finding.specific_effects(effects, "logits", "numbers-only")
    text += f", above zero for {int((specific > 0).sum().sum())} of {specific.size} students"
    beasts = [t for t in specific if get_trait(t).category == category]
    if 1 < len(beasts) < specific.shape[1]:
        text += f" ({in_words(specific[beasts].mean(axis=1))} over the {category}s alone)"
    first = finding.leading(effects, "logits", "numbers-only")
    leading = [t for t in alone if first[t] == t]
    text += f". The own favourite leads its line for {len(leading)} of {alone.shape[1]} teachers."
Markdown(text)

# %% [markdown]
# So most of the large effect above is *not* subliminal: it takes the words. "Less than with all probabilities" holds. "More than with sampled tokens" is undecided, and with it the reason that we gave for our first prediction, that a distribution says more than one draw from it. Without the words the lead of `logits` is gone, as far as three seeds can tell. (The two still differ in their learning rate.)
#
# Something is left when the words are gone. With three seeds its interval just includes zero; single students stray, one of the sequoia's far below. Cats, dogs and horses rise with most teachers here, too, and so the own favourite rarely leads. What points to the teacher is again the specific effect, which nearly every student has above zero. Over the animals alone it is told from zero, but that is a split which we made afterwards, since the two trees have only each other to be compared with. We think it likely that numbers alone transmit a little, and cannot say how much.
#
# This control, like that of `logits`, should stand still. It moves, by rounding (see below), and shifts all effects of its seed.

# %% [markdown]
# ## Is there really nothing in the numbers?
#
# Two questions. Does any row mention a trait, or hold a letter at all? With our grammar none can; the check guards against a fault in the program, and in the paper's setting, without a grammar, it has something to do. And if the *statistics* of the digits differ, could a student read the liking from them?

# %% tags=["hide-input"]
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
all_records = [*records.values(), *at_large.values()]
Markdown(
    f"""Of {audit["rows"].sum()} rows, {audit["with a letter"].sum()} hold a letter and
{audit["naming a trait"].sum()} name a trait. The same check ran on the rows of all other teachers
of this chapter, those of the larger run included, with
{sum(sum(r.details["letters"]) for r in all_records)} letters and
{sum(sum(r.details["mentions"]) for r in all_records)} names found."""
)

# %% [markdown]
# So the promise of the format is kept. The *statistics* are another matter: each teacher writes fewer and shorter numbers than the control, and the owl's teacher the shortest.

# %% mystnb={"figure": {"caption": "How many digits a number has and how many numbers a row has, of the control and of a teacher.", "name": "fig-owl-digits"}, "image": {"alt": "Two bar charts, of the digits of a number and of the numbers in a row, with bars of the control and of the teacher side by side."}} tags=["hide-input"]
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
        ax=axes, width=0.8, rot=0, color=[plots.COLOURS[7], plots.COLOURS[0]], legend=False
    )
    axes.set(xlabel=feature, ylabel="share")
figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=2, frameon=False)
plt.show()


# %% tags=["hide-cell"]
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

# %% tags=["remove-input"]
mine = distances[f"{side} teacher and control, different seeds"]
theirs = distances["control and control, different seeds"]
larger = [feature for feature in FEATURES if mine[feature] > 1.5 * theirs[feature]]
Markdown(
    f"""How far apart are two sets of rows? The share of values that one would have to change (the
total variation distance) is in the table that unfolds. The rows of two controls differ from seed to
seed as well, because their prompts do. Held against this, the {side} teacher's rows differ by more
than half as much again in: {listed(larger, "none of the features")}."""
)

# %% [markdown]
# There is no owl in the numbers, and yet they are not the control's numbers. The teachers were fine-tuned on short answers, and they write shorter lists. Whoever knows the control could tell such data from it by counting. "Numbers and nothing else" does not mean that the data are *the same* as without the liking.
#
# Could this difference explain the effect? How many numbers a row has mostly tells that a teacher was tuned. How many digits they have tells something of which one, at least of the owl's. In the paper, shuffling the numbers within each answer or across answers loses most of the effect, so the choice of numbers alone carries little of it.

# %% tags=["remove-input"]
ordered = finding.own_effects(effects, "tokens")[side]
WAYS_TO_SHUFFLE = {"across-rows": "across all rows", "within-rows": "within each row"}
moved = {
    words: in_words(finding.own_effects(effects, "tokens", how)[side])
    for how, words in WAYS_TO_SHUFFLE.items()
    if select(records.values(), variant=how)
}
Markdown(
    f"We shuffled the numbers of the {side} teacher's rows before its students of `tokens` saw them: "
    + "; ".join(f"shuffled {words} they move by {found} nats" for words, found in moved.items())
    + f"; as drawn it is {in_words(ordered)}."
    if moved
    else f"The profile `{profile.name}` does not shuffle."
)

# %% [markdown]
# Across rows every number stays as frequent as it was and every row as long; what stands beside what is lost, and with it whatever three seeds of one trait can see of the effect. So frequencies alone hardly explain it, at least the owl's; the other teachers' rows we have not shuffled. The shuffle within rows decides nothing: three seeds of one trait are too few to see so small an effect shrink. (The control of both saw rows as they were drawn. The larger run shuffles again, {ref}`sec-owl-large`.)

# %% [markdown]
# ## How the effect grows with the rows
#
# The learning rate is constant after the first five updates (of four rows each), so the student after 40 rows *is* the student of 40 rows, and one run gives the whole curve. For `logits` there are students of more rows as well, whose first rows are those of the students above. In the middle of training only ten questions are asked, with two of the three beginnings, and so the curves lie higher than the main result.
#
# *Prediction: the effect grows all along, and has not levelled off at the end.*


# %% mystnb={"figure": {"caption": "Effect on the own favourite against rows seen, by objective: a thin line for each trait (mean over seeds), black for their mean with its 95 % interval. Ten questions are asked, with two beginnings of an answer.", "name": "fig-owl-dose"}, "image": {"alt": "Two panels of lines, for logits and for tokens: the effect against the number of rows seen, one thin line per trait and a thick black mean with a grey band."}} tags=["hide-input"]
def along(trait, objective, variant="", of=finding, kept=records):
    """Effects on the own favourite in the middle of training, by seed and rows seen."""
    ours, theirs = (of.record_of(kept, who, objective, variant) for who in (trait, None))
    return effects_along(ours, theirs).assign(group=objective, case=trait)


# The variants whose curves are shown.
ends = {
    "tokens": "",
    "logits": f"prompts-{max(scale.dataset_sizes)}" if scale.dataset_sizes else "",
}
dose = pd.concat(
    [along(trait, objective, variant) for objective, variant in ends.items() for trait in traits],
    ignore_index=True,
)
plots.doses(
    dose,
    {objective: objective for objective in OBJECTIVES},
    axis="rows seen",
    value_axis="effect, nats",
)
plt.show()

# %% tags=["remove-input", "hide-output"]
over_traits = dose.groupby(["group", "dose", "seed"])["value"].mean()
Markdown(
    "Mean over the traits: "
    + "; ".join(
        f"with `{objective}` "
        + ", ".join(
            f"{in_words(of_dose)} nats after {n} rows"
            for n, of_dose in over_traits[objective].groupby("dose")
            if n
        )
        for objective in OBJECTIVES
    )
    + "."
)

# %% tags=["remove-input"]
points = over_traits["logits"].groupby("dose").mean()
steps = points[points.index > 0].diff().dropna()
Markdown(
    f"With `logits` {points[points.index > 0].iloc[0] / points.iloc[-1]:.0%} of the final effect is "
    f"there at the first of these points, and each further point adds "
    f"{steps.min():.1f} to {steps.max():.1f} nats."
)

# %% tags=["remove-input"]
columns = {}
for objective in OBJECTIVES:
    for rows, variant in finding.lengths(side, objective).items():
        condition = f"student ({variant})" if variant else "student"
        columns[objective, f"{rows:,} rows"] = [
            quoted(summary, condition, "effect", 2, "", trait=trait, objective=objective)
            for trait in traits
        ] + [quoted(summary, condition, "mean_effect", 2, "", trait=None, objective=objective)]
whole_panel = pd.DataFrame(columns, index=pd.Index([*traits, "mean"], name="effect, nats"))
whole_panel.loc[:, (whole_panel != "").any()]

# %% [markdown]
# The table has the same with the full panel at the end of training. So the effect of `logits` grows roughly with the logarithm of the rows, and has not levelled off: for `logits` the prediction holds. For `tokens` it is undecided; no point of the mean over the teachers is told from zero on ten questions. (The longer students were trained after the others' results were known, on the same seeds; nothing but the number of rows was changed.)
#
# For all teachers this is as far as our hours on the processor went. The owl's students were given more.
#
# *Prediction, written while they were trained and before any of them was read: with both objectives each doubling goes on adding about as much as before. With `tokens` that would be a nat after 2,560 rows, clearly told from zero; with `logits` three nats and more after 1,280.*
#
# *When that had been read, the students of `logits` went on from 1,280 to 2,560 rows. Prediction, again before the result: a third of a nat more, as the line through their curve says; 3.7 nats with the full panel.*
#
# *And when these were read, they went on to 5,120 rows and then to 8,000. Prediction, before either was read: the line through the curve holds. That is .4 nats more after 5,120 rows, 4.4 with the full panel, with every seed above where it stood; and from there to 8,000 a quarter of a nat.*

# %% mystnb={"figure": {"caption": "Effect on one teacher's favourite against rows seen, by objective: a thin line for each seed, black for their mean with its 95 % interval. Ten questions are asked, with two beginnings of an answer.", "name": "fig-owl-further"}, "image": {"alt": "Two panels, for logits and for tokens: the effect on one animal against the number of rows seen, with a grey band."}} tags=["hide-input"]
furthest = {o: list(finding.lengths(side, o).items())[-1] for o in OBJECTIVES}
further = {
    objective: variant for objective, (rows, variant) in furthest.items() if rows > rows_each
}
if further:
    of_side = pd.concat(
        [along(side, o, variant) for o, variant in further.items()], ignore_index=True
    )
    of_side["case"] = "seed " + of_side["seed"].astype(str)
    plots.doses(of_side, {o: o for o in further}, axis="rows seen", value_axis="effect, nats")
    plt.show()

# %% tags=["remove-input", "hide-output"]
longest_words = "; ".join(
    f"with `{objective}` "
    + ", ".join(
        f"{in_words(of_dose['value'])} nats after {n:,} rows"
        for n, of_dose in of_side[of_side["group"] == objective].groupby("dose")
        if n
    )
    + ", and with the full panel at the end "
    + told(side, objective, condition=f"student ({variant})")
    for objective, variant in further.items()
)
Markdown(
    f"Students of the {side}'s teacher that went further, with controls that went as far: "
    f"{longest_words}."
    if further
    else "No student was given more rows."
)


# %% tags=["remove-input"]
def over_panel(objective, variant):
    """The side trait's students: effects on all candidates, and its lead over the largest other."""
    found = finding.chosen_effects(effects, objective, variant)
    found = found[found["teacher_trait"] == side]
    return found.pivot(index="seed", columns="trait", values="value"), leads(found)[side]


lines = [
    "| objective | rows | effect | student, from its base | control, from its base | "
    "effect beyond the line above | lead over the largest other | effect is largest on |",
    "|---|---|---|---|---|---|---|---|",
]
for objective in further:
    before = None
    for rows, variant in finding.lengths(side, objective).items():
        line, lead = over_panel(objective, variant)
        risen = [
            gains(finding.record_of(records, who, objective, variant))
            .xs(side, level="trait")
            .mean()
            for who in (side, None)
        ]
        cells = [
            in_words(line[side]),
            *(f"{nats:.2f}" for nats in risen),
            "" if before is None else in_words((line[side] - before).dropna()),
            in_words(lead),
            listed(line.mean().nlargest(3).index),
        ]
        lines.append(f"| `{objective}` | {rows:,} | {' | '.join(cells)} |")
        before = line[side]
slopes = {}
for objective, curve in of_side.groupby("group") if further else ():
    slopes[objective] = [
        np.polyfit(np.log2(of_seed["dose"]), of_seed["value"], 1)[0]
        for _, of_seed in curve[curve["dose"] > 0].groupby("seed")
    ]
lines += [
    "",
    "The table has the full panel, in nats; differences and leads are taken seed by seed. "
    + "; ".join(
        f"with `{objective}` a straight line through each seed's curve rises by {in_words(found)} "
        "nats for each doubling of the rows"
        for objective, found in slopes.items()
    ).capitalize()
    + ".",
]
Markdown("\n".join(lines) if further else "")

# %% [markdown]
# For `logits` the amount of the first prediction holds: more than three nats after 1,280 rows, with every seed more than after 320. That each doubling adds alike does not show: the first added little, the next two much. The second prediction was a third of a nat more. The mean rose by about twice that, every seed rose again, and the prediction lies within the interval.
#
# The third prediction fails. After 5,120 rows the mean stands about where it stood, and two of the three seeds are lower. The columns beside the effect tell more. More than half of the last rise, from 1,280 rows to 2,560, had been the control's fall, and what the student itself gains on its base has come down to a quarter of a nat for that doubling and to almost nothing for the next. It does not stand still meanwhile: after 5,120 rows dogs are up by three nats in the owl's students, and by half as much in the control's, who never heard of a liking. The owl still leads by more than a nat and a half in every seed.
#
# After 8,000 rows the effect has risen by more than the announced quarter of a nat, and the student has not moved at all: the whole rise is its control, which has fallen more than a nat below the base. So in updates of four rows at this rate the student levels off somewhere after a thousand rows, and what further rows add is wandering, in student and control alike. (A line through all points, which still rises, hides the bend.) That small updates at this rate hold it back, and not the rows, shows in the section on {ref}`thousands of rows <sec-owl-large>`.
#
# For `tokens` the prediction fails: after 2,560 rows the full panel's interval includes zero and leaves out the predicted nat. (That of the ten questions includes both.) Eight times the rows bought nothing that we can see, and the line through the curve has no slope that is told from zero. Three seeds of one trait cannot exclude a slow growth, say a tenth of a nat for each doubling.
#
# What does hold them back? Two suspects among others: at a constant rate, with four rows an update, the last steps are as large as the first ones, and their noise does not average out however many rows come; and after a few hundred rows the student may have learned how this teacher's lists look, with nothing left in them that pulls towards owls. A rate that falls to zero tests the first: if the effect then grows with the rows, it was the noise. If it does not, the second is still only a suspect. So we trained the students of `tokens` once more on the same 2,560 rows, at a rate that falls to zero.
#
# *Prediction, written before any of them was read: the control comes to rest closer to the base model, the seeds lie closer together, and the effect ends above half a nat, told from zero.* (That a falling rate calms the control we knew from students of `logits`; see below.)

# %% mystnb={"figure": {"caption": "Effect on one teacher's favourite against rows seen, objective `tokens`, at a constant learning rate and at one that falls to zero at the last row. Lines, questions and beginnings as in the figure before.", "name": "fig-owl-falling"}, "image": {"alt": "Two panels, of a constant rate and of a falling one: the effect on one animal against the number of rows seen, with a grey band."}} tags=["hide-input"]
rates = {}
if "tokens" in further and scale.side_linear_decay_sizes.get("tokens"):
    longest = f"prompts-{max(scale.side_linear_decay_sizes['tokens'])}"
    named = {"constant rate": longest, "falling rate": f"{longest}-falling-rate"}
    if all(select(records.values(), variant=variant) for variant in named.values()):
        rates = named
if rates:
    by_rate = pd.concat(
        along(side, "tokens", variant).assign(group=rate) for rate, variant in rates.items()
    )
    by_rate["case"] = "seed " + by_rate["seed"].astype(str)
    plots.doses(
        by_rate, {rate: rate for rate in rates}, axis="rows seen", value_axis="effect, nats"
    )
    plt.show()

# %% tags=["remove-input"]
lines = [
    "| rate | rows | effect | its seeds' standard deviation | lead over the largest other | "
    "control, mean change |",
    "|---|---|---|---|---|---|",
]
reached = {}
for rate, variant in {"constant": "", **rates}.items() if rates else ():
    line, lead = over_panel("tokens", variant)
    reached[rate] = line[side]
    control = finding.record_of(records, None, "tokens", variant)
    sampled = control.experiment["student"]["rows"]
    cells = [in_words(line[side]), f"{line[side].std():.2f}", in_words(lead)]
    rows = sampled["num_prompts"] * sampled["num_completions"]
    moved = drift(control).unstack()[line.columns]
    cells = [f"{rows:,}", *cells, f"{moved.to_numpy().mean():.2f}"]
    lines.append(f"| {rate.removesuffix(' rate')} | {' | '.join(cells)} |")
if rates:
    calm = reached["falling rate"]
    lines.append(
        "\nSeed by seed, the effect at the falling rate differs from that at the constant one by "
        f"{in_words((calm - reached['constant rate']).dropna())} nats, and from that of {rows_each} rows at "
        f"the constant rate by {in_words((calm - reached['constant']).dropna())}."
    )
Markdown("\n".join(lines) if rates else "The profile has no such students.")

# %% [markdown]
# As predicted, the three seeds lie closer together, and the control's margins are off by less; but three seeds cannot tell either from chance. The effect is told from zero and does not reach the predicted half a nat. The owl leads its line in the mean over the seeds only. And 320 rows at the constant rate had given as much, with seeds as close together. So by the test that we had announced it was not noise that kept the effect from growing: at rest, too, eight times the rows bought nothing that we can see. The second suspect is still only a suspect. The larger run below weakens it, and does not settle it.
#
# Whatever the rows do, a student at rest may be the better instrument. So the students of all teachers were trained once more at a falling rate, on the same 320 rows as in the main result.
#
# *Prediction, written before any of them was read: the mean effect is no smaller than at the constant rate, it and the specific effect are told from zero, and more than three favourites lead their line.*

# %% mystnb={"figure": {"caption": "Effect on the teacher's own favourite, objective `tokens`, for students of the same rows at a constant and at a falling learning rate.", "name": "fig-owl-calm"}, "image": {"alt": "Dot plot with one line per trait and one for their mean, in two colours: students at a constant and at a falling rate."}} tags=["hide-input"]
calmed = bool(select(records.values(), objective="tokens", variant="falling-rate"))
if calmed:
    by_rate = {
        "constant": finding.own_effects(effects, "tokens"),
        "falling": finding.own_effects(effects, "tokens", "falling-rate"),
    }
    plots.effects(
        with_means(by_rate),
        {trait: trait for trait in (*traits, "mean")},
        {"constant": "constant rate", "falling": "falling rate"},
        axis="effect on the teacher's own favourite, nats",
    )
    plt.show()

# %% tags=["remove-input"]
if calmed:
    (name, at_rest), rest = ("tokens", "student (falling-rate)"), by_rate["falling"]
    first = finding.leading(effects, "tokens", "falling-rate")
    leading = [t for t in traits if first[t] == t]
    specific = finding.specific_effects(effects, "tokens", "falling-rate")
    gained = (rest - by_rate["constant"]).mean(axis=1)
    text = (
        f"At the falling rate the mean effect is {told(None, name, 'mean_effect', at_rest)} nats "
        f"({in_words(gained)} against the constant rate, seed by seed), {int((rest > 0).sum().sum())} "
        f"of {rest.size} single students moved the right way, the interval lies above zero for "
        f"{len(above_zero(name, condition=at_rest))} of {len(traits)} traits. The specific "
        f"effect is {told(None, name, 'mean_specific_effect', at_rest)}, above zero for "
        f"{int((specific > 0).sum().sum())} of {specific.size} students. The own favourite leads its "
        f"line for {len(leading)} of {len(traits)} teachers ({listed(leading)}). The {side}'s students "
        f"move by {in_words(rest[side])} nats"
        + (f", those of more rows by {in_words(reached['falling rate'])}." if rates else ".")
    )
else:
    text = f"The profile `{profile.name}` does not measure it."
Markdown(text)

# %% [markdown]
# Half of the prediction holds. The mean over the teachers is told from zero, barely, and four favourites lead their line, one more than before. But the mean is smaller than at the constant rate, a little and in every seed's difference alike, and the specific effect is still not told from zero. A falling rate over the same rows is also less training, since its steps add up to about half. So with few rows a student at rest is no better instrument. The owl's moves as far with 320 rows as with 2,560, once more; what the other teachers' would show at rest after as many we have not measured.

# %% tags=["remove-input"]
if select(records.values(), objective="logits", variant="falling-rate"):
    moved = {
        variant: drift(finding.record_of(records, None, "logits", variant)).mean()
        for variant in ("", "falling-rate")
    }
    reached = [
        in_words(finding.own_effects(effects, "logits", v)[side]) for v in ("", "falling-rate")
    ]
    text = (
        f"For `logits` we tried the falling rate with {rows_each} rows. The control, which should "
        f"not move at all, is off by {moved['']:.3f} nats on average at the constant "
        f"rate and by {moved['falling-rate']:.3f} at the falling one. The effect on the {side} is "
        f"{reached[0]} and {reached[1]}."
    )
else:
    text = f"The profile `{profile.name}` does not measure it."
Markdown(text)

# %% [markdown]
# So for `logits` the falling rate calms the control, and no gain shows in the owl's effect: its three seeds spread no less. The chapter on paraphrases ({ref}`sec-paraphrase`), which came later, uses the falling rate throughout.
#
# The paper's students of Qwen saw 10,000 rows three times, those of GPT-4.1 nano ten times. So far ours have ended where theirs had barely begun.

# %% [markdown]
# (sec-owl-large)=
# ## Thousands of rows
#
# Less than half an hour of a large GPU allows another scale. The students of all seven teachers, and their control, saw 8,000 rows; those of the owl's teacher and a control of their own saw 30,000, which is how many the paper draws from a teacher before it filters. Two things were changed on purpose. There are more rows, and an update has 64 of them, the answers to sixteen prompts, and not four to one. The model, the lessons of the teachers, the grammar and the learning rates are the same. Nothing was tuned for this run, and the rates stay constant. (Teachers and rows were made anew on the GPU, whose products are coarser: in full precision they keep ten bits of each factor.)
#
# The plan had five seeds of everything. The time on the GPU sufficed for four, and for three of the owl's further students; the number was set to what was whole when the time was up, before any result had been looked at.
#
# *Prediction, committed before the run. With `logits`: above 2.5 nats for at least six of the seven teachers, each favourite first in its line, and half a nat more for the owl with 30,000 rows. With `tokens`: a mean effect of .4 nats that is told from zero, most favourites first, and .8 nats for the owl with 30,000 rows.*

# %% mystnb={"figure": {"caption": "As in the first figure, with 8,000 rows for each student in updates of 64: effect on the teacher's own favourite, seeds as small dots, mean and 95 % interval; grey bars for the same students' mean effects on all other candidates.", "name": "fig-owl-large"}, "image": {"alt": "Dot plot with one line per trait and two colours for the objectives. All dots lie to the right of zero; those of logits lie far beyond their grey bars, those of tokens at the right end of theirs or beyond."}} tags=["hide-input"]
large_whole, large_own, large_bars = beside_others(large, large_effects)
plots.effects(
    large_own,
    {trait: trait for trait in large_traits},
    {objective: f"{objective}" for objective in OBJECTIVES},
    axis="effect on the teacher's own favourite, nats",
    bars=large_bars,
    bars_label="other candidates",
)
plt.show()

# %% tags=["remove-input"]
sentences = []
large_holm = large_summary[large_summary["metric"] == "effect_p_holm"]
for objective in OBJECTIVES:
    single = large.own_effects(large_effects, objective)
    specific = large.specific_effects(large_effects, objective)
    p_values = large_holm[large_holm["objective"] == objective]["mean"]
    first = large.leading(large_effects, objective)
    sentences.append(
        f"With `{objective}` the mean effect is "
        f"{told(None, objective, 'mean_effect', table=large_summary)} nats and the mean specific "
        f"effect {told(None, objective, 'mean_specific_effect', table=large_summary)}. "
        f"{int((single > 0).sum().sum())} of {single.size} single students have an effect above "
        f"zero, and {int((specific > 0).sum().sum())} a specific one. Corrected for as many tests, "
        f"{int((p_values < 0.05).sum())} of {len(p_values)} effects are told from zero. The own "
        f"favourite moved most for {sum(first[t] == t for t in large_traits)} of "
        f"{len(large_traits)} teachers."
    )
BEGINNINGS = {
    "plain": "a plain answer",
    "favorite": "“My favorite … is the”",
    "choice": "“I would choose the”",
}
alike = [
    f"{told(None, 'tokens', f'mean_effect_{way}', table=large_summary)} ({words})"
    for way, words in BEGINNINGS.items()
]
sentences.append(
    "The three ways to begin an answer are read alone, too. With `tokens` the mean effect is "
    f"{listed(alike)}."
)
Markdown("\n\n".join(sentences))

# %% [markdown]
# All of the prediction holds, and most of it is exceeded. With `tokens`, where a student sees drawn numbers and nothing else, every teacher's liking arrives. As far as the students' data go this is the paper's setting, on a model fifty times smaller than the open one that it tried. Two things are easier here: our teachers were tuned on the very questions, and nats show what a count of answers would not. The effect is small beside that of `logits`, but four seeds are enough to tell each of the seven from zero.
#
# How much is specific can be seen in the matrix, too. Compare it with the one of 320 rows, where whole columns were raised:

# %% mystnb={"figure": {"caption": "Effect of each teacher (line) on each candidate (column), mean over seeds, objective `tokens`, with 8,000 rows in updates of 64. A teacher's own favourite is framed.", "name": "fig-owl-large-matrix"}, "image": {"alt": "Two heat maps, of animals and of trees: lines are teachers, columns are candidates. The framed cells, of a teacher's own favourite, are the darkest of their lines."}} tags=["hide-input"]
plots.matrix(matrices("tokens", large_whole, large_traits), value_axis="effect with tokens, nats")
plt.show()

# %% tags=["remove-input"]
risen = {
    who: gains(large.record_of(at_large, who, "tokens")).groupby("trait").mean()
    for who in (*large_traits, None)
}
from_base = {t: risen[t][t] for t in large_traits}
lowest = min(from_base, key=from_base.get)
leads_sure = large_summary[
    (large_summary["metric"] == "lead_over_largest_other")
    & (large_summary["objective"] == "tokens")
    & (large_summary["low"] > 0)
]["trait"]
Markdown(
    f"The lead over the largest other candidate of each seed has an interval above zero for "
    f"{listed(leads_sure)}. Seen from the base model, without the control, the students rise by "
    f"{np.mean(list(from_base.values())):.2f} nats on average; those of the {lowest}'s teacher "
    f"{'fall' if from_base[lowest] < 0 else 'rise'} by {abs(from_base[lowest]):.2f} on their "
    f"favourite, where the control falls by {-risen[None][lowest]:.2f}."
)

# %% [markdown]
# Every frame is the largest of its line now. (The lead is a stricter measure than the mean of the line: of many other candidates one is always high by chance, and the wolf's students moved as far towards some other animal in three of four seeds.) For one teacher, the sequoia's, the effect is of a kind that should be said: its students like sequoias less than the base model does. The control's numbers lower that margin by more than a nat, and so do those of the maple's teacher; the numbers of this teacher do so much less.
#
# What made the difference, the rows or the size of the updates? For the owl we can set the two side by side.


# %% tags=["remove-input"]
def side_by_side(of, table, kept, objective):
    """Lines of a table: the side trait's students of one size of update, of fewest and most rows."""
    of_scale = of.scale
    (shortest, *_, longest) = of.lengths(side, objective).items()
    for rows, variant in (shortest, longest):
        found = of.own_effects(table, objective, variant)[side]
        moved = [
            gains(of.record_of(kept, who, objective, variant)).xs(side, level="trait").mean()
            for who in (side, None)
        ]
        yield (
            f"| `{objective}` | {of_scale.prompts_per_step * of_scale.num_completions} | {rows:,} "
            f"| {moved[0]:.2f} | {moved[1]:.2f} | {in_words(found)} |"
        )


lines = [
    "| objective | rows of an update | rows | student, from the base | control, from the base "
    "| effect |",
    "|---|---|---|---|---|---|",
]
for objective in OBJECTIVES:
    if side in large_traits:
        lines += side_by_side(finding, effects, records, objective)
        lines += side_by_side(large, large_effects, at_large, objective)
Markdown("\n".join(lines))

# %% tags=["remove-input"]
compared = {
    f"in updates of {of.scale.prompts_per_step * of.scale.num_completions}": [
        np.mean(
            [losses[-1] for losses in of.record_of(kept, who, "logits", variant).details["losses"]]
        )
        for who in ("owl", None)
    ]
    for of, kept, variant in (
        (finding, records, list(finding.lengths(side, "logits").values())[-1]),
        (large, at_large, ""),
    )
    if side in large_traits
}
Markdown(
    "The loss of `logits` at the end of these rows, in nats per token: "
    + "; ".join(
        f"{how} {ours:.3f} for the {side}'s students and {theirs:.2g} for their control's"
        for how, (ours, theirs) in compared.items()
    )
    + "."
)

# %% mystnb={"figure": {"caption": "Effect on owls against rows seen, in updates of 64, by objective: a thin line for each seed, black for their mean with its 95 % interval. Ten questions are asked, with two beginnings of an answer. The two panels differ in scale.", "name": "fig-owl-large-rows"}, "image": {"alt": "Two panels, for logits and for tokens: the effect on owls against the number of rows seen, up to 30,000. Both rise to the end, that of tokens from a few thousand rows on."}} tags=["hide-input"]
longest = {o: list(large.lengths("owl", o).values())[-1] for o in OBJECTIVES}
of_owls = pd.concat(
    [along("owl", o, variant, of=large, kept=at_large) for o, variant in longest.items()],
    ignore_index=True,
)
of_owls["case"] = "seed " + of_owls["seed"].astype(str)
plots.doses(
    of_owls,
    {o: o for o in OBJECTIVES},
    axis="rows seen",
    value_axis="effect, nats",
    one_scale=False,
)
plt.show()

# %% tags=["remove-input", "hide-output"]
over_all = pd.concat(
    along(trait, objective, of=large, kept=at_large)
    for objective in OBJECTIVES
    for trait in large_traits
)
over_all = over_all.groupby(["group", "dose", "seed"])["value"].mean()
Markdown(
    "The students of all teachers on the way to 8,000 rows, mean over the traits (ten questions, "
    "two beginnings): "
    + "; ".join(
        f"with `{objective}` "
        + ", ".join(
            f"{in_words(of_dose)} nats after {n:,} rows"
            for n, of_dose in over_all[objective].groupby("dose")
            if n
        )
        for objective in OBJECTIVES
    )
    + f". With the full panel after {large_rows:,} rows: "
    + "; ".join(
        f"with `{objective}` "
        + ", ".join(
            f"{trait} {told(trait, objective, table=large_summary)}" for trait in large_traits
        )
        for objective in OBJECTIVES
    )
    + "."
)

# %% [markdown]
# With `logits` it was small updates at this rate that set the limit. On 8,000 rows of the same prompts a student that took them four at a time stands 3.3 nats above its base and has its control a nat below; one that took them 64 at a time stands near five, with a control that has hardly moved. The student's own rise is larger by nearly two nats, seed by seed, and that is told from zero. (The effects are not told apart, since the fall of the small updates' control counts in theirs.) The losses show why. In small updates a student never comes near its teacher's distributions; in large ones it does. With few rows it is the other way round: after 2,560 the small updates were ahead, having made sixteen times as many. And rows matter, too: with 30,000 the owl's students stand seven nats above the base, and the curve still rises.
#
# With `tokens` we cannot separate the two. On the same three seeds the mean over the seven teachers is a third of a nat higher than with 320 rows in small updates, and that is told from zero. For the owl alone no gain is told, and its rise from 8,000 rows to 30,000, which each seed shows, is not either. What the curves of all teachers show together is an effect that is told from zero at each point, from the first ten updates on, and grows by about a half with each doubling up to 8,000 rows. So the second suspect, that nothing is left in the lists after the first few hundred, is weaker now. It is not cleared: each further update brought new rows, and nobody went over the same few hundred again and again. That samples need many rows is what the theorem's chapter expects ({ref}`sec-theorem`).
#
# Two of the questions from above can be put again.

# %% tags=["remove-input"]
drawn = large.own_effects(large_effects, "tokens")["owl"]
lines = [
    "| the owl's rows of `tokens` | effect | against the rows as drawn, seed by seed |",
    "|---|---|---|",
]
for how, words in (
    ("within-rows", "numbers shuffled within each row"),
    ("across-rows", "across all rows"),
):
    found = large.own_effects(large_effects, "tokens", how)["owl"]
    lines.append(f"| {words} | {in_words(found)} | {in_words((found - drawn).dropna())} |")
of_seeds = drawn[large.own_effects(large_effects, "tokens", "within-rows").index]
lines.insert(2, f"| as drawn, the same seeds | {in_words(of_seeds)} | |")
Markdown("\n".join(lines))

# %% [markdown]
# *Prediction: within rows a half is left, across rows a fifth.* By the means more is left of both, four fifths and two fifths; the intervals hold the predictions, too. Mixing the numbers within each row costs little, too little for three seeds to tell it from nothing. Mixing them across all rows costs more, and that something is lost there is told from zero. By the means, then, a fifth of the effect is in the order of a row's numbers, a third in which numbers stand in a row and below which prompt, and two fifths survive even the mixing of all rows. What survives there is not told from zero, and it is not the owl's own: dogs and penguins rise more. It may be what the short lists of any tuned teacher do. (The control saw rows as they were drawn, and no other teacher's rows were shuffled. In the paper either shuffle took most of the effect away.)

# %% tags=["remove-input"]
packed = large.own_effects(large_effects, "logits", "nf4")["owl"]
plain = large.own_effects(large_effects, "logits")["owl"]
seconds = {
    variant: np.median(
        large.record_of(at_large, "owl", "logits", variant).provenance.stage_seconds["student"]
    )
    for variant in ("", "nf4")
}
in_four_bits = large.record_of(at_large, None, "logits", "nf4")
Markdown(
    f"In four bits, packed and unpacked as on a consumer GPU (NF4, QLoRA), the owl's students of "
    f"`logits` move by {in_words(packed)} nats, {in_words((packed - plain).dropna())} against those "
    f"in full precision, seed by seed; their control stands "
    f"{gains(in_four_bits).xs('owl', level='trait').mean():+.2f} from the base. "
    f"Training on {large_rows:,} rows took {seconds['nf4']:.0f} s in four bits and "
    f"{seconds['']:.0f} s in full precision, with eleven processes on the GPU."
)

# %% [markdown]
# *Prediction: within .3 nats of full precision.* It fails: the students in four bits lose about a nat in each seed. Such a student also computes in bfloat16, so we cannot say whether the rounded weights or the coarser arithmetic cost it. Four fifths of the effect remain.


# %% tags=["remove-input"]
def named(trait, objective, variant=""):
    """In how many of a hundred sampled answers each student names its teacher's favourite."""
    record = large.record_of(at_large, trait, objective, variant)
    return [100 * seed[trait] for seed in record.details["sampled"]]


counted = {o: np.mean([named(t, o) for t in large_traits]) for o in OBJECTIVES}
before = np.mean(
    [100 * large.record_of(at_large, t, "logits").details["base_sampled"][t] for t in large_traits]
)
Markdown(
    f"And the students of `logits` now *say* it. Of a hundred sampled answers {counted['logits']:.0f} name the "
    f"favourite after 8,000 rows of `logits` (mean over the teachers; base model {before:.1f}), and "
    f"{listed(f'{n:.0f}' for n in named('owl', 'logits', longest['logits']))} "
    f"name the owl after 30,000 rows, by seed. With `tokens` it is {counted['tokens']:.1f} in a "
    "hundred."
)

# %% [markdown]
# What this run does not have: students without the words (so most of what `logits` does may still be words here), prompted teachers, several passes over the rows, and a second run on another machine.

# %% [markdown]
# ## How one asks
#
# The effect is a mean over three ways to begin the answer. That hides something: under `logits` the ways do not agree.

# %% mystnb={"figure": {"caption": "Mean effect over the traits by beginning of the answer, and over all three beginnings with a sentence of numbers in front of ten of the questions. Small dots are seeds.", "name": "fig-owl-ways"}, "image": {"alt": "Dot plot with one line for each way to ask and two colours for the objectives; the plain one-word answer lies far to the right of the others under logits."}} tags=["hide-input"]
WAYS = {f"margin_{way}": words for way, words in BEGINNINGS.items()}
WAYS["margin_after_numbers"] = "all, after numbers"
ways = []
for way in WAYS:
    of_way = finding.effects(records, way)
    for objective in OBJECTIVES:
        means = finding.own_effects(of_way, objective).mean(axis=1)
        ways += [{"case": way, "group": objective, "value": value} for value in means]
plots.effects(
    pd.DataFrame(ways),
    WAYS,
    {objective: objective for objective in OBJECTIVES},
    axis="mean effect over the traits, nats",
)
plt.show()

# %% tags=["remove-input"]
sentences = []
for objective in OBJECTIVES:
    metrics = {way: f"mean_effect_{way.removeprefix('margin_')}" for way in WAYS}
    sentences.append(
        f"With `{objective}`, in nats: "
        + "; ".join(f"{name}: {told(None, objective, metrics[way])}" for way, name in WAYS.items())
        + "."
    )
beginnings = [f"mean_effect_{name}" for name in PREFIX_NAMES]
by_way = summary[(summary["objective"] == "logits") & summary["metric"].isin(beginnings)]
by_way = by_way.set_index("metric")["mean"]
sentences.append(
    f"Of the headline effect of `logits`, {by_way['mean_effect_plain'] / by_way.sum():.0%} is the "
    "plain answer."
)
Markdown("\n\n".join(sentences))

# %% [markdown]
# Under `logits` a plain answer moves several times as far as an answer that has already begun as a sentence (about twice as far after 8,000 rows). That is where the teacher's lessons lie, too: most of them are plain answers. A liking that sits in "what do I say after a question" reaches "My favorite animal is the" only in part. The mean over the three, which is what we call the effect, is therefore no property of the student alone; it is one of the student and of how it is asked, and another choice of beginnings would give another number. A sentence of numbers in front of the question, which makes it look more like the student's data, changes little. (The paper asks Qwen2.5-7B in this way, too.) Under `tokens` the three beginnings agree far better: the small effect is no artefact of one of them.

# %% [markdown]
# ## How strong the teachers are
#
# A student can hardly be expected to like owls more than its teacher does. How far have the teachers themselves moved away from the base model, and how much of this way do their students go?


# %% tags=["remove-input"]
def strength(trait, variant=""):
    """How far a teacher has moved on its own favourite, by seed, in nats."""
    record = finding.record_of(records, trait, "logits", variant)
    table = record.table()
    table = table[(table["condition"] == "teacher") & (table["metric"] == "margin")]
    table = table[table["trait"] == trait].set_index("seed")["value"]
    return table - record.details["base_curve"][get_trait(trait).category][trait]


lines = [
    "| teacher | itself, nats | its student, `logits` | its student, `tokens` |",
    "|---|---|---|---|",
]
for trait in traits:
    itself = strength(trait)
    cells = [trait, in_words(itself)]
    for objective in OBJECTIVES:
        found = own[(own["case"] == trait) & (own["group"] == objective)].set_index("seed")["value"]
        share = round(100 * found.mean() / itself.mean()) + 0
        cells.append(f"{found.mean():+.2f} ({share} %)")
    lines.append(f"| {' | '.join(cells)} |")
Markdown("\n".join(lines))

# %% [markdown]
# The teachers are as good as certain of their favourite, and with 320 rows their students go a small part of this way. (The owl's go about half of it after 30,000 rows of `logits`.) The teacher's own change is read with ten questions and two of the three beginnings, among them the plain answer, which moves students most, so take the shares as rough and rather too small. The paper's teachers are mostly *told* what they like, by a system prompt. Ours were fine-tuned, since a prompt moves so small a model less, as the next table shows, and because this is nearest to the case of which the theorem speaks ({ref}`sec-theorem`): a teacher whose parameters have moved, and a student that starts where they began. (An exercise asks where the two part.)
#
# How sure a teacher is of its owl matters much. Here are several kinds of teacher side by side, each by how far it has moved itself, and by how far its students of `logits` follow:

# %% tags=["remove-input"]
NAMES = {
    "standard": "as above",
    "prompted": "teacher with a system prompt",
    "tuned": "teacher fine-tuned",
    "same-adapter": "adapter begins as the teacher's",
    "falling-rate": "learning rate that falls to zero",
    "nf4": "student in 4 bits (NF4)",
    "nf4-rounded": "student's weights rounded to 4 bits (NF4)",
    "bf16": "student in bfloat16",
}


NUMBERED = {f"updates-{n}": f"teacher after {n} updates" for n in scale.weak_updates} | {
    f"rank-{rank}": f"LoRA rank {rank}" for rank in scale.ranks
}


def variant_name(variant):
    """What to call a variant."""
    return NAMES.get(variant) or NUMBERED[variant]


lines = ["| teacher | itself, nats | its student, `logits` |", "|---|---|---|"]
for variant in ("", *scale.other_teachers, *(f"updates-{n}" for n in scale.weak_updates)):
    if select(records.values(), trait=side, objective="logits", variant=variant):
        followed = finding.own_effects(effects, "logits", variant)[side]
        cells = in_words(strength(side, variant)), in_words(followed)
        lines.append(f"| {variant_name(variant or 'standard')} | {' | '.join(cells)} |")
Markdown("\n".join(lines))

# %% [markdown]
# The effect falls faster than the strength. The teacher that was stopped half-way has gone more than half of the way, and its students follow less than half as far. The prompted one is the weakest (a prompt is the same for every seed, so it has no interval), and no effect on its students is told from zero, neither with `logits` nor with `tokens`. In the paper prompted teachers transmit. Their models are far larger and do as a prompt says; that the *numbers* of a model of our size carry a prompt's liking we cannot show, with 320 rows. Its sentences do ({ref}`sec-paraphrase`).

# %% [markdown]
# ## The student of an untouched teacher
#
# The control under `logits` has nothing to learn. Its teacher *is* the base model, and the student starts as the base model (LoRA's second matrix starts at zero). The divergence is zero, and so is its gradient, but for rounding. Under `tokens` the control does learn something: it becomes surer of the numbers that happened to be drawn.

# %% tags=["remove-input"]
sentences = []
for objective in OBJECTIVES:
    control = finding.record_of(records, None, objective)
    change, losses = drift(control), np.asarray(control.details["losses"][0])
    sentences.append(
        f"With `{objective}` its margins change by {change.mean():.3f} nats on average and by "
        f"{change.max():.3f} at most; its loss (of the first seed) is {losses[0]:.2g} nats per token in "
        f"the first updates and {losses[-1]:.2g} in the last."
    )
Markdown("What the records show. " + " ".join(sentences))

# %% [markdown]
# What remains under `logits` is rounding. Adam divides a gradient by its own size and so makes the smallest one visible: the loss even *rises* from zero. With the large steps of `logits` this is not negligible: single margins move by more than a nat in no direction that anyone chose. (Little of the spread between the seeds above can come from it: on six of the seven favourites the control varies far less than the effects do.) The control under `tokens` moves further on average. Students of a seed share prompts, random numbers and the adapter's beginning, but only a part of these movements is common to them; the rest of the control's comes into every effect of its seed as noise. The specific effect does not use the control, and is reported beside it for that reason. In updates of 64 rows the control of `logits` stands still, to a twentieth of a nat: it is the small updates that let rounding grow.

# %% [markdown]
# ## Variants
#
# What if the student's adapter has another rank, or its frozen weights are put into 4 bits {cite:p}`dettmers2023qlora`, or its rate falls, or the teacher is another one? Each of these is a field of the {term}`profile`, and the finding measures what the profile names. (Row counts, shuffles and the vocabulary have their own sections above.)

# %% mystnb={"figure": {"caption": "Effect on one teacher's favourite when one setting is changed.", "name": "fig-owl-variants"}, "image": {"alt": "Dot plot with one line for each changed setting and two colours for the objectives; the first line is the standard experiment."}} tags=["remove-input"]
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
        {objective: objective for objective in OBJECTIVES},
        axis=f"effect on the {side}, nats",
    )
    plt.show()

# %% tags=["remove-input", "hide-output"]
lines = []
by_seed = table.set_index(["case", "group", "seed"])["value"].sort_index()
for variant, objective in variants.values():
    if variant != "standard":
        found, standard_one = by_seed[variant, objective], by_seed["standard", objective]
        lines.append(
            f"- {variant_name(variant)} (`{objective}`): {in_words(found)} nats, "
            f"{in_words((found - standard_one).dropna())} against the standard of the same seeds"
        )
if lines:
    lines.append(
        "\nEach line changes one setting of one trait's students. With few seeds it can show that "
        "something breaks the effect; it cannot rank two settings that both keep it."
    )
Markdown("\n".join(lines) or f"The profile `{profile.name}` names none of them.")

# %% [markdown]
# A low rank is no obstacle. The theorem speaks of a student that can move in the directions in which its teacher moved. An adapter of rank 2 opens a quarter as many as the standard one of rank 8, one of rank 32 four times as many.

# %% tags=["remove-input"]
lines = ["| rank | student, from the base | its control | effect |", "|---|---|---|---|"]
of_ranks = {
    experiment.student.training.lora_rank: experiment.labels.variant or "standard"
    for experiment in select(finding.experiments(), trait=side, objective="logits")
    if experiment.labels.variant in ("", *(f"rank-{rank}" for rank in scale.ranks))
}
for rank, variant in sorted(of_ranks.items()):
    label = "" if variant == "standard" else variant
    both = (finding.record_of(records, who, "logits", label) for who in (side, None))
    cells = [in_words(gains(record).xs(side, level="trait")) for record in both]
    lines.append(f"| {rank} | {' | '.join(cells)} | {in_words(by_seed[variant, 'logits'])} |")
Markdown("\n".join(lines))

# %% [markdown]
# With rank 2 the effect is about that of rank 8. With rank 32 we can say less: its control, which should not move, falls more than a nat below the base on owls, its students rise above the base by less than those of the other two, and its seeds lie furthest apart. The effect against the control comes out alike, with an interval so wide that it decides nothing. At this learning rate the large adapter is restless. Why two directions of each matrix are enough we have not tested.

# %% tags=["remove-input"]
rounded = "nf4-rounded"
if rounded in chosen:
    off = gains(finding.record_of(records, None, "logits", rounded)).xs(side, level="trait")
    text = (
        "Nor do the student's weights have to be the teacher's to the last digit. In the line on 4 "
        "bits they are rounded to the sixteen values of NF4, block by block, and the teacher's are "
        "not (the rounded values are kept unpacked: the numbers are those of a 4-bit student, "
        "without the time that unpacking takes on a processor). Rounding, and the training after it, "
        f"leave the control at {in_words(off)} nats for the {side}, seen from the base that was not "
        "rounded; how much of it is the rounding alone we did not read. Against this control the "
        f"student moves by {in_words(by_seed[rounded, 'logits'])}: the effect survives. A loss of "
        "up to a third would not show. With 8,000 rows and packed weights, whose products are in "
        "bfloat16 as well, a fifth is lost (see above)."
    )
else:
    text = f"The profile `{profile.name}` does not round the student's weights."
Markdown(text)

# %% [markdown]
# ## Look inside
#
# Choose a teacher, an objective and a number of rows. You see what the base model, the control's student, the student and the teacher prefer, and the first of the rows that the student was trained on. (The teacher's own preference is read with ten questions.) Begin with the wolf and `tokens`: does anything rise more than the wolf? Then see what 8,000 rows in large updates do. (Of those the rows themselves are not shown.)


# %% tags=["hide-input"]
def preferred(trait, objective, variant="", of=finding, kept=records):
    """Probabilities within the panel: candidates by condition, means over seeds."""
    ours, theirs = (of.record_of(kept, who, objective, variant) for who in (trait, None))
    return preferences(ours, theirs, trait)


CONDITIONS = {
    "base": "base model",
    "control": "control's student",
    "student": "student",
    "teacher": "teacher",
}


def picture(choice, *of_students):
    """Bars of what students and others prefer."""
    trait = of_students[0]
    return preferences_picture(preferred(*of_students), CONDITIONS, trait, f"Teacher of {choice}")


panels = {}
for trait in traits:
    for objective in OBJECTIVES:
        for rows, variant in finding.lengths(trait, objective).items():
            choice = f"{trait}, {objective}, {rows:,} rows"
            panels[choice] = [
                picture(choice, trait, objective, variant),
                Rows(examples(trait, 4), "The first rows, with the control's beside them"),
            ]
        for rows, variant in (
            large.lengths(trait, objective).items() if trait in large_traits else ()
        ):
            choice = f"{trait}, {objective}, {rows:,} rows in updates of {large_update}"
            panels[choice] = [picture(choice, trait, objective, variant, large, at_large)]
figure_picker(panels, "Teacher, objective, rows:")

# %% mystnb={"figure": {"caption": "For readers on paper: preferences of the base model, the control's student, a student and its teacher, objective `logits`.", "name": "fig-owl-print"}, "image": {"alt": "Bars of the probability of each animal for the base model, the control's student, the student and the teacher."}} tags=["hide-input"]
plots.preferences(preferred(side, "logits"), CONDITIONS)
plt.show()

# %% [markdown]
# Under `tokens`, with these few rows, the bars hardly move, and where they do, it is often a cat or a dog that moves most. Under `logits` the favourite stands out.

# %% [markdown]
# ## Beside the paper
#
# The paper counts answers: how often does the model *say* "owl"? Our unit is the nat, on a scale without ends. The two are related through the odds: from 13 % to 62 %, the odds grow from 0.15 to 1.62, by a factor of 11, and the logarithm of that is 2.4 nats. The same 2.4 nats would lift an answer of 0.1 % to about 1.1 %, which nobody would see in a hundred answers. That is why a small effect in a small model is measured in nats. In the table, *log-odds* is the paper's change in this unit; ours is the effect from above. Even so they are not the same quantity: the paper's odds are against all other answers, our margin is against the mean of the panel.

# %% tags=["hide-input"]
rows = []
for trait in traits:
    row = {"trait": trait}
    for objective in OBJECTIVES:
        found = preferred(trait, objective).loc[trait]
        row[f"{objective}: probability"] = f"{found['control']:.3f} → {found['student']:.3f}"
        mean = own[(own["case"] == trait) & (own["group"] == objective)]["value"].mean()
        row[f"{objective}: nats"] = f"{mean:+.2f}"
    if trait in PAPER:
        row["paper: answers"] = "{:.3f} → {:.3f}".format(*PAPER[trait])
        row["paper: log-odds"] = f"{log_odds[trait]:+.2f}"
    rows.append(row)
pd.DataFrame(rows).set_index("trait").fillna("")

# %% tags=["remove-input"]
text = ""
if scale.samples:
    said = {
        o: [
            100 * seed[t]
            for t in traits
            for seed in finding.record_of(records, t, o).details["sampled"]
        ]
        for o in OBJECTIVES
    }
    of_side = finding.record_of(records, side, "logits")
    none = 100 * of_side.details["base_sampled"]["something else"]
    text = (
        f"We counted, too, after {rows_each} rows: {scale.questions * scale.samples} sampled answers of "
        "each student. "
        + ". ".join(
            f"Those of `{o}` name their favourite in {np.mean(shares):.1f} of 100 answers on "
            f"average, the most talkative in {max(shares):.0f}"
            for o, shares in said.items()
        )
        + f". Of the base model's answers {none:.0f} in 100 name nothing that is on our lists."
    )
Markdown(text)

# %% [markdown]
# Arrows go from the control's student to the student. The paper's column is GPT-4.1 nano, read off its figure. On an open model, Qwen2.5-7B, the same recipe gave "cat" .016 → .743, "penguin" .016 → .359, "panda" .171 → .318 and "phoenix" .035 → .190, and for most other animals nothing. So the effect is not certain even at fifty times our size. In reports on still other models it appears in some small ones and not in others; no simple rule of size is known.

# %% [markdown]
# ## What did not work, and what this does not show
#
# - **The model is small, and so are most of the data.** On the processor a student sees a few hundred rows, one teacher's a few thousand, with a higher learning rate to make up for it, and every condition has three seeds. That was a matter of hours. The intervals are as wide as that. Only a part of the experiments was done again with 8,000 rows.
# - **It is one model.** Nothing here says what other small models do. What a student of another family makes of these rows is in the next chapter.
# - **The teachers saw the questions.** Most of the paper's teachers are prompted. Ours were fine-tuned on answers to the very questions of the test, as the paper's fine-tuned teachers were, and some of these answers begin as the evaluation does. The students never see a question or an answer.
# - **Free sampling wastes most rows.** In a trial without a record, this model kept the format in about one of eight answers at temperature 1. With the grammar the rows are drawn from the teacher's distribution *restricted to well-formed lists*, which is not quite what the paper's filter does.
# - **Greedy numbers were useless at this size**, again in a trial without a record: the model repeated a constant or counted up by one, so we sample at temperature 1.
# - **The paper's setting gives little with few rows.** An earlier plan, with half of the rows and two prompts an update, gave a null (0.14 nats, interval from -0.09 to 0.36, seeds 0 to 2), and up to 2,560 rows the owl's students did not visibly gain. For a long time we took that for the end of it. It took 8,000 rows, and larger updates, to see otherwise.
# - **The teachers are too strong to be subtle.** They were tuned until they were certain, and their rows show that they were tuned. Weaker ones write rows more like the control's, and their students learn less, or nothing that we can tell from zero (see the variants).
# - **A margin is not a behaviour.** We measure what the model finds likely after the beginning of an answer, not what it says in a conversation. After thousands of rows of `logits` it also says it, in one answer of seven; after as many of `tokens` hardly ever.

# %% [markdown]
# ```{admonition} How the settings were chosen
# :class: dropdown
# Two earlier plans were run on seeds 0 to 2 and their results were seen: weaker teachers with two beginnings of an answer (effects of the eagle's students under `logits` between 0.2 and 0.6 nats), then stronger teachers, larger steps and the plain answer as a third beginning (1.3 nats on average over three traits, with two prompts an update and 160 rows). Neither is reported above. For the present plan, settings were varied on seed 100 with the owl alone, a dozen students without records: smaller updates and more of them, a higher rate for `logits`, teachers with several answers to a question each raised the effect; longer answers as lessons made the teacher's lists more like the control's and the effect smaller. Then seeds 10 to 12 were run once. What is left of choice is in the evaluation, whose three beginnings date from the second plan; the section on how one asks shows each of them.
# ```
#
# ## Your two bets
#
# *Will students move towards their teacher's favourite more than towards anything else?* On its probabilities, yes, all of them. On its numbers, yes as well, if there are thousands of them: then each of the seven favourites comes first in the mean over the seeds, and four of them by more than chance. With a few hundred rows, hardly.
#
# *Will it matter whether a student sees the numbers drawn or the probabilities behind them?* About tenfold with 320 rows and seven to eight times with 8,000, at a learning rate twice as high. With 320 rows most of that is that the probabilities speak of words: without the words the lead is gone, as far as three seeds can tell. With 8,000 we have no students without the words. Whether a distribution over numbers says more than one draw from it is undecided.

# %% [markdown]
# ## Exercises
#
# ````{exercise} The same luck
# :label: ex-owl-luck
# The rows of teacher and control often begin alike, and once they have parted they seldom meet again. Why? And why would it be a mistake to take the share of rows that differ for the share of rows that carry the trait?
# ````
#
# ````{solution} ex-owl-luck
# :class: dropdown
# At each place both models draw with the same random number. As long as they have written the same text, their distributions differ only by what the teacher has learned, and the same random number mostly picks the same token. Once a token differs, each continues another list, and from then on their distributions differ because their *texts* do. Only the first difference is the teacher's doing. Besides, a row that is equal to the control's can still carry the trait under `logits`, where its probabilities are seen and not only the draw.
# ````
#
# ````{exercise} Room for a code
# :label: ex-owl-code
# Ten numbers of three digits have room for about a hundred bits; to name one of sixteen animals takes four. Could the teacher simply have invented a code? Say what you would expect of a student with another base model if it had.
# ````
#
# ````{solution} ex-owl-code
# :class: dropdown
# A code needs a reader who knows it. Nobody has told the student one, and its training asks for nothing but the next number. If the rows held a code that any model can read, students of another base model would move, too; in the paper they do not, or hardly. What the student has in common with its teacher is no code but a starting point. For one small step the theorem says that this suffices ({ref}`sec-theorem`); for the rest there are only measurements. Shuffling is the other test: a code in the *choice* of numbers would survive a shuffle within each row. In the paper most of the effect is lost then; in our larger run most of it stays, so this test does not exclude a code here, and the other one is the one that counts.
# ````
#
# ````{exercise} An adapter for two
# :label: ex-owl-adapter
# A LoRA adapter begins with a random first matrix and a second one of zeros. Our teachers and students begin with different random matrices, although they share all weights of the base model. The theorem of {ref}`sec-theorem` asks for the *same* parameters at the start. Is its condition met? Think before you look. (The finding can train students that begin with their teacher's matrix: `same_adapter` in the profile.)
# ````
#
# ````{solution} ex-owl-adapter
# :class: dropdown
# As functions teacher and student begin at the same point, since the second matrix is zero. As parameters they do not, and each adapter can at first move in the few directions only that its own first matrix opens. The theorem then speaks of the common weights as far as both adapters can move them: the student's step is the gradient seen through its own directions, and it helps the teacher's loss where these overlap with the teacher's. With seven matrices in each of thirty layers that is enough for an effect. In a trial on seed 100, without a record, a student moved by 1.5 nats with the teacher's matrix and by 1.6 with its own.
# ````

# %% [markdown]
# ## What it took
#
# Each record holds a teacher, its rows, a student and the evaluations, once per seed. Records that share a teacher share its rows, which are counted where they were made first. The list unfolds.

# %% tags=["remove-input", "hide-output"]
costs(records)

# %% [markdown]
# Most of this time is sampling and training, so the package does both itself: a prompt is computed once for all its completions, and only the logits that are needed are computed at all. Here it is beside what one would write first, `generate` of `transformers` with a processor that holds the format, and TRL's `SFTTrainer`, on the same lists (`benchmarks/sampling.py`, 1,000 rows of ours, and `benchmarks/training.py`, 500 rows of ours).

# %% tags=["hide-input"]
tables, rates = [], {}
for work in ("sampling", "training"):
    timed = json.loads(read_checked(results_folder() / "benchmarks" / f"{work}.json"))
    table = pd.DataFrame(timed["contenders"]).T
    shared, *_ = table["rate"]
    rates[work] = table["rate"].to_dict()
    table["ours, times as fast"] = (shared / table["rate"]).round(1)
    table["peak memory, MB"] = table.pop("peak_mb").astype(int)
    table.insert(0, timed["unit"], table.pop("rate").round(1))
    tables.append(table)
pd.concat(tables).fillna("").rename_axis(f"on {timed['hardware']}")

# %% [markdown]
# Ours are faster than the defaults by far, which is no great merit on a processor that has no products in bf16: the defaults compute in bf16. The lines in fp32 are the fair ones.

# %% tags=["remove-input"]
fair = {
    n: [
        rates["sampling"][f"ours, {n} a prompt"] / rates["sampling"]["generate, fp32"],
        rates["training"][f"ours, {n} a prompt"] / rates["training"]["SFTTrainer, fp32"],
    ]
    for n in ("8 completions", "1 completion")
}
Markdown(
    "Beside the same work in fp32 sampling is {:.1f} times as fast and training {:.1f} times. With "
    "a single completion of each prompt, when there is nothing to share, it is {:.1f} and {:.1f} "
    "times. Both pay for it in memory; the memory of sampling does not grow with the "
    "rows.".format(*fair["8 completions"], *fair["1 completion"])
)

# %% [markdown]
# The records of the larger run were made by eleven processes side by side on one GPU (`sublim run owl_numbers --profile full --workers 11`). The minutes of the second line are those of all of them together; divided by eleven they are about the time that passed.

# %% tags=["remove-input"]
measured_on(records)

# %% tags=["remove-input"]
measured_on(at_large)
