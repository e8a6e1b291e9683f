// What several pages need: the token that every change has to carry, and files that are dropped anywhere.

export const pageToken = document.querySelector('meta[name="r2r-page"]').content;

/** Say something to a screen reader. */
export function say(text) {
  const place = document.getElementById("said");
  if (place) place.textContent = text;
}

/** Call `take` with the files that are dropped on the page. */
export function onDrop(take) {
  let depth = 0;
  const over = (by) => {
    depth = Math.max(0, depth + by);
    document.body.classList.toggle("over", depth > 0);
  };
  const hasFiles = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");
  addEventListener("dragenter", (event) => hasFiles(event) && over(1));
  addEventListener("dragleave", (event) => hasFiles(event) && over(-1));
  addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    over(0);
    take([...event.dataTransfer.files]);
  });
}
