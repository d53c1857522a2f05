// Definitions of terms (book/extensions/term_tooltips.py): they are shown by the style sheet; here
// they are tied to their links for screen readers, kept inside the window, and closed by Escape.
(() => {
  const tie = (term, index) => {
    const link = term.querySelector("a");
    const box = term.querySelector("[role=tooltip]");
    if (!link || !box) return;
    box.id = `definition-${index}`;
    link.setAttribute("aria-describedby", box.id);
    const place = () => {
      term.classList.remove("sublim-closed");
      box.style.translate = "none";
      const beyond = box.getBoundingClientRect().right - document.documentElement.clientWidth + 12;
      if (beyond > 0) box.style.translate = `${-beyond}px`;
    };
    term.addEventListener("mouseenter", place);
    link.addEventListener("focus", place);
  };
  const start = () => document.querySelectorAll(".sublim-term").forEach(tie);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    document.querySelectorAll(".sublim-term").forEach((t) => t.classList.add("sublim-closed"));
  });
})();
