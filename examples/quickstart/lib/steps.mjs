// The steps of the tour. Each does one thing to the agent, throws an error that says what did not
// happen, and returns what did, in plain words.
import { between, eventLine } from './events.mjs';
import { Keys } from './keys.mjs';
import { until, watch } from './waiting.mjs';

const STARTED_MS = 30000;
const OUTAGE_MS = 3000;
const PATIENCE_MS = 2000; // how long we look on while voxkeeper waits for callers
const HELD = 3;

function check(holds, otherwise) {
    if (!holds) throw new Error(otherwise);
}

export function seconds(since) {
    return `${((performance.now() - since) / 1000).toFixed(2)} s`;
}

export class Steps {
    constructor(world, say) {
        this.world = world;
        this.say = say;
        this.calls = { ok: 0, failed: 0 };
        this.failedBefore = 0;
    }

    get events() {
        return this.world.events;
    }

    #count({ type, outcome }) {
        if (type === 'result') this.calls[outcome === 'ok' ? 'ok' : 'failed']++;
    }

    // Callers who come and go, until the promise that this returns is asked to end them.
    startCallers() {
        const options = { count: 1e9, rate: 5, 'runner-port': this.world.ports.runner };
        this.callers = this.world.call(options, (line) => this.#count(line));
    }

    async stopCallers() {
        await this.callers.stop();
    }

    async status() {
        const { code, stdout, stderr } = await this.world.voxkeeper('--json', 'status');
        check(code === 0, `voxkeeper status: exit ${code}: ${stderr.trim()}`);
        return JSON.parse(stdout);
    }

    // Process id of the worker that serves.
    async workerPid() {
        const { list } = (await this.status()).workers;
        const serving = list.filter(({ state }) => state === 'serving');
        check(serving.length === 1, `${serving.length} workers serve`);
        return serving[0].pid;
    }

    // Resolves when a caller is answered; how many requests of callers failed since the last time.
    async #servedAgain() {
        const { ok } = this.calls;
        await until('a caller who is answered', () => this.calls.ok > ok);
        const failed = this.calls.failed - this.failedBefore;
        this.failedBefore = this.calls.failed;
        return failed;
    }

    async start() {
        await this.world.start((event) => this.say(`    ${eventLine(event)}`));
        const verified = await this.events.wait('worker-verified', { deadlineMs: STARTED_MS });
        await this.events.wait('daemon-ready');
        const [started] = this.events.find('daemon-started');
        const { status, text } = await this.world.get(`${this.world.url}/health`);
        check(status === 200 && JSON.parse(text).redis === 'connected', `/health says ${text}`);
        this.startCallers();
        await this.#servedAgain();
        return (
            `The worker was verified ${between(started, verified)} after voxkeeperd's start: it ` +
            'answered, and said that it has Redis, twice in a row. Callers are served.'
        );
    }

    async crash() {
        const since = this.events.mark();
        const pid = await this.workerPid();
        process.kill(pid, 'SIGKILL');
        const crashed = await this.events.wait('worker-crashed', { since });
        const started = await this.events.wait('worker-started', { since });
        const verified = await this.events.wait('worker-verified', { since });
        const now = await this.workerPid();
        check(now !== pid, `the worker is still process ${pid}`);
        const failed = await this.#servedAgain();
        return (
            `Process ${pid} got SIGKILL. Its successor, ${now}, was there ` +
            `${between(crashed, started)} later and verified after ` +
            `${between(crashed, verified)}; callers waited meanwhile, ${failed} requests were cut.`
        );
    }

    async outage() {
        const since = this.events.mark();
        const pid = await this.workerPid();
        // A callback that comes while Redis is away is lost, and its task then stays pending.
        await this.stopCallers();
        await this.world.redis.stop();
        await this.events.wait('redis-down', { since });
        await this.events.wait('worker-degraded', { since });
        const from = performance.now();
        await watch(OUTAGE_MS, () => this.#nothingEnded(since));
        check((await this.workerPid()) === pid, 'the worker was restarted');
        const took = seconds(from);
        return (
            'Redis was stopped. voxkeeper saw that it is down for everybody and left worker ' +
            `${pid} alone for the ${took} that we looked on: a restart would have cured nothing.`
        );
    }

    #nothingEnded(since) {
        for (const name of ['worker-exited', 'worker-crashed', 'worker-killed'])
            check(!this.events.find(name, since)[0], `event "${name}" while Redis is down`);
    }

    async zombie() {
        const since = this.events.mark();
        const pid = await this.workerPid();
        await this.world.redis.start();
        const up = await this.events.wait('redis-up', { since });
        const zombie = await this.events.wait('worker-zombie', { since });
        const verified = await this.events.wait('worker-verified', { since });
        await this.events.wait('worker-exited', { since });
        const now = await this.workerPid();
        check(now !== pid, `the worker is still process ${pid}`);
        this.startCallers();
        await this.#servedAgain();
        return (
            `Redis came back, but worker ${pid} had given up on it for ever, while it answered ` +
            `200. voxkeeper noticed within ${between(up, zombie)} and had ${now} verified in its ` +
            `place ${between(zombie, verified)} later.`
        );
    }

    async restart() {
        const since = this.events.mark();
        const pid = await this.workerPid();
        const from = performance.now();
        const { code, stderr } = await this.world.voxkeeper('restart', '--reason', 'tour');
        check(code === 0, `voxkeeper restart: exit ${code}: ${stderr.trim()}`);
        const took = seconds(from);
        const done = await this.events.wait('restart-done', { since });
        const now = await this.workerPid();
        check(now !== pid, `the worker is still process ${pid}`);
        check(done.reason === 'tour', `the event gives "${done.reason}" as the reason`);
        const failed = await this.#servedAgain();
        check(failed === 0, `${failed} requests failed`);
        return (
            `"voxkeeper restart" replaced ${pid} by ${now} and returned after ${took}: the new ` +
            'one was verified, then served beside the old one for a second, and nothing spoke ' +
            'against it. Who did it and why is in the log. No request failed.'
        );
    }

    async sweep() {
        const keys = new Keys(this.world.redis);
        await keys.plant();
        const dry = await this.world.voxkeeper('sweep', '--dry-run');
        check(dry.code === 0, `voxkeeper sweep --dry-run: exit ${dry.code}: ${dry.stderr.trim()}`);
        for (const line of dry.stdout.split('\n').filter(Boolean)) this.say(`    ${line}`);
        for (const key of keys.stuck)
            check(dry.stdout.includes(key), `the dry run does not show ${key}`);
        check((await keys.missing()).length === 0, `the dry run removed ${await keys.missing()}`);
        const from = performance.now();
        const swept = await this.world.voxkeeper('sweep');
        check(swept.code === 0, `voxkeeper sweep: exit ${swept.code}: ${swept.stderr.trim()}`);
        const took = seconds(from);
        const missing = await keys.missing();
        check(String(missing) === String(keys.stuck), `removed were ${missing}, not ${keys.stuck}`);
        return (
            `Two stuck keys were planted: ${keys.stuck.join(' and ')}. The dry run showed them ` +
            `and touched nothing; the sweep removed these two and no other of ${keys.total} in ${took}.`
        );
    }

    // The agent answers 200 to a callback also when it has no Redis, as just before its end and
    // just after its start. Such a task stays pending, and nobody will ever answer it: a stop
    // would wait for it until its deadline. Resolves with how many there were; callers have left.
    async #sweepLost() {
        const words = ['--json', 'sweep', '--keyspace', 'tasks', '--older-than', '100ms'];
        const { code, stdout, stderr } = await this.world.voxkeeper(...words);
        check(code === 0, `voxkeeper sweep: exit ${code}: ${stderr.trim()}`);
        return JSON.parse(stdout.trim().split('\n').at(-1)).operation.result.removed;
    }

    async stop() {
        await this.stopCallers();
        const lost = await this.#sweepLost();
        const summary = { held: 0 };
        const holders = this.world.call({ count: 0, hold: HELD }, (line) => {
            if (line.type === 'held') summary.held++;
            if (line.type === 'summary') summary.end = line.held;
        });
        await until(`${HELD} connected callers`, () => summary.held === HELD);
        const since = this.events.mark();
        this.world.daemon.signal('SIGTERM');
        const told = await this.events.wait('drain-progress', { since });
        check(told.callers >= HELD, `it counts ${told.callers} callers: "${told.message}"`);
        const ready = await this.world.get(`${this.world.adminUrl}/readyz`);
        check(ready.status === 503, `/readyz answers ${ready.status} during the drain`);
        const from = performance.now();
        await watch(PATIENCE_MS, () => this.#stillServes());
        const waited = seconds(from);
        holders.signal('SIGTERM');
        const { code, signal } = await this.world.daemon.ended;
        await holders.ended;
        check(code === 0, `voxkeeperd ended with ${code ?? signal}`);
        const [done] = this.events.find('drain-done', since);
        check(done, 'there was no event "drain-done"');
        check(this.events.find('callers-cut', since).length === 0, 'callers were cut');
        check(summary.end.cut === 0, `${summary.end.cut} connections were cut`);
        const [began] = this.events.find('drain-began', since);
        const aside = `${lost} pending tasks were swept, their callbacks lost in the restarts`;
        return (
            `voxkeeperd was told to stop with ${HELD} callers connected. It said ` +
            `"${told.message}" after ${between(began, told)}, served them for the ${waited} that ` +
            `they stayed, and ended when they had left: ${between(began, done)} in all, nobody ` +
            `was cut.${lost > 0 ? ` (Before that, ${aside}.)` : ''}`
        );
    }

    async #stillServes() {
        check(this.world.daemon.running, 'voxkeeperd did not wait for the callers');
        const { status } = await this.world.get(`${this.world.url}/health`);
        check(status === 200, `the agent answers ${status} during the drain`);
    }
}
