// Counts the files chosen for a batch, and refuses too many or too large ones before they are sent.
(() => {
  const form = document.querySelector("[data-batch]");
  const input = form.querySelector("input[type=file]");
  const told = form.querySelector("[data-chosen]");
  const button = form.querySelector("[type=submit]");
  // Keeps Unfold from writing a file's name into the field beside its own widget, which is not here.
  input.hasChangeListener = true;
  const { mostPhotos, mostBytes } = form.dataset;

  const judge = () => {
    const files = [...input.files];
    const bytes = files.reduce((sum, file) => sum + file.size, 0);
    const size = `${(bytes / 2 ** 20).toFixed(1)} MB`;
    told.textContent = files.length ? `${files.length} chosen, ${size}.` : "";
    input.setCustomValidity(
      files.length > mostPhotos ? `These are ${files.length} files: choose at most ${mostPhotos}.`
        : bytes > mostBytes ? `These are ${size}: choose at most ${mostBytes / 2 ** 20} MB.` : ""
    );
  };
  input.addEventListener("change", judge);

  // The library that draws the search for a project gives it no accessible name.
  const nameSearches = () => {
    for (const drawn of form.querySelectorAll(".select2 [role=textbox]:not([aria-label])")) {
      const search = drawn.closest(".select2").previousElementSibling;
      drawn.setAttribute("aria-label", search.labels[0].textContent);
    }
  };
  new MutationObserver(nameSearches).observe(form, { childList: true, subtree: true });
  nameSearches();

  form.addEventListener("submit", () => {
    told.textContent = "Sending… Stay on this page until it changes.";
    button.disabled = true;
  });
  // A user who comes back to the page may send it again.
  window.addEventListener("pageshow", () => { button.disabled = false; });
})();
