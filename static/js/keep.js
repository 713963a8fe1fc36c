// What was typed into a form survives a session that ended under it. Every form that posts is
// kept in this tab (sessionStorage, gone when the tab closes) when it is sent; a page that
// turned the person away marks itself with data-turned-away, and after they are back the form is
// filled again. A form says data-keep="no" to be left out. Passwords and files are never kept.
(() => {
  const SKIP = new Set(["password", "file", "hidden", "submit", "button", "image", "reset"]);
  const RETURNING = "cicatrix-turned-away";
  const who = () => document.body.dataset.person ?? "";
  const place = (form) => {
    const all = [...document.querySelectorAll("form")].filter((other) => kept(other));
    return `cicatrix-form:${location.pathname}:${form.id || all.indexOf(form)}`;
  };
  const kept = (form) => form.method === "post" && form.dataset.keep !== "no";
  const fields = (form) => [...form.elements].filter(({ name, type }) => name && !SKIP.has(type));

  function keep(form) {
    const values = fields(form).map((field) => {
      const ticks = field.type === "checkbox" || field.type === "radio";
      const many = field.type === "select-multiple" && [...field.selectedOptions].map((o) => o.value);
      return [field.name, ticks ? field.value : null, ticks ? field.checked : many || field.value];
    });
    sessionStorage.setItem(place(form), JSON.stringify({ who: who(), values }));
  }

  function fill(form, values) {
    const open = fields(form);
    for (const [name, option, value] of values) {
      const at = open.findIndex((f) => f.name === name && (option === null || f.value === option));
      if (at < 0) continue;
      const [field] = open.splice(at, 1);
      if (option !== null) field.checked = value;
      else if (Array.isArray(value)) for (const o of field.options) o.selected = value.includes(o.value);
      else field.value = value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }

  function restore() {
    let back = 0;
    for (const form of [...document.querySelectorAll("form")].filter(kept)) {
      const draft = JSON.parse(sessionStorage.getItem(place(form)) ?? "null");
      sessionStorage.removeItem(place(form));
      if (draft?.who !== who() || sessionStorage.getItem(RETURNING) === null) continue;
      fill(form, draft.values);
      back += 1;
    }
    const told = document.querySelector("#content .alert-danger[role=alert]"); // the server kept it too
    if (back && !told) document.querySelector("[data-put-back]")?.removeAttribute("hidden");
    sessionStorage.removeItem(RETURNING);
  }

  document.addEventListener("submit", ({ target }) => kept(target) && keep(target), true);
  document.addEventListener("submit", ({ target }) => {
    if (target.matches("[data-sign-out]")) sessionStorage.clear();
  });
  document.addEventListener("DOMContentLoaded", () => {
    if (document.body.dataset.turnedAway !== undefined) sessionStorage.setItem(RETURNING, "1");
    else if (document.body.dataset.person) restore();
  });
})();
