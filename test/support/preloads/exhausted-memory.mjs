// Preload for a command: SIGUSR1 makes it use memory until Node gives up.
if (/\/cli\/main\.[jt]s$/.test(process.argv[1] ?? '')) {
  process.on('SIGUSR1', () => {
    for (const all = []; ; ) all.push(new Array(1_000_000).fill(all.length))
  })
}
