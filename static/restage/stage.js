// The Stage page: says what the form comes to as it changes, and sends it without leaving the page,
// so that a refused form keeps the chosen files.
(() => {
  const form = document.querySelector("[data-stage]");
  const photos = form.querySelector("[data-photo-picker]");
  const models = form.querySelector("[data-model-picker]");
  const button = form.querySelector("[type=submit]");
  const sending = form.querySelector("[data-sending]");
  const forecast = () => form.querySelector("#stage-forecast");

  const showErrors = (errors) => {
    for (const place of form.querySelectorAll("[data-errors]")) {
      const told = errors[place.dataset.errors] ?? [];
      const isWhole = place.dataset.errors === "__all__";
      place.replaceChildren(...told.map((sentence) => Object.assign(document.createElement("p"), {
        className: isWhole ? "restage-alert" : "restage-error", textContent: sentence,
      })));
      for (const field of form.querySelectorAll(`[name="${place.dataset.errors}"]`)) {
        field.toggleAttribute("aria-invalid", false);
        if (told.length) field.setAttribute("aria-invalid", "true");
      }
    }
    // What has no place of its own stands on top.
    const top = form.querySelector('[data-errors="__all__"]');
    for (const [name, told] of Object.entries(errors)) {
      if (form.querySelector(`[data-errors="${name}"]`) || name === "again") continue;
      top.append(Object.assign(document.createElement("p"), { className: "restage-alert", textContent: told.join(" ") }));
    }
  };
  const goToError = () => {
    const place = [...form.querySelectorAll("[data-errors]")].find((one) => one.childElementCount);
    if (!place) return;
    place.closest(".restage-field")?.querySelector("input, select, textarea")?.focus();
    place.scrollIntoView({ block: "center" });
  };

  let asked = 0;
  const ask = async () => {
    const mine = (asked += 1);
    const said = new FormData();
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && name !== "file_room") said.append(name, value);
    }
    photos.describe(said);
    let answer = null;
    try {
      // Asked anew with the token that signing in brings.
      answer = await restageSession.send(form.dataset.stage, () => {
        said.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
        return { method: "POST", body: said, headers: { "X-Restage": "fragment" } };
      });
    } catch {
      // The page says why, and asks again when it can.
    }
    if (mine !== asked) return;
    if (!answer?.ok) {
      const why = answer ? `: Restage answered ${answer.status}` : "";
      forecast().textContent = `What this comes to cannot be shown${why}.`;
      return;
    }
    const part = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine !== asked) return;
    const isTicked = form.elements.again?.checked ?? false;
    forecast().replaceWith(part.querySelector("#stage-forecast"));
    if (form.elements.again) form.elements.again.checked = isTicked;
    form.querySelector("#stage-files").replaceWith(part.querySelector("#stage-files"));
    const uses = part.querySelector("#stage-uses");
    // While something is wrong, the models are those of before.
    if (uses.childElementCount) form.querySelector("#stage-uses").replaceWith(uses);
    if (uses.childElementCount) models.show([...uses.querySelectorAll("[data-model]")].map((use) => ({
      slug: use.dataset.model, label: use.dataset.label, profile: use.dataset.profile,
    })));
    photos.tellOfZips(JSON.parse(part.querySelector("#stage-archives").textContent));
    showErrors(JSON.parse(part.querySelector("#stage-errors").textContent));
  };
  let waiting = 0;
  const soon = ({ target }) => {
    if (target.name === "again" || target.type === "search" || target.type === "file") return;
    clearTimeout(waiting);
    waiting = setTimeout(ask, 200);
  };
  form.addEventListener("change", soon);
  form.addEventListener("input", soon);
  form.addEventListener("restage:picked", soon);
  // The search for a project tells its changes to its own library alone.
  window.django?.jQuery(form.elements.project).on("change", ({ target }) => {
    form.dispatchEvent(new Event("restage:project"));
    soon({ target });
  });

  const missing = () => {
    const errors = {};
    if (!photos.count()) errors.images = ["Choose photos: files, a ZIP, or photos that are there already."];
    for (const group of form.querySelectorAll("[data-required]")) {
      const { required, requiredTold } = group.dataset;
      if (!group.querySelector("input:checked")) errors[required] = [requiredTold];
    }
    return errors;
  };

  const say = (sentence) => {
    sending.textContent = sentence;
    button.disabled = false;
  };
  // A gateway that gave up, or a connection that broke, proves nothing: all may have arrived.
  const sayUnknown = () => say(
    "It is not known whether your photos were staged. They are still chosen: press the button again. If they were, you are asked first.",
  );
  const answered = (request) => {
    const isPage = request.getResponseHeader("Content-Type")?.startsWith("text/html");
    if (request.status === 200 && !isPage) {
      form.dataset.sent = "";
      location.assign(JSON.parse(request.responseText).url);
      return;
    }
    if (request.status === 400 && !isPage) {
      const { errors } = JSON.parse(request.responseText);
      say("Nothing was staged: see above. Your photos are still chosen.");
      if (errors.again) ask();
      showErrors(errors);
      goToError();
      return;
    }
    if (request.status >= 500) {
      sayUnknown();
      return;
    }
    if ([401, 403].includes(request.status)) restageSession.check();
    say(`Nothing was staged: Restage answered ${request.status}. Try again; your photos are still chosen.`);
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const errors = missing();
    showErrors(errors);
    if (Object.keys(errors).length) {
      goToError();
      return;
    }
    // What a draft comes to is no news any more, nor what is wrong with it.
    asked += 1;
    clearTimeout(waiting);
    say("Sending… Stay on this page until it changes.");
    button.disabled = true;
    const request = new XMLHttpRequest();
    request.open("POST", form.getAttribute("action") || location.pathname);
    request.setRequestHeader("X-Restage", "fragment");
    request.upload.addEventListener("progress", ({ loaded, total, lengthComputable }) => {
      if (lengthComputable) sending.textContent = `Sending, ${Math.floor((100 * loaded) / total)} %. Stay on this page until it changes.`;
    });
    request.addEventListener("load", () => answered(request));
    request.addEventListener("error", () => {
      restageSession.check();
      sayUnknown();
    });
    request.send(new FormData(form));
  });

  document.addEventListener("restage:session", ask);
  // A user who comes back to the page sees at once that this was sent.
  addEventListener("pageshow", () => {
    delete form.dataset.sent;
    button.disabled = false;
    sending.textContent = "";
    ask();
  });
})();
