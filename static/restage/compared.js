// The page that compares two profiles: whatever is chosen, its revisions and what differs follow, and
// the choice keeps the keyboard. Without this script, the form's button does it.
(() => {
  const form = document.querySelector("[data-compared]");
  const results = (page) => [...page.querySelectorAll("[data-compared-result]")];

  const show = (page) => {
    for (const name of ["was_of", "was_with"]) {
      form.elements[name].value = page.querySelector(`[data-compared] [name=${name}]`).value;
    }
    for (const name of ["old", "new"]) {
      form.elements[name].replaceChildren(...page.querySelector(`[data-compared] [name=${name}]`).options);
    }
    const shown = results(document);
    results(page).forEach((part, at) => shown[at].replaceChildren(...part.childNodes));
  };

  let asked = 0;
  form.addEventListener("change", async () => {
    const mine = (asked += 1);
    const address = `${location.pathname}?${new URLSearchParams(new FormData(form))}`;
    let answer;
    try {
      answer = await restageSession.send(address, { headers: { "X-Restage": "fragment" } });
    } catch {
      // The page says why; the button asks again.
      return;
    }
    if (mine !== asked) return;
    if (!answer.ok) {
      // The page of the error says what is wrong.
      location.assign(address);
      return;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine !== asked) return;
    show(page);
    history.replaceState(null, "", address);
  });
})();
