// GET /signed-url?agentId=: asks the ElevenLabs API for the address a caller's browser connects to.
import { Router } from 'express';
import { log } from '../log.js';
import { fetchSignedUrl } from '../upstream/elevenlabs.js';
import { callerOf, guarded, refuse, requireEnabled } from './common.js';

export function signedUrlRoute(config) {
    const router = Router();
    const handler = guarded('Failed to get signed URL from ElevenLabs', async (req, res) => {
        const { agentId } = req.query;
        log.info('Signed URL requested', { agentId, ...callerOf(req) });
        if (!config.apiKey) return refuse(res, 500, 'ELEVENLABS_API_KEY not configured');
        res.json(await fetchSignedUrl(config, agentId));
    });
    router.get('/signed-url', requireEnabled(config), handler);
    return router;
}
