// Keys, and small comforts. Every page works without this file.
"use strict";

// What a page needs when it has come: `here.signal` ends when it is left, `here.since` is when it came.
const needs = [];
let here;
const everyPage = (need) => needs.push(need);

function arrive() {
  const leaving = new AbortController();
  here = { signal: leaving.signal, leave: () => leaving.abort(), since: performance.now() };
  for (const need of needs) need(here.signal);
}
document.addEventListener("heed:leave", () => here.leave());
document.addEventListener("heed:arrive", arrive);

const every = (milliseconds, task, signal) => {
  const timer = setInterval(task, milliseconds);
  signal.addEventListener("abort", () => clearInterval(timer));
};

const byId = (id) => document.getElementById(id);
const all = (selector) => [...document.querySelectorAll(selector)];

// Somebody who talks to their computer, or types with a stick, can switch single keys off.
const switchedOff = () => {
  try { return localStorage.getItem("heed-keys") === "off"; } catch { return false; }
};

const typing = (target) =>
  target.isContentEditable || ["TEXTAREA", "SELECT"].includes(target.tagName)
  || (target.tagName === "INPUT" && !["radio", "checkbox", "button", "submit"].includes(target.type));

function moveAmongRows(step) {
  const rows = all("[data-row]").filter((row) => row.checkVisibility());
  if (!rows.length) return false;
  const at = rows.indexOf(document.activeElement.closest("li")?.querySelector("[data-row]"));
  const to = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step));
  rows[to].focus({ preventScroll: true });
  rows[to].closest("li").scrollIntoView({ block: "nearest" });
  return true;
}

// Whoever follows a link into a closed part wants it open.
function openTarget() {
  const closed = location.hash && byId(decodeURIComponent(location.hash.slice(1)))?.closest("details:not([open])");
  if (!closed) return;
  closed.open = true;
  closed.querySelector(":target")?.scrollIntoView();
}
window.addEventListener("hashchange", openTarget);
everyPage(openTarget);

const openedPanel = () => document.querySelector("[data-panel][open]");

function openPanel(panel) {
  if (panel.open) {
    const confirm = panel.querySelector("[data-confirm]");
    if (confirm) confirm.click();
    return;
  }
  for (const other of all("[data-panel][open]")) other.open = false;
  panel.open = true;
  const wanted = ["input:checked", "input[type=radio]", "[data-first]", "[data-confirm]", "summary"];
  const seen = (selector) => [...panel.querySelectorAll(selector)].find((each) => each.checkVisibility());
  wanted.map(seen).find(Boolean).focus();
}

// A key pressed twice by mistake must not decide the next post, which nobody has read yet.
const justArrived = () => document.querySelector(".flash") && performance.now() - here.since < 700;

function press(key) {
  if ("aherxy".includes(key) && justArrived()) return true;
  if ((key === "j" || key === "k") && moveAmongRows(key === "j" ? 1 : -1)) return true;
  if (key === "x" && chooseRow()) return true;
  if (key === "?") return openKeys();
  if (key === "n" && byNote()) { byNote().focus(); return true; }
  const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!target) return false;
  const panel = target.closest("[data-panel]");
  if (panel) openPanel(panel);
  else target.click();
  const unfolded = target.tagName === "SUMMARY" && !panel && target.parentElement.open;
  if (unfolded) target.parentElement.querySelector("input[type=radio]")?.focus();
  return true;
}

// The post that is focused is chosen, or no longer: several can be decided together.
function chooseRow() {
  const box = document.activeElement.closest("li")?.querySelector(".pick input");
  if (box) box.click();
  return Boolean(box);
}

const chosen = () => all(".pick input:checked");

const byNote = () => document.querySelector("[data-note]");

function openKeys() {
  const dialog = byId("keys");
  if (!dialog || dialog.open) return false;
  dialog.showModal();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return;
  const panel = openedPanel();
  if (event.key === "Escape") {
    if (panel) { panel.open = false; panel.querySelector("summary").focus(); }
    else if (document.activeElement === byNote()) byNote().blur();
    return;
  }
  if (event.key === "Enter" && panel && event.target.type === "radio") {
    panel.querySelector("[data-confirm]").click();
    event.preventDefault();
    return;
  }
  if (typing(event.target) || document.querySelector("dialog[open]")) return;
  // Letters meant for an open panel must not decide the post behind it.
  if (panel && panel.querySelector("summary").dataset.key !== event.key) return;
  if (switchedOff() && event.key !== "?") return;
  if (press(event.key)) event.preventDefault();
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) openKeys();
  const panel = openedPanel();
  if (panel && !panel.contains(event.target)) panel.open = false;
});

// A form is sent once, however often a tired finger presses.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "dialog") return;
  if ("again" in form.dataset) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => all("form").forEach((form) => delete form.dataset.sent));

everyPage(() => {
  for (const form of all("[data-autosubmit]")) {
    form.querySelector("button").hidden = true;
    form.addEventListener("change", () => form.requestSubmit());
  }
});

// A post stays with whoever reads it while its page is seen, and goes back when it is left.
everyPage((signal) => {
  for (const claim of all("[data-claim]")) {
    const keep = async () => {
      if (document.visibilityState !== "visible") return;
      const answer = await fetch(claim.dataset.claim, { method: "POST", body: new FormData(claim) }).catch(() => null);
      if (answer && answer.status === 409 && !signal.aborted) document.querySelector("[data-lost]").hidden = false;
    };
    const release = () => navigator.sendBeacon(claim.dataset.release, new FormData(claim));
    every(Number(claim.dataset.every) * 1000, keep, signal);
    document.addEventListener("visibilitychange", keep, { signal });
    window.addEventListener("pagehide", release, { signal });
    signal.addEventListener("abort", release);
  }
});

// New posts appear by themselves, and clocks go on; focus stays where it was.
const EVERY = 20_000;

async function refresh(signal) {
  if (document.visibilityState !== "visible") return;
  const answer = await fetch(location.href).catch(() => null);
  if (!answer || !answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (signal.aborted) return;
  const focused = document.activeElement.closest("[data-live] li[id]");
  const inBox = document.activeElement.matches(".pick input");
  const kept = new Set(chosen().map((box) => box.value));
  const total = (page) => Number(page.querySelector("[data-total]")?.dataset.total ?? 0);
  const more = total(fresh) - total(document);
  for (const part of all("[data-live]")) {
    const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    if (next && next.innerHTML !== part.innerHTML) part.replaceChildren(...document.adoptNode(next).childNodes);
  }
  // A post whose text changed meanwhile is another choice.
  for (const box of all(".pick input")) box.checked = kept.has(box.value);
  document.title = fresh.title;
  tellLocalTimes();
  if (focused) byId(focused.id)?.querySelector(inBox ? ".pick input" : "[data-row]")?.focus({ preventScroll: true });
  const told = document.querySelector("[data-told]");
  if (more > 0) told.textContent = (more === 1 ? told.dataset.one : told.dataset.more).replace("{}", more);
}

everyPage((signal) => {
  if (!document.querySelector('[data-live="rows"]')) return;
  every(EVERY, () => refresh(signal), signal);
  document.addEventListener("visibilitychange", () => refresh(signal), { signal });
});

everyPage((signal) => {
  for (const said of all("[data-chosen]")) {
    const tell = () => { said.textContent = said.dataset.chosen.replace("{count}", chosen().length); };
    said.hidden = false;
    document.addEventListener("change", tell, { signal });
    window.addEventListener("pageshow", tell, { signal });
    tell();
  }
});

// What can no longer be undone is no longer offered.
everyPage(() => {
  for (const offer of all("[data-seconds]")) {
    setTimeout(() => { offer.hidden = true; offer.querySelectorAll("button").forEach((button) => { button.disabled = true; }); },
      Number(offer.dataset.seconds) * 1000);
  }
});

// On a phone the post's own words should be near: reasons after the first keep their title, and open by a tap.
everyPage(() => {
  if (matchMedia("(max-width: 60rem)").matches) for (const fold of all("[data-fold]")) fold.open = false;
});

function tellLocalTimes() {
  const local = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });
  for (const time of all("time")) time.title = local.format(new Date(time.dateTime));
}
everyPage(tellLocalTimes);

// A new account begins in the browser's own time zone.
everyPage(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const choice of all("[data-zone]")) {
    if (!choice.value && [...choice.options].some((option) => option.value === zone)) choice.value = zone;
  }
});

everyPage(() => {
  for (const field of all("[data-select]")) field.select();
  for (const opener of all("[data-open]")) opener.hidden = false;
});

everyPage(() => {
  const keysOn = byId("keys-on");
  if (!keysOn) return;
  keysOn.checked = !switchedOff();
  keysOn.addEventListener("change", () => {
    try { localStorage.setItem("heed-keys", keysOn.checked ? "on" : "off"); } catch { /* private window: for this page only */ }
  });
});

arrive();
