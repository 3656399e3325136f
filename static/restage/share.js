// Lays the two pictures of a share over each other, with a slider; without this script one is shown
// above the other.
(() => {
  for (const box of document.querySelectorAll("[data-compare]")) {
    const slider = box.querySelector("input");
    const show = () => box.style.setProperty("--shown", slider.value);
    slider.hidden = false;
    slider.addEventListener("input", show);
    box.classList.add("is-laid-over");
    show();
  }
})();
