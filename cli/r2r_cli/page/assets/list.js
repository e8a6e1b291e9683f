// The list of all shots, which the server wrote: filtered, and written anew where it is looked at after a re-ranking.
"use strict";
reel.list = (() => {
  const { $, all, el, shots, first, work, paintings, state } = reel;
  const articles = shots.map((shot) => reel.article(shot.n));
  const places = new Map(articles.map((article, n) => [article, n]));
  const written = new Int32Array(shots.length), original = new Map();  // version of the ranking that each shows
  const seen = new Set();

  function write(n) {
    const version = state.ranking.version, list = $(".works", articles[n]);
    if (written[n] === version || !list) return;
    if (!original.has(n)) original.set(n, [...list.children]);
    written[n] = version;
    const why = $(".why", articles[n]);
    if (why) why.hidden = version !== 0;  // its table is of the stored weights
    if (version === 0) { list.replaceChildren(...original.get(n)); return; }
    const works = [], count = original.get(n).length;
    for (let at = first[n]; at < Math.min(first[n] + count, first[n + 1]); at += 1) {
      const c = state.ranking.order[at], painting = paintings[work[c]], value = state.ranking.scores[c];
      const score = el("p", { class: "score" }, el("span", {}, "score "), value.toFixed(2), el("span", {}, ", other weights"));
      score.style.setProperty("--w", `${100 * value}%`);
      const title = el("cite", {}, el("bdi", {}, painting.href ? el("a", { href: painting.href }, painting.title || "untitled") : painting.title));
      works.push(el("li", { class: works.length ? false : "nearest" }, reel.picture(painting),
        el("p", { class: "title" }, title), painting.artist ? el("p", {}, el("bdi", {}, painting.artist)) : "",
        el("p", { class: "quiet" }, [painting.when, painting.movement].filter(Boolean).join(", ")), score));
    }
    list.replaceChildren(...works);
  }

  // What is near the screen is written at once, the rest when it comes near.
  const near = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const n = places.get(target);
      if (isIntersecting) { seen.add(n); write(n); } else seen.delete(n);
    }
  }, { rootMargin: "300px 0px" });
  for (const article of articles) near.observe(article);

  state.onChange((changed) => { if (changed.has("ranking")) for (const n of seen) write(n); });

  return {
    articles, seen,
    filter(passing) { articles.forEach((article, n) => { article.hidden = Boolean(passing && !passing[n]); }); },
  };
})();
