/** Script host with loaded scripts, opened as the runner opens it. It records notices and other events. */

import { EventEmitter, once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../../src/engine/clock-port.ts'
import type { ExecutionView, NotStarted, TaskMemory, TaskSlot } from '../../src/engine/ports.ts'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { currentProcessSettings } from '../../src/host/environment/process-settings.ts'
import type { ExpectedScript } from '../../src/host/interpreter-groups.ts'
import { DEFAULT_LIMITS, type HostLimits } from '../../src/host/process/host-limits.ts'
import { type HostOptions, PythonHost } from '../../src/host/python-host.ts'
import type { AttemptOutcome } from '../../src/model/execution.ts'
import type { PollOutcome } from '../../src/model/trigger.ts'
import { TEST_CACHE } from './test-cache.ts'
import { TEST_CHOICE } from './test-python.ts'

process.env.CLOACA_CACHE_DIR ??= TEST_CACHE

/** Folder that contains the Python package. */
export const PACKAGE_FOLDER = fileURLToPath(new URL('../../python', import.meta.url))
export const NO_SLOT: TaskSlot = { release: () => {}, acquire: async () => {} }
/** Memory without results, which starts no children. */
export const NO_MEMORY: TaskMemory = {
  chainId: 'e',
  keyOf: (name) => name,
  findResult: async () => null,
  keepResult: async (_name, resultText) => resultText,
  runChild: async () => ({ kind: 'parked' }),
}

/** View of an execution with an empty context and without tasks. */
export const NO_VIEW: ExecutionView = {
  inputText: '{}',
  failures: () => [],
  traceback: () => ({ kind: 'found', traceback: null }),
}
/** Longer than any test. */
const NO_DEADLINE_MS = 600_000

interface Heard extends Pick<OpenHost, 'notices' | 'preparations' | 'quarantines'> {
  readonly notServed: EventEmitter
}

type OpenHostOptions = Partial<HostLimits> &
  Partial<Pick<HostOptions, 'python' | 'pythonFor'>> & {
    readonly clock?: Clock
  }

export class OpenHost implements AsyncDisposable {
  readonly host: PythonHost
  readonly notices: readonly string[]
  readonly preparations: readonly string[]
  readonly quarantines: readonly string[]
  readonly #notServed: EventEmitter

  private constructor(host: PythonHost, heard: Heard) {
    this.host = host
    this.notices = heard.notices
    this.preparations = heard.preparations
    this.quarantines = heard.quarantines
    this.#notServed = heard.notServed
  }

  /** Opens a host, and loads each path as a script with the path as its name. */
  static async open(
    paths: readonly string[],
    interpreters = 1,
    { clock = new SystemClock(), python, pythonFor, ...limits }: OpenHostOptions = {},
  ): Promise<OpenHost> {
    const notices: string[] = []
    const preparations: string[] = []
    const quarantines: string[] = []
    const notServed = new EventEmitter()
    const host = await PythonHost.open({
      clock,
      process: currentProcessSettings(['']),
      packageFolder: PACKAGE_FOLDER,
      interpreters,
      isProgram: false,
      python: python ?? TEST_CHOICE,
      ...(pythonFor !== undefined && { pythonFor }),
      limits: { ...DEFAULT_LIMITS, ...limits },
      events: {
        call: async ({ method }) => {
          if (method === 'host.packageFolders') return { value: [], contextText: '' }
          throw new Error('These scripts open no runner.')
        },
        declared: () => {},
        gone: () => {},
        reloaded: () => {},
        notServed: (script) => notServed.emit(script),
        quarantined: (script, label, reason) => void quarantines.push(`${script}: ${label}: ${reason}`),
        preparing: (message) => void preparations.push(message),
        notice: (message) => void notices.push(message),
      },
    })
    const opened = new OpenHost(host, { notices, preparations, quarantines, notServed })
    host.expect(paths.map(comingScript))
    for (const path of paths) await host.load(path, { kind: 'file', path })
    return opened
  }

  async poll(script: string, trigger: string, deadlineMs = NO_DEADLINE_MS): Promise<PollOutcome> {
    return entered(await this.host.calls.poll({ script, trigger, deadlineMs }))
  }

  async runTask(
    script: string,
    workflow: string,
    taskId: string,
    deadlineMs = NO_DEADLINE_MS,
  ): Promise<AttemptOutcome> {
    const request = {
      script,
      workflow,
      taskId,
      deadlineMs,
      executionId: 'e',
      attempt: 1,
      inputText: '{}',
      slot: NO_SLOT,
      view: NO_VIEW,
      memory: NO_MEMORY,
    }
    const outcome = entered(await this.host.calls.runTask(request))
    if (outcome.kind === 'parked' || outcome.kind === 'tryLater')
      throw new Error(`The attempt ended as "${outcome.kind}".`)
    return outcome
  }

  /** Waits until the host stops serving a script, from now on. */
  async untilNotServed(script: string): Promise<void> {
    await once(this.#notServed, script)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host.close()
  }
}

/** Returns a file as a script with its path as the name. */
export function comingScript(path: string): ExpectedScript {
  return { script: path, target: { kind: 'file', path } }
}

/** Returns the outcome of a call, which must have started: no test stops the host during a call. */
function entered<Outcome extends { readonly kind: string }>(outcome: Outcome | NotStarted): Outcome {
  if (outcome.kind !== 'notStarted') return outcome as Outcome
  throw new Error('It was not entered.')
}
