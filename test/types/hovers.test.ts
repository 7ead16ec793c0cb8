/** Hover texts of an editor: documentation sentences for the names of the package, and readable types. */

import { join } from 'node:path'
import ts from 'typescript-6'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { UserProject } from './compiled.ts'

/** Program with marks: `/*NAME*​/` is directly before a word whose hover text is read. */
const PROGRAM = `
import { /*any*/any, skip, /*succeeded*/succeeded, trigger, workflow } from 'cloaca'
import { number, object } from 'valibot'

const /*value*/orders = /*workflow*/workflow('order_processor', { /*input*/input: object({ order_id: number() }) })
  ./*task*/task('fetch', async (/*first*/first) => ({ lines: [first.order_id] }))
  .task('ship', { /*after*/after: 'fetch', /*retries*/retries: 3, /*when*/when: any(succeeded('fetch')) },
    async (/*second*/second, { /*signal*/signal, /*log*/log, /*attempt*/attempt, /*defer*/deferUntil,
      /*given*/input, /*failures*/failures }) => {
      return { n: second.lines.length }
    })
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

describe('the hover text of an editor', () => {
  it.each([
    ['workflow', /^Declares a workflow\. Add tasks with `task`\./],
    ['task', /^Adds a task without dependencies, or a Python task\./],
    ['trigger', /^Declares a trigger: a function that is polled and can start a workflow\./],
    ['skip', /^Returns the answer that does not start the workflow\. The trigger is polled again after its interval\./],
    ['succeeded', /^Returns the condition that is true if a task completed\./],
    ['any', /^Returns the condition that is true if at least one given condition is true\. False without conditions\./],
    ['input', /^Schema of the initial context, of valibot, zod, arktype/],
    ['after', /^Tasks that must end before this one starts: ids of tasks/],
    ['retries', /^Number of retries after the first attempt\. Default: 2, /],
    ['when', /^Condition for running the task, such as /],
    ['signal', /^Signal that is aborted at the time limit of the task, /],
    ['log', /^Logger of the execution\./],
    ['attempt', /^Number of this attempt, starting with 1\./],
    ['given', /^Initial context of the execution, frozen at all levels\. It is read when you use it\./],
    ['failures', /^Tasks of the execution that had failed when this attempt began, by id\./],
    ['defer', /^Waits until a condition is true\. The task uses no slot while it waits/],
    ['starts', /^Workflow to start, or its name\./],
    ['every', /^Time between two polls, such as `'2s'`\./],
    ['tasks', /^Its tasks by their ids, as values for `after`\.|^$/],
  ])('consists of sentences for %s', (name, text) => {
    expect(hover(name).text).toMatch(text)
    if (hover(name).text !== '') expect(hover(name).text).toMatch(SENTENCES)
  })

  it('contains the context of a task with the keys that previous tasks returned', () => {
    expect(hover('first').type).toBe('(parameter) first: { readonly order_id: number; }')
    expect(hover('given').type).toBe('(parameter) input: { readonly order_id: number; }')
    expect(hover('second').type).toBe(
      '(parameter) second: { readonly order_id: number; readonly lines: readonly number[]; }',
    )
  })

  it('contains the ids and dependencies of the tasks of a workflow', () => {
    expect(hover('value').type).toMatch(
      /^const orders: Workflow<"order_processor", .*TaskFlow<"fetch", undefined, .*TaskFlow<"ship", "fetch"/,
    )
  })
})

describe('the documentation in the declarations', () => {
  it('covers each exported name for authors of workflows, and each of its members', () => {
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

/** Returns the named members that an interface itself declares. */
function membersOf(symbol: ts.Symbol): readonly ts.Symbol[] {
  if ((symbol.flags & ts.SymbolFlags.Interface) === 0) return []
  return [...(symbol.members?.values() ?? [])].filter(
    (member) => member.flags & (ts.SymbolFlags.Property | ts.SymbolFlags.Method) && !member.name.startsWith('__'),
  )
}
