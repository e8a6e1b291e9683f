// Which shots answer to the filters: those with a near painting of that movement, artist, time, score.
"use strict";
reel.filters = (() => {
  const { $, all, shots, first, work, paintings, state } = reel;
  const form = $(".filter");
  let passing = null;

  const active = () => {
    const now = state.now;
    return Boolean(now.movement || now.artist || now.convincing || now.yearFrom !== null || now.yearTo !== null || now.least !== null);
  };

  // Whether a candidate answers to every choice. A work without a known date answers to no years.
  function answers(c) {
    const now = state.now, painting = paintings[work[c]];
    if (now.movement && painting.movement !== now.movement) return false;
    if (now.artist && painting.artist !== now.artist) return false;
    if (now.yearFrom !== null && (painting.to ?? painting.from ?? -Infinity) < now.yearFrom) return false;
    if (now.yearTo !== null && (painting.from ?? painting.to ?? Infinity) > now.yearTo) return false;
    if (now.least !== null && state.ranking.scores[c] < now.least) return false;
    return true;
  }

  // “Convincing” is what is said of the shot, by its nearest painting under the stored weights.
  function passes(n) {
    if (state.now.convincing && shots[n].convincing !== true) return false;
    const last = Math.min(first[n + 1], first[n] + (state.now.nearest ? 1 : reel.shown));
    for (let at = first[n]; at < last; at += 1) if (answers(state.ranking.order[at])) return true;
    return false;
  }

  function show() {
    passing = active() ? shots.map((shot) => passes(shot.n)) : null;
    const count = passing ? passing.filter(Boolean).length : shots.length;
    $("output", form).textContent = passing ? `${count} of ${shots.length} shots` : "";
    $(".none").hidden = count > 0;
    reel.axis.pale(passing);
    reel.list.filter(passing);
  }

  const field = { movement: "movement", artist: "artist", from: "yearFrom", to: "yearTo", least: "least", nearest: "nearest", convincing: "convincing" };
  const entries = Object.entries(field).filter(([name]) => form.elements[name]);
  function read() {
    const patch = {};
    for (const [name, key] of entries) {
      const control = form.elements[name];
      if (control.type === "checkbox") patch[key] = control.checked;
      else if (control.type === "number") patch[key] = control.value === "" || !control.validity.valid ? null : Number(control.value);
      else patch[key] = control.value;
    }
    state.set(patch, { push: true });
  }
  function write() {
    for (const [name, key] of entries) {
      const control = form.elements[name], value = state.now[key];
      if (control.type === "checkbox") control.checked = value;
      else if (control !== document.activeElement || control.type !== "number") control.value = value ?? "";
    }
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", (event) => { if (event.target.name !== "keys") read(); });
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    const { movement, artist, yearFrom, yearTo, least, nearest, convincing } = state.DEFAULT;
    state.set({ movement, artist, yearFrom, yearTo, least, nearest, convincing }, { push: true });
    for (const control of all("input[type=number]", form)) control.value = "";
  });

  state.onChange((changed) => {
    const mine = Object.values(field).some((key) => changed.has(key));
    if (mine) write();
    if (mine || (changed.has("ranking") && active())) show();
  });

  return { begin() { form.hidden = false; }, passing: (n) => !passing || passing[n], answers, active };
})();
