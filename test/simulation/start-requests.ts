/** Starts of executions by callers: see `requests.ts`. */

import type { Engine } from '../../src/engine/engine.ts'
import { UsageError } from '../../src/errors.ts'
import { limitOf } from './declarations.ts'
import type { Program, Request } from './program.ts'

type Start = Extract<Request, { readonly kind: 'submit' | 'execute' }>

/** Submits a workflow. A client has no code, and uses the definition in the database. */
export async function submit(engine: Engine, request: Start, program: Program): Promise<unknown> {
  const { workflow } = request
  try {
    return await engine.submit(workflow, marked(request), priorityOf(request))
  } catch (thrown) {
    if (!(thrown instanceof UsageError) || thrown.code !== 'WORKFLOW_NOT_FOUND') throw thrown
    const declared = program.workflows.find(({ key }) => key === workflow)
    const definition = {
      key: workflow,
      version: '0123456789abcdef',
      tasks: declared?.tasks.map(({ id }) => ({ id, fullName: id })) ?? [],
      ...(declared !== undefined && limitOf(declared, 0)),
    }
    return await engine.startExecution(definition as never, marked(request), priorityOf(request))
  }
}

/** Returns an input with the number of the request, by which its execution is found. */
export function marked({ n, customer }: Start): string {
  return JSON.stringify({ request: n, ...(customer !== undefined && { customer }) })
}

export function priorityOf({ priority }: Start): { readonly priority?: number } {
  return priority === undefined ? {} : { priority }
}
