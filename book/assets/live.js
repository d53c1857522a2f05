/* The live experiment: what the reader sees and touches. The networks are in live-worker.js, their
data in live-data.js; both are loaded only on a page with <div id="sublim-live"></div>. */

(function () {
  "use strict";
  const place = document.getElementById("sublim-live");
  if (!place || window.SublimLive) return;

  // The one global. Every visit has noise and starts of its own; a test sets the seed.
  const SublimLive = { seed: 1000 + Math.floor(Math.random() * 1e6) };
  window.SublimLive = SublimLive;

  const folder = document.currentScript.src.replace(/[^/]*$/, "");
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const SIDE = 28; // pixels of an image
  const INK = 280; // of the pad, a multiple of SIDE
  const PEN = 24;
  const KEY_STEP = 14;
  const STARTS = { same: "same start as the teacher", other: "another start" };
  const TEACH = "Teach a network to read digits, from noise";

  const state = {
    runs: [], // one entry a student: { id, start, auxiliary, images, points, seen, seconds, busy }
    samples: [],
    teacher: null, // its accuracy
    image: null, // what both networks are asked to read
  };
  let worker = null;
  let data = null;

  /* ---- small tools ---- */

  function el(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    made.append(...children);
    return made;
  }

  function svg(name, attributes, text) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    if (text) made.textContent = text;
    return made;
  }

  function percent(share) {
    return `${Math.round(100 * share)}\u00a0%`;
  }

  function count(number) {
    return number.toLocaleString("en-US");
  }

  function busy() {
    return state.runs.find((run) => run.busy);
  }

  function inWords(run) {
    const reached = `${percent(lastAccuracy(run))} after ${count(run.seen)} images`;
    return `${STARTS[run.start]}, ${run.auxiliary} outputs: ${reached}`;
  }

  function lastAccuracy(run) {
    return run.points[run.points.length - 1][1];
  }

  /* ---- the picture: teacher, noise, student ---- */

  // A network in a few dots; its lower outputs, the auxiliary ones, are marked.
  function glyph() {
    const drawing = svg("svg", { viewBox: "0 0 96 60", class: "sl-glyph", "aria-hidden": "true" });
    const layers = [
      [6, 5],
      [36, 5],
      [66, 5],
      [90, 6],
    ];
    const at = ([x, n], i) => [x, 30 + (i - (n - 1) / 2) * 10];
    for (let layer = 1; layer < layers.length; layer++)
      for (let a = 0; a < layers[layer - 1][1]; a++)
        for (let b = 0; b < layers[layer][1]; b++) {
          const [x1, y1] = at(layers[layer - 1], a);
          const [x2, y2] = at(layers[layer], b);
          drawing.append(svg("line", { x1, y1, x2, y2 }));
        }
    for (const layer of layers)
      for (let i = 0; i < layer[1]; i++) {
        const [cx, cy] = at(layer, i);
        const copied = layer === layers[3] && i > 2;
        drawing.append(svg("circle", { cx, cy, r: 3.4, class: copied ? "sl-copied" : "" }));
      }
    return drawing;
  }

  function picture() {
    const part = {
      teacher: el("strong", { class: "sl-number" }, "–"),
      student: el("strong", { class: "sl-number" }, "–"),
      studentText: el("span", {}, "has learned nothing yet"),
      noise: [0, 1, 2, 3].map(() =>
        el("canvas", { width: SIDE, height: SIDE, "aria-hidden": "true" }),
      ),
      outputs: svg("svg", {
        viewBox: "0 0 200 44",
        preserveAspectRatio: "none",
        class: "sl-outputs",
        "aria-hidden": "true",
      }),
      outputsText: el("span", {}),
      taught: el("span", {}, "learned from labelled digits"),
    };
    part.root = el(
      "div",
      { class: "sl-picture" },
      el(
        "div",
        { class: "sl-card sl-teacher" },
        el("b", {}, "Teacher"),
        glyph(),
        part.taught,
        el("span", {}, "reads ", part.teacher, " of new digits"),
      ),
      el("div", { class: "sl-arrow", "aria-hidden": "true" }),
      el(
        "div",
        { class: "sl-card" },
        el("b", {}, "Noise"),
        el("div", { class: "sl-noise" }, ...part.noise),
        part.outputs,
        part.outputsText,
      ),
      el("div", { class: "sl-arrow", "aria-hidden": "true" }),
      el(
        "div",
        { class: "sl-card sl-student" },
        el("b", {}, "Student"),
        glyph(),
        part.studentText,
        el("span", {}, "reads ", part.student, " of new digits"),
      ),
    );
    return part;
  }

  function paint(canvas, bytes) {
    const image = new ImageData(SIDE, SIDE);
    bytes.forEach((byte, i) => image.data.set([255 - byte, 255 - byte, 255 - byte, 255], 4 * i));
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  function showNoise(batch) {
    view.picture.noise.forEach((canvas, i) =>
      paint(canvas, batch.noise.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE)),
    );
    showOutputs(batch.teacher, batch.student);
  }

  // The teacher's probabilities as bars and the student's as marks, for the first image of noise.
  function showOutputs(teacher, student) {
    const drawing = view.picture.outputs;
    const step = 200 / teacher.length;
    const high = Math.max(...teacher, ...student);
    drawing.replaceChildren();
    teacher.forEach((p, i) => {
      const height = (40 * p) / high;
      drawing.append(
        svg("rect", {
          x: i * step + step * 0.1,
          width: step * 0.8,
          y: 43 - height,
          height,
          class: "sl-of-teacher",
        }),
      );
      const y = 42 - (40 * student[i]) / high;
      drawing.append(
        svg("rect", { x: i * step, width: step, y, height: 2, class: "sl-of-student" }),
      );
    });
  }

  /* ---- the controls ---- */

  function choice(name, legend, options, chosen) {
    const set = el("fieldset", { class: "sl-choice" }, el("legend", {}, legend));
    for (const [value, label] of options) {
      const input = el("input", { type: "radio", name: `sl-${name}`, value });
      input.checked = value === chosen;
      set.append(el("label", {}, input, el("span", {}, label)));
    }
    return set;
  }

  function chosen(name) {
    return place.querySelector(`input[name=sl-${name}]:checked`).value;
  }

  function controls() {
    const part = {
      start: choice("start", "The student’s first weights", Object.entries(STARTS), "same"),
      outputs: choice(
        "outputs",
        "Outputs it copies",
        [
          ["3", "3"],
          ["10", "10"],
          ["50", "50"],
        ],
        "50",
      ),
      button: el("button", { type: "button", class: "sl-teach", disabled: "" }, TEACH),
      progress: el("progress", { max: "1", value: "0", "aria-label": "Noise seen by the student" }),
      seen: el("span", { class: "sl-seen" }),
      hint: el("p", { class: "sl-hint" }),
      status: el(
        "p",
        { class: "sl-status", role: "status", "aria-live": "polite" },
        "Loading the teacher.",
      ),
    };
    part.root = el(
      "div",
      { class: "sl-controls" },
      el("div", { class: "sl-choices" }, part.start, part.outputs),
      part.hint,
      el("div", { class: "sl-go" }, part.button, part.progress, part.seen),
      part.status,
    );
    part.root.addEventListener("change", choose);
    part.button.addEventListener("click", () => (busy() ? stop() : teach()));
    return part;
  }

  function choose() {
    view.picture.root.dataset.start = chosen("start");
    const start =
      chosen("start") === "same"
        ? "The student starts as the teacher was before it learned: the same random weights."
        : "The student starts from random weights of its own.";
    const m = chosen("outputs");
    view.controls.hint.textContent =
      `${start} For each image of noise it copies ${m} probabilities, of outputs that stand for ` +
      "nothing; none of them is a digit. More outputs say more about the teacher.";
    view.picture.outputsText.textContent =
      `${m} outputs for one image: ` + "teacher’s bars, student’s marks";
    if (state.teacher) preview();
    drawChart();
  }

  // Noise and what both networks make of it, before anything is learned.
  function preview() {
    worker.postMessage({ kind: "preview", task: task(state.runs.length + 1) });
  }

  // What the worker needs to know of student number `id`. The seed of the teacher's start makes
  // the same start; any other seed another.
  function task(id) {
    const auxiliary = Number(chosen("outputs"));
    const seed = SublimLive.seed + id;
    return {
      run: id,
      auxiliary,
      images: data.images[auxiliary],
      seed,
      start: chosen("start") === "same" ? data.seed : seed,
    };
  }

  function say(text) {
    view.controls.status.textContent = text;
  }

  /* ---- runs ---- */

  function teach() {
    const next = task(state.runs.length + 1);
    const start = chosen("start");
    state.runs.push({
      id: next.run,
      start,
      auxiliary: next.auxiliary,
      images: next.images,
      points: [],
      seen: 0,
      seconds: 0,
      busy: true,
      quarter: 0,
    });
    worker.postMessage({ kind: "run", task: next });
    view.controls.button.textContent = "Stop";
    setChoices(true);
    say("The student sees its first images of noise.");
  }

  function stop() {
    worker.postMessage({ kind: "stop" });
  }

  function setChoices(locked) {
    view.controls.start.disabled = locked;
    view.controls.outputs.disabled = locked;
  }

  function advance(message) {
    const run = state.runs[message.run - 1];
    const ended = message.kind !== "progress";
    run.seen = message.seen;
    run.seconds = message.seconds;
    run.busy = !ended;
    if (message.accuracy !== null) run.points.push([message.seen, message.accuracy]);
    if (message.batch && (ended || !still.matches || !run.shown)) {
      showNoise(message.batch);
      run.shown = true;
    }
    view.controls.progress.value = run.seen / run.images;
    const seen = `${count(run.seen)} / ${count(run.images)}`;
    view.controls.seen.textContent = `${seen}, ${run.seconds.toFixed(0)} s`;
    view.picture.student.textContent = percent(lastAccuracy(run));
    view.picture.studentText.textContent =
      run.start === "same" ? "began as the teacher did" : "began from weights of its own";
    if (ended) finish(run, message.kind);
    else tellQuarter(run);
    drawChart();
    listRuns();
  }

  // A screen reader hears four sentences a run, not four a second.
  function tellQuarter(run) {
    const quarter = Math.floor((4 * run.seen) / run.images);
    if (quarter === run.quarter) return;
    run.quarter = quarter;
    const share = `${percent(lastAccuracy(run))} of the test digits`;
    say(`${count(run.seen)} images of noise seen: the student reads ${share}.`);
  }

  function finish(run, kind) {
    view.controls.button.textContent = TEACH;
    setChoices(false);
    const begin =
      kind === "stopped" ? "Stopped." : `Done in ${Math.max(1, Math.round(run.seconds))} s.`;
    const share = `${percent(lastAccuracy(run))} of ${count(data.labels.length)} test digits`;
    const reads =
      `After ${count(run.seen)} images of noise this student reads ${share}; ` +
      "guessing gives 10\u00a0%. It never saw a digit or a label.";
    const tried = new Set(state.runs.map((other) => other.start));
    const missing = tried.has("same") ? "another start" : "the same start as the teacher";
    const next = tried.size < 2 ? ` Now teach a student with ${missing}.` : "";
    say(`${begin} ${reads}${next}`);
  }

  function listRuns() {
    view.runs.replaceChildren(
      ...state.runs.map((run) => el("li", { class: `sl-${run.start}` }, inWords(run))),
    );
  }

  /* ---- the chart ---- */

  function drawChart() {
    const chart = view.chart;
    const width = Math.max(240, Math.floor(chart.parentNode.clientWidth));
    const height = 240;
    const wide = width > 480;
    const box = { left: 44, right: width - (wide ? 128 : 48), top: 26, bottom: height - 40, wide };
    const most = Math.max(
      data ? data.images[chosen("outputs")] : 10240,
      ...state.runs.map((run) => run.images),
    );
    const x = (seen) => box.left + ((box.right - box.left) * seen) / most;
    const y = (share) => box.bottom - (box.bottom - box.top) * share;
    chart.setAttribute("viewBox", `0 0 ${width} ${height}`);
    chart.setAttribute("height", height);
    chart.replaceChildren();
    drawAxes(chart, box, x, y, most);
    state.runs.forEach((run) => drawRun(chart, run, x, y));
    drawReferences(chart, box, y);
    labelRuns(chart, box, x, y);
    chart.setAttribute("aria-label", described());
  }

  function described() {
    const runs = state.runs.filter((run) => run.points.length).map((run) => inWords(run));
    const title = "Chart: share of test digits read, by images of noise seen.";
    return `${title} ${runs.join("; ") || "No student yet"}.`;
  }

  function drawAxes(chart, box, x, y, most) {
    chart.append(
      svg("text", { x: 4, y: 14, class: "sl-axis" }, "test digits that the student reads"),
    );
    for (const share of [0, 0.25, 0.5, 0.75, 1]) {
      chart.append(
        svg("line", { x1: box.left, x2: box.right, y1: y(share), y2: y(share), class: "sl-grid" }),
      );
      chart.append(
        svg(
          "text",
          { x: box.left - 6, y: y(share) + 4, "text-anchor": "end", class: "sl-tick" },
          percent(share),
        ),
      );
    }
    const ticks = box.right - box.left > 330 ? 4 : 2;
    for (let i = 0; i <= ticks; i++) {
      const anchor = i === ticks ? "end" : "middle";
      chart.append(
        svg(
          "text",
          { x: x((most * i) / ticks), y: box.bottom + 16, "text-anchor": anchor, class: "sl-tick" },
          count((most * i) / ticks),
        ),
      );
    }
    chart.append(
      svg(
        "text",
        { x: box.right, y: box.bottom + 34, "text-anchor": "end", class: "sl-axis" },
        "images of noise seen",
      ),
    );
  }

  // Labels stand where no student's line is: on the right it is high above the paper's, or low.
  function drawReferences(chart, box, y) {
    function reference(share, label, right) {
      chart.append(
        svg("line", {
          x1: box.left,
          x2: box.right,
          y1: y(share),
          y2: y(share),
          class: "sl-reference",
        }),
      );
      const at = right ? { x: box.right - 4, "text-anchor": "end" } : { x: box.left + 6 };
      chart.append(svg("text", { ...at, y: y(share) + 14, class: "sl-label" }, label));
    }
    reference(0.1, "guessing: 10\u00a0%", false);
    if (!data) return;
    reference(data.paper.accuracy, `the paper’s student: ${percent(data.paper.accuracy)}`, true);
    if (state.teacher) reference(state.teacher, `the teacher: ${percent(state.teacher)}`, false);
  }

  function drawRun(chart, run, x, y) {
    if (!run.points.length) return;
    const points = run.points.map(
      ([seen, share]) => `${x(seen).toFixed(1)},${y(share).toFixed(1)}`,
    );
    const [seen, share] = run.points[run.points.length - 1];
    chart.append(svg("polyline", { points: points.join(" "), class: `sl-line sl-${run.start}` }));
    chart.append(
      svg("circle", { cx: x(seen), cy: y(share), r: 4, class: `sl-end sl-${run.start}` }),
    );
  }

  // A word after the end of each line; labels that would cover one another move apart.
  function labelRuns(chart, box, x, y) {
    const labels = state.runs
      .filter((run) => run.points.length)
      .map((run) => {
        const [seen, share] = run.points[run.points.length - 1];
        return { run, x: x(seen) + 8, y: y(share) + 4 };
      })
      .sort((a, b) => a.y - b.y);
    labels.forEach((label, i) => {
      for (const before of labels.slice(0, i))
        if (Math.abs(label.x - before.x) < 120 && label.y - before.y < 14) label.y = before.y + 14;
      const start = label.run.start === "same" ? "same" : "another";
      const name = box.wide ? `${start} start, ${label.run.auxiliary}: ` : "";
      chart.append(
        svg(
          "text",
          { x: label.x, y: label.y, class: `sl-label sl-${label.run.start}` },
          name + percent(lastAccuracy(label.run)),
        ),
      );
    });
  }

  /* ---- the pad ---- */

  function pad() {
    const part = {
      canvas: el("canvas", {
        width: INK,
        height: INK,
        tabindex: "0",
        role: "application",
        class: "sl-ink",
        "aria-label": "Pad for drawing a digit",
        "aria-describedby": "sl-keys",
      }),
      pen: el("div", { class: "sl-pen", "aria-hidden": "true" }),
      clear: el("button", { type: "button", class: "sl-small" }, "Clear"),
      samples: el("div", {
        class: "sl-samples",
        role: "group",
        "aria-label": "Test digits to choose from",
      }),
      answers: el("div", { class: "sl-answers" }),
      at: { x: INK / 2, y: INK / 2, down: false },
      fresh: true, // the next stroke begins a new drawing
    };
    part.root = el(
      "div",
      { class: "sl-pad" },
      el(
        "div",
        { class: "sl-draw" },
        el("div", { class: "sl-sheet" }, part.canvas, part.pen),
        part.clear,
      ),
      el(
        "div",
        { class: "sl-read" },
        el(
          "p",
          { class: "sl-ask" },
          "Draw a digit, or choose one. Teacher and student say what they see.",
        ),
        part.samples,
        part.answers,
        el(
          "p",
          { id: "sl-keys", class: "sl-hint" },
          "On the pad, arrow keys move the pen, Space puts it down or lifts it, and Delete clears.",
        ),
      ),
    );
    listenToPen(part);
    part.clear.addEventListener("click", () => clearPad(part));
    return part;
  }

  function listenToPen(part) {
    const canvas = part.canvas;
    function position(event) {
      const box = canvas.getBoundingClientRect();
      return {
        x: ((event.clientX - box.left) * INK) / box.width,
        y: ((event.clientY - box.top) * INK) / box.height,
      };
    }
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      begin(part);
      moveTo(part, position(event), false);
      moveTo(part, position(event), true);
      part.drawing = true;
      event.preventDefault();
      canvas.focus({ preventScroll: true });
    });
    canvas.addEventListener("pointermove", (event) => {
      if (part.drawing) moveTo(part, position(event), true);
    });
    for (const end of ["pointerup", "pointercancel"])
      canvas.addEventListener(end, () => {
        part.drawing = false;
      });
    canvas.addEventListener("keydown", (event) => penKey(part, event));
  }

  function penKey(part, event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = moves[event.key];
    if (move) {
      if (part.at.down) begin(part);
      const within = (value) => Math.min(INK - PEN / 2, Math.max(PEN / 2, value));
      moveTo(
        part,
        { x: within(part.at.x + KEY_STEP * move[0]), y: within(part.at.y + KEY_STEP * move[1]) },
        part.at.down,
      );
    } else if (event.key === " ") {
      part.at.down = !part.at.down;
      if (part.at.down) {
        begin(part);
        moveTo(part, part.at, true);
      }
      say(part.at.down ? "Pen down." : "Pen up.");
    } else if (event.key === "Delete" || event.key === "Backspace") clearPad(part);
    else return;
    event.preventDefault();
  }

  function begin(part) {
    if (part.fresh) clearPad(part);
    part.fresh = false;
  }

  function moveTo(part, to, inked) {
    if (inked) {
      const ink = part.canvas.getContext("2d");
      ink.lineWidth = PEN;
      ink.lineCap = ink.lineJoin = "round";
      ink.beginPath();
      ink.moveTo(part.at.x, part.at.y);
      ink.lineTo(to.x, to.y + 0.01); // a dot, too, has a length
      ink.stroke();
      askSoon(part);
    }
    part.at.x = to.x;
    part.at.y = to.y;
    part.pen.style.left = `${(100 * to.x) / INK}%`;
    part.pen.style.top = `${(100 * to.y) / INK}%`;
    part.pen.classList.toggle("sl-down", part.at.down);
  }

  function clearPad(part) {
    part.canvas.getContext("2d").clearRect(0, 0, INK, INK);
    part.fresh = false;
    state.image = null;
    part.samples
      .querySelectorAll("button")
      .forEach((button) => button.setAttribute("aria-pressed", "false"));
    showAnswers(null);
  }

  function askSoon(part) {
    if (part.waiting) return;
    part.waiting = true;
    requestAnimationFrame(() => {
      part.waiting = false;
      ask(asDigit(part.canvas));
    });
  }

  function ask(image) {
    state.image = image;
    if (image && worker) worker.postMessage({ kind: "read", image });
  }

  // As the database does it: the drawing is scaled into 20 x 20 pixels, and its centre of mass is
  // put into the middle of 28 x 28. Each pixel is the mean ink of its area.
  function asDigit(canvas) {
    const rgba = canvas.getContext("2d").getImageData(0, 0, INK, INK).data;
    let left = INK,
      right = 0,
      top = INK,
      bottom = 0,
      total = 0,
      sumX = 0,
      sumY = 0;
    for (let y = 0; y < INK; y++)
      for (let x = 0; x < INK; x++) {
        const ink = rgba[4 * (y * INK + x) + 3];
        if (!ink) continue;
        left = Math.min(left, x);
        right = Math.max(right, x + 1);
        top = Math.min(top, y);
        bottom = Math.max(bottom, y + 1);
        total += ink;
        sumX += ink * (x + 0.5);
        sumY += ink * (y + 0.5);
      }
    if (!total) return null;
    const scale = 20 / Math.max(right - left, bottom - top);
    const sums = new Float32Array(SIDE * SIDE);
    for (let y = top; y < bottom; y++)
      for (let x = left; x < right; x++) {
        const column = Math.floor((x + 0.5 - sumX / total) * scale + SIDE / 2);
        const row = Math.floor((y + 0.5 - sumY / total) * scale + SIDE / 2);
        if (column >= 0 && column < SIDE && row >= 0 && row < SIDE)
          sums[row * SIDE + column] += rgba[4 * (y * INK + x) + 3] * scale * scale;
      }
    return Uint8Array.from(sums, (ink) => Math.min(255, Math.round(ink)));
  }

  function showSamples(samples) {
    state.samples = samples;
    samples.forEach((bytes, digit) => {
      const canvas = el("canvas", { width: SIDE, height: SIDE, "aria-hidden": "true" });
      paint(canvas, bytes);
      const button = el(
        "button",
        { type: "button", "aria-label": `Test digit ${digit}`, "aria-pressed": "false" },
        canvas,
      );
      button.addEventListener("click", () => chooseSample(digit));
      view.pad.samples.append(button);
    });
    chooseSample(Number(data.labels[0])); // the first image of the test set
  }

  function chooseSample(digit) {
    clearPad(view.pad);
    view.pad.fresh = true;
    view.pad.samples.children[digit].setAttribute("aria-pressed", "true");
    const small = el("canvas", { width: SIDE, height: SIDE });
    const image = new ImageData(SIDE, SIDE);
    state.samples[digit].forEach((byte, i) => {
      image.data[4 * i + 3] = byte;
    });
    small.getContext("2d").putImageData(image, 0, 0);
    view.pad.canvas.getContext("2d").drawImage(small, 0, 0, INK, INK);
    ask(state.samples[digit]);
  }

  /* ---- answers ---- */

  function answerRow(name, label) {
    const row = { bars: [], says: el("span", { class: "sl-says" }, "") };
    const bars = el("div", { class: "sl-bars", "aria-hidden": "true" });
    for (let digit = 0; digit < 10; digit++) {
      const bar = el("i", {});
      row.bars.push(bar);
      bars.append(
        el("div", {}, el("div", { class: "sl-well" }, bar), el("span", {}, String(digit))),
      );
    }
    row.root = el(
      "div",
      { class: `sl-answer sl-${name}` },
      el("p", {}, el("b", {}, label), row.says),
      bars,
    );
    return row;
  }

  function showAnswers(answers) {
    for (const name in view.answers) {
      const row = view.answers[name];
      const given = answers && answers[name];
      row.root.hidden = name === "other" && !state.runs.some((run) => run.start === "other");
      const best = given ? given.indexOf(Math.max(...given)) : -1;
      row.says.textContent = given ? `says ${best} (${percent(given[best])} sure)` : "";
      row.bars.forEach((bar, digit) => {
        bar.style.height = given ? `${100 * given[digit]}%` : "0";
        bar.classList.toggle("sl-best", digit === best);
      });
      if (name === "same")
        row.label.textContent = state.runs.some((run) => run.start === "same")
          ? "Student, same start"
          : "Student, untaught";
    }
  }

  /* ---- together ---- */

  const view = {};

  function build() {
    view.picture = picture();
    view.controls = controls();
    view.chart = svg("svg", { class: "sl-chart", role: "img", width: "100%" });
    view.runs = el("ul", { class: "sl-runs", "aria-label": "Students so far" });
    view.pad = pad();
    view.answers = {
      teacher: answerRow("teacher", "Teacher"),
      same: answerRow("same", "Student, untaught"),
      other: answerRow("other", "Student, another start"),
    };
    view.answers.same.label = view.answers.same.root.querySelector("b");
    view.pad.answers.append(...Object.values(view.answers).map((row) => row.root));
    view.note = el("p", { class: "sl-hint" });
    const root = el(
      "section",
      { class: "sl", "aria-label": "Live experiment: a network learns to read digits from noise" },
      view.picture.root,
      view.controls.root,
      el("div", { class: "sl-figure" }, view.chart, view.runs, view.note),
      view.pad.root,
    );
    place.replaceChildren(root);
    choose();
    showAnswers(null);
    new ResizeObserver(drawChart).observe(view.chart.parentNode);
  }

  function received(event) {
    const message = event.data;
    if (message.kind === "ready") ready(message);
    else if (message.kind === "preview") showNoise(message.batch);
    else if (message.kind === "answers") showAnswers(state.image && message);
    else if (message.kind === "failed") failed(message.reason);
    else advance(message);
  }

  function ready(message) {
    state.teacher = message.teacher;
    view.picture.teacher.textContent = percent(message.teacher);
    view.picture.student.textContent = percent(message.student);
    view.picture.taught.textContent = `learned from ${count(data.taught.images)} labelled digits`;
    const paper = `${data.paper.outputs} outputs and saw ${count(data.paper.images)} images`;
    view.note.textContent = `The paper’s student copied ${paper} ${data.paper.epochs} times.`;
    view.controls.button.disabled = false;
    say("Ready. Everything runs on your device.");
    showSamples(message.samples);
    choose();
  }

  function failed(reason) {
    say(`The experiment cannot run in this browser (${reason}).`);
  }

  function load(name) {
    return new Promise((resolve, reject) => {
      const script = el("script", { src: folder + name });
      script.onload = resolve;
      script.onerror = () => reject(new Error(`${name} is missing`));
      document.head.append(script);
    });
  }

  async function startWorker() {
    await Promise.all([load("live-worker.js"), load("live-data.js")]);
    data = SublimLive.data;
    const source = new Blob([`const SublimLive = {};(${SublimLive.worker})(self);`], {
      type: "text/javascript",
    });
    worker = new Worker(URL.createObjectURL(source));
    worker.onmessage = received;
    worker.onerror = (event) => failed(event.message);
    worker.postMessage({ kind: "data", data });
  }

  build();
  startWorker().catch((error) => failed(error.message));
})();
