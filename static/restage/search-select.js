// A search-select is named by its chosen value alone; here by its label too. It comes up some time
// after the page, so it is waited for.
(() => {
  const name = () => {
    for (const box of document.querySelectorAll(".select2-selection[role=combobox]")) {
      const select = box.closest(".select2")?.previousElementSibling;
      const label = select?.labels?.[0];
      if (!label || box.getAttribute("aria-labelledby")?.startsWith(label.id || " ")) continue;
      label.id ||= `${select.id || select.name}-label`;
      const value = box.querySelector(".select2-selection__rendered");
      // It calls the value a text box of its own, and gives that no name.
      for (const attribute of ["role", "aria-readonly"]) value?.removeAttribute(attribute);
      box.setAttribute("aria-labelledby", [label.id, value?.id].filter(Boolean).join(" "));
    }
  };
  new MutationObserver(name).observe(document, { childList: true, subtree: true });
})();
