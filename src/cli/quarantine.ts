/** `ceralacca quarantine`: the messages that were found harmful. What they hold is never printed, only written to a file that does not exist yet. */
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { clientError, hasCode } from '../base/errors.ts'
import type { Installation } from '../wiring/installation.ts'
import type { QuarantineRecord } from '../quarantine/quarantine.ts'
import { choiceOf, readDate, table, type Command } from './command.ts'
import { withInstallation } from './connect.ts'

const ID_DETAILS =
  'ID is the certified identifier of the message, or of the notice that tells of it, with or without angle brackets.'

export const quarantineList: Command = {
  words: ['quarantine', 'list'],
  summary: 'List the messages in quarantine, oldest first.',
  options: {
    since: { type: 'string', value: 'DATE', help: 'only those found since: 2026-03-15, or 2026-03-15T09:30:00Z; times are UTC' },
  },
  async run({ config, options: { since } }) {
    const from = typeof since === 'string' ? readDate(since) : undefined
    return withInstallation(config, async ({ quarantine }) => {
      const records = await quarantine.list(from)
      const rows = records.map(({ at, point, sender, threat, size, pecMsgid }) => [
        new Date(at).toISOString(),
        point,
        sender,
        threat.name,
        String(size),
        pecMsgid,
      ])
      return { text: table([['FOUND', 'POINT', 'SENDER', 'THREAT', 'BYTES', 'ID'], ...rows]), json: records.map(shown) }
    })
  },
}

export const quarantineShow: Command = {
  words: ['quarantine', 'show'],
  summary: 'Show what is known of a message in quarantine.',
  operands: ['ID'],
  details: ID_DETAILS,
  run: ({ config, operands: [id = ''] }) =>
    withInstallation(config, async (installation) => {
      const records = await findRecords(installation, id)
      return { text: records.map(describe).join('\n\n'), json: records.map(shown) }
    }),
}

export const quarantineExport: Command = {
  words: ['quarantine', 'export'],
  summary: 'Write a message in quarantine to a new file, byte for byte. It may be harmful!',
  operands: ['ID', 'FILE'],
  options: { point: { type: 'string', value: 'POINT', help: 'access or incoming, where both have kept one with this ID' } },
  details: ID_DETAILS,
  run: ({ config, operands: [id = '', file = ''], options }) =>
    withInstallation(config, async (installation) => {
      const point = choiceOf(options, 'point', ['access', 'incoming'])
      const records = (await findRecords(installation, id)).filter((record) => record.point === (point ?? record.point))
      const [record, second] = records
      if (!record) throw clientError('not-in-quarantine', `No message ${id} of that point is in quarantine`)
      if (second) throw clientError('usage', `Two points have kept a message ${id}: say --point access or --point incoming`)
      await writeNew(file, installation.quarantine.read(record))
      return { text: `${record.size} bytes are written to ${file}.`, json: { ...shown(record), file } }
    }),
}

async function findRecords({ quarantine }: Installation, id: string): Promise<QuarantineRecord[]> {
  const records = await quarantine.find(id.replace(/^<(.*)>$/, '$1'))
  if (records.length === 0) throw clientError('not-in-quarantine', `No message ${id} is in quarantine`)
  return records
}

/** Writes a file that only its owner reads; a half-written one is removed. @throws `file-exists` */
async function writeNew(path: string, pieces: AsyncIterable<Buffer>): Promise<void> {
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 })
  let opened = false
  file.once('open', () => (opened = true))
  try {
    await pipeline(Readable.from(pieces), file)
  } catch (error) {
    if (opened) await rm(path, { force: true })
    if (hasCode(error, 'EEXIST')) {
      throw clientError('file-exists', `${path} exists already, and is not overwritten`)
    }
    throw error
  }
}

const shown = ({ at, keepUntil, ...record }: QuarantineRecord) => ({
  ...record,
  at: new Date(at).toISOString(),
  keepUntil: new Date(keepUntil).toISOString(),
})

function describe({ pecMsgid, point, threat, sender, recipients, size, sha256, at, keepUntil }: QuarantineRecord): string {
  return table([
    ['Identifier', pecMsgid],
    ['Found', `${new Date(at).toISOString()} at the ${point} point`],
    ['Threat', `${threat.name} (${threat.kind})`],
    ['Sender', sender],
    ['Recipients', recipients.join(' ')],
    ['Bytes', String(size)],
    ['SHA-256', sha256],
    ['Kept until', new Date(keepUntil).toISOString()],
  ])
}
