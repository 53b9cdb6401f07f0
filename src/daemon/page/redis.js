// Redis, the sweep under way, and what the last ones did.
const SWEEPS_SHOWN = 8;

function showRedisLine(redis) {
  if (!redis) return make("p", { class: "quiet" }, "No Redis is configured.");
  const kind = { up: "good", down: "bad", refused: "bad" }[redis.state] || "warn";
  return make("div", null,
    make("p", { class: "lead" }, badge(kind, redis.state), " ", redis.address, redis.state !== "up" && redis.why ? make("span", { class: "failure" }, ` ${redis.why}`) : null),
    make("dl", { class: "facts" }, facts([["Ping", redis.state === "up" ? span(redis.ping_usec) : null], ["Connected", count(redis.connects, "time", "times")]])));
}

function foundText(sweep) {
  const found = Object.entries(sweep.found || {}).filter(([kind, n]) => kind !== "fine" && n > 0).map(([kind, n]) => `${n} ${words(kind)}`);
  return found.join(", ") || "nothing to do";
}

function sweepResult(sweep) {
  if (sweep.error) return badge("bad", `failed: ${sweep.error}`);
  if (sweep.held) return badge("warn", `held: ${sweep.held}`);
  if (sweep.dry_run) return badge("idle", "looked only");
  return sweep.complete === false ? badge("warn", "incomplete") : badge("good", count(sweep.removed, "removed", "removed"));
}

function sweepRow(sweep) {
  const cell = (name, ...content) => make("td", { "data-name": name }, make("span", null, content));
  return make("tr", null, cell("When", time(Date.parse(sweep.at))), cell("Result", sweepResult(sweep)), cell("Keys", `${sweep.keys_seen}`), cell("Found", foundText(sweep)));
}

function showSweeps() {
  const latest = (model.sweeps || []).slice(0, SWEEPS_SHOWN);
  if (latest.length === 0) return make("p", { class: "quiet" }, "No sweep has run yet.");
  return make("table", { class: "sweeps" },
    make("caption", { class: "unseen" }, "Latest sweeps, the newest first"),
    make("thead", null, make("tr", null, ["When", "Result", "Keys", "Found"].map((name) => make("th", { scope: "col" }, name)))),
    make("tbody", null, latest.map(sweepRow)));
}

function showProgress(sweep) {
  const progress = sweep && sweep.state === "running" ? sweep.progress : null;
  if (!progress) return null;
  return make("p", null, badge("idle", "sweeping"), ` ${count(progress.keys_seen || 0, "key", "keys")} seen`,
    typeof progress.fraction === "number" ? make("progress", { value: progress.fraction, max: 1, "aria-label": "How far the sweep is" }) : null);
}

function showRedis() {
  if (!model.status) return;
  const redis = model.status.dependency.redis;
  replaceIfNew(byId("redis"), showRedisLine(redis), redis ? [showProgress(model.status.sweep), showSweeps()] : null);
}
