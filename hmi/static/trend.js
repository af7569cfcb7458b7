// Draws trends: panes over a common time axis, gaps as gaps, carried on live, with what lay before and what is to come.
"use strict";
window.trend = (() => {
  const MOST_POINTS = 2000; // per series; past it the whole range is read and reduced again
  const LIGHT = ["#1d4f86", "#7a5a2e", "#3f7a6b", "#6a4c8c", "#5a6470", "#8a6d1f", "#2f7f9c", "#94506a"];
  const DARK = ["#8fc0ef", "#d3b27c", "#8fcdbd", "#bfa3e0", "#b4bec8", "#d9c069", "#7fcbe6", "#e0a3ba"];
  const LONG = 200 * 86400000; // from here on a day is shown with its year [ms]
  const SIDE = 58, EDGE = 16; // of the panes in the chart [px]
  const GLYPH = { alarm: "▲", change: "✎" };
  let setup, series, span, present, clock, drawing, full, marks = [];

  // As the person's language writes it.
  const written = (number, least, most) =>
    new Intl.NumberFormat(document.documentElement.lang, { useGrouping: false, minimumFractionDigits: least, maximumFractionDigits: most }).format(number);

  const css = (name) => getComputedStyle(document.body).getPropertyValue(name).trim();
  const chart = () => getElement(setup.id)?.chart;
  const palette = () => (document.documentElement.dataset.theme === "dark" ? DARK : LIGHT);
  const colour = (item) => palette()[series.indexOf(item) % LIGHT.length];

  // ── what is shown ─────────────────────────────────────────────────────────────────────────────
  function begin(options, list, start, end, now) {
    const same = series && list.map((item) => item.key).join() === series.map((item) => item.key).join();
    const kept = same && end - start === span[1] - span[0] && setup.follows && chart()?.getOption()?.dataZoom?.[0];
    setup = options;
    span = [start, end];
    present = now;
    full = false;
    marks = [];
    const language = setup.language === "en" ? "en-GB" : setup.language;
    const style = { timeZone: setup.zone, hour12: false };
    clock = {
      time: new Intl.DateTimeFormat(language, { ...style, hour: "2-digit", minute: "2-digit" }),
      day: new Intl.DateTimeFormat(language, { ...style, day: "2-digit", month: "short", ...(end - start > LONG && { year: "2-digit" }) }),
      full: new Intl.DateTimeFormat(language, { ...style, dateStyle: "medium", timeStyle: "medium" }),
    };
    series = list.map((item) => ({ ...item, points: [], earlier: [], band: null }));
    whenReady(() => {
      draw(true);
      if (kept) chart().dispatchAction({ type: "dataZoom", start: kept.start, end: kept.end });
    });
  }

  function whenReady(action) {
    if (chart()) action();
    else setTimeout(() => whenReady(action), 30);
  }

  const find = (key) => series?.find((candidate) => candidate.key === key);

  // A part that was read finer takes the place of what was there.
  function joined(before, points, start, end) {
    const outside = before.filter(([time]) => time < start || time > end);
    return [...outside, ...points].sort((a, b) => a[0] - b[0]);
  }

  function data(key, points, start, end, detail) {
    const item = find(key);
    if (!item) return;
    const later = points.length ? points.at(-1)[0] : -Infinity;
    const fresh = item.points.filter(([time, , isLive]) => isLive && time > later);
    item.points = detail ? joined(item.points, points, start, end) : [...points, ...fresh];
    refresh();
  }

  function earlier(key, points, start, end, detail) {
    const item = find(key);
    if (!item) return;
    item.earlier = detail ? joined(item.earlier, points, start, end) : points;
    refresh();
  }

  function band(key, middle, lower, upper) {
    const item = find(key);
    if (!item) return;
    const highest = new Map(upper), lowest = new Map(lower);
    item.band = middle
      .filter(([time]) => lowest.get(time) != null && highest.get(time) != null)
      .map(([time, value]) => [time, value, lowest.get(time), highest.get(time)]);
    refresh();
  }

  function mark(list) {
    marks = list;
    whenReady(() => draw(false));
  }

  function append(values) {
    if (!series || full || !setup.follows) return;
    let changed = false;
    for (const value of Object.values(values)) present = Math.max(present, value[5] ?? 0);
    span[1] = Math.max(span[1], present);
    for (const item of series) {
      const value = values[item.key];
      if (!value || value[5] === null) continue;
      const [, , , , number, time] = value;
      item.now = number;
      if (item.points.length && time <= item.points.at(-1)[0]) continue;
      item.points.push([time, number, true]);
      changed = true;
      if (item.points.length >= MOST_POINTS && !full) {
        full = true;
        emitEvent("trend-full", null);
      }
    }
    if (changed) refresh();
  }

  function refresh() {
    if (drawing) return;
    drawing = setTimeout(() => {
      drawing = null;
      whenReady(() => chart().setOption({ series: lines().map(({ id, data: points }) => ({ id, data: points })), xAxis: timeAxes() }));
    }, 200);
  }

  // A value stands until the next one is recorded: draw it up to now, unless it has gone bad.
  function line(item) {
    const last = item.points.at(-1);
    const stands = last && last[1] !== null && item.now !== null && last[0] < present;
    return stands ? [...item.points, [present, last[1]]] : item.points;
  }

  // ── panes and axes ────────────────────────────────────────────────────────────────────────────
  const panes = () => [...new Set(series.map((item) => item.pane))];

  // A scale for each unit of each pane, the second one at the right.
  function scales() {
    return panes().flatMap((pane, place) => {
      const units = [...new Set(series.filter((item) => item.pane === pane).map((item) => item.unit))];
      return units.map((unit, side) => ({ pane, place, unit, side }));
    });
  }

  const right = () => (scales().some((scale) => scale.side) ? SIDE : EDGE);

  // What of the span is in sight, zoomed or not.
  function inSight() {
    const { start = 0, end = 100 } = chart().getOption()?.dataZoom?.[0] ?? {};
    return [start, end].map((share) => span[0] + ((span[1] - span[0]) * share) / 100);
  }

  const ticks = () => timeAxis.ticks(...inSight(), setup.zone, chart().getWidth() - SIDE - right());

  // Ticks at whole hours and days of the site, as many as have room.
  function timeAxes() {
    const found = ticks();
    const days = new Set(found.filter((tick) => tick.day).map((tick) => tick.time));
    const customValues = found.map((tick) => tick.time);
    const formatter = (time) => (days.has(time) ? clock.day : clock.time).format(time);
    return panes().map(() => ({ min: span[0], max: span[1], axisTick: { customValues }, axisLabel: { customValues, formatter } }));
  }

  // ── drawing ───────────────────────────────────────────────────────────────────────────────────
  function lines() {
    const order = panes(), axes = scales();
    return series.flatMap((item) => {
      const color = colour(item);
      const common = {
        type: "line", name: item.name, showSymbol: false, connectNulls: false, step: item.step ? "end" : false,
        xAxisIndex: order.indexOf(item.pane), yAxisIndex: axes.findIndex((axis) => axis.pane === item.pane && axis.unit === item.unit),
        itemStyle: { color },
      };
      const found = [{ ...common, id: item.key, data: line(item), lineStyle: { width: 1.8, type: item.step ? "dashed" : "solid" } }];
      // Silent lines have no part in what the pointer chooses.
      const thin = { ...common, silent: true, tooltip: { show: false } };
      if (setup.earlier) found.push({ ...thin, id: `${item.key} earlier`, data: item.earlier, lineStyle: { width: 1.2, type: "dotted", color }, z: 1 });
      if (item.band) {
        const edge = { ...thin, step: "end", stack: `${item.key} band`, lineStyle: { opacity: 0 }, z: 0 };
        found.push({ ...edge, id: `${item.key} low`, data: item.band.map(([time, , low]) => [time, low]) });
        found.push({ ...edge, id: `${item.key} high`, data: item.band.map(([time, , low, high]) => [time, high - low]), areaStyle: { color, opacity: 0.18 } });
        found.push({ ...thin, id: `${item.key} forecast`, step: "end", data: item.band.map(([time, value]) => [time, value]), lineStyle: { width: 1.6, type: "dashed", color } });
      }
      return found;
    });
  }

  function draw(fresh) {
    const order = panes(), axes = scales();
    const ink = css("--ink"), muted = css("--muted"), rule = css("--line");
    const height = chart().getHeight(), top = 48, bottom = 66, gap = 30;
    const each = (height - top - bottom - gap * (order.length - 1)) / Math.max(1, order.length);
    const times = timeAxes(), every = order.map((_, i) => i);
    chart().setOption({
      animation: false,
      textStyle: { color: ink, fontFamily: getComputedStyle(document.body).fontFamily },
      color: palette(),
      legend: { top: 0, left: 0, data: series.map((item) => item.name), textStyle: { color: ink }, itemWidth: 18, itemHeight: 8, type: "scroll", inactiveColor: muted },
      // All as wide, whatever a label needs.
      grid: order.map((_, i) => ({ outerBoundsMode: "none", left: SIDE, right: right(), top: top + i * (each + gap), height: each })),
      xAxis: order.map((_, i) => ({ ...times[i], type: "time", gridIndex: i,
        axisLine: { lineStyle: { color: rule } }, splitLine: { show: true, lineStyle: { color: rule, opacity: 0.5 } },
        axisLabel: { ...times[i].axisLabel, show: i === order.length - 1, color: muted, hideOverlap: true },
        axisTick: { ...times[i].axisTick, show: i === order.length - 1 } })),
      yAxis: axes.map((axis) => ({ type: "value", scale: true, min: widen(axis, -1), max: widen(axis, 1), gridIndex: axis.place,
        position: axis.side ? "right" : "left", name: axis.unit, nameGap: 6, splitNumber: order.length > 2 ? 2 : 4,
        nameTextStyle: { color: muted, align: axis.side ? "left" : "right" }, axisLabel: { color: muted, hideOverlap: true, formatter: (number) => written(number, 0, 2) },
        splitLine: { show: !axis.side, lineStyle: { color: rule, opacity: 0.5 } } })),
      dataZoom: [
        { type: "inside", xAxisIndex: every, filterMode: "none" },
        { type: "slider", xAxisIndex: every, filterMode: "none", bottom: 6, height: 20, borderColor: rule,
          textStyle: { color: muted }, labelFormatter: (time) => (span[1] - span[0] > 86400000 ? `${clock.day.format(time)} ` : "") + clock.time.format(time), showDataShadow: false, backgroundColor: "transparent", fillerColor: "rgba(128,140,150,0.25)",
          handleStyle: { color: css("--panel"), borderColor: muted }, moveHandleStyle: { color: rule }, brushSelect: false },
      ],
      tooltip: { trigger: "axis", confine: true, backgroundColor: css("--panel"), borderColor: rule, textStyle: { color: ink }, formatter: tip },
      axisPointer: { link: [{ xAxisIndex: "all" }], lineStyle: { color: muted } },
      // First in each pane a line without points, which has what is drawn over the whole of it.
      series: [...order.map((pane, i) => ({ id: `pane ${pane}`, type: "line", data: [], silent: true, xAxisIndex: i,
        yAxisIndex: axes.findIndex((axis) => axis.pane === pane), markArea: shade(i, muted), markLine: upright(i, muted) })), ...lines()],
    }, fresh ? { notMerge: true } : { replaceMerge: ["series"] });
    if (fresh) {
      chart().off("datazoom");
      chart().on("datazoom", zoomed);
      chart().off("updateAxisPointer");
      chart().on("updateAxisPointer", ({ axesInfo }) => pointed(axesInfo?.[0]?.value));
    }
  }

  // History that was simulated is shaded, and named in the first pane.
  function shade(i, muted) {
    const [until, text] = setup.simulated ?? [-Infinity];
    return { silent: true, itemStyle: { color: "rgba(128,140,150,0.16)" },
      data: until > span[0] ? [[{ xAxis: span[0] }, { xAxis: Math.min(until, present) }]] : [],
      label: { show: i === 0, formatter: text, color: muted, position: "insideTopLeft" } };
  }

  // Now, where something is drawn behind it; and what has happened.
  function upright(i, muted) {
    const now = span[1] > present ? [{ xAxis: present, lineStyle: { color: muted, type: "solid", width: 1 }, label: { show: false } }] : [];
    return { silent: true, symbol: "none", data: [...now, ...marks.map(({ time, kind }) => ({ xAxis: time,
      lineStyle: { color: css(kind === "alarm" ? "--high" : "--muted"), type: "dotted", width: 1.2 },
      label: { show: i === 0, formatter: GLYPH[kind], color: css(kind === "alarm" ? "--high" : "--muted"), position: "end", distance: 1 } }))] };
  }

  // Noise must not look like a swing: the axis spans at least a twentieth of the normal range.
  function least({ pane, unit }) {
    const spans = series.filter((item) => item.pane === pane && item.unit === unit && item.span).map((item) => item.span[1] - item.span[0]);
    return spans.length ? Math.max(...spans) / 20 : 0;
  }

  // To a round number, as ticks are: an edge close to a tick would be printed over it.
  function widen(axis, side) {
    return ({ min, max }) => {
      const room = least(axis);
      if (!(max - min < room) || !Number.isFinite(min)) return null;
      const power = 10 ** Math.floor(Math.log10(room / 3)), digit = room / 3 / power;
      const round = power * (digit >= 5 ? 5 : digit >= 2 ? 2 : 1);
      const edge = (min + max + side * room) / 2 / round;
      return (side < 0 ? Math.floor(edge) : Math.ceil(edge)) * round;
    };
  }

  // ── the cursor ────────────────────────────────────────────────────────────────────────────────
  const amount = (item, number) =>
    number === null || number === undefined ? "—" : item.states[Math.round(number)] ?? `${written(number, item.decimals, item.decimals)} ${item.unit}`.trimEnd();

  // What stood at a time: the last point before it.
  function at(points, time) {
    let low = 0, high = points.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (points[middle][0] <= time) low = middle + 1;
      else high = middle;
    }
    return points[low - 1];
  }

  // Texts of all that is drawn of a series at a time.
  function told(item, time) {
    const found = [];
    if (time <= present) found.push(["", amount(item, at(line(item), time)?.[1])]);
    const ahead = time > present && item.band && at(item.band, time);
    if (ahead) found.push([setup.forecast, `${amount(item, ahead[1])} (${amount(item, ahead[2])} – ${amount(item, ahead[3])})`]);
    if (setup.earlier && time <= present) found.push([setup.earlier, amount(item, at(item.earlier, time)?.[1])]);
    return found;
  }

  function tip(items) {
    const time = items[0]?.axisValue;
    const box = document.createElement("div");
    box.append(clock.full.format(time));
    for (const item of series) {
      for (const [kind, text] of told(item, time)) {
        const row = document.createElement("div");
        const dot = document.createElement("span");
        dot.className = "dot";
        dot.style.background = colour(item);
        row.append(dot, `${item.name}${kind && ` · ${kind}`}: ${text}`);
        box.append(row);
      }
    }
    const near = (span[1] - span[0]) / 200;
    for (const one of marks.filter((candidate) => Math.abs(candidate.time - time) < near).slice(-5)) {
      const row = document.createElement("div");
      row.append(`${GLYPH[one.kind]} ${one.text}`);
      box.append(row);
    }
    return box;
  }

  function pointed(time) {
    for (const cell of document.querySelectorAll("[data-cursor]")) {
      const item = find(cell.dataset.cursor);
      if (!item || !Number.isFinite(time)) continue;
      cell.textContent = told(item, time).map(([kind, text]) => (kind ? `${kind}: ${text}` : text)).join(" · ") || "—";
    }
  }

  let asked;
  function zoomed() {
    // Not within the event: the chart is still busy with it.
    requestAnimationFrame(() => chart()?.setOption({ xAxis: timeAxes() }));
    const zoom = chart().getOption().dataZoom[0];
    clearTimeout(asked);
    if (zoom.end - zoom.start > 95) return;
    const place = (share) => Math.round(span[0] + ((span[1] - span[0]) * share) / 100);
    asked = setTimeout(() => emitEvent("trend-window", [place(zoom.start), place(zoom.end)]), 400);
  }

  function end() {
    const element = document.getElementById("trend-note");
    if (element && series.length && series.every((item) => !item.points.length)) element.textContent = window.hmiTexts.empty;
  }

  // ── to take away ──────────────────────────────────────────────────────────────────────────────
  // All that is drawn, by time: of each line the value at its own times, and nothing in between.
  function table() {
    const columns = series.flatMap((item) => [
      [item, "", item.points],
      ...(setup.earlier ? [[item, setup.earlier, item.earlier]] : []),
      ...(item.band ? [[item, setup.forecast, item.band]] : []),
    ]);
    const head = columns.map(([item, kind]) => `${item.name}${kind && ` · ${kind}`}${item.unit && ` [${item.unit}]`}`);
    const rows = new Map();
    columns.forEach(([item, , points], column) => points.forEach(([time, number]) => {
      if (number === null) return;
      if (!rows.has(time)) rows.set(time, Array(columns.length).fill(""));
      rows.get(time)[column] = item.states[Math.round(number)] ?? written(number, 0, 6);
    }));
    return { head, rows: [...rows].sort((a, b) => a[0] - b[0]) };
  }

  const picture = () => chart().getDataURL({ type: "png", pixelRatio: 2, backgroundColor: css("--panel") });

  window.addEventListener("hmi-theme", () => series && whenReady(() => draw(false)));
  window.addEventListener("resize", () => series && whenReady(() => setTimeout(() => draw(false), 150)));
  hmi.onValues(append);
  return { begin, data, earlier, band, mark, end, table, picture, colour: (key) => (find(key) ? colour(find(key)) : ""),
    hours: () => Math.round((span[1] - span[0]) / 3600000), ticks,
    points: () => series?.map((item) => item.points.length), panes: () => panes(),
    read: () => series?.map(({ key, points, earlier: before, band: ahead }) => ({ key, points, earlier: before, band: ahead ?? [] })),
    marks: () => marks, shaded: () => chart()?.getOption()?.series?.map((item) => item.markArea?.data?.length ?? 0) };
})();
