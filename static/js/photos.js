// Photos one by one with their progress, each of its own view; and the camera with the last photo
// of that view as a guide. Without this script the form sends all its files at once.
const form = document.querySelector("[data-photos]");
const queue = form.querySelector("[data-queue]");
const said = form.querySelector("[data-said]");
const waiting = new Map(); // row -> file
let taken = 0;

const make = (tag, props = {}, ...inside) => {
  const made = Object.assign(document.createElement(tag), props);
  made.append(...inside);
  return made;
};

function copyOf(name, label, value) {
  const select = form.elements[name].cloneNode(true);
  select.removeAttribute("id");
  select.name = "";
  select.value = value;
  select.classList.add("form-select-sm");
  select.classList.remove("is-invalid");
  select.setAttribute("aria-label", label);
  return select;
}

function line(file, view = form.elements.view.value) {
  const row = make("li");
  const views = copyOf("view", `View of ${file.name}`, view);
  const regions = copyOf("region", `Region of ${file.name}`, form.elements.region.value);
  const bar = make("progress", { max: 100, value: 0 });
  bar.setAttribute("aria-label", `Progress of ${file.name}`);
  const away = make("button", { type: "button", className: "btn btn-link btn-sm", textContent: "Leave out" });
  away.setAttribute("aria-label", `Leave out ${file.name}`);
  away.addEventListener("click", () => drop(row));
  const fit = () => (regions.hidden = views.value !== "close_up");
  views.addEventListener("change", fit);
  fit();
  row.append(make("span", { className: "ph-name", textContent: file.name }), views, regions, bar, away);
  row.parts = { views, regions, bar, away, name: file.name };
  waiting.set(row, file);
  queue.append(row);
  queue.hidden = false;
  return row;
}

function drop(row) {
  waiting.delete(row);
  row.remove();
  queue.hidden = queue.childElementCount === 0;
  showTaken();
}

function refuse(row, reasons) {
  row.querySelector(".cx-refusal")?.remove();
  row.parts.bar.value = 0;
  row.append(make("p", { className: "cx-refusal", textContent: reasons.join(" ") }));
}

function send(row, file) {
  const { views, regions, bar } = row.parts;
  const body = new FormData();
  body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  body.set("view", views.value);
  body.set("region", views.value === "close_up" ? regions.value : "");
  body.set("taken_on", form.elements.taken_on.value);
  body.set("file", file, file.name);
  return new Promise((done) => {
    const ask = new XMLHttpRequest();
    ask.open("POST", form.action);
    ask.setRequestHeader("X-Requested-With", "fetch");
    ask.responseType = "json";
    ask.upload.addEventListener("progress", (event) => (bar.value = (90 * event.loaded) / event.total));
    ask.addEventListener("load", () => done(ask));
    ask.addEventListener("error", () => done(null));
    ask.send(body);
  });
}

function words(answer) {
  if (answer === null) return ["The clinic's server does not answer. Try again in a moment."];
  if (answer.status === 401) return ["Unlock the page, then add it again."];
  return answer.response?.refused ?? [`The clinic's server refused this (${answer.status}).`];
}

async function sendAll() {
  let refused = 0;
  for (const [row, file] of [...waiting]) {
    const answer = await send(row, file);
    if (answer?.status === 200) {
      taken += 1;
      row.parts.bar.value = 100;
      row.parts.away.replaceWith(make("span", { className: "ph-done", textContent: "Added" }));
      row.querySelector(".cx-refusal")?.remove();
      waiting.delete(row);
    } else {
      refused += 1;
      refuse(row, words(answer));
    }
    said.textContent = `${taken} added${refused ? `, ${refused} not added` : ""}.`;
  }
  const top = document.querySelector("[data-not-added]");
  top.hidden = !refused;
  top.textContent = `${refused} not added: each says why in the list under Add photos.`;
  showTaken();
}

// Once nothing waits any more, the page is drawn anew with what was added.
function showTaken() {
  if (taken && !waiting.size) location.reload();
}

form.addEventListener("change", ({ target }) => {
  if (target.type !== "file") return;
  for (const file of target.files) line(file);
  target.value = "";
});
form.addEventListener("submit", (event) => {
  if (!waiting.size) return; // the form says itself that a photo is missing
  event.preventDefault();
  sendAll();
});

// ---- the camera
const camera = document.querySelector("[data-camera]");
const part = (name) => camera.querySelector(`[data-${name}]`);
const [video, still, ghost] = ["video", "still", "ghost-image"].map(part);
let stream = null;
let facing = "environment";
let view = "";

async function open(button) {
  view = button.dataset.take;
  part("camera-view").textContent = button.dataset.words;
  ghost.hidden = part("ghost-tool").hidden = !button.dataset.ghost;
  if (button.dataset.ghost) ghost.src = button.dataset.ghost;
  camera.showModal();
  look();
  await start();
}

async function start() {
  stop();
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: facing, width: { ideal: 2560 }, height: { ideal: 1920 } }, audio: false });
    video.srcObject = stream;
    part("camera-refusal").hidden = true;
    part("shoot").disabled = false;
  } catch {
    part("camera-refusal").textContent = "The camera cannot be used. Allow it in the browser, or choose a file below.";
    part("camera-refusal").hidden = false;
    part("shoot").disabled = true;
  }
}

function stop() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
}

function look() {
  still.hidden = part("use").hidden = part("again").hidden = true;
  video.hidden = part("shoot").hidden = part("turn").hidden = false;
}

function shoot() {
  still.width = video.videoWidth;
  still.height = video.videoHeight;
  still.getContext("2d").drawImage(video, 0, 0);
  still.hidden = part("use").hidden = part("again").hidden = false;
  video.hidden = part("shoot").hidden = part("turn").hidden = true;
  part("use").focus();
}

function use() {
  const name = `${view}.jpg`;
  still.toBlob((blob) => {
    line(new File([blob], name, { type: "image/jpeg" }), view);
    camera.close();
    sendAll();
  }, "image/jpeg", 0.95);
}

if (navigator.mediaDevices?.getUserMedia)
  for (const button of document.querySelectorAll("[data-take]")) {
    button.hidden = false;
    button.addEventListener("click", () => open(button));
  }
part("shoot").addEventListener("click", shoot);
part("again").addEventListener("click", look);
part("use").addEventListener("click", use);
part("turn").addEventListener("click", () => {
  facing = facing === "environment" ? "user" : "environment";
  start();
});
part("close").addEventListener("click", () => camera.close());
part("ghost-strength").addEventListener("input", ({ target }) => ghost.style.setProperty("--ph-ghost", target.value / 100));
camera.addEventListener("close", stop);
