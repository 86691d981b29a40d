// What the administration's pages do beyond what a browser does by itself; all of them work without it.
"use strict";

// "Really?" before what cannot be undone: a form or button says the question in data-confirm.
document.addEventListener("submit", (event) => {
  const asking = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (asking && !window.confirm(asking)) {
    event.preventDefault();
  }
});
