/**
 * The first thing that runs in an interpreter's process, started by `host/process/interpreter-child.ts` and by nothing else. What
 * must precede every other import is done here; the rest is `session.ts`.
 */

import { enableCompileCache } from 'node:module'
import { compileAhead } from './pyodide/webassembly.ts'

const [, , compileCacheFolder] = process.argv
// Compiling Pyodide's loader and this folder takes 50 ms of each start otherwise.
if (compileCacheFolder) enableCompileCache(compileCacheFolder)

// Only a restricted interpreter has it.
if (process.permission !== undefined) await import('./restriction/binding-shim.ts')

process.title = 'cloaca-interpreter'
try {
  compileAhead()
  await import('./session.ts')
} catch (error) {
  // There is no conversation yet, but the engine listens, and ends this process. What is broken may also be the way to it:
  // then Node tells of that.
  const { send } = await import('./message-line.ts')
  send({ type: 'fatal', message: error instanceof Error ? `${error.name}: ${error.message}` : String(error), token: 0 })
}
