/** Converts terminal sequences in a line: colours become class names, others are removed or shown. Pure. */

export interface Piece {
  readonly text: string
  /** Class names such as `ansi-31 ansi-bold`, or an empty text. */
  readonly style: string
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are searched for
const SEQUENCE = /\x1b\[([0-9;:]*)([ -/]*[@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?|\x9b[0-9;]*[@-~]/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are searched for
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** Longer lines are not coloured, because nobody reads their ends and it would be slow. */
const COLOURED_CHARACTERS = 4_000

export function ansiPieces(line: string): readonly Piece[] {
  if (line.length > COLOURED_CHARACTERS || !(line.includes('\x1b') || line.includes('\x9b')))
    return [{ text: withoutAnsi(line), style: '' }]
  const pieces: Piece[] = []
  let style: readonly string[] = []
  let from = 0
  for (const match of line.matchAll(SEQUENCE)) {
    add(pieces, line.slice(from, match.index), style)
    from = match.index + match[0].length
    if (match[2] === 'm') style = styled(style, match[1] ?? '')
  }
  add(pieces, line.slice(from), style)
  return pieces.length === 0 ? [{ text: '', style: '' }] : pieces
}

/** Removes sequences, and shows other control characters as signs. */
export function withoutAnsi(line: string): string {
  return line.replace(SEQUENCE, '').replace(CONTROL, (character) => {
    const code = character.charCodeAt(0)
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    return code === 0x7f ? '␡' : '�'
  })
}

function add(pieces: Piece[], text: string, style: readonly string[]): void {
  if (text !== '') pieces.push({ text: withoutAnsi(text), style: style.join(' ') })
}

/** Applies codes to a style. Ignores colours beyond the first 16, which would fit only one theme. */
function styled(style: readonly string[], codes: string): readonly string[] {
  const numbers = codes === '' ? [0] : codes.split(/[;:]/).map(Number)
  let next = [...style]
  for (let index = 0; index < numbers.length; index++) {
    const code = numbers[index] ?? 0
    if (code === 38 || code === 48) {
      index += numbers[index + 1] === 5 ? 2 : 4
      continue
    }
    if (code === 0) next = []
    else if (code === 1) next = [...without(next, 'ansi-bold'), 'ansi-bold']
    else if (code === 3 || code === 4) next = [...next, code === 3 ? 'ansi-italic' : 'ansi-underline']
    else if (code === 22) next = without(next, 'ansi-bold')
    else if (code === 39) next = next.filter((name) => !/^ansi-\d/.test(name))
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) {
      next = [...next.filter((name) => !/^ansi-\d/.test(name)), `ansi-${code >= 90 ? code - 60 : code}`]
    }
  }
  return next
}

function without(names: readonly string[], name: string): string[] {
  return names.filter((each) => each !== name)
}
