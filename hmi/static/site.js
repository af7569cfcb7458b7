// The site: how many do what, filters over the heat pumps, the worst first, spark lines.
"use strict";
window.site = (() => {
  const EVERY = 1000; // ms between two looks at the order
  const SETTLED = 100; // ms without a change of what is in view
  const AROUND = "300px 0px"; // of the window counts as in view: who scrolls on finds it filled
  const AWAY = /^Bad(NoCommunication|NotConnected|Timeout|CommunicationError)/;
  let codes = {}, words = {}, alarms = new Map(), chosen = "";
  let folded = false, kept = {}; // whether groups are folded at first, and what somebody chose of each
  const tiles = () => [...document.querySelectorAll(".tile")];

  // What a heat pump does, from its operating state as it is shown.
  function doing(tile) {
    const value = hmi.value(tile.dataset.state);
    if (!value) return "unknown";
    const [, quality, status, , number] = value;
    if (quality === "bad") return AWAY.test(status) ? "unreachable" : "unknown";
    return Object.keys(codes).find((name) => codes[name].includes(number)) ?? "unknown";
  }

  // In order of what asks for somebody: alarms, faults, silence, then what does worst.
  function badness(tile) {
    const own = alarms.get(tile.dataset.unit);
    const state = doing(tile);
    const deviation = hmi.value(tile.dataset.deviation)?.[4];
    return [own?.waiting ?? 0, own?.worst ?? 0, state === "fault" ? 1 : 0, state === "unreachable" ? 1 : 0, -(deviation ?? 0)];
  }

  function compare(a, b) {
    for (let i = 0; i < a.bad.length; i += 1) if (a.bad[i] !== b.bad[i]) return b.bad[i] - a.bad[i];
    return a.place - b.place;
  }

  // What asks for somebody is seen in a folded group, too.
  const asks = (tile) => alarms.has(tile.dataset.unit) || ["fault", "unreachable"].includes(tile.dataset.doing);

  // Of a site without groups, and of all groups, every heat pump is looked at.
  function ofGroup(some) {
    const choice = document.getElementById("site-group")?.selectedOptions[0];
    // Marked, and not known by its value: a group may have any name.
    if (!choice || "all" in choice.dataset) return some;
    return some.filter((tile) => tile.closest(".tile-group").dataset.group === choice.value);
  }

  function passes(tile, wanted) {
    const { unit, doing: state, words: own } = tile.dataset;
    const chosenOne = !chosen || (chosen === "alarms" ? alarms.has(unit) : state === chosen);
    return chosenOne && tables.has(`${own} ${tile.querySelector(".state .n")?.textContent ?? ""}`.toLowerCase(), wanted);
  }

  function look() {
    const all = tiles();
    const wanted = document.getElementById("site-filter")?.value ?? "";
    // Who looks for something finds it, whatever is folded.
    const own = new Set(ofGroup(all));
    const looksFor = Boolean(chosen || wanted.trim() || own.size < all.length);
    let found = 0, shown = 0;
    for (const tile of all) tile.dataset.doing = doing(tile);
    for (const group of groups()) {
      const members = [...group.querySelectorAll(".tile")];
      const open = looksFor || isOpen(group);
      let here = 0;
      for (const tile of members) {
        const fits = own.has(tile) && passes(tile, wanted);
        here += fits ? 1 : 0;
        tile.hidden = !(fits && (open || asks(tile)));
        shown += tile.hidden ? 0 : 1;
      }
      found += here;
      group.hidden = !here && members.length > 0;
      head(group, members, open);
    }
    const total = count(own);
    for (const button of document.querySelectorAll("[data-doing-count]")) {
      const number = total[button.dataset.doingCount] ?? 0;
      button.querySelector("b").textContent = number;
      button.classList.toggle("some", number > 0);
    }
    const none = document.getElementById("site-none");
    if (none) none.hidden = found > 0 || !all.length;
    const told = document.getElementById("site-shown");
    const text = looksFor ? `${shown} / ${own.size}` : "";
    // Said aloud when it changes, and not each second.
    if (told && told.textContent !== text) told.textContent = text;
    arrange(all);
  }

  function count(some) {
    const counts = {};
    for (const tile of some) {
      counts[tile.dataset.doing] = (counts[tile.dataset.doing] ?? 0) + 1;
      if (alarms.has(tile.dataset.unit)) counts.alarms = (counts.alarms ?? 0) + 1;
    }
    return counts;
  }

  // ── groups ────────────────────────────────────────────────────────────────────────────────────
  const groups = () => [...document.querySelectorAll(".tile-group")];
  const isOpen = (group) => !group.querySelector("header button") || !(kept[group.dataset.group] ?? folded);

  function head(group, own, open) {
    const button = group.querySelector(":scope > header button");
    if (!button) return;
    button.setAttribute("aria-expanded", String(open));
    const counts = count(own);
    const parts = Object.entries(words).filter(([name]) => counts[name])
      .map(([name, word]) => ({ name, text: `${counts[name]} ${word.toLowerCase()}` }));
    const place = group.querySelector(".group-counts");
    const said = parts.map((part) => part.text).join(" · ");
    if (place.textContent === said) return;
    place.replaceChildren(...parts.flatMap(({ name, text }, at) => [at ? " · " : "", hmi.node("span", name, text)]));
  }

  function fold(button) {
    const group = button.closest(".tile-group");
    kept[group.dataset.group] = isOpen(group);
    localStorage.setItem("hmi-groups", JSON.stringify(kept));
    look();
  }

  // Nothing moves under a pointer or the keyboard.
  const isAt = (place) => place.matches(":hover") || place.contains(document.activeElement);

  function arrange(all) {
    const place = document.getElementById("tiles");
    if (!place || isAt(place)) return;
    const order = all.map((tile) => ({ tile, bad: badness(tile), place: Number(tile.dataset.place) })).sort(compare);
    const worst = [...new Set(order.map(({ tile }) => tile.closest(".tile-group")))];
    inOrder(place, worst);
    for (const group of worst)
      inOrder(group.lastElementChild, order.map(({ tile }) => tile).filter((tile) => group.contains(tile)));
  }

  function inOrder(place, children) {
    children.forEach((child, at) => {
      if (place.children[at] !== child) place.insertBefore(child, place.children[at] ?? null);
    });
  }

  // The first that is found is opened.
  function enter(event) {
    if (event.key !== "Enter") return;
    tiles().find((tile) => !tile.hidden)?.querySelector("a")?.click();
  }

  function choose(button) {
    chosen = chosen === button.dataset.doingCount ? "" : button.dataset.doingCount;
    for (const one of document.querySelectorAll("[data-doing-count]"))
      one.setAttribute("aria-pressed", String(one.dataset.doingCount === chosen));
    look();
  }

  // ── what is in view ───────────────────────────────────────────────────────────────────────────
  const within = (tile) => tile.querySelector(".in-view");
  const full = new Map(), lines = new Map(); // what the server has sent: by heat pump, by variable
  let told = new Set();

  // Only what is in view is told of: what comes into view waits for its values as a fresh page.
  function show(tile) {
    const html = full.get(tile.dataset.unit);
    if (!html || !told.has(tile) || within(tile).childElementCount) return;
    within(tile).innerHTML = html;
    for (const { dataset } of within(tile).querySelectorAll("[data-key]"))
      if (dataset.key !== tile.dataset.deviation) hmi.forget(dataset.key);
    hmi.fill(within(tile));
    within(tile).querySelectorAll("[data-spark]").forEach(draw);
  }

  function empty(tile) {
    within(tile).style.minHeight = `${within(tile).offsetHeight}px`;
    within(tile).replaceChildren();
  }

  function fill(sent) {
    for (const [unit, html] of Object.entries(sent)) full.set(unit, html);
    tiles().forEach(show);
  }

  function watch() {
    const inView = new Set();
    let telling;
    function tell() {
      // A tile that has the focus keeps what it has.
      for (const tile of told) if (within(tile).contains(document.activeElement)) inView.add(tile);
      for (const tile of told) if (!inView.has(tile)) empty(tile);
      told = new Set(inView);
      told.forEach(show);
      emitEvent("tiles-in-view", [...told].map((tile) => tile.dataset.unit));
    }
    const watcher = new IntersectionObserver((changes) => {
      for (const { target, isIntersecting } of changes) inView[isIntersecting ? "add" : "delete"](target);
      clearTimeout(telling);
      telling = setTimeout(tell, SETTLED);
    }, { rootMargin: AROUND });
    tiles().forEach((tile) => watcher.observe(tile));
  }

  function sparks(read) {
    for (const [key, values] of Object.entries(read)) {
      lines.set(key, values);
      const place = document.querySelector(`[data-spark="${CSS.escape(key)}"]`);
      if (place) draw(place);
    }
  }

  function draw(place) {
    const values = lines.get(place.dataset.spark);
    if (!values) return;
    const most = Math.max(...values.map((value) => value ?? 0), 1e-9);
    let path = "", gap = true;
    values.forEach((value, at) => {
      if (value === null) { gap = true; return; }
      path += `${gap ? "M" : "L"}${at + 0.5} ${(19 - (18 * Math.max(0, value)) / most).toFixed(2)}`;
      // A single value between two gaps is seen, too.
      if (gap) path += "h.01";
      gap = false;
    });
    place.firstElementChild.setAttribute("d", path);
    place.classList.toggle("empty", !path);
  }

  function begin(of) {
    ({ codes, words, folded } = of);
    kept = JSON.parse(localStorage.getItem("hmi-groups") ?? "{}");
    watch();
    hmi.onAlarms((found) => {
      alarms = new Map();
      for (const alarm of found.filter((one) => one.retain)) {
        const own = alarms.get(alarm.unit) ?? { waiting: 0, worst: 0 };
        if (alarm.state === "unacknowledged") own.waiting = Math.max(own.waiting, alarm.severity);
        own.worst = Math.max(own.worst, alarm.severity);
        alarms.set(alarm.unit, own);
      }
      look();
    });
    setInterval(look, EVERY);
  }

  return { begin, look, choose, fold, enter, fill, sparks };
})();
