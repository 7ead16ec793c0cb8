#!/usr/bin/env node
/** Starts the command line (`command-line.ts`) with the arguments of this process. Only this file ends the process. */

const MIN_NODE_VERSION = 24

// Before the imports, which an older Node cannot parse.
if (Number(process.versions.node.split('.')[0]) < MIN_NODE_VERSION) {
  console.error(
    `cloaca needs Node ${MIN_NODE_VERSION} or newer, but this is Node ${process.versions.node}. Install a newer Node.`,
  )
  process.exit(1)
}

// First, because it remembers the parent of this process.
await import('./start/npm.ts')

// Without the cache, compiling the command line takes 25 ms of each start.
const { compileCacheFolder } = await import('../host/environment/cache-folder.ts')
const { enableCompileCache } = await import('node:module') // An older Node has none, so a static import would fail.
const compiled = compileCacheFolder(process.env)
if (compiled !== null) enableCompileCache(compiled)

const { hidePasswords } = await import('./start/process-title.ts')
hidePasswords(process.argv.slice(2))

const { main } = await import('./command-line.ts')
process.exit(await main(process.argv.slice(2)))
