"use strict";
// The page is whole without this. Seconds count on; when something changed, the page's own address is fetched and what differs is exchanged.
const D = document, now = Date.now, $ = (s, e = D) => e.querySelector(s), $$ = (s, e = D) => [...e.querySelectorAll(s)], kept = localStorage;
const say = (e, t) => { if (e && e.textContent != t) e.textContent = t; }, key = n => n.dataset?.key, wall = $("html.wall");
const parse = t => new DOMParser().parseFromString(t, "text/html"), clock = d => Date.parse($("[data-now]", d)?.dateTime) - now();
let offset = clock(D) || 0, mode = kept.times, lost, held, fresh = D, force, last = 0, timer, text, leap = 0;

// Times, all of one zone.
const two = n => `${n | 0}`.padStart(2, 0), format = o => new Intl.DateTimeFormat("en-GB", { ...o, timeZone: mode == "utc" ? "UTC" : undefined });
const units = (s, m, h, d) => s < 60 ? (s | 0) + "s" : s < 3600 ? m(s / 60) : s < 86400 ? h(s / 3600) : d(s / 86400);
const duration = s => units(s, m => `${m | 0}m ${two(s % 60)}s`, h => `${h | 0}h ${two(s % 3600 / 60)}m`, d => `${d | 0}d ${s % 86400 / 3600 | 0}h`);
const age = s => units(s, m => (m | 0) + " min", h => (h | 0) + " h", d => (d | 0) + (d < 2 ? " day" : " days")) + " ago";
function times() {
  const t = now() + offset, at2 = { hour: "2-digit", minute: "2-digit" }, minute = format(at2), second = format({ ...at2, second: "2-digit" }), day = format({ month: "short", day: "numeric" });
  for (const e of $$("[data-time]")) {
    const at = Date.parse(e.dateTime || e.dataset.at), s = Math.max(0, (t - at) / 1e3), kind = e.dataset.time;
    say(e, kind == "elapsed" ? duration(s) : kind == "age" && !mode ? age(s)
      : kind == "minute" ? (e.dataset.at || day.format(at) == day.format(t) ? "" : day.format(at) + ", ") + minute.format(at) : second.format(at));
  }
  say($("#clock"), second.format(t));
  for (const e of $$("#zone, [data-zone]")) say(e, format({ timeZoneName: "short" }).format(t).split(" ").pop());
}

// Exchange.
function morph(a, b) {
  if (a.isEqualNode(b)) return;
  if (a.nodeType != 1) return a.data = b.data;
  const d = a.dataset;
  if ("own" in d && d.own == b.dataset.own || "calm" in d && now() - a.calm < 15e3) return;
  a.calm = now();
  for (const { name } of [...a.attributes]) b.hasAttribute(name) || name == "open" || a.removeAttribute(name);
  for (const { name, value } of b.attributes) a.setAttribute(name, value);
  if ("rows" in d) return rows(a, b);
  const A = [...a.childNodes].filter(n => n.className != "held");
  [...b.childNodes].forEach((n, i) => { const o = A.shift(); !o ? a.append(n) : o.nodeName == n.nodeName && key(o) == key(n) ? morph(o, n) : o.replaceWith(n); });
  A.forEach(o => o.remove());
}
// Rows come and go together, and not while somebody is among them; one that went elsewhere shows its new state in its place.
function rows(a, b) {
  const order = [...b.children], old = new Map([...a.children].map(n => [key(n), n])), come = order.filter(n => !old.has(key(n))).length;
  const same = !come && order.length == old.size && order.every((n, i) => key(n) == key(a.children[i]));
  const among = !wall && a.closest(".panel").matches(":hover, :focus-within");
  if (!same && !force && (among || now() - a.moved < 5e3)) {
    for (const [k, o] of old) { const n = $(`[data-key="${CSS.escape(k)}"]`, fresh); n && morph(o, n.cloneNode(true)); }
    if (!among) return;
    const wait = a.wait ||= Object.assign(D.createElement("button"), { className: "held", onclick: () => exchange(1) });
    (a.closest(".scroll") || a).before(wait);
    return say(wait, `${come + old.size - order.length + come || "Some"} changes, show`);
  }
  a.wait &&= a.wait.remove();
  if (!same) a.moved = now();
  order.forEach((n, i) => {
    const o = old.get(key(n)), at = a.children[i] || null;
    if (o) morph(o, n);
    old.delete(key(n));
    if (!o || o != at) a.insertBefore(o || n, at);
  });
  old.forEach(o => o.remove());
}
function exchange(all) {
  force = all;
  D.title = fresh.title;
  for (const e of $$("body > [data-key]")) { const n = $(`body > [data-key="${key(e)}"]`, fresh); n && morph(e, n.cloneNode(true)); }
  times(); force = 0;
  onhashchange?.();
}

// Live: an event says only that something changed.
function tell(gone) {
  const l = $("link[rel=icon]"), rows = d => $$("[data-rows] > *", d).map(key), shown = new Set(rows(D));
  lost = gone;
  l.href = lost ? l.dataset.hollow : $("link[rel=icon]", fresh).getAttribute("href");
  say($("#connection"), lost ? "Not connected, as of" : held ? `Held, ${rows(fresh).filter(k => !shown.has(k)).length} changes,` : "Live");
  D.body.className = lost ? "is-lost" : "is-live";
}
async function look() {
  timer = 0; last = now();
  try {
    const answer = await fetch(location, { cache: "no-cache" }), got = await answer.text();
    if (answer.status > 499) throw 0;
    if (got != text) { fresh = parse(text = got); offset = clock(fresh) || offset; held || exchange(); }
    tell();
  } catch { tell(1); }
}
const changed = () => { if (!D.hidden) timer ||= setTimeout(look, Math.max(0, last + 1e3 - now())); };
function listen() {
  const source = new EventSource("/api/v1/events");
  for (const kind of ["open", "job", "gone", "missed", "error"]) source.addEventListener(kind, changed);
  source.onerror = () => source.readyState == 2 && setTimeout(listen, 5e3);
  // A page that is left is kept for the way back, and with it one of the six connections that a browser has for a host.
  onpagehide = () => source.close();
}

// Selection, and small things.
function selected() {
  const all = $$(".letter input"), on = all.filter(i => i.checked), n = on.length, [every, none, del, go] = $$("#selection button");
  say($("#selected"), n + " selected"); say($("#selected-ids"), on.map(i => $("b", i.parentNode).textContent).join(", "));
  say(del, `Delete ${n}…`); say(go, "Redrive " + n); del.disabled = go.disabled = !n;
  every.hidden = n == all.length; none.hidden = !n;
  every.onclick = none.onclick = e => { all.forEach(i => i.checked = e.target == every); selected(); };
}
const quiet = $("#single-keys");
if ($("#selection")) selected(), onchange = selected;
if (quiet) quiet.hidden = false, quiet.firstElementChild.checked = kept.keys, quiet.onchange = e => kept.keys = e.target.checked ? 1 : "";

// Keys: none of them changes anything at the daemon.
const step = (all, by, is) => { const i = all.findIndex(is); return all.at(i < 0 && by < 0 ? -1 : (i + by) % all.length); };
onkeydown = e => {
  const me = D.activeElement, view = now() - leap < 1500 && { o: "/", j: "/jobs", l: "/limits", d: "/dead-letters" }[e.key];
  if (e.key == "Escape") return me.blur();
  if (e.ctrlKey || e.metaKey || e.altKey || kept.keys || me.matches("input:not([type=checkbox]), textarea, select")) return;
  leap = 0;
  const row = by => step($$(".job .name, tbody th a, .letter input").filter(e => e.offsetParent), by, e => e == me)?.focus();
  const line = by => location.hash = step($$(".decisive-row"), by, l => "#" + l.id == location.hash)?.id || "";
  const act = view ? () => location = view : {
    "/": () => $$("[type=search]").find(e => e.offsetParent)?.focus(), g: () => leap = now(), j: () => row(1), k: () => row(-1), n: () => line(1), p: () => line(-1),
    f: () => $("#follow input")?.click(), x: () => me.matches(".letter input") && me.click(), w: () => location = wall ? "/" : "/?wall", "?": () => location = "/keys",
    ".": () => { held = !held; held || exchange(1); tell(lost); }, t: () => { mode = kept.times = mode ? mode == "utc" ? "" : "utc" : "clock"; times(); },
  }[e.key];
  if (act) e.preventDefault(), act();
};

setInterval(() => lost || D.hidden || times(), 1e3);
times();
if ("live" in D.body.dataset) {
  listen(); tell(); setInterval(changed, 1e4);
  D.onvisibilitychange = changed;
  onpageshow = e => e.persisted && (listen(), changed());
}
