// Log lines on stdout, byte for byte in the layout of winston's coloured "simple" format:
//   ESC[32minfo ESC[39m: Message {"key":"value","service":"elevenlabs-agent","timestamp":"..."}
// with the keys of every object sorted, as winston sorts them.

const SERVICE = 'elevenlabs-agent';
const LEVELS = { error: 31, warn: 33, info: 32, http: 32, verbose: 36, debug: 34, silly: 35 };
const RANK = Object.keys(LEVELS);

function sortKeys(_key, value) {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function formatLine(level, message, fields, timestamp) {
    const meta = JSON.stringify({ ...fields, service: SERVICE, timestamp }, sortKeys);
    return `\x1b[${LEVELS[level]}m${level}\x1b[39m: ${message} ${meta}\n`;
}

const threshold = RANK.indexOf(process.env.LOG_LEVEL || 'info');

function writeLine(level, message, fields) {
    if (RANK.indexOf(level) > threshold) return;
    process.stdout.write(formatLine(level, message, fields, new Date().toISOString()));
}

export const log = {
    error: (message, fields) => writeLine('error', message, fields),
    warn: (message, fields) => writeLine('warn', message, fields),
    info: (message, fields) => writeLine('info', message, fields),
    debug: (message, fields) => writeLine('debug', message, fields),
};
