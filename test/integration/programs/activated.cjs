// A healthy agent that knows socket activation: every descriptor that it is passed is served.
'use strict';

const http = require('node:http');

const FIRST = 3;
const { LISTEN_FDS, LISTEN_FDNAMES, LISTEN_PID } = process.env;
const names = (LISTEN_FDNAMES ?? '').split(':');
const facts = { status: 'ok', redis: 'connected', pid: process.pid, names };

function answer(request, response) {
    request.resume();
    response.statusCode = request.url === '/callback' ? 400 : 200;
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(facts));
}

if (LISTEN_PID !== String(process.pid)) throw new Error(`LISTEN_PID=${LISTEN_PID}`);
const wanted = process.argv.includes('--public-only') ? ['public'] : ['public', 'private'];
const servers = [];
for (let i = 0; i < Number(LISTEN_FDS); i++) {
    if (!wanted.includes(names[i])) continue;
    const server = http.createServer(answer);
    server.listen({ fd: FIRST + i });
    servers.push(server);
}

// As socket activation has it: take no more callers, finish with those who are here.
process.on('SIGTERM', () => {
    for (const server of servers) {
        server.close();
        server.closeIdleConnections();
    }
});
