/** What came of a suite, read from pytest's report, and how two of them differ. */

export interface Result {
  readonly outcome: 'passed' | 'failed' | 'skipped'
  /** Of one that failed or was skipped: why, in a line. */
  readonly message: string
}

/** By test. */
export type Results = Readonly<Record<string, Result>>

const CASE = /<testcase classname="([^"]*)" name="([^"]*)"[^>]*?(?:\/>|>(.*?)<\/testcase>)/gs
/** Where each side has its packages: some tests have a path as their parameter. */
const PACKAGES = /\/[^[\]]*\/(?:\.cloaca\/packages|\.venv\/lib\/python[\d.]+\/site-packages)\//g
const PROBLEM = /<(failure|error|skipped)\b[^>]*?message="([^"]*)"/s

export function readResults(report: string): Results {
  const results: Record<string, Result> = {}
  for (const [, file = '', name = '', inside = ''] of report.matchAll(CASE)) {
    const [, kind, message = ''] = PROBLEM.exec(inside) ?? []
    const outcome = kind === undefined ? 'passed' : kind === 'skipped' ? 'skipped' : 'failed'
    results[`${file}::${textOf(name).replace(PACKAGES, 'PACKAGES/')}`] = {
      outcome,
      message: textOf(message).split('\n')[0]?.slice(0, 160) ?? '',
    }
  }
  return results
}

function textOf(xml: string): string {
  const entities: Record<string, string> = { lt: '<', gt: '>', quot: '"', amp: '&', '#10': '\n' }
  return xml.replace(/&(lt|gt|quot|amp|#10);/g, (whole, name: string) => entities[name] ?? whole)
}

export function countsOf(results: Results): string {
  const count = (outcome: Result['outcome']) => Object.values(results).filter((each) => each.outcome === outcome).length
  return `${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`
}

/** Each test that ends otherwise in the engine, with the reason. */
export function differencesOf({
  engine,
  cpython,
}: {
  readonly engine: Results
  readonly cpython: Results
}): readonly string[] {
  const names = [...new Set([...Object.keys(cpython), ...Object.keys(engine)])]
  return names.flatMap((name) => {
    const [here, there] = [engine[name], cpython[name]]
    if (here?.outcome === there?.outcome) return []
    const reason = here?.message || there?.message || 'is not collected on the other side'
    return [`${name}: ${here?.outcome ?? 'absent'}, under CPython ${there?.outcome ?? 'absent'}: ${reason}`]
  })
}
