/**
 * Runner with real Python and a real database that records all events and log lines. Tests wait for a named event,
 * which may have occurred already, and never for a time.
 */

import {
  type EngineEventMap,
  type EngineEventName,
  type ExecutionResult,
  type LogLine,
  Runner,
  type RunnerOptions,
} from '../../src/index.ts'
import { LIMIT_MS } from './limits.ts'
import { scenarioPath } from './run-script.ts'
import { type ScenarioDatabase, scenarioDatabase } from './scenario-database.ts'
import { TEST_CACHE } from './test-cache.ts'
import { TEST_CHOICE } from './test-python.ts'

// Scripts of the command line use this folder too, so that the memory snapshot is created only once.
process.env.CLOACA_CACHE_DIR ??= TEST_CACHE

const EVENTS: readonly EngineEventName[] = [
  'tick',
  'triggerFired',
  'triggerFailed',
  'cronFired',
  'executionStarted',
  'taskStarted',
  'taskRetried',
  'taskFinished',
  'executionFinished',
  'reactorFired',
  'sourceFailed',
  'graphFailed',
  'warning',
  'trouble',
  'stopped',
]

export type EventTest<Name extends EngineEventName> = (event: EngineEventMap[Name]) => boolean

export class ObservedRunner implements AsyncDisposable {
  readonly runner: Runner
  readonly log: readonly LogLine[]
  readonly #events: { readonly name: EngineEventName; readonly event: unknown }[] = []
  readonly #waiting = new Set<() => void>()
  readonly #database: ScenarioDatabase | null

  private constructor(runner: Runner, log: readonly LogLine[], database: ScenarioDatabase | null) {
    this.runner = runner
    this.log = log
    this.#database = database
    for (const name of EVENTS) {
      runner.on(name, (event) => {
        this.#events.push({ name, event })
        for (const look of this.#waiting) look()
      })
    }
  }

  /** Opens a runner, by default with the database of `scenario-database.ts`, without loading or starting anything. */
  static async open(options: RunnerOptions = {}): Promise<ObservedRunner> {
    const log: LogLine[] = []
    const database = options.database === undefined ? await scenarioDatabase() : null
    const runner = await Runner.open({
      ...(database !== null && { database: database.url }),
      durability: 'normal',
      python: TEST_CHOICE,
      log: (line) => void log.push(line),
      ...options,
    })
    return new ObservedRunner(runner, log, database)
  }

  /** Opens a runner, loads files of `test/scenarios`, and starts the runner. */
  static async start(scenarios: readonly string[], options: RunnerOptions = {}): Promise<ObservedRunner> {
    const observed = await ObservedRunner.open(options)
    try {
      for (const name of scenarios) await observed.runner.load(scenarioPath(name))
      await observed.runner.start()
      return observed
    } catch (error) {
      await observed.runner.close()
      throw error
    }
  }

  /** Returns the recorded events with a name that pass the test. */
  events<Name extends EngineEventName>(
    name: Name,
    test: EventTest<Name> = () => true,
  ): readonly EngineEventMap[Name][] {
    return this.#events
      .filter((each) => each.name === name)
      .map((each) => each.event as EngineEventMap[Name])
      .filter(test)
  }

  /** Waits for the first `count` events that pass the test, including earlier ones, and returns them. */
  until<Name extends EngineEventName>(
    name: Name,
    test: EventTest<Name> = () => true,
    count = 1,
  ): Promise<readonly EngineEventMap[Name][]> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const events = this.events(name, test)
        if (events.length < count) return
        clearTimeout(timer)
        this.#waiting.delete(look)
        resolve(events.slice(0, count))
      }
      const giveUp = () => {
        this.#waiting.delete(look)
        reject(new Error(`"${name}" did not come ${count} times within ${LIMIT_MS} ms.\n${this.#describe(name)}`))
      }
      const timer = setTimeout(giveUp, LIMIT_MS)
      this.#waiting.add(look)
      look()
    })
  }

  /** Describes the last events with the name, the warnings, and the last events of all. */
  #describe(name: EngineEventName): string {
    const lines = (events: readonly { readonly name: string; readonly event: unknown }[], most: number) =>
      events.slice(-most).map((each) => `${each.name} ${JSON.stringify(each.event)}`)
    const warned = this.log.filter(({ level }) => level !== 'info').map(({ message }) => message.slice(0, 300))
    const named = this.#events.filter((each) => each.name === name)
    return [
      ...['Of that name:', ...lines(named, 6)],
      ...['Warned of:', ...warned.slice(-8)],
      ...['The last events:', ...lines(this.#events, 12)],
    ].join('\n')
  }

  /** Waits until `count` executions of a trigger have ended, and returns them, oldest first. */
  async runsOf(trigger: string, count = 1): Promise<readonly ExecutionResult[]> {
    const fired = await this.until('triggerFired', (event) => event.trigger === trigger, count)
    const ids = fired.map((event) => event.executionId)
    await this.until('executionFinished', (event) => ids.includes(event.executionId), count)
    return Promise.all(ids.map((id) => this.runner.executions.get(String(id))))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runner.close({ graceMs: 0 })
    await this.#database?.[Symbol.asyncDispose]()
  }
}
