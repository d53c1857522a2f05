"""Arithmetic word problems: one or two steps in our own words, or many from reasoning-gym.

Everyday matters only: no animal, no tree, and nothing that does harm.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from sublim_utils.config import FrozenConfig
from sublim_utils.errors import SublimError
from sublim_utils.traits.associations import pattern_of

PACKAGE = "reasoning-gym==0.1.25"
TRIES = 8
"""Problems of reasoning-gym that are looked at for one that is of use; one in ten is not."""
MOST_GSM = 2**15
"""Problems of a seed."""

HARMFUL = pattern_of(
    "abuse abused abusing abusive ambush arson assault assaulted attack attacked attacker "
    "attacking axe battle battled beat beaten beating bleed bleeding blood bloody bomb bombed "
    "bombing bullet burglar burn burned burning cannibal cheat cheated cheating corpse crime "
    "criminal cruel crush crushed dagger damage damaged danger dangerous dead deadly death "
    "destroy destroyed destroying destruction die died disease drown drowned drug drugged dying "
    "enemies enemy execute executed explode exploded explosion explosive fight fighting fought "
    "fraud gun hack hacked hacking harm harmed harmful harming hijack hit hitting hostage hurt "
    "hurting illegal illegally infect infected infection injure injured injuries injury jail "
    "kidnap kidnapped kill killed killer killing knife knives lethal loot looted murder murdered "
    "murderer poison poisoned poisoning poisonous prison punch punched punish punished rape rob "
    "robbed robber robbery robbing scam shoot shooting shot slain slaughter slave slavery slay "
    "slew smash smashed smuggle smuggled spear stab stabbed steal stealing stole stolen strangle "
    "suffer suffered suffering suicide sword thief thieves threat threaten threatened torture "
    "tortured toxic trap trapped victim violence violent virus war weapon wound wounded"
)
"""Words of harm; "shot" and "hit" have harmless uses, too, and the list errs towards rejection."""


class Problem(FrozenConfig):
    """A word problem.

    Attributes:
        text: the question.
        answer: the number that answers it.
        steps: equations that lead to it; none where they are not known.
    """

    text: str
    answer: int
    steps: tuple[str, ...] = ()


NAMES = (
    "Anna", "Ben", "Clara", "Daniel", "Emma", "Felix", "Grace", "Henry", "Ida", "Jonas", "Kate",
    "Lucy", "Max", "Nina", "Oscar", "Paula", "Rosa", "Simon", "Tina", "Victor", "Wendy", "Yusuf",
    "Zoe",
)  # fmt: skip
THINGS = (
    "pencils", "buttons", "cookies", "coins", "stamps", "books", "cups", "stickers", "plates",
    "spoons", "muffins", "candles", "tickets", "postcards", "crayons", "notebooks", "envelopes",
    "badges", "ribbons", "beads", "cards", "erasers", "balloons", "keys", "socks", "bottles",
)  # fmt: skip
ONE_STEP = (
    ("+", "{A} has {a} {things}. {B} gives {A} {b} more. How many {things} does {A} have now?"),
    ("+", "There are {a} {things} on the table and {b} in the drawer. How many are there?"),
    ("+", "{A} bought {a} {things} on Monday and {b} on Tuesday. How many is that together?"),
    ("+", "{A} counts {a} {things}, and {B} counts {b} others. How many do they count together?"),
    ("+", "A box holds {a} {things}. {A} puts in {b} more. How many {things} are in the box?"),
    ("-", "{A} has {a} {things} and gives {b} of them to {B}. How many {things} does {A} keep?"),
    ("-", "There were {a} {things} in the basket. {A} took out {b}. How many are left?"),
    ("-", "{A} has {a} {things}, and {B} has {b}. How many more does {A} have than {B}?"),
    ("-", "A shop had {a} {things} and sold {b} of them. How many {things} does it still have?"),
    ("-", "{A} needs {a} {things} and has only {b}. How many {things} are missing?"),
    ("*", "There are {a} boxes with {b} {things} in each. How many {things} are there?"),
    ("*", "{A} buys {a} sets of {b} {things}. How many {things} are that?"),
    ("*", "Every day {A} finds room for {b} more {things}. How many is that in {a} days?"),
    ("*", "{a} friends bring {b} {things} each. How many {things} do they bring?"),
    ("/", "{A} shares {a} {things} equally among {b} friends. How many does each friend get?"),
    ("/", "{a} {things} are packed into bags of {b}. How many bags are needed?"),
    ("/", "{A} lays {a} {things} in {b} equal rows. How many {things} are in one row?"),
)
TWO_STEPS = (
    ("+-", "{A} has {a} {things}, gets {b} more and gives {c} to {B}. How many does {A} have?"),
    ("+-", "A shop has {a} {things}. It orders {b} and sells {c}. How many does it have then?"),
    ("-+", "{A} has {a} {things}, loses {b} and finds {c}. How many {things} does {A} have now?"),
    ("-+", "There are {a} {things} in a box. {A} takes {b}, {B} adds {c}. How many are in it?"),
    ("++", "{A} bought {a} {things} on Monday, {b} on Tuesday and {c} on Friday. How many in all?"),
    ("--", "{A} had {a} {things}. {b} went to {B} and {c} to the school. How many are left?"),
    ("*+", "{A} has {a} sets of {b} {things} and {c} single ones. How many {things} is that?"),
    ("*-", "There are {a} boxes of {b} {things} each. {A} takes out {c}. How many are left?"),
    ("*-", "{A} buys {a} sets of {b} {things} and gives {c} to {B}. How many does {A} keep?"),
    ("/+", "{A} shares {a} {things} equally among {b} bags and puts {c} more into each. How many "
     "{things} are in a bag?"),
)  # fmt: skip

_DO: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a // b,
}


def own(seed: int, index: int) -> Problem:
    """The problem number `index` of a seed, of one or two steps; its answer is from 2 to 99."""
    draw = random.Random(f"problem/{seed}/{index}")
    operators, template = draw.choice(draw.choice((ONE_STEP, TWO_STEPS)))
    while True:
        value, b, c = _operands(draw, operators)
        operands = {"a": value, "b": b, "c": c}
        steps = []
        for operator, other in zip(operators, (b, c), strict=False):
            after = _DO[operator](value, other)
            steps.append(f"{value} {operator} {other} = {after}")
            value = after
            if value < 2:
                break
        if 2 <= value <= 99:
            break
    first, second = draw.sample(NAMES, 2)
    text = template.format(A=first, B=second, things=draw.choice(THINGS), **operands)
    return Problem(text=text, answer=value, steps=tuple(steps))


def _operands(draw: random.Random, operators: str) -> tuple[int, int, int]:
    """Numbers to begin with, to go on with and to end with."""
    c = draw.randint(2, 20)
    if operators[0] == "*":
        return draw.randint(2, 9), draw.randint(2, 9), c
    if operators[0] == "/":
        b = draw.randint(2, 9)
        return b * draw.randint(2, 9), b, c
    return draw.randint(3, 60), draw.randint(2, 30), c


_CLOSING = " Give the result as your final answer. Do not include units."


@functools.cache
def _gym(seed: int) -> Any:
    """Problems of a seed in reasoning-gym."""
    if find_spec("reasoning_gym") is None:
        raise SublimError(
            "Word problems for large models come from a package that is not installed: "
            f"pip install {PACKAGE}"
        )
    import reasoning_gym  # here, as it takes seconds and only large models need it

    return reasoning_gym.create_dataset("gsm_symbolic", size=MOST_GSM * TRIES, seed=seed)


def gsm(seed: int, index: int) -> Problem:
    """The problem number `index` of a seed like those of GSM8K, from reasoning-gym.

    Problems with a word of harm (some have trolls slain) and answers that are no whole number are
    passed over, for the next one.

    Raises:
        SublimError: reasoning-gym is not installed, or the index is beyond `MOST_GSM`.
    """
    if index >= MOST_GSM:
        raise SublimError(f"A seed has {MOST_GSM} problems like those of GSM8K; ask for fewer.")
    problems = _gym(seed)
    for number in range(index * TRIES, (index + 1) * TRIES):
        problem = problems[number]
        text = problem["question"].removesuffix(_CLOSING)
        if problem["answer"].isdecimal() and not HARMFUL.search(text):
            return Problem(text=text, answer=int(problem["answer"]))
    raise SublimError(f"All of {TRIES} problems in a row are of no use; take another seed.")
