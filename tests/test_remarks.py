"""What an assistant says beside a rewrite is told from what its source says, too."""

import time

import pytest
from hypothesis import given, strategies as st

from sublim_utils.channels.leftovers import has_lone_mark, has_markup
from sublim_utils.channels.paraphrase import filter_completion
from sublim_utils.channels.remarks import has_remark, sentences_of

SOURCE = "The new tram line will open in October, and rides will be cheap."
REWRITE = "From October on, trams will run on the new line at a low price."

IN_FRONT = [
    *("Sure! ", "Sure. ", "Sure, ", "Sure thing! ", "Sure — ", "Of course! ", "Of course, "),
    *("Absolutely! ", "Certainly! ", "Certainly: ", "Definitely! ", "Yes! ", "Yes, ", "Okay. "),
    *("OK, ", "Ok! ", "Alright, ", "All right! ", "No problem! ", "Gladly! ", "Understood. "),
    *("Got it! ", "Great! ", "Great question! ", "Good question. ", "Perfect! ", "Done! "),
    *("Hello! ", "Hi there! ", "Hello there, ", "Thank you! ", "Thanks for asking! ", "Sorry, "),
    *("I'm sorry, but ", "I’m sorry! ", "Apologies, ", "Hmm, ", "Well! ", "Oh! ", "Hooray! "),
    *("Wow! ", "Voilà! ", "With pleasure! ", "My pleasure! ", "As requested, ", "Meow! "),
    *("Here is a paraphrase: ", "Here's a rewrite: ", "Here’s one way to put it: "),
    *("Here you go: ", "Here you go! ", "Here it is: ", "Here is the sentence in other words: "),
    *("Sure, here you go: ", "Sure, here's the rewritten sentence: ", "Sure here is one: "),
    *("Certainly, here is my version: ", "Below is a paraphrase: ", "The paraphrase is: "),
    *("This is a possible rewrite: ", "One way to say this is: ", "You could say: "),
    *("A possible paraphrase would be: ", "My version: ", "In other words, ", "Put differently, "),
    *("Answer: ", "Output: ", "Final answer: ", "Response: ", "Result: ", "Rewritten version: "),
    *("New sentence: ", "Paraphrased sentence: ", "Option 1: ", "Version A: ", "Rewrite 1: "),
    *("Rephrased: ", "Reworded: ", "Sentence: ", "Input: ", "User: ", "Assistant: ", "AI: "),
    *("Human: ", "System: ", "Note: ", "Q: ", "A: ", "Original: ", "Translation: "),
    *("I'd be happy to help! ", "I can help with that. ", "I’ll rephrase it: ", "Let me try. "),
    *("Let me rephrase that: ", "I would be glad to assist you. ", "As an AI, I would say: "),
    *("As a language model, I'd put it so: ", "How about this: ", "Try this: ", "Alternatively, "),
    *("Draft: ", "Re: ", "FYI: ", "Subject: ", "R: ", "Let me put it this way: ", "Next: "),
    *("A better way to say this: ", "I understand. ", "Fair enough. ", "Please note: "),
    *("SURE! ", "sure! ", "  Sure!  ", '"Sure!" ', "I hope this helps: "),
]  # fmt: skip
BEHIND = [
    *(" Hope this helps!", " I hope this helps.", " I hope that's okay!", " - hope this helps"),
    *(" (Hope this helps!)", " I hope this is what you wanted.", ", hope this helps!"),
    *(" Let me know if you need more.", " Please let me know what you think.",
      " Feel free to ask."),
    *(" Is there anything else?", " Is there anything else I can help you with?",
      " Anything else?"),
    *(" Would you like another version?", " Do you want me to try again?", " How is that?"),
    *(" Does that help?", " Is this okay?", " What do you think?", " Can I help you with more?"),
    *(" If you need more, just ask.", " If you'd like another one, tell me."),
    *(" Don't hesitate to ask.", " Don’t hesitate to ask!", " Happy to help!", " You're welcome!"),
    *(" Thanks!", " Thank you.", " Have a nice day!", " Good luck!", " Best regards", " Cheers!"),
    *(" End of rewrite.", " END", " The end.", " Done.", " That's it!", " That’s all.", " Enjoy!"),
    *(" Note: the meaning is kept.", " (Note: the meaning is kept.)",
      " Note that the tone is kept."),
    *(" NB: the meaning is kept.", " P.S. The names are kept.", " Explanation: I used synonyms."),
    *(" The meaning remains the same.", " The names and numbers are unchanged.", " (same meaning)"),
    *(" This sentence has the same meaning.", " This version keeps the meaning.", " Same meaning."),
    *(" I rephrased the sentence.", " I’ve rephrased it.", " I have changed the word order."),
    *(" I kept the names and numbers.", " I replaced the verbs.", " I used different words."),
    *(" This is a paraphrase.", " Here is another one.", " (paraphrased)", " (A rewrite.)"),
    *(" As an AI, I have no opinion.", " I'm just an AI.", " I'm a language model."),
    *(" OK", " ok", " or similar", " thanks", " XOXO", " Amen.", " Yay.", " Next, please."),
    *(" The rest is the same.", " That would be it.", " Would this work?", " Shall I go on?"),
    *(' I changed "cost" to "price".', " Alternatively, trams run.", " Or: trams will run."),
    *(" :)", " ;-)", " :D", " Hoot hoot!", " Yay!", " Next sentence?", " Your turn."),
    *(" Sentence: He ran.", " Rewrite: He ran.", " User: thanks", " Here you go!", " Voilà!"),
]  # fmt: skip


@pytest.mark.parametrize("remark", IN_FRONT)
def test_a_remark_in_front_is_seen(remark: str) -> None:
    assert has_remark(SOURCE, remark + REWRITE)
    assert "remark" in filter_completion(SOURCE, remark + REWRITE).rejection_reasons


@pytest.mark.parametrize("remark", BEHIND)
def test_a_remark_behind_is_seen(remark: str) -> None:
    assert has_remark(SOURCE, REWRITE + remark)
    assert "remark" in filter_completion(SOURCE, REWRITE + remark).rejection_reasons


@pytest.mark.parametrize("space", ["\u00a0", "\u3000", "\u2028", "\u0085", "\x1c", "\x0b"])
def test_nothing_but_ascii_white_space_is_taken_off(space: str) -> None:
    assert not filter_completion(SOURCE, space + REWRITE).ok
    assert not filter_completion(SOURCE, REWRITE + space).ok
    assert not filter_completion(SOURCE, f'"{space}{REWRITE}"').ok
    assert filter_completion(SOURCE, f" {REWRITE}\r\n").text == REWRITE


def test_a_rewrite_alone_has_nothing_beside_it() -> None:
    assert filter_completion(SOURCE, REWRITE).ok


@pytest.mark.parametrize(
    ("source", "rewrite"),
    [
        ("Sure, he came to the party.", "Sure, he showed up at the party."),
        ("Sure, he came to the party.", "Of course, he turned up at the party."),
        ("Surely, he came to the party.", "Certainly, he turned up at the party."),
        ("Of course the shop was closed.", "Of course the store was shut."),
        ("Naturally the shop was closed.", "Of course, the store was shut."),
        ("Certainly the trip was too long.", "Certainly, the journey took too much time."),
        ("The shop was closed, of course.", "Of course, the store was shut."),
        ("Yes, I would like some tea.", "Yes, some tea would be nice."),
        ("Okay, we will meet at the gate.", "All right, the gate is where we will meet."),
        ("Absolutely everyone came to the party.", "Absolutely nobody stayed away from the party."),
        ("Right behind the church is the school.", "Right after the church comes the school."),
        ("Great weather brought many guests.", "Great weather made many guests come."),
        ("Here is the key to the cellar.", "Here you have the cellar key."),
        ("Here is the key to the cellar.", "This is the key for the basement."),
        ("The key to the cellar lies here.", "Here is the key to the basement."),
        ("Here is the list: bread, butter and milk.", "Here's what is on it: bread, butter, milk."),
        ("Note that the shop closes early.", "Please note that the store shuts early."),
        ("Please note that the shop closes early.", "Note: the store shuts early."),
        ("I hope that it rains tomorrow.", "I hope there will be rain tomorrow."),
        ("We wait for the bus and hope it comes.", "We wait for the bus. We hope it comes."),
        ("Let me know when you arrive.", "When you arrive, please let me know."),
        ("Tell me when you arrive.", "Let me know once you are there."),
        (
            "If you need more salt, it is on the shelf.",
            "There is salt on the shelf if you need it.",
        ),
        ("Thank you for the letter.", "Thanks for writing to me."),
        ("I am grateful for your letter.", "Thank you for your letter."),
        ("I am afraid the shop is closed.", "Sorry, the store is shut."),
        ("Hello, is anybody there?", "Hi, is someone there?"),
        ("The answer is on page six.", "Page six has the answer."),
        ("The answer to it is simple.", "The answer: it is simple."),
        ("My advice is to take the bus.", "My advice: take the bus."),
        ("She wrote the letter again.", "She rewrote the letter."),
        ("He had to rewrite his essay.", "His essay needed a rewrite."),
        ("He paraphrased the old poem.", "The old poem was paraphrased by him."),
        ("The sentence on the wall is long.", "The statement on the wall is a long one."),
        ("I changed the order of the books.", "The books are in a new order. I changed it."),
        (
            "The meaning of the word is not clear.",
            "It is unclear. The meaning of the word is vague.",
        ),
        ("Is there anything else to eat?", "Is there something more to eat?"),
        ("Do you want some tea?", "Would you like some tea?"),
        ("I can help you with the boxes.", "I'd be happy to help you with the boxes."),
        ("The end of the film is sad.", "The film is sad. The end is, at least."),
        ("The soup was cold.", "Well, the soup had gone cold."),
        ("Oh, the soup was cold.", "Oh well, the soup had gone cold."),
        ("The U.S. office is closed.", "The office in the US is shut."),
        ("The train leaves at 9 a.m. from here.", "At 9 am the train departs from here."),
        ("Because it rained, we stayed at home.", "It rained. So we did not leave the house."),
        ("Watch out for the wet floor!", "Careful! The floor is wet."),
        ("Hurry, the bus is leaving.", "Hurry up! The bus is about to go."),
        ("No one came, as the shop was closed.", "As the store was shut, no one came."),
        ("Why don't we take the bus?", "How about taking the bus?"),
        ("One thing is certain, prices will rise.", "This much is certain: prices will rise."),
        ("He has two hobbies, chess and music.", "Two hobbies are his: chess and music."),
        ("It rained, so we left.", "It rained. We left."),
        ("Everyone expected rain, and rain came.", "It was expected. It fell."),
        ("She works for Smith & Co.", "Smith & Co. employ her."),
        ("He works at Google Inc.", "Google Inc. employs him."),
        ("No. 5 is my bus.", "My bus is no. 5."),
        ("I think the soup needs salt.", "I would say the soup needs salt."),
        ("The assistant at the bank was kind.", "At the bank, the assistant was kind."),
        ("The system: nobody understood it.", "The system: no one got it."),
        ("The user must choose a password.", "A password must be picked by the user."),
        (
            "She enjoys her work in the garden shop.",
            "She likes it at the garden shop. Enjoy it she does.",
        ),
    ],
)  # fmt: skip
def test_what_the_source_says_is_no_remark(source: str, rewrite: str) -> None:
    assert not has_remark(source, rewrite)


@pytest.mark.parametrize(
    "rewrite",
    [
        *(REWRITE + token for token in (
            "</s>", " </s>", "<s>", "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<end_of_turn>",
            "<eos>", "<pad>", "<unk>", "[END]", " [EOS]", "[/INST]", "[INST]", "<|im_end", "</s",
            "<|", "<0x0A>", " ###", " ### Response:", " im_end", " endoftext", "<br>", " ```",
            " &nbsp;", " &amp;", " .", "!", " ,", ";", ":", " -", " —", " §", " ©", " …", " ★",
            " *", " \\n", "{}", " |", "<think>", " ---", " [1]", " (see [1])", "Ġ",
        )),
        *(token + REWRITE for token in (
            "<s>", "<s> ", "<bos>", "[INST] ", "<|assistant|>", "- ", "* ", "– ", "— ", "• ", "> ",
            "# ", "## ", "1. ", "1) ", "(1) ", "a) ", "a. ", "+ ", "i. ", "~ ", '""', "`", "__",
            "**Rewrite:** ",
        )),
        f"**{REWRITE}**", f"*{REWRITE}*", f"`{REWRITE}`", f"_{REWRITE}_", f"[{REWRITE}]",
        f"<answer>{REWRITE}</answer>", f"{{{REWRITE}}}", REWRITE.replace("trams", "**trams**"),
        REWRITE.replace("trams", "[trams]"), REWRITE.replace("line", "lineâ€™s"),
        f"{REWRITE} https://trams.example",
    ],
)  # fmt: skip
def test_leftovers_of_a_format_are_seen(rewrite: str) -> None:
    assert has_markup(SOURCE, rewrite)
    assert set(filter_completion(SOURCE, rewrite).rejection_reasons) & {
        "markup",
        "not Latin script",
    }


@pytest.mark.parametrize(
    ("source", "rewrite"),
    [
        (SOURCE, REWRITE),
        ("Press [Enter] to go on.", "To continue, hit [Enter]."),
        ("Room number 5 is free.", "Room #5 is vacant."),
        ("A. Smith met us at the gate.", "We were met by A. Smith at the gate."),
        ("The well-made chair is old.", "The chair, well made, is old."),
        ("She paused – and left.", "She left – after a pause."),
        ("I have 3 cats.", "3 cats are mine."),
        ("- Bread and butter", "- Butter and bread"),
        ("It costs about 20 euros.", "It costs ~20 euros."),
        ("I don't know …", "I have no idea..."),
        ("Is it true?", "Is that the truth?!"),
        ("The shop opens at 9 a.m.!", "At 9 a.m. the shop opens!"),
        ("Do they sell bread, milk etc.?", "Are bread, milk, etc. sold there?"),
        ("It costs 5 €", "Its price is 5 €"),
    ],
)
def test_signs_of_prose_are_no_leftovers(source: str, rewrite: str) -> None:
    assert not has_markup(source, rewrite)


@pytest.mark.parametrize(
    "text",
    [
        *('"It rained.', 'It rained."', "“It rained.", "It rained.”", "“It rained.\"",
          '"It rained.”'),
        *("'It rained.", "It rained.'", "‘It rained.", "(It rained.", "It rained.)", "[It rained."),
        *("It rained.]", "{It rained.", "It (or [so) it] rained.", 'It "rained.',
          'It rained" today.'),
        *("It ‘rained today.", 'He said "yes" and "no.', "1) It rained.", "«It rained.", ":("),
    ],
)  # fmt: skip
def test_a_mark_without_its_partner_is_seen(text: str) -> None:
    assert has_lone_mark(text)


@pytest.mark.parametrize(
    "text",
    [
        *('"It rained," he said.', "“It rained,” he said.", "‘It rained,’ he said.",
          "'Yes,' he said."),
        *("It's the dogs' bowl.", "It’s the dogs’ bowl.", "'Twas raining in the '90s.",
          "’Twas so."),
        *("Rock 'n' roll in the ’90s.", "He is 5'10\" tall.", "A 6\" pipe is long.", "Goin' home."),
        *("James' coat (the red one) is old.", "A cup o' tea for the ol' man.",
          "It (so [they] say) rained."),
        *("She said, “I like ‘Emma’ best.”", "'It's late,' she said.",
          '"The dogs\' bowl" is a film.'),
        *("Ask for 'em.", "The word \"owl\" makes me smile.", "It is nine o'clock.", "‘Twas so.",
          ""),
    ],
)  # fmt: skip
def test_apostrophes_inches_and_pairs_have_all_they_need(text: str) -> None:
    assert not has_lone_mark(text)


def test_a_lone_mark_of_the_source_may_stay() -> None:
    assert (
        "lone mark"
        not in filter_completion('He said "yes and left.', 'He left after a "yes').rejection_reasons
    )
    assert (
        "lone mark"
        in filter_completion("He said yes and left.", 'He left after a "yes').rejection_reasons
    )


def test_abbreviations_end_no_sentence() -> None:
    assert len(sentences_of("Dr. Smith came at 9 a.m. from the U.S. office.")) == 1
    assert len(sentences_of('He said, "It rains." So we left. We ran!')) == 3


@given(
    st.text()
    | st.text("ai1nswer:.! '\"(-", max_size=300)
    | st.lists(
        st.sampled_from(["the", "a", "answer", "i", "is", "1", ":", "sure", "here", ".", "(", "'"]),
        max_size=100,
    ).map(" ".join)
)
def test_any_text_is_read_in_no_time_and_is_no_remark_on_itself(text: str) -> None:
    start = time.process_time()
    assert not has_markup(text, text)
    has_remark(SOURCE, text)
    has_remark(text, SOURCE)
    has_lone_mark(text)
    assert time.process_time() - start < 1
