// The board without it is whole: every visit has its menu. This lets a visit be dragged (a finger
// holds it first), opens the sheet in which the server answers, and keeps the page from being redrawn
// under somebody's hands.
(() => {
  const FAR = 6; // pixels before a press becomes a drag
  const HOLD = 450; // milliseconds a finger rests before it carries the visit
  const sheet = () => document.getElementById("cal-dialog");
  let press = null; // the pointer that is down on a visit
  let drag = null; // the visit that is carried

  // ---- the sheet
  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target.id !== "cal-dialog") return;
    if (!detail.target.open) detail.target.showModal();
    detail.target.querySelector("[data-focus]")?.focus();
  });
  document.addEventListener("click", ({ target }) => {
    if (target === sheet()) target.close(); // the dark around it
  });

  // ---- redrawing
  const busy = () =>
    document.hidden ||
    drag !== null ||
    sheet()?.open ||
    document.querySelector("#live details[open]:not(.cal-sheet)") !== null ||
    document.activeElement?.matches("#live :is(input, select, textarea)");

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.matches("[data-poll]") && busy()) event.preventDefault();
  });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.target.id !== "live" || !detail.shouldSwap) return;
    if (busy()) detail.shouldSwap = false;
    else keepView();
  });
  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target.id === "live") restoreView();
  });

  // Back from another window, or from the sheet: look at once.
  const lookNow = () => document.body.dispatchEvent(new Event("calendar:look"));
  document.addEventListener("visibilitychange", () => document.hidden || lookNow());
  document.addEventListener("close", ({ target }) => target.id === "cal-dialog" && lookNow(), true);

  // What one looks at stays where it is: the place on the board, and the list that was opened.
  let view = null;
  function keepView() {
    const board = document.querySelector("[data-board]");
    view = {
      top: board?.scrollTop,
      left: board?.scrollLeft,
      list: document.querySelector(".cal-sheet")?.open,
      page: window.scrollY,
      focus: document.activeElement?.id,
    };
  }
  function restoreView() {
    const board = document.querySelector("[data-board]");
    if (board && view) board.scrollTo({ top: view.top, left: view.left, behavior: "instant" });
    const list = document.querySelector(".cal-sheet");
    if (list && view) list.open = view.list;
    if (view?.focus) document.getElementById(view.focus)?.focus({ preventScroll: true });
    if (view) window.scrollTo({ top: view.page, behavior: "instant" });
    document.dispatchEvent(new Event("calendar:redrawn"));
  }

  // The same place after a deed that loads the page anew.
  const PLACE = "cicatrix-board";
  window.addEventListener("pagehide", () => {
    const board = document.querySelector("[data-board]");
    if (!board) return;
    const place = { path: location.pathname, top: board.scrollTop, left: board.scrollLeft };
    sessionStorage.setItem(PLACE, JSON.stringify(place));
  });
  document.addEventListener("DOMContentLoaded", () => {
    const place = JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
    const board = document.querySelector("[data-board]");
    if (board && place?.path === location.pathname) board.scrollTo({ top: place.top, left: place.left });
  });

  // ---- dragging
  document.addEventListener("pointerdown", (event) => {
    const visit = event.target.closest("[data-move]");
    if (!visit || event.button !== 0 || event.target.closest(".cal-more, button, .btn")) return;
    press = { visit, x: event.clientX, y: event.clientY, id: event.pointerId };
    if (event.pointerType === "touch") press.timer = setTimeout(() => press && lift(press), HOLD);
  });

  document.addEventListener("pointermove", (event) => {
    if (drag) return carry(event);
    if (!press || press.id !== event.pointerId) return;
    const moved = Math.hypot(event.clientX - press.x, event.clientY - press.y);
    if (moved < FAR) return;
    if (event.pointerType === "touch") return forget(); // it scrolls
    lift(press);
    carry(event);
  });

  document.addEventListener("pointerup", (event) => (drag ? drop(event) : forget()));
  document.addEventListener("pointercancel", () => (drag ? putBack() : forget()));
  document.addEventListener("keydown", ({ key }) => key === "Escape" && drag && putBack());
  // A finger that carries does not scroll; a mouse that has carried does not click.
  document.addEventListener("touchmove", (event) => drag && event.preventDefault(), { passive: false });
  let dropped = 0;
  document.addEventListener("click", (event) => {
    if (Date.now() - dropped < 300 && event.target.closest("[data-move]")) event.preventDefault();
  }, true);

  // Free time that is clicked leads to a new visit then; the same is behind "Next openings".
  document.addEventListener("click", ({ target, clientY }) => {
    const page = target.closest("[data-free]")?.dataset.free;
    if (!page || !target.matches(".cal-body[data-column]") || Date.now() - dropped < 300) return;
    const { rows, top, on, column, kind } = target.dataset;
    const box = target.getBoundingClientRect();
    const row = Math.floor((clientY - box.top) / (box.height / Number(rows)));
    const wish = { kind: "consultation", start_from: on, at: clock(Number(top) + row) };
    if (kind === "person") wish.person = column;
    location.href = `${page}?${new URLSearchParams(wish)}`;
  });

  function forget() {
    clearTimeout(press?.timer);
    press = null;
  }

  function lift({ visit, x, y }) {
    forget();
    const box = visit.getBoundingClientRect();
    const ghost = visit.cloneNode(true);
    ghost.classList.add("cal-ghost");
    ghost.removeAttribute("data-visit");
    ghost.style.width = `${box.width}px`;
    ghost.style.height = `${box.height}px`;
    document.body.append(ghost);
    document.body.classList.add("is-dragging");
    visit.classList.add("is-lifted");
    const place = document.createElement("div");
    place.className = "cal-place";
    drag = { visit, ghost, place, dx: x - box.left, dy: y - box.top, at: null };
    if (!visit.closest(".cal-body")) drag.dy = Math.min(drag.dy, 12);
    drag.ghost.style.translate = `${box.left}px ${box.top}px`;
  }

  function carry({ clientX, clientY }) {
    drag.ghost.style.translate = `${clientX - drag.dx}px ${clientY - drag.dy}px`;
    const under = document.elementFromPoint(clientX, clientY);
    scrollNear(clientY);
    const board = under?.closest("[data-pinboard-target]");
    document.querySelector("[data-pinboard-target]")?.classList.toggle("is-over", Boolean(board));
    const column = under?.closest(".cal-body[data-column]");
    drag.at = board && drag.visit.dataset.pinboard ? { pinboard: true } : column ? placeIn(column, clientY) : null;
    if (!column) drag.place.remove();
  }

  function placeIn(column, y) {
    const { rows, top, on, column: resource } = column.dataset;
    const box = column.getBoundingClientRect();
    const quarter = box.height / Number(rows);
    // The box may begin after its visit, behind the numbing: what is placed is the whole visit.
    const long = Number(drag.visit.dataset.long);
    const carried = Math.round((y - drag.dy - box.top) / quarter) - Number(drag.visit.dataset.after);
    const row = Math.max(0, Math.min(Number(rows) - 1, carried));
    const at = clock(Number(top) + row);
    drag.place.className = `cal-place at-${row} for-${Math.min(long, Number(rows) - row)}`;
    drag.place.textContent = `Visit starts ${at}`;
    column.append(drag.place);
    return { on, at, column: resource };
  }

  const clock = (quarter) =>
    `${String(Math.floor(quarter / 4)).padStart(2, "0")}:${String((quarter % 4) * 15).padStart(2, "0")}`;

  function scrollNear(y) {
    const board = document.querySelector("[data-board]");
    if (!board) return;
    const box = board.getBoundingClientRect();
    if (y > box.bottom - 30 && y < box.bottom + 40) board.scrollTop += 12;
    if (y < box.top + 80 && y > box.top) board.scrollTop -= 12;
  }

  function drop() {
    const { visit, at } = drag;
    putBack();
    dropped = Date.now();
    if (at?.pinboard) return send(visit.dataset.pinboard, { to: "on", next: location.pathname + location.search });
    if (at) htmx.ajax("POST", visit.dataset.move, { target: "#cal-dialog", swap: "innerHTML", values: at });
  }

  function putBack() {
    drag.ghost.remove();
    drag.place.remove();
    drag.visit.classList.remove("is-lifted");
    document.body.classList.remove("is-dragging");
    document.querySelector("[data-pinboard-target]")?.classList.remove("is-over");
    drag = null;
  }

  // A form like the one in the menu, sent whole: the page comes back with what changed.
  function send(url, values) {
    const token = document.querySelector("input[name=csrfmiddlewaretoken]").value;
    const form = document.createElement("form");
    form.method = "post";
    form.action = url;
    form.hidden = true;
    form.dataset.keep = "no";
    for (const [name, value] of Object.entries({ ...values, csrfmiddlewaretoken: token })) {
      const input = document.createElement("input");
      input.type = "hidden";
      input.name = name;
      input.value = value;
      form.append(input);
    }
    document.body.append(form);
    form.submit();
  }
})();
