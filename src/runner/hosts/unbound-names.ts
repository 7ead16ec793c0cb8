/** Reports undeclared names in declarations. Runs after loading, since the next script may declare them. */

import type { TriggerDefinition } from '../../model/trigger.ts'
import type { LiveRegistry } from '../../registry/live-registry.ts'
import { didYouMean } from '../../registry/nearest.ts'
import { type RegistryProblem, unboundTriggers } from '../../registry/registry.ts'
import type { LogSink } from '../log/event-log-lines.ts'
import type { TaskTargets } from './task-targets.ts'

export class UnboundNames {
  readonly #registry: LiveRegistry
  readonly #targets: TaskTargets
  readonly #log: LogSink
  /** Names of limits with settings. */
  readonly #limits: readonly string[]
  /** Names of these that no script declared when they were checked last. */
  #undeclaredLimits: ReadonlySet<string> = new Set()
  /** Triggers whose undeclared workflow is in the log. */
  readonly #reported = new Set<string>()
  #isStarted = false

  constructor(registry: LiveRegistry, targets: TaskTargets, log: LogSink, limits: readonly string[] = []) {
    this.#registry = registry
    this.#targets = targets
    this.#log = log
    this.#limits = limits
  }

  /** Reports the unbound names in reloaded scripts, and settings of limits that they no longer declare. */
  reloaded(scripts: ReadonlySet<string>): void {
    this.#report(({ script }) => scripts.has(script))
    if (this.#isStarted) this.#reportLimits()
  }

  /** Reports the unbound names in the declarations of a script, unless `start` will report them. */
  declared(name: string): void {
    if (this.#isStarted) this.#report(({ script }) => script === name)
  }

  #report(isMeant: (problem: RegistryProblem) => boolean = () => true): void {
    const problems = [...unboundTriggers(this.#registry.current()), ...this.#targets.problems()]
    for (const problem of problems.filter(isMeant)) {
      const { message, script } = problem
      this.#log({ level: 'warn', message, facts: { script } })
      if (problem.kind === 'unknownWorkflow') this.#reported.add(problem.trigger)
    }
  }

  /** Returns whether the log contains the undeclared workflow of a trigger, and forgets it. */
  takeReported(trigger: string): boolean {
    return this.#reported.delete(trigger)
  }

  /** Reports each setting of an undeclared limit once, and again if a script has declared the limit since then. */
  #reportLimits(): void {
    const declared = this.#registry.current().limits
    const undeclared = this.#limits.filter((name) => !declared.has(name))
    for (const name of undeclared.filter((each) => !this.#undeclaredLimits.has(each))) {
      const hint = didYouMean(name, declared.keys())
      const message = `The settings override limit "${name}", but no loaded script declares this limit.${hint}`
      this.#log({ level: 'warn', message })
    }
    this.#undeclaredLimits = new Set(undeclared)
  }

  /** Reports the workflow of a trigger before `start` only if a similar name is loaded: another file may declare it. */
  polled({ name, workflow }: TriggerDefinition): void {
    if (this.#isStarted || didYouMean(workflow, this.#registry.current().workflows.keys()) === '') return
    this.#report((problem) => problem.kind === 'unknownWorkflow' && problem.trigger === name)
  }

  /** Reports when the scripts that are being loaded are loaded. Until then, triggers wait for their workflows. */
  start(loading: Promise<void> | null): void {
    if (this.#isStarted) return
    this.#isStarted = true
    if (loading === null) {
      this.#report()
      this.#reportLimits()
      return
    }
    this.#registry.awaitWorkflows(true)
    void loading.then(() => {
      this.#registry.awaitWorkflows(false)
      this.#report()
      this.#reportLimits()
    })
  }
}
