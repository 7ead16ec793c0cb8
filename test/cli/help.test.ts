/** The help texts of all commands follow one form. */

import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { alertCommand } from '../../src/cli/alerts/alert.ts'
import { checkCommand } from '../../src/cli/check/check.ts'
import { completionCommand } from '../../src/cli/completion.ts'
import { executionCommand } from '../../src/cli/execution/execution.ts'
import { graphCommand } from '../../src/cli/graph/graph.ts'
import { pipCommand } from '../../src/cli/pip.ts'
import { reactorCommand } from '../../src/cli/reactor/reactor.ts'
import { scheduleCommand } from '../../src/cli/schedule.ts'
import { serveCommand } from '../../src/cli/serve/serve.ts'
import { configCommand } from '../../src/cli/settings/config.ts'
import { sourceCommand } from '../../src/cli/source/source.ts'
import { instanceCommand, statusCommand } from '../../src/cli/status.ts'
import { tenantCommand } from '../../src/cli/tenant/tenant.ts'
import { triggerCommand } from '../../src/cli/trigger/trigger.ts'
import { workflowCommand } from '../../src/cli/workflow/workflow.ts'
import { SETTING_KEYS, settingOf } from '../../src/settings/table.ts'
import { Terminal } from '../support/cloaca-process.ts'

const MAX_WORDS = 10

interface HelpText {
  /** Command, with its argument or option. */
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
      graphCommand(nothing),
      reactorCommand(),
      sourceCommand(),
      scheduleCommand(),
      instanceCommand(),
      statusCommand(),
      tenantCommand(),
      pipCommand(),
      completionCommand(new Command()),
      alertCommand(),
      checkCommand(nothing),
      configCommand(),
    ]

    const texts = commands.flatMap((command) => helpTexts(command, ''))

    expect(texts.length).toBeGreaterThan(300)
    expect(texts.filter(({ text }) => !isWellFormed(text))).toEqual([])
  })

  it('describes each setting in the same form', () => {
    const texts = SETTING_KEYS.map((key) => ({ of: key, text: settingOf(key).doc }))

    expect(texts.filter(({ text }) => !isWellFormed(text))).toEqual([])
  })

  it('describes the program and its commands in the same form', async () => {
    await using terminal = new Terminal()

    const { stdout } = await terminal.run(['--help'])

    const [, program = ''] = stdout.split('\n\n')
    // A description that needs a second line has no command in front of it.
    const commands = stdout.match(/(?<=^Commands:\n)(?: {2}.*\n)+/m)?.[0].replace(/\n {4,}/g, ' ') ?? ''
    const texts = commands
      .trimEnd()
      .split('\n')
      .map((line) => line.trim().replace(/^\S+(?: [[<]\S+)* +/, ''))
    expect(texts.length).toBeGreaterThan(15)
    expect([program, ...texts].filter((text) => !isWellFormed(text))).toEqual([])
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

/** The default, in parentheses at the end, is not counted. */
function isWellFormed(text: string): boolean {
  const words = text.replace(/ \(default: .*\)$/, '').split(/\s+/)
  return /^[a-z`\d]/.test(text) && !text.endsWith('.') && words.length <= MAX_WORDS
}
