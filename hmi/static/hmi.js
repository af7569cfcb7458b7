// Keeps a page up to date from one push per cycle, and shows when the pushes stay away.
"use strict";
window.hmi = (() => {
  const STALE_AFTER = 4000; // ms without a sign of life; with the beat of 1 s: grey within 5 s
  const CHECK_EVERY = 250;
  const ACTIVITY_EVERY = 15000;
  const words = window.hmiTexts;
  const glyph = { good: "", uncertain: "?", bad: "✕", stale: "◷" };
  let heard = performance.now();
  let twinTime = null; // when it was heard [ms]
  let stale = false;
  let link = "connected";
  let alarms = []; // in order: what waits for somebody before all else
  let current = true; // whether the alarms are all that the server has
  let told = -Infinity;
  const listeners = [], alarmListeners = [];
  const latest = new Map(), alarmsByKey = new Map();

  // Places of values, by what they are and by key: found once for all values that come together,
  // since a search of a large page for each of them would take longer than they are apart.
  const KINDS = ["key", "on", "bar", "deviates", "mark", "quality", "time"];
  const EVERY_KIND = KINDS.map((name) => `[data-${name}]`).join(",");

  function placesIn(part) {
    const found = new Map();
    for (const element of part.querySelectorAll(EVERY_KIND)) {
      for (const name of KINDS) {
        const key = element.dataset[name];
        if (key === undefined) continue;
        const place = `${name} ${key}`;
        if (found.has(place)) found.get(place).push(element);
        else found.set(place, [element]);
      }
    }
    return found;
  }

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
    // A value with a faceplate is a button, whatever its quality.
    const opens = element.dataset.faceplate !== undefined;
    if (!opens) target.tabIndex = asks ? 0 : -1;
    // What is seen is part of the name: whoever speaks to the machine says what they see.
    const seen = [...element.childNodes].filter((part) => part !== title).map((part) => part.textContent).join("");
    target.setAttribute("aria-label", title ? `${seen.trim()}. ${said}` : said);
    if (title) {
      title.textContent = tip;
      if (!opens) element.setAttribute("role", asks ? "button" : "img");
    } else element.title = tip;
  }

  function show(places, key, [text, quality, status, time, number]) {
    const all = (name) => places.get(`${name} ${key}`) ?? [];
    const shown = stale ? "stale" : quality;
    for (const element of all("key")) {
      element.querySelector(".n").textContent = text;
      element.classList.remove("pending", "good", "uncertain", "bad");
      element.classList.add(quality);
      const { title } = element.dataset;
      const unit = element.querySelector(".u")?.textContent ?? "";
      const why = inWords(shown, status);
      mark(element, shown, `${title}\n${why}\n${time}`, `${title}: ${text} ${unit}. ${why}`);
    }
    for (const element of all("on")) {
      element.classList.toggle("on", number !== null && number > 0);
      element.classList.toggle("unknown", number === null);
      element.setAttribute("aria-label", `${element.dataset.title}: ${number === null ? inWords(shown, status) : text}`);
    }
    for (const element of all("bar")) {
      const { low, high } = element.dataset;
      const share = place(number, low, high);
      element.classList.toggle("none", number === null);
      element.classList.toggle("outside", number !== null && (number < low || number > high));
      element.firstElementChild.style.width = `${share}%`;
    }
    for (const element of all("deviates")) {
      const share = place(Math.abs(number ?? 0), 0, element.dataset.most) / 2;
      element.firstElementChild.style.left = `${number < 0 ? 50 - share : 50}%`;
      element.firstElementChild.style.width = `${share}%`;
    }
    for (const element of all("mark")) {
      const { low, high } = element.parentElement.dataset;
      element.hidden = number === null;
      element.style.left = `calc(${place(number, low, high)}% - 1px)`;
    }
    for (const element of all("quality")) {
      element.className = `quality ${quality}`;
      element.textContent = `${glyph[quality]} ${quality === "good" ? words.quality.good : inWords(quality, status)}`.trim();
    }
    for (const element of all("time")) element.textContent = time;
  }

  // What has come into the page since, from what is known.
  function fill(part) {
    const places = placesIn(part);
    const keys = new Set([...places.keys()].map((place) => place.slice(place.indexOf(" ") + 1)));
    for (const key of keys) if (latest.has(key)) show(places, key, latest.get(key));
    for (const place of part.querySelectorAll(".control")) place.inert = stale;
  }

  function place(number, low, high) {
    return Math.max(0, Math.min(100, (100 * (number - low)) / (high - low)));
  }

  function update(message) {
    applyTheme();
    if (message.beat !== undefined) {
      heard = performance.now();
      twinTime = message.now;
      const [day, time] = message.clock.split(" ");
      document.getElementById("clock").replaceChildren(node("span", "day", `${day} `), time);
    }
    link = message.link ?? link;
    current = message.current ?? current;
    if (message.alarms) takeAlarms(message.alarms);
    if (message.values) {
      const places = placesIn(document);
      for (const [key, value] of Object.entries(message.values)) {
        latest.set(key, value);
        show(places, key, value);
      }
      listeners.forEach((listener) => listener(message.values));
    }
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
    const places = placesIn(document);
    for (const [key, value] of latest) show(places, key, value);
    showAlarms();
    return true;
  }

  function showAlarms() {
    renderBanner();
    renderBadges();
    alarmListeners.forEach((listener) => listener(alarms));
    listen();
    const waiting = active().length;
    document.title = (waiting ? `(${waiting}) ` : "") + document.title.replace(/^\(\d+\) /, "");
  }

  // What is told is what has changed.
  function takeAlarms({ rows, gone }) {
    for (const key of gone) alarmsByKey.delete(key);
    for (const row of rows) alarmsByKey.set(row.key, row);
    const inRank = ({ rank: a }, { rank: b }) => {
      const at = a.findIndex((part, place) => part !== b[place]);
      return at < 0 ? 0 : a[at] - b[at];
    };
    alarms = [...alarmsByKey.values()].sort(inRank);
  }

  // ── alarms ────────────────────────────────────────────────────────────────────────────────────
  function node(tag, css, text) {
    const element = document.createElement(tag);
    if (css) element.className = css;
    if (text !== undefined) element.textContent = text;
    return element;
  }

  function priority(alarm) {
    const calm = ["normal", "returned", "confirm", "reset", "shelved", "suppressed", "out_of_service"].includes(alarm.state);
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
      listBanner(list);
    };
    const old = stale ? [node("span", "count", `◷ ${words.alarmsOld}`)] : [];
    const focused = line.contains(document.activeElement) && document.activeElement.tagName;
    line.className = `line ${rows[0].state}`;
    line.replaceChildren(priority(rows[0]), linkTo(rows[0]), ...old, unfold);
    // Whoever is there with the keyboard stays there.
    if (focused) line.querySelector(focused)?.focus();
    listBanner(list);
  }

  // Of a folded list nothing is made: it may be of hundreds.
  function listBanner(list) {
    list.replaceChildren(...(list.hidden ? [] : active()).map((alarm) => {
      const item = node("div", `item ${alarm.state}`);
      item.append(priority(alarm), node("span", "", alarm.time), linkTo(alarm));
      item.append(node("span", "count", words.alarmState[alarm.state]));
      return item;
    }));
  }

  function renderBadges() {
    const byUnit = Map.groupBy(active(), (alarm) => alarm.unit);
    for (const badge of document.querySelectorAll("[data-alarms]")) {
      const own = byUnit.get(badge.dataset.alarms) ?? [];
      badge.hidden = !own.length;
      badge.replaceChildren();
      if (own.length) {
        const worst = priority(own[0]);
        worst.append(` ${own.length}`);
        badge.append(worst);
      }
    }
  }

  // ── sound ─────────────────────────────────────────────────────────────────────────────────────
  // Off until somebody wants it; the choice is kept in this browser.
  const PITCH = { urgent: 1050, high: 840, medium: 630, low: 420 }; // Hz
  let audio, known, rung = 0;
  const sounds = () => localStorage.getItem("hmi-sound") === "on";

  function toggleSound() {
    localStorage.setItem("hmi-sound", sounds() ? "off" : "on");
    showSound();
    if (sounds()) ring("low");
  }

  function showSound() {
    const button = document.getElementById("sound");
    if (!button) return;
    button.setAttribute("aria-pressed", String(sounds()));
    button.dataset.rung = rung;
  }

  function ring(name) {
    audio ??= new AudioContext();
    rung += 1;
    showSound();
    // A browser lets a page sound after a click or a key only: until then it waits.
    audio.resume().then(() => [0, 0.25].forEach((wait) => {
      const tone = audio.createOscillator(), loudness = audio.createGain();
      tone.frequency.value = PITCH[name];
      loudness.gain.value = 0.15;
      tone.connect(loudness).connect(audio.destination);
      tone.start(audio.currentTime + wait);
      tone.stop(audio.currentTime + wait + 0.15);
    }));
  }

  // Of those that nobody has acknowledged, what was not there before: not what a page finds.
  function listen() {
    showSound();
    const waiting = active().filter((alarm) => alarm.state === "unacknowledged");
    const fresh = known && waiting.filter((alarm) => !known.has(alarm.id));
    if (current) known = new Set([...(known ?? []), ...waiting.map((alarm) => alarm.id)]);
    if (fresh?.length && sounds() && !stale) ring(fresh[0].priority);
  }

  // ── why a value is Bad or Uncertain ───────────────────────────────────────────────────────────
  function explain(event) {
    const box = document.getElementById("why");
    const mark = event.target.closest?.("button.q, text.v[role=button]:not([data-faceplate])");
    const asked = event.type === "click" || event.key === "Enter" || event.key === " ";
    if (!mark || event.key === "Escape") {
      if (event.type === "click" || event.key === "Escape") box.hidden = true;
      return;
    }
    if (!asked || (event.type === "keydown" && mark.tagName === "BUTTON")) return;
    event.preventDefault();
    const value = mark.closest("[data-key]");
    box.textContent = value.querySelector("title")?.textContent ?? value.title;
    // A dialog lies above all else.
    (mark.closest("dialog") ?? document.body).append(box);
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
  document.addEventListener("visibilitychange", settle);
  setInterval(settle, CHECK_EVERY);

  function onAlarms(listener) {
    alarmListeners.push(listener);
    listener(alarms);
  }

  return { update, fill, forget: (key) => latest.delete(key), linkTo, now: () => twinTime === null ? null : twinTime + performance.now() - heard, filter, fold, toggleTheme, toggleSound, onAlarms, node, priority, isStale: () => stale, value: (key) => latest.get(key),
    onValues: (listener) => listeners.push(listener) };
})();
