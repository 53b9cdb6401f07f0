// node load_agent.cjs PORT: an agent for callers by the thousand. It starts at once, and what it
// answers can be checked to the byte: load_kinds.py is its other side. FAULT says what is wrong
// with it (see faults below); a fault that cuts callers tells first, as one line of JSON in the
// file CUT, whom: {"pid", "at" (seconds of CLOCK_MONOTONIC), "peers" (their ports)}.
'use strict';
const fs = require('node:fs');
const http = require('node:http');

const PORT = Number(process.argv[2]);
const HEAD = { 'Content-Type': 'text/plain', 'X-Worker': String(process.pid) };
const TEXT = 'All is well. '.repeat(100);
const peers = new Set();
let calls = 0;

function cut() {
    const line = { pid: process.pid, at: Number(process.hrtime.bigint()) / 1e9, peers: [...peers] };
    fs.appendFileSync(process.env.CUT, `${JSON.stringify(line)}\n`);
}

// By the number of calls answered so far, or at the start.
const faults = {
    'never healthy': {},
    'wrong JSON': {},
    'not bound': {},
    crash: { calls: 20, act: () => process.exit(3) },
    hang: { calls: 20, act: () => { for (;;); } },
};
const fault = process.env.FAULT ?? '';
if (fault !== '' && !(fault in faults)) throw new Error(`unknown fault "${fault}"`);

function answer(res, status, body) {
    res.writeHead(status, { ...HEAD, 'Content-Length': Buffer.byteLength(body) });
    res.end(body);
}

function health(res) {
    const status = fault === 'wrong JSON' ? 'broken' : 'ok';
    answer(res, fault === 'never healthy' ? 503 : 200, JSON.stringify({ status }));
}

function echo(req, res) {
    const chunks = [];
    req.on('data', (chunk) => chunks.push(chunk));
    req.on('end', () => answer(res, 200, Buffer.concat(chunks)));
}

const server = http.createServer((req, res) => {
    if (req.url === '/health') return health(res);
    if (++calls === faults[fault]?.calls) {
        cut();
        faults[fault].act();
    }
    return req.url === '/echo' ? echo(req, res) : answer(res, 200, TEXT);
});
server.on('connection', (socket) => {
    const { localPort, remotePort } = socket;
    if (localPort !== PORT) return; // a probe, which has a way of its own
    peers.add(remotePort);
    socket.on('close', () => peers.delete(remotePort));
});
// A call: an upgraded connection that echoes.
server.on('upgrade', (req, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n'
        + `X-Worker: ${process.pid}\r\n\r\n`);
    socket.on('data', (data) => socket.write(data));
    socket.on('end', () => socket.end());
    socket.on('error', () => socket.destroy());
});
// Nobody is waited for: who is told to end must have no caller left.
process.on('SIGTERM', () => process.exit(0));
if (fault === 'not bound') setInterval(() => {}, 1000);
else server.listen(PORT);
