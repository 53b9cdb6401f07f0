// POST /agent-conversations/api/:id/session: a caller's browser registers its live session.
import { Router } from 'express';
import { log } from '../log.js';
import { callerOf, guarded, now, refuse, requireEnabled } from './common.js';

function newSession(conversationId, body) {
    return {
        sessionId: body.sessionId || `session-${Date.now()}`,
        agentId: body.metadata?.agentId || 'default',
        conversationId,
        createdAt: now(),
        lastAccessedAt: now(),
        metadata: {
            ...body.metadata,
            wsUrl: body.sessionUrl,
            sessionUrl: body.sessionUrl,
            sessionPayload: body.sessionPayload || {},
            expiresAt: body.expiresAt,
        },
    };
}

export function sessionRoute(config, { sessions }) {
    const router = Router();
    const handler = guarded('Failed to register session', async (req, res) => {
        const conversationId = req.params.id;
        log.info('Session registration requested', { conversationId, ...callerOf(req) });
        if (!req.body.sessionUrl) return refuse(res, 400, 'Missing required field: sessionUrl');

        const session = newSession(conversationId, req.body);
        await sessions.save(session);
        const { sessionId } = session;
        log.info('Session registered successfully', { conversationId, sessionId });
        res.json({ success: true, message: 'Session registered', sessionId });
    });
    router.post('/agent-conversations/api/:id/session', requireEnabled(config), handler);
    return router;
}
