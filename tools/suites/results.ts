/** Results of a test suite from pytest's report, and the differences between two of them. */

export interface Result {
  readonly outcome: 'passed' | 'failed' | 'skipped'
  /** Reason in one line if the test failed or was skipped; otherwise empty. */
  readonly message: string
}

/** Results by the name of the test. */
export type Results = Readonly<Record<string, Result>>

const CASE = /<testcase classname="([^"]*)" name="([^"]*)"[^>]*?(?:\/>|>(.*?)<\/testcase>)/gs
/** Folders of the packages of each side, which some names of parametrized tests contain. */
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

/** Returns the tests with different outcomes in the engine and under CPython, each with the reason. */
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
    const reason = here?.message || there?.message || 'not collected on the other side'
    return [`${name}: ${here?.outcome ?? 'absent'}, under CPython ${there?.outcome ?? 'absent'}: ${reason}`]
  })
}
