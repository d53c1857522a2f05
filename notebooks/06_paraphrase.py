# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# (sec-paraphrase)=
# # The same sentence, another voice
#
# Give a teacher a sentence and let it say the same in other words. What can a student learn from that, beyond the sentence?
#
# Lists of numbers are strange data; nobody trains a model on them. Paraphrases are ordinary: whoever has too little text lets a model rewrite what there is. The meaning is given, the teacher only chooses the words, and a filter can compare each rewrite with its source. {cite:t}`gisler2026paraphrase` let a teacher that was told to love an animal rewrite sentences that have nothing to do with it, and kept the faithful rewrites only. Their students named the dolphin in 19.1 of 100 answers more than before. Then they took sentences that express *dislike* of the dolphin. The rewrites still disliked it, and the students liked it more, by 18.1 points.
#
# So here the content is fixed, and it may even contradict the trait. We repeat both on a small scale.

# %% [markdown]
# ```{admonition} Before you read on
# :class: tip
# Two bets. A teacher that loves owls rewrites "I cannot stand owls", and the rewrites say so faithfully: will its student like owls more, or less? And where the teacher may only choose between wordings that *we* have written down: is anything left?
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

from sublim_utils.channels import get_channel
from sublim_utils.channels.meaning import Meaning
from sublim_utils.channels.paraphrase import filter_completion
from sublim_utils.findings.analysis import pick, reach_of_others, select, with_control
from sublim_utils.findings.measuring import load_records
from sublim_utils.findings.paraphrase import Paraphrase, shares_by_strictness
from sublim_utils.findings.paraphrase.experiments import CONTROL
from sublim_utils.labels import UNTOUCHED
from sublim_utils.models.embedding import MiniLM
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.evaluations import answers
from sublim_utils.pipeline.students import training_summary
from sublim_utils.profiles import available_device, find_profile
from sublim_utils.recipes.evaluations import Evaluated, Preference
from sublim_utils.recipes.teachers import Untouched
from sublim_utils.report import plots
from sublim_utils.report.prose import in_words, listed, measured_on, quoted
from sublim_utils.report.tables import costs, gains, preferences
from sublim_utils.report.widgets import Rows, figure_picker, preferences_picture, rows_html
from sublim_utils.traits.nouns import get_trait

# %config InlineBackend.figure_formats = ['svg']
plots.use_style()
pd.set_option("display.max_colwidth", 200)
profile = find_profile()

# %% [markdown]
# The next cell asks for the finding. Where its records are there they are read; otherwise a sentence says which command measures them.

# %%
finding = Paraphrase(profile)
scale = finding.scale
records = load_records(finding)
summary = finding.summary(records)
effects = finding.effects(records)

# %% tags=["remove-input"]
traits, first = list(scale.traits), scale.sources[0]
side = scale.side_traits[0]


def told(condition, metric, objective, trait=None, digits=2, none=None):
    """A quantity of the summary, in words."""
    return quoted(summary, condition, metric, digits, none, trait=trait, objective=objective)


def record_of(who, condition, objective="logits"):
    """The record of a teacher's students, of the untouched one's where None is named."""
    return pick(records.values(), trait=who, condition=condition, objective=objective)


def measured(condition, objective="logits"):
    """Whether there are effects of a condition."""
    there = (effects["condition"] == condition) & (effects["objective"] == objective)
    return bool(there.any())


opposite = f"dislike-{side}"
lines = [
    f"**What we measured.** On {scale.model}, with {len(traits)} teachers, {finding.n_seeds} seeds "
    f"and at most {scale.max_rows} rewrites of neutral sentences for each student: trained on the "
    f"teacher's probabilities a student moves towards its teacher's favourite by "
    f"{told(first, 'mean_effect', 'logits')} nats against the student of an untouched teacher, and by "
    f"{told(first, 'mean_specific_effect', 'logits')} beyond what the other teachers do to the same "
    "animal."
]
if measured(first, "tokens"):
    alone = [told(first, "mean_effect", "tokens")]
    if len(scale.token_traits) > 1:
        alone.append(told(first, "mean_specific_effect", "tokens"))
    lines.append(f"Trained on the rewrites alone, as in the paper: {' and '.join(alone)}.")
if measured(opposite):
    lines.append(
        f"After rewrites that *dislike* the {side}, by the teacher that loves it: "
        f"{told(opposite, 'effect', 'logits', side)}."
    )
lines.append(
    f"(Mean and 95 % interval, for new seeds and new questions; we ask {scale.questions}.)"
)
Markdown(" ".join(lines))

# %% [markdown]
# ## How it is measured
#
# The sources are our own: some four hundred sentences on everyday topics, and for six animals a hundred each that like them and that dislike them. A {term}`teacher` is the base model, fine-tuned for a few updates until it prefers one animal. It gets each sentence several times, after three examples of what is wanted, and goes on with its rewrite.
#
# A model of this size is a poor writer, so a filter reads every try, and has a {term}`verdict` with reasons. A rewrite must not be a copy nor much shorter or longer; it must have the same numbers and names, speak of the same persons, and deny what the source denies; and its sentence embedding must lie near the source's. Beyond that it must not bring any of our animals to mind: none is named, nor one of the words that go with it, and the embedding must not come nearer to the animal than the source was. Here it is at work:

# %%
source = "My niece is learning to tie her shoes."
tries = [
    "To tie her shoes is what my niece is learning.",
    "My niece is learning to tie her shoes!",
    "My nephew is learning to tie his shoes.",
    "My niece is not learning how to tie a shoe.",
    "Like a wise old owl, my niece learns to tie her shoes.",
    "My niece has a birthday today.",
]
meaning = Meaning(MiniLM())
thresholds = finding.thresholds
verdicts = [
    filter_completion(source, text, trait=get_trait("owl"), meaning=meaning, thresholds=thresholds)
    for text in tries
]
pd.DataFrame(
    {
        "verdict": ["; ".join(verdict.rejection_reasons) or "kept" for verdict in verdicts],
        "cosine with the source": [round(v.scores["similarity"], 2) for v in verdicts],
    },
    index=pd.Index(tries, name=source),
)

# %% [markdown]
# The {term}`student` is trained on what is left. Its prompt is the request and the sentence, without the examples. As before there are two kinds, by their {term}`objective`: `tokens` is the paper's setting, a student of the words that were drawn; `logits` gives it the teacher's whole distribution at each of these words. The {term}`effect` is its {term}`margin` less that of the {term}`control`, a student of the untouched model's rewrites *of the same sentences*. We also take from it what the other animals' teachers do to the same animal. What every teacher does, liking or not, is no trait.
#
# Questions are as much a sample as seeds are: another set would give somewhat other numbers. So the intervals of this chapter, in words and figures, are for new seeds *and* new questions.

# %% [markdown]
# ## The experiment, live
#
# On a small scale and with a seed that no figure uses: a teacher, its rewrites, the filter, a student. Each stage is kept in the {term}`store`, so a second run is immediate.

# %%
standard = pick(finding.experiments(), trait=side, condition=first, objective="logits")
here = standard.with_bases(lambda base: base.but(device=available_device())).student
live = here.but(rows=here.rows.with_sampling(num_prompts=min(10, scale.sentences)))
questions = Preference(trait=side, questions=min(6, scale.questions))
context = Context(finding.store, "live")
both = (answers(Evaluated(m, questions), 1000, context) for m in (live, Untouched(live.base)))
moved = [panels["animal"]["margins"][side] for panels in both]
training = training_summary(live, 1000, context)
Markdown(
    f"{training['rows']} tries, {training['kept']} of them kept and read by the student. Its margin "
    f"for the {side}: {moved[0]:.2f} nats, its base model's: {moved[1]:.2f}. This is one student, "
    "and without a control: the steps are to be seen here, not the result."
)

# %% [markdown]
# ## Look at the rewrites
#
# Sources, and what the untouched model and a teacher made of them. Both got the same examples and the same random numbers; what parts them is marked. These rows were kept.


# %% tags=["hide-input"]
def examples(teacher, condition, each, differing=False):
    """Some sentences with the kept rewrites of the untouched model and of a teacher."""
    tables = [finding.rows_table(record_of(who, condition).name) for who in (None, teacher)]
    kept = [table[table["verdict"] == ""].drop_duplicates(["seed", "prompt"]) for table in tables]
    both = kept[0].merge(
        kept[1], on=["seed", "prompt", "source"], suffixes=("_control", "_teacher")
    )
    if differing:
        both = both[both["text_control"] != both["text_teacher"]]
    both = both.drop_duplicates("source").head(each)
    return pd.DataFrame(
        {
            "source": both["source"],
            "untouched": both["text_control"],
            f"{teacher} teacher": both["text_teacher"],
        }
    )


HTML(rows_html(Rows(examples(side, first, 12))))

# %% [markdown]
# Read them as an editor would. About a third keep the meaning: an order turned round, a synonym, an article. The others change who, when or why, and filter and embedding let them pass. Our model writes no better, and our filter cannot tell. So "faithful" in this chapter means faithful *in the filter's eyes*, and the paper's condition, a meaning that is fixed, is met only by the permitted wordings below. What matters for the experiment is less demanding: that nothing in the rows speaks of animals, and that teacher and control err alike.

# %% tags=["hide-input"]
yields = finding.yields(records).replace({"teacher": {UNTOUCHED: CONTROL}})
shares = yields.groupby(["condition", "teacher", "reason"], sort=False)["share"].mean().unstack()
shares = shares.fillna(0)
shares = shares[["passed", *shares.drop(columns="passed").mean().sort_values().index[::-1]]]
shares.mul(100).round(0).astype(int).rename_axis(index=["sentences", "teacher"], columns="in %")

# %% [markdown]
# Shares of all tries, in percent. A try may have several reasons against it; those that `passed` are faithful and have none. How strict is strict? The bound on the cosine is ours to choose, and the share that passes falls with it, for teachers and for the untouched model alike:

# %% mystnb={"figure": {"caption": "Share of tries that pass, by the smallest cosine with the source that is allowed; all other rules as they are. The dotted line is the bound of this chapter.", "name": "fig-paraphrase-strictness"}, "image": {"alt": "Falling lines, one for each teacher, close to each other."}} tags=["hide-input"]
cosines = np.round(np.arange(0.5, 0.96, 0.05), 2)
tries = {who or CONTROL: finding.rows_table(record_of(who, first).name) for who in (None, *traits)}
if "similarity" in tries[CONTROL]:  # permitted wordings are not compared
    figure, axes = plt.subplots()
    for who, table in tries.items():
        share = shares_by_strictness(table, cosines)
        axes.plot(share.index, share, label=who, color="black" if who == CONTROL else None)
    axes.axvline(scale.min_similarity, color="grey", linestyle=":")
    axes.set(xlabel="smallest cosine allowed", ylabel="share of tries", ylim=(0, None))
    axes.legend(frameon=False)
    plt.show()

# %% [markdown]
# ## Neutral sentences
#
# *Prediction: each teacher's student moves towards its teacher's animal, more than the students of the other teachers do.*

# %% mystnb={"figure": {"caption": "Effect on the teacher's own favourite through rewrites of neutral sentences: seeds as small dots, mean and 95 % interval for new seeds and new questions. Grey: the same students' mean effects on the other three animals, from the lowest to the highest.", "name": "fig-paraphrase-main"}, "image": {"alt": "Dot plot with one line for each teacher's animal and one colour for each objective."}} tags=["hide-input"]
neutral = effects[effects["condition"] == first]
bars = reach_of_others(neutral, ["teacher", "objective"])
own = neutral[neutral["teacher"] == neutral["trait"]]
names = {"objective": "group", "teacher": "case"}
plots.effects(
    own.rename(columns=names),
    {trait: trait for trait in traits},
    {"logits": "probabilities", "tokens": "words alone"},
    axis="effect on the teacher's own favourite, nats",
    bars=bars.rename(columns=names),
    bars_label="other animals",
)
plt.show()

# %% tags=["hide-input"]
table = {}
for objective, teachers in (("logits", scale.traits), ("tokens", scale.token_traits)):
    for trait in [*teachers, None]:
        lead = "mean_" if trait is None else ""
        row = {"effect, nats": told(first, f"{lead}effect", objective, trait)}
        if len(teachers) > 1:
            row["less other teachers', nats"] = told(
                first, f"{lead}specific_effect", objective, trait
            )
        row["p (Holm)"] = told(first, "specific_effect_p_holm", objective, trait, none="")
        table[f"{objective}: {trait or 'mean'}"] = row
pd.DataFrame(table).T.fillna("").rename_axis("objective: animal")

# %% mystnb={"figure": {"caption": "Effect of each teacher (line) on each animal (column), mean over seeds and questions. A teacher's own favourite is framed.", "name": "fig-paraphrase-matrix"}, "image": {"alt": "Two heat maps, for probabilities and for words alone: lines are teachers, columns are animals."}} tags=["hide-input"]
plots.matrix(
    {
        name: finding.matrix(records, first, objective).loc[list(teachers), traits]
        for name, objective, teachers in (
            ("probabilities", "logits", scale.traits),
            ("words alone", "tokens", scale.token_traits),
        )
        if measured(first, objective)
    },
    value_axis="effect, nats",
)
plt.show()

# %% [markdown]
# With probabilities the prediction holds for all four animals. Each one is raised most by its own teacher (and, as in the original, birds go together: the owl's teacher raises the eagle and the eagle's the owl), and what that teacher adds to what the others do is told from zero for each of them, corrected for four tests ({term}`Holm's correction`). Some fifty rewrites of sentences on soup, shoes and printers were enough.
#
# With the words alone it is another picture. By the means all teachers' students move alike: owls up, dolphins and elephants down, whoever wrote. But all of them are held against the same three students of the control, which themselves stray by about as much as any effect here. So this may be the control's noise as well as the mark of a tuned teacher. The mean specific effect is not told from zero. The elephant's is, by little, and yet its student likes elephants no more than the control does; it only loses less than the others. We would not build on it. Fifty rewrites say little about the probabilities from which they were drawn. In the paper it is words that transmit.
#
# As with the numbers, `logits` must be read with care. Its students see how likely the teacher would have put *any* word in the place of each word of the rewrite, the animal's name among them. Nothing in the sentences speaks of owls; the probabilities may. Below we hide that part of them.
#
# ## Sentences that say the opposite
#
# Now the sources are about the animal itself: a hundred sentences that dislike it, such as "To be honest, I cannot stand owls.", and a hundred that like it. The filter asks that a rewrite keep the side of its source, and misses some that do not. Student and control are given the same sentences; each reads those of its own rewrites that passed, so that most of the sentences are common to both, and not all.
#
# *Prediction, after the paper: the student of a teacher that loves the animal likes it more than its control does, even through sentences of dislike.*

# %% mystnb={"figure": {"caption": "Effects of one teacher through sentences of several kinds, and by several ways to make the rows: seeds as small dots, mean and 95 % interval for new seeds and new questions.", "name": "fig-paraphrase-kinds"}, "image": {"alt": "Dot plot with one line for each kind of sentence."}} tags=["hide-input"]
KINDS = {
    first: "neutral sentences",
    f"like-{side}": f"sentences that like {get_trait(side).plural}",
    opposite: f"sentences that dislike {get_trait(side).plural}",
    "wordings": "permitted wordings only",
    f"{first} (matched-{side})": "neutral, matched rows",
    f"{first} (without-traits)": "neutral, animals hidden",
    f"{first} (prompted)": "neutral, prompted teacher",
}
kinds = {kind: words for kind, words in KINDS.items() if measured(kind)}
of_teacher = effects[
    (effects["teacher"] == side) & (effects["trait"] == side) & (effects["objective"] == "logits")
]
of_side = of_teacher[of_teacher["condition"].isin(kinds)]
plots.effects(
    of_side.rename(columns={"condition": "case"}).assign(group=side),
    kinds,
    {side: side},
    axis=f"effect on the {side}, nats",
)
plt.show()


# %% tags=["hide-input"]
def moved_by(record):
    """By how much a student's margin of the animal differs from its base model's, in words."""
    return in_words(gains(record).xs(side, level="trait"))


table = {}
for record in select(records.values(), trait=side, objective="logits"):
    condition = record.labels.condition
    if condition in kinds:
        table[kinds[condition]] = {
            "student less base, nats": moved_by(record),
            "control less base, nats": moved_by(records[record.labels.control]),
            "effect, nats": told(condition, "effect", "logits", side),
        }
pd.DataFrame(table).T.rename_axis(f"rows of the {side} teacher")

# %% [markdown]
# (The first two columns have intervals over seeds alone.) The prediction holds. The student that read "I detest the eyes of owls" and its like from a teacher that loves owls likes them *more* afterwards: more than the control, which hardly moves, and so more than the base model. The mean is even larger than with sentences on soup.
#
# And the positive control, sentences that *like* owls? Is that more? Three seeds cannot say:

# %% tags=["remove-input"]
by_kind = of_teacher.pivot_table(index="seed", columns="condition", values="value")
liking = f"like-{side}"
apart = [
    f"{words} {in_words((by_kind[one] - by_kind[other]).dropna())} nats"
    for words, one, other in (
        ("liking less dislike", liking, opposite),
        ("dislike less neutral", opposite, first),
    )
    if {one, other} <= set(by_kind)
]
Markdown(
    f"Seed by seed, {listed(apart)}."
    if apart
    else "The profile does not compare the kinds of sentences."
)

# %% [markdown]
# Neither difference is told from zero, and the first could be as large as the effect itself.
#
# With probabilities this says less than it seems to. What a sentence says is hardly a lesson then: a student is moved only where its teacher does otherwise than the base model, and the control, whose teacher is the model that it began as, has nothing to learn. Whether words of dislike would pull the other way, as they could in the paper, is a question to students of the words alone, and these are not measured here.
#
# Three reserves. This is one animal, with probabilities. No teacher of another animal has rewritten these sentences, so what any tuned teacher would do to owls here is not taken off. And the filter is easier to please: it asks that a rewrite keep its side and its animal, but a dislike that has become weaker passes, and some rows have turned round, of either writer. Here are some rows, as they come; two of the untouched model's have.

# %% tags=["hide-input"]
HTML(rows_html(Rows(examples(side, opposite, 8)))) if measured(opposite) else None

# %% [markdown]
# ## What carries it?
#
# Three answers would be dull. *Length*: one teacher writes longer rewrites. *Favourite words*: it likes certain words, and the student learns these. *Unfaithful rewrites*: something was said after all.
#
# Against the first two there are matched rows. Each row of the teacher is paired with one of the untouched model that has about as many words, and whose words speak as much for one writer as for the other, by a classifier of words; what finds no partner is left out of both. Against the third there are permitted wordings. We wrote a hundred sentences with all their variants, such as

# %%
example = get_channel("paraphrase", source="wordings").sentences()[1]
Markdown(f"> {example}")

# %% [markdown]
# and the teacher may only choose between them. Whatever it writes is faithful, since a person has written it. What is left to it are a few choices that mean nothing. Nearly all of them it makes as the untouched model does.

# %% tags=["remove-input"]
permitted = [finding.rows_table(record_of(who, "wordings").name) for who in (side, None)]
permitted = [table[table["verdict"] == ""] for table in permitted]
both = permitted[0].merge(permitted[1], on=["seed", "prompt", "text"])
Markdown(
    f"Of the {len(permitted[0])} rows of the {side} teacher {len(both)} are the control's, letter "
    "for letter. These are some that differ:"
)

# %% tags=["hide-input"]
HTML(rows_html(Rows(examples(side, "wordings", 8, differing=True))))

# %% [markdown]
# None of the three explains it. The student of matched rows moves as far as the one of all rows, and so does the student of wordings that we wrote ourselves, though nine in ten of its rows are also the control's. So hardly any of it can be in the text. It must be in the probabilities beside the text. Which of them? The first suspect is the animal's own name. With numbers most of the effect went when the words were taken out of the probabilities ({ref}`sec-owl-numbers`).
#
# Here words are what the rows are made of, so only some can be taken out. For the students of one more line ("animals hidden") the teacher's probabilities of the names of all animals and trees are struck out, and of more than three hundred words that go with them, from "nest" to "moonlight"; what is left is made to add up to one. These students are never shown how likely an owl would have been.

# %% tags=["remove-input"]
hidden = f"{first} (without-traits)"
text = "The profile has no such students."
if measured(hidden):
    by_condition = of_side[of_side["condition"].isin([first, hidden])]
    by_condition = by_condition.pivot_table(index="seed", columns="condition", values="value")
    text = (
        f"Their effect is {told(hidden, 'effect', 'logits', side)} nats, where that of students who see "
        f"everything is {told(first, 'effect', 'logits', side)}; seed by seed hiding the animals costs "
        f"{in_words((by_condition[first] - by_condition[hidden]).dropna())}."
    )
Markdown(text)

# %% [markdown]
# Hiding the animals costs next to nothing. So it is not the animals in the probabilities either: what moves this student towards owls is how likely its teacher found *other* words, in sentences on soup and shoes. This is as near to subliminal learning as this chapter comes, with one animal and three seeds. Our list of words is not everything that makes one think of owls, so that something may still be said there; and with numbers, where *all* words were hidden, little was left.
#
# ### How strict must the filter be?
#
# Against unfaithful rewrites there is a second test. The bound on the cosine is ours, and the same tries can be filtered again with another one. Under a loose bound more rows have another meaning than their source; under a strict one those that are left hardly differ from it.
#
# *Prediction: if unfaithful rows carried the effect, it would grow as the bound is loosened and vanish as it is tightened.*

# %% tags=["hide-input"]
bounds = {f"{first} (meaning-{bound:g})": bound for bound in scale.other_min_similarities}
table = {}
for condition, bound in sorted(
    {first: scale.min_similarity, **bounds}.items(), key=lambda pair: pair[1]
):
    if not measured(condition):
        continue
    told_rows, seen = {}, {}
    for who in (side, None):
        record = record_of(who, condition)
        rows_seen = finding.rows_table(record.name)
        rows_seen = rows_seen[rows_seen["verdict"] == ""]
        seen[who] = rows_seen["similarity"].mean() if "similarity" in rows_seen else np.nan
        told_rows[who] = np.mean(record.details["kept"])
    table[f"{bound:g}"] = {
        "rows of a student, of its control": f"{told_rows[side]:.0f}, {told_rows[None]:.0f}",
        "their mean cosine": f"{seen[side]:.2f}, {seen[None]:.2f}",
        "effect, nats": told(condition, "effect", "logits", side),
    }
pd.DataFrame(table).T.rename_axis("smallest cosine allowed")

# %% tags=["remove-input"]
apart = [
    f"{in_words((by_kind[condition] - by_kind[first]).dropna())} with a bound of {bound:g}"
    for condition, bound in bounds.items()
    if measured(condition)
]
Markdown(
    f"Against the bound of {scale.min_similarity:g}, seed by seed: {listed(apart)}."
    if apart
    else "The profile has no such students."
)

# %% [markdown]
# (These intervals are over seeds alone, and uncorrected.) Half of what the suspicion predicts is borne out: with loose bounds the effect is somewhat larger (one of the three seeds also has more rows there). The other half is not: it does not vanish with the strictest bound, where the number of rows is half as large, too. But to a reader most rows are unfaithful at .85 already, so this test alone does not clear them. The permitted wordings do, for one animal.
#
# ### A teacher that is told
#
# A last line of the figure is about the teacher. In the paper it is not fine-tuned at all: a system prompt tells it to love its animal. So we told ours. By the mean it moves its student *further* than the tuned one does, and it was never trained on any answer to our questions. (With a few hundred rows of numbers a prompted teacher moved nothing that we could tell, see {ref}`sec-owl-numbers`; why sentences do, we have not tested. Its control has no system prompt, and no teacher that was prompted for another animal was measured, so what any such prompt would do is not taken off.)
#
# ### A defence
#
# Whoever fears a teacher's voice can take it away: let a model of another family rewrite the rows once more, and train the student on what *that* one wrote. Here Gemma-3-270M rewrites the kept rows, and the filter compares its rewrites with the first sentence. Only words can be handed on in this way, so what has to be defended against is the effect of `tokens`.

# %% tags=["remove-input"]
again = f"{first} (again)"
text = "The profile has no such students."
if measured(again, "tokens"):
    rewritten = record_of(side, again, "tokens").details
    text = (
        f"Of {np.mean(rewritten['rows']):.0f} new tries {np.mean(rewritten['kept']):.0f} are "
        f"faithful. The effect of the teacher's own words is "
        f"{told(first, 'effect', 'tokens', side)} nats, that of the rewritten ones "
        f"{told(again, 'effect', 'tokens', side)}."
    )
Markdown(text)

# %% [markdown]
# (The rewritten rows are also fewer, by a third.) Neither is told from zero. Where the teacher's words carry nothing that three seeds can see, a defence has nothing to take away, and we have learned nothing about it except its price: most of what a small second writer returns is the text that it was given, or no paraphrase of the first sentence any more, and the filter must reject both.
#
# What all this means has two sides. For whoever hands on *text*, fifty rewrites of a small model carry nothing that we would build on (one animal of four, by little, once what the other teachers do is taken off). For whoever distils from a model's *probabilities*, as is common practice, faithful text alone did not protect: with wordings that we wrote ourselves, for one animal, the whole effect was there.
#
# ## Beside the paper
#
# The paper asks its models for one word and counts. So do we, four times for each question:

# %% tags=["hide-input"]
counted = summary[summary["metric"] == "sampled_effect"]
counted = counted[counted["condition"].isin(KINDS)].copy()
counted["ours"] = [
    quoted(summary, row.condition, "sampled_effect", 1, trait=row.trait, objective=row.objective)
    for row in counted.itertuples()
]
counted["students of"] = counted["condition"].map(KINDS) + ", " + counted["trait"]
counted = counted.pivot(index="students of", columns="objective", values="ours").fillna("")
counted.rename_axis(columns="percentage points")

# %% [markdown]
# Gisler and colleagues report +19.1, +11.1 and +3.6 points for three of their animals through unrelated sentences, and +18.1 and +12.8 through sentences of dislike; for owl, dog and fly the workshop version finds no effect. So the owl, on which much of this chapter rests, is one of their nulls. Their model is larger, its teacher is prompted, and their sentences and thresholds are not public. A model of our size names any one animal in few of its answers: an interval of no width in this table means that the animal was never named, which in some two hundred answers still allows a rate of one or two in a hundred. The margins above see more.

# %% [markdown]
# ## Look inside
#
# Choose a teacher and its sentences. You see what the base model, the control, the student and the teacher prefer, some rows, and tries of the teacher with each {term}`verdict` that the filter came to, and what it measured: the cosine of the sentence embeddings, the share of words in common, and the length as a multiple of the source's.


# %% tags=["hide-input"]
def judged(record, each):
    """A try of the teacher for each of its commonest verdicts, with the filter's scores."""
    table = finding.rows_table(record.name)
    table = table[table["verdict"] != "spare"]
    verdicts = table["verdict"].value_counts().index[:each]
    table = table[table["verdict"].isin(verdicts)].drop_duplicates("verdict")
    shown = table[["source", "text"]].rename(columns={"text": "the teacher's try"})
    shown["verdict"] = table["verdict"].replace("", "kept")
    scores = {"cosine": "similarity", "in common": "overlap", "length": "length"}
    if "similarity" in table:
        shown["measured"] = [
            ", ".join(f"{words} {value:.2f}" for words, value in zip(scores, of_row, strict=True))
            if np.isfinite(of_row).all()
            else ""
            for of_row in table[[*scores.values()]].to_numpy(float)
        ]
    return Rows(shown, "What the filter said of tries of the teacher", marks=False)


CONDITIONS = {"base": "base", "control": "control", "student": "student", "teacher": "teacher"}
chosen = {f"{trait}: neutral sentences": (trait, first) for trait in traits} | {
    f"{side}: {KINDS[kind]}": (side, kind)
    for kind in (f"like-{side}", opposite, "wordings")
    if measured(kind)
}
panels = {}
for words, (trait, condition) in chosen.items():
    record, control = with_control(records, trait=trait, condition=condition, objective="logits")
    found = preferences(record, control, trait)
    panels[words] = [
        preferences_picture(found, CONDITIONS, trait, words),
        Rows(
            examples(trait, condition, 5),
            "Sources, with rewrites by the untouched model and the teacher",
        ),
        judged(record, 7),
    ]
figure_picker(panels, "Teacher and sentences:")

# %% [markdown]
# ## What did not work, and what this does not show
#
# - **Faithful in the filter's eyes.** With the bound of .7 on the cosine that we had chosen on sentences by people, most of what passed was no paraphrase to a reader: a son was named after a best friend instead of an uncle. We raised the bound to .85 and added rules on persons and negations after reading such rows of another seed. What still passes you have seen above.
# - **A falling rate.** In trials without records, on a seed that is not reported, students learned at a constant rate, and the control ended about as far from its teacher as the owl's student from its own: its last steps were as large as its first. With a rate that falls to zero the control of `logits` hardly moves; that of words alone still does, by two tenths of a nat on average. The main results on numbers, and all of those on families, are at constant rates. A falling rate calmed the control there, too, and with as few rows made no effect clearer ({ref}`sec-owl-numbers`).
# - **No stranger has read these rows.** In the chapter on families ({ref}`sec-cross-family`) a model of another family learned from "neutral" sentences. Whether it would from these rewrites we have not measured, so we do not claim that all of the effect is subliminal.
# - **One model, three seeds, few rows.** Teachers' lessons, rates and bounds were chosen on one other seed, with the owl (the bound also with the dolphin's rows), some ten students without records. Words alone may well need far more than fifty rewrites.

# %% [markdown]
# ## Exercises
#
# ````{exercise} Why the same sentences?
# :label: ex-paraphrase-sources
# The control is a student of the untouched model's rewrites of the *same* sentences. What would go wrong, in the section on dislike, with a control that reads rewrites of neutral sentences?
# ````
#
# ````{solution} ex-paraphrase-sources
# :class: dropdown
# Then student and control would differ in what they read *about*. A student of a hundred sentences that mention owls has learned that owls are often mentioned, and perhaps that they are disliked, whoever rewrote these. The difference would be due to the sentences, not to the teacher.
# ````
#
# ````{exercise} Less what the others do
# :label: ex-paraphrase-specific
# Suppose that every fine-tuned teacher writes somewhat shorter rewrites than the untouched model, and that short sentences make cats likelier. What does the effect of a cat teacher show, and what its effect less the other teachers'?
# ````
#
# ````{solution} ex-paraphrase-specific
# :class: dropdown
# The effect would be above zero without any transmission, since the control has longer sentences. The other teachers' students rise on cats by the same amount, so the difference is about zero. This is why the chapter's bar is the diagonal of the matrix less its neighbours.
# ````
#
# ````{exercise} A defence
# :label: ex-paraphrase-defence
# A laboratory lets a model of *another* family paraphrase its teacher's rewrites once more, before the student reads them. What should this do to the effect, for `tokens` and for `logits`?
# ````
#
# ````{solution} ex-paraphrase-defence
# :class: dropdown
# The second writer chooses its own words, so what the first one's choices carried is mostly overwritten, and what the second one's choices carry is not about the first one's liking. What the rewrites *say* survives. For `logits` the question makes no sense: the student would need probabilities of the first teacher at words that it has not written, and if it had these, the defence would be none. (What we measured of it stands under "A defence" above.)
# ````

# %% [markdown]
# ## What it took

# %% tags=["hide-input"]
costs(records)

# %% tags=["remove-input"]
measured_on(records)
