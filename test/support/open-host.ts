/** An interpreter host with a script loaded, as the runner opens it, whose notices are kept. */

import { EventEmitter, once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { SystemClock } from '../../src/engine/clock.ts'
import type { Clock, NotEntered, TaskSlot } from '../../src/engine/ports.ts'
import { currentProcessSettings } from '../../src/host/environment/process-settings.ts'
import type { ComingScript } from '../../src/host/interpreter-groups.ts'
import { DEFAULT_LIMITS, type HostLimits } from '../../src/host/process/host-limits.ts'
import { type HostOptions, PythonHost } from '../../src/host/python-host.ts'
import type { AttemptOutcome } from '../../src/model/execution.ts'
import type { PollOutcome } from '../../src/model/trigger.ts'
import { TEST_CACHE } from './test-cache.ts'
import { TEST_CHOICE } from './test-python.ts'

process.env.CLOACA_CACHE_DIR ??= TEST_CACHE

/** Holds the Python package. */
export const PACKAGE_FOLDER = fileURLToPath(new URL('../../python', import.meta.url))
export const NO_SLOT: TaskSlot = { release: () => {}, acquire: async () => {} }
/** More than any test takes. */
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

  /** Loads each path as a script of that name. */
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
    return entered(await this.host.poll({ script, trigger, deadlineMs }))
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
    }
    return entered(await this.host.runTask(request))
  }

  /** Settles when a script is given up, from now on. */
  async untilNotServed(script: string): Promise<void> {
    await once(this.#notServed, script)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host.close()
  }
}

/** A file as a script of its path. */
export function comingScript(path: string): ComingScript {
  return { script: path, target: { kind: 'file', path } }
}

/** Nobody stops here while a call waits. */
function entered<Outcome extends { readonly kind: string }>(outcome: Outcome | NotEntered): Outcome {
  if (outcome.kind !== 'notEntered') return outcome as Outcome
  throw new Error('It was not entered.')
}
