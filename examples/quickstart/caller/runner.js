// Plays the cursor runner: takes a task, answers with its id, calls back a little later.
'use strict';

const http = require('node:http');
const { outcomeOf, post } = require('./post.js');

const UNREACHED = new Set(['refused', 'reset', 'timeout']);
const RETRY_MS = 250;

class Runner {
    #options;
    #report;
    #server;
    #pending = 0;

    constructor(options, report) {
        this.#options = options;
        this.#report = report;
    }

    async listen() {
        this.#server = http.createServer((request, response) => this.#onRequest(request, response));
        await new Promise((resolve, reject) => {
            this.#server.once('error', reject);
            this.#server.listen(this.#options['runner-port'], '127.0.0.1', resolve);
        });
        const { port } = this.#server.address();
        this.#report.say('runner', { port }, `cursor runner: http://127.0.0.1:${port}`);
    }

    get idle() {
        return this.#pending === 0;
    }

    #onRequest(request, response) {
        let text = '';
        request.on('data', (chunk) => (text += chunk));
        request.on('end', () => {
            const [status, body] = this.#answer(request, text);
            response.writeHead(status, { 'content-type': 'application/json' });
            response.end(JSON.stringify(body));
        });
    }

    #answer({ method, url }, text) {
        if (url === '/health') return [200, { status: 'ok' }];
        if (method !== 'POST' || url !== '/cursor/execute/async')
            return [404, { error: 'not found' }];
        let task;
        try {
            task = JSON.parse(text);
        } catch (error) {
            return [400, { error: `reading task: ${error.message}` }];
        }
        const n = ++this.#report.runner.tasks;
        const requestId = `${this.#options.prefix}-task-${process.pid}-${n}`;
        if (n > this.#options.unanswered) this.#callBackLater(n, requestId, task);
        return [200, { success: true, requestId, timestamp: new Date().toISOString() }];
    }

    #callBackLater(n, requestId, { callbackUrl, conversationId }) {
        this.#pending++;
        const body = {
            success: true,
            requestId,
            conversationId,
            output: `done: task ${n}`,
            timestamp: new Date().toISOString(),
        };
        setTimeout(() => this.#callBack(n, callbackUrl, body, 1), this.#options['callback-delay']);
    }

    // An agent that is being restarted gets the callback a little later, or its task would stay
    // pending for ever.
    async #callBack(n, url, body, attempt) {
        const started = performance.now();
        const answer = await post(url, body, this.#options);
        const missed = UNREACHED.has(outcomeOf(answer));
        if (missed && attempt <= this.#options.retries) {
            setTimeout(() => this.#callBack(n, url, body, attempt + 1), RETRY_MS);
            return;
        }
        this.#report.runner.callbacks++;
        this.#report.result('callback', n, started, answer);
        this.#pending--;
    }
}

module.exports = { Runner };
