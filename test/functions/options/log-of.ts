/** Reads all log records of an execution, in order. */

import type { ExecutionLogRecord, Runner } from '../../../src/index.ts'

export async function logOf(runner: Runner, id: string): Promise<readonly ExecutionLogRecord[]> {
  const records: ExecutionLogRecord[] = []
  for await (const record of runner.executions.log(id)) records.push(record)
  return records
}
