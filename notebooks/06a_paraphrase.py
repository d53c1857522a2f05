# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# (sec-paraphrase-long)=
# # 6A · Paraphrase, the long version
#
# All controls, tables and variants behind {ref}`Chapter 6 <sec-paraphrase>`, for those who want to check it.

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
from scipy import stats

from sublim_utils.channels.meaning import Meaning
from sublim_utils.channels.paraphrase import filter_completion
from sublim_utils.findings.analysis import (
    exchange_of_teachers,
    pick,
    reach_of_others,
    select,
    with_control,
)
from sublim_utils.findings.measuring import load_records
from sublim_utils.findings.paraphrase import Paraphrase, shares_by_strictness
from sublim_utils.findings.paraphrase.experiments import CONTROL, SAME_TEXT
from sublim_utils.findings.paraphrase.pairs import answers_counted, shared_texts, text_pairs
from sublim_utils.labels import UNTOUCHED
from sublim_utils.models.embedding import MiniLM
from sublim_utils.profiles import find_profile
from sublim_utils.report import page, plots
from sublim_utils.report.prose import in_words, listed, measured_on, quoted
from sublim_utils.report.ratios import Ratio, matrix_of_ratios, ratios
from sublim_utils.report.tables import gains, preferences
from sublim_utils.report.widgets import Rows, figure_picker, preferences_picture, rows_html
from sublim_utils.traits.nouns import get_trait

# %config InlineBackend.figure_formats = ['svg']
plots.use_style()
pd.set_option("display.max_colwidth", 200)

finding = Paraphrase(find_profile())
scale = finding.scale
records = load_records(finding)
summary = finding.summary(records)
effects = finding.effects(records)
traits, first, side = list(scale.traits), scale.sources[0], scale.side_traits[0]
opposite, same_text = f"dislike-{side}", f"wordings ({SAME_TEXT})"
COMMAND = f"sublim run paraphrase --profile {finding.profile.name}"


def told(condition, metric, objective, trait=None, digits=2, none=None):
    """A quantity of the summary, as text."""
    text = quoted(summary, condition, metric, digits, none, trait=trait, objective=objective)
    return text.replace("-", page.MINUS)


def over_seeds(values):
    """Mean and interval of one value per seed, as text."""
    return in_words(values).replace("-", page.MINUS)


def record_of(who, condition, objective="logits"):
    """The record of a teacher's students, or of the base model's where None is named."""
    return pick(records.values(), trait=who, condition=condition, objective=objective)


def chosen_effects(condition, objective="logits"):
    """The effects of all teachers in a condition."""
    is_one = (effects["condition"] == condition) & (effects["objective"] == objective)
    return effects[is_one]


def measured(condition, objective="logits"):
    """Whether there are effects of a condition."""
    return not chosen_effects(condition, objective).empty


def of(condition, objective="logits", teacher=side, trait=None):
    """Effects in nats, by seed and question."""
    rows = chosen_effects(condition, objective)
    rows = rows[(rows["teacher_trait"] == teacher) & (rows["trait"] == (trait or teacher))]
    return rows.set_index(["seed", "question"])["value"]


def source(condition, objective="logits"):
    """Where the numbers of a condition come from, folded."""
    of_condition = select(records.values(), condition=condition, objective=objective)
    controls = {r.labels.control for r in of_condition if r.labels.control}
    names = {r.name for r in of_condition} | controls
    return page.source({name: records[name] for name in sorted(names)}, COMMAND)


# %% [markdown]
# In this page effects are in nats, with a 95 % interval for new seeds *and* new questions unless it says otherwise: questions are as much a sample as seeds are. `tokens` names the text-trained and `logits` the probability-trained students in records and tables.
#
# ## How it is measured
#
# The sources are our own: some four hundred sentences on everyday topics, a hundred with permitted wordings, and for six animals a hundred each that like them and that dislike them. A {term}`teacher` is SmolLM2-135M, fine-tuned for nine updates until it prefers one animal. It gets each sentence several times, after three examples of what is wanted, and goes on with its rewrite. The {term}`control` is the base model, with the same sentences, examples and random numbers.
#
# Four things to know. The base model's weights are unpacked from a file in four bits (Q4_1), so that "the base model" is this rounded one throughout. Gradients are clipped at norm 1.0, which is a library's default. The random numbers of the rewrites and of the sampled answers come from one stream of keys, so that they are not independent. And the filter's rules and bounds were chosen on rows of another seed.
#
# A model of this size is a poor writer, so a filter reads every candidate and gives a {term}`verdict` with its reasons. A rewrite must be no copy and neither much shorter nor much longer; it must have the same numbers and names, speak of the same persons, and deny what the source denies; and its sentence embedding must lie near the source's. It must not bring any of our animals to mind: none is named, nor one of the words that go with it, and the embedding must not come nearer to the animal than the source was.

# %% tags=["hide-input"]
sentence = "My niece is learning to tie her shoes."
candidates = [
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
    filter_completion(
        sentence, text, trait=get_trait("owl"), meaning=meaning, thresholds=thresholds
    )
    for text in candidates
]
pd.DataFrame(
    {
        "verdict": ["; ".join(verdict.rejection_reasons) or "kept" for verdict in verdicts],
        "cosine with the source": [round(v.scores["similarity"], 2) for v in verdicts],
    },
    index=pd.Index(candidates, name=sentence),
)

# %% [markdown]
# The student is trained on what is left. Its prompt is the request and the sentence, without the examples. An {term}`effect` is its {term}`margin` minus that of the control's student of the same seed. A *specific* effect is that effect minus the mean effect of the other animals' teachers on the same animal: what every fine-tuned teacher does is no trait.

# %% [markdown]
# ## The rewrites
#
# Sentences with what the base model and a teacher made of them, from the same random numbers. These rows were kept.


# %% tags=["hide-input"]
def pairs_table(teacher, condition, count):
    """Some sentences with texts of the base model and of a teacher."""
    table = text_pairs(finding, teacher, condition).head(count)
    return Rows(table.set_axis(["sentence", "base model", f"{teacher} teacher"], axis=1))


HTML(rows_html(pairs_table(side, first, 12)))

# %% [markdown]
# About a third keep the meaning: an order turned round, a synonym, an article. The others change who, when or why, and filter and embedding let them pass. So "faithful" in this page means faithful *to the filter*; the paper's condition, a meaning that is fixed, holds for the permitted wordings only. What the experiment needs is less: nothing in the rows may speak of animals, and teacher and control must err alike.

# %% tags=["hide-input"]
yields = finding.yields(records).replace({"teacher": {UNTOUCHED: CONTROL}})
yields = yields[~yields["condition"].str.contains("(", regex=False)]  # variants of the same rows
shares = yields.groupby(["condition", "teacher", "reason"], sort=False)["share"].mean().unstack()
shares = shares.fillna(0)
common = shares.drop(columns="passed").max().loc[lambda most: most >= 0.03]
shares = shares[["passed", *common.sort_values().index[::-1]]]
shares.mul(100).round(0).astype(int).rename_axis(index=["sentences", "teacher"], columns="in %")

# %% [markdown]
# Shares of all candidates; reasons that are rare everywhere are left out. One may have several reasons against it; those that `passed` have none. The bound on the cosine is ours to choose. The share that passes falls with it, for teachers and for the base model alike:

# %% mystnb={"figure": {"caption": "Share of candidates that pass, by the smallest cosine with the source that is allowed; all other rules as they are. The dotted line is the bound that we use.", "name": "fig-paraphrase-strictness"}, "image": {"alt": "Five falling lines close to each other, from about 0.35 at a cosine of 0.5 to less than 0.1 at 0.95."}} tags=["hide-input"]
cosines = np.round(np.arange(0.5, 0.96, 0.05), 2)
written = {w or CONTROL: finding.rows_table(record_of(w, first).name) for w in (None, *traits)}
if "similarity" in written[CONTROL]:  # permitted wordings are not compared
    figure, axes = plt.subplots()
    for who, table in written.items():
        share = shares_by_strictness(table, cosines)
        colour = plots.COLOUR["control" if who == CONTROL else "teacher"]
        axes.plot(share.index, share, color=colour, linewidth=3 if who == CONTROL else 1)
    axes.axvline(scale.min_similarity, color="grey", linestyle=":")
    axes.set(xlabel="smallest cosine allowed", ylabel="share of candidates", ylim=(0, None))
    axes.set_title("Teachers (thin) and base model (thick) pass alike")
    plt.show()

# %% [markdown]
# ## Neutral sentences
#
# *Prediction: each teacher's student moves towards its teacher's animal, more than the students of the other teachers do.*

# %% mystnb={"figure": {"caption": "Each teacher's students on its own animal, after rewrites of neutral sentences: seeds as dots, mean and 95 % interval. Orange: probability-trained; blue: text-trained. Grey: the same students' mean effects on the other animals.", "name": "fig-paraphrase-neutral"}, "image": {"alt": "Eight rows of dots. Probability-trained students find their teacher's animal 1.3 to 2 times as likely, beyond the grey bars; text-trained students' intervals all include 1."}} tags=["hide-input"]
neutral = effects[effects["condition"] == first]
others = reach_of_others(neutral, ["teacher_trait", "objective"])
others = others.set_index(["objective", "teacher_trait"])
ratios(
    [
        Ratio(
            f"{animal}, {words}",
            entity,
            of(first, objective, animal),
            tuple(others.loc[(objective, animal)]) if (objective, animal) in others.index else (),
        )
        for objective, entity, words in (
            ("logits", "probabilities", "probabilities"),
            ("tokens", "text", "text"),
        )
        for animal in traits
    ],
    title="Probabilities move students clearly, text hardly",
    axis="its own animal is … times as likely as with the control",
)
plt.show()

# %% tags=["hide-input"]
table = {}
for objective, teachers in (("logits", scale.traits), ("tokens", scale.token_traits)):
    for trait in [*teachers, None]:
        lead = "mean_" if trait is None else ""
        row = {"effect": told(first, f"{lead}effect", objective, trait)}
        if len(teachers) > 1:
            row["specific effect"] = told(first, f"{lead}specific_effect", objective, trait)
        row["its p (Holm)"] = told(first, "specific_effect_p_holm", objective, trait, none="")
        table[f"{objective}: {trait or 'mean'}"] = row
pd.DataFrame(table).T.fillna("").rename_axis("in nats")

# %% mystnb={"figure": {"caption": "Probability-trained students of free rewrites: how much likelier each animal is than with the control, mean over seeds and questions.", "name": "fig-paraphrase-matrix"}, "image": {"alt": "Heat map of four teachers by four animals. The diagonal, from 1.3 to 2.0 times as likely, is the largest cell of each row and of each column; the owl's and the eagle's teachers also raise each other's bird."}} tags=["hide-input"]
matrix_of_ratios(
    finding.matrix(records, first, "logits").loc[traits, traits],
    title="Probabilities: each teacher raises its own animal",
)
plt.show()

# %% mystnb={"figure": {"caption": "The same of text-trained students.", "name": "fig-paraphrase-matrix-text"}, "image": {"alt": "Heat map of four teachers by four animals, with values from 0.8 to 1.3. Within a column they are close to each other, and the diagonal is the largest by little."}} tags=["hide-input"]
with_text = list(scale.token_traits)
matrix_of_ratios(
    finding.matrix(records, first, "tokens").loc[with_text, with_text],
    title="Text: columns look alike, the diagonal leads by little",
)
plt.show()

# %% tags=["remove-input"]
lines = []
for objective, kind in (("logits", "Probability-trained"), ("tokens", "Text-trained")):
    of_kind = chosen_effects(first, objective)
    if of_kind["teacher_trait"].nunique() > 1:
        exchange = exchange_of_teachers(of_kind)
        lines.append(
            f"{kind} students: {exchange.at_least:,} of {exchange.pairings:,} pairings of teachers "
            f"with animals fit at least as well as the true one (p = {exchange.p:.2g}); its places "
            f"in the seeds are {listed(map(str, exchange.ranks))}."
        )
Markdown(" ".join(["**Exchange of the teachers' names.**", *lines]))

# %% [markdown]
# With probabilities the prediction holds for all four animals: each is raised most by its own teacher, and each specific effect's interval excludes zero, also after {term}`Holm's correction`. Birds go together, as in the original: the owl's teacher raises the eagle and the eagle's the owl.
#
# With text alone, all teachers' students move alike at first sight: owls up, dolphins and elephants down, whoever wrote. Yet each animal's mean is highest with its own teacher. All of them are compared with the same three students of the control, which themselves stray by about as much as any effect here, so this may be the control's noise. The mean specific effect does not differ from zero by its interval, and the elephant's student, whose specific effect does, likes elephants no more than the control does; it only falls less than the others. The exchange of names needs no control and finds that students do fit their teachers. That is evidence that something passes, and none of how much; {ref}`Chapter 6 <sec-paraphrase-text>` says how many seeds that would take.

# %% tags=["remove-input"]
source(first, "tokens")

# %% [markdown]
# ## Sentences that say the opposite
#
# Now the sources are about the animal itself: a hundred sentences that dislike it, such as "To be honest, I cannot stand owls.", and a hundred that like it. The filter asks that a rewrite keep the side of its source, and misses some that do not. Student and control get the same sentences; each reads those of its own rewrites that passed.
#
# *Prediction, after the paper: the student of a teacher that loves the animal likes it more than its control does, even through sentences of dislike.*

# %% mystnb={"figure": {"caption": "One teacher's probability-trained students after several kinds of sentences and rows: seeds as dots, mean and 95 % interval.", "name": "fig-paraphrase-kinds"}, "image": {"alt": "Eight rows of dots, all to the right of 1: between 1.7 and 3.5 times as likely."}} tags=["hide-input"]
KINDS = {
    first: "neutral sentences",
    f"like-{side}": f"sentences that like {get_trait(side).plural}",
    opposite: f"sentences that dislike {get_trait(side).plural}",
    "wordings": "permitted wordings only",
    same_text: "the control's own wordings",
    f"{first} (matched-{side})": "neutral, matched rows",
    f"{first} (without-traits)": "neutral, animal words hidden",
    f"{first} (prompted)": "neutral, prompted teacher",
}
kinds = {kind: words for kind, words in KINDS.items() if measured(kind)}
ratios(
    [Ratio(words, "probabilities", of(kind)) for kind, words in kinds.items()],
    title="Whatever the rows, the student follows its teacher",
    axis=f"{side} is … times as likely as with the control",
)
plt.show()


# %% tags=["hide-input"]
def moved_by(record):
    """By how much a student's margin of the animal differs from its base model's."""
    return over_seeds(gains(record).xs(side, level="trait"))


table = {}
for record in select(records.values(), trait=side, objective="logits"):
    condition = record.labels.condition
    if condition in kinds:
        table[kinds[condition]] = {
            "student minus base": moved_by(record),
            "control minus base": moved_by(records[record.labels.control]),
            "effect": told(condition, "effect", "logits", side),
        }
pd.DataFrame(table).T.rename_axis(f"rows of the {side} teacher, nats")

# %% [markdown]
# (The first two columns have intervals over seeds alone.) The prediction holds. The student that read "I detest the eyes of owls" from a teacher that loves owls likes them more than its control, which hardly moves, and so more than the base model.

# %% tags=["remove-input"]
rows_of_side = effects[
    (effects["teacher"] == side) & (effects["trait"] == side) & (effects["objective"] == "logits")
]
by_kind = rows_of_side.pivot_table(index="seed", columns="condition", values="value")
liking = f"like-{side}"
apart = [
    f"{words} {over_seeds((by_kind[one] - by_kind[other]).dropna())} nats"
    for words, one, other in (
        ("liking minus dislike", liking, opposite),
        ("dislike minus neutral", opposite, first),
    )
    if {one, other} <= set(by_kind)
]
Markdown(
    f"Is liking more than dislike? Seed by seed, {listed(apart)}. Both intervals include zero."
    if apart
    else "The profile does not compare the kinds of sentences."
)

# %% [markdown]
# Three reserves. This is one animal, with probabilities. No teacher of another animal has rewritten these sentences, so what any fine-tuned teacher would do to owls here is not taken off. And a dislike that has become weaker passes the filter, and some rows have turned round, of either writer. Here are some, as they come; two of the base model's have.

# %% tags=["hide-input"]
HTML(rows_html(pairs_table(side, opposite, 8))) if measured(opposite) else None

# %% [markdown]
# ## What carries it?
#
# Three answers would be dull. *Length*: one teacher writes longer rewrites. *Favourite words*: it likes certain words, and the student learns these. *Unfaithful rewrites*: something was said after all.
#
# Against the first two there are {term}`matched rows`. Each row of the teacher is paired with one of the base model that has about as many words, and whose words speak as much for one writer as for the other, by a classifier of words; what finds no partner is left out of both. Against the third there are permitted wordings, and, strictest of all, the control's own wordings as the teacher reads them. The figure above has all of them: neither matching nor permission takes anything away that three seeds can see.

# %% tags=["remove-input"]
found = shared_texts(finding, side, "wordings")
reading = chosen_effects(same_text)
exchange = exchange_of_teachers(reading)
Markdown(
    f"Of the {found.texts} permitted texts of the {side} teacher {found.same} are the control's, letter for "
    f"letter; {found.copies} are the sentence itself. Where each of {reading['teacher_trait'].nunique()} "
    f"teachers reads the control's own texts, {exchange.at_least:,} of {exchange.pairings:,} pairings of "
    f"teachers with animals fit as well as the true one, and the mean specific effect is "
    f"{told(same_text, 'mean_specific_effect', 'logits')} nats."
)

# %% tags=["hide-input"]
table = {}
for trait in [*scale.same_text, None]:
    lead = "mean_" if trait is None else ""
    table[trait or "mean"] = {
        "effect": told(same_text, f"{lead}effect", "logits", trait),
        "specific effect": told(same_text, f"{lead}specific_effect", "logits", trait),
        "its p (Holm)": told(same_text, "specific_effect_p_holm", "logits", trait, none=""),
    }
pd.DataFrame(table).T.rename_axis("reader of the control's texts, nats")

# %% tags=["remove-input"]
source(same_text)

# %% [markdown]
# So it must be in the probabilities beside the text. Which of them? The first suspect is the animal's own name. With numbers most of the effect on probability-trained students went when the words were taken out of the probabilities ({ref}`Chapter 1 <sec-owl-numbers>`). Here words are what the rows are made of, so only some can be taken out: the names of all animals and trees, and more than three hundred words that go with them, from "nest" to "moonlight". What is left is made to add up to one.

# %% tags=["remove-input"]
hidden = f"{first} (without-traits)"
text = "The profile has no such students."
if {first, hidden} <= set(by_kind):
    text = (
        f"With free rewrites the effect is {told(hidden, 'effect', 'logits', side)} nats with the words "
        f"hidden, and {told(first, 'effect', 'logits', side)} with all of them; seed by seed the "
        f"difference is {over_seeds((by_kind[first] - by_kind[hidden]).dropna())}."
    )
Markdown(text)

# %% [markdown]
# Hiding the animals costs next to nothing: what moves this student towards owls is how likely its teacher found *other* words, in sentences on soup and shoes. Our list of words is not everything that makes one think of owls, so something may still be said there; and with numbers, where *all* words were hidden, little was left.
#
# Is it the name's first letter? In Chapter 1 probability-trained students of an owl lover came to like otters, too, which begin with the same token. Not here:

# %% tags=["remove-input"]
lookalike = {}
for words, condition in (("free rewrites", first), ("permitted wordings", "wordings")):
    record, control = with_control(records, trait=side, condition=condition, objective="logits")
    by_candidate = gains(record) - gains(control)
    if "otter" in by_candidate.index.get_level_values("trait"):
        lookalike[words] = {
            name: over_seeds(by_candidate.xs(name, level="trait"))
            for name in dict.fromkeys((side, "otter"))
        }
pd.DataFrame(lookalike).T.rename_axis("effect in nats, over seeds")

# %% [markdown]
# ### How strict must the filter be?
#
# The same candidates can be filtered again with another bound on the cosine. Under a loose bound more rows have another meaning than their source; under a strict one those that are left hardly differ from it.
#
# *Prediction: if unfaithful rows carried the effect, it would grow as the bound is loosened and vanish as it is tightened.*

# %% tags=["hide-input"]
bounds = {f"{first} (meaning-{bound:g})": bound for bound in scale.other_min_similarities}
table = {}
for condition, bound in sorted({first: scale.min_similarity, **bounds}.items(), key=lambda p: p[1]):
    if not measured(condition):
        continue
    counts, seen = {}, {}
    for who in (side, None):
        record = record_of(who, condition)
        rows_seen = finding.rows_table(record.name)
        rows_seen = rows_seen[rows_seen["verdict"] == ""]
        seen[who] = rows_seen["similarity"].mean() if "similarity" in rows_seen else np.nan
        counts[who] = np.mean(record.details["kept"])
    table[f"{bound:g}"] = {
        "rows of a student, of its control": f"{counts[side]:.0f}, {counts[None]:.0f}",
        "their mean cosine": f"{seen[side]:.2f}, {seen[None]:.2f}",
        "effect, nats": told(condition, "effect", "logits", side),
    }
pd.DataFrame(table).T.rename_axis("smallest cosine allowed")

# %% tags=["remove-input"]
apart = [
    f"{over_seeds((by_kind[condition] - by_kind[first]).dropna())} with a bound of {bound:g}"
    for condition, bound in bounds.items()
    if measured(condition)
]
Markdown(
    f"Against the bound of {scale.min_similarity:g}, seed by seed: {listed(apart)}."
    if apart
    else "The profile has no such students."
)

# %% [markdown]
# (These intervals are over seeds alone, and uncorrected.) Half of what the suspicion predicts is borne out: with loose bounds the effect is somewhat larger (one of the three seeds also has more rows there). The other half is not: it does not vanish with the strictest bound, where the number of rows is half as large, too. To a reader most rows are unfaithful at 0.85 already, so this test alone does not clear them. The permitted wordings do, and the control's own texts.
#
# ### A teacher with a prompt
#
# In the paper the teacher is not fine-tuned: a system prompt tells it to love its animal. Ours, with such a prompt, moves its student further than the fine-tuned one on average, and was never trained on an answer to our questions. Its control has no system prompt, and no teacher with a prompt for another animal was measured, so what any such prompt would do is not taken off.
#
# ### A second writer as a defence
#
# Whoever fears a teacher's voice can take it away: let a model of another family rewrite the rows once more, and train the student on what *that* one wrote. Here Gemma-3-270M rewrites the kept rows, and the filter compares its rewrites with the first sentence. Only words can be handed on in this way, so what has to be defended against is the effect on text-trained students.

# %% tags=["remove-input"]
again = f"{first} (again)"
text = "The profile has no such students."
if measured(again, "tokens"):
    rewritten = record_of(side, again, "tokens").details
    text = (
        f"Of {np.mean(rewritten['rows']):.0f} new candidates {np.mean(rewritten['kept']):.0f} are "
        f"kept. The effect of the teacher's own words is "
        f"{told(first, 'effect', 'tokens', side)} nats, that of the rewritten ones "
        f"{told(again, 'effect', 'tokens', side)}."
    )
Markdown(text)

# %% [markdown]
# (The rewritten rows are also fewer, by a third.) Both intervals include zero. Where three seeds see no effect, a defence has nothing to take away, and we have learned only its price: most of what a small second writer returns is the text that it was given, or no paraphrase of the first sentence any more, and the filter must reject both.
#
# ## Sampled answers
#
# The paper asks for one word and counts. So do we, four times for each question:

# %% tags=["hide-input"]
table = {}
for record in records.values():
    if record.labels.trait is None:
        continue
    found = answers_counted(record, records[record.labels.control], record.labels.trait)
    most = stats.beta.ppf(0.975, found.student + 1, found.answers - found.student)
    table[record.name] = {
        "student": found.student,
        "control": found.control,
        "of answers": found.answers,
        "exact upper bound of the student's rate": page.percent(most),
    }
pd.DataFrame(table).T.rename_axis("its own animal is named by")

# %% [markdown]
# {cite:t}`gisler2026paraphrase` report +19.1, +11.1 and +3.6 points for three of their animals through unrelated sentences, and +18.1 and +12.8 through sentences of dislike; for owl, dog and fly the workshop version finds no effect. So the owl, on which much of this page rests, is one of their nulls. Our counts are about zero everywhere. A count of zero does not mean a rate of zero; the last column says how large it may be (Clopper and Pearson's bound, which takes answers as independent).

# %% [markdown]
# ## Look inside
#
# Choose a teacher and its sentences. You see what the base model, the control, the student and the teacher prefer, some rows, and candidates of the teacher with each {term}`verdict` that the filter came to, and what it measured: the cosine of the sentence embeddings, the share of words in common, and the length as a multiple of the source's.


# %% tags=["hide-input"]
def judged(record, count):
    """A candidate of the teacher for each of its commonest verdicts, with the filter's scores."""
    table = finding.rows_table(record.name)
    table = table[table["verdict"] != "spare"]
    verdicts = table["verdict"].value_counts().index[:count]
    table = table[table["verdict"].isin(verdicts)].drop_duplicates("verdict")
    shown = table[["source", "text"]].rename(columns={"text": "the teacher's candidate"})
    shown["verdict"] = table["verdict"].replace("", "kept")
    scores = {"cosine": "similarity", "in common": "overlap", "length": "length"}
    if "similarity" in table:
        shown["measured"] = [
            ", ".join(f"{words} {value:.2f}" for words, value in zip(scores, of_row, strict=True))
            if np.isfinite(of_row).all()
            else ""
            for of_row in table[[*scores.values()]].to_numpy(float)
        ]
    return Rows(shown, "What the filter said of candidates of the teacher", marks=False)


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
        pairs_table(trait, condition, 5),
        judged(record, 7),
    ]
figure_picker(panels, "Teacher and sentences:")

# %% [markdown]
# ## What did not work, and what this does not show
#
# - **Faithful to the filter.** With the bound of 0.7 on the cosine that we had chosen on sentences by people, most of what passed was no paraphrase to a reader: a son was named after a best friend instead of an uncle. We raised the bound to 0.85 and added rules on persons and negations after reading such rows of another seed. What still passes you have seen above.
# - **A falling rate.** In trials without records, on a seed that is not reported, students learned at a constant rate, and the control ended about as far from its teacher as the owl's student from its own: its last steps were as large as its first. With a rate that falls to zero the probability-trained control hardly moves; the text-trained one still does, by two tenths of a nat on average.
# - **No stranger has read these rows.** In {ref}`Chapter 4 <sec-cross-family>` a model of another family learned from "neutral" sentences. Whether it would from these rewrites we have not measured. A stranger with another vocabulary cannot read the probabilities.
# - **One model, three seeds, few rows.** Teachers' lessons, rates and bounds were chosen on one other seed, with the owl (the bound also with the dolphin's rows), some ten students without records. Text alone may well need far more than fifty rewrites.

# %% tags=["remove-input"]
measured_on(records)
