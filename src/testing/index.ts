/** The public API of `cloaca/testing`: named exports, nothing else. */

export { FakeClock, type FakeTime } from './fake-clock.ts'
export { pollTrigger } from './poll-trigger.ts'
export { runWorkflow } from './run-workflow.ts'
export type { Fake, Fakes, PollTriggerOptions, RunWorkflowOptions, TestAnswer, TestSignal } from './test-options.ts'
export type { FiringKeys, PollResult, TaskRun, TestedFiring, WorkflowRun } from './test-results.ts'
