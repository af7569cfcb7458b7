// Chooses the ticks of a time axis: whole minutes, hours and days of the site's own clock.
"use strict";
window.timeAxis = (() => {
  const MINUTE = 60000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
  const STEPS = [MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 3 * DAY, 7 * DAY, 14 * DAY, 28 * DAY, 91 * DAY, 182 * DAY, 364 * DAY];
  const LABEL = 80; // px that a label takes, with the space to the next one
  const clocks = new Map();

  function clock(zone) {
    if (!clocks.has(zone)) {
      const parts = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric", hourCycle: "h23" };
      clocks.set(zone, new Intl.DateTimeFormat("en", { timeZone: zone, ...parts }));
    }
    return clocks.get(zone);
  }

  // What a clock at the site shows, as if it were UTC.
  function local(time, zone) {
    const at = Object.fromEntries(clock(zone).formatToParts(time).map(({ type, value }) => [type, Number(value)]));
    return Date.UTC(at.year, at.month - 1, at.day, at.hour, at.minute, at.second);
  }

  // When a clock at the site shows a time. Asked twice, as the first guess may lie beyond a change of the clock.
  function utc(shown, zone) {
    const guess = shown - (local(shown, zone) - shown);
    return shown - (local(guess, zone) - guess);
  }

  // Returns ms since the epoch, and whether each begins a day.
  function ticks(start, end, zone, width) {
    const most = Math.max(1, Math.floor(width / LABEL));
    const step = STEPS.find((candidate) => (end - start) / candidate <= most) ?? STEPS.at(-1);
    const found = [];
    const first = Math.floor(local(start, zone) / step) * step;
    for (let shown = first; ; shown += step) {
      const time = utc(shown, zone);
      if (time > end) break;
      // A time that the clock skips would stand at that of the next tick.
      const skipped = local(time, zone) !== shown;
      if (time >= start && !skipped) found.push({ time, day: shown % DAY === 0 });
    }
    return found;
  }

  return { ticks };
})();
