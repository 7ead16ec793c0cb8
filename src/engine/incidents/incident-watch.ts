/**
 * Reports the failures that no step of the loops stores: late polls, quarantined scripts, and a database that refuses.
 * Owned by the engine. The loops never wait for it. A report that the database refuses is stored later.
 *
 *   trigger-late             a poll is overdue by `lateByMs`; reported again after it was in time
 *   interpreter-quarantined  each script that gets an interpreter of its own
 *   database-refused         the first refusal; ends when there was none for five minutes
 *
 * Also looks once per second for deadlines, silent triggers and workflows that are not done; see the judges.
 */

import { StoreError } from '../../errors.ts'
import { DATABASE_CALM_MS } from '../../model/alert.ts'
import type { Timer, Trouble } from '../clock-port.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { PolledTriggers } from '../triggers/polled-triggers.ts'
import type { DeadlineJudge } from './deadline-judge.ts'
import { DoneByJudge } from './done-by-judge.ts'
import { FailureReports } from './failure-reports.ts'
import type { IncidentReport } from './incident-report.ts'
import { IncidentWrites } from './incident-writes.ts'
import { SilenceJudge } from './silence-judge.ts'
import { WaitingJudge } from './waiting-judge.ts'

const LOOK_EVERY_MS = 1_000

interface WatchedParts {
  readonly triggers: PolledTriggers
  readonly deadlines: DeadlineJudge
}

interface Judge {
  start(): void
  look(): void
  stop(): void
}

export class IncidentWatch {
  readonly #ports: EnginePorts
  readonly #triggers: PolledTriggers
  readonly #reports: FailureReports
  readonly #writes: IncidentWrites
  readonly #releases: (() => void)[] = []
  readonly #judges: Judge[]
  #late: ReadonlySet<string> = new Set()
  #timer: Timer | null = null
  #calmTimer: Timer | null = null
  /** Monotonic time of the last refusal, or of the start. */
  #calmSince = 0
  #isRefusing = false

  /** Listens to events from now on. */
  constructor(ports: EnginePorts, { triggers, deadlines }: WatchedParts) {
    this.#ports = ports
    this.#triggers = triggers
    this.#judges = [deadlines]
    this.#reports = new FailureReports(ports)
    this.#writes = new IncidentWrites(ports)
    if (ports.incidents === null) return
    const { events, clock } = ports
    this.#releases.push(
      events.on('scriptQuarantined', (event) => this.#report(this.#reports.quarantined(event, clock.now()))),
      events.onTroubleSilently((trouble) => this.#troubled(trouble)),
    )
  }

  /** Stores the reports made so far, and begins to look at the executions of this engine. */
  start(): void {
    if (this.#ports.incidents === null) return
    this.#writes.start()
    for (const judge of this.#judges) judge.start()
    this.#wait()
    if (this.#isRefusing || !this.#ports.incidents.kinds.has('database-refused')) return
    // A former engine may have stopped before the end of its incident.
    this.#calmSince = this.#ports.clock.monotonic()
    this.#endWhenCalm()
  }

  /** Begins to judge the declarations that this engine serves. */
  serve(): void {
    const { incidents } = this.#ports
    const judges = [
      ...(incidents?.kinds.has('trigger-silent') ? [new SilenceJudge(this.#ports, this.#triggers)] : []),
      ...(incidents?.kinds.has('deadline-missed') ? [new DoneByJudge(this.#ports), new WaitingJudge(this.#ports)] : []),
    ]
    for (const judge of judges) judge.start()
    this.#judges.push(...judges)
  }

  stop(): void {
    for (const release of this.#releases.splice(0)) release()
    this.#timer?.cancel()
    this.#calmTimer?.cancel()
    this.#writes.stop()
    for (const judge of this.#judges) judge.stop()
  }

  #wait(): void {
    this.#timer = this.#ports.clock.wakeAfter(LOOK_EVERY_MS, () => this.#look(), 'looking for missed times')
  }

  #look(): void {
    this.#wait()
    this.#lookForLate()
    for (const judge of this.#judges) judge.look()
  }

  #lookForLate(): void {
    const { incidents, clock } = this.#ports
    if (!incidents?.kinds.has('trigger-late')) return
    const at = clock.now()
    const late = this.#triggers.overdue(incidents.lateByMs)
    for (const { trigger, lateMs } of late) {
      if (!this.#late.has(trigger)) this.#report(this.#reports.latePoll(trigger, lateMs, at))
    }
    this.#late = new Set(late.map(({ trigger }) => trigger))
  }

  #troubled(trouble: Trouble): void {
    const { clock, incidents } = this.#ports
    // A step that the database rejects, because another engine has the execution, is not a refusal.
    if (!(trouble.error instanceof StoreError) || trouble.error.code === 'EXECUTION_NOT_OWNED') return
    this.#calmSince = clock.monotonic()
    if (this.#isRefusing) return
    const report = this.#reports.refused(trouble, clock.now())
    if (report === null) return
    this.#isRefusing = true
    incidents?.sendDirectly(report)
    this.#endWhenCalm()
  }

  /** Ends the incident of the database after a time without a refusal. */
  #endWhenCalm(): void {
    const { clock } = this.#ports
    this.#calmTimer?.cancel()
    const waitMs = this.#calmSince + DATABASE_CALM_MS - clock.monotonic()
    this.#calmTimer = clock.wakeAfter(waitMs, () => this.#calmed(), 'waiting for a database without errors')
  }

  #calmed(): void {
    const { clock, store } = this.#ports
    if (clock.monotonic() - this.#calmSince < DATABASE_CALM_MS) {
      this.#endWhenCalm()
      return
    }
    this.#isRefusing = false
    const at = clock.now()
    this.#writes.add(() => store.incidents.end(['database-refused'], '', at))
  }

  #report(report: IncidentReport | null): void {
    if (report !== null) this.#writes.add(() => this.#ports.store.incidents.report(report))
  }
}
