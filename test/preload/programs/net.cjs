// node net.cjs PORT: two servers on one port, IPv4 and IPv6 apart.
'use strict';
const net = require('node:net');

const answer = (socket) => {
    socket.once('data', () => {
        const body = String(process.pid);
        socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    });
    socket.on('error', () => socket.destroy());
};
const port = Number(process.argv[2]);
net.createServer(answer).listen({ port, host: '127.0.0.1' });
net.createServer(answer).listen({ port, host: '::', ipv6Only: true });
