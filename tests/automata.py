"""What tests of grammars share."""

from sublim_utils.channels import Grammar


def accepts(grammar: Grammar, text: str) -> bool:
    """True if the grammar allows a text from its first character to its end."""
    state = grammar.start
    for character in text:
        state = grammar.step(state, character)
        if state is None:
            return False
    return grammar.may_end(state)
