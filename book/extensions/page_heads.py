"""Heads of pages: one title on the landing page, and no script that the book does not use."""

from typing import Any


def clean(
    app: Any, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Leave out Thebe, which the builder adds twice though it is off, and the doubled title."""
    context["script_files"] = [
        script
        for script in context.get("script_files", ())
        if "thebe"
        not in f"{getattr(script, 'filename', '')}{getattr(script, 'attributes', '')}".lower()
    ]
    if pagename == app.config.root_doc:
        context["docstitle"] = ""


def setup(app: Any) -> dict[str, bool]:
    """Clean each page's context after all others have added to it; Sphinx calls this."""
    app.connect("html-page-context", clean, priority=900)
    return {"parallel_read_safe": True}
