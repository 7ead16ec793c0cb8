/** The help texts of all commands follow one form. */

import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { actionCommand } from '../../src/cli/action/action-command.ts'
import { alertCommand } from '../../src/cli/alerts/alert-command.ts'
import { checkCommand } from '../../src/cli/check/check-command.ts'
import { completeCommand } from '../../src/cli/completion/completed-names.ts'
import { completionCommand } from '../../src/cli/completion/completion-command.ts'
import { executionCommand } from '../../src/cli/execution/execution-command.ts'
import { graphCommand } from '../../src/cli/graph/graph-command.ts'
import { limitCommand } from '../../src/cli/limit/limit-command.ts'
import { pipCommand } from '../../src/cli/pip.ts'
import { reactorCommand } from '../../src/cli/reactor/reactor-command.ts'
import { scheduleCommand } from '../../src/cli/schedule-command.ts'
import { serveCommand } from '../../src/cli/serve/serve.ts'
import { configCommand } from '../../src/cli/settings/config-command.ts'
import { sourceCommand } from '../../src/cli/source/source.ts'
import { instanceCommand, statusCommand } from '../../src/cli/status-command.ts'
import { tenantCommand } from '../../src/cli/tenant/tenant.ts'
import { triggerCommand } from '../../src/cli/trigger/trigger-command.ts'
import { approvalCommand } from '../../src/cli/waits/approval-command.ts'
import { signalCommand } from '../../src/cli/waits/signal-command.ts'
import { workflowCommand } from '../../src/cli/workflow/workflow-command.ts'
import { getSetting, SETTING_KEYS } from '../../src/settings/settings-table.ts'
import { Terminal } from '../support/cloaca-process.ts'

const MAX_WORDS = 10

interface HelpText {
  /** Command, with the argument or option that the text describes. */
  readonly of: string
  readonly text: string
}

describe('the help', () => {
  it('describes each command, argument and option in at most ten words, in lower case, without a full stop', () => {
    const nothing = () => undefined
    const commands = [
      serveCommand(nothing),
      triggerCommand(nothing),
      workflowCommand(nothing),
      executionCommand(nothing),
      approvalCommand(),
      signalCommand(),
      limitCommand(),
      graphCommand(nothing),
      reactorCommand(),
      sourceCommand(),
      scheduleCommand(),
      instanceCommand(),
      statusCommand(),
      tenantCommand(),
      pipCommand(),
      completionCommand(new Command()),
      completeCommand(),
      alertCommand(nothing),
      actionCommand(),
      checkCommand(nothing),
      configCommand(),
    ]

    const texts = commands.flatMap((command) => helpTexts(command, ''))

    expect(texts.length).toBeGreaterThan(300)
    expect(texts.filter(({ text }) => !isWellFormed(text))).toEqual([])
  })

  it('describes each setting in the same form', () => {
    const texts = SETTING_KEYS.map((key) => ({ of: key, text: getSetting(key).doc }))

    expect(texts.filter(({ text }) => !isWellFormed(text))).toEqual([])
  })

  it('describes the program and its commands in the same form', async () => {
    await using terminal = new Terminal()

    const { stdout } = await terminal.run(['--help'])

    const [, program = ''] = stdout.split('\n\n')
    // The second line of a long description has no command name in front of it.
    const [commands = '', others = ''] = ['Commands', 'Graphs and tenants'].map(
      (title) => stdout.match(new RegExp(`(?<=^${title}:\\n)(?: {2}.*\\n)+`, 'm'))?.[0].replace(/\n {4,}/g, ' ') ?? '',
    )
    expect(others.match(/(?<=^ {2})\w+/gm)).toEqual(['graph', 'reactor', 'source', 'tenant'])
    const texts = (commands + others)
      .trimEnd()
      .split('\n')
      .map((line) => line.trim().replace(/^\S+(?: [[<]\S+)* +/, ''))
    expect(texts.length).toBeGreaterThan(15)
    expect([program, ...texts].filter((text) => !isWellFormed(text))).toEqual([])
  })
})

describe('the help of cloaca serve', () => {
  const TITLES = [
    'What to run:',
    'Database:',
    'Limits:',
    'Retention:',
    'HTTP:',
    'Restricting scripts:',
    'Output:',
    'Help:',
  ]
  const optionsIn = (help: string) => help.match(/(?<=^ {2}(?:-\w, )?)--[\w-]+/gm) ?? []
  const titlesIn = (help: string) => help.match(/^[A-Z][\w ]+:$/gm)?.filter((title) => TITLES.includes(title))

  it('lists the twelve most used options in groups, and the number of the others', async () => {
    await using terminal = new Terminal()

    const { stdout, exitCode } = await terminal.run(['serve', '--help'])
    const { stdout: all } = await terminal.run(['serve', '--help-all'])

    const [, others] = stdout.match(/^(\d+) more options: cloaca serve --help-all$/m) ?? []
    expect([exitCode, titlesIn(stdout)]).toEqual([0, TITLES])
    expect(optionsIn(stdout).filter((option) => !option.startsWith('--help'))).toHaveLength(12)
    expect(optionsIn(all)).toHaveLength(optionsIn(stdout).length + Number(others))
  })

  it('lists each option in its group with --help-all, also those of all settings', async () => {
    await using terminal = new Terminal()

    const { stdout, exitCode } = await terminal.run(['serve', '--help-all'])

    const flags = SETTING_KEYS.flatMap((key) => getSetting(key).flag ?? [])
    expect([exitCode, titlesIn(stdout)]).toEqual([0, TITLES])
    expect(optionsIn(stdout)).toEqual(expect.arrayContaining([...flags, '--no-http', '--only-workflows', '--settings']))
    const group = (title: string) => optionsIn(stdout.match(new RegExp(`^${title}:\n(?: .*\n)+`, 'm'))?.[0] ?? '')
    expect(group('Retention')).toEqual(flags.filter((flag) => flag.startsWith('--retention')))
    expect(group('HTTP')).toEqual(['--no-http', '--host', '--port'])
    expect(group('Restricting scripts')).toEqual(flags.filter((flag) => /^--(restrict|allow)/.test(flag)))
  })

  it('suggests an option that it does not list for a misspelt one', async () => {
    await using terminal = new Terminal()

    const { stderr } = await terminal.run(['serve', 'jobs', '--retention-skip', '3d'])

    expect(stderr).toContain('(Did you mean --retention-skips?)')
  })
})

function helpTexts(command: Command, parent: string): readonly HelpText[] {
  const name = `${parent}${command.name()}`
  const visible = command.createHelp().visibleCommands(command)
  return [
    { of: name, text: command.description() },
    ...command.registeredArguments.map((each) => ({ of: `${name} <${each.name()}>`, text: each.description })),
    ...command.options.map((each) => ({ of: `${name} ${each.flags}`, text: each.description })),
    ...command.commands.filter((each) => visible.includes(each)).flatMap((each) => helpTexts(each, `${name} `)),
  ]
}

/** Returns whether a help text follows the form. The default, in parentheses at the end, is not counted. */
function isWellFormed(text: string): boolean {
  const words = text.replace(/ \(default: .*\)$/, '').split(/\s+/)
  return /^[a-z`\d]/.test(text) && !text.endsWith('.') && words.length <= MAX_WORDS
}
