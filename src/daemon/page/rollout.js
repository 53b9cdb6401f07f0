// The rollout under way with its phases; of the last one only that it went wrong.
const ROLLOUT_STEPS = [
  ["canary", "Canary", "a first new worker is being verified beside the others"],
  ["baking", "Bake", "the first new worker serves, and is watched"],
  ["rolling", "Roll", "the other workers follow"],
  ["warm", "Keep warm", "every worker is new; the last old one is kept warm"],
];
const ROLLOUT_WORDS = {
  in_place: "one worker after the other is stopped and started",
  hold: "held: it failed, and waits for somebody to decide",
  back: "going back to the workers from before",
  ...Object.fromEntries(ROLLOUT_STEPS.map(([state, , text]) => [state, text])),
};

function rolloutStep(rollout, [state, name]) {
  const phase = (rollout.phases || []).find((each) => each.state === state);
  const now = rollout.state === state;
  const took = phase ? span(phase.took_usec) : "";
  const kind = now ? "now" : phase ? "past" : "later";
  const says = { now: "under way", past: "done", later: "to come" };
  return make("li", { class: kind, "aria-current": now ? "step" : null },
    make("span", { class: "glyph", "aria-hidden": "true" }, { now: "●", past: "✓", later: "○" }[kind]),
    make("strong", null, name), make("span", { class: "unseen" }, ` ${says[kind]}`), make("small", null, took));
}

function sideOf(rollout, side) {
  const release = rollout.release && rollout.release[side];
  return rollout.generation && rollout.generation[side] ? `generation ${rollout.generation[side]}${release ? `, release ${release}` : ""}` : "";
}

function rolloutFailure(rollout) {
  const failure = rollout.failure;
  if (!failure || !failure.message) return [];
  return [make("p", { class: "failure" }, badge("bad", "why"), " ", failure.message),
    failure.worker ? make("p", { class: "quiet" }, "What it answered, and its last lines: ", command("voxkeeper rollout")) : null];
}

function askedBy(rollout) {
  const asker = `${rollout.kind || "?"}${rollout.author ? ` by ${rollout.author}` : ""}`;
  return rollout.reason ? `${asker}: ${rollout.reason}` : asker;
}

function showRollout() {
  const rollout = model.status && model.status.rollout;
  const under = rollout && rollout.state !== "idle";
  setShown(byId("rollout"), Boolean(under));
  if (!under) return;
  const bad = rollout.state === "hold" || rollout.state === "back";
  const left = rollout.outage ? "it stands still while a dependency or provider is down"
    : typeof rollout.left_usec === "number" ? `${countdown(rollout.left_usec - model.sinceStatus())} left` : "";
  replaceIfNew(byId("rollout-body"),
    make("p", { class: "lead" }, badge(bad ? "bad" : "warn", words(rollout.state)), " ", ROLLOUT_WORDS[rollout.state] || "", left ? make("strong", { class: "left" }, left) : null),
    rollout.state === "in_place" ? null : make("ol", { class: "steps" }, ROLLOUT_STEPS.map((step) => rolloutStep(rollout, step))),
    make("dl", { class: "facts" }, facts([["For", rollout.kind ? askedBy(rollout) : null], ["From", sideOf(rollout, "from")], ["To", sideOf(rollout, "to")]])),
    ...rolloutFailure(rollout));
}
