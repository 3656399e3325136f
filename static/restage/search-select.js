// Names each search-select by its label, too, instead of its chosen value alone. The library draws
// it some time after the page, so an observer waits for it.
(() => {
  const name = () => {
    for (const box of document.querySelectorAll(".select2-selection[role=combobox]")) {
      const select = box.closest(".select2")?.previousElementSibling;
      const label = select?.labels?.[0];
      if (!label || box.getAttribute("aria-labelledby")?.startsWith(label.id || " ")) continue;
      label.id ||= `${select.id || select.name}-label`;
      const value = box.querySelector(".select2-selection__rendered");
      // The library makes the value a text box, without a name.
      for (const attribute of ["role", "aria-readonly"]) value?.removeAttribute(attribute);
      box.setAttribute("aria-labelledby", [label.id, value?.id].filter(Boolean).join(" "));
    }
  };
  new MutationObserver(name).observe(document, { childList: true, subtree: true });
})();
