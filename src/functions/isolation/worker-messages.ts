/** Messages between the engine and a script's worker. Plain data. Each request gets one answer, or its worker ends. */

import type { MessagePort } from 'node:worker_threads'
import type {
  ChildEnd,
  ChildRequest,
  FailedTask,
  PollRequest,
  TaskRequest,
  TaskResult,
  TickResult,
} from '../../engine/ports.ts'
import type { ErrorCode, ErrorFacts } from '../../errors.ts'
import type { Declarations } from '../../model/declarations.ts'
import type { LogPiece } from '../../model/logs/log-record.ts'
import type { ScriptLine } from '../../output/script-line.ts'
import type { SecretFields } from '../../secrets/provider.ts'
import type { FunctionView } from '../calls/attempt-request.ts'
import type { ModuleFault } from '../loading/module-loader.ts'

export type RequestId = number

type PlainPoll = Omit<PollRequest, 'stopping' | 'log'>
type PlainTask = Omit<TaskRequest, 'slot' | 'view' | 'memory' | 'stopping' | 'log' | 'runLimit'> & {
  readonly chainId: string
}

export type ToWorker =
  | { readonly type: 'load' }
  | { readonly type: 'poll'; readonly id: RequestId; readonly request: PlainPoll }
  | { readonly type: 'task'; readonly id: RequestId; readonly request: PlainTask }
  /** The caller of a poll stops. */
  | { readonly type: 'stopping'; readonly id: RequestId }
  | { readonly type: 'cancel'; readonly executionId: string }
  /** The `RunLimit` of a task has passed. Its thread is ended soon. */
  | { readonly type: 'endLease'; readonly id: RequestId }
  | { readonly type: 'checkInput'; readonly id: RequestId; readonly workflow: string; readonly contextText: string }
  | { readonly type: 'slotAcquired'; readonly id: RequestId }
  | { readonly type: 'secret'; readonly ask: number; readonly answer: SecretAnswered }
  | { readonly type: 'memory'; readonly ask: number; readonly answer: MemoryAnswer }

export type SecretAnswered =
  | { readonly kind: 'found'; readonly fields: SecretFields | null }
  | { readonly kind: 'notGranted' | 'failed'; readonly message: string }

export type FromWorker =
  | { readonly type: 'loaded'; readonly files: readonly string[]; readonly result: LoadedInWorker }
  | { readonly type: 'outcome'; readonly id: RequestId; readonly outcome: TaskResult | TickResult }
  | { readonly type: 'inputChecked'; readonly id: RequestId; readonly result: InputChecked }
  | { readonly type: 'log'; readonly id: RequestId; readonly piece: LogPiece }
  | { readonly type: 'slot'; readonly id: RequestId; readonly move: 'release' | 'acquire' }
  | {
      readonly type: 'secret'
      readonly ask: number
      readonly name: string
      readonly request: { readonly workflow: string; readonly executionId: string; readonly taskId: string }
    }
  | ({ readonly type: 'memory'; readonly id: RequestId; readonly ask: number } & MemoryCall)
  | FactRequest
  | { readonly type: 'printed'; readonly line: ScriptLine }
  | { readonly type: 'notice'; readonly message: string }

/** Call of the memory of an attempt. */
export type MemoryCall =
  | { readonly method: 'findResult'; readonly name: string }
  | { readonly method: 'keepResult'; readonly name: string; readonly resultText: string }
  | { readonly method: 'runChild'; readonly child: ChildRequest }

/** Errors are sent as values, because their classes would be lost. */
export type MemoryAnswer =
  | { readonly kind: 'answered'; readonly value: string | null | ChildEnd }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string; readonly facts: ErrorFacts }

/** Request for a fact about an execution. The thread of the worker waits for it, so the answer needs its own port. */
export interface FactRequest {
  readonly type: 'fact'
  readonly id: RequestId
  readonly name: keyof FunctionView
  readonly answerTo: MessagePort
  /** Becomes 1 when the answer, a `FactAnswer`, has been sent. */
  readonly isAnswered: Int32Array
}

/** Null if the attempt has ended for the engine. */
export type FactAnswer = string | readonly FailedTask[] | null

export type LoadedInWorker =
  | { readonly kind: 'good'; readonly declarations: Declarations; readonly inputs: readonly string[] }
  | { readonly kind: 'failed'; readonly fault: ModuleFault }

export type InputChecked =
  | { readonly kind: 'fits'; readonly contextText: string }
  | { readonly kind: 'refused'; readonly message: string; readonly problems?: ErrorFacts['problems'] }

export interface WorkerData {
  readonly script: string
  readonly path: string
  readonly packageUrl: string
  readonly loadDeadlineMs: number
  readonly logLimits: { readonly attemptBytes: number; readonly pollBytes: number }
  readonly stdoutTo: 'stdout' | 'stderr'
  readonly prefixes: boolean
  /** Whether output is written to the streams of the process, or sent as lines, or log records are sent as well. */
  readonly output: 'written' | 'sent' | 'sentWithRecords'
  readonly hasSecrets: boolean
  /** Id of the request that is running, or ran last. */
  readonly current: Int32Array
}
