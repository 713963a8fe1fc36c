// Two photos compared: side by side or under a slider, zoomed and moved together. Without this
// script they stand side by side.
const compare = document.querySelector("[data-compare]");
if (compare) {
  const stage = compare.querySelector("[data-stage]");
  const divider = compare.querySelector("[data-divider]");
  const words = compare.querySelector("[data-zoom-words]");
  const STEPS = [1, 1.5, 2, 3, 4, 6];
  let [zoom, x, y] = [1, 0, 0];

  const within = (value, most) => Math.max(-most, Math.min(most, value));
  function draw() {
    const { width, height } = stage.querySelector(".cmp-window").getBoundingClientRect();
    x = within(x, ((zoom - 1) * width) / 2);
    y = within(y, ((zoom - 1) * height) / 2);
    stage.style.setProperty("--cmp-zoom", zoom);
    stage.style.setProperty("--cmp-x", `${x}px`);
    stage.style.setProperty("--cmp-y", `${y}px`);
    stage.style.setProperty("--cmp-at", `${divider.value}%`);
    stage.classList.toggle("is-zoomed", zoom > 1);
    words.textContent = `${zoom * 100} %`;
  }
  function change(way) {
    const at = STEPS.indexOf(zoom);
    zoom = way === "fit" ? 1 : STEPS[Math.max(0, Math.min(STEPS.length - 1, at + (way === "in" ? 1 : -1)))];
    draw();
  }
  function mode(name) {
    const slider = name === "slider";
    compare.classList.toggle("is-slider", slider);
    compare.querySelector("[data-divider-tool]").hidden = !slider;
    for (const button of compare.querySelectorAll("[data-mode]"))
      button.setAttribute("aria-pressed", String(button.dataset.mode === name));
    draw();
  }

  compare.querySelector("[data-tools]").hidden = false;
  compare.addEventListener("click", ({ target }) => {
    if (target.dataset.mode) mode(target.dataset.mode);
    if (target.dataset.zoom) change(target.dataset.zoom);
  });
  divider.addEventListener("input", draw);
  const MOVES = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] };
  stage.addEventListener("keydown", (event) => {
    const way = { "+": "in", "=": "in", "-": "out", 0: "fit" }[event.key];
    if (way) change(way);
    else if (MOVES[event.key] && zoom > 1) {
      x += MOVES[event.key][0];
      y += MOVES[event.key][1];
      draw();
    } else return;
    event.preventDefault();
  });
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && zoom === 1) return; // the page scrolls
    event.preventDefault();
    change(event.deltaY < 0 ? "in" : "out");
  }, { passive: false });
  let grip = null;
  stage.addEventListener("pointerdown", (event) => {
    if (zoom > 1) grip = [event.clientX - x, event.clientY - y];
  });
  addEventListener("pointermove", (event) => {
    if (!grip) return;
    [x, y] = [event.clientX - grip[0], event.clientY - grip[1]];
    draw();
  });
  addEventListener("pointerup", () => (grip = null));
  addEventListener("pointercancel", () => (grip = null));
  draw();
}
