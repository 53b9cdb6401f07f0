// Reads KEY=value lines from a file into an environment. What is set already wins, and a file
// that is not there is no error.
import { readFileSync } from 'node:fs';

const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/;
const QUOTED = /^(['"])(.*)\1$/;

export function parseDotEnv(text) {
    const values = {};
    for (const line of text.split(/\r?\n/)) {
        const match = ASSIGNMENT.exec(line);
        if (!match) continue;
        const quoted = QUOTED.exec(match[2]);
        values[match[1]] = quoted ? quoted[2] : match[2].replace(/\s+#.*$/, '');
    }
    return values;
}

export function loadDotEnv(path, env) {
    let text;
    try {
        text = readFileSync(path, 'utf8');
    } catch {
        return;
    }
    for (const [name, value] of Object.entries(parseDotEnv(text))) {
        if (!(name in env)) env[name] = value;
    }
}
