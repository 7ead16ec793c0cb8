/**
 * Hides the frames of a suspended stack from Python. Used by `interpreter.ts`; begins before Pyodide is loaded.
 *
 * Pyodide (314.0.7) gives each suspended stack a thread state, whose chain of frames leads through the C stack, and other
 * stacks have that place meanwhile. What walks the frames of all threads then runs into them: `sys.settrace`,
 * `sys.monitoring` and with it coverage, while anything waited, ended the interpreter with "memory access out of bounds".
 * So the chain is taken out of the thread state while the stack is suspended. Can go when Pyodide does it.
 *
 * Proved by `test/scenarios/tracing.test.ts`.
 */

import type { Imports } from './instantiation.ts'

/** What Pyodide's own functions hand to one another for a suspended stack. */
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

/** From now on frames are hidden, where Python is of the known kind. Before, there is nothing to be found. */
export function hideSuspendedFrames(module: PythonModule): void {
  const offsets = new DataView(module.HEAP8.buffer, module.__PyRuntime)
  const cookie = Buffer.from(module.HEAP8.buffer, module.__PyRuntime, COOKIE.length).toString('latin1')
  if (cookie !== COOKIE || offsets.getUint32(VERSION_AT, true) >>> 16 !== KNOWN_VERSION) return
  python = module
  currentFrameOffset = offsets.getUint32(CURRENT_FRAME_AT, true)
}

/** Pyodide's WebAssembly asks for these two functions at each suspension. */
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
