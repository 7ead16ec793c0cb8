/** Search for the package folder of a project, and owners and modes of folders that are not used. */

import { chmodSync, chownSync, lchownSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { projectPackages } from '../../src/host/environment/project-packages.ts'

describe('the package folder of a project', () => {
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

  it('is the nearest one above several places, and is listed once', () => {
    install(outer)
    const nearest = install(project)

    expect(found(scripts, project)).toEqual([nearest])
    expect(notices).toEqual([])
  })

  it('is the previous one if an installation was killed while it replaced the folder', () => {
    const folder = install(project)
    renameSync(folder, `${folder}.previous`)

    expect(found(scripts)).toEqual([`${folder}.previous`])
  })

  it.runIf(process.getuid?.() === 0).each([
    ['all users', 0o777, 0, 'all users can write to it (owner 0, mode 0777)'],
    ['another group', 0o775, 1_005, 'group 1005 can write to it (owner 0, mode 0775)'],
  ])('is not used if %s can write to it, and one notice says why', (_, mode, group, reason) => {
    const further = install(outer)
    const folder = install(project)
    chownSync(folder, 0, group)
    chmodSync(folder, mode)

    expect(found(scripts, project)).toEqual([further])
    expect(notices).toEqual([expect.stringContaining(`"${folder}" is not used: ${reason}`)])
    expect(notices[0]).toMatch(/fix its mode: chmod [og]-w "/)
  })

  it('is used if all users can write to its parent folder, and its own group to the folder itself', () => {
    const folder = install(project)
    chmodSync(join(project, '.cloaca'), 0o777)
    chmodSync(folder, 0o775)

    expect(found(scripts)).toEqual([folder])
    expect(notices).toEqual([])
  })

  it.runIf(process.getuid?.() === 0)('is not used if another user owns it and the project folder', () => {
    const further = install(outer)
    const foreign = install(project)
    chownSync(foreign, 1_001, 1_001)
    chownSync(project, 1_001, 1_001)

    expect(found(project, scripts)).toEqual([further])
    expect(notices).toEqual([
      `The package folder "${foreign}" is not used: user 1001 owns it (mode 0755), and cloaca runs as user 0. ` +
        `If you trust its content, change its owner: chown 0 "${foreign}"`,
    ])
  })

  it.runIf(process.getuid?.() === 0)('is not found through a symbolic link that another user owns', () => {
    const own = install(outer)
    mkdirSync(join(project, '.cloaca'))
    const link = join(project, '.cloaca', 'packages')
    symlinkSync(own, link)
    lchownSync(link, 1_001, 1_001)

    expect(found(project)).toEqual([own])
    expect(notices).toEqual([expect.stringContaining(`"${link}" is not used: user 1001 owns it`)])
  })
})
