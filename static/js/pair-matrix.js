// The matrix of pairs by keyboard, and what the cell under the eye says. One cell at a time is in
// the tab order; a listed pair is a link that works without this, an empty cell opens a new pair.
(() => {
  const table = document.querySelector("[data-matrix]");
  const said = document.getElementById("mx-say");
  if (!table) return;
  const lines = [...table.tBodies[0].rows];
  const heads = [...table.tHead.rows[0].cells];
  const words = {};
  for (const place of document.querySelectorAll("[data-default]"))
    words[place.dataset.default] = place.textContent;

  for (const link of table.querySelectorAll("a")) link.tabIndex = -1;
  let here = null;
  const inside = (cell) => cell.querySelector("a") ?? cell;

  function choose(cell, focus) {
    if (here) inside(here).tabIndex = -1;
    heads[here?.cellIndex]?.classList.remove("is-here");
    here?.parentElement.cells[0].classList.remove("is-here");
    here = cell;
    inside(cell).tabIndex = 0;
    heads[cell.cellIndex].classList.add("is-here");
    cell.parentElement.cells[0].classList.add("is-here");
    if (focus) inside(cell).focus();
  }

  function tell(cell) {
    const [one, other] = [cell.parentElement.cells[0], heads[cell.cellIndex]];
    const link = cell.querySelector("a");
    const rule = cell.classList[0];
    if (rule === "self") said.textContent = one.textContent;
    else {
      const code = rule === "none" ? "" : ` (${rule})`;
      const what = link ? link.title : `${words[rule]}${code}. ${cell.dataset.more ?? ""}`;
      said.textContent = `${one.textContent} and ${other.textContent}: ${what}`;
    }
  }

  const cellOf = ({ target }) => target.closest?.("[data-matrix] tbody td");
  const visible = (row, column) => {
    const line = lines[Math.max(0, Math.min(row, lines.length - 1))];
    return line.cells[Math.max(1, Math.min(column, heads.length - 1))];
  };

  function open(cell) {
    const link = cell.querySelector("a");
    if (link) location.assign(link.href);
    else if (!cell.classList.contains("self")) {
      const two = new URLSearchParams({ a: cell.parentElement.dataset.code, b: heads[cell.cellIndex].dataset.code });
      location.assign(`${table.dataset.new}?${two}`);
    }
  }

  table.addEventListener("keydown", (event) => {
    const cell = cellOf(event);
    if (!cell) return;
    const row = lines.indexOf(cell.parentElement);
    const column = cell.cellIndex;
    const last = heads.length - 1;
    const to = {
      ArrowRight: () => visible(row, column + 1),
      ArrowLeft: () => visible(row, column - 1),
      ArrowDown: () => visible(row + 1, column),
      ArrowUp: () => visible(row - 1, column),
      PageDown: () => visible(row + 10, column),
      PageUp: () => visible(row - 10, column),
      Home: () => visible(event.ctrlKey ? 0 : row, 1),
      End: () => visible(event.ctrlKey ? lines.length - 1 : row, last),
      Enter: () => open(cell),
      " ": () => open(cell),
    }[event.key];
    if (!to) return;
    event.preventDefault();
    const next = to();
    if (next) choose(next, true);
  });
  table.addEventListener("focusin", (event) => {
    const cell = cellOf(event);
    if (!cell) return;
    if (cell !== here) choose(cell, false);
    tell(cell);
  });
  table.addEventListener("pointerover", (event) => {
    const cell = event.pointerType === "mouse" && cellOf(event);
    if (cell) tell(cell);
  });
  table.addEventListener("click", (event) => {
    const cell = cellOf(event);
    if (cell && !cell.querySelector("a")) open(cell);
  });

  const wanted = CSS.escape(location.hash.slice(1));
  const asked = wanted ? table.querySelector(`[id^="${wanted}-"]`) : null;
  if (lines.length && heads.length > 1) choose(asked || visible(0, 1), Boolean(asked));
  asked?.scrollIntoView({ block: "center", inline: "center" });
})();
