/**
 * Language of the repository: the number of unclear phrases in a file may only fall, and new commits have readable
 * subjects. `npm run language` lists the matches with better words.
 */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  checkFile,
  checkRepository,
  countByFile,
  increases,
  type Match,
  type Report,
  readRecord,
} from './language/check.ts'
import { problemOfSubject, subjectsSince } from './language/commit-subjects.ts'
import { ROOT } from './support/source-tree.ts'

/** Time limit of the check, which takes 5 s on an idle machine. */
const LIMIT_MS = 300_000

/** Returns the matched words in a file of one comment, message or paragraph. */
const found = (path: string, source: string) => checkFile(path, source).matches.map((match) => match.found)

describe('the texts of the repository', () => {
  let report: Report
  beforeAll(() => {
    report = checkRepository()
  }, LIMIT_MS)

  it('have the recorded number of matches in each file, which may only decrease', () => {
    const { matches, acceptedLines } = report
    const recorded = readRecord()

    const more = increases(recorded.matches, countByFile(matches), (path) => existsSync(join(ROOT, path)))
    const shown = matches.filter(({ path }) => more.includes(path))
    expect(shown.map(({ path, line, found, advice }) => `${path}:${line}: "${found}": ${advice}`)).toEqual([])
    // After a decrease, `npm run language -- --record` updates the record.
    expect({ acceptedLines, matches: countByFile(matches) }).toEqual(recorded)
  })

  it('have no matches where users read them', () => {
    expect(report.matches.filter(isForUsers)).toEqual([])
  })
})

/** Returns whether users read a text: manual, messages, help texts, page, or docstrings of the Python package. */
const isForUsers = ({ path, kind }: Match): boolean =>
  kind === 'message' ||
  (kind === 'markdown' && !/^(test|python\/tests)\//.test(path)) ||
  (kind === 'docstring' && /^python\/(cloaca|examples)\//.test(path)) ||
  (kind === 'width' && path.endsWith('.md'))

describe('a sentence', () => {
  it.each([
    'Shows what is wrong.',
    'Prints what was stored.',
    'The trigger is no longer polled.',
    'Up to 5,000 concurrent stacks are supported.',
    'Returns what?',
    'There is no trigger of this name.',
    'Starts two interpreters at once.',
    'No more than 100 names are listed.',
    'Counts the characters of a text.',
    'Nobody else can read the file.',
    'Returns the time until the next poll.',
    'Code such as `what runs` is not a sentence.',
  ])('passes: %s', (sentence) => {
    expect(found('src/sample.ts', `/** ${sentence} */\nexport const x = 1\n`)).toEqual([])
  })

  it.each([
    ['What is held here now.', 'What'],
    ['Of polls.', 'Of'],
    ['It is given back as soon as nothing of it runs.', 'It'],
    ['Removes what waits.', 'what waits'],
    ['So many events of one may wait.', 'So many'],
    ['The next line goes to whoever asks next.', 'whoever'],
    ['The engine is told of the change.', 'is told'],
    ['A text that is no duration is refused.', 'is no duration'],
    ['The variable counts more than the file.', 'counts more'],
    ['The value stands in the row.', 'stands in'],
    ['The file is read anew.', 'anew'],
    ['The answer is sent at once.', 'at once'],
    ['The trigger is polled no more.', 'no more'],
    ['A script with trouble is loaded again.', 'trouble'],
  ])('fails: %s', (sentence, words) => {
    expect(found('src/sample.ts', `/** ${sentence} */\nexport const x = 1\n`)).toContain(words)
  })
})

describe('the search for unclear phrases', () => {
  it.each([
    ['comment of several lines', 'a.ts', '// The answer is sent\n// at once, by the engine.\n', 'at once'],
    [
      'later line of a TSDoc block',
      'a.ts',
      '/**\n * Sends it.\n *\n * The answer is sent at\n * once.\n */\n',
      'at once',
    ],
    ['message', 'src/a.ts', "throw new Error('The answer is sent at once to callers.')\n", 'at once'],
    ['message joined from pieces', 'src/a.ts', "const a = 'The answer is ' + 'sent at ' + `once.`\n", 'at once'],
    ['text of the page', 'src/a.tsx', 'const a = <p>The answer is sent at once.</p>\n', 'at once'],
    ['title of a test', 'test/a.test.ts', "it.each([1])('sends its answer at once', () => {})\n", 'at once'],
    ['title of a group', 'test/a.test.ts', "describe('what is not let in by it', () => {})\n", 'what'],
    ['paragraph', 'docs/a.md', '# A page\n\nThe answer is sent at\nonce, by the engine.\n', 'at once'],
    ['cell of a table', 'docs/a.md', '| a | b |\n| --- | --- |\n| x | It is sent at once. |\n', 'at once'],
    ['comment of Python', 'python/a.py', '# The answer is sent\n# at once.\nx = 1\n', 'at once'],
    ['docstring', 'python/a.py', 'def f():\n    """Sends it.\n\n    The answer is sent at once.\n    """\n', 'at once'],
    ['message of Python', 'python/a.py', 'raise ValueError("The answer is "\n    "sent at once.")\n', 'at once'],
    ['comment of C++', 'src/a.cc', '// The answer is sent at once.\nint x;\n', 'at once'],
  ])('finds a phrase in a %s', (_name, path, source, words) => {
    expect(found(path, source)).toContain(words)
  })

  it.each([
    ['code of Markdown', 'docs/a.md', '```console\n$ echo what runs at once\n```\n'],
    ['string of a test', 'test/a.test.ts', "const said = 'The answer is sent at once.'\n"],
    ['string that looks like a comment', 'test/a.ts', "const url = 'http://host/what/is // at once'\n"],
    ['sentence that is marked as right', 'a.ts', '// The answer is sent at once. language-ok: quoted from the API\n'],
    ['later paragraph that begins with a pronoun', 'a.ts', '/**\n * Sends an answer.\n *\n * It never throws.\n */\n'],
  ])('ignores a phrase in a %s', (_name, path, source) => {
    expect(found(path, source)).toEqual([])
  })

  it('names the line and a better word', () => {
    expect(checkFile('a.ts', 'const x = 1\n// The answer is sent\n// at once.\n').matches).toEqual([
      { path: 'a.ts', line: 3, kind: 'comment', found: 'at once', advice: 'write "immediately"' },
    ])
  })

  it('reports a line of more than 120 columns, except for tables', () => {
    expect(found('a.ts', `const x = [${'1, '.repeat(60)}]\n`)).toEqual(['192 columns'])
    expect(found('a.md', `| ${'cell '.repeat(60)} |\n`)).toEqual([])
  })
})

describe('the record', () => {
  const recorded = { 'a.ts': 3, 'b.ts': 2 }

  it('rejects more matches in a file than before, and any match in a new file', () => {
    expect(increases(recorded, { 'a.ts': 4, 'b.ts': 1, 'c.ts': 1 }, () => true)).toEqual(['a.ts', 'c.ts'])
  })

  it('lets a moved file keep its matches', () => {
    expect(increases(recorded, { 'a.ts': 3, 'c.ts': 2 }, (path) => path !== 'b.ts')).toEqual([])
    expect(increases(recorded, { 'a.ts': 3, 'c.ts': 3 }, (path) => path !== 'b.ts')).toEqual(['c.ts'])
  })
})

describe('the subject of a commit', () => {
  it.each([
    'store: query schedules by name',
    'test, docs: name the subject',
    'Revert "store: query schedules by name"',
  ])('passes: %s', (subject) => {
    expect(problemOfSubject(subject)).toBeNull()
  })

  it.each([
    ['docs: what is not let in has not begun', '"what": begin with the thing'],
    ['interpreter: a line of input is had by the next reader', '"is had": write "is available"'],
    ['Fix things', 'not of the form'],
    [`store: ${'x'.repeat(70)}`, '77 characters; at most 72'],
  ])('fails: %s', (subject, problem) => {
    expect(problemOfSubject(subject)).toContain(problem)
  })

  it('is valid for each commit since this check was added', (context) => {
    const subjects = subjectsSince('test/language.test.ts')
    if (subjects === null) context.skip('this clone does not have the commit that added the check')

    expect(subjects?.filter((subject) => problemOfSubject(subject) !== null)).toEqual([])
  })
})
