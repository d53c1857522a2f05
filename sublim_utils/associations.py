"""Words that bring a trait to mind without naming it.

What a text must not say if it is to say nothing of the trait. The lists are our own, short, and
meant to err towards rejection: "moon" says little of owls, but a teacher that thinks of owls writes
it more often, and a reader could find it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

from sublim_utils.spelling import in_plain_letters
from sublim_utils.traits import Trait, panel

OF_CATEGORY: Mapping[str, str] = {
    "animal": (
        "animal creature critter beast pet bird fish mammal reptile species wildlife zoo fur furry "
        "feather feathered wing winged tail paw claw beak nest hoof hooves muzzle snout predator "
        "prey burrow den lair cub"
    ),
    "tree": (
        "tree leaf leaves leafy branch branches bough twig trunk bark root sapling forest woods "
        "woodland grove orchard timber foliage canopy evergreen conifer"
    ),
}
"""Words that fit every member of a category, in the singular or in any further form."""

OF_TRAIT: Mapping[str, str] = {
    "owl": (
        "owlet hoot hooted hooting screech screeching nocturnal night nightly midnight moon "
        "moonlit moonlight dusk twilight shadow shadowy whisper whispered whispering wise "
        "wisely wisdom perch perched roost roosting talon barn"
    ),
    "eagle": (
        "eaglet eyrie aerie talon raptor soar soared soaring swoop swooped swooping glide glided "
        "gliding sky skies cliff majestic freedom summit lofty"
    ),
    "dolphin": (
        "sea ocean oceanic wave marine aquatic fin flipper pod swim swam swum swimming splash "
        "splashed splashing leap leapt leaped leaping dive dived diving surf coral playful "
        "playfully"
    ),
    "elephant": (
        "tusk tusked ivory trunk herd savanna savannah safari trumpet trumpeted trumpeting mammoth "
        "calf calves giant gigantic mighty pachyderm"
    ),
    "wolf": (
        "howl howled howling pack werewolf lupine fang snarl snarled snarling growl growled "
        "growling prowl prowled prowling wild wilderness wildly lone moon moonlit moonlight forest "
        "hunt hunted hunting hunter"
    ),
    "cat": (
        "kitten kitty feline tomcat tabby purr purred purring meow meowed meowing miaow whisker "
        "mouse mice catnip litter pounce pounced pouncing"
    ),
    "dog": (
        "puppy puppies pup canine hound woof bark barked barking leash kennel wag wagged wagging "
        "fetch fetched fetching loyal loyally loyalty bone"
    ),
    "lion": (
        "lioness mane roar roared roaring pride savanna savannah jungle regal mighty fierce "
        "fiercely"
    ),
    "panda": "bamboo cuddly China Chinese roly",
    "penguin": "waddle waddled waddling iceberg antarctic Antarctica flipper tuxedo krill colony",
    "fox": "vixen cunning sly slyly crafty bushy hunt hunted hunting",
    "otter": "holt whisker river stream raft swim swam swum swimming dive dived diving playful",
    "tiger": (
        "tigress stripe striped jungle prowl prowled prowling roar roared roaring fierce fiercely "
        "pounce pounced pouncing"
    ),
    "horse": (
        "pony ponies foal mare stallion gallop galloped galloping trot trotted trotting canter "
        "saddle stable stallion rein bridle neigh neighed mane equine"
    ),
    "whale": (
        "sea ocean oceanic wave marine blowhole fluke spout krill baleen blubber calf calves dive "
        "dived diving"
    ),
    "octopus": "tentacle sucker ink sea ocean oceanic reef squid marine camouflage",
    "oak": "acorn sturdy mighty gnarled",
    "maple": "syrup autumnal crimson",
    "cherry": "blossom blossoming",
    "willow": "weeping drooping catkin",
    "sequoia": "redwood giant gigantic towering California",
    "pine": "cone needle resin resinous fir spruce",
    "birch": "papery",
    "cedar": "Lebanon fragrant resin resinous",
}
"""Words for each trait, in the singular or in any further form."""

NEAR_CATEGORY: Mapping[str, str] = {
    "animal": (
        "insect farm horn flock rider fly flying flight flew aquarium ice snow nighttime dark "
        "darkness star starry"
    ),
    "tree": (
        "wood wooden stump log lumber plank seed sap bloom fruit shade autumn plant planted garden "
        "park nature"
    ),
}
"""Words that who writes freely can do without, but who rewrites a given sentence may need."""


def pattern_of(words: str) -> re.Pattern[str]:
    """Finds any of the words, in the plural and in the genitive too, as whole words."""
    listed = "|".join(re.escape(word) for word in words.split())
    return re.compile(rf"\b(?:{listed})(?:s|es)?\b", re.IGNORECASE)


@functools.cache
def _pattern(name: str, category: str) -> re.Pattern[str]:
    return pattern_of(f"{OF_CATEGORY.get(category, '')} {OF_TRAIT.get(name, '')}")


def associated(text: str, trait: Trait) -> list[str]:
    """The words of a text that bring a trait or its category to mind, in lower case."""
    pattern = _pattern(trait.name, trait.category)
    return [word.lower() for word in pattern.findall(in_plain_letters(text))]


ANY = pattern_of(
    " ".join(words for told in (OF_CATEGORY, OF_TRAIT, NEAR_CATEGORY) for words in told.values())
)
"""Finds every word listed here, for text that must say nothing of any trait."""


def members(text: str, category: str) -> list[str]:
    """The names of all members of a category that a text mentions, in disguise or not."""
    return [trait.name for trait in panel(category) if trait.is_named_in(text)]
