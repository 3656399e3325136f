// Tells in place when the session has ended or the connection is lost, and keeps the page as it is:
// a form is sent only after its session was found, and background requests go on after signing in.
(() => {
  const page = document.querySelector("meta[name=restage-user]");
  if (!page) return;
  // A tab that another page opened for signing in: that page goes on by itself.
  if (window.opener && document.querySelector("[data-signed-in]")) window.close();

  const LOOK_AGAIN_MS = 3000;
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  const bar = document.createElement("div");
  bar.id = "restage-session";
  bar.hidden = true;
  const told = document.createElement("p");
  told.setAttribute("role", "alert");
  const link = document.createElement("a");
  bar.append(told, link);
  document.body.prepend(bar);

  // "fine", "ended", "other" (another account is signed in), "lost", "failing" or "gone".
  let state = "fine";
  let detail = "";
  // What asked when it became "failing" or "gone": an element of htmx's, the document for jQuery's.
  let failed = null;
  // The words on the button of a form that was held back, and a script's words on what it keeps.
  let held = "";
  let kept = "";
  let timer = null;

  const sentences = {
    ended: () => held
      ? `You are signed out, so nothing was sent. What you typed stays here: sign in, then press “${held}” again.`
      : "You are signed out. This page stays as it is: sign in, then go on here.",
    other: () => `${detail} is signed in by now, and this page was opened by another account. Nothing is sent from here any more.`,
    lost: () => held
      ? `Restage cannot be reached, so nothing was sent. What you typed stays here: press “${held}” again when it can.`
      : "Restage cannot be reached. This page stays as it is, and goes on when it can.",
    failing: () => held
      ? `Restage answered with an error (${detail}), so nothing was sent. Press “${held}” again to try all the same.`
      : `Restage answered with an error (${detail}). It is tried again.`,
    gone: () => "What this page shows is no longer there.",
  };

  const draw = () => {
    told.textContent = `${sentences[state]()} ${kept}`.trim();
    link.hidden = state !== "ended" && state !== "other";
    link.textContent = state === "other" ? `Load it as ${detail}` : "Sign in";
    link.href = state === "other" ? "" : `${page.dataset.login}?next=${page.dataset.session}`;
    link.target = state === "other" ? "" : "_blank";
    // The new tab may close itself only if it knows the page that opened it.
    link.rel = "opener";
    bar.hidden = false;
  };

  const recover = (before) => {
    const words = { ended: "You are signed in again.", lost: "Restage is reached again." }[before];
    link.hidden = true;
    told.textContent = `${words ?? ""} ${held && `Press “${held}” again.`}`.trim();
    bar.hidden = !told.textContent;
    // A form that waits for its button keeps the sentence until it is sent.
    if (!held) setTimeout(() => { if (state === "fine" && !held) bar.hidden = true; }, 5000);
  };

  const become = (next, said = "", by = null) => {
    const before = state;
    [state, detail, failed] = [next, said, by];
    clearTimeout(timer);
    if (next === "fine") {
      if (before !== "fine") recover(before);
    } else {
      draw();
      if (next === "ended" || next === "lost") timer = setTimeout(lookAgain, LOOK_AGAIN_MS);
    }
    return next;
  };

  const ask = () => fetch(page.dataset.session, { headers: { "X-Restage": "session" } });
  const find = async () => {
    let answer;
    try {
      // A page that is being left fails, too, and is gone before the second try.
      answer = await ask().catch(() => pause(700).then(ask));
    } catch {
      return become("lost");
    }
    if (answer.status === 401) return become("ended");
    if (!answer.ok) return become("failing", answer.status);
    const { user, name, token } = await answer.json();
    if (user !== page.content) return become("other", name);
    // Signing in changed the token, and forms with the earlier one would be refused.
    for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = token;
    become("fine");
    document.dispatchEvent(new Event("restage:session"));
    return state;
  };
  let finding = null;
  // Finds out whether the page's session lasts, and with it whether Restage can be reached.
  const check = () => (finding ??= find().finally(() => (finding = null)));
  const lookAgain = () => {
    if (document.hidden) timer = setTimeout(lookAgain, LOOK_AGAIN_MS);
    else check();
  };
  const lookIfBad = () => { if (state === "ended" || state === "lost") check(); };
  for (const event of ["focus", "online"]) window.addEventListener(event, lookIfBad);
  // Whether a session lasts, and whose it is, no answer to something else tells. An error ends with
  // the success of what it was told of, or with that itself.
  const succeed = (by) => {
    lookIfBad();
    const isOver = by === failed || !failed?.isConnected;
    if ((state === "failing" || state === "gone") && isOver) become("fine");
  };

  // Sends a request of a script, and once more where only the token had changed. Raises where it
  // did not arrive, with what the page says of it already.
  const send = async (address, options, { isAgain = false } = {}) => {
    const failed = (reason) => Object.assign(new Error(reason), { isTold: state !== "fine" });
    let answer;
    try {
      answer = await fetch(address, typeof options === "function" ? options() : options);
    } catch {
      await check();
      throw failed("lost");
    }
    if (answer.status !== 401 && answer.status !== 403) return answer;
    if ((await check()) === "fine" && !isAgain) return send(address, options, { isAgain: true });
    if (state === "fine") return answer;
    throw failed(state);
  };

  window.restageSession = {
    check,
    send,
    // Adds a sentence on what a script keeps until the session is back; "" takes it away.
    keep: (words) => {
      kept = words;
      if (state !== "fine") draw();
    },
  };

  // Forms: the session is looked at first, so that what was typed or chosen never leaves the page
  // for the login page. Capturing, so that no other script takes the form for sent.
  const checked = new WeakSet();
  const waiting = new Set();
  const isSentByScript = "[data-rating], [hx-post]";
  window.addEventListener("submit", async (event) => {
    const { target: form, submitter } = event;
    const by = (name) => submitter?.getAttribute(`form${name}`) || form.getAttribute(name) || "";
    if (by("method").toLowerCase() !== "post" || form.matches(isSentByScript)) return;
    if (by("action").endsWith("/logout/") || checked.delete(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (waiting.has(form)) return;
    waiting.add(form);
    const wasFailing = Boolean(held) && state === "failing";
    const found = await check();
    waiting.delete(form);
    // With an error of ours the second press sends it all the same.
    if (found === "fine" || (found === "failing" && wasFailing)) {
      held = "";
      bar.hidden = true;
      checked.add(form);
      HTMLFormElement.prototype.requestSubmit.call(form, submitter);
      return;
    }
    held = submitter?.textContent.trim() || submitter?.value || "Enter";
    draw();
    if (!link.hidden) link.focus();
  }, true);
  // A form that is replaced meanwhile could not be sent: the page draws itself anew once more after it.
  document.addEventListener("htmx:beforeSwap", ({ detail: swap }) => {
    if ([...waiting].some((form) => swap.target.contains(form))) swap.shouldSwap = false;
  });

  // htmx: pages that draw themselves anew, previews, the search.
  const unanswered = new Map();
  const retried = new WeakSet();
  document.addEventListener("restage:session", () => {
    for (const [element, { verb, path }] of unanswered) {
      if (element.isConnected) htmx.ajax(verb, path, { source: element });
    }
    unanswered.clear();
  });
  const note = ({ elt, requestConfig }) => {
    // What asks by the clock does so again anyway.
    const isRepeated = elt.getAttribute("hx-trigger")?.includes("every");
    if (isRepeated || retried.has(elt)) return;
    retried.add(elt);
    unanswered.set(elt, requestConfig);
  };
  document.addEventListener("htmx:responseError", ({ detail: failure }) => {
    const { status } = failure.xhr;
    if (status === 401 || status === 403) {
      note(failure);
      check();
    } else if (status === 404 && failure.requestConfig.verb === "get") become("gone", "", failure.elt);
    else if (status >= 500) become("failing", status, failure.elt);
  });
  for (const event of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(event, ({ detail: failure }) => {
      note(failure);
      check();
    });
  }
  document.addEventListener("htmx:afterRequest", ({ detail: { successful, elt } }) => {
    if (!successful) return;
    retried.delete(elt);
    succeed(elt);
  });

  // The searches for a project or an account, which jQuery sends.
  window.addEventListener("load", () => {
    const jQuery = window.django?.jQuery;
    jQuery?.(document).on("ajaxError", (_event, { status, statusText }) => {
      if (statusText === "abort") return;
      if (status >= 500) become("failing", status, document);
      else if ([0, 401, 403].includes(status)) check();
    });
    jQuery?.(document).on("ajaxSuccess", () => succeed(document));
  });
})();
