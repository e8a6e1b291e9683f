// One shot looked at: its frame beside a painting, the score taken apart, and weights to doubt it with.
"use strict";
reel.shot = (() => {
  const { $, all, el, shots, paintings, first, work, visual, likeness, p, corrected, METRICS, state } = reel;
  const section = $(".look"), order = $(".order"), table = $(".weights table"), basis = $(".basis");
  const frame = $(".of-frame"), side = $(".of-painting"), spoken = document.getElementById("spoken");
  const parts = ["visual", ...reel.metrics.map(([name]) => name)];
  const rows = parts.map((part) => $(`[data-part="${part}"]`, table));
  const sliders = rows.map((row) => $("input", row));
  let exact = null;  // what the server answered for the open shot under these weights, once it has

  // The open shot's works, best first: [{painting, place, score, visual, likeness, p, corrected, was}].
  function works() {
    const n = state.now.shot;
    if (exact && exact.n === n) return exact.works;
    const found = [];
    for (let at = first[n]; at < first[n + 1]; at += 1) {
      const c = state.ranking.order[at];
      found.push({
        painting: paintings[work[c]], score: state.ranking.scores[c], visual: visual[c],
        likeness: Array.from(likeness.subarray(c * METRICS, (c + 1) * METRICS)),
        p: state.now.weights ? NaN : p[c], corrected: state.now.weights ? NaN : corrected[c], was: c - first[n] + 1,
        answers: !reel.filters.active() || reel.filters.answers(c),
      });
    }
    return found;
  }

  const share = () => (state.now.weights ? state.now.visual / 100 : 0.5);
  function weights() {  // of the eight, summing to 1
    const given = state.now.weights ?? state.told, sum = given.reduce((a, b) => a + b, 0) || 1;
    return given.map((weight) => weight / sum);
  }

  function draw() {
    const shot = shots[state.now.shot];
    if (!shot) return;
    const found = works(), chosen = found.find((one) => one.painting.id === state.now.painting) ?? found[0];
    $("#look-title").textContent = `Shot ${shot.number}`;
    $(".look-when").textContent = [
      `${reel.timecode(shot.start)}–${reel.timecode(shot.end)}`, `frames ${shot.startFrame}–${shot.endFrame - 1}`,
      `${(shot.end - shot.start).toFixed(1)} s`, shot.n ? shot.transition : "",
    ].filter(Boolean).join(" · ");
    $(".verdict").textContent = verdict(shot, found);
    $(".verdict").classList.toggle("doubt", shot.convincing === false);
    drawFrame(shot);
    drawPainting(chosen);
    drawApart(chosen);
    drawOrder(found, chosen);
  }

  function verdict(shot, found) {
    if (shot.blank) return `${{ black: "Black", white: "White", title: "A title card" }[shot.blank]}: not matched with any painting.`;
    if (!found.length) return "No painting was matched.";
    if (state.now.weights) return "Weights of your own: what unrelated pictures reach, and which paintings are near to everything, is known of the stored weights alone.";
    if (shot.convincing === true) return `A convincing match: unrelated pictures seldom reach such a score (${reel.chance(p[first[shot.n]])}). Likeness, not proof of influence.`;
    if (shot.convincing === false) return `No convincing match: unrelated pictures often reach the score of the nearest painting (${reel.chance(p[first[shot.n]])}).`;
    return "How often unrelated pictures reach such a score is not known here: read the order, not the number.";
  }

  function drawFrame(shot) {
    const source = reel.frameOf(shot.n);
    if (frame.dataset.shot === String(shot.number)) return;
    frame.dataset.shot = shot.number;
    $(".big", frame).replaceChildren(source
      ? el("img", { src: source, alt: `Frame ${shot.frame} of shot ${shot.number}`, decoding: "async" })
      : el("span", { class: "absent" }, "no picture"));
    $("figcaption", frame).replaceChildren(shot.frame === null ? "" : `Frame ${shot.frame}`);
    palette($(".palette", frame), shot.blank ? null : shot.colours);
    depth($(".depth", frame), shot.blank ? null : shot.depth, "ingest the film again with --force to keep one");
  }

  function drawPainting(chosen) {
    side.hidden = !chosen;
    if (!chosen || side.dataset.painting === String(chosen.painting.id)) return;
    const { painting } = chosen;
    side.dataset.painting = painting.id;
    $(".big", side).replaceChildren(reel.picture(painting));
    const title = el("cite", {}, el("bdi", {}, painting.title || "untitled"));
    $("figcaption", side).replaceChildren(
      painting.href ? el("a", { href: painting.href }, title) : title,
      ...[painting.artist, [painting.when, painting.movement].filter(Boolean).join(", "), painting.museum]
        .filter(Boolean).map((text) => el("span", { class: "quiet" }, el("bdi", {}, text))));
    palette($(".palette", side), painting.colours);
    depth($(".depth", side), painting.depth, "remove the painting and import it again to keep one");
  }

  function palette(place, colours) {
    if (!colours) {
      place.replaceChildren(colours === null ? "" : el("span", { class: "quiet" }, "Dominant colours: not known here."));
      return;
    }
    const three = [0, 6, 12].map((at) => `#${colours.slice(at, at + 6)}`);
    const swatches = three.map((colour) => {
      const made = el("i");
      made.style.backgroundColor = colour;  // by the object model: no style attribute, which the policy would refuse
      return made;
    });
    place.replaceChildren(el("span", { class: "label" }, "Dominant colours"),
      el("span", { class: "swatches", role: "img", "aria-label": `largest first: ${three.join(", ")}` }, ...swatches));
  }

  // A map is small and grey; where there is none the page says so, and how to get one.
  function depth(place, source, remedy) {
    if (source === null) { place.replaceChildren(); return; }
    const label = el("span", { class: "label" }, "Depth map");
    const none = () => place.replaceChildren(label, el("span", { class: "quiet" },
      reel.links.home || source ? `none is stored: ${remedy}.` : `not in this file: none is stored (${remedy}), or there was no room.`));
    if (!source) { none(); return; }
    const image = el("img", { src: source, alt: "Depth map, its greatest value white", decoding: "async" });
    image.addEventListener("error", none, { once: true });
    place.replaceChildren(label, image);
  }

  function bar(place, value, text) {
    const line = place.firstElementChild ?? place.appendChild(el("i", { class: "bar" }));
    line.style.setProperty("--w", `${Math.min(100, Math.max(0, 100 * value))}%`);
    const words = place.children[1] ?? place.appendChild(el("span"));
    words.textContent = text;
  }

  function drawApart(chosen) {
    const w = weights(), v = share(), told = state.now.weights ?? state.told;
    const effective = [v, ...w.map((weight) => (1 - v) * weight)];
    sliders.forEach((slider, place) => {
      const value = place ? told[place - 1] : 100 * v;
      if (slider !== document.activeElement || Math.round(value) !== Number(slider.value)) slider.value = Math.round(value);
      slider.setAttribute("aria-valuetext", `${(100 * effective[place]).toFixed(0)} per cent of the score`);
      slider.nextElementSibling.textContent = `${(100 * effective[place]).toFixed(0)} %`;
    });
    const sum = $(".sum");
    $(".apart").classList.toggle("nothing", !chosen);
    if (!chosen) {
      sum.textContent = "No painting: nothing to take apart.";
      for (const row of rows) for (const cell of all(".likeness, .brings", row)) cell.replaceChildren();
      return;
    }
    const alike = [chosen.visual, ...chosen.likeness];
    const most = Math.max(...alike.map((value, place) => value * effective[place]), 1e-9);
    alike.forEach((value, place) => {
      bar($(".likeness", rows[place]), value, value.toFixed(2));
      bar($(".brings", rows[place]), value * effective[place] / most, (value * effective[place]).toFixed(3));
    });
    const style = chosen.likeness.reduce((total, value, m) => total + w[m] * value, 0);
    sum.replaceChildren(
      el("b", {}, chosen.score.toFixed(2)), ` = ${v.toFixed(2)} × `, "V", el("sub", {}, "r"), ` ${chosen.visual.toFixed(2)} + `,
      `${(1 - v).toFixed(2)} × S`, el("sub", {}, "a"), ` ${style.toFixed(2)}`,
      ...(Number.isNaN(chosen.corrected) ? [] : [`; after hub correction ${chosen.corrected.toFixed(2)}`]),
      ...(Number.isFinite(chosen.p) ? [`; ${reel.chance(chosen.p)}`] : []));
    basis.textContent = !state.now.weights ? "" : exact && exact.n === state.now.shot
      ? "Exact: every painting of the collection compared."
      : `Ranked among the ${first[state.now.shot + 1] - first[state.now.shot]} candidates of this page${waiting ? "; asking the server" : ""}.`;
  }

  function drawOrder(found, chosen) {
    // The list is one row of buttons; those that stay are moved, not made anew: the focus stays where it is.
    const there = new Map([...order.children].map((item) => [item.dataset.painting, item]));
    const items = found.map((one, place) => {
      const id = String(one.painting.id);
      const item = there.get(id) ?? work_item(one);
      there.delete(id);
      const moved = state.now.weights && one.was && one.was !== place + 1 ? ` (was ${one.was})` : "";
      $(".rank", item).textContent = `${place + 1}${moved}`;
      $(".numbers", item).replaceChildren(
        el("b", {}, one.score.toFixed(2)),
        ...(Number.isNaN(one.corrected) ? [] : [` corrected ${one.corrected.toFixed(2)}`]),
        ...(Number.isFinite(one.p) ? [el("span", { class: one.p <= 0.05 ? "convincing" : "quiet" }, ` ${reel.chance(one.p)}`)] : []));
      $("button", item).setAttribute("aria-pressed", String(one === chosen));
      item.classList.toggle("off", one.answers === false);
      return item;
    });
    for (const item of there.values()) item.remove();
    items.forEach((item, place) => { if (order.children[place] !== item) order.insertBefore(item, order.children[place] ?? null); });
    $(".order-title").hidden = !found.length;
  }

  function work_item({ painting }) {
    const button = el("button", { type: "button" },
      reel.picture(painting, { hidden: true }),
      el("span", { class: "rank" }), el("span", { class: "title" }, el("bdi", {}, painting.title || "untitled")),
      el("span", { class: "quiet" }, el("bdi", {}, [painting.artist, painting.when].filter(Boolean).join(", "))),
      el("span", { class: "numbers" }));
    button.addEventListener("click", () => state.set({ painting: painting.id }, { push: true }));
    return el("li", { "data-painting": painting.id }, button);
  }

  // Moving sliders: one step in the history until they rest, and an announcement then.
  const REST_MS = 1500;
  let moving = false, rest = 0, resting = 0;
  function moved(place) {
    const given = [...(state.now.weights ?? state.told)];
    let v = state.now.weights ? state.now.visual : 50;
    if (place) given[place - 1] = Number(sliders[place].value);
    else v = Number(sliders[0].value);
    if (!given.some((weight) => weight > 0)) given[place - 1] = 1;  // nothing at all is no ranking
    state.set({ weights: given, visual: v }, { push: !moving });
    moving = true;
    clearTimeout(rest);
    rest = setTimeout(() => { moving = false; }, REST_MS);
  }
  sliders.forEach((slider, place) => slider.addEventListener("input", () => moved(place)));
  $(".weights").addEventListener("reset", (event) => {
    event.preventDefault();
    moving = false;
    state.set({ weights: null, visual: 50 }, { push: true });
  });
  $(".weights").addEventListener("submit", (event) => event.preventDefault());
  function announce() {
    clearTimeout(resting);
    resting = setTimeout(() => {
      const best = works().slice(0, 3).map((one, place) => `${place + 1}, ${one.painting.title}`);
      const shot = shots[state.now.shot];
      spoken.textContent = `Shot ${shot.number}, ${best.length ? `nearest now: ${best.join("; ")}` : "not matched"}`;
    }, 500);
  }

  // The server compares the open shot with every painting, once the weights have rested. What comes late is dropped.
  let waiting = null, due = 0;
  function ask() {
    clearTimeout(due);
    waiting?.abort();
    waiting = exact = null;
    if (!reel.links.exact || !state.now.weights || first[state.now.shot + 1] === first[state.now.shot]) return;
    const n = state.now.shot, stop = new AbortController();
    waiting = stop;
    due = setTimeout(async () => {
      const w = weights().map((weight, m) => `${reel.metrics[m][0]}=${weight.toFixed(6)}`).join(",");
      const query = new URLSearchParams({ shot: shots[n].number, weights: w, visual: share().toFixed(4) });
      try {
        const answer = await fetch(`${reel.links.exact}${reel.links.exact.includes("?") ? "&" : "?"}${query}`, { signal: stop.signal, headers: { accept: "application/json" } });
        const told = answer.ok ? await answer.json() : null;
        if (stop.signal.aborted) return;
        waiting = null;
        if (told) exact = { n, works: told.matches.map(work_of) };
      } catch {
        if (stop.signal.aborted) return;
        waiting = null;  // the page's own candidates stand, and the page says that they do
      }
      draw();
    }, 600);
  }
  function work_of(match) {
    const place = reel.placeOf.get(match.painting.id), it = match.painting;
    const when = it.year || [it.year_from, it.year_to].filter((year) => year != null).join("–");
    const painting = place !== undefined ? paintings[place] : {
      id: it.id, title: it.title, artist: it.artist, movement: it.movement, when, museum: it.museum ?? "",
      from: it.year_from, to: it.year_to, colours: "", depth: "",
      src: it.image ? reel.links.picture.replace("{}", it.image) : "", href: reel.links.painting.replace("{}", it.id),
    };
    const stored = place === undefined ? -1 : work.subarray(first[state.now.shot], first[state.now.shot + 1]).indexOf(place);
    return {
      painting, score: match.score, visual: match.visual, likeness: reel.metrics.map(([name]) => match.metrics[name]),
      p: match.p_value ?? NaN, corrected: match.corrected ?? NaN, was: stored + 1,
    };
  }

  let begun = false;  // opening the page is no news: a screen reader reads it anyway
  state.onChange((changed) => {
    if (changed.has("ranking") || changed.has("shot")) ask();
    if (["shot", "painting", "ranking", "movement", "artist", "yearFrom", "yearTo", "least", "convincing"].some((name) => changed.has(name))) draw();
    if ((changed.has("ranking") || changed.has("shot")) && begun && shots.length) announce();
    begun = true;
  });
  for (const button of all("[data-step]")) button.addEventListener("click", () => reel.step(Number(button.dataset.step), { stay: true }));

  return { begin() { section.hidden = !shots.length; }, section, works };
})();
