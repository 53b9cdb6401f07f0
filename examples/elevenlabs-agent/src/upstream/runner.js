// The cursor runner: takes a task, answers with its id, calls back when it is done.
import { log } from '../log.js';

// Returns the id under which the callback will come.
export async function startTask(config, { prompt, conversationId }) {
    const callbackUrl = `${config.agentUrl}/callback`;
    log.info('Sending request to cursor-runner', { conversationId, callbackUrl });
    const response = await fetch(`${config.runnerUrl}/cursor/execute/async`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ prompt, conversationId, queueType: 'api', callbackUrl }),
    });
    if (!response.ok) {
        const text = await response.text();
        throw new Error(`Cursor-runner request failed: ${response.status} - ${text}`);
    }
    const answer = await response.json();
    return answer.requestId || `req-${Date.now()}`;
}

export async function askRunnerHealth(runnerUrl) {
    try {
        const response = await fetch(`${runnerUrl}/health`);
        return response.ok ? 'connected' : 'unhealthy';
    } catch (error) {
        log.warn('Cursor-runner health check failed', { error: error.message });
        return 'disconnected';
    }
}
