// What a typical photo costs by the settings as they stand in the form, whenever they change.
(() => {
  const form = document.getElementById("settings-form");
  const line = form?.querySelector("[data-price-address]");
  if (!line) return;
  const written = form.querySelector("textarea[name=values]");
  const WAIT_MS = 300;
  let asked = null;
  let turn = 0;

  const ask = async () => {
    if (written.value === asked) return;
    asked = written.value;
    const mine = (turn += 1);
    const options = () => ({
      method: "POST",
      headers: {
        "X-Restage": "price",
        "X-CSRFToken": form.querySelector("[name=csrfmiddlewaretoken]").value,
      },
      body: new URLSearchParams({ values: written.value }),
    });
    try {
      const answer = await window.restageSession.send(line.dataset.priceAddress, options);
      if (mine === turn && answer.ok) line.textContent = await answer.text();
    } catch {
      // The page says so; the next change asks again.
      asked = null;
    }
  };

  // The widget writes the document itself, without an event, some time after each of these.
  let timer = 0;
  for (const event of ["input", "change", "click", "keyup"]) {
    form.addEventListener(event, () => {
      clearTimeout(timer);
      timer = setTimeout(ask, WAIT_MS);
    });
  }
  // By then the widget has drawn, and written, what is saved.
  window.addEventListener("load", () => (asked ??= written.value));
})();
