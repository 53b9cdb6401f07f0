#!/usr/bin/env node
// A small caller for the quickstart: registers sessions, posts webhooks, keeps connections open
// and, if asked, plays the cursor runner that answers tasks with callbacks. No dependencies.
'use strict';

const http = require('node:http');
const net = require('node:net');

const EXIT_USAGE = 2;
const HOLD_BEAT_MS = 2000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const OPTIONS = {
    url: { value: 'http://127.0.0.1:3004', doc: 'the agent' },
    secret: { value: '', doc: 'sent as x-webhook-secret' },
    count: { value: 10, doc: 'calls to make: a session and a webhook each' },
    rate: { value: 5, doc: 'calls per second' },
    sessions: { value: 5, doc: 'how many sessions take turns' },
    prefix: { value: 'quickstart', doc: 'how session and conversation ids begin' },
    duration: { value: 60, doc: 'seconds after which it ends in any case' },
    timeout: { value: 5000, doc: 'milliseconds to wait for an answer' },
    hold: { value: 0, doc: 'connections to keep open until the end' },
    'runner-port': { value: -1, doc: 'play the cursor runner on this port (0: any free one)' },
    'callback-delay': { value: 500, doc: 'milliseconds from task to callback' },
    unanswered: { value: 0, doc: 'the first so many tasks get no callback' },
    json: { value: false, doc: 'one JSON object per line' },
};

function usage() {
    const lines = Object.entries(OPTIONS).map(([name, { value, doc }]) => {
        const default_ = typeof value === 'boolean' ? '' : ` (${JSON.stringify(value)})`;
        return `  --${name.padEnd(16)}${doc}${default_}`;
    });
    return `usage: caller.js [options]\n${lines.join('\n')}\n`;
}

// Throws an error a person can read.
function parseOption(name, text) {
    const standard = OPTIONS[name].value;
    if (text === undefined) throw new Error(`reading --${name}: no value given`);
    if (typeof standard === 'string') return text;
    if (!/^-?\d+(\.\d+)?$/.test(text)) throw new Error(`reading --${name}: no number: "${text}"`);
    return Number(text);
}

function parseOptions(args) {
    const options = {};
    for (const [name, { value }] of Object.entries(OPTIONS)) options[name] = value;
    for (let i = 0; i < args.length; i++) {
        const [, name, inline] = /^--([a-z-]+)(?:=(.*))?$/.exec(args[i]) ?? [];
        if (!name || !(name in OPTIONS)) throw new Error(`reading options: unknown "${args[i]}"`);
        if (typeof options[name] === 'boolean') options[name] = true;
        else options[name] = parseOption(name, inline ?? args[++i]);
    }
    if (!(options.rate > 0)) throw new Error(`reading --rate: not above 0: "${options.rate}"`);
    if (options.sessions < 1) throw new Error(`reading --sessions: below 1: "${options.sessions}"`);
    options.target = new URL(options.url);
    return options;
}

const RESET = new Set(['ECONNRESET', 'EPIPE']);

function outcomeOf({ status, error }) {
    if (status !== undefined) return status >= 200 && status < 300 ? 'ok' : 'other';
    if (error.code === 'ECONNREFUSED') return 'refused';
    if (RESET.has(error.code)) return 'reset';
    return error.code === 'ETIMEDOUT' ? 'timeout' : 'other';
}

// Sends one POST on a connection of its own. Resolves with {status, body} or {error}.
function post(url, body, { headers = {}, timeout }) {
    return new Promise((resolve) => {
        const text = JSON.stringify(body);
        const length = { 'content-length': Buffer.byteLength(text) };
        const all = { 'content-type': 'application/json', ...length, ...headers };
        let request;
        try {
            request = http.request(url, { method: 'POST', agent: false, headers: all });
        } catch (error) {
            resolve({ error });
            return;
        }
        const timer = setTimeout(() => {
            const error = new Error(`no answer within ${timeout} ms`);
            request.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
        }, timeout);
        const finish = (result) => {
            clearTimeout(timer);
            resolve(result);
        };
        request.on('error', (error) => finish({ error }));
        request.on('response', (response) => {
            let answer = '';
            response.on('error', (error) => finish({ error }));
            response.on('data', (chunk) => (answer += chunk));
            response.on('end', () => finish({ status: response.statusCode, body: answer }));
        });
        request.end(text);
    });
}

// Counts results and prints them, as text or as JSON lines.
class Report {
    #json;
    #totals = { sent: 0, ok: 0, refused: 0, reset: 0, timeout: 0, other: 0 };
    held = { opened: 0, cut: 0, failed: 0 };
    runner = { tasks: 0, callbacks: 0 };

    constructor(json) {
        this.#json = json;
    }

    say(type, fields, text) {
        process.stdout.write(`${this.#json ? JSON.stringify({ type, ...fields }) : text}\n`);
    }

    result(what, n, started, answer) {
        const outcome = outcomeOf(answer);
        this.#totals.sent++;
        this.#totals[outcome]++;
        const ms = Math.round(performance.now() - started);
        const { status, error } = answer;
        const fields = {
            what,
            n,
            outcome,
            status,
            ms,
            error: error && (error.code ?? error.message),
        };
        const detail = status ?? `${fields.error} (${error.message})`;
        this.say('result', fields, `${what} ${n}: ${outcome}, ${detail}, ${ms} ms`);
    }

    opened(n) {
        this.held.opened++;
        this.say('held', { n }, `held connection ${n}: open`);
    }

    notHeld(n, cause) {
        this.held.failed++;
        this.say('not-held', { n, error: cause }, `held connection ${n}: not opened: ${cause}`);
    }

    cut(n, seconds, cause) {
        this.held.cut++;
        const text = `held connection ${n}: cut after ${seconds.toFixed(1)} s: ${cause}`;
        this.say('cut', { n, seconds, error: cause }, text);
    }

    summary() {
        const t = this.#totals;
        const counts = Object.entries(t).map(([name, value]) => `${name} ${value}`);
        const { held, runner } = this;
        const text =
            `summary: ${counts.join(', ')}; ` +
            `held ${held.opened}, cut ${held.cut}, not opened ${held.failed}; ` +
            `tasks ${runner.tasks}, callbacks ${runner.callbacks}`;
        this.say('summary', { ...t, held, runner }, text);
    }
}

// Plays the cursor runner: takes a task, answers with its id, calls back a little later.
class Runner {
    #options;
    #report;
    #server;
    #pending = 0;

    constructor(options, report) {
        this.#options = options;
        this.#report = report;
    }

    async listen() {
        this.#server = http.createServer((request, response) => this.#onRequest(request, response));
        await new Promise((resolve, reject) => {
            this.#server.once('error', reject);
            this.#server.listen(this.#options['runner-port'], '127.0.0.1', resolve);
        });
        const { port } = this.#server.address();
        this.#report.say('runner', { port }, `cursor runner: http://127.0.0.1:${port}`);
    }

    get idle() {
        return this.#pending === 0;
    }

    #onRequest(request, response) {
        let text = '';
        request.on('data', (chunk) => (text += chunk));
        request.on('end', () => {
            const [status, body] = this.#answer(request, text);
            response.writeHead(status, { 'content-type': 'application/json' });
            response.end(JSON.stringify(body));
        });
    }

    #answer({ method, url }, text) {
        if (url === '/health') return [200, { status: 'ok' }];
        if (method !== 'POST' || url !== '/cursor/execute/async')
            return [404, { error: 'not found' }];
        let task;
        try {
            task = JSON.parse(text);
        } catch (error) {
            return [400, { error: `reading task: ${error.message}` }];
        }
        const n = ++this.#report.runner.tasks;
        const requestId = `${this.#options.prefix}-task-${process.pid}-${n}`;
        if (n > this.#options.unanswered) this.#callBackLater(n, requestId, task);
        return [200, { success: true, requestId, timestamp: new Date().toISOString() }];
    }

    #callBackLater(n, requestId, { callbackUrl, conversationId }) {
        this.#pending++;
        setTimeout(async () => {
            const started = performance.now();
            const body = {
                success: true,
                requestId,
                conversationId,
                output: `done: task ${n}`,
                timestamp: new Date().toISOString(),
            };
            const answer = await post(callbackUrl, body, this.#options);
            this.#report.runner.callbacks++;
            this.#report.result('callback', n, started, answer);
            this.#pending--;
        }, this.#options['callback-delay']);
    }
}

// One call: the browser registers its session, then the voice agent asks for a tool.
async function makeCall(options, report, n) {
    const { url, secret, prefix, sessions, timeout } = options;
    const id = `${prefix}-${((n - 1) % sessions) + 1}`;
    let started = performance.now();
    const session = { sessionUrl: `wss://example.invalid/${id}`, sessionId: id };
    const path = `/agent-conversations/api/${prefix}-conversation-${id}/session`;
    report.result('session', n, started, await post(new URL(path, url), session, { timeout }));

    started = performance.now();
    const headers = secret ? { 'x-webhook-secret': secret } : {};
    const tool = { agent_id: prefix, session_id: id, tool_name: 'look_up', tool_args: { n } };
    const answer = await post(new URL('/agent-tools', url), tool, { headers, timeout });
    report.result('webhook', n, started, answer);
}

// A caller who stays: a small request every two seconds on one connection, which the agent
// answers with 400 (or 503) and which changes nothing. Says when and how it was cut.
function hold({ target }, report, n) {
    const socket = net.connect(Number(target.port || 80), target.hostname.replace(/^\[|\]$/g, ''));
    let openedAt;
    let timer;
    let error;
    let waiting = false;
    const beat = () => {
        waiting = true;
        socket.write(
            `POST /callback HTTP/1.1\r\nHost: ${target.host}\r\n` +
                'Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
        );
    };
    socket.on('connect', () => {
        openedAt = performance.now();
        report.opened(n);
        beat();
        timer = setInterval(beat, HOLD_BEAT_MS);
    });
    socket.on('data', () => (waiting = false));
    socket.on('error', (cause) => (error = cause.code ?? cause.message));
    socket.on('close', () => {
        clearInterval(timer);
        if (openedAt === undefined) return report.notHeld(n, error);
        const closed = waiting ? 'closed by the agent, request unanswered' : 'closed by the agent';
        report.cut(n, (performance.now() - openedAt) / 1000, error ?? closed);
    });
}

async function makeCalls(options, report) {
    const interval = 1000 / options.rate;
    const begun = performance.now();
    const calls = [];
    for (let n = 1; n <= options.count; n++) {
        const wait = begun + (n - 1) * interval - performance.now();
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
        calls.push(makeCall(options, report, n));
    }
    await Promise.all(calls);
}

async function main(options) {
    const report = new Report(options.json);
    const end = () => {
        report.summary();
        process.exit(0);
    };
    process.on('SIGTERM', end);
    process.on('SIGINT', end);
    setTimeout(end, Math.min(options.duration * 1000, LONGEST_TIMER_MS));

    const runner = new Runner(options, report);
    const plays = options['runner-port'] >= 0;
    if (plays) await runner.listen();
    for (let n = 1; n <= options.hold; n++) hold(options, report, n);
    await makeCalls(options, report);
    // Held connections, and a runner with nobody to call, stay until the time is over.
    if (options.hold > 0 || (plays && options.count === 0)) return;
    setInterval(() => runner.idle && end(), 20);
}

try {
    main(parseOptions(process.argv.slice(2))).catch((error) => {
        process.stderr.write(`caller.js: ${error.message}\n`);
        process.exit(1);
    });
} catch (error) {
    process.stderr.write(`caller.js: ${error.message}\n${usage()}`);
    process.exit(EXIT_USAGE);
}
