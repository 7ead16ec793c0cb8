/** Declarations of a generation of the simulated code, in the form of a script's declarations. */

import type { ScriptDeclarations } from '../../src/host/scripts/declarations.ts'
import type { Accumulation } from '../../src/model/graphs/definitions.ts'
import { cronTrigger, graph, graphs, reactor, retrying, source, trigger, workflow } from '../support/declared.ts'
import { dependenciesIn, isDeclaredIn, LAST_GENERATION, type Program, type ProgramSource } from './program.ts'

/** The name of the one module that is served. No file has it, so no path of the machine gets into the database. */
export const SCRIPT = 'simulated_jobs'

export function declarationsOf(program: Program, generation: number): ScriptDeclarations {
  const isDeclared = (each: { readonly generations: readonly number[] }) => isDeclaredIn(each, generation)
  return {
    workflows: program.workflows.filter(isDeclared).map((each) => {
      const tasks = each.tasks.map((task) => [
        task.id,
        {
          after: dependenciesIn(each, task, generation),
          rule: task.rule,
          retry: retrying(task.maxAttempts, { initialDelayMs: task.delayMs }),
        },
      ])
      const version =
        each.isRewired && generation > 0 && generation < LAST_GENERATION ? 'fedcba9876543210' : '0123456789abcdef'
      return { ...workflow(each.key, Object.fromEntries(tasks), SCRIPT), version }
    }),
    triggers: [
      ...program.triggers.filter(isDeclared).map((each) =>
        trigger(each.name, {
          workflow: each.workflow,
          everyMs: each.everyMs,
          allowConcurrent: each.allowConcurrent,
          policy: each.policy,
          script: SCRIPT,
        }),
      ),
      ...program.crons.map((each) =>
        cronTrigger(each.name, each.expression, { workflow: each.workflow, catchup: each.catchup, script: SCRIPT }),
      ),
    ],
    graphs: graphs({
      sources: program.sources.filter(isDeclared).map((each) => source(each.name, accumulationOf(each), SCRIPT)),
      reactors: program.reactors.filter(isDeclared).map((each) => reactor(each.name, each.sources, each.mode, SCRIPT)),
      graphs: program.reactors
        .filter(isDeclared)
        .flatMap((each) => (each.graph === null ? [] : [graph(each.graph, each.name, SCRIPT)])),
    }),
    pollNumbers: new Map(),
  }
}

function accumulationOf({ kind }: ProgramSource): Accumulation {
  switch (kind) {
    case 'passthrough':
      return { kind }
    case 'batch':
      return { kind, intervalMs: 2_000, maxSize: 3 }
    case 'polling':
      return { kind, intervalMs: 1_500 }
    case 'state':
      return { kind, capacity: 3 }
  }
}
