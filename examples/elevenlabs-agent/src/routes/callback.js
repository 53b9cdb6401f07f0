// POST /callback: the cursor runner reports a finished task.
import { Router } from 'express';
import { log } from '../log.js';
import { callerOf, guarded, now, refuse, requireEnabled } from './common.js';

function describeResult(body) {
    return body.success
        ? `Tool execution completed: ${body.output || 'Success'}`
        : `Tool execution failed: ${body.error || 'Unknown error'}`;
}

async function completeTask(tasks, body) {
    const outcome = body.success ? { result: { output: body.output } } : { error: body.error };
    try {
        await tasks.complete(body.requestId, outcome);
    } catch (error) {
        log.warn('Failed to mark callback task as completed', {
            error: error.message,
            requestId: body.requestId,
        });
    }
}

async function recordInSession(stores, session, body) {
    session.metadata = {
        ...session.metadata,
        lastCallback: {
            requestId: body.requestId,
            success: body.success,
            timestamp: body.timestamp,
        },
    };
    await stores.sessions.save(session);
    if (!session.agentConversationId) return;
    try {
        await stores.conversations.append(session.agentConversationId, {
            role: 'assistant',
            content: describeResult(body),
            source: 'text',
        });
    } catch (error) {
        log.error('Failed to add callback message to agent conversation', {
            error: error.message,
            agentConversationId: session.agentConversationId,
        });
    }
}

export function callbackRoute(config, stores) {
    const router = Router();
    const handler = guarded('Failed to process callback', async (req, res) => {
        const { body } = req;
        const { requestId, conversationId, success } = body;
        log.info('Callback received from cursor-runner', {
            requestId,
            conversationId,
            success,
            ...callerOf(req),
        });
        if (!requestId) return refuse(res, 400, 'Missing required field: requestId');

        const session = conversationId
            ? await stores.sessions.findByConversation(conversationId)
            : null;
        await completeTask(stores.tasks, body);
        if (session) await recordInSession(stores, session, body);
        log.info('Callback processed', { requestId, conversationId, success });
        const message = 'Callback received and processed';
        res.json({ success: true, message, requestId, timestamp: now() });
    });
    router.post('/callback', requireEnabled(config), handler);
    return router;
}
