// Puts in new rows of the activity page as they come: every two seconds, while somebody can see the page, does not pause
// it, and is not about to use a row.
"use strict";

const EVERY_MS = 2000;
const SAID_EVERY_MS = 15000;
const MOST_ROWS = 200;
const UNITS = [[86400, "days"], [3600, "hours"], [60, "minutes"], [1, "seconds"]];

const table = document.querySelector("table[data-rows]");
const state = document.getElementById("live-state");
const summary = document.getElementById("live-summary");
const pause = document.getElementById("pause");
let body = document.getElementById("rows");
let newest = body.dataset.newest;
let paused = false;
let unsaid = 0;
let saidAt = 0;

document.getElementById("live").hidden = false;
document.querySelectorAll(".newer").forEach((link) => { link.hidden = true; });
pause.addEventListener("click", () => {
  paused = !paused;
  pause.textContent = paused ? "Go on" : "Pause";
  state.textContent = paused ? "Paused." : "New ones come in by themselves.";
});

const isInUse = () => body.contains(document.activeElement) || body.matches(":hover") || !getSelection().isCollapsed;

const ago = (seconds) => {
  const unit = UNITS.find(([length]) => seconds >= 2 * length);
  return unit ? `${Math.floor(seconds / unit[0])} ${unit[1]} ago` : seconds >= 1 ? "1 second ago" : "just now";
};

const putIn = (fresh) => {
  const rows = [...fresh.rows];
  newest = fresh.dataset.newest;
  if (fresh.hasAttribute("data-more")) {
    body.replaceChildren(); // so many came that some of them are not here
  }
  body.prepend(...rows);
  while (body.rows.length > MOST_ROWS) {
    body.rows[body.rows.length - 1].remove();
  }
  for (const time of body.querySelectorAll("time")) {
    time.textContent = ago(fresh.dataset.now - Date.parse(time.dateTime) / 1000);
  }
  if (rows.length) {
    table.parentElement.hidden = false;
    document.getElementById("none")?.remove();
  }
  unsaid += rows.length;
  if (unsaid && Date.now() - saidAt > SAID_EVERY_MS) {
    summary.textContent = `${unsaid} new ${unsaid === 1 ? "request" : "requests"}`;
    [unsaid, saidAt] = [0, Date.now()];
  }
};

const look = async () => {
  if (!paused && !document.hidden && !isInUse()) {
    try {
      const address = `${table.dataset.rows}after=${newest}`;
      const answer = await fetch(address, { headers: { "X-Pyproxy-Background": "yes" } });
      if (answer.redirected) {
        location.reload(); // to sign in again
      } else if (answer.ok && !isInUse()) {
        putIn(new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("rows"));
      }
    } catch {
      // The server cannot be reached just now.
    }
  }
  setTimeout(look, EVERY_MS);
};

setTimeout(look, EVERY_MS);
