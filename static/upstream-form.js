// The test of what is typed, beside the form instead of in a tab of its own: its steps are read as they are sent.
"use strict";

const form = document.getElementById("upstream");
const panel = document.getElementById("panel");
const steps = document.getElementById("steps");
const button = document.getElementById("test");
let under = null;

async function follow(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  steps.textContent = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) {
      return;
    }
    // Each step is one line; what is not yet whole waits.
    text += value;
    const whole = text.lastIndexOf("\n") + 1;
    (steps.querySelector("ol") ?? steps).insertAdjacentHTML("beforeend", text.slice(0, whole));
    text = text.slice(whole);
  }
}

form.addEventListener("submit", async (event) => {
  if (event.submitter !== button) {
    return;
  }
  event.preventDefault();
  under?.abort();
  const own = new AbortController();
  under = own;
  const fields = new FormData(form);
  fields.set("panel", "yes");
  panel.hidden = false;
  steps.textContent = "…";
  panel.scrollIntoView({ block: "nearest" });
  try {
    const answer = await fetch(button.formAction, { method: "POST", body: fields, signal: own.signal });
    if (answer.redirected || !(answer.ok || answer.status === 422)) {
      throw new Error(answer.redirected ? "you are signed out" : `the server answered ${answer.status}`);
    }
    await follow(answer);
  } catch (error) {
    if (under === own) {
      steps.textContent = `The test could not be finished: ${error.message}.`;
    }
  }
});

// Enter in this field means the test, not the form's first button, which saves.
document.getElementById("project").addEventListener("keydown", (event) => {
  if (event.key === "Enter") {
    event.preventDefault();
    button.click();
  }
});
