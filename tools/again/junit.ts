/** Reads the JUnit XML that pytest writes. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ReportedTest, TestReport } from './test-report.ts'

/** Converts the XML of pytest, which escapes all texts. `fileOf` returns the file of a dotted name, or null. */
export function fromJUnit(xml: string, fileOf: (module: string) => string | null): TestReport {
  if (!xml.trimEnd().endsWith('</testsuites>')) throw new Error('the report is incomplete')
  const tests = new Map<string, ReportedTest[]>()
  const unhandled: string[] = []
  for (const [, attributes = '', body = ''] of xml.matchAll(/<testcase\b([^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs)) {
    const [, kind, facts = ''] = /<(failure|error|skipped)\b([^>]*)>/.exec(body) ?? []
    const state = kind === undefined ? 'passed' : kind === 'skipped' ? 'skipped' : 'failed'
    const messages = state === 'failed' ? [attribute(facts, 'message')] : []
    const module = attribute(attributes, 'classname')
    const title = attribute(attributes, 'name')
    const path = fileOf(module)
    // `python/tests/conftest.py` writes this property.
    const isProof = body.includes('<property name="proof"')
    // A file that pytest could not load is a test case without a class name.
    if (path === null && state === 'failed') unhandled.push(`${title}: ${messages[0]}`)
    else addTo(tests, path ?? module, { title, state, messages, isProof, machine: '', expects: 0 })
  }
  const files = [...tests].map(([path, ofFile]) => ({
    path,
    project: '',
    isFailed: ofFile.some(({ state }) => state === 'failed'),
    tests: ofFile,
    messages: [],
  }))
  return { files, unhandled }
}

function addTo(tests: Map<string, ReportedTest[]>, path: string, test: ReportedTest): void {
  const ofPath = tests.get(path)
  if (ofPath === undefined) tests.set(path, [test])
  else ofPath.push(test)
}

/** Returns the file of a class name such as `tests.stdlib.test_os.TestPaths`, or null if there is none. */
export function fileOfModule(module: string, root: string): string | null {
  const parts = module.split('.')
  for (let count = parts.length; count > 0; count--) {
    const path = `${parts.slice(0, count).join('/')}.py`
    for (const candidate of [path, `python/${path}`]) if (existsSync(join(root, candidate))) return candidate
  }
  return null
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function attribute(attributes: string, name: string): string {
  const [, value = ''] = new RegExp(`\\b${name}="([^"]*)"`).exec(attributes) ?? []
  return value.replace(/&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g, (whole, hexadecimal, decimal, entity) => {
    if (entity !== undefined) return ENTITIES[entity] ?? whole
    return String.fromCodePoint(decimal === undefined ? Number.parseInt(hexadecimal, 16) : Number(decimal))
  })
}
