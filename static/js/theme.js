// The theme button. The choice is a cookie, so that the server writes it into the next page: nothing flashes.

const THEMES = ["system", "light", "dark"];
const YEAR_S = 365 * 24 * 3600;

/** The theme after this one. */
export function next(theme) {
  return THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
}

function show(button, theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  button.querySelector("span").textContent = theme;
}

if (typeof document !== "undefined") {
  const button = document.querySelector("button.theme");
  button?.addEventListener("click", () => {
    const theme = next(document.documentElement.dataset.theme ?? "system");
    document.cookie = `mqlab_theme=${theme}; path=/; max-age=${YEAR_S}; samesite=lax`;
    show(button, theme);
  });
}
