// The configuration of the demonstration: everything on loopback and in one directory.
export function configText({ directory, agent, ports, redisUrl, node }) {
    const url = `http://127.0.0.1:${ports.agent}`;
    return `# Written by examples/quickstart/run; intervals are short, for something to see.
[Agent]
ExecStart="${node}" "${agent}"
Environment=PORT=${ports.agent} AGENT_LISTEN_HOST=127.0.0.1 REDIS_URL=${redisUrl}
Environment=ELEVENLABS_AGENT_ENABLED=true ELEVENLABS_AGENT_URL=${url}
Environment=CURSOR_RUNNER_URL=http://127.0.0.1:${ports.runner}
# POST /__fault/... makes the agent misbehave; see examples/elevenlabs-agent/README.md.
Environment=FAULT_ROUTES=1
Listen=127.0.0.1:${ports.agent}
TimeoutStopSec=5s

[Health]
Url=/health
ExpectJson=status=ok redis=connected
DependencyJson=redis
Interval=1s
FastInterval=200ms
StartInterval=100ms
Timeout=2s
Rise=2
Fall=3

[Restart]
Delay=200ms
MaxDelay=5s

[Rollout]
Bake=1s

[Drain]
Linger=500ms
Timeout=15s
ActiveWindow=2s
CountInterval=250ms

[Redis]
Url=${redisUrl}

[Admin]
Listen=127.0.0.1:${ports.admin}
ControlSocket=${directory}/control.sock
StateDirectory=${directory}/state
`;
}
