// The table of alarms: those of the list, as they are now, and those of the journal, in one.
"use strict";
window.alarmTable = (() => {
  const { node, priority } = hmi;
  const FILTERS = ["state", "unit", "priority", "text", "from", "to"];
  const RANK = ["unacknowledged", "returned", "acknowledged", "confirm", "reset"];
  const PUT_AWAY = ["shelved", "suppressed", "out_of_service"];
  let words, api, chosen;
  let live = new Map(), recorded = new Map();
  let range = [0, Infinity];
  let complete = false; // whether what is put away is among the rows

  const idOf = (params) => params.data.id;
  const field = (name) => document.querySelector(`[data-filter="${name}"]`);
  const state = () => field("state").value;
  const isPresent = (row) => row.acts !== undefined && (row.state !== "normal" || row.retain);

  // ── which rows ────────────────────────────────────────────────────────────────────────────────
  function rows() {
    const all = new Map(recorded);
    for (const [id, row] of live) {
      const before = recorded.get(id);
      // Who it was is known from the journal where the list has heard of it later only.
      all.set(id, before && !row.by ? { ...row, by: before.by } : row);
    }
    return [...all.values()];
  }

  const searched = (row) => [row.message, row.source, row.cause, row.action, row.comment, row.by].join(" ").toLowerCase();

  function passes({ data }) {
    const wanted = state();
    if (wanted === "present" ? !isPresent(data) : wanted !== "all" && data.state !== wanted) return false;
    if (wanted !== "present" && (data.raised < range[0] || data.raised >= range[1])) return false;
    if (field("unit").value && data.unit !== field("unit").value) return false;
    if (field("priority").value && data.priority !== field("priority").value) return false;
    return tables.has(searched(data), field("text").value);
  }

  function show() {
    if (!api) return;
    api.setGridOption("rowData", rows());
    api.onFilterChanged();
    tell();
  }

  function tell() {
    const all = rows().length, shown = api.getDisplayedRowCount();
    document.getElementById("alarm-count").textContent =
      words.shown.replace("{shown}", shown).replace("{all}", all);
    const none = document.getElementById("alarm-none");
    const nothing = hmi.isStale() ? words.unknown : words.none;
    none.textContent = shown ? "" : isUnfiltered() ? nothing : words.nonePasses;
    acts();
    showChosen();
  }

  const isUnfiltered = () => state() === "present" && ["unit", "priority", "text"].every((name) => !field(name).value);

  function refilter() {
    document.getElementById("alarm-range").hidden = state() === "present";
    api?.onFilterChanged();
    if (api) tell();
  }

  // The order of the server, which knows what comes first; then the past, the newest first.
  function order(a, b, one, other) {
    const rank = (row) => {
      const place = RANK.indexOf(row.state);
      return isPresent(row) ? (row.retain && place >= 0 ? place : 8) : 9;
    };
    return rank(one.data) - rank(other.data) || (rank(one.data) < 8 && other.data.severity - one.data.severity) || other.data.raised - one.data.raised;
  }

  // ── cells ─────────────────────────────────────────────────────────────────────────────────────
  const lines = (...parts) => {
    const around = node("div", "cell");
    around.append(...parts.filter(Boolean));
    return around;
  };
  const hint = (text) => text && node("div", "hint", text);
  const named = (name, text) => text && hint(`${words.columns[name]}: ${text}`);

  const cells = {
    priority: ({ data }) => lines(priority(data)),
    state: ({ data }) => lines(node("span", "", words.states[data.state]), data.until && hint(`${words.until} ${data.until}`)),
    time: ({ data }) => lines(node("span", "", data.time), named("value", data.value)),
    message: ({ data }) => lines(
      node("span", "m", data.message), data.first && node("span", "first", `① ${words.first}`),
      isPresent(data) && named("cause", data.cause), isPresent(data) && named("action", data.action),
    ),
    acknowledged: ({ data }) => lines(
      data.acknowledged && node("span", "", data.acknowledged), named("by", data.by), named("comment", data.comment),
    ),
    acts: ({ data }) => {
      const around = node("div", "acts");
      const first = data.acts?.find((act) => ["acknowledge", "confirm", "reset"].includes(act));
      const away = data.acts?.find((act) => ["shelve", "unshelve", "unsuppress", "place"].includes(act));
      if (first) around.append(button("ack", first, [data]));
      if (away) around.append(button("quiet shelve", away, [data]));
      return around;
    },
    card: (cell) => lines(
      lines(priority(cell.data), node("b", "where", cell.data.source)), cells.message(cell), cells.state(cell),
      cells.time(cell), named("acknowledged", cell.data.acknowledged), named("by", cell.data.by),
      named("comment", cell.data.comment), named("returned", cell.data.returned), cells.acts(cell),
    ),
  };

  // ── what is done about them ───────────────────────────────────────────────────────────────────
  function button(css, act, about, count) {
    const made = node("button", css, count ? `${words.acts[act]} (${about.length})` : words.acts[act]);
    made.type = "button";
    made.dataset.act = act;
    if (!count) made.setAttribute("aria-label", `${words.acts[act]}: ${about[0].source}, ${about[0].message}`);
    made.onclick = () => emitEvent("alarm-act", [act, about.map((row) => row.key)]);
    return made;
  }

  function acts() {
    const place = document.getElementById("alarm-acts");
    const selected = api.getSelectedNodes().filter((found) => found.displayed).map((found) => found.data);
    const buttons = Object.keys(words.acts)
      .map((act) => [act, selected.filter((row) => row.acts?.includes(act))])
      .filter(([, about]) => about.length)
      .map(([act, about]) => button(act === "acknowledge" ? "ack" : "quiet", act, about, true));
    const rows = [...live.values()];
    const mayAny = rows.some((row) => row.acts.length);
    // What the server has not said yet is not that one may nothing.
    const mayNone = rows.some((row) => row.rights) ? words.mayNothing : "";
    const why = selected.length ? words.nothing : mayAny || !live.size ? words.selectFirst : mayNone;
    // Written anew only where it changes: whoever is there with the keyboard stays there.
    const made = buttons.map((one) => one.textContent).join() || why;
    if (place.dataset.made === made + selected.map((row) => row.id)) return;
    place.dataset.made = made + selected.map((row) => row.id);
    place.replaceChildren(...(buttons.length ? buttons : [node("span", "calm", why)]));
  }

  // The alarm that a link has led to, once: the list is rendered again with each change.
  function showChosen() {
    const key = decodeURIComponent(location.hash.slice(1));
    if (!key || chosen === key) return;
    const found = [...live.values()].find((row) => row.key === key);
    const row = found && api.getRowNode(found.id);
    if (!row?.displayed) return;
    chosen = key;
    api.ensureNodeVisible(row, "middle");
    api.redrawRows();
  }

  const rules = Object.fromEntries([
    ...RANK, ...PUT_AWAY, "normal"].map((name) => [name, ({ data }) => data.state === name]));
  rules.alarm = () => true;
  rules.gone = ({ data }) => !isPresent(data);
  rules.chosen = ({ data }) => data.key !== undefined && data.key === decodeURIComponent(location.hash.slice(1));

  function exportCsv() {
    const columns = ["time", "source", "priority", "severity", "state", "message", "value", "acknowledged", "by", "comment", "returned", "cause", "action"];
    const found = [];
    api.forEachNodeAfterFilterAndSort(({ data }) => found.push(columns.map((name) =>
      name === "priority" ? words.priority[data.priority] : name === "state" ? words.states[data.state] : data[name])));
    const text = tables.csv(columns.map((name) => words.columns[name] ?? name), found);
    tables.save("alarms.csv", text);
    return text;
  }

  // ── from the page ─────────────────────────────────────────────────────────────────────────────
  function begin(id, said) {
    words = said;
    const query = new URLSearchParams(location.search);
    for (const name of FILTERS) {
      if (query.get(name)) field(name).value = query.get(name);
      field(name).addEventListener(["from", "to"].includes(name) ? "change" : "input", () =>
        ["from", "to"].includes(name) ? emitEvent("alarm-range", [field("from").value, field("to").value]) : refilter());
    }
    tables.whenReady(id, (found) => {
      api = found;
      tables.fit(api, ["priority", "state", "time", "source", "message", "acknowledged", "returned", "acts"], ["card"]);
      tables.printable(api, cells.card);
      hmi.onAlarms((alarms) => {
        live = new Map(alarms.map((row) => [row.id, row]));
        show();
      });
      refilter();
    });
    window.addEventListener("hashchange", () => { chosen = undefined; if (api) { showChosen(); api.redrawRows(); } });
  }

  function journal(found, anew, from, to) {
    if (anew) recorded = new Map();
    for (const row of found) recorded.set(row.id, row);
    range = [from, to];
    show();
  }

  return { begin, journal, complete: () => { complete = true; }, isComplete: () => complete, exportCsv, idOf, passes, order, cells, rules, selected: () => api && acts(), rows };
})();
