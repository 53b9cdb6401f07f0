// POST /__fault/NAME: triggers a fault in the running service. Exists only with FAULT_ROUTES=1.
import { Router } from 'express';
import * as effects from '../faults/effects.js';
import { parse } from '../faults/knobs.js';
import { refuse } from './common.js';

// One parameter of a trigger: its name, its reader, and what stands for it when it is absent
// (no third element: it must be given).
const TRIGGERS = {
    hang: { param: ['ms', parse.millis, undefined], last: (_faults, ms) => effects.hang(ms) },
    crash: {
        param: ['signal', parse.signal, undefined],
        last: (_faults, signal) => effects.crash(signal),
    },
    exit: { param: ['code', parse.exitCode, 1], last: (_faults, code) => effects.exit(code) },
    zombie: { now: (faults) => faults.zombie() },
    health: { param: ['mode', parse.healthMode], now: (faults, mode) => faults.setHealth(mode) },
    flood: { param: ['rate', parse.rate], now: (faults, rate) => faults.flood(rate) },
    'long-line': { param: ['bytes', parse.bytes], now: (_faults, n) => effects.longLine(n) },
    binary: { param: ['bytes', parse.bytes], now: (_faults, n) => effects.binary(n) },
    grandchild: {
        param: ['kind', parse.grandchild, 'group'],
        now: (_faults, kind) => ({ pid: effects.grandchild(kind) }),
    },
    leak: { now: (faults) => faults.leak() },
    'ignore-sigterm': { now: (faults) => faults.ignoreSigterm() },
};

function readParam(param, query) {
    if (!param) return undefined;
    const [name, parseValue] = param;
    const text = query[name];
    if (text === undefined && param.length === 3) return param[2];
    try {
        return parseValue(String(text ?? ''));
    } catch (error) {
        throw new Error(`reading ${name}: ${error.message}, got "${text ?? ''}"`);
    }
}

function trigger(faults, name, query, res) {
    const { param, now, last } = TRIGGERS[name];
    let value;
    try {
        value = readParam(param, query);
    } catch (error) {
        return refuse(res, 400, error.message);
    }
    // What ends or blocks the process waits until the answer has left.
    if (last) res.on('finish', () => setImmediate(last, faults, value));
    res.json({ success: true, fault: name, ...now?.(faults, value) });
}

export function faultRoutes(faults) {
    const router = Router();
    for (const name of Object.keys(TRIGGERS)) {
        router.post(`/__fault/${name}`, (req, res) => trigger(faults, name, req.query, res));
    }
    return router;
}
