// Says what was chosen for a batch, and refuses what is too much before it is sent.
(() => {
  const form = document.querySelector("[data-batch]");
  const input = form.querySelector("input[type=file]");
  const told = form.querySelector("[data-chosen]");
  const button = form.querySelector("[type=submit]");
  // Unfold writes the name of a single file into a field that stands beside its own widget.
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

  // The search for a project is drawn by a library that gives it no name.
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
  // Somebody who comes back finds the page as it was left.
  window.addEventListener("pageshow", () => { button.disabled = false; });
})();
