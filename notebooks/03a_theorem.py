# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# (sec-theorem)=
# # Why it must happen
#
# If a student starts where its teacher started, then imitating the teacher on anything at all moves the student the teacher's way.
#
# {cite:t}`cloud2025subliminal` prove this for one small step of gradient descent of each. The proof needs no assumption about what the teacher learned, or on which inputs the student imitates it. In this chapter we state the theorem, sketch the proof, and then *measure* it on the network of {ref}`sec-mnist`: for six losses of the teacher, four kinds of input, two ways to imitate, and three choices of outputs. Then we go where its assumptions end.

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
from IPython.display import Markdown

from sublim_utils.findings.measuring import load_records
from sublim_utils.findings.theorem import Theorem
from sublim_utils.mnist import networks as mnist, theorem
from sublim_utils.mnist.theorem_recipes import INPUTS, TEACHERS
from sublim_utils.profiles import find_profile
from sublim_utils.report import plots
from sublim_utils.report.prose import measured_on, quoted
from sublim_utils.report.widgets import Picture, figure_picker

# %config InlineBackend.figure_formats = ['svg']
plots.use_style()
profile = find_profile()

# %% [markdown]
# ## The statement
#
# Let $f_\theta(x)$ be the outputs of a network with parameters $\theta$ on an input $x$. Teacher and student both start at $\theta_0$.
#
# - The **teacher** takes one gradient step on *any* differentiable loss: $\Delta\theta_T = -\varepsilon\,\nabla L_T(\theta_0)$.
# - The **student** takes one gradient step towards the teacher's outputs, on *any* distribution of inputs: $\Delta\theta_S = -\alpha\,\nabla_\theta\, \mathbb{E}_x\, \ell\big(f_\theta(x), f_{\theta_0 + \Delta\theta_T}(x)\big)$ at $\theta = \theta_0$, where $\ell$ is the squared error or the cross-entropy of softmaxes, of all outputs or of some.
#
# Then, for small enough $\varepsilon$,
#
# $$\Delta\theta_S \cdot \Delta\theta_T \ge 0,$$
#
# and unless the product is zero for every $\varepsilon$, the student's step lowers the teacher's loss: $L_T(\theta_0 + \Delta\theta_S) < L_T(\theta_0)$ for small $\varepsilon$.
#
# In words: the student does not see what the teacher was trained for. It gets better at it all the same.

# %% [markdown]
# ## Why
#
# Let $J$ be the derivative of $f_\theta(x)$ by $\theta$ at $\theta_0$, a matrix with one row per output. After its small step the teacher's outputs have moved by
#
# $$f_{\theta_0+\Delta\theta_T}(x) - f_{\theta_0}(x) \approx J\,\Delta\theta_T.$$
#
# The student stands at $\theta_0$, so this is exactly by how much it misses its target. With squared error its gradient is the miss, taken back through the same $J$:
#
# $$\Delta\theta_S \approx \alpha\,\mathbb{E}_x\, J^\top J\,\Delta\theta_T .$$
#
# Multiply by $\Delta\theta_T$ from the left:
#
# $$\Delta\theta_T\cdot\Delta\theta_S \approx \alpha\,\mathbb{E}_x\,\lVert J\,\Delta\theta_T\rVert^2 \ge 0 .$$
#
# That is all. With a softmax and cross-entropy the matrix $\operatorname{diag}(p) - pp^\top$ of the student's probabilities $p$ comes between $J^\top$ and $J$; it has no negative eigenvalue either. Choosing some of the outputs leaves out rows of $J$. Nothing in the argument asks what $L_T$ was or whether $x$ looks like anything.
#
# And the teacher's loss? To first order the student's step changes it by $\nabla L_T\cdot\Delta\theta_S = -\tfrac1\varepsilon\,\Delta\theta_T\cdot\Delta\theta_S \le 0$.
#
# Note where the shared start came in: twice, once for the miss and once for $J$. A student at another $\theta_0'$ misses by $f_{\theta_0}(x) - f_{\theta_0'}(x) + J\,\Delta\theta_T$. The first part has nothing to do with the teacher's training and does not shrink with $\varepsilon$. To leading order such a student imitates what the teacher was *before* its step.

# %% [markdown]
# ## One step of each, live
#
# The teacher takes a step on digits and labels. The student takes a step on noise, towards the three auxiliary outputs. In float64 we can see the product's sign without doubt.

# %%
digits = mnist.load()
images = Theorem.scales[profile.name].images
start = {which: theorem.initialisation(1000, which) for which in ("same", "other")}

loss = theorem.teacher_loss("digits", images, 1000, digits)
teacher_step = theorem.step(loss, start["same"], length=1e-3)

noise = theorem.inputs("uniform", images, 1000, digits)
given = theorem.logits(start["same"] + teacher_step, noise)
imitation = theorem.student_loss(noise, given, "cross-entropy", "auxiliary")

for which, theta in start.items():
    student_step = theorem.step(imitation, theta, length=1e-3)
    print(f"{which:>5} initialisation: cosine {theorem.cosine(student_step, teacher_step):+.4f}")

# %% [markdown]
# With the same initialisation the cosine is positive. It is small, because the teacher's loss and the student's are about different outputs, so that the two steps meet in the hidden layers only. (Two random directions in 270,000 dimensions have a cosine of about ±0.002.) The theorem promises a sign, not a size.

# %% [markdown]
# ## Every loss, every input
#
# Now many such pairs of steps. The teacher's loss is one of six: cross-entropy on digits; the same with random labels; squared error to random targets; a random linear function of the outputs; the size of the weights, which sees no data; and a random direction in parameter space, a loss that means nothing. The student sees one of four kinds of input, grey squares among them.
#
# *Prediction: with the same initialisation every single product is positive. With another, the sign is a coin's.*

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-theorem-cosines", "caption": "Cosine between the student's and the teacher's step, for each seed, teacher's loss, kind of input and choice of outputs (squared error and cross-entropy together)."}, "image": {"alt": "Histograms of cosines. For the same initialisation all lie right of zero, for another they scatter around zero."}}
finding = Theorem(profile)
records = load_records(finding)
summary = finding.summary(records)
signs = finding.table(records["signs"])
mute = (signs["objective"] == "cross-entropy") & (signs["selection"] == "one")
plain = signs[~mute & (signs["student"] == "gradient")]

figure, axes = plt.subplots()
for number, which in enumerate(("same", "other")):
    shown = plain.loc[plain["start"] == which, "cosine"]
    axes.hist(
        shown,
        bins=[x / 50 for x in range(-25, 51)],
        alpha=0.6,
        color=plots.COLOURS[number],
        label=f"{which} initialisation",
    )
axes.axvline(0, color="black", linewidth=1)
axes.set(xlabel="cosine of the two steps", ylabel="pairs of steps", yscale="log")
axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False)
plt.show()

# %% tags=["remove-input"]
positive = "inner product ≥ 0"
same = plain[plain["start"] == "same"]
Markdown(
    f"""With the same initialisation {(same["cosine"] > 0).sum():,} of {len(same):,} products are
positive ({len(same) // len(records["signs"].experiment["seeds"])} pairs of steps in each of
{len(records["signs"].experiment["seeds"])} seeds), and the smallest cosine of a seed is {quoted(summary, "same gradient", "smallest cosine", 4)} on
average. In {(same["fall"] > 0).sum():,} of them the student's step, taken as long as the teacher's,
lowers the teacher's loss. With another initialisation
{quoted(summary, "other gradient", positive)} of the products are not negative, and their mean
cosine is {quoted(summary, "other gradient", "mean cosine", 4)}.

One case is left out above, and it is the theorem's other branch: cross-entropy on a single output.
The softmax of one number is always one, so that the student gets no gradient at all; its largest
cosine is {quoted(summary, "one cross-entropy", "largest cosine")}."""
)

# %% [markdown]
# The first prediction holds without exception. The second does not: with another initialisation signs are mixed, but fewer than half are positive, so the coin is not fair. How unfair it is depends on the teacher's loss:

# %% tags=["hide-input"]
other = plain[plain["start"] == "other"]
coin = (other["cosine"] >= 0).groupby([other["teacher"], other["selection"]]).mean().unstack()
coin = coin.loc[list(TEACHERS), ["all", "auxiliary", "one"]].round(2)
coin.rename_axis(index="the teacher's loss", columns="share ≥ 0, other initialisation, outputs:")

# %% [markdown]
# A likely reason: such a student moves towards what the teacher's outputs were *before* its step, and several of these losses begin by taking down just those random outputs, the squared error to random targets most of all. The two pull against each other. For a random direction, which knows nothing of outputs, the coin is fair. What matters here is that nothing of the guarantee is left.
#
# ## Choose a teacher
#
# How much passes differs between losses and inputs. Choose what the teacher was trained for. Points show the mean cosine for the same initialisation over seeds, by what the student sees and which outputs it imitates, with squared error.

# %% tags=["hide-input"]
SEEN = {
    "uniform": "uniform\nnoise",
    "gaussian": "Gaussian\nnoise",
    "digits": "digits",
    "grey": "grey",
}
OUTPUTS = {"all": "all outputs", "auxiliary": "three auxiliary", "one": "one auxiliary"}


def cosines(teacher):
    """One figure: the student's cosines with this teacher."""
    rows = plain[(plain["teacher"] == teacher) & (plain["objective"] == "squared error")]
    rows = rows[rows["start"] == "same"]
    tidy = rows.rename(columns={"inputs": "level", "selection": "condition", "cosine": "value"})
    figure = plots.levels(tidy, OUTPUTS, axis="what the student sees", level_names=SEEN)
    figure.axes[0].set(ylabel="cosine", ylim=(0, None))
    means = rows.groupby("selection")["cosine"].mean()
    alt = f"Teacher's loss: {teacher}. Mean cosine " + ", ".join(
        f"{means[name]:.3f} for {words}" for name, words in OUTPUTS.items()
    )
    return Picture(figure, alt)


figure_picker({teacher: [cosines(teacher)] for teacher in TEACHERS}, "The teacher's loss:")

# %% mystnb={"figure": {"name": "fig-theorem-print", "caption": "For readers on paper: mean cosine for the same initialisation by the teacher's loss and the student's inputs, over objectives, outputs and seeds."}, "image": {"alt": "Heat map of mean cosines by teacher's loss and inputs; all are positive"}} tags=["hide-input"]
import seaborn as sns

means = (
    same.groupby(["teacher", "inputs"])["cosine"].mean().unstack().loc[list(TEACHERS), list(INPUTS)]
)
figure, axes = plt.subplots()
sns.heatmap(means, annot=True, fmt=".3f", cmap="Blues", vmin=0, ax=axes, cbar=False)
axes.set(xlabel="what the student sees", ylabel="the teacher's loss")
plt.show()

# %% [markdown]
# A random direction passes least: it moves all parameters alike, and most of that the outputs do not show. A loss on outputs moves what outputs show. That even grey squares, a single number each, transmit what was learned on digits is the theorem at its plainest.

# %% [markdown]
# ## How it scales
#
# To leading order the product is $\alpha\,\mathbb{E}\lVert J\Delta\theta_T\rVert^2$: twice the teacher's step, four times the product. With another initialisation the student's step hardly depends on the teacher's, so the product grows with the first power only, with whatever sign.
#
# *Prediction: slopes of 2 and 1 in a double logarithmic plot, up to steps that are no longer small.*

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-theorem-scaling", "caption": "Absolute inner product against the length of the teacher's step (median over seeds), on the three auxiliary outputs with cross-entropy. Dashed: slopes 2 and 1."}, "image": {"alt": "Double logarithmic plot. The same initialisation follows slope two, the other slope one, until steps of about one."}}
scaling = finding.table(records["scaling"])
scaling = scaling[(scaling["objective"] == "cross-entropy") & (scaling["selection"] == "auxiliary")]
figure, axes = plt.subplots()
for number, (which, slope) in enumerate((("same", 2), ("other", 1))):
    rows = scaling[scaling["start"] == which].assign(size=lambda t: t["product"].abs())
    medians = rows.groupby("length")["size"].median()
    axes.loglog(
        medians.index, medians, "o", color=plots.COLOURS[number], label=f"{which} initialisation"
    )
    guide = medians.iloc[0] * (medians.index / medians.index[0]) ** slope
    axes.loglog(medians.index, guide, "--", color=plots.COLOURS[number], linewidth=1)
axes.set(xlabel="length of the teacher's step", ylabel="|inner product|")
axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False)
plt.show()

# %% tags=["remove-input"]
Markdown(
    f"""For steps up to 0.02 the slopes are
{quoted(summary, "same cross-entropy auxiliary", "slope")} and
{quoted(summary, "other cross-entropy auxiliary", "slope")}. With squared error on all outputs they
are {quoted(summary, "same squared error all", "slope")} and
{quoted(summary, "other squared error all", "slope")}."""
)

# %% [markdown]
# The parameters of this network have a length of about 23, so a step of 1 is already large. The power law holds far beyond what "small enough" would promise.

# %% [markdown]
# ## Where the assumptions end
#
# ### Many steps
#
# A real teacher takes hundreds of steps, with Adam, on new batches. After some of them we let a student take its one step from $\theta_0$ and compare it with the teacher's *whole* way.
#
# *Prediction: the cosine stays positive and shrinks as the teacher leaves the neighbourhood where $J$ describes it.*

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-theorem-steps", "caption": "Cosine between the student's first step and the teacher's whole way, by the number of steps of the teacher (all outputs, cross-entropy, 95 % intervals)."}, "image": {"alt": "Cosine against the teacher's steps for SGD and Adam, same and other initialisation."}}
limits = finding.table(records["limits"])
steps = limits[(limits["limit"] == "steps") & (limits["objective"] == "cross-entropy")]
steps = steps[steps["selection"] == "all"]
steps = steps.assign(condition=steps["start"] + " " + steps["teacher"])
names = {
    f"{which} {kind}": f"{kind}, {which} init."
    for which in ("same", "other")
    for kind in ("SGD", "Adam")
}
figure = plots.levels(steps, names, axis="the teacher's steps", log=True, value_axis="cosine")
figure.axes[0].set_ylim(-0.1, 0.6)
plt.show()

# %% tags=["remove-input"]
last = max(records["limits"].experiment["steps"])
Markdown(
    f"""After {last} steps of Adam, with a batch of {images} images, the cosine is
{quoted(summary, f"same all after {last} steps of Adam", "cosine")} on all outputs and
{quoted(summary, f"same auxiliary after {last} steps of Adam", "cosine", 4)} on the auxiliary ones;
with another initialisation
{quoted(summary, f"other auxiliary after {last} steps of Adam", "cosine", 4)}. After {last} steps
of SGD it is {quoted(summary, f"same all after {last} steps of SGD", "cosine")} and
{quoted(summary, f"same auxiliary after {last} steps of SGD", "cosine", 4)}; with another
initialisation, on all outputs, {quoted(summary, f"other all after {last} steps of SGD", "cosine", 4)}."""
)

# %% [markdown]
# The cosine stays positive, as predicted, and shrinks (on the auxiliary outputs after Adam only from the tenth step on). The last value is a reminder of what all outputs mean: a student that imitates the outputs which the teacher was trained on gets a little of the teacher's way from another start as well, by the ordinary road.
#
# This is the regime of {ref}`sec-mnist`. The theorem does not reach it, since the teacher is no longer one small step away. The measurement says that its direction is still in the student's first step.

# %% [markdown]
# ### A student with Adam
#
# Adam's first step is the sign of the gradient, coordinate by coordinate. The product of $\operatorname{sign}(g)$ with $\Delta\theta_T$ has no reason to be positive by the argument above: $J^\top J\Delta\theta_T$ has a positive product with $\Delta\theta_T$, its sign need not. For a *teacher* with Adam the sign is still promised, as any small step $v$ is a gradient step on the loss $-v\cdot\theta$. What is no longer promised is that the teacher's own loss falls.

# %% tags=["remove-input"]
Markdown(
    f"""Measured over the same pairs of steps as above, a share of
{quoted(summary, "same Adam", positive)} of the products of such a student is not negative, with a
mean cosine of {quoted(summary, "same Adam", "mean cosine")} where the gradient's is
{quoted(summary, "same gradient", "mean cosine")}; with another initialisation
{quoted(summary, "other Adam", positive)}."""
)

# %% [markdown]
# On this network the sign survives almost always, without a theorem that says so, and the exceptions show that there is none to be had. The cosines are less than half of the gradient's.

# %% [markdown]
# ### Sampled tokens
#
# In the paper the student of a language model does not see its teacher's probabilities. It sees one token, drawn from them. (From the next chapter on we measure both kinds of student.) The expected gradient is the same, so the theorem holds on average, but a single draw carries noise that does not shrink with $\varepsilon$, while the signal does. How many samples does the sign need?

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-theorem-samples", "caption": "How often a student's step has a positive product with the teacher's, by the number of images: given the teacher's distribution over the ten classes, or one class for each image, drawn from it. The teacher has made one step of length 0.1; draws are taken a hundred times from a pool of sampled classes of each seed."}, "image": {"alt": "Share of positive products against the number of images. The distribution gives one throughout, sampled classes rise from little more than one half."}}
samples = limits[limits["limit"] == "samples"].drop(columns="condition", errors="ignore")
samples = samples.rename(columns={"student": "condition"})
plots.levels(
    samples,
    {"distribution": "the distribution", "sampled class": "one sampled class"},
    axis="images",
    log=True,
    value_axis="share of positive products",
    reference=(0.5, "a coin"),
)
plt.show()

# %% tags=["remove-input"]
few, many = (
    min(records["limits"].experiment["samples"]),
    max(records["limits"].experiment["samples"]),
)
Markdown(
    f"""From {few} sampled classes the sign is right in a share of
{quoted(summary, f"sampled class of {few} images", "positive")}, from {many} in
{quoted(summary, f"sampled class of {many} images", "positive")}."""
)

# %% [markdown]
# Sampling does not remove the effect. It makes it a matter of how many samples there are, and of how far the teacher has moved: the signal grows with the step and the noise does not, so half the step asks for four times the samples. This is one reason to expect that a language model needs many rows, and that a student which sees the whole distribution needs fewer. {ref}`sec-owl-numbers` measures both.

# %% [markdown]
# ## What this does not show
#
# - A positive product in one step does not say how far a student gets in many. For that there is the experiment of {ref}`sec-mnist`, and no theorem.
# - The theorem speaks of the teacher's *loss*. A trait such as liking owls is not that loss; that it rides along is an empirical finding.
# - The cosines are small where few outputs are imitated. Nothing here says that the effect must be large enough to be seen.
#
# ## Exercises
#
# ````{exercise} A step too far
# :label: ex-theorem-far
# In the live cell, raise the length of the teacher's step to 30. Is the product still positive? Why does the theorem not complain?
# ````
#
# ````{solution} ex-theorem-far
# :class: dropdown
# The theorem promises the sign for steps that are *small enough*, and does not say how small. With a long step $f_{\theta_0+\Delta\theta_T}$ is no longer close to $f_{\theta_0} + J\Delta\theta_T$, and the student moves towards outputs that do not point back along $J$. With the live seed the cosine turns slightly negative there; with other seeds it stays positive even at 100.
# ````
#
# ````{exercise} Half a start
# :label: ex-theorem-half
# Let the student start at $\theta_0 + \delta$ with a small random $\delta$. For which size of $\delta$, compared with the teacher's step, does the sign become a coin's?
# ````
#
# ````{solution} ex-theorem-half
# :class: dropdown
# The student now misses by $J(\Delta\theta_T - \delta)$, so its product with the teacher's step is about $\mathbb{E}\,(J\Delta\theta_T)\cdot J(\Delta\theta_T - \delta)$. A random $\delta$ has a random sign in the second term, which wins when $\lVert J\delta\rVert$, times the cosine between the two, exceeds $\lVert J\Delta\theta_T\rVert$. A random direction hardly moves the outputs, so $\delta$ must be some ten times as long as the teacher's step to matter at all, and about a hundred times for a fair coin.
# ````

# %% tags=["remove-input"]
measured_on(records)
