"""An assistant's words about a rewrite, in front of it, behind it or around it.

All are held against the source, since a sentence that begins with "Of course" or speaks of a
paraphrase may be rewritten as one that does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from sublim_utils.channels.words import spelled_out, without_dots, words_of


def _plain(text: str) -> str:
    """A text in lower case with straight apostrophes and quotation marks."""
    text = spelled_out(text).casefold()
    for curly, straight in (("’", "'"), ("‘", "'"), ("“", '"'), ("”", '"')):
        text = text.replace(curly, straight)
    return text.strip()


_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"')\]]*\s+")


def sentences_of(text: str) -> list[str]:
    """The sentences of a text; the dot of an abbreviation ends none."""
    return [part for part in _SENTENCE_END.split(without_dots(text).strip()) if part]


# ----------------------------------------------------------------- remarks


class _Remark(NamedTuple):
    """A way of an assistant to speak beside the rewrite.

    Attributes:
        pattern: finds it.
        excuse: finds in a source what makes it part of the rewrite; by default the same.
    """

    pattern: re.Pattern[str]
    excuse: re.Pattern[str]


def _remark(pattern: str, excuse: str) -> _Remark:
    return _Remark(re.compile(pattern), re.compile(excuse))


_START = r"^[\W_]*"
_BREAK = r"\s*(?:[!.,:;…—–]|\s-\s)"
"""What sets words at the start of a sentence off."""
_NEXT = r"(?:[.!?…][\"')\]]*\s+|[—–(\[]\s*|\s-+\s+|[,;:]\s+)[\"'(\[]*"
"""What stands in front of a remark behind a rewrite: the end of a sentence or of a clause."""
_NEXT_SENTENCE = r"(?:[.!?…][\"')\]]*\s+|[—–(\[]\s*|\s-+\s+)[\"'(\[]*"

_ASSENT = (
    r"yes|yeah|yep|yup|aye|sure(?: thing| enough| can do)?|of course(?: i (?:can|will))?|certainly|"
    r"absolutely|definitely|surely|exactly|right(?: away| then)?|al(?:l )?right(?: then)?|"
    r"ok(?:ay)?(?: then)?|k|very well|no (?:problem|worries|trouble)|gladly|affirmative|"
    r"agreed|as you wish|at your service|"
    r"as (?:requested|asked|instructed|you (?:asked|requested|wish))"
)
_PRAISE = (
    r"great|good|excellent|perfect|wonderful|awesome|fantastic|nice|cool|fine|brilliant|lovely|"
    r"amazing|splendid|superb|done|noted|understood|got it|gotcha|roger(?: that)?|i see|"
    r"sounds good|well done|good (?:question|one|choice|job|point)|great (?:question|sentence|one)|"
    r"nice (?:one|sentence)|interesting|my pleasure|with pleasure|here goes"
)
_INTERJECTION = (
    r"oh(?: my| no| yes| well| dear)?|ah+|aha+|hm+|um+|uh+|er+m?|ha(?:ha)*|huh|hooray|hurray|yay|"
    r"whoa|wow|ooh|voil[aà]|ta-?da|okey-?dokey|hey|let's see|let me see|"
    r"let me think"
)
_OBJECT = (
    r"(?:sentence|statement|phrase|phrasing|wording|words?|word order|order|structure|syntax|"
    r"meaning|content|sense|tone|message|information|details?|facts?|names?|numbers?|figures|"
    r"opinion|synonyms?|verbs?|nouns?|original|text|version|variant|rewrite|translation|grammar|"
    r"everything else|rest|all (?:names|numbers|facts|details))"
)
_KEPT = (
    r"(?:is|are|was|were|has|have|stays?|stayed|remains?|remained|keeps?|kept|means?|says|conveys|"
    r"expresses|captures|maintains|preserves|retains|uses|changed|unchanged|intact|preserved)"
)
_LABEL_WORDS = (
    r"answer|output|result|response|reply|completion|solution|paraphras(?:e|ed|ing)|re-?writ(?:e|"
    r"ten|ing)|re-?word(?:ed|ing)|re-?phras(?:e|ed|ing)|re-?stat(?:ed|ement|ing)|re-?formulat(?:ed|"
    r"ion|ing)|version|variant|variation|alternative|option|sentence|statement|text|translation|"
    r"translated|explanation|note|notes|nb|ps|summary|summari[sz]ed|original|source|input|user|"
    r"assistant|system|human|model|ai|bot|chatbot|gpt|instructions?|prompt|task|question|example|"
    r"thoughts?|reasoning|analysis|hint|comment|remark|disclaimer|warning|edit|update|correction|"
    r"corrected|revised|revision|modified|simplified|wording|phrasing|meaning|q|a"
)
_LABEL = re.compile(
    rf"(?:{_START}|{_NEXT_SENTENCE})(?:\b(?:the|my|a|an|this|your|our|in|of|for|new|final|other|"
    r"another|different|possible|suggested|better|short(?:er)?|best|first|next|last|same|is|"
    rf"words?|\d+|i+|{_LABEL_WORDS})\b[\s#().-]*)*?"
    rf"\b(?P<label>{_LABEL_WORDS})\b"
    r"(?:[\s#(]+(?:is|of|\d+|[a-d]|i+|above|below|follows|sentence|version|text)\b)*[\s)*]*[:=]"
)
_SELF_REFERENCE = re.compile(
    r"\b(?:paraphras\w+|re-?phras\w+|re-?word(?:s|ed|ing|ings)?\b|"
    r"(?:a|the|this|my|your|another|one|of|possible) re-?(?:write|wording|formulation)\b|"
    r"re-?written (?:sentence|version|text|as|form)|"
    r"(?:original|given|last|above|following|new) (?:sentence|statement|text|wording|meaning)|"
    r"(?:same|identical|original|intended) meaning)"
)
_ITS_EXCUSE = re.compile(
    r"\b(?:paraphras|re-?phras|re-?word|re-?writ|re-?formulat|sentence|statement|text|wording|"
    r"meaning|mean)"
)

_REMARKS: tuple[_Remark, ...] = (
    _remark(
        rf"{_START}(?:{_ASSENT}){_BREAK}",
        rf"(?:^[\W_]*|[,;:!?.—–]\s*)(?:{_ASSENT})\b|\b(?:surely|certainly|of course|absolutely|"
        r"definitely|indeed|exactly|naturally|obviously|undoubtedly|doubt\w*|clearly|evidently|"
        r"gladly|expected|wonder|agree\w*|right|approv\w+|consent\w*|yes|fact|really|truly|"
        r"actually)\b",
    ),
    _remark(
        rf"{_START}(?:sure|ok(?:ay)?|of course)[,!.]? (?:here|i|let|this|i'll)\b", r"^sure|^ok"
    ),
    _remark(
        rf"{_START}(?:{_PRAISE})(?: here)?{_BREAK}",
        rf"\b(?:{_PRAISE}|well|best|better|love\w*|like\w*|enjoy\w*|pleas\w+|glad|happy|happily|"
        r"luck\w*|beauti\w*|fortunately|thank\w*|delight\w*)\b",
    ),
    _remark(
        rf"{_START}(?:(?:{_INTERJECTION}){_BREAK}|well(?: then)?\s*[!.:;…—–])",
        rf"\b(?:{_INTERJECTION}|how|what an?|therefore|then|thus|hence|because|since)\b",
    ),
    _remark(
        rf"{_START}(?:hello|hi|hiya|greetings|good (?:morning|day|evening|afternoon))"
        rf"(?: there| again| everyone)?{_BREAK}",
        r"\b(?:hello|hi|hey|greet\w*|welcome\w*|dear|good (?:morning|day|evening|afternoon))\b",
    ),
    _remark(
        rf"(?:{_START}|{_NEXT_SENTENCE})(?:(?:many )?thanks|thank you)"
        r"(?: so much| very much| again)?"
        r"(?: for (?:asking|your (?:question|request|patience|time)))?\s*(?:[!.,]|$)",
        r"\b(?:thank\w*|grateful\w*|appreciat\w+|gratitude|cheers|merci)\b",
    ),
    _remark(
        rf"{_START}(?:(?:i'm|i am) (?:so |very )?sorry|sorry|(?:my )?apologies|i apologi[sz]e)"
        rf"(?: for [^,.!]*)?{_BREAK}",
        r"\b(?:sorry|apolog\w+|afraid|regret\w*|unfortunate\w*|pardon|excuse|forgiv\w+)\b",
    ),
    _remark(
        rf"(?:{_START}|{_NEXT_SENTENCE})(?:i(?:'d| would| will|'ll|'m| am)?|let me|allow me to)"
        r"(?: be| am)?(?: very| so| always| more than| just| gladly)?"
        r"(?: happy to| glad to| delighted to| here to| try to| try and| can)?"
        r" (?:help(?: you)?(?: with (?:that|this))?\s*[.!,:]|assist\b|rephrase|reword|paraphrase|"
        r"rewrite|put (?:it|that|this) (?:differently|another|in other)|give it a (?:try|go)|"
        r"try(?: that| this| again)?\s*[.!:]|do (?:that|my best|so)\s*[.!:]|"
        r"do that for you|provide)",
        r"\b(?:help\w*|assist\w*|rephras\w*|reword\w*|paraphras\w*|rewr\w*|try|tr(?:ies|ied)|"
        r"attempt\w*|provid\w+|offer\w*|suppl\w+)\b",
    ),
    _remark(
        rf"(?:{_START}|{_NEXT_SENTENCE})(?:so |now |ok(?:ay)? |sure )?"
        r"(?:here(?:'s| is| are|,)|below (?:is|are)|"
        r"this is|that(?:'s| is)|(?:the )?following (?:is|are))"
        r"(?: (?:a|an|the|my|your|one|some|how|what))*"
        rf"(?: (?:possible|new|alternative|different|better|other))*"
        rf"(?: (?:another(?: one)?|one more|way|attempt|suggestion|try|take|go|{_LABEL_WORDS}|"
        r"(?:i|you)(?:'d| would| could| can| might)? (?:say|put|write|phrase|word|rewrite)))\b",
        rf"\b(?:here|this|that|there|these|below|following|{_LABEL_WORDS})\b",
    ),
    _remark(rf"{_START}here(?:'s| is| are| you| we| it)\b[^.!?:]*:", r"\b(?:here|this|these)\b"),
    _remark(
        rf"(?:{_START}|{_NEXT_SENTENCE})(?:here|there) "
        r"(?:you (?:go|are|have it)|we go|it (?:is|goes))\s*(?:[!.,:]|$)",
        r"\b(?:here|there|this)\b",
    ),
    _remark(
        rf"{_START}(?:how about|what about|try this|(?:one|another|an alternative|a different) way "
        r"(?:to (?:say|put|express|phrase)|of (?:saying|putting|expressing|phrasing))|"
        r"(?:you|one|we|i)(?:'d| could| can| might| may| would) (?:also )?"
        r"(?:say|put it|write|phrase it)\s*(?:[:,\"]|(?:it )?(?:like|as)\b)|"
        r"in other words|in different words|"
        r"(?:to )?put (?:it )?(?:differently|another way|in other words|otherwise)|"
        r"alternatively|or(?:,| rather,)|that is to say|that is,)",
        r"\b(?:say\w*|said|put|words?|writ\w+|wrote|suggest\w*|propos\w+|about|way|instead|or|"
        r"alternative\w*|express\w*|claim\w*|think|opinion|let's|shall|why)\b|\?",
    ),
    _remark(
        rf"{_NEXT}(?:and )?(?:i |we )?(?:really |sincerely |do )?hope "
        r"(?:this|that|it|these|you|i|my|the)\b",
        r"\bhop(?:e|es|ed|ing|eful|efully)\b|\bwish\w*|\bfingers\b",
    ),
    _remark(r"\bhope (?:this|that|it) (?:helps|helped|works|is helpful)\b", r"\bhop(?:e|ing|es)\b"),
    _remark(
        rf"{_NEXT_SENTENCE}(?:please |just |so |and |do )?(?:let me know|tell me|feel free|"
        r"(?:do not|don't) hesitate|reach out|ask me)\b",
        r"\b(?:let me|let us|let \w+ know|tell\w*|told|inform\w*|feel\w*|free\w*|hesitat\w*|ask\w*|"
        r"know|contact|say)\b",
    ),
    _remark(
        rf"{_NEXT_SENTENCE}(?:(?:is|are|was|were) there (?:anything|something|any)|"
        r"anything (?:else|more)|something else|"
        r"(?:do|would|did|could|can|will) you (?:also )?(?:want|like|need|prefer|have|require)|"
        r"(?:can|could|may|shall|should|how can|how may|what can) i (?:help|assist|do|give|also|"
        r"provide|try|be of)|need anything|want (?:me|another|more)|"
        r"how (?:is|was|'s) (?:that|this)|"
        r"(?:does|did|is|was) (?:that|this|it) (?:help|work|okay|ok|good|correct|fine|right|what)|"
        r"what do you think|any (?:other )?questions|next(?: sentence| one)?\s*[?.!:]|your turn|"
        r"now it's your turn|shall we)",
        r"\?",
    ),
    _remark(
        rf"{_NEXT_SENTENCE}if (?:you|there)(?:'d| would| are| is| have| need| want)?"
        r"(?: still| also)? ?(?:need|want|like|prefer|have|any|another|more|something|anything|"
        r"require|further|a different|other)\b",
        r"\b(?:if|should|in case|whoever|anyone|when)\b",
    ),
    _remark(
        rf"{_NEXT_SENTENCE}(?:(?:i(?:'m| am) )?(?:always )?(?:happy|glad|here) to "
        r"(?:help|assist|do|provide|rephrase)|you(?:'re| are) welcome|"
        r"(?:have|enjoy) (?:a|the rest|your)\b|enjoy|"
        r"good luck|cheers|(?:best|kind|warm) regards|regards|sincerely|yours|take care|bye|"
        r"goodbye|see you|happy (?:writing|learning|reading)|keep (?:it )?up)\b",
        r"\b(?:happy|glad|welcome|enjoy\w*|luck\w*|cheers|regards|sincerely|yours?|care|bye|"
        r"goodbye|see|have|help\w*|wish\w*|keep|kept)\b",
    ),
    _remark(
        rf"{_NEXT_SENTENCE}(?:(?:the )?end(?: of .*)?|done|finished|complete[d]?|stop|eos|eof|"
        r"(?:and )?th(?:at|is)(?:'s| is| was| (?:w|sh)ould be)(?: about)? (?:it|all)|voil[aà]|"
        r"over(?: and out)?|fin|no changes?(?: made| needed)?|(?:all )?(?:unchanged|kept|same))"
        r"[\s.!)\"'\]]*$",
        r"\b(?:end\w*|done|finish\w*|complet\w*|stop\w*|all|over|final\w*|enough)\b",
    ),
    _remark(
        rf"(?:{_NEXT_SENTENCE}|{_START})(?:please |kindly )?note(?: that|:| the| how)\b"
        rf"(?=.*\b{_OBJECT}\b)",
        r"\b(?:not(?:e|es|ed|ice|iced)|remember|mind|aware|attention|remark\w*)\b",
    ),
    _remark(
        rf"{_NEXT_SENTENCE}(?:(?:nb|ps)\b|(?:please |kindly )?(?:note|explanation|reasoning|"
        r"reason|translation|edit|disclaimer)\b\s*(?:[:—–]|that\b))",
        r"\b(?:not(?:e|es|ed|ice|iced)|remember|mind|aware|attention|reason\w*|expla\w+|transl\w+)\b",
    ),
    _remark(
        rf"{_NEXT_SENTENCE}(?:alternatively|or)\s*[,:]",
        r"\b(?:or|else|otherwise|alternative\w*|instead)\b",
    ),
    _remark(
        rf"{_NEXT_SENTENCE}(?:here,? |in this (?:version|sentence|rewrite),? )?"
        rf"(?:(?:the|this|that|its|my|all|both|no|only the|every) )?(?:same |original |core |"
        rf"overall |names and |new |main |exact )*{_OBJECT}(?: and (?:the )?{_OBJECT})*"
        rf"(?: (?:of|in) the [\w ]+?)?(?: (?:itself|all|still|also|has been|have been|is|are))*"
        rf" (?:not |been )?{_KEPT}\b",
        rf"\b{_OBJECT}\b",
    ),
    _remark(
        rf"{_NEXT_SENTENCE}(?:i|we)(?: have|'ve|'ll| will| also| only| just| simply| tried to|"
        r" made sure to| did)* "
        r"(?:not )?(?:rephrased?|reworded?|rewrote|rewritten|paraphrased?|"
        r"(?:chang|replac|ke[ep]|kept|us|made|mak|maintain|preserv|swapp?|avoid|remov|add|"
        r"restructur|simplif|reorder|rearrang|switch|reformulat|retain|alter|shorten)\w*"
        rf" (?:(?:the |all |any |its |some |a |your |different |other |both )*{_OBJECT}\b|[\"']))",
        rf"\b(?:rephras\w*|reword\w*|rewr\w*|paraphras\w*|{_OBJECT})\b",
    ),
    _remark(
        r"\bas an? (?:ai|artificial|large language|language model|assistant|chatbot)\b|"
        r"\bi(?:'m| am) (?:just |only )?an? (?:ai\b|artificial|large language|language model|"
        r"virtual|chatbot|assistant)|\b(?:my|as of my) (?:training data|knowledge cutoff|"
        r"programming)\b",
        r"\b(?:ai|assistant|chatbot|artificial|model|robot|program\w*)\b",
    ),
    _remark(
        r"\bi(?:'m| am) (?:unable|not able) to (?:help|assist|comply|fulfil|rewrite|paraphrase|"
        r"provide)|\bi can(?:not|'t| not) (?:help (?:you )?with|assist|comply|fulfil|fulfill|"
        r"rewrite|provide (?:a|that))\b",
        r"\b(?:help\w*|assist\w*|comply|fulfil\w*|provid\w+|support\w*)\b",
    ),
    _remark(r"[.!?…][\"']?\s*\([^()]*\)[.!]?$", r"\("),
    _remark(
        r"[.!?…\s](?:[:;]-?[()dpo/\\|*]|xd|\^_*\^|<3|lol|haha)[\s.!]*$", r"[:;]-?[()]|lol|haha"
    ),
)


def has_remark(source: str, rewrite: str) -> bool:
    """True if a rewrite holds words of an assistant about it, in front, behind or around it.

    What its source says, too, or says by another word of the kind ("certainly" for "of course"),
    is no remark.
    """
    rewritten, source_text = _plain(rewrite), _plain(source)
    if any(r.pattern.search(rewritten) and not r.excuse.search(source_text) for r in _REMARKS):
        return True
    labels = {match["label"] for match in _LABEL.finditer(rewritten)}
    if labels - set(words_of(source_text)) or _has_unknown_label(rewritten, source_text):
        return True
    if _SELF_REFERENCE.search(rewritten) and not _ITS_EXCUSE.search(source_text):
        return True
    return _has_interjection(source, rewrite)


_BEFORE_COLON = re.compile(r"[\W_]*([^:.!?]*\w):(?=[\s\"'(]+\w)")
MOST_WORDS_OF_LABEL = 7
_OF_NO_SUBJECT = frozenset(
    "a an the this that it is be to of in for and as by i me my you your we let's let".split()  # noqa: SIM905
)
"""Words that a label may share with its source and be about something else."""


def _has_unknown_label(rewritten: str, source_text: str) -> bool:
    """True if a few words and a colon stand in front, of which the source has neither.

    "Draft: the shop is open." for "The shop is open." has such a label.
    """
    match = _BEFORE_COLON.match(rewritten)
    if match is None or ":" in source_text:
        return False
    words = words_of(match[1])
    return len(words) <= MOST_WORDS_OF_LABEL and not _shared(
        set(words) - _OF_NO_SUBJECT, source_text
    )


def _shared(words: Iterable[str], source: str) -> set[str]:
    """By how they begin, the words that a source has, too."""
    return {word[:4] for word in words} & {word[:4] for word in words_of(source)}


MOST_WORDS_OF_EXCLAMATION = 4
MOST_WORDS_OF_INTERJECTION = 2
_SUBJECTS = frozenset(("he", "she", "it", "they", "we", "you", "nobody", "everybody", "everyone"))


def _has_interjection(source: str, rewrite: str) -> bool:
    """True if a few words stand before or behind the rewrite as a sentence, none of the source's.

    "Hooray! The shop is open." for "The shop is open." has some, and so has "The shop is open. OK".
    A question is one, too, where the source asks nothing.
    """
    parts = sentences_of(rewrite)
    if len(parts) < 2:
        return False
    more = len(parts) > len(sentences_of(source))
    for part in (parts[0], parts[-1]):
        mark, words = part.rstrip("\"'”’)")[-1:], words_of(part)
        if mark == "!":
            short = "!" not in source and len(words) <= MOST_WORDS_OF_EXCLAMATION
        elif mark == "?":
            short = more and "?" not in source
        else:
            # "It did." is a clause of its own.
            clause = words[:1] and words[0] in _SUBJECTS
            short = more and len(words) <= MOST_WORDS_OF_INTERJECTION and not clause
        if short and words and (mark == "?" or not _shared(words, source)):
            return True
    return False
