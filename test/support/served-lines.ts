/** Lines of JSON that `cloaca serve` writes into one file. Used by the tests of its output. */

import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { CloacaProcess, LogRecord, ProcessOptions, Terminal } from './cloaca-process.ts'

export const JSON_LINES = ['--no-http', '--db', ':memory:', '--log-format', 'json']

/** Serves into one file until the execution has ended, stops with a signal, and returns all lines. */
export async function servedLines(
  terminal: Terminal,
  words: readonly string[],
  { until = "workflow 'says' completed", signal = 'SIGTERM' as NodeJS.Signals, env = {} } = {},
): Promise<readonly LogRecord[]> {
  const path = join(terminal.folder, 'output')
  const file = openSync(path, 'a')
  const serving = terminal.start(['serve', ...words], { stdout: file, stderr: file, env } satisfies ProcessOptions)
  closeSync(file)
  await fileHas(path, until, serving)
  serving.kill(signal)
  await serving.ended
  return parsed(readFileSync(path, 'utf8'))
}

async function fileHas(path: string, text: string, serving: CloacaProcess): Promise<void> {
  let hasEnded = false
  void serving.ended.then(() => {
    hasEnded = true
  })
  while (!readFileSync(path, 'utf8').includes(text)) {
    if (hasEnded) throw new Error(`"${text}" is missing in: ${readFileSync(path, 'utf8').slice(-2_000)}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

export function parsed(text: string): readonly LogRecord[] {
  const lines = text.trimEnd().split('\n')
  const records = lines.map((line) => JSON.parse(line) as LogRecord)
  for (const record of records) {
    expect(record).toMatchObject({ level: expect.any(String), msg: expect.any(String) })
    expect(record.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  }
  return records
}

export function find(records: readonly LogRecord[], text: string): LogRecord | undefined {
  return records.find(({ msg }) => msg.startsWith(text))
}
