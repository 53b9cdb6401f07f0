// node cluster.cjs PORT: the primary accepts and hands its connections to children in turn, which is
// how node:cluster works where nothing else is said. Answers with the primary's process id.
'use strict';
const cluster = require('node:cluster');
const http = require('node:http');

if (cluster.isPrimary) {
    for (let i = 0; i < 2; i++) cluster.fork();
    process.on('exit', () => Object.values(cluster.workers).forEach((worker) => worker.process.kill('SIGKILL')));
} else {
    http.createServer((req, res) => res.end(String(process.ppid))).listen(process.argv[2]);
}
