// Adds and removes rows of a price; without scripts, one empty row is there, and a row without
// dollars is left out.
(() => {
  document.querySelectorAll("[data-price]").forEach((form) => {
    const rows = () => [...form.querySelectorAll("[data-row]")];
    const add = form.querySelector("[data-add-row]");
    const number = (row) => row.querySelector("input").name.split("-")[1];
    let next = Math.max(...rows().map((row) => Number(number(row)))) + 1;

    // What is wrong may be far below the top of the page.
    form.querySelector("[aria-invalid]")?.focus();
    add.hidden = false;
    form.querySelectorAll("[data-remove-row]").forEach((button) => (button.hidden = false));
    add.addEventListener("click", () => {
      const row = rows().at(-1).cloneNode(true);
      row.querySelectorAll("[name]").forEach((field) => {
        field.name = `${field.name.split("-")[0]}-${next}`;
        field.removeAttribute("aria-invalid");
        field.removeAttribute("aria-describedby");
        if (field.tagName === "SELECT") field.selectedIndex = field.name.startsWith("unit") ? 1 : 0;
        else field.value = "";
      });
      row.querySelectorAll(".restage-error").forEach((error) => error.remove());
      row.querySelector("legend").textContent = `Price ${rows().length + 1}`;
      next += 1;
      rows().at(-1).after(row);
      row.querySelector("input").focus();
    });
    form.addEventListener("click", (event) => {
      const button = event.target.closest("[data-remove-row]");
      if (!button) return;
      const row = button.closest("[data-row]");
      if (rows().length > 1) row.remove();
      else row.querySelector("input").value = "";
      add.focus();
    });
  });
})();
