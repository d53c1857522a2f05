# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# (sec-theorem-long)=
# # 3A · One small step, the long version
#
# The theorem in full, every loss and input, how the product of the two steps scales, and what is left of it after many steps, with Adam, and with sampled answers. {ref}`Chapter 3 <sec-theorem>` has the argument.
#
# **12 minutes** · runs on a CPU · [Open in Colab](https://colab.research.google.com/github/subliminal-book/subliminal-learning/blob/main/notebooks/03a_theorem.ipynb) · [Notebook](https://github.com/subliminal-book/subliminal-learning/blob/main/notebooks/03a_theorem.ipynb)

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
from IPython.display import Markdown

from sublim_utils.findings.measuring import load_records
from sublim_utils.findings.theorem import Theorem
from sublim_utils.mnist.theorem_recipes import INPUTS, TEACHERS
from sublim_utils.profiles import find_profile
from sublim_utils.report import page, plots, small_networks as draw
from sublim_utils.report.prose import measured_on
from sublim_utils.report.widgets import Picture, figure_picker
from sublim_utils.stats import share_interval

# %config InlineBackend.figure_formats = ['svg']
plots.use_style()
profile = find_profile()
finding = Theorem(profile)
records = load_records(finding)
summary = finding.summary(records)
n_seeds = len(records["signs"].experiment["seeds"])
every = finding.table(records["signs"])
signs = draw.speaking(every)
same, other = (signs[signs["start"] == which] for which in ("same", "other"))
limits = finding.table(records["limits"])
SIGN = "inner product ≥ 0"


def cosine(condition, metric="cosine", digits=3):
    """A reported quantity with its interval."""
    rows = summary[(summary["condition"] == condition) & (summary["metric"] == metric)]
    (row,) = rows.to_dict("records")
    return page.interval(row["mean"], row["low"], row["high"], digits)


def source(name):
    """Where a figure comes from."""
    return page.source({name: records[name]}, "sublim run theorem")


# %% [markdown]
# ## The statement
#
# Let $f_\theta(x)$ be the outputs of a network with weights $\theta$ on an input $x$. Teacher and student both start at $\theta_0$.
#
# - The **teacher** takes one gradient step on *any* differentiable loss: $\Delta_T = -\varepsilon\,\nabla L(\theta_0)$.
# - The **student** takes one gradient step towards the teacher's outputs, on *any* distribution of inputs: $\Delta_S = -\alpha\,\nabla_\theta\, \mathbb{E}_x\, \ell\big(f_\theta(x), f_{\theta_0 + \Delta_T}(x)\big)$ at $\theta = \theta_0$, where $\ell$ is the squared error or the cross-entropy of softmaxes, of all outputs or of some.
#
# Then, for small enough $\varepsilon$, $\Delta_S \cdot \Delta_T \ge 0$; and unless the product is zero for every $\varepsilon$, the student's step lowers the teacher's loss, $L(\theta_0 + \Delta_S) < L(\theta_0)$, for small $\varepsilon$ {cite:p}`cloud2025subliminal`.
#
# With $J$ the derivative of $f_\theta(x)$ by $\theta$ at $\theta_0$, squared error gives $\Delta_S \approx \alpha\,\mathbb{E}_x J^\top J\,\Delta_T$, and so $\Delta_T\cdot\Delta_S \approx \alpha\,\mathbb{E}_x\lVert J\,\Delta_T\rVert^2 \ge 0$. With cross-entropy the matrix $\operatorname{diag}(p) - pp^\top$ of the student's probabilities $p$ comes between $J^\top$ and $J$; it has no negative eigenvalue either. Choosing some of the outputs leaves out rows of $J$.
#
# A student at another $\theta_0'$ misses by $f_{\theta_0}(x) - f_{\theta_0'}(x) + J\,\Delta_T$. The first part has nothing to do with the teacher's training and does not shrink with $\varepsilon$. To leading order such a student imitates what the teacher was *before* its step.
#
# ## Every loss, every input

# %% tags=["remove-input"]
seeds = same.groupby("seed")["cosine"].min() > 0
bound = share_interval([float(ok) for ok in seeds])
fewer = int((same["cosine"] > 0).sum()), int((same["fall"] > 0).sum())
Markdown(
    f"From a shared start {fewer[0]:,} of {len(same):,} products are positive, "
    f"{len(same) // n_seeds} in each of {n_seeds} seeds, and {fewer[1]:,} of the student's steps, "
    "taken as long as the teacher's, lower the teacher's loss. Pairs of one seed share a start and "
    f"are not independent, so the seed is what counts: {int(seeds.sum())} of {n_seeds} are without "
    f"an exception, which by the exact binomial bound puts the share of such seeds above "
    f"{page.percent(bound.low)}. The smallest cosine of a seed is "
    f"{cosine('same gradient', 'smallest cosine', 4)} on average. From another start "
    f"{draw.percent_of(summary, 'other gradient', SIGN, bounds=True)} of the products are not "
    f"negative, with a mean cosine of {cosine('other gradient', 'mean cosine')}."
)

# %% [markdown]
# Two random directions in 270,000 dimensions have a cosine of about ±0.002. One case is left out: cross-entropy on a single output, where the softmax is always 1 and the student gets no gradient.
#
# From another start we had predicted a fair coin. It is not one, and how unfair it is depends on the teacher's loss and on what the student imitates:

# %% tags=["remove-input"]
coin = (other["cosine"] >= 0).groupby([other["teacher"], other["selection"]]).mean().unstack()
coin = coin.loc[list(TEACHERS), ["all", "auxiliary", "one"]].map(page.percent)
coin.columns = ["all outputs", "three meaningless", "one meaningless"]
coin.rename_axis("the teacher's loss")

# %% tags=["remove-input"]
source("signs")

# %% [markdown]
# *Share of products that are not negative, another start.*
#
# A likely reason: such a student moves towards what the teacher's outputs were before its step, and several of these losses begin by taking down just those random outputs, the squared error to random targets most of all. For a random direction, which knows nothing of outputs, the coin is fair.
#
# ## Choose a teacher
#
# How much is passed on differs between losses and inputs. Points are mean cosines from a shared start with their 95 % intervals, for squared error.

# %% tags=["remove-input"]
SEEN = {
    "uniform": "uniform\nnoise",
    "gaussian": "Gaussian\nnoise",
    "digits": "digits",
    "grey": "grey",
}
OUTPUTS = {
    "all": draw.Line("all outputs", "probabilities"),
    "auxiliary": draw.Line("three meaningless", "base"),
    "one": draw.Line("one meaningless", "other"),
}


def cosines(teacher):
    """One figure: the student's cosines with this teacher."""
    rows = same[(same["teacher"] == teacher) & (same["objective"] == "squared error")]
    tidy = rows.rename(columns={"inputs": "level", "selection": "condition", "cosine": "value"})
    figure = draw.levels(
        tidy.drop(columns="start"),
        OUTPUTS,
        axis="what the student sees",
        title=f"The teacher's loss: {teacher}",
        value_axis="cosine",
        level_names=SEEN,
        percent=False,
        reference=None,
    )
    means = rows.groupby("selection")["cosine"].mean()
    alt = f"Teacher's loss: {teacher}. Mean cosine " + ", ".join(
        f"{means[name]:.3f} for {line.label}" for name, line in OUTPUTS.items()
    )
    return Picture(figure, alt)


figure_picker({teacher: [cosines(teacher)] for teacher in TEACHERS}, "The teacher's loss:")

# %% tags=["remove-input"]
means = same.groupby(["teacher", "inputs"])["cosine"].mean().unstack()
means = means.loc[list(TEACHERS), list(INPUTS)].map("{:.3f}".format)
means.rename_axis(index="the teacher's loss", columns="the student sees")

# %% [markdown]
# *Mean cosine from a shared start, over both student's losses, all choices of outputs, and seeds.*
#
# A random direction is passed on least: it moves all weights alike, and most of that the outputs do not show. A loss on outputs moves what outputs show.
#
# ## How it scales
#
# To leading order the product is $\alpha\,\mathbb{E}\lVert J\Delta_T\rVert^2$: twice the teacher's step, four times the product. From another start the student's step hardly depends on the teacher's, so the product grows with the first power only, with whatever sign.
#
# *Prediction: slopes of 2 and 1 in a double logarithmic plot, up to steps that are no longer small.*

# %% mystnb={"figure": {"name": "fig-theorem-scaling", "caption": "Absolute inner product against the length of the teacher's step (median over seeds), three meaningless outputs, cross-entropy. Dashed: slopes 2 and 1."}, "image": {"alt": "Double logarithmic plot. The shared start follows slope 2, the other start slope 1, up to steps of a length of about one."}} tags=["remove-input"]
scaling = finding.table(records["scaling"])
scaling = scaling[(scaling["objective"] == "cross-entropy") & (scaling["selection"] == "auxiliary")]
draw.power_laws(scaling, title="A shared start grows with the square of the step")
plt.show()

# %% tags=["remove-input"]
source("scaling")

# %% tags=["remove-input"]
slopes = records["scaling"].table().groupby("condition")["value"].agg(["mean", "min", "max"])
names = {
    f"{start} {objective} {selection}": f"{which} start, {objective}, {words}"
    for start, which in (("same", "shared"), ("other", "another"))
    for objective in ("squared error", "cross-entropy")
    for selection, words in (("all", "all outputs"), ("auxiliary", "three meaningless"))
}
slopes.loc[list(names)].rename(index=names).map("{:.4f}".format).rename_axis("slope, steps to 0.02")

# %% [markdown]
# *Mean, smallest and largest of the seeds.* From another start and with all outputs, slopes differ between seeds, since these products change their sign. The weights of this network have a length of about 23, so a step of 1 is already long. The power law holds far beyond what "small enough" would promise.
#
# ## How far the starts may be apart
#
# Student starts are mixtures $\sqrt{1-\sigma^2}\,\theta_0 + \sigma\,\theta'$ as in Chapter 2. The student misses by about $J(\Delta_T - \delta)$, where $\delta$ is the difference of the starts, so what counts should be $\lVert J\delta\rVert$ compared with $\lVert J\Delta_T\rVert$.

# %% tags=["remove-input"]
distances = finding.table(records["distances"])
distances = distances[distances["objective"] == "squared error"]


def by_distance(selection):
    """Seeds on the teacher's side and the mean angle, by the teacher's step and the distance."""
    rows = distances[distances["selection"] == selection]
    groups = rows.groupby(["length", "distance"])["cosine"]
    told = groups.apply(lambda c: f"{(c > 0).sum()} ({c.map(draw.angle).mean():.1f}°)").unstack()
    told.columns = [f"σ = {d:g}" for d in told.columns]
    return told.rename_axis(f"step, {OUTPUTS[selection].label}")


by_distance("all")

# %% tags=["remove-input"]
by_distance("auxiliary")

# %% tags=["remove-input"]
source("distances")

# %% tags=["remove-input"]
Markdown(
    f"*Seeds of {n_seeds} in which the student's step is on the teacher's side, and the mean angle; "
    "squared error.*"
)

# %% [markdown]
# The expectation holds for short steps: one that is ten times as long bears about ten times the distance. With all outputs and long steps even an independent start moves the teacher's way, by ordinary distillation: the trained outputs themselves point there.
#
# ## Many steps
#
# A real teacher takes hundreds of steps, with Adam, on new batches. After some of them we let a student take its one step from $\theta_0$ and compare it with the teacher's *whole* way.
#
# *Prediction: the cosine stays positive and shrinks as the teacher leaves the neighbourhood where $J$ describes it.*

# %% mystnb={"figure": {"name": "fig-theorem-steps", "caption": "Cosine between the student's first step and the teacher's whole way, by the number of the teacher's steps (all outputs, cross-entropy, 95 % intervals)."}, "image": {"alt": "From a shared start the cosine falls from 0.37 to 0.10 over 300 steps of SGD, and from 0.13 to 0.08 with Adam; from another start it is near zero."}} tags=["remove-input"]
steps = limits[(limits["limit"] == "steps") & (limits["objective"] == "cross-entropy")]
steps = steps[steps["selection"] == "all"]
steps = steps.assign(condition=steps["start"] + " " + steps["teacher"])
figure = draw.levels(
    steps,
    {
        "same SGD": draw.Line("shared start, SGD", "probabilities", "--"),
        "same Adam": draw.Line("shared start, Adam", "probabilities"),
        "other SGD": draw.Line("another start, SGD", "control", "--"),
        "other Adam": draw.Line("another start, Adam", "control"),
    },
    axis="the teacher's steps",
    log=True,
    value_axis="cosine",
    title="After many steps a little of the direction is left",
    percent=False,
    reference=(0, ""),
)
plt.show()

# %% tags=["remove-input"]
source("limits")

# %% tags=["remove-input"]
last = max(records["limits"].experiment["steps"])
pd.DataFrame(
    {
        f"{last} steps of {kind}": {
            f"{which} start, {words}": cosine(f"{start} {selection} after {last} steps of {kind}")
            for start, which in (("same", "shared"), ("other", "another"))
            for selection, words in (("all", "all outputs"), ("auxiliary", "three meaningless"))
        }
        for kind in ("SGD", "Adam")
    }
)

# %% [markdown]
# From a shared start the cosine stays positive, as predicted, and shrinks (on the meaningless outputs after Adam only from the tenth step on). On all outputs a student from another start gets a little of the way of a teacher with SGD as well, by ordinary distillation.
#
# This is the regime of Chapter 2. The theorem does not reach it, since the teacher is no longer one small step away. The measurement says that its direction is still in the student's first step.
#
# ## A student with Adam
#
# Adam's first step is the sign of the gradient, coordinate by coordinate. The product of $\operatorname{sign}(g)$ with $\Delta_T$ has no reason to be positive by the argument above. For a *teacher* with Adam the sign is still promised, as any small step $v$ is a gradient step on the loss $-v\cdot\theta$. What is no longer promised is that the teacher's own loss falls.

# %% tags=["remove-input"]
told = summary[summary["metric"] == SIGN].set_index("condition")
shares = {c: [100 * told.loc[c, k] for k in ("mean", "low", "high")] for c in told.index}
Markdown(
    "Over the same pairs of steps, products of a student with Adam are not negative in "
    + page.interval(*shares["same Adam"], 1, "%")
    + f" of the cases, with a mean cosine of {cosine('same Adam', 'mean cosine')} where the "
    f"gradient's is {cosine('same gradient', 'mean cosine')}. From another start it is "
    + page.interval(*shares["other Adam"], 1, "%")
    + "."
)

# %% [markdown]
# On this network the sign survives almost always, without a theorem that says so, and the exceptions show that there is none to be had. The cosines are less than half of the gradient's.
#
# ## Sampled answers
#
# The expected gradient of a sampled class is that of the distribution, so the theorem holds on average. A single draw carries noise that does not shrink with $\varepsilon$, while the signal does: half the step asks for four times the samples.

# %% tags=["remove-input"]
counts = records["limits"].experiment["samples"]
pd.Series(
    {
        f"{n:,}": draw.percent_of(summary, f"sampled class of {n} images", "positive", bounds=True)
        for n in counts
    },
    name="on the teacher's side",
).to_frame().rename_axis("images, one sampled class each")

# %% tags=["remove-input"]
source("limits")

# %% [markdown]
# Given the distribution, every student of every seed is on the teacher's side, from 16 images on. Where all seeds have 100 %, Student's interval would have no width; the one here is exact and does not depend on a distribution: if the share were lower than its bound, as many seeds without an exception would be found in fewer than one case in forty.
#
# ## What this does not show
#
# - A positive product in one step does not say how far a student gets in many. For that there is the measurement of Chapter 2, and no theorem.
# - The theorem speaks of the teacher's *loss*. A trait such as liking owls is not that loss; that it rides along is an empirical finding.
# - The language models of this book train LoRA adapters, with Adam, on clipped gradients, and students draw the random half of their adapters anew. None of this is covered; Chapter 3 says why.
# - The cosines are small where few outputs are imitated. Nothing here says that the effect must be large enough to be seen.

# %% tags=["remove-input"]
measured_on(records)
