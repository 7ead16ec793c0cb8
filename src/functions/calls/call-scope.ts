/**
 * Finds the call that code belongs to, by the async context of Node, also for background work. Used for output,
 * unhandled rejections, errors of timers and `process.exit`. Installed process-wide while there is a host; other code
 * is not affected.
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import { Console } from 'node:console'
import { Writable } from 'node:stream'
import type { Printed } from '../../output/call-log.ts'
import { captureExits, captureUncaught, type EndScope } from './process-ends.ts'

export interface CallScope extends EndScope {
  /** Number that identifies it in another thread; 0 for none. */
  readonly number: number
  print(stream: Printed, text: string): void
  /** Each call has its own groups, counters and timers of `console`. */
  console: Console | null
}

const storage = new AsyncLocalStorage<CallScope>()

let entered: ((scope: CallScope) => void) | null = null

export function runInScope<Result>(scope: CallScope, work: () => Result): Result {
  entered?.(scope)
  return storage.run(scope, work)
}

/** Returns the call of the running code; undefined if there is none. */
export function currentScope(): CallScope | undefined {
  return storage.getStore()
}

export function watchEntries(callback: (scope: CallScope) => void): void {
  entered = callback
}

let hosts = 0
let uninstall: (() => void) | null = null
let isWatched = false

/** Assigns output and background work to calls until it is disposed. */
export function installScopes(): Disposable {
  hosts += 1
  uninstall ??= install()
  let isInstalled = true
  return {
    [Symbol.dispose]() {
      if (!isInstalled) return
      isInstalled = false
      hosts -= 1
      if (hosts > 0) return
      uninstall?.()
      uninstall = null
    },
  }
}

function install(): () => void {
  // Never removed, because background work of calls may fail after the last host is closed.
  if (!isWatched) captureUncaught(currentScope)
  isWatched = true
  const undo = [captureConsole(), captureStream('stdout'), captureStream('stderr'), captureExits(currentScope)]
  return () => {
    for (const each of undo) each()
  }
}

type Method = (...args: unknown[]) => unknown

/** Uses a `Console` of the call. Members that it lacks stay as they are. */
function captureConsole(): () => void {
  const methods = console as unknown as Record<string, Method>
  const originals = new Map<string, Method>()
  for (const [name, original] of Object.entries(methods)) {
    if (typeof original !== 'function' || !(name in Console.prototype || name in SAMPLE)) continue
    originals.set(name, original)
    methods[name] = function (this: unknown, ...args: unknown[]) {
      const scope = storage.getStore()
      if (scope === undefined) return Reflect.apply(original, this, args)
      scope.console ??= consoleOf(scope)
      return (scope.console as unknown as Record<string, Method>)[name]?.(...args)
    }
  }
  return () => {
    for (const [name, original] of originals) methods[name] = original
  }
}

function consoleOf(scope: CallScope): Console {
  return new Console({ stdout: streamTo(scope, 'stdout'), stderr: streamTo(scope, 'stderr') })
}

function streamTo(scope: CallScope, stream: Printed): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      scope.print(stream, chunk)
      done()
    },
  })
}

/** Has the methods of a console as its own properties. */
const SAMPLE = new Console(new Writable())

/** Captures a stream, to which libraries write without `console`. */
function captureStream(stream: Printed): () => void {
  const target = process[stream]
  const original = target.write
  const captured = function (this: unknown, chunk: unknown, ...rest: unknown[]): boolean {
    const scope = storage.getStore()
    if (scope === undefined || (typeof chunk !== 'string' && !ArrayBuffer.isView(chunk))) {
      return Reflect.apply(original as Method, target, [chunk, ...rest]) as boolean
    }
    scope.print(stream, typeof chunk === 'string' ? chunk : textOf(chunk))
    const done = rest.find((each) => typeof each === 'function') as ((error?: Error | null) => void) | undefined
    if (done !== undefined) process.nextTick(done)
    return true
  }
  target.write = captured as typeof target.write
  return () => {
    if (target.write === captured) target.write = original
  }
}

function textOf({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString()
}
