// What voxkeeperd says: one JSON object a line on its stderr, of which some are events.
import { appendFileSync } from 'node:fs';

const COLORS = { err: '31', warning: '33', notice: '1', info: '0' };
const NAME_WIDTH = 20;

// A line for people; `color` for terminals.
export function eventLine({ ts, level, event, message }, color) {
    const time = new Date(ts).toTimeString().slice(0, 8);
    const name = event.padEnd(NAME_WIDTH);
    const painted = color ? `\x1b[${COLORS[level] ?? '0'}m${name}\x1b[0m` : name;
    return `${time}  ${painted} ${message}`;
}

function parse(line) {
    try {
        const parsed = JSON.parse(line);
        if (typeof parsed?.message === 'string') return parsed;
    } catch {
        // Not ours: what the program said before it had a log.
    }
    return { message: line };
}

// Any line of the log for people: an event, other words of voxkeeperd, or a worker's output.
export function lineText(line) {
    const parsed = parse(line);
    if (parsed.ts === undefined) return parsed.message;
    if (parsed.event !== undefined) return eventLine(parsed);
    return eventLine({ ...parsed, event: parsed.stream ? `worker ${parsed.worker}` : 'log' });
}

// All events so far, and waiting for the next. Every line goes into the file `path` as well.
export class Events {
    #waiting = new Set();
    #all = [];

    constructor(program, path, onEvent = () => {}) {
        program.on('line', (line) => {
            appendFileSync(path, `${line}\n`);
            const parsed = parse(line);
            if (parsed.event === undefined) return;
            this.#all.push(parsed);
            onEvent(parsed);
            for (const waiting of this.#waiting) waiting.look();
        });
        program.ended.finally(() => {
            for (const waiting of this.#waiting) waiting.end();
        });
    }

    // The present point, for `since`.
    mark() {
        return this.#all.length;
    }

    // Events of that name since then; `where`: fields with their values, compared as text.
    find(name, since = 0, where = {}) {
        return this.#all
            .slice(since)
            .filter((e) => e.event === name)
            .filter((e) => Object.entries(where).every(([k, v]) => String(e[k]) === String(v)));
    }

    // Resolves with the first such event, also one of the past; throws at the deadline.
    wait(name, { since = 0, where = {}, deadlineMs = 10000 } = {}) {
        return new Promise((resolve, reject) => {
            const waiting = {
                look: () => {
                    const [found] = this.find(name, since, where);
                    if (found) settle(() => resolve(found));
                },
                end: () => fail('voxkeeperd ended before it'),
            };
            const settle = (how) => {
                clearTimeout(timer);
                this.#waiting.delete(waiting);
                how();
            };
            const fail = (why) => settle(() => reject(new Error(`event "${name}": ${why}`)));
            const timer = setTimeout(() => fail(`not within ${deadlineMs / 1000} s`), deadlineMs);
            this.#waiting.add(waiting);
            waiting.look();
        });
    }
}

// Seconds from one event to another, by voxkeeper's own clock.
export function between(from, to) {
    return `${((new Date(to.ts) - new Date(from.ts)) / 1000).toFixed(2)} s`;
}
