// The workers, as a table; on a phone each row stands as a card.
const STATE_KINDS = { serving: "good", standby: "good", gone: "bad", killed: "bad" };

function healthBadge(worker) {
  if (worker.degraded) return badge("warn", "degraded");
  const kinds = { healthy: "good", failed: "bad", suspect: "warn", proving: "warn" };
  return badge(kinds[worker.health] || "idle", worker.health);
}

function workerNotes(worker) {
  const notes = [];
  if (worker.state !== "serving" && worker.exit) notes.push(worker.exit);
  if (worker.failures_in_row > 0) notes.push(`${count(worker.failures_in_row, "failure", "failures")} in a row${worker.looping ? " (crash loop)" : ""}`);
  if (worker.retry_in_usec !== null) notes.push(`next try in ${span(worker.retry_in_usec)}`);
  if (worker.last_probe && worker.last_probe.outcome !== "pass") notes.push(`last probe: ${worker.last_probe.reason || worker.last_probe.outcome}`);
  if (worker.says && worker.says.status) notes.push(`says: ${worker.says.status}`);
  if (worker.lines_dropped > 0) notes.push(`${count(worker.lines_dropped, "line", "lines")} of output dropped`);
  return notes.join("; ");
}

// Spans that grow are cut to seconds already; the rest stands still until something happens.
const WORKER_COLUMNS = [
  ["Worker", (w) => `${w.slot}`, ""],
  ["State", (w) => badge(w.looping ? "bad" : STATE_KINDS[w.state] || "warn", w.state), ""],
  ["Health", (w) => healthBadge(w), ""],
  ["Up", (w) => (w.uptime_usec === null ? "—" : span(w.uptime_usec)), "number"],
  ["Conns", (w) => (w.connections === null ? "—" : `${w.connections}`), "number"],
  ["Probe", (w) => (w.last_probe ? span(w.last_probe.took_usec) : "—"), "number"],
  ["Memory", (w) => (w.rss_bytes === null ? "—" : bytes(w.rss_bytes)), "number"],
  ["Restarts", (w) => `${w.restarts}`, "number"],
  ["Gen", (w) => `${w.generation}`, "number"],
  ["Release", (w) => w.release || "—", "release"],
  ["PID", (w) => (w.pid === null ? "—" : `${w.pid}`), "number"],
];

function workerRows(worker) {
  const notes = workerNotes(worker);
  const cells = WORKER_COLUMNS.map(([name, show, kind], i) =>
    make(i === 0 ? "th" : "td", { class: kind || null, "data-name": name, scope: i === 0 ? "row" : null }, make("span", null, show(worker))));
  const rows = [make("tr", { class: notes ? "noted" : null }, cells)];
  if (notes) rows.push(make("tr", { class: "note" }, make("td", { colspan: WORKER_COLUMNS.length }, notes)));
  return rows;
}

function workerHead() {
  return make("thead", null, make("tr", null, WORKER_COLUMNS.map(([name, , kind]) => make("th", { scope: "col", class: kind || null }, name))));
}

function showWorkers() {
  if (!model.status) return;
  const workers = model.status.workers.list;
  setShown(byId("workers-none"), workers.length === 0);
  setShown(byId("workers"), workers.length > 0);
  keep(byId("workers"), [null, ...workers], (w) => (w ? w.slot : "head"),
    (w) => (w ? make("tbody") : workerHead()), (body, w) => w && replaceIfNew(body, workerRows(w)));
}
