// The FAULT_ knobs that leave something behind: grandchildren, log output, open connections.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { test } from 'node:test';
import { Agent, procStatus, until } from './lib.mjs';

const SIGTERM = 15;
const CLOSE_WAIT = '08';

async function start(t, env) {
    const agent = await Agent.startEnabled(null, env);
    t.after(() => agent.stop());
    return agent;
}

function killLater(t, pid) {
    t.after(() => {
        try {
            process.kill(pid, 'SIGKILL');
        } catch (error) {
            assert.equal(error.code, 'ESRCH');
        }
    });
}

async function grandchildOf(t, agent) {
    const pid = Number((await agent.said(/grandchild started .*"pid":(\d+)/))[1]);
    killLater(t, pid);
    await until('SIGTERM to be ignored', () => procStatus(pid).ignores(SIGTERM));
    return pid;
}

for (const kind of ['group', 'session']) {
    test(`FAULT_GRANDCHILD=${kind} outlives the agent and SIGTERM`, async (t) => {
        const agent = await start(t, { FAULT_GRANDCHILD: kind });
        const pid = await grandchildOf(t, agent);
        const { group } = procStatus(pid);
        const expected = kind === 'group' ? procStatus(agent.pid).group : pid;
        assert.equal(group, expected);
        await agent.kill('SIGTERM');
        process.kill(pid, 'SIGTERM');
        assert.notEqual(procStatus(pid).state, 'Z');
    });
}

test('FAULT_LOG_RATE writes about that many lines a second', async (t) => {
    const agent = await start(t, { FAULT_LOG_RATE: '2000' });
    await agent.said(/"line":1500,/);
    const timeOf = (pattern) =>
        Date.parse(new RegExp(`${pattern}.*?"timestamp":"([^"]+)"`).exec(agent.out())[1]);
    const ms = timeOf('"line":1500,') - timeOf('HTTP Server started');
    assert.ok(ms > 700, `1500 lines in ${ms} ms`);
});

test('FAULT_LOG_LONG_LINE writes one line of that length', async (t) => {
    const agent = await start(t, { FAULT_LOG_LONG_LINE: '200000' });
    const line = `: ${'x'.repeat(200000)} {`;
    await until('the long line', () => agent.out().includes(line));
});

test('FAULT_LOG_BINARY writes every byte value', async (t) => {
    const agent = await start(t, { FAULT_LOG_BINARY: '600' });
    const block = Buffer.from(Array.from({ length: 600 }, (_, i) => i & 0xff));
    await until('the bytes', () => agent.raw().includes(block));
});

function countSockets(port, state) {
    const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
    return ['/proc/net/tcp', '/proc/net/tcp6']
        .flatMap((path) => readFileSync(path, 'utf8').split('\n'))
        .map((line) => line.trim().split(/\s+/))
        .filter((fields) => fields[1]?.endsWith(local) && fields[3] === state).length;
}

async function callAndLeave(port) {
    const socket = net.connect(port, '127.0.0.1');
    socket.write('GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    socket.end();
    return socket;
}

test('FAULT_LEAK_CONNECTIONS keeps the sockets of callers who left', async (t) => {
    const agent = await start(t, { FAULT_LEAK_CONNECTIONS: '1' });
    const sockets = await Promise.all(Array.from({ length: 4 }, () => callAndLeave(agent.port)));
    t.after(() => sockets.forEach((socket) => socket.destroy()));
    await until('sockets in CLOSE_WAIT', () => countSockets(agent.port, CLOSE_WAIT) === 4);
    agent.process.kill('SIGTERM');
    await agent.said(/Redis connection clos|Error closing Redis/);
    assert.equal(agent.gone, false);
});

test('POST /__fault/NAME triggers faults while it runs', async (t) => {
    const agent = await start(t, { FAULT_ROUTES: '1' });
    const say = (path) => agent.post(`/__fault/${path}`);

    assert.deepEqual((await say('health?mode=500')).json, { success: true, fault: 'health' });
    assert.equal((await agent.get('/health')).status, 500);
    await say('health?mode=ok');
    assert.equal((await agent.get('/health')).status, 200);

    await say('flood?rate=1000');
    await agent.said(/"line":100,/);
    await say('flood?rate=0');
    await say('long-line?bytes=3000');
    await until('the long line', () => agent.out().includes(`: ${'x'.repeat(3000)} {`));
    const flooded = () => agent.out().split('log flood').length;
    const lines = flooded();
    await say('binary?bytes=256');
    await until('the bytes', () => agent.raw().includes(Buffer.from([0xfd, 0xfe, 0xff])));

    const { json } = await say('grandchild?kind=session');
    assert.equal(await grandchildOf(t, agent), json.pid);

    await say('leak');
    const socket = await callAndLeave(agent.port);
    t.after(() => socket.destroy());
    await until('a socket in CLOSE_WAIT', () => countSockets(agent.port, CLOSE_WAIT) >= 1);

    await say('ignore-sigterm');
    agent.process.kill('SIGTERM');
    await agent.said(/Fault: ignoring SIGTERM/);

    await say('hang?ms=150');
    await agent.said(/Fault: hanging .*"lengthMs":150/);
    await until(
        'the agent after its hang',
        async () => (await agent.get('/health')).status === 200,
    );
    assert.equal(flooded(), lines);
    assert.equal((await say('exit?code=7')).status, 200);
    assert.deepEqual(await agent.exited, { code: 7, signal: null });
});

test('POST /__fault/crash and bad parameters', async (t) => {
    const agent = await start(t, { FAULT_ROUTES: '1' });
    for (const path of ['exit?code=900', 'health', 'health?mode=ill', 'flood', 'crash?signal=9']) {
        const { status, json } = await agent.post(`/__fault/${path}`);
        assert.equal(status, 400, path);
        assert.match(json.error, /^reading \w+: expected .*, got ".*"$/, path);
    }
    assert.equal((await agent.post('/__fault/crash?signal=SIGABRT')).status, 200);
    assert.deepEqual(await agent.exited, { code: null, signal: 'SIGABRT' });
});
