// cursor_task:{taskId}: one request to the cursor runner, pending until its callback comes.
import { log } from '../log.js';

const PREFIX = 'cursor_task:';
const TTL_S = 86400;

// Throws what Redis throws.
export class TaskStore {
    #redis;

    constructor(redis) {
        this.#redis = redis;
    }

    async create(task) {
        const value = { ...task, pending: true, createdAt: new Date().toISOString() };
        await this.#redis.setex(PREFIX + task.taskId, TTL_S, JSON.stringify(value));
        log.info('Callback task created', { taskId: task.taskId });
    }

    // Keeps the remaining lifetime; a key that has none gets a full day again. `outcome` is
    // {result} or {error}. A task that is not there is not made up.
    async complete(taskId, outcome) {
        const key = PREFIX + taskId;
        const task = JSON.parse(await this.#redis.get(key));
        if (!task) {
            log.warn('Attempted to update non-existent callback task', { taskId });
            return;
        }
        const value = {
            ...task,
            ...outcome,
            pending: false,
            completedAt: new Date().toISOString(),
        };
        const remaining = await this.#redis.ttl(key);
        await this.#redis.setex(key, remaining > 0 ? remaining : TTL_S, JSON.stringify(value));
        log.info('Callback task updated', { taskId });
    }
}
