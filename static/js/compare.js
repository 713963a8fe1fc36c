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
    words.textContent = `${Math.round(zoom * 100)} %`;
  }
  function change(way) {
    if (way === "fit") zoom = 1;
    else if (way === "in") zoom = STEPS.find((step) => step > zoom) ?? STEPS.at(-1);
    else zoom = STEPS.findLast((step) => step < zoom) ?? 1;
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
  // One finger or the mouse moves both pictures, two fingers spread them.
  const fingers = new Map();
  let [grip, spread] = [null, null];
  const apart = () => {
    const [a, b] = [...fingers.values()];
    return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
  };
  stage.addEventListener("pointerdown", (event) => {
    fingers.set(event.pointerId, event);
    grip = zoom > 1 && fingers.size === 1 ? [event.clientX - x, event.clientY - y] : null;
    spread = fingers.size === 2 ? { from: apart(), zoom } : null;
  });
  addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, event);
    if (spread && fingers.size === 2) zoom = Math.min(STEPS.at(-1), Math.max(1, (spread.zoom * apart()) / spread.from));
    else if (grip) [x, y] = [event.clientX - grip[0], event.clientY - grip[1]];
    else return;
    draw();
  });
  for (const end of ["pointerup", "pointercancel"])
    addEventListener(end, ({ pointerId }) => {
      fingers.delete(pointerId);
      [grip, spread] = [null, null];
    });
  draw();
}
