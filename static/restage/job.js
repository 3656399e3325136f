// The before/after slider, and the button that copies the input. By delegation: htmx replaces the
// page's content while a job runs.
(() => {
  document.addEventListener("input", ({ target }) => {
    const figure = target.closest("[data-compare]");
    if (figure) figure.style.setProperty("--shown", `${target.value}%`);
  });
  document.addEventListener("click", async ({ target }) => {
    const button = target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
  });
})();
