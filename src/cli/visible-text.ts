/**
 * Makes texts that others wrote (names, errors, contexts, tracebacks) safe to print: control characters and those that
 * turn the direction of writing are shown, not obeyed, and a further line never begins where a line of ours does.
 * Called by whatever writes to a terminal or a log; the stored texts stay as they are.
 */

/** C0 without the line feed, DEL, C1, the separators of lines and paragraphs, and the controls of direction. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
const CONTROLS = /[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g
/** Those that JSON leaves as they are. */
const CONTROLS_IN_JSON = /[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g
const INDENT = '    '

/** Of several lines, with each line but the first indented. */
export function visibleText(text: string): string {
  return showControls(text).replaceAll('\n', `\n${INDENT}`)
}

/** What a program printed, with its tabs; further lines are indented. */
export function visibleOutput(text: string): string {
  return text.split('\t').map(visibleText).join('\t')
}

/** In one line. */
export function visibleLine(text: string): string {
  return showControls(text).replaceAll('\n', '\\n')
}

/** Every line indented: a text below a line of ours. */
export function indentedText(text: string): string {
  return INDENT + visibleText(text)
}

/** Lines of our own, with words of others in them. */
export function showControls(text: string): string {
  return text.replace(CONTROLS, (character) => {
    const code = character.charCodeAt(0)
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : unicodeEscape(character)
  })
}

/** The same JSON, with escapes in place of what a terminal would obey. */
export function visibleJson(json: string): string {
  return json.replace(CONTROLS_IN_JSON, unicodeEscape)
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
