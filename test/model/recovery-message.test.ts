/** Texts of the messages about the ends of incidents. */

import { expect, test } from 'vitest'
import { recoveredMessage } from '../../src/model/incidents/recovery-message.ts'

const HOUR_MS = 3_600_000
const FACTS = { workflow: 'etl', trigger: 'inbox' }
const incident = { kind: 'execution-failed', subject: 'etl', facts: FACTS, count: 3, openedAt: 0 } as const

test.each([
  ['execution-failed', 'Workflow "etl" completed again after 3 failures in 2 h.'],
  ['deadline-missed', 'Workflow "etl" completed again after 3 missed deadlines in 2 h.'],
  ['trigger-failing', 'Trigger "inbox" works again after its polls failed for 2 h.'],
  ['trigger-late', 'Trigger "inbox" is polled again after it was late for 2 h.'],
  ['trigger-disabled', 'Trigger "inbox" works again after it was disabled for 2 h.'],
  ['trigger-silent', 'Trigger "inbox" fired again, 2 h after it was reported as silent.'],
  ['database-refused', 'The database works again after it refused for 2 h.'],
  ['approval-requested', 'The incident "approval-requested" of "etl" ended after 3 reports in 2 h.'],
] as const)('the end of %s is described by: %s', (kind, message) => {
  expect(recoveredMessage({ ...incident, kind }, 2 * HOUR_MS + 59 * 60_000)).toBe(message)
})

test.each([
  [1, 1_999, 'Workflow "etl" completed again after 1 failure in 1 s.'],
  [2, 59 * 60_000, 'Workflow "etl" completed again after 2 failures in 59 min.'],
  [2, 49 * HOUR_MS, 'Workflow "etl" completed again after 2 failures in 2 d.'],
  [2, -HOUR_MS, 'Workflow "etl" completed again after 2 failures in 0 s.'],
])('the end after %d failures in %d ms is described by: %s', (count, at, message) => {
  expect(recoveredMessage({ ...incident, count }, at)).toBe(message)
})

test('the end of an incident without a workflow and trigger names its subject', () => {
  const facts = { workflow: null, trigger: null }

  expect(recoveredMessage({ ...incident, facts }, HOUR_MS)).toMatch(/^Workflow "etl" /)
})
