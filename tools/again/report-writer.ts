/** Reporter of vitest: writes the report of a run to `--outputFile`. A run that is killed writes none. */

import { writeFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import type { Reporter, SerializedError, TestCase, TestModule, Vitest } from 'vitest/node'
import type { ReportedTest, TestedFile, TestReport } from './test-report.ts'

export default class ReportWriter implements Reporter {
  #path = ''

  onInit({ config: { outputFile } }: Vitest): void {
    if (typeof outputFile !== 'string') throw new Error('the report needs --outputFile=PATH')
    this.#path = outputFile
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const report: TestReport = { files: modules.map(fileOf), unhandled: errors.map(messageOf) }
    writeFileSync(this.#path, JSON.stringify(report))
  }
}

function fileOf(module: TestModule): TestedFile {
  const groups = [module, ...module.children.allSuites()]
  return {
    path: module.relativeModuleId,
    project: module.project.name,
    isFailed: module.state() === 'failed',
    tests: [...module.children.allTests()].map(testOf),
    messages: groups.flatMap((group) => group.errors().map(messageOf)),
  }
}

function testOf(test: TestCase): ReportedTest {
  const { state, errors = [] } = test.result()
  const { machine = '', expects = 0 } = test.meta()
  return {
    title: test.fullName,
    // A test without a result was not executed.
    state: state === 'pending' ? 'skipped' : state,
    messages: state === 'failed' ? errors.map(messageOf) : [],
    isProof: test.tags.includes('proof'),
    machine,
    expects,
  }
}

function messageOf({ name, message, diff }: SerializedError & { readonly diff?: string }): string {
  return stripVTControlCharacters(`${name}: ${message}${diff === undefined ? '' : `\n${diff}`}`)
}
