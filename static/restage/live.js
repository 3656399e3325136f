// A page that draws itself anew while something runs: it waits while its user is busy, and leaves
// the focus and the sliders where they are.
(() => {
  // Idle: the page is visible, and its user neither types nor holds a mouse button down.
  window.restageIsIdle = () =>
    !document.hidden &&
    !document.querySelector("#content-main form :is(textarea, input):focus, #content-main :active");

  // Keeps Unfold from writing a file's name into the text field of its own widget, which is not here.
  // An observer from before Unfold's, so that it is the first to see what is drawn anew.
  const keepFromUnfold = () => {
    for (const input of document.querySelectorAll(".restage-replace input")) input.hasChangeListener = true;
  };
  new MutationObserver(keepFromUnfold).observe(document.body, { childList: true, subtree: true });
  keepFromUnfold();

  // A name for an element that is the same in both drawings: without signatures, which change.
  const nameOf = (element) => {
    const address = element.getAttribute("href") ?? element.getAttribute("formaction");
    const name = address?.replace(/\?signature=.*/, "") ?? element.getAttribute("aria-label");
    return `${element.tagName} ${element.id || (name ?? element.textContent)}`;
  };
  const alikeIn = (root, name) =>
    [...root.querySelectorAll("a, button, input, select, summary, [tabindex]")].filter(
      (element) => nameOf(element) === name
    );

  let focused = null;
  let sliders = new Map();
  document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
    const element = document.activeElement;
    const name = target.contains(element) && nameOf(element);
    focused = name ? { name, place: alikeIn(target, name).indexOf(element) } : null;
    sliders = new Map(
      [...target.querySelectorAll("[data-compare]")].map((figure) => [
        figure.dataset.compare, figure.querySelector("input").value,
      ])
    );
  });

  // Not at htmx:afterSwap, which is sent to the replaced element.
  document.addEventListener("htmx:load", ({ target }) => {
    for (const figure of target.querySelectorAll("[data-compare]")) {
      const shown = sliders.get(figure.dataset.compare);
      if (shown === undefined) continue;
      figure.querySelector("input").value = shown;
      figure.style.setProperty("--shown", `${shown}%`);
    }
    if (!focused || document.activeElement !== document.body) return;
    alikeIn(target, focused.name)[focused.place]?.focus({ preventScroll: true });
    focused = null;
  });
})();
