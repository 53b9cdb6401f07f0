// The faults themselves. Each does one bad thing now; when is decided in faults.js.
import { spawn } from 'node:child_process';
import { log } from '../log.js';

const GRANDCHILD_LIFE_S = 3600;
const HUGE_BODY_BYTES = 1024 * 1024;
const FLOOD_TICK_MS = 50;

// Nothing listens here, so every attempt to reconnect is refused at once.
const DEAD_REDIS = { host: '127.0.0.1', port: 1, path: undefined };

// Without a signal: an uncaught exception, which is how a Node service usually dies (code 1).
export function crash(signal) {
    log.error('Fault: crashing', { signal });
    if (signal) process.kill(process.pid, signal);
    else setImmediate(() => raise(new Error('fault: crash')));
}

function raise(error) {
    throw error;
}

export function exit(code) {
    log.error('Fault: exiting', { code });
    process.exit(code);
}

// A busy loop: no timer, no signal handler and no request runs until it ends. Without a length it
// never does.
export function hang(lengthMs = Infinity) {
    log.error('Fault: hanging', { lengthMs: Number.isFinite(lengthMs) ? lengthMs : 'for ever' });
    const end = performance.now() + lengthMs;
    while (performance.now() < end);
}

// Cuts the service's Redis connection and lets its retries fail, so that the client gives up by
// its own rule, exactly as after a Redis restart that took too long.
export function zombie(redis) {
    log.error('Fault: losing Redis for good');
    Object.assign(redis.options, DEAD_REDIS);
    redis.stream?.destroy();
}

// A process that ignores SIGTERM, SIGINT and SIGHUP and holds our stdout and stderr open. Kind
// "group" stays in our process group, "session" leaves it. It ends by itself after an hour.
// Returns its pid.
export function grandchild(kind) {
    const script = `trap "" TERM INT HUP; exec sleep ${GRANDCHILD_LIFE_S}`;
    const options = { stdio: ['ignore', 'inherit', 'inherit'], detached: kind === 'session' };
    const child = spawn('/bin/sh', ['-c', script], options);
    child.unref();
    log.warn('Fault: grandchild started', { pid: child.pid, kind });
    return child.pid;
}

export function longLine(bytes) {
    log.info('x'.repeat(bytes));
}

// Every byte value in turn, NUL and newline included, then a newline.
export function binary(bytes) {
    const block = Buffer.alloc(bytes + 1);
    for (let i = 0; i < bytes; i++) block[i] = i & 0xff;
    block[bytes] = 0x0a;
    process.stdout.write(block);
}

// Writes about `rate` lines a second until the returned function is called.
export function flood(rate) {
    const started = performance.now();
    let written = 0;
    const timer = setInterval(() => {
        const due = Math.floor(((performance.now() - started) * rate) / 1000);
        for (; written < due; written++) log.info('Fault: log flood', { line: written });
    }, FLOOD_TICK_MS).unref();
    return () => clearInterval(timer);
}

// From now on no accepted connection is ever closed by this process: when the caller leaves, the
// descriptor stays, in CLOSE_WAIT.
export function leakConnections(server) {
    log.warn('Fault: leaking connections');
    server.on('connection', (socket) => {
        for (const method of ['end', 'destroy', 'destroySoon']) socket[method] = () => socket;
    });
}

const HEALTH_ANSWERS = {
    wrong: (res) => res.json({ status: 'broken', service: 'elevenlabs-agent', redis: 'unknown' }),
    garbage: (res) => res.type('json').send('{"status":"ok","redis":'),
    huge: (res) => res.json({ status: 'ok', padding: 'x'.repeat(HUGE_BODY_BYTES) }),
    mute: () => log.warn('Fault: leaving a health probe unanswered'),
    500: (res) => res.status(500).json({ status: 'error', service: 'elevenlabs-agent' }),
};

export function answerHealth(mode, res) {
    HEALTH_ANSWERS[mode](res);
}
