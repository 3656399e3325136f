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

  // What a form says that it saved last; both are empty for a picture of which nothing was said.
  const savedIn = ({ elements }) => ({ verdict: elements.was_verdict.value, stars: elements.was_stars.value });
  const words = { accepted: "Accepted", rejected: "Rejected" };
  const starsOf = (number) => `${number} star${number === "1" ? "" : "s"}`;

  // The count of all that waits, and those beside the choices; a picture waits until it has a verdict.
  const counter = document.getElementById("restage-waiting");
  const count = (card, by) => {
    if (!by) return;
    for (const kind of ["project", "batch", "model", "profile"]) {
      const choice = document.querySelector(`select[name=${kind}] option[value="${card.dataset[kind]}"][data-count]`);
      if (!choice) continue;
      const { dataset } = choice;
      dataset.count = Math.max(0, Number(dataset.count) + by);
      choice.textContent = dataset.count === "0" ? dataset.label : `${dataset.label} (${dataset.count})`;
    }
    if (!counter || "areMore" in counter.dataset) return;
    const waiting = Math.max(0, Number(counter.dataset.waiting) + by);
    counter.dataset.waiting = waiting;
    counter.innerHTML = waiting
      ? `<strong>${waiting}</strong> ${waiting === 1 ? "picture waits" : "pictures wait"}, the oldest first`
      : "No picture waits";
  };

  // What was done on this page, the last act at the end: which picture, its verdict or its stars, and what
  // stood there before.
  const given = [];
  const showGiven = (text) => {
    const line = document.getElementById("restage-given");
    line.firstElementChild.textContent = text;
    line.hidden = !text;
    line.querySelector("[data-undo]").hidden = !given.length;
  };
  const lastOf = (picture, kind) => given.findLastIndex(
    (act) => act.picture === picture && (!kind || act.kind === kind),
  );
  const forget = (picture) => {
    for (let place = lastOf(picture); place >= 0; place = lastOf(picture)) given.splice(place, 1);
  };
  const wordsOf = (kind, { verdict, stars }) => {
    if (kind === "verdict") return words[verdict];
    return `${starsOf(stars)}${verdict ? "" : "; no verdict yet"}`;
  };
  const wordsOfBack = (kind, now) => {
    if (now[kind]) return `${kind === "verdict" ? words[now.verdict] : starsOf(now.stars)} again`;
    if (kind === "stars") return "Stars taken back";
    return `Verdict taken back${now.stars ? `, ${starsOf(now.stars)} stay` : ""}`;
  };
  // Keeps the act in mind, or drops the one that was taken back, and says it.
  const note = (card, { kind, before, now, isBack }) => {
    const { picture, name } = card.dataset;
    const place = lastOf(picture, kind);
    if (isBack && place >= 0) given.splice(place, 1);
    if (!isBack && now[kind] !== before[kind]) given.push({ picture, kind, before: before[kind] });
    showGiven(`${isBack ? wordsOfBack(kind, now) : wordsOf(kind, now)}: ${name}`);
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
    const value = (name) => (body.get("take_back") === name ? "" : body.get(name) || elements[`was_${name}`].value);
    elements.was_verdict.value = value("verdict");
    elements.was_stars.value = value("stars");
    for (const button of form.querySelectorAll("[name=verdict]")) {
      button.ariaPressed = button.value === elements.was_verdict.value;
    }
    for (const star of form.querySelectorAll("[name=stars]")) {
      star.ariaPressed = star.value === elements.was_stars.value;
      star.textContent = elements.was_stars.value >= star.value ? "★" : "☆";
    }
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
    if (!answer.ok) forget(drawn.closest("[data-picture]")?.dataset.picture);
    if (!answer.ok && typed) drawn.elements.note.value = typed;
    if (kept.delete(drawn.closest("[data-picture]")?.dataset.picture)) keep();
    return answer.ok ? drawn : null;
  };

  // After signing in, or when the connection is back.
  let isSending = false;
  const sendKept = async () => {
    if (isSending || !kept.size) return;
    isSending = true;
    try {
      await sendAll();
    } finally {
      isSending = false;
    }
  };
  const sendAll = async () => {
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
      let html;
      try {
        answer = await restageSession.send(address, () => ({ method: "POST", body: body(), headers }));
        html = await answer.text();
      } catch {
        break;
      }
      const form = cardOf(picture)?.querySelector("[data-rating]");
      if (answer.status >= 500) break;
      kept.delete(picture);
      if (form && (answer.ok || answer.status === 409)) redraw(form, html);
      if (answer.ok) sent += 1;
      else forget(picture);
      if (!answer.ok) refused.push(cardOf(picture)?.dataset.name ?? "a picture");
    }
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
    const judged = [...kept.values()].filter(({ fields }) => new Map(fields).get("was_verdict"));
    const waiting = Number(left.dataset.waiting) - judged.length;
    const accepted = document.getElementById("restage-accepted");
    if (accepted) {
      accepted.hidden = !left.dataset.accepted;
      accepted.querySelector("span").textContent = left.dataset.accepted ?? "";
    }
    const box = document.querySelector("#restage-some-left [data-left]");
    const number = "areMore" in left.dataset ? `Over ${waiting}` : waiting;
    box.textContent = waiting === 1
      ? "1 picture waits still: one that you left without a verdict, or that came meanwhile."
      : `${number} pictures wait still: those that you left without a verdict, and those that came meanwhile.`;
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

  // Whether the form that is being sent is sent to take something back.
  let isUndoing = false;
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-rating]")) return;
    event.preventDefault();
    if (form.inert) return;
    const button = event.submitter;
    const card = queue()?.contains(form) ? form.closest("[data-picture]") : null;
    const isBack = isUndoing || button?.name === "take_back";
    const kind = button?.name === "take_back" ? button.value : button?.name;
    const before = savedIn(form);
    const after = await send(form, button);
    if (!card || !after) return;
    const now = savedIn(after);
    count(card, Number(!now.verdict) - Number(!before.verdict));
    if (kind === "verdict" || kind === "stars") note(card, { kind, before, now, isBack });
    else showGiven(`Note saved: ${card.dataset.name}`);
    if (kind === "verdict" && !isBack) await walk(1);
  });

  const press = (selector) => current()?.querySelector(selector)?.click();
  // Takes the last act on the shown picture back, or else goes to the picture of the last act of all.
  const takeBack = () => {
    const { picture, kind, before } = given[lastOf(current()?.dataset.picture)] ?? given.at(-1) ?? {};
    const card = cardOf(picture);
    if (!card) {
      showGiven("There is nothing of yours on this page to take back.");
      return;
    }
    show(card);
    const form = card.querySelector("[data-rating]");
    if (form.inert) return;
    const [name, value] = before ? [kind, before] : ["take_back", kind];
    let button = form.querySelector(`[name=${name}][value="${value}"]`);
    if (!button) {
      // What is kept has no such button yet.
      button = Object.assign(document.createElement("button"), { name, value, hidden: true });
      form.append(button);
    }
    isUndoing = true;
    form.requestSubmit(button);
    isUndoing = false;
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
