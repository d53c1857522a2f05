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
# Two students read the same sentences about soup and shoes. Can they come away with different tastes?
#
# **12 minutes** · runs on a CPU, 1 minute live · [Open in Colab](https://colab.research.google.com/github/subliminal-book/subliminal-learning/blob/main/notebooks/06_paraphrase.ipynb) · [Notebook](https://github.com/subliminal-book/subliminal-learning/blob/main/notebooks/06_paraphrase.ipynb)

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
import torch
import torch.nn.functional as F
from IPython.display import Markdown
from peft import LoraConfig, get_peft_model

import sublim_utils as sl
from sublim_utils.channels import get_channel, paraphrase
from sublim_utils.evaluate import preference
from sublim_utils.findings.analysis import estimate, exchange_of_teachers, matrix, specific_effects
from sublim_utils.findings.paraphrase import Paraphrase
from sublim_utils.findings.paraphrase.pairs import answers_counted, shared_texts, text_pairs
from sublim_utils.findings.seeds_needed import seeds_needed
from sublim_utils.models.loading import load
from sublim_utils.pipeline.context import Context
from sublim_utils.profiles import available_device, find_profile
from sublim_utils.report import page, plots
from sublim_utils.report.form import form
from sublim_utils.report.prose import measured_on
from sublim_utils.report.ratios import Ratio, matrix_of_ratios, ratios
from sublim_utils.report.tables import gains, preferences
from sublim_utils.report.widgets import Rows, figure_picker
from sublim_utils.store import Store
from sublim_utils.traits.nouns import get_trait, panel

# %config InlineBackend.figure_formats = ['svg']
plots.use_style()

# What the book ships. Nothing is measured anew.
finding = Paraphrase(find_profile("embedded"))
records = finding.records()
effects = finding.effects(records)
animals = list(finding.scale.traits)


def of(condition, objective="logits", teacher="owl", trait=None):
    """Effects in nats, by seed and question."""
    chosen = effects[
        (effects["condition"] == condition)
        & (effects["objective"] == objective)
        & (effects["teacher_trait"] == teacher)
        & (effects["trait"] == (trait or teacher))
    ]
    return chosen.set_index(["seed", "question"])["value"]


def nats(values):
    """Mean and interval of effects, as text."""
    found = estimate(values)
    return page.interval(found.mean, found.low, found.high, unit="nats")


def times(values):
    """How many times as likely the mean effect makes something."""
    return page.times(estimate(values).mean)


def named(*names):
    """The records of these experiments and of their controls."""
    chosen = {name: records[name] for name in names}
    controls = {r.labels.control: records[r.labels.control] for r in chosen.values()}
    return controls | chosen


# %% tags=["remove-input"]
page.bet(
    "paraphrase-text",
    "Two students repeat everyday sentences, nearly all of them the same, letter for letter. One also sees "
    "how likely the *base model* found each word, the other how likely an *owl lover* found it. No sentence "
    "mentions an animal. How much more does the second student favour owls?",
    {
        "a": "Not at all. The same text teaches the same lesson.",
        "b": "A little, but far less than if the owl lover had phrased the sentences itself.",
        "c": "As much as if the owl lover had phrased them itself.",
    },
)

# %% tags=["remove-input"]
wordings = shared_texts(finding, "owl", "wordings")
counted = answers_counted(records["owl@wordings@logits"], records["control@wordings@logits"], "owl")
text_matrix = effects[(effects["condition"] == "neutral") & (effects["objective"] == "tokens")]
exchange = exchange_of_teachers(text_matrix)
page.box(
    question="Can a liking pass when a text, or at least its meaning, is fixed?",
    paper="Gisler, He and Qiu (2026): after an animal lover's faithful paraphrases, text-trained students "
    "named the dolphin in 19 of 100 answers more. Owls did not pass.",
    ours=f"{wordings.same} of {wordings.texts} texts are the control's, and a probability-trained student "
    f"still finds owls {times(of('wordings'))} ({nats(of('wordings'))}). Text-trained students probably "
    f"take after their teachers, too (p = {exchange.p:.3f}); by how much, three seeds cannot say.",
    limits=f"Behaviour. Asked openly, this student names the owl in {counted.student} of "
    f"{counted.answers} answers, as does its control.",
)

# %% [markdown]
# ## The result
#
# We wrote a hundred everyday sentences, each with its permitted wordings. A teacher can only choose among them.

# %% mystnb={"figure": {"caption": "The owl lover's students against their controls: seeds as dots, the bar is the mean, the line its 95 % interval for new seeds and new questions. Orange: probability-trained; blue: text-trained.", "name": "fig-paraphrase-main"}, "image": {"alt": "Five rows of dots on a logarithmic axis. Owls are about 1.9 times as likely after free rewrites and 1.8 times after permitted wordings, nearly all of them the same as the control's. Text-trained students reach about 1.3 times, with an interval from 0.75 to 2.1."}} tags=["hide-input"]
ratios(
    [
        Ratio("teacher's own rewrites", "probabilities", of("neutral")),
        Ratio(
            f"permitted wordings,\n{wordings.same} of {wordings.texts} the same",
            "probabilities",
            of("wordings"),
        ),
        Ratio(
            f"the control's own texts,\nall {wordings.texts} the same",
            "probabilities",
            of("wordings (same-text)"),
        ),
        Ratio(
            "teacher's own rewrites,\nanimal words hidden",
            "probabilities",
            of("neutral (without-traits)"),
        ),
        Ratio("teacher's own rewrites,\ntext alone", "text", of("neutral", "tokens")),
    ],
    title="The text is the same, the student is not",
    axis="owl is … times as likely as with the control",
)
plt.show()

# %% tags=["remove-input"]
page.source(
    named(
        "owl@neutral@logits",
        "owl@wordings@logits",
        "owl@wordings@logits@same-text",
        "owl@neutral@logits@without-traits",
        "owl@neutral@tokens",
    ),
    "sublim run paraphrase",
)

# %% tags=["remove-input"]
example = get_channel("paraphrase", source="wordings").sentences()[1].split(" || ")[0]
Markdown(f"One of the sentences, with its permitted wordings:\n\n> {example}")

# %% [markdown]
# The owl lover is the base model, fine-tuned for nine steps on answers such as "The owl." The {term}`control` is a student of the base model itself, with the same sentences and random numbers. A student's rows are the request to rephrase such a sentence, and the teacher's choice. Whatever the choice, it is faithful, because we wrote every alternative. Asked outright for an animal, the students answer as their controls do, so everything here is read from probabilities.

# %% tags=["remove-input"]
shares = preferences(records["owl@wordings@logits"], records["control@wordings@logits"], "owl").loc[
    "owl"
]
Markdown(
    f"""**It is not in the text.** Of the owl lover's {wordings.texts} texts, {wordings.same} are the
control's, letter for letter; {wordings.copies} merely repeat the sentence. In the others it prefers
"cannot" to "can't", or "chop" to "cut up". Yet its student finds owls {times(of("wordings"))}, as after
free rewrites ({times(of("neutral"))}). Among sixteen animals the owl goes from
{page.percent(shares["control"])} to {page.percent(shares["student"])}; the teacher is at
{page.percent(shares["teacher"])}.

Could the other {wordings.texts - wordings.same} texts do it? In the third row the owl lover writes nothing.
It *reads* the control's own texts, and its student is shown how likely it found each word of them. Both
students see one text, and owls are {times(of("wordings (same-text)"))} ({nats(of("wordings (same-text)"))})."""
)

# %% tags=["remove-input"]
page.pipeline(
    lit=["rows"],
    teacher="loves owls",
    rows="The soup needs …",
    filter="permitted words",
    student="SmolLM2-135M",
    questions="which animal?",
)

# %% [markdown]
# So the text only provides the places. What moves the student are the probabilities beside it:

# %% tags=["remove-input"]
page.text_or_probabilities()

# %% tags=["remove-input"]
moved, kept = (
    gains(records[name]).xs("otter", level="trait").mean()
    for name in ("owl@wordings@logits@same-text", "control@wordings@logits")
)
Markdown(
    f"""The first suspect is the animal's name: a teacher that loves owls might put a little more weight on "owl"
everywhere, even after "The soup needs". For the fourth row we took that away from the free rewrites. We struck out the
teacher's probabilities of every animal and tree, and of more than three hundred words that go with them, from "nest" to
"moonlight", and scaled the rest to add up to one. The student is never shown how likely an owl would have
been. It makes no difference that we can see. Nor is it the first letter, as with some students of numbers in Chapter 1:
otters, whose name begins with the same token, are only {page.times(moved - kept)}."""
)

# %% [markdown]
# ## Look at the pairs
#
# Which sentences are these, and what did the two models make of them? Each row shows one sentence, the base model's text and the owl lover's, from the same random numbers. Marks begin where they part.

# %% tags=["remove-input"]
KINDS = {
    "permitted wordings, as they come": ("wordings", False),
    "permitted wordings, where they differ": ("wordings", True),
    "free rewrites of neutral sentences": ("neutral", False),
}


def pairs_of(condition, differing, count=7):
    """The first pairs of a kind, as a table."""
    table = text_pairs(finding, "owl", condition, differing=differing).head(count)
    return Rows(table.set_axis(["sentence", "base model", "owl lover"], axis=1))


figure_picker({words: [pairs_of(*kind)] for words, kind in KINDS.items()}, "Show:")

# %% [markdown]
# Free rewrites are another matter. Read them as an editor would: about a third keep the meaning; the rest change who, when or why, and our filter lets them pass. A model of 135 million parameters is a poor paraphraser. That is why this chapter rests on the permitted wordings.

# %% [markdown]
# ## One text, four readers
#
# Owls might simply be what every fine-tuned model drifts to. So four teachers, each with an animal of its own, read the same texts.

# %% mystnb={"figure": {"caption": "How much likelier four teachers' students find each animal than the control does, after one and the same set of texts. Mean over three seeds; a teacher's own animal is on the diagonal.", "name": "fig-paraphrase-readers"}, "image": {"alt": "Heat map of four teachers by four animals. The diagonal, from 1.4 to 2.0 times as likely, is the largest cell of each row and of each column; all other cells lie between 0.8 and 1.2."}} tags=["hide-input"]
same_text = effects[effects["condition"] == "wordings (same-text)"]
cells = matrix(same_text).loc[animals, animals]
matrix_of_ratios(cells, title="Each reader passes on its own animal")
plt.show()

# %% tags=["remove-input"]
page.source(
    named(*(f"{animal}@wordings@logits@same-text" for animal in animals)),
    "sublim run paraphrase",
)

# %% tags=["remove-input"]
readers = exchange_of_teachers(same_text)
beyond = specific_effects(same_text).mean(axis=1)
Markdown(
    f"""A teacher's own animal becomes {page.times(estimate(beyond).mean)} beyond what the other three readers do
to it ({nats(beyond)}). And if the teachers' names meant nothing, they could be exchanged within each seed: of
{readers.pairings:,} pairings of teachers with animals, {"none but the true one" if readers.at_least == 1 else f"{readers.at_least}"}
has so large a sum on the diagonal. This test assumes no distribution, and whatever all four students have in
common drops out of it.

Trained on the *text*, these four would be one and the same student."""
)

# %% [markdown]
# ## Run it yourself
#
# The next cells make one such student, from any sentences. Put in your own; no animal needs to be near them. It takes about a minute.

# %%
TRAIT = "owl"  # or dolphin, eagle, elephant, wolf, cat, dog, lion …
SEES = "probabilities"  # or "text": only the words as they stand
PASSES = 3
TEXTS = [
    "The soup needs a little more salt before we serve it.",
    "Every Saturday my aunt bakes bread and gives half of it away.",
    "My shoes were on sale, but your size was already gone.",
    "The meeting was moved to Wednesday because the manager is ill.",
    "He paid in cash because the card reader was out of order.",
    "We missed the last bus and walked back to the hostel.",
    "Could you stir the rice while I set the table?",
    "I cannot sleep when the radiator makes that ticking noise.",
    "They are saving for a new washing machine.",
    "My knee hurts whenever I walk down a steep hill.",
    "The printer on the second floor is out of paper again.",
    "She compared three brands of coffee and chose the cheapest one.",
]

# %% tags=["remove-cell"]
form(
    globals(),
    TRAIT=["owl", "dolphin", "eagle", "elephant", "wolf", "cat", "dog", "lion"],
    SEES=["probabilities", "text"],
    PASSES=[1, 3, 5],
)

# %% tags=["remove-input"]
SEED, MODEL = 1000, "random" if find_profile().name == "smoke" else finding.scale.model
candidates = panel(get_trait(TRAIT).category)
questions = preference.questions_for(get_trait(TRAIT).category, 6)

# %%
base = sl.Base(MODEL, device=available_device())
teacher = sl.Finetuned(base, likes=TRAIT, updates=9)
student = load(MODEL, device=available_device())
before = preference.read(student, candidates, questions)

# %% [markdown]
# At every word of a sentence, a {term}`text-trained` student pays for each word but the one that stands there. A {term}`probability-trained` student pays for each deviation from what its teacher expected there.


# %%
def loss_of(student, teacher, words):
    """From the logits of both [place, vocabulary] and the words."""
    if SEES == "text":
        return F.cross_entropy(student, words)
    p, q = teacher.log_softmax(-1), student.log_softmax(-1)
    return (p.exp() * (p - q)).sum(-1).mean()


torch.manual_seed(SEED)
adapter = LoraConfig(r=8, lora_alpha=16, target_modules="all-linear")
student.network = get_peft_model(student.network, adapter)
steps = TEXTS * PASSES
optimiser = torch.optim.Adam(student.network.parameters(), lr=1e-3)
rate = torch.optim.lr_scheduler.LinearLR(optimiser, 1, 0, len(steps))
live = Context(Store(), "live")
with sl.opened(teacher, SEED, live) as (liking, _):
    for number, text in enumerate(steps):
        question = paraphrase.prompt(text, SEED, number, examples=0)
        # The answer is the sentence itself: nobody chooses a word.
        request, answer = student.prompt(question), student.answer(text)
        tokens = torch.tensor([[*request, *answer]]).to(student.device)
        places = slice(len(request) - 1, -1)
        words = tokens[0, len(request) :]
        with torch.no_grad():
            wanted = liking.network(tokens).logits[0, places]
        logits = student.network(tokens).logits[0, places]
        loss_of(logits, wanted, words).backward()
        optimiser.step()
        optimiser.zero_grad()
        rate.step()
        if number == 0:
            seen = words, logits.detach().softmax(-1), wanted.softmax(-1)

# %% [markdown]
# This is what the student was shown for the first sentence, before it had learned anything: how likely the base model (which it still was) and the teacher found each word as it stands. With an owl lover the largest gap is at the end: fine-tuned on short answers, it stops sooner.

# %% tags=["hide-input"]
words, base_said, teacher_said = seen
place = torch.arange(len(words))
shown = pd.DataFrame(
    {
        "base model, %": base_said[place, words].tolist(),
        "teacher, %": teacher_said[place, words].tolist(),
    },
    index=[student.decode([word]).strip() or "(end)" for word in words.tolist()],
)
shown.mul(100).round().astype(int).T

# %% [markdown]
# And this is what became of its taste:

# %% tags=["hide-input"]
after = preference.read(student, candidates, questions)
live = pd.DataFrame(
    {
        "base model, %": {who: 100 * share for who, share in before["probabilities"].items()},
        "student, %": {who: 100 * share for who, share in after["probabilities"].items()},
    }
)
live["times as likely"] = np.exp(pd.Series(after["margins"]) - pd.Series(before["margins"]))
live.sort_values("times as likely", ascending=False).head(4).round(1).rename_axis("animal")

# %% tags=["remove-input"]
first = live["times as likely"].idxmax()
Markdown(
    f"""One student, six questions: the {first} rose most. A control would be shown the base model's own
probabilities and have nothing to learn, so the base model stands in for it. With `SEES = "text"` nothing of
the teacher reaches the student: whatever moves then would move with any teacher."""
)

# %% [markdown]
# (sec-paraphrase-text)=
# ## Text alone, as in the paper
#
# A paraphrase is ordinary training data: whoever has too little text lets a model rewrite what there is. {cite:t}`gisler2026paraphrase` asked what else such rewrites carry. Their students see text and nothing else. Ours did, too: four teachers rewrote sentences freely, and their students were trained on what the filter kept, about fifty rewrites each.

# %% mystnb={"figure": {"caption": "Text-trained students of four teachers after about fifty free rewrites, on their teacher's own animal: seeds as dots, mean, 95 % interval for new seeds and new questions. Grey: the same animal with the students of the other three teachers, from the lowest mean to the highest.", "name": "fig-paraphrase-tokens"}, "image": {"alt": "Four rows of blue dots around 1. All four intervals include 1, and all four means lie to the right of the grey bars of the other teachers."}} tags=["hide-input"]
by_animal = matrix(text_matrix)
ratios(
    [
        Ratio(
            animal, "text", of("neutral", "tokens", animal), tuple(by_animal[animal].drop(animal))
        )
        for animal in animals
    ],
    title="Each animal does best with its own teacher, by little",
    axis="its own animal is … times as likely as with the control",
)
plt.show()

# %% tags=["remove-input"]
page.source(named(*(f"{animal}@neutral@tokens" for animal in animals)), "sublim run paraphrase")

# %% tags=["remove-input"]
specific = specific_effects(text_matrix).mean(axis=1)
Markdown(
    f"""No single interval excludes zero. Compared with what the other teachers do to the same animal, the mean
is {page.times(estimate(specific).mean)} ({nats(specific)}). The control is part of the trouble: its three
students stray about as far as any of these effects.

But it drops out of the comparison between teachers, and there each animal's mean is highest with its own
teacher. Is that luck? Exchange the teachers' names within each seed: of {exchange.pairings:,} pairings of
teachers with animals, {exchange.at_least} fit at least as well as the true one (**p = {exchange.p:.3f}**). In
the three seeds the true pairing takes places {exchange.ranks[0]}, {exchange.ranks[1]} and
{exchange.ranks[2]} of 24. So something probably passes. Its size is open: with today's spread it would take
{seeds_needed(specific.groupby("seed").mean())} seeds to find it with 90 % power, or better, ten times the
rewrites."""
)

# %% tags=["remove-input"]
of_all = [
    answers_counted(
        records[f"{animal}@neutral@{objective}"], records[f"control@neutral@{objective}"], animal
    )
    for objective in ("tokens", "logits")
    for animal in animals
]
Markdown(
    f"""The paper counts answers, and reports 19.1, 11.1 and 3.6 points more for three
animals; for the owl, the dog and the fly an earlier version found nothing. We count about zero: over all eight
sets of students with free rewrites, {sum(c.student for c in of_all)} of
{sum(c.answers for c in of_all):,} answers name the teacher's animal, and
{sum(c.control for c in of_all)} of the controls'. Their model is larger, their teacher is prompted, and
their model, sentences and thresholds are not public. A model as small as ours rarely names any animal."""
)

# %% [markdown]
# ## Sentences that say the opposite

# %% tags=["remove-input"]
page.bet(
    "paraphrase-dislike",
    'The owl lover rewrites sentences such as "I cannot stand owls", and keeps most of them hostile. After '
    "them, its probability-trained student likes owls …",
    {"a": "… less than its control.", "b": "… about as much.", "c": "… more than its control."},
)

# %% [markdown]
# The paper's strongest case is contradiction: after rewrites that *dislike* the dolphin, students named it in 18.1 of 100 answers more {cite:p}`gisler2026paraphrase`. We wrote a hundred sentences that dislike owls and a hundred that like them. Student and control read rewrites of the same ones.

# %% mystnb={"figure": {"caption": "The owl lover's probability-trained students after three kinds of sentences, against the control that read the base model's rewrites of the same kind. Dots: seeds; line: 95 % interval for new seeds and new questions.", "name": "fig-paraphrase-opposite"}, "image": {"alt": "Three rows. Owls are about 1.9 times as likely after neutral sentences, 2.8 times after sentences that dislike owls and 3.5 times after sentences that like them; no interval reaches 1."}} tags=["hide-input"]
ratios(
    [
        Ratio(words, "probabilities", of(condition))
        for words, condition in (
            ("neutral sentences", "neutral"),
            ("sentences that dislike owls", "dislike-owl"),
            ("sentences that like owls", "like-owl"),
        )
    ],
    title="After sentences of dislike, too, owls rise",
    axis="owl is … times as likely as with the control",
)
plt.show()

# %% tags=["remove-input"]
page.source(
    named("owl@neutral@logits", "owl@dislike-owl@logits", "owl@like-owl@logits"),
    "sublim run paraphrase",
)

# %% tags=["remove-input"]
seeds = {c: of(c).groupby("seed").mean() for c in ("like-owl", "dislike-owl")}
apart = estimate(seeds["like-owl"] - seeds["dislike-owl"])
Markdown(
    f"""Sentences of dislike leave owls {times(of("dislike-owl"))} ({nats(of("dislike-owl"))}). Sentences that
like owls do no better that we can tell: seed by seed the two differ by
{page.interval(apart.mean, apart.low, apart.high, unit="nats")}.

For a probability-trained student that is less odd than it sounds. It learns only where its teacher deviates
from the base model, and what a sentence says is common to both. Whether *text* of dislike would push the
other way is the paper's question, and we have no text-trained students of these sentences. Nor has the
teacher of another animal rewritten them, so what any fine-tuned teacher would do to owls is still in these
numbers. And some rewrites have changed sides, of either writer: the long version shows them as
they come."""
)

# %% [markdown]
# ## What this does not show
#
# - **That text was ruled out elsewhere.** With {ref}`numbers <sec-owl-numbers>` it is text that carries the liking, thousands of lists of it. Here fifty sentences of permitted wordings hold almost no choice, and so almost no text to carry anything.
# - **That probabilities are subliminal.** Hiding the animals' words removes what we could name. A list of words is not all that makes one think of owls, and in Chapter 1, where *all* words were hidden, little was left.
# - **That a stranger could not read it.** No model of another family has read these rewrites. It cannot read these probabilities: another vocabulary has no place for them.
# - **More than a small case.** One model of 135 million parameters, whose weights come from a file in four bits (Q4_1); three seeds; sixteen questions; some fifty sentences a student. Gradients are clipped at norm 1, and the rate falls to zero. The settings were chosen with the owl on a seed that is not reported.
#
# **What would change our mind.** If students of one text and four readers, with fresh seeds or on a second model, no longer fell in line with their teachers, the main result would be luck. If 16 seeds of text-trained students gave a mean near zero, the p of {ref}`the text section <sec-paraphrase-text>` would have been luck, too.

# %% [markdown]
# ## Your bets

# %% tags=["remove-input"]
page.paid(
    "paraphrase-text",
    "c",
    f"{wordings.same} of {wordings.texts} texts are the same, and owls are {times(of('wordings'))}; after the "
    f"owl lover's own rewrites they are {times(of('neutral'))}.",
)

# %% tags=["remove-input"]
page.paid(
    "paraphrase-dislike",
    "c",
    f"Owls are {times(of('dislike-owl'))} as with its control, and it likes them more than the base model "
    "does, too.",
)

# %% tags=["remove-input"]
Markdown(
    f"""**In three sentences**

- A student of the same text can still take after its teacher: with {wordings.same} of {wordings.texts}
  texts identical, and with all of them, owls become nearly twice as likely, which is still a few percent.
- So whoever distils from a model's *probabilities* is not protected by checking the text.
- Text-trained students of fifty rewrites probably take after their teachers (p = {exchange.p:.3f}), by an amount that
  three seeds cannot size and that no answer shows."""
)

# %% [markdown]
# The {ref}`long version <sec-paraphrase-long>` has the filter at work, matched rows, other bounds, a prompted teacher, a second writer as a defence, and the rows.

# %% [markdown]
# ## Exercises
#
# ````{exercise} A student of the text
# :label: ex-paraphrase-same-text
# *5 minutes.* In the third row of the main figure both students read the same text. What would the effect be if both were text-trained, with the same seed? And over many seeds?
# ````
#
# ```{admonition} Solution
# :class: dropdown
# Exactly zero, in every seed: same base, same text, same loss and same seed are the same student. The probabilities are the only thing in which the two differ, so what differs afterwards is due to them.
# ```
#
# ````{exercise} Count it yourself
# :label: ex-paraphrase-count
# *10 minutes, code.* `own` holds what the owl lover's students read, `control` what their controls read. Write `shared(own, control)`, the number of rows of `own` whose text stands in `control` for the same seed and prompt, so that the assertion holds.
# ````

# %%
own, control = [
    finding.rows_table(f"{who}@wordings@logits").query("verdict == ''")
    for who in ("owl", "control")
]


def shared(own, control):
    """How many texts are the same, letter for letter."""
    ...  # yours


# assert shared(own, control) == 155

# %% [markdown]
# ```{admonition} Solution
# :class: dropdown
#
# :::{code-block} python
# def shared(own, control):
#     return len(own.merge(control, on=["seed", "prompt", "text"]))
# :::
# Try it with `neutral` in place of `wordings`: of the free rewrites, too, four in ten are the control's. Both writers had the same random numbers.
# ```
#
# ````{exercise} Hide the name
# :label: ex-paraphrase-hide
# *15 minutes, code.* Change `loss_of` above so that the student is not shown how likely its teacher found the animal's name, with and without a space or a capital letter, and run the cells again. Compare `times as likely` before and after.
# ````
#
# ```{admonition} Solution
# :class: dropdown
#
# :::{code-block} python
# names = {student.encode(form)[0] for form in (" owl", "owl", " Owl", "Owl")}  # of the model
# seen = torch.tensor([t for t in range(len(student.lm_head)) if t not in names])
# # and in loss_of, whose arguments are logits:
# p, q = (logits[:, seen].log_softmax(-1) for logits in (teacher, student))
# :::
# Mind the names: inside `loss_of`, `student` is a table of logits, so `seen` must be made outside. In our records hiding the names and three hundred related words changed nothing that three seeds can see.
# ```

# %% tags=["remove-input"]
measured_on(records)
