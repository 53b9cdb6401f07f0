// The FAULT_ knobs that end, block or delay the process, or change what /health says.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readKnobs } from '../../../examples/elevenlabs-agent/src/faults/knobs.js';
import { Agent, RedisServer, procStatus, until } from './lib.mjs';

const PATIENCE_MS = 400;
let redis;

before(async () => (redis = await RedisServer.start()));
after(() => redis?.stop());

async function start(t, env) {
    const agent = await Agent.startEnabled(null, env);
    t.after(() => agent.stop());
    return agent;
}

function spawnAgent(t, env) {
    const agent = new Agent(null, env);
    t.after(() => agent.stop());
    return agent;
}

function timeOf(agent, message) {
    return Date.parse(new RegExp(`${message} .*"timestamp":"([^"]+)"`).exec(agent.out())[1]);
}

async function assertUnanswered(agent, path = '/health') {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const request = fetch(`http://127.0.0.1:${agent.port}${path}`, { signal });
    await assert.rejects(request, { name: 'TimeoutError' });
}

describe('knobs', { concurrency: 4 }, () => {
    test('unknown knobs and bad values are refused with the reason', () => {
        for (const [name, value, reason] of [
            ['FAULT_HNAG', '1', 'reading environment: unknown "FAULT_HNAG"'],
            ['FAULT_HANG_AFTER_MS', 'soon', 'expected a number from 0 to 2147483647, got "soon"'],
            ['FAULT_EXIT_CODE', '256', 'reading FAULT_EXIT_CODE: expected a number from 0 to 255'],
            ['FAULT_CRASH', 'yes', 'reading FAULT_CRASH: expected 0 or 1, got "yes"'],
            ['FAULT_CRASH_SIGNAL', 'SIGNONE', 'reading FAULT_CRASH_SIGNAL: expected one of SIGHUP'],
            ['FAULT_HEALTH', 'ill', 'expected one of wrong, garbage, huge, mute, 500, got'],
            ['FAULT_GRANDCHILD', '1', 'expected one of group, session, got'],
        ]) {
            const includesReason = (error) => error.message.includes(reason);
            assert.throws(() => readKnobs({ [name]: value }), includesReason, name);
        }
        assert.deepEqual(readKnobs({ FAULT_CRASH: '', FAULT_EXIT_CODE: '3' }), { exitCode: 3 });
    });

    test('an unknown knob ends the agent with code 2', async (t) => {
        const agent = spawnAgent(t, { FAULT_HNAG: '1' });
        assert.deepEqual(await agent.exited, { code: 2, signal: null });
        assert.ok(agent.out().includes('unknown \\"FAULT_HNAG\\"'), agent.out());
    });

    test('FAULT_START_DELAY_MS listens later, and sessions are stored all the same', async (t) => {
        const agent = await Agent.startEnabled(redis, { FAULT_START_DELAY_MS: '300' });
        t.after(() => agent.stop());
        const gap = timeOf(agent, 'HTTP Server started') - timeOf(agent, 'Initializing');
        assert.ok(gap >= 290, `listened after ${gap} ms`);
        const body = { sessionUrl: 'wss://x', sessionId: 'early' };
        await agent.post('/agent-conversations/api/c/session', body);
        assert.equal(await redis.client.exists('elevenlabs:session:early'), 1);
    });

    test('FAULT_HEALTH answers wrongly from the start, in every mode', async (t) => {
        const agent = await start(t, { FAULT_HEALTH: 'wrong', FAULT_ROUTES: '1' });
        const wrong = await agent.get('/health');
        assert.equal(wrong.status, 200);
        assert.equal(wrong.json.status, 'broken');

        await agent.post('/__fault/health?mode=garbage');
        const garbage = await agent.get('/health');
        assert.equal(garbage.status, 200);
        assert.equal(garbage.json, undefined);

        await agent.post('/__fault/health?mode=huge');
        const huge = await agent.get('/health');
        assert.equal(huge.status, 200);
        assert.ok(huge.text.length > 1024 * 1024);

        await agent.post('/__fault/health?mode=500');
        assert.equal((await agent.get('/health')).status, 500);

        await agent.post('/__fault/health?mode=mute');
        await assertUnanswered(agent);
        assert.equal((await agent.post('/callback', {})).status, 400);
    });

    test('FAULT_HEALTH_AFTER_PROBES is well for that many probes', async (t) => {
        const agent = await start(t, { FAULT_HEALTH_AFTER_PROBES: '2' });
        const said = [];
        for (let i = 0; i < 4; i++) said.push((await agent.get('/health')).json.status);
        assert.deepEqual(said, ['ok', 'ok', 'broken', 'broken']);
    });

    test('FAULT_HEALTH_AFTER_MS is well for that long', async (t) => {
        const agent = await start(t, { FAULT_HEALTH: '500', FAULT_HEALTH_AFTER_MS: '1500' });
        assert.equal((await agent.get('/health')).status, 200);
        await until('health to change', async () => (await agent.get('/health')).status === 500);
    });

    test('FAULT_CRASH dies at once of an exception, or of FAULT_CRASH_SIGNAL', async (t) => {
        const thrown = spawnAgent(t, { FAULT_CRASH: '1' });
        assert.deepEqual(await thrown.exited, { code: 1, signal: null });
        assert.match(thrown.out(), /Error: fault: crash/);
        const killed = spawnAgent(t, { FAULT_CRASH: '1', FAULT_CRASH_SIGNAL: 'SIGKILL' });
        assert.deepEqual(await killed.exited, { code: null, signal: 'SIGKILL' });
    });

    test('FAULT_CRASH_AFTER_REQUESTS answers that many; probes do not count', async (t) => {
        const agent = await start(t, { FAULT_CRASH_AFTER_REQUESTS: '2' });
        for (let i = 0; i < 2; i++) {
            assert.equal((await agent.get('/health')).status, 200);
            assert.equal((await agent.post('/callback', {})).status, 400);
        }
        assert.equal((await agent.get('/health')).status, 200);
        await assert.rejects(agent.post('/callback', {}));
        assert.deepEqual(await agent.exited, { code: 1, signal: null });
    });

    test('FAULT_CRASH_AFTER_MS dies later', async (t) => {
        const agent = await start(t, { FAULT_CRASH_AFTER_MS: '200' });
        assert.deepEqual(await agent.exited, { code: 1, signal: null });
        assert.ok(timeOf(agent, 'Fault: crashing') - timeOf(agent, 'HTTP Server started') >= 190);
    });

    test('FAULT_EXIT_CODE exits at the start, or after FAULT_EXIT_AFTER_MS', async (t) => {
        const early = spawnAgent(t, { FAULT_EXIT_CODE: '37' });
        assert.deepEqual(await early.exited, { code: 37, signal: null });
        assert.doesNotMatch(early.out(), /HTTP Server started/);
        const late = await start(t, { FAULT_EXIT_CODE: '0', FAULT_EXIT_AFTER_MS: '100' });
        assert.deepEqual(await late.exited, { code: 0, signal: null });
        const plain = await start(t, { FAULT_EXIT_AFTER_MS: '100' });
        assert.deepEqual(await plain.exited, { code: 1, signal: null });
    });

    test('FAULT_IGNORE_SIGTERM goes on serving; SIGINT still ends it', async (t) => {
        const agent = await start(t, { FAULT_IGNORE_SIGTERM: '1' });
        agent.process.kill('SIGTERM');
        await agent.said(/Fault: ignoring SIGTERM/);
        assert.equal((await agent.get('/health')).status, 200);
        assert.deepEqual(await agent.kill('SIGINT'), { code: 0, signal: null });
    });

    test('FAULT_HANG_AFTER_REQUESTS blocks at the next request, deaf to SIGTERM', async (t) => {
        const agent = await start(t, { FAULT_HANG_AFTER_REQUESTS: '1' });
        assert.equal((await agent.post('/callback', {})).status, 400);
        await assertUnanswered(agent, '/config');
        await assertUnanswered(agent, '/health');
        agent.process.kill('SIGTERM');
        assert.equal(procStatus(agent.pid).state, 'R');
        await assertUnanswered(agent);
        assert.equal(agent.gone, false);
        assert.deepEqual(await agent.kill('SIGKILL'), { code: null, signal: 'SIGKILL' });
    });

    test('FAULT_HANG_AFTER_MS blocks, for FAULT_HANG_MS if that is given', async (t) => {
        const forever = await start(t, { FAULT_HANG_AFTER_MS: '1' });
        await forever.said(/Fault: hanging .*"lengthMs":"for ever"/);
        await assertUnanswered(forever);
        const briefly = await start(t, { FAULT_HANG_AFTER_MS: '1', FAULT_HANG_MS: '2000' });
        await briefly.said(/Fault: hanging .*"lengthMs":2000/);
        await assertUnanswered(briefly);
        assert.equal((await briefly.get('/health')).status, 200);
    });
});
