// Open incidents; nothing at all when there is none, or when voxkeeperd knows of none.
const SEVERITY_KINDS = { P1: "bad", P2: "warn", P3: "idle" };

// Where the section is: at the address that is configured, if a browser may go there, else here.
function runbook(anchor) {
  const base = model.status ? model.status.config.runbook_url : "";
  const href = `${/^https?:\/\//.test(base) ? base : "/runbook"}#${anchor}`;
  return make("a", { class: "runbook", href, target: "_blank", rel: "noopener" }, `Runbook: ${words(anchor)}`);
}

function isOpen(incident) {
  return incident.state === "open" || incident.state === "clearing";
}

function incidentItem() {
  return make("li");
}

// What the doctor found about it, and the commands that help; what it saw may name callers.
function findingItem(finding) {
  return make("li", null, badge(finding.severity === "error" ? "bad" : "warn", finding.check), " ", finding.symptom, finding.subject ? ` (${finding.subject})` : "",
    make("div", null, command(finding.command)));
}

function findings(doctor) {
  if (!doctor) return null;
  const more = doctor.errors + doctor.warnings - doctor.findings.length;
  return make("div", { class: "findings" },
    make("p", { class: "quiet" }, "What the doctor found, ", time(Date.parse(doctor.at)), doctor.findings.length === 0 ? ": nothing else that is wrong" : `: ${doctor.findings.map((finding) => finding.check).join(", ")}`),
    make("ul", null, ...doctor.findings.map(findingItem), more > 0 ? make("li", null, `${more} more`) : null));
}

function showIncident(item, incident) {
  const taken = incident.acknowledged;
  replaceIfNew(item,
    make("p", { class: "lead" }, badge(SEVERITY_KINDS[incident.severity] || "warn", incident.severity), " ", make("strong", null, incident.title), incident.subject ? ` (${incident.subject})` : ""),
    incident.summary ? make("p", null, incident.summary) : null,
    make("p", { class: "quiet" }, "since ", time(Date.parse(incident.began)), incident.state === "clearing" ? " · passing" : null,
      taken ? ` · acknowledged by ${taken.author}${taken.reason ? `: ${taken.reason}` : ""}` : " · nobody has acknowledged it", " · ", runbook(incident.runbook)),
    findings(incident.doctor),
    make("div", null, command(`voxkeeper incidents ${incident.id}`)));
}

function showIncidents() {
  const open = model.incidents.filter(isOpen);
  setShown(byId("incidents"), open.length > 0);
  keep(byId("incidents-list"), open, (incident) => incident.id, incidentItem, showIncident);
}
