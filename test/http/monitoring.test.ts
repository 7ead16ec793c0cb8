/** `examples/monitoring`: the alert rules and the dashboard are valid, and use only existing metrics and labels. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parser } from '@prometheus-io/lezer-promql'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readDocument, tableRows } from '../support/documents.ts'
import { ROOT } from '../support/source-tree.ts'

const FOLDER = join(ROOT, 'examples/monitoring')
const file = (name: string) => readFileSync(join(FOLDER, name), 'utf8')
const quoted = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, each]) => String(each))

/** Labels by metric, from the table of the manual. Another test compares this table with `/metrics`. */
const LABELS: ReadonlyMap<string, readonly string[]> = new Map(
  tableRows(readDocument('docs/metrics.md'), 'Metric').flatMap(([names = '', labels = '']) =>
    quoted(names).map((name) => [name, quoted(labels)] as const),
  ),
)
/** Labels that Prometheus adds. */
const ITS_OWN = ['instance', 'job', 'le']

const RULES = v.strictObject({
  groups: v.array(
    v.strictObject({
      name: v.string(),
      rules: v.array(
        v.strictObject({
          alert: v.pipe(v.string(), v.regex(/^Cloaca[A-Za-z]+$/)),
          expr: v.string(),
          for: v.optional(v.pipe(v.string(), v.regex(/^\d+[smh]$/))),
          labels: v.strictObject({ severity: v.picklist(['warning', 'critical']) }),
          annotations: v.strictObject({ summary: v.string(), description: v.string() }),
        }),
      ),
    }),
  ),
})

// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Grafana
const VARIABLE = '${datasource}'
const DATA_SOURCE = v.strictObject({ type: v.literal('prometheus'), uid: v.literal(VARIABLE) })
const PLACE = v.strictObject({ h: v.number(), w: v.number(), x: v.number(), y: v.number() })
const PANEL = v.looseObject({
  id: v.number(),
  title: v.string(),
  type: v.picklist(['row', 'timeseries', 'stat']),
  gridPos: PLACE,
  datasource: v.optional(DATA_SOURCE),
  fieldConfig: v.optional(
    v.strictObject({ defaults: v.looseObject({ unit: v.string() }), overrides: v.array(v.any()) }),
  ),
  targets: v.optional(
    v.array(
      v.strictObject({
        refId: v.pipe(v.string(), v.regex(/^[A-Z]$/)),
        datasource: DATA_SOURCE,
        expr: v.string(),
        legendFormat: v.string(),
      }),
    ),
  ),
})
const DASHBOARD = v.looseObject({
  uid: v.literal('cloaca'),
  title: v.string(),
  schemaVersion: v.pipe(v.number(), v.minValue(36)),
  time: v.strictObject({ from: v.string(), to: v.string() }),
  templating: v.strictObject({
    list: v.array(v.looseObject({ name: v.string(), type: v.picklist(['datasource', 'query']) })),
  }),
  panels: v.array(PANEL),
})

interface Query {
  /** Metrics that the query reads, each with the labels that it filters by. */
  readonly metrics: readonly { readonly name: string; readonly labels: readonly string[] }[]
  /** Labels that the query groups its results by. */
  readonly groups: readonly string[]
}

/** Parses a query with the grammar of the editor of Prometheus. */
function queryOf(expression: string): Query {
  const metrics: { name: string; labels: string[] }[] = []
  const groups: string[] = []
  parser.parse(expression).iterate({
    enter({ type, from, to, node }) {
      const text = expression.slice(from, to)
      if (type.isError) throw new Error(`"${expression}" is wrong at ${from}`)
      if (type.name === 'VectorSelector') metrics.push({ name: text.split(/[{[]/)[0] ?? '', labels: [] })
      if (type.name === 'LabelName') {
        const isMatcher = node.parent?.type.name === 'UnquotedLabelMatcher'
        if (isMatcher) metrics.at(-1)?.labels.push(text)
        else groups.push(text)
      }
    },
  })
  if (metrics.length === 0) throw new Error(`"${expression}" asks for nothing`)
  return { metrics, groups }
}

function familyOf(name: string): string {
  return name.replace(/_(bucket|sum|count)$/, '')
}

function expectKnown(expression: string): void {
  const { metrics, groups } = queryOf(expression)
  const known = metrics.map(({ name, labels }) => {
    if (name === 'up') return ITS_OWN
    const own = LABELS.get(familyOf(name))
    expect(own, `${name}, in ${expression}`).toBeDefined()
    for (const label of labels) expect([...(own ?? []), ...ITS_OWN], `${label} of ${name}`).toContain(label)
    return own ?? []
  })
  for (const label of groups) expect([...known.flat(), ...ITS_OWN], `${label}, in ${expression}`).toContain(label)
}

describe('the alert rules', () => {
  const rules = v.parse(RULES, parse(file('alerts.yml'))).groups.flatMap((group) => group.rules)

  it.each(rules.map(({ alert, expr }) => [alert, expr]))('%s uses only existing metrics and labels', (_, expr) => {
    expect(queryOf(expr).metrics).not.toEqual([])
    expectKnown(expr)
  })

  it('exist for a process that is down, polls nothing, is late, fails, or is stuck', () => {
    const names = rules.map(({ alert }) => alert)

    expect(new Set(names).size).toBe(names.length)
    for (const name of ['Down', 'NoTicks', 'Late', 'TriggerFailing', 'ExecutionsFailing', 'Wedged'])
      expect(names).toContain(`Cloaca${name}`)
    for (const { annotations } of rules)
      for (const [, label] of annotations.summary.matchAll(/\$labels\.(\w+)/g))
        expect(['instance', 'trigger', 'workflow', 'source', 'graph', 'reactor']).toContain(label)
  })

  const promtool = spawnSync('promtool', ['--version']).error === undefined
  it.skipIf(!promtool)('pass their tests in promtool', () => {
    const checked = spawnSync('promtool', ['check', 'rules', join(FOLDER, 'alerts.yml')], { encoding: 'utf8' })
    const tested = spawnSync('promtool', ['test', 'rules', join(ROOT, 'test/http/alert-rules.test.yml')], {
      encoding: 'utf8',
    })

    expect(checked, checked.stderr).toMatchObject({ status: 0 })
    expect(tested, `${tested.stdout}${tested.stderr}`).toMatchObject({ status: 0 })
  })
})

describe('the dashboard', () => {
  const dashboard = v.parse(DASHBOARD, JSON.parse(file('dashboard.json')))
  const panels = dashboard.panels.filter(({ type }) => type !== 'row')

  it('has panels that do not overlap, each with a unit and a query', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)} ${y + Math.floor(index / w)}`),
    )

    expect(new Set(cells).size).toBe(cells.length)
    expect(dashboard.panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true)
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
    for (const { title, targets, datasource, fieldConfig } of panels) {
      expect(targets?.length, title).toBeGreaterThan(0)
      expect(datasource?.uid).toBe(VARIABLE)
      expect(fieldConfig?.defaults.unit).toMatch(/^(s|ops|short|bytes)$/)
    }
  })

  it.each(panels.map(({ title, targets = [] }) => [title, targets] as const))(
    '%s uses only existing metrics and labels',
    (_, targets) => {
      const names = dashboard.templating.list.map(({ name }) => name)
      for (const { expr, legendFormat } of targets) {
        for (const [, variable] of expr.matchAll(/\$(?!__rate_interval)(\w+)/g)) expect(names).toContain(variable)
        const plain = expr.replaceAll('$__rate_interval', '5m')
        expectKnown(plain)
        for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
          const { metrics } = queryOf(plain)
          const known = metrics.flatMap(({ name }) => LABELS.get(familyOf(name)) ?? [])
          expect([...known, ...ITS_OWN]).toContain(label)
        }
      }
    },
  )

  it('shows every metric', () => {
    const shown = new Set(
      panels
        .flatMap(({ targets = [] }) => targets)
        .flatMap(({ expr }) => queryOf(expr.replaceAll('$__rate_interval', '5m')).metrics)
        .map(({ name }) => familyOf(name)),
    )

    expect([...LABELS.keys()].filter((name) => !shown.has(name))).toEqual([])
  })
})

describe('the other files of the example', () => {
  it('refer to each other, and are linked in their README', () => {
    const compose = parse(file('compose.yaml')) as { services: Record<string, { volumes: readonly string[] }> }
    const mounted = Object.values(compose.services).flatMap(({ volumes }) => volumes.map((each) => each.split(':')[0]))

    for (const name of mounted) expect(file(String(name)).length).toBeGreaterThan(0)
    const prometheus = parse(file('prometheus.yml')) as { rule_files: readonly string[]; scrape_configs: object[] }
    expect(prometheus.rule_files).toEqual(['alerts.yml'])
    expect(prometheus.scrape_configs).toMatchObject([{ job_name: 'cloaca' }])
    for (const name of ['prometheus.yml', 'alerts.yml', 'dashboard.json', 'compose.yaml'])
      expect(file('README.md')).toContain(`(${name})`)
  })
})
