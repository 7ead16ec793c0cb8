/**
 * Processes that the scripts of one interpreter started, until a script has waited for them. Owned by
 * `interpreter-session.ts`. States of a child: runs → has ended (status is kept, number stays taken for Python) →
 * taken. Node waits for each child immediately, so there are no zombies.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync } from 'node:fs'
import { constants } from 'node:os'
import { DESCRIPTORS_VARIABLE } from '../../border/channel.ts'
import type { StackToken } from '../../border/protocol.ts'
import { GroupRefusal, startInGroup } from '../../native/child-group.ts'
import type { EmscriptenFS } from '../descriptors/emscripten-fs.ts'
import type { Endpoint, LentDescriptor } from '../descriptors/endpoint.ts'
import { lendDescriptor } from '../descriptors/lent-descriptors.ts'
import type { Children } from '../python-border.ts'
import { findProgram, folderProblem, type SpawnFailure, type SpawnOrder, systemErrorCode } from './spawn-order.ts'

export interface ChildPorts {
  setEvent(event: number): void
  /** Whether the stack is the program's: its children stay in its group, and so at its terminal. */
  isProgram(token: StackToken): boolean
  /** Reports that a child outside the group of this process was started, or has ended. */
  notice(token: StackToken, child: { readonly pid: number; readonly leadsGroup: boolean }, isRunning: boolean): void
}

export interface OpenFiles {
  readonly fs: EmscriptenFS
  /** Path of the Python that scripts start, which is passed the numbers of its inherited descriptors. */
  readonly executable: string
  endpointOf(descriptor: number): Endpoint | undefined
}

interface Child {
  /** Its group's number; 0 for that of this process. */
  readonly group: number
  /** Status in the form of `waitpid`; null while the child runs. */
  status: number | null
}

interface LateFailure {
  readonly known: Promise<void>
  code: string
}

const ANY = -1
const STANDARD_STREAMS = 3
/** More than systems let a process have open; Node makes a place for each number below the highest. */
const MAX_DESCRIPTORS = 2 ** 16

function badDescriptor(number: number): Error {
  return Object.assign(new Error(`File descriptor ${number} cannot be passed to a process.`), { code: 'EBADF' })
}

export class ChildProcesses implements Children {
  readonly #ports: ChildPorts
  readonly #children = new Map<number, Child>()
  /** Failures to start a process, by the negative number that `spawn` returned. */
  readonly #failures = new Map<number, LateFailure>()
  readonly #watches = new Map<number, number>()
  #files: OpenFiles | null = null
  #lastFailure = 0

  constructor(ports: ChildPorts) {
    this.#ports = ports
  }

  attach(files: OpenFiles): void {
    this.#files = files
  }

  spawn(token: StackToken, orderJson: string): number | string {
    const order = JSON.parse(orderJson) as SpawnOrder
    const problem = folderProblem(order.folder)
    if (problem !== '') return failed('folder', problem)
    const program = findProgram(order)
    if ('code' in program) return failed('program', program.code)
    // The leader of a session must lead its group.
    if (order.group !== null && order.hasOwnSession) return failed('group', 'EPERM')
    const hasOwnSession = order.hasOwnSession || (order.group === null && !this.#ports.isProgram(token))
    const lent: LentDescriptor[] = []
    try {
      const stdio = this.#stdio(order, lent)
      return this.#start(token, program.path, { ...order, hasOwnSession }, stdio)
    } catch (error) {
      return failed('descriptors', systemErrorCode(error))
    } finally {
      for (const { descriptor, isOurs } of lent) if (isOurs) closeSync(descriptor)
    }
  }

  watch_failure(event: number, number: number): void {
    const setEvent = () => this.#ports.setEvent(event)
    this.#failures.get(number)?.known.then(setEvent) ?? setEvent()
  }

  take_failure(number: number): string {
    const code = this.#failures.get(number)?.code ?? 'EIO'
    this.#failures.delete(number)
    return code
  }

  take(pid: number, isKept: boolean): [number, number] | [] | undefined {
    const found = this.#matching(pid)
    const [ended] = found.filter(([, { status }]) => status !== null)
    if (ended === undefined) return found.length === 0 ? undefined : []
    if (!isKept) this.#children.delete(ended[0])
    return [ended[0], ended[1].status ?? 0]
  }

  watch(event: number, pid: number): void {
    if (this.#matching(pid).every(([, { status }]) => status === null)) this.#watches.set(event, pid)
    else this.#ports.setEvent(event)
  }

  unwatch(event: number): void {
    this.#watches.delete(event)
  }

  /** Sends a signal to a process, or to a group by its negative number. Returns the name of an error, or ''. */
  kill(pid: number, signum: number): string {
    if (this.#hasEnded(pid)) return ''
    try {
      process.kill(pid, signum)
      return ''
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? 'EINVAL'
    }
  }

  /** Returns whether a process has ended and nobody has waited for it. Its number may be in use again. */
  #hasEnded(pid: number): boolean {
    return (this.#children.get(Math.abs(pid))?.status ?? null) !== null
  }

  /** Returns the children that match a number, any number, or a group, as for `waitpid`. */
  #matching(pid: number): [number, Child][] {
    return [...this.#children].filter(([number, { group }]) => number === pid || pid === ANY || group === -pid)
  }

  #stdio({ descriptors }: SpawnOrder, lent: LentDescriptor[]): (number | 'ignore')[] {
    const files = this.#files
    const highest = Math.max(STANDARD_STREAMS - 1, ...descriptors.map(([child]) => child))
    if (highest >= MAX_DESCRIPTORS) throw badDescriptor(highest)
    const stdio = new Array<number | 'ignore'>(highest + 1).fill('ignore')
    if (files === null) return stdio
    const lentOf = new Map<number, LentDescriptor | null>()
    for (const [child, own] of descriptors) {
      let each = lentOf.get(own)
      if (each === undefined) {
        each = lendDescriptor(files.fs, (descriptor) => files.endpointOf(descriptor), own)
        lentOf.set(own, each)
        if (each !== null) lent.push(each)
      }
      if (each !== null) stdio[child] = each.descriptor
    }
    return stdio
  }

  #start(token: StackToken, path: string, order: SpawnOrder, stdio: (number | 'ignore')[]): number | string {
    const [argv0 = '', ...args] = order.argv
    const { folder: cwd, hasOwnSession: detached, group, uid, gid } = order
    const env = { ...order.environ, ...this.#handedVariable(path, stdio) }
    const identity = { ...(uid === null ? {} : { uid }), ...(gid === null ? {} : { gid }) }
    const umask = process.umask(order.umask)
    const start = () => spawn(path, args, { argv0, cwd, env, detached, stdio, ...identity })
    let child: ChildProcess
    try {
      child = group === null ? start() : startInGroup(group, start)
    } catch (error) {
      return failed(error instanceof GroupRefusal ? 'group' : 'program', systemErrorCode(error))
    } finally {
      process.umask(umask)
    }
    const { pid } = child
    if (pid === undefined) return this.#failLater(child)
    this.#keep(token, pid, child, detached || group === 0 ? pid : (group ?? 0))
    return pid
  }

  #handedVariable(path: string, stdio: readonly (number | 'ignore')[]): Record<string, string> {
    const handed = [...stdio.keys()].filter((each) => each >= STANDARD_STREAMS && stdio[each] !== 'ignore')
    return path === this.#files?.executable && handed.length > 0 ? { [DESCRIPTORS_VARIABLE]: handed.join(',') } : {}
  }

  #failLater(child: ChildProcess): number {
    const number = --this.#lastFailure
    const known = once(child, 'error').then(([error]) => {
      failure.code = systemErrorCode(error)
    })
    const failure: LateFailure = { known, code: 'EIO' }
    this.#failures.set(number, failure)
    return number
  }

  #keep(token: StackToken, pid: number, child: ChildProcess, group: number): void {
    const kept: Child = { group, status: null }
    this.#children.set(pid, kept)
    const noticed = { pid, leadsGroup: group === pid }
    if (group !== 0) this.#ports.notice(token, noticed, true)
    child.on('error', () => undefined) // Ignored: only a signal that Node cannot send, and no signal is sent this way
    child.once('exit', (code, signal) => {
      kept.status = signal === null ? (code ?? 0) << 8 : constants.signals[signal]
      if (group !== 0) this.#ports.notice(token, noticed, false)
      for (const [event, watched] of this.#watches) {
        if (this.#matching(watched).every(([, { status }]) => status === null)) continue
        this.#watches.delete(event)
        this.#ports.setEvent(event)
      }
    })
  }
}

function failed(step: SpawnFailure['step'], code: string): string {
  return `${step}:${code}`
}
