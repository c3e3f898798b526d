/** No command is forgotten: each says what the audit log tells of it. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { STANCES } from './audit-stance.ts'

const main = fileURLToPath(new URL('main.ts', import.meta.url))
const ceralacca = (...args: string[]): string => execFileSync(process.execPath, [main, ...args], { encoding: 'utf8' })

test('every command has a stance in the audit log, and every stance a command', () => {
  const commands = [...ceralacca('--help').matchAll(/^ {2}(\S+(?: \S+)*?) {2,}\S/gm)].map(([, words = '']) => words)
  assert.ok(commands.length > 30)
  assert.deepEqual(Object.keys(STANCES).toSorted(), commands.toSorted())
  const silent = Object.entries(STANCES).filter(([, stance]) => 'nothing' in stance)
  const OF_HOLDERS = /^(mailbox|app-password|message|quarantine|ledger hold)/
  assert.deepEqual(
    silent.filter(([words]) => OF_HOLDERS.test(words)).map(([words]) => words),
    [],
  )
})

test('an access can be withheld from its holder, where there is one to withhold', () => {
  assert.match(ceralacca('mailbox', 'show', '--help'), /--judicial-order REFERENCE/)
  assert.doesNotMatch(ceralacca('config', '--help'), /judicial-order/)
})
