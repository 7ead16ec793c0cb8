/** Builders of the declarations of a script, with defaults for the fields that a test does not need. */

import type { GraphDeclarations } from '../../src/model/declarations.ts'
import type {
  Accumulation,
  GraphDefinition,
  ReactionMode,
  ReactorDefinition,
  SourceDefinition,
} from '../../src/model/graphs/definitions.ts'
import type { LimitDefinition, LimitValues } from '../../src/model/limits/limits.ts'
import { type Catchup, DEFAULT_POLICY, type TriggerPolicy } from '../../src/model/policy.ts'
import type { TriggerDefinition } from '../../src/model/trigger.ts'
import type {
  DelayEnd,
  RetryPolicy,
  TaskDefinition,
  TriggerRule,
  WaitDefinition,
  WorkflowDefinition,
} from '../../src/model/workflow.ts'

const ALWAYS: TriggerRule = { type: 'Always' }

const NO_RETRY: RetryPolicy = {
  maxAttempts: 1,
  backoff: { kind: 'fixed' },
  initialDelayMs: 0,
  maxDelayMs: 0,
  jitter: false,
  condition: { kind: 'never' },
}

export interface TaskParts {
  readonly after?: readonly string[]
  readonly rule?: TriggerRule
  /** Makes it a delay. */
  readonly delay?: DelayEnd
  /** Makes it a node that waits for another event. */
  readonly wait?: WaitDefinition
  readonly retry?: Partial<RetryPolicy>
  readonly timeoutMs?: number
  readonly deadlineMs?: number
  /** Names of limits. */
  readonly limits?: readonly string[]
}

/** Returns a limit of tasks. */
export function limit(name: string, values: Partial<LimitValues>): LimitDefinition {
  return { name, maxActive: null, rate: null, per: null, ...values, script: 'jobs.py', place: null }
}

/** Returns a policy that retries every error, by default without a delay. */
export function retrying(maxAttempts: number, parts: Partial<RetryPolicy> = {}): RetryPolicy {
  return { ...NO_RETRY, maxDelayMs: 60_000, condition: { kind: 'all' }, ...parts, maxAttempts }
}

/** Returns a workflow. `tasks` are keyed by id, in the order of declaration. */
export function workflow(
  key: string,
  tasks: Readonly<Record<string, TaskParts>>,
  script = 'jobs.py',
): WorkflowDefinition {
  return {
    key,
    title: key,
    description: '',
    tags: {},
    tenant: 'public',
    package: 'embedded',
    version: '0123456789abcdef',
    tasks: Object.entries(tasks).map(
      ([id, { after = [], rule, delay, wait, retry = {}, timeoutMs = null, deadlineMs, limits }]): TaskDefinition => ({
        id,
        fullName: `public::embedded::${key}::${id}`,
        dependencies: after,
        retry: { ...NO_RETRY, ...retry },
        timeoutMs,
        ...(deadlineMs !== undefined && { deadlineMs }),
        ...(limits !== undefined && { limits }),
        rule: rule ?? ALWAYS,
        ...(rule !== undefined && { hasOwnRule: true as const }),
        ...(delay !== undefined && { wait: { kind: 'delay', end: delay } as const }),
        ...(wait !== undefined && { wait }),
        place: null,
      }),
    ),
    script,
    place: null,
  }
}

export interface TriggerParts {
  readonly workflow?: string
  readonly everyMs?: number
  readonly allowConcurrent?: boolean
  readonly script?: string
  readonly policy?: Partial<TriggerPolicy>
  /** State before the first change, as JSON text. Default: the trigger takes no state. */
  readonly initialStateText?: string
  readonly tags?: Readonly<Record<string, string>>
}

export function trigger(name: string, parts: TriggerParts = {}): TriggerDefinition {
  return {
    name,
    workflow: parts.workflow ?? 'demo',
    timing: { kind: 'poll', intervalMs: parts.everyMs ?? 1_000 },
    allowConcurrent: parts.allowConcurrent ?? false,
    description: '',
    policy: { ...DEFAULT_POLICY, ...parts.policy },
    ...(parts.initialStateText !== undefined && { initialStateText: parts.initialStateText }),
    ...(parts.tags !== undefined && { tags: parts.tags }),
    script: parts.script ?? 'jobs.py',
    place: null,
  }
}

export interface CronParts extends TriggerParts {
  readonly timezone?: string
  readonly catchup?: Catchup
}

export function cronTrigger(name: string, expression: string, parts: CronParts = {}) {
  const { timezone = 'UTC', catchup = 'skip' } = parts
  const timing = { kind: 'cron', expression, timezone, catchup } as const
  return { ...trigger(name, parts), timing } satisfies TriggerDefinition
}

/** Returns a source that a script declares. */
export function source(
  name: string,
  accumulation: Accumulation = { kind: 'passthrough' },
  script = 'graphs.py',
): SourceDefinition {
  return { name, accumulation, description: '', script, place: null }
}

export function reactor(
  name: string,
  sources: readonly string[],
  mode: ReactionMode = 'when_any',
  script = 'graphs.py',
): ReactorDefinition {
  return { name, sources, mode, script, place: null }
}

/** Returns a graph with one node. */
export function graph(name: string, reactor: string | null, script = 'graphs.py'): GraphDefinition {
  const nodes = [{ id: 'out', inputs: [], next: null, routes: null }]
  return { name, reactor, nodes, description: '', script, place: null }
}

export function graphs(parts: Partial<Omit<GraphDeclarations, 'badSources'>>): GraphDeclarations {
  return { sources: [], badSources: [], reactors: [], graphs: [], ...parts }
}
