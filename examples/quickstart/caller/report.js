// Counts results and prints them, as text or as JSON lines.
'use strict';

const { outcomeOf } = require('./post.js');

class Report {
    #json;
    #totals = { sent: 0, ok: 0, refused: 0, reset: 0, timeout: 0, other: 0 };
    held = { opened: 0, cut: 0, failed: 0 };
    runner = { tasks: 0, callbacks: 0 };

    constructor(json) {
        this.#json = json;
    }

    say(type, fields, text) {
        process.stdout.write(`${this.#json ? JSON.stringify({ type, ...fields }) : text}\n`);
    }

    result(what, n, started, answer) {
        const outcome = outcomeOf(answer);
        this.#totals.sent++;
        this.#totals[outcome]++;
        const ms = Math.round(performance.now() - started);
        const { status, error } = answer;
        const fields = {
            what,
            n,
            outcome,
            status,
            ms,
            error: error && (error.code ?? error.message),
        };
        const detail = status ?? `${fields.error} (${error.message})`;
        this.say('result', fields, `${what} ${n}: ${outcome}, ${detail}, ${ms} ms`);
    }

    opened(n) {
        this.held.opened++;
        this.say('held', { n }, `held connection ${n}: open`);
    }

    notHeld(n, cause) {
        this.held.failed++;
        this.say('not-held', { n, error: cause }, `held connection ${n}: not opened: ${cause}`);
    }

    cut(n, seconds, cause) {
        this.held.cut++;
        const text = `held connection ${n}: cut after ${seconds.toFixed(1)} s: ${cause}`;
        this.say('cut', { n, seconds, error: cause }, text);
    }

    summary() {
        const t = this.#totals;
        const counts = Object.entries(t).map(([name, value]) => `${name} ${value}`);
        const { held, runner } = this;
        const text =
            `summary: ${counts.join(', ')}; ` +
            `held ${held.opened}, cut ${held.cut}, not opened ${held.failed}; ` +
            `tasks ${runner.tasks}, callbacks ${runner.callbacks}`;
        this.say('summary', { ...t, held, runner }, text);
    }
}

module.exports = { Report };
