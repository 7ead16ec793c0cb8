/** Names in declarations that nothing loaded has: said once scripts are loaded, since what is meant may come with the next. */

import type { TriggerDefinition } from '../../model/trigger.ts'
import type { LiveRegistry } from '../../registry/live-registry.ts'
import { didYouMean } from '../../registry/nearest.ts'
import { type RegistryProblem, unboundTriggers } from '../../registry/registry.ts'
import type { LogSink } from '../log-lines.ts'
import type { TaskTargets } from './task-targets.ts'

export class UnboundNames {
  readonly #registry: LiveRegistry
  readonly #targets: TaskTargets
  readonly #log: LogSink

  constructor(registry: LiveRegistry, targets: TaskTargets, log: LogSink) {
    this.#registry = registry
    this.#targets = targets
    this.#log = log
  }

  /** Triggers without their workflows, and tasks without their functions. */
  report(isMeant: (problem: RegistryProblem) => boolean = () => true): void {
    const problems = [...unboundTriggers(this.#registry.current()), ...this.#targets.problems()]
    for (const { message, script } of problems.filter(isMeant)) {
      this.#log({ level: 'warn', message, facts: { script } })
    }
  }

  /** Reports the workflow of a trigger if a loaded one has a similar name. Otherwise another file may declare it. */
  reportMisspelt({ name, workflow }: TriggerDefinition): void {
    if (didYouMean(workflow, this.#registry.current().workflows.keys()) === '') return
    this.report((problem) => problem.kind === 'unknownWorkflow' && problem.trigger === name)
  }

  /** Reports when what is being loaded is loaded. Until then triggers wait whose workflow may come with it. */
  await(loading: Promise<void> | null): void {
    if (loading === null) {
      this.report()
      return
    }
    this.#registry.awaitWorkflows(true)
    void loading.then(() => {
      this.#registry.awaitWorkflows(false)
      this.report()
    })
  }
}
