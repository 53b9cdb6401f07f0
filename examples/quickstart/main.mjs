// The quickstart once everything is installed and built: starts the world and shows what happens.
import { eventLine } from './lib/events.mjs';
import { World } from './lib/world.mjs';
import { tour } from './tour.mjs';

const STARTED_MS = 30000;
const color = process.stdout.isTTY && !process.env.NO_COLOR;

function show(line) {
    process.stdout.write(`${line}\n`);
}

function showEvent(event) {
    show(eventLine(event, color));
}

// A caller's line, if it is one that people want to see.
function showCaller({ type, what, n, outcome, status, error }) {
    if (type === 'result' && outcome !== 'ok')
        show(`          caller: ${what} ${n} was answered with ${status ?? error}`);
    if (type === 'cut') show(`          caller: connection ${n} was cut: ${error}`);
}

function showWhereToLook(world) {
    show(`
The agent answers. Where to look:
  agent      ${world.url}/health
  voxkeeper  ${world.adminUrl}/  the status page (and /readyz, /metrics, /api/v1/status)
             ${world.command} status
  log        ${world.log}
  Redis      redis-cli -p ${world.redis.port}
Break it, and watch:
  curl -X POST ${world.url}/__fault/crash   (more in examples/elevenlabs-agent/README.md)
  ${world.command} restart --reason "to see it"
Ctrl-C drains and removes everything; a second one does not wait for callers.
`);
}

// Callers leave, voxkeeper waits for them and for their tasks, then ends. Resolves with its end.
async function drain(world, callers, stopAgain) {
    show('\nStopping: the callers are told to leave, voxkeeper waits for them.');
    world.daemon.signal('SIGTERM');
    callers?.signal('SIGTERM');
    stopAgain(() => world.daemon.signal('SIGTERM'));
    return world.daemon.ended;
}

async function started(world) {
    await world.start(showEvent);
    await world.events.wait('daemon-ready', { deadlineMs: STARTED_MS });
    const callers = { count: 1e9, rate: 1, hold: 2, 'runner-port': world.ports.runner };
    const program = world.call(callers, showCaller);
    showWhereToLook(world);
    return program;
}

// Resolves with the exit code.
async function live(world, stopped, stopAgain) {
    let callers;
    const starting = started(world).then((program) => (callers = program));
    if ((await Promise.race([starting, stopped])) === 'stop') starting.catch(() => {});
    if (!world.daemon) return 0;
    const first = await Promise.race([stopped, world.daemon.ended]);
    const end = first === 'stop' ? await drain(world, callers, stopAgain) : first;
    if (first === 'stop' && end.code === 0) return 0;
    show(`quickstart: voxkeeperd ended with ${end.code ?? end.signal}; its last lines:`);
    for (const line of world.lastLines(20)) show(`    ${line}`);
    return 1;
}

// One promise for the first signal, and a callback for the second.
function watchSignals() {
    let again = () => {};
    const stopped = new Promise((resolve) => {
        let times = 0;
        const onSignal = () => (times++ === 0 ? resolve('stop') : again());
        for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, onSignal);
    });
    return { stopped, stopAgain: (callback) => (again = callback) };
}

async function main(words) {
    const { stopped, stopAgain } = watchSignals();
    const world = new World();
    let code = 1;
    try {
        if (words.includes('--tour')) code = await tour(world, stopped, show);
        else code = await live(world, stopped, stopAgain);
    } catch (error) {
        show(`quickstart: ${error.message}`);
        for (const line of world.lastLines(20)) show(`    ${line}`);
    }
    const stubborn = await world.close();
    if (stubborn.length > 0) show(`quickstart: had to be killed: ${stubborn.join(', ')}`);
    else show('Everything is stopped and removed.');
    return stubborn.length > 0 ? 1 : code;
}

main(process.argv.slice(2)).then((code) => process.exit(code));
