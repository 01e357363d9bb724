// The next page comes into this one, and nothing reloads, where the browser has the Navigation API.
// Elsewhere, and wherever an answer is no page of ours, links and forms do what they always did.
"use strict";

(() => {
  if (!window.navigation) return;

  const assets = (page) => [...page.querySelectorAll("head > [href], head > [src]")].map((each) => each.href ?? each.src).join();
  const busy = (yes) => document.documentElement.toggleAttribute("data-busy", yes);
  let latest = 0;
  let sending = false;
  let byBrowser = false;

  // A screen reader speaks of what changes in a page, not of what came with it: what was done, and where one is now.
  function announce() {
    const done = document.querySelector(".flash [role=status]");
    done?.replaceChildren(...done.childNodes);
    document.querySelector("[data-told]").textContent = document.title;
  }

  function show(page, key = "") {
    document.dispatchEvent(new Event("heed:leave"));
    document.title = page.title;
    document.documentElement.lang = page.documentElement.lang;
    document.documentElement.className = page.documentElement.className;
    document.body.replaceWith(document.adoptNode(page.body));
    document.dispatchEvent(new Event("heed:arrive"));
    const same = key && document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    (same || document.querySelector("main [autofocus]") || document.getElementById("main")).focus({ preventScroll: true });
    setTimeout(announce, 100);
    busy(false);
  }

  function load(url) {
    byBrowser = true;
    location.assign(url);
  }

  function unanswered() {
    busy(false);
    for (const form of document.forms) delete form.dataset.sent;
    document.querySelector("[data-unanswered]").hidden = false;
  }

  /** What an address answers, and the page in it: null where it is none of ours, or of another version of this file. */
  async function read(url, request) {
    try {
      const answer = await fetch(url, request);
      if (!answer.headers.get("Content-Type")?.startsWith("text/html")) return { answer, page: null };
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      return { answer, page: assets(page) === assets(document) ? page : null };
    } catch {
      return { answer: null, page: null };
    }
  }

  async function visit(url) {
    const mine = ++latest;
    busy(true);
    const { answer, page } = await read(url);
    if (mine !== latest) return;
    if (page) navigation.navigate(answer.redirected ? answer.url : url, { info: { page } });
    else if (answer) load(url);
    else unanswered();
  }

  async function send(form, submitter) {
    const mine = ++latest;
    // Attributes, for a field may be called "action".
    const url = submitter?.getAttribute("formaction") ?? form.getAttribute("action");
    sending = true;
    busy(true);
    const { answer, page } = await read(url, { method: "POST", body: new URLSearchParams(new FormData(form, submitter)) });
    sending = false;
    if (mine !== latest) return;
    // A switch is answered by the page it stands on: eyes and focus stay with it.
    const info = { page, stay: "stay" in form.dataset && answer?.ok, key: submitter?.dataset.key };
    if (answer?.redirected) {
      if (page) navigation.navigate(answer.url, { info });
      else load(answer.url);
    } else if (page) {
      // What a form is answered with has no address of its own: going back leads to the form, loading anew too.
      navigation.navigate(location.href, { history: answer.ok ? "push" : "replace", info });
    } else {
      unanswered();
    }
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.getAttribute("method") !== "post" || "again" in form.dataset) return;
    event.preventDefault();
    if (!sending) send(form, event.submitter);
  });

  navigation.addEventListener("navigate", (event) => {
    if (byBrowser) { byBrowser = false; return; }
    if (!event.canIntercept || event.hashChange || event.downloadRequest !== null) return;
    if (event.navigationType === "reload" || event.formData) return;
    const { url } = event.destination;
    if (event.info?.page) {
      const { page, stay, key } = event.info;
      const scroll = stay ? "manual" : "after-transition";
      event.intercept({ focusReset: "manual", scroll, handler: async () => show(page, stay ? key : "") });
      if (!stay) scrollTo({ top: 0, behavior: "instant" });
    } else if (event.navigationType === "traverse") {
      latest++;
      event.intercept({
        focusReset: "manual",
        async handler() {
          const { page } = await read(url, { signal: event.signal });
          if (event.signal.aborted) return;
          if (page) show(page);
          else location.reload();
        },
      });
    } else if (event.cancelable) {
      event.preventDefault();
      visit(url);
    }
  });
})();
