import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readConfig } from '../config/config.ts'
import { createQuarantine } from '../quarantine/quarantine.ts'
import { withTestDatabase } from '../storage/test-database.ts'
import type { Command, Output } from './command.ts'
import { quarantineExport, quarantineList, quarantineShow } from './quarantine.ts'

const { database, blobs, folder } = await withTestDatabase({ after })
const config = readConfig({ CERALACCA_DATA: folder })
const quarantine = createQuarantine({ database, blobs, now: () => Date.UTC(2026, 2, 15) })

const bytes = Buffer.concat([Buffer.from('Subject: secret words\r\n\r\n'), Buffer.alloc(100_000, 'x')])
const message = {
  point: 'access' as const,
  threat: { kind: 'virus' as const, name: 'Some.Virus' },
  pecMsgid: 'one@pec.test',
  sender: 'a@pec.test',
  recipients: ['b@pec.test', 'c@pec.test'],
  bytes,
  at: Date.UTC(2026, 2, 15, 9, 30),
}
await quarantine.keep(message)
await quarantine.keep({ ...message, pecMsgid: 'two@pec.test', at: Date.UTC(2026, 3, 1) })
await quarantine.keep({
  ...message,
  pecMsgid: 'two@pec.test',
  point: 'incoming',
  bytes: Buffer.from('incoming'),
  at: Date.UTC(2026, 3, 2),
})

async function run(command: Command, operands: string[], options: Record<string, string> = {}): Promise<Output> {
  const output = await command.run({ config, operands, options })
  assert.ok(output)
  assert.doesNotMatch(JSON.stringify(output), /secret/, 'content is not printed')
  return output
}

test('lists what is in quarantine, also since a date', async () => {
  const { text } = await run(quarantineList, [])
  assert.match(text, /^2026-03-15T09:30:00\.000Z +access +a@pec\.test +Some\.Virus +100025 +one@pec\.test$/m)
  assert.equal(text.split('\n').length, 4)
  const ids = async (since: string) =>
    ((await run(quarantineList, [], { since })).json as { pecMsgid: string; point: string }[]).map(({ point }) => point)
  assert.deepEqual(await ids('2026-04-01'), ['access', 'incoming'])
  assert.deepEqual(await ids('2026-04-01T12:00:00Z'), ['incoming'])
  for (const since of ['yesterday', '2026', '2026-13-01', '2026-04-01T12:00']) {
    await assert.rejects(run(quarantineList, [], { since }), { code: 'usage' })
  }
})

test('shows one, by its identifier with or without angle brackets', async () => {
  for (const id of ['one@pec.test', '<one@pec.test>']) {
    const { text, json } = await run(quarantineShow, [id])
    assert.match(text, /Some\.Virus \(virus\)/)
    assert.match(text, /Kept until +2028-09-15T22:00:00\.000Z/)
    assert.equal((json as unknown[]).length, 1)
  }
  await assert.rejects(run(quarantineShow, ['three@pec.test']), { code: 'not-in-quarantine' })
})

test('exports byte for byte into a new file, and overwrites none', async () => {
  const path = join(folder, 'one.eml')
  await run(quarantineExport, ['<one@pec.test>', path])
  assert.ok(bytes.equals(readFileSync(path)))
  assert.equal(statSync(path).mode & 0o777, 0o600)
  writeFileSync(path, 'mine')
  await assert.rejects(run(quarantineExport, ['one@pec.test', path]), { code: 'file-exists' })
  assert.equal(readFileSync(path, 'latin1'), 'mine')
})

test('exports that of one point, where both have kept one', async () => {
  const path = join(folder, 'two.eml')
  await assert.rejects(run(quarantineExport, ['two@pec.test', path]), { code: 'usage' })
  await assert.rejects(run(quarantineExport, ['two@pec.test', path], { point: 'delivery' }), { code: 'usage' })
  await assert.rejects(run(quarantineExport, ['one@pec.test', path], { point: 'incoming' }), { code: 'not-in-quarantine' })
  assert.ok(!existsSync(path))
  await run(quarantineExport, ['two@pec.test', path], { point: 'incoming' })
  assert.equal(readFileSync(path, 'latin1'), 'incoming')
})

test('leaves no half of a message', async () => {
  const path = join(folder, 'half.eml')
  await quarantine.keep({ ...message, pecMsgid: 'half@pec.test', bytes: Buffer.alloc(3_000_000, 'h'), at: Date.UTC(2026, 0, 1) })
  const [row] = await database.reader.read<{ slot: number; blob: string }>(
    `select slot, blob from quarantine where pec_msgid = 'half@pec.test'`,
  )
  assert.ok(row)
  const file = join(folder, 'blobs', row.slot.toString(16).padStart(3, '0'), row.blob.slice(-1), row.blob)
  writeFileSync(file, readFileSync(file).subarray(0, 2_000_000))
  await assert.rejects(run(quarantineExport, ['half@pec.test', path]), { code: 'blob-missing' })
  assert.ok(!existsSync(path))
})
