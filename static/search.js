// Finds while one types: asks for the list of what is typed so far, puts it in the place of the one there, and keeps the
// address right, so that reloading and sharing it work. Without this the form does the same with its button.
"use strict";

const PAUSE_MS = 180;

const form = document.getElementById("search");
const results = document.getElementById("results");
const count = document.getElementById("count");
let waiting = 0;
let asking = null;
let shown = form.elements.q.value;

const look = async () => {
  const typed = form.elements.q.value;
  asking?.abort(); // an older question's answer must not come after a newer one's
  if (typed === shown) {
    return;
  }
  asking = new AbortController();
  const address = new URL(form.action);
  address.search = new URLSearchParams(new FormData(form));
  const part = new URL(address);
  part.searchParams.set("part", "list");
  try {
    const answer = await fetch(part, { signal: asking.signal });
    if (answer.redirected || !answer.ok) {
      location.assign(address); // to sign in again, or to see what is wrong
      return;
    }
    results.innerHTML = await answer.text();
    shown = typed;
    count.textContent = results.querySelector("[data-count]").textContent;
    history.replaceState(null, "", address);
  } catch (error) {
    if (error.name !== "AbortError") {
      count.textContent = "The server cannot be reached just now.";
    }
  }
};

form.elements.q.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(look, PAUSE_MS);
});
