// Every route of the reference agent: status codes and bodies.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent, RedisServer, TOOL, Upstream, startRunner } from './lib.mjs';

const SESSION_PATH = '/agent-conversations/api/c1/session';
let redis;
let runner;
let api;
let agent;
let disabled;

before(async () => {
    redis = await RedisServer.start();
    runner = await startRunner();
    api = await Upstream.start(({ url }) =>
        url.endsWith('agent_id=known%20one')
            ? [200, { signed_url: 'wss://x/y', expires_at: 'later' }]
            : [url.includes('agent_id') ? 404 : 200, { detail: 'no such agent' }],
    );
    agent = await Agent.startEnabled(redis, {
        CURSOR_RUNNER_URL: runner.url,
        ELEVENLABS_API_URL: api.url,
        ELEVENLABS_API_KEY: 'key',
        ELEVENLABS_AGENT_ID: 'agent-7',
        WEBHOOK_SECRET: 'right',
    });
    disabled = await Agent.start(redis);
});

after(async () => {
    await agent?.stop();
    await disabled?.stop();
    await api?.stop();
    await runner?.stop();
    await redis?.stop();
});

test('GET /health says connected', async () => {
    const { status, json } = await agent.get('/health');
    assert.equal(status, 200);
    assert.deepEqual(json, { status: 'ok', service: 'elevenlabs-agent', redis: 'connected' });
});

test('GET /config shows settings but no secrets', async () => {
    const { status, json, text } = await agent.get('/config');
    assert.equal(status, 200);
    assert.equal(json.success, true);
    assert.deepEqual(json.config, {
        agentId: 'agent-7',
        agentUrl: 'http://elevenlabs-agent:3004',
        cursorRunnerUrl: runner.url,
        webhookSecretConfigured: true,
        redisUrl: 'configured',
        hasApiKey: true,
    });
    assert.doesNotMatch(text, /right|"key"/);
});

test('GET /config/health works with the feature off and names each dependency', async () => {
    const well = (await agent.get('/config/health')).json;
    assert.equal(well.status, 'ok');
    assert.equal(well.service, 'elevenlabs-agent');
    assert.deepEqual(well.dependencies, { redis: 'connected', cursorRunner: 'connected' });
    assert.match(well.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

    const { status, json } = await disabled.get('/config/health');
    assert.equal(status, 200);
    assert.equal(json.status, 'degraded');
    assert.deepEqual(json.dependencies, { redis: 'connected', cursorRunner: 'disconnected' });
});

test('the feature flag answers 503, before anything else is looked at', async () => {
    for (const [method, path] of [
        ['GET', '/config'],
        ['GET', '/signed-url'],
        ['POST', '/agent-tools'],
        ['POST', '/callback'],
        ['POST', SESSION_PATH],
    ]) {
        const { status, json } = await disabled.request(
            method,
            path,
            method === 'POST' ? {} : undefined,
        );
        assert.equal(status, 503, path);
        assert.equal(json.enabled, false, path);
        assert.equal(json.error, 'Service Unavailable', path);
    }
});

test('GET /signed-url asks the API with the key', async () => {
    const { status, json } = await agent.get('/signed-url?agentId=known%20one');
    assert.equal(status, 200);
    assert.deepEqual(json, { signedUrl: 'wss://x/y', expiresAt: 'later' });
    const asked = api.requests.at(-1);
    assert.equal(asked.url, '/convai/conversation/get-signed-url?agent_id=known%20one');
    assert.equal(asked.headers['xi-api-key'], 'key');
});

test('GET /signed-url passes the status of the API on', async () => {
    const { status, json } = await agent.get('/signed-url?agentId=other');
    assert.equal(status, 404);
    assert.equal(json.success, false);
    assert.equal(json.error, 'ElevenLabs API error: no such agent (404)');
});

test('GET /signed-url is 500 for an answer without an address, and without a key', async (t) => {
    assert.equal((await agent.get('/signed-url')).status, 500);
    const keyless = await Agent.startEnabled(redis);
    t.after(() => keyless.stop());
    const { status, json } = await keyless.get('/signed-url');
    assert.equal(status, 500);
    assert.deepEqual(json, { success: false, error: 'ELEVENLABS_API_KEY not configured' });
});

test('POST /agent-tools checks the fields before the secret', async () => {
    for (const field of ['agent_id', 'session_id', 'tool_name']) {
        const body = { ...TOOL, [field]: undefined };
        const { status, json } = await agent.post('/agent-tools', body, {
            'x-webhook-secret': 'no',
        });
        assert.equal(status, 400, field);
        assert.equal(json.error, 'Missing required fields: agent_id, session_id, tool_name');
    }
    const { status, json } = await agent.post('/agent-tools', TOOL, { 'x-webhook-secret': 'no' });
    assert.equal(status, 401);
    assert.deepEqual(json, { success: false, error: 'Invalid webhook secret' });
});

test('POST /agent-tools passes with the right secret and with none', async () => {
    for (const headers of [{ 'x-webhook-secret': 'right' }, {}]) {
        const { status, json } = await agent.post('/agent-tools', TOOL, headers);
        assert.equal(status, 200);
        assert.equal(json.success, true);
        assert.equal(json.sessionId, 's');
        assert.match(json.requestId, /^t-\d+$/);
    }
    const task = runner.requests.findLast((r) => r.url === '/cursor/execute/async').body;
    assert.equal(task.callbackUrl, 'http://elevenlabs-agent:3004/callback');
    assert.equal(task.queueType, 'api');
});

test('POST /agent-tools is 500 when the runner fails', async (t) => {
    const failing = await Upstream.start(() => [418, { error: 'teapot' }]);
    t.after(() => failing.stop());
    const other = await Agent.startEnabled(redis, { CURSOR_RUNNER_URL: failing.url });
    t.after(() => other.stop());
    const { status, json } = await other.post('/agent-tools', TOOL);
    assert.equal(status, 500);
    assert.match(json.error, /^Cursor-runner request failed: 418 - /);
    assert.equal(json.sessionId, 's');
});

test('POST /callback needs a requestId and nothing else', async () => {
    const refused = await agent.post('/callback', {});
    assert.equal(refused.status, 400);
    assert.deepEqual(refused.json, { success: false, error: 'Missing required field: requestId' });
    const { status, json } = await agent.post('/callback', { requestId: 'unknown', success: true });
    assert.equal(status, 200);
    assert.equal(json.success, true);
    assert.equal(json.requestId, 'unknown');
});

test('POST session needs a sessionUrl and names the session', async () => {
    const refused = await agent.post(SESSION_PATH, {});
    assert.equal(refused.status, 400);
    assert.equal(refused.json.error, 'Missing required field: sessionUrl');
    const named = await agent.post(SESSION_PATH, { sessionUrl: 'wss://x', sessionId: 'mine' });
    assert.equal(named.status, 200);
    assert.equal(named.json.success, true);
    assert.equal(named.json.sessionId, 'mine');
    const unnamed = await agent.post(SESSION_PATH, { sessionUrl: 'wss://x' });
    assert.match(unnamed.json.sessionId, /^session-\d+$/);
});

test('a body of another type is 500, broken JSON 400, an unknown route 404', async () => {
    const plain = { 'content-type': 'text/plain' };
    assert.equal((await agent.post('/agent-tools', TOOL, plain)).status, 500);
    assert.equal((await agent.post('/agent-tools')).status, 400);
    const broken = await fetch(`http://127.0.0.1:${agent.port}/callback`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{',
    });
    assert.equal(broken.status, 400);
    await broken.text();
    assert.equal((await agent.get('/nothing')).status, 404);
    assert.equal((await agent.post('/__fault/hang')).status, 404);
});
