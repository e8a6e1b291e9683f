// Ranking anew under other weights, and the influence that comes of it: arithmetic alone, no elements.
"use strict";
reel.rank = (() => {
  const { shots, paintings, first, work, score, visual, likeness, METRICS } = reel;
  const total = work.length;
  const stored = { scores: score, order: Int32Array.from({ length: total }, (_, c) => c), version: 0 };
  let version = 0;

  // Of every shot its candidates, best first. `weights`: the eight, of any sum; `share`: of V_r in the score, 0 to 1.
  // Without weights: as the server has ranked them. Which paintings are hubs is known of the stored weights alone:
  // under others nothing is corrected, here as in `r2r timeline --weights`.
  function ranked(weights, share) {
    if (!weights) return stored;
    const sum = weights.reduce((a, b) => a + b, 0) || 1;
    const parts = weights.map((weight) => (1 - share) * weight / sum);
    const scores = new Float64Array(total);
    for (let c = 0; c < total; c += 1) {
      let value = share * visual[c];
      for (let m = 0, at = c * METRICS; m < METRICS; m += 1, at += 1) value += parts[m] * likeness[at];
      scores[c] = value;
    }
    const order = new Int32Array(total);
    for (let n = 0; n < shots.length; n += 1) {
      // Insertion: twenty candidates that are nearly in order already.
      for (let c = first[n]; c < first[n + 1]; c += 1) {
        let at = c;
        while (at > first[n] && scores[order[at - 1]] < scores[c]) { order[at] = order[at - 1]; at -= 1; }
        order[at] = c;
      }
    }
    version += 1;
    return { scores, order, version };
  }

  // What is counted: each painting's number among the movements, the artists, the paintings.
  const kinds = {};
  for (const by of ["movement", "artist", "painting"]) {
    const names = [], places = new Map(), of = new Int32Array(paintings.length);
    paintings.forEach((painting, place) => {
      const name = by === "painting" ? painting.id : painting[by];
      if (!places.has(name)) { places.set(name, names.length); names.push(name); }
      of[place] = places.get(name);
    });
    kinds[by] = { names, places, of };
  }

  // Seconds that each name gets of `bins` equal parts of from..to: every shot spreads its time evenly over its first
  // paintings, as the server counts. Names × bins in one array; and the matched seconds of each part.
  function seconds(ranking, by, from, to, bins) {
    const { names, of } = kinds[by], width = (to - from) / bins, counted = reel.profile.counted;
    const found = new Float64Array(names.length * bins), matched = new Float64Array(bins);
    for (let n = from > 0 ? reel.shotAt(from) : 0; n < shots.length && shots[n].start < to; n += 1) {
      const count = Math.min(counted, first[n + 1] - first[n]);
      if (!count) continue;
      const start = Math.max(from, shots[n].start), end = Math.min(to, shots[n].end);
      const last = Math.min(bins - 1, Math.ceil((end - from) / width) - 1);
      for (let bin = Math.max(0, Math.floor((start - from) / width)); bin <= last; bin += 1) {
        const overlap = Math.min(end, from + (bin + 1) * width) - Math.max(start, from + bin * width);
        if (overlap <= 0) continue;
        matched[bin] += overlap;
        for (let at = first[n]; at < first[n] + count; at += 1) {
          found[of[work[ranking.order[at]]] * bins + bin] += overlap / count;
        }
      }
    }
    return { found, matched };
  }

  // Rows of a table: name, painting id, share, expected, lift, ends of its interval; largest share first.
  function influence(ranking, by) {
    const told = reel.influence[by] ?? [];
    if (ranking === stored) return [...told].sort((a, b) => b[2] - a[2]);
    const { names, places } = kinds[by], { found, matched } = seconds(ranking, by, 0, reel.span, 1);
    const rows = names.map((name, place) => {
      const share = matched[0] ? found[place] / matched[0] : 0;
      return by === "painting" ? [paintings[reel.placeOf.get(name)].title, name, share, null, null, null, null]
        : [name, null, share, null, null, null, null];
    });
    for (const [name, id, , expected] of told) {  // chance does not depend on weights; who is not listed has none known
      const key = by === "painting" ? id : name;
      if (places.has(key)) {
        const row = rows[places.get(key)];
        row[3] = expected;
        row[4] = expected ? row[2] / expected : null;
      } else rows.push([name, id, 0, expected, 0, null, null]);
    }
    return rows.sort((a, b) => b[2] - a[2]);
  }

  return { ranked, influence, seconds, kinds, stored };
})();
