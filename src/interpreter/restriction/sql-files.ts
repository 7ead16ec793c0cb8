/**
 * Which files SQL text names: native SQLite opens them by itself, without asking Node. Pure; used by `restricted-sqlite.ts`.
 *
 * SQLite opens what `ATTACH` and `VACUUM INTO` name, which may be any expression. Here it is one text or one parameter, else it cannot be
 * told what it comes to. A statement may begin anywhere after a semicolon.
 */

/** A file by its text, or by the parameter that names it: its place from 0 on, or its name. */
export type NamedFile =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'parameter'; readonly at: number | string }

export interface SqlFiles {
  readonly attached: readonly NamedFile[]
  /** `VACUUM INTO`. */
  readonly written: readonly NamedFile[]
  /** Words of statements whose file cannot be told, or that move other files of SQLite's. */
  readonly unclear: readonly string[]
}

const NONE: SqlFiles = Object.freeze({ attached: [], written: [], unclear: [] })
/** Most statements have none of these words, and are not looked at further. */
const MAY_NAME_FILES = /attach|vacuum|store_directory/i
const DIRECTORIES = new Set(['TEMP_STORE_DIRECTORY', 'DATA_STORE_DIRECTORY'])

/** A piece of SQL, as SQLite's own tokenizer has it (a byte order mark is white space, too): a word, a quoted name, a text, a parameter, or any other character. */
interface Token {
  readonly kind: 'word' | 'name' | 'text' | 'parameter' | 'other'
  readonly text: string
}

const TOKENS = new RegExp(
  [
    String.raw`(?<space>[\t\n\f\r \ufeff]+|--[^\n]*|/\*[\s\S]*?(?:\*/|$))`,
    "(?<blob>[xX]'[^']*')",
    "'(?<text>(?:[^']|'')*)'",
    '"(?<double>(?:[^"]|"")*)"',
    '`(?<back>(?:[^`]|``)*)`',
    String.raw`\[(?<bracket>[^\]]*)\]`,
    String.raw`(?<parameter>\?\d*|[:@$#][\w$\x80-\uffff]+)`,
    String.raw`(?<word>[A-Za-z_\x80-\uffff][\w$\x80-\uffff]*)`,
    String.raw`(?<other>[\s\S])`,
  ].join('|'),
  'g',
)

/** What statements open, one behind the other. */
export function filesNamedIn(sql: string): SqlFiles {
  if (!MAY_NAME_FILES.test(sql)) return NONE
  const found = { attached: [] as NamedFile[], written: [] as NamedFile[], unclear: [] as string[] }
  for (const statement of statementsOf(sql)) look(statement, found)
  return found
}

function look(
  statement: readonly Token[],
  found: Readonly<Record<'attached' | 'written', NamedFile[]>> & { readonly unclear: string[] },
): void {
  const at = beginOf(statement)
  const word = wordAt(statement, at)
  if (word === 'ATTACH') {
    const from = wordAt(statement, at + 1) === 'DATABASE' ? at + 2 : at + 1
    const file = fileAt(statement, from, 'AS')
    if (file === null) found.unclear.push(word)
    else found.attached.push(file)
  } else if (word === 'VACUUM') {
    const into = statement.findIndex(({ kind, text }) => kind === 'word' && text.toUpperCase() === 'INTO')
    if (into < 0) return
    const file = fileAt(statement, into + 1, null)
    if (file === null) found.unclear.push(word)
    else found.written.push(file)
  } else if (word === 'PRAGMA') {
    const directory = statement.find(({ text }) => DIRECTORIES.has(text.toUpperCase()))
    if (directory !== undefined) found.unclear.push(directory.text)
  }
}

/** Behind `EXPLAIN` nothing is opened; it is treated alike. */
function beginOf(statement: readonly Token[]): number {
  if (wordAt(statement, 0) !== 'EXPLAIN') return 0
  return wordAt(statement, 1) === 'QUERY' ? 3 : 1
}

function wordAt(statement: readonly Token[], at: number): string | null {
  const token = statement[at]
  return token?.kind === 'word' ? token.text.toUpperCase() : null
}

/** One token, and behind it this word, or nothing. A name without quotes is a file, too. */
function fileAt(statement: readonly Token[], at: number, before: string | null): NamedFile | null {
  const token = statement[at]
  const isWhole = before === null ? statement.length === at + 1 : wordAt(statement, at + 1) === before
  if (token === undefined || !isWhole) return null
  if (token.kind === 'text' || token.kind === 'name' || token.kind === 'word') return { kind: 'text', text: token.text }
  if (token.kind !== 'parameter' || token.text.startsWith('#')) return null
  if (!token.text.startsWith('?')) return { kind: 'parameter', at: token.text.slice(1) }
  if (token.text !== '?') return { kind: 'parameter', at: Number(token.text.slice(1)) - 1 }
  const before_ = statement.slice(0, at).filter(({ kind }) => kind === 'parameter')
  return before_.length === 0 ? { kind: 'parameter', at: 0 } : null
}

function statementsOf(sql: string): readonly (readonly Token[])[] {
  const statements: Token[][] = [[]]
  // SQLite reads up to the first zero.
  for (const { groups = {} } of sql.split('\0', 1).join('').matchAll(TOKENS)) {
    if (groups.space !== undefined) continue
    if (groups.other === ';') statements.push([])
    else statements.at(-1)?.push(tokenOf(groups))
  }
  return statements
}

function tokenOf(groups: Readonly<Record<string, string | undefined>>): Token {
  const { text, double, back, bracket, parameter, word, blob, other = '' } = groups
  if (text !== undefined) return { kind: 'text', text: text.replaceAll("''", "'") }
  if (double !== undefined) return { kind: 'name', text: double.replaceAll('""', '"') }
  if (back !== undefined) return { kind: 'name', text: back.replaceAll('``', '`') }
  if (bracket !== undefined) return { kind: 'name', text: bracket }
  if (parameter !== undefined) return { kind: 'parameter', text: parameter }
  if (word !== undefined) return { kind: 'word', text: word }
  return { kind: 'other', text: blob ?? other }
}
