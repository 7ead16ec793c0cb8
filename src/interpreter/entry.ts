/**
 * First module of an interpreter's process, started by `host/process/interpreter-child.ts` only. Does what must precede
 * all other imports; the rest is `interpreter-session.ts`.
 */

import { enableCompileCache } from 'node:module'
import { compileAhead } from './pyodide/webassembly.ts'

const [, , compileCacheFolder] = process.argv
// Saves the 50 ms of each start that compiling Pyodide's loader and this folder takes.
if (compileCacheFolder) enableCompileCache(compileCacheFolder)

if (process.permission !== undefined) await import('./restriction/binding-shim.ts')

process.title = 'cloaca-interpreter'
try {
  compileAhead()
  const { InterpreterSession } = await import('./interpreter-session.ts')
  new InterpreterSession()
} catch (error) {
  // There is no conversation yet, but the engine listens and ends this process. If sending fails, Node reports it.
  const { sendMessage } = await import('./message-line.ts')
  sendMessage({
    type: 'fatal',
    message: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    token: 0,
  })
}
