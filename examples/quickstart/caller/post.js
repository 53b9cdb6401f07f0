// One POST and what came of it.
'use strict';

const http = require('node:http');

const RESET = new Set(['ECONNRESET', 'EPIPE']);

function outcomeOf({ status, error }) {
    if (status !== undefined) return status >= 200 && status < 300 ? 'ok' : 'other';
    if (error.code === 'ECONNREFUSED') return 'refused';
    if (RESET.has(error.code)) return 'reset';
    return error.code === 'ETIMEDOUT' ? 'timeout' : 'other';
}

// Sends one POST on a connection of its own. Resolves with {status, body} or {error}.
function post(url, body, { headers = {}, timeout }) {
    return new Promise((resolve) => {
        const text = JSON.stringify(body);
        const length = { 'content-length': Buffer.byteLength(text) };
        const all = { 'content-type': 'application/json', ...length, ...headers };
        let request;
        try {
            request = http.request(url, { method: 'POST', agent: false, headers: all });
        } catch (error) {
            resolve({ error });
            return;
        }
        const timer = setTimeout(() => {
            const error = new Error(`no answer within ${timeout} ms`);
            request.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
        }, timeout);
        const finish = (result) => {
            clearTimeout(timer);
            resolve(result);
        };
        request.on('error', (error) => finish({ error }));
        request.on('response', (response) => {
            let answer = '';
            response.on('error', (error) => finish({ error }));
            response.on('data', (chunk) => (answer += chunk));
            response.on('end', () => finish({ status: response.statusCode, body: answer }));
        });
        request.end(text);
    });
}

module.exports = { outcomeOf, post };
