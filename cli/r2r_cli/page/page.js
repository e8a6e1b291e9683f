// What a reader gains with script: filters, keys, a strip that stays in view, a look before a jump.
"use strict";
(() => {
  const $ = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const form = $(".filter"), strip = $(".strip"), marker = $(".strip i"), peek = $(".peek");
  const shots = all(".shot"), stripes = all(".barcode a");
  const rects = stripes.map((a) => a.firstElementChild);
  const fields = ["movement", "artist", "painting"].map((by) => form.elements[by]).filter(Boolean);
  const start = rects.map((r) => parseFloat(r.getAttribute("x")));
  const width = rects.map((r) => parseFloat(r.getAttribute("width")));
  let current = -1;

  const shown = (n) => !shots[n].hidden;

  function mark(n) {
    if (n === current) return;
    current = n;
    marker.style.left = `${start[n] + width[n] / 2}%`;
  }

  function go(n) {
    if (n < 0 || n >= shots.length) return;
    mark(n);
    shots[n].scrollIntoView();
    shots[n].focus({ preventScroll: true });
    history.replaceState(null, "", `#${shots[n].id}`);
  }

  function step(by) {
    let n = current + by;
    while (n >= 0 && n < shots.length && !shown(n)) n += by;
    go(n);
  }

  // Filters: a shot stays when its paintings answer to every choice; the barcode pales where they do not.
  function apply() {
    const choices = fields.filter((f) => f.value !== "");
    const nearest = form.elements.nearest.checked;
    let count = 0;
    shots.forEach((shot, n) => {
      const lists = choices.map((f) => (shot.dataset[f.name] || "").split(" ").slice(0, nearest ? 1 : undefined));
      const keep = !choices.length
        || (lists[0] || []).some((_, place) => choices.every((f, i) => lists[i][place] === f.value));
      shot.hidden = !keep;
      rects[n].classList.toggle("off", !keep);
      if (keep) count += 1;
    });
    form.querySelector("output").textContent = choices.length ? `${count} of ${shots.length} shots` : "";
    $(".none").hidden = count > 0;
    for (const button of all(".bands button")) {
      const field = form.elements[button.dataset.by];
      button.setAttribute("aria-pressed", String(field.value === button.value));
    }
  }

  // Names in the bands become buttons that set the filter.
  for (const head of all(".bands th[data-value]")) {
    const field = form.elements[head.dataset.by];
    const button = document.createElement("button");
    button.type = "button";
    button.value = head.dataset.value;
    button.dataset.by = head.dataset.by;
    button.append(...head.childNodes);
    button.addEventListener("click", () => {
      const again = field.value === button.value;
      form.reset();
      field.value = again ? "" : button.value;
      apply();
    });
    head.append(button);
  }

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", apply);
  form.addEventListener("reset", () => setTimeout(apply));

  // Keys: j and k, or the arrows that do not scroll.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !form.elements.keys.checked) return;
    if (event.target.closest("input, select, textarea")) return;
    const by = { j: 1, ArrowRight: 1, k: -1, ArrowLeft: -1 }[event.key];
    if (by) { event.preventDefault(); step(by); }
  });

  // Which shot is being read: the focused one while it is in view, else the topmost; the strip's mark follows it.
  const number = new Map(shots.map((shot, n) => [shot, n]));
  const seen = new Set();
  const reading = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) seen.add(number.get(entry.target));
      else seen.delete(number.get(entry.target));
    }
    const focused = number.get(document.activeElement);
    if (seen.has(focused)) mark(focused);
    else if (seen.size) mark(Math.min(...seen));
  }, { rootMargin: "-60px 0px 0px 0px" });
  shots.forEach((shot) => reading.observe(shot));

  // A look at a shot before going there.
  function at(event, box) {
    const x = 100 * (event.clientX - box.left) / box.width;
    const n = start.findIndex((s, i) => x < s + width[i]);
    return n < 0 ? shots.length - 1 : n;
  }
  function look(event, box) {
    const n = at(event, box), image = shots[n].querySelector(".frame img"), best = shots[n].querySelector(".nearest cite");
    const when = shots[n].querySelector(".when time").textContent;
    peek.querySelector("img").hidden = !image;
    if (image) peek.querySelector("img").src = image.src;
    peek.querySelector("p").textContent = `Shot ${shots[n].id.slice(5)}, ${when}` + (best ? `: ${best.textContent}` : "");
    peek.hidden = false;
    peek.style.left = `${Math.max(8, Math.min(innerWidth - peek.offsetWidth - 8, event.clientX - peek.offsetWidth / 2))}px`;
    peek.style.top = `${box.top > peek.offsetHeight + 12 ? box.top - peek.offsetHeight - 8 : box.bottom + 8}px`;
  }
  for (const bar of [$(".barcode"), strip]) {
    bar.addEventListener("pointermove", (event) => { if (event.pointerType === "mouse") look(event, bar.getBoundingClientRect()); });
    bar.addEventListener("pointerleave", () => { peek.hidden = true; });
    bar.addEventListener("click", (event) => {
      event.preventDefault();
      peek.hidden = true;
      go(at(event, bar.getBoundingClientRect()));
    });
  }

  // The strip comes when the barcode has gone.
  strip.hidden = false;
  strip.classList.add("away");
  new IntersectionObserver(([entry]) => {
    strip.classList.toggle("away", entry.isIntersecting || entry.boundingClientRect.top > 0);
  }).observe($(".barcode"));

  const named = shots.findIndex((shot) => `#${shot.id}` === location.hash);
  if (named >= 0) mark(named);
})();
