// The before/after slider, the button that copies the input, and a list that stays live. By
// delegation: htmx replaces what is on the page while a job runs.
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

  const rowsOf = (root) =>
    new Map([...root.querySelectorAll("#result_list tr.data-row")].map((row) => [
      row.querySelector("input.action-select")?.value ?? row.querySelector("a")?.pathname, row,
    ]));
  // Without signatures: the address of the same file may be signed anew.
  const shownOf = (cell) => cell.innerHTML.replace(/\?[^"]*/g, "");

  // Cell by cell, so that scroll, selection and focus stay where they are.
  const renewRows = (html) => {
    const fresh = rowsOf(new DOMParser().parseFromString(html, "text/html"));
    const shown = rowsOf(document);
    for (const [key, row] of shown) {
      const cells = fresh.get(key)?.cells ?? [];
      [...cells].forEach((cell, place) => {
        const old = row.cells[place];
        if (old.classList.contains("action-checkbox") || shownOf(old) === shownOf(cell)) return;
        old.innerHTML = cell.innerHTML;
      });
    }
    const isNews = [...fresh.keys()].some((key) => !shown.has(key));
    document.getElementById("restage-news")?.toggleAttribute("hidden", !isNews);
  };

  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.target.matches("[data-live-list]")) renewRows(detail.serverResponse);
  });
})();
