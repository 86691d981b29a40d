// Follows work that is under way on the storage: asks how far it is every second, as long as somebody can see it. When
// it is over, the page is loaded again, for its figures have changed. Without this there is a link that does that.
"use strict";

const EVERY_MS = 1000;

const jobs = document.getElementById("jobs");
const state = document.getElementById("jobs-status");
const isBusy = () => jobs.querySelector("[data-busy]") !== null;

const follow = async () => {
  if (!document.hidden) {
    try {
      const answer = await fetch("?part=jobs", { headers: { "X-Pyproxy-Background": "yes" } });
      if (answer.redirected || !answer.ok) {
        location.reload(); // to sign in again, or to see what is wrong
        return;
      }
      // A button that has the focus must not vanish under it.
      const focused = jobs.contains(document.activeElement) ? document.activeElement.id : "";
      jobs.innerHTML = await answer.text();
      document.getElementById(focused)?.focus();
    } catch {
      // The server cannot be reached just now; the page stays as it is.
    }
    if (!isBusy()) {
      state.textContent = "It is over.";
      location.reload();
      return;
    }
  }
  setTimeout(follow, EVERY_MS);
};

if (isBusy()) {
  setTimeout(follow, EVERY_MS);
}
