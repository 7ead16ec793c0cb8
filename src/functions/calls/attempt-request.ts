/** Attempt of a function, as the host of functions and its tools need it: possibly in a worker thread. */

import type { ExecutionView, TaskRequest } from '../../engine/ports.ts'

/** Facts of the execution that functions can read. */
export type FunctionView = Pick<ExecutionView, 'inputText' | 'failures'>

export type AttemptRequest = Omit<TaskRequest, 'view'> & { readonly view: FunctionView }
