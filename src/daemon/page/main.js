// Showing what changed, soon and not more often, and what goes on by itself once a second.
const SOON = 50;
const PARTS = [showAdvice, showIncidents, showDrain, showRollout, showTimeline, showWorkers, showRedis, showEvents, showFooter];

let waiting = false;

function showFooter() {
  if (!model.status) return;
  const { daemon, config, agent } = model.status;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  setText(byId("footer"), `voxkeeperd ${daemon.version}, PID ${daemon.pid}, since ${day(Date.parse(daemon.since))} ${clock(Date.parse(daemon.since))} · handover ${agent.handover} · ${config.path} · times are ${zone} · this page only reads`);
}

function show() {
  waiting = false;
  showVerdict();
  if (document.hidden) return; // its title and icon are seen all the same
  for (const part of PARTS) part();
}

function changed() {
  if (waiting) return;
  waiting = true;
  setTimeout(show, SOON);
}

beginTimeline();
beginEvents();
beginFeed(changed);
document.addEventListener("visibilitychange", changed);
setInterval(() => {
  watchContact();
  changed();
}, 1000);
