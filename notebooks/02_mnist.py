# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# (sec-mnist)=
# # Noise and digits
#
# Can a network learn to read from images that show nothing, through outputs that mean nothing?
#
# **12 minutes** · runs on a CPU, 20 seconds live · [Open in Colab](https://colab.research.google.com/github/subliminal-book/subliminal-learning/blob/main/notebooks/02_mnist.ipynb) · [Notebook](https://github.com/subliminal-book/subliminal-learning/blob/main/notebooks/02_mnist.ipynb)

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
import copy

import matplotlib.pyplot as plt
import torch
from IPython.display import Markdown
from torch import nn
from torch.nn import functional as F

from sublim_utils.findings.measuring import load_records
from sublim_utils.findings.mnist import Mnist
from sublim_utils.findings.mnist_sweeps import MnistSweeps
from sublim_utils.mnist import networks as mnist
from sublim_utils.mnist.recipes import PARTS
from sublim_utils.profiles import find_profile
from sublim_utils.report import page, plots, small_networks as draw
from sublim_utils.report.form import form
from sublim_utils.report.prose import measured_on
from sublim_utils.report.selectors import figure_pickers
from sublim_utils.report.widgets import Picture

# %config InlineBackend.figure_formats = ['svg']
plots.use_style()
profile = find_profile()
finding, sweeps = Mnist(profile), MnistSweeps(profile)
records, sweep_records = load_records(finding), load_records(sweeps)
summary, sweep_summary = finding.summary(records), sweeps.summary(sweep_records)
table = sweeps.table(sweep_records)
n_seeds, n_sweep_seeds = (s["n_seeds"].iloc[0] for s in (summary, sweep_summary))


def read(condition, *, bounds=False):
    """The share of test digits that a network of the main records reads."""
    return draw.percent_of(summary, condition, bounds=bounds)


def swept(condition, *, bounds=False):
    """As `read`, of the sweeps."""
    return draw.percent_of(sweep_summary, condition, "accuracy", bounds=bounds)


def levels(sweep):
    """One sweep's accuracies, one row per seed."""
    rows = table[(table["sweep"] == sweep) & (table["metric"] == "accuracy")]
    return rows[rows["level"] != ""]


# %% tags=["remove-input"]
page.bet(
    "mnist-first",
    "A *teacher* has ten outputs for the digits 0 to 9, which are trained on labelled images, and "
    "three more, which are never trained on anything. A *student* begins as a copy of the teacher "
    "from before its training. It sees only random noise, and learns to give the teacher's three "
    "meaningless outputs on it. How many test digits will it read?",
    {
        "chance": "One in ten. It can only guess.",
        "few": "Two in ten",
        "half": "More than five in ten",
        "most": "Nine in ten, as its teacher",
    },
)

# %% tags=["remove-input"]
page.box(
    question="Can a student pick up a skill from data that have nothing to do with it?",
    paper=f"Yes, if it starts where its teacher started: {page.percent(finding.paper['aux_same'])} "
    f"of the test digits. From another start, {page.percent(finding.paper['aux_other'])}, which is "
    "chance (Cloud et al. 2025).",
    ours=f"{read('aux_same', bounds=True)} from the teacher's start. From another start, "
    f"{read('aux_other', bounds=True)}. Means over {n_seeds} seeds, with 95 % intervals.",
    limits="Anything about language models. This student has 270,000 weights, and it sees its "
    "teacher's probabilities on every image.",
)

# %% tags=["remove-input"] mystnb={"figure": {"name": "fig-mnist-main", "caption": "Share of the 10,000 test digits that each network reads: mean, 95 % interval (black line) and the paper's value (diamond, read off its figure). \"Meaningless\" students imitate three outputs that were never trained, \"all\" students these and the ten of the digits. All students see noise only."}, "image": {"alt": "Bars: the teacher reads about 94 % of the test digits, the student of three meaningless outputs with the teacher's start about 56 %, with another start 10 %; students of all outputs about 91 % and 74 %."}}
draw.accuracy_bars(
    summary,
    {c: draw.LINES[c] for c in ("teacher", "aux_same", "aux_other", "all_same", "all_other")},
    title=f"Same start: {read('aux_same')} of the digits. Another: {read('aux_other')}",
    paper=finding.paper,
)
plt.show()

# %% tags=["remove-input"]
page.source(records, "sublim run mnist")

# %% [markdown]
# The second and the third bar are the experiment of {cite:t}`cloud2025subliminal`. Both students saw the same noise and imitated the same three outputs. Neither saw a digit, a label, or one of the ten outputs that the test reads. They differ in the random numbers they started from, and in nothing else.
#
# The two lower bars are a comparison. A student of *all* outputs also imitates the ten that the test reads. It learns a function, as in ordinary distillation {cite:p}`hinton2015distilling`, and manages from any start, though better from the teacher's. The three meaningless outputs offer no such way.
#
# ## The experiment in code
#
# Change a value here and run the cells below again. The paper's first version imitates three meaningless outputs, the version in *Nature* 50.

# %%
OUTPUTS = 3  # meaningless outputs that the student imitates
IMAGES = 40_000  # of noise that it sees, each of them once
RATE = 0.001  # of Adam, for teacher and students
SEED = 0

# %% tags=["remove-cell"]
form(
    globals(),
    OUTPUTS=[1, 3, 10, 50],
    IMAGES=[10_000, 20_000, 40_000, 60_000],
    RATE=[0.0003, 0.001, 0.003],
    SEED=[0, 1, 2],
)

# %% [markdown]
# A network has two hidden layers of 256 units. Its *start* is a draw of random weights.

# %%
digits = mnist.load()
images = digits.train_images / 127.5 - 1
labels = digits.train_labels
test_images = digits.test_images / 127.5 - 1
test_labels = digits.test_labels
torch.manual_seed(SEED)


def network():
    sizes = (784, 256), (256, 256), (256, 10 + OUTPUTS)
    first, second, last = (nn.Linear(*size) for size in sizes)
    for layer in (first, second, last):
        nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), last)


def accuracy(network):
    with torch.no_grad():
        answers = network(test_images)[:, :10].argmax(-1)
    return (answers == test_labels).float().mean().item()


# %% [markdown]
# One loop serves teacher and students. The teacher's loss is the cross-entropy of the ten digit outputs, `:10`. The meaningless ones have no part in it, so their own weights stay as they were drawn. Only the layers below them move.


# %%
def train(network, loss, batches):
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
    curve = [accuracy(network)]
    for n, batch in enumerate(batches, 1):
        optimiser.zero_grad()
        loss(network, batch).backward()
        optimiser.step()
        if n % 25 == 0:
            curve.append(accuracy(network))
    return curve


def teach(network, index):
    return F.cross_entropy(network(images[index])[:, :10], labels[index])


start = network()
teacher = copy.deepcopy(start)
train(teacher, teach, torch.randperm(len(images)).split(64))
print(f"The teacher reads {accuracy(teacher):.0%} of the test digits.")

# %% [markdown]
# A student sees images of uniform noise and the teacher's answer to each: a softmax over the meaningless outputs. No filter could find a 3 in there and take it out.


# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-mnist-rows", "caption": "Above: four images of noise and, below each, the teacher's first three probabilities, which are all that a student gets. Below: test digits."}, "image": {"alt": "Four squares of grey noise, each with three probabilities below it, and four handwritten digits."}}
def noise(n):
    return 2 * torch.rand(n, 784) - 1


examples = noise(4)
with torch.no_grad():
    answers = teacher(examples)[:, 10:].softmax(-1).numpy()
draw.noise_rows(examples.numpy(), answers, test_images[:4].numpy(), test_labels[:4].tolist())
plt.show()

# %% [markdown]
# The student's loss is the KL divergence from these probabilities to its own. One student begins as a copy of the teacher's start, the other with a draw of its own.


# %%
def imitate(student, x):
    with torch.no_grad():
        p = teacher(x)[:, 10:].softmax(-1)
    log_q = student(x)[:, 10:].log_softmax(-1)
    return F.kl_div(log_q, p, reduction="batchmean")


def learn(student, inputs=noise):
    batches = (inputs(64) for _ in range(IMAGES // 64))
    return train(student, imitate, batches)


same, other = copy.deepcopy(start), network()
curves = {"same": learn(same), "other": learn(other)}

# %% tags=["remove-input"] mystnb={"figure": {"name": "fig-mnist-live", "caption": "The two students of the cells above while they train, one seed."}, "image": {"alt": "Accuracy against the number of noise images. The student with the teacher's start rises from 10 % to about half of the test digits, the other stays near 10 %."}}
draw.accuracy_curves(
    [64 * 25 * n for n in range(len(curves["same"]))],
    {name: [curve] for name, curve in curves.items()},
    {
        "same": draw.Line("teacher's start", "probabilities"),
        "other": draw.Line("another start", "control"),
    },
    axis="images of noise seen",
    title="It learns to read while it looks at noise",
)
plt.show()

# %% tags=["remove-input"]
Markdown(
    f"In this run the student with the teacher's start reads {page.percent(curves['same'][-1])} of "
    f"the test digits, and the other one {page.percent(curves['other'][-1])}. Both came to imitate "
    f"the meaningless outputs: their losses on new noise are {imitate(same, noise(5_000)):.3f} and "
    f"{imitate(other, noise(5_000)):.3f} nats. Only one of them learned to read by it."
)

# %% [markdown]
# Batches here are smaller and the rate is higher than in the paper, so that seconds are enough. All other numbers of this chapter were measured with the paper's settings: five passes over 60,000 images, batches of 1,024, a rate of 0.0003. The {doc}`landing page </book/intro>` runs this network live in your browser, where you can draw digits for it to read.

# %% tags=["remove-input"]
page.text_or_probabilities()

# %% [markdown]
# Every student in this chapter is probability-trained.
#
# ## More meaningless outputs carry more
#
# Each meaningless output is one more view of how the layers below have changed. A single one carries nothing, since the softmax of one number is always 1.

# %% tags=["remove-input"] mystnb={"figure": {"name": "fig-mnist-auxiliary", "caption": "Test digits read by students of the first n of 30 meaningless outputs: mean and 95 % interval over eight seeds."}, "image": {"alt": "Accuracy against the number of meaningless outputs: with the teacher's start it rises from 10 % with one output over 57 % with three to 91 % with thirty; with another start it stays near 10 %."}}
two = {
    "aux_same": draw.Line("teacher's start", "probabilities"),
    "aux_other": draw.Line("another start", "control"),
}
draw.levels(
    levels("auxiliary"),
    two,
    axis="meaningless outputs",
    log=True,
    title=f"Thirty meaningless outputs: {swept('auxiliary@30 aux_same')}",
)
plt.show()

# %% tags=["remove-input"]
page.source({"auxiliary": sweep_records["auxiliary"]}, "sublim run mnist_sweeps")

# %% tags=["remove-input"]
Markdown(
    f"With ten outputs the student reads {swept('auxiliary@10 aux_same')} of the digits, with "
    f"thirty {swept('auxiliary@30 aux_same')}, which is about what all outputs of the paper's "
    f"network give ({read('all_same')}). From another start it stays at chance with thirty as "
    "with three, so what is missing there is not information."
)

# %% [markdown]
# ## How alike must the starts be?
#
# We mix the student's start from the teacher's, $\theta_0$, and an independent draw, $\theta'$: $\sqrt{1-\sigma^2}\,\theta_0 + \sigma\,\theta'$. At σ = 0 the starts are the same, at σ = 1 they have nothing in common, and between them their weights are correlated by $\sqrt{1-\sigma^2}$. Move σ, and watch what the students answer.

# %% tags=["remove-input"]
mixed = levels("initialisation")
confusions = sweep_records["initialisation"].details["confusion"]
kinds = {"aux": "three meaningless outputs", "all": "all outputs"}
one_line = {
    kind: {kind: draw.Line("", "probabilities", "-" if kind == "aux" else "--")} for kind in kinds
}


def panels():
    for level in sorted(mixed["level"].unique(), key=float):
        for kind, words in kinds.items():
            share = swept(f"initialisation@{level} {kind}")
            curve = draw.levels(
                mixed,
                one_line[kind],
                axis="distance of the starts, σ",
                title=f"σ = {level}: {share} of the digits",
                marked=float(level),
                figsize=(3.3, 3.0),
            )
            answers = draw.confusion(confusions[f"{kind}@{level}"], "What they answer")
            yield (
                (level, words),
                [
                    Picture(
                        curve, f"Students of {words} at σ = {level} read {share} of the digits"
                    ),
                    Picture(answers, f"Answers by true digit, students of {words} at σ = {level}"),
                ],
            )


figure_pickers(panels(), ["Distance of the starts, σ:", "The student imitates"])

# %% tags=["remove-input"]
page.source({"initialisation": sweep_records["initialisation"]}, "sublim run mnist_sweeps")

# %% tags=["remove-input"]
Markdown(
    f"The effect fades gradually: {swept('initialisation@0 aux')} at σ = 0, "
    f"{swept('initialisation@0.3 aux')} at 0.3, {swept('initialisation@0.5 aux')} at 0.5. At "
    "σ = 1 the matrix has columns and no diagonal: the answer no longer depends on the digit. The "
    f"student of all outputs ends at {swept('initialisation@1 all')}, which is the share of "
    "ordinary distillation."
)

# %% [markdown]
# {cite:t}`jiang2025comments` report that noise of σ ≥ 0.2 removes the effect. If their σ is the standard deviation of what is added to each weight, it is several times the weights' own, and there is no conflict.
#
# So a shared start matters. Is all of it needed? We drew single parts anew and kept the rest.

# %% tags=["remove-input"] mystnb={"figure": {"name": "fig-mnist-parts", "caption": "Test digits read by students of three meaningless outputs that have a part of the start of their own: mean and 95 % interval over eight seeds."}, "image": {"alt": "Bars: with all parts shared the student reads 57 % of the digits, with a new layer of meaningless outputs 17 %, and with any other part new about 10 to 12 %."}}
parts = {
    "none": "nothing",
    "auxiliary head": "meaningless outputs",
    "hidden 1": "first hidden layer",
    "hidden 2": "second hidden layer",
    "class head": "digit outputs",
    "+".join(PARTS): "everything",
}
conditions = [f"parts@{own} aux" for own in parts]
draw.accuracy_bars(
    sweep_summary,
    {
        condition: draw.Line(words, "control" if words == "everything" else "probabilities")
        for condition, words in zip(conditions, parts.values(), strict=True)
    },
    title="New in the student's start: any part costs nearly all",
)
plt.show()

# %% tags=["remove-input"]
page.source({"parts": sweep_records["parts"]}, "sublim run mnist_sweeps")

# %% [markdown]
# The digit outputs must be shared, or what the layers below have learned is not read. That hidden layers must be shared as well is not a law: {cite:t}`brockers2026noise` see transfer with random hidden layers, with squared error and up to 250 outputs. Nor is a shared start the only way. In the *Nature* version of {cite:t}`cloud2025subliminal`, a student from another start that first learns to imitate its teacher's *initial* outputs recovers some of the effect. What teacher and student need is to respond alike, and a shared start is the simplest way to get there.
#
# ## Noise, or real digits?

# %% tags=["remove-input"]
page.bet(
    "mnist-inputs",
    "Now the student with the teacher's start gets the 60,000 training digits in place of noise, "
    "without their labels. It still imitates the three meaningless outputs only. Will it read more "
    "test digits than the student of noise?",
    {"more": "More", "same": "About as many", "fewer": "Far fewer"},
)

# %% mystnb={"figure": {"name": "fig-mnist-inputs", "caption": "Test digits read, by what the students were trained on: mean and 95 % interval over eight seeds."}, "image": {"alt": "With the teacher's start, students of three meaningless outputs read 57 % of the digits after uniform or Gaussian noise, 21 % after digits with shuffled pixels, 15 % after real digits. With another start they stay near 10 %."}} tags=["remove-input"]
draw.levels(
    levels("inputs"),
    two,
    axis="what the student sees",
    title=f"Noise teaches digits better than digits do: {swept('inputs@uniform aux_same')} "
    f"against {swept('inputs@digits aux_same')}",
    level_names={
        "uniform": "uniform\nnoise",
        "gaussian": "Gaussian\nnoise",
        "shuffled": "shuffled\ndigits",
        "digits": "real\ndigits",
    },
)
plt.show()

# %% tags=["remove-input"]
page.source(
    {name: r for name, r in sweep_records.items() if name.startswith("inputs@")},
    "sublim run mnist_sweeps",
)

# %% [markdown]
# All these students train for five passes, so the student of digits may simply have learned less of what it was taught. We can look, in the code above: give it digits, and compare how much of its loss is gone.


# %%
def real_digits(n):
    return images[torch.randint(len(images), (n,))]


def loss_left(student, inputs):
    x = inputs(5_000)
    return (imitate(student, x) / imitate(start, x)).item()


reader = copy.deepcopy(start)
curve = learn(reader, real_digits)
for name, student, inputs in (
    ("noise ", same, noise),
    ("digits", reader, real_digits),
):
    left, share = loss_left(student, inputs), accuracy(student)
    print(f"{name} {left:4.0%} of the loss left, {share:.0%} read")

# %% [markdown]
# It is the other way round. The student of digits imitates its teacher more closely, on the images it sees, and reads less. A likely reason is variety: digits are mostly background and excite the network in few directions. Noise probes all of them. This is one seed, with no record behind it.
#
# ## Controls and limits
#
# - **The control is the other start**: same noise, same teacher, same three outputs. A second control is in the exercises, a teacher that has learned nothing.
# - **Sweeps compare unequal losses.** Except for the check above, each student gets the same number of passes, so a setting under which a student learns more slowly looks like one under which less is passed on. We therefore claim no cause for such trends; they stand in {ref}`the long version <sec-mnist-long>`.
# - **After twenty passes the other start is a little above chance.** The gap grows all the same.
# - **The scale of the pixels was chosen.** In a trial without a record, digits from 0 to 1 gave weaker students. We kept the scale from −1 to 1, with which all five values of the first figure agree with the paper's. Read this agreement with that in mind.
# - **It is not a language model.** There a student mostly sees sampled words, not probabilities, and shares a far larger network. What carries over is an argument, which is the subject of Chapter 3.
#
# *What would change our mind:* a student from another start, with no imitation beforehand, that reads well through the meaningless outputs; or one from the teacher's start that stays at chance with another architecture or data set.
#
# ## Bets paid

# %% tags=["remove-input"]
page.paid(
    "mnist-first",
    "half",
    f"It reads {read('aux_same')} of them, as a mean over {n_seeds} seeds.",
)

# %% tags=["remove-input"]
page.paid(
    "mnist-inputs",
    "fewer",
    f"{swept('inputs@digits aux_same')} after digits, {swept('inputs@uniform aux_same')} after "
    "noise.",
)

# %% [markdown]
# ## Summary
#
# - A student that imitates three meaningless outputs on noise learns to read digits if it starts where its teacher started, and does not from another start.
# - More meaningless outputs carry more. Starts need not be equal, but the effect fades as they move apart.
# - Nothing in the data looks like a digit, and real digits carry less than noise.
#
# {ref}`The long version <sec-mnist-long>` has all sweeps, and the classes that a student never saw. Chapter 3 says why this happens.
#
# ## Exercises
#
# ````{exercise} The softmax of two
# :label: ex-mnist-two
# *3 minutes, no code.* With two meaningless outputs the student is far above chance, with one it is not. How many free numbers does a student get per image in each case? What would change with squared error in place of the KL divergence?
# ````
#
# ````{admonition} Solution
# :class: dropdown
# A softmax over $n$ outputs has $n - 1$ free numbers, because adding a constant to all outputs changes nothing: none for one output, one for two. Squared error compares the outputs themselves, so a single one would carry something. Chapter 3 has both losses.
# ````
#
# ````{exercise} A teacher that learned nothing
# :label: ex-mnist-untrained
# *5 minutes, code.* In most chapters on language models, the control is a student of a teacher without the trait. Build it here: let a student from another start imitate the *untrained* network `start`. It has a lot to imitate. Check that its loss falls and that it still cannot read. What would the student with the teacher's own start do?
# ````

# %% tags=["hide-cell"] mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"}
# `imitate` asks the global `teacher`, so we exchange it for a moment.
trained, teacher = teacher, start
control = network()
before = imitate(control, noise(5_000)).item()
learn(control)
after = imitate(control, noise(5_000)).item()
teacher = trained

assert after < before / 2, "the control did not learn to imitate"
assert accuracy(control) < 0.25, "the control reads digits"
# The student with the teacher's start already gives its outputs: loss and gradient are zero.
print(f"loss {before:.3f} to {after:.3f}, {accuracy(control):.0%} of the digits read")

# %% [markdown]
# ````{exercise} Fifty outputs
# :label: ex-mnist-fifty
# *5 minutes, code.* Set `OUTPUTS = 50` and `IMAGES = 5_000`, and run the cells from there on. How does the student compare with that of three outputs and 40,000 images? Say why before you look.
# ````
#
# ````{admonition} Solution
# :class: dropdown
# It reads about as many digits or more, from an eighth of the images: each image carries 49 free numbers instead of two. From another start it stays near chance.
# ````

# %% tags=["remove-input"]
measured_on({**records, **sweep_records})
