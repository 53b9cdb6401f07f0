// Waiting for conditions under a deadline, and for nothing to happen.
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import net from 'node:net';

const POLL_MS = 20;

export function pause(ms) {
    return new Promise((resolve) => setTimeout(resolve, ms));
}

// Resolves with the first truthy result of `condition`, or throws naming `what`.
export async function until(what, condition, deadlineMs = 10000) {
    const end = performance.now() + deadlineMs;
    for (;;) {
        const result = await condition();
        if (result) return result;
        if (performance.now() > end) throw new Error(`${what}: not within ${deadlineMs / 1000} s`);
        await pause(POLL_MS);
    }
}

// Watches for `ms`; `check` throws when something happened that must not.
export async function watch(ms, check) {
    const end = performance.now() + ms;
    while (performance.now() < end) {
        await check();
        await pause(POLL_MS);
    }
}

function canBind(port) {
    return new Promise((resolve) => {
        const server = net.createServer();
        server.once('error', () => resolve(false));
        server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
}

// A port that was free a moment ago, below those that the kernel gives to connections on their way
// out: there, any of them may take it before our program does.
export async function freePort() {
    const first = 15000;
    const range = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
    const end = Number.parseInt(range, 10);
    for (let tries = 0; tries < 200; tries++) {
        const port = randomInt(first, end);
        if (await canBind(port)) return port;
    }
    throw new Error(`find a free port: none between ${first} and ${end}`);
}
