// node http.cjs PORT|PATH: an HTTP server that knows nothing of voxkeeper.
'use strict';
const http = require('node:http');
const { execFileSync } = require('node:child_process');

const where = process.argv[2];
const server = http.createServer((req, res) => {
    if (req.url === '/name') return res.end(JSON.stringify(server.address()));
    if (req.url === '/children') {
        const script = 'echo ${LD_PRELOAD-none} ${NODE_OPTIONS-none} $(env | grep -c VOXKEEPER_HANDOVER);'
            + 'ls -l /proc/self/fd | grep -c -e eventpoll -e memfd; exit 0';
        return res.end(execFileSync('/bin/sh', ['-c', script]).toString());
    }
    if (req.url === '/reopen') {
        res.end('closing');
        return server.close(() => server.listen(where));
    }
    if (req.url === '/close') server.close();
    res.end(String(process.pid));
});
// A call: an upgraded connection that echoes.
server.on('upgrade', (req, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.on('data', (data) => socket.write(data));
    socket.on('error', () => socket.destroy());
});
server.listen(where);
