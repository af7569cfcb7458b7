// Draws the trend: one panel per unit over a common time axis, gaps as gaps, carried on live.
"use strict";
window.trend = (() => {
  const MOST_POINTS = 2000; // per series; past it the whole span is read and reduced again
  const LIGHT = ["#1d4f86", "#7a5a2e", "#3f7a6b", "#6a4c8c", "#5a6470", "#8a6d1f", "#2f7f9c", "#94506a"];
  const DARK = ["#8fc0ef", "#d3b27c", "#8fcdbd", "#bfa3e0", "#b4bec8", "#d9c069", "#7fcbe6", "#e0a3ba"];
  const LEFT = 58, RIGHT = 16; // of the panels in the chart [px]
  let setup, series, span, hours, clock, drawing, full;

  // As the person's language writes it.
  const written = (number, least, most) =>
    new Intl.NumberFormat(document.documentElement.lang, { useGrouping: false, minimumFractionDigits: least, maximumFractionDigits: most }).format(number);

  const css = (name) => getComputedStyle(document.body).getPropertyValue(name).trim();
  const chart = () => getElement(setup.id)?.chart;

  function begin(options, list, start, end) {
    const same = series && list.map((item) => item.key).join() === series.map((item) => item.key).join();
    const kept = same && end - start === hours && chart()?.getOption()?.dataZoom?.[0];
    setup = options;
    span = [start, end];
    hours = end - start;
    full = false;
    const language = setup.language === "en" ? "en-GB" : setup.language;
    const style = { timeZone: setup.zone, hour12: false };
    clock = {
      time: new Intl.DateTimeFormat(language, { ...style, hour: "2-digit", minute: "2-digit" }),
      day: new Intl.DateTimeFormat(language, { ...style, day: "2-digit", month: "short" }),
      full: new Intl.DateTimeFormat(language, { ...style, dateStyle: "medium", timeStyle: "medium" }),
    };
    series = list.map((item) => ({ ...item, points: [] }));
    whenReady(() => {
      draw(true);
      if (kept) chart().dispatchAction({ type: "dataZoom", start: kept.start, end: kept.end });
    });
  }

  function whenReady(action) {
    if (chart()) action();
    else setTimeout(() => whenReady(action), 30);
  }

  function data(key, points, start, end, detail) {
    const item = series?.find((candidate) => candidate.key === key);
    if (!item) return;
    if (detail) {
      const outside = item.points.filter(([time]) => time < start || time > end);
      item.points = [...outside, ...points].sort((a, b) => a[0] - b[0]);
    } else {
      const later = points.length ? points.at(-1)[0] : -Infinity;
      const fresh = item.points.filter(([time, , isLive]) => isLive && time > later);
      item.points = [...points, ...fresh];
    }
    refresh();
  }

  function append(values) {
    if (!series || full) return;
    let changed = false;
    for (const value of Object.values(values)) span[1] = Math.max(span[1], value[5] ?? 0);
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
      whenReady(() => chart().setOption({ series: series.map((item) => ({ id: item.key, data: line(item) })), xAxis: timeAxes() }));
    }, 200);
  }

  // A value stands until the next one is recorded: draw it up to now, unless it has gone bad.
  function line(item) {
    const last = item.points.at(-1);
    const stands = last && last[1] !== null && item.now !== null && last[0] < span[1];
    return stands ? [...item.points, [span[1], last[1]]] : item.points;
  }

  const panels = () => [...new Set(series.map((item) => item.unit))];

  // What of the span is in sight, zoomed or not.
  function inSight() {
    const { start = 0, end = 100 } = chart().getOption()?.dataZoom?.[0] ?? {};
    return [start, end].map((share) => span[0] + ((span[1] - span[0]) * share) / 100);
  }

  // Ticks at whole hours and days of the site, as many as have room.
  function timeAxes() {
    const ticks = timeAxis.ticks(...inSight(), setup.zone, chart().getWidth() - LEFT - RIGHT);
    const days = new Set(ticks.filter((tick) => tick.day).map((tick) => tick.time));
    const customValues = ticks.map((tick) => tick.time);
    const formatter = (time) => (days.has(time) ? clock.day : clock.time).format(time);
    return panels().map(() => ({ min: span[0], max: span[1], axisTick: { customValues }, axisLabel: { customValues, formatter } }));
  }

  function draw(fresh) {
    const units = panels();
    const dark = document.documentElement.dataset.theme === "dark";
    const palette = dark ? DARK : LIGHT;
    const ink = css("--ink"), muted = css("--muted"), lines = css("--line");
    const height = chart().getHeight(), top = 48, bottom = 66, gap = 30;
    const each = (height - top - bottom - gap * (units.length - 1)) / Math.max(1, units.length);
    const axes = timeAxes();
    chart().setOption({
      animation: false,
      textStyle: { color: ink, fontFamily: getComputedStyle(document.body).fontFamily },
      color: palette,
      legend: { top: 0, left: 0, textStyle: { color: ink }, itemWidth: 18, itemHeight: 8, type: "scroll", inactiveColor: muted },
      grid: units.map((_, i) => ({ left: LEFT, right: RIGHT, top: top + i * (each + gap), height: each })),
      xAxis: units.map((_, i) => ({ ...axes[i], type: "time", gridIndex: i,
        axisLine: { lineStyle: { color: lines } }, splitLine: { show: true, lineStyle: { color: lines, opacity: 0.5 } },
        axisLabel: { ...axes[i].axisLabel, show: i === units.length - 1, color: muted, hideOverlap: true },
        axisTick: { ...axes[i].axisTick, show: i === units.length - 1 } })),
      yAxis: units.map((unit, i) => ({ type: "value", scale: true, min: widen(unit, -1), max: widen(unit, 1), gridIndex: i, name: unit, nameGap: 6, splitNumber: units.length > 2 ? 2 : 4,
        nameTextStyle: { color: muted, align: "right" }, axisLabel: { color: muted, hideOverlap: true, formatter: (number) => written(number, 0, 2) },
        splitLine: { lineStyle: { color: lines, opacity: 0.5 } } })),
      dataZoom: [
        { type: "inside", xAxisIndex: units.map((_, i) => i), filterMode: "none" },
        { type: "slider", xAxisIndex: units.map((_, i) => i), filterMode: "none", bottom: 6, height: 20, borderColor: lines,
          textStyle: { color: muted }, labelFormatter: (time) => (span[1] - span[0] > 86400000 ? `${clock.day.format(time)} ` : "") + clock.time.format(time), showDataShadow: false, backgroundColor: "transparent", fillerColor: "rgba(128,140,150,0.25)",
          handleStyle: { color: css("--panel"), borderColor: muted }, moveHandleStyle: { color: lines }, brushSelect: false },
      ],
      tooltip: { trigger: "axis", confine: true, backgroundColor: css("--panel"), borderColor: lines, textStyle: { color: ink }, formatter: tip },
      axisPointer: { link: [{ xAxisIndex: "all" }], lineStyle: { color: muted } },
      series: series.map((item, i) => ({ id: item.key, name: item.name, type: "line", data: line(item), showSymbol: false,
        connectNulls: false, step: item.step ? "end" : false, xAxisIndex: units.indexOf(item.unit), yAxisIndex: units.indexOf(item.unit),
        markArea: series.findIndex((other) => other.unit === item.unit) === i ? shade(i, muted) : undefined,
        lineStyle: { width: 1.8, type: item.step ? "dashed" : "solid" }, itemStyle: { color: palette[i % palette.length] } })),
    }, { notMerge: fresh });
    if (fresh) {
      chart().off("datazoom");
      chart().on("datazoom", zoomed);
    }
  }

  // History that was simulated is shaded, once in each panel, and named in the first.
  function shade(i, muted) {
    const [until, text] = setup.simulated ?? [-Infinity];
    if (until <= span[0]) return undefined;
    return { silent: true, itemStyle: { color: "rgba(128,140,150,0.16)" }, data: [[{ xAxis: span[0] }, { xAxis: Math.min(until, span[1]) }]],
      label: { show: i === 0, formatter: text, color: muted, position: "insideTopLeft" } };
  }

  // Noise must not look like a swing: the axis spans at least a twentieth of the normal range.
  function least(unit) {
    const spans = series.filter((item) => item.unit === unit && item.span).map((item) => item.span[1] - item.span[0]);
    return spans.length ? Math.max(...spans) / 20 : 0;
  }

  // To a round number, as ticks are: an edge close to a tick would be printed over it.
  function widen(unit, side) {
    return ({ min, max }) => {
      const span = least(unit);
      if (!(max - min < span) || !Number.isFinite(min)) return null;
      const round = 10 ** Math.floor(Math.log10(span / 2));
      const edge = (min + max + side * span) / 2 / round;
      return (side < 0 ? Math.floor(edge) : Math.ceil(edge)) * round;
    };
  }

  function tip(items) {
    const box = document.createElement("div");
    box.append(clock.full.format(items[0].axisValue));
    for (const item of items) {
      const meta = series[item.seriesIndex];
      const line = document.createElement("div");
      const number = item.value[1];
      const text = number === null ? "—" : meta.states[Math.round(number)] ?? `${written(number, meta.decimals, meta.decimals)} ${meta.unit}`;
      line.innerHTML = item.marker;
      line.append(`${meta.name}: ${text}`);
      box.append(line);
    }
    return box;
  }

  let asked;
  function zoomed() {
    // Not within the event: the chart is still busy with it.
    requestAnimationFrame(() => chart()?.setOption({ xAxis: timeAxes() }));
    const zoom = chart().getOption().dataZoom[0];
    clearTimeout(asked);
    if (zoom.end - zoom.start > 95) return;
    const at = (share) => Math.round(span[0] + ((span[1] - span[0]) * share) / 100);
    asked = setTimeout(() => emitEvent("trend-window", [at(zoom.start), at(zoom.end)]), 400);
  }

  function end() {
    const element = document.getElementById("trend-note");
    if (element && series.every((item) => !item.points.length)) element.textContent = window.hmiTexts.empty;
  }

  window.addEventListener("hmi-theme", () => series && whenReady(() => draw(false)));
  window.addEventListener("resize", () => series && whenReady(() => setTimeout(() => draw(false), 150)));
  hmi.onValues(append);
  return { begin, data, end, hours: () => Math.round(hours / 3600000), ticks: () => timeAxis.ticks(...inSight(), setup.zone, chart().getWidth() - LEFT - RIGHT), points: () => series?.map((item) => item.points.length), shaded: () => chart()?.getOption()?.series?.map((item) => item.markArea?.data?.length ?? 0) };
})();
