/**
 * What compiles and what does not, by the declarations that are published: with TypeScript 5.4, 6 and 7, with the settings that projects
 * have. A message that an author reads says what is wrong in a sentence, and is short.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COMPILERS, type Compiler, type Diagnostic, UserProject } from './compiled.ts'
import { largeProgram, RIGHT_PROGRAMS } from './right-programs.ts'
import { SHOP, WRONG_PROGRAMS, wrongFile } from './wrong-programs.ts'

/** Of one message. */
const MOST_LINES = 4
const MOST_CHARACTERS = 900

const TASKS = 100

const STRICTEST = {
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  erasableSyntaxOnly: true,
}

const COMPILER_NAMES = Object.keys(COMPILERS) as Compiler[]
const RIGHT_FILES = [...Object.keys(RIGHT_PROGRAMS), 'shop.ts', 'large.ts']
const fileOf = (index: number) => `wrong-${index}.ts`

let project: UserProject
/** One run of each compiler is for all programs. */
const found = new Map<Compiler, readonly Diagnostic[]>()

beforeAll(async () => {
  project = await UserProject.open()
  const wrong = WRONG_PROGRAMS.map((program, index) => [fileOf(index), wrongFile(program)] as const)
  const right = Object.entries({ ...RIGHT_PROGRAMS, 'shop.ts': SHOP, 'large.ts': largeProgram(TASKS) })
  for (const [name, text] of [...wrong, ...right]) project.write(name, text)
  const files = [...wrong, ...right].map(([name]) => name)
  for (const compiler of COMPILER_NAMES) found.set(compiler, await project.check(compiler, files))
})
afterAll(() => project[Symbol.dispose]())

function messagesIn(compiler: Compiler, files: readonly string[]): readonly string[] {
  const diagnostics = found.get(compiler) ?? []
  return diagnostics.filter(({ file }) => files.includes(file)).map(({ message }) => message)
}

describe.each(COMPILER_NAMES)('TypeScript %s', (compiler) => {
  it.each(WRONG_PROGRAMS.map(({ title, says }, index) => ({ title, says, index })))(
    'refuses $title',
    ({ says, index }) => {
      const messages = messagesIn(compiler, [fileOf(index)])

      expect(messages).toEqual([expect.stringMatching(says)])
      expect(messages[0]?.split('\n').length).toBeLessThanOrEqual(MOST_LINES)
      expect(messages[0]?.length).toBeLessThanOrEqual(MOST_CHARACTERS)
    },
  )

  it(`compiles what is right, also chains and fans of ${TASKS} tasks`, () => {
    expect(messagesIn(compiler, RIGHT_FILES)).toEqual([])
    expect(found.get(compiler)?.length).toBe(WRONG_PROGRAMS.length)
  })
})

describe('the settings of a project', () => {
  const right = Object.keys(RIGHT_PROGRAMS)

  it.each([
    ['5.4', { module: 'esnext', moduleResolution: 'bundler' }],
    ['7', { module: 'preserve', moduleResolution: 'bundler', target: 'es2024', ...STRICTEST }],
    ['7', { module: 'node16', strict: false }],
  ] as const)('may be, for TypeScript %s, %o', async (compiler, options) => {
    expect(await project.check(compiler, right, options)).toEqual([])
  })

  it('may be those of JavaScript that is checked', async () => {
    const flow = (returned: string) =>
      `import { workflow } from 'cloaca'\nexport const w = workflow('w').task('t', async ({ a }) => (${returned}))\n`
    project.write('right.js', flow('{ b: a ?? null }'))
    project.write('wrong.js', flow('{ b: a ?? null, at: new Date() }'))

    const diagnostics = await project.check('7', ['right.js', 'wrong.js'], { allowJs: true, checkJs: true })

    expect(diagnostics.map(({ file, line }) => `${file}:${line}`)).toEqual(['wrong.js:2'])
    expect(diagnostics[0]?.message).toMatch(/"at\\?" is a Date, which is not a JSON value/)
  })
})
