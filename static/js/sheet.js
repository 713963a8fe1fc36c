// A page of many entries: it warns of what is not saved, moves rows, moves through the grid, and
// takes a changed value's verification back. All of it but the warning works without this too.
(() => {
  const sheet = document.querySelector("form[data-sheet]");
  if (!sheet) return;
  // What came back from the clinic's server was typed and not saved.
  let sending = false, isTyped = "typed" in sheet.dataset;
  const first = (field) =>
    field.type === "checkbox" ? field.defaultChecked
    : field.matches("select") ? ([...field.options].find((o) => o.defaultSelected) ?? field.options[0])?.value
    : field.defaultValue;
  const now = (field) => (field.type === "checkbox" ? field.checked : field.value);
  const changed = (field) => first(field) !== now(field);
  const entries = () => [...sheet.elements].filter(({ name, type }) => name && type !== "hidden" && type !== "submit");
  const isUnsaved = () => isTyped || entries().some(changed);

  function show() {
    sheet.querySelector("[data-unsaved]").hidden = !isUnsaved();
  }
  show();
  addEventListener("beforeunload", (event) => {
    if (!sending && isUnsaved()) event.preventDefault();
  });
  sheet.addEventListener("submit", (event) => {
    sending = !event.defaultPrevented;
  });
  sheet.addEventListener("input", ({ target }) => {
    target.classList.toggle("is-edited", changed(target));
    const item = target.closest("[data-item]");
    if (item && target.dataset.part) judge(item, target.dataset.part);
    show();
  });

  // A value that was changed was not read where the old one was.
  function judge(item, part) {
    const part_of = (name) => item.querySelector(`[data-part="${name}"]`);
    const [verification, sources, readIn, grade] = ["verification", "sources", "read-in", "grade"].map(part_of);
    if (!verification) return;
    const isNew = [...item.querySelectorAll('[data-part="value"]')].some(changed);
    if (part === "value" || part === "read-in") {
      const own = isNew && !readIn.value.trim();
      const touched = item.dataset.marks === "touched";
      if (!touched) {
        verification.value = own ? "clinic_default" : first(verification);
        sources.value = own ? "clinic_default" : first(sources);
        if (grade) grade.value = own ? "D" : first(grade);
      }
      item.querySelector("[data-own]").hidden = !own || first(verification) === "clinic_default" || touched;
    } else item.dataset.marks = "touched";
    item.querySelector("[data-said]").textContent = verification.selectedOptions[0]?.text ?? "";
    item.querySelector("[data-named]").textContent = sources.value;
    if (grade) item.querySelector("[data-grade]").textContent = grade.value;
  }

  // Several codes in one line: the list proposes the last one, after those that stand there.
  const documents = [...document.querySelectorAll("#documents option")].map(({ value, text }) => [value, text]);
  sheet.addEventListener("input", ({ target }) => {
    if (target.dataset.part !== "sources") return;
    const [, before, last] = target.value.match(/^(.*[\s,;])?([^\s,;]*)$/);
    const list = document.getElementById("documents");
    const fits = documents.filter(([code, title]) => last && `${code} ${title}`.toLowerCase().includes(last.toLowerCase()));
    list.replaceChildren(...fits.slice(0, 30).map(([code, title]) => new Option(title, `${before ?? ""}${code}`)));
  });
  sheet.addEventListener("focusin", ({ target }) => {
    if (target.getAttribute("list") === "documents")
      document.getElementById("documents").replaceChildren(...documents.map(([code, title]) => new Option(title, code)));
  });

  // ---- rows
  sheet.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=do]");
    if (!button || button.matches("[data-by-server]")) return;
    event.preventDefault();
    const row = button.closest(".ed-row");
    if (button.dataset.add) add(button.dataset.add);
    else if (button.matches("[data-remove]")) remove(row);
    else if (button.matches("[data-up]")) row.previousElementSibling?.before(row);
    else if (button.matches("[data-down]")) row.nextElementSibling?.after(row);
    if (row?.isConnected) button.focus();
    isTyped = true;
    show();
  });
  function add(key) {
    const rows = sheet.querySelector(`[data-rows="${key}"]`);
    const used = [...rows.querySelectorAll(`input[name="${key}"]`)].map(({ value }) => Number(value));
    const number = Math.max(99, ...used) + 1;
    rows.insertAdjacentHTML("beforeend", sheet.querySelector(`template[data-row="${key}"]`).innerHTML.replaceAll("NEW", number));
    rows.lastElementChild.querySelector("select, textarea").focus();
  }
  function remove(row) {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    const rows = row.parentElement;
    row.remove();
    (next?.querySelector("select, textarea") ?? rows.nextElementSibling).focus();
  }

  // ---- the grid: arrows move from cell to cell
  const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  sheet.querySelector("[data-grid]")?.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || event.altKey || !event.target.name?.endsWith("-worth")) return;
    event.preventDefault();
    const cell = event.target.closest("td");
    const column = cell.cellIndex + step[1];
    const line = cell.closest("tbody").rows[cell.parentElement.sectionRowIndex + step[0]];
    line?.cells[column]?.querySelector("select")?.focus();
  });
})();
