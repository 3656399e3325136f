// Fields and forms of every page: a mouse wheel changes no number, an error goes when its field is
// changed, the first error is scrolled to, and a changed form asks before it is left.
(() => {
  document.addEventListener(
    "wheel",
    ({ target }) => {
      if (target instanceof HTMLInputElement && target.type === "number") target.blur();
    },
    { capture: true, passive: true },
  );

  // Errors as Django, Unfold and our own forms write them, beside the field or below it.
  const ERRORS = ".errorlist, .text-red-600, .restage-error, .rjf-error-text, .library-error";
  // What holds one field with its errors, the closest first.
  const ROWS = ".rjf-form-row, .library-field, .restage-field, .field-row, .group, .form-row, td, p, label";

  const mend = ({ target }) => {
    if (!(target instanceof HTMLElement) || !target.matches("input, select, textarea")) return;
    const row = target.closest(ROWS);
    // Several fields of one row keep what is said of the others.
    if (!row || row.querySelectorAll("input:not([type=hidden]), select, textarea").length > 1) return;
    for (const error of row.querySelectorAll(ERRORS)) error.hidden = true;
    target.removeAttribute("aria-invalid");
  };
  document.addEventListener("input", mend);
  document.addEventListener("change", mend);

  document.addEventListener("DOMContentLoaded", () => {
    const content = document.getElementById("content-main");
    if (!content) return;
    const first = content.querySelector("form[method=post] :is(.errorlist, .text-red-600, .restage-error)");
    if (first?.textContent.trim()) first.scrollIntoView({ block: "center" });

    // Not forms of buttons alone, of lists' actions, or that a script sends; the settings' form asks
    // by itself.
    const forms = [...content.querySelectorAll("form[method=post]")].filter(
      (form) =>
        !form.matches("#settings-form, #changelist-form, [data-rating], [hx-post]") &&
        form.querySelector("input:not([type=hidden]), select, textarea"),
    );
    // What the form would send; of a chosen file its name.
    const state = (form) =>
      [...new FormData(form)]
        .filter(([name]) => name !== "csrfmiddlewaretoken")
        .map(([name, value]) => `${name}=${value instanceof File ? value.name : value}`)
        .join("&");
    const touched = new Set();
    const opened = new Map();
    let isSaving = false;
    // Widgets fill in fields while the page loads: as it was before the first touch counts.
    const touch = ({ target }) => {
      const form = target.closest?.("form");
      if (forms.includes(form) && !opened.has(form)) opened.set(form, state(form));
    };
    for (const event of ["focusin", "pointerdown"]) content.addEventListener(event, touch);
    const note = ({ target, isTrusted }) => {
      const form = target.closest?.("form");
      if (isTrusted && forms.includes(form)) touched.add(form);
    };
    for (const event of ["input", "change"]) content.addEventListener(event, note);
    // A script that sends its form itself says with data-sent that it has arrived.
    content.addEventListener("submit", (event) => (isSaving = !event.defaultPrevented));
    window.addEventListener("pageshow", () => (isSaving = false));
    window.addEventListener("beforeunload", (event) => {
      const isChanged = [...touched].some(
        (form) => form.isConnected && !("sent" in form.dataset) && state(form) !== opened.get(form),
      );
      if (isChanged && !isSaving) event.preventDefault();
    });
  });
})();
