/** Starts with a key: several requests with one key and one input. Only one of them starts an execution. */

import type { Engine } from '../../src/engine/engine.ts'
import { UsageError } from '../../src/errors.ts'
import type { ExecutionModel } from './model/executions.ts'
import type { Report } from './model/violation.ts'
import type { Program, Request, Step } from './program.ts'
import type { SeededRandom } from './random.ts'

export type KeyedRequest = Extract<Request, { readonly key: number }>

const FIRST_N = 500_000
const EXECUTE_WITHIN_MS = 90_000

/** Returns requests that are close to each other, because simultaneous starts have to be decided by the database. */
export function drawKeyed(random: SeededRandom, program: Pick<Program, 'processes' | 'workflows'>): Step[] {
  const steps: Step[] = []
  let n = FIRST_N
  for (let keys = random.int(1, 3); keys > 0; keys--) {
    const key = n + 1
    const workflow = random.pick(program.workflows).key
    let at = random.int(500, 15_000)
    for (let count = random.int(2, 5); count > 0; count--) {
      n += 1
      const kind = random.pick(['submitOnce', 'executeOnce'] as const)
      steps.push({ at, request: { n, process: random.pick(program.processes).name, kind, workflow, key } })
      at += random.pick([0, 0, 1, 50, 2_000, 10_000])
    }
  }
  return steps
}

/** Sends a request, and returns the id, and the status if the request waits for the end. */
export async function performKeyed(engine: Engine, request: KeyedRequest, program: Program): Promise<unknown> {
  const { workflow, kind, key } = request
  const inputText = JSON.stringify({ request: key })
  if (kind === 'submitOnce')
    return await engine.startExecution(definitionOf(program, workflow), inputText, { key: `key ${key}` })
  await engine.enter()
  return await engine.execute(workflow, inputText, { timeoutMs: EXECUTE_WITHIN_MS, key: `key ${key}` })
}

/** Checks that the answer names the only execution that was started with the key. */
export function checkKeyed(
  { key, n }: KeyedRequest,
  result: unknown,
  { executions, report }: { readonly executions: ExecutionModel; readonly report: Report },
): void {
  const { id, status } = result as { readonly id: string; readonly status?: string }
  const ids = executions.byMarker.get(`request ${key}`) ?? []
  if (ids.length !== 1 || ids[0] !== id) {
    report('key-starts-once', `request ${n} with key ${key} was answered ${id}, the store has ${ids.join(', ')}`)
  }
  const execution = executions.byId.get(id)
  if (status === undefined || execution === undefined) return
  if (!execution.isEnded || execution.status !== status) {
    report('answers-are-true', `request ${n} was answered ${status}, the store has ${execution.status}`)
  }
}

/** Checks a refusal: a waiting call may find that the execution was removed, and no input of a key differs. */
export function checkKeyedRefusal(
  { key, n }: KeyedRequest,
  thrown: unknown,
  executions: ExecutionModel,
  report: Report,
) {
  if (!(thrown instanceof UsageError)) return
  if (thrown.code === 'KEY_REUSED')
    report('answers-are-true', `request ${n} was refused, and its key has no other input`)
  const execution = executions.byId.get(executions.byMarker.get(`request ${key}`)?.[0] ?? '')
  if (thrown.code === 'EXECUTION_NOT_FOUND' && execution?.isEnded !== true) {
    report('answers-are-true', `request ${n} was refused: removed, and the execution of its key is stored`)
  }
}

/** A client has no code, and uses the definition in the database. */
function definitionOf({ workflows }: Program, workflow: string) {
  const tasks = workflows.find(({ key }) => key === workflow)?.tasks ?? []
  const version = '0123456789abcdef'
  return { key: workflow, version, tasks: tasks.map(({ id }) => ({ id, fullName: id })) } as never
}
