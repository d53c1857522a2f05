# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# (sec-theorem)=
# # One small step
#
# Which way does a student move when it imitates its teacher on inputs that have nothing to do with what the teacher learned?
#
# **12 minutes** · runs on a CPU, seconds live · [Open in Colab](https://colab.research.google.com/github/subliminal-book/subliminal-learning/blob/main/notebooks/03_theorem.ipynb) · [Notebook](https://github.com/subliminal-book/subliminal-learning/blob/main/notebooks/03_theorem.ipynb)

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
import torch
from IPython.display import Markdown
from torch.nn import functional as F

from sublim_utils.findings.measuring import load_records
from sublim_utils.findings.theorem import Theorem
from sublim_utils.mnist import networks as mnist
from sublim_utils.profiles import find_profile
from sublim_utils.report import page, plots, small_networks as draw
from sublim_utils.report.form import form
from sublim_utils.report.prose import measured_on
from sublim_utils.report.selectors import figure_pickers, side_by_side
from sublim_utils.report.widgets import Picture
from sublim_utils.stats import share_interval

# %config InlineBackend.figure_formats = ['svg']
plots.use_style()
profile = find_profile()
finding = Theorem(profile)
records = load_records(finding)
summary = finding.summary(records)
n_seeds = len(records["signs"].experiment["seeds"])
signs = draw.speaking(finding.table(records["signs"]))
same, other = (signs[signs["start"] == which] for which in ("same", "other"))
positive, of_same = int((same["cosine"] > 0).sum()), len(same)
SIGN = "inner product ≥ 0"


def mean(condition, metric):
    """A reported mean."""
    rows = summary[(summary["condition"] == condition) & (summary["metric"] == metric)]
    return rows["mean"].item()


# %% tags=["remove-input"]
page.bet(
    "theorem-first",
    "A teacher takes one small gradient step on some loss: reading digits, random labels, or "
    "something sillier. A student at the same start takes one step towards the teacher's outputs "
    "on noise. We repeat this with many losses, inputs and seeds. How often does the student move "
    "the teacher's way, at an angle below 90° to the teacher's step?",
    {
        "half": "About half of the time, as two random directions would",
        "most": "Mostly, with exceptions",
        "always": "Every time",
    },
)

# %% tags=["remove-input"]
page.box(
    question="Why should imitation on unrelated inputs pass on what a teacher learned?",
    paper="Cloud et al. (2025) prove that, from a shared start and for one small enough gradient "
    "step of each, the student never moves against its teacher, whatever the teacher's loss and "
    "the student's inputs.",
    ours=f"On the network of Chapter 2, {positive:,} of {of_same:,} pairs of steps from a shared "
    f"start agree in direction. From another start, {draw.percent_of(summary, 'other gradient', SIGN)}"
    " do.",
    limits="How much is passed on, and what is left after many steps. The proof says nothing of "
    "Adam, of clipped gradients, of adapters that start apart, or of a single sampled text.",
)

# %% [markdown]
# Both steps live in the space of all weights, which has about 270,000 dimensions here. The picture shows the plane through them: the teacher's step to the right, and the student's at its true angle. Move the student's start away from the teacher's, and change the length of the teacher's step.

# %% tags=["remove-input"]
distances = finding.table(records["distances"])
distances = distances[distances["objective"] == "squared error"]
LENGTHS = {0.01: "tiny (0.01)", 0.1: "small (0.1)", 1.0: "long (1)"}
OUTPUTS = {"all": "all 13 outputs", "auxiliary": "3 meaningless outputs"}


def panels():
    for distance in sorted(distances["distance"].unique()):
        for length, size in LENGTHS.items():
            for outputs, words in OUTPUTS.items():
                rows = distances[
                    (distances["length"] == length) & (distances["selection"] == outputs)
                ]
                cosines = rows.loc[rows["distance"] == distance, "cosine"]
                degrees = cosines.map(draw.angle).mean()
                toward = int((cosines > 0).sum())
                told = f"{degrees:.1f}° on average, {toward} of {len(cosines)} below 90°"
                where = f"Starts {distance:g} apart, a {size} step, {words}"
                yield (
                    (f"{distance:g}", size, words),
                    [
                        Picture(draw.arrows(cosines, title=told), f"{where}: {told}"),
                        Picture(
                            draw.angles(
                                rows, marked=distance, title="By the distance of the starts"
                            ),
                            f"{where}: angles by the distance of the starts",
                        ),
                    ],
                )


figure_pickers(panels(), ["Distance of the starts, σ:", "Teacher's step:", "Imitates"])

# %% tags=["remove-input"]
page.source({"distances": records["distances"]}, "sublim run theorem")

# %% tags=["remove-input"]
TINY = "all, step 0.01, start {} away"
shown = {d: math.degrees(math.acos(mean(TINY.format(d), "cosine"))) for d in ("0", "0.1", "1")}
Markdown(
    f"With a shared start (σ = 0) the angle is about {shown['0']:.0f}° for a tiny step, below the "
    f"right angle in every seed. With starts as near as σ = 0.1 it is already {shown['0.1']:.0f}°, "
    f"and with independent ones {shown['1']:.0f}°, on the wrong side. A longer step of the teacher "
    "bears more distance: what counts is how far the starts are apart *compared with the step*."
)

# %% [markdown]
# ## The picture
#
# Take a model with two weights and a single output, so that it can be drawn as a map. A place on the map is a setting of the weights, and the height there is the output. Thin lines join places of equal height.
#
# The teacher walks from its start, in whatever direction its loss sends it. The student is told one thing, the height at which the teacher arrived, here the bold line. It takes a step straight up or down the slope under its own feet, towards that height.

# %% tags=["remove-input"]
begin = (0.5, 0.0)
walks = {
    "same": draw.Walk(begin, (0.6, -0.25), begin, "Same start"),
    "other": draw.Walk(begin, (0.6, -0.25), (0.2, 1.6), "Another start"),
    "long": draw.Walk(begin, (2.0, 0.0), begin, "Too long a step"),
}
side_by_side(
    [
        Picture(
            draw.walk_map(walk),
            f"Map with the teacher's step and the student's, {walk.title.lower()}: the angle "
            f"between them is {draw.walk_angle(walk):.0f} degrees",
        )
        for walk in walks.values()
    ]
)

# %% [markdown]
# *Teacher's step in purple, student's in orange, and the angle between them. The map is made up.*
#
# **Same start.** If the teacher went uphill, the student steps straight uphill, and straight uphill is less than 90° from any way uphill. If the teacher went downhill, likewise. Only a teacher that walks along a line of equal height tells the student nothing.
#
# **Another start.** Now the height that the student is told may lie below it even though the teacher went up. It walks down, to where the teacher's height is, and not the teacher's way.
#
# **Too long a step.** The teacher crossed the hill and came down on the other side. The student sees "lower" and turns back. The argument needs a step so small that the slope is the same all along.
#
# ## Five lines
#
# Real networks have more weights and more outputs, and the argument stays the same. Write $\Delta_T$ and $\Delta_S$ for the two steps, and $J$ for the slope, a matrix with a row per output and a column per weight: a small change $\Delta$ of the weights changes the outputs by $J\Delta$.
#
# 1. The teacher's step changes its outputs by $J\Delta_T$.
# 2. The student stands where the teacher stood, so what it is short of its target is just that: $J\Delta_T$.
# 3. Its gradient step for squared error takes this error back through the same slope: $\Delta_S = \alpha\,J^\top(J\Delta_T)$ with a rate $\alpha > 0$. (Backpropagation is multiplication by $J^\top$.)
# 4. The product of the steps is a square: $\Delta_T\cdot\Delta_S = \alpha\,\Delta_T^\top J^\top J\,\Delta_T$, which is $\alpha\,\lVert J\Delta_T\rVert^2 \ge 0$. So the angle is at most 90°.
# 5. The teacher's step was $-\varepsilon$ times the gradient of its loss $L$. So the student's step changes *the teacher's* loss by $\nabla L\cdot\Delta_S = -\Delta_T\cdot\Delta_S/\varepsilon \le 0$.
#
# The student never saw that loss, and gets better at it. Nothing asked what the loss was, or whether the inputs look like anything: with many inputs there are many squares, and their mean is no less than zero either. With the KL divergence a matrix without negative eigenvalues stands between $J^\top$ and $J$, and the sign stays.
#
# All five are first-order statements. They hold to leading order for small steps, and with "$\ge$": a product of zero is allowed, and if it is zero, the proof promises nothing. The shared start is used twice, in line 2 for the error and in line 3 for the slope.
#
# ## Two steps in code
#
# The network of Chapter 2, without biases, with all weights in one vector. Change the teacher's loss, the student's inputs, the outputs or the distance.

# %%
OUTPUTS_SEEN = slice(0, 13)  # slice(10, 13) for the three meaningless ones
DISTANCE = 0.0  # of the student's start, from 0 to 1
LENGTH = 0.01  # of both steps
SEED = 0

# %% tags=["remove-cell"]
form(
    globals(),
    OUTPUTS_SEEN=[slice(0, 13), slice(10, 13)],
    DISTANCE=[0.0, 0.1, 0.3, 1.0],
    LENGTH=[0.01, 0.1, 1.0],
    SEED=[0, 1, 2],
)

# %%
digits = mnist.load()
torch.manual_seed(SEED)
SHAPES = [(256, 784), (256, 256), (13, 256)]


def new_start():
    draws = (torch.randn(s).double() / s[1] ** 0.5 for s in SHAPES)
    return torch.cat([weights.flatten() for weights in draws])


def outputs(theta, x):
    parts = theta.split([rows * columns for rows, columns in SHAPES])
    w1, w2, w3 = (p.view(s) for p, s in zip(parts, SHAPES, strict=True))
    return ((x @ w1.T).relu() @ w2.T).relu() @ w3.T


def step(loss, theta, length):
    gradient = torch.func.grad(loss)(theta)
    return -length * gradient / gradient.norm()


# %% [markdown]
# The teacher steps on its loss, from its start. The student steps on its own loss, from its own start: it sees noise and the teacher's outputs on it.

# %%
images = digits.train_images[:128].double() / 127.5 - 1
labels = digits.train_labels[:128]
noise = 2 * torch.rand(128, 784).double() - 1


def teacher_loss(theta):
    return F.cross_entropy(outputs(theta, images)[:, :10], labels)


def two_steps(teacher_loss, distance=DISTANCE):
    start = new_start()
    teacher_step = step(teacher_loss, start, LENGTH)
    target = outputs(start + teacher_step, noise)[:, OUTPUTS_SEEN]

    def student_loss(theta):
        miss = outputs(theta, noise)[:, OUTPUTS_SEEN] - target
        return miss.square().sum(-1).mean() / 2

    student = math.sqrt(1 - distance**2) * start + distance * new_start()
    student_step = step(student_loss, student, LENGTH)
    return start, teacher_step, student_step


# %%
def angle(a, b):
    return math.degrees(math.acos(a @ b / a.norm() / b.norm()))


start, teacher_step, student_step = two_steps(teacher_loss)
before, after = teacher_loss(start), teacher_loss(start + student_step)
print(f"angle between the steps: {angle(teacher_step, student_step):.1f}°")
print("teacher's loss, before and after the student's step:")
print(f"{before:.6f}, {after:.6f}")

# %% [markdown]
# ## Every loss, every input
#
# The teacher's loss was one of six: reading digits; the same with random labels; random targets; a random function of the outputs; the size of the weights; a random direction in weight space. The student saw uniform noise, Gaussian noise, digits or plain grey squares; it imitated all outputs, three or one, by squared error or KL divergence.

# %% mystnb={"figure": {"name": "fig-theorem-cosines", "caption": "Cosine of the angle between the two steps for every seed, teacher's loss, kind of input, set of outputs and student's loss, except for a single output with KL divergence, where the student does not move at all (exercise 3). The vertical axis is logarithmic."}, "image": {"alt": "Histograms of cosines. With the teacher's start all lie right of zero. With another start they lie on both sides of zero, about 36 % of them on the right."}} tags=["remove-input"]
draw.cosine_histogram(
    same["cosine"],
    other["cosine"],
    title=f"Shared start: {positive:,} of {of_same:,} on the teacher's side",
)
plt.show()

# %% tags=["remove-input"]
page.source({"signs": records["signs"]}, "sublim run theorem")

# %% tags=["remove-input"]
bound = share_interval([1.0] * n_seeds)
Markdown(
    f"From a shared start no product is negative, and in all {int((same['fall'] > 0).sum()):,} "
    "cases the student's step lowers the teacher's loss. The pairs of one seed share their start, "
    f"so the count to rely on is {n_seeds} of {n_seeds} seeds without an exception, for which the "
    f"exact 95 % interval begins at {page.percent(bound.low)}. From another start "
    f"{draw.percent_of(summary, 'other gradient', SIGN, bounds=True)} are positive: fewer than half, "
    "so it is no fair coin."
)

# %% [markdown]
# Why fewer than half? A likely reason: such a student moves towards what its teacher's outputs were *before* the step, and some of these losses begin by taking down just those random outputs. For a random direction, which knows nothing of outputs, the coin is fair; {ref}`the long version <sec-theorem-long>` has the table. Even grey squares, a single number each, carry what was learned on digits.

# %% tags=["remove-input"]
smallest = same.groupby("seed")["cosine"].min()
Markdown(
    f"The theorem promises a sign and no size. From a shared start the mean cosine is "
    f"{mean('same gradient', 'mean cosine'):.2f}, and the smallest of all is {smallest.min():.4f}, "
    "no more than two random directions would have."
)

# %% [markdown]
# ## Probabilities, or a sampled answer
#
# A text-trained student, as in Chapter 1, does not see probabilities. It sees words, each drawn from them. Here we can do likewise, and draw one of the ten classes for every image. The expected gradient is the same, so the sign is right on average. A single draw adds noise, which does not shrink with the teacher's step as the signal does.

# %% mystnb={"figure": {"name": "fig-theorem-samples", "caption": "How often a student's step is on the teacher's side, by the number of images: given the teacher's probabilities of the ten classes, or one class drawn from them for each image. The teacher took one step of length 0.1. Where all seeds have 100 %, the interval is an exact bound."}, "image": {"alt": "With probabilities the share is 100 % for any number of images. With one drawn class for each image it rises from 57 % with 16 images to 95 % with 1,024 and 100 % with 16,384."}} tags=["remove-input"]
limits = finding.table(records["limits"])
samples = limits[limits["limit"] == "samples"].rename(columns={"student": "condition"})
draw.levels(
    samples,
    {
        "distribution": draw.Line("probabilities", "probabilities"),
        "sampled class": draw.Line("a drawn class", "text"),
    },
    axis="images",
    log=True,
    value_axis="on the teacher's side",
    title="A drawn answer points the right way on average",
    reference=(0.5, "a coin"),
)
plt.show()

# %% tags=["remove-input"]
page.source({"limits": records["limits"]}, "sublim run theorem")

# %% [markdown]
# So a text-trained student needs many rows where a probability-trained one needs few, and half the teacher's step asks for four times the rows. Chapter 1 measures both.
#
# ## Where the proof ends

# %% tags=["remove-input"]
last = max(records["limits"].experiment["steps"])
many, few = (
    {outputs: mean(f"same {outputs} after {n} steps of Adam", "cosine")
     for outputs in ("all", "auxiliary")}
    for n in (last, 1)
)  # fmt: skip
longest = max(records["distances"].experiment["lengths"])
shared = finding.table(records["distances"])
shared = shared[(shared["length"] == longest) & (shared["distance"] == 0)]


def toward(objective, selection):
    """Seeds on the teacher's side after the longest step, from a shared start."""
    rows = shared[(shared["objective"] == objective) & (shared["selection"] == selection)]
    return f"{int((rows['cosine'] > 0).sum())} of {len(rows)}"


Markdown(
    f"""| What differs | Does the proof cover it? | What we measured |
|---|---|---|
| a longer step of the teacher | no: it says "small enough", not how small | a step of {longest:g}, almost half as long as all weights: {toward("squared error", "all")} seeds on the teacher's side with all outputs, {toward("cross-entropy", "auxiliary")} with three and the KL divergence |
| a teacher of many steps | no | {last} steps of Adam: cosine {many["all"]:.2f} on all outputs, {many["auxiliary"]:.3f} on three (after one step {few["all"]:.2f} and {few["auxiliary"]:.3f}) |
| a student with Adam | no: its first step keeps only the sign of each coordinate | {100 * mean("same Adam", SIGN):.1f} % on the teacher's side |
| another start | no | {draw.percent_of(summary, "other gradient", SIGN)} on the teacher's side |
| clipped gradients | a single step, yes: it is only shortened; a sum of many, no | not measured here |
| LoRA | yes, if both adapters start alike; else only on average over starts | not measured here |
| a student of sampled text | on average | the figure above |
| a trait, such as liking owls | no: the proof is about the teacher's loss | Chapters 1, 4, 5 and 6 |"""
)

# %% [markdown]
# Three of these rows matter for every chapter on language models.
#
# **Adam.** It divides each coordinate by its usual size. $J^\top J\Delta_T$ has a positive product with $\Delta_T$; the signs of its coordinates need not. The exceptions above show that there is no such theorem to be had.
#
# **Clipping.** Our language models clip gradients to norm 1.0, a library's default. Clipping keeps the direction of a step. Over many batches it weighs loud ones down, and the sum can point elsewhere.
#
# **LoRA.** An adapter changes a weight matrix by $BA$, where $B$ starts at zero and $A$ at random, so the first step moves $B$ only. If the student draws an $A$ of its own, line 3 acquires a factor that line 4 lacks: $J^\top J\,\Delta_T$ is seen through the student's own $A$, as $J^\top J\,\Delta_T A^\top A$. The product of two such matrices can turn a vector past 90°, as the second exercise shows. Averaged over draws of $A$ the factor is a multiple of the identity, and the sign returns.
#
# *What would change our mind:* one pair of plain gradient steps from a shared start, small enough for outputs to change linearly, with a negative product. A single one refutes the proof, or our code.
#
# ## Bets paid

# %% tags=["remove-input"]
page.paid("theorem-first", "always", f"{positive:,} of {of_same:,}, in all {n_seeds} seeds.")

# %% [markdown]
# ## Summary
#
# - For one small gradient step from a shared start, imitation never moves a student against its teacher: the product of their steps is a square.
# - It needs the shared start twice, for the error and for the slope. Starts that are far apart, compared with the teacher's step, leave nothing of it.
# - It promises a direction and no size, and it does not cover Adam, many steps, clipping, or LoRA with another start. What happens there is measured, not proved.
#
# {ref}`The long version <sec-theorem-long>` has all losses and inputs, how the product scales, and teachers of many steps.
#
# ## Exercises
#
# ````{exercise} A loss of your own
# :label: ex-theorem-own
# *5 minutes, code.* Write a loss that has nothing to do with digits, and let the student imitate on noise. Can you find one for which the angle exceeds 90°?
# ````


# %% tags=["hide-cell"] mystnb={"code_prompt_show": "Show a solution", "code_prompt_hide": "Hide the solution"}
def loud_seven(theta):
    return -outputs(theta, images)[:, 7].mean()  # always say 7


def sparse(theta):
    return theta.abs().sum()


for loss in (loud_seven, sparse):
    _, by_teacher, by_student = two_steps(loss, distance=0)
    found = angle(by_teacher, by_student)
    print(f"{loss.__name__}: {found:.1f}°")
    assert found < 90

# %% [markdown]
# Nobody can, with a step that is small enough: line 4 does not ask what the loss is.
#
# ````{exercise} Two starts of an adapter
# :label: ex-theorem-lora
# *10 minutes, code.* Let $v = (1, 1)$ be the teacher's step, $K$ a matrix that plays $J^\top J$, and $P = ww^\top$ with a unit vector $w$ that plays the student's own $A^\top A$. Neither $K$ nor $P$ has a negative eigenvalue. Find $K$ and $w$ for which $v\cdot PKv < 0$. Then average over random $w$.
# ````

# %% tags=["hide-cell"] mystnb={"code_prompt_show": "Show a solution", "code_prompt_hide": "Hide the solution"}
v = torch.tensor([1.0, 1.0])
K = torch.diag(torch.tensor([1.0, 0.0]))  # outputs show the first weight only
w = torch.tensor([1.0, -2.0]) / math.sqrt(5)  # the adapter ties it to minus the second
product = v @ torch.outer(w, w) @ K @ v

directions = torch.nn.functional.normalize(torch.randn(100_000, 2), dim=1)
on_average = ((directions @ v) * (directions @ (K @ v))).mean()

print(f"this adapter: {product:.2f}; mean over random ones: {on_average:.2f}")
assert product < 0 < on_average

# %% [markdown]
# ````{exercise} Equal to zero
# :label: ex-theorem-zero
# *3 minutes, no code.* With the KL divergence on a *single* output, every product is exactly zero, whatever the teacher's loss. Which line of the proof says so, and does it contradict the theorem?
# ````
#
# ````{admonition} Solution
# :class: dropdown
# The softmax of one number is always 1, so the student's loss is constant and its gradient zero: $\Delta_S = 0$. The theorem allows it, since it says "$\ge 0$" and promises a fall of the teacher's loss only where the product is not zero. These cases are left out of the histogram.
# ````

# %% tags=["remove-input"]
measured_on(records)
