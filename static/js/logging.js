// Logging by keys, and details only where they apply. The forms work without it: a letter chooses
// the type whose button carries it, a figure presses the button that saves the entry.
const typing = (target) => target.closest?.("input:not([type=radio], [type=checkbox]), select, textarea, [contenteditable]");

document.addEventListener("keydown", (event) => {
  const page = document.querySelector("[data-logging]");
  if (!page || event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
  const shape = event.target.closest?.("[data-place]");
  if (event.key === "#") return act(event, () => document.getElementById("id_count").select());
  if (event.key === "c" || event.key === "C") return act(event, focusChart);
  if (event.key === "/") return act(event, () => document.getElementById("id_place").focus());
  const control = page.querySelector(`[data-key="${CSS.escape(event.key.toUpperCase())}"]`);
  if (!control || control.disabled) return;
  act(event, () => {
    if (control.type === "radio") {
      if (shape) choosePlace(shape);
      control.checked = true;
      control.dispatchEvent(new Event("change", { bubbles: true }));
    } else {
      control.click();
    }
  });
});

function act(event, deed) {
  event.preventDefault();
  deed();
}

// The tab stop of the view that is shown: the chosen region, or the first.
function focusChart() {
  [...document.querySelectorAll(".fc-view [data-place][tabindex='0']")].find((shape) => shape.checkVisibility())?.focus();
}

// The region in focus is the one meant, without a press of Enter.
function choosePlace(shape) {
  const select = document.getElementById("id_place");
  if (select.value !== shape.dataset.place) shape.dispatchEvent(new MouseEvent("click", { bubbles: true }));
}

// Details that do not apply to the chosen type are put away.
function showDetails(form) {
  const type = form.elements.kind?.value ?? form.elements.scar_type?.value ?? "";
  for (const part of form.querySelectorAll("[data-only-for]"))
    part.hidden = type !== "" && !part.dataset.onlyFor.split(" ").includes(type);
  // A raised scar is graded by its area, so the box for it is not left folded away.
  if (type && form.querySelector("[data-wanted]:not([hidden])")) form.querySelector("details")?.setAttribute("open", "");
}
const detailForms = () => document.querySelectorAll("#log-form, [data-details-form]");
document.addEventListener("change", ({ target }) => {
  const form = target.closest("#log-form, [data-details-form]");
  if (form && ["kind", "scar_type"].includes(target.name)) showDetails(form);
});
document.addEventListener("DOMContentLoaded", () => detailForms().forEach(showDetails));

// The guide to the type is drawn into the page; its links lead to pages of their own without this.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-guide]");
  if (!link || !document.querySelector("[data-logging]")) return;
  event.preventDefault();
  const address = new URL(link.dataset.guide || link.href, location.href);
  const place = document.getElementById("id_place").value;
  if (place && link.matches("#log-form *")) address.searchParams.set("place", place);
  htmx.ajax("GET", address.pathname + address.search, { target: "#guide", swap: "outerHTML" });
});

// What the guide ended in is chosen, and the guide put away.
document.addEventListener("click", (event) => {
  const found = event.target.closest?.("[data-use-type]");
  const radio = found && document.getElementById(`kind-${found.dataset.useType}`);
  if (!radio) return;
  event.preventDefault();
  document.getElementById("guide").replaceChildren();
  document.getElementById("guide").removeAttribute("class");
  radio.checked = true;
  radio.dispatchEvent(new Event("change", { bubbles: true }));
  radio.focus();
});

document.addEventListener("emptied", ({ target }) => showDetails(target));

// What does not fit is read once more before the name goes under it. Heard before the question is.
document.addEventListener("submit", ({ target }) => {
  if (!target.matches?.("[data-needs-all-saved]")) return;
  target.dataset.plainly ??= target.dataset.confirm;
  const doubts = [...document.querySelectorAll("#logged [data-doubt]")].map((one) => `• ${one.dataset.doubt}`);
  const listed = doubts.length ? `This does not fit together:\n${doubts.join("\n")}\n\n` : "";
  target.dataset.confirm = listed + target.dataset.plainly;
}, true);
