/** Text, colour and address of each kind of problem. Pure. */

import type { AttentionItem } from '../api/answer-types.ts'
import type { Tone } from '../parts/tones.ts'
import { addressFor, addressOfCron } from '../routing/location.ts'

export type ProblemKind = AttentionItem['kind']

interface KindWords {
  /** Badge of the problem. */
  readonly badge: string
  readonly tone: Tone
  /** Text for a problem without a cause. */
  readonly cause?: (item: AttentionItem) => string
  /** Address of the place that shows the problem. */
  address(item: AttentionItem): string
  /** Address of the list of all problems of the kind, or null if there is none. */
  readonly all: string | null
}

const ofTrigger = ({ subject }: AttentionItem): string => addressFor('triggers', subject)
const ofSystem = (): string => '/system'
const ofExecution = ({ executionId, subject }: AttentionItem): string =>
  executionId === null ? addressFor('workflows', subject) : addressFor('executions', executionId)

export const KIND_WORDS: Readonly<Record<ProblemKind, KindWords>> = {
  'database-refused': { badge: 'Database error', tone: 'bad', address: ofSystem, all: '/system' },
  'engine-missing': {
    badge: 'No engine',
    tone: 'bad',
    cause: ({ count }) =>
      `${count === 1 ? '1 execution waits' : `${count} executions wait`} for an engine that has this workflow`,
    address: ({ subject }) => `/executions?workflow=${encodeURIComponent(subject)}`,
    all: '/system',
  },
  'engine-lost': { badge: 'Lost engine', tone: 'bad', address: ofSystem, all: '/system' },
  'trigger-broken': {
    badge: 'Broken trigger',
    tone: 'bad',
    cause: () => 'The cron expression or time zone is invalid, so the trigger never fires',
    address: ({ subject }) => addressOfCron(subject),
    all: '/triggers?state=broken',
  },
  'trigger-failing': {
    badge: 'Failing trigger',
    tone: 'bad',
    cause: () => 'The last poll failed',
    address: ofTrigger,
    all: '/triggers?state=failing',
  },
  'trigger-disabled': {
    badge: 'Disabled trigger',
    tone: 'bad',
    cause: () => 'The trigger was disabled, because its polls failed too often',
    address: ofTrigger,
    all: '/triggers?state=disabled',
  },
  'trigger-late': {
    badge: 'Late trigger',
    tone: 'warn',
    cause: () => 'No poll for two poll intervals',
    address: ofTrigger,
    all: '/triggers',
  },
  'trigger-silent': {
    badge: 'Silent trigger',
    tone: 'warn',
    cause: () => 'No firing within the expected time',
    address: ofTrigger,
    all: '/triggers',
  },
  'execution-failed': {
    badge: 'Failed',
    tone: 'bad',
    cause: () => 'The error has no message',
    address: ofExecution,
    all: '/executions?status=Failed',
  },
  'deadline-missed': {
    badge: 'Missed deadline',
    tone: 'warn',
    address: ofExecution,
    all: '/alerts',
  },
  'approval-open': {
    badge: 'Approval',
    tone: 'busy',
    address: ({ subject }) => addressFor('approvals', subject),
    all: '/approvals',
  },
  'subscription-degraded': {
    badge: 'Degraded',
    tone: 'warn',
    cause: ({ workflow }) => `The subscription of ${workflow ?? 'a workflow'} starts nothing: its predicate failed`,
    address: ({ subject }) => addressFor('reactors', subject),
    all: '/reactors',
  },
  'interpreter-quarantined': { badge: 'Own interpreter', tone: 'warn', address: ofSystem, all: '/system' },
  'trigger-undeclared': {
    badge: 'Not declared',
    tone: 'quiet',
    cause: () => 'No served script declares this trigger',
    address: ({ subject }) => `/triggers?q=${encodeURIComponent(subject)}`,
    all: '/triggers',
  },
}

/** Returns the name of the thing that has the problem. */
export function shownSubject({ kind, subject, workflow }: AttentionItem): string {
  if (kind === 'approval-open') return workflow ?? subject
  if (kind === 'engine-lost') return `engine ${subject.slice(0, 8)}`
  return subject === '' ? 'the database' : subject
}

/** Returns the cause, or a sentence about a problem without a cause. */
export function shownCause(item: AttentionItem): string {
  const text = item.cause ?? KIND_WORDS[item.kind].cause?.(item) ?? ''
  return text.replace(/^trigger '.*?' raised exception: /s, '')
}

/** Returns the number of failures in words, or null if there is only one. */
export function shownRepeats({ kind, count }: AttentionItem): string | null {
  if (count < 2 || kind === 'engine-missing') return null
  return kind === 'execution-failed' ? `${count.toLocaleString('en')} in 24 h` : `${count.toLocaleString('en')} times`
}
