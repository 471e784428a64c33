// Adds calls to the list as they come in, until it is paused.
"use strict";

const rows = document.getElementById("rows");
const pause = document.getElementById("pause");
const told = document.getElementById("told");
const MOST = 200;
let isPaused = false;

async function look() {
  if (isPaused || document.hidden) return;
  const answer = await fetch("/pages/calls/rows?after=" + rows.dataset.latest);
  if (!answer.ok) {
    told.textContent = "The sandbox has ended.";
    return;
  }
  const table = document.createElement("tbody");
  table.innerHTML = await answer.text();
  const fresh = Array.from(table.rows);
  if (fresh.length === 0) return;
  rows.dataset.latest = fresh[0].cells[0].textContent;
  rows.prepend(...fresh);
  while (rows.rows.length > MOST) rows.lastElementChild.remove();
  told.textContent = fresh.length === 1 ? "1 new call" : fresh.length + " new calls";
}

pause.hidden = false;
pause.addEventListener("click", () => {
  isPaused = !isPaused;
  pause.setAttribute("aria-pressed", String(isPaused));
  pause.textContent = isPaused ? "Go on" : "Pause";
});
setInterval(() => look().catch(() => { told.textContent = "The sandbox has ended."; }), 1000);
