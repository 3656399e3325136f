// Ticks what clients may change by its buttons, and counts the ticks. Gives the fields that django-jsonform draws their accessible names and descriptions, scrolls to
// the first field with an error, and asks before a changed page is left. The widget draws with React
// after each change, so an observer repeats the naming.
(() => {
  const form = document.getElementById("settings-form");
  if (!form) return;

  const name = (row) => {
    const field = row.querySelector("input, select, textarea");
    if (!field) return;
    const label = row.querySelector("label");
    const [parameter, ...place] = field.name.replace(/^rjf§/, "").split("§");
    field.id ||= ["parameter", parameter, ...place].join("-");
    if (!label) field.ariaLabel = `${parameter}, entry ${place.map((step) => Number(step) + 1).join(".")}`;
    else if (!label.contains(field)) label.htmlFor = field.id;
    // Its key, as the API and the schema have it, on hover.
    if (label && !place.length) label.title = parameter;
    const notes = [...row.querySelectorAll(".rjf-help-text, .rjf-error-text")];
    notes.forEach((note, place) => (note.id ||= `${field.id}-note-${place}`));
    if (notes.length) field.setAttribute("aria-describedby", notes.map((note) => note.id).join(" "));
    if (row.querySelector(".rjf-error-text")) field.setAttribute("aria-invalid", "true");
  };
  const nameAll = () => form.querySelectorAll(".rjf-form-row").forEach(name);

  new MutationObserver(nameAll).observe(form, { childList: true, subtree: true });
  nameAll();

  const ticks = [...form.querySelectorAll("input[name=overridable]")];
  const count = () => {
    const shown = form.querySelector("[data-ticked]");
    if (shown) shown.textContent = ticks.filter((tick) => tick.checked).length;
  };
  const chosen = { all: () => true, none: () => false, default: (tick) => "byDefault" in tick.dataset };
  form.querySelectorAll("[data-tick]").forEach((button) =>
    button.addEventListener("click", () => {
      ticks.forEach((tick) => (tick.checked = chosen[button.dataset.tick](tick)));
      count();
    }),
  );
  ticks.forEach((tick) => tick.addEventListener("change", count));

  const document_ = form.querySelector("textarea[name=values]");
  // Everything that saving would send on: the document, and the ticks.
  const state = () => document_.value + ticks.map((tick) => Number(tick.checked)).join("");
  let opened = null;
  let isSaving = false;
  window.addEventListener("load", () => {
    opened = state();
    const error = form.querySelector(".rjf-error-text");
    if (error) error.scrollIntoView({ block: "center" });
  });
  form.addEventListener("submit", () => (isSaving = true));
  window.addEventListener("beforeunload", (event) => {
    if (!isSaving && opened !== null && state() !== opened) event.preventDefault();
  });
})();
