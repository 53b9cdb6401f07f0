// Numbers and times as people read them.
const MINUTE = 60000;

function pad(n) {
  return String(n).padStart(2, "0");
}

// "3 h 12 min", "42 s", "8 ms", from microseconds.
function span(usec) {
  if (typeof usec !== "number" || !isFinite(usec)) return "?";
  if (usec < 1000) return `${Math.round(usec)} µs`;
  if (usec < 1e6) return `${Math.round(usec / 1000)} ms`;
  const seconds = Math.floor(usec / 1e6);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

// "04:31" for what counts down, from microseconds.
function countdown(usec) {
  const seconds = Math.max(0, Math.ceil(usec / 1e6));
  const hours = Math.floor(seconds / 3600);
  const rest = `${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

function bytes(n) {
  if (typeof n !== "number") return "";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (n >= 1024 && unit < units.length - 1) {
    n /= 1024;
    unit++;
  }
  return `${unit && n < 100 ? n.toFixed(1) : Math.round(n)} ${units[unit]}`;
}

function milliseconds(ms) {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

function count(n, one, many) {
  return `${n} ${n === 1 ? one : many}`;
}

// The reader's clock; whoever wants the journal's finds it in the title.
function clock(ms, seconds = true) {
  const at = new Date(ms);
  return `${pad(at.getHours())}:${pad(at.getMinutes())}${seconds ? `:${pad(at.getSeconds())}` : ""}`;
}

function day(ms) {
  const at = new Date(ms);
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
}

function time(ms) {
  const today = day(ms) === day(model.now());
  const text = today ? clock(ms) : `${day(ms)} ${clock(ms, false)}`;
  return make("time", { datetime: new Date(ms).toISOString(), title: new Date(ms).toISOString() }, text);
}

function ago(ms) {
  return `${span(Math.max(0, model.now() - ms) * 1000)} ago`;
}

function words(name) {
  return name.replace(/[-_]/g, " ");
}
