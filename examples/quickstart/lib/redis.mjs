// A private redis-server on a loopback port of its own, and questions to it by redis-cli.
import { mkdirSync } from 'node:fs';
import { Program, run } from './program.mjs';
import { freePort } from './waiting.mjs';

const TRIES = 5;
const START_MS = 10000;

export class Redis {
    #start;

    // start(name, argv) starts a program.
    constructor(directory, start) {
        this.directory = directory;
        this.#start = start;
        mkdirSync(directory);
    }

    get url() {
        return `redis://127.0.0.1:${this.port}/0`;
    }

    async start() {
        // Somebody else may take the port between our look and Redis' bind.
        for (let tries = 1; this.port === undefined; tries++) {
            const port = await freePort();
            if (await this.#startOn(port)) this.port = port;
            else if (tries === TRIES) throw new Error(`start redis-server: ${this.said}`);
        }
        if (!this.program.running && !(await this.#startOn(this.port)))
            throw new Error(`start redis-server: ${this.said}`);
    }

    // Resolves with whether it accepts connections; false: it ended.
    async #startOn(port) {
        const settings = { port, bind: '127.0.0.1', dir: this.directory, save: '' };
        const args = Object.entries({ ...settings, appendonly: 'yes' });
        const words = args.flatMap(([name, value]) => [`--${name}`, String(value)]);
        this.program = this.#start('redis-server', ['redis-server', ...words]);
        this.said = '';
        let timer;
        const ready = new Promise((resolve, reject) => {
            this.program.on('line', (line) => {
                this.said = line;
                if (line.includes('Ready to accept connections')) resolve(true);
            });
            timer = setTimeout(() => reject(new Error('start redis-server: too slow')), START_MS);
        });
        const ended = this.program.ended.then(() => false);
        return Promise.race([ready, ended]).finally(() => clearTimeout(timer));
    }

    async stop() {
        await this.program.stop();
    }

    // Runs one command and returns its answer, as redis-cli prints it.
    async ask(...words) {
        const argv = ['redis-cli', '-p', String(this.port), '-e', ...words.map(String)];
        const { code, stdout, stderr } = await run(argv);
        if (code !== 0) throw new Error(`redis-cli ${words[0]}: ${stderr.trim() || stdout.trim()}`);
        return stdout.trim();
    }
}
