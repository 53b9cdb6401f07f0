// When to misbehave: the knobs, armed at the points of the service's life, and the faults that are
// triggered while it runs.
import { setTimeout as delay } from 'node:timers/promises';
import { log } from '../log.js';
import * as effects from './effects.js';

const DEFAULT_EXIT_CODE = 1;

export class Faults {
    #knobs;
    #redis;
    #server;
    #healthMode;
    #ignoreSigterm;
    #leaking = false;
    #stopFlood = () => {};
    #requests = 0;
    #probes = 0;

    constructor(knobs) {
        this.#knobs = knobs;
        this.#ignoreSigterm = Boolean(knobs.ignoreSigterm);
        const late = knobs.healthAfterProbes !== undefined || knobs.healthAfterMs !== undefined;
        this.#healthMode = late ? 'ok' : (knobs.health ?? 'ok');
    }

    get routesEnabled() {
        return Boolean(this.#knobs.routes);
    }

    atProcessStart() {
        const { crash, crashSignal, exitCode, exitAfterMs, grandchild } = this.#knobs;
        if (grandchild) effects.grandchild(grandchild);
        if (exitCode !== undefined && exitAfterMs === undefined) effects.exit(exitCode);
        if (crash) effects.crash(crashSignal);
    }

    attachRedis(redis) {
        this.#redis = redis;
    }

    async beforeListen() {
        const { startDelayMs } = this.#knobs;
        if (startDelayMs) await delay(startDelayMs);
    }

    attachServer(server) {
        this.#server = server;
        if (this.#knobs.leakConnections) this.leak();
    }

    // The clock of every FAULT_*_AFTER_MS starts here.
    afterListen() {
        const k = this.#knobs;
        this.#after(k.crashAfterMs, () => effects.crash(k.crashSignal));
        this.#after(k.exitAfterMs, () => effects.exit(k.exitCode ?? DEFAULT_EXIT_CODE));
        this.#after(k.hangAfterMs, () => effects.hang(k.hangMs));
        this.#after(k.zombieAfterMs, () => this.zombie());
        this.#after(k.healthAfterMs, () => this.setHealth(k.health ?? 'wrong'));
        if (k.logLongLine) effects.longLine(k.logLongLine);
        if (k.logBinary) effects.binary(k.logBinary);
        if (k.logRate) this.flood(k.logRate);
    }

    #after(ms, action) {
        if (ms !== undefined) setTimeout(action, ms).unref();
    }

    // Returns true when this request is never to be answered. Health probes and fault triggers
    // do not count.
    onRequest(path) {
        if (path === '/health' || path.startsWith('/__fault/')) return false;
        const { crashAfterRequests, crashSignal, hangAfterRequests, hangMs } = this.#knobs;
        const before = this.#requests++;
        if (before === hangAfterRequests) effects.hang(hangMs);
        if (before !== crashAfterRequests) return false;
        effects.crash(crashSignal);
        return true;
    }

    // Returns true when the probe was dealt with, by a wrong answer or by none.
    answerHealth(res) {
        const { health, healthAfterProbes } = this.#knobs;
        if (this.#probes++ === healthAfterProbes) this.setHealth(health ?? 'wrong');
        if (this.#healthMode === 'ok') return false;
        effects.answerHealth(this.#healthMode, res);
        return true;
    }

    setHealth(mode) {
        log.warn('Fault: health changes', { mode });
        this.#healthMode = mode;
    }

    // Returns true when SIGTERM is to be ignored.
    swallowsSigterm() {
        if (this.#ignoreSigterm) log.warn('Fault: ignoring SIGTERM');
        return this.#ignoreSigterm;
    }

    ignoreSigterm() {
        this.#ignoreSigterm = true;
    }

    zombie() {
        effects.zombie(this.#redis);
    }

    leak() {
        if (this.#leaking) return;
        this.#leaking = true;
        effects.leakConnections(this.#server);
    }

    // A rate of 0 ends the flood.
    flood(rate) {
        this.#stopFlood();
        this.#stopFlood = rate > 0 ? effects.flood(rate) : () => {};
    }
}
