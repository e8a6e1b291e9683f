// The films' page: what is being worked on stays true while one looks, and films can be sent.

import { onDrop, pageToken, say } from "./site.js";

const BUSY_MS = 1000, IDLE_MS = 5000, AWAY_MS = 10000;
const work = document.getElementById("work");
let timer = 0, asking = false;

const heading = () => document.getElementById("work-heading") ?? document.querySelector("h1");

/** Where a reader was is gone: not to the top of the page, but to what stands in its place, else to the heading. */
function focusOn(place) {
  const target = place?.querySelector("button:not(:disabled), a") ?? heading();
  if (target === heading()) target.tabIndex = -1;
  target.focus();
}

const rows = (root) => new Map([...root.querySelectorAll("[data-key]")].map((row) => [row.dataset.key, row]));

/** Put what is new in place of what is old, and leave alone what a reader may be pointing at. */
function renew(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").body;
  const before = rows(work), after = rows(fresh);
  const same = before.size === after.size
    && [...after].every(([key, row]) => before.get(key)?.dataset.state === row.dataset.state);
  if (same) {
    for (const [key, row] of after) {
      const old = before.get(key), bar = old.querySelector("progress"), now = row.querySelector("progress");
      if (bar && now && now.hasAttribute("value")) bar.value = now.value;
      const said = old.querySelector(".said"), says = row.querySelector(".said");
      if (said && says && said.textContent !== says.textContent) said.textContent = says.textContent;
    }
    return false;
  }
  const focused = document.activeElement?.closest?.("[data-key]")?.dataset.key;
  work.replaceChildren(...fresh.childNodes);
  if (focused) focusOn(rows(work).get(focused));
  for (const [key, row] of after) {
    if (before.get(key)?.dataset.state !== row.dataset.state) say(`${row.dataset.about}: ${row.querySelector(".said").textContent}`);
  }
  for (const [key, row] of before) if (!after.has(key) && key.startsWith("job-")) say(`${row.dataset.about}: ended`);
  return true;
}

/** The grid as it is now: a film that is ready has a picture and shots. */
async function renewGrid(own = null) {
  const grid = document.getElementById("grid"), focused = document.activeElement;
  if (!work || work.dataset.then === "reload") return location.reload();
  if (!grid || (grid.contains(focused) && !own?.contains(focused))) return;
  const answer = await fetch(location.href, { redirect: "error" });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("grid");
  if (fresh) grid.replaceChildren(...fresh.childNodes);
}

async function look() {
  clearTimeout(timer);
  if (document.hidden || asking) return;
  asking = true;
  let next = IDLE_MS;
  try {
    const answer = await fetch(work.dataset.live, { redirect: "error" }); // signed out: nothing to show
    if (!answer.ok) throw new Error(String(answer.status));
    if (renew(await answer.text())) await renewGrid();
    if (work.querySelector("progress")) next = BUSY_MS;
  } catch {
    next = AWAY_MS; // the server is away: it may come back
  } finally {
    asking = false;
  }
  timer = setTimeout(look, next);
}

/** Cancel, retry, dismiss: without leaving the page. */
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!/^\/(jobs|intakes)\//.test(form.getAttribute("action") ?? "")) return;
  event.preventDefault();
  const button = form.querySelector("button"), own = form.closest("[data-key], [data-film]");
  const name = own?.dataset.key ? `[data-key="${own.dataset.key}"]` : `[data-film="${own?.dataset.film}"]`;
  button.disabled = true;
  const answer = await fetch(form.action, {
    method: "POST", body: new URLSearchParams(new FormData(form)), headers: { accept: "application/json" }, redirect: "manual",
  }).catch(() => null);
  if (answer && answer.type !== "opaqueredirect" && !answer.ok) {
    const why = await answer.json().catch(() => ({ error: "the server did not say why" }));
    say(why.error);
    button.disabled = false;
    form.after(Object.assign(document.createElement("p"), { className: "error", textContent: [why.error, why.hint].filter(Boolean).join(". ") }));
    return;
  }
  while (asking) await new Promise((done) => setTimeout(done, 50)); // that answer may be of before
  await look();
  await renewGrid(own);
  button.disabled = false; // where it is still there
  const focused = document.activeElement;
  if (!focused || focused === document.body || focused === button) focusOn(document.querySelector(name));
});

/** Send one film; its progress stands in the list until it is the server's. */
function send(file) {
  const item = document.createElement("li"), name = document.createElement("span");
  const bar = document.createElement("progress"), said = document.createElement("span");
  name.textContent = file.name;
  bar.max = 1;
  bar.setAttribute("aria-label", `Sending ${file.name}`);
  item.append(name, bar, said);
  document.getElementById("uploads").append(item);
  document.querySelector("details.add").open = true;
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/uploads");
    request.setRequestHeader("x-r2r-page", pageToken);
    request.setRequestHeader("x-r2r-name", encodeURIComponent(file.name));
    request.setRequestHeader("content-type", "application/octet-stream");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) bar.value = event.loaded / event.total;
    });
    request.addEventListener("loadend", () => {
      bar.remove();
      if (request.status === 202) {
        item.remove();
        look();
      } else {
        const why = request.response ?? { error: "it could not be sent: the server is away, or it is too large" };
        said.className = "error";
        said.textContent = [why.error, why.hint].filter(Boolean).join(". ");
      }
      done();
    });
    request.send(file);
  });
}

async function sendAll(files) {
  for (const file of files) await send(file);
}

// A long film's page takes the server a second to make: begin while a reader's hand is still on the way.
// Not for every card that it passes over, and for one at a time: each is work for the server.
const REST_MS = 150, begun = new Set();
let resting = 0, beginning = false;
function rest(event) {
  clearTimeout(resting);
  const link = event.target.closest?.(".card[data-state=ready] a.poster");
  if (link && !begun.has(link.href)) resting = setTimeout(begin, REST_MS, link.href);
}
async function begin(address) {
  if (beginning) return;
  beginning = true;
  begun.add(address);
  try {
    const answer = await fetch(address, { redirect: "error", priority: "low" });
    await answer.arrayBuffer(); // it is under way until all of it is there
  } catch {
    begun.delete(address);
  } finally {
    beginning = false;
  }
}
for (const kind of ["pointerover", "focusin"]) document.addEventListener(kind, rest);
for (const kind of ["pointerout", "focusout"]) document.addEventListener(kind, () => clearTimeout(resting));

const chooser = document.getElementById("file");
if (chooser) {
  chooser.addEventListener("change", () => {
    sendAll([...chooser.files]);
    chooser.value = "";
  });
  onDrop(sendAll);
}
if (work) {
  document.addEventListener("visibilitychange", look); // hidden pages ask for nothing
  timer = setTimeout(look, work.querySelector("progress") ? BUSY_MS : IDLE_MS);
}
