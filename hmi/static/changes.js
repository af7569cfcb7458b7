// The table of changes: who changed what, when, from where.
"use strict";
window.changeTable = (() => {
  const { node } = hmi;
  const FILTERS = ["kind", "unit", "text", "from", "to"];
  const COLUMNS = ["time", "who", "origin", "unit", "what", "old", "new", "result"];
  let words, api, all = [];

  const field = (name) => document.querySelector(`[data-filter="${name}"]`);
  const idOf = (params) => params.data.id;
  const searched = (row) => [row.who, row.origin, row.unitName, row.what, row.about, words.kinds[row.kind], row.said, row.message, row.why].join(" ").toLowerCase();

  function passes({ data }) {
    const kind = field("kind").value;
    if (kind && (kind === "settings" ? !["value", "device"].includes(data.kind) : data.kind !== kind)) return false;
    if (field("unit").value && data.unit !== field("unit").value) return false;
    return tables.has(searched(data), field("text").value);
  }

  const lines = (...parts) => {
    const around = node("div", "cell");
    around.append(...parts.filter(Boolean));
    return around;
  };
  const hint = (text) => text && node("div", "hint", text);
  // As it was recorded, whatever the language of the page is.
  const recorded = (text) => {
    const said = text && node("div", "hint recorded", text);
    if (said) said.lang = "en";
    return said;
  };

  const cells = {
    time: ({ data }) => lines(node("span", "", data.time)),
    who: ({ data }) => lines(node("span", "", data.who || words.nobody)),
    what: ({ data }) => lines(
      node("span", "m", data.what || words.kinds[data.kind]), data.what && hint(words.kinds[data.kind]),
      !data.what && recorded(data.about),
    ),
    result: ({ data }) => lines(
      node("span", data.done ? "" : "refused", data.kind === "device" ? words.seen : data.done ? `✓ ${words.done}` : `✕ ${words.refused}`),
      hint(data.said), hint(data.why), !data.said && recorded(data.message),
    ),
    card: (cell) => lines(
      cells.what(cell), node("div", "", [cell.data.old, cell.data.new].filter(Boolean).join(" → ")),
      node("div", "", `${cell.data.time} · ${cell.data.who || words.nobody}`),
      hint([cell.data.unitName, cell.data.origin].filter(Boolean).join(" · ")), cells.result(cell),
    ),
  };

  function refilter() {
    if (!api) return;
    api.onFilterChanged();
    const shown = api.getDisplayedRowCount();
    document.getElementById("change-count").textContent = words.shown.replace("{shown}", shown).replace("{all}", all.length);
    document.getElementById("change-none").textContent = shown ? "" : all.length ? words.nonePasses : words.none;
  }

  function show(rows) {
    all = rows;
    api?.setGridOption("rowData", all);
    refilter();
  }

  function exportCsv() {
    const names = ["time", "who", "origin", "unitName", "what", "old", "new", "kind", "done", "why", "message"];
    const found = [];
    api.forEachNodeAfterFilterAndSort(({ data }) => found.push(names.map((name) =>
      name === "kind" ? words.kinds[data.kind] : name === "what" ? data.what || data.about : name === "done" ? (data.done ? words.done : words.refused) : data[name])));
    const text = tables.csv(names.map((name) => words.columns[name]), found);
    tables.save("changes.csv", text);
    return text;
  }

  function begin(id, said) {
    words = said;
    const query = new URLSearchParams(location.search);
    for (const name of FILTERS) {
      if (query.get(name)) field(name).value = query.get(name);
      const reads = ["from", "to"].includes(name);
      field(name).addEventListener(reads ? "change" : "input", () =>
        reads ? emitEvent("change-range", [field("from").value, field("to").value]) : refilter());
    }
    tables.whenReady(id, (found) => {
      api = found;
      tables.fit(api, COLUMNS, ["card"]);
      tables.printable(api, cells.card);
      show(all);
    });
  }

  return { begin, show, exportCsv, idOf, passes, cells };
})();
