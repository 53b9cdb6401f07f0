// The running service: one HTTP server and one Redis connection, started and stopped together.
import { once } from 'node:events';
import { buildApp } from './app.js';
import { log } from './log.js';
import { connectRedis } from './redis.js';

export class Service {
    #config;
    #faults;
    #redis;
    #app;
    #server;

    constructor(config, faults) {
        this.#config = config;
        this.#faults = faults;
        this.#redis = connectRedis(config.redisUrl);
        this.#app = buildApp(config, this.#redis, faults);
        faults.attachRedis(this.#redis);
    }

    // The configured port, or the one the kernel chose for port 0.
    get port() {
        return this.#server?.address()?.port ?? this.#config.port;
    }

    async start() {
        await this.#faults.beforeListen();
        const { port, listenHost } = this.#config;
        await new Promise((resolve) => {
            // Express calls back for a failed listen too. The real service does not look, says it
            // has started, and stays: running, but not listening.
            this.#server = this.#app.listen(port, listenHost, () => resolve());
        });
        this.#faults.attachServer(this.#server);
        log.info('HTTP Server started', {
            port: this.port,
            environment: this.#config.environment,
        });
        this.#faults.afterListen();
    }

    // Both at once, as the real service does: requests in flight lose Redis, and there is no
    // deadline for them.
    async stop() {
        await Promise.all([this.#stopServer(), this.#stopRedis()]);
        log.info('Server shutdown complete');
    }

    async #stopServer() {
        if (!this.#server?.listening) return;
        this.#server.close();
        await once(this.#server, 'close');
        log.info('HTTP Server stopped');
    }

    async #stopRedis() {
        try {
            await this.#redis.quit();
            log.info('Redis connection closed');
        } catch (error) {
            log.warn('Error closing Redis connection', { error: error.message });
        }
    }
}
