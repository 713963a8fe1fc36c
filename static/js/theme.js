// Light, dark or as the system says. Runs in the head, so that no page flashes in the other.
// The choice is a cookie: the server writes it into the page, which works without this script.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => document.cookie.match(/(?:^|; )cicatrix_theme=(light|dark)/)?.[1] ?? "auto";

  function show() {
    const theme = chosen() === "auto" ? (system.matches ? "dark" : "light") : chosen();
    root.dataset.bsTheme = theme;
    for (const input of document.querySelectorAll("[data-theme-choice]"))
      input.checked = input.value === chosen();
  }

  show();
  system.addEventListener("change", show);
  document.addEventListener("DOMContentLoaded", show);
  document.addEventListener("change", ({ target }) => {
    if (!target.matches?.("[data-theme-choice]")) return;
    const age = target.value === "auto" ? 0 : 365 * 24 * 60 * 60;
    document.cookie = `cicatrix_theme=${target.value}; path=/; max-age=${age}; samesite=lax`;
    show();
  });
})();
