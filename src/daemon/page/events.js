// The last events, the newest first, as the filters let them through.
const EVENTS_SHOWN = 50;
const LEVELS = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];
const LEVEL_WORDS = { err: ["bad", "error"], warning: ["warn", "warning"], notice: ["idle", "notice"], info: ["idle", "info"] };

function filtersNow() {
  return { level: LEVELS.indexOf(byId("filter-level").value), worker: byId("filter-worker").value, text: byId("filter-text").value.trim().toLowerCase() };
}

function passes(event, filters) {
  if (LEVELS.indexOf(event.level) > filters.level) return false;
  if (filters.worker && event.fields.VOXKEEPER_WORKER !== filters.worker) return false;
  if (!filters.text) return true;
  const all = [event.event, event.message, ...Object.values(event.fields)].join("\n").toLowerCase();
  return all.includes(filters.text);
}

function fieldRow([name, value]) {
  const shown = name.replace(/^VOXKEEPER_/, "").toLowerCase().replace(/_/g, " ");
  return make("div", null, make("dt", null, shown), make("dd", null, value.includes("\n") ? make("pre", { tabindex: 0, "aria-label": shown }, value) : value));
}

function eventItem(event) {
  const [kind, word] = LEVEL_WORDS[event.level] || ["idle", event.level];
  const fields = Object.entries(event.fields).filter(([, value]) => value !== "");
  const withheld = (event.withheld || []).map((name) => [name, "not shown here, callers may be quoted in it: voxkeeper logs, or the journal"]);
  const head = [time(event.at), badge(kind, word), make("span", { class: "message" }, event.message)];
  const more = make("div", { class: "more" },
    make("p", { class: "quiet" }, make("code", null, event.event), event.runbook ? [" · ", runbook(event.runbook)] : null),
    fields.length ? make("dl", { class: "fields" }, [...fields, ...withheld].map(fieldRow)) : null);
  return make("li", { class: kind, "data-event": event.event }, make("details", null, make("summary", null, head), more));
}

function showWorkerFilter() {
  const seen = new Set(model.events.map((event) => event.fields.VOXKEEPER_WORKER).filter(Boolean));
  const chosen = byId("filter-worker").value;
  if (chosen) seen.add(chosen);
  const slots = [...seen].sort((a, b) => Number(a) - Number(b));
  keep(byId("filter-worker"), ["", ...slots], (slot) => slot || "all", (slot) => make("option", { value: slot }, slot || "all"));
}

function showEvents() {
  showWorkerFilter();
  const filters = filtersNow();
  const passing = model.events.filter((event) => passes(event, filters));
  const shown = passing.slice(-EVENTS_SHOWN).reverse();
  keep(byId("events-list"), shown, (event) => event.key, eventItem);
  const left = passing.length > shown.length ? `the last ${shown.length} of ${passing.length}` : `${count(shown.length, "event", "events")}`;
  setText(byId("events-count"), model.events.length === 0 ? "No event yet." : passing.length === model.events.length ? left : `${left} of ${model.events.length} pass the filters`);
}

function beginEvents() {
  for (const id of ["filter-level", "filter-worker"]) byId(id).addEventListener("change", showEvents);
  byId("filter-text").addEventListener("input", showEvents);
}
