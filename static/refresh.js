// Brings the marked sections of a page up to date every 30 seconds, as long as somebody can see it. The page is fetched
// as it is, so that there is nothing that only a script knows. A section in which somebody is busy is left alone.
"use strict";

const EVERY_MS = 30000;

const line = document.getElementById("refresh");
const button = line.querySelector("button");
let paused = false;

line.hidden = false;
button.addEventListener("click", () => {
  paused = !paused;
  button.textContent = paused ? "Go on" : "Pause";
});

const isBusy = (section) => {
  const selection = getSelection();
  return section.contains(document.activeElement) || (!selection.isCollapsed && section.contains(selection.anchorNode));
};

const bringUpToDate = (fresh) => {
  const sections = [...document.querySelectorAll("[data-refresh]")];
  if (sections.some((section) => !fresh.getElementById(section.id))) {
    location.reload(); // to a page of other sections: what was waited for has happened
    return;
  }
  for (const section of sections) {
    const newer = fresh.getElementById(section.id);
    const open = [...section.querySelectorAll("details")].map((details) => details.open);
    newer.querySelectorAll("details").forEach((details, place) => { details.open = open[place] ?? false; });
    if (section.dataset.refresh !== "gone" && !isBusy(section) && newer.outerHTML !== section.outerHTML) {
      section.replaceWith(document.adoptNode(newer));
    }
  }
};

setInterval(async () => {
  if (paused || document.hidden) {
    return;
  }
  try {
    const answer = await fetch(location.href, { headers: { "X-Pyproxy-Background": "yes" } });
    if (answer.redirected) {
      location.reload(); // to sign in again
    } else if (answer.ok) {
      bringUpToDate(new DOMParser().parseFromString(await answer.text(), "text/html"));
    }
  } catch {
    // The server cannot be reached just now; the page stays as it is.
  }
}, EVERY_MS);
