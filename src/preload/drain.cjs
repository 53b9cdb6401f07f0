/*
 * Loaded into Node workers by NODE_OPTIONS=--require. While the worker is not active, its HTTP
 * responses carry `Connection: close`, so that busy keep-alive connections end by themselves.
 *
 * The state is the first byte of the listener shim's memfd (include/voxkeeper/handover.h). Without
 * one, as in children of the worker, this does nothing.
 */
'use strict';

const fs = require('node:fs');
const net = require('node:net');
const { isMainThread } = require('node:worker_threads');

const MEMFD = '/memfd:voxkeeper-handover';
const ACTIVE = 'A'.charCodeAt(0);
const STATE_BYTES = 8;

function findState() {
    try {
        for (const name of fs.readdirSync('/proc/self/fd')) {
            try {
                if (fs.readlinkSync(`/proc/self/fd/${name}`).startsWith(MEMFD)) return Number(name);
            } catch {
                // The descriptor of the directory itself is gone by now.
            }
        }
    } catch {
        // No /proc: nothing to be had.
    }
    return -1;
}

/** Takes our own --require out of NODE_OPTIONS, which the worker's children inherit. */
function cleanOptions() {
    const options = process.env.NODE_OPTIONS;
    if (options === undefined) return;
    const quoted = __filename.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const rest = options.replace(new RegExp(`(^|\\s)(--require|-r)[=\\s]\\s*"?${quoted}"?(?=\\s|$)`, 'g'), '').trim();
    if (rest === '') delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = rest;
}

/** Whether the worker is active: read once, and again whenever the shim says that it changed. */
function stateReader(fd) {
    const state = Buffer.from(new ArrayBuffer(STATE_BYTES));
    const look = () => {
        try {
            fs.readSync(fd, state, 0, STATE_BYTES, 0);
        } catch {
            state[0] = ACTIVE;
        }
        return state[0] === ACTIVE;
    };
    let active = look();
    const changes = new Int32Array(state.buffer, state.byteOffset, 2)[1];
    // Threads would take each other's bytes away.
    if (!isMainThread || changes < 0) return look;
    const follow = () => {
        active = look();
    };
    new net.Socket({ fd: changes, readable: true, writable: false }).on('data', follow).on('error', follow).unref();
    return () => active;
}

function closeWhilePaused(isActive) {
    const { ServerResponse } = require('node:http');
    const { writeHead } = ServerResponse.prototype;
    // Headers that nobody writes are written by Node itself, through here.
    ServerResponse.prototype.writeHead = function (...args) {
        if (!this.headersSent && !isActive()) this.shouldKeepAlive = false;
        return writeHead.apply(this, args);
    };
}

cleanOptions();
const state = findState();
if (state >= 0) closeWhilePaused(stateReader(state));
