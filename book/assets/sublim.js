// What reacts in the pages: bets that are kept until they are paid, and one switch for all code.
"use strict";

// Widgets ask MathJax 2 to set formulas, of which ours have none; the book's MathJax is newer.
const answerWidgets = () => { if (window.MathJax) window.MathJax.Hub = window.MathJax.Hub || { Queue() {} }; };
answerWidgets();
document.addEventListener("load", (event) => {
  if (event.target.tagName === "SCRIPT") answerWidgets();
}, true);

document.addEventListener("DOMContentLoaded", () => {
  const kept = (name) => { try { return sessionStorage.getItem("bet-" + name); } catch { return null; } };
  const keep = (name, key) => { try { sessionStorage.setItem("bet-" + name, key); } catch { /* private mode */ } };
  const options = {};  // of each bet on this page: its options' HTML by key

  const pay = (name) => {
    for (const paid of document.querySelectorAll(`.sublim-paid[data-bet="${name}"]`)) {
      const choice = kept(name), own = options[name] || {};
      const note = paid.querySelector(".sublim-note");
      if (!choice || !(choice in own)) { note.textContent = ""; continue; }
      const right = choice === paid.dataset.answer;
      note.innerHTML = `${right ? "✓ You were right:" : "✗ You bet on:"} <b>${own[choice]}</b>`;
      paid.classList.toggle("right", right);
    }
  };

  for (const bet of document.querySelectorAll(".sublim-bet")) {
    const name = bet.dataset.bet, note = bet.querySelector(".sublim-note");
    options[name] = {};
    for (const input of bet.querySelectorAll("input")) {
      options[name][input.value] = input.parentElement.querySelector("span").innerHTML;
      input.checked = input.value === kept(name);
      input.addEventListener("change", () => {
        keep(name, input.value);
        note.textContent = "Noted. The answer comes at the end of the chapter.";
        pay(name);
      });
    }
  }
  document.querySelectorAll(".sublim-paid").forEach((paid) => pay(paid.dataset.bet));

  // Numbers and their intervals stay on one line.
  const isNumber = /^[\s\d.,:;%+<>=~\[\]()\u2212\u2013\u2192\u00a0-]*\d[\s\d.,:;%+<>=~\[\]()\u2212\u2013\u2192\u00a0-]*$/;
  for (const cell of document.querySelectorAll(".bd-article td")) {
    if (isNumber.test(cell.textContent)) cell.classList.add("number");
  }

  // Chapters can be downloaded as notebooks, too.
  const source = document.querySelector(".btn-download-source-button");
  if (source && source.getAttribute("href").endsWith(".py")) {
    const item = source.closest("li").cloneNode(true), link = item.querySelector("a");
    link.href = location.pathname.split("/").pop().replace(/\.html$/, ".ipynb");
    link.setAttribute("download", "");
    link.removeAttribute("target");
    link.title = "Download the notebook";
    const label = link.querySelector(".btn__text-container");
    if (label) label.textContent = ".ipynb";
    source.closest("ul").prepend(item);
  }

  // On a telephone figures keep a size at which their text can be read, and scroll in their own box.
  for (const image of document.querySelectorAll(".cell_output figure img")) {
    const widen = () => {
      const room = image.closest(".cell_output"), wanted = Math.min(image.naturalWidth, 460);
      image.style.minWidth = image.naturalWidth ? `${wanted}px` : "";
      room.classList.toggle("sublim-wide", room.clientWidth < wanted);
      if (room.classList.contains("sublim-wide")) room.tabIndex = 0;
    };
    if (image.complete) widen(); else image.addEventListener("load", widen);
  }

  const folded = [...document.querySelectorAll("details.hide")];
  if (folded.length) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sublim-code-switch";
    button.setAttribute("aria-pressed", "false");
    button.textContent = "Show all code";
    button.addEventListener("click", () => {
      const open = button.getAttribute("aria-pressed") !== "true";
      folded.forEach((details) => { details.open = open; });
      button.setAttribute("aria-pressed", String(open));
      button.textContent = open ? "Hide all code" : "Show all code";
    });
    const title = document.querySelector("article h1");
    if (title) title.after(button);
  }
});
