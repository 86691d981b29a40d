// Another order by dragging a handle, or by the arrow keys on it. Each move is the form of the up and down buttons, sent
// in the background; the page that it answers with replaces the list, so that what is seen is what is stored.
"use strict";

const spoken = document.createElement("p");
spoken.className = "hidden";
spoken.setAttribute("aria-live", "assertive");
document.body.append(spoken);

const order = () => document.getElementById("order");
const rows = () => [...order().children];
const nameOf = (row) => row.dataset.name;
// Counted through all parts of the list, of which this page shows one.
const positionOf = (row) => rows().indexOf(row) + Number(order().dataset.first);
const last = () => Number(order().dataset.count);
let sending = false;

async function move(row, position) {
  const name = nameOf(row);
  if (sending) {
    return;
  }
  sending = true;
  const form = document.getElementById("steer");
  const fields = new URLSearchParams(new FormData(form));
  fields.set("position", String(position));
  try {
    const answer = await fetch(row.querySelector("button[name=position]").formAction, { method: "POST", body: fields });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!page.getElementById("order") || !page.getElementById("steer")) {
      throw new Error("another page came: signed out, perhaps");
    }
    document.getElementById("content").replaceWith(document.adoptNode(page.getElementById("content")));
    enhance();
    const moved = document.getElementById(`upstream-${name}`);
    moved?.querySelector(".handle").focus();
    spoken.textContent = answer.ok && moved
      ? `${name} is at position ${positionOf(moved)} of ${last()}.`
      : document.querySelector(".alarm")?.textContent ?? "It was not moved.";
  } catch {
    location.reload();
  } finally {
    sending = false;
  }
}

function byKey(event) {
  const row = event.currentTarget.closest("li");
  const now = positionOf(row);
  const to = { ArrowUp: now - 1, ArrowDown: now + 1, Home: 1, End: last() }[event.key];
  if (to === undefined) {
    return;
  }
  event.preventDefault();
  if (to < 1 || to > last() || to === now) {
    spoken.textContent = `${nameOf(row)} is ${now === 1 ? "first" : "last"}.`;
  } else {
    move(row, to);
  }
}

function drag(event) {
  if (event.button !== 0 || sending) {
    return;
  }
  const handle = event.currentTarget;
  const row = handle.closest("li");
  const before = rows();
  handle.setPointerCapture(event.pointerId);
  row.classList.add("dragged");
  const follow = (at) => {
    const under = rows().find((each) => {
      const box = each.getBoundingClientRect();
      return each !== row && at.clientY > box.top && at.clientY < box.bottom;
    });
    if (under) {
      const box = under.getBoundingClientRect();
      const down = rows().indexOf(under) > rows().indexOf(row);
      // Only past its middle, or two rows of unlike heights would change places for ever.
      if (down ? at.clientY > box.top + box.height / 2 : at.clientY < box.top + box.height / 2) {
        under[down ? "after" : "before"](row);
        handle.setPointerCapture(at.pointerId);
      }
    }
  };
  const end = (ended) => {
    handle.removeEventListener("pointermove", follow);
    row.classList.remove("dragged");
    if (ended.type === "pointercancel") {
      order().append(...before);
    } else if (before.indexOf(row) !== rows().indexOf(row)) {
      move(row, positionOf(row));
    }
  };
  handle.addEventListener("pointermove", follow);
  handle.addEventListener("pointerup", end, { once: true });
  handle.addEventListener("pointercancel", end, { once: true });
}

function enhance() {
  for (const handle of document.querySelectorAll(".handle")) {
    handle.hidden = false;
    handle.addEventListener("keydown", byKey);
    handle.addEventListener("pointerdown", drag);
  }
  document.getElementById("order-help")?.removeAttribute("hidden");
}

enhance();
