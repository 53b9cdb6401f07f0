// The ElevenLabs API: signed addresses for browsers.

const TIMEOUT_MS = 30000;

function explain(text) {
    try {
        const body = JSON.parse(text);
        return body.detail || body.message || text;
    } catch {
        return text;
    }
}

async function apiError(response) {
    const text = (await response.text()) || response.statusText;
    const error = new Error(`ElevenLabs API error: ${explain(text)} (${response.status})`);
    error.status = response.status;
    return error;
}

// Returns {signedUrl, expiresAt}. Throws an error with the API's `status` when the API refuses.
export async function fetchSignedUrl(config, agentId) {
    const query = agentId ? `?agent_id=${encodeURIComponent(agentId)}` : '';
    const url = `${config.apiUrl}/convai/conversation/get-signed-url${query}`;
    const response = await fetch(url, {
        headers: { 'xi-api-key': config.apiKey },
        signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw await apiError(response);
    const body = await response.json();
    const signedUrl = body.signed_url || body.signedUrl;
    if (!signedUrl) throw new Error('Invalid response from ElevenLabs API: missing signed_url');
    return { signedUrl, expiresAt: body.expires_at || body.expiresAt };
}
