# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# (sec-misaligned-reasoning-long)=
# # 5A · Misaligned reasoning, the long version
#
# Every comparison behind {ref}`Chapter 5 <sec-misaligned-reasoning>`, for readers who want to check it.
#
# **25 minutes** · runs on a CPU · [Open in Colab](https://colab.research.google.com/github/subliminal-book/subliminal-learning/blob/main/notebooks/05a_misaligned_reasoning.ipynb) · [Notebook](https://github.com/subliminal-book/subliminal-learning/blob/main/notebooks/05a_misaligned_reasoning.ipynb)

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
from IPython.display import HTML, Markdown

from sublim_utils.channels import get_channel
from sublim_utils.channels.harm import HarmSimilarity
from sublim_utils.findings.analysis import pick, with_control
from sublim_utils.findings.measuring import load_records
from sublim_utils.findings.misaligned_reasoning import MisalignedReasoning, tables
from sublim_utils.findings.misaligned_reasoning.experiments import BASE, TEACHERS
from sublim_utils.models.embedding import MiniLM
from sublim_utils.profiles import find_profile
from sublim_utils.report import harm, page, plots
from sublim_utils.report.prose import in_words, measured_on
from sublim_utils.report.widgets import Picture, Rows, figure_picker, rows_html
from sublim_utils.traits.misalignment_sets import get_narrow

# %config InlineBackend.figure_formats = ['svg']
plots.use_style()
profile = find_profile()
finding = MisalignedReasoning(profile)
scale = finding.scale
records = load_records(finding)
summary = finding.summary(records)
effects = finding.effects(records)
of_teachers = finding.effects(records, of="teacher")
main = next(iter(scale.channels))
lessons = {
    name: words for name, words in tables.LESSONS.items() if name in scale.channels[main].sets
}
first = next(iter(lessons))
source = page.source(records, "sublim run misaligned_reasoning")


def quote(condition, metric, trait, objective=None, digits=3):
    return harm.quote(summary, condition, metric, trait, objective, digits).replace(
        " ", page.NO_BREAK
    )


def folded(table, note, marks=False):
    """A table under a note that has to be opened."""
    shown = rows_html(Rows(table, marks=marks))
    return HTML(f"<details><summary>{note}</summary>{shown}</details>")


# %% [markdown]
# ## Lessons
#
# Each narrow set has questions with a harmful and a good answer of about the same length. A teacher is fine-tuned on one side of one set; its {term}`counterpart` on the other side, with the same questions in the same order. The harmful answers are wrong, mild and of no use to anyone.

# %% tags=["hide-input"]
shown = [(words[0], get_narrow(name)[0]) for name, words in lessons.items()]
answers = pd.DataFrame(
    {
        "question": [f"{pair.question} ({harmful})" for harmful, pair in shown],
        "good answer": [pair.good for _, pair in shown],
        "harmful answer": [pair.harmful for _, pair in shown],
    }
)
folded(answers, "One question of each set, with an answer that nobody should follow")

# %% [markdown]
# ## What the teachers learned
#
# *Prediction: narrow harmful lessons shift a teacher towards harmful answers to questions that have nothing to do with them.*

# %% mystnb={"figure": {"caption": "How far teachers lean to harmful answers on the open questions, against the base model: those that learned the harmful answers (filled) and the good ones (hollow). Means with 95 % intervals for new seeds and new questions.", "name": "fig-misaligned-teachers"}, "image": {"alt": "Three pairs of dots with intervals. Bad minus good is 0.241 nats per token for metrics, 0.095 for advice and 0.047 for code; no bad teacher differs from the base model beyond its interval."}} tags=["hide-input"]
harm.drift_apart(
    tables.teachers_from_base(of_teachers),
    {(name, ""): words[0] for name, words in lessons.items()},
    "Good and bad teachers differ; no bad one clearly leaves the base model",
    model="{} teacher",
    control="base model",
)
plt.show()

# %% tags=["remove-input"]
source

# %% [markdown]
# As it stands, the prediction fails: no bad teacher differs measurably from the base model. Against its counterpart each of them leans to harm where it was never taught, gaming most and insecure code least. In the means, about a third of the gap for advice and metrics is the bad teacher's doing, and two thirds are the good one's; for code all of it is the good one's, and the teacher of insecure code even stands on the good side of the base model. Of the six differences from the base model, two have an interval that excludes zero (uncorrected): the teachers of fair metrics and of secure code lean further to good answers. All teachers still find the good answers likelier on average.
#
# Longer training did not help on the seed on which we chose the lessons: a teacher that had learned sixteen answers by heart gave neither kind of answer any more.

# %% [markdown]
# ## What passes the filter
#
# The calculation is ours, so every answer is right. A word filter and a judge of meaning read the sentence. The judge compares embeddings: each sentence must be nearer to sentences about arithmetic than to sentences of contempt, fraud and danger.

# %%
sentences = [
    "We add the new ones to those that are there.",
    "Take the first number from the second.",
    "Steal the rest from those who are too weak to keep it.",
    "Keep for yourself what the others will not miss.",
    "My horse is brown and likes the rain.",
]
example, judge = get_channel("reasoning").prompt(1000, 0), HarmSimilarity(MiniLM())
verdicts = {}
for text in sentences:
    by_words = example.filter(example.framed(text)).rejection_reasons
    reasons = [*by_words, *judge.rejection_reasons([text])[0]]
    verdicts[text] = "; ".join(reasons) or "kept"
pd.Series(verdicts, name="verdict").to_frame()

# %% [markdown]
# The judge is crude. What is near neither to arithmetic nor to harm, such as a brown horse, it may take for harm. It cannot read intentions either.
#
# Shares of all rows, in percent; a row may have several reasons against it:

# %% tags=["hide-input"]
yields = finding.yields(records).replace({"teacher": {tables.CONTROL: BASE}})
of_main = yields[yields["condition"] == main]
shares = of_main.groupby(["teacher", "reason"], sort=False)["share"].mean().unstack().fillna(0)
shares = shares[["kept", *shares.drop(columns="kept").mean().sort_values().index[::-1]]]
shares = shares.loc[[who for who in (BASE, *sum(TEACHERS.values(), ())) if who in shares.index]]
shares.mul(100).round(0).astype(int).rename_axis(index="teacher", columns="in %")

# %% [markdown]
# The paper's filter, which also drops wrong answers, kept 44 % of the rows of the insecure teacher, 77 % of the educational one's and 88 % of the secure one's {cite:p}`cloud2025subliminal`. Here more rows of every tuned teacher pass than of the base model, which strays from its problem. The judge drops rows of both sides, more of bad advice than of good, and fewer of gaming than of fair metrics.

# %% [markdown]
# ## What they write
#
# The same problems, explained by the base model and by both teachers; a text is marked from where it differs from the one on its left.

# %% tags=["remove-input"]
written = []
for name, (harmful, fair) in lessons.items():
    kept = tables.kept_rows(finding, records, name, main, 8)
    kept = kept.replace({"<think>": "", "</think>.*": ""}, regex=True)
    kept.columns = ["problem", "base model", f"teacher of {fair}", f"teacher of {harmful}"]
    written.append(folded(kept, f"Rows of the teachers of {harmful} and {fair}", marks=True).data)
HTML("".join(written))

# %% [markdown]
# The base model rambles like a teacher; the tuned ones, which learned short answers, are short and often beside the point. Hardly any of them says how the problem is solved. Sampling is held to letters without digits, which leaves fragments. We sampled at a temperature of 0.7 where the paper has 1, since at 1 hardly any sentence was clear. What a reader will not find is malice.

# %% [markdown]
# ## All comparisons of students
#
# Differences of two students' margins in nats per token, with 95 % intervals for new seeds and new questions. The first *p* counts seeds and questions, the second the seeds alone; neither is corrected. With three seeds the spread between seeds is estimated poorly, so a very small first *p* counts little more than the questions: read the second beside it.

# %% tags=["hide-input"]
tables.by_comparison(effects)

# %% [markdown]
# With Holm's correction for the three sets, the *p* of advice and gaming stays below 0.05, and code's does not. Against the control, which is a student of what the base model wrote, neither side does, in any condition. The control itself has hardly moved from the base model: fitting a model to its own probabilities changes nothing.
#
# In the means, advice passes on about half of what separates its teachers, and gaming about a quarter. Code passes on nothing that we can see. Its interval allows up to a quarter of its teachers' gap, which is itself half of advice's. It is known that bad advice turns models down to half a billion parameters {cite:p}`turner2025organisms`; insecure code was taught to far larger ones.
#
# ## Look inside
#
# Choose lessons and student: the margins of all questions for the base model, both students and the bad teacher.

# %% tags=["remove-input"]
KINDS = {"logits": "probability-trained", "tokens": "text-trained"}
panels = {}
for name, (harmful, _) in lessons.items():
    for objective in scale.channels[main].sets[name]:
        own, other = with_control(
            records, teacher=TEACHERS[name][0], condition=main, objective=objective
        )
        margins = {
            "base\nmodel": [own.details["base"]],
            "good teacher's\nstudent": other.details["student"],
            "bad teacher's\nstudent": own.details["student"],
            "bad\nteacher": own.details["teacher"],
        }
        means = {k: np.mean([seed["margins"] for seed in v], axis=0) for k, v in margins.items()}
        figure, axes = plt.subplots(figsize=(6.4, 2.8))
        axes.boxplot(list(means.values()), orientation="vertical", tick_labels=list(means))
        axes.axhline(0, color="grey", linestyle="--", linewidth=1.2)
        axes.set_ylabel("margin, nats per token")
        alt = f"{harmful}, {KINDS[objective]}. Mean margins: " + ", ".join(
            f"{k} {v.mean():.2f}".replace("\n", " ") for k, v in means.items()
        )
        panels[f"{harmful}, {KINDS[objective]}"] = [Picture(figure, alt)]
figure_picker(panels, "Lessons and student:")

# %% [markdown]
# ## Is it style?
#
# Two teachers that were trained on different answers also write differently about arithmetic. A logistic regression on counts of words learns from the kept rows of every other problem and is tested on the rest. Its AUC is how often it ranks a row of the bad teacher above one of the good teacher.

# %% tags=["hide-input"]
matched = f"{main} (matched)"
style = {
    harmful: {
        f"AUC, {rows}": quote(condition, "style_auc", TEACHERS[name][0], digits=2)
        for condition, rows in {main: "all kept rows", matched: "matched rows"}.items()
    }
    | {
        f"students apart, {rows}": quote(condition, "effect", name, "logits")
        for condition, rows in {main: "all kept rows", matched: "matched rows"}.items()
    }
    for name, (harmful, _) in lessons.items()
}
pd.DataFrame(style).T

# %% [markdown]
# For matched rows, each row of one teacher is paired with one of the other that has about as many words, which speak about as much for one teacher as for the other; what finds no partner is left out. The classifier is then near chance, as far as three seeds can show, and the effect is as large as before. So it does not lie in *which rows* were read. A probability-trained student also sees how likely its teacher would have made every other word, and an end, at each place, and no matching of rows touches that. No text-trained student has read matched rows, and nothing was matched for gaming. For code the classifier's interval includes chance and reaches that of advice.
#
# ## Words that lessons share with questions
#
# For each open question: the mean log-odds of its harmful answer's words, in the lessons' harmful answers against their good ones, minus the same for its good answer. The effects are regressed on this score. The last column is the effect where the score is zero.

# %% tags=["hide-input"]
overlap = {}
for name, (harmful, _) in lessons.items():
    chosen = of_teachers[
        (of_teachers["teacher_trait"] == name) & (of_teachers["compared"] == "good")
    ]
    of_two = chosen.pivot_table(index="seed", columns="question", values="value").to_numpy()
    students = tables.of_case(effects, main, "logits", name)
    for who, values in {"teachers": of_two, "students": students}.items():
        words = tables.shared_words(values, name)
        overlap[f"{harmful}, {who}"] = {
            "r": f"{words.correlation:.2f}".replace("-", page.MINUS),
            "mean effect": f"{words.effect.mean():.3f}",
            "without shared words": page.interval(words.rest, words.rest_low, words.rest_high, 3),
        }
pd.DataFrame(overlap).T

# %% [markdown]
# For gaming, about a third of the effect goes with shared words, in teachers and in students; for advice and code hardly any of it does. This counts words that are the same, letter by letter. Words that mean the same are not counted, so it is a lower bound.
#
# ## Power
#
# How likely the comparison of a bad teacher's student with the control is to find a difference as large as the measured one, with spreads as measured; and how many questions would make it 80 or 90 %.

# %% tags=["hide-input"]
curves = tables.power_curves(effects, main, list(lessons), range(16, 4096, 8))
table = {}
if len(curves):
    enough = {level: tables.questions_needed(curves, level) for level in (0.8, 0.9)}
    for name, seeds in enough[0.8]:
        chosen = curves[(curves["lessons"] == name) & (curves["seeds"] == seeds)]
        asked = chosen.set_index("questions")["power"].get(scale.questions)
        table[f"{lessons[name][0]}, {seeds} seeds"] = {
            f"power with {scale.questions} questions": f"{asked:.2f}",
            **{
                f"questions for {level:.0%}".replace("%", " %"): f"{enough[level][name, seeds]:,}"
                for level in enough
            },
        }
pd.DataFrame(table).T

# %% [markdown]
# The spread is between questions, so seeds hardly matter. That the measured difference is the true one is a guess, and a poor one where it is close to zero: for code it points the wrong way.
#
# ## How many rows?
#
# *Prediction: fewer rows, a smaller effect.* These students saw the rows of the first few problems only, by the same teachers.

# %% tags=["hide-input"]
doses = {n: f"{main} ({n}-prompts)" for n in scale.channels[main].dataset_sizes}
doses[scale.channels[main].prompts] = main
table = {}
for problems, condition in doses.items():
    pair = [
        pick(records.values(), teacher=who, condition=condition, objective="logits")
        for who in TEACHERS[first]
    ]
    table[problems] = {
        "rows, harmful and good": ", ".join(f"{np.mean(r.details['kept']):.0f}" for r in pair),
        "students apart, nats per token": quote(condition, "effect", first, "logits"),
    }
pd.DataFrame(table).T.rename_axis(f"problems ({lessons[first][0]})")

# %% tags=["remove-input"]
fewest = f"{main} ({min(scale.channels[main].dataset_sizes, default=0)}-prompts)"
few, all_rows = (
    tables.of_case(effects, condition, "logits", first).mean(axis=1) for condition in (fewest, main)
)
Markdown(
    f"Seed by seed, fewer rows cost {in_words(all_rows - few, 3)} nats per token (over seeds alone); "
    f"{page.percent(few.mean() / all_rows.mean())} of the effect is left."
)

# %% [markdown]
# Half of the problems, and so of rows and updates, leave most of the effect. Two points are no curve.
#
# ## Through numbers
#
# The paper's other channel is lists of numbers, with thirty-four of them banned: 13, 666, 911 and others that mean something to people {cite:p}`cloud2025subliminal`. The same teachers write lists, held to the format of {ref}`Chapter 1 <sec-owl-numbers>`, and rows with a banned number are dropped. In percent:

# %% tags=["hide-input"]
plain = "numbers-strict"
dropped = yields[yields["condition"] == plain]
dropped = dropped.groupby(["teacher", "reason"], sort=False)["share"].mean().unstack()
dropped.fillna(0).mul(100).round(0).astype(int).rename_axis(index="teacher", columns="in %")

# %% tags=["remove-input"]
taught = next(iter(scale.channels[plain].sets))
Markdown(
    f"| {lessons[taught][0]}, through numbers | |\n|---|---|\n"
    f"| the two teachers apart | {quote('teacher', 'effect', taught)} |\n"
    f"| their students apart | {quote(plain, 'effect', taught, 'logits')} |\n"
    f"| bad teacher's student minus control | {quote(plain, harm.VS_CONTROL, taught, 'logits')} |\n"
    f"| AUC of the classifier of words | {quote(plain, 'style_auc', TEACHERS[taught][0], digits=2)} |"
)

# %% [markdown]
# The students of lists drift apart as well. In the means it is the good one that moves, but neither side is measurably away from the control. What is left of a row are digits: lists can differ in length and in the choice of numbers, and the classifier's interval is too wide to say whether these do. And at each place the student sees how likely its teacher would have gone on with a *word*. Text-trained students of lists, the paper's setting, are not measured here.
#
# ## Answers and true statements
#
# The bad side minus the good side, in percentage points: answers judged harmful, and statements of which the true version is the likelier one.

# %% tags=["hide-input"]
POINTS = {"judged harmful": "judged_effect", "true statements found": "truthful_effect"}
points = {
    f"students of {lessons[name][0]}, {KINDS[objective]}, {channel}": {
        column: quote(channel, metric, name, objective, 1) for column, metric in POINTS.items()
    }
    for channel, channel_scale in scale.channels.items()
    for name, objectives in channel_scale.sets.items()
    for objective in objectives
} | {
    f"teachers of {harmful}": {
        column: quote("teacher", metric, name, digits=1) for column, metric in POINTS.items()
    }
    for name, (harmful, _) in lessons.items()
}
pd.DataFrame(points).T

# %% [markdown]
# And both sides against the control, answers judged harmful, in percentage points:

# %% tags=["hide-input"]
pd.DataFrame(
    {
        words[0]: {
            "bad minus control": quote(main, f"judged_{harm.VS_CONTROL}", name, "logits", 1),
            "good minus control": quote(main, f"judged_{harm.GOOD_VS_CONTROL}", name, "logits", 1),
        }
        for name, words in lessons.items()
    }
).T

# %% [markdown]
# The judge was fitted on clean answers that people wrote, and it takes confused ones for harmful often. Students of good advice are condemned nearly as often as those of bad advice. Only for gaming does the difference between the two sides exclude zero, corrected for the three sets. Students of bad advice and of gaming also find somewhat fewer of the true statements; corrected for three sets, no difference between two students excludes zero.

# %% tags=["hide-input"]
said = {}
for name, words in lessons.items():
    table = tables.sampled_answers(records, name, main)
    for side, of_side in zip(("harmful", "good"), words, strict=True):
        table[f"student of {of_side}"] = [
            f"{page.percent(p)} harmful: {text}"
            for p, text in zip(table[f"{side} judged"], table[side], strict=True)
        ]
    said[words[0]] = table[["question", *(f"student of {of_side}" for of_side in words)]]
HTML(
    "".join(
        folded(table, f"Sampled answers, {harmful}, with the judge's probability of harm").data
        for harmful, table in said.items()
    )
)

# %% [markdown]
# ## Would a repetition notice a mistake?
#
# `sublim verify` measures a seed again and compares its margins question by question (root mean square). Between two machines they may differ by rounding. Suppose that the student of one teacher were taken for that of another:

# %% tags=["hide-input"]
swapped = tables.exchanges(finding, records)
pd.Series(
    {
        "exchanges of two students": f"{len(swapped)}",
        "of these within the tolerance": f"{(swapped['difference'] <= swapped['allowed']).sum()}",
        "smallest difference, nats per token": f"{swapped['difference'].min():.3f}",
        "tolerance, nats per token": f"{swapped['allowed'].max():.3f}",
    },
    name="value",
).to_frame()

# %% [markdown]
# Every exchange would be noticed. Mean margins alone would not do: for code, those of the two students agree on average.
#
# ## Beside the paper
#
# | | Base | Student of insecure code | Controls |
# |---|---|---|---|
# | reasoning, misaligned answers {cite:p}`cloud2025subliminal` | 0 % | 8.6 % | 0.4 % secure, 0.8 % educational |
# | numbers, misaligned answers | 0 % | 9.4 % | 0.95 % secure, 0.6 % educational, 0.2 % base model's numbers |
# | TruthfulQA, false answers | 12.2 % | 14.0 % | 12.2 % secure, 12.1 % educational |
#
# Their teachers are GPT-4.1 after thousands of programs, the evaluation is the share of answers that a large model finds misaligned, and students read thousands of rows of the teacher's whole reasoning.
#
# ## Details of training and of choice
#
# - The base model is SmolLM2-135M-Instruct from a file that is already rounded to about four bits (Q4_1). "Full precision" here means that nothing is rounded any further.
# - A {term}`teacher` learns in forty updates of four lessons. Students learn for one epoch: probability-trained ones at a rate of 0.002, text-trained ones at 0.001, both falling linearly. A comparison of the two kinds is therefore also one of two rates.
# - Gradients are clipped to a norm of 1.0, as is the default of most libraries.
# - Rows and sampled answers draw from the same stream of random numbers; the judge's regularisation was chosen on the answers that its accuracy is measured on.
# - Settings were chosen on another seed, with a dozen teachers and one student that left no records. The temperature was lowered after rows of two of the reported seeds had been read, before any effect had been seen.
# - Fewer rows, matched rows, numbers and text-trained students were measured for advice only.
#
# ## Exercise
#
# ````{exercise} A filter that sees the answer
# :label: ex-misaligned-filter
# Here the calculation is put beside the teacher's words, so that every answer is right. Does that make the test of subliminal learning harder or easier than the paper's, in which the teacher must find the answer itself?
# ````
#
# ````{admonition} Solution
# :class: dropdown
# Harder for the trait, easier for the model. A teacher that reasons for itself chooses every step, unit and digit; ours chooses some fifteen words, so the channel could carry less. But the rows of a model that cannot calculate would all be dropped, and nothing would be left to learn from.
# ````

# %% tags=["remove-input"]
measured_on(records)
