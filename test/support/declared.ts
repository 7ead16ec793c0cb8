/** Builders of what a script declares: the boring parts have defaults, the interesting ones stay in view. */

import type { TriggerDefinition } from '../../src/model/trigger.ts'
import type { RetryPolicy, TaskDefinition, TriggerRule, WorkflowDefinition } from '../../src/model/workflow.ts'

const ALWAYS: TriggerRule = { type: 'Always' }

export const NO_RETRY: RetryPolicy = {
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
  readonly retry?: Partial<RetryPolicy>
}

/** Attempts without delay, unless told otherwise. */
export function retrying(maxAttempts: number, parts: Partial<RetryPolicy> = {}): RetryPolicy {
  return { ...NO_RETRY, maxDelayMs: 60_000, condition: { kind: 'all' }, ...parts, maxAttempts }
}

/** Tasks by id, in the order of declaration. */
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
      ([id, { after = [], rule = ALWAYS, retry = {} }]): TaskDefinition => ({
        id,
        fullName: `public::embedded::${key}::${id}`,
        dependencies: after,
        retry: { ...NO_RETRY, ...retry },
        rule,
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
}

export function trigger(name: string, parts: TriggerParts = {}): TriggerDefinition {
  return {
    name,
    workflow: parts.workflow ?? 'demo',
    timing: { kind: 'poll', intervalMs: parts.everyMs ?? 1_000 },
    allowConcurrent: parts.allowConcurrent ?? false,
    script: parts.script ?? 'jobs.py',
    place: null,
  }
}

export function cronTrigger(name: string, expression: string, parts: TriggerParts & { timezone?: string } = {}) {
  const timing = { kind: 'cron', expression, timezone: parts.timezone ?? 'UTC' } as const
  return { ...trigger(name, parts), timing } satisfies TriggerDefinition
}
