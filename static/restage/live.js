// A page that draws itself anew while something runs: it waits for whoever is busy with it, and
// leaves the focus and the sliders where they are.
(() => {
  // Not while somebody types, holds a mouse button down or looks elsewhere.
  window.restageIsIdle = () =>
    !document.hidden &&
    !document.querySelector("#content-main form :is(textarea, input):focus, #content-main :active");

  // What an element is called on both drawings; the address of a file is signed anew at times.
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

  // Not at htmx:afterSwap: that is told to what was replaced.
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
