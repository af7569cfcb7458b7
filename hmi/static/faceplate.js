// Opens the faceplate of a point from its symbol or its value, by pointer or keyboard.
"use strict";
window.faceplate = (() => {
  const EVERY = 1000; // ms between two looks at the age of the value
  let opener;
  const dialog = () => document.getElementById("faceplate");

  function open(from) {
    opener = from;
    const { faceplate: key, title } = from.dataset;
    dialog().querySelector("#fp-name").textContent = title;
    // What was there belongs to another point.
    for (const part of dialog().querySelectorAll(".fp-body > *")) part.hidden = true;
    emitEvent("faceplate", key);
    if (!dialog().open) dialog().showModal();
  }

  function goTo(css) {
    const place = [...document.querySelectorAll(css)].find((one) => !dialog().contains(one));
    opener = null;
    dialog().close();
    place?.scrollIntoView({ block: "center" });
    place?.focus();
  }

  function asked(event) {
    const from = event.target.closest?.("[data-faceplate]");
    if (!from || !dialog()) return;
    // A button makes a click of a key by itself; a part of a drawing does not.
    if (event.type === "keydown" && (from.tagName === "BUTTON" || (event.key !== "Enter" && event.key !== " "))) return;
    event.preventDefault();
    open(from);
  }

  function age(milliseconds) {
    const seconds = Math.max(0, Math.round(milliseconds / 1000));
    if (seconds < 120) return `${seconds} s`;
    if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
    return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} d`;
  }

  function showAges() {
    for (const place of document.querySelectorAll("[data-age]")) {
      const time = hmi.value(place.dataset.age)?.[5];
      place.textContent = time == null || hmi.now() === null ? "—" : age(hmi.now() - time);
    }
  }

  function showAlarms(alarms) {
    for (const place of document.querySelectorAll("[data-own-alarms]")) {
      const own = alarms.filter((alarm) => alarm.input === place.dataset.ownAlarms);
      place.replaceChildren(...own.map((alarm) => {
        const row = hmi.node("p", `item ${alarm.state}`);
        row.append(hmi.priority(alarm), " ", alarm.time, " ", hmi.linkTo(alarm));
        return row;
      }));
      if (!own.length) place.append(hmi.node("p", "calm", hmi.isStale() ? window.hmiTexts.alarmsUnknown : place.dataset.none));
    }
  }

  let alarms = [];
  function begin() {
    if (!dialog()) { setTimeout(begin, 50); return; }
    dialog().addEventListener("close", () => opener?.focus());
    // Beside it is where people click to have it away.
    dialog().addEventListener("click", (event) => { if (event.target === dialog()) dialog().close(); });
    new MutationObserver((changes) => {
      if (!changes.some((change) => change.addedNodes.length)) return;
      hmi.fill(dialog());
      showAges();
      showAlarms(alarms);
      // The parts of the body alone: what is filled in further down is a change, too, without end.
    }).observe(dialog().querySelector(".fp-body"), { childList: true });
    hmi.onAlarms((found) => { alarms = found; showAlarms(found); });
    setInterval(showAges, EVERY);
  }
  document.addEventListener("click", asked);
  document.addEventListener("keydown", asked);
  begin();
  return { goTo };
})();
