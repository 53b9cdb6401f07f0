// The express application: middleware and routes, no sockets of its own.
import express from 'express';
import { log } from './log.js';
import { agentToolsRoute } from './routes/agent-tools.js';
import { callbackRoute } from './routes/callback.js';
import { configRoutes } from './routes/config.js';
import { faultRoutes } from './routes/faults.js';
import { healthRoute } from './routes/health.js';
import { sessionRoute } from './routes/session.js';
import { signedUrlRoute } from './routes/signed-url.js';
import { callerOf } from './routes/common.js';
import { ConversationStore } from './store/conversations.js';
import { SessionStore } from './store/sessions.js';
import { TaskStore } from './store/tasks.js';

function logRequest(req, _res, next) {
    log.info('HTTP Request', { method: req.method, path: req.path, ...callerOf(req) });
    next();
}

export function buildApp(config, redis, faults) {
    const stores = {
        sessions: new SessionStore(redis),
        tasks: new TaskStore(redis),
        conversations: new ConversationStore(redis),
    };
    const app = express();
    app.use((req, _res, next) => faults.onRequest(req.path) || next());
    app.use(express.json());
    app.use(logRequest);
    app.use(healthRoute(redis, faults));
    app.use(configRoutes(config));
    app.use(signedUrlRoute(config));
    app.use(agentToolsRoute(config, stores));
    app.use(callbackRoute(config, stores));
    app.use(sessionRoute(config, stores));
    if (faults.routesEnabled) app.use(faultRoutes(faults));
    return app;
}
