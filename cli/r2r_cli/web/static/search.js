// Search by a picture: dropped or pasted, it goes the way of one that was chosen.

import { onDrop } from "./site.js";

const form = document.getElementById("ask");
const chooser = document.getElementById("picture");
const asking = document.getElementById("asking");

function ask(files) {
  const picture = files.find((file) => file.type.startsWith("image/")) ?? files[0];
  if (!picture) return;
  const chosen = new DataTransfer();
  chosen.items.add(picture);
  chooser.files = chosen.files;
  form.requestSubmit();
}

onDrop(ask);
addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (files.length) ask(files);
});
chooser.addEventListener("change", () => chooser.files.length && form.requestSubmit());
form.addEventListener("submit", () => {
  asking.textContent = "The picture is being measured …";
  form.querySelector("button").disabled = true;
});
addEventListener("pageshow", () => {
  asking.textContent = "";
  form.querySelector("button").disabled = false;
});
