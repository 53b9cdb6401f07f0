// Is well, answers all else with ANSWER (404), and with LEAK=1 (the default) keeps more and more memory.
const http = require('node:http');

const kept = [];
const LEAK_MAX = 60;

http.createServer((req, res) => {
    const health = req.method === 'GET' && req.url === '/health';
    res.writeHead(health ? 200 : Number(process.env.ANSWER || 404), { 'Content-Type': 'application/json' });
    res.end(health ? '{"status":"ok","redis":"connected"}' : '{}');
}).listen(Number(process.env.PORT));

if (process.env.LEAK !== '0') {
    setInterval(() => {
        if (kept.length < LEAK_MAX) kept.push(Buffer.alloc(4 << 20, 1));
    }, 400);
}
