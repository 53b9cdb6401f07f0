// Keys for the sweep: two that a crash left behind, and some that it must not touch.
const HOURS = 3600e3;
const AGED_MS = 48 * HOURS;

function session(id, at) {
    return { sessionId: id, agentId: 'tour', createdAt: at, lastAccessedAt: at, metadata: {} };
}

function task(id, at) {
    return { taskId: id, conversationId: 'tour', pending: true, createdAt: at };
}

export class Keys {
    // In sorted order, as missing() gives them.
    stuck = ['cursor_task:tour-stuck', 'elevenlabs:session:tour-stuck'];
    #redis;
    #all;

    constructor(redis) {
        this.#redis = redis;
    }

    #set(key, value, ...options) {
        return this.#redis.ask('SET', key, JSON.stringify(value), ...options);
    }

    async plant() {
        const old = new Date(Date.now() - AGED_MS).toISOString();
        const now = new Date().toISOString();
        const [stuckTask, stuckSession] = this.stuck;
        await this.#set(stuckTask, task('tour-stuck', old));
        await this.#set(stuckSession, session('tour-stuck', old));
        await this.#set('elevenlabs:session:tour-fresh', session('tour-fresh', now), 'EX', 3600);
        await this.#set('elevenlabs:conversation:tour', { conversationId: 'tour', createdAt: old });
        await this.#set('cursor:queue:tour', { of: 'another service', createdAt: old });
        this.#all = await this.#keys();
    }

    get total() {
        return this.#all.length;
    }

    async #keys() {
        return (await this.#redis.ask('KEYS', '*')).split('\n').sort();
    }

    // Keys that were there after the planting and are not now.
    async missing() {
        const now = new Set(await this.#keys());
        return this.#all.filter((key) => !now.has(key));
    }
}
