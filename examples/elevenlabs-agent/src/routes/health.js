// GET /health: 200 whatever the state of Redis. The truth is in the field `redis` only.
import { Router } from 'express';
import { log } from '../log.js';
import { redisStatus } from '../redis.js';
import { callerOf } from './common.js';

export function healthRoute(redis, faults) {
    const router = Router();
    router.get('/health', async (req, res) => {
        log.info('Health check requested', callerOf(req));
        if (faults.answerHealth(res)) return;
        res.json({ status: 'ok', service: 'elevenlabs-agent', redis: await redisStatus(redis) });
    });
    return router;
}
