// A form that is drawn anew while somebody types into it: what was typed since the form was sent is
// never overwritten; the answer is let go, and asked for again with what stands there now.
(() => {
  const isEditor = (target) => target?.matches?.(".ed-work");
  let typed = false;

  // Whoever leaves with something typed is asked; what came back from the server was not saved.
  const form = document.querySelector("form.ed");
  let unsaved = "typed" in form.dataset;
  for (const deed of ["input", "change"]) form.addEventListener(deed, () => (unsaved = true));
  form.addEventListener("click", ({ target }) => {
    if (target.closest("button[hx-post]")) unsaved = true;
  });
  addEventListener("submit", (event) => {
    // After the page's own question whether it is meant.
    if (event.submitter?.formTarget !== "_blank" && !event.defaultPrevented) unsaved = false;
  });
  addEventListener("beforeunload", (event) => {
    if (unsaved) event.preventDefault();
  });

  document.addEventListener("input", ({ target }) => {
    if (target.closest(".ed-work")) typed = true;
  });
  // A choice that is sent as it is made does nothing else: htmx adds the button that has the focus.
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (detail.elt.closest(".ed") && !detail.elt.matches("button")) detail.formData.delete("op");
  });
  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    if (isEditor(detail.target)) typed = false;
  });
  // What is wrong beside a field is told, and taken back, as the sentence is drawn anew.
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.target.id !== "rule-said") return;
    const drawn = new DOMParser().parseFromString(detail.serverResponse, "text/html");
    for (const said of drawn.querySelectorAll("[data-live]"))
      document.getElementById(said.id)?.replaceChildren(...said.childNodes);
    for (const field of drawn.querySelectorAll("#rule-editor :is(input, select, textarea)[id]"))
      document.getElementById(field.id)?.classList.toggle("is-invalid", field.classList.contains("is-invalid"));
  });
  // A button changes the rule without a change of a field: the cases are asked then, too.
  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    const hits = document.getElementById("rule-hits");
    if (hits && isEditor(detail.target) && detail.requestConfig.elt.matches("button"))
      htmx.trigger(hits, "redrawn");
  });
  // Where the button is gone that was pressed, the focus stays in its condition.
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    const asked = detail.requestConfig?.elt;
    if (document.activeElement !== document.body || !asked?.matches("button[name=op]")) return;
    const name = asked.closest("[data-condition]")?.dataset.condition;
    const inside = name ? `[data-condition="${name}"]` : ".ed-work";
    document.querySelector(`${inside} :is(select, .btn)`)?.focus();
  });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (!typed || !isEditor(detail.target)) return;
    detail.shouldSwap = false;
    const asked = detail.requestConfig.elt;
    if (asked.matches("button")) asked.click();
    else htmx.trigger(asked, "redraw");
  });
})();
