// Open incidents; nothing at all when there is none, or when voxkeeperd knows of none.
const SEVERITY_KINDS = { P1: "bad", P2: "warn", P3: "idle" };

// Where the section is: at the address that is configured, if a browser may go there, else here.
function runbook(anchor) {
  const base = model.status ? model.status.config.runbook_url : "";
  const href = `${/^https?:\/\//.test(base) ? base : "/runbook"}#${anchor}`;
  return make("a", { class: "runbook", href, target: "_blank", rel: "noopener" }, `Runbook: ${words(anchor)}`);
}

// What happened at one moment passes: it is told until it has not come again for a while.
function isOpen(incident) {
  return ["open", "passing", "clearing"].includes(incident.state);
}

function when(incident) {
  const began = time(Date.parse(incident.began));
  if (incident.state === "open") return ["since ", began];
  const ceased = time(Date.parse(incident.ceased));
  const lasted = ceased.textContent !== began.textContent;
  const end = incident.until ? [" · ends by itself at ", time(Date.parse(incident.until)), ", unless it comes again"] : " · ends by itself soon, unless it comes again";
  return [...(lasted ? ["from ", began, " to ", ceased] : ["at ", began]), ...[end].flat()];
}

function incidentItem() {
  return make("li");
}

// What the doctor found about it, and the commands that help; what it saw may name callers.
function findingItem(finding) {
  return make("li", null, badge(finding.severity === "error" ? "bad" : "warn", finding.check), " ", finding.symptom, finding.subject ? ` (${finding.subject})` : "",
    make("div", null, command(finding.command)));
}

// What stands in `told`, at an incident above this one, is not told again.
function findings(doctor, told) {
  if (!doctor) return null;
  const keyOf = (finding) => `${finding.check} ${finding.subject}`;
  const fresh = doctor.findings.filter((finding) => !told.has(keyOf(finding)));
  for (const finding of fresh) told.add(keyOf(finding));
  const rest = [[doctor.findings.length - fresh.length, "told above"], [doctor.errors + doctor.warnings - doctor.findings.length, "more: voxkeeper doctor"]]
    .filter(([n]) => n > 0).map(([n, where]) => make("li", { class: "quiet" }, `${n} ${where}`));
  return make("div", { class: "findings" },
    make("p", { class: "quiet" }, "What the doctor found at ", time(Date.parse(doctor.at)), doctor.findings.length === 0 ? ": nothing else that is wrong" : ":"),
    make("ul", null, ...fresh.map(findingItem), ...rest));
}

function showIncident(item, incident, told) {
  const taken = incident.acknowledged;
  replaceIfNew(item,
    make("p", { class: "lead" }, badge(SEVERITY_KINDS[incident.severity] || "warn", incident.severity), " ", make("strong", null, incident.title), incident.subject ? ` (${incident.subject})` : ""),
    incident.summary ? make("p", null, incident.summary) : null,
    make("p", { class: "quiet" }, when(incident),
      taken ? ` · acknowledged by ${taken.author}${taken.reason ? `: ${taken.reason}` : ""}` : " · nobody has acknowledged it", " · ", runbook(incident.runbook)),
    make("p", null, "All that is known of it: ", command(`voxkeeper incidents ${incident.id}`)),
    findings(incident.doctor, told));
}

function showIncidents() {
  const open = model.incidents.filter(isOpen).sort((a, b) => a.severity.localeCompare(b.severity));
  const told = new Set();
  setShown(byId("incidents"), open.length > 0);
  keep(byId("incidents-list"), open, (incident) => incident.id, incidentItem, (item, incident) => showIncident(item, incident, told));
}
