// Everything logged goes through this queue: kept in the browser until the server has said that it
// is saved, sent one by one, and sent again after a dead network, a closed tab or an expired login.
// Each request has a key, under which the server does it once. The forms work without this script.
(() => {
  const page = document.querySelector("[data-logging]");
  if (!page) return;
  const store = `cicatrix-unsaved:${document.body.dataset.person}:${page.dataset.logging}`;
  const box = document.getElementById("unsaved");
  const form = document.getElementById("log-form");
  const PATIENCE = 20_000; // for one answer
  const SOON = 800; // an entry that is saved sooner is not spoken of
  const PAUSES = [1_000, 2_000, 4_000, 8_000, 15_000];
  let waiting = JSON.parse(localStorage.getItem(store) ?? "[]");
  let [sending, failures, trouble, timer] = [false, 0, "", null];

  const make = (tag, props = {}, ...inside) => {
    const made = Object.assign(document.createElement(tag), props);
    made.append(...inside);
    return made;
  };
  const words = (control) => {
    const copy = control?.cloneNode(true);
    copy?.querySelectorAll("kbd, svg, i").forEach((part) => part.remove());
    return copy?.textContent.replace(/\s+/g, " ").trim() ?? "";
  };

  // ---- what waits
  function keep() {
    if (waiting.length) localStorage.setItem(store, JSON.stringify(waiting));
    else localStorage.removeItem(store);
  }

  function add(item) {
    item.key = newKey();
    if (item.replaces) waiting = waiting.filter((one, at) => one.replaces !== item.replaces || (at === 0 && sending));
    waiting.push(item);
    keep();
    show();
    send();
  }

  // crypto.randomUUID is missing where a clinic's network has no TLS yet.
  function newKey() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  // ---- what a form asks for
  function itemOf(sent, submitter) {
    const data = [...new FormData(sent)].filter(([name]) => name !== "csrfmiddlewaretoken");
    if (submitter?.name) data.push([submitter.name, submitter.value]);
    if (sent.id === "log-form") return entryOf(data, submitter);
    if (sent.id === "bedside") return { url: sent.action, data, replaces: "bedside", words: "At the bedside" };
    const made = sent.dataset.makes === undefined ? null : { place: otherSide(sent.dataset.makes), asks: sent.dataset.asks ?? "" };
    return { url: sent.action, data, words: sent.dataset.words || words(submitter ?? sent.querySelector("button")), made };
  }

  // A figure given by a button is the number: what stands in the box beside it is not sent.
  function entryOf(data, submitter) {
    const band = submitter?.name === "count_band";
    if (band) data = data.filter(([name, value]) => name !== "count" && (name !== "count_band" || value === submitter.value));
    const kind = form.querySelector("[name=kind]:checked");
    const place = form.elements.place;
    const many = band ? words(submitter) : form.elements.count.value;
    const said = [words(kind?.labels[0]), place.value && place.selectedOptions[0].textContent, many].filter(Boolean);
    return {
      url: form.action,
      data,
      words: said.join(", "),
      made: { place: place.value, asks: kind?.dataset.asks ?? "" },
      filled: true,
    };
  }

  const otherSide = (place) => place.replace(/\.([LR])$/, (_, side) => (side === "L" ? ".R" : ".L"));

  document.addEventListener("submit", (event) => {
    const sent = event.target.closest?.("[data-queued]");
    if (!sent || event.defaultPrevented) return;
    event.preventDefault();
    const item = itemOf(sent, event.submitter);
    if (sent.id === "log-form" && !complete(item)) return ask(item);
    if (item.made) document.querySelector("#logged .lg-last")?.remove();
    add(item);
    if (item.filled) clearForm();
  });
  document.addEventListener("change", ({ target }) => {
    const bedside = target.closest?.("#bedside");
    if (bedside) add(itemOf(bedside, null));
  });

  // What the server would refuse anyway is told at once, beside the buttons.
  function complete(item) {
    const has = (name) => item.data.some(([key, value]) => key === name && value);
    return has("place") && has("kind");
  }
  function ask(item) {
    const has = (name) => item.data.some(([key, value]) => key === name && value);
    tell([!has("place") && "Say where: choose a region on the face or in the list.", !has("kind") && "Choose a type."].filter(Boolean));
  }
  function tell(lines) {
    form.querySelector("[data-missing]").replaceChildren(...lines.map((line) => make("p", { className: "cx-refusal", textContent: line })));
  }

  // After an entry the place stays, the rest is empty for the next one.
  function clearForm() {
    const place = form.elements.place.value;
    form.reset();
    form.elements.place.value = place;
    tell([]);
    form.dispatchEvent(new CustomEvent("emptied", { bubbles: true }));
  }

  // A refused entry is put back into the form, unless the next one has been begun there.
  function putBack(item) {
    if (!item.filled || form.querySelector("[name=kind]:checked")) return;
    for (const [name, value] of item.data) {
      for (const field of form.querySelectorAll(`[name="${name}"]`)) {
        if (field.type === "radio" || field.type === "checkbox") field.checked = field.value === value;
        else if (field.type !== "submit") field.value = value;
      }
    }
    form.dispatchEvent(new CustomEvent("emptied", { bubbles: true }));
  }

  // ---- sending
  async function send() {
    if (sending || !waiting.length) return;
    sending = true;
    clearTimeout(timer);
    const item = waiting[0];
    const answer = await post(item);
    sending = false;
    if (answer?.ok) return saved(item, answer);
    if ([400, 404, 405, 410].includes(answer?.status)) return refused(item, answer);
    again(answer);
  }

  async function post(item) {
    const body = new URLSearchParams([...item.data, ["key", item.key], ["csrfmiddlewaretoken", token()]]);
    const patience = new AbortController();
    const bell = setTimeout(() => patience.abort(), PATIENCE);
    try {
      const answer = await fetch(item.url, { method: "POST", body, headers: { "HX-Request": "true", "X-Requested-With": "fetch" }, redirect: "manual", signal: patience.signal });
      return { ok: answer.ok, status: answer.status, html: answer.ok ? await answer.text() : "" };
    } catch {
      return null;
    } finally {
      clearTimeout(bell);
    }
  }
  const token = () => form.elements.csrfmiddlewaretoken.value;

  function done() {
    waiting = waiting.slice(1);
    [failures, trouble] = [0, ""];
    keep();
  }

  function saved(item, { html }) {
    done();
    const answer = new DOMParser().parseFromString(html, "text/html");
    if (item.replaces === "bedside") drawBedside(answer);
    else drawLogged(answer, item);
    show();
    if (!waiting.length) document.body.dispatchEvent(new CustomEvent("logged", { bubbles: true }));
    send();
  }

  function refused(item, { status }) {
    done();
    const why = status === 404 ? "this assessment is not open any more" : `the clinic's server refused it (${status})`;
    const line = make("p", { className: "alert alert-danger", textContent: `Not saved: ${item.words}, because ${why}.` });
    document.querySelector("#logged > [aria-live]")?.prepend(line);
    show();
    send();
  }

  function again(answer) {
    const pause = PAUSES[Math.min(failures, PAUSES.length - 1)];
    failures += 1;
    if (answer?.status === 401) {
      trouble = "Unlock the page, and they are sent.";
      if (failures === 1) document.dispatchEvent(new CustomEvent("cicatrix:locked"));
    } else if (answer?.status === 403) trouble = "Reload the page: they are kept, and sent then.";
    else if (!answer?.status) trouble = "The clinic’s server does not answer. Trying again.";
    else trouble = `The clinic’s server refuses at present (${answer.status}). Trying again.`;
    show();
    timer = setTimeout(send, pause);
  }
  addEventListener("online", () => {
    failures = 0;
    send();
  });

  // ---- drawing what the server answered
  function swap(old, fresh) {
    const open = [...old.querySelectorAll("details")].map((part) => part.open);
    old.replaceWith(fresh);
    fresh.querySelectorAll("details").forEach((part, at) => (part.open = open[at] ?? false));
  }

  function drawLogged(answer, item) {
    const fresh = answer.getElementById("logged");
    if (!fresh) return;
    const old = document.getElementById("logged");
    const focused = old.contains(document.activeElement) && document.activeElement.dataset.key;
    if (waiting.some((one) => one.made)) fresh.querySelector(".lg-last")?.remove();
    swap(old, fresh);
    if (focused) fresh.querySelector(`[data-key="${focused}"]`)?.focus();
    if (fresh.querySelector("[data-refused]")) putBack(item);
  }

  // The form stays as it stands, with what is typed there meanwhile, unless it was refused.
  function drawBedside(answer) {
    for (const id of ["grades", "grade-strip"]) {
      const part = answer.getElementById(id);
      part?.removeAttribute("hx-swap-oob");
      if (part) swap(document.getElementById(id), part);
    }
    const fresh = answer.getElementById("bedside");
    const mine = document.getElementById("bedside");
    if (!fresh || !mine) return;
    if (fresh.querySelector(".cx-refusal, .alert")) return mine.replaceWith(fresh);
    mine.querySelectorAll(".cx-refusal, .alert").forEach((part) => part.remove());
    mine.elements.revision.value = fresh.elements.revision.value;
    for (const one of waiting.filter((item) => item.replaces === "bedside"))
      one.data = one.data.map(([name, value]) => [name, name === "revision" ? fresh.elements.revision.value : value]);
    keep();
  }

  // ---- saying what waits
  function show() {
    clearTimeout(show.timer);
    page.dataset.waiting = waiting.length;
    const last = waiting.findLast((item) => item.made);
    box.replaceChildren(...(last ? [entry(last)] : []));
    if (!waiting.length) return;
    document.querySelector("#logged [data-key=Z]")?.removeAttribute("disabled");
    if (failures) return box.prepend(state());
    show.timer = setTimeout(() => waiting.length && box.prepend(state()), SOON);
  }

  function state() {
    box.querySelector(".lg-unsaved")?.remove();
    const many = waiting.length === 1 ? "1 entry is not saved yet." : `${waiting.length} entries are not saved yet.`;
    const list = make("ul", {}, ...waiting.map((item) => make("li", { textContent: item.words })));
    const lines = [make("strong", { textContent: many }), ` ${trouble || "Saving."}`];
    return make("div", { className: "alert alert-warning lg-unsaved" }, make("p", { role: "status" }, ...lines), list);
  }

  // The last entry as the server will show it, with the keys that belong to it.
  function entry(item) {
    const buttons = make("div", { className: "lg-buttons" });
    for (const one of page.querySelectorAll("template[data-quick]")) {
      const wanted = one.dataset.quick;
      if (wanted === "mirror" ? !/\.[LR]$/.test(item.made.place) : !item.made.asks.split(" ").includes(wanted)) continue;
      for (const button of one.content.cloneNode(true).querySelectorAll("button")) {
        const set = waiting.some((later) => later.of === item.key && later.label === words(button));
        button.classList.toggle("active", set);
        button.addEventListener("click", () => addTo(item, button));
        buttons.append(button);
      }
    }
    const text = make("p", {}, make("strong", { textContent: item.words }));
    const made = make("section", { className: "lg-last is-waiting" }, text, buttons);
    made.setAttribute("aria-label", "Entry being saved");
    return made;
  }

  function addTo(item, button) {
    const { deed, name, value } = button.dataset;
    const made = deed === "mirror" ? { place: otherSide(item.made.place), asks: item.made.asks } : null;
    const data = [["of", item.key], ["deed", deed], ["name", name ?? ""], ["value", value ?? ""]];
    const label = words(button);
    add({ url: page.dataset.entryUrl, data, of: item.key, words: `${item.words}: ${label}`, label, made });
  }

  // ---- a draft with entries on their way is not signed without them
  document.addEventListener("submit", (event) => {
    if (!event.target.matches?.("[data-needs-all-saved]") || !waiting.length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    box.querySelector(".lg-unsaved") ?? box.prepend(state());
    box.scrollIntoView({ block: "center" });
  }, true);

  show();
  send();
})();
