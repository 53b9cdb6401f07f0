// elevenlabs:session:{sessionId}: one live caller, forgotten an hour after its last use.
import { log } from '../log.js';

const PREFIX = 'elevenlabs:session:';
const TTL_S = 3600;

// Never throws. Without Redis nothing is stored, nothing is found, and only the log says so.
export class SessionStore {
    #redis;
    #available = false;

    constructor(redis) {
        this.#redis = redis;
        redis.on('connect', () => (this.#available = true));
        redis.on('error', () => (this.#available = false));
    }

    async save(session) {
        if (!this.#available) {
            log.warn('Redis not available, skipping session storage');
            return;
        }
        const value = JSON.stringify({ ...session, lastAccessedAt: new Date().toISOString() });
        try {
            await this.#redis.setex(PREFIX + session.sessionId, TTL_S, value);
            log.debug('Session created/updated', { sessionId: session.sessionId });
        } catch (error) {
            this.#available = false;
            log.error('Failed to create/update session', {
                sessionId: session.sessionId,
                error: error.message,
            });
        }
    }

    async load(sessionId) {
        if (!this.#available) return null;
        try {
            return JSON.parse(await this.#redis.get(PREFIX + sessionId));
        } catch (error) {
            log.error('Failed to get session', { sessionId, error: error.message });
            return null;
        }
    }

    async findByConversation(conversationId) {
        if (!this.#available) return null;
        try {
            for await (const keys of this.#redis.scanStream({ match: `${PREFIX}*`, count: 100 })) {
                for (const key of keys) {
                    const session = JSON.parse(await this.#redis.get(key));
                    if (session?.conversationId === conversationId) return session;
                }
            }
        } catch (error) {
            log.error('Failed to find session by conversation ID', {
                conversationId,
                error: error.message,
            });
        }
        return null;
    }
}
