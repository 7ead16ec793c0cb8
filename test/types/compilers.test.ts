/**
 * Programs that compile or do not compile with the published declarations, in TypeScript 5.4, 6 and 7 and with common
 * settings of projects. Each error message is short, and explains the error in a sentence.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COMPILERS, type Compiler, type Diagnostic, tagsOf, UserProject } from './compiled.ts'
import { largeProgram, RIGHT_PROGRAMS } from './right-programs.ts'
import { SHOP, WRONG_PROGRAMS, wrongFile } from './wrong-programs.ts'

const MAX_MESSAGE_LINES = 4
const MAX_MESSAGE_CHARACTERS = 900

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
let files: readonly string[]

beforeAll(async () => {
  project = await UserProject.open()
  const wrong = WRONG_PROGRAMS.map((program, index) => [fileOf(index), wrongFile(program)] as const)
  const right = Object.entries({ ...RIGHT_PROGRAMS, 'shop.ts': SHOP, 'large.ts': largeProgram(TASKS) })
  for (const [name, text] of [...wrong, ...right]) project.write(name, text)
  files = [...wrong, ...right].map(([name]) => name)
})
afterAll(() => project[Symbol.dispose]())

for (const compiler of COMPILER_NAMES)
  describe(`TypeScript ${compiler}`, { tags: tagsOf(compiler) }, () => {
    /** Diagnostics of one run for all programs. */
    let found: readonly Diagnostic[]
    beforeAll(async () => {
      found = await project.check(compiler, files)
    })
    const messagesIn = (names: readonly string[]): readonly string[] =>
      found.filter(({ file }) => names.includes(file)).map(({ message }) => message)

    it.each(WRONG_PROGRAMS.map(({ title, says }, index) => ({ title, says, index })))(
      'rejects $title',
      ({ says, index }) => {
        const messages = messagesIn([fileOf(index)])

        expect(messages).toEqual([expect.stringMatching(says)])
        expect(messages[0]?.split('\n').length).toBeLessThanOrEqual(MAX_MESSAGE_LINES)
        expect(messages[0]?.length).toBeLessThanOrEqual(MAX_MESSAGE_CHARACTERS)
      },
    )

    it(`compiles valid programs, also chains and fans of ${TASKS} tasks`, () => {
      expect(messagesIn(RIGHT_FILES)).toEqual([])
      expect(found.length).toBe(WRONG_PROGRAMS.length)
    })
  })

describe('a project of a user', () => {
  const right = Object.keys(RIGHT_PROGRAMS)

  it.each([
    ['5.4', { module: 'esnext', moduleResolution: 'bundler' }],
    ['7', { module: 'preserve', moduleResolution: 'bundler', target: 'es2024', ...STRICTEST }],
    ['7', { module: 'node16', strict: false }],
  ] as const)('compiles with TypeScript %s and the settings %o', async (compiler, options) => {
    expect(await project.check(compiler, right, options)).toEqual([])
  })

  it('gets errors in JavaScript files that the compiler checks', async () => {
    const flow = (returned: string) =>
      `import { workflow } from 'cloaca'\nexport const w = workflow('w').task('t', async ({ a }) => (${returned}))\n`
    project.write('right.js', flow('{ b: a ?? null }'))
    project.write('wrong.js', flow('{ b: a ?? null, at: new Date() }'))

    const diagnostics = await project.check('7', ['right.js', 'wrong.js'], { allowJs: true, checkJs: true })

    expect(diagnostics.map(({ file, line }) => `${file}:${line}`)).toEqual(['wrong.js:2'])
    expect(diagnostics[0]?.message).toMatch(/"at\\?" is a Date, which is not a JSON value/)
  })
})
