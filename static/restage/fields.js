// A mouse wheel over a number field scrolls the page and never changes the number.
document.addEventListener(
  "wheel",
  ({ target }) => {
    if (target instanceof HTMLInputElement && target.type === "number") target.blur();
  },
  { capture: true, passive: true },
);
