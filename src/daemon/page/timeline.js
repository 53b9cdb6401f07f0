// One axis of time for the workers' lives, what was told, callers and probe latency.
const LANE = 20;
const GAP = 6;
const CURVE = 52;
const NARROW = 500; // pixels of the whole
const SHORTEST = 3; // pixels of a life that was over at once

const timeline = { minutes: 15, cursor: null, width: 0, scale: null, lives: [] };

const CURVES = [
  { name: "callers", label: "Callers", value: (s) => s.callers, say: (n) => `${n}` },
  { name: "probe", label: "Probe", value: (s) => s.probe_ms, say: milliseconds },
];

function scaleNow() {
  const until = model.now();
  const since = until - timeline.minutes * MINUTE;
  const left = timeline.width < NARROW ? 62 : 92;
  const right = timeline.width - 2;
  return { since, until, left, right, x: (at) => left + ((Math.min(Math.max(at, since), until) - since) / (until - since)) * (right - left) };
}

// From a life to what is drawn of it: one piece for each turn that lies in sight.
function piecesOf(life, scale) {
  const found = [];
  life.turns.forEach((turn, i) => {
    const next = life.turns[i + 1];
    const end = next ? next.at : life.end === null ? scale.until : life.end;
    if (end >= scale.since && turn.at <= scale.until) found.push({ from: turn.at, to: end, state: turn.state });
  });
  return found;
}

function sayLife(life) {
  const last = life.turns[life.turns.length - 1];
  const release = life.release ? `, release ${life.release}` : "";
  return `worker ${life.slot}, generation ${life.generation}${release}: ${life.end === null ? last.state : life.how || "ended"}`;
}

function drawLife(life, y, scale) {
  const parts = piecesOf(life, scale);
  if (parts.length === 0) return null;
  const group = draw("g", { class: `life gen${life.generation % 4}` }, draw("title", null, sayLife(life)));
  for (const part of parts) {
    const x = scale.x(part.from);
    const width = Math.max(SHORTEST, scale.x(part.to) - x);
    group.append(draw("rect", { class: `turn ${part.state}`, x, y, width, height: LANE, rx: 2 }));
  }
  const from = scale.x(parts[0].from);
  const to = scale.x(parts[parts.length - 1].to);
  if (to - from > 40) group.append(draw("text", { class: "gen", x: from + 6, y: y + 14 }, `gen ${life.generation}`));
  if (life.end !== null && life.end >= scale.since) group.append(drawEnd(life, to, y));
  return group;
}

function drawEnd(life, x, y) {
  const middle = y + LANE / 2;
  if (life.crashed) return draw("path", { class: "crashed", d: `M${x - 5} ${middle - 5}l10 10m0 -10l-10 10` });
  return draw("path", { class: "ended", d: `M${x} ${y}v${LANE}` });
}

function drawLanes(svg, scale, y) {
  const inSight = timeline.lives.filter((life) => life.end === null || life.end >= scale.since);
  const slots = [...new Set(inSight.map((life) => life.slot))].sort((a, b) => a - b);
  for (const slot of slots) {
    svg.append(draw("text", { class: "lane", x: scale.left - 8, y: y + 14 }, timeline.width < NARROW ? `W ${slot}` : `Worker ${slot}`));
    svg.append(draw("rect", { class: "track", x: scale.left, y, width: scale.right - scale.left, height: LANE }));
    const mine = inSight.filter((life) => life.slot === slot).sort((a, b) => a.life - b.life);
    svg.append(...mine.map((life) => drawLife(life, y, scale)).filter(Boolean));
    y += LANE + GAP;
  }
  return y;
}

// Triangles and squares for what was told: warnings and errors only, the rest is in the list.
function drawEvents(svg, scale, y) {
  svg.append(draw("text", { class: "lane", x: scale.left - 8, y: y + 11 }, "Events"));
  for (const event of model.events) {
    const bad = event.level === "err";
    if (event.at < scale.since || (!bad && event.level !== "warning")) continue;
    const x = scale.x(event.at);
    const d = bad ? `M${x - 4} ${y + 3}h8v8h-8z` : `M${x} ${y + 2}l5 9h-10z`;
    svg.append(draw("path", { class: `told ${bad ? "bad" : "warn"}`, d }, draw("title", null, `${clock(event.at)} ${event.message}`)));
  }
  return y + 14 + GAP;
}

// From a sample at which nobody served to the next one, or to the first worker that did.
function drawUnanswered(svg, scale, height) {
  const began = timeline.lives.flatMap((life) => life.turns.filter((turn) => turn.state === "serving").map((turn) => turn.at));
  for (const sample of model.samples) {
    if (sample.serving > 0 || sample.at < scale.since) continue;
    const end = Math.min(sample.at + model.sampleInterval, ...began.filter((at) => at > sample.at));
    const x = scale.x(sample.at);
    svg.append(draw("rect", { class: "unanswered", x, y: 0, width: Math.max(1, scale.x(end) - x), height }));
  }
}

function drawAxis(svg, scale, y) {
  const steps = { 5: 1, 15: timeline.width < NARROW ? 5 : 3, 60: timeline.width < NARROW ? 20 : 10 };
  const step = steps[timeline.minutes] * MINUTE;
  for (let at = Math.ceil(scale.since / step) * step; at <= scale.until; at += step) {
    const x = scale.x(at);
    svg.append(draw("line", { class: "grid", x1: x, x2: x, y1: 0, y2: y }));
    if (x < scale.right - 18) svg.append(draw("text", { class: "tick", x, y: y + 14 }, clock(at, false)));
  }
  return y + 20;
}

function drawCursor(svg, scale, height) {
  if (timeline.cursor === null) return;
  const x = scale.x(timeline.cursor);
  svg.append(draw("line", { class: "cursor", x1: x, x2: x, y1: 0, y2: height }));
}

function hatching() {
  return draw("defs", null,
    draw("pattern", { id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, draw("rect", { class: "hatch", width: 2.4, height: 6 })),
    draw("pattern", { id: "alarm", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(-45)" }, draw("rect", { class: "alarm", width: 2, height: 6 })));
}

function showTimeline() {
  const box = byId("timeline");
  timeline.width = Math.floor(box.clientWidth);
  if (timeline.width < 100 || !model.status) return;
  const scale = (timeline.scale = scaleNow());
  timeline.lives = livesNow();
  const svg = draw("svg", { class: "chart", "aria-hidden": "true", focusable: "false" }, hatching());
  const back = draw("g", null);
  svg.append(back);
  let y = drawEvents(svg, scale, drawLanes(svg, scale, 2));
  const seen = model.samples.filter((sample) => sample.at >= scale.since - model.sampleInterval);
  for (const spec of CURVES) {
    svg.append(curve({ y, height: CURVE }, scale, seen, spec));
    y += CURVE + GAP * 2;
  }
  drawUnanswered(back, scale, y);
  const height = drawAxis(back, scale, y);
  drawCursor(svg, scale, y);
  fill(svg, { width: timeline.width, height, viewBox: `0 0 ${timeline.width} ${height}` }, []);
  box.replaceChildren(svg);
  showReading();
}

function readingAt(at) {
  const sample = sampleAt(at);
  const parts = [clock(at)];
  if (sample) {
    parts.push(sample.serving === 0 ? "nobody served" : `${sample.serving} serving`);
    if (sample.callers !== null) parts.push(count(sample.callers, "caller", "callers"));
    if (sample.probe_ms !== null) parts.push(`probe ${milliseconds(sample.probe_ms)}`);
  }
  for (const life of timeline.lives) {
    const turn = life.turns.filter((each) => each.at <= at).pop();
    if (turn && (life.end === null || life.end > at)) parts.push(`worker ${life.slot} gen ${life.generation} ${turn.state}`);
  }
  return parts.join(" · ");
}

function showReading() {
  const { cursor, scale } = timeline;
  const at = cursor === null ? scale.until : cursor;
  const text = cursor === null ? "Point at the timeline, or move along it with the arrow keys, to read it." : readingAt(at);
  setText(byId("reading"), text);
  const percent = Math.round(((at - scale.since) / (scale.until - scale.since)) * 100);
  fill(byId("timeline"), { "aria-valuenow": percent, "aria-valuetext": cursor === null ? "now" : text }, []);
}

function moveCursor(at) {
  const { since, until } = timeline.scale;
  timeline.cursor = at === null ? null : Math.min(Math.max(at, since), until);
  showTimeline();
}

function onTimelineKey(event) {
  if (!timeline.scale) return;
  const { since, until } = timeline.scale;
  const at = timeline.cursor === null ? until : timeline.cursor;
  const step = (until - since) / 60;
  const moves = { ArrowLeft: at - step, ArrowRight: at + step, Home: since, End: until, Escape: null };
  if (!(event.key in moves)) return;
  event.preventDefault();
  moveCursor(moves[event.key]);
}

function beginTimeline() {
  const box = byId("timeline");
  box.addEventListener("keydown", onTimelineKey);
  box.addEventListener("pointermove", (event) => {
    if (!timeline.scale) return;
    const { left, right, since, until } = timeline.scale;
    const x = event.clientX - box.getBoundingClientRect().left;
    moveCursor(since + ((x - left) / (right - left)) * (until - since));
  });
  box.addEventListener("pointerleave", () => timeline.scale && moveCursor(null));
  byId("range").addEventListener("change", (event) => {
    timeline.minutes = Number(event.target.value);
    timeline.cursor = null;
    showTimeline();
  });
  new ResizeObserver(() => {
    if (Math.floor(box.clientWidth) !== timeline.width) showTimeline();
  }).observe(box);
  const samples = [["starting", "starting"], ["serving", "serving, a colour for each generation"], ["suspect", "suspect or degraded"], ["leaving", "leaving"]];
  byId("legend").append(
    ...samples.map(([state, text]) => make("li", null, draw("svg", { class: "life gen1", width: 20, height: 12, "aria-hidden": "true" }, draw("rect", { class: `turn ${state}`, width: 20, height: 12, rx: 2 })), text)),
    make("li", null, draw("svg", { width: 12, height: 12, "aria-hidden": "true" }, draw("path", { class: "crashed", d: "M1 1l10 10m0 -10l-10 10" })), "crashed"),
    make("li", null, draw("svg", { width: 20, height: 12, "aria-hidden": "true" }, draw("rect", { class: "unanswered", width: 20, height: 12 })), "nobody served"));
}
