// POST /agent-tools: the voice agent asks for a tool. Refreshes the caller's session, hands the
// work to the cursor runner and, for a session with a live channel, remembers the pending task.
import { Router } from 'express';
import { log } from '../log.js';
import { startTask } from '../upstream/runner.js';
import { callerOf, guarded, now, refuse, requireEnabled } from './common.js';

const MISSING = 'Missing required fields: agent_id, session_id, tool_name';

function describeRequest(body) {
    const args = body.tool_args ? ` with args: ${JSON.stringify(body.tool_args)}` : '';
    return `Tool request: ${body.tool_name}${args}`;
}

// Only a secret that was sent and differs is refused; none at all passes, as in the real service.
function isWrongSecret(config, provided) {
    return Boolean(config.webhookSecret && provided && provided !== config.webhookSecret);
}

function blankSession(body) {
    return { sessionId: body.session_id, agentId: body.agent_id, createdAt: now() };
}

// The call goes on when nothing of this can be stored: the caller is not told.
async function touchSession(stores, body) {
    const session = (await stores.sessions.load(body.session_id)) ?? blankSession(body);
    try {
        session.agentConversationId ??= await stores.conversations.create(body.agent_id);
        session.conversationId =
            body.conversation_id || session.conversationId || session.agentConversationId;
        await stores.sessions.save(session);
        await stores.conversations.append(session.agentConversationId, {
            role: 'user',
            content: describeRequest(body),
            source: 'voice',
        });
    } catch (error) {
        log.error('Failed to create agent conversation', {
            error: error.message,
            sessionId: body.session_id,
        });
    }
    return session;
}

async function rememberTask(stores, session, body, requestId) {
    const { wsUrl, sessionPayload } = session.metadata ?? {};
    if (!wsUrl) return;
    try {
        await stores.tasks.create({
            taskId: requestId,
            conversationId: session.conversationId || '',
            sessionPayload: sessionPayload || {},
            wsUrl,
            toolName: body.tool_name,
            toolArgs: body.tool_args,
            requestId,
        });
    } catch (error) {
        log.warn('Failed to create callback task', { error: error.message, requestId });
    }
}

async function handOver(config, stores, body, res) {
    const sessionId = body.session_id;
    const session = await touchSession(stores, body);
    try {
        const requestId = await startTask(config, {
            prompt: describeRequest(body),
            conversationId: session.conversationId || body.conversation_id,
        });
        await rememberTask(stores, session, body, requestId);
        const message = 'Tool request processed';
        res.json({ success: true, message, sessionId, requestId, timestamp: now() });
    } catch (error) {
        log.error('Failed to process tool request with cursor-runner', {
            error: error.message,
            toolName: body.tool_name,
            sessionId,
        });
        const timestamp = now();
        res.status(500).json({ success: false, error: error.message, sessionId, timestamp });
    }
}

export function agentToolsRoute(config, stores) {
    const router = Router();
    const handler = guarded('Failed to process agent tool request', async (req, res) => {
        const { body } = req;
        log.info('Agent tool request received', {
            agentId: body.agent_id,
            sessionId: body.session_id,
            toolName: body.tool_name,
            ...callerOf(req),
        });
        if (!body.agent_id || !body.session_id || !body.tool_name) return refuse(res, 400, MISSING);
        if (isWrongSecret(config, req.get('x-webhook-secret'))) {
            log.warn('Invalid webhook secret', { agentId: body.agent_id, ip: req.ip });
            return refuse(res, 401, 'Invalid webhook secret');
        }
        await handOver(config, stores, body, res);
    });
    router.post('/agent-tools', requireEnabled(config), handler);
    return router;
}
