// Judging: a verdict is sent without loading the page, and in the queue the next picture comes up.
// Where the session has ended or the connection is lost, verdicts of the queue are kept and sent later.
(() => {
  const queue = () => document.getElementById("restage-queue");
  const cards = () => [...(queue()?.querySelectorAll("[data-picture]") ?? [])];
  const current = () => cards().find((card) => !card.hidden);
  const cardOf = (picture) => cards().find((card) => card.dataset.picture === picture);

  const tell = (form, text) => {
    const status = form.querySelector("[role=status]");
    status.textContent = text;
    status.className = "restage-alert";
  };

  // What a form says that it saved last; empty for a fresh picture.
  const savedIn = ({ elements }) => elements.was_verdict.value || elements.was_stars.value;
  const words = { accepted: "Accepted", rejected: "Rejected" };
  const verdictOf = ({ elements }) =>
    words[elements.was_verdict.value] ?? (elements.was_stars.value && `${elements.was_stars.value} stars`);

  // The count, and the verdict given last.
  const counter = document.getElementById("restage-waiting");
  const count = (by) => {
    if (!counter || !by || "areMore" in counter.dataset) return;
    const waiting = Math.max(0, Number(counter.dataset.waiting) + by);
    counter.dataset.waiting = waiting;
    counter.innerHTML = waiting
      ? `<strong>${waiting}</strong> ${waiting === 1 ? "picture waits" : "pictures wait"}, the oldest first`
      : "No picture waits";
  };
  const given = [];
  const showGiven = (text) => {
    const line = document.getElementById("restage-given");
    line.firstElementChild.textContent = text;
    line.hidden = !text;
    line.querySelector("[data-undo]").hidden = !given.length;
  };
  const note = (card, form) => {
    const place = given.indexOf(card.dataset.picture);
    if (place >= 0) given.splice(place, 1);
    const verdict = verdictOf(form);
    if (verdict) given.push(card.dataset.picture);
    showGiven(`${verdict || "Taken back"}: ${card.dataset.name}`);
  };

  // Verdicts that could not be sent, by picture: the address and the whole state of the form.
  const store = `restage-verdicts-${document.querySelector("meta[name=restage-user]")?.content}`;
  const kept = new Map(queue() ? JSON.parse(sessionStorage.getItem(store) ?? "[]") : []);
  const keep = () => {
    if (kept.size) sessionStorage.setItem(store, JSON.stringify([...kept]));
    else sessionStorage.removeItem(store);
    restageSession.keep(
      kept.size ? `${kept.size} verdict${kept.size === 1 ? " is" : "s are"} kept here, and sent after that.` : "",
    );
  };
  window.addEventListener("beforeunload", (event) => { if (kept.size) event.preventDefault(); });

  // Shows a verdict that is kept as if it were saved, and says that it is not.
  const drawKept = (form, body) => {
    const { elements } = form;
    const isCleared = body.has("clear");
    const value = (name) => (isCleared ? "" : body.get(name) || elements[`was_${name}`].value);
    elements.was_verdict.value = value("verdict");
    elements.was_stars.value = value("stars");
    for (const button of form.querySelectorAll("[name=verdict]")) {
      button.ariaPressed = button.value === elements.was_verdict.value;
    }
    for (const star of form.querySelectorAll("[name=stars]")) {
      star.ariaPressed = star.value === elements.was_stars.value;
      star.textContent = elements.was_stars.value >= star.value ? "★" : "☆";
    }
    if (isCleared) elements.note.value = "";
    tell(form, "Kept here, not sent yet.");
  };
  const keepVerdict = (form, body) => {
    drawKept(form, body);
    body.set("was_verdict", form.elements.was_verdict.value);
    body.set("was_stars", form.elements.was_stars.value);
    const fields = [...body].filter(([name]) => name !== "csrfmiddlewaretoken");
    kept.set(form.closest("[data-picture]").dataset.picture, { address: form.action, fields });
    keep();
  };

  const redraw = (form, html) => {
    const parent = form.parentElement;
    const place = [...parent.querySelectorAll("[data-rating]")].indexOf(form);
    form.outerHTML = html;
    return parent.querySelectorAll("[data-rating]")[place];
  };
  const headers = { "X-Restage": "fragment" };

  // Replaces the form with its current state, saved or judged by another user meanwhile. Returns the
  // form that stands there then, or nothing where the verdict is neither saved nor kept.
  const send = async (form, button) => {
    // Read anew where it is sent again: the token has changed then.
    const body = () => new FormData(form, button);
    const keepsVerdicts = queue()?.contains(form);
    form.inert = true;
    let answer;
    try {
      answer = await restageSession.send(form.action, () => ({ method: "POST", body: body(), headers }));
    } catch {
      form.inert = false;
      if (!keepsVerdicts) tell(form, "Not saved: press again after that.");
      else keepVerdict(form, body());
      return keepsVerdicts ? form : null;
    }
    form.inert = false;
    if (!answer.ok && answer.status !== 409) {
      tell(form, answer.status === 404 ? "This picture was deleted." : "Not saved: try again, or load the page.");
      return null;
    }
    const typed = form.elements.note.value;
    const drawn = redraw(form, await answer.text());
    if (!answer.ok && typed) drawn.elements.note.value = typed;
    kept.delete(drawn.closest("[data-picture]")?.dataset.picture);
    return answer.ok ? drawn : null;
  };

  // After signing in, or when the connection is back.
  let isSending = false;
  const sendKept = async () => {
    if (isSending || !kept.size) return;
    isSending = true;
    const refused = [];
    let sent = 0;
    for (const [picture, { address, fields }] of [...kept]) {
      const body = () => {
        const all = new FormData();
        for (const [name, value] of fields) all.set(name, value);
        all.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
        return all;
      };
      let answer;
      try {
        answer = await restageSession.send(address, () => ({ method: "POST", body: body(), headers }));
      } catch {
        break;
      }
      const form = cardOf(picture)?.querySelector("[data-rating]");
      if (answer.status >= 500) break;
      kept.delete(picture);
      if (form && (answer.ok || answer.status === 409)) redraw(form, await answer.text());
      if (answer.ok) sent += 1;
      else refused.push(cardOf(picture)?.dataset.name ?? "a picture");
    }
    isSending = false;
    keep();
    const saved = sent && `${sent} kept verdict${sent === 1 ? " is" : "s are"} saved. `;
    const lost = refused.length && `Not saved, since judged by another or deleted meanwhile: ${refused.join("; ")}.`;
    if (sent || refused.length) showGiven(`${saved || ""}${lost || ""}`);
  };

  const ends = ["all-judged", "some-left", "not-fetched"].map((name) => document.getElementById(`restage-${name}`));
  const show = (card, end = null) => {
    for (const drawn of cards()) drawn.hidden = drawn !== card;
    for (const box of ends) box.hidden = box.id !== `restage-${end}`;
  };
  const showEnd = (left) => {
    if (!left) return show(null, "not-fetched");
    const waiting = Number(left.dataset.waiting) - kept.size;
    const box = document.querySelector("#restage-some-left [data-left]");
    const number = "areMore" in left.dataset ? `Over ${waiting}` : waiting;
    box.textContent = waiting === 1
      ? "1 picture waits still: one that you skipped, or that came meanwhile."
      : `${number} pictures wait still: those that you skipped, and those that came meanwhile.`;
    show(null, waiting > 0 ? "some-left" : "all-judged");
  };

  // Fetches the pictures after the last; returns how many wait, or nothing where that failed.
  const askForMore = async () => {
    const last = cards().at(-1);
    if (!last) return null;
    let answer;
    try {
      answer = await restageSession.send(`${queue().dataset.more}${last.dataset.picture}`, { headers });
    } catch {
      return null;
    }
    if (!answer.ok) return null;
    const drawn = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const card of drawn.querySelectorAll("[data-picture]")) {
      card.hidden = true;
      if (!cardOf(card.dataset.picture)) queue().append(card);
    }
    return drawn.querySelector("data[data-waiting]");
  };

  // The further pictures, asked for while the last one that is there is looked at.
  let asking = null;
  const walk = async (steps) => {
    const all = cards();
    // At the end no picture is shown: the next is the first that comes, the last one lies behind.
    const place = current() ? all.indexOf(current()) : all.length - Number(steps > 0);
    if (steps > 0 && place >= all.length - 1) await (asking ?? askForMore());
    asking = null;
    const next = cards()[Math.max(0, place + steps)];
    // How many wait is asked after the last verdict was saved.
    if (!next) return showEnd(await askForMore());
    show(next);
    if (cards().at(-1) === next) asking = askForMore();
  };

  document.addEventListener("restage:session", async () => {
    await sendKept();
    const box = document.getElementById("restage-not-fetched");
    if (box && !box.hidden) await walk(1);
  });

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-rating]")) return;
    event.preventDefault();
    if (form.inert) return;
    const button = event.submitter;
    const card = queue()?.contains(form) ? form.closest("[data-picture]") : null;
    const before = savedIn(form);
    const after = await send(form, button);
    if (!card || !after) return;
    count(Number(!savedIn(after)) - Number(!before));
    note(card, after);
    if (button?.name === "verdict") await walk(1);
  });

  const press = (selector) => current()?.querySelector(selector)?.click();
  // Takes the verdict of the shown picture back, or else goes back to the one that was judged last.
  const takeBack = () => {
    const shown = current()?.querySelector("[data-rating]");
    const card = shown && savedIn(shown) ? current() : cardOf(given.at(-1));
    if (!card) return;
    show(card);
    const form = card.querySelector("[data-rating]");
    const button = form.querySelector("[name=clear]") ?? document.createElement("button");
    // A verdict that is kept has no such button yet.
    Object.assign(button, { name: "clear", value: "1" });
    if (!button.isConnected) {
      button.hidden = true;
      form.append(button);
    }
    form.requestSubmit(button);
  };

  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-walk]");
    if (button) walk(button.dataset.walk === "on" ? 1 : -1);
    if (target.closest("[data-undo]")) takeBack();
  });

  const slide = (by) => {
    const slider = current()?.querySelector("input[type=range]");
    if (!slider) return;
    slider.value = Number(slider.value) + by;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const keys = {
    a: () => press("[value=accepted]"),
    r: () => press("[value=rejected]"),
    u: takeBack,
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

  // Kept by this page before it was loaded again.
  if (kept.size) restageSession.check();
})();
