// The first question: is it answering? And the figures beside the answer.
const VERDICTS = {
  serving: ["good", "Answering"],
  degraded: ["warn", "Answering, but degraded"],
  starting: ["warn", "Not yet answering: it starts"],
  draining: ["warn", "Draining: takes no new callers"],
  drained: ["warn", "Drained: takes no callers"],
  down: ["bad", "Not answering"],
};

function verdictOf() {
  if (model.contact === "lost") return ["lost", "Lost contact with voxkeeperd"];
  if (!model.status) return ["unknown", "Asking voxkeeperd"];
  return VERDICTS[model.status.state] || (model.status.ready ? ["good", "Answering"] : ["bad", "Not ready"]);
}

// What makes it less than well, in the order in which it hurts. A refusal's own words come first.
function reasons(status) {
  const found = [];
  const redis = status.dependency.redis;
  if (!status.ready && status.why && status.why !== status.state) found.push(status.why);
  if (status.state === "degraded" && status.workers.serving < status.workers.wanted)
    found.push(`${status.workers.serving} of ${count(status.workers.wanted, "worker serves", "workers serve")}`);
  if (redis && redis.state !== "up") found.push(`Redis is ${redis.state}${redis.why ? `: ${redis.why}` : ""}`);
  if (status.dependency.provider_down) found.push("a provider is down");
  for (const worker of status.workers.list) {
    if (worker.looping) found.push(`worker ${worker.slot} is in a crash loop${worker.exit ? `, last ${worker.exit}` : ""}`);
  }
  return found;
}

function whyOf() {
  if (model.contact === "lost")
    return `The last word came at ${clock(model.heardAt)}. What is shown below is from then. Callers may well be answered: workers outlive voxkeeperd. Trying again.`;
  return model.status ? reasons(model.status).join("; ") : "";
}

// Why a number is not known stands behind it, once if it is the same for both.
function callersText(callers) {
  const known = (n) => (n === null ? "?" : String(n));
  const parts = [known(callers.connections)];
  if (!model.status.dependency.redis) return parts[0];
  parts.push(count(known(callers.tasks), "task", "tasks"), count(known(callers.sessions), "session", "sessions"));
  const whys = [callers.tasks_why, callers.sessions_why].filter((why, i, all) => why && all.indexOf(why) === i);
  return make("span", null, parts.join(" · "), ...whys.map((why) => make("small", null, `?: ${why}`)));
}

function showFacts(status) {
  const redis = status.dependency.redis;
  const workers = `${status.workers.serving} of ${status.workers.wanted}`;
  replaceIfNew(byId("facts"), facts([
    ["Workers", workers],
    ["Callers", callersText(status.callers)],
    ["Release", status.agent.release || "—"],
    ["Redis", redis ? (redis.state === "up" ? `up, ${span(redis.ping_usec)}` : redis.state) : "none"],
    ["Listens", status.agent.listen.join(", ")],
  ]));
}

const ICON_COLORS = { good: "#1f9d61", warn: "#d99a00", bad: "#d6293e", lost: "#7b8794", unknown: "#7b8794" };

// The tab tells as well, by shape and by colour.
function showIcon(kind) {
  const shapes = {
    good: '<circle cx="8" cy="8" r="7"/>',
    warn: '<path d="M8 1 15 15H1z"/>',
    bad: '<path d="M1 1h14v14H1z"/>',
  };
  const shape = shapes[kind] || '<circle cx="8" cy="8" r="5"/>';
  const image = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="${ICON_COLORS[kind]}">${shape}</svg>`;
  const address = `data:image/svg+xml,${encodeURIComponent(image)}`;
  if (byId("icon").getAttribute("href") !== address) byId("icon").setAttribute("href", address);
}

function showContact() {
  const texts = { live: "live", connecting: "connecting", lost: "lost contact" };
  document.body.dataset.contact = model.contact;
  setText(byId("contact-text"), texts[model.contact]);
}

function showVerdict() {
  const [kind, text] = verdictOf();
  const marks = { good: "✓", warn: "▲", bad: "✕", lost: "?", unknown: "…" };
  const why = whyOf();
  const name = model.status ? model.status.agent.name : "";
  document.body.dataset.verdict = kind;
  setText(byId("verdict-mark"), marks[kind]);
  setText(byId("verdict-text"), text);
  setText(byId("verdict-why"), why);
  setShown(byId("verdict-why"), why !== "");
  setText(byId("agent-name"), name);
  const title = `${marks[kind]} ${text}${name ? ` – ${name}` : ""}`;
  if (document.title !== title) document.title = title;
  showIcon(kind);
  showContact();
  if (model.status) showFacts(model.status);
}

// What somebody who was just woken up does now; nothing when all is well.
function adviceOf(status) {
  const list = [];
  const redis = status.dependency.redis ? status.dependency.redis.state : "up";
  if (status.state === "draining" || status.state === "drained")
    list.push(["Somebody asked for a drain. To take callers again:", "voxkeeper resume"]);
  if (status.state === "down")
    list.push(["Nobody serves callers. What voxkeeperd did and saw is below under Events, and more here:", "voxkeeper logs --lines=50"]);
  for (const worker of status.workers.list) {
    if (worker.looping)
      list.push([`Worker ${worker.slot} dies again and again. What it said last:`, `voxkeeper logs --worker=${worker.slot} --lines=20`]);
  }
  if (status.rollout.state === "hold")
    list.push(["A rollout failed and waits for a decision: go on, or go back.", "voxkeeper rollout promote", "voxkeeper rollout abort"]);
  if (redis === "down")
    list.push(["Nobody answers at Redis’ address. Without Redis callers’ sessions are not stored. No worker is restarted for that: look after the Redis server. What the doctor sees of it:", "voxkeeper doctor"]);
  if (redis === "loading") list.push(["Redis runs but cannot serve yet: wait, or look at its log."]);
  if (redis === "refused") list.push(["Redis refuses voxkeeper itself: check [Redis] Username=, PasswordCredential= and the rights of that user."]);
  if (status.dependency.provider_down)
    list.push(["A provider is down, see the last probe of the workers. No worker is restarted for that: look at the provider’s status page, key and quota."]);
  return list;
}

function showAdvice() {
  const list = model.status && model.contact !== "lost" ? adviceOf(model.status) : [];
  setShown(byId("advice"), list.length > 0);
  replaceIfNew(byId("advice-list"), list.map(([text, ...commands]) => make("li", null, text, commands.map((each) => make("div", null, command(each))))));
}
