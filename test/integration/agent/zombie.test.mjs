// Fault 1: the agent's Redis client gives up, and nothing but its `redis` field tells.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent, RedisServer, holds, until } from './lib.mjs';

const SESSION_PATH = '/agent-conversations/api/c/session';
// Several times the delay of the retry that must not come.
const WATCH_MS = 1000;
let redis;

before(async () => (redis = await RedisServer.start()));
after(() => redis?.stop());

// The three retries have failed: the client has ended.
async function assertGaveUp(agent) {
    await agent.said(/(ECONNREFUSED[^]*){3}/);
    await until('redis disconnected', async () => (await agent.redis()) === 'disconnected');
}

async function assertZombie(agent) {
    assert.equal((await agent.get('/config/health')).json.dependencies.redis, 'connected');
    const { status, json } = await agent.get('/health');
    assert.equal(status, 200);
    assert.deepEqual(json, { status: 'ok', service: 'elevenlabs-agent', redis: 'disconnected' });

    const lost = async () => (await agent.redis()) === 'disconnected';
    await holds('redis disconnected', lost, WATCH_MS);
    const body = { sessionUrl: 'wss://x', sessionId: 'lost' };
    const answer = await agent.post(SESSION_PATH, body);
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.json, {
        success: true,
        message: 'Session registered',
        sessionId: 'lost',
    });
    assert.equal(await redis.client.exists('elevenlabs:session:lost'), 0);
}

test('a Redis restart leaves a zombie that only a restart cures', async (t) => {
    const agent = await Agent.startEnabled(redis);
    t.after(() => agent.stop());
    await redis.kill();
    await assertGaveUp(agent);
    await redis.run();
    await assertZombie(agent);
    assert.deepEqual(await agent.kill('SIGTERM'), { code: 0, signal: null });

    const next = await Agent.startEnabled(redis);
    t.after(() => next.stop());
    assert.equal(await next.redis(), 'connected');
});

test('a dropped connection alone is survived: the first retry succeeds', async (t) => {
    const agent = await Agent.startEnabled(redis);
    t.after(() => agent.stop());
    await redis.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await agent.said(/(Redis connected[^]*){2}/);
    await until('redis connected', async () => (await agent.redis()) === 'connected');
});

test('without Redis from the start it listens, answers, and says disconnected', async (t) => {
    const agent = await Agent.startEnabled(null);
    t.after(() => agent.stop());
    await assertGaveUp(agent);
    const { status } = await agent.post(SESSION_PATH, { sessionUrl: 'wss://x' });
    assert.equal(status, 200);
});

test('each /config/health while Redis is down costs a connection afterwards', async (t) => {
    const agent = await Agent.startEnabled(redis);
    t.after(() => agent.stop());
    await redis.kill();
    await assertGaveUp(agent);
    for (let i = 0; i < 3; i++) {
        const { json } = await agent.get('/config/health');
        assert.equal(json.dependencies.redis, 'disconnected');
    }
    await redis.run();
    await until('three left connections', async () => {
        const list = await redis.client.client('LIST', 'TYPE', 'normal');
        return list.trim().split('\n').length === 3 + 1;
    });
    assert.equal(await agent.redis(), 'disconnected');
});

test('FAULT_ZOMBIE_AFTER_MS and POST /__fault/zombie do the same while Redis is up', async (t) => {
    const timed = await Agent.startEnabled(redis, { FAULT_ZOMBIE_AFTER_MS: '300' });
    t.after(() => timed.stop());
    await assertGaveUp(timed);
    await assertZombie(timed);

    const told = await Agent.startEnabled(redis, { FAULT_ROUTES: '1' });
    t.after(() => told.stop());
    assert.equal((await told.post('/__fault/zombie')).status, 200);
    await assertGaveUp(told);
    await assertZombie(told);
});
