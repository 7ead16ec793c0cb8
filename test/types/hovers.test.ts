/** What an editor shows of the package: a sentence for everything that a user writes, and types that can be read. */

import { join } from 'node:path'
import ts from 'typescript-6'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { UserProject } from './compiled.ts'

/** `/*NAME*​/` stands before what is looked at. */
const PROGRAM = `
import { /*any*/any, skip, /*succeeded*/succeeded, trigger, workflow } from 'cloaca'
import { number, object } from 'valibot'

const /*value*/orders = /*workflow*/workflow('order_processor', { /*input*/input: object({ order_id: number() }) })
  ./*task*/task('fetch', async (/*first*/first) => ({ lines: [first.order_id] }))
  .task('ship', { /*after*/after: 'fetch', /*retries*/retries: 3, /*when*/when: any(succeeded('fetch')) },
    async (/*second*/second, { /*signal*/signal, /*log*/log, /*attempt*/attempt, /*defer*/deferUntil }) => ({ n: second.lines.length }))
/*trigger*/trigger('inbox', { /*starts*/starts: orders, /*every*/every: '2s' }, () => /*skip*/skip('nothing new'))
export const ids = /*tasks*/orders.tasks
`

const SENTENCES = /^[A-Z][\s\S]*[.:]$/

let project: UserProject
let service: ts.LanguageService
let file: string

beforeAll(async () => {
  project = await UserProject.open()
  project.write('hover.ts', PROGRAM)
  file = join(project.folder, 'hover.ts')
  service = ts.createLanguageService({
    getScriptFileNames: () => [file],
    getScriptVersion: () => '1',
    getScriptSnapshot: (path) => {
      const text = ts.sys.readFile(path)
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
    },
    getCurrentDirectory: () => project.folder,
    getCompilationSettings: () => ({
      strict: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      skipLibCheck: true,
      types: ['node'],
    }),
    getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
    fileExists: (path) => ts.sys.fileExists(path),
    readFile: (path) => ts.sys.readFile(path),
    directoryExists: (path) => ts.sys.directoryExists(path),
    getDirectories: (path) => ts.sys.getDirectories(path),
    realpath: (path) => path,
  })
})
afterAll(() => {
  service.dispose()
  project[Symbol.dispose]()
})

function hover(name: string): { readonly type: string; readonly text: string } {
  const mark = `/*${name}*/`
  const info = service.getQuickInfoAtPosition(file, PROGRAM.indexOf(mark) + mark.length)
  return {
    type: ts.displayPartsToString(info?.displayParts).replace(/\s+/g, ' '),
    text: ts.displayPartsToString(info?.documentation),
  }
}

describe('what an editor shows', () => {
  it.each([
    ['workflow', /^Declares a workflow: a named graph of tasks, which are added with `task`\./],
    ['task', /^Adds a task that starts at once, with what the execution began with/],
    ['trigger', /^Declares a function that is called on an interval, and starts a workflow when it says so\./],
    ['skip', /^Says that there is nothing to do: the trigger is polled again after its interval\./],
    ['succeeded', /^True when the task completed\./],
    ['any', /^True when at least one rule is true; false without rules\./],
    ['input', /^The shape of what an execution begins with/],
    ['after', /^The tasks that must have ended, however, before it starts/],
    ['retries', /^How often it is tried again after its first attempt: 2 unless given/],
    ['when', /^The condition for running at all/],
    ['signal', /^Is aborted when the task has to end/],
    ['log', /^Writes to the log of the execution\./],
    ['attempt', /^The number of this attempt: 1 for the first\./],
    ['defer', /^Waits until a condition holds/],
    ['starts', /^The workflow that it starts, or its name/],
    ['every', /^From one call to the next, such as `'2s'`: 30 s unless given\./],
    ['tasks', /^Its tasks by their ids, as values for `after`\.|^$/],
  ])('is sentences for %s', (name, text) => {
    expect(hover(name).text).toMatch(text)
    if (hover(name).text !== '') expect(hover(name).text).toMatch(SENTENCES)
  })

  it('is the context of a task, with what those before it returned', () => {
    expect(hover('first').type).toBe('(parameter) first: { readonly order_id: number; }')
    expect(hover('second').type).toBe(
      '(parameter) second: { readonly order_id: number; readonly lines: readonly number[]; }',
    )
  })

  it('is the tasks of a workflow', () => {
    expect(hover('value').type).toMatch(
      /^const orders: Workflow<"order_processor", .*TaskFlow<"fetch", undefined, .*TaskFlow<"ship", "fetch"/,
    )
  })
})

describe('the documentation in the declarations', () => {
  it('is there for each name that the authoring of workflows exports, and for each of its members', () => {
    const program = service.getProgram()
    const checker = program?.getTypeChecker()
    const door = program?.getSourceFile(join(project.folder, 'node_modules/cloaca/dist/index.d.ts'))
    const module = door && checker?.getSymbolAtLocation(door)
    const names = module === undefined ? [] : (checker?.getExportsOfModule(module) ?? [])

    const authored = names.flatMap((name) => {
      const symbol = name.flags & ts.SymbolFlags.Alias ? checker?.getAliasedSymbol(name) : name
      const own = symbol?.declarations?.some((each) => each.getSourceFile().fileName.includes('/dist/authoring/'))
      return symbol !== undefined && own ? [symbol] : []
    })
    const documented = authored.flatMap((symbol) => [symbol, ...membersOf(symbol)])
    const silent = documented.filter((symbol) => {
      const text = ts.displayPartsToString(symbol.getDocumentationComment(checker))
      return !SENTENCES.test(text)
    })

    expect(authored.length).toBeGreaterThan(30)
    expect(silent.map((symbol) => checker?.symbolToString(symbol))).toEqual([])
  })
})

/** The named members of an interface, as it declares them itself. */
function membersOf(symbol: ts.Symbol): readonly ts.Symbol[] {
  if ((symbol.flags & ts.SymbolFlags.Interface) === 0) return []
  return [...(symbol.members?.values() ?? [])].filter(
    (member) => member.flags & (ts.SymbolFlags.Property | ts.SymbolFlags.Method) && !member.name.startsWith('__'),
  )
}
