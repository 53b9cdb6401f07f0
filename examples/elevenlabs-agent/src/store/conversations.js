// elevenlabs:conversation:{id}: what was said. Kept for ever: these keys have no lifetime.
import { randomUUID } from 'node:crypto';

const PREFIX = 'elevenlabs:conversation:';

// Throws what Redis throws.
export class ConversationStore {
    #redis;

    constructor(redis) {
        this.#redis = redis;
    }

    // Returns the new conversation's id.
    async create(agentId) {
        const conversationId = randomUUID();
        const createdAt = new Date().toISOString();
        await this.#write({
            conversationId,
            messages: [],
            createdAt,
            lastAccessedAt: createdAt,
            agentId,
        });
        return conversationId;
    }

    async append(conversationId, message) {
        const conversation = JSON.parse(await this.#redis.get(PREFIX + conversationId));
        if (!conversation) throw new Error(`Agent conversation ${conversationId} not found`);
        const timestamp = new Date().toISOString();
        conversation.messages.push({ ...message, timestamp });
        await this.#write({ ...conversation, lastAccessedAt: timestamp });
    }

    async #write(conversation) {
        await this.#redis.set(PREFIX + conversation.conversationId, JSON.stringify(conversation));
    }
}
