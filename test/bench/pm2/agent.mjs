// The reference agent, like the real service, starts only as the main program; PM2 loads programs
// into a script of its own.
const { pathname } = new URL('../../../examples/elevenlabs-agent/src/index.js', import.meta.url);
process.argv[1] = pathname;
await import(pathname);
