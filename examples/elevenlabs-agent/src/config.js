// The service's own settings, with the defaults of the real one.

const ENABLED = new Set(['true', 'True', 'TRUE']);

export function readConfig(env) {
    return Object.freeze({
        port: Number.parseInt(env.PORT || '3004', 10),
        listenHost: env.AGENT_LISTEN_HOST || undefined,
        environment: env.NODE_ENV || 'development',
        redisUrl: env.REDIS_URL || 'redis://redis:6379/0',
        redisUrlConfigured: Boolean(env.REDIS_URL),
        enabled: ENABLED.has(env.ELEVENLABS_AGENT_ENABLED),
        apiKey: env.ELEVENLABS_API_KEY || '',
        apiUrl: env.ELEVENLABS_API_URL || 'https://api.elevenlabs.io/v1',
        agentId: env.ELEVENLABS_AGENT_ID || null,
        agentUrl: env.ELEVENLABS_AGENT_URL || 'http://elevenlabs-agent:3004',
        webhookSecret: env.WEBHOOK_SECRET || '',
        runnerUrl: env.CURSOR_RUNNER_URL || 'http://cursor-runner:3001',
    });
}
