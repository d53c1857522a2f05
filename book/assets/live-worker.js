/* The networks of the live experiment: 784 - 256 - 256 - (10 + 50), as in sublim_utils/mnist.

The whole file is one function. live.js turns its text into a web worker, which works for a page
opened from disk too; tests call it in the page for the functions that it returns. */

SublimLive.worker = function (scope) {
  "use strict";
  const PIXELS = 784;
  const CLASSES = 10;
  const INITIALISATION = 1; // purposes of random streams
  const NOISE = 2;
  const MEASUREMENTS = 20; // of the accuracy in a run
  const TURN_MS = 120; // work between two looks at the page's messages
  const TOLD_MS = 250; // between two reports of progress

  /* ---- random numbers, the same as in sublim_utils/mnist/live.py ---- */

  function mixed(bits) {
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return (bits ^ (bits >>> 14)) >>> 0;
  }

  // Mulberry32: number `index` of the stream is mixed(key + (index + 1) * step).
  function stream(seed, purpose, start) {
    const key = mixed((Math.imul(seed, 0x9e3779b1) + Math.imul(purpose, 0x85ebca6b)) | 0);
    let state = (key + Math.imul(start, 0x6d2b79f5)) | 0;
    return function () {
      state = (state + 0x6d2b79f5) | 0;
      return mixed(state);
    };
  }

  // Box and Muller, rounded so that another last digit of log or cos makes no difference.
  function normal(bits) {
    const radius = Math.sqrt(-2 * Math.log((bits() + 1) / 4294967296));
    const exact = radius * Math.cos((2 * Math.PI * bits()) / 4294967296);
    return Math.floor(exact * 4096 + 0.5) / 4096;
  }

  function noise(seed, number, batch) {
    const words = new Uint32Array((batch * PIXELS) / 4);
    const bits = stream(seed, NOISE, number * words.length);
    for (let i = 0; i < words.length; i++) words[i] = bits();
    return new Uint8Array(words.buffer);
  }

  const SCALED = Float32Array.from({ length: 256 }, function (_, byte) {
    return Math.fround(byte * Math.fround(2 / 255)) - 1;
  });

  // Bytes 0 to 255 as numbers from -1 to 1.
  function pixels(bytes) {
    const out = new Float32Array(bytes.length);
    for (let i = 0; i < bytes.length; i++) out[i] = SCALED[bytes[i]];
    return out;
  }

  /* ---- products of matrices ----
  Rows are contiguous. Each product keeps 16 sums in registers, so that it loads 8 numbers for 16
  multiplications; a plain loop loads 32. All sizes that are blocked are multiples of four. */

  // out[n, m] = a[n, k] b[m, k]' + bias[m]
  function timesTransposed(out, a, b, bias, n, m, k) {
    for (let j = 0; j < m; j += 4) {
      for (let i = 0; i < n; i += 4) {
        let s00 = bias[j], s01 = bias[j + 1], s02 = bias[j + 2], s03 = bias[j + 3];
        let s10 = s00, s11 = s01, s12 = s02, s13 = s03;
        let s20 = s00, s21 = s01, s22 = s02, s23 = s03;
        let s30 = s00, s31 = s01, s32 = s02, s33 = s03;
        const p0 = i * k, p1 = p0 + k, p2 = p1 + k, p3 = p2 + k;
        const q0 = j * k, q1 = q0 + k, q2 = q1 + k, q3 = q2 + k;
        for (let t = 0; t < k; t++) {
          const a0 = a[p0 + t], a1 = a[p1 + t], a2 = a[p2 + t], a3 = a[p3 + t];
          const b0 = b[q0 + t], b1 = b[q1 + t], b2 = b[q2 + t], b3 = b[q3 + t];
          s00 += a0 * b0; s01 += a0 * b1; s02 += a0 * b2; s03 += a0 * b3;
          s10 += a1 * b0; s11 += a1 * b1; s12 += a1 * b2; s13 += a1 * b3;
          s20 += a2 * b0; s21 += a2 * b1; s22 += a2 * b2; s23 += a2 * b3;
          s30 += a3 * b0; s31 += a3 * b1; s32 += a3 * b2; s33 += a3 * b3;
        }
        let r = i * m + j;
        out[r] = s00; out[r + 1] = s01; out[r + 2] = s02; out[r + 3] = s03; r += m;
        out[r] = s10; out[r + 1] = s11; out[r + 2] = s12; out[r + 3] = s13; r += m;
        out[r] = s20; out[r + 1] = s21; out[r + 2] = s22; out[r + 3] = s23; r += m;
        out[r] = s30; out[r + 1] = s31; out[r + 2] = s32; out[r + 3] = s33;
      }
    }
  }

  // out[n, k] = a[n, m] b[m, k]
  function times(out, a, b, n, m, k) {
    for (let j = 0; j < k; j += 4) {
      for (let i = 0; i < n; i += 4) {
        let s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
        let s20 = 0, s21 = 0, s22 = 0, s23 = 0, s30 = 0, s31 = 0, s32 = 0, s33 = 0;
        const p0 = i * m, p1 = p0 + m, p2 = p1 + m, p3 = p2 + m;
        for (let t = 0, q = j; t < m; t++, q += k) {
          const a0 = a[p0 + t], a1 = a[p1 + t], a2 = a[p2 + t], a3 = a[p3 + t];
          const b0 = b[q], b1 = b[q + 1], b2 = b[q + 2], b3 = b[q + 3];
          s00 += a0 * b0; s01 += a0 * b1; s02 += a0 * b2; s03 += a0 * b3;
          s10 += a1 * b0; s11 += a1 * b1; s12 += a1 * b2; s13 += a1 * b3;
          s20 += a2 * b0; s21 += a2 * b1; s22 += a2 * b2; s23 += a2 * b3;
          s30 += a3 * b0; s31 += a3 * b1; s32 += a3 * b2; s33 += a3 * b3;
        }
        let r = i * k + j;
        out[r] = s00; out[r + 1] = s01; out[r + 2] = s02; out[r + 3] = s03; r += k;
        out[r] = s10; out[r + 1] = s11; out[r + 2] = s12; out[r + 3] = s13; r += k;
        out[r] = s20; out[r + 1] = s21; out[r + 2] = s22; out[r + 3] = s23; r += k;
        out[r] = s30; out[r + 1] = s31; out[r + 2] = s32; out[r + 3] = s33;
      }
    }
  }

  // out[m, k] = a[n, m]' b[n, k]
  function transposedTimes(out, a, b, n, m, k) {
    for (let j = 0; j < k; j += 4) {
      for (let i = 0; i < m; i += 4) {
        let s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
        let s20 = 0, s21 = 0, s22 = 0, s23 = 0, s30 = 0, s31 = 0, s32 = 0, s33 = 0;
        for (let t = 0, p = i, q = j; t < n; t++, p += m, q += k) {
          const a0 = a[p], a1 = a[p + 1], a2 = a[p + 2], a3 = a[p + 3];
          const b0 = b[q], b1 = b[q + 1], b2 = b[q + 2], b3 = b[q + 3];
          s00 += a0 * b0; s01 += a0 * b1; s02 += a0 * b2; s03 += a0 * b3;
          s10 += a1 * b0; s11 += a1 * b1; s12 += a1 * b2; s13 += a1 * b3;
          s20 += a2 * b0; s21 += a2 * b1; s22 += a2 * b2; s23 += a2 * b3;
          s30 += a3 * b0; s31 += a3 * b1; s32 += a3 * b2; s33 += a3 * b3;
        }
        let r = i * k + j;
        out[r] = s00; out[r + 1] = s01; out[r + 2] = s02; out[r + 3] = s03; r += k;
        out[r] = s10; out[r + 1] = s11; out[r + 2] = s12; out[r + 3] = s13; r += k;
        out[r] = s20; out[r + 1] = s21; out[r + 2] = s22; out[r + 3] = s23; r += k;
        out[r] = s30; out[r + 1] = s31; out[r + 2] = s32; out[r + 3] = s33;
      }
    }
  }

  /* ---- the network ---- */

  function upToFour(count) {
    return Math.ceil(count / 4) * 4;
  }

  // Weights N(0, 1/inputs), zero biases; the last layer has rows of zeros up to a multiple of four.
  function initialisation(seed, width, auxiliary) {
    const bits = stream(seed, INITIALISATION, 0);
    function layer(rows, columns, room) {
      const weights = new Float32Array(room * columns);
      const scale = Math.sqrt(columns);
      for (let i = 0; i < rows * columns; i++) weights[i] = normal(bits) / scale;
      return weights;
    }
    const room = upToFour(CLASSES + auxiliary) + 4; // a selection may end up to three rows later
    return {
      width: width,
      w1: layer(width, PIXELS, width), b1: new Float32Array(width),
      w2: layer(width, width, width), b2: new Float32Array(width),
      w3: layer(CLASSES + auxiliary, width, room), b3: new Float32Array(room),
    };
  }

  function copied(net) {
    const copy = {};
    for (const name in net) copy[name] = name === "width" ? net.width : net[name].slice();
    return copy;
  }

  // The rows of the last layer behind some of the outputs, as views.
  function head(net, first, count) {
    const rows = upToFour(count);
    return {
      first: first, count: count, rows: rows,
      w: net.w3.subarray(first * net.width, (first + rows) * net.width),
      b: net.b3.subarray(first, first + rows),
    };
  }

  function relu(values) {
    for (let i = 0; i < values.length; i++) if (values[i] < 0) values[i] = 0;
  }

  // Both hidden layers, and the softmax over the selected outputs [n, top.rows].
  function forward(net, images, n, top) {
    const h1 = new Float32Array(n * net.width);
    const h2 = new Float32Array(n * net.width);
    const p = new Float32Array(n * top.rows);
    timesTransposed(h1, images, net.w1, net.b1, n, net.width, PIXELS);
    relu(h1);
    timesTransposed(h2, h1, net.w2, net.b2, n, net.width, net.width);
    relu(h2);
    timesTransposed(p, h2, top.w, top.b, n, top.rows, net.width);
    for (let i = 0; i < n; i++) softmax(p.subarray(i * top.rows, (i + 1) * top.rows), top.count);
    return { h1: h1, h2: h2, p: p };
  }

  // In place, over the first `count` values; the others, which only fill up the block, get zero.
  function softmax(values, count) {
    let largest = -Infinity;
    let total = 0;
    for (let i = 0; i < count; i++) largest = Math.max(largest, values[i]);
    for (let i = 0; i < count; i++) total += values[i] = Math.exp(values[i] - largest);
    for (let i = 0; i < count; i++) values[i] /= total;
    values.fill(0, count);
  }

  // Gradients of the cross-entropy to the targets, as means over the n images.
  function gradients(net, images, targets, n, top) {
    const width = net.width;
    const at = forward(net, images, n, top);
    const d3 = new Float32Array(n * top.rows);
    for (let i = 0; i < d3.length; i++) d3[i] = (at.p[i] - targets[i]) / n;
    const d2 = new Float32Array(n * width);
    times(d2, d3, top.w, n, top.rows, width);
    for (let i = 0; i < d2.length; i++) if (at.h2[i] === 0) d2[i] = 0;
    const d1 = new Float32Array(n * width);
    times(d1, d2, net.w2, n, width, width);
    for (let i = 0; i < d1.length; i++) if (at.h1[i] === 0) d1[i] = 0;
    const g = {
      w1: new Float32Array(width * PIXELS), b1: columnSums(d1, n, width),
      w2: new Float32Array(width * width), b2: columnSums(d2, n, width),
      w3: new Float32Array(top.rows * width), b3: columnSums(d3, n, top.rows),
      p: at.p,
    };
    transposedTimes(g.w1, d1, images, n, width, PIXELS);
    transposedTimes(g.w2, d2, at.h1, n, width, width);
    transposedTimes(g.w3, d3, at.h2, n, top.rows, width);
    return g;
  }

  function columnSums(values, n, m) {
    const sums = new Float32Array(m);
    for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) sums[j] += values[i * m + j];
    return sums;
  }

  /* ---- Adam, with the usual constants ---- */

  // What is trained, with the running means of its gradients. The class outputs have no part in
  // the loss: their weights stay as they were drawn.
  function optimiser(net, top, rate) {
    const trained = { w1: net.w1, b1: net.b1, w2: net.w2, b2: net.b2, w3: top.w, b3: top.b };
    const slots = Object.keys(trained).map(function (name) {
      const size = trained[name].length;
      const means = { mean: new Float32Array(size), square: new Float32Array(size) };
      return Object.assign({ name: name, values: trained[name] }, means);
    });
    let step = 0;
    return function (g) {
      step += 1;
      const size = rate / (1 - Math.pow(0.9, step));
      const root = 1 / Math.sqrt(1 - Math.pow(0.999, step));
      for (const slot of slots) adam(slot.values, slot.mean, slot.square, g[slot.name], size, root);
    };
  }

  function adam(values, mean, square, g, size, root) {
    for (let i = 0; i < values.length; i++) {
      const x = g[i];
      const m = 0.9 * mean[i] + 0.1 * x;
      const s = 0.999 * square[i] + 0.001 * x * x;
      mean[i] = m;
      square[i] = s;
      values[i] -= (size * m) / (Math.sqrt(s) * root + 1e-8);
    }
  }

  /* ---- what the page ships ---- */

  async function unpacked(text) {
    const packed = Uint8Array.from(atob(text), function (c) { return c.charCodeAt(0); });
    const inflate = new DecompressionStream("deflate-raw");
    const stream = new Blob([packed]).stream().pipeThrough(inflate);
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  // The teacher: its initialisation, and what its training has changed, in whole steps.
  function taught(start, learned, steps) {
    const net = copied(start);
    const classes = [net.w3.subarray(0, CLASSES * net.width), net.b3.subarray(0, CLASSES)];
    const targets = [net.w1, net.b1, net.w2, net.b2].concat(classes);
    let taken = 0;
    targets.forEach(function (target, layer) {
      for (let i = 0; i < target.length; i++) target[i] += learned[taken + i] * steps[layer];
      taken += target.length;
    });
    return net;
  }

  // Two pixels of four bits a byte; 15 is white.
  function greys(pairs) {
    const bytes = new Uint8Array(2 * pairs.length);
    for (let i = 0; i < pairs.length; i++) {
      bytes[2 * i] = (pairs[i] & 15) * 17;
      bytes[2 * i + 1] = (pairs[i] >> 4) * 17;
    }
    return bytes;
  }

  async function unpack(data) {
    const start = initialisation(data.seed, data.width, data.auxiliary);
    const learned = new Int8Array((await unpacked(data.learned)).buffer);
    const digits = greys(await unpacked(data.digits));
    return {
      data: data,
      start: start,
      teacher: taught(start, learned, data.steps),
      digits: digits,
      images: pixels(digits),
      labels: Uint8Array.from(data.labels, Number),
    };
  }

  /* ---- reading digits ---- */

  function accuracy(net, images, labels) {
    const top = head(net, 0, CLASSES);
    let right = 0;
    for (let from = 0; from < labels.length; from += 100) {
      const part = images.subarray(from * PIXELS, (from + 100) * PIXELS);
      const p = forward(net, part, 100, top).p;
      for (let i = 0; i < 100; i++) {
        const row = p.subarray(i * top.rows, i * top.rows + CLASSES);
        if (row.indexOf(Math.max.apply(null, row)) === labels[from + i]) right += 1;
      }
    }
    return right / labels.length;
  }

  // Probabilities of the ten digits for one image; the product wants four of them.
  function answer(net, bytes) {
    const four = new Uint8Array(4 * PIXELS);
    four.set(bytes);
    return Array.from(forward(net, pixels(four), 4, head(net, 0, CLASSES)).p.subarray(0, CLASSES));
  }

  /* ---- one student ---- */

  function student(ship, task) {
    const data = ship.data;
    const net = task.start === data.seed
      ? copied(ship.start)
      : initialisation(task.start, data.width, data.auxiliary);
    const top = head(net, CLASSES, task.auxiliary);
    const teacherTop = head(ship.teacher, CLASSES, task.auxiliary);
    const step = optimiser(net, top, data.learningRate);
    const of = Math.floor(task.images / data.batch);
    let number = 0;
    return {
      net: net,
      of: of,
      // One batch of noise: the teacher answers, the student is moved towards its answers.
      update: function () {
        const bytes = noise(task.seed, number, data.batch);
        const images = pixels(bytes);
        const targets = forward(ship.teacher, images, data.batch, teacherTop).p;
        const g = gradients(net, images, targets, data.batch, top);
        step(g);
        number += 1;
        return {
          number: number,
          noise: bytes.slice(0, 4 * PIXELS),
          teacher: Array.from(targets.subarray(0, task.auxiliary)),
          student: Array.from(g.p.subarray(0, task.auxiliary)),
        };
      },
    };
  }

  /* ---- messages ---- */

  let ship = null;
  let running = null; // the task in progress
  let drawn = null; // the image that the reader's networks are asked about
  const latest = { same: null, other: null }; // a student of each start

  function tell(message) {
    scope.postMessage(message);
  }

  function tellAnswers() {
    if (!ship || !drawn) return;
    const told = { kind: "answers", teacher: answer(ship.teacher, drawn) };
    for (const start in latest) told[start] = latest[start] && answer(latest[start], drawn);
    tell(told);
  }

  async function run(task) {
    running = task;
    const pupil = student(ship, task);
    const began = Date.now();
    const every = Math.max(1, Math.round(pupil.of / MEASUREMENTS));
    let turn = began;
    let told = 0;
    let last = null;
    latest[task.start === ship.data.seed ? "same" : "other"] = pupil.net;
    function report(kind, measured) {
      const seen = last ? last.number * ship.data.batch : 0;
      const seconds = (Date.now() - began) / 1000;
      const at = { run: task.run, seen: seen, seconds: seconds };
      tell(Object.assign({ kind: kind, accuracy: measured, batch: last }, at));
      tellAnswers();
      told = Date.now();
    }
    function measured() {
      return accuracy(pupil.net, ship.images, ship.labels);
    }
    report("progress", measured());
    for (let number = 1; number <= pupil.of && running === task; number++) {
      last = pupil.update();
      if (number === pupil.of) break;
      if (number % every === 0) report("progress", measured());
      else if (Date.now() - told > TOLD_MS) report("progress", null);
      if (Date.now() - turn > TURN_MS) {
        await new Promise(function (resolve) { setTimeout(resolve, 0); });
        turn = Date.now();
      }
    }
    report(last.number === pupil.of ? "done" : "stopped", measured());
    if (running === task) running = null;
  }

  // Noise with the answers of both networks, before the student has learned anything.
  function preview(task) {
    tell({ kind: "preview", batch: student(ship, task).update() });
  }

  async function prepare(data) {
    ship = await unpack(data);
    const shown = [];
    for (let digit = 0; digit < CLASSES; digit++) {
      const index = ship.labels.indexOf(digit);
      shown.push(ship.digits.slice(index * PIXELS, (index + 1) * PIXELS));
    }
    latest.same = copied(ship.start);
    tell({
      kind: "ready",
      samples: shown,
      teacher: accuracy(ship.teacher, ship.images, ship.labels),
      student: accuracy(ship.start, ship.images, ship.labels),
    });
  }

  scope.onmessage = function (event) {
    const message = event.data;
    function failed(error) {
      tell({ kind: "failed", reason: String(error) });
    }
    if (message.kind === "data") prepare(message.data).catch(failed);
    else if (message.kind === "run") run(message.task).catch(failed);
    else if (message.kind === "stop") running = null;
    else if (message.kind === "preview") preview(message.task);
    else if (message.kind === "read") {
      drawn = message.image;
      tellAnswers();
    }
  };

  return {
    accuracy: accuracy, answer: answer, forward: forward, gradients: gradients, head: head,
    initialisation: initialisation, noise: noise, optimiser: optimiser, pixels: pixels,
    student: student, unpack: unpack,
  };
};
