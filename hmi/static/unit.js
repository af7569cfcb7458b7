// The page of one heat pump: shares of a sum, and values against their normal and expected bands.
"use strict";
(() => {
  const number = (key) => hmi.value(key)?.[4] ?? null;
  const place = (value, low, high) => Math.max(0, Math.min(1, (value - low) / (high - low)));

  // Of what is known: a part that is not, has no share.
  function shares() {
    for (const bar of document.querySelectorAll(".split")) {
      const parts = [...bar.children].map((part) => [part, Math.max(0, number(part.dataset.share) ?? 0)]);
      const sum = parts.reduce((total, [, value]) => total + value, 0);
      for (const [part, value] of parts) part.style.width = sum ? `${(100 * value) / sum}%` : "0";
    }
  }

  function bands() {
    for (const band of document.querySelectorAll("g[data-band]")) {
      const { low, high, width } = band.dataset;
      const value = number(band.dataset.band), expected = number(band.dataset.expected), half = number(band.dataset.half) ?? 0;
      const at = (one) => place(one, Number(low), Number(high)) * width;
      const [, range, mark] = band.children;
      const from = Number(range.dataset.x), known = expected !== null;
      range.toggleAttribute("hidden", !known);
      if (known) {
        // Seen also where the model is very sure.
        const left = at(expected - half), right = Math.max(at(expected + half), left + 3);
        range.setAttribute("x", from + left);
        range.setAttribute("width", right - left);
      }
      mark.toggleAttribute("hidden", value === null);
      if (value !== null) mark.setAttribute("x", from + at(value) - 1.5);
      const beside = value !== null && (known && half > 0 ? Math.abs(value - expected) > half : value < low || value > high);
      band.classList.toggle("beside", beside);
    }
  }

  hmi.onValues(() => { shares(); bands(); });
})();
