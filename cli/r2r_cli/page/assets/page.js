// The page begins: what needs script is shown, keys are heard, and the address says what is looked at.
"use strict";
(() => {
  const { $, shots, state, axis, filters, shot, list, cite } = reel;
  const title = document.getElementById("look-title"), keys = $(".filter").elements.keys;

  // In the list, a step walks along it; elsewhere it changes the shot that is looked at above.
  let read = null;  // the topmost shot of the list in view
  const inList = () => Boolean(document.activeElement?.closest(".shots")) || shot.section.getBoundingClientRect().bottom < 0;

  reel.go = (n, { stay = false } = {}) => {
    if (!shots[n]) return;
    const walking = inList();
    state.set({ shot: n, painting: null }, { push: true });
    axis.reveal(n);
    if (walking) {
      list.articles[n].scrollIntoView();
      list.articles[n].focus({ preventScroll: true });
    } else if (!stay) {
      const edge = title.getBoundingClientRect();
      if (edge.bottom > innerHeight || edge.top < 0) title.scrollIntoView({ block: edge.top < 0 ? "start" : "end" });
    }
  };
  reel.step = (by, options) => {
    const current = state.now.shot, elsewhere = inList() && read !== null && !list.seen.has(current);
    let n = (elsewhere ? read : current) + by;
    while (n >= 0 && n < shots.length && !filters.passing(n)) n += by;
    reel.go(n, options);
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target, onAxis = target.closest(".film-axis");
    if (!onAxis && (!keys.checked || target.closest("input, select, textarea"))) return;
    const step = { j: 1, ArrowRight: 1, k: -1, ArrowLeft: -1, ...(onAxis ? { ArrowUp: 1, ArrowDown: -1, PageDown: 10, PageUp: -10 } : {}) }[event.key];
    if (step) { event.preventDefault(); many(step); return; }
    if (onAxis && event.key === "Home") { event.preventDefault(); reel.go(0, { stay: true }); }
    else if (onAxis && event.key === "End") { event.preventDefault(); reel.go(shots.length - 1, { stay: true }); }
    else if (event.key === "+" || event.key === "=") { event.preventDefault(); zoomAtShot(0.5); }
    else if (event.key === "-") { event.preventDefault(); zoomAtShot(2); }
    else if (event.key === "0") { event.preventDefault(); axis.look(0, reel.span); }
  });
  function many(step) {
    if (Math.abs(step) === 1) reel.step(step, { stay: true });
    else reel.go(Math.max(0, Math.min(shots.length - 1, state.now.shot + step)), { stay: true });
  }
  function zoomAtShot(factor) {
    const one = shots[state.now.shot], middle = one ? (one.start + one.end) / 2 : 0;
    axis.zoom(factor, middle > state.now.from && middle < state.now.to ? middle : undefined);
  }

  // While the list is read, the mark on the strip follows the reader: the topmost shot in view.
  const reading = new IntersectionObserver(() => {
    const mark = $(".mark", axis.strip);
    const top = list.articles.findIndex((article, n) => list.seen.has(n) && !article.hidden && article.getBoundingClientRect().bottom > 70);
    read = top >= 0 && list.articles[top].getBoundingClientRect().top < innerHeight ? top : null;
    if (read !== null) {
      mark.style.left = `${100 * (shots[top].start + shots[top].end) / 2 / reel.span}%`;
    }
  }, { rootMargin: "-60px 0px 0px 0px" });
  for (const article of list.articles) reading.observe(article);

  filters.begin();
  shot.begin();
  cite.begin();
  axis.begin();
  state.begin();
  if (/[#&]shot=/.test(location.hash)) shot.section.scrollIntoView();  // who was sent here was sent to a shot
})();
