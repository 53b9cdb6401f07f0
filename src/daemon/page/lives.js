// From events, and from what runs now, to lives: one process of one worker, from its start to its end.
const ENDINGS = {
  "worker-exited": "ended",
  "worker-crashed": "crashed",
  "worker-start-failed": "crashed",
};

// How far the life got before `at`: what the timeline shows as one piece.
const TURNS = {
  "worker-started": "starting",
  "worker-verified": "serving",
  "worker-leaving": "leaving",
  "worker-suspect": "suspect",
  "worker-degraded": "suspect",
  "worker-unhealthy": "suspect",
  "worker-hung": "suspect",
  "worker-zombie": "suspect",
  "worker-recovered": "serving",
};

function lifeOf(lives, slot, life, generation) {
  const key = `${slot}/${life}`;
  if (!lives.has(key)) lives.set(key, { slot, life, generation, release: "", turns: [], end: null, how: "" });
  const found = lives.get(key);
  if (generation) found.generation = generation;
  return found;
}

function addEvent(lives, event) {
  const f = event.fields;
  if (!f.VOXKEEPER_WORKER || !f.VOXKEEPER_LIFE) return;
  const ending = ENDINGS[event.event];
  const turn = TURNS[event.event];
  if (!ending && !turn) return;
  const life = lifeOf(lives, Number(f.VOXKEEPER_WORKER), Number(f.VOXKEEPER_LIFE), Number(f.VOXKEEPER_GENERATION));
  if (f.VOXKEEPER_RELEASE) life.release = f.VOXKEEPER_RELEASE;
  if (turn) life.turns.push({ at: event.at, state: turn });
  if (!ending) return;
  // What began before anybody listened began that long before its end.
  if (life.turns.length === 0 && f.VOXKEEPER_DURATION_USEC)
    life.turns.push({ at: event.at - Number(f.VOXKEEPER_DURATION_USEC) / 1000, state: "serving" });
  life.end = event.at;
  life.how = `${ending}${f.VOXKEEPER_EXIT ? `: ${f.VOXKEEPER_EXIT}` : ""}`;
  life.crashed = ending === "crashed";
}

// What runs now and began before the events that we have.
function addRunning(lives, worker) {
  if (worker.pid === null || worker.uptime_usec === null) return;
  const life = lifeOf(lives, worker.slot, worker.life, worker.generation);
  life.release = worker.release || life.release;
  life.running = true;
  if (life.turns.length > 0) return;
  const began = model.now() - worker.uptime_usec / 1000;
  life.turns.push({ at: began, state: "starting" });
  if (worker.verified_after_usec !== null) life.turns.push({ at: began + worker.verified_after_usec / 1000, state: "serving" });
}

function livesNow() {
  const lives = new Map();
  for (const event of model.events) addEvent(lives, event);
  if (model.status) for (const worker of model.status.workers.list) addRunning(lives, worker);
  for (const life of lives.values()) {
    // Its end was told while nobody listened: it lasted until the next life of this worker at most.
    if (life.end === null && !life.running && model.status) life.end = endByOthers(lives, life);
  }
  return [...lives.values()].filter((life) => life.turns.length > 0);
}

function endByOthers(lives, life) {
  const later = [...lives.values()].filter((other) => other.slot === life.slot && other.life > life.life && other.turns.length > 0);
  const began = later.map((other) => other.turns[0].at);
  return began.length ? Math.min(...began) : life.turns[life.turns.length - 1].at;
}
