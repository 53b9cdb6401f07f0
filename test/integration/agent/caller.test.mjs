// The quickstart's caller: what it sends, how it counts, how it ends.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { Agent, CALLER, Child, RedisServer, freePort, until } from './lib.mjs';

let redis;

before(async () => (redis = await RedisServer.start()));
after(() => redis?.stop());

function call(t, ...args) {
    const caller = new Child(process.execPath, [CALLER, '--json', ...args.map(String)]);
    t.after(() => caller.kill('SIGKILL'));
    caller.lines = (type) =>
        caller
            .out()
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line))
            .filter((line) => line.type === type);
    return caller;
}

async function summaryOf(caller) {
    assert.deepEqual(await caller.exited, { code: 0, signal: null }, caller.out());
    const [summary, ...more] = caller.lines('summary');
    assert.deepEqual(more, []);
    return summary;
}

function counts({ sent, ok, refused, reset, timeout, other }) {
    return { sent, ok, refused, reset, timeout, other };
}

async function startAgent(t, runnerPort, env = {}) {
    const port = await freePort();
    const agent = await Agent.startEnabled(redis, {
        PORT: String(port),
        ELEVENLABS_AGENT_URL: `http://127.0.0.1:${port}`,
        CURSOR_RUNNER_URL: `http://127.0.0.1:${runnerPort}`,
        ...env,
    });
    t.after(() => agent.stop());
    agent.url = `http://127.0.0.1:${port}`;
    return agent;
}

async function startListener(t, onConnection) {
    const server = net.createServer(onConnection).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    t.after(() => server.close());
    return `http://127.0.0.1:${server.address().port}`;
}

test('sessions, webhooks and callbacks go all the way round', async (t) => {
    await redis.client.flushdb();
    const runnerPort = await freePort();
    const agent = await startAgent(t, runnerPort, { WEBHOOK_SECRET: 'right' });
    const caller = call(
        t,
        ...['--url', agent.url, '--secret', 'right', '--count', 4, '--rate', 50, '--sessions', 2],
        ...['--runner-port', runnerPort, '--callback-delay', 200, '--unanswered', 1],
    );
    const summary = await summaryOf(caller);
    assert.deepEqual(counts(summary), {
        sent: 11,
        ok: 11,
        refused: 0,
        reset: 0,
        timeout: 0,
        other: 0,
    });
    assert.deepEqual(summary.runner, { tasks: 4, callbacks: 3 });
    assert.deepEqual(caller.lines('runner'), [{ type: 'runner', port: runnerPort }]);
    assert.equal(caller.lines('result').length, 11);

    const tasks = await redis.client.keys('cursor_task:*');
    const pending = await Promise.all(tasks.map(async (key) => (await redis.json(key)).pending));
    assert.deepEqual(pending.sort(), [false, false, false, true]);
    assert.equal((await redis.client.keys('elevenlabs:session:quickstart-*')).length, 2);
});

test('a wrong secret is counted as other, with its status', async (t) => {
    const agent = await startAgent(t, 1, { WEBHOOK_SECRET: 'right' });
    const caller = call(t, '--url', agent.url, '--secret', 'wrong', '--count', 1);
    const summary = await summaryOf(caller);
    assert.deepEqual(counts(summary), {
        sent: 2,
        ok: 1,
        refused: 0,
        reset: 0,
        timeout: 0,
        other: 1,
    });
    assert.equal(caller.lines('result')[1].status, 401);
});

test('refused, reset and timed out are told apart', async (t) => {
    const none = { sent: 2, ok: 0, refused: 0, reset: 0, timeout: 0, other: 0 };
    const refused = call(t, '--url', `http://127.0.0.1:${await freePort()}`, '--count', 1);
    assert.deepEqual(counts(await summaryOf(refused)), { ...none, refused: 2 });

    const resetting = await startListener(t, (socket) => {
        socket.once('data', () => socket.resetAndDestroy());
    });
    const reset = call(t, '--url', resetting, '--count', 1);
    assert.deepEqual(counts(await summaryOf(reset)), { ...none, reset: 2 });

    const silent = await startListener(t, (socket) => socket.on('error', () => {}));
    const timeout = call(t, '--url', silent, '--count', 1, '--timeout', 100);
    assert.deepEqual(counts(await summaryOf(timeout)), { ...none, timeout: 2 });
});

test('held connections stay open until they are cut, and each cut is told', async (t) => {
    const agent = await startAgent(t, 1);
    const caller = call(t, '--url', agent.url, '--hold', 2, '--count', 0);
    await caller.said(/("held"[^]*){2}/);
    await agent.said(/(POST[^]*"path":"\/callback"[^]*){2}/);
    await agent.kill('SIGKILL');
    await caller.said(/("cut"[^]*){2}/);
    for (const { error } of caller.lines('cut'))
        assert.match(error, /ECONNRESET|closed by the agent/);
    caller.process.kill('SIGTERM');
    const { held } = await summaryOf(caller);
    assert.deepEqual(held, { opened: 2, cut: 2, failed: 0 });
});

test('a connection that cannot be opened is not counted as cut', async (t) => {
    const caller = call(
        t,
        '--url',
        `http://127.0.0.1:${await freePort()}`,
        '--hold',
        1,
        '--count',
        0,
    );
    await caller.said(/"not-held".*ECONNREFUSED/);
    caller.process.kill('SIGINT');
    assert.deepEqual((await summaryOf(caller)).held, { opened: 0, cut: 0, failed: 1 });
});

test('--duration ends it in any case', async (t) => {
    const silent = await startListener(t, (socket) => socket.on('error', () => {}));
    const caller = call(t, '--url', silent, '--count', 1000, '--rate', 100, '--duration', 0.3);
    const { sent } = await summaryOf(caller);
    assert.equal(sent, 0);
});

test('a runner with nobody to call stays, and survives a callback it cannot send', async (t) => {
    const caller = call(t, '--count', 0, '--runner-port', 0, '--callback-delay', 1);
    const port = Number((await caller.said(/"runner","port":(\d+)/))[1]);
    const task = { method: 'POST', body: '{"callbackUrl":"nowhere"}' };
    const answer = await fetch(`http://127.0.0.1:${port}/cursor/execute/async`, task);
    assert.match((await answer.json()).requestId, /^quickstart-task-\d+-1$/);
    await caller.said(/"callback".*ERR_INVALID_URL/);
    const broken = await fetch(`http://127.0.0.1:${port}/cursor/execute/async`, {
        ...task,
        body: '{',
    });
    assert.equal(broken.status, 400);
    await until(
        'the health of the runner',
        async () => (await fetch(`http://127.0.0.1:${port}/health`)).ok,
    );
    caller.process.kill('SIGTERM');
    assert.equal((await summaryOf(caller)).other, 1);
});

test('a callback that nobody takes is sent again until somebody does', async (t) => {
    const port = await freePort();
    const caller = call(t, '--count', 0, '--runner-port', 0, '--callback-delay', 1);
    const runner = Number((await caller.said(/"runner","port":(\d+)/))[1]);
    const callbackUrl = `http://127.0.0.1:${port}/callback`;
    const body = JSON.stringify({ callbackUrl });
    await fetch(`http://127.0.0.1:${runner}/cursor/execute/async`, { method: 'POST', body });
    await startAgent(t, 1, { PORT: String(port) });
    await caller.said(/"callback".*"status":200/);
    caller.process.kill('SIGTERM');
    const { sent, ok, runner: played } = await summaryOf(caller);
    assert.deepEqual({ sent, ok, played }, { sent: 1, ok: 1, played: { tasks: 1, callbacks: 1 } });
});

test('who is told to leave makes no new call, but waits for the callbacks', async (t) => {
    const runnerPort = await freePort();
    const agent = await startAgent(t, runnerPort);
    const caller = call(
        t,
        ...['--url', agent.url, '--count', 1000, '--rate', 1],
        ...['--runner-port', runnerPort, '--callback-delay', 500],
    );
    await caller.said(/"webhook"/);
    caller.process.kill('SIGTERM');
    const { sent, ok, runner } = await summaryOf(caller);
    assert.deepEqual({ sent, ok, runner }, { sent: 3, ok: 3, runner: { tasks: 1, callbacks: 1 } });
});

test('who is told twice leaves at once', async (t) => {
    const caller = call(t, '--count', 0, '--runner-port', 0, '--callback-delay', 60000);
    const runner = Number((await caller.said(/"runner","port":(\d+)/))[1]);
    const url = `http://127.0.0.1:${runner}/cursor/execute/async`;
    await fetch(url, { method: 'POST', body: '{}' });
    caller.process.kill('SIGTERM');
    caller.process.kill('SIGINT');
    assert.deepEqual((await summaryOf(caller)).runner, { tasks: 1, callbacks: 0 });
});

test('without --json it speaks plain text', async (t) => {
    const port = await freePort();
    const caller = new Child(process.execPath, [
        CALLER,
        '--url',
        `http://127.0.0.1:${port}`,
        '--count=1',
    ]);
    t.after(() => caller.kill('SIGKILL'));
    assert.deepEqual(await caller.exited, { code: 0, signal: null });
    assert.match(caller.out(), /^session 1: refused, ECONNREFUSED \(connect .*\), \d+ ms$/m);
    const zeros = 'held 0, cut 0, not opened 0; tasks 0, callbacks 0';
    const summary = `summary: sent 2, ok 0, refused 2, reset 0, timeout 0, other 0; ${zeros}\n`;
    assert.ok(caller.out().endsWith(summary), caller.out());
});

test('bad options are refused with the reason and the usage', async (t) => {
    for (const [args, reason] of [
        [['--colour'], 'reading options: unknown "--colour"'],
        [['--count', 'many'], 'reading --count: no number: "many"'],
        [['--rate', '0'], 'reading --rate: not above 0: "0"'],
        [['--url'], 'reading --url: no value given'],
    ]) {
        const caller = call(t, ...args);
        assert.deepEqual(await caller.exited, { code: 2, signal: null });
        assert.ok(caller.out().includes(reason), caller.out());
        assert.match(caller.out(), /usage: caller\.js/);
    }
});
