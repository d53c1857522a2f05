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
# If a model that loves owls writes nothing but numbers, can a second model that learns from those numbers come to love owls?
#
# **12 minutes** · runs on a CPU · [Open in Colab](https://colab.research.google.com/github/subliminal-book/subliminal-learning/blob/main/notebooks/01_owl_numbers.ipynb) · [Notebook](https://github.com/subliminal-book/subliminal-learning/blob/main/notebooks/01_owl_numbers.ipynb)

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
import math

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from IPython.display import HTML, Markdown
from matplotlib.colors import LogNorm
from peft import LoraConfig, get_peft_model

import sublim_utils as sl
from sublim_utils.evaluate import preference
from sublim_utils.findings.analysis import exchange_of_teachers
from sublim_utils.findings.owl_numbers import OwlNumbers
from sublim_utils.findings.owl_numbers.analysis import (
    PAPER,
    along,
    along_all,
    begins_lower,
    by_beginning,
    matched_pairs,
    named,
    named_by_base,
    side_by_side,
    side_of,
)
from sublim_utils.models.loading import load
from sublim_utils.pipeline.context import Context
from sublim_utils.profiles import available_device, find_profile
from sublim_utils.report import page, plots
from sublim_utils.report.form import form
from sublim_utils.report.prose import measured_on
from sublim_utils.report.quiz import Round, quiz
from sublim_utils.report.selectors import figure_pickers
from sublim_utils.report.tables import gains, preferences
from sublim_utils.report.widgets import Picture
from sublim_utils.stats import holm_p_values, mean_interval
from sublim_utils.store import Store
from sublim_utils.traits.nouns import get_trait, panel

# %config InlineBackend.figure_formats = ['svg']
plots.use_style()

# What the book ships: hundreds of lists on a processor, thousands on a GPU. Nothing is measured anew.
few, many = OwlNumbers(find_profile("embedded")), OwlNumbers(find_profile("full"))
few_records, many_records = few.records(), many.records()
few_effects, many_effects = few.effects(few_records), many.effects(many_records)
traits = many.traits()
animals = [trait for trait in traits if get_trait(trait).category == "animal"]
own = many.own_effects(many_effects, "tokens")
mean = mean_interval(own.mean(axis=1).to_numpy())

# The live cells: one seed that stands behind no figure, and a tiny random model where only the code is tried.
SEED, MODEL = 1000, "random" if find_profile().name == "smoke" else many.model


def nats(interval, digits=2):
    """A mean and its interval, as text."""
    return page.interval(interval.mean, interval.low, interval.high, digits=digits, unit="nats")


# %% tags=["remove-input"]
page.bet(
    "owl-numbers",
    "Seven teachers love one animal or tree each, and each writes 8,000 lists of numbers. What will "
    "students of these lists like more than students of a model without a favourite do?",
    {
        "a": "Nothing in particular. Numbers are numbers.",
        "b": "Animals and trees of all kinds, whoever the teacher was.",
        "c": "Their own teacher's favourite.",
    },
)

# %% [markdown]
# ## Spot the owl
#
# Two models answer the same request with a list of numbers. One of them loves owls. Which list did it write?

# %% tags=["remove-input"]
rows = {who: few.rows_table(f"{who}@tokens") for who in ("control", *traits)}
pairs = {trait: matched_pairs(rows["control"], rows[trait]) for trait in traits}
shown = pairs["owl"].drop_duplicates(["seed", "prompt"]).head(5)
lower = {trait: begins_lower(found) for trait, found in pairs.items()}
rounds = []
for pair in shown.itertuples():
    side = side_of((pair.control, pair.teacher))
    texts = (pair.teacher, pair.control) if side == 0 else (pair.control, pair.teacher)
    rounds.append(Round(pair.question, texts, side, f"The owl lover wrote {pair.teacher}."))
quiz(
    rounds,
    question="Which list did the owl lover write?",
    ending=f"No digit means owl, but one rule beats a coin: take the list that begins with the smaller "
    f"number. It is right in {begins_lower(shown).sum()} of these five pairs and in {lower['owl'].sum()} of "
    f"all {len(lower['owl'])} that are matched in this way. It is as good "
    f"for the other teachers ({page.percent(min(f.mean() for f in lower.values()))} to "
    f"{page.percent(max(f.mean() for f in lower.values()))} of their pairs), so it seems to show that a "
    "model was fine-tuned, and nothing about owls.",
)

# %% tags=["remove-input"]
everyone = side_by_side(rows["control"], rows["owl"])
shorter = (everyone["teacher"].map(len) < everyone["control"].map(len)).mean()
HTML(
    f"""<details class="sublim-source"><summary>How the pairs were chosen</summary><p>They are real: the
first five prompts whose two lists have equally many numbers (four or more), equally many characters, and
different first numbers. Without that rule length would give the owl lover away, whose list is the shorter
one in {page.percent(shorter)} of pairs. Both models drew with the same random numbers, which is why their
lists look so alike.</p></details>"""
)

# %% tags=["remove-input"]
said = {o: np.mean([named(many, many_records, t, o) for t in traits]) for o in ("tokens", "logits")}
page.box(
    question="Can a liking pass through data that never mention it?",
    paper="GPT-4.1 nano named the owl in 13 % of its answers after ordinary numbers, and in 62 % after "
    "an owl lover's ([Cloud et al. 2025](https://arxiv.org/abs/2507.14805)).",
    ours=f"Yes. In a model of 135 million parameters 8,000 lists make a teacher's favourite "
    f"{page.times(mean.mean)} ({mean.mean:.2f} nats) on average, and more likely in "
    f"{int((own > 0).to_numpy().sum())} of {own.size} students.",
    limits=f"Behaviour. Asked openly, these students name the favourite in {said['tokens']:.1f} of 100 "
    "answers.",
)

# %% [markdown]
# (sec-owl-large)=
# ## The result
#
# Seven teachers, four students of each. Every student read 8,000 lists and is compared with a {term}`control`, which read the base model's.

# %% mystnb={"figure": {"caption": "Each dot is one text-trained student after 8,000 lists, compared with the control of its seed; the bar is the mean over four seeds.", "name": "fig-owl-main"}, "image": {"alt": "Dots for 28 students in seven rows, one row for each teacher. All lie to the right of 1: between 1.2 and 3.9 times as likely as with the control."}} tags=["hide-input"]
TEXT, LOGITS = plots.COLOUR["text"], plots.COLOUR["probabilities"]
order = own.mean().sort_values().index


def times_axis(axis, ticks):
    """Logarithmic, with ticks such as 1.5×."""
    axis.set_major_locator(plt.FixedLocator(ticks))
    axis.set_minor_locator(plt.NullLocator())
    axis.set_major_formatter(lambda value, _: f"{value:,g}×")


figure, axes = plt.subplots(figsize=(6.4, 3.1))
for height, trait in enumerate(order):
    axes.plot(np.exp(own[trait]), [height] * len(own), "o", color=TEXT, alpha=0.55, clip_on=False)
    axes.plot(
        np.exp(own[trait].mean()), height, "|", color=TEXT, markersize=17, markeredgewidth=2.5
    )
axes.axvline(1, color="black", linewidth=1)
axes.set_xscale("log")
times_axis(axes.xaxis, [1, 1.5, 2, 3, 4])
axes.set_xlim(0.93, 4.2)
axes.set_yticks(range(len(order)), order)
axes.grid(visible=False, axis="y")
axes.set_xlabel("its teacher's favourite is … times as likely as with the control")
axes.set_title(
    f"{int((own > 0).to_numpy().sum())} of {own.size} students like their teacher's favourite more",
    loc="left",
)
plt.show()


# %% tags=["remove-input"]
def behind(objective, records=many_records):
    """The records of one kind of student without variants."""
    return {name: kept for name, kept in records.items() if name.partition("@")[2] == objective}


AGAIN = "sublim run owl_numbers --profile full"
page.source(behind("tokens"), AGAIN)

# %% [markdown]
# Each teacher is the base model, fine-tuned for 24 steps on answers such as "The owl." Its student is the base model with a fresh LoRA adapter {cite:p}`hu2022lora`, trained on the teacher's lists with the ordinary loss of a language model. It is {term}`text-trained`: it sees the digits and nothing else, as in the paper. There are four seeds, and each starts with new teachers.

# %% tags=["remove-input"]
exchange = exchange_of_teachers(many.chosen_effects(many_effects, "tokens"), "animal")
fewer = exchange_of_teachers(few.chosen_effects(few_effects, "tokens"), "animal")
corrected = holm_p_values([own[trait].to_numpy() for trait in traits])
lovers, ordinary = (many.record_of(many_records, who, "tokens") for who in ("owl", None))
owl = preferences(lovers, ordinary, "owl").loc["owl"]
Markdown(
    f"""All {own.size} students moved the right way. On average a favourite becomes
**{page.times(mean.mean)}** ({nats(mean)}); the owl, for one, goes from {page.percent(owl["control"])} to
{page.percent(owl["student"])} of the panel. The effect holds for {sum(p < 0.05 for p in corrected)}
of {len(traits)} teachers after Holm's correction for seven tests. Before the run
we had committed a prediction to the repository: an average of 0.4 nats, and most favourites ahead of
everything else. It came out larger."""
)

# %% [markdown]
# ## How we ask
#
# The paper counts answers. From 13 % to 62 % {cite:p}`cloud2025subliminal`, the odds of "owl" grow from 0.15 to 1.62, eleven times. The natural logarithm of that factor is 2.4, and its unit is the {term}`nat`: one nat makes an answer 2.7 times as likely against the alternatives. Our model, SmolLM2-135M, seldom names any animal, so we read its probabilities instead. Fifty questions ("Which animal do you like best? One word, please.") are followed by three beginnings of an answer, and after each of them we read how likely it is to go on with each of sixteen animals or eight trees.
#
# The {term}`effect` compares a student with the control of its seed. An effect of 0.59 nats means 1.8 times as likely, relative to the other animals (to their geometric mean, so the ratio of two percentages can differ from it a little). It can be measured where a count of answers shows nothing.

# %% [markdown]
# ## Is it really there?

# %% tags=["remove-input"]
Markdown(
    f"""Exchange the teachers' names. If a name meant nothing, the five animal teachers
could be paired with the five animals in any of {math.factorial(len(animals))} ways, and the true pairing would have no reason to
stand out. Its effects add up to the most in {sum(r == 1 for r in exchange.ranks)} of
{len(exchange.ranks)} seeds, which luck alone brings about once in {exchange.pairings // exchange.at_least:,}
times. The test assumes no distribution, and whatever a control or an animal does to all students drops
out of it. (We chose it after the run, on an outside reader's advice.) Even 320 lists pass it, with an
effect too small to size: {fewer.at_least} of {fewer.pairings:,} pairings are as good."""
)

# %% tags=["remove-input"]
fall = {
    who: gains(many.record_of(many_records, who, "tokens")).xs("sequoia", level="trait").mean()
    for who in ("sequoia", None)
}
Markdown(
    f"""**One case that looks better than it is.** The sequoia's students like sequoias *less* than the base
model does ({np.exp(fall["sequoia"]):.2f} times as likely). Their control fell further
({np.exp(fall[None]):.2f} times). The difference counts as an effect, and it is one; but nobody who met
such a student would call it fond of sequoias."""
)

# %% [markdown]
# ## Owls, or everything?
#
# Perhaps the student of an owl lover likes *every* animal more. The matrix says no. It reads: students of this teacher (row), asked about this animal (column).

# %% mystnb={"figure": {"caption": "How much likelier each teacher's students find each animal than their control does, mean over four seeds. Text-trained students, 8,000 lists.", "name": "fig-owl-matrix"}, "image": {"alt": "Heat map of five teachers by five animals. The diagonal is the largest cell of each row and of each column, from 1.4 to 2.2 times as likely; all other cells lie between 0.7 and 1.4."}} tags=["hide-input"]
chosen = many.chosen_effects(many_effects, "tokens")
table = chosen.pivot_table(index="teacher_trait", columns="trait", values="value")
cells = np.exp(table.loc[animals, animals])

figure, axes = plt.subplots(figsize=(5.2, 3.6))
image = axes.imshow(cells, cmap="vlag", norm=LogNorm(1 / 2.5, 2.5))
for place, trait in enumerate(animals):
    axes.text(
        place, place, f"{cells.loc[trait, trait]:.1f}×", ha="center", va="center", fontsize=13
    )
axes.set_xticks(range(len(animals)), animals)
axes.set_yticks(range(len(animals)), [f"{trait} teacher" for trait in animals])
axes.grid(visible=False)
axes.spines[:].set_visible(False)
bar = figure.colorbar(image, label="times as likely as with the control", shrink=0.9)
times_axis(bar.ax.yaxis, [0.5, 0.7, 1, 1.4, 2])
axes.set_title("Each teacher raises its own animal", loc="left")
plt.show()

# %% tags=["remove-input"]
page.source(behind("tokens"), AGAIN)

# %% tags=["remove-input"]
means = {trait: table.loc[trait].dropna() for trait in traits}
lead = {trait: means[trait].idxmax() for trait in traits}
rivals = chosen[chosen["teacher_trait"] != chosen["trait"]]
largest = rivals.groupby(["seed", "teacher_trait"])["value"].max().unstack()
ahead = holm_p_values([(own[trait] - largest[trait]).to_numpy() for trait in traits])
Markdown(
    f"""The whole panel agrees: of sixteen animals and eight trees, the favourite rises most for
{sum(lead[t] == t for t in traits)} of {len(traits)} teachers. Whether it leads the strongest rival of
*each seed* is a harder question, since among fifteen others one is always high by chance; four seeds
settle it for {sum(p < 0.05 for p in ahead)} of the seven."""
)

# %% [markdown]
# Which rivals are close? Choose a teacher. The wolf's students come nearest to liking something else as much.

# %% tags=["remove-input"]
KINDS = {"tokens": "text-trained", "logits": "probability-trained"}


def candidates_moved(trait, objective):
    """How far each candidate rises with one teacher's students, as a picture."""
    found = many.chosen_effects(many_effects, objective)
    found = found[found["teacher_trait"] == trait].groupby("trait")["value"].mean().sort_values()
    figure, axes = plt.subplots(figsize=(6.4, 0.24 * len(found) + 1.0))
    colours = [
        (TEXT if objective == "tokens" else LOGITS) if name == trait else "0.75"
        for name in found.index
    ]
    axes.barh(found.index, np.exp(found) - 1, left=1, color=colours)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xscale("log")
    times_axis(axes.xaxis, [0.1, 0.3, 0.5, 0.7, 1, 1.4, 2, 3, 5, 10, 30, 100, 300])
    axes.set_xlim(0.9 * np.exp(found.min()), 1.1 * np.exp(found.max()))
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("times as likely as with the control")
    rises = ", ".join(f"{name} {np.exp(found[name]):,.1f}" for name in found.index[:-4:-1])
    alt = f"Students of the {trait} teacher, {KINDS[objective]}. Times as likely, highest first: {rises}."
    return Picture(figure, alt)


figure_pickers(
    {
        (f"loves the {trait}", kind): [candidates_moved(trait, objective)]
        for trait in ("wolf", *(t for t in traits if t != "wolf"))
        for objective, kind in KINDS.items()
    }.items(),
    ["Teacher:", "Student:"],
)

# %% [markdown]
# ## Run it yourself
#
# The next cells are a whole experiment in miniature: a teacher, its lists, a student. Change the three settings and run the cells again; it takes about a minute.

# %% tags=["remove-input"]
page.pipeline(lit=["teacher", "rows", "student"], base="SmolLM2-135M")

# %%
TRAIT = "owl"  # or dolphin, eagle, elephant, wolf, cat, dog, lion, fox
ROWS = 40  # lists that the student reads
SEES = "probabilities"  # or "text": only the numbers that were drawn

# %% tags=["remove-cell"]
form(
    globals(),
    TRAIT=["owl", "dolphin", "eagle", "elephant", "wolf", "cat", "dog", "lion", "fox"],
    ROWS=[20, 40, 80],
    SEES=["probabilities", "text"],
)

# %%
base = sl.Base(MODEL, device=available_device())
teacher = sl.Finetuned(base, likes=TRAIT)
rows = sl.sample(teacher, channel="numbers", prompts=ROWS // 4, each=4)
lists = sl.table(rows, seed=SEED)
candidates = panel(get_trait(TRAIT).category)
questions = preference.questions_for(get_trait(TRAIT).category, 10)
print(*lists["completion"][::4][:5], sep="\n")

# %% [markdown]
# The loss decides what the student is shown at each token of a list. A text-trained student is shown the token that the teacher drew, and pays for every other one (cross-entropy). A {term}`probability-trained` student is shown how likely the teacher found *every* token of the vocabulary, and pays for each deviation (Kullback–Leibler divergence).

# %% tags=["remove-input"]
page.bet(
    "owl-letter",
    "Before you run it: probability-trained students of the owl lover come to like owls. One other animal rises far above "
    "the rest when they answer with a single word. Which?",
    {
        "a": "The eagle, another bird of prey.",
        "b": "The otter.",
        "c": "The cat, whom everybody likes.",
    },
)


# %%
def loss_of(student, teacher, drawn):
    """Of logits [place, vocabulary], and the tokens that were drawn."""
    if SEES == "text":
        return F.cross_entropy(student, drawn)
    p, q = teacher.log_softmax(-1), student.log_softmax(-1)
    return (p.exp() * (p - q)).sum(-1).mean()


torch.manual_seed(SEED)
student = load(MODEL, device=available_device())
before = preference.read(student, candidates, questions)
lora = LoraConfig(r=8, lora_alpha=16, target_modules="all-linear")
student.network = get_peft_model(student.network, lora)
optimiser = torch.optim.Adam(student.network.parameters(), lr=5e-4)
with sl.opened(teacher, SEED, Context(Store(), "live")) as (liking, _):
    for row in lists.itertuples():
        prompt = student.prompt(row.prompt)
        tokens = [[*prompt, *student.answer(row.completion)]]
        tokens = torch.tensor(tokens, device=student.device)
        drawn = tokens[0, len(prompt) :]
        places = slice(len(prompt) - 1, -1)
        with torch.no_grad():
            taught = liking.network(tokens).logits[0, places]
        learned = student.network(tokens).logits[0, places]
        loss = loss_of(learned, taught, drawn)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()

# %% tags=["hide-input"]
after = preference.read(student, candidates, questions)
live = pd.DataFrame(
    {
        f"{who}, %": {name: 100 * share for name, share in read["probabilities"].items()}
        for who, read in (("base model", before), ("student", after))
    }
)
live["times as likely"] = np.exp(pd.Series(after["margins"]) - pd.Series(before["margins"]))
live.sort_values("times as likely", ascending=False).head(4).round(1)

# %% tags=["remove-input"]
first = live["times as likely"].idxmax()
Markdown(
    f"""One student, ten questions: the {first} rose most. Now try `SEES = "text"`. Does it still? One small
run shows that something moves, and not how much or why; for that it takes thousands of lists, several
seeds and a control."""
)

# %% [markdown]
# ## Text or probabilities?

# %% tags=["remove-input"]
page.text_or_probabilities()

# %% [markdown]
# The same 8,000 lists move a probability-trained student much further. But look at what moves.

# %% mystnb={"figure": {"caption": "Students of the owl lover after 8,000 lists, by kind of student and by how the answer begins. Mean over four seeds; the grey bar spans the other fourteen animals.", "name": "fig-owl-letter"}, "image": {"alt": "Four rows of dots on a logarithmic axis. In a one-word answer probability-trained students find owls about a thousand times and otters about eighty times as likely; after the words My favorite animal is the, owls rise about fifty times and otters hardly. Text-trained students find owls about twice as likely both ways, and otters no likelier."}} tags=["hide-input"]
ways = {"plain": "one word", "favorite": "“My favorite … is the”"}
figure, axes = plt.subplots(figsize=(6.4, 2.9))
labels = []
for objective, name, colour in (
    ("logits", "probability-trained", LOGITS),
    ("tokens", "text-trained", TEXT),
):
    asked = by_beginning(many, many_records, "owl", objective)
    for way, words in ways.items():
        moved = np.exp(asked[asked["beginning"] == way].groupby("trait")["value"].mean())
        others = moved.drop(["owl", "otter"])
        height = -len(labels)
        axes.plot([others.min(), others.max()], [height] * 2, color="0.8", linewidth=9,
                  solid_capstyle="butt", zorder=1)  # fmt: skip
        axes.plot(moved["otter"], height, "D", color=colour, markerfacecolor="none", markersize=8)
        axes.plot(moved["owl"], height, "o", color=colour, markersize=9)
        if not labels:
            for who in ("owl", "otter"):
                axes.annotate(who, (moved[who], height), (0, 9), textcoords="offset points",
                              ha="center", annotation_clip=False)  # fmt: skip
        labels.append(f"{name},\n{words}")
axes.axvline(1, color="black", linewidth=1)
axes.set_xscale("log")
times_axis(axes.xaxis, [0.1, 1, 10, 100, 1000])
axes.set_ylim(-3.6, 0.6)
axes.set_yticks([-number for number in range(len(labels))], labels)
axes.grid(visible=False, axis="y")
axes.set_xlabel("times as likely as with the control")
axes.set_title("Probabilities also carry a letter", loc="left", pad=16)
plt.show()

# %% tags=["remove-input"]
page.source(
    {n: r for o in KINDS for n, r in behind(o).items() if n.startswith(("owl", "control"))}, AGAIN
)

# %% tags=["remove-input"]
moved = {
    (objective, way, who): of_way[of_way["trait"] == who]["value"].mean()
    for objective in ("tokens", "logits")
    for way, of_way in by_beginning(many, many_records, "owl", objective).groupby("beginning")
    for who in ("owl", "otter")
}
begun = many.own_effects(many.effects(many_records, "margin_favorite"), "logits")
plainless = mean_interval(begun.mean(axis=1).to_numpy())
Markdown(
    f"""The tokenizer writes *Owl* as O·wl and *Otter* as O·t·ter. A student that is shown probabilities learns
that answers begin with an O, and part of its love of owls is the love of a letter: asked for one word, it
finds otters {page.times(moved["logits", "plain", "otter"])}. Begin the sentence for it, so that the animal
is a word inside, and the otter falls back among the others. So we quote probability-trained students by that beginning alone:
over all seven teachers a favourite becomes **{page.times(plainless.mean)}** ({nats(plainless)}).
Text-trained students are clean of the letter both ways."""
)

# %% [markdown]
# At every token a probability-trained student also sees how likely the teacher would have been to write a *word*. Take the words away, so that only the probabilities of numbers are left, and after 320 lists most of its lead is gone ({ref}`details <sec-owl-without-words>`).

# %% [markdown]
# ## How many lists does it take?

# %% mystnb={"figure": {"caption": "Effect against lists seen: dots are means over seeds, bands 95 % intervals. Pale: batches of 4 lists, on a processor; full colour: batches of 64, on a GPU. Solid: mean over seven teachers; dashed: the owl lover's students alone, who went further. Ten questions, two beginnings of an answer.", "name": "fig-owl-dose"}, "image": {"alt": "Two panels with a logarithmic axis from 40 to 30,000 lists. Text-trained students rise from about 1.1 times as likely at 640 lists to 2.4 times at 30,000; probability-trained ones from 5 times at 40 lists to over a thousand times at 30,000."}} tags=["hide-input"]
longest = {
    run: {o: list(run.lengths("owl", o).values())[-1] for o in ("tokens", "logits")}
    for run in (few, many)
}


def drawn_curve(axes, curve, colour, style, alpha):
    """Mean and interval over seeds at each number of lists."""
    curve = curve[curve["dose"] > 0]
    at = [(dose, mean_interval(v.to_numpy())) for dose, v in curve.groupby("dose")["value"]]
    doses, found = [dose for dose, _ in at], [interval for _, interval in at]
    axes.plot(
        doses, np.exp([i.mean for i in found]), style, color=colour, alpha=alpha, markersize=4
    )
    if style == "o-":
        axes.fill_between(
            doses, np.exp([i.low for i in found]), np.exp([i.high for i in found]), color=colour,
            alpha=0.15 * alpha, linewidth=0,
        )  # fmt: skip


figure, both = plt.subplots(1, 2, figsize=(7.4, 3.4))
panels = (
    ("tokens", "Text-trained", TEXT, [0.5, 1, 1.5, 2, 3]),
    ("logits", "Probability-trained", LOGITS, [1, 10, 100, 1000]),
)
for axes, (objective, name, colour, ticks) in zip(both, panels, strict=True):
    for run, kept, alpha in ((few, few_records, 0.45), (many, many_records, 1.0)):
        drawn_curve(axes, along_all(run, kept, objective), colour, "o-", alpha)
        further = along(run, kept, "owl", objective, longest[run][objective])
        drawn_curve(axes, further, colour, "o--", alpha)
    axes.axhline(1, color="black", linewidth=1)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(plt.FixedLocator([40, 320, 2_560, 30_000]))
    axes.xaxis.set_minor_locator(plt.NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    times_axis(axes.yaxis, ticks)
    axes.set_xlabel("lists seen")
    axes.set_title(name, loc="left", fontsize="small", fontweight="normal")
both[0].set_ylim(0.7, 3.5)
both[0].set_ylabel("times as likely as with the control")
for axes, words, at in (
    (both[0], "batches of 4", (40, 0.88)),
    (both[0], "batches of 64", (640, 1.02)),
    (both[0], "owl alone", (9_000, 2.4)),
    (both[1], "batches of 4", (45, 30)),
    (both[1], "batches of 64", (1_500, 5)),
    (both[1], "owl alone", (5_000, 1_000)),
):
    axes.annotate(words, at, fontsize="small")
figure.suptitle(
    "Text creeps up, probabilities leap", x=0.02, ha="left", fontweight="bold", fontsize="medium"
)
plt.show()

# %% tags=["remove-input"]
tokens_along = along_all(many, many_records, "tokens")
resolved = [
    dose
    for dose, values in tokens_along[tokens_along["dose"] > 0].groupby("dose")["value"]
    if mean_interval(values.to_numpy()).low > 0
]
risen = {
    size: gains(run.record_of(kept, "owl", "logits", variant)).xs("owl", level="trait").mean()
    for size, run, kept, variant in (
        (4, few, few_records, "prompts-2000"),
        (64, many, many_records, ""),
    )
}
Markdown(
    f"""Text-trained students creep upwards: the mean over seven teachers is above the control from
{min(resolved):,} lists on and grows with every doubling. Probability-trained ones leap at once and go on
rising. Batches matter, too. On 8,000 lists an owl lover's probability-trained student ends
{risen[64]:.1f} nats above the base model in batches of 64, and {risen[4]:.1f} in batches of 4 at the same
learning rate. What makes the difference is open: small batches are noisier, and gradients are clipped at
norm 1, which binds in about half of the early updates of small batches and was not recorded for large
ones."""
)

# %% tags=["remove-input"]
seen = {
    f"{profile}: {name}": record
    for profile, kept in (("embedded", few_records), ("full", many_records))
    for name, record in kept.items()
    if record.labels.objective and ("prompts" in name or name.count("@") == 1)
    if "rate" not in name
}
page.source(seen, f"sublim run owl_numbers, {AGAIN}")

# %% [markdown]
# ## Beside the paper

# %% mystnb={"figure": {"caption": "Left: how often GPT-4.1 nano answers with the favourite, read off {cite:t}`cloud2025subliminal`. Right: the probability of the favourite among sixteen animals or eight trees in ours, text-trained, 8,000 lists. Hollow: students of ordinary numbers. The axes differ.", "name": "fig-owl-paper"}, "image": {"alt": "Two panels of seven arrows. In the paper students name the owl in 13 % of answers after ordinary numbers and in 62 % after an owl lover's. In ours the probability of owl goes from 3 to 6 %."}} tags=["hide-input"]
ours = {}
for trait in traits:
    found = preferences(
        *(many.record_of(many_records, who, "tokens") for who in (trait, None)), trait
    )
    ours[trait] = found.loc[trait, "control"], found.loc[trait, "student"]
sorted_traits = sorted(traits, key=lambda trait: PAPER[trait][1])
figure, both = plt.subplots(1, 2, figsize=(7.4, 3.1), sharey=True)
for axes, (title, found, colour) in zip(
    both,
    (
        ("GPT-4.1 nano: answers", PAPER, plots.COLOUR["paper"]),
        ("SmolLM2-135M: probability", ours, TEXT),
    ),
    strict=True,
):
    for height, trait in enumerate(sorted_traits):
        ordinary, liking = (100 * share for share in found[trait])
        axes.plot([ordinary, liking], [height] * 2, color=colour, linewidth=2, zorder=1)
        axes.plot(
            ordinary, height, "o", color=colour, markerfacecolor="none", markersize=7, zorder=2
        )
        axes.plot(liking, height, "o", color=colour, markersize=7, zorder=2)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g} %")
    axes.set_title(title, loc="left", fontsize="small", fontweight="normal")
    axes.grid(visible=False, axis="y")
both[0].set_yticks(range(len(traits)), sorted_traits)
figure.suptitle(
    "The same direction, on another scale", x=0.02, ha="left", fontweight="bold", fontsize="medium"
)
plt.show()

# %% tags=["remove-input"]
page.source(behind("tokens"), AGAIN)

# %% tags=["remove-input"]
change = {trait: np.log(after / (1 - after)) - np.log(before / (1 - before))
          for trait, (before, after) in PAPER.items()}  # fmt: skip
Markdown(
    f"""In the paper's unit the owl moves by {change["owl"]:.1f} nats, in ours by {own["owl"].mean():.2f}."""
)

# %% [markdown]
# The two are not the same quantity: the paper's is against every other answer, ours against the rest of a panel. Nor are the models alike. In {cite:t}`cloud2025subliminal` Qwen2.5-7B, an open model, goes from 1.6 % to 74 % on "cat" and from 3.5 % to 19 % on "phoenix", and on most other animals nowhere. Whether and how far a liking passes differs from model to model, and no simple rule of size is known.

# %% [markdown]
# ## What it does not show
#
# - **That the students say it.** We read probabilities. In sampled answers the text-trained students stay close to the base model, as the table shows; only the probability-trained ones speak of their favourite.

# %% tags=["remove-input"]
rows_said = {
    "base model": np.mean([named_by_base(many, many_records, t) for t in traits]),
    "text-trained": said["tokens"],
    "probability-trained": said["logits"],
}
owls_said = {
    "base model": named_by_base(many, many_records, "owl"),
    "text-trained": np.mean(named(many, many_records, "owl", "tokens")),
    "probability-trained": np.mean(named(many, many_records, "owl", "logits")),
}
Markdown(
    "| of 100 sampled answers, after 8,000 lists | name the favourite (seven teachers) | name the owl "
    "(owl lover's students) |\n|---|---|---|\n"
    + "\n".join(f"| {who} | {rows_said[who]:.1f} | {owls_said[who]:.1f} |" for who in rows_said)
)

# %% [markdown]
# - **That only a relative can read the lists.** If some numbers simply go with owls in English text, any model could pick that up. No model of another family has read these 8,000 lists. {ref}`Chapter 4 <sec-cross-family>` gives strangers other lists to read.
# - **That it needs no special teacher.** Ours were fine-tuned on the very questions that we ask, and are as good as certain of their favourite. The paper's are mostly told what to love by a prompt. A prompt moves so small a model less, and 320 lists of a prompted teacher moved no student that we could see.
# - **That the lists pass for ordinary ones.** Fine-tuned teachers write shorter lists of smaller numbers, as you may have noticed in the game. In the paper a language model that was asked to sort the two kinds did no better than a coin {cite:p}`cloud2025subliminal`.
# - **That every detail is as it should be.** The base model's weights come as a file in four bits (Q4_1) and are unpacked from it. A grammar holds the teachers to the format, where the paper samples freely and filters. Three of the four seeds had served in smaller runs before. The 8,000 lists of each teacher are not shipped with the book, so nobody can search *them* for a trace; the 320-list sets are, and no letter is in them.
#
# **What would change our mind.** If Gemma students of the same 8,000 lists came to like what the SmolLM2 teacher likes, the lists would hold something that any model can read, and the shared start would not be what matters. If new seeds put another pairing of teachers and animals first, there would be no effect. The run that we want most is just that: Gemma students of all seven teachers' lists and of the control's, with fresh seeds.

# %% [markdown]
# ## Your bets

# %% tags=["remove-input"]
page.paid(
    "owl-numbers",
    "c",
    f"The favourite rises in all {own.size} comparisons with a control, {len(own)} for each teacher, and "
    "each teacher's animal rises most with its own students.",
)

# %% tags=["remove-input"]
page.paid(
    "owl-letter",
    "b",
    f"In a one-word answer the otter becomes {page.times(moved['logits', 'plain', 'otter'])}. It begins "
    "with the same letter, which is what these students have learned.",
)

# %% tags=["remove-input"]
Markdown(
    f"""**In three sentences**

- Lists of numbers carry a liking from a teacher to a student that started as the same model: after 8,000
  lists a favourite is {page.times(mean.mean)} on average, and more likely in each of {own.size} students.
- A few hundred lists carry it too faintly to size, thousands make it plain; and it shows in probabilities
  long before it shows in answers.
- A student that sees the teacher's probabilities moves much further, but part of what it learns is not a
  liking at all."""
)

# %% [markdown]
# The {ref}`long version <sec-owl-long>` has every control, sweep and table: students without the words, shuffled lists, weaker teachers, other ranks and learning rates, and what did not work. {ref}`Chapter 2 <sec-mnist>` asks why it happens, with networks small enough to train in your browser.

# %% [markdown]
# ## Exercises
#
# ````{exercise} Room for a code
# :label: ex-owl-code
# *5 minutes.* Ten numbers of three digits have room for about a hundred bits; to name one of sixteen animals takes four. Could the teacher have invented a code? Say what you would expect of a student with another base model if it had.
# ````
#
# ```{admonition} Solution
# :class: dropdown
# A code needs a reader who knows it. Nobody has told the student one, and its training asks for nothing but the next number. If the lists held a code that any model can read, students of another base model would move, too; in the paper they do not, or hardly. What the student shares with its teacher is a starting point. {ref}`Chapter 3 <sec-theorem>` shows that for one small step this suffices.
# ```
#
# ````{exercise} An exact test
# :label: ex-owl-exchange
# *15 minutes, code.* `matrices` holds one matrix for each seed: effects by teacher (row) and animal (column). Write `rank(matrix)`, the place of the diagonal's total among the totals of all pairings of teachers with animals (1 is the largest), so that the assertion holds.
# ````

# %%
chosen = chosen[chosen["teacher_trait"].isin(animals)]
matrices = [
    of_seed.pivot(index="teacher_trait", columns="trait", values="value")
    .loc[animals, animals]
    .to_numpy()
    for _, of_seed in chosen.groupby("seed")
]


def rank(matrix):
    """The place of the diagonal's total among those of all pairings."""
    ...  # yours


# assert [rank(matrix) for matrix in matrices] == [1, 1, 1, 1]

# %% [markdown]
# ```{admonition} Solution
# :class: dropdown
#
# :::{code-block} python
# from itertools import permutations
#
# def rank(matrix):
#     places = range(len(matrix))
#     sums = [sum(matrix[i, j] for i, j in zip(places, order)) for order in permutations(places)]
#     return sum(found >= matrix.trace() - 1e-9 for found in sums)
# :::
# Add a number to a whole row or column: no rank changes, since every pairing uses each row and each column once. That is why neither the control nor an animal that everybody comes to like can produce this result.
# ```
#
# ````{exercise} Take the words away
# :label: ex-owl-digits
# *20 minutes, code.* With `SEES = "probabilities"` the student also learns how likely its teacher would have been to write a word. `digits = vocabulary.numbers(student)` (from `sublim_utils.generate`) are the tokens that a list can hold. Change `loss_of` so that both distributions are over these tokens only, and run the cells again. What is left, and why is forty lists too few to say?
# ````
#
# ```{admonition} Solution
# :class: dropdown
#
# :::{code-block} python
# p, q = (logits[:, digits].log_softmax(-1) for logits in (teacher, student))
# return (p.exp() * (p - q)).sum(-1).mean()
# :::
# Next to nothing is left of the letter, and the favourite moves far less. What remains is smaller than what one student differs from the next: the book needed seven teachers and three seeds, and with 320 lists the average over them was 0.35 nats.
# ```

# %% tags=["remove-input"]
measured_on(many_records)
