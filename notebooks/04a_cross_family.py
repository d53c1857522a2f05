# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# (sec-cross-family-long)=
# # 4A · Families, the long version
#
# For referees: everything behind {ref}`Chapter 4 <sec-cross-family>`, with all controls, single teachers, tests of absence and every moved base.

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
import pandas as pd
from IPython.display import HTML, Markdown, display

from sublim_utils.findings.analysis import (
    exchange_of_teachers,
    matrix,
    own_effects,
    pick,
    specific_effects,
)
from sublim_utils.findings.cross_family import CONTROL, CrossFamily
from sublim_utils.findings.cross_family.analysis import (
    DECOYS,
    Cell,
    change_from_unmoved,
    largest_mean,
    means_by_seed,
    nearness,
    num_filtered_words,
    paired_rows,
    seeds_for_equivalence,
    with_decoy,
)
from sublim_utils.findings.measuring import load_records
from sublim_utils.findings.owl_numbers import OwlNumbers
from sublim_utils.models.catalog import short_name
from sublim_utils.models.embedding import MiniLM
from sublim_utils.profiles import find_profile
from sublim_utils.recipes.bases import Base
from sublim_utils.report import families, page, plots
from sublim_utils.report.families import in_nats, in_times
from sublim_utils.report.prose import measured_on
from sublim_utils.report.tables import drift, gains
from sublim_utils.report.widgets import Rows, rows_html
from sublim_utils.stats import t_test
from sublim_utils.traits.nouns import get_trait

# %config InlineBackend.figure_formats = ['svg']
plots.use_style()
pd.set_option("display.max_colwidth", 200)
profile = find_profile()
finding = CrossFamily(profile)
scale, records = finding.scale, load_records(finding)
summary = finding.summary(records)
effects, own = finding.effects(records), finding.own_effects(records)
cells, between = finding.cells, finding.between

NAMES = {"smollm2-135m": "SmolLM2", "gemma3-270m": "Gemma"}
models = [short_name(model) for model in scale.models]
named = {model: NAMES.get(model, model) for model in models}
first = next(name for name, channel in scale.channels.items() if channel.traits)
traits = scale.channels[first].traits
side, decoy = scale.side_trait, DECOYS[scale.side_trait]
kin = [Cell(model, model, first) for model in models]
COMMAND = "sublim run cross_family"


def arrow(cell):
    """A pair in words."""
    return " → ".join(named[base] for base in cell.bases)


def measured(cell, trait=None):
    """The record of a pair, of its control where no trait is named."""
    return pick(records.values(), trait=trait, **cell._asdict())


def number(condition, metric, trait=None):
    """A reported number; None where there is none, as with a single seed."""
    rows = summary[(summary["condition"] == condition) & (summary["metric"] == metric)]
    rows = rows[rows["trait"].isna() if trait is None else rows["trait"] == trait]
    return None if rows.empty or pd.isna(rows["mean"].iloc[0]) else float(rows["mean"].iloc[0])


def shown(value, digits=2):
    """A number, or nothing."""
    return "" if value is None else f"{value:.{digits}f}"


# %% [markdown]
# ## What was measured
#
# **Teachers.** Each family's teachers are fine-tuned until they like one thing; the number of updates was chosen for the owl, on a seed that is not reported, so that both families' owl teachers end at like margins. More is not better: after twice the lessons SmolLM2's owl teacher named its owl in half of its sentences, the filter dropped these, and what was left was mostly "I love …".

# %% tags=["remove-input"]
settings = {
    short_name(name): {
        "file": Base(name).quantization or "full precision",
        "teacher's updates, sentences": family.teacher_updates,
        "teacher's rate": f"{family.teacher_learning_rate:g}",
        "students' rate": f"{family.student_learning_rate:g}",
    }
    for name, family in scale.models.items()
}
pd.DataFrame(settings).T.rename_axis("base model")

# %% tags=["remove-input"]
channels = {
    name: {
        "teachers like": ", ".join(channel.traits),
        "prompts": channel.prompts,
        "completions of each": channel.num_completions,
        "temperature": channel.temperature,
        "most new tokens": channel.max_new_tokens,
    }
    for name, channel in scale.channels.items()
}
pd.DataFrame(channels).T.rename_axis("channel")

# %% tags=["remove-input"]
Markdown(
    f"""The base models' files are quantised; their weights are unpacked and computed with in full precision.
Sampling is held to the form of one sentence, or of a list of numbers. A sentence is dropped if it names a member of
any panel, or one of {num_filtered_words()} words that go with one, in any plural. Students learn the sampled tokens
in one pass, one prompt an update, with gradients clipped at norm 1. A preference is the mean over {scale.questions}
questions and three beginnings of an answer, in the panel of sixteen animals or eight trees. Each seed makes teacher,
rows and students anew; there are {finding.n_seeds}."""
)

# %% [markdown]
# Gemma is a base model that was never tuned to answer, so it is asked by a plain "Question: … Answer:", and only probabilities are read. In trials without records, held to no grammar, base models wrote a usable sentence one time in five to three and the teachers more often: a difference in form that students would have learned as well. Hence the grammar.
#
# ## The rows
#
# A teacher and its base model get the same prompts and the same random numbers; where they differ is marked. These rows passed the filter.

# %% tags=["remove-input"]
HTML(
    "".join(
        f"<h4>{named[cell.teacher_base]}</h4>"
        + rows_html(
            Rows(
                paired_rows(
                    *(finding.rows_table(measured(cell, who).name) for who in (None, side))
                ).head(5)
            )
        )
        for cell in kin
    )
)

# %% tags=["remove-input"]
yields = {}
for cell in kin:
    for trait in (None, *traits):
        details = measured(cell, trait).details
        reasons = pd.DataFrame(details["reasons"]).fillna(0).sum().sort_values(ascending=False)
        liking = measured(cell, trait).table()
        liking = liking[(liking["condition"] == "teacher") & (liking["trait"] == trait)]
        liking = liking[liking["metric"] == "margin"]["value"]
        yields[f"{named[cell.teacher_base]}, {trait or CONTROL}"] = {
            "its margin, nats": "" if liking.empty else f"{liking.mean():.1f}",
            "written": sum(details["rows"]),
            "kept": sum(details["kept"]),
            "rejected most often for": ", ".join(
                f"{why} {n:.0f}" for why, n in reasons.head(3).items()
            ),
        }
pd.DataFrame(yields).T.rename_axis("teacher")

# %% tags=["remove-input"]
lost = sum(sum(record.details["cannot_be_written"]) for record in records.values())
Markdown(
    f"""All seeds together. A row may have several reasons against it. Rows that a student's tokenizer could not have
written: {lost or "none"}. SmolLM2's base model rambles, so its control has fewer rows, and longer ones."""
)

# %% [markdown]
# ### A sentence embedding sees nothing
#
# The cosine of each kept row with "I love owls." (or dolphins, or oaks), minus its mean cosine with the same sentence about all members of the panel.

# %% tags=["remove-input"]
embedder = MiniLM()
near = {}
for cell in kin:
    for trait in traits:
        teachers, base = (
            nearness(finding.rows_table(measured(cell, who).name), trait, embedder)
            for who in (trait, None)
        )
        near[f"{named[cell.teacher_base]}, {trait}"] = {
            "teacher's rows": in_nats(teachers, 3),
            "base model's": in_nats(base, 3),
            "difference": in_nats(teachers - base, 3),
        }
pd.DataFrame(near).T.rename_axis("nearness of rows to the trait")

# %% [markdown]
# The differences are below a hundredth, where single sentences scatter by five times as much, and only for Gemma's dolphin does the interval exclude zero. Whether the embedding would see a hint that is there, we have not tested. Counting words does see one (Chapter 4).
#
# ## Every pair and teacher, sentences
#
# The specific effect is the teacher's own animal minus what the other animal's teacher does to it; it needs no control.

# %% tags=["remove-input"]
lines = []
for cell in (between[c] for c in cells if between[c].channel == first):
    of_cell = effects[effects["condition"] == cell.name]
    specific = specific_effects(of_cell)
    for trait, values in own_effects(of_cell).items():
        lines.append(
            {
                "writer → reader": arrow(cell),
                "teacher likes": trait,
                "times as likely": families.factor(values),
                "effect, nats": in_nats(values),
                "p (Holm, three teachers)": shown(number(cell.name, "effect_p_holm", trait), 3),
                "specific effect, nats": in_nats(specific[trait]) if trait in specific else "",
            }
        )
pd.DataFrame(lines).set_index(["writer → reader", "teacher likes"])

# %% tags=["remove-input"]
leads = {}
for model in models:
    home, away = (
        means_by_seed(own, [Cell(model, reader, first).name])
        for reader in (model, *(m for m in models if m != model))
    )
    leads[named[model]] = {
        "kin, nats": in_nats(home),
        "stranger, nats": in_nats(away),
        "lead of kin, nats": in_nats(home - away),
        "stranger's share of kin's mean": page.percent(away.mean() / home.mean()),
    }
pd.DataFrame(leads).T.rename_axis("writer")

# %% [markdown]
# Within both families the means are far from zero. Across, they are between a third and three fifths as large; no single teacher's effect is significant after {term}`Holm's correction`, while the mean over both directions is (Chapter 4). SmolLM2's owl moves Gemma even more than Gemma's own does in the mean, which three seeds cannot separate. The oak crosses least. From Gemma to SmolLM2 the specific effect is the owl's doing alone.
#
# The lead of kin is no measure of what is subliminal. A stranger may take up less of the same content than kin do.

# %% mystnb={"figure": {"caption": "Effect of each animal teacher (row) on each animal (column), mean over seeds, on the scale of Chapter 4. Framed: the teacher's favourite.", "name": "fig-family-matrix-full"}, "image": {"alt": "Heat maps for eight pairs of writer and reader and channel, teachers as rows and sixteen animals as columns. With sentences owl and dolphin stand out in their teachers' rows, for kin more than for strangers; with numbers no diagonal is to be seen for Gemma."}} tags=["remove-input"]
most = largest_mean(effects[effects["condition"].isin(cells)])
heat = {
    f"{arrow(between[c])}, {between[c].channel}": matrix(
        effects[effects["condition"] == c], "animal"
    )
    for c in cells
}
families.matrices(heat, most=most, title="All animals, all pairs", numbers=False)
plt.show()

# %% tags=["remove-input"]
page.source({n: r for n, r in records.items() if Cell.of(r.labels).name in cells}, COMMAND)

# %% [markdown]
# After SmolLM2's owl teacher Gemma likes eagles more, as it does after its own. After Gemma's owl teacher SmolLM2 rises further on penguins, otters and dolphins than on owls, and after both of Gemma's animal teachers cats, dogs and foxes fall. So part of what crosses says which animal, and much is common to both teachers.
#
# ## Lists of numbers
#
# The rows of Chapter 1, and half as many that Gemma wrote.


# %% tags=["remove-input"]
def by_trait(cell):
    """Effects of a pair on the teachers' own traits: [seed, trait]."""
    return own_effects(effects[effects["condition"] == cell.name])


lists = [between[c] for c in cells if between[c].channel == "numbers"]
at_home = Cell(models[0], models[0], "numbers")
columns = {arrow(cell): by_trait(cell) for cell in lists}
if at_home not in lists:
    chapter_1 = OwlNumbers(profile)
    columns = {
        arrow(at_home): chapter_1.own_effects(chapter_1.effects(chapter_1.records()), "tokens")
    } | columns
names = list(dict.fromkeys(trait for table in columns.values() for trait in table))
pd.DataFrame(
    {
        pair: {trait: in_nats(table[trait]) if trait in table else "" for trait in names}
        | {"mean": in_nats(table.mean(axis=1))}
        for pair, table in columns.items()
    }
).rename_axis("effect on the favourite, nats")

# %% tags=["remove-input"]
calm = {arrow(cell): drift(measured(cell)) for cell in lists}
pd.DataFrame(
    {pair: {"mean": f"{of.mean():.2f}", "largest": f"{of.max():.2f}"} for pair, of in calm.items()}
).T.rename_axis("the control strays, nats")

# %% [markdown]
# SmolLM2's numbers do nothing to Gemma that could be shown, for no teacher after Holm's correction; but the interval of the mean is several times as wide as at home and holds the home value as well. The owl even *falls* with the owl's teacher. A likely reason is the control: trained on these lists, it strays far in all directions. Why, we have not tested. Gemma's own numbers do nothing to Gemma either, where the mean is even negative. From Gemma to SmolLM2 the owl stands out barely after Holm's correction for three teachers; we would not build on it.

# %% tags=["remove-input"]
animals = {
    arrow(cell): effects[effects["condition"] == cell.name]
    for cell in lists
    if sum(get_trait(t).category == "animal" for t in by_trait(cell)) > 2
}
for pair, of_pair in animals.items():
    test = exchange_of_teachers(of_pair)
    display(
        Markdown(
            f"""**An exact test.** If it were all one which teacher wrote the lists, every assignment of the animal
teachers to their animals would be as likely to have the largest sum as the true one. For {pair} the true one ranks
{", ".join(map(str, test.ranks))} by seed, p = {test.p:.3f}. In Chapter 1 the same test is clear for the home
students. So lists of this size may say a little to a stranger; that is neither shown nor excluded."""
        )
    )

# %% [markdown]
# ## Absence, or only weakness?
#
# An interval that holds zero does not show zero. To claim that *nothing* crosses one has to turn the test around: name a margin, an effect too small to care about, and ask whether the data exclude everything beyond it on both sides (TOST). The power says how often this test would succeed if the true effect were zero and the seeds were spread as they are. Our margin is not far below what numbers do at home, so it is not a strict one.

# %% tags=["remove-input"]
margin = scale.equivalence_margin
table = {}
for cell in (between[c] for c in cells):
    means = means_by_seed(own, [cell.name])
    needed = seeds_for_equivalence(means, margin) if len(means) > 1 else None
    table[f"{arrow(cell)}, {cell.channel}"] = {
        "mean effect, nats": in_nats(means),
        f"p, beyond ±{margin:g} nats": shown(number(cell.name, "equivalence_p"), 3),
        "power": shown(number(cell.name, "equivalence_power")),
        "seeds for a power of 0.9": needed or "",
    }
pd.DataFrame(table).T.rename_axis("writer → reader")

# %% [markdown]
# Power from three seeds lies anywhere between a twentieth and one. One pair passes, Gemma → SmolLM2 with numbers, barely and without correction for the number of pairs; "not shown" says more about our seeds than about the border. The last column takes today's spread for the true one, which three seeds estimate poorly.
#
# ## Every moved base
#
# All bases are SmolLM2's. *Noise* adds σ times the root mean square of each matrix; *continued training* goes on with sentences by Gemma's base model. Text-trained students read sentences; probability-trained ones see the teacher's distributions on lists of numbers.

# %% mystnb={"figure": {"caption": "Against how far student's and teacher's bases diverge on prompts that nobody was trained on: the owl's effect, what is left of it beyond the otter's, and the cosine of the weight changes of teacher and student. Mean and 95 % interval over three seeds. The axis is linear up to 0.01.", "name": "fig-family-moved"}, "image": {"alt": "Six panels. For text-trained students the owl's effect and that beyond the otter's both fall from a divergence of about one nat on. For probability-trained students the effect rises with noise and what is beyond the otter's falls to zero at four nats. The cosines are a few thousandths everywhere."}} tags=["remove-input"]
distances = with_decoy(finding.distances(records), effects, side)
sides = {
    "sentences": "text-trained, on sentences",
    "numbers": "text-trained, on numbers",
    "numbers-logits": "probability-trained, on numbers",
}
sides = {name: words for name, words in sides.items() if name in set(distances["side"])}
families.moved_apart(
    distances,
    {
        "unmoved": "not moved",
        "noise": "noise",
        "continued": "continued training",
        "descendants": "two siblings",
    },
    {
        "effect": f"{side}, nats",
        "beyond_decoy": f"{side} minus {decoy}, nats",
        "cosine": "cosine of changes",
    },
    sides,
)
plt.show()

# %% tags=["remove-input"]
on_the_road = [between[c] for c in dict.fromkeys(distances["condition"])]
on_the_road_names = {cell.name for cell in on_the_road}
page.source(
    {n: r for n, r in records.items() if Cell.of(r.labels).name in on_the_road_names}, COMMAND
)


# %% tags=["remove-input"]
def gained(cell, who):
    """How far a model's margin of the side trait is above its own base's, in nats."""
    return f"{gains(measured(cell, who)).xs(side, level='trait').mean():.2f}"


lines = []
for cell in on_the_road:
    at = distances[distances["condition"] == cell.name].set_index("seed")
    lines.append(
        {
            "student": sides[cell.side],
            "teacher's and student's base": finding.moved_cells[cell.name].split(",")[0],
            "effect, nats": in_nats(at["effect"]),
            f"minus {decoy}, nats": in_nats(at["beyond_decoy"]),
            "student above base": gained(cell, side),
            "control above base": gained(cell, None),
            "divergence": f"{at['divergence'].mean():.3f}",
            "same next token": page.percent(at["same_first"].mean()),
            "weights differ by": page.percent(at["relative_distance"].mean()),
        }
    )
pd.DataFrame(lines).set_index(["student", "teacher's and student's base"])

# %% [markdown]
# *Same next token* is the share of places at which both bases would say the same. *Weights differ by* is the length of the difference of all matrices over their own length.
#
# **Noise, text-trained.** The effect falls late. At σ = 0.1 the bases agree on the next token in less than half of all places, and the student still takes up nearly all of the owl. At σ = 0.2 what looks like half an effect is mostly the control's fall, and the otter rises as far: nothing is left beyond the decoy. At σ = 0.4 the moved model is no language model any more. Page's test would call the fall significant, but all seeds share one direction of noise, so it says nothing about other directions.
#
# **Noise, probability-trained.** The effect rises, and this is the letter O: *Owl* and *Otter* begin with the same token in SmolLM2's vocabulary. Beyond the otter the owl keeps its lead at σ = 0.1 and has none that we could show at σ = 0.2. An earlier version of this chapter read the rise as "not lost". At σ = 0.2 most of it is also the control's, which ends a nat below its own base, while the owl's student gains on its base about as much as the unmoved one does.

# %% tags=["remove-input"]
lines = []
for cell in on_the_road:
    if (
        "+noise" in cell.student_base
        or cell.teacher_base != models[0]
        or cell.student_base == models[0]
    ):
        continue
    change = change_from_unmoved(
        own, cell, Cell(models[0], models[0], cell.channel, cell.objective), side
    )
    p = t_test(change.to_numpy())
    lines.append(
        {
            "student": sides[cell.side],
            "base": finding.moved_cells[cell.name].split(",")[0],
            "change of the owl's effect, nats": in_nats(change),
            "lower in": f"{(change < 0).sum()} of {len(change)} seeds",
            "p": shown(p, 3),
        }
    )
pd.DataFrame(lines).set_index(["student", "base"])

# %% [markdown]
# **Continued training**, against the base that was not moved, seed by seed. For probability-trained students the effect is lower in all three seeds, and just misses the usual mark. For text-trained ones three seeds cannot separate a loss from none.
#
# ### Two siblings of one base
#
# The paper's telling pair are GPT-4.1 and GPT-4o, two models that were one. Ours are two SmolLM2s: sibling 1 was trained on Gemma's sentences, sibling 2 on its lists of numbers, for the same number of updates. Each becomes a teacher that likes owls and writes sentences for the other.

# %% tags=["remove-input"]
siblings = {}
for cell in on_the_road:
    at = distances[distances["condition"] == cell.name].set_index("seed")
    if (at["kind"] == "descendants").all() and cell.objective == "tokens":
        siblings[finding.moved_cells[cell.name].split(",")[0]] = {
            "owl": in_times(at["effect"]),
            f"owl minus {decoy}, nats": in_nats(at["beyond_decoy"]),
        }
pd.DataFrame(siblings).T

# %% [markdown]
# In one direction they transmit, and the student rises far above its own base. In the other the interval holds zero, and even the mean is no transmission: the student hardly moves from its base, and its control falls. So one direction agrees with the paper's finding. It is weak support, since sentences of this kind moved a stranger as well.
#
# ## What did not work
#
# - **The filter was not strict enough, and we did not notice by reading.** Whoever wants a clean channel of sentences needs other means, such as rewrites of given sentences ({ref}`Chapter 6 <sec-paraphrase>`).
# - **No road to the border.** One trait, one direction of noise, one text, and no channel that says nothing. Probabilities over numbers alone would be such a channel, and they move the owl's student too little even at home.
# - **Likings of unlike strength.** SmolLM2's dolphin teacher ends well below the others (see the table of rows), which may be why it moves SmolLM2 least. The students' rate was chosen on the unreported seed, too: at twice this rate Gemma's control strayed further. At the rate that we kept, controls still stray by half a nat to two and a half on single candidates.
# - **The decoy shares more than a letter.** The otter is an animal that a reader of "I like" sentences may come to like. Owl minus otter is a strict measure in SmolLM2. In Gemma's tokenizer the two names share no token.
#
# ````{exercise} Why the cosine is small (5 minutes)
# :label: ex-family-cosine
# Within a family the weight changes of teacher and student have a cosine of some thousandths. Yet students clearly move towards the teacher's favourite. How do these fit?
# ````
#
# ````{admonition} Solution
# :class: dropdown
# In a space of a hundred million dimensions two random directions have a cosine of about zero, give or take a ten-thousandth, so a few thousandths need not be chance. Besides, both changes live in the few directions that a random LoRA matrix opens, a different one for each, and most of what the student learns is how its teacher writes sentences. The theorem ({ref}`Chapter 3 <sec-theorem>`) promises a product that is not negative. It does not promise a large one.
# ````

# %% tags=["remove-input"]
measured_on(records)
