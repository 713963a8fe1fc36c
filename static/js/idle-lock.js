// After some idle minutes the page is covered and asks for the password again, without leaving
// it: what was typed stays. The server keeps its own time and answers 401 once it has locked.
(() => {
  const person = document.body?.dataset.person;
  const dialog = document.querySelector("[data-lock]");
  if (!person || !dialog) return;

  const form = dialog.querySelector("form");
  const refusal = dialog.querySelector("[data-lock-refusal]");
  const password = form.elements.password;
  const minutes = Number(document.body.dataset.idleMinutes);
  const LAST = "cicatrix-last-active"; // shared by all tabs of this browser
  const tabs = new BroadcastChannel("cicatrix-lock");
  const PING_EVERY = 60_000;
  let told = Date.now(); // when the server last heard that somebody is here

  const token = () => form.elements.csrfmiddlewaretoken.value;
  const post = (url, data = {}) =>
    fetch(url, {
      method: "POST",
      body: new URLSearchParams({ ...data, csrfmiddlewaretoken: token() }),
      headers: { "X-Requested-With": "fetch" },
    });

  function cover() {
    if (dialog.open) return;
    document.documentElement.classList.add("cx-locked");
    refusal.hidden = true;
    dialog.showModal();
    password.focus();
  }

  function uncover(fresh) {
    renew(fresh);
    touch();
    told = Date.now();
    password.value = "";
    document.documentElement.classList.remove("cx-locked");
    dialog.close();
  }

  function lock() {
    cover();
    tabs.postMessage({ locked: true });
    post(form.dataset.lockUrl).catch(() => {});
  }

  function touch() {
    localStorage.setItem(LAST, String(Date.now()));
  }

  function someoneIsHere() {
    if (dialog.open) return;
    touch();
    if (Date.now() - told < PING_EVERY) return;
    told = Date.now();
    post(form.dataset.awakeUrl).then(({ status }) => status === 401 && cover(), () => {});
  }

  function isIdle() {
    return Date.now() - Number(localStorage.getItem(LAST)) > minutes * 60_000;
  }

  async function unlock(event) {
    event.preventDefault();
    const answer = await post(form.action, { password: password.value, email: form.elements.email.value }).catch(() => null);
    if (answer?.ok) {
      const { token: fresh } = await answer.json();
      tabs.postMessage({ fresh });
      uncover(fresh);
      return;
    }
    refusal.textContent = answer ? (await answer.json()).refusal : "The clinic's server does not answer. Try again in a moment.";
    refusal.hidden = false;
    password.select();
  }

  // A new session has a new token; the forms that were open go on with it.
  function renew(fresh) {
    for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = fresh;
    document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": fresh }));
  }

  touch();
  for (const sign of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"])
    document.addEventListener(sign, someoneIsHere, { passive: true, capture: true });
  setInterval(() => isIdle() && !dialog.open && lock(), Math.min(5_000, minutes * 6_000));
  document.addEventListener("visibilitychange", () => !document.hidden && isIdle() && lock());
  document.addEventListener("cicatrix:locked", cover);
  document.addEventListener("htmx:beforeOnLoad", ({ detail }) => detail.xhr.status === 401 && cover());
  tabs.addEventListener("message", ({ data }) => {
    if (data.locked) cover();
    else if (dialog.open) uncover(data.fresh);
    else renew(data.fresh);
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-lock-now]")) return;
    event.preventDefault();
    lock();
  });
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  form.addEventListener("submit", unlock);
})();
