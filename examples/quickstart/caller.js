#!/usr/bin/env node
// A small caller for the quickstart: registers sessions, posts webhooks, keeps connections open
// and, if asked, plays the cursor runner that answers tasks with callbacks. No dependencies.
'use strict';

const net = require('node:net');
const { parseOptions, usage } = require('./caller/options.js');
const { post } = require('./caller/post.js');
const { Report } = require('./caller/report.js');
const { Runner } = require('./caller/runner.js');

const EXIT_USAGE = 2;
const HOLD_BEAT_MS = 2000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

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

async function makeCalls(options, report, leaving) {
    const interval = 1000 / options.rate;
    const begun = performance.now();
    const calls = new Set();
    let left = false;
    leaving.then(() => (left = true));
    for (let n = 1; n <= options.count; n++) {
        const wait = begun + (n - 1) * interval - performance.now();
        if (wait > 0)
            await Promise.race([new Promise((resolve) => setTimeout(resolve, wait)), leaving]);
        if (left) break;
        const call = makeCall(options, report, n);
        calls.add(call);
        call.finally(() => calls.delete(call));
    }
    await Promise.all(calls);
}

async function main(options) {
    const report = new Report(options.json);
    const end = () => {
        report.summary();
        process.exit(0);
    };
    // Who is told to leave makes no new call and waits for callbacks; told again, ends at once.
    let told = 0;
    const leaving = new Promise((resolve) => {
        const leave = () => (told++ === 0 ? resolve() : end());
        process.on('SIGTERM', leave);
        process.on('SIGINT', leave);
    });
    setTimeout(end, Math.min(options.duration * 1000, LONGEST_TIMER_MS));

    const runner = new Runner(options, report);
    const plays = options['runner-port'] >= 0;
    if (plays) await runner.listen();
    for (let n = 1; n <= options.hold; n++) hold(options, report, n);
    await makeCalls(options, report, leaving);
    // Held connections, and a runner with nobody to call, stay until they are told to leave.
    if (options.hold > 0 || (plays && options.count === 0)) await leaving;
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
