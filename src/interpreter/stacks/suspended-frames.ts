/**
 * Hides the frames of a suspended stack from Python. Used by `interpreter.ts`; begins before Pyodide is loaded.
 *
 * Pyodide (314.0.7) gives each suspended stack a thread state with a chain of frames on the C stack. While the stack is
 * suspended, other stacks use that part of the C stack. Code that walks the frames of all threads (`sys.settrace`,
 * `sys.monitoring`, coverage) then read foreign data, and ended the interpreter with "memory access out of bounds". So
 * the chain is removed from the thread state while the stack is suspended. Can be deleted when Pyodide does this.
 *
 * Proved by `test/scenarios/tracing.test.ts`.
 */

import type { Imports } from './instantiation.ts'

interface SuspendedStack {
  readonly threadState: number
}

interface PythonModule {
  readonly HEAP8: Int8Array<ArrayBuffer>
  readonly HEAPU32: Uint32Array<ArrayBuffer>
  readonly __PyRuntime: number
}

interface Suspensions {
  saveState(): SuspendedStack
  restoreState(stack: SuspendedStack): void
}

/** `_Py_DebugOffsets` in CPython 3.14's pycore_debug_offsets.h: a cookie, the version, then numbers of 8 bytes. */
const COOKIE = 'xdebugpy'
const VERSION_AT = 8
const CURRENT_FRAME_AT = 208
const KNOWN_VERSION = 0x030e

let python: PythonModule | null = null
let currentFrameOffset: number | null = null
const hidden = new Map<number, number>()

/** Starts hiding frames if Python has the known layout. Before this call, no frame is hidden. */
export function hideSuspendedFrames(module: PythonModule): void {
  const offsets = new DataView(module.HEAP8.buffer, module.__PyRuntime)
  const cookie = Buffer.from(module.HEAP8.buffer, module.__PyRuntime, COOKIE.length).toString('latin1')
  if (cookie !== COOKIE || offsets.getUint32(VERSION_AT, true) >>> 16 !== KNOWN_VERSION) return
  python = module
  currentFrameOffset = offsets.getUint32(CURRENT_FRAME_AT, true)
}

export function interceptSuspensions(imports: Imports): void {
  const suspensions = imports as Suspensions
  const { saveState, restoreState } = suspensions
  suspensions.saveState = () => {
    const stack = saveState()
    if (python !== null && currentFrameOffset !== null && typeof stack.threadState === 'number') {
      const place = (stack.threadState + currentFrameOffset) >>> 2
      hidden.set(stack.threadState, python.HEAPU32[place] ?? 0)
      python.HEAPU32[place] = 0
    }
    return stack
  }
  suspensions.restoreState = (stack) => {
    const frame = hidden.get(stack.threadState)
    if (python !== null && currentFrameOffset !== null && frame !== undefined) {
      hidden.delete(stack.threadState)
      python.HEAPU32[(stack.threadState + currentFrameOffset) >>> 2] = frame
    }
    restoreState(stack)
  }
}
