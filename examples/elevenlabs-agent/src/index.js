// Entry point: reads the environment, starts the service, stops it on SIGTERM or SIGINT.
import { readConfig } from './config.js';
import { loadDotEnv } from './dotenv.js';
import { readKnobs } from './faults/knobs.js';
import { Faults } from './faults/faults.js';
import { log } from './log.js';
import { Service } from './service.js';

const EXIT_USAGE = 2;

function readEnvironment() {
    loadDotEnv('.env', process.env);
    try {
        return { config: readConfig(process.env), knobs: readKnobs(process.env) };
    } catch (error) {
        log.error('Failed to read the environment', { error: error.message });
        process.exit(EXIT_USAGE);
    }
}

async function shutDown(service, signal) {
    log.info(`Received ${signal} signal`);
    log.info('Shutting down elevenlabs-agent...');
    await service.stop();
    log.info('elevenlabs-agent shut down successfully');
    process.exit(0);
}

async function main() {
    const { config, knobs } = readEnvironment();
    const faults = new Faults(knobs);
    faults.atProcessStart();

    log.info('Initializing elevenlabs-agent...');
    const service = new Service(config, faults);
    process.on('SIGTERM', () => faults.swallowsSigterm() || shutDown(service, 'SIGTERM'));
    process.on('SIGINT', () => shutDown(service, 'SIGINT'));
    await service.start();
    log.info('elevenlabs-agent initialized successfully', { port: service.port });
}

// The real service compares these two strings and nothing else, so a launcher that changes argv
// or a path through a symbolic link never starts the server. We fail in the same way.
if (import.meta.url === `file://${process.argv[1]}`) {
    await main();
}
