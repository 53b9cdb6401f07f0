// The keys the reference agent leaves in Redis: names, values and lifetimes.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { Agent, RedisServer, TOOL, startRunner } from './lib.mjs';

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const SESSION = 'elevenlabs:session:s';
let redis;
let runner;
let agent;

before(async () => {
    redis = await RedisServer.start();
    runner = await startRunner();
    agent = await Agent.startEnabled(redis, { CURSOR_RUNNER_URL: runner.url });
});

beforeEach(() => redis.client.flushdb());

after(async () => {
    await agent?.stop();
    await runner?.stop();
    await redis?.stop();
});

function register() {
    return agent.post('/agent-conversations/api/c1/session', {
        sessionUrl: 'wss://live/1',
        sessionId: 's',
        sessionPayload: { k: 'v' },
        expiresAt: '2030-01-01T00:00:00.000Z',
        metadata: { agentId: 'a9', extra: 1 },
    });
}

async function startTask() {
    const { json } = await agent.post('/agent-tools', TOOL);
    return `cursor_task:${json.requestId}`;
}

async function assertTtl(key, seconds) {
    const ttl = await redis.client.ttl(key);
    assert.ok(
        ttl <= seconds && ttl > seconds - 60,
        `TTL of ${key} is ${ttl}, not about ${seconds}`,
    );
}

test('a registered session', async () => {
    await register();
    const { createdAt, lastAccessedAt, ...rest } = await redis.json(SESSION);
    assert.match(createdAt, ISO);
    assert.match(lastAccessedAt, ISO);
    assert.deepEqual(rest, {
        sessionId: 's',
        agentId: 'a9',
        conversationId: 'c1',
        metadata: {
            agentId: 'a9',
            extra: 1,
            wsUrl: 'wss://live/1',
            sessionUrl: 'wss://live/1',
            sessionPayload: { k: 'v' },
            expiresAt: '2030-01-01T00:00:00.000Z',
        },
    });
    await assertTtl(SESSION, 3600);
    assert.deepEqual(await redis.client.keys('*'), [SESSION]);
});

test('a webhook refreshes lifetime and last use of the session', async () => {
    await register();
    await redis.client.expire(SESSION, 100);
    const before = await redis.json(SESSION);
    await startTask();
    const session = await redis.json(SESSION);
    await assertTtl(SESSION, 3600);
    assert.equal(session.createdAt, before.createdAt);
    assert.ok(session.lastAccessedAt > before.lastAccessedAt);
    assert.equal(session.conversationId, 'c1');
    assert.equal(session.metadata.wsUrl, 'wss://live/1');
});

test('an unknown session is created, with a conversation that never expires', async () => {
    await startTask();
    const session = await redis.json(SESSION);
    assert.equal(session.agentId, 'a');
    assert.equal(session.conversationId, session.agentConversationId);
    await assertTtl(SESSION, 3600);

    const key = `elevenlabs:conversation:${session.agentConversationId}`;
    assert.equal(await redis.client.ttl(key), -1);
    const conversation = await redis.json(key);
    assert.equal(conversation.conversationId, session.agentConversationId);
    assert.equal(conversation.agentId, 'a');
    assert.match(conversation.createdAt, ISO);
    const [{ timestamp, ...message }] = conversation.messages;
    assert.match(timestamp, ISO);
    const content = 'Tool request: build with args: {"n":1}';
    assert.deepEqual(message, { role: 'user', content, source: 'voice' });
});

test('no task is kept for a session without a live channel', async () => {
    assert.equal(await redis.client.exists(await startTask()), 0);
});

test('a task is pending for a day', async () => {
    await register();
    const key = await startTask();
    const { createdAt, ...task } = await redis.json(key);
    assert.match(createdAt, ISO);
    assert.deepEqual(task, {
        taskId: key.slice('cursor_task:'.length),
        conversationId: 'c1',
        sessionPayload: { k: 'v' },
        wsUrl: 'wss://live/1',
        toolName: 'build',
        toolArgs: { n: 1 },
        requestId: key.slice('cursor_task:'.length),
        pending: true,
    });
    await assertTtl(key, 86400);
});

function callBack(key, fields) {
    const requestId = key.slice('cursor_task:'.length);
    return agent.post('/callback', { requestId, conversationId: 'c1', timestamp: 'T', ...fields });
}

test('a callback completes the task within its remaining lifetime', async () => {
    await register();
    const key = await startTask();
    await redis.client.expire(key, 500);
    await callBack(key, { success: true, output: 'built' });
    const task = await redis.json(key);
    assert.equal(task.pending, false);
    assert.match(task.completedAt, ISO);
    assert.deepEqual(task.result, { output: 'built' });
    assert.equal(task.error, undefined);
    await assertTtl(key, 500);
});

test('a task that lost its lifetime gets a full day again', async () => {
    await register();
    const key = await startTask();
    await redis.client.persist(key);
    await callBack(key, { success: false, error: 'no disk' });
    const task = await redis.json(key);
    assert.equal(task.error, 'no disk');
    assert.equal(task.result, undefined);
    await assertTtl(key, 86400);
});

test('a callback marks the session and the conversation', async () => {
    await register();
    const key = await startTask();
    await redis.client.expire(SESSION, 100);
    await callBack(key, { success: true, output: 'built' });
    const session = await redis.json(SESSION);
    const requestId = key.slice('cursor_task:'.length);
    assert.deepEqual(session.metadata.lastCallback, { requestId, success: true, timestamp: 'T' });
    assert.equal(session.metadata.wsUrl, 'wss://live/1');
    await assertTtl(SESSION, 3600);
    const { messages } = await redis.json(`elevenlabs:conversation:${session.agentConversationId}`);
    assert.equal(messages.at(-1).role, 'assistant');
    assert.equal(messages.at(-1).content, 'Tool execution completed: built');
    assert.equal(messages.at(-1).source, 'text');
});

test('a callback for an unknown task makes no task up', async () => {
    await agent.post('/callback', { requestId: 'ghost', success: true });
    assert.deepEqual(await redis.client.keys('*'), []);
});
