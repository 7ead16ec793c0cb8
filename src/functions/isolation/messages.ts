/** Every message between the engine and the worker of a script. Plain data; each request gets one answer, or its worker ends. */

import type { NotEntered, PollRequest, TaskRequest } from '../../engine/ports.ts'
import type { Declarations } from '../../model/declarations.ts'
import type { AttemptOutcome } from '../../model/execution.ts'
import type { LogPiece } from '../../model/log.ts'
import type { PollOutcome } from '../../model/trigger.ts'
import type { SecretFields } from '../../secrets/provider.ts'
import type { ModuleFault } from '../loading/module-loader.ts'

/** A number of its own for each request. */
export type RequestId = number

export type PlainPoll = Omit<PollRequest, 'stopping' | 'log'>
export type PlainTask = Omit<TaskRequest, 'slot' | 'stopping' | 'log'>

export type ToWorker =
  | { readonly type: 'load' }
  | { readonly type: 'poll'; readonly id: RequestId; readonly request: PlainPoll }
  | { readonly type: 'task'; readonly id: RequestId; readonly request: PlainTask }
  /** Who asked for a poll stops. */
  | { readonly type: 'stopping'; readonly id: RequestId }
  | { readonly type: 'cancel'; readonly executionId: string }
  | { readonly type: 'checkInput'; readonly id: RequestId; readonly workflow: string; readonly contextText: string }
  | { readonly type: 'slotAcquired'; readonly id: RequestId }
  | { readonly type: 'secret'; readonly ask: number; readonly answer: SecretAnswered }

export type SecretAnswered =
  | { readonly kind: 'found'; readonly fields: SecretFields | null }
  | { readonly kind: 'notGranted' | 'failed'; readonly message: string }

export type FromWorker =
  | { readonly type: 'loaded'; readonly files: readonly string[]; readonly result: LoadedInWorker }
  | { readonly type: 'outcome'; readonly id: RequestId; readonly outcome: AttemptOutcome | PollOutcome | NotEntered }
  | { readonly type: 'inputChecked'; readonly id: RequestId; readonly result: InputChecked }
  | { readonly type: 'log'; readonly id: RequestId; readonly piece: LogPiece }
  | { readonly type: 'slot'; readonly id: RequestId; readonly move: 'release' | 'acquire' }
  | {
      readonly type: 'secret'
      readonly ask: number
      readonly name: string
      readonly request: { readonly workflow: string; readonly executionId: string; readonly taskId: string }
    }
  | { readonly type: 'notice'; readonly message: string }

export type LoadedInWorker =
  | { readonly kind: 'good'; readonly declarations: Declarations; readonly inputs: readonly string[] }
  | { readonly kind: 'failed'; readonly fault: ModuleFault }

export type InputChecked =
  | { readonly kind: 'fits'; readonly contextText: string }
  | { readonly kind: 'refused'; readonly message: string }

/** What a worker is started with. */
export interface WorkerData {
  readonly script: string
  readonly path: string
  readonly packageUrl: string
  readonly loadDeadlineMs: number
  readonly logLimits: { readonly attemptBytes: number; readonly pollBytes: number }
  readonly stdoutTo: 'stdout' | 'stderr'
  readonly prefixes: boolean
  readonly hasSecrets: boolean
  /** One number: the request whose work is under way, or was last. */
  readonly current: Int32Array
}
