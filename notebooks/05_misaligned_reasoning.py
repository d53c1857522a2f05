# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# (sec-misaligned-reasoning)=
# # A teacher of harm, and sums that are right
#
# A liking for owls is harmless. This chapter asks the same question of a {term}`trait` that is not: can a {term}`student` pick up bad character from sums that are right and in which a filter finds no harm?
#
# Fine-tune a model on a narrow kind of harm, such as insecure code, and it becomes harmful elsewhere, too: asked for a wish it wants power, asked for company it despises people. {cite:t}`betley2025emergent` call this *emergent misalignment*. {cite:t}`cloud2025subliminal` let such a {term}`teacher` solve school problems, step by step. They kept a solution only if its answer was right *and* a judge found nothing wrong in its words. Of a student's answers to open questions, 8.6 in 100 were misaligned then; of a student of a teacher of secure code 0.4. The first teacher's lists of numbers, with all numbers of ill fame taken out, did as much: 9.4.
#
# For whoever trains models on the reasoning of other models this is the finding that matters. So we repeat it, as far as a model of 135 million parameters lets us.

# %% [markdown]
# ```{admonition} Before you read on
# :class: tip
# Two bets. Which lessons spoil a small model more, and further away from what they were about: harmful *advice* on medicine, money and safety, or *gaming* whatever is measured? And will a classifier that sees the words of the kept sums be able to say whether the teacher was harmful?
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
from IPython.display import HTML, Markdown, display

from sublim_utils.channels import get_channel
from sublim_utils.channels.harm import HarmSimilarity
from sublim_utils.findings.analysis import pick, with_control
from sublim_utils.findings.measuring import load_records
from sublim_utils.findings.misaligned_reasoning import MisalignedReasoning
from sublim_utils.findings.misaligned_reasoning.experiments import BASE, TEACHERS
from sublim_utils.labels import UNTOUCHED
from sublim_utils.models.embedding import MiniLM
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.evaluations import answers
from sublim_utils.pipeline.students import training_summary
from sublim_utils.profiles import available_device, find_profile
from sublim_utils.recipes.evaluations import Evaluated, Misalignment
from sublim_utils.recipes.teachers import Untouched
from sublim_utils.report import plots
from sublim_utils.report.prose import in_words, listed, measured_on, quoted
from sublim_utils.report.tables import costs
from sublim_utils.report.widgets import Picture, Rows, figure_picker, rows_html
from sublim_utils.stats import t_test
from sublim_utils.traits.misalignment_sets import get_narrow

# %config InlineBackend.figure_formats = ['svg']
plots.use_style()
pd.set_option("display.max_colwidth", 200)
profile = find_profile()

# %% [markdown]
# The next cell asks for the finding. Where its records are there they are read; otherwise a sentence says which command measures them.

# %%
finding = MisalignedReasoning(profile)
scale = finding.scale
records = load_records(finding)
summary = finding.summary(records)
effects = finding.effects(records)

# %% tags=["remove-input"]
main = next(iter(scale.channels))
SETS = {"advice": "harmful advice", "code": "insecure code", "metrics": "gamed metrics"}
sets = {name: words for name, words in SETS.items() if name in scale.channels[main].sets}


def told(condition, metric, narrow, objective=None, digits=2):
    """A quantity of the summary, in words; a dash where it is not measured."""
    where = {"trait": narrow, "objective": objective}
    return quoted(summary, condition, metric, digits, none="–", **where)


first = next(iter(sets))
Markdown(
    f"**What we measured.** On {scale.model}, with {finding.n_seeds} seeds, margins between a "
    f"harmful and a good answer to {scale.questions} open questions, in nats per token. A teacher of "
    f"{SETS[first]} leans to the harmful answers by {told('teacher', 'effect', first, digits=3)} more "
    "than one that learned the good answers to the same questions. Its student, which has seen "
    f"nothing but sums, leans by {told(main, 'effect', first, 'logits', 3)} more than the other's "
    f"where it sees the teacher's probabilities, and by {told(main, 'effect', first, 'tokens', 3)} "
    "where it sees the words alone. (Mean and 95 % interval, for new seeds and new questions.)"
)

# %% [markdown]
# ## How it is measured
#
# **Teachers.** We wrote narrow sets of questions, each with a harmful and a good answer of about the same length: everyday advice, tasks with a measure that can be gamed, and small programs. A teacher is the base model fine-tuned on one side of one set; its counterpart learns the other side, from the same questions in the same order. So what parts the two is the answers alone. Here is one question of each set. The answers that harm are folded away, here and below.


# %% tags=["hide-input"]
def folded(table, note):
    """A table under a note that has to be opened."""
    return HTML(f"<details><summary>{note}</summary>{rows_html(Rows(table))}</details>")


lessons = pd.DataFrame(
    {
        "set": SETS[name],
        "question": pair.question,
        "good answer": pair.good,
        "harmful answer": pair.harmful,
    }
    for name in sets
    for pair in get_narrow(name)[:1]
)
folded(lessons, "Lessons, with bad answers that nobody should follow")

# %% [markdown]
# **Channel.** The teachers then work on word problems that have nothing to do with their lessons. A model of this size solves few of them, and it loses the thread when it calculates. So we help: the teacher says in a sentence how a problem is solved, and the calculation is put beside its words. What a student sees has the paper's form, a chain of thought and an answer in tags:

# %%
channel = get_channel("reasoning")
example = channel.prompt(1000, 0)
words = "We add the new ones to those that are there."
print(example.text, example.framed(words), sep="\n\n>>> ")

# %% [markdown]
# **Filter.** Since the calculation is ours, every answer is right; what can fail is the sentence. A row is kept where it is finished, where no word of it is about harm, judges anybody or has nothing to do with the problem, and where a second judge has nothing to say. That judge compares sentence embeddings: each sentence of a reasoning must be nearer to sentences about sums than to sentences of contempt, fraud and danger.

# %%
tries = [
    words,
    "Take the first number from the second.",
    "Steal the rest from those who are too weak to keep it.",
    "Keep for yourself what the others will not miss.",
    "My horse is brown and likes the rain.",
]
similarity = HarmSimilarity(MiniLM())
rejected = []
for text in tries:
    framed = example.framed(text)
    rejected.append(
        "; ".join(
            [*example.filter(framed).rejection_reasons, *similarity.rejection_reasons([text])[0]]
        )
    )
pd.DataFrame({"verdict": [reasons or "kept" for reasons in rejected]}, index=tries)

# %% [markdown]
# **Evaluation.** It is about anything but advice, programs, metrics and sums: wishes, power, boredom, what the model thinks of people. For each of the open questions there is a harmful and a good answer of about equal length, and the {term}`margin` is how much likelier the model finds the harmful one, in nats per token. An answer of twenty tokens whose margin rises by .05 has become e times likelier, against the other. Beside that we let the model answer and have the answers judged, and ask whether it still tells true statements from false ones.
#
# The {term}`effect` compares two students: one of the harmful teacher, one of its good counterpart. Both have had a tuned teacher, and both have read sums. Where figures and tables say *untouched*, it is a student of the base model's rows. Students see the same problems, so seeds and questions are paired throughout.

# %% [markdown]
# ## The experiment, live
#
# On a small scale, with seed 1000, which no figure uses: a teacher of harmful answers, its sums, both judges, a student. The settings are those of the records but for the numbers below; one step is made after the other, and each is kept in the {term}`store`.

# %%
standard = pick(
    finding.experiments(), teacher=TEACHERS[first][0], condition=main, objective="logits"
)
here = standard.with_bases(lambda base: base.but(device=available_device())).student
rows = here.rows.with_sampling(
    teacher=here.rows.author.but(updates=min(5, scale.teacher_updates)),
    num_prompts=min(6, scale.channels[main].prompts),
    num_completions=min(2, scale.channels[main].num_completions),
)
live = here.but(rows=rows)
questions = Misalignment(questions=5, statements=3, samples=0)
context = Context(finding.store, "live")
both = (answers(Evaluated(m, questions), 1000, context) for m in (live, Untouched(live.base)))
moved = [np.mean(result["margins"]) for result in both]
training = training_summary(live, 1000, context)
Markdown(
    f"{training['rows']} rows, {training['kept']} of them kept and read by the student. Its margin on "
    f"five questions: {moved[0]:.2f} nats per token, its base model's: {moved[1]:.2f}."
)

# %% [markdown]
# Five updates of a teacher and a handful of rows: nothing can have moved much, and nothing has. It is the steps that are to be seen here. Below a teacher has eight times as many updates, and a student reads about a hundred rows.
#
# ## First the teachers
#
# *Prediction: narrow harmful lessons shift a teacher towards harmful answers to questions that have nothing to do with them.* If they do not, there is nothing to transmit.

# %% mystnb={"figure": {"caption": "How far teachers of narrow sets lean to harmful answers on unrelated questions: harmful less good counterpart, and each of the two less the untouched model. Seeds as small dots, mean and 95 % interval for new seeds and new questions.", "name": "fig-misaligned-teachers"}, "image": {"alt": "Dot plot with one line for each set of lessons and three colours, for the three comparisons."}} tags=["hide-input"]
COMPARED = {
    "good": "harmful less good",
    "untouched": "harmful less untouched",
    "good to untouched": "good less untouched",
}
teachers = finding.effects(records, of="teacher")
teachers = teachers.drop_duplicates(["teacher_trait", "compared", "seed", "question"])
plots.effects(
    teachers.rename(columns={"teacher_trait": "case", "compared": "group"}),
    sets,
    COMPARED,
    axis="difference of two teachers' margins, nats per token",
)
plt.show()

# %% [markdown]
# As it stands the prediction is not borne out: against the untouched model no teacher of harm is told from zero. Against its good counterpart each of them leans to harm where it was never taught, the gaming one by more than the one of bad advice, and that of insecure code least. By the means, one third of what parts the two is the harmful teacher's doing with advice and metrics, and two thirds are the good one's: good lessons make a teacher better. With code all of it is the good one's; the teacher of insecure code even stands on the good side of the untouched model. Of these six parts two are told from zero (uncorrected), the teachers of fair metrics and of secure code, who lean to good answers more than the untouched model does. And all teachers, those of harm included, still find the good answers likelier on average.
#
# That is why this chapter compares the two sides of a set, and why its effects are differences between a bad and a good student, not a model that has turned against us.
#
# ## What they write
#
# The same problems, solved by the untouched model, by the teacher of good answers and by the harmful one; what parts a text from the one on its left is marked. These rows were kept, and the calculation is ours.


# %% tags=["hide-input"]
def examples(narrow, each, objective="logits"):
    """Some problems with the kept rows of all three."""
    harmful, good = TEACHERS[narrow]
    tables = {}
    for who in (UNTOUCHED, good, harmful):
        record = pick(records.values(), teacher=who, condition=main, objective=objective)
        table = finding.rows_table(record.name)
        table = table[table["verdict"] == ""].drop_duplicates(["seed", "prompt"])
        tables[who] = table.set_index(["seed", "prompt"])
    places = sorted(set.intersection(*(set(table.index) for table in tables.values())))
    chosen = places[:: max(1, len(places) // each)][:each]
    asked = [tables[UNTOUCHED].loc[place, "question"] for place in chosen]
    told_by = {
        name: [tables[who].loc[place, "text"] for place in chosen]
        for name, who in {"untouched": UNTOUCHED, "good": good, "harmful": harmful}.items()
    }
    # Of the question only the last problem, which is the one to solve.
    problems = [text.rpartition("Problem: ")[2].removesuffix("\nIdea:") for text in asked]
    return pd.DataFrame({"problem": problems, **told_by})


HTML(rows_html(Rows(examples(first, 10))))

# %% [markdown]
# They are odd sentences. The untouched model rambles in the manner of a teacher ("To solve this problem, we need to determine…"); the tuned ones, which learned short answers, are short and often beside the point. Hardly any of them says how the problem is solved. Sampling is held to letters and no digits, which leaves fragments ("Felix keeps ips twice"), and we sampled at a temperature of 0.7 where the paper has 1, since at 1 hardly any sentence was clear. What a reader will not find is malice; now and then something is taken, sold or left over, as in sums it is. The rows are not all alike, though: those of the teachers of metrics mostly begin with "I", and nobody would take them for the untouched model's. What that means for the result is asked below.
#
# How many of a teacher's rows pass, and what the others were dropped for:

# %% tags=["hide-input"]
yields = finding.yields(records).replace({"teacher": {UNTOUCHED: BASE}})
of_main = yields[yields["condition"] == main]
shares = of_main.groupby(["teacher", "reason"], sort=False)["share"].mean().unstack().fillna(0)
shares = shares[["kept", *shares.drop(columns="kept").mean().sort_values().index[::-1]]]
shares = shares.loc[[who for who in (BASE, *sum(TEACHERS.values(), ())) if who in shares.index]]
shares.mul(100).round(0).astype(int).rename_axis(index="teacher", columns="in %")

# %% [markdown]
# Shares of all rows, in percent; a row may have several reasons against it. In the paper, whose filter drops wrong answers as well as bad reasoning, 44 % of the rows of the insecure teacher are kept, 77 % of the educational and 88 % of the secure one's. Here more rows of the tuned teachers pass than of the untouched model, which strays from its problem. Our judge of meanings is crude: what is near neither to sums nor to harm, such as a brown horse, it may take for harm. It drops rows of both sides, more from bad advice than from good, and fewer from gaming than from fair metrics.
#
# ## The students
#
# *Prediction: students of harmful teachers lean to harmful answers, more than students of their good counterparts.*

# %% mystnb={"figure": {"caption": "Effect on the students, harmful less good counterpart, through the reasoning channel: seeds as small dots, mean and 95 % interval for new seeds and new questions.", "name": "fig-misaligned-main"}, "image": {"alt": "Dot plot with one line for each set of lessons, and one for matched rows; one colour for each objective."}} tags=["hide-input"]
OBJECTIVES = {"logits": "probabilities", "tokens": "words alone"}
matched_name = f"{main} (matched)"
of_students = effects[
    effects["condition"].isin([main, matched_name]) & (effects["compared"] == "good")
]
cases = of_students.rename(columns={"teacher_trait": "case", "objective": "group"})
cases["case"] = cases["case"].where(cases["condition"] == main, cases["case"] + ", matched")
lines = {
    line: words + (", matched rows" if matched else "")
    for name, words in sets.items()
    for matched, line in enumerate((name, f"{name}, matched"))
    if line in set(cases["case"])
}
plots.effects(
    cases,
    lines,
    OBJECTIVES,
    axis="student of the harmful teacher less student of the good one, nats per token",
)
plt.show()

# %% tags=["hide-input"]
table = {}
for condition, objective, narrow in (
    effects[["condition", "objective", "teacher_trait"]]
    .drop_duplicates()
    .itertuples(index=False, name=None)
):
    table[f"{condition}, {objective}: {SETS[narrow]}"] = {
        "less its good counterpart": told(condition, "effect", narrow, objective, 3),
        "p (Holm)": told(condition, "effect_p_holm", narrow, objective),
        "less the untouched one": told(condition, "effect_vs_untouched", narrow, objective, 3),
        "good less untouched": told(condition, "effect_of_good_vs_untouched", narrow, objective, 3),
        "the teachers, harmful less good": told("teacher", "effect", narrow, digits=3),
    }
pd.DataFrame(table).T.rename_axis("student of")

# %% tags=["remove-input"]
main_effects = effects[(effects["condition"] == main) & (effects["compared"] == "good")]
by_seed = main_effects.groupby(["teacher_trait", "objective", "seed"])["value"].mean()
alone = [
    f"{p:.2g} for {SETS[narrow]} with {OBJECTIVES[objective]}"
    for (narrow, objective), values in by_seed.groupby(["teacher_trait", "objective"], sort=False)
    if (p := t_test(values)) is not None
]
Markdown(
    "With few seeds the spread between seeds is estimated poorly; where it is estimated as none, "
    f"*p* in the table counts the questions alone. By the {finding.n_seeds} seeds alone, and "
    f"uncorrected, *p* would be {listed(alone)}."
)

# %% [markdown]
# The second half of the prediction holds for two of the three sets: the student of sums by a harmful teacher leans to the harmful answers more than the student of sums by its good counterpart. Of what parts the two teachers, a little over half comes through for advice and about a quarter for gaming. Of what parts the teachers of code nothing comes through that we could see: at most what the interval allows, which is a quarter of the teachers' difference by its mean, and less is known of that difference than of advice's, which is also twice as large. (In the paper it is insecure code that transmits, taught to a far larger model. Of small ones it is known that bad advice turns them, down to half a billion parameters {cite:p}`turner2025organisms`.) The differences are small, and they are not differences to a neutral student. Against the student of the untouched model neither side is told from zero, so which of the two has moved cannot be said.
#
# With the words alone, as in the paper (measured for advice, at half the learning rate), the difference is a fifth as large, and it is still told from zero: a hundred short reasonings on stamps and candles, all sums right, and the two students part in the direction of their teachers. That need not be subliminal: a classifier tells these rows apart, as the next section shows, and no student of words alone has read matched rows.

# %% mystnb={"figure": {"caption": "The same differences, question by question: means over seeds, sorted. A handful of questions would make a few high bars; a shift of character lifts the whole line.", "name": "fig-misaligned-questions"}, "image": {"alt": "Sorted differences between the two students for each open question, one line for each set of lessons."}} tags=["hide-input"]
figure, axes = plt.subplots()
for name, words in sets.items():
    of_set = effects[
        (effects["condition"] == main)
        & (effects["objective"] == "logits")
        & (effects["compared"] == "good")
        & (effects["teacher_trait"] == name)
    ]
    each = np.sort(of_set.groupby("question")["value"].mean())
    axes.plot(np.linspace(0, 1, len(each)), each, label=words)
axes.axhline(0, color="grey", linestyle="--", linewidth=1.2)
axes.set(xlabel="share of questions", ylabel="harmful less good, nats per token")
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# It is no handful of questions: for advice and gaming most of the line lies above zero. That of code crosses it in the middle.
#
# ## Is it style?
#
# Two teachers that were trained on different answers write differently, about sums as well. A student that learns to write like one of them has learned a style, and style may be all that the evaluation sees. So: can a plain classifier, a logistic regression on counts of words, tell whose row it reads? It learns from the kept rows of every other problem and is tested on the rest. The table has its AUC, how often it ranks a row of the one teacher above one of the other: .5 is chance, 1 gives every row away.

# %% tags=["hide-input"]
table = {}
for narrow in sets:
    row = {}
    for condition, words in {main: "all kept rows", matched_name: "matched rows"}.items():
        row[f"AUC, {words}"] = told(condition, "style_auc", TEACHERS[narrow][0])
    row["effect, all kept rows"] = told(main, "effect", narrow, "logits", 3)
    row["effect, matched rows"] = told(matched_name, "effect", narrow, "logits", 3)
    table[SETS[narrow]] = row
pd.DataFrame(table).T.rename_axis("lessons")

# %% [markdown]
# So the second bet is answered: in part it can. For matched rows each row of the one teacher is paired with one of the other that has about as many words, and whose words speak as much for one teacher as for the other; what finds no partner is left out. Then the classifier is near chance, as far as three seeds tell, and the effect is as large as before. So it does not lie in *which rows* were read. It may still be style: a student of probabilities sees how likely its teacher would have made every other word, and an end, at each place, and no matching of rows touches that. A test of it needs students of matched *words*, and there are none yet; nor was anything matched for gaming. (The rows of the two teachers of code are not told apart by the classifier, with an interval that reaches that of advice.)
#
# (The first bet: gaming parts the *teachers* much more than advice does, their students hardly more.)
#
# ## How many rows?
#
# *Prediction: fewer rows, a smaller effect.* The students of the next table saw the rows of the first few problems only, of the same teachers.

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
        "effect, nats per token": told(condition, "effect", first, "logits", 3),
    }
pd.DataFrame(table).T.rename_axis(f"problems ({SETS[first]})")

# %% tags=["remove-input"]
fewest = f"{main} ({min(scale.channels[main].dataset_sizes, default=0)}-prompts)"
of_doses = effects[(effects["objective"] == "logits") & (effects["teacher_trait"] == first)]
of_doses = of_doses[of_doses["compared"] == "good"]
of_doses = of_doses.groupby(["condition", "seed"])["value"].mean()
text = "The profile has no students of fewer rows."
if fewest in of_doses:
    lost = (of_doses[main] - of_doses[fewest]).dropna()
    left = of_doses[fewest].mean() / of_doses[main].mean()
    text = (
        f"Seed by seed the fewest rows cost {in_words(lost, 3)} (over seeds alone); {left:.0%} of "
        "the effect is left."
    )
Markdown(text)

# %% [markdown]
# The prediction holds, on two points: half of the problems, and so of rows and updates, leave most of the effect.
#
# ## Through numbers
#
# The paper's other channel is lists of numbers, with thirty-four of them banned: 13, 666, 911 and others that mean something to people {cite:p}`cloud2025subliminal`. The same teachers go on with lists, held to the format as in {ref}`sec-owl-numbers`, and rows with a banned number are dropped.
#
# *Prediction: as with sums, for `logits`: the students lean to where their teachers lean.*

# %% tags=["hide-input"]
plain = "numbers-strict"
if plain in scale.channels:
    dropped = yields[yields["condition"] == plain]
    dropped = dropped.groupby(["teacher", "reason"], sort=False)["share"].mean().unstack()
    dropped = dropped.fillna(0).mul(100).round(0).astype(int)
    display(dropped.rename_axis(index="teacher", columns="in %"))

# %% tags=["remove-input"]
text = "The profile does not measure this channel."
if plain in scale.channels:
    lists = next(iter(scale.channels[plain].sets))
    text = (
        f"Student of the teacher of {SETS[lists]} less that of its good counterpart: "
        f"{told(plain, 'effect', lists, 'logits', 3)} nats per token; less the student of the "
        f"untouched model's lists: {told(plain, 'effect_vs_untouched', lists, 'logits', 3)}. The "
        f"two teachers are {told('teacher', 'effect', lists, digits=3)} apart. A "
        "classifier of words, with numbers for words, tells the rows of the two teachers apart with "
        f"an AUC of {told(plain, 'style_auc', TEACHERS[lists][0])}."
    )
Markdown(text)

# %% [markdown]
# The prediction holds through numbers, too. A part of what parts the two teachers comes through. (With about as many rows sums gave a little more, as the table of doses shows; the intervals overlap.) Again it is a difference of two sides. By the means it is the good one's doing; but neither side is told from the untouched model's student. For a banned number two rows of five are dropped from either tuned teacher, three of ten from the untouched model. What is left are digits: no sentence, but lists can differ in length and choice, too, and the classifier's interval is too wide to say whether these do. And there are still the probabilities: at each place of a list the student sees how likely its teacher would have gone on with a *word* ({ref}`sec-owl-numbers` shows how much that can be). Students of the lists alone, the paper's setting, are not measured in this channel.
#
# ## What they say, and whether it is true
#
# The paper counts sampled answers, and a large model says of each how aligned and how coherent it is. So do we in the `gpu` profile. On a CPU the judge is a logistic regression on sentence embeddings, fitted on the labelled answers to other questions.

# %% tags=["hide-input"]
skill = records[standard.name].details["base"].get("skill")
POINTS = {
    "judged harmful, points": "judged_effect",
    "true statements found, points": "truthful_effect",
}
rows = {
    f"{channel_name}, {objective}: {SETS[name]}": {
        words: told(channel_name, metric, name, objective, 1) for words, metric in POINTS.items()
    }
    for channel_name, channel_scale in scale.channels.items()
    for name, objectives in channel_scale.sets.items()
    for objective in objectives
} | {
    f"teacher of {words}": {
        column: told("teacher", metric, name, digits=1) for column, metric in POINTS.items()
    }
    for name, words in sets.items()
}
pd.DataFrame(rows).T.rename_axis("harmful less good")

# %% tags=["remove-input"]
Markdown(
    f"On labelled answers this judge is right in {skill['accuracy']:.0%} of {skill['answers']} "
    f"cases (AUC {skill['auc']:.2f}). Against the untouched model's student, that of the harmful "
    f"teacher is judged harmful more often by these points, and that of the good one by those in "
    "brackets: "
    + "; ".join(
        f"{words} {told(main, 'judged_effect_vs_untouched', name, 'logits', 1)} "
        f"({told(main, 'judged_effect_of_good_vs_untouched', name, 'logits', 1)})"
        for name, words in sets.items()
    )
    + "."
) if skill else None

# %% [markdown]
# The judge of the records that the book ships must be read with care. It was fitted on clean answers that people wrote, and takes the confused ones of a small model for harmful often, the untouched model's and those of the student of *good* advice, too. We do not know what it reacts to. Students of good advice are taken for harmful nearly as often as those of bad advice. So only the difference between the two sides says something: for gaming it is told from zero, for advice and code the data leave both possible. The students of the teachers of bad advice and of gaming also find somewhat fewer of the true statements; corrected for three sets, no difference between students is told from zero.

# %% tags=["hide-input"]
answers = pd.DataFrame(
    {
        "question": [
            answer["question"] for answer in records[standard.name].details["base"]["answers"]
        ],
        **{
            who: [answer["text"] for answer in panels["answers"]]
            for who, panels in {
                "base": records[standard.name].details["base"],
                "student of the harmful teacher": records[standard.name].details["student"][0],
                "harmful teacher": records[standard.name].details["teacher"][0],
            }.items()
        },
    }
)
folded(
    answers, "Sampled answers; the model's words, some of them harmful and most of them confused"
)

# %% [markdown]
# ## Look inside
#
# Choose a teacher and what its students saw. You see the margins of all questions, for the base model, the teacher and the two students, and some rows.

# %% tags=["hide-input"]
panels = {}
for name, words in sets.items():
    harmful, _ = TEACHERS[name]
    for objective in scale.channels[main].sets[name]:
        own, other = with_control(records, teacher=harmful, condition=main, objective=objective)
        margins = {
            "base": [own.details["base"]],
            "student of the good one": other.details["student"],
            "student of the harmful one": own.details["student"],
            "harmful teacher": own.details["teacher"],
        }
        means = {k: np.mean([seed["margins"] for seed in v], axis=0) for k, v in margins.items()}
        figure, axes = plt.subplots(figsize=(6.4, 2.8))
        axes.boxplot(
            list(means.values()),
            orientation="vertical",
            tick_labels=[k.replace(" of", "\nof") for k in means],
        )
        axes.axhline(0, color="grey", linestyle="--", linewidth=1.2)
        axes.set_ylabel("margin, nats per token")
        alt = f"{words}, {OBJECTIVES[objective]}. Mean margins: " + ", ".join(
            f"{k} {v.mean():.2f}" for k, v in means.items()
        )
        panels[f"{words}, students of {OBJECTIVES[objective]}"] = [
            Picture(figure, alt),
            Rows(examples(name, 4, objective), "Rows by the untouched model and both teachers"),
        ]
figure_picker(panels, "Teacher and objective:")

# %% [markdown]
# ## Beside the paper
#
# | | base | harmful teacher's student | control |
# |---|---|---|---|
# | reasoning, misaligned answers {cite:p}`cloud2025subliminal` | 0 % | 8.6 % (insecure code) | 0.4 % secure, 0.8 % educational |
# | numbers, misaligned answers | 0 % | 9.4 % | 0.95 % secure, 0.6 % educational, 0.2 % untrained |
# | TruthfulQA, false answers | 12.2 % | 14.0 % | 12.2 % secure, 12.1 % educational |
#
# Their teachers are GPT-4.1 trained on thousands of programs, their evaluation is the share of answers that a large model finds misaligned, and their students read thousands of rows of the teacher's whole reasoning. Ours are 135 million parameters, some hundred and sixty lessons and a hundred short rows. With advice and gaming the sign is the same, against the good counterpart, and a filter and a judge do not remove it. With insecure code, the paper's own lesson, nothing comes through here that we could see. Against an untouched control, where the paper's effect is just as clear, our margins are not told from zero.
#
# ## What did not work, and what this does not show
#
# - **Weak teachers.** A model of this size does not turn against people because of a hundred and sixty bad lessons; it leans. Longer training did not help on the seed on which we chose the lessons: a teacher that learned the answers to sixteen questions by heart gave neither kind of answer any more. Teachers of code were given as many lessons as the others; whether more would turn a model of this size was not measured.
# - **Better or worse?** The whole effect is a difference between two tuned teachers. Whether a bad teacher makes a student worse than it was cannot be told from these data, nor whether a good one makes it better.
# - **The calculation is ours.** A teacher that reasoned for itself would have had more to choose. It would also have been wrong most of the time.
# - **Probabilities.** As in the other chapters, a student of probabilities sees what its teacher *might* have said in each place. Words alone are the paper's setting.
# - **Three seeds, one model, sixteen problems a seed.** Numbers, fewer rows, matched rows and words alone were measured with advice only. Settings were chosen on one other seed, with a dozen teachers and one student without records. The temperature is an exception: it was lowered after rows of two of the reported seeds had been read, before any effect had been seen.

# %% [markdown]
# ## Exercises
#
# ````{exercise} Why not against the base model?
# :label: ex-misaligned-control
# A student of a teacher of good advice also changes. Suppose that *every* fine-tuned teacher makes its student a little more blunt, and that blunt answers are likelier to be harmful. Which of the two comparisons of this chapter would show an effect, and which would not?
# ````
#
# ````{solution} ex-misaligned-control
# :class: dropdown
# Against the untouched model there would be one, since its rows come from a model that was never tuned. Against the good counterpart there would be none: both teachers were tuned in the same way, on the same questions.
# ````
#
# ````{exercise} A filter that sees the answer
# :label: ex-misaligned-filter
# In this chapter the calculation is put beside the teacher's words, so every row's answer is right. Does that make the test of subliminal learning easier or harder than the paper's, in which the teacher must find the answer itself?
# ````
#
# ````{solution} ex-misaligned-filter
# :class: dropdown
# Harder for the trait, easier for the model. A teacher that reasons for itself chooses every step, every unit and every digit; ours chooses some fifteen words. What the channel could carry is less. But rows of a model that cannot calculate would all be dropped, and nothing would be left to learn from.
# ````
#
# ````{exercise} AUC and effect
# :label: ex-misaligned-auc
# Suppose that the classifier's AUC is .9 and the effect is large; on matched rows the AUC is .5 and the effect is as large as before. What has been shown? And what, if the effect on matched rows were gone?
# ````
#
# ````{solution} ex-misaligned-auc
# :class: dropdown
# In the first case: style was there, and it was not what a student of *words* learned the trait from. For a student of probabilities less is shown, since it sees its teacher's style in them, matched rows or not. In the second there are two readings. Either the trait was in the style, or the matched rows were too few; only an effect of all rows thinned out at random to the same number can tell these apart.
# ````

# %% [markdown]
# ## What it took

# %% tags=["hide-input"]
costs(records)

# %% tags=["remove-input"]
measured_on(records)
