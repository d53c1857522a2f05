// One round of a guessing game at a time (sublim_utils/report/quiz.py).
document.addEventListener("DOMContentLoaded", () => {
  for (const quiz of document.querySelectorAll(".sublim-quiz")) {
    const rounds = [...quiz.querySelectorAll(".sublim-round")];
    const [said, next, ending] = [".sublim-said", ".sublim-next", ".sublim-ending"].map((name) => quiz.querySelector(name));
    let [place, right] = [0, 0];
    const show = () => {
      rounds.forEach((round, number) => { round.hidden = number !== place; });
      said.hidden = next.hidden = ending.hidden = true;
    };
    quiz.classList.add("sublim-plays");
    for (const round of rounds) {
      const buttons = [...round.querySelectorAll("button")];
      for (const button of buttons) {
        button.addEventListener("click", () => {
          const won = button.value === round.dataset.answer;
          right += won;
          buttons.forEach((other) => {
            other.disabled = true;
            other.classList.toggle("sublim-right", other.value === round.dataset.answer);
          });
          button.setAttribute("aria-pressed", "true");
          const last = place === rounds.length - 1;
          const score = last ? ` You found ${right} of ${rounds.length}; a coin finds ${rounds.length / 2} on average.` : "";
          said.textContent = `${won ? "Right." : "No."} ${round.querySelector(".sublim-why").textContent}${score}`;
          next.textContent = last ? "Play again" : "Next round";
          said.hidden = next.hidden = false;
          ending.hidden = !last || !ending.textContent;
          next.focus({ preventScroll: true });
        });
      }
    }
    next.addEventListener("click", () => {
      place = (place + 1) % rounds.length;
      if (place === 0) {
        right = 0;
        quiz.querySelectorAll(".sublim-choices button").forEach((button) => {
          button.disabled = false;
          button.classList.remove("sublim-right");
          button.removeAttribute("aria-pressed");
        });
      }
      show();
      rounds[place].querySelector("button").focus({ preventScroll: true });
    });
    show();
  }
});
