// The calendar without it is whole: this moves the now-line, opens at the first visit or the present hour, prints by a
// button, and keeps a second press of a booking button from being a second request.
const MINUTE = 60_000;

let opened = Date.now(); // when the page, or its board, was drawn

function moveNow() {
  document.querySelectorAll("[data-now]").forEach((line) => {
    const body = line.parentElement;
    const minutes = Number(line.dataset.now) + (Date.now() - opened) / MINUTE;
    line.style.translate = `0 ${(minutes / 15) * (body.clientHeight / Number(body.dataset.rows))}px`;
  });
}

// Now a third down the board, unless that would leave a visit above out of sight.
function openWhereItMatters() {
  const board = document.querySelector("[data-board]");
  if (!board) return;
  const now = board.querySelector("[data-now]");
  const visits = [...board.querySelectorAll(".cal-visit, .cal-around")].map((each) => each.offsetTop);
  const tops = now ? [...visits, now.offsetTop - board.clientHeight / 3] : visits;
  if (tops.length) board.scrollTop = Math.max(0, Math.min(...tops) - 16);
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });
  openWhereItMatters();
  moveNow();
  setInterval(moveNow, MINUTE);
});
document.addEventListener("calendar:redrawn", () => {
  opened = Date.now();
  moveNow();
});

window.addEventListener("beforeprint", () => {
  document.querySelectorAll(".cal-sheet").forEach((sheet) => (sheet.open = true));
});

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-once]");
  if (!form) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 5000);
});

// A page that comes back from the browser's memory may be sent again.
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-once]").forEach((form) => delete form.dataset.sent);
});
