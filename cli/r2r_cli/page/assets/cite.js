// The citation with the address of what is shown, into the clipboard.
"use strict";
reel.cite = (() => {
  const { $, shots, state } = reel;
  const tools = $(".cite-tools"), said = $(".copied");

  function text() {
    const { film, profile, tool } = reel, shot = shots[state.now.shot];
    const about = [film.director && `dir. ${film.director}`].filter(Boolean).map((part) => `, ${part}`).join("");
    const against = profile.collections.length ? ` against ${profile.collections.join(", ")}` : "";
    return `Reel to Real ${tool}, ${film.title}${about} (${[film.year || "year unknown", film.sha256 && `sha256 ${film.sha256}`, film.detector && `shots found by ${film.detector}`].filter(Boolean).join("; ")}): ${shot ? `shot ${shot.number}, ${reel.timecode(shot.start)}` : "timeline"}, `
      + `profile ${profile.name}${against}, ${profile.state ? `state ${profile.state}` : `revision ${profile.revision}`}${state.now.weights ? ", weights of the reader's own" : ""}. `
      + `Made on ${reel.made}, seen on ${new Date().toISOString().slice(0, 10)}. ${location.href.split("#")[0]}${state.address()}`;
  }

  async function copy() {
    const words = text();
    try {
      await navigator.clipboard.writeText(words);
      said.textContent = `Copied: ${words}`;
    } catch {  // a browser that does not let a page write there: the reader takes it from here
      said.textContent = words;
      getSelection().selectAllChildren(said);
    }
  }

  $(".copy-citation").addEventListener("click", copy);
  return { text, begin() { tools.hidden = false; } };
})();
