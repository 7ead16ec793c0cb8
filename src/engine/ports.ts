/**
 * Ports of the engine to the code of users and to contexts: script host, codec, and check of inputs. The ports to the
 * store and the clock are `store.ts` and `clock-port.ts`. Tests replace only ports. This file may assume neither
 * Pyodide nor threads.
 *
 * Times (`…At`) are in milliseconds since 1970 by the wall clock; durations (`…Ms`) are monotonic. Ids are UUID v4
 * texts.
 */

import type { ContextText } from '../model/context.ts'
import type { AttemptOutcome, Execution } from '../model/execution.ts'
import type { LogPieceSink } from '../model/logs/log-record.ts'
import type { PollOutcome } from '../model/trigger.ts'
import type { TaskRuns } from '../model/workflow.ts'
import type { RunLimit, StartLimit } from './clock-port.ts'
import type { GraphHost } from './graphs/graph-host.ts'

/**
 * Checks the initial context of an execution. Returns the context as the `input` of the workflow makes it, the same
 * text if nothing changes, and null if the workflow's code is not in this process. Rejects with `INVALID_CONTEXT`.
 */
export type InputCheck = (workflow: string, contextText: ContextText) => Promise<ContextText | null>

// ---------------------------------------------------------------------------------------------------------- codec

/** Operations on the text of contexts that keep the tokens of numbers. Throw `INVALID_CONTEXT` if it is not JSON. */
export interface ContextCodec {
  /** Returns the text that all equal values share. */
  canonicalize(json: ContextText): string
  /** Returns the SHA-256 of the canonical text, as 64 hexadecimal digits. */
  fingerprint(json: ContextText): string
  /** Merges objects by key, concatenates lists without repeats; otherwise the later wins. Returns `{}` for `[]`. */
  merge(jsons: readonly ContextText[]): ContextText
  /** Returns `merge` of all and the `fingerprint` of the first. */
  mergeWithFingerprint(jsons: readonly [ContextText, ...ContextText[]]): {
    readonly merged: ContextText
    readonly fingerprint: string
  }
  /** Returns the text of a top-level member, or null if it is missing. */
  pick(json: ContextText, key: string): string | null
}

// ----------------------------------------------------------------------------------------------------------- host

export interface PollRequest {
  readonly script: string
  readonly trigger: string
  /** JSON text of the state, which the function receives. Absent if the trigger takes no state. */
  readonly stateText?: string
  /** Maximum size of the state after the poll, in bytes. Given if the trigger takes a state. */
  readonly maxStateBytes?: number
  /** Time limit, which begins when Python is entered. */
  readonly deadlineMs: number
  /** Time after which the function is not called, and the outcome is `notStarted`. Default: none. */
  readonly startLimit?: StartLimit
  /** Aborted when the engine stops: calls that have not entered Python give up, others continue. Default: never. */
  readonly stopping?: AbortSignal
  /** Receives output and log records before the outcome; perhaps nothing for a skip. Default: none. */
  readonly log?: LogPieceSink
}

/** Slot of a running task, as `TaskHandle.defer_until` uses it. */
export interface TaskSlot {
  release(): void
  /** Resolves when the slot is acquired again. */
  acquire(): Promise<void>
}

/** Time limit of a running attempt. */
export interface TimeLimit {
  /** Lets the limit stand still until the returned function is called. Several standstills may overlap. */
  suspend(): () => void
}

/** Stored results and child executions of a task. They belong to the chain of its execution. */
export interface TaskMemory {
  /** Id of the first execution of the chain: see `ChainStore`. */
  readonly chainId: string
  /** Returns a text that is the same for a name of the task in all executions of the chain. */
  keyOf(name: string): string
  /** Returns the JSON text of the stored result of a name, or null. */
  findResult(name: string): Promise<string | null>
  /** Stores a result unless the name has one. Returns the stored result. Rejects if the execution has ended. */
  keepResult(name: string, resultText: string): Promise<string>
  /**
   * Starts a child execution once for the key, and waits for its end without the slot of the task. `parked`: the
   * attempt has to end, and the task starts again after the end of the child. Rejects with a `UsageError`.
   */
  runChild(child: ChildRequest, limit: TimeLimit): Promise<ChildEnd>
}

/** Memory of an attempt, as the executor uses it. */
export interface AttemptMemory extends TaskMemory {
  /** Id of the child execution for which the attempt has to end, or null. */
  readonly parkedFor: string | null
}

/** Memories of the attempts of an engine. */
export interface Memories {
  /** Returns the memory of an attempt that begins. */
  memoryOf(attempt: MemoryOwner): AttemptMemory
  /** Called when a cancel is stored, which also requests the cancel of children. */
  cancelled(): void
}

export interface MemoryOwner {
  readonly executionId: string
  readonly chainId: string
  readonly taskId: string
  /** Priority of the execution, which its children have as well. */
  readonly priority: number
  readonly slot: TaskSlot
  /** Whether the attempt has slots of limits, which it may not keep while it waits for a child. */
  readonly hasLimits: boolean
}

export interface ChildRequest {
  readonly workflow: string
  readonly inputText: ContextText
  readonly key: string
}

export type ChildEnd = { readonly kind: 'ended'; readonly child: EndedChild } | { readonly kind: 'parked' }

export interface EndedChild extends Pick<Execution, 'id' | 'workflow' | 'status' | 'errorMessage'> {
  readonly startedAt: number
  readonly endedAt: number
  readonly contextText: ContextText
}

/** Task of the execution that has failed, and is not retried any more. */
export interface FailedTask {
  readonly task: string
  readonly type: string
  readonly message: string
  /** Number of attempts that have started. */
  readonly attempts: number
}

/** Facts about the execution of an attempt, which do not change during the attempt. */
export interface ExecutionView {
  /** Initial context of the execution. */
  readonly inputText: ContextText
  /** Returns the tasks that had failed when the attempt began, in the order of their ends. */
  failures(): readonly FailedTask[]
  /** Returns the traceback of such a task, and null for another task of the execution or an error without traceback. */
  traceback(taskId: string): TracebackAnswer
}

export type TracebackAnswer =
  | { readonly kind: 'found'; readonly traceback: string | null }
  /** The execution has no such task. The message states this and may name a similar task. */
  | { readonly kind: 'unknownTask'; readonly message: string }

export interface TaskRequest {
  readonly script: string
  readonly executionId: string
  readonly workflow: string
  readonly taskId: string
  /** Function of another script that runs instead. */
  readonly runs?: TaskRuns | undefined
  /** Number of the attempt, starting with 1. */
  readonly attempt: number
  readonly inputText: ContextText
  readonly deadlineMs: number
  /** Time after which the task must not start, as for polls. */
  readonly startLimit?: StartLimit
  /**
   * Time after which the attempt must not run, for a task with limits. The host stops the attempt then, and ends its
   * interpreter 200 ms later; the outcome is `lost`. Interpreters do so themselves if the engine is silent.
   */
  readonly runLimit?: RunLimit
  readonly slot: TaskSlot
  readonly view: ExecutionView
  readonly memory: TaskMemory
  readonly stopping?: AbortSignal
  /** Receives output and log records of the attempt, and later ones of threads that it left behind. Default: none. */
  readonly log?: LogPieceSink
}

/** The call never began, and has no effect. */
export interface NotStarted {
  readonly kind: 'notStarted'
  /** No loaded script declares it. Otherwise the engine stopped while there was no interpreter for it. */
  readonly isUnserved?: true
  /** Its `startLimit` ended before its function could be called. */
  readonly isLate?: true
}

/** The attempt ended because `TaskMemory.runChild` returned `parked`. */
export interface Parked {
  readonly kind: 'parked'
}

/** The attempt ended with `TryLater`. The task begins again after the delay, with the same number of the attempt. */
export interface TriedLater {
  readonly kind: 'tryLater'
  readonly delayMs: number
  /** Name of the limit whose slots are closed for the delay, or null. */
  readonly limit: string | null
}

/** Result of an attempt, as a host returns it to the engine. */
export type TaskResult = AttemptOutcome | NotStarted | Parked | TriedLater

/** Result of a poll, as a host returns it to the engine. */
export type TickResult = PollOutcome | NotStarted

/**
 * Runs Python. Calls always resolve with the outcome: a Python exception, a hang (stopped at its deadline), a dead
 * interpreter and a closed host are outcomes. Calls wait while there is no interpreter. They may overlap.
 */
export interface ScriptHost extends GraphHost {
  poll(request: PollRequest): Promise<TickResult>
  runTask(request: TaskRequest): Promise<TaskResult>
  /** Stops running calls of an execution: they settle as `cancelled` or as usual. Ends interpreters after 5 s. */
  cancelTasks(executionId: string): void
}
