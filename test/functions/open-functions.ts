/** A function host for the functions of a test, with a clock that the test moves, and with its output and notices. */

import type { ModuleTask, PollTools, TaskTools } from '../../src/authoring/function-types.ts'
import type { TaskRequest } from '../../src/engine/ports.ts'
import { FunctionHost } from '../../src/functions/function-host.ts'
import type { LogPiece } from '../../src/model/logs/log-record.ts'
import { recordsOfPiece } from '../../src/model/logs/log-record.ts'
import type { SecretProvider } from '../../src/secrets/provider.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { NO_MEMORY, NO_VIEW } from '../support/open-host.ts'

export const SCRIPT = 'orders.ts'
export const NO_LIMIT_MS = 60_000

type Body = (context: Readonly<Record<string, unknown>>, tools: TaskTools) => unknown
type Callbacks = Partial<Pick<ModuleTask, 'onSuccess' | 'onFailure'>>

/** Clock whose time also passes while a function computes. */
class ComputingClock extends ManualClock {
  computedMs = 0

  override monotonic(): number {
    return super.monotonic() + this.computedMs
  }
}

export interface Opened extends Disposable {
  readonly host: FunctionHost
  readonly clock: ComputingClock
  readonly notices: string[]
  /** Texts printed to the streams of the process. */
  readonly printed: string[]
  /** Log records of all attempts and polls. */
  readonly records: ReturnType<typeof recordsOfPiece>[number][]
  run(body: Body, options?: Partial<TaskRequest> & Callbacks): ReturnType<FunctionHost['runTask']>
  poll(
    poll: (tools: PollTools) => unknown,
    deadlineMs?: number,
    stopping?: AbortSignal,
  ): ReturnType<FunctionHost['poll']>
}

export function openFunctions(secrets: SecretProvider | null = null): Opened {
  const clock = new ComputingClock()
  const notices: string[] = []
  const printed: string[] = []
  const records: Opened['records'] = []
  const host = new FunctionHost({
    clock,
    secrets,
    logLimits: { attemptBytes: 65_536, pollBytes: 65_536 },
    notice: (message) => notices.push(message),
    printer: {
      print: (_call, _prefix, _stream, text) => printed.push(text),
      ended: () => undefined,
      drain: () => Promise.resolve(),
    },
  })
  const log = (piece: LogPiece) => void records.push(...recordsOfPiece(piece))
  return {
    ...{ host, clock, notices, printed, records },
    run(body, { onSuccess = null, onFailure = null, ...request } = {}) {
      const task: ModuleTask = { run: body, onSuccess, onFailure }
      host.use(SCRIPT, {
        tasks: new Map([['orders', new Map([['ship', task]])]]),
        triggers: new Map(),
        inputs: new Map(),
      })
      return host.runTask({ ...taskRequest(), log, ...request })
    },
    poll(poll, deadlineMs = NO_LIMIT_MS, stopping = new AbortController().signal) {
      const trigger = { poll, checkFired: null, stateText: null, onChange: false }
      host.use(SCRIPT, { tasks: new Map(), triggers: new Map([['inbox', trigger]]), inputs: new Map() })
      return host.poll({ script: SCRIPT, trigger: 'inbox', deadlineMs, stopping, log })
    },
    [Symbol.dispose]: () => host.close(),
  }
}

export function taskRequest(): TaskRequest {
  return {
    script: SCRIPT,
    workflow: 'orders',
    taskId: 'ship',
    executionId: 'e0e0e0e0-0000-4000-8000-000000000000',
    attempt: 1,
    inputText: '{}',
    deadlineMs: NO_LIMIT_MS,
    slot: { release: () => undefined, acquire: async () => undefined },
    view: NO_VIEW,
    memory: NO_MEMORY,
  }
}
