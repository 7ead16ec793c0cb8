/** Reporter of vitest: writes the messages of unhandled errors next to the JSON report, which does not contain them. */

import { writeFileSync } from 'node:fs'
import type { Reporter, SerializedError, TestModule, Vitest } from 'vitest/node'
import { unhandledPath } from './test-report.ts'

export default class UnhandledErrors implements Reporter {
  #vitest: Vitest | null = null

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  onTestRunEnd(_: readonly TestModule[], errors: readonly SerializedError[]): void {
    const { outputFile } = this.#vitest?.config ?? {}
    const report = typeof outputFile === 'string' ? outputFile : outputFile?.json
    if (report !== undefined) writeFileSync(unhandledPath(report), JSON.stringify(errors.map(({ message }) => message)))
  }
}
