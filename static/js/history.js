// Shows the questions and parts that apply, as the answers stand in the form. The server judges the
// same conditions again; without this script everything that may apply is shown.
const form = document.getElementById("history");
const UNKNOWN = null;

function answerOf(name) {
  const field = form.elements.namedItem(name);
  const value = field?.value ?? "";
  return { yes: true, no: false, unknown: UNKNOWN, "": UNKNOWN }[value] ?? (value === "" ? UNKNOWN : value);
}

function fact(name) {
  const [head, tail] = name.split(".");
  if (head === "patient") {
    const value = form.dataset[tail] ?? "";
    return value === "" ? UNKNOWN : isNaN(value) ? value : Number(value);
  }
  if (head === "marks") return form.dataset.marks.split(" ").includes(tail);
  const lead = answerOf(head);
  if (tail === undefined) return lead;
  return lead === false ? false : answerOf(`${head}__${tail}`);
}

function holds(condition) {
  if (condition.all) return every(condition.all.map(holds));
  if (condition.any) return opposite(every(condition.any.map((one) => opposite(holds(one)))));
  if (condition.not) return opposite(holds(condition.not));
  const value = fact(condition.fact);
  if ("known" in condition) return (value !== UNKNOWN) === condition.known;
  if (value === UNKNOWN || "within" in condition) return UNKNOWN;
  if ("eq" in condition) return value === condition.eq;
  if ("in" in condition) return condition.in.includes(value);
  if ("lt" in condition) return value < condition.lt;
  if ("le" in condition) return value <= condition.le;
  if ("gt" in condition) return value > condition.gt;
  return value >= condition.ge;
}
const opposite = (value) => (value === UNKNOWN ? UNKNOWN : !value);
const every = (values) => (values.includes(false) ? false : values.includes(UNKNOWN) ? UNKNOWN : true);

function refresh() {
  for (const part of form.querySelectorAll("[data-led-by]"))
    part.hidden = answerOf(part.dataset.ledBy) !== true;
  for (const list of form.querySelectorAll("[data-until-yes]"))
    list.hidden = answerOf(list.dataset.untilYes) === true;
  for (const part of form.querySelectorAll("[data-show-if]"))
    part.hidden = holds(JSON.parse(part.dataset.showIf)) !== true;
  for (const part of form.querySelectorAll("[data-with-yes]"))
    part.hidden = ![...part.closest("[data-question]").querySelectorAll("[value=yes]")].some((one) => one.checked);
  for (const question of form.querySelectorAll("[data-applies]"))
    question.hidden = holds(JSON.parse(question.dataset.applies)) === false;
}
form.addEventListener("change", refresh);
refresh();
