// What the chosen model or profile costs, above the button that stages a photo again.
(() => {
  const show = (line) => {
    const { model, profile } = line.closest("form").elements;
    const lines = JSON.parse(line.dataset.outlays);
    line.textContent = lines[profile.value || model.value] ?? "";
  };
  const lineOf = (element) => element.closest("form")?.querySelector("[data-outlays]");

  document.addEventListener("change", ({ target }) => {
    const line = lineOf(target);
    if (line) show(line);
  });
  document.querySelectorAll("[data-outlays]").forEach(show);
})();
