// What tables of many rows share: finding the grid, columns for the width of the screen, CSV.
"use strict";
window.tables = (() => {
  const NARROW = matchMedia("(max-width: 1000px)");

  const grid = (id) => getElement(id)?.api;

  // Runs when the grid is there: the library makes it after the page.
  function whenReady(id, run) {
    const api = grid(id);
    if (api) run(api);
    else setTimeout(() => whenReady(id, run), 50);
  }

  // On a narrow screen one column has all in it, and the others are away.
  function fit(api, wide, narrow) {
    const apply = () => {
      if (api.isDestroyed()) return;
      api.setColumnsVisible(wide, !NARROW.matches);
      api.setColumnsVisible(narrow, NARROW.matches);
      // What cannot be seen has no place.
      api.setGridOption("headerHeight", NARROW.matches ? 40 : undefined);
    };
    NARROW.addEventListener("change", apply);
    apply();
  }

  // On paper all rows are there as cards: the library draws those that are in view, and later.
  function printable(api, card) {
    addEventListener("beforeprint", () => {
      const paper = hmi.node("div", "on-paper");
      api.forEachNodeAfterFilterAndSort(({ data }) => paper.append(card({ data })));
      document.querySelector(".data-table").after(paper);
    });
    addEventListener("afterprint", () => document.querySelector(".on-paper")?.remove());
  }

  // A spreadsheet takes what begins like this for a formula; the texts are those of anybody.
  const harmless = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);

  function csv(heads, rows) {
    const cell = (value) => `"${harmless(String(value ?? "")).replaceAll('"', '""')}"`;
    return [heads, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
  }

  function save(name, text) {
    // With a mark of the encoding, by which spreadsheets see that it is UTF-8.
    const place = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
    const link = document.createElement("a");
    link.href = place;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(place), 10000);
  }

  // Whether all words that are looked for are in a text.
  const has = (text, wanted) => wanted.toLowerCase().split(/\s+/).filter(Boolean).every((word) => text.includes(word));

  return { grid, whenReady, fit, printable, csv, save, has };
})();
