// Bands of influence beneath the barcode: drawn for what is in view, and anew when the weights change.
"use strict";
reel.bands = (() => {
  const { $, all, el, state, rank } = reel;
  const FEW = 5, MANY = 12, BINS = 48;
  const SVG = $("svg").namespaceURI;  // said by an element that is here: a file that calls nobody holds no address
  const tables = new Map(all(".bands").map((table) => [table.dataset.by, table]));
  let many = false;
  const more = el("button", { type: "button", class: "more-bands" });

  function svg(tag, attributes) {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  }

  // The bars of one row as two outlines, those above chance apart: two elements a row, whatever the zoom.
  function outlines(shares, expected, tallest) {
    const parts = { above: "", below: "" };
    shares.forEach((share, bin) => {
      if (share <= 0) return;
      const height = 100 * share / tallest, left = bin * 1000 / BINS, wide = 1000 / BINS;
      parts[expected !== null && share > expected ? "above" : "below"] +=
        `M${left} 100V${(100 - height).toFixed(1)}h${wide.toFixed(2)}V100z`;
    });
    return parts;
  }

  function draw() {
    const { by, from, to } = state.now, table = tables.get(by);
    if (!table) return;
    const rows = rank.influence(state.ranking, by), listed = rows.slice(0, many ? MANY : FEW);
    const { places } = rank.kinds[by], { found, matched } = rank.seconds(state.ranking, by, from, to, BINS);
    const shares = listed.map(([name, id]) => {
      const place = places.get(by === "painting" ? id : name);
      return Array.from(matched, (sum, bin) => (place === undefined || !sum ? 0 : found[place * BINS + bin] / sum));
    });
    const tallest = Math.max(1e-9, ...shares.flat());
    $(".full", table).textContent = reel.percent(tallest);
    $("tbody", table).replaceChildren(...listed.map((row, place) => line(row, shares[place], tallest, by, from, to)));
    more.hidden = rows.length <= FEW;
    more.textContent = many ? `The first ${FEW} rows` : `The first ${Math.min(MANY, rows.length)} rows`;
    more.setAttribute("aria-expanded", String(many));
    table.after(more);
  }

  function line([name, id, share, expected, lift, low, high], shares, tallest, by, from, to) {
    const peak = shares.indexOf(Math.max(...shares)), wide = (to - from) / BINS;
    const said = shares[peak] > 0
      ? `strongest from ${reel.timecode(from + peak * wide)} to ${reel.timecode(from + (peak + 1) * wide)}: ${reel.percent(shares[peak])}`
      : "nothing in view";
    const band = svg("svg", { role: "img", "aria-label": said, viewBox: "0 0 1000 100", preserveAspectRatio: "none", width: "100%", height: "100%" });
    const { above, below } = outlines(shares, expected, tallest);
    if (below) band.append(svg("path", { d: below }));
    if (above) band.append(svg("path", { d: above, class: "above" }));
    if (expected !== null && expected <= tallest) {
      const y = 100 - 100 * expected / tallest;
      band.append(svg("line", { x1: 0, x2: 1000, y1: y, y2: y, "vector-effect": "non-scaling-stroke" }));
    }
    const words = el("bdi", {}, name || "not known");
    let head = words;
    if (name && (by === "movement" || by === "artist")) {
      head = el("button", { type: "button", "aria-pressed": String(state.now[by] === name), title: `Shots near ${name}` }, words);
      head.addEventListener("click", () => {
        state.set({ [by]: state.now[by] === name ? "" : name }, { push: true });
        all(`.bands-${by} th button`).find((button) => button.textContent === name)?.focus();
      });
    } else if (by === "painting" && reel.placeOf.has(id) && reel.paintings[reel.placeOf.get(id)].href) {
      head = el("a", { href: reel.paintings[reel.placeOf.get(id)].href }, words);
    }
    const between = low !== null && high !== null ? `${low.toFixed(1)}–${high.toFixed(1)}` : "";
    const number = (label, text, extra = "", small = "") =>
      el("td", { class: `number${extra}` }, el("span", { class: "head" }, label), text, small ? el("small", {}, small) : "");
    const cell = el("td", { class: "band" });
    cell.append(band);
    return el("tr", {}, el("th", { scope: "row" }, head), cell,
      number("share ", reel.percent(share)), number("by chance ", expected === null ? "–" : reel.percent(expected)),
      number("lift ", reel.times(lift), lift !== null && (low ?? lift) > 1 ? " above" : "", between));
  }

  let asked = 0;
  state.onChange((changed) => {
    if (changed.has("by")) {
      const radio = document.getElementById(`by-${state.now.by}`);
      if (radio) radio.checked = true;
    }
    if (changed.has("ranking") || changed.has("by") || changed.has("movement") || changed.has("artist")) draw();
    else if (changed.has("from") || changed.has("to")) asked ||= requestAnimationFrame(() => { asked = 0; draw(); });
  });
  for (const radio of all(".switch input")) {
    radio.addEventListener("change", () => state.set({ by: radio.value }, { push: true }));
  }
  more.addEventListener("click", () => { many = !many; draw(); more.focus(); });
  return {};
})();
