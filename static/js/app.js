// Small comforts that every page has; each improves something that works without it.

// A menu made of <details> closes when one presses elsewhere, or Escape.
document.addEventListener("click", ({ target }) => {
  for (const menu of document.querySelectorAll("details[data-menu][open]"))
    if (!menu.contains(target)) menu.open = false;
});
document.addEventListener("keydown", ({ key }) => {
  const menu = key === "Escape" && document.querySelector("details[data-menu][open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// A message can be put away.
document.addEventListener("click", ({ target }) => {
  target.closest?.("[data-dismiss-message]")?.closest(".alert").remove();
});

// What cannot be undone asks once more: <form data-confirm="Withdraw the invitation?">.
document.addEventListener("submit", (event) => {
  const words = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (words && !confirm(words)) event.preventDefault();
});

// A select or a tick that sends its form: <form data-send-on-change>.
document.addEventListener("change", ({ target }) => {
  target.closest?.("form[data-send-on-change]")?.requestSubmit();
});

// After a refusal the first field that needs a correction gets the focus.
document.addEventListener("DOMContentLoaded", () => {
  const wrong = document.querySelector("#content .is-invalid, .cx-entrance .is-invalid");
  if (wrong && !document.querySelector("[autofocus]")) wrong.focus();
});

// A part that cannot be fetched says so, where screen readers hear it too.
document.addEventListener("htmx:responseError", ({ detail }) => {
  if (detail.xhr.status !== 401) say(`The clinic's server refused this (${detail.xhr.status}). Nothing was changed; try again, or reload the page.`);
});
document.addEventListener("htmx:sendError", () => {
  say("The clinic's server does not answer. What you typed is still here; try again in a moment.");
});

function say(words) {
  const place = document.querySelector("[data-messages]");
  if (!place) return;
  const box = document.createElement("div");
  const text = document.createElement("p");
  text.textContent = words;
  box.className = "alert alert-danger cx-message";
  box.append(text);
  place.replaceChildren(box);
}
