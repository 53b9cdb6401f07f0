// What the tests of the reference agent share: a private redis-server, the agent as a child
// process, a stand-in for its upstreams, and waiting for conditions under a deadline.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { freePort } from '../../../examples/quickstart/lib/waiting.mjs';

export { freePort };

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const AGENT_DIR = join(ROOT, 'examples/elevenlabs-agent');
export const AGENT = join(AGENT_DIR, 'src/index.js');
export const CALLER = join(ROOT, 'examples/quickstart/caller.js');
const DEADLINE_MS = 10000;
const POLL_MS = 10;

if (!existsSync(join(AGENT_DIR, 'node_modules'))) {
    throw new Error(`starting ${AGENT_DIR}: no node_modules, run "npm ci" there first`);
}
const { Redis } = createRequire(join(AGENT_DIR, 'package.json'))('ioredis');

// Resolves with the first truthy result of `condition`, or throws naming `what`.
export async function until(what, condition, deadlineMs = DEADLINE_MS) {
    const end = performance.now() + deadlineMs;
    for (;;) {
        const result = await condition();
        if (result) return result;
        if (performance.now() > end) throw new Error(`waiting for ${what}: ${deadlineMs} ms over`);
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
}

// Watches `condition` for `ms`; throws naming `what` as soon as it does not hold.
export async function holds(what, condition, ms) {
    const end = performance.now() + ms;
    while (performance.now() < end) {
        if (!(await condition())) throw new Error(`watching ${what}: did not hold for ${ms} ms`);
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
}

function childEnv(extra) {
    const env = { ...process.env, ...extra };
    delete env.NODE_TEST_CONTEXT;
    return env;
}

// A child whose output is collected; `out()` is everything it has said so far.
export class Child {
    #chunks = [];

    constructor(command, args, options) {
        this.process = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
        this.pid = this.process.pid;
        this.process.stdout.on('data', (chunk) => this.#chunks.push(chunk));
        this.process.stderr.on('data', (chunk) => this.#chunks.push(chunk));
        this.exited = new Promise((resolve) => {
            this.process.once('exit', (code, signal) => resolve({ code, signal }));
        });
        this.gone = false;
        this.exited.then(() => (this.gone = true));
    }

    raw() {
        return Buffer.concat(this.#chunks);
    }

    out() {
        return this.raw().toString('latin1');
    }

    said(pattern) {
        return until(`${pattern} in the output`, () => {
            const match = pattern.exec(this.out());
            if (!match && this.gone) throw new Error(`gone before ${pattern}: ${this.out()}`);
            return match;
        });
    }

    kill(signal) {
        this.process.kill(signal);
        return this.exited;
    }
}

export class RedisServer {
    #child;
    #dir = mkdtempSync(join(tmpdir(), 'voxkeeper-redis-'));

    static async start() {
        const server = new RedisServer();
        server.port = await freePort();
        server.url = `redis://127.0.0.1:${server.port}/0`;
        await server.run();
        server.client = new Redis(server.url, { retryStrategy: () => 20 });
        server.client.on('error', () => {});
        return server;
    }

    async run() {
        const settings = { port: this.port, bind: '127.0.0.1', dir: this.#dir, save: '' };
        const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
        this.#child = new Child('redis-server', args);
        await this.#child.said(/Ready to accept connections/);
    }

    async kill() {
        await this.#child.kill('SIGKILL');
    }

    async json(key) {
        return JSON.parse(await this.client.get(key));
    }

    async stop() {
        this.client.disconnect();
        await this.kill();
        rmSync(this.#dir, { recursive: true });
    }
}

export class Agent extends Child {
    #dir;

    constructor(redis, env = {}, { args = [AGENT], cwd } = {}) {
        const dir = mkdtempSync(join(tmpdir(), 'voxkeeper-agent-'));
        const base = { PORT: '0', REDIS_URL: redis?.url ?? 'redis://127.0.0.1:1/0' };
        super(process.execPath, args, { cwd: cwd ?? dir, env: childEnv({ ...base, ...env }) });
        this.#dir = dir;
    }

    // Started and listening; connected to Redis too, when there is one.
    static async start(redis, env) {
        const agent = new Agent(redis, env);
        agent.port = Number((await agent.said(/HTTP Server started .*"port":(\d+)/))[1]);
        if (redis)
            await until('Redis in the agent', async () => (await agent.redis()) === 'connected');
        return agent;
    }

    // The way most tests need it: webhooks enabled.
    static startEnabled(redis, env) {
        return Agent.start(redis, { ELEVENLABS_AGENT_ENABLED: 'true', ...env });
    }

    async request(method, path, body, headers = {}) {
        const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
            method,
            headers: { 'content-type': 'application/json', connection: 'close', ...headers },
            body: body === undefined ? undefined : JSON.stringify(body),
            signal: AbortSignal.timeout(DEADLINE_MS),
        });
        const text = await response.text();
        let json;
        try {
            json = JSON.parse(text);
        } catch {
            json = undefined;
        }
        return { status: response.status, text, json };
    }

    get(path) {
        return this.request('GET', path);
    }

    post(path, body, headers) {
        return this.request('POST', path, body, headers);
    }

    // What /health says of Redis.
    async redis() {
        return (await this.get('/health')).json?.redis;
    }

    async stop() {
        if (!this.gone) await this.kill('SIGKILL');
        rmSync(this.#dir, { recursive: true, force: true });
    }
}

// An HTTP server on a free port. `answer(request, body)` returns [status, object].
export class Upstream {
    requests = [];
    #server;

    static async start(answer) {
        const upstream = new Upstream();
        upstream.#server = createServer(async (req, res) => {
            const chunks = [];
            for await (const chunk of req) chunks.push(chunk);
            const text = Buffer.concat(chunks).toString();
            const seen = { method: req.method, url: req.url, headers: req.headers };
            seen.body = text ? JSON.parse(text) : undefined;
            upstream.requests.push(seen);
            const [status, body] = await answer(seen);
            res.writeHead(status, { 'content-type': 'application/json' });
            res.end(JSON.stringify(body));
        });
        upstream.#server.listen(0, '127.0.0.1');
        await new Promise((resolve) => upstream.#server.once('listening', resolve));
        upstream.url = `http://127.0.0.1:${upstream.#server.address().port}`;
        return upstream;
    }

    async stop() {
        this.#server.closeAllConnections();
        await new Promise((resolve) => this.#server.close(resolve));
    }
}

// A cursor runner that gives every task the next id: t-1, t-2 ...
export function startRunner() {
    let next = 0;
    return Upstream.start(({ url }) =>
        url === '/health'
            ? [200, { status: 'ok' }]
            : [200, { success: true, requestId: `t-${++next}`, timestamp: 'now' }],
    );
}

// Process group, state letter and ignored signals of a live process, from /proc.
export function procStatus(pid) {
    const [state, , group] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    const ignored = /SigIgn:\s*(\w+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1];
    return {
        state,
        group: Number(group),
        ignores: (n) => (BigInt(`0x${ignored}`) >> BigInt(n - 1)) & 1n,
    };
}

export const TOOL = { agent_id: 'a', session_id: 's', tool_name: 'build', tool_args: { n: 1 } };
