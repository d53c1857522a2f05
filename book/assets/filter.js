// The filter above the table of all results (sublim_utils/report/results.py). Without scripts the
// form stays hidden and the table whole.
(() => {
  const attach = (results) => {
    const form = results.querySelector("form");
    const finding = form.querySelector("select");
    const words = form.querySelector("input");
    const count = form.querySelector("output");
    const rows = [...results.querySelectorAll("tbody tr")];
    const texts = rows.map((row) => row.textContent.toLowerCase());
    const update = () => {
      const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row, index) => {
        const ofFinding = !finding.value || row.dataset.finding === finding.value;
        row.hidden = !(ofFinding && wanted.every((word) => texts[index].includes(word)));
        if (!row.hidden) shown += 1;
      });
      count.textContent = `${shown} of ${rows.length} results`;
    };
    form.addEventListener("input", update);
    form.addEventListener("change", update);
    form.addEventListener("reset", () => setTimeout(update));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
    update(); // the browser may have kept what was chosen before
  };
  const start = () => document.querySelectorAll(".sublim-results").forEach(attach);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
