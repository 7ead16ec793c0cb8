// Preload for a command: SIGUSR1 ends it as native code does that finds an error.
if (/\/cli\/main\.[jt]s$/.test(process.argv[1] ?? '')) process.on('SIGUSR1', () => process.abort())
