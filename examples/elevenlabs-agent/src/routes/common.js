// What several routes share: who called, the feature flag, and the answer to an unexpected error.
import { log } from '../log.js';

export function callerOf(req) {
    return { ip: req.ip, userAgent: req.get('user-agent') };
}

export function now() {
    return new Date().toISOString();
}

export function refuse(res, status, error) {
    res.status(status).json({ success: false, error });
}

export function requireEnabled(config) {
    return (_req, res, next) => {
        if (config.enabled) return next();
        res.status(503).json({
            error: 'Service Unavailable',
            message: 'ElevenLabs agent feature is currently disabled',
            enabled: false,
        });
    };
}

// Turns whatever a handler throws into the service's 500; `status` of the error is passed on when
// it is an HTTP error status.
export function guarded(failure, handler) {
    return async (req, res) => {
        try {
            await handler(req, res);
        } catch (error) {
            log.error(failure, { error: error.message, stack: error.stack });
            const status = error.status >= 400 && error.status < 600 ? error.status : 500;
            res.status(status).json({ success: false, error: error.message, timestamp: now() });
        }
    };
}
