// listening.cjs ADDRESS..: a healthy agent at ports, HOST:PORT and paths of unix sockets.
'use strict';

const fs = require('node:fs');
const http = require('node:http');

function answer(request, response) {
    request.resume();
    response.statusCode = request.url === '/callback' ? 400 : 200;
    response.setHeader('Content-Type', 'application/json');
    const at = request.socket.server.address();
    response.end(JSON.stringify({ status: 'ok', redis: 'connected', pid: process.pid, at }));
}

const servers = process.argv.slice(2).map((address) => {
    const server = http.createServer(answer);
    if (address.startsWith('/')) {
        // As many servers do, so that a socket file left by a crash is not in the way.
        fs.rmSync(address, { force: true });
        return server.listen(address);
    }
    const [port, host] = address.split(':').reverse();
    return server.listen(Number(port), host);
});

process.on('SIGTERM', () => {
    for (const server of servers) {
        server.close();
        server.closeIdleConnections();
    }
});
