"""Shows what a term means where a page uses it, in the words of the glossary."""

from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform

Place = tuple[str, str]
"""The document of a term's definition, and the term's identifier in it."""


class tooltip(nodes.General, nodes.Element):  # type: ignore[misc]
    """A definition that appears beside its term. It has no text, so that no search finds it."""


def places(env: Any) -> dict[str, Place]:
    """Where each term is defined, by its name and by its name in lower case."""
    terms = {
        name: (document, identifier)
        for name, _, kind, document, identifier, _ in env.get_domain("std").get_objects()
        if kind == "term"
    }
    return {name.lower(): place for name, place in terms.items()} | terms


def definition(doctree: nodes.document, identifier: str) -> str:
    """The first paragraph of a term's definition as plain text, without citations."""
    for term in doctree.findall(nodes.term):
        if identifier not in term["ids"] or term.parent is None:
            continue
        for paragraph in term.parent.findall(nodes.paragraph):
            copy = paragraph.deepcopy()
            for citation in list(copy.findall(addnodes.pending_xref)):
                if citation.get("refdomain") == "cite":
                    citation.parent.remove(citation)
            return " ".join(copy.astext().split()).replace(" .", ".").replace(" ,", ",")
    raise LookupError(f"The glossary does not define {identifier!r}.")


class TermTooltips(SphinxPostTransform):
    """Puts its definition beside each use of a term, before references are resolved."""

    default_priority = 5
    formats = ("html",)

    def run(self, **_: Any) -> None:
        """Of one page; terms that nobody defines are left to the resolver, which warns."""
        known = places(self.env)
        doctrees: dict[str, nodes.document] = {}
        for reference in list(self.document.findall(addnodes.pending_xref)):
            if (reference.get("refdomain"), reference.get("reftype")) != ("std", "term"):
                continue
            target = reference["reftarget"]
            place = known.get(target) or known.get(target.lower())
            if place is None or place[0] == self.env.docname:
                continue
            if place[0] not in doctrees:
                doctrees[place[0]] = self.env.get_doctree(place[0])
            text = definition(doctrees[place[0]], place[1])
            wrapper = nodes.inline(classes=["sublim-term"])
            reference.replace_self(wrapper)
            wrapper += [reference, tooltip(text=text)]


def visit_tooltip(writer: Any, node: tooltip) -> None:
    """Write the definition; a style sheet hides it until its term is pointed at or focused."""
    writer.body.append(
        f'<span class="sublim-definition" role="tooltip">{writer.encode(node["text"])}'
    )


def depart_tooltip(writer: Any, node: tooltip) -> None:
    """End it."""
    writer.body.append("</span>")


def pages_with_terms(app: Any, env: Any) -> list[str]:
    """All pages, to be written again, where the text of a glossary has changed."""
    texts = {
        place: definition(env.get_doctree(place[0]), place[1]) for place in places(env).values()
    }
    changed = texts != getattr(env, "sublim_definitions", None)
    env.sublim_definitions = texts
    return sorted(env.found_docs) if changed else []


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx, which calls this when it starts."""
    app.add_node(tooltip, html=(visit_tooltip, depart_tooltip))
    app.add_post_transform(TermTooltips)
    app.connect("env-updated", pages_with_terms)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
