// Redis connections: the service's own, which gives up for good, and a fresh one for one question.
import { Redis } from 'ioredis';
import { log } from './log.js';

const MAX_RETRIES = 3;
const RETRY_STEP_MS = 50;

// After the third failed retry the client ends and never comes back. The process lives on without
// Redis: this is the fault of the real service that a supervisor has to notice.
function retryDelay(attempt) {
    return attempt > MAX_RETRIES ? null : attempt * RETRY_STEP_MS;
}

export function connectRedis(url) {
    const redis = new Redis(url, {
        retryStrategy: retryDelay,
        lazyConnect: true,
        enableOfflineQueue: false,
    });
    redis.on('error', (error) => log.error('Redis connection error', { error: error.message }));
    redis.on('connect', () => log.info('Redis connected'));
    redis.connect().catch((error) => log.warn('Redis connection failed', { error: error.message }));
    return redis;
}

// What /health says of the service's own connection. A connection that is open but not yet ready
// refuses commands, hence the short "error" right after the start.
export async function redisStatus(redis) {
    if (redis.status !== 'ready' && redis.status !== 'connect') return 'disconnected';
    try {
        return (await redis.ping()) === 'PONG' ? 'connected' : 'disconnected';
    } catch (error) {
        log.warn('Redis health check failed', { error: error.message });
        return 'error';
    }
}

// Opens a connection of its own, so it says nothing about the service's. As in the real service a
// client whose first attempt failed is left to retry for ever: every question asked while Redis is
// down costs one connection once Redis is back.
export async function askFreshRedis(url) {
    const redis = new Redis(url, { lazyConnect: true, enableOfflineQueue: false });
    try {
        await redis.connect();
        await redis.ping();
        await redis.quit();
        return 'connected';
    } catch (error) {
        log.warn('Redis health check failed', { error: error.message });
        return 'disconnected';
    }
}
