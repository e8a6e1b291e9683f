// What is shown, as one value with an address: it can be bookmarked, cited, and gone back from.
"use strict";
reel.state = (() => {
  const { shots, span, rank } = reel;
  const opening = Math.max(0, shots.findIndex((shot) => reel.first[shot.n + 1] > reel.first[shot.n]));
  const DEFAULT = Object.freeze({
    shot: opening, painting: null, from: 0, to: span, by: Object.keys(reel.influence)[0] ?? "movement",
    movement: "", artist: "", yearFrom: null, yearTo: null, least: null, nearest: false, convincing: false,
    weights: null, visual: 50,
  });
  const told = reel.profile.weights.map((weight) => weight * 100);
  let now = { ...DEFAULT }, ranking = rank.stored;
  const readers = [];

  const short = (value) => String(Math.round(value * 100) / 100);
  const number = (text, low, high) => {
    const value = text === null || text === "" ? NaN : Number(text);
    return Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : null;
  };

  // The address of a state: what differs from the opening view, and always the shot.
  function address(state = now) {
    const parts = new URLSearchParams();
    if (shots.length) parts.set("shot", shots[state.shot].number);
    if (state.painting !== null) parts.set("painting", state.painting);
    if (state.from > 0 || state.to < span) parts.set("view", `${short(state.from)}-${short(state.to)}`);
    if (state.by !== DEFAULT.by) parts.set("by", state.by);
    for (const name of ["movement", "artist"]) if (state[name]) parts.set(name, state[name]);
    if (state.yearFrom !== null) parts.set("from", state.yearFrom);
    if (state.yearTo !== null) parts.set("to", state.yearTo);
    if (state.least !== null) parts.set("least", state.least);
    for (const name of ["nearest", "convincing"]) if (state[name]) parts.set(name, "1");
    if (state.weights) parts.set("weights", state.weights.map(short).join("-"));
    if (state.weights) parts.set("visual", short(state.visual));
    return `#${parts}`;
  }

  // The state of an address; null where it is not one of ours. `#shot-12`, an anchor in the list, keeps all but the shot.
  function parse(hash) {
    const anchor = /^#shot-(\d+)$/.exec(hash);
    if (anchor) return reel.byNumber.has(+anchor[1]) ? { ...now, shot: reel.byNumber.get(+anchor[1]), painting: null } : null;
    if (hash === "" || hash === "#") return { ...DEFAULT };
    if (!hash.includes("=")) return null;
    const parts = new URLSearchParams(hash.slice(1)), state = { ...DEFAULT };
    state.shot = reel.byNumber.get(Number(parts.get("shot"))) ?? DEFAULT.shot;
    if (reel.placeOf.has(Number(parts.get("painting")))) state.painting = Number(parts.get("painting"));
    const view = /^([\d.]+)-([\d.]+)$/.exec(parts.get("view") ?? "");
    if (view && +view[1] < +view[2] && +view[1] < span) [state.from, state.to] = [+view[1], Math.min(span, +view[2])];
    if (parts.get("by") in reel.influence) state.by = parts.get("by");
    state.movement = parts.get("movement") ?? "";
    state.artist = parts.get("artist") ?? "";
    state.yearFrom = number(parts.get("from"), -9999, 9999);
    state.yearTo = number(parts.get("to"), -9999, 9999);
    state.least = number(parts.get("least"), 0, 1);
    state.nearest = parts.get("nearest") === "1";
    state.convincing = parts.get("convincing") === "1";
    const weights = (parts.get("weights") ?? "").split("-").map((text) => number(text, 0, 100));
    if (weights.length === told.length && weights.every((w) => w !== null)) {
      state.weights = weights;
      state.visual = number(parts.get("visual"), 0, 100) ?? 50;
    }
    return state;
  }

  function apply(next) {
    const changed = new Set(Object.keys(next).filter((name) => next[name] !== now[name]));
    if (!changed.size) return;
    now = next;
    if (changed.has("weights") || changed.has("visual")) {
      ranking = rank.ranked(now.weights, now.visual / 100);
      changed.add("ranking");
    }
    for (const reader of readers) reader(changed);
  }

  // `push`: the reader's back button comes back to what was before; what moves in many small steps only replaces.
  function set(patch, { push = false } = {}) {
    apply({ ...now, ...patch });
    const there = address();
    if (there === location.hash) return;
    if (push) history.pushState(null, "", there);
    else history.replaceState(null, "", there);
  }

  function follow() {
    if (location.hash === address()) return;
    const state = parse(location.hash);
    if (!state) return;
    apply(state);
    if (location.hash.startsWith("#shot-")) history.replaceState(null, "", address());  // with the filters and weights that it keeps
  }

  return {
    get now() { return now; },
    get ranking() { return ranking; },
    DEFAULT, told, set, address, follow,
    onChange: (reader) => readers.push(reader),
    begin() {
      addEventListener("popstate", follow);
      addEventListener("hashchange", follow);
      const state = parse(location.hash);
      if (state) now = state;
      ranking = rank.ranked(now.weights, now.visual / 100);
      const everything = new Set([...Object.keys(now), "ranking"]);
      for (const reader of readers) reader(everything);
    },
  };
})();
