// The trends page: what is chosen stands in its address; a table of the lines, marks in words, files to take away.
"use strict";
window.trendPage = (() => {
  let words, zone, state = new URLSearchParams(location.search);
  const place = (id) => document.getElementById(id);
  const { node } = hmi;

  // ── the address ───────────────────────────────────────────────────────────────────────────────
  function go(change) {
    change(state);
    emitEvent("trend-view", [state.toString()]);
  }

  // Points in their order, each with the number of its pane; empty: with the others of its unit.
  const chosen = () => state.getAll("p").map((text) => text.split("@"));

  function choose(points) {
    go((view) => {
      view.delete("p");
      for (const [key, pane] of points) view.append("p", pane ? `${key}@${pane}` : key);
    });
  }

  function own(first, last) {
    go((view) => {
      view.delete("h");
      view.set("from", first);
      view.set("to", last);
    });
  }

  // What a clock at the site shows, as a field for a time wants it.
  const local = (time) => new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" }).format(time).replace(" ", "T");

  // By whole lengths of the range, back and on.
  function shift(way) {
    const [start, end] = [place("trend-from").value, place("trend-to").value].map((text) => Date.parse(`${text}Z`));
    const shown = [start, end].map((time) => new Date(time + way * (end - start)).toISOString().slice(0, 16));
    own(...shown);
  }

  // ── what the twin's pages answer ──────────────────────────────────────────────────────────────
  function show(view) {
    state = new URLSearchParams(view.query);
    history.replaceState(null, "", `?${view.query}`);
    place("trend-hours").value = state.get("h") ?? "own";
    place("trend-from").value = local(view.start);
    place("trend-to").value = local(view.end);
    place("trend-with").value = state.get("with") ?? "";
    for (const name of ["ahead", "marks"]) place(`trend-${name}`).checked = state.get(name) === "1";
    place("trend-missing").textContent = view.missing;
    place("trend-none").hidden = view.rows.length > 0;
    place("trend-lines").hidden = !view.rows.length;
    place("trend-lines").tBodies[0].replaceChildren(...view.rows.map(row));
    place("trend-marks-list").hidden = true;
  }

  function row(about) {
    const line = node("tr");
    line.dataset.line = about.key;
    const dot = node("span", "dot");
    dot.style.background = trend.colour(about.key);
    const name = node("th");
    name.scope = "row";
    name.append(dot, about.name);
    const pane = place("trend-pane").cloneNode(true);
    pane.removeAttribute("id");
    pane.setAttribute("aria-label", `${words.pane}: ${about.name}`);
    pane.value = about.pane;
    pane.onchange = () => choose(chosen().map(([key, old]) => [key, key === about.key ? pane.value : old]));
    const away = node("button", "quiet", "✕");
    away.type = "button";
    away.setAttribute("aria-label", `${words.remove}: ${about.name}`);
    away.title = words.remove;
    away.onclick = () => choose(chosen().filter(([key]) => key !== about.key));
    const cursor = node("td", "cursor", "—");
    cursor.dataset.cursor = about.key;
    const figures = ["least", "average", "greatest"].map((which) => {
      const cell = node("td", "", "—");
      cell.dataset[which] = about.key;
      cell.dataset.label = words[which]; // for a narrow screen, where the head is away
      return cell;
    });
    const cells = [pane, away].map((one) => {
      const cell = node("td");
      cell.append(one);
      return cell;
    });
    line.append(name, cursor, ...figures, ...cells);
    return line;
  }

  function figures(found) {
    for (const [key, values] of Object.entries(found)) {
      ["least", "average", "greatest"].forEach((which, i) => {
        const cell = document.querySelector(`[data-${which}="${CSS.escape(key)}"]`);
        if (cell) cell.textContent = values[i];
      });
    }
  }

  function marks(list, said) {
    trend.mark(list);
    place("trend-marks-list").hidden = false;
    place("trend-marks-list").querySelector("summary").textContent = said;
    place("trend-marks-list").querySelector("ul").replaceChildren(...list.map(({ text, href }) => {
      const item = node("li");
      const link = node("a", "", text);
      link.href = href;
      item.append(link);
      return item;
    }).reverse());
  }

  // ── the choice of points ──────────────────────────────────────────────────────────────────────
  function points(of, groups) {
    if (place("trend-unit").value !== of) return;
    place("trend-points").replaceChildren(...groups.map(([title, found]) => {
      const group = node("optgroup");
      group.label = title;
      group.append(...found.map(([key, name]) => new Option(name, key)));
      return group;
    }));
    narrow();
  }

  function narrow() {
    const wanted = place("trend-search").value;
    const has = new Set(chosen().map(([key]) => key));
    for (const group of place("trend-points").children) {
      for (const option of group.children) {
        option.hidden = !tables.has(`${option.text} ${option.value}`.toLowerCase(), wanted);
        option.disabled = has.has(option.value);
      }
      group.hidden = [...group.children].every((option) => option.hidden);
    }
  }

  const askPoints = () => emitEvent("trend-points", [place("trend-unit").value]);

  function add() {
    const found = [...place("trend-points").selectedOptions].filter((option) => !option.hidden && !option.disabled);
    place("trend-add").close();
    if (found.length) choose([...chosen(), ...found.map((option) => [option.value, place("trend-pane").value])]);
  }

  // ── views by name ─────────────────────────────────────────────────────────────────────────────
  function views(found, current) {
    const select = place("trend-views");
    select.replaceChildren(new Option(words.views, ""), ...Object.entries(found).map(([name, query]) => {
      const option = new Option(name, name);
      option.dataset.query = query;
      return option;
    }));
    select.value = current;
    place("trend-forget").disabled = !current;
  }

  // ── files ─────────────────────────────────────────────────────────────────────────────────────
  const stamp = () => local(Date.now()).replace(/[:T]/g, "-");

  function exportCsv() {
    const { head, rows } = trend.table();
    const clock = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
    const text = tables.csv([`${words.time} (${zone})`, "UTC", ...head],
      rows.map(([time, values]) => [clock.format(time), new Date(time).toISOString(), ...values]));
    tables.save(`trend-${stamp()}.csv`, text);
    return text;
  }

  function exportPng() {
    const link = document.createElement("a");
    link.href = trend.picture();
    link.download = `trend-${stamp()}.png`;
    link.click();
    return link.href;
  }

  function begin(said, site) {
    words = said;
    zone = site;
    place("trend-hours").onchange = (event) => {
      if (event.target.value === "own") place("trend-from").focus();
      else go((view) => {
        view.delete("from");
        view.delete("to");
        view.set("h", event.target.value);
      });
    };
    for (const id of ["trend-from", "trend-to"]) place(id).onchange = () => {
      const [first, last] = [place("trend-from").value, place("trend-to").value];
      if (first && last && first < last) own(first, last);
      else place("trend-missing").textContent = words.noRange;
    };
    place("trend-with").onchange = (event) => go((view) => (event.target.value ? view.set("with", event.target.value) : view.delete("with")));
    for (const name of ["ahead", "marks"]) place(`trend-${name}`).onchange = (event) => go((view) => (event.target.checked ? view.set(name, "1") : view.delete(name)));
    place("trend-unit").onchange = askPoints;
    place("trend-search").oninput = narrow;
    place("trend-points").ondblclick = add;
    place("trend-points").onkeydown = (event) => event.key === "Enter" && add();
    place("trend-views").onchange = (event) => {
      const query = event.target.selectedOptions[0].dataset.query;
      place("trend-forget").disabled = !event.target.value;
      if (query) emitEvent("trend-view", [query]);
    };
    emitEvent("trend-view", [state.toString()]);
  }

  function openAdd() {
    place("trend-add").showModal();
    place("trend-search").value = "";
    askPoints();
    place("trend-search").focus();
  }

  function save() {
    const name = place("trend-name").value.trim();
    if (name) emitEvent("trend-save", [name, state.toString()]);
    place("trend-save").close();
  }

  return { begin, show, figures, marks, points, views, shift, add, openAdd, save, exportCsv, exportPng, open: (id) => place(id).showModal(),
    forget: () => emitEvent("trend-forget", [place("trend-views").value]) };
})();
