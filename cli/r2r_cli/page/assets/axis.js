// The axis of film time: barcode, round times and frames of what is in view; zoom by wheel, drag, buttons and keys.
"use strict";
reel.axis = (() => {
  const { $, all, el, shots, span, state } = reel;
  const box = $(".film-axis"), canvas = $(".film-canvas"), frames = $(".frames"), peek = $(".peek");
  const strip = $(".strip"), pen = canvas.getContext("2d");
  const SHORTEST_S = Math.min(span, 2), TICKS_PX = 24, LINE_PX = 4;
  const SPACINGS_S = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
  let passing = null;  // of each shot, whether it answers to the filters; null: there are none

  // All stripes once, a pixel wide each: the barcode is drawn from this at every zoom.
  const rows = Math.max(1, ...shots.map((shot) => (atob(shot.column).length / 3)));
  const stripes = el("canvas");
  stripes.width = Math.max(1, shots.length);
  stripes.height = rows;
  {
    const ink = stripes.getContext("2d"), pixels = ink.createImageData(stripes.width, rows);
    for (const shot of shots) {
      const bytes = atob(shot.column), of = Math.max(1, bytes.length / 3);
      for (let y = 0; y < rows; y += 1) {
        const at = 3 * Math.min(of - 1, Math.floor(y * of / rows)), to = 4 * (y * stripes.width + shot.n);
        for (let c = 0; c < 3; c += 1) pixels.data[to + c] = bytes.length ? bytes.charCodeAt(at + c) : 128;
        pixels.data[to + 3] = 255;
      }
    }
    ink.putImageData(pixels, 0, 0);
  }

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const x = (seconds, width) => (seconds - state.now.from) / (state.now.to - state.now.from) * width;
  const timeAt = (event) => {
    const edge = box.getBoundingClientRect();
    return state.now.from + (event.clientX - edge.left) / edge.width * (state.now.to - state.now.from);
  };

  function draw() {
    const width = box.clientWidth, height = box.clientHeight, scale = devicePixelRatio || 1;
    if (!width) return;
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.imageSmoothingEnabled = false;
    const bottom = height - TICKS_PX - LINE_PX, paper = colour("--paper"), mark = colour("--mark");
    const { from, to } = state.now;
    let painted = -1;
    for (let n = reel.shotAt(from); n < shots.length && shots[n].start < to; n += 1) {
      const left = Math.max(0, x(shots[n].start, width)), right = Math.min(width, x(shots[n].end, width));
      if (right <= painted) continue;  // of many shots in one pixel one is drawn
      const start = Math.max(painted, Math.floor(left * scale) / scale), end = Math.ceil(right * scale) / scale;
      pen.drawImage(stripes, n, 0, 1, rows, start, 0, end - start, bottom);
      if (shots[n].convincing) { pen.fillStyle = mark; pen.fillRect(start, bottom + 1, end - start, LINE_PX - 1); }
      if (passing && !passing[n]) {
        pen.globalAlpha = 0.86;
        pen.fillStyle = paper;
        pen.fillRect(start, 0, end - start, bottom + LINE_PX);
        pen.globalAlpha = 1;
      }
      painted = end;
    }
    drawTicks(width, height);
    const shot = shots[state.now.shot];
    if (shot && shot.end > from && shot.start < to) {
      const left = x(shot.start, width), wide = Math.max(3, x(shot.end, width) - left);
      pen.strokeStyle = paper;
      pen.lineWidth = 5;
      pen.strokeRect(left, 1.5, wide, bottom - 2);
      pen.strokeStyle = colour("--ink");
      pen.lineWidth = 2;
      pen.strokeRect(left, 1.5, wide, bottom - 2);
    }
  }

  function drawTicks(width, height) {
    const { from, to } = state.now, most = Math.max(2, Math.floor(width / 84));
    const spacing = SPACINGS_S.find((s) => (to - from) / s <= most) ?? 7200;
    pen.fillStyle = colour("--quiet");
    pen.font = `12px ${getComputedStyle(document.body).fontFamily}`;
    pen.textBaseline = "bottom";
    for (let time = Math.ceil(from / spacing) * spacing; time <= to; time += spacing) {
      const at = x(time, width), text = reel.timecode(time) + (spacing < 1 ? (time % 1 ? ".5" : ".0") : ""), wide = pen.measureText(text).width;
      pen.fillRect(at, height - TICKS_PX, 1, 5);
      pen.fillText(text, Math.min(width - wide, Math.max(0, at - wide / 2)), height - 1);
    }
  }

  // Frames beneath the barcode: as many as there is room for, each where its shot runs.
  function drawFrames() {
    const width = frames.clientWidth, { from, to } = state.now;
    if (!width) return;
    const tall = frames.clientHeight, one = tall * 16 / 9, slots = Math.max(1, Math.floor(width / (one + 4)));
    const chosen = [];
    for (let slot = 0; slot < slots; slot += 1) {
      const n = reel.shotAt(from + (slot + 0.5) / slots * (to - from));
      if (!shots.length || chosen.some((other) => other.n === n)) continue;
      chosen.push({ n, left: (slot + 0.5) / slots * 100 });
    }
    const there = [...frames.children];
    while (there.length > chosen.length) there.pop().remove();
    chosen.forEach(({ n, left }, place) => {
      const image = there[place] ?? frames.appendChild(el("img", { alt: "", decoding: "async" }));
      const source = reel.frameOf(n);
      if (image.getAttribute("src") !== source) image.setAttribute("src", source);
      image.hidden = !source;
      image.dataset.shot = n;
      image.style.left = `${left}%`;
      image.classList.toggle("off", Boolean(passing && !passing[n]));
      image.classList.toggle("current", n === state.now.shot);
    });
  }

  // Drawing waits for the next frame of the screen, pictures for a pause: dragging asks for none on its way.
  let asked = 0, pause = 0;
  function later() {
    asked ||= requestAnimationFrame(() => { asked = 0; draw(); });
    clearTimeout(pause);
    pause = setTimeout(drawFrames, 80);
  }

  function say() {
    const { from, to, shot: n } = state.now, shot = shots[n];
    const whole = from <= 0 && to >= span;
    const inView = shots.filter((one) => one.end > from && one.start < to).length;
    $(".in-view").textContent = whole ? `the whole film, ${shots.length} shots`
      : `${reel.timecode(from)} to ${reel.timecode(to)}, ${inView} of ${shots.length} shots`;
    if (!shot) return;
    const best = reel.first[n + 1] > reel.first[n] ? reel.paintings[reel.work[state.ranking.order[reel.first[n]]]] : null;
    box.setAttribute("aria-valuenow", n + 1);
    box.setAttribute("aria-valuetext",
      `shot ${shot.number}, ${reel.timecode(shot.start)}${best ? `, nearest: ${best.title}` : shot.blank ? ", not matched" : ""}`);
    const mark = $(".mark", strip), range = $(".range", strip);
    mark.style.left = `${100 * (shot.start + shot.end) / 2 / span}%`;
    range.hidden = whole;
    range.style.left = `${100 * from / span}%`;
    range.style.width = `${100 * (to - from) / span}%`;
  }

  // Zoom about a moment, which keeps its place; nothing leaves the film.
  function zoom(factor, about = (state.now.from + state.now.to) / 2) {
    const { from, to } = state.now, length = Math.min(span, Math.max(SHORTEST_S, (to - from) * factor));
    const part = (about - from) / (to - from);
    look(about - part * length, length);
  }
  function look(from, length) {
    const start = Math.min(span - length, Math.max(0, from));
    state.set(length >= span ? { from: 0, to: span } : { from: start, to: start + length });
  }
  function reveal(n) {  // a shot that is chosen out of view is brought into it
    const { from, to } = state.now, shot = shots[n];
    if (shot.end <= from || shot.start >= to) look((shot.start + shot.end) / 2 - (to - from) / 2, to - from);
  }

  box.addEventListener("wheel", (event) => {
    if (event.ctrlKey) return;
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      if (state.now.to - state.now.from >= span) return;
      event.preventDefault();
      look(state.now.from + event.deltaX / box.clientWidth * (state.now.to - state.now.from), state.now.to - state.now.from);
      return;
    }
    if (event.deltaY > 0 && state.now.to - state.now.from >= span) return;  // all is in view: the page scrolls on
    event.preventDefault();
    zoom(Math.exp(Math.max(-1, Math.min(1, event.deltaY / 300))), timeAt(event));
  }, { passive: false });

  let held = null;
  box.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    held = { at: event.clientX, from: state.now.from, moved: false };
    box.setPointerCapture(event.pointerId);
  });
  box.addEventListener("pointermove", (event) => {
    if (!held) { if (event.pointerType === "mouse") glimpse(event, reel.shotAt(timeAt(event)), box.getBoundingClientRect()); return; }
    if (Math.abs(event.clientX - held.at) > 4) { held.moved = true; peek.hidden = true; }
    const length = state.now.to - state.now.from;
    if (held.moved && length < span) look(held.from - (event.clientX - held.at) / box.clientWidth * length, length);
  });
  box.addEventListener("pointerup", (event) => {
    const clicked = held && !held.moved;
    held = null;
    peek.hidden = true;
    if (clicked && shots.length) reel.go(reel.shotAt(timeAt(event)));
  });
  box.addEventListener("pointercancel", () => { held = null; });
  box.addEventListener("pointerleave", () => { peek.hidden = true; });
  frames.addEventListener("click", (event) => {
    const image = event.target.closest("img");
    if (image) reel.go(Number(image.dataset.shot));
  });
  for (const button of all("[data-zoom]")) {
    button.addEventListener("click", () => {
      if (button.dataset.zoom === "all") look(0, span);
      else {
        const shot = shots[state.now.shot], middle = shot ? (shot.start + shot.end) / 2 : 0;
        const about = middle > state.now.from && middle < state.now.to ? middle : undefined;
        zoom(button.dataset.zoom === "in" ? 0.5 : 2, about);
      }
    });
  }

  // A look at a shot before going there.
  function glimpse(event, n, edge) {
    const shot = shots[n];
    if (!shot) return;
    const source = reel.frameOf(n), image = $("img", peek), at = reel.first[n];
    const best = reel.first[n + 1] > at ? reel.paintings[reel.work[state.ranking.order[at]]].title : "";
    image.hidden = !source;
    if (source) image.src = source;
    $("p", peek).textContent = `Shot ${shot.number}, ${reel.timecode(shot.start)}${best ? `: ${best}` : ""}`;
    peek.hidden = false;
    peek.style.left = `${Math.max(8, Math.min(innerWidth - peek.offsetWidth - 8, event.clientX - peek.offsetWidth / 2))}px`;
    peek.style.top = `${edge.top > peek.offsetHeight + 12 ? edge.top - peek.offsetHeight - 8 : edge.bottom + 8}px`;
  }

  // The strip comes when the barcode has gone, and stands for the whole film.
  const wholeAt = (event) => (event.clientX - strip.getBoundingClientRect().left) / strip.clientWidth * span;
  strip.addEventListener("pointermove", (event) => {
    if (event.pointerType === "mouse") glimpse(event, reel.shotAt(wholeAt(event)), strip.getBoundingClientRect());
  });
  strip.addEventListener("pointerleave", () => { peek.hidden = true; });
  strip.addEventListener("click", (event) => { peek.hidden = true; if (shots.length) reel.go(reel.shotAt(wholeAt(event))); });
  strip.prepend(stripOfShots());
  function stripOfShots() {  // a canvas that the style stretches: shots by their time, at most 1,600 of them apart
    const small = el("canvas", { "aria-hidden": "true" }), ink = small.getContext("2d");
    small.width = 1600;
    small.height = rows;
    ink.imageSmoothingEnabled = false;
    for (const shot of shots) {
      const left = Math.floor(shot.start / span * 1600), right = Math.ceil(shot.end / span * 1600);
      ink.drawImage(stripes, shot.n, 0, 1, rows, left, 0, Math.max(1, right - left), rows);
    }
    return small;
  }

  state.onChange((changed) => {
    if (["from", "to", "shot", "passing"].some((name) => changed.has(name))) later();
    if (["from", "to", "shot", "ranking"].some((name) => changed.has(name))) say();
  });

  return {
    zoom, look, reveal, strip,
    pale(which) { passing = which; later(); },
    begin() {
      $(".still").hidden = true;
      $(".live").hidden = false;
      $(".zoom").hidden = false;
      $("#barcode-label").textContent = "Each shot in its own colours, as wide as it is long; underlined where its match is convincing";
      strip.hidden = false;
      strip.classList.add("away");
      new IntersectionObserver(([entry]) => {
        strip.classList.toggle("away", entry.isIntersecting || entry.boundingClientRect.top > 0);
      }).observe(box);
      new ResizeObserver(later).observe(box);
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", later);
    },
  };
})();
