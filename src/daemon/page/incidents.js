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

function showIncident(item, incident) {
  const taken = incident.acknowledged;
  replaceIfNew(item,
    make("p", { class: "lead" }, badge(SEVERITY_KINDS[incident.severity] || "warn", incident.severity), " ", make("strong", null, incident.title), incident.subject ? ` (${incident.subject})` : ""),
    incident.summary ? make("p", null, incident.summary) : null,
    make("p", { class: "quiet" }, "since ", time(Date.parse(incident.began)), incident.state === "clearing" ? " · passing" : null,
      taken ? ` · acknowledged by ${taken.author}${taken.reason ? `: ${taken.reason}` : ""}` : " · nobody has acknowledged it", " · ", runbook(incident.runbook)),
    make("div", null, command(`voxkeeper incidents ${incident.id}`)));
}

function showIncidents() {
  const open = model.incidents.filter(isOpen);
  setShown(byId("incidents"), open.length > 0);
  keep(byId("incidents-list"), open, (incident) => incident.id, incidentItem, showIncident);
}
