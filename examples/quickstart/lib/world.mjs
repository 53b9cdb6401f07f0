// Everything the quickstart starts, in one temporary directory: Redis, voxkeeperd, callers.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { configText } from './config.mjs';
import { Events, lineText } from './events.mjs';
import { Program, run } from './program.mjs';
import { Redis } from './redis.mjs';
import { freePort } from './waiting.mjs';

const TOP = fileURLToPath(new URL('../../..', import.meta.url));
const AGENT = join(TOP, 'examples/elevenlabs-agent/src/index.js');
const CALLER = join(TOP, 'examples/quickstart/caller.js');
const BUILD = process.env.VOXKEEPER_BUILD || join(TOP, 'build');
// In the environment of every program we start and so of voxkeeperd's workers. Redis alone writes
// its title over it.
const MARK = 'VOXKEEPER_QUICKSTART';
const HURRY_MS = 2000;

// Living processes of ours, whoever their parent is.
function marked(directory) {
    const mark = `\0${MARK}=${directory}\0`;
    return readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
        .filter((pid) => {
            try {
                return `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`.includes(mark);
            } catch {
                return false; // gone meanwhile, or somebody else's
            }
        })
        .map(Number);
}

export class World {
    #programs = [];
    #closing = false;

    constructor() {
        if (pathToFileURL(AGENT).href !== `file://${AGENT}`)
            throw new Error(
                `start the agent: like the real one it does not run from a path with blanks or ` +
                    `other characters that a URL escapes: "${AGENT}"`,
            );
        this.directory = mkdtempSync(join(tmpdir(), 'voxkeeper-quickstart.'));
        this.socket = join(this.directory, 'control.sock');
        this.log = join(this.directory, 'voxkeeperd.log');
        this.redis = new Redis(join(this.directory, 'redis'), (...args) => this.#start(...args));
    }

    get url() {
        return `http://127.0.0.1:${this.ports.agent}`;
    }

    get adminUrl() {
        return `http://127.0.0.1:${this.ports.admin}`;
    }

    #start(name, argv, env = {}) {
        if (this.#closing) throw new Error(`start ${name}: we are about to end`);
        const program = new Program(name, argv, { [MARK]: this.directory, ...env });
        this.#programs.push(program);
        return program;
    }

    // Redis and voxkeeperd; `onEvent` hears every event. Nothing is verified yet on return.
    async start(onEvent) {
        const names = ['agent', 'runner', 'admin'];
        const found = await Promise.all(names.map(freePort));
        this.ports = Object.fromEntries(names.map((name, i) => [name, found[i]]));
        await this.redis.start();
        const config = join(this.directory, 'voxkeeper.conf');
        const facts = { directory: this.directory, agent: AGENT, node: process.execPath };
        const text = configText({ ...facts, ports: this.ports, redisUrl: this.redis.url });
        writeFileSync(config, text);
        const words = [`${BUILD}/src/daemon/voxkeeperd`, '--config', config];
        // The library that workers get lies in the build tree, not where it is installed to.
        const env = { VOXKEEPER_PRELOAD_DIR: `${BUILD}/src/preload` };
        this.daemon = this.#start('voxkeeperd', words, env);
        this.events = new Events(this.daemon, this.log, onEvent);
    }

    // The operator's command: {code, stdout, stderr}.
    voxkeeper(...words) {
        return run([`${BUILD}/src/cli/voxkeeper`, '--socket', this.socket, ...words]);
    }

    // The same for people to type.
    get command() {
        return `${BUILD}/src/cli/voxkeeper --socket ${this.socket}`;
    }

    // Callers; see caller.js --help. `onLine` hears what they say, one object at a time.
    call(options, onLine = () => {}) {
        const words = Object.entries({ url: this.url, duration: 1e6, ...options });
        const args = words.flatMap(([name, value]) => [`--${name}`, String(value)]);
        const program = this.#start('caller', [process.execPath, CALLER, '--json', ...args]);
        program.on('line', (line) => {
            try {
                onLine(JSON.parse(line));
            } catch {
                process.stderr.write(`caller: ${line}\n`);
            }
        });
        return program;
    }

    // One GET on a connection of its own, which is closed again: {status, json}.
    get(url) {
        return new Promise((resolve, reject) => {
            const request = http.get(url, { agent: false, timeout: 5000 }, (response) => {
                let text = '';
                response.on('data', (chunk) => (text += chunk));
                response.on('error', reject);
                response.on('end', () => resolve({ status: response.statusCode, text }));
            });
            request.on('timeout', () => request.destroy(new Error(`get ${url}: no answer`)));
            request.on('error', reject);
        });
    }

    // The last lines of voxkeeperd and its workers, for when something went wrong.
    lastLines(n) {
        try {
            return readFileSync(this.log, 'utf8').trimEnd().split('\n').slice(-n).map(lineText);
        } catch {
            return []; // it never said anything
        }
    }

    // Ends whatever still runs and removes the directory. Returns what did not end when it should.
    async close() {
        this.#closing = true;
        const stubborn = [];
        // Redis is the last to go: the drain counts callers in it.
        const rest = this.#programs.filter((p) => p !== this.daemon && p !== this.redis.program);
        for (const program of [...rest, this.daemon, this.redis.program])
            if (program?.running && !(await program.stop({ againMs: HURRY_MS })))
                stubborn.push(program.name);
        for (const pid of marked(this.directory)) {
            stubborn.push(`process ${pid}`);
            try {
                process.kill(pid, 'SIGKILL');
            } catch {
                // It was on its way out.
            }
        }
        rmSync(this.directory, { recursive: true, force: true });
        return stubborn;
    }
}
