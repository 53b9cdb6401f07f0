// The reference agent as a process: start, log lines, listening, stop.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { AGENT, Agent, RedisServer, TOOL, Upstream, until } from './lib.mjs';

// Below the five seconds that an idle keep-alive connection could hold it.
const QUICK_MS = 4000;
let redis;
let dir;

before(async () => {
    redis = await RedisServer.start();
    dir = mkdtempSync(join(tmpdir(), 'voxkeeper-process-'));
});

after(async () => {
    await redis?.stop();
    rmSync(dir, { recursive: true });
});

test('every line is in the coloured "simple" format with sorted keys', async (t) => {
    const agent = await Agent.startEnabled(redis, { LOG_LEVEL: 'debug' });
    t.after(() => agent.stop());
    await agent.post('/agent-conversations/api/c/session', { sessionUrl: 'wss://x' });
    const lines = agent.out().trimEnd().split('\n');
    for (const line of lines) {
        const match = /^\x1b\[(\d+)m(\w+)\x1b\[39m: [^{]+ (\{.*\})$/.exec(line);
        assert.ok(match, line);
        const [, colour, level, json] = match;
        assert.equal(colour, { error: '31', warn: '33', info: '32', debug: '34' }[level], line);
        const fields = JSON.parse(json);
        assert.equal(fields.service, 'elevenlabs-agent');
        assert.match(fields.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
        assert.deepEqual(Object.keys(fields), Object.keys(fields).sort(), line);
    }
    assert.ok(lines.some((line) => line.includes('debug')));
    assert.ok(
        lines.some((line) => /HTTP Request \{.*"method":"POST","path":"\/agent-c/.test(line)),
    );
});

test('LOG_LEVEL hides what is below it', async (t) => {
    const agent = new Agent(null, { LOG_LEVEL: 'warn' });
    t.after(() => agent.stop());
    await agent.said(/\x1b\[33mwarn\x1b\[39m: Redis connection failed/);
    assert.doesNotMatch(agent.out(), /info/);
});

test('it listens on all addresses, or on AGENT_LISTEN_HOST only', async (t) => {
    const agent = await Agent.start(redis);
    t.after(() => agent.stop());
    const addresses = Object.values(networkInterfaces())
        .flat()
        .map((i) => i.address);
    if (addresses.includes('::1')) {
        assert.equal((await fetch(`http://[::1]:${agent.port}/health`)).status, 200);
    }
    assert.equal((await fetch(`http://127.0.0.2:${agent.port}/health`)).status, 200);

    const narrow = await Agent.start(redis, { AGENT_LISTEN_HOST: '127.0.0.1' });
    t.after(() => narrow.stop());
    await assert.rejects(fetch(`http://127.0.0.2:${narrow.port}/health`));
});

test('a start through a symbolic link does not listen', async (t) => {
    const link = join(dir, 'agent.js');
    symlinkSync(AGENT, link);
    const agent = new Agent(redis, {}, { args: [link] });
    t.after(() => agent.stop());
    assert.deepEqual(await agent.exited, { code: 0, signal: null });
    assert.equal(agent.out(), '');
});

test('.env of the working directory is read, and the environment wins', async (t) => {
    writeFileSync(
        join(dir, '.env'),
        '# comment\nELEVENLABS_AGENT_ENABLED=true\n' +
            'export ELEVENLABS_AGENT_ID="from file"\nPORT=1 # low\n',
    );
    const agent = new Agent(redis, {}, { cwd: dir });
    t.after(() => agent.stop());
    agent.port = Number((await agent.said(/HTTP Server started .*"port":(\d+)/))[1]);
    assert.notEqual(agent.port, 1);
    assert.equal((await agent.get('/config')).json.config.agentId, 'from file');
});

for (const signal of ['SIGTERM', 'SIGINT']) {
    test(`${signal} ends an idle agent quickly with code 0`, async (t) => {
        const agent = await Agent.start(redis);
        t.after(() => agent.stop());
        const started = performance.now();
        assert.deepEqual(await agent.kill(signal), { code: 0, signal: null });
        assert.ok(performance.now() - started < QUICK_MS);
        assert.match(agent.out(), /HTTP Server stopped/);
        assert.match(agent.out(), /Redis connection closed/);
        assert.match(agent.out(), /shut down successfully/);
    });
}

test('SIGTERM waits for a request in flight, which loses Redis', async (t) => {
    let answer;
    const runner = await Upstream.start(() => new Promise((resolve) => (answer = resolve)));
    t.after(() => runner.stop());
    const agent = await Agent.startEnabled(redis, { CURSOR_RUNNER_URL: runner.url });
    t.after(() => agent.stop());
    await agent.post('/agent-conversations/api/c/session', {
        sessionUrl: 'wss://x',
        sessionId: 's',
    });

    const webhook = agent.post('/agent-tools', TOOL);
    await until('the task at the runner', () => answer);
    agent.process.kill('SIGTERM');
    await agent.said(/Redis connection closed/);
    assert.equal(agent.gone, false);
    answer([200, { requestId: 'late' }]);
    assert.equal((await webhook).status, 200);
    assert.deepEqual(await agent.exited, { code: 0, signal: null });
    assert.equal(await redis.client.exists('cursor_task:late'), 0);
});

test('a port that is taken is not noticed: it runs, but does not listen', async (t) => {
    const first = await Agent.start(redis);
    t.after(() => first.stop());
    const second = new Agent(redis, { PORT: String(first.port) });
    t.after(() => second.stop());
    await second.said(/initialized successfully/);
    await second.said(/Redis connected/);
    assert.equal(second.gone, false);
    assert.deepEqual(await second.kill('SIGTERM'), { code: 0, signal: null });
});
