"""Links a page with its translation, and says in which language it is written."""

from html import escape
from posixpath import relpath
from typing import Any, NamedTuple

CHINESE = "book/zh/"


class Switch(NamedTuple):
    """A link to the same page in another language."""

    page: str
    language: str
    words: str


def switch(page: str, pages: set[str]) -> Switch | None:
    """The link at the top of a page, or None where the book has it in one language only."""
    if page.startswith(CHINESE):
        other = Switch("book/" + page.removeprefix(CHINESE), "en", "English")
    elif page.startswith("book/"):
        other = Switch(CHINESE + page.removeprefix("book/"), "zh-Hans", "中文")
    else:
        return None
    return other if other.page in pages else None


def translate(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Put the link above the page's text, and mark Chinese text as such."""
    if doctree is None:
        return
    found = switch(page, app.env.found_docs)
    if found is not None:
        target = relpath(app.builder.get_target_uri(found.page), page.rpartition("/")[0] or ".")
        context["body"] = (
            '<p class="sublim-language">'
            f'<a href="{escape(target)}" lang="{found.language}" hreflang="{found.language}">'
            f"{found.words}</a></p>\n{context['body']}"
        )
    if page.startswith(CHINESE):
        context["body"] = f'<div lang="zh-Hans" class="sublim-zh">\n{context["body"]}\n</div>'


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx, which calls this when it starts."""
    app.connect("html-page-context", translate)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
