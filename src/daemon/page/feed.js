// What we know, and how it comes: once by asking, then as it happens.
const EVENTS_KEPT = 300;
const HOUR = 60 * MINUTE;
const SILENCE = 12000; // the stream says something at least every 5 s
const PATIENCE = 3000; // an upgrade of voxkeeperd takes less

const model = {
  contact: "connecting", // "live", "lost"
  heardAt: Date.now(), // by our own clock
  status: null,
  statusAt: 0,
  skew: 0, // of voxkeeperd's clock against ours
  events: [], // the oldest first
  samples: [],
  sampleInterval: 5000,
  incidents: [],
  sweeps: [],
  now: () => Date.now() + model.skew,
  sinceStatus: () => (Date.now() - model.statusAt) * 1000,
};

const feed = { source: null, lastId: "", openedAt: 0, brokenAt: 0, changed: () => {} };

function byTime(a, b) {
  return a.at - b.at;
}

function addEvents(happenings) {
  const known = new Map(model.events.map((event) => [event.key, event]));
  for (const [key, happening] of happenings) known.set(key, { ...happening, key, at: Date.parse(happening.time) });
  model.events = [...known.values()].sort(byTime).slice(-EVENTS_KEPT);
}

// What we have from before an upgrade stays: the new process does not know it.
function addSamples(answer) {
  const known = new Map(model.samples.map((sample) => [sample.time, sample]));
  for (const sample of answer.samples) known.set(sample.time, { ...sample, at: Date.parse(sample.time) });
  model.sampleInterval = answer.interval_ms;
  const oldest = model.now() - HOUR - model.sampleInterval;
  model.samples = [...known.values()].filter((sample) => sample.at >= oldest).sort(byTime);
}

function takeStatus(status) {
  model.status = status;
  model.statusAt = Date.now();
  model.skew = Date.parse(status.daemon.since) + status.daemon.uptime_usec / 1000 - Date.now();
}

async function ask(path) {
  const answer = await fetch(path, { cache: "no-store" });
  return answer.ok ? answer.json() : null;
}

async function askForThePast() {
  try {
    const [events, samples, sweeps] = await Promise.all([ask("/api/v1/events"), ask("/api/v1/samples"), ask("/api/v1/sweep")]);
    if (events) addEvents(events.events.map((happening) => [`${events.boot}-${happening.seq}`, happening]));
    if (samples) addSamples(samples);
    model.sweeps = (sweeps && sweeps.history) || [];
    feed.changed();
  } catch {
    // The stream breaks as well then, and asks anew when it is back.
  }
}

const TOPICS = {
  status: takeStatus,
  samples: addSamples,
  incidents: (answer) => (model.incidents = answer.incidents || []),
  event: (happening, id) => {
    addEvents([[id, happening]]);
    if (happening.event.startsWith("sweep-")) askForThePast();
  },
};

function onMessage(topic, message) {
  heard();
  if (message.lastEventId) feed.lastId = message.lastEventId;
  const said = JSON.parse(message.data);
  if (said) TOPICS[topic](said, message.lastEventId);
  feed.changed();
}

function heard() {
  model.heardAt = Date.now();
  model.contact = "live";
  feed.brokenAt = 0;
}

function open() {
  const source = new EventSource(`/api/v1/stream${feed.lastId ? `?last_event_id=${encodeURIComponent(feed.lastId)}` : ""}`);
  feed.source = source;
  feed.openedAt = Date.now();
  for (const topic of Object.keys(TOPICS)) source.addEventListener(topic, (message) => onMessage(topic, message));
  source.onopen = () => {
    heard();
    askForThePast();
  };
  source.onerror = () => {
    feed.brokenAt = feed.brokenAt || Date.now();
    if (model.contact === "live") model.contact = "connecting";
    feed.changed();
  };
}

// As many streams as there may be are open: then it is asked now and then.
async function askWithoutStream() {
  try {
    const status = await ask("/api/v1/status");
    if (!status) return;
    takeStatus(status);
    model.incidents = status.incidents || [];
    heard();
    await askForThePast();
  } catch {
    // Nobody is there; the clock says when that is lost contact.
  }
}

// The browser connects anew by itself, unless it was answered with an error or does not notice that
// nobody is there any more.
function watchContact() {
  const now = Date.now();
  const silent = now - model.heardAt;
  const refused = feed.source.readyState === EventSource.CLOSED; // so somebody is there
  const broken = !refused && feed.brokenAt && now - feed.brokenAt > PATIENCE;
  if (silent > SILENCE || broken) model.contact = "lost";
  if (refused ? now - feed.openedAt < PATIENCE : Math.min(silent, now - feed.openedAt) < SILENCE) return;
  feed.source.close();
  open();
  if (refused) askWithoutStream();
}

function beginFeed(changed) {
  feed.changed = changed;
  open();
}
