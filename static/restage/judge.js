// Judging: a verdict is sent without loading the page, and in the queue the next picture comes up.
(() => {
  const queue = () => document.getElementById("restage-queue");
  const cards = () => [...(queue()?.querySelectorAll("[data-picture]") ?? [])];
  const current = () => cards().find((card) => !card.hidden);

  const tell = (form, text) => {
    const status = form.querySelector("[role=status]");
    status.textContent = text;
    status.className = "restage-alert";
  };

  // Replaces the form with its current state, saved or judged by another user meanwhile; says whether
  // it was saved.
  const send = async (form, button) => {
    const body = new FormData(form, button);
    form.inert = true;
    try {
      const headers = { "X-Restage": "fragment" };
      const answer = await fetch(form.action, { method: "POST", body, headers });
      if (!answer.ok && answer.status !== 409) throw new Error(String(answer.status));
      const note = form.elements.note.value;
      const parent = form.parentElement;
      const place = [...parent.querySelectorAll("[data-rating]")].indexOf(form);
      form.outerHTML = await answer.text();
      const drawn = parent.querySelectorAll("[data-rating]")[place];
      if (!answer.ok && note) drawn.elements.note.value = note;
      return answer.ok;
    } catch (error) {
      form.inert = false;
      const gone = error.message === "404";
      tell(form, gone ? "This picture was deleted." : "Not saved: try again, or load the page.");
      return false;
    }
  };

  const show = (card) => {
    for (const drawn of cards()) drawn.hidden = drawn !== card;
    document.getElementById("restage-all-judged").hidden = Boolean(card);
  };

  let asking = null;
  const askForMore = async () => {
    const last = cards().at(-1);
    if (!last) return;
    const answer = await fetch(`${queue().dataset.more}?after=${last.dataset.picture}`);
    if (!answer.ok) return;
    const drawn = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const card of drawn.querySelectorAll("[data-picture]")) {
      card.hidden = true;
      if (!cards().some((known) => known.dataset.picture === card.dataset.picture)) queue().append(card);
    }
  };

  const walk = async (steps) => {
    const all = cards();
    const place = current() ? all.indexOf(current()) : all.length;
    if (steps > 0 && place >= all.length - 1) await (asking ??= askForMore());
    const next = cards()[Math.max(0, place + steps)];
    show(next);
    if (!next) return;
    // Fetch the picture after this one while the user looks at this one.
    if (cards().at(-1) === next) asking = askForMore();
    else asking = null;
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-rating]")) return;
    event.preventDefault();
    const button = event.submitter;
    const isQueue = queue()?.contains(form);
    const saved = await send(form, button);
    if (saved && isQueue && button?.name === "verdict") await walk(1);
  });

  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-walk]");
    if (button) walk(button.dataset.walk === "on" ? 1 : -1);
  });

  const press = (selector) => current()?.querySelector(selector)?.click();
  const slide = (by) => {
    const slider = current()?.querySelector("input[type=range]");
    if (!slider) return;
    slider.value = Number(slider.value) + by;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const keys = {
    a: () => press("[value=accepted]"),
    r: () => press("[value=rejected]"),
    u: () => press("[name=clear]"),
    n: () => current()?.querySelector("textarea").focus(),
    ArrowRight: () => walk(1),
    ArrowLeft: () => walk(-1),
    "[": () => slide(-10),
    "]": () => slide(10),
  };
  for (const star of "12345") keys[star] = () => press(`[name=stars][value="${star}"]`);

  document.addEventListener("keydown", (event) => {
    if (!queue() || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const { target, key } = event;
    if (target.matches("textarea, select, input:not([type=range])")) {
      if (key === "Escape") target.blur();
      return;
    }
    if (target.matches("input") && key.startsWith("Arrow")) return;
    const act = keys[key.length === 1 ? key.toLowerCase() : key];
    if (!act) return;
    event.preventDefault();
    act();
  });
})();
