// Waiting for conditions under a deadline, and for nothing to happen.
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

// A port that was free a moment ago; the kernel hands them out in turn, so it stays free a while.
export async function freePort() {
    const server = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve, reject) => {
        server.once('listening', resolve);
        server.once('error', reject);
    });
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    return port;
}
