// The caller's command line.
'use strict';

const OPTIONS = {
    url: { value: 'http://127.0.0.1:3004', doc: 'the agent' },
    secret: { value: '', doc: 'sent as x-webhook-secret' },
    count: { value: 10, doc: 'calls to make: a session and a webhook each' },
    rate: { value: 5, doc: 'calls per second' },
    sessions: { value: 5, doc: 'how many sessions take turns' },
    prefix: { value: 'quickstart', doc: 'how session and conversation ids begin' },
    duration: { value: 60, doc: 'seconds after which it ends in any case' },
    timeout: { value: 5000, doc: 'milliseconds to wait for an answer' },
    hold: { value: 0, doc: 'connections to keep open until the end' },
    'runner-port': { value: -1, doc: 'play the cursor runner on this port (0: any free one)' },
    'callback-delay': { value: 500, doc: 'milliseconds from task to callback' },
    retries: { value: 20, doc: 'how often a callback that did not arrive is sent again' },
    unanswered: { value: 0, doc: 'the first so many tasks get no callback' },
    json: { value: false, doc: 'one JSON object per line' },
};

function usage() {
    const lines = Object.entries(OPTIONS).map(([name, { value, doc }]) => {
        const default_ = typeof value === 'boolean' ? '' : ` (${JSON.stringify(value)})`;
        return `  --${name.padEnd(16)}${doc}${default_}`;
    });
    return `usage: caller.js [options]\n${lines.join('\n')}\n`;
}

// Throws an error a person can read.
function parseOption(name, text) {
    const standard = OPTIONS[name].value;
    if (text === undefined) throw new Error(`reading --${name}: no value given`);
    if (typeof standard === 'string') return text;
    if (!/^-?\d+(\.\d+)?$/.test(text)) throw new Error(`reading --${name}: no number: "${text}"`);
    return Number(text);
}

function parseOptions(args) {
    const options = {};
    for (const [name, { value }] of Object.entries(OPTIONS)) options[name] = value;
    for (let i = 0; i < args.length; i++) {
        const [, name, inline] = /^--([a-z-]+)(?:=(.*))?$/.exec(args[i]) ?? [];
        if (!name || !(name in OPTIONS)) throw new Error(`reading options: unknown "${args[i]}"`);
        if (typeof options[name] === 'boolean') options[name] = true;
        else options[name] = parseOption(name, inline ?? args[++i]);
    }
    if (!(options.rate > 0)) throw new Error(`reading --rate: not above 0: "${options.rate}"`);
    if (options.sessions < 1) throw new Error(`reading --sessions: below 1: "${options.sessions}"`);
    options.target = new URL(options.url);
    return options;
}

module.exports = { parseOptions, usage };
