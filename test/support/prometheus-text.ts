/**
 * Parses Prometheus' text format (version 0.0.4) strictly: one HELP and one TYPE precede the samples of a family, which
 * are consecutive; no series occurs twice; the buckets of a histogram add up.
 */

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface MetricFamily {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly samples: Sample[]
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (NaN|[+-]Inf|[+-]?[0-9.]+(?:e[+-]?[0-9]+)?)$`, 's')

export class Metrics {
  readonly families: ReadonlyMap<string, MetricFamily>

  constructor(text: string) {
    this.families = parsed(text)
  }

  /** Returns the value of a series, or null if it does not exist. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | null {
    const found = this.samples(name).filter((sample) => keyOf(sample.labels) === keyOf(labels))
    return found[0]?.value ?? null
  }

  samples(name: string): readonly Sample[] {
    return [...this.families.values()].flatMap((family) => family.samples).filter((sample) => sample.name === name)
  }
}

function parsed(text: string): ReadonlyMap<string, MetricFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  const families = new Map<string, MetricFamily>()
  let help: readonly [name: string, text: string] | null = null
  let current: MetricFamily | null = null
  for (const line of text.slice(0, -1).split('\n')) {
    const [, kind, name, rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/s.exec(line) ?? []
    if (kind === 'HELP' && name !== undefined) help = [name, unescaped(rest)]
    else if (kind === 'TYPE' && name !== undefined) {
      if (help?.[0] !== name) throw new Error(`${name} has no HELP before its TYPE`)
      if (families.has(name)) throw new Error(`${name} is there twice`)
      if (!/^(counter|gauge|histogram)$/.test(rest)) throw new Error(`${name} is a ${rest}`)
      current = { name, help: help[1], type: rest, samples: [] }
      families.set(name, current)
    } else if (current === null) throw new Error(`a sample without a TYPE: ${line}`)
    else current.samples.push(sampleOf(line, current))
  }
  for (const family of families.values()) checkFamily(family)
  return families
}

function sampleOf(line: string, family: MetricFamily): Sample {
  const [, name, labelText = '', valueText] = SAMPLE.exec(line) ?? []
  if (name === undefined || valueText === undefined) throw new Error(`this is no sample: ${line}`)
  const suffix = name.slice(family.name.length)
  const suffixes = family.type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
  if (!name.startsWith(family.name) || !suffixes.includes(suffix))
    throw new Error(`${name} stands among ${family.name}`)
  return { name, labels: labelsOf(labelText), value: Number(valueText.replace('Inf', 'Infinity')) }
}

function labelsOf(text: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {}
  LABEL.lastIndex = 0
  for (let at = 0; at < text.length; at = LABEL.lastIndex) {
    const [, name, value = ''] = LABEL.exec(text) ?? []
    if (name === undefined) throw new Error(`these are no labels: ${text}`)
    if (Object.hasOwn(labels, name)) throw new Error(`the label ${name} is there twice: ${text}`)
    labels[name] = unescaped(value)
  }
  return labels
}

function checkFamily({ name, type, samples }: MetricFamily): void {
  const series = samples.map((sample) => `${sample.name} ${keyOf(sample.labels)}`)
  if (new Set(series).size !== series.length) throw new Error(`${name} has a series twice`)
  if (type === 'counter' && !name.endsWith('_total')) throw new Error(`the counter ${name} does not end in _total`)
  if (type === 'histogram') checkHistogram(name, samples)
}

function checkHistogram(name: string, samples: readonly Sample[]): void {
  const all = Map.groupBy(samples, ({ labels: { le: _, ...labels } }) => keyOf(labels))
  for (const [labels, own] of all) {
    const buckets = own.filter((sample) => sample.name === `${name}_bucket`)
    const bounds = buckets.map((sample) => Number(String(sample.labels.le).replace('Inf', 'Infinity')))
    const counts = buckets.map(({ value }) => value)
    const count = own.find((sample) => sample.name === `${name}_count`)?.value
    const isOrdered = (values: readonly number[]) => values.every((each, index) => each >= (values[index - 1] ?? 0))
    const isWhole = own.length === buckets.length + 2 && bounds.at(-1) === Number.POSITIVE_INFINITY
    if (!isWhole || !isOrdered(bounds) || !isOrdered(counts) || counts.at(-1) !== count) {
      throw new Error(`the buckets of ${name} {${labels}} do not add up`)
    }
  }
}

function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).toSorted())
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character))
}
