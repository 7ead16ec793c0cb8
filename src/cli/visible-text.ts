/**
 * Makes texts that others wrote (names, errors, contexts, tracebacks) safe to print: control characters and those that
 * turn the direction of writing are shown, not obeyed, and a further line never begins where a line of ours does.
 * Called by whatever writes to a terminal or a log; the stored texts stay as they are.
 */

/** C0 without line feed, DEL, C1, line and paragraph separators, and direction controls. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
const CONTROLS = /[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g
/** Control characters that JSON does not escape. */
const CONTROLS_IN_JSON = /[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g
const INDENT = '    '

/** Returns visible text. Lines after the first are indented. */
export function visibleText(text: string): string {
  return showControls(text).replaceAll('\n', `\n${INDENT}`)
}

/** Returns the output of a program, with tabs. Lines after the first are indented. */
export function visibleOutput(text: string): string {
  return text.split('\t').map(visibleText).join('\t')
}

export function visibleLine(text: string): string {
  return showControls(text).replaceAll('\n', '\\n')
}

/** Indents every line, for a text below one of our lines. */
export function indentedText(text: string): string {
  return INDENT + visibleText(text)
}

/** Makes texts of others visible in our lines. */
export function showControls(text: string): string {
  return text.replace(CONTROLS, (character) => {
    const code = character.charCodeAt(0)
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : unicodeEscape(character)
  })
}

/** Escapes characters in JSON that a terminal would obey. */
export function visibleJson(json: string): string {
  return json.replace(CONTROLS_IN_JSON, unicodeEscape)
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
