// The FAULT_ environment: names, types and the reading of them. README.md has the same table.
import { constants } from 'node:os';

const HEALTH_MODES = ['wrong', 'garbage', 'huge', 'mute', '500'];
const GRANDCHILD_KINDS = ['group', 'session'];

function flag(text) {
    if (text === '1' || text === 'true') return true;
    if (text === '0' || text === 'false') return false;
    throw new Error('expected 0 or 1');
}

function number(max) {
    return (text) => {
        if (!/^\d{1,10}$/.test(text) || Number(text) > max) {
            throw new Error(`expected a number from 0 to ${max}`);
        }
        return Number(text);
    };
}

function oneOf(words) {
    return (text) => {
        if (!words.includes(text)) throw new Error(`expected one of ${words.join(', ')}`);
        return text;
    };
}

// setTimeout takes no longer delay than this.
const millis = number(2 ** 31 - 1);
const count = number(1e9);
const bytes = number(64 * 1024 * 1024);

export const parse = {
    millis,
    bytes,
    rate: number(100000),
    exitCode: number(255),
    signal: oneOf(Object.keys(constants.signals)),
    healthMode: oneOf(['ok', ...HEALTH_MODES]),
    grandchild: oneOf(GRANDCHILD_KINDS),
};

const KNOBS = {
    FAULT_START_DELAY_MS: ['startDelayMs', millis],
    FAULT_CRASH: ['crash', flag],
    FAULT_CRASH_AFTER_MS: ['crashAfterMs', millis],
    FAULT_CRASH_AFTER_REQUESTS: ['crashAfterRequests', count],
    FAULT_CRASH_SIGNAL: ['crashSignal', parse.signal],
    FAULT_EXIT_CODE: ['exitCode', parse.exitCode],
    FAULT_EXIT_AFTER_MS: ['exitAfterMs', millis],
    FAULT_HEALTH: ['health', oneOf(HEALTH_MODES)],
    FAULT_HEALTH_AFTER_PROBES: ['healthAfterProbes', count],
    FAULT_HEALTH_AFTER_MS: ['healthAfterMs', millis],
    FAULT_IGNORE_SIGTERM: ['ignoreSigterm', flag],
    FAULT_HANG_AFTER_REQUESTS: ['hangAfterRequests', count],
    FAULT_HANG_AFTER_MS: ['hangAfterMs', millis],
    FAULT_HANG_MS: ['hangMs', millis],
    FAULT_ZOMBIE_AFTER_MS: ['zombieAfterMs', millis],
    FAULT_GRANDCHILD: ['grandchild', parse.grandchild],
    FAULT_LOG_RATE: ['logRate', parse.rate],
    FAULT_LOG_LONG_LINE: ['logLongLine', bytes],
    FAULT_LOG_BINARY: ['logBinary', bytes],
    FAULT_LEAK_CONNECTIONS: ['leakConnections', flag],
    FAULT_ROUTES: ['routes', flag],
};

// Absent and empty knobs are left out. Throws on an unknown name, because a misspelt fault would
// make a test pass that never saw it, and on a bad value.
export function readKnobs(env) {
    const knobs = {};
    for (const [name, text] of Object.entries(env)) {
        if (!name.startsWith('FAULT_') || text === '') continue;
        if (!Object.hasOwn(KNOBS, name)) throw new Error(`reading environment: unknown "${name}"`);
        const [field, parseValue] = KNOBS[name];
        try {
            knobs[field] = parseValue(text);
        } catch (error) {
            throw new Error(`reading ${name}: ${error.message}, got "${text}"`);
        }
    }
    return Object.freeze(knobs);
}
