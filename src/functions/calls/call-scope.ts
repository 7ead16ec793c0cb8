/**
 * Whose work is under way: Node hands the scope of a call on to everything that it sets off, also to what goes on in the
 * background. So what is printed, a rejection that nobody handles, what a timer throws and a call of `process.exit` find their call.
 * Installed while there is a host, for the whole process; what is nobody's goes on as if none of this were there.
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import { Console } from 'node:console'
import { Writable } from 'node:stream'
import type { Printed } from '../../output/call-log.ts'
import { captureExits, captureUncaught, type EndScope } from './process-ends.ts'

/** A call as its work sees it. */
export interface CallScope extends EndScope {
  /** What another thread knows it by; 0 where none does. */
  readonly number: number
  /** Takes what it prints. */
  print(stream: Printed, text: string): void
  /** Kept for it: each call has its own groups, counters and timers of `console`. */
  console: Console | null
}

const storage = new AsyncLocalStorage<CallScope>()

/** Told of each call that is entered; see `watchEntries`. */
let entered: ((scope: CallScope) => void) | null = null

/** Calls a function as part of a call. */
export function inScope<Result>(scope: CallScope, work: () => Result): Result {
  entered?.(scope)
  return storage.run(scope, work)
}

/** Whose work this is; undefined for what is nobody's. */
export function currentScope(): CallScope | undefined {
  return storage.getStore()
}

/** From now on calls back with each call that is entered. */
export function watchEntries(callback: (scope: CallScope) => void): void {
  entered = callback
}

let hosts = 0
let uninstall: (() => void) | null = null
let isWatched = false

/** While there is one, what calls print and leave behind is theirs. */
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
  // For ever: what calls have left behind may still fail when the last host is closed.
  if (!isWatched) captureUncaught(currentScope)
  isWatched = true
  const undo = [captureConsole(), captureStream('stdout'), captureStream('stderr'), captureExits(currentScope)]
  return () => {
    for (const each of undo) each()
  }
}

type Method = (...args: unknown[]) => unknown

/** Through a `Console` of the call: what that does not have stays as it is. */
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

/** Its methods are its own properties. */
const SAMPLE = new Console(new Writable())

/** Libraries write there without `console`. */
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
