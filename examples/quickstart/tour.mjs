// The tour: everything that goes wrong with a voice agent, and what voxkeeper does about it.
import { Steps, seconds } from './lib/steps.mjs';

const STEPS = [
    ['start', 'Start and verification'],
    ['crash', 'A worker crashes'],
    ['outage', 'Redis goes away'],
    ['zombie', 'Redis comes back, the agent does not notice'],
    ['restart', 'An operator restarts the agent'],
    ['sweep', 'Stuck keys in Redis'],
    ['stop', 'Stop while callers are connected'],
];

// A paragraph as lines of the width of a page.
function wrap(text) {
    return text.match(/\S.{0,94}(?=\s|$)/g).map((line) => `  ${line}`);
}

// Resolves with the exit code: 0 only if every step did what it should.
export async function tour(world, stopped, say) {
    const from = performance.now();
    const steps = new Steps(world, say);
    const interrupted = stopped.then(() => {
        throw new Error('interrupted');
    });
    interrupted.catch(() => {});
    for (const [i, [name, title]] of STEPS.entries()) {
        say(`\n${i + 1}. ${title}`);
        try {
            for (const line of wrap(await Promise.race([steps[name](), interrupted]))) say(line);
        } catch (error) {
            say(`  This did not work: ${error.message}.`);
            say('  The last lines of voxkeeperd:');
            for (const line of world.lastLines(20)) say(`    ${line}`);
            say(`\nStep ${i + 1} of ${STEPS.length} failed.`);
            return 1;
        }
    }
    const { ok } = steps.calls;
    say(`\nAll ${STEPS.length} steps did what they should, in ${seconds(from)}.`);
    say(`Meanwhile callers were answered ${ok} times.`);
    return 0;
}
