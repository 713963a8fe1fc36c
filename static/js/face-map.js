// The face chart: a shape or a row of its list chooses a place, arrow keys walk between shapes.
// Every chart says what was chosen in a "region:chosen" event and sets the form it names, whose
// own select works without this script.
const CHART = "[data-face-chart]";

function choose(chart, place) {
  const dot = place.lastIndexOf(".");
  const [region, side] = [place.slice(0, dot), place.slice(dot + 1)];
  chart.querySelectorAll("[data-place], [data-choose]").forEach((one) => {
    const chosen = (one.dataset.place ?? one.dataset.choose) === place;
    one.setAttribute("aria-pressed", chosen);
    one.classList.toggle("is-chosen", chosen);
    if (chosen && one.dataset.place) makeTabStop(one);
  });
  chart.querySelectorAll(".fc-svg").forEach((drawing) => {
    ring(drawing, "chosen", drawing.querySelector(".is-chosen"));
  });
  setForm(document.getElementById(chart.dataset.for), { region, side, place });
  const detail = { region, side, place };
  chart.dispatchEvent(new CustomEvent("region:chosen", { bubbles: true, detail }));
}

function setForm(form, values) {
  for (const [name, value] of Object.entries(values)) {
    const control = form?.elements.namedItem(name);
    if (!control || control.value === value) continue;
    control.value = value;
    control.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

// The edge of a shape again, above its neighbours, which would cover half of it.
function ring(drawing, kind, shape) {
  const path = shape?.getAttribute("d") ?? "";
  drawing.querySelector(`[data-ring=${kind}]`)?.setAttribute("d", path);
}

function makeTabStop(shape) {
  for (const other of shape.parentNode.children) other.setAttribute("tabindex", -1);
  shape.setAttribute("tabindex", 0);
}

function say(chart, shape) {
  const line = chart.querySelector("[data-caption]");
  const spoken = shape ?? chart.querySelector("[data-place]:focus") ?? chart.querySelector("[data-place].is-chosen");
  line.textContent = spoken?.dataset.label ?? line.dataset.idle;
  line.classList.toggle("is-idle", !spoken);
}

document.addEventListener("click", ({ target }) => {
  const chosen = target.closest(".fc-edit [data-place], .fc-edit [data-choose]");
  if (chosen) choose(chosen.closest(CHART), chosen.dataset.place ?? chosen.dataset.choose);
});

document.addEventListener("keydown", (event) => {
  const shape = event.target.closest?.(".fc-edit [data-place]");
  if (!shape || event.ctrlKey || event.altKey || event.metaKey) return;
  const way = event.key.startsWith("Arrow") && event.key.slice(5).toLowerCase();
  const next = way && shape.parentNode.querySelector(`[data-place="${shape.dataset[way]}"]`);
  if (next) {
    makeTabStop(next);
    next.focus();
  } else if (event.key === "Enter" || event.key === " ") {
    choose(shape.closest(CHART), shape.dataset.place);
  } else if (!way) {
    return;
  }
  event.preventDefault();
});

for (const type of ["pointerover", "pointerout", "focusin", "focusout"]) {
  document.addEventListener(type, ({ target }) => {
    const shape = target.closest?.(`${CHART} [data-place]`);
    if (!shape) return;
    say(shape.closest(CHART), type === "pointerover" || type === "focusin" ? shape : null);
    const focused = shape.matches(":focus-visible") && type !== "focusout";
    if (type.startsWith("focus")) ring(shape.ownerSVGElement, "focus", focused ? shape : null);
  });
}
