// GET /config: the settings without their secrets. GET /config/health: the dependencies.
import { Router } from 'express';
import { log } from '../log.js';
import { askFreshRedis } from '../redis.js';
import { askRunnerHealth } from '../upstream/runner.js';
import { callerOf, guarded, now, requireEnabled } from './common.js';

function publicConfig(config) {
    return {
        agentId: config.agentId,
        agentUrl: config.agentUrl,
        cursorRunnerUrl: config.runnerUrl,
        webhookSecretConfigured: config.webhookSecret !== '',
        redisUrl: config.redisUrlConfigured ? 'configured' : 'not configured',
        hasApiKey: config.apiKey !== '',
    };
}

function sendConfig(config) {
    return (req, res) => {
        log.info('Configuration requested', callerOf(req));
        res.json({ success: true, config: publicConfig(config), timestamp: now() });
    };
}

function sendDependencies(config) {
    return guarded('Failed to get health status', async (_req, res) => {
        const timestamp = now();
        const redis = await askFreshRedis(config.redisUrl);
        const cursorRunner = await askRunnerHealth(config.runnerUrl);
        const down = redis === 'disconnected' || cursorRunner === 'disconnected';
        res.json({
            service: 'elevenlabs-agent',
            status: down ? 'degraded' : 'ok',
            dependencies: { redis, cursorRunner },
            timestamp,
        });
    });
}

export function configRoutes(config) {
    const router = Router();
    router.get('/config', requireEnabled(config), sendConfig(config));
    router.get('/config/health', sendDependencies(config));
    return router;
}
