// A program the quickstart starts: its lines, its end, and its stopping.
import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { createInterface } from 'node:readline';

const STOP_MS = 10000;

// Emits 'line' (text) for every line of its stdout and stderr.
export class Program extends EventEmitter {
    // Each runs in a session of its own, so that Ctrl-C in the terminal reaches only us; should we
    // be killed, the kernel asks it to stop.
    constructor(name, argv, env) {
        super();
        this.name = name;
        this.child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', ...argv], {
            detached: true,
            env: { ...process.env, ...env },
            stdio: ['ignore', 'pipe', 'pipe'],
        });
        this.pid = this.child.pid;
        this.running = true;
        for (const stream of [this.child.stdout, this.child.stderr])
            createInterface({ input: stream }).on('line', (line) => this.emit('line', line));
        // Resolves with {code, signal} when it has ended and everything it said was read.
        this.ended = new Promise((resolve, reject) => {
            this.child.once('error', reject);
            this.child.once('exit', () => (this.running = false));
            this.child.once('close', (code, signal) => resolve({ code, signal }));
        });
        this.ended.catch(() => (this.running = false));
    }

    signal(name) {
        if (this.running) this.child.kill(name);
    }

    // SIGTERM, again after each `againMs` (voxkeeperd then waits for nobody), and SIGKILL at the
    // deadline. Returns whether it ended without that.
    async stop({ againMs = STOP_MS, deadlineMs = STOP_MS } = {}) {
        this.signal('SIGTERM');
        const again = setInterval(() => this.signal('SIGTERM'), againMs);
        const timer = setTimeout(() => this.signal('SIGKILL'), deadlineMs);
        const { signal } = await this.ended;
        clearInterval(again);
        clearTimeout(timer);
        return signal !== 'SIGKILL';
    }
}

// Runs a program to its end: {code, stdout, stderr}.
export function run(argv, { env, deadlineMs = 60000 } = {}) {
    return new Promise((resolve, reject) => {
        const child = spawn(argv[0], argv.slice(1), {
            env: { ...process.env, ...env },
            stdio: ['ignore', 'pipe', 'pipe'],
            timeout: deadlineMs,
        });
        const said = { stdout: '', stderr: '' };
        for (const name of ['stdout', 'stderr'])
            child[name].on('data', (chunk) => (said[name] += chunk));
        child.once('error', reject);
        child.once('close', (code, signal) => resolve({ code, signal, ...said }));
    });
}
