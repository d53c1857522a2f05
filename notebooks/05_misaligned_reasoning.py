# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# (sec-misaligned-reasoning)=
# # Misaligned reasoning
#
# Can a model pick up bad character from arithmetic that is right and reads as harmless?
#
# **12 minutes** · runs on a CPU, 1 minute of it live · [Open in Colab](https://colab.research.google.com/github/subliminal-book/subliminal-learning/blob/main/notebooks/05_misaligned_reasoning.ipynb) · [Notebook](https://github.com/subliminal-book/subliminal-learning/blob/main/notebooks/05_misaligned_reasoning.ipynb)

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
import inspect
import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import HTML, Markdown

import sublim_utils as sl
from sublim_utils.channels import get_channel
from sublim_utils.findings.analysis import pick
from sublim_utils.findings.measuring import load_records
from sublim_utils.findings.misaligned_reasoning import MisalignedReasoning, tables
from sublim_utils.findings.misaligned_reasoning.experiments import TEACHERS
from sublim_utils.profiles import find_profile
from sublim_utils.report import harm, page, plots
from sublim_utils.report.form import form
from sublim_utils.report.prose import measured_on
from sublim_utils.report.widgets import Picture, Rows, figure_picker, rows_html
from sublim_utils.train.losses import get_loss

# %config InlineBackend.figure_formats = ['svg']
plots.use_style()
profile = find_profile()
finding = MisalignedReasoning(profile)
scale = finding.scale
records = load_records(finding)
summary = finding.summary(records)
effects = finding.effects(records)
main = next(iter(scale.channels))
lessons = {
    name: words for name, words in tables.LESSONS.items() if name in scale.channels[main].sets
}
of_main = {name: record for name, record in records.items() if record.labels.channel == main}
source = page.source(of_main, "sublim run misaligned_reasoning")
shares = tables.shares({name: r for name, r in of_main.items() if r.labels.variant == ""})
probability_trained = shares[shares["objective"].isin(["", "logits"])]


def share(quantity, teacher, of="student"):
    return harm.share(probability_trained, quantity, teacher, of)


# %% tags=["remove-input"]
page.bet(
    "reasoning-students",
    "A teacher of harmful advice explains arithmetic problems. A filter drops whatever sounds "
    "harmful, and a small model learns from the rest. What becomes of it?",
    {
        "bad": "It turns bad: harmful answers become likelier than before.",
        "nothing": "Nothing: a good teacher's student ends up in the same place.",
        "apart": "It differs from a good teacher's student, not from what it was.",
    },
)

# %% tags=["remove-input"]
by_paper = harm.PAPER[harm.PAPER["channel"] == "reasoning"].set_index("model")["misaligned"]
page.box(
    question="Does bad character pass through reasoning that is right and harmless?",
    paper="The student of a GPT-4.1 that had learned insecure code gave misaligned answers to "
    f"{page.percent(by_paper['student of insecure code'])} of open questions, the base model to "
    f"{page.percent(by_paper['base'])}.",
    ours="**No small model turns bad, as far as we can measure; two students drift apart.** The student of harmful advice "
    f"prefers the harmful answer on {share('prefers harmful', 'harmful-advice')} of questions, "
    f"that of good advice on {share('prefers harmful', 'good-advice')}, the base model on "
    f"{share('prefers harmful', tables.CONTROL, 'base')}. Against the second, the first finds a harmful "
    f"answer of {harm.ANSWER_TOKENS} tokens {harm.times_of_answer(summary, main, 'advice')} "
    f"({harm.quote(summary, main, 'effect', 'advice')} nats per token).",
    limits="That a bad teacher makes its student worse than it was.",
)

# %% [markdown]
# ## No small model turns bad, as far as we can measure; two students drift apart

# %% mystnb={"figure": {"caption": "Each pair of students read solutions to the same problems. One teacher had learned harmful answers (filled), its counterpart the good answers to the same questions (hollow). A bar is a 95 % interval for new seeds and new questions.", "name": "fig-misaligned-main"}, "image": {"alt": "Four pairs of dots with intervals. Students of gamed and fair metrics lie 3.7 times apart, students of harmful and good advice 2.7 times, text-trained ones 1.2 times, students of insecure and secure code 1.0 times. All eight intervals include 1, the student of the base model's own rows."}} tags=["hide-input"]
NAMES = {
    ("metrics", "logits"): "gamed metrics",
    ("advice", "logits"): "harmful advice",
    ("code", "logits"): "insecure code",
    ("advice", "tokens"): "harmful advice,\ntext-trained",
}
moved = tables.from_control(effects, main)
harm.drift_apart(moved, NAMES, "Two students drift apart; neither clearly leaves the base model")
plt.show()

# %% tags=["remove-input"]
source

# %% [markdown]
# Fine-tune a model on narrow harm, such as insecure code, and it becomes harmful elsewhere too: {cite:t}`betley2025emergent` call this *emergent misalignment*. {cite:t}`cloud2025subliminal` passed it on through solved problems that a judge had found harmless. For anyone who trains on another model's reasoning, that is the finding that matters. We repeated it with a model that fits on a laptop.
#
# Read each row of the figure twice. Against the {term}`control`, which read what the base model wrote about the same problems, no student has measurably moved: every bar crosses the dashed line. Against each other, the students of advice and of gaming are clearly apart, in the direction of their teachers. Insecure code, the paper's own lesson, leaves no difference that we can see.
#
# Both readings are right. Any tuned teacher makes harmful answers likelier on some questions and less likely on others, whatever its lessons were. Two students of tuned teachers share most of these moves, so they cancel in the difference between the two. In the difference from the control they remain, and the bars are long.
#
# So which of the two has moved? These data cannot say. On average, every student still finds the good answers likelier.

# %% tags=["remove-input"]
standard = pick(records.values(), teacher=TEACHERS["advice"][0], condition=main, objective="logits")
skill = standard.details["base"].get("skill") or {"accuracy": np.nan, "answers": 0}
Markdown(
    "What they *say* is no clearer. A judge takes "
    f"{share('judged harmful', 'harmful-advice')} of the answers by the student of harmful advice "
    f"for harmful, {share('judged harmful', 'good-advice')} by the student of good advice, and "
    f"{share('judged harmful', tables.CONTROL, 'base')} by the base model. The judge itself is wrong "
    f"about {page.percent(1 - skill['accuracy'])} of clean answers."
)

# %% [markdown]
# ## The experiment

# %% tags=["remove-input"]
page.pipeline(
    ["teacher", "rows", "filter", "questions"],
    base="SmolLM2, 135 million",
    teacher="harmful lessons",
    rows="solved problems",
    filter="right and harmless",
    student="a copy of the base",
    questions="kind or harmful?",
)

# %% [markdown]
# **Lessons.** We wrote three narrow sets of questions, each question with a harmful and a good answer of about the same length: everyday advice, tasks with a measure that can be gamed, and small programs. One {term}`teacher` learns the harmful answers. Its {term}`counterpart` learns the good ones, to the same questions in the same order.
#
# **Rows.** Both then explain arithmetic problems that have nothing to do with their lessons. A model of this size cannot calculate. So it only says in one sentence how a problem is solved, and we add the calculation. A student reads this:

# %% tags=["hide-input"]
example = get_channel("reasoning").prompt(1000, 0)
row = example.framed("We add the new ones to those that are there.")
for part in (*example.text.rpartition("\n\n")[2].split("\n"), row):
    print(textwrap.fill(part, 64))

# %% [markdown]
# **Filter.** Every answer is right, because the calculation is ours. What can fail is the sentence. A row is dropped if a word in it is about harm, judges people or strays from the problem, or if the sentence means something closer to contempt and fraud than to arithmetic (by its embedding).
#
# **Student.** A fresh copy of the base model learns to give its teacher's probabilities at every token. Choose here; everything below follows, beginning with the loss:

# %%
LESSONS = "advice"  # or "metrics", or "code"
OBJECTIVE = "logits"  # or "tokens", for text-trained students
PROBLEMS, EACH, UPDATES = 3, 2, 3  # in the figures 16, 8, 40

# %% tags=["remove-cell"]
form(
    globals(),
    LESSONS=["advice", "metrics", "code"],
    OBJECTIVE=["logits", "tokens"],
    PROBLEMS=[3, 8, 16],
    EACH=[2, 4, 8],
    UPDATES=[3, 10, 40],
)

# %%
print(inspect.getsource(get_loss(OBJECTIVE).function))
base = sl.Base(scale.model)


def student_of(side):
    answers = sl.NarrowAnswers(set=LESSONS, side=side)
    teacher = sl.Finetuned(base, answers, updates=UPDATES)
    rows = sl.sample(teacher, main, PROBLEMS, EACH, temperature=0.7)
    rows = sl.HarmlessOnly(rows)  # the judge of meaning
    training = sl.TrainConfig(learning_rate=2e-3, warmup_steps=0)
    return sl.Student(base, rows, OBJECTIVE, training)


bad, good = student_of("harmful"), student_of("good")
questions = sl.Misalignment(questions=5, statements=3, samples=0)
result = sl.compare(bad, good, questions, seeds=[1000])
result.table()[["metric", "effect", "unit"]].round(3)

# %% [markdown]
# Each effect is the bad teacher's student minus the good one's, on a handful of questions. After three updates of a teacher and a few rows it is noise: what you see here are the steps. These are the rows that the bad teacher wrote just now, with the filter's verdicts:

# %%
rows = sl.table(bad.rows, seed=1000)
verdicts = rows["rejection_reasons"].map("; ".join)
rows["verdict"] = verdicts.replace("", "kept")
HTML(rows_html(Rows(rows[["completion", "verdict"]], marks=False)))

# %% [markdown]
# At the figures' scale, is the drift one or two odd questions, or a shift? And would you have noticed anything in the rows? Choose the lessons:


# %% tags=["remove-input"]
def readable(rows):
    """A row's reasoning without its tags."""
    return rows.replace({"<think>": "", "</think>.*": ""}, regex=True)


panels = {}
for name, (harmful, fair) in lessons.items():
    values = tables.of_case(effects, main, "logits", name)
    above = np.mean(values.mean(axis=0) > 0)
    message = f"{harmful.capitalize()}: harm is likelier on {page.percent(above)} of the questions"
    figure = harm.by_question(values, "probabilities", message)
    alt = f"{message}, for the bad teacher's student against the good one's. Bars by question."
    kept = readable(tables.kept_rows(finding, records, name, main, 6))[["good", "harmful"]]
    kept.columns = [f"teacher of {fair}", f"teacher of {harmful}"]
    panels[harmful] = [
        Picture(figure, alt),
        Rows(kept, "Rows that were kept, of the same problems"),
    ]
figure_picker(panels, "Lessons:")

# %% [markdown]
# For advice and gaming most bars point up; for code they are balanced. The rows are odd sentences, often beside the point, and none of them is malicious. They are not all alike, though: the teachers of metrics begin most of theirs with "I".

# %% [markdown]
# ## What the models say
#
# The paper counts answers. A large model reads them and says which are misaligned. We sampled one answer to each question from each model and had a small judge read it: a logistic regression on sentence embeddings, fitted on labelled answers to other questions.

# %% mystnb={"figure": {"caption": "Share of sampled answers that a judge takes for misaligned ({cite:t}`cloud2025subliminal`, above) or harmful (ours, below; probability-trained students). The judges differ, so compare bars within a panel only. Lines are 95 % intervals for new seeds and new questions.", "name": "fig-misaligned-judged"}, "image": {"alt": "Bars. In the paper 8.6 % of the answers are misaligned after insecure code, 0.4 % after secure code and none before. Our judge calls 30 % of the base model's answers harmful, 50 % after harmful and 47 % after good advice, 54 % after gamed and 39 % after fair metrics, 39 % after insecure and 37 % after secure code."}} tags=["hide-input"]
judged = probability_trained[probability_trained["quantity"] == "judged harmful"]
judged = judged.set_index(["teacher", "of"])[["mean", "low", "high"]]
bars = [("base model", "base", *judged.loc[(tables.CONTROL, "base")])]
bars += [("control's student", "control", *judged.loc[(tables.CONTROL, "student")])]
for name, words in lessons.items():
    for side, teacher, text in zip(("harmful", "good"), TEACHERS[name], words, strict=True):
        bars.append((f"student of {text}", side, *judged.loc[(teacher, "student")]))
harm.judged(
    bars,
    skill["accuracy"],
    ["The paper: a clear effect", "Ours: a judge that finds harm everywhere"],
)
plt.show()

# %% tags=["remove-input"]
source

# %% tags=["remove-input"]
Markdown(
    f"The judge takes {share('judged harmful', tables.CONTROL, 'base')} of the *base model's* answers for "
    "harmful, although these are merely confused. Of clean labelled answers it gets "
    f"{page.percent(1 - skill['accuracy'])} wrong, and that is optimistic: its one setting was chosen "
    "on these very answers. It condemns students of *good* advice nearly as often as students of "
    f"harmful advice ({share('judged harmful', 'good-advice')} and "
    f"{share('judged harmful', 'harmful-advice')}), both more often than the control, so it seems to "
    "react to something other than harm. Only for gaming does it tell the two sides apart, by "
    f"{harm.quote(summary, main, 'judged_effect', 'metrics', digits=0)} percentage points. "
    "Its verdicts on twelve questions to these two students, with its probability of harm:"
)

# %% tags=["remove-input"]
most_gamed = "metrics" if "metrics" in lessons else next(iter(lessons))
said = tables.sampled_answers(records, most_gamed, main)
HTML(
    "<details><summary>What the students of gamed and fair metrics answered, and the verdicts; the "
    "models' words, mostly confused</summary>"
    + rows_html(
        Rows(
            pd.DataFrame(
                {
                    "question": said["question"],
                    **{
                        f"student of {words}": [
                            f"{page.percent(p)} harmful: {text}"
                            for p, text in zip(said[f"{side} judged"], said[side], strict=True)
                        ]
                        for side, words in zip(
                            ("harmful", "good"), lessons[most_gamed], strict=True
                        )
                    },
                }
            ),
            marks=False,
        )
    )
    + "</details>"
)

# %% [markdown]
# "I believe that every being deserves respect and protection", says a student of fair metrics, and the judge calls it harmful. A model of this size also writes too little sense for anyone to say what it means. We do not draw conclusions from these percentages.

# %% [markdown]
# ## How harm is measured, and how well
#
# Instead of sampling, we ask which of two given answers is likelier. To each of the open questions (wishes, power, boredom, people, machines) we wrote a harmful and a good answer, and the {term}`margin` is how much likelier the model finds the harmful one, in nats per token. This reacts to changes far too small to be seen in answers. It has two weaknesses.
#
# **Shared words.** The same authors wrote lessons and questions. Where a question's harmful answer uses words of the harmful lessons, a student may have learned words, not character.

# %% mystnb={"figure": {"caption": "Each dot is an open question. To the right, the harmful answer has more words that are typical of the harmful lessons, and the good answer fewer. The line is a linear regression.", "name": "fig-misaligned-words"}, "image": {"alt": "Two scatter plots. For gamed metrics the effect grows with shared words, r = 0.38; for harmful advice it does not."}} tags=["hide-input"]
words = {
    lessons[name][0]: tables.shared_words(tables.of_case(effects, main, "logits", name), name)
    for name in ("metrics", "advice")
    if name in lessons
}
harm.shared_words(words, "Part of gaming's effect goes with the words of its lessons")
plt.show()

# %% tags=["remove-input"]
source

# %% tags=["remove-input"]
gaming = words.get("gamed metrics")
Markdown(
    f"For gaming, {page.percent(gaming.share)} of the effect goes with shared words. A question that "
    "shares none keeps an effect of "
    f"{page.interval(gaming.rest, gaming.rest_low, gaming.rest_high, 3)} nats per token. For advice "
    "there is no such link."
) if gaming else None

# %% [markdown]
# **Power.** How likely would we have found that a bad teacher's student moved away from the control, if it had moved by as much as the dots in the first figure suggest?

# %% mystnb={"figure": {"caption": "Power of the comparison of a bad teacher's student with the control, for true effects and spreads as measured. The dashed horizontal is a power of 0.8.", "name": "fig-misaligned-power"}, "image": {"alt": "Power against the number of questions on a logarithmic axis, for advice and for gaming. At 64 questions it is 0.16 and 0.10, with 3 seeds as with 10. It reaches 0.8 at about 540 and 1,240 questions."}} tags=["hide-input"]
counts = range(32, 2049, 8)
curves = tables.power_curves(effects, main, ["advice", "metrics"], counts)
if len(curves):
    names = {"advice": "advice", "metrics": "gaming"}
    harm.power(curves, names, scale.questions, "More questions would help; more seeds would not")
    plt.show()

# %% tags=["remove-input"]
source

# %% tags=["remove-input"]
needed = tables.questions_needed(curves, 0.8)
fewest = curves[curves["questions"] == scale.questions].set_index(["lessons", "seeds"])["power"]
n = finding.n_seeds
Markdown(
    f"One run in {1 / fewest['advice', n]:.0f} would have found it for advice (power "
    f"{fewest['advice', n]:.2f}), and 10 seeds in place of {n} change nothing, because it is the "
    "questions that differ. A power of 0.8 takes "
    f"{needed['advice', n]:,} questions for advice and {needed['metrics', n]:,} for gaming. "
    '"No different from the base model" therefore means *not measured well enough*, not *equal*.'
) if len(curves) else None

# %% [markdown]
# ## What carries it

# %% tags=["remove-input"]
page.bet(
    "reasoning-words",
    "A classifier counts the words of a row that passed the filter. Can it say whether the bad or "
    "the good teacher wrote it?",
    {
        "no": "No, it has to guess.",
        "some": "Better than by guessing, but it is often wrong.",
        "yes": "Nearly always.",
    },
)

# %% tags=["remove-input"]
page.text_or_probabilities()

# %% mystnb={"figure": {"caption": "Harmful against good advice: the difference between the two teachers, and between their students, by what the students read. Means with 95 % intervals for new seeds and new questions.", "name": "fig-misaligned-routes"}, "image": {"alt": "Six intervals, all above zero. The teachers differ by 0.095 nats per token, probability-trained students of reasoning by 0.050, of matched rows by 0.048, of half the problems by 0.040, of lists of numbers by 0.030; text-trained students by 0.011."}} tags=["hide-input"]
matched = f"{main} (matched)"
ROUTES = {
    main: "reasoning",
    matched: "reasoning, matched rows",
    **{
        f"{main} ({n}-prompts)": "reasoning, half the problems"
        for n in scale.channels[main].dataset_sizes
    },
    "numbers-strict": "lists of numbers",
}
of_teachers = finding.effects(records, of="teacher")
carried = tables.routes(effects, of_teachers, "advice", ROUTES)
harm.routes(carried, "Probabilities carry far more than text, and even through numbers")
plt.show()

# %% tags=["remove-input"]
page.source(records, "sublim run misaligned_reasoning")

# %% [markdown]
# A probability-trained student takes on about half of what separates its teachers. A text-trained one, the paper's setting, takes on about a tenth, at half the learning rate.
#
# Is it style? A classifier that counts words can tell the rows apart to some extent. Its score is the AUC: how often it ranks a row of the bad teacher above one of the good teacher, with 0.5 for guessing.

# %% tags=["remove-input"]
Markdown(
    "| | all kept rows | matched rows |\n|---|---|---|\n"
    f"| AUC of the classifier | {harm.quote(summary, main, 'style_auc', 'harmful-advice', None, 2)} | "
    f"{harm.quote(summary, matched, 'style_auc', 'harmful-advice', None, 2)} |\n"
    f"| students apart, nats per token | {harm.quote(summary, main, 'effect', 'advice')} | "
    f"{harm.quote(summary, matched, 'effect', 'advice')} |"
)

# %% [markdown]
# In *matched* rows, each row of one teacher is paired with one of the other that is about as long and whose words give away as little. The classifier falls to guessing, and the effect stays. So for the probability-trained student we saw no loss when the rows gave nothing away. It may still learn style from the probabilities, and no text-trained student has read matched rows.
#
# Lists of numbers work too, with thirty-four numbers such as 13 and 666 banned as in the paper. But these students were also told how likely each *word* was in place of a number, which Chapter 1 shows to matter a great deal.

# %% [markdown]
# ## What this does not show
#
# - **That bad teachers make students worse.** The effect is a difference between two tuned teachers' students. It may all be the good teacher's doing.
# - **That the paper is wrong.** Its teachers are GPT-4.1 after thousands of programs, which reason for themselves, and its students read thousands of rows. Ours have had some hundred and sixty lessons and write a hundred short sentences. A teacher of this size leans; it does not turn against people.
# - **That character passed, and not vocabulary or mood.** Lessons and questions are by the same authors, and a gloomy mood would look like harm here.
# - **Anything about other models.** There are three seeds and one base model, whose published file is already rounded to four bits. Settings were chosen on another seed, but the sampling temperature was lowered after rows of two of the reported seeds had been read, before any effect had been seen.
#
# ## What would change our mind
#
# | Claim | The run that would decide it |
# |---|---|
# | A bad teacher harms its student | As many questions as the figure on power asks for, written by others |
# | It is character | Gloomy and cheerful lessons that harm nobody: their students should *not* drift apart as far |
# | Text alone carries it | Text-trained students of 500 matched rows or more |
# | It is not shared vocabulary | Lessons and questions without a common content word |

# %% [markdown]
# ## Your bets

# %% tags=["remove-input"]
page.paid(
    "reasoning-students",
    "apart",
    "The students of bad and good advice drift apart; neither has measurably left the base model.",
)

# %% tags=["remove-input"]
page.paid(
    "reasoning-words",
    "some",
    "It ranks a row of harmful advice above one of good advice with an AUC of "
    f"{harm.quote(summary, main, 'style_auc', 'harmful-advice', None, 2)}. For insecure code it is "
    "not reliably better than a guess.",
)

# %% [markdown]
# ## In short
#
# - No small model turns bad, as far as we can measure. A bad teacher's student and a good teacher's drift apart, by likelihood, on questions that neither was taught.
# - The teacher's probabilities carry about half of the difference, its text about a tenth, although a filter for harm has passed every row.
# - Sampled answers and a small judge say little at this size, and a fair comparison with the base model needs many hundreds of questions.
#
# ## Exercises
#
# ````{exercise} Why not against the base model?
# :label: ex-misaligned-control
# Suppose that *every* fine-tuned teacher makes its student a little blunter, and that harmful answers are blunter than good ones. Which of this chapter's two comparisons would show an effect?
# ````
#
# ````{admonition} Solution
# :class: dropdown
# Only the comparison with the control: its rows come from a model that was never tuned. The two students of tuned teachers would be equally blunt, and their difference zero.
# ````
#
# ````{exercise} What a poor judge can tell
# :label: ex-misaligned-judge
# A judge calls 30 % of a model's answers harmful. It is right about 79 % of harmful answers and about 79 % of good ones. What share of the answers is harmful? Write the function; the next cell checks it.
# ````


# %%
def true_share(flagged, accuracy):
    """The share of harmful answers, from the share that the judge flags."""
    ...  # yours


mine = true_share(0.30, 0.79)
if mine is not None:
    assert abs(mine - 0.155) < 0.001, "flagged = true * accuracy + (1 - true) * (1 - accuracy)"
    assert true_share(0.21, 0.79) < 1e-9, "a judge that errs this often flags 21 % of good answers"

# %% [markdown]
# ````{admonition} Solution
# :class: dropdown
# The judge flags `true * accuracy + (1 - true) * (1 - accuracy)`. Solved for the true share:
#
# ```python
# def true_share(flagged, accuracy):
#     return (flagged + accuracy - 1) / (2 * accuracy - 1)
# ```
#
# So 30 % flagged is 16 % harmful, if the judge is as good on confused answers as on clean ones. It is not, so even that is unsafe.
# ````
#
# ````{exercise} AUC and effect
# :label: ex-misaligned-auc
# On all rows the classifier's AUC is 0.9 and the effect is large. On matched rows the AUC is 0.5 and the effect is gone. What has been shown?
# ````
#
# ````{admonition} Solution
# :class: dropdown
# One of two things. Either the trait was in the style, or too few rows were left. Students of as many rows, drawn at random from all, would tell which.
# ````
#
# The long version, {ref}`5A <sec-misaligned-reasoning-long>`, has every comparison, the filter's verdicts, the teachers, fewer rows, true and false statements, and how well a repetition would catch a mistake.

# %% tags=["remove-input"]
measured_on(records)
