// The search of the whole admin: Ctrl+K or ⌘K opens it on every page, and arrows and Enter choose.
document.addEventListener("DOMContentLoaded", () => {
  const dialog = document.getElementById("restage-search");
  if (!dialog) return;
  const field = dialog.querySelector("input");
  const list = dialog.querySelector("ul");
  const told = dialog.querySelector("[role=status]");
  const WAIT_MS = 200;
  let chosen = -1;
  let timer = 0;
  let asking = 0;
  // The answer to what was asked last, which Enter waits for.
  let answered = Promise.resolve();

  const open = () => {
    if (dialog.open) return;
    dialog.showModal();
    field.select();
  };

  const choose = (index) => {
    const items = [...list.children];
    chosen = items.length ? (index + items.length) % items.length : -1;
    items.forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
    field.setAttribute("aria-expanded", String(items.length > 0));
    if (chosen < 0) field.removeAttribute("aria-activedescendant");
    else {
      field.setAttribute("aria-activedescendant", items[chosen].id);
      items[chosen].scrollIntoView({ block: "nearest" });
    }
  };

  const show = (items, words) => {
    list.innerHTML = items;
    told.textContent = words;
    choose(0);
  };

  const go = (item, { ctrlKey, metaKey }) => {
    if (!item) return;
    if (ctrlKey || metaKey) window.open(item.dataset.address, "_blank", "noopener");
    else location.assign(item.dataset.address);
  };

  const ask = async () => {
    const turn = (asking += 1);
    const asked = field.value.trim();
    if (!asked) return show("", "");
    const address = `${dialog.dataset.address}?${new URLSearchParams({ s: asked })}`;
    let answer;
    try {
      answer = await window.restageSession.send(address, { headers: { "X-Restage": "search" } });
    } catch {
      // The page says so, with a way to sign in, behind the dialog.
      dialog.close();
      return;
    }
    const found = answer.ok ? await answer.text() : "";
    // What was typed since is asked for by itself.
    if (turn !== asking) return;
    show(found, answer.ok ? "" : "The search failed. Try again.");
    if (answer.ok && chosen < 0) told.textContent = `Nothing is named “${asked}”.`;
  };

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    event.preventDefault();
    open();
  });
  document.addEventListener("click", ({ target }) => {
    if (target.closest("[data-open-search]")) open();
    // Of the dialog itself only what is around its content can be clicked.
    if (target === dialog || target.closest("[data-close-search]")) dialog.close();
  });
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = 0;
      answered = ask();
    }, WAIT_MS);
  });
  // Where Tab has reached a hit, the arrows go on from it.
  list.addEventListener("focusin", ({ target }) => choose([...list.children].indexOf(target)));
  dialog.addEventListener("keydown", async (event) => {
    if (event.key === "Escape" && !event.isComposing) {
      // A search field spends the first Escape on its own words.
      event.preventDefault();
      dialog.close();
      return;
    }
    // Enter on a button presses it.
    if (event.target.closest("button")) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
      if (event.target !== field) list.children[chosen]?.focus();
    }
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    // What was typed last has not been asked for yet.
    if (timer) {
      clearTimeout(timer);
      timer = 0;
      answered = ask();
    }
    await answered;
    go(list.children[chosen], event);
  });
  list.addEventListener("click", (event) => go(event.target.closest("[data-address]"), event));
});
