/** Where the packages of a project are looked for, and whose are not used. */

import { chmodSync, chownSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { projectPackages } from '../../src/host/environment/project-packages.ts'

describe('the packages of a project', () => {
  let outer: string
  let project: string
  let scripts: string
  let notices: string[]
  beforeEach(() => {
    outer = mkdtempSync(join(tmpdir(), 'cloaca-project-'))
    project = join(outer, 'project')
    scripts = join(project, 'scripts')
    mkdirSync(scripts, { recursive: true })
    notices = []
  })
  afterEach(() => {
    rmSync(outer, { recursive: true })
  })
  const install = (place: string) => {
    const folder = join(place, '.cloaca', 'packages')
    mkdirSync(folder, { recursive: true })
    return folder
  }
  const found = (...places: string[]) => projectPackages(places, (message) => notices.push(message))

  it('are those of the nearest folder above each place, once', () => {
    install(outer)
    const nearest = install(project)

    expect(found(scripts, project)).toEqual([nearest])
    expect(notices).toEqual([])
  })

  it('are those from before, where an installation was killed while it put the new ones in their place', () => {
    const folder = install(project)
    renameSync(folder, `${folder}.previous`)

    expect(found(scripts)).toEqual([`${folder}.previous`])
  })

  it('above it are not used when everybody may write into their folder, which one line says', () => {
    const folder = install(project)
    chmodSync(join(project, '.cloaca'), 0o777)

    expect(found(scripts, scripts)).toEqual([])
    expect(notices).toEqual([expect.stringContaining(`"${folder}" are not used`)])
    expect(found(project)).toEqual([folder])
  })

  it.runIf(process.getuid?.() === 0)(
    'above it are not used when another user owns them, and those further up are',
    () => {
      const further = install(outer)
      const foreign = install(project)
      chownSync(foreign, 1_001, 1_001)

      expect(found(scripts)).toEqual([further])
      expect(notices).toEqual([expect.stringContaining(`"${foreign}" are not used: another user`)])
      expect(found(project)).toEqual([foreign])
      chownSync(scripts, 1_001, 1_001)
      expect(found(scripts)).toEqual([foreign])
    },
  )
})
