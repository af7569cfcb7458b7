// Keeps a page up to date from one push per cycle, and shows when the pushes stay away.
"use strict";
window.hmi = (() => {
  const STALE_AFTER = 4000; // ms without a sign of life; with the beat of 1 s: grey within 5 s
  const CHECK_EVERY = 250;
  const ACTIVITY_EVERY = 15000;
  const words = window.hmiTexts;
  const glyph = { good: "", uncertain: "?", bad: "✕", stale: "◷" };
  let heard = performance.now();
  let stale = false;
  let link = "connected";
  let alarms = [];
  let current = true; // whether the alarms are all that the server has
  let told = -Infinity;
  const listeners = [];
  const latest = new Map();

  const all = (name, key) => document.querySelectorAll(`[data-${name}="${CSS.escape(key)}"]`);

  // In words, with the code for whoever has to look it up.
  function inWords(quality, status) {
    const word = words.quality[quality];
    if (quality === "good" || quality === "stale") return word === status ? word : `${word} (${status})`;
    const reason = words.reasons[status] ?? words.reasons[quality === "bad" ? "Bad" : "Uncertain"];
    return `${word}: ${reason} (${status})`;
  }

  function mark(element, shown, tip, said) {
    const sign = element.querySelector(".q");
    sign.textContent = glyph[shown];
    // When all is old, one bar says so, and not a hundred stops of the tabulator.
    const asks = shown === "bad" || shown === "uncertain";
    const title = element.querySelector("title");
    const target = title ? element : sign;
    target.tabIndex = asks ? 0 : -1;
    // What is seen is part of the name: whoever speaks to the machine says what they see.
    const seen = [...element.childNodes].filter((part) => part !== title).map((part) => part.textContent).join("");
    target.setAttribute("aria-label", title ? `${seen.trim()}. ${said}` : said);
    if (title) {
      title.textContent = tip;
      element.setAttribute("role", asks ? "button" : "img");
    } else element.title = tip;
  }

  function show(key, [text, quality, status, time, number]) {
    const shown = stale ? "stale" : quality;
    for (const element of all("key", key)) {
      element.querySelector(".n").textContent = text;
      element.classList.remove("pending", "good", "uncertain", "bad");
      element.classList.add(quality);
      const { title } = element.dataset;
      const unit = element.querySelector(".u")?.textContent ?? "";
      const why = inWords(shown, status);
      mark(element, shown, `${title}\n${why}\n${time}`, `${title}: ${text} ${unit}. ${why}`);
    }
    for (const element of all("on", key)) {
      element.classList.toggle("on", number !== null && number > 0);
      element.classList.toggle("unknown", number === null);
      element.setAttribute("aria-label", `${element.dataset.title}: ${number === null ? inWords(shown, status) : text}`);
    }
    for (const element of all("bar", key)) {
      const { low, high } = element.dataset;
      const share = place(number, low, high);
      element.classList.toggle("none", number === null);
      element.classList.toggle("outside", number !== null && (number < low || number > high));
      element.firstElementChild.style.width = `${share}%`;
    }
    for (const element of all("mark", key)) {
      const { low, high } = element.parentElement.dataset;
      element.hidden = number === null;
      element.style.left = `calc(${place(number, low, high)}% - 1px)`;
    }
    for (const element of all("quality", key)) {
      element.className = `quality ${quality}`;
      element.textContent = `${glyph[quality]} ${quality === "good" ? words.quality.good : inWords(quality, status)}`.trim();
    }
    for (const element of all("time", key)) element.textContent = time;
  }

  function place(number, low, high) {
    return Math.max(0, Math.min(100, (100 * (number - low)) / (high - low)));
  }

  function update(message) {
    applyTheme();
    if (message.beat !== undefined) {
      heard = performance.now();
      document.getElementById("clock").textContent = message.clock;
    }
    link = message.link ?? link;
    current = message.current ?? current;
    alarms = message.alarms ?? alarms;
    for (const [key, value] of Object.entries(message.values || {})) {
      latest.set(key, value);
      show(key, value);
    }
    if (message.values) listeners.forEach((listener) => listener(message.values));
    const turned = settle();
    if (message.alarms && !turned) showAlarms();
  }

  // Stale bar, link sign, values and alarms are all fresh or all old: they must not contradict.
  // Returns whether they have changed from the one to the other.
  function settle() {
    const silence = performance.now() - heard;
    const now = silence > STALE_AFTER || link !== "connected" || !current;
    const bar = document.getElementById("stale");
    if (!bar) return false; // the page is still being built
    if (now) bar.textContent = `◷ ${words.stale} (${Math.round(silence / 1000)} s)`;
    const sign = document.getElementById("link");
    sign.dataset.link = now ? "lost" : link;
    sign.lastElementChild.textContent = words.link[sign.dataset.link];
    if (now === stale) return false;
    stale = now;
    document.body.classList.toggle("stale", stale);
    bar.hidden = !stale;
    // What would only fail is not offered.
    for (const place of document.querySelectorAll(".control, #alarm-list")) place.inert = stale;
    for (const [key, value] of latest) show(key, value);
    showAlarms();
    return true;
  }

  function showAlarms() {
    renderBanner();
    renderBadges();
    renderAlarms();
    const waiting = active().length;
    document.title = (waiting ? `(${waiting}) ` : "") + document.title.replace(/^\(\d+\) /, "");
  }

  // ── alarms ────────────────────────────────────────────────────────────────────────────────────
  function node(tag, css, text) {
    const element = document.createElement(tag);
    if (css) element.className = css;
    if (text !== undefined) element.textContent = text;
    return element;
  }

  function priority(alarm) {
    const calm = ["normal", "returned", "confirm", "reset", "quiet"].includes(alarm.state);
    return node("span", `p ${calm ? "over" : alarm.priority}`, `${words.shape[alarm.priority]} ${words.priority[alarm.priority]}`);
  }

  const active = () => alarms.filter((alarm) => alarm.retain);

  // Of the alarm, in the list of all.
  function linkTo(alarm) {
    const place = node("a", "text", `${alarm.source}: ${alarm.message}`);
    place.href = `/alarms#${encodeURIComponent(alarm.key)}`;
    return place;
  }

  function renderBanner() {
    const banner = document.getElementById("banner");
    const rows = active();
    const [line, list] = banner.children;
    banner.classList.toggle("calm", !rows.length);
    banner.classList.toggle("old", stale);
    if (!rows.length) {
      list.hidden = true;
      // Only who has heard all alarms knows that there is none.
      line.replaceChildren(node("span", "text", stale ? words.alarmsUnknown : words.noAlarms));
      return;
    }
    const unfold = node("button", "count", `${rows.length} ▾`);
    unfold.type = "button";
    unfold.setAttribute("aria-expanded", String(!list.hidden));
    unfold.onclick = () => {
      list.hidden = !list.hidden;
      unfold.setAttribute("aria-expanded", String(!list.hidden));
    };
    const old = stale ? [node("span", "count", `◷ ${words.alarmsOld}`)] : [];
    const focused = line.contains(document.activeElement) && document.activeElement.tagName;
    line.className = `line ${rows[0].state}`;
    line.replaceChildren(priority(rows[0]), linkTo(rows[0]), ...old, unfold);
    // Whoever is there with the keyboard stays there.
    if (focused) line.querySelector(focused)?.focus();
    list.replaceChildren(...rows.map((alarm) => {
      const item = node("div", `item ${alarm.state}`);
      item.append(priority(alarm), node("span", "", alarm.time), linkTo(alarm));
      item.append(node("span", "count", words.alarmState[alarm.state]));
      return item;
    }));
  }

  function renderBadges() {
    for (const badge of document.querySelectorAll("[data-alarms]")) {
      const own = active().filter((alarm) => alarm.unit === badge.dataset.alarms);
      badge.hidden = !own.length;
      badge.replaceChildren();
      if (own.length) {
        const worst = priority(own[0]);
        worst.append(` ${own.length}`);
        badge.append(worst);
      }
    }
  }

  function renderAlarms() {
    const list = document.getElementById("alarm-list");
    if (!list) return;
    const columns = words.alarmColumns;
    const head = node("div", "alarm head");
    for (const name of ["priority", "state", "time", "source", "message", "action"]) head.append(node("span", "", columns[name]));
    head.append(node("span"));
    // What somebody has put away is no alarm to look at now, and must not be forgotten.
    const rows = document.getElementById("returned").checked ? alarms : alarms.filter((alarm) => alarm.retain || alarm.shelved);
    const lines = rows.map((alarm) => {
      const line = node("div", `alarm ${alarm.state}${alarm.retain ? "" : " gone"}`);
      line.dataset.alarm = alarm.key;
      const message = node("span", "m", alarm.message);
      const hint = node("span", "hint");
      if (alarm.cause) hint.append(node("div", "", `${columns.cause}: ${alarm.cause}`));
      if (alarm.action) hint.append(node("div", "", `${columns.action}: ${alarm.action}`));
      const action = node("span", "acts");
      if (alarm.may) action.append(act("ack", words.acts[alarm.wants], "acknowledge", alarm));
      if (alarm.putsAway) action.append(act("quiet shelve", words.shelving[alarm.putsAway], alarm.putsAway, alarm));
      const state = node("span", "", words.alarmState[alarm.state]);
      if (alarm.until) state.append(node("div", "hint", `${words.until} ${alarm.until}`));
      const times = node("span", "", alarm.time);
      for (const [name, word] of Object.entries(words.alarmTimes))
        if (alarm[name]) times.append(node("div", "hint", `${word} ${alarm[name]}`));
      line.append(wrap(priority(alarm)), state, times);
      line.append(node("span", "", alarm.source), message, hint, action);
      return line;
    });
    const none = stale ? words.alarmsUnknown : words.noAlarms;
    list.replaceChildren(...(rows.length ? [head, ...lines] : [node("p", "calm", none)]));
    showChosen();
  }

  // The alarm that a link has led to, once: the list is rendered again with each change.
  let chosen;
  function showChosen() {
    const key = decodeURIComponent(location.hash.slice(1));
    const line = key && document.querySelector(`.alarm[data-alarm="${CSS.escape(key)}"]`);
    if (!line) return;
    line.classList.add("chosen");
    if (chosen !== key) line.scrollIntoView({ block: "center" });
    chosen = key;
  }

  function act(kind, text, event, alarm) {
    const button = node("button", kind, text);
    button.onclick = () => emitEvent(event, alarm.key);
    return button;
  }

  function wrap(element) {
    const around = node("span");
    around.append(element);
    return around;
  }

  // ── why a value is Bad or Uncertain ───────────────────────────────────────────────────────────
  function explain(event) {
    const box = document.getElementById("why");
    const mark = event.target.closest?.("button.q, text.v[role=button]");
    const asked = event.type === "click" || event.key === "Enter" || event.key === " ";
    if (!mark || event.key === "Escape") {
      if (event.type === "click" || event.key === "Escape") box.hidden = true;
      return;
    }
    if (!asked || (event.type === "keydown" && mark.tagName === "BUTTON")) return;
    event.preventDefault();
    const value = mark.closest("[data-key]");
    box.textContent = value.querySelector("title")?.textContent ?? value.title;
    box.hidden = false;
    const place = mark.getBoundingClientRect(), size = box.getBoundingClientRect();
    const below = place.bottom + 6 + size.height <= innerHeight;
    box.style.left = `${Math.max(6, Math.min(place.left, innerWidth - size.width - 6))}px`;
    box.style.top = `${Math.max(6, below ? place.bottom + 6 : place.top - size.height - 6)}px`;
  }
  document.addEventListener("click", explain);
  document.addEventListener("keydown", explain);
  document.addEventListener("scroll", () => { document.getElementById("why").hidden = true; }, { passive: true });

  // ── the rest ──────────────────────────────────────────────────────────────────────────────────
  function fold(button) {
    button.closest("tbody").classList.toggle("toggled");
  }

  function filter(text) {
    const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
    for (const body of document.querySelectorAll(".parameters tbody")) {
      let any = false;
      for (const row of body.querySelectorAll("tr[data-words]")) {
        const value = row.querySelector(".n").textContent.toLowerCase();
        const quality = row.querySelector(".quality").textContent.toLowerCase();
        row.hidden = !wanted.every((word) => `${row.dataset.words} ${value} ${quality}`.includes(word));
        any = any || !row.hidden;
      }
      body.hidden = !any;
      body.classList.toggle("found", wanted.length > 0);
    }
  }

  const root = document.documentElement;

  function applyTheme() {
    const dark = root.dataset.theme === "dark";
    if (Quasar.Dark.isActive !== dark) Quasar.Dark.set(dark);
  }

  function toggleTheme() {
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    document.cookie = `hmi-theme=${root.dataset.theme};path=/;max-age=31536000;samesite=lax`;
    applyTheme();
    window.dispatchEvent(new Event("hmi-theme"));
  }

  function noteActivity() {
    if (performance.now() - told < ACTIVITY_EVERY || !window.did_handshake) return;
    told = performance.now();
    emitEvent("activity", null);
  }

  for (const event of ["pointerdown", "keydown", "wheel"]) {
    window.addEventListener(event, noteActivity, { passive: true });
  }
  window.addEventListener("hashchange", renderAlarms);
  document.addEventListener("visibilitychange", settle);
  setInterval(settle, CHECK_EVERY);

  return { update, filter, fold, toggleTheme, renderAlarms, onValues: (listener) => listeners.push(listener) };
})();
