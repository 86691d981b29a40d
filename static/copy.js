// A "Copy" button for each block of lines. The page needs none: one click selects a block. Browsers offer the clipboard
// to https and loopback pages only, so elsewhere nothing is added.
"use strict";

if (navigator.clipboard) {
  for (const block of document.querySelectorAll("pre:not(.foreign *)")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(block.querySelector("code").textContent);
        button.textContent = "Copied";
      } catch {
        button.textContent = "Not allowed";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    const frame = document.createElement("div");
    frame.className = "block";
    block.replaceWith(frame);
    frame.append(block, button);
  }
}
