// Dragging in a draft: a step onto another visit, a visit along the timeline. Each drag fills the
// form that the menus send too; what it does can be done without it.
(() => {
  const FAR = 6; // pixels before a press becomes a drag
  const EDGE = 70; // pixels from the top or bottom, where a drag scrolls the page
  const DAY = 86_400_000;
  let drag = null;

  function send(values) {
    const form = document.querySelector("form[data-drag]");
    for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
    form.requestSubmit();
  }

  // ---- a step onto another visit

  const visitUnder = ({ clientX, clientY }) =>
    document.elementFromPoint(clientX, clientY)?.closest("[data-takes-steps]");

  function startStep(event, grip) {
    const step = grip.closest("[data-step]");
    const from = step.closest("[data-visit]");
    return {
      move(at) {
        step.classList.add("is-dragged");
        if (at.clientY > innerHeight - EDGE) scrollBy(0, EDGE / 3);
        if (at.clientY < EDGE) scrollBy(0, -EDGE / 3);
        document.querySelector(".is-target")?.classList.remove("is-target");
        const over = visitUnder(at);
        if (over && over !== from) over.classList.add("is-target");
      },
      drop(at) {
        const over = visitUnder(at);
        if (over && over !== from)
          send({ op: "move", at: step.dataset.step, to: over.dataset.visit, on: "" });
      },
      end() {
        step.classList.remove("is-dragged");
        document.querySelector(".is-target")?.classList.remove("is-target");
      },
    };
  }

  // ---- a visit along the timeline

  function startMark(event, mark) {
    const { first, left, scale } = mark.closest("[data-timeline]").dataset;
    const svg = mark.ownerSVGElement;
    const start = mark.transform.baseVal.getItem(0).matrix;
    const [from, y] = [start.e, start.f];
    const unit = svg.viewBox.baseVal.width / svg.getBoundingClientRect().width;
    const said = svg.querySelector("[data-said]");
    const dayAt = (x) => new Date(Date.parse(first) + Math.round((x - left) / scale) * DAY);
    let x = from;
    return {
      move({ clientX }) {
        x = from + (clientX - event.clientX) * unit;
        mark.setAttribute("transform", `translate(${x} ${y})`);
        said.textContent = `Visit ${mark.dataset.mark}: ${dayAt(x).toDateString().slice(4)}`;
      },
      drop() {
        const on = dayAt(x).toISOString().slice(0, 10);
        send({ op: "visit", at: `visit-${mark.dataset.mark}`, to: "", on });
      },
      end() {
        mark.setAttribute("transform", `translate(${from} ${y})`);
        said.textContent = "";
      },
    };
  }

  document.addEventListener("pointerdown", (event) => {
    if (event.button || drag) return;
    const grip = event.target.closest?.("[data-grip]");
    const mark = event.target.closest?.("[data-timeline] [data-mark]");
    if (!grip && !mark) return;
    event.preventDefault();
    drag = grip ? startStep(event, grip) : startMark(event, mark);
    drag.from = event;
    drag.far = false;
  });

  document.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const { clientX, clientY } = drag.from;
    drag.far ||= Math.hypot(event.clientX - clientX, event.clientY - clientY) > FAR;
    if (drag.far) drag.move(event);
  });

  function finish(event, dropped) {
    const ended = drag;
    drag = null;
    if (!ended) return;
    ended.end();
    if (dropped && ended.far) ended.drop(event);
  }

  document.addEventListener("pointerup", (event) => finish(event, true));
  document.addEventListener("pointercancel", (event) => finish(event, false));
  document.addEventListener("keydown", ({ key }) => key === "Escape" && finish(null, false));
})();
