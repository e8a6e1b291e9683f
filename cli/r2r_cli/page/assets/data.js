// The block of data unpacked (laid out by page/data.py), and the few helpers that every script here uses.
"use strict";
globalThis.reel = (() => {
  const SCALE = 10000, WIDE = 13, METRICS = 8;
  const raw = JSON.parse(document.getElementById("film-data").textContent);

  const $ = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // An element with attributes and children. Texts become text nodes: no name of a painting is ever read as markup.
  function el(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === true) made.setAttribute(name, "");
      else if (value !== false && value != null) made.setAttribute(name, value);
    }
    made.append(...children.filter((child) => child != null && child !== ""));
    return made;
  }

  const paintings = raw.paintings.map(
    ([id, title, artist, movement, when, from, to, museum, colours, src, href, depth]) =>
      ({ id, title, artist, movement, when, from, to, museum, colours, src, href, depth }));
  const placeOf = new Map(paintings.map((painting, place) => [painting.id, place]));

  const shots = raw.shots.map(
    ([number, start, end, startFrame, endFrame, blank, transition, convincing, frame, colours, column, depth], n) =>
      ({ n, number, start, end, startFrame, endFrame, blank, transition, convincing, frame, colours, column, depth }));

  // Candidates of all shots in columns: typed arrays are what makes 30,000 of them quick to score.
  // Those of shot n stand at first[n] .. first[n + 1] - 1, as the server ranked them.
  const first = new Int32Array(shots.length + 1);
  raw.candidates.forEach((row, n) => { first[n + 1] = first[n] + row.length / WIDE; });
  const total = first[shots.length];
  const work = new Int32Array(total), score = new Float64Array(total), visual = new Float64Array(total);
  const likeness = new Float64Array(total * METRICS), p = new Float64Array(total), corrected = new Float64Array(total);
  raw.candidates.forEach((row, n) => {
    for (let at = 0, c = first[n]; at < row.length; at += WIDE, c += 1) {
      work[c] = row[at];
      score[c] = row[at + 1] / SCALE;
      visual[c] = row[at + 2] / SCALE;
      for (let m = 0; m < METRICS; m += 1) likeness[c * METRICS + m] = row[at + 3 + m] / SCALE;
      p[c] = row[at + 11] === null ? NaN : row[at + 11] / SCALE;
      corrected[c] = row[at + 12] === null ? NaN : row[at + 12] / SCALE;
    }
  });

  function timecode(seconds) {
    const whole = Math.max(0, Math.floor(seconds + 1e-6));
    return [whole / 3600, whole / 60 % 60, whole % 60].map((part) => String(Math.floor(part)).padStart(2, "0")).join(":");
  }
  function percent(share) {
    const value = share * 100;
    if (value === 0) return "0 %";
    if (value < 0.1) return "< 0.1 %";
    return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} %`;
  }
  const times = (lift) => (lift == null || !Number.isFinite(lift) ? "–" : `${lift >= 10 ? lift.toFixed(0) : lift.toFixed(1)} ×`);
  function chance(value) {
    if (!Number.isFinite(value)) return "";
    if (value < 0.001) return "p < 0.001";
    return `p = ${value.toFixed(value < 0.1 ? 3 : 2)}`;
  }

  // A painting's picture: by address from the server, by class in a file, which has each picture once.
  function picture(painting, { hidden = false } = {}) {
    const said = painting.artist ? `${painting.title}, by ${painting.artist}` : painting.title;
    const words = hidden ? "" : said;
    if (painting.src) return el("img", { class: "picture", src: painting.src, alt: words, loading: "lazy", decoding: "async" });
    if (!pictured(painting)) return el("span", { class: "absent" }, "no picture");
    return el("span", { class: `picture p${painting.id}`, ...(hidden ? { "aria-hidden": "true" } : { role: "img", "aria-label": words }) });
  }
  const known = new Map();
  function pictured(painting) {  // whether a file has it: its class then names a picture
    if (!known.has(painting.id)) {
      const probe = el("i", { class: `p${painting.id}`, hidden: true });
      document.body.append(probe);
      known.set(painting.id, getComputedStyle(probe).backgroundImage !== "none");
      probe.remove();
    }
    return known.get(painting.id);
  }

  // The shot that runs at a time: the last that has begun.
  function shotAt(seconds) {
    let low = 0, high = shots.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (shots[middle].start <= seconds) low = middle; else high = middle - 1;
    }
    return low;
  }

  const article = (n) => document.getElementById(`shot-${shots[n].number}`);
  const frameOf = (n) => $(".frame img", article(n))?.getAttribute("src") ?? "";

  return {
    ...raw, $, all, el, paintings, placeOf, shots, first, work, score, visual, likeness, p, corrected, METRICS,
    timecode, percent, times, chance, picture, shotAt, article, frameOf,
    byNumber: new Map(shots.map((shot) => [shot.number, shot.n])),
    shown: Math.min(5, Math.max(1, raw.profile.counted)),  // paintings of a shot that filters look at
  };
})();
