/** Metrics in the text format 0.0.4 of Prometheus. */

import type { Histogram } from '../../metrics/histogram.ts'

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export type Labels = Readonly<Record<string, string>>

export type MetricFamily =
  | {
      readonly name: string
      readonly help: string
      readonly type: 'counter' | 'gauge'
      readonly samples: readonly (readonly [labels: Labels, value: number])[]
    }
  | {
      readonly name: string
      readonly help: string
      readonly type: 'histogram'
      readonly samples: readonly (readonly [labels: Labels, histogram: Histogram])[]
    }

const MS_PER_S = 1_000

export function exposition(families: readonly MetricFamily[]): string {
  let text = ''
  for (const family of families) {
    text += `# HELP ${family.name} ${escapedHelp(family.help)}\n# TYPE ${family.name} ${family.type}\n`
    if (family.type === 'histogram')
      for (const [labels, histogram] of family.samples) text += histogramLines(family.name, labels, histogram)
    else for (const [labels, value] of family.samples) text += line(family.name, pairsOf(labels), value)
  }
  return text
}

/** In seconds, with cumulative buckets. */
function histogramLines(name: string, labels: Labels, { boundsMs, counts, sumMs }: Histogram): string {
  const pairs = pairsOf(labels)
  const before = pairs === '' ? '' : `${pairs},`
  const bucket = `${name}_bucket{${before}le="`
  const bounds = boundTexts(boundsMs)
  let text = ''
  let count = 0
  // 500 triggers have tens of thousands of these lines, which block the event loop.
  for (let index = 0; index < counts.length; index++) {
    count += counts[index] as number
    text += `${bucket}${bounds[index]}"} ${count}\n`
  }
  return text + line(`${name}_sum`, pairs, sumMs / MS_PER_S) + line(`${name}_count`, pairs, count)
}

const textsOfBounds = new WeakMap<readonly number[], readonly string[]>()

function boundTexts(boundsMs: readonly number[]): readonly string[] {
  const known = textsOfBounds.get(boundsMs)
  if (known !== undefined) return known
  const texts = [...boundsMs.map((bound) => String(bound / MS_PER_S)), '+Inf']
  textsOfBounds.set(boundsMs, texts)
  return texts
}

function line(name: string, pairs: string, value: number): string {
  return pairs === '' ? `${name} ${value}\n` : `${name}{${pairs}} ${value}\n`
}

function pairsOf(labels: Labels): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escapedLabel(visibleLabel(text))}"`)
  return pairs.join(',')
}

/**
 * Control characters, which would affect the terminal of a reader, direction controls, and lone surrogates. The format
 * escapes line feeds. Matches backslashes that look like escapes, so that two names never become equal.
 */
const INVISIBLE =
  /\\(?=[\\xu]|[^\P{Cc}\n]|[\p{Cs}\u2028-\u202e\u2066-\u2069])|[^\P{Cc}\n]|[\p{Cs}\u2028-\u202e\u2066-\u2069]/gu

/** Returns a label in which each invisible character is an escape such as `\x1b`. */
function visibleLabel(text: string): string {
  return text.replace(INVISIBLE, (character) => {
    if (character === '\\') return '\\\\'
    const digits = character.charCodeAt(0).toString(16)
    return digits.length <= 2 ? `\\x${digits.padStart(2, '0')}` : `\\u${digits.padStart(4, '0')}`
  })
}

function escapedLabel(text: string): string {
  return /["\\\n]/.test(text) ? escapedHelp(text).replaceAll('"', '\\"') : text
}

function escapedHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}
