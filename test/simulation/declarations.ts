/** Declarations of one generation of the simulated code, in the form in which a script reports them. */

import type { ScriptDeclarations } from '../../src/host/scripts/script-declarations.ts'
import type { Accumulation } from '../../src/model/graphs/definitions.ts'
import type { LimitDefinition } from '../../src/model/limits/limits.ts'
import type { WorkflowDefinition } from '../../src/model/workflow.ts'
import { cronTrigger, graph, graphs, reactor, retrying, source, trigger, workflow } from '../support/declared.ts'
import { INITIAL_STATE } from './model/row-triggers.ts'
import {
  hasChanges,
  isChangedIn,
  isDeclaredIn,
  type Program,
  type ProgramLimit,
  type ProgramSource,
  type ProgramWorkflow,
  tasksIn,
} from './program.ts'

/** Name of the only served module. It is not a path, so that the database contains no paths of this machine. */
export const SCRIPT = 'simulated_jobs'

export function declarationsOf(program: Program, generation: number): ScriptDeclarations {
  const isDeclared = (each: { readonly generations: readonly number[] }) => isDeclaredIn(each, generation)
  return {
    workflows: program.workflows.filter(isDeclared).map((each) => {
      const declared = tasksIn(each, generation)
      const tasks = declared.map(({ after, rule, ...task }) => [
        task.id,
        {
          after,
          ...(rule.type !== 'Always' && { rule }),
          retry: retrying(task.maxAttempts, { initialDelayMs: task.delayMs }),
          ...(task.takesMs !== undefined && { timeoutMs: 2 * task.takesMs }),
          ...deadlineOf(program, each.key, task.id),
        },
      ])
      const version = hasChanges(each) && isChangedIn(generation) ? 'fedcba9876543210' : '0123456789abcdef'
      const made = workflow(each.key, Object.fromEntries(tasks), SCRIPT)
      const withWaits = made.tasks.map((task, index) => {
        const wait = declared[index]?.wait
        const limits = declared[index]?.limits ?? []
        return { ...task, ...(wait !== undefined && { wait }), ...(limits.length > 0 && { limits }) }
      })
      return { ...made, ...limitOf(each, generation), tasks: withWaits, version, ...timesOf(program, each.key) }
    }),
    ...(program.limits.length > 0 && { limits: program.limits.map((each) => declaredLimit(each, generation)) }),
    triggers: [
      ...program.triggers.filter(isDeclared).map((each) =>
        withPriority(
          trigger(each.name, {
            workflow: each.workflow,
            everyMs: each.everyMs,
            allowConcurrent: each.allowConcurrent,
            policy: { ...each.policy, ...expectationOf(program, each.name) },
            ...(each.hasRows && { initialStateText: INITIAL_STATE }),
            script: SCRIPT,
          }),
          each,
        ),
      ),
      ...program.crons.map((each) =>
        cronTrigger(each.name, each.expression, {
          ...{ workflow: each.workflow, catchup: each.catchup, script: SCRIPT },
          policy: expectationOf(program, each.name),
        }),
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

function withPriority<Declared>(declared: Declared, { priority }: { readonly priority?: number }): Declared {
  return priority === undefined ? declared : { ...declared, priority }
}

/** Returns the limit of a task in a generation of the code. */
function declaredLimit({ later, ...limit }: ProgramLimit, generation: number): LimitDefinition {
  return { ...limit, ...(isChangedIn(generation) && later), script: SCRIPT, place: null }
}

/** Returns the limit and the priority of a workflow in a generation of the code. */
export function limitOf(
  { limit, laterMaxActive, priority }: ProgramWorkflow,
  generation: number,
): Pick<WorkflowDefinition, 'limit' | 'priority'> {
  const maxActive = (isChangedIn(generation) ? laterMaxActive : undefined) ?? limit?.maxActive ?? 1
  return { ...(limit !== undefined && { limit: { ...limit, maxActive } }), ...(priority !== undefined && { priority }) }
}

function deadlineOf({ alerts }: Program, workflow: string, task: string | null): { readonly deadlineMs?: number } {
  const deadline = alerts.deadlines.find((each) => each.workflow === workflow && each.task === task)
  return deadline === undefined ? {} : { deadlineMs: deadline.withinMs }
}

function timesOf(program: Program, workflow: string) {
  const { doneBy } = program.alerts
  return {
    ...deadlineOf(program, workflow, null),
    ...(doneBy?.workflow === workflow && { doneBy: { time: doneBy.time, timezone: 'UTC' } }),
  }
}

function expectationOf({ alerts }: Program, trigger: string): { readonly expectFireMs?: number } {
  const expected = alerts.expected.find((each) => each.trigger === trigger)
  return expected === undefined ? {} : { expectFireMs: expected.withinMs }
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
